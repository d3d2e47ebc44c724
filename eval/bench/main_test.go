package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sada/eval"
)

// Groups come as JSON from sada and from the truth, and with tabs from the peers.
func TestClusters(t *testing.T) {
	dir := t.TempDir()
	read := func(name, content string) eval.Clustering {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		c, pages, err := clusters(path, "cluster")
		if err != nil || pages != 4 {
			t.Fatalf("%s: %d pages, %v", name, pages, err)
		}
		return c
	}
	gold := read("truth", `{"id":"a","cluster":1}`+"\n"+`{"id":"b","cluster":1}`+"\n"+`{"id":"c","cluster":1}`+"\n"+`{"id":"d","cluster":2}`+"\n")
	run := read("run", "a\t7\nb\t7\nc\t8\nd\t8\n")
	// Of three pairs of gold one is found, of two pairs of the run one is right.
	got := eval.Pairwise(eval.Align(gold, run).Table())
	if got.Recall < .333 || got.Recall > .334 || got.Precision != .5 {
		t.Errorf("%+v", got)
	}
	if _, _, err := clusters(filepath.Join(dir, "missing"), "cluster"); err == nil {
		t.Error("no error for a missing file")
	}
}

// The ratios are those of the rounds, whatever the machine did from one round to the next.
func TestTable(t *testing.T) {
	o := &options{Tools: []string{"sada", "other", "broken"}, Rounds: 3, Threads: 2}
	done := map[string][]measure{
		"sada":  {{wall: 1, cpu: 2}, {wall: 10, cpu: 2}, {wall: 1, cpu: 2}},
		"other": {{wall: 3, cpu: 4}, {wall: 30, cpu: 4}, {wall: 3, cpu: 4}},
	}
	var b strings.Builder
	if err := table(&b, o, 300, done); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"300 pages, 2 processors, medians of 3 rounds", "3.00", "2.00", "failed"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestFloorRefusesWhatIsNoJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pages")
	if err := os.WriteFile(path, []byte("{\"id\":\"a\",\"text\":\"كلمة\"}\n{\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := floor(path, 2); err == nil {
		t.Error("no error")
	}
}

// An interpreter that is only a name for others, or of another version, is passed over, and an error says so
// of each.
func TestChoose(t *testing.T) {
	dir := t.TempDir()
	script := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	shim := script("shim", "echo 'pyenv: python3.12: command not found' >&2; echo more >&2; exit 127")
	older, right := script("older", "echo 3.11"), script("right", "echo "+pythonVersion)
	missing := filepath.Join(dir, "missing")
	if got, err := choose([]string{shim, missing, older, right}); got != right || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	_, err := choose([]string{shim, missing, older})
	for _, want := range []string{"pyenv: python3.12: command not found", "older: is Python 3.11", "missing: ", "--python"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
}

// A peer that is given pages is a tool with each library that reads them, and no other tool is.
func TestReaders(t *testing.T) {
	want := []string{"sada", "gaoya with orjson", "gaoya with json", "datatrove"}
	if got := readers([]string{"sada", "gaoya", "datatrove"}, []string{"orjson", "json"}); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
