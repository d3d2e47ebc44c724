//go:build !linux

package spill

import "unsafe"

// File is ordinary memory: on this system nothing is spilled.
type File struct{}

// Create returns a File.
func Create(string, int64) (*File, error) { return new(File), nil }

// Room is ordinary memory.
type Room struct{ bytes []byte }

// Len returns how many bytes there are.
func (r *Room) Len() int { return len(r.bytes) }

// Take takes the first n bytes away, and what is left of the last eight.
func (r *Room) Take(n int) Room {
	out := Room{r.bytes[:n:n]}
	r.bytes = r.bytes[min((n+7)&^7, len(r.bytes)):]
	return out
}

// Alloc returns room for n bytes, aligned to 8.
func (*File) Alloc(n int) (Room, error) { return Room{make([]byte, n)}, nil }

// Fill copies the parts one after the other, as many bytes as there is room for, and returns the memory that they are in.
func (*File) Fill(r Room, parts ...[]byte) ([]byte, error) {
	at := 0
	for _, p := range parts {
		at += copy(r.bytes[at:], p)
	}
	return r.bytes, nil
}

// Ahead does nothing.
func (*File) Ahead(unsafe.Pointer) {}

// Close does nothing.
func (*File) Close() error { return nil }

// Release does nothing.
func (*File) Release() error { return nil }

// Resident returns 0.
func Resident() int64 { return 0 }
