package eval_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"

	"sada/eval"
)

func TestWilsonAgainstReference(t *testing.T) {
	for _, c := range readReference(t).Wilson {
		low, high := eval.Wilson(c.K, c.N, 0.95)
		near(t, fmt.Sprintf("low of %d/%d", c.K, c.N), low, c.Low)
		near(t, fmt.Sprintf("high of %d/%d", c.K, c.N), high, c.High)
	}
	if low, high := eval.Wilson(0, 0, 0.95); low != 0 || high != 1 {
		t.Errorf("no trials: [%g, %g]", low, high)
	}
}

// judged makes n judged pairs of a stratum with a pool of the given size, of
// which the first `same` are the same.
func judged(stratum string, pool, n, same int) []eval.Pair {
	var out []eval.Pair
	for i := range n {
		p := eval.Pair{A: "a", B: fmt.Sprint(i), Stratum: stratum, Weight: float64(pool) / float64(n), Label: eval.Different}
		if i < same {
			p.Label = eval.Same
		}
		out = append(out, p)
	}
	return out
}

func isTogether(p eval.Pair) bool { return strings.HasPrefix(p.Stratum, "together") }

func TestEstimatePairs(t *testing.T) {
	var pairs []eval.Pair
	pairs = append(pairs, judged("together high", 900, 50, 49)...)
	pairs = append(pairs, judged("together low", 100, 50, 30)...)
	pairs = append(pairs, judged("apart", 2000, 100, 5)...)
	got := eval.EstimatePairs(pairs, isTogether, 0.95)

	// Precision: (900·.98 + 100·.6) / 1000. Its residuals in a stratum have the
	// variance p(1-p)·n/(n-1) of a 0/1 variable.
	near(t, "precision", got.Precision.Value, 0.942)
	v, squares := 0.0, 0.0
	for _, s := range []struct{ pool, n, p float64 }{{900, 50, .98}, {100, 50, .6}} {
		one := s.pool * s.pool * (1 - s.n/s.pool) * s.p * (1 - s.p) / (s.n - 1) / (1000 * 1000)
		v += one
		squares += one * one / (s.n - 1)
	}
	// The "apart" stratum adds nothing to v. The degrees of freedom are near those of the first.
	q := distuv.StudentsT{Sigma: 1, Nu: v * v / squares}.Quantile(.975)
	if q < 2 || q > 2.01 {
		t.Errorf("the t quantile is %g", q)
	}
	n := 0.942 * 0.058 / v * 1.959963984540054 * 1.959963984540054 / (q * q)
	middle, half := 0.942+1.959963984540054*1.959963984540054/(2*n), 1.959963984540054*math.Sqrt(0.942*0.058/n+1.959963984540054*1.959963984540054/(4*n*n))
	near(t, "low", got.Precision.Low, (middle-half)/(1+1.959963984540054*1.959963984540054/n))
	near(t, "high", got.Precision.High, (middle+half)/(1+1.959963984540054*1.959963984540054/n))
	// Recall: 942 of 942 + 2000·.05.
	near(t, "recall", got.Recall.Value, 942./1042)
	near(t, "floor of recall", got.RecallFloor, got.Recall.Value)
	// 60 pairs of 10,000 that were no candidates, none of them the same.
	rest := eval.EstimatePairs(append(judged("rest", 10000, 60, 0), pairs...), isTogether, 0.95)
	near(t, "recall with the rest", rest.Recall.Value, 942./1042)
	_, most := eval.Wilson(0, 60, 0.95)
	near(t, "floor of recall with the rest", rest.RecallFloor, 942/(1042+10000*most))
	low, high := eval.Wilson(49, 50, 0.95)
	if d := cmp.Diff(eval.StratumEstimate{Name: "together high", Pool: 900, Together: 1, Judged: 50, Same: 49, Low: low, High: high}, got.Strata[1]); d != "" || len(got.Strata) != 3 {
		t.Errorf("%d strata, the second: %s", len(got.Strata), d)
	}
	if got.Precision.Units != 100 || got.Recall.Units != 84 || got.Judged != 200 {
		t.Errorf("%+v", got)
	}

	// A pair without a label hands its weight to the others of its stratum.
	some := append([]eval.Pair(nil), pairs...)
	some[0].Label, some[49].Label = eval.Unlabelled, eval.Unlabelled // one same, one different
	less := eval.EstimatePairs(some, isTogether, 0.95)
	near(t, "precision with two labels missing", less.Precision.Value, 0.96)
	if less.Unjudged != 2 || less.Judged != 198 {
		t.Errorf("%+v", less)
	}
}

func TestEstimatePairsAtTheEdges(t *testing.T) {
	estimate := func(pairs ...[]eval.Pair) eval.PairEstimate {
		var all []eval.Pair
		for _, p := range pairs {
			all = append(all, p...)
		}
		return eval.EstimatePairs(all, isTogether, 0.95)
	}
	if e := estimate(); e.Precision.Known() || e.Precision.Reason != "too few labels: 0, need 30" {
		t.Errorf("no pairs: %+v", e)
	}
	if e := estimate(judged("together", 500, 29, 20)); e.Precision.Known() {
		t.Errorf("29 labels: %+v", e)
	}
	if e := estimate(judged("together", 500, 40, 20), judged("together more", 10, 1, 1)); e.Precision.Reason != `too few labels in stratum "together more": 1, need 2` {
		t.Errorf("a stratum with one label: %+v", e)
	}
	if e := estimate(judged("together", 500, 40, 20)); !e.Precision.Known() || e.Recall.Known() || !math.IsNaN(e.RecallFloor) {
		t.Errorf("precision from 40 labels, recall from 20: %+v", e)
	}
	// All agree: the Wilson interval of 40 of 40, not an interval of no width.
	low, _ := eval.Wilson(40, 40, 0.95)
	if e := estimate(judged("together", 500, 40, 40)).Precision; e.Value != 1 || math.Abs(e.Low-low) > tolerance || e.High != 1 {
		t.Errorf("all agree: %v", e)
	}
	// The whole pool was judged: there is no error of sampling.
	if e := estimate(judged("together", 40, 40, 30)).Precision; e.Low != 0.75 || e.High != 0.75 {
		t.Errorf("whole pool: %v", e)
	}
}

// TestEstimateCoverage draws samples from a pool with known labels.
func TestEstimateCoverage(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	var pool []eval.Candidate
	same := make(map[string]bool)
	var tp, together, all float64
	for i := range 4000 {
		score := r.Float64()
		c := eval.Candidate{A: "a", B: fmt.Sprint("b", i), Score: score, Together: score > 0.7}
		pool = append(pool, c)
		is := r.Float64() < score*score
		same[c.B] = is
		if is {
			all++
		}
		if c.Together {
			together++
			if is {
				tp++
			}
		}
	}
	for name, o := range map[string]eval.SampleOptions{
		"near misses":   {Bands: []float64{0.4, 0.8, 0.9}, Threshold: 0.7, NearMiss: 0.1, PerStratum: 60},
		"nearest first": {Bands: []float64{0.4}, Threshold: 0.7, Nearest: 150, PerStratum: 100},
	} {
		t.Run(name, func(t *testing.T) { coverEstimate(t, pool, same, o, tp/together, tp/all) })
	}
}

// coverEstimate draws a sample in every world and counts how often the intervals hold the truth.
func coverEstimate(t *testing.T, pool []eval.Candidate, same map[string]bool, o eval.SampleOptions, precision, recall float64) {
	n, low, high := numWorlds(200)
	var hits [2]int
	for w := range n {
		o.Seed = uint64(w)
		pairs, _, err := eval.Sample(pool, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range pairs {
			pairs[i].Label = eval.Different
			if same[p.B] {
				pairs[i].Label = eval.Same
			}
		}
		e := eval.EstimatePairs(pairs, func(p eval.Pair) bool { return p.Together }, 0.95)
		for i, x := range []struct {
			eval.Estimate
			truth float64
		}{{e.Precision, precision}, {e.Recall, recall}} {
			if x.Low <= x.truth && x.truth <= x.High {
				hits[i]++
			}
		}
	}
	for i, what := range []string{"precision", "recall"} {
		got := float64(hits[i]) / float64(n)
		t.Logf("%s: %.4f of %d worlds", what, got, n)
		if got < low || got > high {
			t.Errorf("%s: covered in %.4f of %d worlds, want %.2f to %.2f", what, got, n, low, high)
		}
	}
}
