//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sada/cmd/internal/exit"
)

// child is the program in a process of its own, in dir. It is killed when the test ends, or the tests must.
func child(t *testing.T, dir, name string, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	ctx := t.Context()
	if d, ok := t.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d.Add(-ending))
		t.Cleanup(cancel)
	}
	cmd = exec.CommandContext(ctx, name, args...)
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, stdout, stderr
	return cmd, stdout, stderr
}

// staged says whether a folder holds results under way to out.
func staged(dir string) bool {
	staging, _ := filepath.Glob(filepath.Join(dir, ".out.new-*"))
	return len(staging) == 1
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return exit.Done
	}
	var e *exec.ExitError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	return e.ExitCode()
}

// wantNames compares all names in a folder, hidden ones too.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// TestSignals stops runs while they read.
func TestSignals(t *testing.T) {
	for _, c := range []struct {
		name   string
		signal syscall.Signal
		code   string
		want   int
		old    bool
	}{
		{"SIGINT", syscall.SIGINT, `"code":130,`, exit.SIGINT, false},
		{"SIGTERM", syscall.SIGTERM, `"code":143,`, exit.SIGTERM, false},
		{"SIGTERM over an earlier run", syscall.SIGTERM, `"code":143,`, exit.SIGTERM, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var left []string
			if c.old {
				sada(t, "run", demo, "--out", filepath.Join(dir, "out"), "--quiet")
				left = []string{"out"}
			}
			cmd, stdout, stderr := child(t, dir, "sada", "run", "-", "--out", "out", "--json")
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			go func() { // more pages as long as the run takes them
				for i := 0; ; i++ {
					if _, err := fmt.Fprintf(stdin, `{"id":"p%d","text":"%s"}`+"\n", i, strings.Repeat("نص ", 1000)); err != nil {
						return
					}
				}
			}()
			await(t, "the beginning of the run", func() bool { return staged(dir) })
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if code := exitCode(t, cmd.Wait()); code != c.want {
				t.Errorf("code %d, want %d", code, c.want)
			}
			if s := stderr.String(); !strings.Contains(s, "sada: error: stopped by signal: ") || !strings.Contains(s, "sada: hint: nothing was published") {
				t.Errorf("stderr: %s", s)
			}
			if s := stdout.String(); !strings.HasPrefix(s, `{"type":"exit_error",`+c.code) || strings.Count(s, "\n") != 1 {
				t.Errorf("stdout: %s", s)
			}
			wantNames(t, dir, left...)
			if c.old {
				sada(t, "explain", "p001", "--run", filepath.Join(dir, "out"))
			}
		})
	}
}

// TestReaderGoesAway closes the output while a run writes its steps to it.
func TestReaderGoesAway(t *testing.T) {
	dir := t.TempDir()
	cmd, _, stderr := child(t, dir, "sada", "run", absolute(t, demo), "--out", "out", "--json")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	if err := errors.Join(r.Close(), cmd.Start(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd.Wait()); code != exit.Failed || !strings.Contains(stderr.String(), "sada: hint: the results are complete") {
		t.Errorf("code %d: %s", code, stderr)
	}
	wantNames(t, dir, "out")
}

// TestFileSizeLimit has the system refuse to write more than a few KiB of a file.
func TestFileSizeLimit(t *testing.T) {
	dir := t.TempDir()
	cmd, _, stderr := child(t, dir, "sh", "-c", `ulimit -f 16 && exec sada run "$0" --out out`, absolute(t, demo))
	code := exitCode(t, cmd.Run())
	if code != exit.NoSpace || !strings.Contains(stderr.String(), "file too large") || !strings.Contains(stderr.String(), "sada: hint: free some space") {
		t.Errorf("code %d, want %d: %s", code, exit.NoSpace, stderr)
	}
	wantNames(t, dir)
}

// TestAbandon ends while something that cannot be stopped goes on.
func TestAbandon(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	never := make(chan struct{})
	defer close(never)
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := abandon(ctx, func() (int, error) { <-never; return 1, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("abandoned with %v", err)
	}
	if n, err := abandon(t.Context(), func() (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	broken := errors.New("broken")
	if _, err := abandon(t.Context(), func() (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

// TestSignalWhileClustering stops a night after it has read its pages: it ends without its next step, and the night
// before is there as it was. How soon depends on the machine; the test tells it.
func TestSignalWhileClustering(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long with the race detector")
	}
	dir := t.TempDir()
	state, out := filepath.Join(dir, "state"), filepath.Join(dir, "out")
	sada(t, "night", absolute(t, demo), "--state", state, "--out", out)
	before := mustTree(t, state)
	published := mustTree(t, out)
	// Pages of many words that the others have too, which take seconds to be clustered.
	var b strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&b, `{"id":"p%d","title":"خبر %d","published_at":"2024-06-01","text":"`, i, i)
		for j := range 300 {
			fmt.Fprintf(&b, "كلمة%d ", (i*7919+j*(1+i%13))%5000)
		}
		b.WriteString("\"}\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "many.jsonl"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd, _, stderr := child(t, dir, "sada", "night", "many.jsonl", "--state", state, "--out", out, "--json")
	cmd.Stdout = nil // the pipe has it
	steps, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(steps)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), `{"type":"step","step":"read",`) {
		_ = cmd.Process.Kill()
		t.Fatalf("the night began with %q: %v: %s", lines.Text(), cmd.Wait(), stderr)
	}
	stopped := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	if code := exitCode(t, cmd.Wait()); code != exit.SIGTERM || len(rest) != 1 || !strings.HasPrefix(rest[0], `{"type":"exit_error","code":143,`) {
		t.Errorf("code %d, want %d, then %q: %s", code, exit.SIGTERM, rest, stderr)
	}
	t.Logf("it went on for %v", time.Since(stopped))
	if got := mustTree(t, state); got != before {
		t.Errorf("state\n%s, before\n%s", got, before)
	}
	if got := mustTree(t, out); got != published {
		t.Errorf("results\n%s, before\n%s", got, published)
	}
}
