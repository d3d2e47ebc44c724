package eval_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sada/eval"
	"sada/features/article"
)

// baseOf makes articles of words that no other has.
func baseOf(n int) []article.Page {
	var out []article.Page
	for i := range n {
		var words []string
		for w := range 40 {
			words = append(words, fmt.Sprintf("w%d.%d", i, w))
			if w%8 == 7 {
				words = append(words, "\n")
			}
		}
		out = append(out, article.Page{ID: fmt.Sprint("base ", i), Title: fmt.Sprint("title ", i), Text: strings.Join(words, " "), Source: fmt.Sprint("s", i%3),
			PublishedAt: time.Date(2024, 6, 1+i, 8, 0, 0, 0, time.UTC)})
	}
	return out
}

var synthAll = eval.SynthOptions{Copies: 2, Edit: .3, Tails: .4, FollowUps: 2, Drift: .2, Digests: .5, Templates: 2, Seed: 1}

func synth(t *testing.T, base []article.Page, o eval.SynthOptions) eval.Synthetic {
	t.Helper()
	s, err := eval.Synth(base, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSynth holds the gold to the texts.
func TestSynth(t *testing.T) {
	base := baseOf(30)
	s := synth(t, base, synthAll)
	text := make(map[string]string)
	for _, p := range s.Pages {
		if text[p.ID] != "" || p.Text == "" {
			t.Errorf("page %q twice, or without text", p.ID)
		}
		text[p.ID] = p.Text
	}
	story := make(map[string]string)
	for _, a := range s.Stories {
		story[a.Page] = a.Cluster
	}
	kinds := make(map[string]int)
	for _, a := range s.Copies {
		switch {
		case strings.Contains(a.Page, "-copy-"):
			kinds["copy"]++
			if a.Cluster != a.Page[:5] || story[a.Page] != a.Page[:5] {
				t.Errorf("%+v in story %q", a, story[a.Page])
			}
		case strings.Contains(a.Page, "-next-"):
			kinds["next"]++
			if a.Cluster != a.Page || story[a.Page] != a.Page[:5] {
				t.Errorf("%+v in story %q", a, story[a.Page])
			}
		case strings.HasSuffix(a.Page, "-digest"):
			kinds["digest"]++
			if _, ok := story[a.Page]; ok || a.Cluster != a.Page {
				t.Errorf("digest %+v has a story", a)
			}
		case strings.HasPrefix(a.Page, "list-"):
			kinds["list"]++
			if a.Cluster != a.Page || story[a.Page] != a.Page {
				t.Errorf("%+v in story %q", a, story[a.Page])
			}
		default:
			kinds["base"]++
		}
	}
	if len(s.Copies) != len(s.Pages) || kinds["base"] != 30 || kinds["next"] != 60 || kinds["list"] != 14 || kinds["digest"] < 5 || kinds["copy"] < 30 {
		t.Errorf("%d pages, %d in the gold: %v", len(s.Pages), len(s.Copies), kinds)
	}
	tails := 0
	for _, x := range s.Spans {
		what := text[x.Page][x.From:x.To]
		switch x.Kind {
		case "marker":
			if what != "اقرأ أيضا:\n" {
				t.Errorf("marker %q", what)
			}
		case "tail":
			tails++
			var i int
			fmt.Sscanf(what, "title %d", &i)
			if x.To != len(text[x.Page]) || !strings.Contains(what, strings.TrimSpace(base[i].Text)) || fmt.Sprintf("%05d", i+1) == x.Page[:5] {
				t.Errorf("tail of %s: %q", x.Page, what)
			}
		}
	}
	if n := len(s.Parted); tails < n/5 || n != len(s.Pages)-kinds["digest"] {
		t.Errorf("%d tails on %d pages", tails, n)
	}

	if d := cmp.Diff(s, synth(t, base, synthAll)); d != "" {
		t.Errorf("the same seed: %s", d)
	}
	other := synthAll
	other.Seed++
	if cmp.Equal(s.Pages, synth(t, base, other).Pages) {
		t.Error("another seed makes the same corpus")
	}
	if plain := synth(t, base, eval.SynthOptions{}); len(plain.Pages) != 30 || len(plain.Spans) != 0 || plain.Pages[3].Text != strings.TrimSpace(base[3].Text) {
		t.Errorf("no options: %d pages, %d spans", len(plain.Pages), len(plain.Spans))
	}
}

// TestSynthEditsAndDrifts counts the words that are not a page's own: every word of the base says whose
// it is.
func TestSynthEditsAndDrifts(t *testing.T) {
	base := baseOf(200)
	foreign := func(o eval.SynthOptions, part string) float64 {
		n, all := 0, 0
		for _, p := range synth(t, base, o).Pages {
			if !strings.Contains(p.ID, part) {
				continue
			}
			var event int
			fmt.Sscanf(p.ID, "%05d", &event)
			for _, w := range strings.Fields(p.Text) {
				all++
				if !strings.HasPrefix(w, fmt.Sprintf("w%d.", event-1)) {
					n++
				}
			}
		}
		return float64(n) / float64(all)
	}
	for _, c := range []struct {
		name      string
		o         eval.SynthOptions
		part      string
		low, high float64
	}{
		{"no edits", eval.SynthOptions{Copies: 2}, "-copy-", 0, 0},
		// A third of the edits replace, a third insert; a copy has half of the most in the mean.
		{"edits", eval.SynthOptions{Copies: 2, Edit: .6}, "-copy-", .17, .23},
		{"no drift", eval.SynthOptions{FollowUps: 1}, "-next-1", 0, 0},
		{"first follow-up", eval.SynthOptions{FollowUps: 3, Drift: .4}, "-next-1", .37, .43},
		{"second", eval.SynthOptions{FollowUps: 3, Drift: .4}, "-next-2", .77, .83},
		{"third", eval.SynthOptions{FollowUps: 3, Drift: .4}, "-next-3", 1, 1},
		{"half of another", eval.SynthOptions{Digests: 1}, "-digest", .49, .51},
	} {
		if got := foreign(c.o, c.part); got < c.low || got > c.high {
			t.Errorf("%s: %.3f of the words are foreign, want %v to %v", c.name, got, c.low, c.high)
		}
	}
}

func TestSynthRefuses(t *testing.T) {
	short := baseOf(3)
	short[1].Text, short[2].Text = "a few words", ""
	if _, err := eval.Synth(short, synthAll); err == nil || !strings.Contains(err.Error(), "need two") {
		t.Errorf("one base page: error %v", err)
	}
	for _, o := range []eval.SynthOptions{{Copies: -1}, {Edit: 1.5}, {Tails: -.1}, {FollowUps: -1}, {Drift: 2}, {Digests: 2}, {Templates: -1}} {
		if _, err := eval.Synth(baseOf(3), o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

// TestHarnessFindsWhatWasPlanted spoils a run that is the truth by a known number of
// merges and splits: every measure must move by what that costs, and every fault be
// listed.
func TestHarnessFindsWhatWasPlanted(t *testing.T) {
	s := synth(t, baseOf(60), synthAll)
	gold, err := eval.NewClustering(s.Stories)
	if err != nil {
		t.Fatal(err)
	}
	score := func(rows []eval.Assignment) (eval.Alignment, eval.Scores) {
		run, err := eval.NewClustering(rows)
		if err != nil {
			t.Fatal(err)
		}
		a := eval.Align(gold, run)
		scores, err := a.Scores()
		if err != nil {
			t.Fatal(err)
		}
		return a, scores
	}
	facts := eval.Facts{Node: func(p string) string { return p }, Short: func(string) bool { return false }, Frame: func(string) string { return "" },
		Time: func(string) time.Time { return time.Time{} }}
	a, truth := score(s.Stories)
	if truth.BCubed.F1 != 1 || truth.ARI != 1 || truth.Exact.F1 != 1 || len(eval.Faults(a, facts)) != 0 {
		t.Errorf("the truth scores %+v", truth)
	}

	size := make(map[string]int)
	for _, x := range s.Stories {
		size[x.Cluster]++
	}
	spoiled := append([]eval.Assignment(nil), s.Stories...)
	const merges, splits = 7, 5
	precision, recall := float64(len(spoiled)), float64(len(spoiled)) // sums over pages
	want := make(map[string]bool)
	for n := range merges { // events 1+2, 3+4, ...
		x, y := fmt.Sprintf("%05d", 2*n+1), fmt.Sprintf("%05d", 2*n+2)
		for i := range spoiled {
			if spoiled[i].Cluster == y {
				spoiled[i].Cluster = x
			}
		}
		p, q := float64(size[x]), float64(size[y])
		precision -= p + q - (p*p+q*q)/(p+q)
		want["merge "+x] = true
	}
	for n := range splits { // the base page alone
		x := fmt.Sprintf("%05d", 40+n)
		for i := range spoiled {
			if spoiled[i].Page == x {
				spoiled[i].Cluster = x + " alone"
			}
		}
		p := float64(size[x])
		recall -= p - (1+(p-1)*(p-1))/p
		want["split "+x] = true
	}
	a, got := score(spoiled)
	near(t, "precision", got.BCubed.Precision, precision/float64(got.Pages))
	near(t, "recall", got.BCubed.Recall, recall/float64(got.Pages))
	near(t, "exact clusters", got.Exact.Recall, 1-float64(2*merges+splits)/float64(got.GoldClusters))
	listed := make(map[string]bool)
	for _, f := range eval.Faults(a, facts) {
		if f.Merge {
			listed["merge "+f.Cluster] = true
		} else {
			listed["split "+f.Cluster] = true
		}
	}
	if d := cmp.Diff(want, listed); d != "" {
		t.Error(d)
	}
}
