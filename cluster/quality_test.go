package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"sada/features/arabic"
	"sada/features/article"
)

var update = flag.Bool("update", false, "write the measured figures to testdata")

// golden holds figures to those of the file: a change that makes them better or worse has to be
// looked at.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("%s: %s", path, d)
	}
}

// record is a page as the files of the tests have it.
type record struct {
	ID, Title, Text, URL, Source string
	PublishedAt                  string `json:"published_at"`
	Label                        string
	Tail                         string
	TailStart                    *int `json:"tail_start"` // code points
}

func (r *record) page() *article.Page {
	p := &article.Page{ID: r.ID, Title: r.Title, Text: r.Text, URL: r.URL, Source: r.Source}
	if when, dayOnly, ok := article.ParseDate(r.PublishedAt); ok {
		p.PublishedAt, p.DayOnly = when, dayOnly
	}
	return p
}

// decode reads JSON values, one a line, of which some may be compressed.
func decode[T any](tb testing.TB, path string) []T {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".zst") {
		z, err := zstd.NewReader(f)
		if err != nil {
			tb.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	var out []T
	for d := json.NewDecoder(bufio.NewReaderSize(r, 1<<20)); ; {
		var v T
		if err := d.Decode(&v); err == io.EOF {
			return out
		} else if err != nil {
			tb.Fatalf("%s: value %d: %v", path, len(out)+1, err)
		}
		out = append(out, v)
	}
}

// features makes the features of records, in their order.
func features(records []record) []*Page {
	m := Maker{Stemmer: arabic.Light10}
	out := make([]*Page, len(records))
	for i := range records {
		out[i] = m.Make(records[i].page())
	}
	return out
}

// run clusters pages, of which it leaves the order alone.
func run(tb fataler, pages []*Page, o Options) *Result {
	tb.Helper()
	o.Story.Workers = o.Workers
	res, err := Run(slices.Clone(pages), o, func() time.Time { return time.Time{} })
	if err != nil {
		tb.Fatal(err)
	}
	return res
}

// fataler is what the tests of testing and those of rapid have in common.
type fataler interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func fast() Options {
	o := Defaults()
	o.Workers = runtime.GOMAXPROCS(0)
	return o
}

// table reads a gold file: lines of tab-separated columns and comments.
func table(tb testing.TB, path string) [][]string {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != '#' {
			out = append(out, strings.Split(line, "\t"))
		}
	}
	return out
}

// score says how well a clustering agrees with another, as shares.
type score struct{ precision, recall float64 }

func (s score) String() string {
	f := 0.
	if s.precision+s.recall > 0 {
		f = 2 * s.precision * s.recall / (s.precision + s.recall)
	}
	return fmt.Sprintf("precision %.4f  recall %.4f  F1 %.4f", s.precision, s.recall, f)
}

// agreement returns the B-cubed score (Bagga and Baldwin 1998) and the score over pairs of items. Both
// slices give every item the name of its cluster.
func agreement(found []int, gold []string) (bcubed, pairs score) {
	type cell struct {
		found int
		gold  string
	}
	both, ofFound, ofGold := map[cell]int{}, map[int]int{}, map[string]int{}
	for i, f := range found {
		both[cell{f, gold[i]}]++
		ofFound[f]++
		ofGold[gold[i]]++
	}
	for i, f := range found {
		n := float64(both[cell{f, gold[i]}])
		bcubed.precision += n / float64(ofFound[f]) / float64(len(found))
		bcubed.recall += n / float64(ofGold[gold[i]]) / float64(len(found))
	}
	count := func(n int) int { return n * (n - 1) / 2 }
	right, foundPairs, goldPairs := 0, 0, 0
	for _, n := range both {
		right += count(n)
	}
	for _, n := range ofFound {
		foundPairs += count(n)
	}
	for _, n := range ofGold {
		goldPairs += count(n)
	}
	pairs = score{float64(right) / float64(max(foundPairs, 1)), float64(right) / float64(max(goldPairs, 1))}
	// Sums over a map's cells are of integers, those over items in order: no figure depends on chance.
	return bcubed, pairs
}

func TestAgreement(t *testing.T) {
	// By hand: items 1 to 3 together, gold 1 and 2, 3 and 4.
	bcubed, pairs := agreement([]int{0, 0, 0, 3}, []string{"a", "a", "b", "b"})
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
	if !near(bcubed.precision, 8./12) || !near(bcubed.recall, .75) || !near(pairs.precision, 1./3) || !near(pairs.recall, .5) {
		t.Errorf("B-cubed %v, pairs %v", bcubed, pairs)
	}
}

// stretch is a part of a text without what it is part of.
type stretch struct {
	kind     string
	from, to int
}

// merged puts together neighbours of one kind, as a list may be one part or many, and drops the main
// text.
func merged(parts []stretch) []stretch {
	var out []stretch
	for _, p := range parts {
		if n := len(out); n > 0 && out[n-1].kind == p.kind && out[n-1].to == p.from {
			out[n-1].to = p.to
			continue
		}
		out = append(out, p)
	}
	return slices.DeleteFunc(out, func(s stretch) bool { return s.kind == article.Main.String() || s.kind == article.Quote.String() })
}

const goldDir = "../testdata"

// TestGold holds the figures on the gold corpus.
func TestGold(t *testing.T) {
	records := decode[record](t, filepath.Join(goldDir, "corpus.jsonl"))
	res := run(t, features(records), fast())
	check(t, res)
	number := map[string]int{}
	for i, p := range res.Pages {
		number[p.ID] = i
	}
	var b strings.Builder
	b.WriteString("# Figures of Run on the gold corpus. go test ./cluster -run Gold -update\n")
	fmt.Fprintf(&b, "pages %d\n", len(records))
	for _, c := range []struct {
		name string
		of   []int
	}{{"copies", res.CopyOf}, {"stories", res.StoryOf}} {
		var found []int
		var gold []string
		for _, row := range table(t, filepath.Join(goldDir, "gold."+c.name+".tsv")) {
			found, gold = append(found, c.of[number[row[0]]]), append(gold, row[1])
		}
		bcubed, pairs := agreement(found, gold)
		fmt.Fprintf(&b, "%-8s B-cubed   %v\n%-8s pairwise  %v\n", c.name, bcubed, c.name, pairs)
	}

	gold := map[string][]stretch{}
	for _, row := range table(t, filepath.Join(goldDir, "gold.spans.tsv")) {
		from, err1 := strconv.Atoi(row[1])
		to, err2 := strconv.Atoi(row[2])
		if err1 != nil || err2 != nil {
			t.Fatalf("gold.spans.tsv: %q: want numbers", row)
		}
		gold[row[0]] = append(gold[row[0]], stretch{row[3], from, to})
	}
	type tally struct{ gold, exact, found, extra int }
	tallies := map[string]*tally{}
	of := func(kind string) *tally {
		if tallies[kind] == nil {
			tallies[kind] = &tally{}
		}
		return tallies[kind]
	}
	for i, p := range res.Pages {
		var parts []stretch
		for _, part := range res.Parts[i] {
			parts = append(parts, stretch{part.Kind.String(), part.From, part.To})
		}
		parts = merged(parts)
		want := merged(gold[p.ID])
		for _, w := range want {
			n := of(w.kind)
			n.gold++
			covered, exact := 0, false
			for _, p := range parts {
				if p.kind == w.kind {
					covered += max(0, min(p.to, w.to)-max(p.from, w.from))
					exact = exact || max(p.from-w.from, w.from-p.from) <= 2 && max(p.to-w.to, w.to-p.to) <= 2
				}
			}
			if exact {
				n.exact++
			}
			if 2*covered >= w.to-w.from {
				n.found++
			} else if testing.Verbose() {
				t.Logf("missed: %s %v", p.ID, w)
			}
		}
		for _, p := range parts {
			if !slices.ContainsFunc(want, func(w stretch) bool { return w.kind == p.kind && w.from < p.to && p.from < w.to }) {
				of(p.kind).extra++
			}
		}
	}
	b.WriteString("# exact: both ends within 2 bytes; found: half of it and more; extra: of which no gold span has any\n")
	for kind := article.Main; kind <= article.Quote; kind++ {
		if n := tallies[kind.String()]; n != nil {
			fmt.Fprintf(&b, "%-10s gold %3d  exact %3d  found %3d  extra %3d\n", kind, n.gold, n.exact, n.found, n.extra)
		}
	}
	golden(t, "gold.txt", b.String())
}

// shared returns the folder of the real pages, which are not part of the repository. It skips the test
// where they, or the tools that the corpus maker needs, are not at hand.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SADA_SHARED")
	if dir == "" {
		t.Skip("SADA_SHARED is unset: it names the folder whose data/ and bench/ hold real pages and the corpus maker")
	}
	for _, tool := range []string{"python3", "zstd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the corpus maker needs %s: %v", tool, err)
		}
	}
	return dir
}

// TestShared holds the figures on real pages.
func TestShared(t *testing.T) {
	dir := shared(t)
	var b strings.Builder
	b.WriteString("# Figures of Run on real pages. SADA_SHARED=<shared> go test ./cluster -run Shared -update\n")
	tails(t, dir, &b)
	made(t, dir, &b, "20000")
	golden(t, "shared.txt", b.String())
}

// TestSharedHeavy is the same at five times the size, with other pages.
func TestSharedHeavy(t *testing.T) {
	dir := shared(t)
	if os.Getenv("SADA_HEAVY") == "" {
		t.Skip("SADA_HEAVY is unset: this test takes a minute and two gigabytes")
	}
	var b strings.Builder
	b.WriteString("# Figures of Run on made pages. SADA_SHARED=<shared> SADA_HEAVY=1 go test ./cluster -run SharedHeavy -update\n")
	made(t, dir, &b, "100000", "--seed", "11")
	golden(t, "heavy.txt", b.String())
}

// tails measures how appended articles are found, with and without the lines that announce them.
func tails(t *testing.T, dir string, b *strings.Builder) {
	files, err := filepath.Glob(filepath.Join(dir, "data", "saudinewsnet", "*.jsonl.zst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages in %s: %v", dir, err)
	}
	var news []*Page
	for _, f := range files {
		news = append(news, features(decode[record](t, f))...)
	}
	joined := decode[record](t, filepath.Join(dir, "data", "constructed_tails_dev.jsonl.zst"))
	fmt.Fprintf(b, "\n# Appended articles: %d pages, of which the appended are, and %d constructed ones.\n", len(news), len(joined))
	b.WriteString("# home: the part names the page that was appended, or a copy of it\n")
	for _, c := range []struct {
		name           string
		marker, credit bool
	}{{"as they are", true, true}, {"no marker lines", false, true}, {"no marker and credit lines", false, false}} {
		changed := make([]record, len(joined))
		starts := make([]int, len(joined)) // bytes; -1 without a tail
		for i, r := range joined {
			starts[i] = -1
			own, tail := r.Text, ""
			if r.TailStart != nil {
				starts[i] = len(string([]rune(r.Text)[:*r.TailStart]))
				own, tail = r.Text[:starts[i]], r.Text[starts[i]:]
			}
			if r.Label == "marked" && !c.marker {
				_, tail, _ = strings.Cut(tail, "\n")
			}
			if !c.credit {
				if at := strings.LastIndex(own, "\nالمصدر: "); at >= 0 && !strings.Contains(strings.TrimSpace(own[at:]), "\n") {
					own = own[:at+1]
				}
			}
			if starts[i] >= 0 {
				starts[i] = len(own)
			}
			r.Text = own + tail
			changed[i] = r
		}
		res := run(t, slices.Concat(news, features(changed)), fast())
		number := make(map[string]int, len(res.Pages))
		for i, p := range res.Pages {
			number[p.ID] = i
		}
		var all, found, exact, near, homes, home, without, cut int
		for i := range changed {
			r := &changed[i]
			parts := res.Parts[number[r.ID]]
			start, of := -1, ""
			for n, p := range parts {
				if p.Kind == article.Tail {
					start, of = p.From, p.Page
					if n > 0 && parts[n-1].Kind == article.Marker {
						start = parts[n-1].From
					}
					break
				}
			}
			if starts[i] < 0 {
				without++
				if slices.ContainsFunc(parts, func(p article.Part) bool { return p.Kind == article.Tail }) {
					cut++
				}
				continue
			}
			all++
			target, ok := number[r.Tail]
			if ok {
				homes++
			}
			if start < 0 {
				continue
			}
			found++
			from, to := min(start, starts[i]), max(start, starts[i])
			between := len(strings.Fields(strings.ToValidUTF8(r.Text[from:to], "")))
			if between == 0 {
				exact++
			}
			if between <= 10 {
				near++
			}
			if ok && of != "" && res.CopyOf[number[of]] == res.CopyOf[target] {
				home++
			}
		}
		fmt.Fprintf(b, "%-27s found %s  exact %s  within 10 words %s  home %s  cut from pages without one %d of %d\n",
			c.name, percent(found, all), percent(exact, all), percent(near, all), percent(home, homes), cut, without)
	}
}

func percent(n, of int) string {
	return fmt.Sprintf("%5.1f %% (%d of %d)", 100*float64(n)/float64(max(of, 1)), n, of)
}

// truth is what the corpus maker knows of a page.
type truth struct {
	ID       string
	Cluster  int
	Kind     string
	Rate     float64
	TailOf   *int `json:"tail_of"`
	TailByte int  `json:"tail_byte"`
}

// makeCorpus returns a made corpus, and what is known of each of its pages.
func makeCorpus(t *testing.T, dir string, args ...string) ([]record, []truth) {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "made")
	cmd := exec.Command("python3", append([]string{filepath.Join(dir, "bench", "make_corpus.py"), args[0], prefix}, args[1:]...)...)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, messages.String())
	}
	records, truths := decode[record](t, prefix+".jsonl"), decode[truth](t, prefix+".truth.jsonl")
	if len(truths) != len(records) {
		t.Fatalf("%d pages and %d truths", len(records), len(truths))
	}
	return records, truths
}

// made measures copy groups on a made corpus, whose copies are known.
func made(t *testing.T, dir string, b *strings.Builder, args ...string) {
	records, truths := makeCorpus(t, dir, args...)
	res := run(t, features(records), fast())
	number := make(map[string]int, len(res.Pages))
	for i, p := range res.Pages {
		number[p.ID] = i
	}
	found, gold := make([]int, len(truths)), make([]string, len(truths))
	base := map[int]*truth{}
	for i := range truths {
		found[i], gold[i] = res.CopyOf[number[truths[i].ID]], strconv.Itoa(truths[i].Cluster)
		if truths[i].Kind == "base" {
			base[truths[i].Cluster] = &truths[i]
		}
	}
	_, pairs := agreement(found, gold)
	fmt.Fprintf(b, "\n# Edited copies: make_corpus.py %s\npairs  %v\n", strings.Join(args, " "), pairs)
	for _, rate := range []struct{ from, to int }{{2, 5}, {5, 10}, {10, 20}} {
		var right, all [2]int // without a tail on either page, with one
		for i := range truths {
			c := &truths[i]
			if c.Kind != "copy" || c.Rate*100 < float64(rate.from) || c.Rate*100 >= float64(rate.to) && rate.to < 20 {
				continue
			}
			of := base[c.Cluster]
			tail := 0
			if c.TailOf != nil || of.TailOf != nil {
				tail = 1
			}
			all[tail]++
			if found[i] == res.CopyOf[number[of.ID]] {
				right[tail]++
			}
		}
		fmt.Fprintf(b, "base and copy, %2d to %2d %% edited: without tails %s  with tails %s\n", rate.from, rate.to, percent(right[0], all[0]), percent(right[1], all[1]))
	}
}

func BenchmarkRun(b *testing.B) {
	pages := features(decode[record](b, filepath.Join(goldDir, "corpus.jsonl")))
	bytes := 0
	for _, p := range pages {
		bytes += p.Bytes()
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		run(b, pages, Defaults())
	}
	b.ReportMetric(float64(len(pages)*b.N)/b.Elapsed().Seconds(), "pages/s")
}

func BenchmarkMake(b *testing.B) {
	records := decode[record](b, filepath.Join(goldDir, "corpus.jsonl"))
	bytes := 0
	for i := range records {
		bytes += len(records[i].Text)
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		features(records)
	}
}

func BenchmarkSurfaces(b *testing.B) {
	pages := features(decode[record](b, filepath.Join(goldDir, "corpus.jsonl")))
	bytes := 0
	for _, p := range pages {
		bytes += len(p.Title)
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		Surfaces(pages, arabic.Light10)
	}
}

// BenchmarkCounts folds the terms of titles and leads.
func BenchmarkCounts(b *testing.B) {
	pages := features(decode[record](b, filepath.Join(goldDir, "corpus.jsonl")))
	terms := 0
	for _, p := range pages {
		terms += len(p.terms) + len(p.lead)
	}
	b.SetBytes(int64(8 * terms))
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range pages {
			p.Counts(p.shared.Parts, Defaults().Vocabulary)
		}
	}
}
