package archive

import (
	"errors"
	"unsafe"
)

// view maps a file that agrees with its checksum. The memory is there until Close.
func (a *Archive) view(info FileInfo) ([]byte, error) {
	f, err := a.open(info)
	if err != nil {
		return nil, err
	}
	b, err := a.mapped(f, info)
	return b, errors.Join(err, f.Close())
}

// mapped maps a file. The memory is there until Close.
func (a *Archive) mapped(f File, info FileInfo) ([]byte, error) {
	v, err := f.Map(info.Bytes)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.views = append(a.views, v)
	return v.Bytes(), nil
}

// Release lets the system have the memory of what was read. Whoever reads it gets it again. It may be called
// by any goroutine, but not after Close has begun.
func (a *Archive) Release() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range a.views {
		if err := v.Release(); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the memory of what was read: what is long in the pages of all snapshots, and the postings of
// tables. The archive can be used again afterwards.
func (a *Archive) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var errs []error
	for _, v := range a.views {
		errs = append(errs, v.Close())
	}
	a.views = nil
	clear(a.runs)
	clear(a.arrays)
	clear(a.sets)
	a.texts = nil
	return errors.Join(errs...)
}

// raw gives values without pointers as the bytes of a file; they share memory. The machine must have the
// order of the files, which [Open] makes sure of.
func raw[T any](values []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(*new(T))))
}

// cooked is the reverse of raw, for bytes that are aligned to the values.
func cooked[T any](b []byte) []T {
	if len(b) == 0 { // there may be less memory behind them than a value takes, which a pointer may not point to
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(*new(T))))
}
