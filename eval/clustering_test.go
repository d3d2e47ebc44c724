package eval_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sada/eval"
)

func assignments(pairs ...string) []eval.Assignment {
	var rows []eval.Assignment
	for _, p := range pairs {
		page, cluster, _ := strings.Cut(p, "=")
		rows = append(rows, eval.Assignment{Page: page, Cluster: cluster})
	}
	return rows
}

func clustering(t rapid.TB, pairs ...string) eval.Clustering {
	t.Helper()
	c, err := eval.NewClustering(assignments(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewClusteringListsConflicts(t *testing.T) {
	_, err := eval.NewClustering(assignments("b=2", "a=1", "b=1", "c=3", "a=1", "d=9", "d=8", "d=7"))
	var conflict *eval.ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("error %v, want a ConflictError", err)
	}
	want := []eval.Conflict{{Page: "b", Clusters: []string{"1", "2"}}, {Page: "d", Clusters: []string{"7", "8", "9"}}}
	if d := cmp.Diff(want, conflict.Conflicts); d != "" {
		t.Error(d)
	}
	if want := `2 pages are in more than one cluster: "b" in ["1" "2"]; "d" in ["7" "8" "9"]`; err.Error() != want {
		t.Errorf("message %q, want %q", err, want)
	}
}

func TestNewClusteringRefusesEmptyNames(t *testing.T) {
	for _, row := range []string{"=x", "x="} {
		if _, err := eval.NewClustering(assignments("a=1", row)); err == nil {
			t.Errorf("%q was accepted", row)
		}
	}
}

func TestClustering(t *testing.T) {
	rows := assignments("b=y", "a=x", "c=y", "b=y")
	c, err := eval.NewClustering(rows)
	if err != nil {
		t.Fatal(err)
	}
	rows[0].Page = "changed by the caller"
	if c.Len() != 3 || c.NumClusters() != 2 {
		t.Errorf("%d pages, %d clusters", c.Len(), c.NumClusters())
	}
	if name, ok := c.Cluster("b"); name != "y" || !ok {
		t.Errorf("b is in %q, %v", name, ok)
	}
	if _, ok := c.Cluster("nowhere"); ok {
		t.Error("an unknown page has a cluster")
	}
	want := []eval.Members{{Cluster: "x", Pages: []string{"a"}}, {Cluster: "y", Pages: []string{"b", "c"}}}
	if d := cmp.Diff(want, c.Members()); d != "" {
		t.Error(d)
	}
}

func TestAlign(t *testing.T) {
	gold := clustering(t, "a=1", "b=1", "c=2", "x=3")
	run := clustering(t, "b=p", "c=p", "a=p", "y=p", "z=q")
	a := eval.Align(gold, run)
	if d := cmp.Diff([]string{"a", "b", "c"}, a.Pages); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"x"}, a.Absent); d != "" {
		t.Error(d)
	}
	if a.Unlabelled != 2 {
		t.Errorf("%d unlabelled, want 2", a.Unlabelled)
	}
	// The unlabelled page y must not lower the precision of p: a and b 2/3, c 1/3.
	nearPRF(t, "B-cubed", eval.BCubed(a.Table()), [3]float64{5. / 9, 1, 5. / 7})

	some := a.Subset(func(page string) bool { return page != "c" })
	nearPRF(t, "B-cubed of a and b", eval.BCubed(some.Table()), [3]float64{1, 1, 1})
	if len(a.Pages) != 3 {
		t.Error("Subset changed the alignment")
	}
}

func TestTable(t *testing.T) {
	got := eval.NewTable([]string{"q", "p", "q", "q"}, []string{"b", "a", "a", "b"})
	want := eval.Table{N: 4, Gold: []int{1, 3}, Run: []int{2, 2},
		Cells: []eval.Cell{{Gold: 0, Run: 0, N: 1}, {Gold: 1, Run: 0, N: 1}, {Gold: 1, Run: 1, N: 2}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
