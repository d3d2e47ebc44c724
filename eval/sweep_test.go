package eval_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/eval"
)

func TestNewPoint(t *testing.T) {
	gold := grouped(t, "x: a b", "y: c d", "z: e")
	run := grouped(t, "1: a b c", "2: d e q", "3: r")
	in := func(page string) bool { return page < "c" }
	p := eval.NewPoint(gold, run, in)
	table := eval.Align(gold, run).Table()
	if p.BCubed != eval.BCubed(table) || p.Pairwise != eval.Pairwise(table) || p.ARI != eval.ARI(table) || p.Clusters != 3 || p.Largest != 3 {
		t.Errorf("%+v", p)
	}
	// a and b: precision 2/3, for c is with them, and recall 1. c, d and e: precision 1/3, 1/2 and 1/2,
	// recall 1/2, 1/2 and 1.
	near(t, "first half", p.Halves[0], .8)
	near(t, "second half", p.Halves[1], 16./30)
}

func TestHalves(t *testing.T) {
	gold := grouped(t, "x: a b", "y: c d", "z: e f", "w: g h")
	in := eval.Halves(gold, 1)
	first := 0
	for _, m := range gold.Members() {
		if in(m.Pages[0]) != in(m.Pages[1]) {
			t.Errorf("cluster %s is in both halves", m.Cluster)
		}
		if in(m.Pages[0]) {
			first++
		}
	}
	if first != 2 {
		t.Errorf("%d of 4 clusters are in the first half", first)
	}
}

func TestOperate(t *testing.T) {
	point := func(series string, threshold, f1, first, second float64) eval.Point {
		return eval.Point{Series: series, Threshold: threshold, BCubed: eval.PRF{F1: f1}, Halves: [2]float64{first, second}}
	}
	points := []eval.Point{
		point("b", .14, .900, .9, .9),
		point("a", .20, .800, .1, .1),
		point("a", .10, .895, .9, .8),
		point("a", .12, .900, .8, .9),
		point("a", .14, .900, .7, .6),
		point("a", .16, .900, .6, .5),
		point("a", .18, .880, .5, .5),
		point("b", .12, .900, .95, .7), // best of the first half
		point("b", .16, .850, .5, .96), // best of the second
	}
	got := eval.Operate(points)
	heldOut := (.7 + .5) / 2
	want := eval.Operating{Best: points[4], From: .10, To: .16, Slack: .01, Near: .88, Reach: .04, HeldOut: &heldOut}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for i := range points {
		points[i].Halves[0] = math.NaN()
	}
	if got := eval.Operate(points); got.HeldOut != nil {
		t.Errorf("held out %v", *got.HeldOut)
	}
}
