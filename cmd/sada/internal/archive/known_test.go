package archive_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
	"sada/features/arabic"
	"sada/features/article"
)

// knownPages are the pages of nights of which the later ones have copies and tails of the first. The runs
// of three nights are not merged.
func knownPages() [][]*cluster.Page {
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
	for n := range 24 {
		first = append(first, page(n, text(70*n, 60)))
	}
	for n := range 3 { // each a copy, or with the text of another behind it
		second = append(second, page(25+n, text(70*n, 60)), page(30+n, text(900+70*n, 60)+"\nاقرأ أيضا:\n"+text(70*n, 60)))
	}
	for n := range 6 { // tell something alike in other words
		first = append(first, page(50+n, steps(300, 60, 2+n)))
	}
	first = append(first, page(56, steps(300+59*7, 60, -7))) // the last of them backwards
	return [][]*cluster.Page{first, second, {page(40, text(70*11, 60))}}
}

// grow is a night of a clustering, by the weights of the one before.
func grow(t testing.TB, known *cluster.Known, weights *cluster.Weights, pages []*cluster.Page) (*cluster.Known, *cluster.Weights) {
	t.Helper()
	o := cluster.Defaults()
	o.Weights = weights
	res, known, _, err := cluster.Grow(known, cluster.Night{Pages: pages}, o, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return known, res.Weights()
}

// What the clustering knows comes back as it was kept: every table with rows, and an index of several runs.
func TestKnown(t *testing.T) {
	known, weights := new(cluster.Known), (*cluster.Weights)(nil)
	for _, pages := range knownPages()[:2] {
		known, weights = grow(t, known, weights, pages)
	}
	want := known.Tables()
	want.Spelled, _ = new(cluster.Spelled).Change(cluster.CountSpellings(known.Pages, arabic.Light10, 1), cluster.NewSpellings(arabic.Light10))
	if len(want.Spelled.Rows) == 0 || len(want.Aligned) == 0 || len(want.Candidates) == 0 || len(want.Found) == 0 || len(want.Related) == 0 || len(want.Proposed) == 0 || len(want.Verified) == 0 ||
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
	for base, tables := range []*cluster.Tables{nil, want} {
		if err := a.Commit(t.Context(), &archive.Next{Base: base, Known: tables}); err != nil {
			t.Fatal(err)
		}
		s, err := a.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := archive.Known(t.Context(), a, s)
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

// A night writes its own runs and those that it merged, and generations share the others. A run that is
// damaged is put aside, and what was known is then not known.
func TestRuns(t *testing.T) {
	m := archivetest.NewMemory()
	runs := func() []string {
		var out []string
		for _, name := range m.Names() {
			if strings.HasPrefix(name, dir+"/runs/") {
				out = append(out, strings.TrimPrefix(name, dir+"/runs/"))
			}
		}
		return out
	}
	known, weights := new(cluster.Known), (*cluster.Weights)(nil)
	all := knownPages()
	var old []*cluster.Page
	for base, pages := range all {
		if err := locked(m, func(a *archive.Archive) error {
			defer a.Close()
			if base > 0 {
				s, err := a.Load(t.Context())
				if err != nil {
					return err
				}
				tables, err := archive.Known(t.Context(), a, s)
				if err != nil {
					return err
				}
				cluster.Sort(old)
				o := cluster.Defaults()
				o.Weights = weights
				if known, err = tables.Known(old, o); err != nil {
					return err
				}
				if err := known.CheckPostings(); err != nil {
					return err
				}
			}
			known, weights = grow(t, known, weights, pages)
			next := night(base)
			next.Known = known.Tables()
			return a.Commit(t.Context(), next)
		}); err != nil {
			t.Fatal(err)
		}
		old = append(old, pages...)
	}
	if got, want := runs(), []string{"run-000001-anchors-0.postings", "run-000001-bands-0.postings", "run-000001-lines-0.postings"}; !slices.Equal(got[:3], want) {
		t.Errorf("runs %q, want first %q", got, want)
	}
	if got := slices.DeleteFunc(runs(), func(name string) bool { return !strings.HasSuffix(name, "-anchors-0.postings") }); len(got) != 3 {
		t.Errorf("runs of anchors %q, want three", got)
	}
	if _, err := open(t, m).Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range runs() {
		d := copied(m)
		d.Flip(dir+"/runs/"+name, 5)
		r, err := open(t, d).Check(t.Context())
		if !errors.Is(err, archive.ErrCorrupt) || r.Damage[0].File != "runs/"+name {
			t.Fatalf("%s: check: %v", name, err)
		}
		a := open(t, d)
		s := load(t, d)
		if _, err := archive.Known(t.Context(), a, s); !errors.Is(err, archive.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if err := locked(d, func(a *archive.Archive) error {
			r, err := a.Repair(t.Context())
			if r.Generation != 3 || !slices.Equal(r.Moved, []string{"runs/" + name}) {
				t.Errorf("%s: repair: %+v", name, r)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, d).Check(t.Context()); err != nil {
			t.Errorf("%s: after the repair: %v", name, err)
		}
		if got, err := archive.Known(t.Context(), a, s); got != nil || err != nil {
			t.Errorf("%s: after the repair: %v known, %v", name, got != nil, err)
		}
	}
	// With all pages in one night, the runs of before serve no more.
	if err := locked(m, func(a *archive.Archive) error {
		next := night(3)
		known, _ := grow(t, new(cluster.Known), nil, slices.Concat(all...))
		next.Known = known.Tables()
		if err := a.Commit(t.Context(), next); err != nil {
			return err
		}
		_, err := a.Prune(t.Context(), 1)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range runs() {
		if !strings.HasPrefix(name, "run-000004-") {
			t.Errorf("%s is left", name)
		}
	}
}
