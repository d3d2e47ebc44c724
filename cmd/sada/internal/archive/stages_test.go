package archive_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
)

// number is a row of the parts of the tests.
type number struct{ N int64 }

var stageKey, otherKey = strings.Repeat("0a", 16), strings.Repeat("0b", 16)

// numbers are the rows of part n.
func numbers(n int) []number { return []number{{int64(n)}, {int64(10 * n)}} }

// keep writes parts from one on.
func keep(fs archive.FS, key string, from, to int) error {
	return locked(fs, func(a *archive.Archive) error {
		s, err := a.Stage(key)
		for n := from; n < to && err == nil; n++ {
			err = archive.Write(s, n, "numbers", numbers(n), func(f archive.FileInfo) ([]byte, error) {
				return json.Marshal(map[string]any{"tables": []any{map[string]any{"name": f.Path, "rows": f.Rows, "bytes": f.Bytes, "xxh3_128": f.Hash}}})
			})
		}
		return err
	})
}

// kept reads the parts of a stage: the number of those that are whole, from the first on, and the error of the next.
func kept(t testing.TB, fs archive.FS, key string) (whole int, err error) {
	t.Helper()
	if failed := locked(fs, func(a *archive.Archive) error {
		s, failed := a.Stage(key)
		if failed != nil {
			return failed
		}
		for ; ; whole++ {
			var b []byte
			if b, err = s.Part(whole); b == nil || err != nil {
				return nil
			}
			var said struct {
				Tables []struct {
					Name        string
					Rows, Bytes int64
					Hash        string `json:"xxh3_128"`
				}
			}
			if err := json.Unmarshal(b, &said); err != nil {
				return err
			}
			f := said.Tables[0]
			var got []number
			for rows, failed := range archive.PartRows[number](s, whole, archive.FileInfo{Path: f.Name, Rows: f.Rows, Bytes: f.Bytes, Hash: f.Hash}) {
				if err = failed; err != nil {
					return nil
				}
				got = append(got, rows...)
			}
			if want := numbers(whole); !slices.Equal(got, want) {
				return fmt.Errorf("part %d: rows %v, want %v", whole, got, want)
			}
		}
	}); failed != nil {
		t.Fatal(failed)
	}
	return whole, err
}

func staged(m *archivetest.Memory) (names []string) {
	for _, name := range m.Names() {
		if strings.HasPrefix(name, dir+"/stages/") {
			names = append(names, name)
		}
	}
	return names
}

func TestStageGivesWhatWasWritten(t *testing.T) {
	m := archivetest.NewMemory()
	if err := keep(m, stageKey, 0, 3); err != nil {
		t.Fatal(err)
	}
	if n, err := kept(t, m, stageKey); n != 3 || err != nil {
		t.Errorf("%d parts, %v", n, err)
	}
	r, err := open(t, m).Check(t.Context())
	if !errors.Is(err, archive.ErrNone) || len(r.Stages) != 1 || r.Stages[0].Parts != 3 || len(r.Leftovers)+len(r.Unknown) > 0 {
		t.Errorf("before the first night: %+v, %v", r, err)
	}
	commit(t, m, night(0, "a=نص")) // which takes no stage away: it is not known whose it is
	if n, err := kept(t, m, stageKey); n != 3 || err != nil {
		t.Errorf("%d parts, %v", n, err)
	}
	if r, err := open(t, m).Check(t.Context()); err != nil || len(r.Stages) != 1 || len(r.Leftovers)+len(r.Unknown) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := keep(m, stageKey, 1, 2); err != nil { // again
		t.Fatal(err)
	}
	if n, err := kept(t, m, stageKey); n != 3 || err != nil {
		t.Errorf("%d parts, %v", n, err)
	}
	if n, err := kept(t, m, otherKey); n != 0 || err != nil || len(staged(m)) > 0 {
		t.Errorf("another key: %d parts, %q, %v", n, staged(m), err)
	}
	if err := keep(m, "../other", 0, 1); err == nil {
		t.Error("a key that is a path")
	}
	if _, err := open(t, m).Stage(stageKey); err == nil {
		t.Error("a stage without the lock")
	}
}

// TestStagePrune removes stages, also where there is no generation, and on a disk that takes no byte.
func TestStagePrune(t *testing.T) {
	for _, generations := range []int{0, 1} {
		m := archivetest.NewMemory()
		for base := range generations {
			commit(t, m, night(base, "a=نص"))
		}
		if err := keep(m, stageKey, 0, 2); err != nil {
			t.Fatal(err)
		}
		put(m, dir+"/stages/"+otherKey+"/000000.new/shard.json", nil)
		f := &archivetest.Faulty{FS: m, Before: func(op, name string) {
			if op == "write" || op == "create" {
				t.Errorf("prune: %s %s", op, name)
			}
		}}
		err := locked(f, func(a *archive.Archive) error { _, err := a.Prune(t.Context(), 1); return err })
		if generations == 0 != errors.Is(err, archive.ErrNone) || generations == 1 && err != nil {
			t.Errorf("%d generations: %v", generations, err)
		}
		if names := staged(m); len(names) > 0 {
			t.Errorf("%d generations: %q are left", generations, names)
		}
	}
}

// TestStageFaults fails every operation of a stage that goes on, once and for ever. There are the parts that were
// said to be written, and perhaps the next one, whole; then the stage goes on.
func TestStageFaults(t *testing.T) {
	injected := 0
	for _, mode := range modes {
		for at := 1; ; at++ {
			m := archivetest.NewMemory()
			if err := errors.Join(keep(m, otherKey, 0, 1), keep(m, stageKey, 0, 2)); err != nil {
				t.Fatal(err)
			}
			f := &archivetest.Faulty{FS: m, At: at, Forever: mode.forever, Torn: mode.torn, Err: mode.err}
			err := keep(f, stageKey, 1, 4)
			if f.Hit == "" {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			injected++
			what := fmt.Sprintf("operation %d: %s, %+v", at, f.Hit, mode)
			if err == nil && !harmless(f.Hit) {
				t.Fatalf("%s: no error", what)
			}
			if r, err := open(t, m).Check(t.Context()); !errors.Is(err, archive.ErrNone) || len(r.Unknown) > 0 {
				t.Fatalf("%s: check: %+v, %v", what, r, err)
			}
			if n, err := kept(t, m, stageKey); n < 1 || err != nil { // part 1 may have been taken away, to be written again
				t.Fatalf("%s: %d parts, %v", what, n, err)
			}
			if err := keep(m, stageKey, 1, 4); err != nil {
				t.Fatalf("%s: again: %v", what, err)
			}
			if n, err := kept(t, m, stageKey); n != 4 || err != nil {
				t.Fatalf("%s: again: %d parts, %v", what, n, err)
			}
		}
	}
	t.Logf("%d operations on a stage failed", injected)
	if injected < 100 {
		t.Errorf("%d operations failed, want some hundred", injected)
	}
}

// TestStagePowerLoss loses what was not put on disk at every operation.
func TestStagePowerLoss(t *testing.T) {
	crashes := 0
	for at := 1; ; at++ {
		done := false
		for seed := range uint64(4) {
			m := archivetest.NewMemory()
			f := &archivetest.Faulty{FS: m, At: at, Forever: true, Torn: seed%2 == 0, Err: syscall.EIO}
			said := 0
			for said < 3 && keep(f, stageKey, said, said+1) == nil {
				said++
			}
			if done = f.Hit == ""; done {
				break
			}
			crashes++
			what := fmt.Sprintf("operation %d: %s, crash %d", at, f.Hit, seed)
			lost := m.Crash(rand.New(rand.NewPCG(uint64(at), seed)))
			n, err := kept(t, lost, stageKey)
			if n < said || err != nil && !errors.Is(err, archive.ErrCorrupt) {
				t.Fatalf("%s: %d parts of %d, %v", what, n, said, err)
			}
			if err := keep(lost, stageKey, n, 3); err != nil {
				t.Fatalf("%s: again: %v", what, err)
			}
			if n, err := kept(t, lost, stageKey); n != 3 || err != nil {
				t.Fatalf("%s: again: %d parts, %v", what, n, err)
			}
		}
		if done {
			break
		}
	}
	t.Logf("%d crashes", crashes)
	if crashes < 100 {
		t.Errorf("%d crashes, want some hundred", crashes)
	}
}

// TestStageFlips changes a bit of every file of a stage. Check names the part, and no state is damaged by it; Repair
// moves that part aside, and the others stay.
func TestStageFlips(t *testing.T) {
	m := archivetest.NewMemory()
	commit(t, m, night(0, "a=نص"))
	if err := keep(m, stageKey, 0, 2); err != nil {
		t.Fatal(err)
	}
	flips := 0
	for _, name := range staged(m) {
		size := len(m.Bytes(name))
		for at := 0; at < size; at += 1 + size/20 {
			d := copied(m)
			d.Flip(name, at)
			flips++
			what := fmt.Sprintf("%s, byte %d", name, at)
			r, err := open(t, d).Check(t.Context())
			if err != nil || len(r.Stages) != 1 || r.Stages[0].Parts != 1 || len(r.Stages[0].Damaged) != 1 || !strings.Contains(name, r.Stages[0].Damaged[0]) {
				t.Fatalf("%s: %+v, %v", what, r, err)
			}
			part := strings.Count(name, "/000001-")
			if n, err := kept(t, d, stageKey); n != part || !errors.Is(err, archive.ErrCorrupt) {
				t.Fatalf("%s: %d parts, %v", what, n, err)
			}
			if err := locked(d, func(a *archive.Archive) error { _, err := a.Repair(context.Background()); return err }); err != nil {
				t.Fatalf("%s: repair: %v", what, err)
			}
			if r, err := open(t, d).Check(t.Context()); err != nil || len(r.Stages[0].Damaged) > 0 || r.Stages[0].Parts != 1 {
				t.Fatalf("%s: after repair: %+v, %v", what, r, err)
			}
			if len(d.Names()) != len(m.Names()) {
				t.Fatalf("%s: repair deleted a file", what)
			}
			if err := keep(d, stageKey, part, 2); err != nil {
				t.Fatal(err)
			}
			if n, err := kept(t, d, stageKey); n != 2 || err != nil {
				t.Fatalf("%s: again: %d parts, %v", what, n, err)
			}
		}
	}
	t.Logf("%d bits flipped", flips)
}
