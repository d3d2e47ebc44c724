package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sada/cluster"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
	"sada/eval"
)

// world is a folder in which nights are run.
type world struct {
	dir        string
	files      archive.FS
	ctx        context.Context // of the program; nil never ends
	checkpoint int             // pages of one; 0 is what nights have
}

// at is a path of the world.
func (w *world) at(name string) string { return filepath.Join(w.dir, name) }

// run runs the program in this process on the world's file system.
func (w *world) run(args ...string) (code int, stderr string) {
	code, _, stderr = w.program(args...)
	return code, stderr
}

// output is run with what the program prints.
func (w *world) output(args ...string) (code int, stdout string) {
	code, stdout, _ = w.program(args...)
	return code, stdout
}

func (w *world) program(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	p := &program{ctx: w.ctx, stdin: strings.NewReader(""), stdout: &out, stderr: &err, files: w.files, checkpoint: w.checkpoint}
	if p.ctx == nil {
		p.ctx = context.Background()
	}
	code = p.run(args)
	return code, out.String(), err.String()
}

// night runs a night over lines.
func (w *world) night(name string, lines []string, more ...string) (code int, stderr string) {
	in := w.at(name + ".jsonl")
	if err := os.WriteFile(in, []byte(strings.Join(lines, "")), 0o644); err != nil {
		panic(err)
	}
	args := append([]string{"night", in, "--state", w.at("state"), "--out", w.at("out")}, more...)
	if len(lines) == 0 {
		args = slices.Delete(args, 1, 2)
	}
	return w.run(args...)
}

func demoLines(t testing.TB) []string {
	t.Helper()
	b, err := os.ReadFile(demo)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(b)))
}

// older gives an older version of a line.
func olderVersion(line string) (string, bool) {
	var row inputRow
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		panic(err)
	}
	row.Text, row.Title = "صيغة أقدم\n"+row.Text, "صيغة أقدم"
	if row.PublishedAt == "" {
		return "", false
	}
	row.PublishedAt = "2000-01-01T00:00:00Z"
	b, err := json.Marshal(row)
	if err != nil {
		panic(err)
	}
	return string(b) + "\n", true
}

func idOf(line string) string {
	var row inputRow
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		panic(err)
	}
	return row.ID
}

// thorough asks for the long form of tests, which .ci/torture runs.
func thorough() bool { return os.Getenv("SADA_TORTURE") != "" }

// few has rapid check a property a few times: nights wait for disks.
func few(t *testing.T, checks string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	was := f.Value.String()
	if err := f.Value.Set(checks); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(was) }) // as it was
}

// TestSplits splits corpora into nights: with older versions of pages on other nights, with pages that are
// deleted later, in any order, with any number of goroutines. The copy groups are those of one run over
// what is left. The same nights in another order within, with other goroutines, have the same bytes; a
// night run again changes nothing.
func TestSplits(t *testing.T) {
	all := demoLines(t)
	if testing.Short() {
		few(t, "10") // of which rapid does a fifth in a short test
	} else if !thorough() {
		few(t, "12")
	}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "sada-split-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		order := make([]int, len(all))
		for i := range order {
			order[i] = i
		}
		var lines []string
		for _, i := range rapid.Permutation(order).Draw(t, "order")[:rapid.IntRange(1, 40).Draw(t, "pages")] {
			lines = append(lines, all[i])
		}
		nights := rapid.IntRange(1, 4).Draw(t, "nights")
		split := make([][]string, nights)
		deleted := make([][]string, nights)
		var left []string
		for _, line := range lines {
			n := rapid.IntRange(0, nights-1).Draw(t, "night")
			split[n] = append(split[n], line)
			switch rapid.IntRange(0, 9).Draw(t, "fate") {
			case 0:
				if v, ok := olderVersion(line); ok {
					m := rapid.IntRange(0, nights-1).Draw(t, "night of the older version")
					split[m] = append(split[m], v)
				}
			case 1:
				if n < nights-1 {
					m := rapid.IntRange(n+1, nights-1).Draw(t, "night of the end")
					deleted[m] = append(deleted[m], idOf(line)+"\n")
					continue
				}
			}
			left = append(left, line)
		}
		worlds := []*world{{dir: filepath.Join(dir, "a")}, {dir: filepath.Join(dir, "b")}}
		for k, w := range worlds {
			if err := os.Mkdir(w.dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for n := range nights {
				night := slices.Clone(split[n])
				if k == 1 {
					rand.New(rand.NewPCG(1, uint64(n))).Shuffle(len(night), func(i, j int) { night[i], night[j] = night[j], night[i] })
				}
				args := []string{"--workers", fmt.Sprint(1 + 2*k), "--max-churn", "1", "--max-cluster-share", "1"}
				if len(deleted[n]) > 0 {
					if err := os.WriteFile(w.at("deleted"), []byte(strings.Join(deleted[n], "")), 0o644); err != nil {
						t.Fatal(err)
					}
					args = append(args, "--delete", w.at("deleted"))
				} else if len(night) == 0 {
					continue
				}
				name := fmt.Sprint("night", n)
				if code, stderr := w.night(name, night, args...); code != exit.Done {
					if len(left) == 0 && strings.Contains(stderr, "no page") {
						return
					}
					t.Fatalf("night %d: code %d: %s", n, code, stderr)
				}
				if k == 0 && rapid.Bool().Draw(t, "again") {
					before, published := mustTree(t, w.at("state")), mustTree(t, w.at("out"))
					if code, stderr := w.night(name, night, args...); code != exit.Done {
						t.Fatalf("night %d again: code %d: %s", n, code, stderr)
					}
					if got := mustTree(t, w.at("state")); got != before {
						t.Fatalf("night %d again: state\n%s, before\n%s", n, got, before)
					}
					if got := mustTree(t, w.at("out")); withoutRun(got) != withoutRun(published) {
						t.Fatalf("night %d again: results\n%s, before\n%s", n, got, published)
					}
				}
			}
		}
		if err := sameTables(worlds[0].at("out"), worlds[1].at("out"), append([]string{"changes.jsonl"}, tables...)...); err != nil {
			t.Fatalf("the same split: %v", err)
		}
		if len(left) == 0 {
			return
		}
		w := worlds[0]
		if err := os.WriteFile(w.at("left.jsonl"), []byte(strings.Join(left, "")), 0o644); err != nil {
			t.Fatal(err)
		}
		if code, stderr := w.run("run", w.at("left.jsonl"), "--out", w.at("full"), "--quiet"); code != exit.Done {
			t.Fatalf("run: code %d: %s", code, stderr)
		}
		want, err := partition("copy_group", w.at("full"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := partition("copy_group", w.at("out"))
		if err != nil || !slices.Equal(want, got) {
			t.Fatalf("copy groups %q, want %q; %v", got, want, err)
		}
		if nights == 1 { // nothing is frozen yet
			if err := sameTables(w.at("full"), w.at("out"), tables...); err != nil && len(left) == len(lines) {
				t.Fatalf("one night and a run: %v", err)
			}
		}
	})
}

// fatal is what a test and a rapid test share.
type fatal interface{ Fatal(args ...any) }

func mustTree(t fatal, dir string) string {
	s, err := treeOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// withoutRun leaves out run.json, which has times.
func withoutRun(tree string) string {
	var out strings.Builder
	for line := range strings.Lines(tree) {
		if !strings.HasPrefix(line, "run.json ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// TestFrozenStories holds the stories of six nights to those of one run: terms keep the weights they had
// until there are twice as many texts, so they may differ, by a little.
func TestFrozenStories(t *testing.T) {
	lines := demoLines(t)
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(dayOf(a), dayOf(b)) })
	w := &world{dir: t.TempDir()}
	const nights = 6
	for n := range nights {
		if code, stderr := w.night(fmt.Sprint(n), lines[n*len(lines)/nights:(n+1)*len(lines)/nights]); code != exit.Done {
			t.Fatalf("night %d: code %d: %s", n, code, stderr)
		}
	}
	full := w.at("full")
	sada(t, "run", demo, "--out", full, "--quiet")
	a, b := storiesOf(t, full), storiesOf(t, w.at("out"))
	score := eval.BCubed(eval.Align(a, b).Table())
	t.Logf("B-cubed F1 of the stories of %d nights by those of one run: %.3f", nights, score.F1)
	if score.F1 < .95 {
		t.Errorf("B-cubed F1 %.3f, want .95", score.F1)
	}
	want, err := partition("copy_group", full)
	if err != nil {
		t.Fatal(err)
	}
	got, err := partition("copy_group", w.at("out"))
	if err != nil || !slices.Equal(want, got) {
		t.Errorf("copy groups %q, want %q; %v", got, want, err)
	}
}

func dayOf(line string) string {
	var row inputRow
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		panic(err)
	}
	return row.PublishedAt
}

func storiesOf(t *testing.T, dir string) eval.Clustering {
	t.Helper()
	var rows []eval.Assignment
	for p, err := range publish.Read[publish.Page](dir, "pages") {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, eval.Assignment{Page: p.ID, Cluster: p.Story})
	}
	c, err := eval.NewClustering(rows)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestForgotten takes from a state what the clustering knows: as it is in a state of before there was such a
// thing, with tables that are those of other pages, and without a file of postings. The next night says so, and is as if nothing were missing.
func TestForgotten(t *testing.T) {
	lines := demoLines(t)[:40]
	calm := &world{dir: t.TempDir()}
	for n, night := range [][]string{lines[:20], lines[20:30], lines[30:]} {
		if code, stderr := calm.night(fmt.Sprint("night", n), night); code != exit.Done {
			t.Fatal(code, stderr)
		}
	}
	replaced := func(known *cluster.Tables) func(w *world) {
		return func(w *world) { forget(t, w.at("state"), known) }
	}
	for name, forget := range map[string]func(w *world){
		"nothing":     replaced(nil),
		"other pages": replaced(new(cluster.Tables)),
		"a lost run": func(w *world) {
			if err := os.Remove(w.at("state/runs/run-000001-anchors-0.postings")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		w := &world{dir: t.TempDir()}
		if code, stderr := w.night("night0", lines[:20]); code != exit.Done {
			t.Fatal(code, stderr)
		}
		forget(w)
		for n, night := range [][]string{lines[20:30], lines[30:]} {
			code, stderr := w.night(fmt.Sprint("night", n+1), night, "--verbose")
			if code != exit.Done || strings.Contains(stderr, "clustered anew") != (n == 0) {
				t.Fatalf("%s: night %d: code %d: %s", name, n, code, stderr)
			}
		}
		// The number of a night is in the IDs that it gives.
		for _, kind := range []string{"copy_group", "story"} {
			want, err := partition(kind, calm.at("out"))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := partition(kind, w.at("out")); err != nil || !slices.Equal(want, got) {
				t.Errorf("%s: %s %q, want %q; %v", name, kind, got, want, err)
			}
		}
		if err := sameTables(calm.at("out"), w.at("out"), "passages.jsonl", "links.jsonl"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// forget commits a generation without what can be worked out again, or with that of others.
func forget(t *testing.T, state string, known *cluster.Tables) {
	t.Helper()
	a, err := archive.Open(state, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Lock(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	s, err := a.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Commit(t.Context(), &archive.Next{Tables: s.Tables, Base: s.Generation, Program: s.Program, Known: known}); err != nil {
		t.Fatal(err)
	}
	if err := a.Unlock(); err != nil {
		t.Fatal(err)
	}
}
