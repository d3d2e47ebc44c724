package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sada/cmd/internal/exit"
)

// mount mounts a file system of its own for a test.
func mount(t *testing.T, flags uintptr, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("sada-test", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("a file system cannot be mounted, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestReadOnly runs where nobody may write, not even root.
func TestReadOnly(t *testing.T) {
	dir := mount(t, syscall.MS_RDONLY, "")
	cmd, stdout, stderr := child(t, dir, "sada", "run", absolute(t, demo), "--out", "out")
	code := exitCode(t, cmd.Run())
	if code != exit.Failed || stdout.Len() > 0 || !strings.Contains(stderr.String(), "sada: error: create the result folder: ") || !strings.Contains(stderr.String(), "read-only file system") {
		t.Errorf("code %d, want %d: %s%s", code, exit.Failed, stdout, stderr)
	}
	wantNames(t, dir)
}

// TestDiskFull runs on file systems that are full before the results are complete.
func TestDiskFull(t *testing.T) {
	disk := func(t *testing.T, kib int) string { return mount(t, 0, fmt.Sprintf("size=%dk", kib)) }
	full := func(t *testing.T, dir string, left ...string) {
		t.Helper()
		cmd, _, stderr := child(t, dir, "sada", "run", absolute(t, demo), "--out", "out")
		code := exitCode(t, cmd.Run())
		if code != exit.NoSpace || !strings.Contains(stderr.String(), "no space left on device") || !strings.Contains(stderr.String(), "sada: hint: free some space") {
			t.Errorf("code %d, want %d: %s", code, exit.NoSpace, stderr)
		}
		wantNames(t, dir, left...)
	}
	for _, kib := range []int{4, 64, 192, 256} {
		t.Run(fmt.Sprint(kib, " KiB"), func(t *testing.T) { full(t, disk(t, kib)) })
	}
	t.Run("beside an earlier run", func(t *testing.T) {
		dir := disk(t, 600)
		out := filepath.Join(dir, "out")
		sada(t, "run", demo, "--out", out, "--quiet")
		full(t, dir, "out")
		sada(t, "explain", "p001", "p002", "--run", out)
	})
}
