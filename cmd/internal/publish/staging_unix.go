//go:build unix

package publish

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// hold takes the kernel's lock on a folder, which ends with the process. It returns nil if another process
// has it.
func hold(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil, f.Close()
	}
	return f, nil
}

// sweep removes what processes left that were killed while they wrote a run folder of this name.
func sweep(parent, pattern string) {
	left, _ := filepath.Glob(filepath.Join(parent, pattern)) // a parent that is a pattern leaves them there
	for _, dir := range left {
		if lock, err := hold(dir); err == nil && lock != nil {
			_ = os.RemoveAll(dir) // the next run tries again
			_ = lock.Close()      // it was only held
		}
	}
}
