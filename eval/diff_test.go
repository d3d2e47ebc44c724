package eval_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sada/eval"
)

func TestDiff(t *testing.T) {
	before := clustering(t,
		"a1=A", "a2=A", // merges with B into B
		"b1=B", "b2=B", "b3=B",
		"c1=C", "c2=C", "c3=C", // splits into C and C2
		"d1=D", "d2=D", // only its id changes
		"e1=E", "e2=E", "e3=E", // e3 moves to F
		"f1=F", "f2=F",
		"g1=G", // stays
		"gone=G2",
	)
	after := clustering(t,
		"a1=B", "a2=B", "b1=B", "b2=B", "b3=B",
		"c1=C", "c2=C", "c3=C2",
		"d1=X", "d2=X",
		"e1=E", "e2=E", "e3=F", "f1=F", "f2=F",
		"g1=G",
		"new=N",
	)
	want := eval.Changes{
		Pages: 16, Added: []string{"new"}, Removed: []string{"gone"},
		Unchanged: 2, Renamed: []eval.Rename{{From: "D", To: "X", Pages: 2}},
		Merges:  []eval.Merge{{Into: "B", From: []eval.Part{{"A", 2}, {"B", 3}}}},
		Splits:  []eval.Split{{From: "C", Into: []eval.Part{{"C", 2}, {"C2", 1}}}},
		Moved:   []eval.Move{{Page: "e3", From: "E", To: "F"}},
		OtherID: 6, // a1 a2 c3 d1 d2 e3
	}
	got := eval.Diff(before, after)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got.Same() {
		t.Error("the runs are the same")
	}
}

func TestDiffTakesTheSameIDOfEqualParts(t *testing.T) {
	// Z splits into equal halves; Z itself is the heir though Y sorts first.
	got := eval.Diff(clustering(t, "1=Z", "2=Z"), clustering(t, "1=Y", "2=Z"))
	want := eval.Changes{Pages: 2, Splits: []eval.Split{{From: "Z", Into: []eval.Part{{"Y", 1}, {"Z", 1}}}}, OtherID: 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestDiffIsSameExactlyForEqualGroups also holds merges of one direction to
// splits of the other.
func TestDiffIsSameExactlyForEqualGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 15).Draw(t, "n")
		x, y := drawLabels(t, n, "x"), drawLabels(t, n, "y")
		build := func(labels []int) eval.Clustering {
			var rows []eval.Assignment
			for i, l := range labels {
				rows = append(rows, eval.Assignment{Page: fmt.Sprint(i), Cluster: fmt.Sprint("c", l)})
			}
			c, err := eval.NewClustering(rows)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		equal := true
		for i := range n {
			for j := range i {
				equal = equal && (x[i] == x[j]) == (y[i] == y[j])
			}
		}
		a, b := build(x), build(y)
		d := eval.Diff(a, b)
		if d.Same() != equal {
			t.Fatalf("Same is %v for %+v", d.Same(), d)
		}
		back := eval.Diff(b, a)
		if len(back.Splits) != len(d.Merges) || len(back.Merges) != len(d.Splits) || len(back.Moved) != len(d.Moved) || back.OtherID != d.OtherID {
			t.Fatalf("forth %+v\nback %+v", d, back)
		}
	})
}
