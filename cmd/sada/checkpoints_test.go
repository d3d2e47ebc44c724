package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sada/cmd/internal/exit"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
)

// staged lists the parts of checkpoints in a world.
func (w *world) staged(t fatal) []string {
	names, err := filepath.Glob(w.at("state/stages/*/*-*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// stopped runs a night that is terminated at the n-th operation on checkpoints.
func (w *world) stopped(name string, lines []string, n int, more ...string) (code int, stderr string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.files = &archivetest.Faulty{FS: archive.OS{}, Before: func(op, name string) {
		if strings.Contains(name, "/stages") {
			if n--; n == 0 {
				cancel()
			}
		}
	}}
	w.ctx = ctx
	defer func() { w.files, w.ctx = nil, nil }()
	return w.night(name, lines, more...)
}

// TestCheckpoints stops a night while it reads, at any operation on its checkpoints, and runs it again: with the same
// options, others, other pages or on a state of which a file was changed. It has the bytes of a night that was not
// disturbed, and leaves nothing.
func TestCheckpoints(t *testing.T) {
	all := demoLines(t)
	few(t, fmt.Sprint(bound(15, 300))) // of which a short test does a fifth
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	used := 0
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "sada-stopped-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		world := func(name string) *world {
			w := &world{dir: filepath.Join(dir, name), checkpoint: rapid.IntRange(1, 9).Draw(t, "pages of a checkpoint")}
			if err := os.Mkdir(w.dir, 0o755); err != nil {
				t.Fatal(err)
			}
			return w
		}
		workers := func() string { return fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "workers")) }
		var lines []string
		for _, i := range rapid.Permutation(order).Draw(t, "order")[:rapid.IntRange(10, 40).Draw(t, "pages")] {
			lines = append(lines, all[i])
		}
		// The same record again, a record that is none, and a page that a later one takes the place of.
		lines = append(lines[:8:8], append([]string{lines[2], "{\n"}, lines[8:]...)...)
		if v, ok := olderVersion(lines[4]); ok {
			lines = append([]string{v}, lines...)
		}
		args := []string{"--max-rejects=-1", "--max-cluster-share", "1"}
		got := world("got")
		code, stderr := got.stopped("night", lines, rapid.IntRange(1, 150).Draw(t, "stopped at"), append(args, "--workers", workers())...)
		if code != exit.SIGTERM && code != exit.Done {
			t.Fatalf("code %d: %s", code, stderr)
		}
		parts := got.staged(t)
		if code == exit.Done && len(parts) > 0 {
			t.Fatalf("a night that is done left %q", parts)
		}
		want := 0 // parts that can be used
		switch change := rapid.SampledFrom([]string{"", "", "options", "pages", "flip", "block"}).Draw(t, "change"); {
		case code == exit.Done: // it is run again
		case change == "options":
			args = append(args, "--stemmer", "none")
		case change == "pages":
			lines = lines[:len(lines)-1]
		case change == "block":
			got.checkpoint = 10
		case change == "flip" && len(parts) > 0:
			files, err := filepath.Glob(filepath.Join(rapid.SampledFrom(parts).Draw(t, "part"), "*"))
			if err != nil {
				t.Fatal(err)
			}
			file := rapid.SampledFrom(files).Draw(t, "file")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
			want = len(parts) - 1
		default:
			want = len(parts)
		}
		code, stderr = got.night("night", lines, append(args, "--workers", workers(), "--verbose")...)
		if code != exit.Done {
			t.Fatalf("again: code %d: %s", code, stderr)
		}
		if told := strings.Contains(stderr, "made by a night that was stopped"); told != (want > 0) {
			t.Fatalf("%d of %d parts can be used, and the log has %q", want, len(parts), stderr)
		}
		used += want
		calm := world("calm")
		if code, stderr := calm.night("night", lines, args...); code != exit.Done {
			t.Fatalf("undisturbed: code %d: %s", code, stderr)
		}
		if a, b := mustTree(t, calm.at("state")), mustTree(t, got.at("state")); a != b {
			t.Fatalf("state\n%s, undisturbed\n%s", b, a)
		}
		if err := sameTables(calm.at("out"), got.at("out"), append([]string{"changes.jsonl"}, tables...)...); err != nil {
			t.Fatal(err)
		}
		a, errA := os.ReadFile(calm.at("out/rejects.jsonl"))
		b, errB := os.ReadFile(got.at("out/rejects.jsonl"))
		if err := errors.Join(errA, errB); err != nil || string(b) != strings.ReplaceAll(string(a), calm.dir, got.dir) {
			t.Fatalf("rejects %s, undisturbed %s; %v", b, a, err)
		}
	})
	t.Logf("%d checkpoints were used", used)
	if used == 0 && !testing.Short() { // by chance once in thousands of times
		t.Error("no checkpoint was used")
	}
}

// TestCheckpointsMadeAgain changes every file of checkpoints. The night says which part it makes again, and repair
// moves that one aside.
func TestCheckpointsMadeAgain(t *testing.T) {
	lines := demoLines(t)[:20]
	w := &world{dir: t.TempDir(), checkpoint: 4}
	if code, stderr := w.stopped("night", lines, 30); code != exit.SIGTERM {
		t.Fatal(code, stderr)
	}
	parts := w.staged(t)
	if len(parts) < 2 {
		t.Fatalf("%d parts", len(parts))
	}
	calm := &world{dir: t.TempDir()}
	if code, stderr := calm.night("night", lines); code != exit.Done {
		t.Fatal(code, stderr)
	}
	r := rand.New(rand.NewPCG(5, 5))
	flips := 0
	for _, part := range parts {
		for _, name := range []string{"pages-00000.parquet", "shard.json"} {
			for range bound(2, 40) {
				got := &world{dir: t.TempDir(), checkpoint: 4}
				if err := os.CopyFS(got.at("state"), os.DirFS(w.at("state"))); err != nil {
					t.Fatal(err)
				}
				rel, _ := filepath.Rel(w.dir, part) // it is below
				file := got.at(rel + "/" + name)
				b, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				b[r.IntN(len(b))] ^= 1 << r.IntN(8)
				if err := os.WriteFile(file, b, 0o644); err != nil {
					t.Fatal(err)
				}
				flips++
				code, stdout := got.output("check", "--state", got.at("state"))
				if code != exit.NoState || !strings.Contains(stdout, fmt.Sprintf("%s is damaged", strings.TrimPrefix(rel, "state/"))) {
					t.Fatalf("%s: check: code %d: %s", file, code, stdout)
				}
				code, stderr := got.night("night", lines)
				if code != exit.Done || !strings.Contains(stderr, "a checkpoint of the night is made again") {
					t.Fatalf("%s: code %d: %s", file, code, stderr)
				}
				if a, b := mustTree(t, calm.at("state")), mustTree(t, got.at("state")); a != b {
					t.Fatalf("%s: state\n%s, undisturbed\n%s", file, b, a)
				}
				if a, b := withoutRun(mustTree(t, calm.at("out"))), withoutRun(mustTree(t, got.at("out"))); a != b {
					t.Fatalf("%s: results\n%s, undisturbed\n%s", file, b, a)
				}
			}
		}
	}
	t.Logf("%d bits flipped", flips)
}

// TestCheckpointsOfSmallNights has none: of one block, of the standard input, of a dry run.
func TestCheckpointsOfSmallNights(t *testing.T) {
	lines := demoLines(t)[:20]
	w := &world{dir: t.TempDir(), checkpoint: 4}
	if code, stderr := w.stopped("night", lines, 30); code != exit.SIGTERM {
		t.Fatal(code, stderr)
	}
	before := mustTree(t, w.dir)
	w.files = &archivetest.Faulty{FS: archive.OS{}, Before: func(op, name string) {
		if op != "stat" && op != "open" && op != "readdir" && op != "fstat" && op != "read" {
			t.Errorf("a dry run: %s %s", op, name)
		}
	}}
	if code, stderr := w.night("night", lines, "--dry-run"); code != exit.Done {
		t.Fatal(code, stderr)
	}
	if got := mustTree(t, w.dir); got != before {
		t.Errorf("a dry run leaves\n%s of\n%s", got, before)
	}
	for name, c := range map[string]struct {
		lines []string
		stdin bool
	}{"one block": {lines[:4], false}, "standard input": {lines, true}, "without checkpoints before": {lines[:3], false}} {
		w.files = &archivetest.Faulty{FS: archive.OS{}, Before: func(op, path string) {
			if strings.Contains(path, "/stages") && op != "readdir" && op != "remove" {
				t.Errorf("%s: %s %s", name, op, path)
			}
		}}
		var code int
		var stderr string
		if c.stdin {
			var out, errs bytes.Buffer
			p := &program{ctx: t.Context(), stdin: strings.NewReader(strings.Join(c.lines, "")), stdout: &out, stderr: &errs, files: w.files, checkpoint: w.checkpoint}
			code, stderr = p.run([]string{"night", "-", "--state", w.at("state"), "--out", w.at("out")}), errs.String()
		} else {
			code, stderr = w.night("small", c.lines)
		}
		if code != exit.Done || stderr != "" {
			t.Errorf("%s: code %d: %s", name, code, stderr)
		}
		if parts := w.staged(t); len(parts) > 0 {
			t.Errorf("%s: %q are left", name, parts)
		}
	}
}

// TestCheckpointSpace counts what a night may take of checkpoints, without what is there.
func TestCheckpointSpace(t *testing.T) {
	dir := t.TempDir()
	a, err := archive.Open(filepath.Join(dir, "state"), archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &nightCmd{Out: filepath.Join(dir, "out"), stateFlags: stateFlags{filepath.Join(dir, "state")}}
	const input = 1 << 50 // which no disk of a test has
	var mega [2]int64
	for i, kept := range []int64{0, 4 * input} {
		var path string
		var free int64
		err := c.space(a, input, kept)
		if err == nil {
			t.Fatal("there is room for everything")
		}
		if n, failed := fmt.Sscanf(err.Error(), "%s %d MB free, and the night may take %d MB", &path, &free, &mega[i]); n != 3 {
			t.Fatal(err, failed)
		}
	}
	if mega[0]-mega[1] != 4*input>>20 {
		t.Errorf("%d MB, and %d MB when a part is there", mega[0], mega[1])
	}
}
