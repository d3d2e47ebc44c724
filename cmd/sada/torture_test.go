//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sada/cmd/internal/exit"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
)

// tortured is a state of two nights, or of none, and what the next one makes of it undisturbed.
type tortured struct {
	lines         []string // of the night
	before, after *world
	args          []string
	checkpoint    int // pages of a checkpoint
}

func torture(t *testing.T, pages int) *tortured {
	t.Helper()
	if testing.Short() {
		t.Skip("hundreds of nights take long with the race detector")
	}
	lines := demoLines(t)[:pages]
	w := &tortured{lines: lines[2*pages/3:], before: &world{dir: t.TempDir()}, after: &world{dir: t.TempDir()}, args: []string{"--keep", "2"}}
	for n := range 2 {
		if code, stderr := w.before.night(fmt.Sprint("night", n), lines[n*pages/3:(n+1)*pages/3]); code != exit.Done {
			t.Fatal(code, stderr)
		}
	}
	w.finish(t)
	return w
}

// finish has the night done undisturbed.
func (w *tortured) finish(t *testing.T) {
	t.Helper()
	w.copyTo(t, w.after.dir)
	if code, stderr := w.after.night("night2", w.lines, w.args...); code != exit.Done {
		t.Fatal(code, stderr)
	}
}

// tortureFirst is a first night that is large for its checkpoints.
func tortureFirst(t *testing.T, pages int) *tortured {
	t.Helper()
	if testing.Short() {
		t.Skip("hundreds of nights take long with the race detector")
	}
	w := &tortured{lines: demoLines(t)[:pages], before: &world{dir: t.TempDir()}, after: &world{dir: t.TempDir()}, checkpoint: 4}
	for _, name := range []string{"state", "out"} {
		if err := os.Mkdir(w.before.at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.finish(t)
	return w
}

// first says whether there was no night before.
func (w *tortured) first() bool { return w.checkpoint > 0 }

// world gives one in which the night is disturbed.
func (w *tortured) world(dir string) *world { return &world{dir: dir, checkpoint: w.checkpoint} }

// environ is that of a process in which the night is disturbed.
func (w *tortured) environ() []string {
	return append(os.Environ(), fmt.Sprintf("%s=%d", checkpointVariable, w.checkpoint))
}

// both runs a test with a third night and with a first one.
func both(t *testing.T, pages int, test func(t *testing.T, w *tortured)) {
	t.Run("third", func(t *testing.T) { test(t, torture(t, pages)) })
	t.Run("first", func(t *testing.T) { test(t, tortureFirst(t, pages)) })
}

// copyTo copies the state and the results before the third night.
func (w *tortured) copyTo(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"state", "out"} {
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, name)), os.CopyFS(filepath.Join(dir, name), os.DirFS(w.before.at(name)))); err != nil {
			t.Fatal(err)
		}
	}
}

// survives holds a world after whatever happened to its third night to the promise: the state is that of
// the night before or after, check is clean, results are whole, and the night again has the bytes of one
// that was not disturbed.
func (w *tortured) survives(t *testing.T, what string, got *world) {
	t.Helper()
	calm := w.world(got.dir)
	if code, stderr := calm.run("check", "--state", got.at("state")); code != exit.Done && !(code == exit.NoState && w.first()) {
		t.Fatalf("%s: check: code %d: %s", what, code, stderr)
	}
	w.oldOrNew(t, what, got)
	if code, stderr := calm.night("night2", w.lines, w.args...); code != exit.Done {
		t.Fatalf("%s: again: code %d: %s", what, code, stderr)
	}
	if a, b := mustTree(t, w.after.at("state")), mustTree(t, got.at("state")); a != b {
		t.Fatalf("%s: again: state\n%s, undisturbed\n%s", what, b, a)
	}
	if a, b := withoutRun(mustTree(t, w.after.at("out"))), withoutRun(mustTree(t, got.at("out"))); a != b {
		t.Fatalf("%s: again: results\n%s, undisturbed\n%s", what, b, a)
	}
	if left, err := filepath.Glob(got.at(".out.new-*")); err != nil || len(left) > 0 {
		t.Fatalf("%s: again: %q is left, %v", what, left, err)
	}
}

// oldOrNew compares the results, and the current generation of the state, with those before and after.
func (w *tortured) oldOrNew(t *testing.T, what string, got *world) {
	t.Helper()
	out := withoutRun(mustTree(t, got.at("out")))
	if out != withoutRun(mustTree(t, w.before.at("out"))) && out != withoutRun(mustTree(t, w.after.at("out"))) {
		t.Fatalf("%s: results are neither those before nor those after:\n%s", what, out)
	}
	current, err := os.ReadFile(got.at("state/current"))
	if w.first() && (errors.Is(err, fs.ErrNotExist) || string(current) == "none\n") {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []*world{w.before, w.after} {
		b, err := os.ReadFile(other.at("state/current"))
		if err != nil && !w.first() {
			t.Fatal(err)
		}
		if bytes.Equal(b, current) {
			return
		}
	}
	t.Fatalf("%s: the state is neither the one before nor the one after: %s", what, current)
}

// bound is a number for ordinary tests, and one for torture, which $SADA_TORTURE may set.
func bound(short, long int) int {
	s := os.Getenv("SADA_TORTURE")
	if s == "" {
		return short
	}
	if percent, err := strconv.Atoi(s); err == nil {
		return max(short, long*percent/100)
	}
	return long
}

// TestNightFaults fails operations of the state's files in whole nights, once and for ever after: each one
// with torture, some without.
func TestNightFaults(t *testing.T) { both(t, 24, nightFaults) }

func nightFaults(t *testing.T, w *tortured) {
	got := w.world(t.TempDir())
	r := rand.New(rand.NewPCG(1, 7))
	injected, kept := 0, 0
	count := func() int { // the operations of a night
		w.copyTo(t, got.dir)
		f := &archivetest.Faulty{FS: archive.OS{}}
		got.files = f
		if code, stderr := got.night("night2", w.lines, w.args...); code != exit.Done {
			t.Fatal(code, stderr)
		}
		return f.Count
	}()
	every := max(1, count/bound(10, count))
	for _, mode := range []struct {
		forever, torn bool
		err           error
		code          int
	}{{false, true, syscall.ENOSPC, exit.NoSpace}, {true, false, syscall.EIO, exit.Failed}} {
		for at := 1; at <= count; at += 1 + r.IntN(every) {
			w.copyTo(t, got.dir)
			f := &archivetest.Faulty{FS: archive.OS{}, At: at, Forever: mode.forever, Torn: mode.torn, Err: mode.err}
			got.files = f
			code, stderr := got.night("night2", w.lines, w.args...)
			what := fmt.Sprintf("operation %d, %s, %+v", at, f.Hit, mode)
			if f.Hit == "" {
				t.Fatalf("%s: nothing failed", what)
			}
			injected++
			// After the night, when old generations are removed, a failure is told and no more, as is one of a checkpoint.
			if told := strings.Contains(stderr, "old generations cannot be removed") || strings.Contains(stderr, "checkpoint") || strings.HasPrefix(f.Hit, "close "); code != mode.code && !(code == exit.Done && told) {
				t.Fatalf("%s: code %d: %s", what, code, stderr)
			}
			if strings.Contains(f.Hit, "/stages") {
				kept++
			}
			w.survives(t, what, got)
		}
	}
	t.Logf("%d operations of %d failed in whole nights, %d of them on checkpoints", injected, count, kept)
	if w.first() && kept == 0 {
		t.Error("no operation on a checkpoint failed")
	}
}

// TestKill kills real nights at random times.
func TestKill(t *testing.T) { both(t, 60, kill) }

func kill(t *testing.T, w *tortured) {
	got := w.world(t.TempDir())
	night := func() *exec.Cmd {
		w.copyTo(t, got.dir)
		cmd, _, _ := child(t, got.dir, "sada", append([]string{"night", "night2.jsonl", "--state", "state", "--out", "out", "-q"}, w.args...)...)
		cmd.Env = w.environ()
		if err := os.WriteFile(got.at("night2.jsonl"), []byte(strings.Join(w.lines, "")), 0o644); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	r := rand.New(rand.NewPCG(2, uint64(os.Getpid()))) // the times are not repeatable anyway
	kills, ended, late, pub, reading, resumed := 0, 0, 0, 0, 0, 0
	generation := 3
	if w.first() {
		generation = 1
	}
	took := time.Duration(0)
	for range 3 {
		cmd := night()
		start := time.Now()
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		took = max(took, time.Since(start))
	}
	for kills < bound(6, 300) || w.first() && resumed < bound(2, 100) {
		cmd := night()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait := time.Duration(r.Int64N(int64(took)))
		time.Sleep(wait)
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); err == nil {
			ended++
			if ended > 20*(kills+20) {
				t.Fatalf("%d nights ended before they were killed, %d were killed", ended, kills)
			}
			took = took * 19 / 20 // the machine is faster than it was
			continue
		} else if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatal(err)
		}
		took = took * 100 / 99
		kills++
		if s, err := os.ReadFile(got.at("state/current")); err == nil && strings.HasPrefix(string(s), fmt.Sprintf("gen-%06d", generation)) {
			late++
		} else if parts, err := filepath.Glob(got.at("state/stages/*/0*")); err != nil {
			t.Fatal(err)
		} else if len(parts) > 0 {
			reading++
			if slices.ContainsFunc(parts, func(name string) bool { return !strings.HasSuffix(name, ".new") }) {
				resumed++
			}
		}
		if m, err := os.ReadFile(got.at("out/run.json")); err == nil && strings.Contains(string(m), fmt.Sprintf(`"generation": %d`, generation)) {
			pub++
		}
		w.survives(t, fmt.Sprintf("killed after %v", wait), got)
	}
	t.Logf("%d nights killed: %d of them after the state had the night, %d after the results were published, %d with checkpoints, %d of which the next night could use; %d more had ended", kills, late, pub, reading, resumed, ended)
}

// TestTerm has SIGTERM end a night soon, and leave everything as it was or done.
func TestTerm(t *testing.T) {
	w := torture(t, 60)
	got := &world{dir: t.TempDir()}
	w.copyTo(t, got.dir)
	cmd, _, stderr := child(t, got.dir, "sada", append([]string{"night", "-", "--state", "state", "--out", "out"}, w.args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdin.Write([]byte(w.lines[0])); err != nil {
		t.Fatal(err)
	}
	await(t, "the beginning of the night", func() bool { return staged(got.dir) })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd.Wait()); code != exit.SIGTERM {
		t.Errorf("code %d: %s", code, stderr)
	}
	wantNames(t, got.dir, "out", "state")
	w.survives(t, "terminated", got)
}

// TestFlips changes bytes in every file of a state. Whatever a night does with that, it is not wrong
// results: it is refused, or has the bytes of one that was not disturbed. After a repair the state is whole.
func TestFlips(t *testing.T) {
	w := torture(t, 24)
	got := &world{dir: t.TempDir()}
	r := rand.New(rand.NewPCG(3, 3))
	var files []string
	for line := range strings.Lines(mustTree(t, w.before.at("state"))) {
		files = append(files, strings.Fields(line)[0])
	}
	flips, refused, lost := 0, 0, 0
	for _, name := range files {
		for range bound(1, 12) {
			w.copyTo(t, got.dir)
			path := got.at("state/" + name)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(b) == 0 {
				continue
			}
			at := r.IntN(len(b))
			b[at] ^= 1 << r.IntN(8)
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			flips++
			what := fmt.Sprintf("%s, byte %d", name, at)
			if code, stderr := got.run("check", "--state", got.at("state")); code != exit.Corrupt {
				t.Fatalf("%s: check: code %d: %s", what, code, stderr)
			}
			code, stderr := got.night("night2", w.lines, "--keep", "3")
			switch {
			case code == exit.Corrupt:
				refused++
				if withoutRun(mustTree(t, got.at("out"))) != withoutRun(mustTree(t, w.before.at("out"))) {
					t.Fatalf("%s: a night that was refused changed the results", what)
				}
			case code != exit.Done:
				t.Fatalf("%s: code %d: %s", what, code, stderr)
			default: // the file is of an older generation alone
				if a, b := withoutRun(mustTree(t, w.after.at("out"))), withoutRun(mustTree(t, got.at("out"))); a != b {
					t.Fatalf("%s: wrong results", what)
				}
			}
			code, stderr = got.run("repair", "--state", got.at("state"))
			everywhere := strings.HasPrefix(name, "segments/seg-000001.") || strings.HasPrefix(name, "sets/") && strings.HasSuffix(name, "-000001.parquet")
			if code == exit.Corrupt && everywhere { // every generation needs it
				lost++
				continue
			}
			if code != exit.Done {
				t.Fatalf("%s: repair: code %d: %s", what, code, stderr)
			}
			if code, stderr := got.run("check", "--state", got.at("state")); code != exit.Done {
				t.Fatalf("%s: check after repair: code %d: %s", what, code, stderr)
			}
			// The nights that were lost, again.
			lines := demoLines(t)[:24]
			for n := range 3 {
				if code, stderr := got.night(fmt.Sprint("night", n), lines[n*8:(n+1)*8], "--keep", "9"); code != exit.Done {
					t.Fatalf("%s: night %d after repair: code %d: %s", what, n, code, stderr)
				}
			}
			if err := sameTables(w.after.at("out"), got.at("out"), slices.Concat(tables, []string{"changes.jsonl"})...); err != nil {
				t.Fatalf("%s: after repair: %v", what, err)
			}
		}
	}
	t.Logf("%d bits flipped in %d files: %d nights refused, %d states without a whole generation", flips, len(files), refused, lost)
}
