package eval_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sada/eval"
)

// decomposed pairs each measure with its units.
func decomposed() map[string]struct {
	whole func(eval.Table) eval.PRF
	units func(eval.Table) eval.Units
} {
	type both = struct {
		whole func(eval.Table) eval.PRF
		units func(eval.Table) eval.Units
	}
	return map[string]both{
		"B-cubed":        {eval.BCubed, eval.BCubedUnits},
		"pairwise":       {eval.Pairwise, eval.PairwiseUnits},
		"exact clusters": {eval.ExactClusters, eval.ExactClusterUnits},
		"CEAF-e":         {eval.CEAFe, eval.CEAFeUnits},
	}
}

func TestUnitsGiveTheMeasure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		table := eval.NewTable(drawLabels(t, n, "gold"), drawLabels(t, n, "run"))
		for name, m := range decomposed() {
			want, got := m.whole(table), m.units(table).PRF()
			if math.Abs(want.Precision-got.Precision) > tolerance || math.Abs(want.Recall-got.Recall) > tolerance || math.Abs(want.F1-got.F1) > tolerance {
				t.Fatalf("%s: %v from units, want %v", name, got, want)
			}
		}
	})
	for name, m := range decomposed() {
		if f := m.units(eval.NewTable[int](nil, nil)).PRF(); !math.IsNaN(f.F1) {
			t.Errorf("%s: %v of no pages", name, f)
		}
	}
}

func TestBootstrap(t *testing.T) {
	u := eval.BCubedUnits(world(rand.New(rand.NewPCG(3, 4)), 200, 0.7))
	b := eval.DefaultBootstrap(7)
	e := b.PRF(u)
	if d := cmp.Diff(e, b.PRF(u)); d != "" {
		t.Errorf("another draw with the same seed: %s", d)
	}
	b.Seed++
	if cmp.Equal(e, b.PRF(u)) {
		t.Error("another seed gives the same interval")
	}
	if !e.F1.Known() || e.F1.Value != u.PRF().F1 || e.F1.Low >= e.F1.Value || e.F1.High <= e.F1.Value {
		t.Errorf("F1 %+v", e.F1)
	}
	if e.F1.Units >= 200 || e.F1.Units < 150 {
		t.Errorf("%d units of 200 clusters of which about 20 are joined in pairs", e.F1.Units)
	}
	b.Level = 0.5
	if half := b.PRF(u).F1; half.High-half.Low >= e.F1.High-e.F1.Low {
		t.Errorf("interval at .5 %v is not narrower than at .95 %v", half, e.F1)
	}
}

func TestBootstrapWithTooFewUnits(t *testing.T) {
	var gold, run []int
	for i := range eval.MinUnits {
		gold = append(gold, i)
		run = append(run, i)
	}
	b := eval.DefaultBootstrap(1)
	u := eval.BCubedUnits(eval.NewTable(gold, run))
	if e := b.PRF(u).F1; !e.Known() {
		t.Errorf("%d clusters: %v", eval.MinUnits, e)
	}
	// One giant run cluster joins all gold clusters: nothing is independent.
	one := eval.BCubedUnits(eval.NewTable(gold, make([]int, len(gold))))
	for _, e := range []eval.Estimate{b.PRF(one).F1, b.Difference(u, one).F1.Estimate, b.PRF(eval.BCubedUnits(eval.NewTable(gold[1:], run[1:]))).Recall} {
		if e.Known() || !math.IsNaN(e.Value) || !strings.HasPrefix(e.String(), "too few") {
			t.Errorf("%+v is a figure", e)
		}
	}
	if s := b.Difference(u, one).F1.Sign(); s != "?" {
		t.Errorf("sign %q", s)
	}
}

func TestBootstrapOfAFaultlessRun(t *testing.T) {
	labels := makeRange(50)
	e := eval.DefaultBootstrap(1).PRF(eval.BCubedUnits(eval.NewTable(labels, labels))).F1
	low, _ := eval.Wilson(50, 50, 0.95)
	if e.Value != 1 || e.High != 1 || e.Low != low {
		t.Errorf("%v, want 1 [%.3f, 1]", e, low)
	}
}

func TestDifference(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var gold, good, bad, alike []int
	for g := range 150 {
		for range 4 {
			gold = append(gold, g)
			good = append(good, g)
			lost := 1000 + len(gold)
			bad, alike = append(bad, g), append(alike, g)
			if r.Float64() < 0.3 {
				bad[len(bad)-1] = lost
			}
			if r.Float64() < 0.3 {
				alike[len(alike)-1] = lost
			}
		}
	}
	units := func(run []int) eval.Units { return eval.BCubedUnits(eval.NewTable(gold, run)) }
	b := eval.DefaultBootstrap(1)
	for _, c := range []struct {
		name          string
		first, second []int
		sign          string
		low, high     float64 // of the p-value
	}{
		{"better", bad, good, "+", 0, 0.002},
		{"worse", good, bad, "-", 0, 0.002},
		{"equal quality", bad, alike, "~", 0.05, 1},
		{"equal", bad, bad, "~", 1, 1},
	} {
		d := b.Difference(units(c.first), units(c.second)).F1
		if d.Sign() != c.sign || d.P < c.low || d.P > c.high {
			t.Errorf("%s: %s %v, p %g", c.name, d.Sign(), d, d.P)
		}
		if want := units(c.second).PRF().F1 - units(c.first).PRF().F1; math.Abs(d.Value-want) > tolerance {
			t.Errorf("%s: %g, want %g", c.name, d.Value, want)
		}
	}
}

func TestEstimateInJSON(t *testing.T) {
	known := eval.Estimate{Value: 0.5, Low: 0.25, High: 0.75, Units: 40}
	none := eval.Estimate{Value: math.NaN(), Units: 3, Reason: "too few"}
	for _, c := range []struct {
		value any
		want  string
	}{
		{known, `{"value":0.5,"low":0.25,"high":0.75,"units":40}`},
		{none, `{"units":3,"reason":"too few"}`},
		{eval.Difference{Estimate: known, P: 0.125}, `{"difference":{"value":0.5,"low":0.25,"high":0.75,"units":40},"p":0.125,"sign":"+"}`},
		{eval.Difference{Estimate: none, P: math.NaN()}, `{"units":3,"reason":"too few"}`},
	} {
		if got, err := json.Marshal(c.value); err != nil || string(got) != c.want {
			t.Errorf("%s, %v; want %s", got, err, c.want)
		}
	}
}

func TestAlignRuns(t *testing.T) {
	gold := clustering(t, "a=1", "b=1", "c=2", "d=2")
	first, second := eval.AlignRuns(gold, clustering(t, "a=x", "b=x", "c=x"), clustering(t, "b=x", "c=y", "d=y"))
	want := []string{"b", "c"}
	if d := cmp.Diff([][]string{want, want}, [][]string{first.Pages, second.Pages}); d != "" {
		t.Error(d)
	}
}

func BenchmarkBootstrap(b *testing.B) {
	gold, run := news(100_000)
	table := eval.NewTable(gold, run)
	u := eval.BCubedUnits(table)
	b.Run("PRF", func(b *testing.B) {
		for b.Loop() {
			eval.DefaultBootstrap(1).PRF(u)
		}
	})
	b.Run("Difference", func(b *testing.B) {
		for b.Loop() {
			eval.DefaultBootstrap(1).Difference(u, u)
		}
	})
}

// TestBCubedSlice compares slices with the definition, page by page.
func TestBCubedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 25).Draw(t, "pages")
		var gold, run []string
		keep := make(map[string]bool)
		label := rapid.IntRange(0, 5)
		for i := range n {
			page := fmt.Sprintf("p%02d", i)
			gold = append(gold, fmt.Sprintf("%s=g%d", page, label.Draw(t, "gold")))
			run = append(run, fmt.Sprintf("%s=r%d", page, label.Draw(t, "run")))
			keep[page] = rapid.Bool().Draw(t, "keep")
		}
		keep["p00"] = true
		a := eval.Align(clustering(t, gold...), clustering(t, run...))
		var precision, recall, kept float64
		for i := range n {
			page := fmt.Sprintf("p%02d", i)
			if !keep[page] {
				continue
			}
			var inGold, inRun, both float64
			for j := range n {
				g, r := gold[j][4:] == gold[i][4:], run[j][4:] == run[i][4:]
				if g {
					inGold++
				}
				if r {
					inRun++
				}
				if g && r {
					both++
				}
			}
			kept++
			precision += both / inRun
			recall += both / inGold
		}
		got := eval.BCubedSlice(a, func(p string) bool { return keep[p] }).PRF()
		if math.Abs(got.Precision-precision/kept) > tolerance || math.Abs(got.Recall-recall/kept) > tolerance {
			t.Fatalf("%+v, want %v and %v", got, precision/kept, recall/kept)
		}
		all := eval.BCubedSlice(a, func(string) bool { return true }).PRF()
		if whole := eval.BCubed(a.Table()); math.Abs(all.F1-whole.F1) > tolerance {
			t.Fatalf("all pages: %+v, want %+v", all, whole)
		}
	})
}
