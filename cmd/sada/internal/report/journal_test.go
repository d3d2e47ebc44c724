package report

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sada/eval"
)

func TestJournalGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labels.jsonl")
	open := func() *Journal {
		t.Helper()
		j, err := OpenJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := open()
	if _, err := OpenJournal(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second journal of one file: %v", err)
	}
	one := eval.Judgement{A: "p1", B: "p2", Annotator: "منى", Label: eval.SameText, At: "2026-01-01T00:00:00Z"}
	if err := errors.Join(j.Append(one), j.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A crash while a second answer was written leaves any beginning of its line.
	for n := range len(whole) {
		if err := os.WriteFile(path, append(whole[:len(whole):len(whole)], whole[:n]...), 0o600); err != nil {
			t.Fatal(err)
		}
		j := open()
		if len(j.Said()) != 1 || j.Said()[0] != one || j.Torn != n {
			t.Fatalf("after %d bytes of another answer: %v, torn %d", n, j.Said(), j.Torn)
		}
		two := one
		two.Label = eval.Unlabelled
		if err := errors.Join(j.Append(two), j.Close()); err != nil {
			t.Fatal(err)
		}
		j = open()
		if got := j.Said(); len(got) != 2 || got[1] != two || j.Torn != 0 {
			t.Fatalf("then: %v", got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte("{\"a\":\"p1\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path); err == nil {
		t.Error("a file that holds something else was opened")
	}
}
