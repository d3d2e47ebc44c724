//go:build unix

package feed

import (
	"os"
	"syscall"
)

// dup gives a descriptor of its own of a file, as a shell hands one on.
func dup(f *os.File) (int, error) { return syscall.Dup(int(f.Fd())) }
