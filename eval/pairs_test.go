package eval_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/eval"
)

func pair(a, b string, l eval.Label) eval.Pair { return eval.Pair{A: a, B: b, Label: l, Weight: 1} }

func TestCheckPairs(t *testing.T) {
	pairs := []eval.Pair{
		pair("b", "a", eval.Same), pair("b", "c", eval.Same), pair("d", "c", eval.Same), pair("a", "c", eval.Unlabelled),
		pair("d", "a", eval.Different), // a-b-c-d by transitivity
		pair("c", "b", eval.Related),   // both labels given
		pair("b", "c", eval.Different), // the same contradiction again
		pair("a", "e", eval.Different), // fine
		pair("x", "x", eval.Same), pair("y", "z", eval.Different),
	}
	got := eval.CheckPairs(pairs)
	want := eval.PairProblems{
		Self: []eval.Pair{pair("x", "x", eval.Same)},
		Contradictions: []eval.Contradiction{
			{A: "a", B: "d", Chain: []string{"a", "b", "c", "d"}},
			{A: "b", B: "c", Chain: []string{"b", "c"}},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got.None() || !eval.CheckPairs(pairs[:3]).None() {
		t.Error("None is wrong")
	}
}

func TestScorePairs(t *testing.T) {
	run := clustering(t, "a=1", "b=1", "c=1", "d=2", "e=2")
	got := eval.ScorePairs([]eval.Pair{
		pair("a", "b", eval.Same), pair("a", "c", eval.Different), pair("b", "c", eval.Related),
		pair("a", "d", eval.Same), pair("a", "e", eval.Different),
		pair("b", "d", eval.Unlabelled), pair("a", "a", eval.Same), pair("a", "zz", eval.Same), pair("zz", "yy", eval.Same),
	}, run)
	want := eval.PairScore{TruePositive: 1, FalsePositive: 2, FalseNegative: 1, TrueNegative: 1, Unjudged: 1, Self: 1, NotFound: 2, Absent: []string{"yy", "zz"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	nearPRF(t, "pairs", got.PRF(), [3]float64{1. / 3, 1. / 2, 0.4})
	if !math.IsNaN(eval.ScorePairs(nil, run).PRF().F1) {
		t.Error("no pair has a score")
	}
}

func TestParseLabel(t *testing.T) {
	for s, want := range map[string]eval.Label{"same": eval.Same, " YES ": eval.Same, "1": eval.Same, "true": eval.Same,
		"different": eval.Different, "0": eval.Different, "No": eval.Different, "false": eval.Different, "related": eval.Related, "": eval.Unlabelled} {
		if got, err := eval.ParseLabel(s); got != want || err != nil {
			t.Errorf("%q is %q, %v; want %q", s, got, err, want)
		}
	}
	if _, err := eval.ParseLabel("2"); err == nil {
		t.Error("2 is a label")
	}
}
