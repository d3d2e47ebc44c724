package shards

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
)

// TestFormat holds format.md to the types: every field of every table, in order, and no other.
func TestFormat(t *testing.T) {
	b, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]any{pagesTable: Page{}, bandsTable: Band{}, anchorsTable: Anchor{}, rejectsTable: Reject{}} {
		_, section, _ := strings.Cut(string(b), "\n## "+name+"\n")
		section, _, _ = strings.Cut(section, "\n# ")
		section, _, _ = strings.Cut(section, "\n## ")
		var got, want []string
		for line := range strings.Lines(section) {
			if cells := strings.Split(line, "|"); len(cells) > 3 && strings.Contains(cells[1], "`") {
				for field := range strings.SplitSeq(cells[1], ",") {
					got = append(got, strings.Trim(field, " `"))
				}
			}
		}
		for f := range reflect.TypeOf(row).Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("parquet"), ","); f.Type != reflect.TypeFor[archive.Features]() {
				want = append(want, name)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: types (-), format.md (+)\n%s", name, d)
		}
	}
	for _, of := range []any{Shard{}, List{}, Entry{}, publish.Output{}} {
		for f := range reflect.TypeOf(of).Fields() {
			if name := f.Tag.Get("json"); name != "" && !strings.Contains(string(b), "`"+name+"`") {
				t.Errorf("format.md does not name %s of %T", name, of)
			}
		}
	}
}

// made writes a shard of two blocks with rejects before, between and behind them.
func made(t *testing.T, dir, folder string) {
	t.Helper()
	w, err := Create(dir, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, records := range [][]int64{{1, 2, 4}, {6}} {
		var pages []Page
		for _, n := range records {
			pages = append(pages, Page{Record: n, ID: strings.Repeat("p", int(n)), Content: uint64(n)})
		}
		if err := w.Block(pages, []Band{{1, 5, 2}, {0, 9, 1}, {1, 5, 1}}, []Anchor{{8, 2, 0}, {7, 3, 5}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(&Shard{Good: 4}, []Reject{{Record: 0}, {Record: 3}, {Record: 5}, {Record: 7}}); err != nil {
		t.Fatal(err)
	}
}

// folder is a name as [Folder] gives them.
var folder = Folder(&List{Program: "test"}, "file", "hash")

func committed(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	made(t, dir, folder)
	_, entry, err := Load(dir, folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := Commit(dir, &List{Shards: []Entry{entry}}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRecordsComeInOrder(t *testing.T) {
	_, all, err := Open(committed(t))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	var got []int64
	for rec, err := range all[0].Records() {
		switch {
		case err != nil:
			t.Fatal(err)
		case rec.Page != nil:
			got = append(got, rec.Page.Record)
		default:
			got = append(got, -rec.Reject.Record)
		}
	}
	if d := cmp.Diff([]int64{0, 1, 2, -3, 4, -5, 6, -7}, got); d != "" {
		t.Error(d)
	}
	for rows, err := range table[Band](all[0], "bands-00000") {
		if d := cmp.Diff([]Band{{0, 9, 1}, {1, 5, 1}, {1, 5, 2}}, rows); err != nil || d != "" {
			t.Error(err, d)
		}
	}
	for rows, err := range table[Anchor](all[0], "anchors-00001") {
		if d := cmp.Diff([]Anchor{{7, 3, 5}, {8, 2, 0}}, rows); err != nil || d != "" {
			t.Error(err, d)
		}
	}
}

// TestDamage changes, cuts and removes every file: whoever reads it is told.
func TestDamage(t *testing.T) {
	whole := committed(t)
	err := fs.WalkDir(os.DirFS(whole), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.Contains(path, bandsTable) || strings.Contains(path, anchorsTable) { // which are for others
			return err
		}
		for _, c := range []struct {
			name   string
			damage func(b []byte) []byte
		}{
			{"flipped", func(b []byte) []byte { b[len(b)/2] ^= 4; return b }},
			{"cut", func(b []byte) []byte { return b[:len(b)/2] }},
			{"empty", func(b []byte) []byte { return nil }},
			{"gone", nil},
		} {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				return err
			}
			name := filepath.Join(dir, path)
			if c.damage == nil {
				err = os.Remove(name)
			} else {
				var b []byte
				if b, err = os.ReadFile(name); err == nil {
					err = os.WriteFile(name, c.damage(b), 0o644)
				}
			}
			if err != nil {
				return err
			}
			_, all, err := Open(dir)
			if path == listName && c.name == "flipped" {
				continue // it may be another list that can be
			}
			for _, s := range all {
				for _, failed := range s.Records() {
					err = errors.Join(err, failed)
				}
			}
			if !errors.Is(err, ErrCorrupt) && !(errors.Is(err, ErrNone) && path == listName) && !(errors.Is(err, fs.ErrNotExist) && c.name == "gone") {
				t.Errorf("%s, %s: %v", path, c.name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCommitTakesAwayOthers(t *testing.T) {
	dir := committed(t)
	other := Folder(&List{Program: "test"}, "other file", "hash")
	made(t, dir, other)
	if err := os.WriteFile(filepath.Join(dir, "note"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(dir); !errors.Is(err, publish.ErrForeign) {
		t.Errorf("with a file of somebody else's: %v", err)
	}
	l, _, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := Commit(dir, l); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{folder: true, other: false, "note": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "note")); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(dir); err != nil {
		t.Error(err)
	}
}

func TestLaterFormat(t *testing.T) {
	dir := committed(t)
	if err := os.WriteFile(filepath.Join(dir, listName), []byte(`{"format":2}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir); !errors.Is(err, ErrNewer) {
		t.Error(err)
	}
}
