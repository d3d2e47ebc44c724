package publish

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ptr[T any](v T) *T { return &v }

var onePage = Page{ID: "a", Title: "عنوان </script> & \"\u2028", PublishedAt: ptr("2024-06-01"), Credits: []string{"رويترز"},
	Parts: []Part{{Kind: "main", From: 0, To: 7, Page: "b"}}, Confidence: .5}

func writeRun(t *testing.T, dir string, pages ...Page) {
	t.Helper()
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if err := JSONL(f, "pages", slices.Values(pages)); err != nil {
		t.Fatal(err)
	}
	if err := Parquet(f, "pages", slices.Values(pages)); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(&Manifest{Version: "test", Options: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
}

func readPages(t *testing.T, dir string) []Page {
	t.Helper()
	var out []Page
	for p, err := range Read[Page](dir, "pages") {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "out")
	pages := make([]Page, 3000) // more than one batch of rows
	for i := range pages {
		pages[i] = onePage
	}
	writeRun(t, dir, pages...)
	if d := cmp.Diff(pages, readPages(t, dir)); d != "" {
		t.Error(d)
	}
	rows, err := ReadParquet[Page](dir, "pages")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(pages, rows); d != "" {
		t.Error(d)
	}
	m, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range m.Outputs {
		info, err := os.Stat(filepath.Join(dir, o.Name))
		if err != nil || info.Size() != o.Bytes || o.Rows != 3000 || len(o.Hash) != 32 {
			t.Errorf("output %+v: %v, %v", o, info, err)
		}
	}
}

func TestReplacesARunAndNothingElse(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	writeRun(t, dir, onePage)
	writeRun(t, dir, onePage, onePage)
	if n := len(readPages(t, dir)); n != 2 {
		t.Errorf("%d rows after the second run, want 2", n)
	}
	if names := list(t, parent); len(names) != 1 {
		t.Errorf("left beside the run: %v", names)
	}

	foreign := filepath.Join(parent, "home")
	if err := os.Mkdir(foreign, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(foreign); !errors.Is(err, ErrForeign) {
		t.Errorf("Create over a folder with other files: %v", err)
	}
	empty := filepath.Join(parent, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	writeRun(t, empty, onePage)
}

func TestReplacesARunBehindALink(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "real")
	writeRun(t, dir, onePage)
	link := filepath.Join(parent, "latest")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	writeRun(t, link, onePage, onePage)
	if target, err := os.Readlink(link); err != nil || target != dir {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	if n := len(readPages(t, dir)); n != 2 {
		t.Errorf("%d rows behind the link, want 2", n)
	}
}

func TestAbortLeavesTheOldRun(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	writeRun(t, dir, onePage)
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := JSONL(f, "pages", slices.Values([]Page{})); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if n := len(readPages(t, dir)); n != 1 {
		t.Errorf("%d rows after a run that was given up, want those of the old one", n)
	}
	if names := list(t, parent); len(names) != 1 {
		t.Errorf("left beside the run: %v", names)
	}
}

func TestAsideUndoesItself(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	writeRun(t, dir, onePage)
	if _, err := aside(filepath.Join(parent, "absent"), dir); err == nil {
		t.Fatal("a folder that is not there took the place of a run")
	}
	if n := len(readPages(t, dir)); n != 1 {
		t.Errorf("%d rows, want the old run's", n)
	}
	next := filepath.Join(parent, "next")
	writeRun(t, next, onePage, onePage)
	old, err := aside(next, dir)
	if err != nil {
		t.Fatal(err)
	}
	if n, m := len(readPages(t, dir)), len(readPages(t, old)); n != 2 || m != 1 {
		t.Errorf("%d and %d rows, want the new run in place and the old one aside", n, m)
	}
}

func TestReadTellsWhereARowIsBroken(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pages.jsonl"), []byte("{\"id\":\"a\"}\n{\"id\":"), 0o644); err != nil {
		t.Fatal(err)
	}
	n := 0
	var last error
	for _, err := range Read[Page](dir, "pages") {
		n++
		last = err
	}
	if n != 2 || last == nil || !strings.Contains(last.Error(), "row 2") {
		t.Errorf("%d values, the last with error %v", n, last)
	}
}

func TestManifestOfALaterProgram(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, manifestName), []byte(`{"schema": 99}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadManifest(dir); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("error %v", err)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestSchema holds schema.md to the types: every field, in order, with its type, and no other.
func TestSchema(t *testing.T) {
	b, err := os.ReadFile("schema.md")
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]any{"pages": Page{}, "links": Link{}, "passages": Passage{}, "stories": Story{}, "rejects": Reject{}, "terms": Term{}, "near": Near{}, "changes": Change{}, "deleted": Deleted{}}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		_, section, ok := strings.Cut(string(b), "\n## "+name+"\n")
		if !ok {
			t.Errorf("schema.md has no section %s", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		var got []string
		for line := range strings.Lines(section) {
			if cells := strings.Split(line, "|"); len(cells) > 3 && strings.Contains(cells[1], "`") {
				got = append(got, strings.Trim(cells[1], " `")+": "+strings.TrimSpace(cells[2]))
			}
		}
		if d := cmp.Diff(fields(reflect.TypeOf(tables[name])), got); d != "" {
			t.Errorf("%s: types (-), schema.md (+)\n%s", name, d)
		}
	}
	m := reflect.TypeOf(Manifest{})
	for i := range m.NumField() {
		if tag := m.Field(i).Tag.Get("json"); !strings.Contains(string(b), "`"+tag+"`") {
			t.Errorf("schema.md does not name %s of run.json", tag)
		}
	}
}

func fields(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("json")
		if p := f.Tag.Get("parquet"); p != "" && strings.Split(p, ",")[0] != name {
			name += " (but " + p + " in Parquet)"
		}
		out = append(out, name+": "+typeName(f.Type))
	}
	return out
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	case reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Slice:
		return "array of " + typeName(t.Elem())
	case reflect.Struct:
		return strings.ToLower(t.Name())
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.String {
			return "time or null"
		}
		return typeName(t.Elem()) + " or null"
	}
	return t.String()
}

func BenchmarkWrite(b *testing.B) {
	pages := make([]Page, 10_000)
	for i := range pages {
		pages[i] = onePage
		pages[i].ID = strconv.Itoa(i)
	}
	for _, format := range []struct {
		name  string
		write func(*Folder) error
	}{
		{"jsonl", func(f *Folder) error { return JSONL(f, "pages", slices.Values(pages)) }},
		{"parquet", func(f *Folder) error { return Parquet(f, "pages", slices.Values(pages)) }},
	} {
		b.Run(format.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, err := Create(filepath.Join(b.TempDir(), "out"))
				if err != nil {
					b.Fatal(err)
				}
				if err := format.write(f); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(f.outputs[0].Bytes)
				f.Abort()
			}
		})
	}
}
