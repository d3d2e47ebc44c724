// Package memory puts values without pointers into memory that somebody else has.
package memory

import "unsafe"

// Keep returns memory, aligned to 8 bytes, with the given bytes one part after the other. It is only read. What was given is
// not kept.
type Keep = func(parts ...[]byte) ([]byte, error)

// Bytes returns the memory of values without pointers.
func Bytes[T any](values []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(*new(T))))
}

// Place returns values without pointers in memory of keep; the values themselves if it is nil, if there are none, or with an
// error, which is that of keep.
func Place[S ~[]T, T any](values S, keep Keep) (S, error) {
	if keep == nil || len(values) == 0 {
		return values, nil
	}
	b, err := keep(Bytes(values))
	if err != nil {
		return values, err
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(values)), nil
}
