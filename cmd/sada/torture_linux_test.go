package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sada/cmd/internal/exit"
)

// TestFill runs nights on small file systems with less and less room. A night that finds no space ends
// with code 14 and leaves everything as it was; then sada prune works, and with room the night has the
// bytes of one that was not disturbed.
func TestFill(t *testing.T) { both(t, 60, fill) }

func fill(t *testing.T, w *tortured) {
	dir := t.TempDir()
	if err := syscall.Mount("sada-test", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("a small file system cannot be mounted, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	got := w.world(dir)
	levels, full, done, resumed := 0, 0, 0, 0
	most := 640 << 10 // a night takes about 400 KiB
	if w.first() {
		most = 1536 << 10 // and one of three times as many pages, with checkpoints, 1 MiB
	}
	for free := 0; free < most; free += most / bound(10, 120) {
		w.copyTo(t, got.dir)
		if err := os.WriteFile(got.at("night2.jsonl"), []byte(strings.Join(w.lines, "")), 0o644); err != nil {
			t.Fatal(err)
		}
		ballast(t, got, free)
		levels++
		what := fmt.Sprintf("%d bytes free", free)
		// The estimate would refuse most of these nights before they begin.
		cmd, _, stderr := child(t, got.dir, "sada", append([]string{"night", "night2.jsonl", "--state", "state", "--out", "out", "-q", "--no-space-check"}, w.args...)...)
		cmd.Env = w.environ()
		switch code := exitCode(t, cmd.Run()); code {
		case exit.Done:
			done++
		case exit.NoSpace:
			full++
			if !strings.Contains(stderr.String(), "no space left on device") {
				t.Fatalf("%s: %s", what, stderr)
			}
		default:
			t.Fatalf("%s: code %d: %s", what, code, stderr)
		}
		w.oldOrNew(t, what, got)
		if code, stderr := got.run("check", "--state", got.at("state")); code != exit.Done && !(code == exit.NoState && w.first()) {
			t.Fatalf("%s: check: code %d: %s", what, code, stderr)
		}
		parts, err := filepath.Glob(got.at("state/stages/*/0*-*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(parts) > 0 && levels%2 == 0 { // the night goes on where it was
			resumed++
		} else {
			ballast(t, got, 0)
			if code, stderr := got.run("prune", "--state", got.at("state"), "--keep", "2"); code != exit.Done && !(code == exit.NoState && w.first() && len(parts) == 0) {
				t.Fatalf("%s: prune: code %d: %s", what, code, stderr)
			}
			if names, err := filepath.Glob(got.at("state/stages")); err != nil || len(names) > 0 {
				t.Fatalf("%s: prune: checkpoints are left, %v", what, err)
			}
		}
		if err := os.Remove(got.at("ballast")); err != nil {
			t.Fatal(err)
		}
		w.survives(t, what, got)
	}
	t.Logf("%d levels: %d nights without space, %d of which went on with checkpoints, %d done", levels, full, resumed, done)
	if full == 0 || done == 0 {
		t.Errorf("%d nights without space, %d done: the levels are wrong", full, done)
	}
}

// ballast fills the file system but for some bytes.
func ballast(t *testing.T, w *world, free int) {
	t.Helper()
	if err := os.RemoveAll(w.at("ballast")); err != nil {
		t.Fatal(err)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(w.dir, &disk); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.at("ballast"), make([]byte, int(disk.Bavail)*int(disk.Bsize)-free), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEstimate has a night refused before it begins.
func TestEstimate(t *testing.T) {
	w := torture(t, 24)
	dir := t.TempDir()
	if err := syscall.Mount("sada-test", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("a small file system cannot be mounted, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	got := &world{dir: dir}
	w.copyTo(t, got.dir)
	if err := os.WriteFile(got.at("night2.jsonl"), []byte(strings.Join(w.lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	ballast(t, got, 100<<10)
	before := mustTree(t, got.at("state"))
	code, stderr := got.run("night", got.at("night2.jsonl"), "--state", got.at("state"), "--out", got.at("out"))
	if code != exit.NoSpace || !strings.Contains(stderr, "the night may take") || !strings.Contains(stderr, "sada prune") {
		t.Errorf("code %d: %s", code, stderr)
	}
	if got := mustTree(t, got.at("state")); got != before {
		t.Error("the state has changed")
	}
}
