package eval_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sada/eval"
)

func TestScores(t *testing.T) {
	run := clustering(t, "a=1", "b=1", "c=2")
	s, err := eval.Align(clustering(t, "a=x", "b=y", "c=y", "gone=z"), run).Scores()
	if err != nil {
		t.Fatal(err)
	}
	if s.Pages != 3 || s.GoldClusters != 2 || s.RunClusters != 2 {
		t.Errorf("%+v", s)
	}
	near(t, "B-cubed F1", s.BCubed.F1, 2./3) // a 1/2 1, b 1/2 1/2, c 1 1/2
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
}

func TestScoresSayWhyThereAreNone(t *testing.T) {
	some, other := clustering(t, "a=1"), clustering(t, `x "y"=1`)
	for _, c := range []struct {
		name string
		a    eval.Alignment
		says string
	}{
		{"empty gold", eval.Align(eval.Clustering{}, some), "the gold has no pages"},
		{"empty run", eval.Align(some, eval.Clustering{}), "the run has no pages"},
		{"no overlap", eval.Align(other, some), `none of the 1 gold pages is in the run (gold has "x \"y\"", run has "a")`},
		{"empty subset", eval.Align(some, some).Subset(func(string) bool { return false }), "in this subset"},
	} {
		if _, err := c.a.Scores(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.says)
		}
	}
}
