package eval_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sada/eval"
)

// grouped makes a clustering of "name: page page" lines.
func grouped(t *testing.T, groups ...string) eval.Clustering {
	t.Helper()
	var pairs []string
	for _, g := range groups {
		name, pages, _ := strings.Cut(g, ":")
		for _, p := range strings.Fields(pages) {
			pairs = append(pairs, p+"="+name)
		}
	}
	return clustering(t, pairs...)
}

// scores makes candidates of "a b score" lines.
func scores(t *testing.T, lines ...string) []eval.Candidate {
	t.Helper()
	var out []eval.Candidate
	for _, l := range lines {
		var c eval.Candidate
		if _, err := fmt.Sscan(l, &c.A, &c.B, &c.Score); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func TestFaults(t *testing.T) {
	start := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	// Pages whose names begin with s are short; the digit at the end of a name is its day.
	facts := func(more eval.Facts, lines ...string) eval.Facts {
		more.Node = func(p string) string { return p }
		more.Short = func(p string) bool { return p[0] == 's' }
		more.Frame = func(p string) string {
			if p[0] == 'f' {
				return "frame"
			}
			return ""
		}
		more.Time = func(p string) time.Time { return start.AddDate(0, 0, int(p[len(p)-1]-'0')) }
		more.Threshold, more.Horizon = .2, 5*24*time.Hour
		more.Scores = scores(t, lines...)
		return more
	}
	for _, c := range []struct {
		name      string
		gold, run []string
		facts     eval.Facts
		merge     bool
		part      eval.FaultPart
	}{
		{"same actors", []string{"x: a0 b0", "y: c0"}, []string{"1: a0 b0 c0"}, facts(eval.Facts{}, "a0 c0 .3", "c0 b0 .4", "a0 b0 .9"), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"c0"}, Reason: eval.SameActors, A: "b0", B: "c0", Score: .4}},
		{"one pair of many", []string{"x: a0 b0", "y: c0 d0"}, []string{"1: a0 b0 c0 d0"}, facts(eval.Facts{}, "a0 c0 .3", "b0 d0 .1"), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"c0", "d0"}, Reason: eval.OnBridge, A: "a0", B: "c0", Score: .3}},
		// The page between is in no gold cluster; over z0 there is no other way.
		{"a page between", []string{"x: a0 b0", "y: c0"}, []string{"1: a0 b0 c0 z0"}, facts(eval.Facts{}, "a0 b0 .5", "b0 z0 .3", "z0 c0 .3"), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"c0"}, Reason: eval.OnBridge, Bridge: "z0"}},
		{"a page of another cluster is no bridge", []string{"x: a0 b0", "y: c0"}, []string{"1: a0 b0 c0", "2: z0"}, facts(eval.Facts{}, "a0 b0 .5", "b0 z0 .3", "z0 c0 .3"), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"c0"}, Reason: eval.OnBridge}},
		{"template link", []string{"x: a0 b0", "y: c0"}, []string{"1: a0 b0 c0"}, facts(eval.Facts{Templates: [][2]string{{"c0", "b0"}}, Passages: [][2]string{{"a0", "c0"}}}), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"c0"}, Reason: eval.TemplateAlike}},
		{"template by the titles", []string{"x: fa0 b0", "y: fc0"}, []string{"1: fa0 b0 fc0"}, facts(eval.Facts{}), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"fc0"}, Reason: eval.TemplateAlike}},
		{"taken for copies", []string{"x: a0 b0", "y: c0"}, []string{"1: a0 b0 c0"}, facts(eval.Facts{Copies: [][2]string{{"a0", "c0"}}}), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"c0"}, Reason: eval.TakenForCopies}},
		{"tail", []string{"x: a0 b0", "y: c0"}, []string{"1: a0 b0 c0"}, facts(eval.Facts{Passages: [][2]string{{"c0", "a0"}}}), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"c0"}, Reason: eval.TailLeft}},
		{"short", []string{"x: a0 b0", "y: s0"}, []string{"1: a0 b0 s0"}, facts(eval.Facts{}, "a0 s0 .3", "b0 s0 .3"), true,
			eval.FaultPart{Cluster: "y", Pages: []string{"s0"}, Reason: eval.ShortPages, A: "a0", B: "s0", Score: .3}},

		{"far in time", []string{"x: a0 b0 c6"}, []string{"1: a0 b0", "2: c6"}, facts(eval.Facts{}), false,
			eval.FaultPart{Cluster: "2", Pages: []string{"c6"}, Reason: eval.FarInTime}},
		{"no candidate", []string{"x: a0 b0 c5"}, []string{"1: a0 b0", "2: c5"}, facts(eval.Facts{}), false,
			eval.FaultPart{Cluster: "2", Pages: []string{"c5"}, Reason: eval.NeverCompared}},
		{"under the threshold", []string{"x: a0 b0 c1"}, []string{"1: a0 b0", "2: c1"}, facts(eval.Facts{}, "a0 c1 .19", "b0 c1 .1"), false,
			eval.FaultPart{Cluster: "2", Pages: []string{"c1"}, Reason: eval.UnderThreshold, A: "a0", B: "c1", Score: .19}},
		{"torn apart", []string{"x: a0 b0 c1"}, []string{"1: a0 b0", "2: c1"}, facts(eval.Facts{}, "a0 c1 .2"), false,
			eval.FaultPart{Cluster: "2", Pages: []string{"c1"}, Reason: eval.OverThresholdApart, A: "a0", B: "c1", Score: .2}},
		{"templates", []string{"x: a0 b0 c1"}, []string{"1: a0 b0", "2: c1"}, facts(eval.Facts{Templates: [][2]string{{"a0", "c1"}}}, "a0 c1 .2"), false,
			eval.FaultPart{Cluster: "2", Pages: []string{"c1"}, Reason: eval.TakenForTemplate, A: "a0", B: "c1", Score: .2}},
		{"short split", []string{"x: a0 b0 s1"}, []string{"1: a0 b0", "2: s1"}, facts(eval.Facts{}), false,
			eval.FaultPart{Cluster: "2", Pages: []string{"s1"}, Reason: eval.ShortPages}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := eval.Faults(eval.Align(grouped(t, c.gold...), grouped(t, c.run...)), c.facts)
			if len(got) != 1 || got[0].Merge != c.merge || len(got[0].Parts) != 2 {
				t.Fatalf("faults %+v", got)
			}
			if d := cmp.Diff(c.part, got[0].Parts[1]); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestFaultsAreRanked also holds the pairs to those of the pairwise score.
func TestFaultsAreRanked(t *testing.T) {
	gold := grouped(t, "x: a b c d", "y: e f g", "z: h")
	run := grouped(t, "1: a b c e f", "2: d", "3: g", "4: h q")
	a := eval.Align(gold, run)
	f := eval.Facts{Node: func(p string) string { return p }, Short: func(string) bool { return false }, Frame: func(string) string { return "" },
		Time: func(string) time.Time { return time.Time{} }, Horizon: time.Hour}
	var got []string
	merged, split := 0, 0
	for _, x := range eval.Faults(a, f) {
		got = append(got, fmt.Sprintf("%s %t %d", x.Cluster, x.Merge, x.Pairs))
		if x.Merge {
			merged += x.Pairs
		} else {
			split += x.Pairs
		}
	}
	if d := cmp.Diff([]string{"1 true 6", "x false 3", "y false 2"}, got); d != "" {
		t.Error(d)
	}
	p := eval.Pairwise(a.Table())
	near(t, "precision", p.Precision, 4./float64(4+merged))
	near(t, "recall", p.Recall, 4./float64(4+split))
}
