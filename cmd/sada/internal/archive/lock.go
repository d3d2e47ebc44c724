package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	lockName = "lock"
	// lockEvery is how often a waiting process tries again: the kernel's own waiting cannot be given up.
	lockEvery = 100 * time.Millisecond
)

var errUnlocked = errors.New("the lock of the state is not held: call Lock first")

// Lock makes the folder if need be and takes its lock, which Commit, Repair and Prune need. It waits
// as long as wait for another process to give it up, then returns ErrLocked with what that process
// left in the lock file; or the context's error as soon as that is done. The kernel gives up the
// lock of a process that ends in any way.
func (a *Archive) Lock(ctx context.Context, wait time.Duration) error {
	if a.lock != nil {
		return errors.New("the lock of the state is held already")
	}
	if err := a.fs.MkdirAll(a.dir); err != nil {
		return err
	}
	name := filepath.Join(a.dir, lockName)
	note := fmt.Sprintf("pid %d, since %s\n", os.Getpid(), time.Now().Format(time.RFC3339))
	deadline := time.After(wait)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		lock, err := a.fs.Lock(name, note)
		if err == nil {
			a.lock = lock
			return nil
		}
		if !errors.Is(err, ErrLocked) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("%s: %w by another process: see the file for which", name, ErrLocked)
		case <-time.After(lockEvery):
		}
	}
}

// Unlock gives up the lock.
func (a *Archive) Unlock() error {
	if a.lock == nil {
		return errUnlocked
	}
	lock := a.lock
	a.lock = nil
	return lock.Close()
}
