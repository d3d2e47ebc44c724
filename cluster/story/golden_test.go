package story

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"

	"sada/features/tfidf"
)

var update = flag.Bool("update", false, "write the figures to testdata/quality.tsv")

const golden = "testdata/quality.tsv"

type record struct {
	Lang      string `json:"lang"`
	Title     string `json:"title"`
	Text      string `json:"text"`
	Published string `json:"published_at"`
	Gold      string `json:"gold_story"`
}

// readRecords reads a labelled set and gives its records by language.
func readRecords(t *testing.T, name string) map[string][]record {
	t.Helper()
	f, err := os.Open(filepath.Join(os.Getenv("SADA_SHARED"), "data", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := map[string][]record{}
	lines := bufio.NewReader(z)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return out
		}
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[r.Lang] = append(out[r.Lang], r)
	}
}

// readNodes weighs the words of title, twice, and text of the records.
func readNodes(t *testing.T, records []record) []Node {
	t.Helper()
	docs := make([][]tfidf.Count, len(records))
	var counter tfidf.Counter
	for i, r := range records {
		docs[i] = tfidf.Fold(words(words(nil, r.Title, 2), r.Text, 1))
		counter.Add(docs[i])
	}
	table := counter.Freeze()
	nodes := make([]Node, len(records))
	for i, r := range records {
		nodes[i].Vector = table.Vector(docs[i])
		if r.Published != "" {
			at, err := time.Parse(time.RFC3339, r.Published)
			if err != nil {
				t.Fatal(err)
			}
			nodes[i].Time, nodes[i].Dated = at.Unix(), true
		}
	}
	return nodes
}

// words appends the runs of letters and digits, in lower case, of at least two characters.
func words(counts []tfidf.Count, text string, n uint32) []tfidf.Count {
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		if len([]rune(w)) > 1 {
			counts = append(counts, tfidf.Count{Term: tfidf.TermID([]byte(w)), N: n})
		}
	}
	return counts
}

// bcubed returns B-cubed precision and recall (Bagga and Baldwin 1998).
func bcubed(found []int32, records []record) (p, r float64) {
	type cell struct {
		story int32
		gold  string
	}
	both, stories, golds := map[cell]float64{}, map[int32]float64{}, map[string]float64{}
	for i, s := range found {
		both[cell{s, records[i].Gold}]++
		stories[s]++
		golds[records[i].Gold]++
	}
	for i, s := range found {
		n := both[cell{s, records[i].Gold}]
		p += n / stories[s] / float64(len(found))
		r += n / golds[records[i].Gold] / float64(len(found))
	}
	return p, r
}

func TestBcubed(t *testing.T) {
	// By hand: precision (2/3+2/3+1/3+1)/4, recall (1+1+1/2+1/2)/4.
	p, r := bcubed([]int32{0, 0, 0, 3}, []record{{Gold: "a"}, {Gold: "a"}, {Gold: "b"}, {Gold: "b"}})
	if math.Abs(p-8./12) > 1e-12 || math.Abs(r-.75) > 1e-12 {
		t.Errorf("precision %v, recall %v", p, r)
	}
}

// TestQuality holds the figures on labelled news to the golden ones: a change that makes stories
// worse, or better, has to be looked at.
func TestQuality(t *testing.T) {
	if os.Getenv("SADA_SHARED") == "" {
		t.Skip("SADA_SHARED is unset: it names the folder whose data/ holds the labelled news")
	}
	var b strings.Builder
	b.WriteString("set\tlanguage\tmethod\tthreshold\tprecision\trecall\tf1\tstories\tgold\tlargest\n")
	run := func(set, lang string, records []record, nodes []Node) {
		for _, m := range []struct {
			method     Method
			thresholds []float64
		}{
			{ByAverageLink, []float64{0, .12, .15, .19, .24, .28, .32}}, // 0: by the corpus
			{ByComponents, []float64{.24, .40, .54}},
			{ByPropagation, []float64{.24, .38}},
		} {
			for _, threshold := range m.thresholds {
				o := Defaults()
				o.Method, o.Threshold = m.method, threshold
				if threshold > 0 {
					o.Floor = min(o.Floor, threshold/2)
				}
				o = o.For(nodes)
				result := Cluster(nodes, o)
				p, r := bcubed(result.Story, records)
				stories, _ := Describe(nodes, result, 2)
				largest := 0
				for _, s := range stories {
					largest = max(largest, len(s.Members))
				}
				golds := map[string]bool{}
				for _, r := range records {
					golds[r.Gold] = true
				}
				fmt.Fprintf(&b, "%s\t%s\t%s\t%.2f\t%.3f\t%.3f\t%.3f\t%d\t%d\t%d\n", set, lang, m.method, o.Threshold,
					p, r, 2*p*r/(p+r), len(stories), len(golds), largest)
			}
		}
	}
	headlines := readRecords(t, "story_dev_headlines.jsonl.zst")
	for _, lang := range []string{"por", "spa"} {
		run("headlines", lang, headlines[lang], readNodes(t, headlines[lang]))
	}
	fulltext := readRecords(t, "story_dev_fulltext.jsonl.zst")["eng"]
	nodes := readNodes(t, fulltext)
	run("full text, undated", "eng", fulltext, nodes)
	nodes = slices.Clone(nodes)
	for i := range nodes {
		nodes[i].Dated = true
	}
	run("full text, as of one moment", "eng", fulltext, nodes)

	t.Log("\n" + b.String())
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, lines := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	if len(got) != len(lines) {
		t.Fatalf("%d lines of figures, want the %d of %s", len(got), len(lines), golden)
	}
	for i, line := range lines {
		if got[i] != line {
			t.Errorf("figures differ from %s; look at the change, then run with -update\n got %s\nwant %s", golden, got[i], line)
		}
	}
}
