//go:build !linux

package spill

// File is ordinary memory: on this system nothing is spilled.
type File struct{}

// Create returns a File.
func Create(string, int64) (*File, error) { return new(File), nil }

// Alloc returns n bytes of zeros, aligned to 8.
func (*File) Alloc(n int) ([]byte, error) { return make([]byte, n), nil }

// Close does nothing.
func (*File) Close() error { return nil }

// Release does nothing.
func (*File) Release() error { return nil }

// Resident returns 0.
func Resident() int64 { return 0 }
