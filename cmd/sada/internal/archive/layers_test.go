package archive_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
)

// wide is a night with many rows, of which a few are others with another number of changes.
func wide(base, changes int, pages ...string) *archive.Next {
	n := night(base, pages...)
	n.Groups, n.IDs, n.Aliases = nil, nil, nil
	n.Published = &archive.Journal{Rows: []archive.PublishedRow{{Kind: archive.PublishedBase, ID: fmt.Sprint(changes), Generation: base + 1}}}
	for i := range 40 {
		born := 1
		if i < changes {
			born = 2
		}
		id, page := fmt.Sprintf("c%03d-%d", i, born), fmt.Sprintf("p%03d", i)
		n.Groups = append(n.Groups, archive.GroupRow{Kind: archive.Copy, ID: id, Page: page}, archive.GroupRow{Kind: archive.Story, ID: "s" + id, Page: page})
		n.IDs = append(n.IDs, archive.IDRow{Kind: archive.Copy, ID: id, Born: born}, archive.IDRow{Kind: archive.Story, ID: "s" + id, Born: born})
		n.Published.Marks = append(n.Published.Marks, archive.Mark{Hash: uint64(i), Generation: uint32(born)})
	}
	for i := range 40 + changes {
		n.Aliases = append(n.Aliases, archive.AliasRow{Kind: archive.Story, ID: fmt.Sprintf("old%03d", i), To: "new", Born: 1, Ended: 1})
	}
	return n
}

// goOn commits a night by the archive that has read the one before.
func goOn(fs archive.FS, n *archive.Next) error {
	return locked(fs, func(a *archive.Archive) error {
		s, err := a.Load(context.Background())
		if err == nil {
			_, known := archive.Known(context.Background(), a, s)
			_, published := archive.Published(context.Background(), a, s)
			err = errors.Join(known, published)
		}
		if err == nil || errors.Is(err, archive.ErrNone) {
			err = a.Commit(context.Background(), n)
		}
		return errors.Join(err, a.Close())
	})
}

// has compares what is loaded with what was committed.
func has(t testing.TB, fs archive.FS, n *archive.Next) {
	t.Helper()
	a := open(t, fs)
	s, err := a.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(n.Groups, func(x, y archive.GroupRow) int { return strings.Compare(x.Kind+x.ID+x.Page, y.Kind+y.ID+y.Page) })
	slices.SortFunc(n.IDs, func(x, y archive.IDRow) int { return strings.Compare(x.Kind+x.ID, y.Kind+y.ID) })
	slices.SortFunc(n.Aliases, func(x, y archive.AliasRow) int { return strings.Compare(x.Kind+x.ID, y.Kind+y.ID) })
	published, err := archive.Published(context.Background(), a, s)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff([]any{n.Groups, n.IDs, n.Aliases, n.Published}, []any{s.Groups, s.IDs, s.Aliases, published}, cmpopts.EquateEmpty()); d != "" {
		t.Fatal(d)
	}
	r, err := a.Check(context.Background())
	if err != nil || len(r.Unknown) > 0 {
		t.Fatalf("check: %+v, %v", r, err)
	}
}

func shared(m *archivetest.Memory) []string {
	var out []string
	for _, name := range m.Names() {
		if name = strings.TrimPrefix(name, dir+"/"); strings.HasPrefix(name, "sets/") || strings.HasPrefix(name, "arrays/") {
			out = append(out, name)
		}
	}
	return out
}

// TestLayers has a night that changes little, and damage to every file that it shares with the one before.
func TestLayers(t *testing.T) {
	m := archivetest.NewMemory()
	commit(t, m, wide(0, 0))
	if err := goOn(m, wide(1, 3)); err != nil {
		t.Fatal(err)
	}
	has(t, m, wide(1, 3))
	want := []string{"arrays/published_marks-000001.rows", "arrays/published_marks-000002.delta", "sets/aliases-000001-000002.parquet", "sets/aliases-000001.parquet",
		"sets/groups-000001-000002.parquet", "sets/groups-000001.parquet", "sets/ids-000001-000002.parquet", "sets/ids-000001.parquet"}
	if d := gocmp.Diff(want, shared(m)); d != "" {
		t.Fatal(d)
	}
	for _, name := range want {
		d := copied(m)
		d.Flip(dir+"/"+name, 5)
		r, err := open(t, d).Check(context.Background())
		if !errors.Is(err, archive.ErrCorrupt) || r.Damage[0].File != name {
			t.Errorf("%s: check: %v", name, err)
		}
		var repaired archive.Repairs
		err = locked(d, func(a *archive.Archive) (err error) { repaired, err = a.Repair(context.Background()); return err })
		switch {
		case strings.HasPrefix(name, "arrays/"):
			if err != nil || repaired.Generation != 2 || !slices.Contains(repaired.Moved, name) {
				t.Fatalf("%s: repair: %+v, %v", name, repaired, err)
			}
			a := open(t, d)
			if j, err := archive.Published(context.Background(), a, load(t, d)); err != nil || j != nil {
				t.Errorf("%s: %v of what was put aside, %v", name, j, err)
			}
			if err := goOn(d, wide(2, 3)); err != nil {
				t.Fatal(err)
			}
			has(t, d, wide(2, 3))
		case strings.HasSuffix(name, "-000002.parquet"):
			if err != nil || repaired.Generation != 1 || !slices.Contains(repaired.Moved, name) {
				t.Fatalf("%s: repair: %+v, %v", name, repaired, err)
			}
			has(t, d, wide(0, 0))
		default: // both generations have it
			if !errors.Is(err, archive.ErrCorrupt) || len(repaired.Moved) > 0 {
				t.Errorf("%s: repair: %+v, %v", name, repaired, err)
			}
		}
	}
	if err := goOn(m, wide(2, 3)); err != nil { // nothing of it is new
		t.Fatal(err)
	}
	if d := gocmp.Diff(want, shared(m)); d != "" {
		t.Fatal(d)
	}
	if err := goOn(m, wide(3, 40)); err != nil { // everything is
		t.Fatal(err)
	}
	if err := locked(m, func(a *archive.Archive) error { _, err := a.Prune(context.Background(), 1); return err }); err != nil {
		t.Fatal(err)
	}
	has(t, m, wide(3, 40))
	if d := gocmp.Diff([]string{"arrays/published_marks-000004.rows", "sets/aliases-000004.parquet", "sets/groups-000004.parquet", "sets/ids-000004.parquet"}, shared(m)); d != "" {
		t.Error(d)
	}
}

// TestManyLayers has nights that each change little, for long.
func TestManyLayers(t *testing.T) {
	m := archivetest.NewMemory()
	commit(t, m, wide(0, 0))
	most := 0
	for base := 1; base < 40; base++ {
		if err := goOn(m, wide(base, base%2)); err != nil {
			t.Fatal(err)
		}
		has(t, m, wide(base, base%2))
		if err := locked(m, func(a *archive.Archive) error { _, err := a.Prune(context.Background(), 1); return err }); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(shared(m)))
	}
	if most < 12 || most > 4*17 {
		t.Errorf("%d files at most", most)
	}
}

// TestRandomLayers commits random rows, by an archive that has read those before or by one that has not.
func TestRandomLayers(t *testing.T) {
	unhurried(t)
	rapid.Check(t, func(r *rapid.T) {
		m := archivetest.NewMemory()
		for base := range rapid.IntRange(1, 6).Draw(r, "nights") {
			n := wide(base, rapid.IntRange(0, 40).Draw(r, "changes"))
			for _, cut := range []string{"groups", "marks"} {
				from := rapid.IntRange(0, 39).Draw(r, cut)
				to := min(from+rapid.IntRange(0, 9).Draw(r, "rows"), 40)
				if cut == "groups" {
					n.Groups = slices.Delete(n.Groups, from, to)
				} else {
					n.Published.Marks = slices.Delete(n.Published.Marks, from, to)
				}
			}
			do := goOn
			if base == 0 || rapid.IntRange(0, 3).Draw(r, "anew") == 0 {
				do = try
			}
			if err := do(m, n); err != nil {
				r.Fatal(err)
			}
			has(t, m, n)
			if rapid.Bool().Draw(r, "prune") {
				if err := locked(m, func(a *archive.Archive) error { _, err := a.Prune(context.Background(), 1); return err }); err != nil {
					r.Fatal(err)
				}
				has(t, m, n)
			}
		}
	})
}
