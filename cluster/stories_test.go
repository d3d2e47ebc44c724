package cluster

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sada/features/tfidf"
)

// labelled is a corpus whose stories are known.
type labelled struct {
	name    string
	records map[string]record
	pages   []*Page
	gold    map[string]string // by ID
}

func newLabelled(name string, records []record, gold map[string]string) labelled {
	l := labelled{name, make(map[string]record, len(records)), features(records), gold}
	for _, r := range records {
		l.records[r.ID] = r
	}
	return l
}

// labelledSets reads the labelled sets, one for every language, and the gold corpus.
func labelledSets(t *testing.T, dir string) []labelled {
	type told struct {
		record
		Lang string
		Gold string `json:"gold_story"`
	}
	var out []labelled
	for _, set := range []struct {
		file  string
		langs []string
	}{{"headlines", []string{"por", "spa"}}, {"fulltext", []string{"eng"}}} {
		all := decode[told](t, filepath.Join(dir, "data", "story_dev_"+set.file+".jsonl.zst"))
		for _, lang := range set.langs {
			gold := map[string]string{}
			var records []record
			for _, r := range all {
				if r.Lang == lang {
					records = append(records, r.record)
					gold[r.ID] = r.Gold
				}
			}
			out = append(out, newLabelled(set.file+" "+lang, records, gold))
		}
	}
	return append(out, goldCorpus(t))
}

func goldCorpus(t *testing.T) labelled {
	gold := map[string]string{}
	for _, row := range table(t, filepath.Join(goldDir, "gold.stories.tsv")) {
		gold[row[0]] = row[1]
	}
	return newLabelled("corpus ara", decode[record](t, filepath.Join(goldDir, "corpus.jsonl")), gold)
}

// halved is the B-cubed F1 (Bagga and Baldwin 1998) over all pages, over those whose gold story is in
// one half of the stories, chosen by hash, and over the others. All pages are clustered and count in
// the figures of the others.
type halved struct{ all, tune, held float64 }

func (h halved) String() string { return fmt.Sprintf("%.3f (%.3f %.3f)", h.all, h.tune, h.held) }

func (l *labelled) score(pages []*Page, of []int) halved {
	type cell struct {
		found int
		gold  string
	}
	both, ofFound, ofGold := map[cell]int{}, map[int]int{}, map[string]int{}
	for i, p := range pages {
		both[cell{of[i], l.gold[p.ID]}]++
		ofFound[of[i]]++
		ofGold[l.gold[p.ID]]++
	}
	var sums [3]struct{ n, p, r float64 }
	for i, p := range pages {
		gold := l.gold[p.ID]
		h := fnv.New32a()
		h.Write([]byte(gold))
		n := float64(both[cell{of[i], gold}])
		for _, half := range []uint32{0, 1 + h.Sum32()>>7&1} {
			s := &sums[half]
			s.n, s.p, s.r = s.n+1, s.p+n/float64(ofFound[of[i]]), s.r+n/float64(ofGold[gold])
		}
	}
	f := func(i int) float64 {
		s := sums[i]
		return 2 * (s.p / s.n) * (s.r / s.n) / (s.p/s.n + s.r/s.n)
	}
	return halved{f(0), f(1), f(2)}
}

// TestSharedStories holds the stories that Run finds without any option to labelled sets: how good they are,
// beside the best fixed threshold of each set.
func TestSharedStories(t *testing.T) {
	dir := shared(t)
	var b strings.Builder
	b.WriteString("# Stories by default options. SADA_SHARED=<shared> go test ./cluster -run SharedStories -update\n")
	b.WriteString("# B-cubed F1 (of one half of the gold stories, of the other)\n")
	for _, l := range labelledSets(t, dir) {
		res := run(t, l.pages, fast())
		sweep := NewSweep(res, 2)
		var best halved
		at := 0.
		for threshold := .08; threshold < .32; threshold += .02 {
			o := fast().Story
			o.Threshold, o.Floor = threshold, min(o.Floor, threshold/2)
			of, _, err := sweep.Stories(o)
			if err != nil {
				t.Fatal(err)
			}
			if s := l.score(res.Pages, of); s.all > best.all {
				best, at = s, threshold
			}
		}
		fmt.Fprintf(&b, "%-14s %v at %.3f, chosen by the corpus; best fixed %v at %.2f\n", l.name, l.score(res.Pages, res.StoryOf), res.Story.Threshold, best, at)
	}
	graded(t, dir, &b)
	golden(t, "stories.txt", b.String())
}

// graded measures the cosine of story terms against human grades of Arabic pairs.
func graded(t *testing.T, dir string, b *strings.Builder) {
	type pair struct {
		Text1, Text2 string
		Overall      float64 // 1 is the same story, 4 another
	}
	pairs := decode[pair](t, filepath.Join(dir, "data", "semeval2022_ar_pairs.jsonl.zst"))
	var records []record
	for i, p := range pairs {
		records = append(records, record{ID: fmt.Sprint(i, "a"), Text: p.Text1}, record{ID: fmt.Sprint(i, "b"), Text: p.Text2})
	}
	v := fast().Vocabulary
	v.Letters = 0
	var df tfidf.Counter
	var counts [][]tfidf.Count
	for _, p := range features(records) {
		counts = append(counts, p.Terms(p.shared.Parts, v))
		df.Add(counts[len(counts)-1])
	}
	weights := df.Freeze()
	cosines, grades := make([]float64, len(pairs)), make([]float64, len(pairs))
	for i, p := range pairs {
		cosines[i], grades[i] = weights.Vector(counts[2*i]).Dot(weights.Vector(counts[2*i+1])), -p.Overall
	}
	right, all := 0., 0.
	for i, p := range pairs {
		for j, q := range pairs {
			if p.Overall <= 2 && q.Overall > 2 {
				all++
				if cosines[i] > cosines[j] {
					right++
				} else if cosines[i] == cosines[j] {
					right += .5
				}
			}
		}
	}
	fmt.Fprintf(b, "\n# SemEval-2022 task 8, %d Arabic pairs: cosine of story terms against human grades\nSpearman %.3f  AUC (grade 2 or better) %.3f\n",
		len(pairs), correlation(ranks(cosines), ranks(grades)), right/all)
}

// ranks gives values their ranks, equal ones the mean of theirs.
func ranks(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		below, same := 0, 0
		for _, w := range values {
			if w < v {
				below++
			} else if w == v {
				same++
			}
		}
		out[i] = float64(below) + float64(same+1)/2
	}
	return out
}

// correlation is Pearson's, of ranks Spearman's.
func correlation(x, y []float64) float64 {
	var mx, my float64
	for i := range x {
		mx, my = mx+x[i]/float64(len(x)), my+y[i]/float64(len(y))
	}
	var xy, xx, yy float64
	for i := range x {
		xy, xx, yy = xy+(x[i]-mx)*(y[i]-my), xx+(x[i]-mx)*(x[i]-mx), yy+(y[i]-my)*(y[i]-my)
	}
	return xy / math.Sqrt(xx*yy)
}

func TestSpearman(t *testing.T) {
	// By hand: ranks 1 2.5 2.5 4 and 4 2 3 1.
	if got, want := correlation(ranks([]float64{1, 2, 2, 3}), ranks([]float64{9, 4, 7, 1})), -4.5/math.Sqrt(4.5*5); math.Abs(got-want) > 1e-12 {
		t.Errorf("Spearman %v, want %v", got, want)
	}
}

// TestStoriesBearTails appends articles of other stories to pages of the gold corpus.
func TestStoriesBearTails(t *testing.T) {
	golden(t, "contaminated.txt", "# Foreign articles appended to pages. go test ./cluster -run StoriesBearTails -update\n"+contaminated(t, goldCorpus(t)))
}

// TestSharedBearTails is the same with the English full texts.
func TestSharedBearTails(t *testing.T) {
	dir := shared(t)
	for _, l := range labelledSets(t, dir) {
		if l.name == "fulltext eng" {
			golden(t, "contaminated_shared.txt", "# Foreign articles appended to pages. SADA_SHARED=<shared> go test ./cluster -run SharedBearTails -update\n"+contaminated(t, l))
		}
	}
}

// contaminated clusters a corpus with an article of another story appended to a share of its pages. The F1 must
// stay within .01 of that of the clean corpus.
func contaminated(t *testing.T, l labelled) string {
	var b strings.Builder
	var clean halved
	ids := make([]string, 0, len(l.records))
	for id := range l.records {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, percent := range []int{0, 20, 50} {
		r := rand.New(rand.NewPCG(7, uint64(percent)))
		records := make([]record, len(ids))
		for i, id := range ids {
			records[i] = l.records[id]
			other := l.records[ids[r.IntN(len(ids))]]
			for l.gold[other.ID] == l.gold[id] {
				other = l.records[ids[r.IntN(len(ids))]]
			}
			if r.IntN(100) < percent {
				text := strings.TrimPrefix(other.Text, other.Title+"\n")
				records[i].Text += "\nإقرأ أيضاً:\n" + other.Title + "\n" + text
			}
		}
		res := run(t, features(records), fast())
		s := l.score(res.Pages, res.StoryOf)
		if percent == 0 {
			clean = s
		}
		if s.all < clean.all-.01 {
			t.Errorf("%s: %d %% of the pages with a foreign article: F1 %.3f, without %.3f", l.name, percent, s.all, clean.all)
		}
		fmt.Fprintf(&b, "%-14s %2d %% of %d pages: B-cubed F1 %.3f\n", l.name, percent, len(records), s.all)
	}
	return b.String()
}
