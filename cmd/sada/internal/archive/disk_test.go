package archive_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sada/cluster"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
)

var update = flag.Bool("update", false, "write the fixture of the present format, if there is none")

// TestLock has two archives of one folder.
func TestLock(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	var a [2]*archive.Archive
	for i := range a {
		var err error
		if a[i], err = archive.Open(state, archive.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a[0].Lock(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if err := a[0].Lock(t.Context(), 0); err == nil || errors.Is(err, archive.ErrLocked) {
		t.Errorf("twice: %v", err)
	}
	if err := a[1].Lock(t.Context(), 0); !errors.Is(err, archive.ErrLocked) {
		t.Errorf("of two: %v", err)
	}
	note, err := os.ReadFile(filepath.Join(state, "lock"))
	if err != nil || !strings.HasPrefix(string(note), fmt.Sprintf("pid %d, since ", os.Getpid())) {
		t.Errorf("note %q, %v", note, err)
	}
	if info, err := os.Stat(filepath.Join(state, "lock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("who can read the lock can hold it for ever: %v, %v", info.Mode(), err)
	}
	got := make(chan error)
	go func() { got <- a[1].Lock(t.Context(), time.Minute) }()
	time.Sleep(50 * time.Millisecond)
	if err := a[0].Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("waiting: %v", err)
	}
	// Nobody but its owner is kept out by a file that is there.
	if err := a[1].Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := a[0].Lock(t.Context(), 0); err != nil {
		t.Errorf("the lock file of earlier: %v", err)
	}
}

// TestOldFormats loads and goes on with a state of every format there has been. A fixture is never made
// again: `go test ./cmd/sada/internal/archive -update` writes only one that is not there.
func TestOldFormats(t *testing.T) {
	fixture := filepath.Join("testdata", fmt.Sprint("format-", archive.Format))
	if _, err := os.Stat(fixture); errors.Is(err, fs.ErrNotExist) && *update {
		m, known := archivetest.NewMemory(), new(cluster.Known)
		for base, changes := range [][]string{{"a=نص", "b=نص آخر"}, {"b=تغير", "c=ثالث"}, {"-a"}} {
			next := night(base, changes...)
			known, _ = grow(t, known, nil, knownPages()[base])
			next.Known = known.Tables() // what it knows is of other pages
			next.IDs = nil
			for i := range 8 {
				next.IDs = append(next.IDs, archive.IDRow{Kind: archive.Story, ID: fmt.Sprint("s", i+base), Born: 1})
			}
			if err := goOn(m, next); err != nil {
				t.Fatal(err)
			}
		}
		for name, b := range files(m) {
			to := filepath.Join(fixture, strings.TrimPrefix(name, dir))
			if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, []byte(b), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for format := 1; format <= archive.Format; format++ {
		m := archivetest.NewMemory()
		root := filepath.Join("testdata", fmt.Sprint("format-", format))
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			rel, _ := filepath.Rel(root, path) // path is under root
			put(m, dir+"/"+filepath.ToSlash(rel), b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := open(t, m).Check(t.Context()); err != nil || !slices.Equal(r.Generations, []int{1, 2, 3}) {
			t.Errorf("format %d: %+v, %v", format, r, err)
		}
		s := load(t, m)
		want, after := []string{"b=445 of 2", "c=445 of 2"}, []string{"b=445 of 2", "c=445 of 2", "d=445 of 4"}
		if d := cmp.Diff(want, texts(s)); d != "" {
			t.Errorf("format %d: %s", format, d)
		}
		if s.OptionHash != "0123" || len(s.Groups) != 0 || len(s.Aliases) != 1 || s.Values["threshold"] != .25 || len(s.Nights) != 3 {
			t.Errorf("format %d: %+v", format, s.Tables)
		}
		if known, err := archive.Known(t.Context(), open(t, m), s); err != nil || (known != nil) != (format > 2) {
			t.Errorf("format %d: %v known, %v", format, known != nil, err)
		}
		commit(t, m, night(3, "d=جديد"))
		if d := cmp.Diff(after, texts(load(t, m))); d != "" {
			t.Errorf("format %d, a night later: %s", format, d)
		}
	}
}
