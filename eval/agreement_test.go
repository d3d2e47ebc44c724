package eval_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/eval"
)

// sheets turns labels by item and rater into the sheets of the raters.
func sheets(labels [][]string) [][]eval.Pair {
	out := make([][]eval.Pair, len(labels[0]))
	for i, row := range labels {
		for rater, l := range row {
			out[rater] = append(out[rater], pair("a", fmt.Sprintf("b%03d", i), eval.Label(l)))
		}
	}
	return out
}

func ratings(t *testing.T, labels [][]string) eval.Ratings {
	t.Helper()
	r, err := eval.NewRatings(sheets(labels)...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAgreementAgainstReference(t *testing.T) {
	b := eval.DefaultBootstrap(1)
	for i, c := range readReference(t).Agreement {
		r := ratings(t, c.Labels)
		check := func(what string, e eval.Estimate, want float64) {
			near(t, fmt.Sprintf("%s of case %d", what, i), e.Value, want)
			if !(e.Low < e.Value && e.Value < e.High) {
				t.Errorf("%s of case %d: %v", what, i, e)
			}
		}
		check("alpha", eval.Krippendorff(r, b), c.Alpha)
		if c.Fleiss != nil {
			check("Fleiss", eval.Fleiss(r, b), *c.Fleiss)
		}
		if c.Cohen != nil {
			check("Cohen", eval.Cohen(r, b), *c.Cohen)
		}
	}
}

func TestAgreementAtTheEdges(t *testing.T) {
	b := eval.DefaultBootstrap(1)
	repeat := func(n int, row ...string) [][]string {
		var out [][]string
		for range n {
			out = append(out, row)
		}
		return out
	}
	all := []func(eval.Ratings, eval.Bootstrap) eval.Estimate{eval.Cohen, eval.Fleiss, eval.Krippendorff}
	for _, c := range []struct {
		name   string
		labels [][]string
		reason string
		value  float64
	}{
		{"few", repeat(29, "same", "same"), "too few items that two or more raters have labelled: 29, need 30", 0},
		{"missing", append(repeat(29, "same", "different"), repeat(20, "same", "")...), "too few items that two or more raters have labelled: 29, need 30", 0},
		{"one label", repeat(40, "same", "same"), "all raters gave all 40 items one label: agreement beyond chance cannot be told", 0},
		{"nearly one label", append(repeat(40, "same", "same"), repeat(1, "different", "different")...), "nearly all labels of the 41 items are the same: too few others for an interval", 0},
		{"full", append(repeat(20, "same", "same"), repeat(20, "different", "different")...), "", 1},
	} {
		for i, f := range all {
			e := f(ratings(t, c.labels), b)
			if e.Reason != c.reason {
				t.Errorf("%s, measure %d: reason %q, want %q", c.name, i, e.Reason, c.reason)
			}
			if c.reason == "" {
				near(t, c.name, e.Value, c.value)
			}
		}
	}
}

func TestRatings(t *testing.T) {
	r, err := eval.NewRatings(
		[]eval.Pair{pair("b", "a", eval.Same), pair("c", "d", eval.Same), pair("a", "b", eval.Same)},
		[]eval.Pair{pair("a", "b", eval.Different), pair("c", "d", eval.Same), pair("x", "y", eval.Related)},
		[]eval.Pair{pair("a", "b", eval.Unlabelled), pair("x", "y", eval.Same)},
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []eval.Rating{
		{A: "a", B: "b", Labels: []eval.Label{eval.Same, eval.Different, ""}},
		{A: "x", B: "y", Labels: []eval.Label{"", eval.Related, eval.Same}},
	}
	if d := cmp.Diff(want, r.Disagreements()); d != "" {
		t.Error(d)
	}
	if len(r.Items) != 3 || r.Raters != 3 {
		t.Errorf("%d items of %d raters", len(r.Items), r.Raters)
	}
	for name, sheet := range map[string][]eval.Pair{
		"self":  {pair("a", "a", eval.Same)},
		"twice": {pair("a", "b", eval.Same), pair("b", "a", eval.Different)},
	} {
		if _, err := eval.NewRatings(sheet); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
