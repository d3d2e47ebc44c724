package archive_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/lsh"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
	"sada/features/arabic"
	"sada/features/article"
)

// What the clustering knows comes back as it was kept: every table with rows, and an index of several runs.
func TestKnown(t *testing.T) {
	maker := cluster.Maker{Stemmer: arabic.Light10}
	steps := func(from, n, step int) string {
		var b strings.Builder
		for range n {
			i := from
			from += step
			fmt.Fprintf(&b, "كلمة%c%c ", 'ا'+rune(i%26), 'ا'+rune(i/26%26))
		}
		return strings.TrimSpace(b.String())
	}
	text := func(from, n int) string { return steps(from, n, 1) }
	page := func(n int, text string) *cluster.Page {
		return maker.Make(&article.Page{ID: fmt.Sprint("p", n), Title: fmt.Sprint("عنوان الخبر ", n), Text: text, Source: fmt.Sprint("مصدر", n%3),
			PublishedAt: time.Date(2024, 5, 1+n, 8, 0, 0, 0, time.UTC)})
	}
	var first, second []*cluster.Page
	for n := range 12 {
		first = append(first, page(n, text(70*n, 60)))
	}
	for n := range 4 { // each a copy, or with the text of another behind it
		second = append(second, page(20+n, text(70*n, 60)), page(30+n, text(900+70*n, 60)+"\nاقرأ أيضا:\n"+text(70*n, 60)))
	}
	for n := range 6 { // tell something alike in other words
		first = append(first, page(13+n, steps(300, 60, 2+n)))
	}
	first = append(first, page(19, steps(300+59*7, 60, -7))) // the last of them backwards
	o := cluster.Defaults()
	known := new(cluster.Known)
	for _, pages := range [][]*cluster.Page{first, second} {
		res, next, _, err := cluster.Grow(known, cluster.Night{Pages: pages}, o, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		known, o.Weights = next, res.Weights()
	}
	want := known.Tables()
	if len(want.Aligned) == 0 || len(want.Candidates) == 0 || len(want.Found) == 0 || len(want.Related) == 0 || len(want.Proposed) == 0 || len(want.Verified) == 0 ||
		len(want.Stories.Indexed) == 0 || len(want.Stories.Suggested) == 0 || len(want.Stories.Labelled) == 0 {
		t.Fatal("a table that the test is about is empty")
	}
	for i := range want.Verified {
		if v := &want.Verified[i]; v.Link.Kind == "" {
			v.Link = copies.Link{} // whose it is does not matter then
		}
	}
	m := archivetest.NewMemory()
	a := open(t, m)
	if err := a.Lock(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for base, derived := range [][]archive.Derived{nil, archive.DeriveKnown(want)} {
		if err := a.Commit(t.Context(), &archive.Next{Base: base, Derived: derived}); err != nil {
			t.Fatal(err)
		}
		s, err := a.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		shape, err := lsh.Choose(o.Similarity, o.Recall, o.Slots)
		if err != nil {
			t.Fatal(err)
		}
		got, err := archive.Known(t.Context(), a, s, shape.Bands)
		if err != nil {
			t.Fatal(err)
		}
		if base == 0 {
			if got != nil {
				t.Error("tables of a generation without them")
			}
			continue
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
	}
}
