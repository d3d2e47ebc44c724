package corpus

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestResultsAreNoPages(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page := `{"id":"a","title":"t","text":"x"}` + "\n"
	write("pages.jsonl", page)
	for _, name := range []string{"run.json", "pages.jsonl", "links.jsonl"} {
		write(filepath.Join("out", name), page)
	}
	write("half/pages.jsonl", page) // only named like results
	set, err := Open([]string{root}, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range set.Records(t.Context()) {
		n++
	}
	if n != 2 {
		t.Errorf("%d records, want one of the folder itself and one of half", n)
	}
}

// An idle terminal must not keep a program alive that was told to stop.
func TestCancelWhileTheInputIsIdle(t *testing.T) {
	in, out := io.Pipe()
	defer out.Close()
	set, err := Open([]string{"-"}, Options{Workers: 2, Stdin: in})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		var last error
		for _, err := range set.Records(ctx) {
			last = err
		}
		done <- last
	}()
	cancel()
	if err := <-done; err == nil {
		t.Error("no error after the end of the context")
	}
}
