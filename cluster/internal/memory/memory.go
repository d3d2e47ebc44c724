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

// Place returns values without pointers in memory of keep; the values themselves if it is nil. The error is that of keep.
func Place[S ~[]T, T any](values S, keep Keep) (S, error) {
	lists := []S{values}
	err := PlaceAll(lists, keep)
	return lists[0], err
}

// PlaceAll replaces lists of values without pointers by such in one piece of memory of keep, unless
// that is nil: with many at a time, they are as many writes less. If there is an error, it is that of keep, and
// the lists are what they were.
func PlaceAll[S ~[]T, T any](lists []S, keep Keep) error {
	if keep == nil {
		return nil
	}
	var parts [][]byte
	for _, values := range lists {
		if len(values) > 0 {
			parts = append(parts, Bytes(values))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	b, err := keep(parts...)
	if err != nil {
		return err
	}
	all := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(*new(T))))
	for i, values := range lists {
		n := len(values)
		lists[i], all = all[:n:n], all[n:]
	}
	return nil
}
