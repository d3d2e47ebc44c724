//go:build !unix

package spill

import (
	"io"
	"os"
)

// View is a file that was read into memory.
type View struct{ bytes []byte }

// Map reads the first size bytes of a file.
func Map(file *os.File, size int64) (*View, error) {
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(file, 0, size), b); err != nil {
		return nil, err
	}
	return &View{b}, nil
}

// Bytes returns what is in the file, aligned to 8. It is not to be written to.
func (v *View) Bytes() []byte { return v.bytes }

// Release does nothing.
func (*View) Release() error { return nil }

// Close ends the memory. It may be called twice.
func (v *View) Close() error {
	v.bytes = nil
	return nil
}
