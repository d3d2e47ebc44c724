package archive_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sada/cluster"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
	"sada/features/article"
	"sada/features/tfidf"
)

const dir = "/state"

func page(id, text string) archive.PageRow {
	m := cluster.Maker{}
	p := m.Make(&article.Page{ID: id, Title: "عنوان " + id, Source: "الصدى", Text: text + "\nالمصدر: رويترز\nإقرأ أيضاً:\nعنوان آخر لخبر بعيد\n" + text,
		PublishedAt: time.Date(2024, 6, 1, 10, 0, 0, len(text), time.UTC)})
	return archive.PageRow{Page: p, Hash: [16]byte{byte(len(text)), 1}, PublishedAt: "2024-06-01T10:00:00Z"}
}

// night is what a test adds to an archive: pages "id=text", and deletions "-id".
func night(base int, changes ...string) *archive.Next {
	n := &archive.Next{Base: base, Program: "test", Inputs: []string{fmt.Sprint("input ", base)}}
	n.Options, n.OptionHash = json.RawMessage(`{"stemmer":"none"}`), "0123"
	n.Values = map[string]float64{"threshold": .25}
	n.Docs = base + 1
	for i, c := range changes {
		if id, ok := strings.CutPrefix(c, "-"); ok {
			n.Deleted = append(n.Deleted, id)
			continue
		}
		id, text, _ := strings.Cut(c, "=")
		n.Pages = append(n.Pages, page(id, strings.Repeat(text+" ", 20)))
		n.Groups = append(n.Groups, archive.GroupRow{Kind: archive.Copy, ID: fmt.Sprint("c", i), Page: id})
		n.IDs = append(n.IDs, archive.IDRow{Kind: archive.Copy, ID: fmt.Sprint("c", i), Born: base + 1})
		n.Terms = append(n.Terms, tfidf.DF{Term: tfidf.Term(1000 - i), Docs: 1})
	}
	n.Aliases = []archive.AliasRow{{Kind: archive.Story, ID: "old", To: "new", Born: 1, Ended: base + 1}}
	n.Changes = []archive.ChangeRow{{Kind: archive.Story, Event: "merged_into", ID: "old", Other: "new", Pages: []string{"a", "b"}}}
	return n
}

func open(t testing.TB, fs archive.FS) *archive.Archive {
	t.Helper()
	a, err := archive.Open(dir, archive.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func commit(t testing.TB, fs archive.FS, n *archive.Next) {
	t.Helper()
	if err := try(fs, n); err != nil {
		t.Fatal(err)
	}
}

// segments is how many segments are kept apart here: a merge comes soon.
const segments = 3

// thorough asks for every mode of every failure, which .ci/torture does; without it each failure has one.
func thorough() bool { return os.Getenv("SADA_TORTURE") != "" }

// unhurried skips a test whose hundreds of nights take long with the race detector; nothing in them runs in
// parallel.
func unhurried(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("hundreds of nights")
	}
}

// locked runs do with the lock held.
func locked(fs archive.FS, do func(*archive.Archive) error) error {
	a, err := archive.Open(dir, archive.Options{FS: fs})
	if err != nil {
		return err
	}
	a.Merge(segments)
	if err := a.Lock(context.Background(), 0); err != nil {
		return err
	}
	return errors.Join(do(a), a.Unlock())
}

func try(fs archive.FS, n *archive.Next) error {
	return locked(fs, func(a *archive.Archive) error { return a.Commit(context.Background(), n) })
}

func load(t testing.TB, fs archive.FS) *archive.Snapshot {
	t.Helper()
	s, err := open(t, fs).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// files gives the bytes of all files of a state but the lock's.
func files(m *archivetest.Memory) map[string]string {
	out := make(map[string]string)
	for _, name := range m.Names() {
		if name != dir+"/lock" {
			out[name] = string(m.Bytes(name))
		}
	}
	return out
}

func wantFiles(t testing.TB, what string, want, got map[string]string) {
	t.Helper()
	if a, b := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(a, b) {
		t.Fatalf("%s: files %q, want %q", what, b, a)
	}
	for name := range want {
		if want[name] != got[name] {
			t.Fatalf("%s: %s differs", what, name)
		}
	}
}

// samePages compares pages by all that is kept of them.
var samePages = gocmp.Options{gocmp.Transformer("Record", (*cluster.Page).Record), cmpopts.EquateEmpty()}

func texts(s *archive.Snapshot) []string {
	var out []string
	for _, p := range s.Pages {
		out = append(out, fmt.Sprintf("%s=%d of %d", p.Page.ID, p.Page.Bytes(), p.Generation))
	}
	return out
}

func TestLoadGivesWhatCommitTook(t *testing.T) {
	m := archivetest.NewMemory()
	first, second := night(0, "b=نص", "a=نص آخر", "c=ثالث"), night(1, "a=تغير", "d=جديد", "-c", "-unknown")
	type extra struct{ A, B int64 }
	second.Derived = []archive.Derived{archive.Derive("pairs", func(yield func(extra, error) bool) { _ = yield(extra{7, 8}, nil) && yield(extra{1, 2}, nil) })}
	commit(t, m, first)
	commit(t, m, second)
	s := load(t, m)
	byID := func(a, b archive.PageRow) int { return cmp.Compare(a.Page.ID, b.Page.ID) }
	want := []archive.PageRow{second.Pages[0], first.Pages[0], second.Pages[1]}
	want[0].Generation, want[1].Generation, want[2].Generation = 2, 1, 2
	slices.SortFunc(want, byID)
	if d := gocmp.Diff(want, s.Pages, samePages); d != "" {
		t.Errorf("pages: %s", d)
	}
	tables := second.Tables
	slices.Reverse(tables.Terms)
	if d := gocmp.Diff(tables, s.Tables); d != "" {
		t.Errorf("tables: %s", d)
	}
	if changes, err := archive.Changes(t.Context(), open(t, m), s); err != nil {
		t.Error(err)
	} else if d := gocmp.Diff(second.Changes, changes); d != "" {
		t.Errorf("changes: %s", d)
	}
	nights := []archive.Night{{Generation: 1, OptionHash: "0123", Inputs: []string{"input 0"}}, {Generation: 2, OptionHash: "0123", Inputs: []string{"input 1"}}}
	if d := gocmp.Diff(nights, s.Nights); d != "" {
		t.Errorf("nights: %s", d)
	}
	var got []extra
	for rows, err := range archive.Rows[extra](t.Context(), open(t, m), s, "pairs") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rows...)
	}
	if d := gocmp.Diff([]extra{{7, 8}, {1, 2}}, got); d != "" {
		t.Errorf("derived table: %s", d)
	}
	for range archive.Rows[extra](t.Context(), open(t, m), s, "none") {
		t.Error("a row of a table that is not there")
	}
	for _, p := range s.Pages {
		if err := p.Page.Check(); err != nil {
			t.Error(err)
		}
	}
}

// TestManyPages goes over row groups, batches and pages of the Parquet files.
func TestManyPages(t *testing.T) {
	m := archivetest.NewMemory()
	r := rand.New(rand.NewPCG(1, 2))
	want := make(map[string]archive.PageRow)
	for base := range 7 { // which merges twice
		n := night(base)
		for range 100 {
			id := fmt.Sprint(r.IntN(150))
			if slices.ContainsFunc(n.Pages, func(p archive.PageRow) bool { return p.Page.ID == id }) || slices.Contains(n.Deleted, id) {
				continue
			}
			if r.IntN(5) == 0 {
				n.Deleted = append(n.Deleted, id)
				delete(want, id)
				continue
			}
			p := page(id, strings.Repeat("كلمة ", r.IntN(60)))
			n.Pages = append(n.Pages, p)
			p.Generation = base + 1
			want[id] = p
		}
		commit(t, m, n)
	}
	s := load(t, m)
	var all []archive.PageRow
	for _, id := range slices.Sorted(maps.Keys(want)) {
		all = append(all, want[id])
	}
	if d := gocmp.Diff(all, s.Pages, samePages); d != "" {
		t.Error(d)
	}
	if err := locked(m, func(a *archive.Archive) error { _, err := a.Prune(t.Context(), 1); return err }); err != nil {
		t.Fatal(err)
	}
	after := 0
	for _, name := range m.Names() {
		if strings.Contains(name, "/segments/") {
			after++
		}
	}
	if after > 2*segments { // of two files
		t.Errorf("%d segments after the old generations were removed", after)
	}
	if d := gocmp.Diff(s.Pages, load(t, m).Pages, samePages); d != "" {
		t.Error(d)
	}
}

// TestCommitErrors has no commit where one cannot be whole.
func TestCommitErrors(t *testing.T) {
	m := archivetest.NewMemory()
	commit(t, m, night(0, "a=نص"))
	before := files(m)
	late := night(1, "b=نص")
	late.Pages[0].Page.Date = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	table := night(1, "b=نص")
	table.Derived = []archive.Derived{archive.Derive("groups", func(func(archive.IDRow, error) bool) {})}
	failing := night(1, "b=نص")
	failing.Derived = []archive.Derived{archive.Derive("pairs", func(yield func(struct{ A int }, error) bool) { yield(struct{ A int }{}, errors.New("of the rows")) })}
	for name, c := range map[string]struct {
		next *archive.Next
		want string
	}{
		"base":            {night(0, "b=نص"), "load it again"},
		"base ahead":      {night(7, "b=نص"), "load it again"},
		"twice":           {night(1, "b=نص", "b=آخر"), `"b" is twice`},
		"added, deleted":  {night(1, "b=نص", "-b"), `"b" is twice`},
		"date":            {late, "cannot be kept"},
		"the table's own": {table, `"groups"`},
		"rows":            {failing, "of the rows"},
	} {
		if err := try(m, c.next); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		wantFiles(t, name, before, files(m))
	}
	a := open(t, m)
	if err := a.Commit(t.Context(), night(1)); err == nil {
		t.Error("a commit without the lock")
	}
	if err := a.Unlock(); err == nil {
		t.Error("an unlock without the lock")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := locked(m, func(a *archive.Archive) error { return a.Commit(ended, night(1, "b=نص")) }); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	wantFiles(t, "after the end", before, files(m))
}

func TestNone(t *testing.T) {
	m := archivetest.NewMemory()
	if _, err := open(t, m).Load(t.Context()); !errors.Is(err, archive.ErrNone) {
		t.Error(err)
	}
	if _, err := open(t, m).Check(t.Context()); !errors.Is(err, archive.ErrNone) {
		t.Error(err)
	}
	if err := locked(m, func(a *archive.Archive) error { _, err := a.Repair(t.Context()); return err }); !errors.Is(err, archive.ErrNone) {
		t.Error(err)
	}
	if _, err := m.Create("/file"); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Open("/file", archive.Options{FS: m}); err == nil {
		t.Error("a file as a state folder")
	}
}

// TestEqualStatesHaveEqualFiles commits the same rows in other orders.
func TestEqualStatesHaveEqualFiles(t *testing.T) {
	var want map[string]string
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := archivetest.NewMemory()
		for base := range 3 {
			n := night(base, "a=نص", "b=نص آخر", "c=ثالث", "-x", "-y")
			r.Shuffle(len(n.Pages), func(i, j int) { n.Pages[i], n.Pages[j] = n.Pages[j], n.Pages[i] })
			r.Shuffle(len(n.Groups), func(i, j int) { n.Groups[i], n.Groups[j] = n.Groups[j], n.Groups[i] })
			r.Shuffle(len(n.Terms), func(i, j int) { n.Terms[i], n.Terms[j] = n.Terms[j], n.Terms[i] })
			slices.Reverse(n.Deleted)
			commit(t, m, n)
		}
		if want == nil {
			want = files(m)
		}
		wantFiles(t, fmt.Sprint("seed ", seed), want, files(m))
	}
}

// history is what the tests of failures do to a state: nights, a merge of segments, a prune.
type history struct {
	fs    *archivetest.Memory
	steps []func(fs archive.FS) error
}

func newHistory(t testing.TB) *history {
	h := &history{fs: archivetest.NewMemory()}
	for base := range segments {
		commit(t, h.fs, night(base, fmt.Sprintf("p%d=نص", base), "q=نص"))
	}
	h.steps = append(h.steps,
		func(fs archive.FS) error { return try(fs, wide(segments, 0, "n=نص", "-p1")) }, // which merges
		func(fs archive.FS) error {
			return locked(fs, func(a *archive.Archive) error { _, err := a.Prune(context.Background(), 2); return err })
		},
		func(fs archive.FS) error { return goOn(fs, wide(segments+1, 2, "m=نص", "n=تغير")) }) // which writes what changed
	return h
}

// copied gives a file system with the same files, all of them on disk.
func copied(m *archivetest.Memory) *archivetest.Memory {
	out := archivetest.NewMemory()
	for _, name := range m.Names() {
		put(out, name, m.Bytes(name))
	}
	return out
}

func put(m *archivetest.Memory, name string, b []byte) {
	_ = m.MkdirAll(filepath.Dir(name)) // never fails
	f, err := m.Create(name)
	if err != nil {
		panic(err)
	}
	_, _ = f.Write(b)
	_ = f.Sync()
	for d := filepath.Dir(name); ; d = filepath.Dir(d) {
		_ = m.SyncDir(d)
		if d == "/" {
			return
		}
	}
}

var modes = []struct {
	forever, torn bool
	err           error
}{{false, false, syscall.EIO}, {true, false, syscall.EIO}, {false, true, syscall.ENOSPC}, {true, true, syscall.ENOSPC}}

// TestFaults fails every operation of a night, a night that merges and a prune, once and for ever. The
// state is the one before or the one after; the same step again then gives the files of a run in
// which nothing failed.
func TestFaults(t *testing.T) {
	unhurried(t)
	injected := 0
	first := &history{fs: archivetest.NewMemory(), steps: []func(archive.FS) error{func(fs archive.FS) error { return try(fs, night(0, "a=نص")) }}}
	for name, h := range map[string]*history{"first night": first, "later": newHistory(t)} {
		state := h.fs
		for n, step := range h.steps {
			before := copied(state)
			want := copied(state)
			if err := step(want); err != nil {
				t.Fatal(err)
			}
			after := load(t, want)
			for i, mode := range modes {
				if i > 0 && !thorough() {
					break
				}
				for at := 1; ; at++ {
					if !thorough() {
						mode = modes[at%len(modes)]
					}
					m := copied(before)
					f := &archivetest.Faulty{FS: m, At: at, Forever: mode.forever, Torn: mode.torn, Err: mode.err}
					err := step(f)
					if f.Hit == "" {
						if err != nil {
							t.Fatal(err)
						}
						break
					}
					injected++
					what := fmt.Sprintf("%s, step %d, operation %d: %s, %+v", name, n, at, f.Hit, mode)
					if err == nil && !harmless(f.Hit) {
						t.Fatalf("%s: no error", what)
					}
					if err != nil && !errors.Is(err, mode.err) {
						t.Fatalf("%s: error %v", what, err)
					}
					wantOldOrNew(t, what, m, before, after)
					if err := step(m); err != nil && !strings.Contains(err.Error(), "load it again") {
						t.Fatalf("%s: again: %v", what, err)
					}
					wantFiles(t, what, files(want), files(m))
				}
			}
			state = want
		}
	}
	t.Logf("%d operations failed", injected)
	if injected < 100 {
		t.Errorf("%d operations failed, want some hundred", injected)
	}
}

// harmless are operations whose failure a step may survive: the files are only read, or closed after that.
func harmless(hit string) bool {
	return strings.HasPrefix(hit, "close ")
}

// wantOldOrNew checks a state.
func wantOldOrNew(t testing.TB, what string, m, before *archivetest.Memory, after *archive.Snapshot) {
	t.Helper()
	old, err := open(t, before).Load(t.Context())
	if err != nil && !errors.Is(err, archive.ErrNone) {
		t.Fatal(err)
	}
	r, err := open(t, m).Check(t.Context())
	if err != nil && !(old == nil && errors.Is(err, archive.ErrNone)) {
		t.Fatalf("%s: check: %v", what, err)
	}
	if len(r.Unknown) > 0 {
		t.Fatalf("%s: unknown files %q", what, r.Unknown)
	}
	got, err := open(t, m).Load(t.Context())
	switch {
	case errors.Is(err, archive.ErrNone) && old == nil:
		return
	case err != nil:
		t.Fatalf("%s: %v", what, err)
	}
	want := old
	if old == nil || got.Generation == after.Generation {
		want = after
	}
	if got.Generation != want.Generation || !slices.Equal(texts(got), texts(want)) || !gocmp.Equal(got.Tables, want.Tables, cmpopts.EquateEmpty()) {
		t.Fatalf("%s: generation %d is neither the one before nor the one after", what, got.Generation)
	}
}

// TestPowerLoss stops every operation and loses what was not put on disk, in several ways.
func TestPowerLoss(t *testing.T) {
	unhurried(t)
	crashes := 0
	first := &history{fs: archivetest.NewMemory(), steps: []func(archive.FS) error{func(fs archive.FS) error { return try(fs, night(0, "a=نص")) }}}
	for name, h := range map[string]*history{"first night": first, "later": newHistory(t)} {
		state := h.fs
		for n, step := range h.steps {
			before := copied(state)
			want := copied(state)
			if err := step(want); err != nil {
				t.Fatal(err)
			}
			after := load(t, want)
			seeds, stride := uint64(1), 2
			if thorough() {
				seeds, stride = 6, 1
			}
			for at := 1; ; at += stride {
				done := false
				for seed := range seeds {
					seed += uint64(at)
					m := copied(before)
					f := &archivetest.Faulty{FS: m, At: at, Forever: true, Torn: seed%2 == 0, Err: syscall.EIO}
					err := step(f)
					if done = f.Hit == ""; done {
						break
					}
					crashes++
					what := fmt.Sprintf("%s, step %d, operation %d: %s, crash %d", name, n, at, f.Hit, seed)
					lost := m.Crash(rand.New(rand.NewPCG(uint64(at), seed)))
					wantOldOrNew(t, what, lost, before, after)
					if err == nil { // it was said to be done
						if got := load(t, lost); got.Generation != after.Generation {
							t.Fatalf("%s: the night is lost", what)
						}
					}
					if err := step(lost); err != nil && !strings.Contains(err.Error(), "load it again") {
						t.Fatalf("%s: again: %v", what, err)
					}
					if got := load(t, lost); got.Generation != after.Generation {
						t.Fatalf("%s: generation %d after the second try", what, got.Generation)
					}
				}
				if done {
					break
				}
			}
			state = want
		}
	}
	t.Logf("%d crashes", crashes)
}

// TestDoneIsOnDisk loses the power right after steps that ended well.
func TestDoneIsOnDisk(t *testing.T) {
	for seed := range uint64(5) {
		m := archivetest.NewMemory()
		r := rand.New(rand.NewPCG(seed, 3))
		_ = m.SyncDir("/")
		for base := range 4 {
			commit(t, m, night(base, "a=نص", fmt.Sprintf("p%d=نص", base)))
			m = m.Crash(r)
			if s := load(t, m); s.Generation != base+1 {
				t.Fatalf("seed %d: generation %d after night %d", seed, s.Generation, base+1)
			}
			if _, err := open(t, m).Check(t.Context()); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

// TestFlippedBits changes every file of a state at many places. Check names the file; after Repair the
// state is whole, and the night on it again gives the files of a state that was never damaged.
func TestFlippedBits(t *testing.T) {
	unhurried(t)
	m := archivetest.NewMemory()
	for base := range 3 {
		commit(t, m, night(base, "a=نص", fmt.Sprintf("p%d=نص", base)))
	}
	flips := 0
	for _, name := range m.Names() {
		if name == dir+"/lock" {
			continue
		}
		size := len(m.Bytes(name))
		for at := 0; at < size; at += 1 + size/8 {
			d := copied(m)
			d.Flip(name, at)
			flips++
			what := fmt.Sprintf("%s, byte %d", name, at)
			r, err := open(t, d).Check(t.Context())
			if !errors.Is(err, archive.ErrCorrupt) {
				t.Fatalf("%s: check: %v", what, err)
			}
			file := strings.TrimPrefix(name, dir+"/")
			if !slices.ContainsFunc(r.Damage, func(d *archive.Damage) bool { return d.File == file }) {
				t.Fatalf("%s: check names %v", what, err)
			}
			if _, err := open(t, d).Load(t.Context()); err != nil && !errors.Is(err, archive.ErrCorrupt) {
				t.Fatalf("%s: load: %v", what, err)
			}
			whole := strings.Contains(name, "/seg-000001.") && !strings.HasSuffix(name, ".heads") // which all generations need
			held := d.Names()
			err = locked(d, func(a *archive.Archive) error { _, err := a.Repair(t.Context()); return err })
			if whole {
				if !errors.Is(err, archive.ErrCorrupt) || len(d.Names()) != len(held) {
					t.Fatalf("%s: repair: %v", what, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: repair: %v", what, err)
			}
			if len(d.Names()) < len(held) {
				t.Fatalf("%s: repair deleted a file", what)
			}
			if _, err := open(t, d).Check(t.Context()); err != nil {
				t.Fatalf("%s: check after repair: %v", what, err)
			}
			s := load(t, d)
			for base := s.Generation; base < 3; base++ {
				commit(t, d, night(base, "a=نص", fmt.Sprintf("p%d=نص", base)))
			}
			want := files(m)
			for file, b := range files(d) {
				if !strings.Contains(file, "/aside-") && want[file] != b {
					t.Fatalf("%s: %s differs after repair", what, file)
				}
			}
		}
	}
	t.Logf("%d bits flipped", flips)
}

// TestMissingFiles takes every file away.
func TestMissingFiles(t *testing.T) {
	m := archivetest.NewMemory()
	commit(t, m, night(0, "a=نص"))
	commit(t, m, night(1, "b=نص"))
	for _, name := range m.Names() {
		if name == dir+"/lock" || name == dir+"/gen-000001/manifest.json" { // without it, the generation is half removed
			continue
		}
		d := copied(m)
		if err := d.Remove(name); err != nil {
			t.Fatal(err)
		}
		heads := strings.HasSuffix(name, ".heads") // which are in the table too
		if _, err := open(t, d).Check(t.Context()); errors.Is(err, archive.ErrCorrupt) == heads {
			t.Errorf("%s: %v", name, err)
		}
		err := locked(d, func(a *archive.Archive) error { _, err := a.Repair(t.Context()); return err })
		if strings.Contains(name, "/seg-000001.") && !heads {
			if !errors.Is(err, archive.ErrCorrupt) {
				t.Errorf("%s: repair: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: repair: %v", name, err)
		}
		if _, err := open(t, d).Check(t.Context()); err != nil {
			t.Errorf("%s: after repair: %v", name, err)
		}
	}
}

// TestRepairFaults fails every operation of a repair, and repeats it.
func TestRepairFaults(t *testing.T) {
	unhurried(t)
	m := archivetest.NewMemory()
	for base := range 3 {
		commit(t, m, night(base, "a=نص", fmt.Sprintf("p%d=نص", base)))
	}
	m.Flip(dir+"/sets/groups-000003.parquet", 40)
	put(m, dir+"/stranger", []byte("x"))
	repair := func(fs archive.FS) error {
		return locked(fs, func(a *archive.Archive) error { _, err := a.Repair(context.Background()); return err })
	}
	for at := 1; ; at++ {
		d := copied(m)
		f := &archivetest.Faulty{FS: d, At: at, Forever: true, Err: syscall.EIO}
		err := repair(f)
		if f.Hit == "" {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if err := repair(d); err != nil {
			t.Fatalf("operation %d, %s: %v", at, f.Hit, err)
		}
		r, err := open(t, d).Check(t.Context())
		if err != nil || r.Generation != 2 || len(r.Unknown) > 0 {
			t.Fatalf("operation %d, %s: %+v, %v", at, f.Hit, r, err)
		}
		if len(d.Names()) < len(m.Names()) {
			t.Fatalf("operation %d, %s: a file is gone", at, f.Hit)
		}
	}
}

// TestPruneWritesNothing prunes on a disk that takes no byte.
func TestPruneWritesNothing(t *testing.T) {
	m := archivetest.NewMemory()
	for base := range 4 {
		commit(t, m, night(base, "a=نص"))
	}
	f := &archivetest.Faulty{FS: m, Before: func(op, name string) {
		if op == "write" || op == "create" {
			t.Errorf("prune: %s %s", op, name)
		}
	}}
	if err := locked(f, func(a *archive.Archive) error {
		removed, err := a.Prune(t.Context(), 2)
		if !slices.Equal(removed, []int{1, 2}) {
			t.Errorf("removed %d", removed)
		}
		if _, err := a.Prune(t.Context(), 0); err == nil {
			t.Error("keep 0")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r, err := open(t, m).Check(t.Context())
	if err != nil || !slices.Equal(r.Generations, []int{3, 4}) || len(r.Leftovers)+len(r.Unknown) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestNewer refuses a state of a later format.
func TestNewer(t *testing.T) {
	m := archivetest.NewMemory()
	commit(t, m, night(0, "a=نص"))
	name := dir + "/gen-000001/manifest.json"
	b := bytes.Replace(m.Bytes(name), fmt.Appendf(nil, `"format": %d`, archive.Format), fmt.Appendf(nil, `"format": %d`, archive.Format+1), 1)
	_, body, _ := bytes.Cut(b, []byte("\"manifest\":\n"))
	body = bytes.TrimSuffix(body, []byte("\n}\n"))
	whole := []byte(`{"xxh3_128":"` + archive.Sum(body) + "\",\"manifest\":\n" + string(body) + "\n}\n")
	put(m, name, whole)
	put(m, dir+"/current", []byte("gen-000001 "+archive.Sum(whole)+"\n"))
	before := files(m)
	if _, err := open(t, m).Load(t.Context()); !errors.Is(err, archive.ErrNewer) {
		t.Errorf("load: %v", err)
	}
	if _, err := open(t, m).Check(t.Context()); !errors.Is(err, archive.ErrNewer) {
		t.Errorf("check: %v", err)
	}
	for what, do := range map[string]func(a *archive.Archive) error{
		"commit": func(a *archive.Archive) error { return a.Commit(t.Context(), night(1, "b=نص")) },
		"repair": func(a *archive.Archive) error { _, err := a.Repair(t.Context()); return err },
		"prune":  func(a *archive.Archive) error { _, err := a.Prune(t.Context(), 1); return err },
	} {
		if err := locked(m, do); !errors.Is(err, archive.ErrNewer) {
			t.Errorf("%s: %v", what, err)
		}
	}
	wantFiles(t, "a newer state", before, files(m))
}

// TestRandomHistories compares an archive with a map, over nights, prunes, and nights that were stopped.
func TestRandomHistories(t *testing.T) {
	unhurried(t)
	rapid.Check(t, func(t *rapid.T) {
		m := archivetest.NewMemory()
		want := make(map[string]string)
		base := 0
		ids := rapid.SampledFrom([]string{"a", "b", "c", "d", "ه", "f/g", ""})
		for range rapid.IntRange(1, 12).Draw(t, "nights") {
			changes := rapid.MapOfN(ids, rapid.SampledFrom([]string{"-", "نص", "نص آخر", "ثالث"}), 0, 4).Draw(t, "changes")
			var list []string
			next := maps.Clone(want)
			for _, id := range slices.Sorted(maps.Keys(changes)) {
				if changes[id] == "-" {
					list = append(list, "-"+id)
					delete(next, id)
				} else {
					list = append(list, id+"="+changes[id])
					next[id] = changes[id]
				}
			}
			n := night(base, list...)
			f := &archivetest.Faulty{FS: m, Err: syscall.ENOSPC, At: rapid.IntRange(0, 120).Draw(t, "fault"), Forever: rapid.Bool().Draw(t, "forever")}
			err := try(f, n)
			a, loadErr := archive.Open(dir, archive.Options{FS: m})
			if loadErr != nil {
				t.Fatal(loadErr)
			}
			s, loadErr := a.Load(context.Background())
			if loadErr != nil && !errors.Is(loadErr, archive.ErrNone) {
				t.Fatal(loadErr)
			}
			if s != nil && s.Generation == base+1 {
				base, want = base+1, next
			} else if err == nil {
				t.Fatalf("night %d: done, and generation %+v", base+1, s)
			}
			if s != nil {
				var got []string
				for _, p := range s.Pages {
					got = append(got, p.Page.ID)
				}
				if !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
					t.Fatalf("pages %q, want %q", got, slices.Sorted(maps.Keys(want)))
				}
			}
			if base > 0 && rapid.IntRange(0, 3).Draw(t, "prune") == 0 {
				if err := locked(m, func(a *archive.Archive) error { _, err := a.Prune(context.Background(), 2); return err }); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
