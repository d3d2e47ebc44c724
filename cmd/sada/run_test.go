package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
)

var update = flag.Bool("update", false, "write the golden files")

// sada runs the program in this process; it must end with code 0. Its output is returned.
func sada(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr); code != exit.Done {
		t.Fatalf("sada %s: code %d\n%s", strings.Join(args, " "), code, &stderr)
	}
	return stdout.String()
}

// TestSummary holds what the README's command prints to a golden file, but for times, memory and
// the path of the results.
func TestSummary(t *testing.T) {
	const golden = "testdata/summary.txt"
	out := filepath.Join(t.TempDir(), "out")
	got := sada(t, "run", demo, "--out", out)
	got = regexp.MustCompile(`in [0-9.]+ s, [0-9]+ MB`).ReplaceAllString(got, "in TIME s, MEMORY MB")
	got = strings.ReplaceAll(got, out, "OUT")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("the summary is not that of %s; if it should not be, run the test with -update:\n%s", golden, d)
	}
}

// TestOrderAndWorkers runs on the demo's lines in other orders, in several files, with other numbers
// of goroutines: no byte of a table may depend on them.
func TestOrderAndWorkers(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile(demo)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(b), "\n")+"\n", "\n")
	lines = lines[:len(lines)-1]
	want := filepath.Join(dir, "want")
	sada(t, "run", demo, "--out", want, "--workers", "1", "--quiet")
	for n, c := range []struct{ workers, files int }{{1, 1}, {1, 7}, {2, 1}, {2, 3}, {5, 2}, {5, 40}} {
		t.Run(fmt.Sprintf("%d workers, %d files", c.workers, c.files), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(n), 1))
			rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
			in, out := filepath.Join(dir, fmt.Sprint("in", n)), filepath.Join(dir, fmt.Sprint("out", n))
			if err := os.Mkdir(in, 0o755); err != nil {
				t.Fatal(err)
			}
			for i := range c.files {
				part := lines[i*len(lines)/c.files : (i+1)*len(lines)/c.files]
				if err := os.WriteFile(filepath.Join(in, fmt.Sprint(i)), []byte(strings.Join(part, "")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			sada(t, "run", in, "--out", out, "--workers", strconv.Itoa(c.workers), "--quiet")
			if err := sameTables(want, out, tables...); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestVersions puts an older version of every dated page among the demo's, before or after it: what
// is found is the same without them, and each is among the rejects, which are in the order of the input.
func TestVersions(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile(demo)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var lines []string
	older := 0
	for line := range strings.Lines(string(b)) {
		lines = append(lines, line)
		var row inputRow
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if row.PublishedAt == "" {
			continue
		}
		older++
		row.PublishedAt, row.Text = "2000-01-01T00:00:00Z", "صيغة أقدم\n"+row.Text
		version, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(version)+"\n")
	}
	if older < 100 {
		t.Fatalf("%d dated pages in the demo, want most of them", older)
	}
	rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	in, want, out := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "want"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	sada(t, "run", demo, "--out", want, "--quiet")
	sada(t, "run", in, "--out", out, "--quiet", "--workers", "4")
	if err := sameTables(want, out, "pages.jsonl", "links.jsonl", "passages.jsonl"); err != nil {
		t.Error(err)
	}
	last := int64(0)
	for r, err := range publish.Read[publish.Reject](out, "rejects") {
		if err != nil {
			t.Fatal(err)
		}
		older--
		if r.Line <= last || r.Reason != "duplicate id, another version is kept" || !strings.Contains(lines[r.Line-1], "صيغة أقدم") {
			t.Errorf("reject %+v after line %d", r, last)
		}
		last = r.Line
	}
	if older != 0 {
		t.Errorf("%d more older versions than rejects", older)
	}
}

// TestSeedPage runs on a real page that has a whole other article after its own.
func TestSeedPage(t *testing.T) {
	shared := os.Getenv("SADA_SHARED")
	if shared == "" {
		t.Skip("SADA_SHARED is not set: the folder with data/seed_page.txt, a page that is not in the repository")
	}
	out := filepath.Join(t.TempDir(), "out")
	sada(t, "run", filepath.Join(shared, "data", "seed_page.txt"), "--out", out, "--quiet")
	var pages []publish.Page
	for p, err := range publish.Read[publish.Page](out, "pages") {
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p)
	}
	if len(pages) != 1 {
		t.Fatalf("%d pages, want 1", len(pages))
	}
	p := pages[0]
	var parts []string
	for _, part := range p.Parts {
		parts = append(parts, fmt.Sprintf("%s %d-%d", part.Kind, part.From, part.To))
	}
	want := []string{"title 0-113", "dateline 113-161", "main 161-2175", "source 2175-2213", "tags 2213-2285", "marker 2285-2306", "tail 2306-8135"}
	if d := cmp.Diff(want, parts); d != "" {
		t.Errorf("parts (-want +got):\n%s", d)
	}
	if p.DateUsed == nil || *p.DateUsed != "2023-09-22" || p.DateFrom != "text" || p.PublishedAt != nil {
		t.Errorf("date %s from %q, published %s; want 2023-09-22 from the text, and none of the record's", text(p.DateUsed), p.DateFrom, text(p.PublishedAt))
	}
	if p.Credit != "البوابة نيوز" {
		t.Errorf("source %q, want البوابة نيوز", p.Credit)
	}
	if p.Tags != "روسيا بيلاروسيا الكرملين" {
		t.Errorf("tags %q", p.Tags)
	}
	// The tail's own title is the first line after the marker.
	var tails []publish.Passage
	for s, err := range publish.Read[publish.Passage](out, "passages") {
		if err != nil {
			t.Fatal(err)
		}
		tails = append(tails, s)
	}
	if len(tails) != 1 || !tails[0].Cut || tails[0].Title == nil || tails[0].Title.From != 2306 || tails[0].Marker == nil || *tails[0].Marker != (publish.Range{From: 2285, To: 2306}) {
		t.Errorf("passages %+v, want the tail alone, cut, with its marker and its title", tails)
	}
}
