//go:build unix

package spill

import (
	"os"

	"golang.org/x/sys/unix"
)

// View is a file that is read as memory. It serves many goroutines.
type View struct{ bytes []byte }

// Map gives the first size bytes of a file, which may be closed afterwards. They are there until
// [View.Close], whatever becomes of the file's name; whoever writes to the file changes them.
func Map(file *os.File, size int64) (*View, error) {
	if size == 0 { // which the system does not map
		return new(View), nil
	}
	b, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: file.Name(), Err: err}
	}
	return &View{b}, nil
}

// Bytes returns what is in the file, aligned to 8. It is not to be written to.
func (v *View) Bytes() []byte { return v.bytes }

// Release gives the pages of the view back to the system. Whoever reads them gets them again.
func (v *View) Release() error {
	if len(v.bytes) == 0 {
		return nil
	}
	return unix.Madvise(v.bytes, unix.MADV_DONTNEED)
}

// Close ends the memory. It may be called twice.
func (v *View) Close() error {
	b := v.bytes
	v.bytes = nil
	if len(b) == 0 {
		return nil
	}
	return unix.Munmap(b)
}
