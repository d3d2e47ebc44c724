package eval_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sada/eval"
)

// pooled makes a pool of the run's clusters of texts 0, 1, ... of which each has as many
// pages. Near to a cluster are those with a text of a gold cluster of its own, and the
// next one.
func pooled(gold, run, pages []int) []eval.Pooled {
	clusters := slices.Max(run) + 1
	pool := make([]eval.Pooled, clusters)
	near := make([]map[int]bool, clusters)
	of := make(map[int][]int) // by gold cluster: run clusters
	for i, c := range run {
		pool[c].Texts = append(pool[c].Texts, eval.Text{Page: fmt.Sprint(i), Pages: pages[i]})
		of[gold[i]] = append(of[gold[i]], c)
		near[c] = make(map[int]bool)
	}
	for _, cs := range of {
		for _, c := range cs {
			for _, d := range cs {
				near[c][d] = true
			}
		}
	}
	used := func(c int) bool { return c < clusters && len(pool[c].Texts) > 0 }
	for c := range pool {
		for d := range clusters {
			if c != d && (near[c][d] || d == c+1) && used(c) && used(d) {
				pool[c].Near = append(pool[c].Near, d)
			}
		}
	}
	return pool
}

// judge labels what is asked by a gold.
func judge(draws []eval.Draw, gold []int) {
	of := func(page string) int {
		i, err := strconv.Atoi(page)
		if err != nil {
			panic(err)
		}
		return gold[i]
	}
	for _, d := range draws {
		for i := range d.Asked {
			if a := &d.Asked[i]; of(a.Page) == of(d.Page) {
				a.Label = eval.Same
			} else {
				a.Label = eval.Different
			}
		}
	}
}

// scoreWorld is the B-cubed over pages of a run whose texts have several.
func scoreWorld(gold, run, pages []int) eval.PRF {
	var g, r []int
	for i, n := range pages {
		for range n {
			g, r = append(g, gold[i]), append(r, run[i])
		}
	}
	return eval.BCubed(eval.NewTable(g, r))
}

func sampledTogether(_ eval.Draw, a eval.Asked) bool { return a.Together }

func TestSampleClusters(t *testing.T) {
	//            0  1  2  3  4  5  6  7  8
	run := []int{0, 0, 0, 0, 0, 1, 1, 2, 3}
	pool := pooled([]int{0, 0, 0, 0, 1, 1, 1, 2, 3}, run, []int{2, 1, 1, 1, 1, 1, 1, 1, 1})
	pool[3].Near = nil
	o := eval.ClusterOptions{Sizes: []int{2, 3}, PerStratum: 3, Near: 1, Most: 3, Seed: 5}
	draws, sizes, err := eval.SampleClusters(pool, o)
	if err != nil {
		t.Fatal(err)
	}
	want := []eval.StratumSize{{Name: "one text, nothing near", Pool: 1, Drawn: 1}, {Name: "one text", Pool: 1, Drawn: 1}, {Name: "2 texts", Pool: 2, Drawn: 2}, {Name: "3 texts and more", Pool: 5, Drawn: 3}}
	if d := cmp.Diff(want, sizes); d != "" {
		t.Error(d)
	}
	var order []string
	for _, d := range draws {
		order = append(order, d.Stratum)
		own, other := 0.0, 0.0
		for _, a := range d.Asked {
			if a.Together {
				own += a.Pages
			} else {
				other += a.Pages
			}
		}
		var i int
		fmt.Sscan(d.Page, &i)
		switch d.Stratum {
		case "3 texts and more":
			near(t, "weight", d.Weight, 5./3)
			// Of four other texts three are asked about, for all.
			if n := len(d.Asked); n != 5 || other != 2 || own < 4 || own > 16./3 || d.Pages != []int{2, 1, 1, 1, 1}[i] {
				t.Errorf("draw %+v", d)
			}
		case "2 texts":
			if own != 1 || other != 4 && other != 5 && other != 16./3 && len(d.Asked) != 4 {
				t.Errorf("draw %+v", d)
			}
		case "one text, nothing near":
			if d.Page != "8" || len(d.Asked) != 0 {
				t.Errorf("draw %+v", d)
			}
		}
	}
	if want := []string{"one text, nothing near", "one text", "2 texts", "3 texts and more", "2 texts", "3 texts and more", "3 texts and more"}; !slices.Equal(order, want) {
		t.Errorf("the draws come as %q", order)
	}
	for _, p := range pool {
		slices.Reverse(p.Texts)
	}
	again, _, err := eval.SampleClusters(pool, o)
	if d := cmp.Diff(draws, again); d != "" || err != nil {
		t.Errorf("another order of texts: %v %s", err, d)
	}
	// Without classes every text is as likely as another, and so a cluster by its size.
	o.Sizes = nil
	hits := make(map[int]int)
	for seed := range uint64(2000) {
		o.Seed = seed
		draws, sizes, err := eval.SampleClusters(pool, o)
		if err != nil || len(sizes) != 1 || sizes[0].Pool != 9 {
			t.Fatal(sizes, err)
		}
		var i int
		fmt.Sscan(draws[0].Page, &i)
		hits[run[i]]++
	}
	if n := hits[0]; n < 1020 || n > 1200 { // 5/9 of 2,000 are 1,111, three standard deviations 67
		t.Errorf("the cluster of five texts of nine was drawn first %d times of 2,000", n)
	}

	bad := func(what, want string, pool []eval.Pooled, change func(*eval.ClusterOptions)) {
		t.Helper()
		o := eval.ClusterOptions{PerStratum: 2, Most: 1}
		change(&o)
		if _, _, err := eval.SampleClusters(pool, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	none := func(*eval.ClusterOptions) {}
	two := []eval.Text{{Page: "a", Pages: 1}, {Page: "b", Pages: 1}}
	bad("one draw", "need 2 or more", nil, func(o *eval.ClusterOptions) { o.PerStratum = 1 })
	bad("sizes", "ascending", nil, func(o *eval.ClusterOptions) { o.Sizes = []int{3, 3} })
	bad("no texts", "need 1 or more", nil, func(o *eval.ClusterOptions) { o.Most = 0 })
	bad("near", "need 0 or more", nil, func(o *eval.ClusterOptions) { o.Near = -1 })
	bad("a page twice", `page "a" is in two clusters`, []eval.Pooled{{Texts: two}, {Texts: two[:1]}}, none)
	bad("no pages", "has 0 pages", []eval.Pooled{{Texts: []eval.Text{{Page: "a"}}}}, none)
	bad("near to itself", "is near to number 0", []eval.Pooled{{Texts: two, Near: []int{0}}}, none)
}

func TestDrawsSurviveTheirFile(t *testing.T) {
	gold, run := []int{0, 0, 0, 1, 2, 3}, []int{0, 0, 1, 1, 2, 3}
	pool := pooled(gold, run, []int{3, 1, 1, 1, 2, 1})
	pool[3].Near = nil
	draws, _, err := eval.SampleClusters(pool, eval.ClusterOptions{Sizes: []int{2}, PerStratum: 9, Near: 2, Most: 9})
	if err != nil {
		t.Fatal(err)
	}
	draws[0].Asked = nil
	for _, f := range []eval.Format{eval.CSV, eval.JSONL} {
		var b bytes.Buffer
		if err := eval.WriteDraws(&b, f, eval.Story, draws, func(page string) (string, string, string) { return "title " + page, "", "" }); err != nil {
			t.Fatal(err)
		}
		file := b.String()
		got, err := eval.ReadSample(&b, f)
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		if d := cmp.Diff(draws, got.Draws, cmpopts.EquateEmpty()); d != "" || !got.Clusters || got.Kind != eval.Story {
			t.Errorf("%+v %s", got.Kind, d)
		}
		if _, _, err := eval.ReadPairs(strings.NewReader(file), f); err == nil {
			t.Error("draws are read as pairs")
		}
		if _, kind, err := eval.ReadJudgements(strings.NewReader(file), f, "a"); err != nil || kind != eval.Story {
			t.Errorf("as labels: %v", err)
		}
	}
	for file, want := range map[string]string{
		"#kind: story clusters\na,b,weight,pages_a,pages_b\nx,y,1,0,1\n":            `line 3: pages_a "0"`,
		"#kind: story clusters\na,b,weight,pages_a,pages_b\nx,y,1,1,.5\n":           `line 3: pages_b ".5"`,
		"#kind: story clusters\na,b,weight,pages_a,pages_b\nx,y,1,1,1\nx,z,2,1,1\n": "line 4: rows of page \"x\" that differ",
		"#kind: story clusters\na,b,weight,pages_a,pages_b\nx,y,1,1,1\nx,y,1,1,1\n": "is asked about twice",
		"#kind: story clusters\na,b,weight,pages_a,pages_b\n,y,1,1,1\n":             "a must not be empty",
		"#kind: story clusters\na,b,weight\nx,y,1\n":                                "some rows have no pages_a",
		"a,b,weight,pages_a,pages_b\nx,y,1,1,1\n":                                   "which the first line does not say",
		"#kind: tale clusters\na,b\n":                                               `kind "tale"`,
	} {
		if _, err := eval.ReadSample(strings.NewReader(file), eval.CSV); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", file, err, want)
		}
	}
	if s, err := eval.ReadSample(strings.NewReader("#kind: copy\na,b\nx,y\n"), eval.CSV); err != nil || s.Clusters || s.Draws != nil || len(s.Pairs) != 1 || s.Kind != eval.Copy {
		t.Errorf("a sample of pairs: %+v, %v", s, err)
	}
}

func FuzzReadSample(f *testing.F) {
	for _, s := range []string{"", "#kind: story clusters\na,b,pages_a,pages_b\nx,y,1,2\nx,z,1,1.5\nw,,2,\n", `{"kind":"copy clusters"}` + "\n" + `{"a":"x","b":"","weight":2,"pages_a":1}`, "#kind: copy\na,b\nx,y\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []eval.Format{eval.CSV, eval.JSONL} {
			s, err := eval.ReadSample(bytes.NewReader(data), format)
			if err != nil || !s.Clusters || s.Kind == "" {
				continue
			}
			var b bytes.Buffer
			if err := eval.WriteDraws(&b, eval.JSONL, s.Kind, s.Draws, func(string) (string, string, string) { return "", "", "" }); err != nil {
				t.Fatal(err)
			}
			again, err := eval.ReadSample(&b, eval.JSONL)
			if d := cmp.Diff(s.Draws, again.Draws); err != nil || d != "" {
				t.Fatal(err, d)
			}
		}
	})
}

// Where every text is drawn, and all that may belong with it asked about, the estimate is
// the B-cubed over pages.
func TestEstimateClustersOfAll(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	gold := worldGold(r, 60, 0.6)
	run := worldRun(r, gold)
	pages := worldPages(r, len(gold))
	for _, sizes := range [][]int{nil, {2, 4}} {
		draws, _, err := eval.SampleClusters(pooled(gold, run, pages), eval.ClusterOptions{Sizes: sizes, PerStratum: 1000, Near: 100, Most: 100})
		if err != nil {
			t.Fatal(err)
		}
		judge(draws, gold)
		e, want := eval.EstimateClusters(draws, sampledTogether, 0.95), scoreWorld(gold, run, pages)
		near(t, "precision", e.Precision.Value, want.Precision)
		near(t, "recall", e.Recall.Value, want.Recall)
		near(t, "F1", e.F1.Value, want.F1)
		if e.Precision.Low != e.Precision.Value || e.F1.High != e.F1.Value || e.Judged != len(gold) || want.Precision == 1 || want.Recall == 1 {
			t.Errorf("all were judged, and still %v and %v of %+v", e.Precision, e.F1, want)
		}
	}
}

func TestEstimateClustersByHand(t *testing.T) {
	var draws []eval.Draw
	for i := range 40 {
		d := eval.Draw{Page: fmt.Sprint(i), Pages: 1, Stratum: "two", Weight: 10, Asked: []eval.Asked{
			{Page: "own", Pages: 3, Together: true, Label: eval.Same}, {Page: "near", Pages: 4, Label: eval.Different}}}
		if i%4 == 0 { // precision 1/4, recall 1/5
			d.Asked[0].Label, d.Asked[1].Label = eval.Related, eval.Same
		}
		draws = append(draws, d)
	}
	for i := range 10 {
		draws = append(draws, eval.Draw{Page: fmt.Sprint("alone", i), Pages: 2, Stratum: "one", Weight: 20})
	}
	e := eval.EstimateClusters(draws, sampledTogether, 0.95)
	// 400 pages at 13/16 and 4/5, 200 texts of two pages each at 1.
	near(t, "precision", e.Precision.Value, (400*13./16+400)/800)
	near(t, "recall", e.Recall.Value, (400*.8+400)/800)
	if e.Precision.Units != 40 || e.Judged != 50 || len(e.Strata) != 2 || *e.Strata[1].Precision != 13./16 || e.Strata[1].Pool != 400 {
		t.Errorf("%+v", e)
	}
	// What nobody could decide is left out; what has no answer takes its draw away.
	draws[0].Asked[0].Label, draws[1].Asked[1].Label = eval.Unsure, eval.Unlabelled
	if e = eval.EstimateClusters(draws, sampledTogether, 0.95); e.Unsure != 1 || e.Unjudged != 1 || e.Precision.Units != 39 {
		t.Errorf("%+v", e)
	}
	for i := range 12 {
		draws[i].Asked[0].Label = eval.Unlabelled
	}
	if e = eval.EstimateClusters(draws, sampledTogether, 0.95); e.F1.Reason != "too few labels: 28, need 30" {
		t.Errorf("%+v", e.F1)
	}
	if e = eval.EstimateClusters(nil, sampledTogether, 0.95); e.Precision.Known() {
		t.Errorf("of nothing: %+v", e)
	}
}

// worldPages gives three texts in ten copies, up to five pages.
func worldPages(r *rand.Rand, n int) []int {
	out := make([]int, n)
	for i := range out {
		for out[i] = 1; out[i] < 5 && r.Float64() < 0.3; {
			out[i]++
		}
	}
	return out
}

// TestClusterCoverage draws samples of the clusters of one run, and asks in how many worlds
// the interval at .95 holds the true score.
func TestClusterCoverage(t *testing.T) {
	n, low, high := numWorlds(200)
	r := rand.New(rand.NewPCG(21, 22))
	gold := worldGold(r, 1000, 0.7)
	run := worldRun(r, gold)
	pages := worldPages(r, len(gold))
	pool, truth := pooled(gold, run, pages), scoreWorld(gold, run, pages)
	for _, c := range []struct {
		name string
		o    eval.ClusterOptions
	}{
		{"by size", eval.ClusterOptions{Sizes: []int{2, 3, 5, 10}, PerStratum: 60, Near: 100, Most: 100}},
		{"proportional to size", eval.ClusterOptions{PerStratum: 120, Near: 100, Most: 100}},
		{"some texts of each", eval.ClusterOptions{Sizes: []int{2, 3, 5, 10}, PerStratum: 60, Near: 100, Most: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var hits covered
			for w := range n {
				c.o.Seed = uint64(w)
				draws, _, err := eval.SampleClusters(pool, c.o)
				if err != nil {
					t.Fatal(err)
				}
				judge(draws, gold)
				e := eval.EstimateClusters(draws, sampledTogether, 0.95)
				hits.add(e.Precision, e.Recall, e.F1, truth)
			}
			hits.check(t, n, low, high)
		})
	}
}
