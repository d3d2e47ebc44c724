package eval_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"sada/cluster/lsh"
	"sada/eval"
	"sada/features/shingle"
)

// TestMeasureLSH makes independent pairs of known similarity: the measured curve
// must hold the one of theory, and the counts those of the pairs.
func TestMeasureLSH(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const each, union = 300, 100
	var sets [][]uint64
	for _, shared := range []int{15, 35, 45, 55, 75, 95} { // of a union of 100: that Jaccard similarity
		for range each {
			var a, b []uint64
			for i := range union {
				x := r.Uint64()
				if i < shared || i%2 == 0 {
					a = append(a, x)
				}
				if i < shared || i%2 == 1 {
					b = append(b, x)
				}
			}
			sets = append(sets, shingle.Set(a), shingle.Set(b))
		}
	}
	for _, sketch := range []shingle.Sketch{shingle.Fast, shingle.MinHash} {
		t.Run(string(sketch), func(t *testing.T) { measure(t, sets, sketch, each) })
	}
}

// measure holds a sketch to 300 pairs of each of six similarities.
func measure(t *testing.T, sets [][]uint64, sketch shingle.Sketch, each int) {
	p := lsh.Params{Bands: 8, Rows: 3}
	sketcher, err := sketch.New(p.Bands, p.Rows)
	if err != nil {
		t.Fatal(err)
	}
	got := eval.MeasureLSH(sets, sketcher, p, 200, .5)
	if got.Sets != len(sets) || got.Pairs != 3*each || len(got.Curve) != 6 {
		t.Fatalf("%+v", got)
	}
	found := 0
	for i, c := range got.Curve {
		near(t, "theory", c.Theory, p.Probability([]float64{.15, .35, .45, .55, .75, .95}[i]))
		// Three standard deviations and a third: by chance one class of a thousand is off.
		off := 3.3 * math.Sqrt(c.Theory*(1-c.Theory)/float64(each))
		if c.Pairs != each || math.Abs(c.Measured-c.Theory) > off || c.Low > c.Measured || c.Measured > c.High {
			t.Errorf("class %+v: more than %.3f from theory", c, off)
		}
		if c.From >= .5 {
			found += c.Found
		}
	}
	if found != got.Found || got.Found == got.Pairs || got.Found == 0 {
		t.Errorf("%d of %d pairs found, by class %d", got.Found, got.Pairs, found)
	}
	if c := got.Curve[0]; c.Measured > .1 {
		t.Errorf("unlike sets: %+v", c)
	}
	near(t, "recall", got.Recall(), float64(got.Found)/900)
}

func TestMeasureLSHAtTheEdges(t *testing.T) {
	p, s := lsh.Params{Bands: 2, Rows: 2}, shingle.NewSigner(2, 2)
	if l := eval.MeasureLSH(nil, s, p, 10, .5); l.Recall() != 1 || l.Curve != nil {
		t.Errorf("no sets: %+v", l)
	}
	if l := eval.MeasureLSH([][]uint64{{1, 2}, {3, 4}}, s, p, 10, .5); l.Pairs != 0 || l.Curve != nil {
		t.Errorf("disjoint sets: %+v", l)
	}
	if l := eval.MeasureLSH([][]uint64{{1, 2}, {1, 2}}, s, p, 10, .5); l.Pairs != 1 || l.Found != 1 || l.Curve[0].To != 1 {
		t.Errorf("equal sets: %+v", l)
	}
}
