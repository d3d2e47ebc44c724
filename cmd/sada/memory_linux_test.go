package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"sada/cmd/internal/publish"
)

// writePages writes a file of n pages over four weeks. Each has 500 words of 50,000, and every fourth page is a copy of an earlier
// one in which some words are others.
func writePages(t *testing.T, path string, n int) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := rand.New(rand.NewPCG(7, 7))
	letters := []rune("ابتثجحخدذرزسشصضطظعغفقكلمنهوي")
	words := make([]string, 50_000)
	for i := range words {
		word := make([]rune, 3+r.IntN(4))
		for k := range word {
			word[k] = letters[r.IntN(len(letters))]
		}
		words[i] = string(word)
	}
	var earlier [64][]string
	w := bufio.NewWriterSize(file, 1<<20)
	for i := range n {
		page := make([]string, 500)
		if of := earlier[r.IntN(len(earlier))]; i%4 == 3 && of != nil {
			copy(page, of)
		} else {
			for k := range page {
				page[k] = words[r.IntN(len(words))]
			}
		}
		for range 20 {
			page[r.IntN(len(page))] = words[r.IntN(len(words))]
		}
		earlier[r.IntN(len(earlier))] = page
		fmt.Fprintf(w, `{"id": "p%d", "title": "%s %s %s", "source": "s%d", "published_at": "2026-02-%02dT%02d:00:00Z", "text": "`,
			i, page[0], page[1], page[2], i%40, 1+i*28/n, i%24)
		for _, word := range page {
			w.WriteString(word)
			w.WriteByte(' ')
		}
		w.WriteString("\"}\n")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// TestMemoryIsHeld takes no more than --memory says, of what takes half as much again without it.
func TestMemoryIsHeld(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const limit = 512 << 20
	dir := t.TempDir()
	writePages(t, filepath.Join(dir, "pages.jsonl"), 50_000)
	read := func(name ...string) []byte {
		text, err := os.ReadFile(filepath.Join(append([]string{dir}, name...)...))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	peak := func(out string, more ...string) int64 {
		cmd, _, stderr := child(t, dir, "sada", append([]string{"run", "pages.jsonl", "--out", out, "--quiet"}, more...)...)
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, stderr)
		}
		var m publish.Manifest
		if err := json.Unmarshal(read(out, "run.json"), &m); err != nil {
			t.Fatal(err)
		}
		return m.PeakMemory
	}
	free, held := peak("free"), peak("held", "--memory", fmt.Sprint(limit))
	t.Logf("%d MiB without a limit, %d MiB with one of %d", free>>20, held>>20, limit>>20)
	if free < 3*limit/2 {
		t.Errorf("%d bytes without a limit: too few pages to try one of %d", free, limit)
	}
	if held > limit {
		t.Errorf("%d bytes with a limit of %d", held, limit)
	}
	for _, name := range []string{"pages.jsonl", "passages.jsonl", "stories.jsonl", "links.jsonl"} {
		if !bytes.Equal(read("free", name), read("held", name)) {
			t.Errorf("%s differs", name)
		}
	}
}
