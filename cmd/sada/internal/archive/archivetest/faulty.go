package archivetest

import (
	"io"
	"io/fs"
	"sync"

	"sada/cmd/sada/internal/archive"
)

// Faulty is a file system of which an operation fails. It serves many goroutines if the file system does.
type Faulty struct {
	archive.FS
	mu      sync.Mutex
	At      int   // the operation that fails, from 1; 0 for none
	Forever bool  // all operations after it fail too
	Err     error // what it returns
	Torn    bool  // a write that fails has written half
	Before  func(op, name string)

	Count int    // operations so far
	Hit   string // the first that failed, empty if none did
}

func (f *Faulty) step(op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Count++
	if f.Before != nil {
		f.Before(op, name)
	}
	if f.At == 0 || f.Count < f.At || f.Count > f.At && !f.Forever {
		return nil
	}
	if f.Hit == "" {
		f.Hit = op + " " + name
	}
	return &fs.PathError{Op: op, Path: name, Err: f.Err}
}

// Stat may fail.
func (f *Faulty) Stat(name string) (fs.FileInfo, error) {
	if err := f.step("stat", name); err != nil {
		return nil, err
	}
	return f.FS.Stat(name)
}

// ReadDir may fail.
func (f *Faulty) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.step("readdir", name); err != nil {
		return nil, err
	}
	return f.FS.ReadDir(name)
}

// Open may fail.
func (f *Faulty) Open(name string) (archive.File, error) {
	return f.file("open", name, f.FS.Open)
}

// Create may fail.
func (f *Faulty) Create(name string) (archive.File, error) {
	return f.file("create", name, f.FS.Create)
}

func (f *Faulty) file(op, name string, open func(string) (archive.File, error)) (archive.File, error) {
	if err := f.step(op, name); err != nil {
		return nil, err
	}
	inner, err := open(name)
	if err != nil {
		return nil, err
	}
	return &file{inner, f, name}, nil
}

// MkdirAll may fail.
func (f *Faulty) MkdirAll(name string) error {
	if err := f.step("mkdir", name); err != nil {
		return err
	}
	return f.FS.MkdirAll(name)
}

// Rename may fail.
func (f *Faulty) Rename(from, to string) error {
	if err := f.step("rename", from); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

// Remove may fail.
func (f *Faulty) Remove(name string) error {
	if err := f.step("remove", name); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// SyncDir may fail.
func (f *Faulty) SyncDir(name string) error {
	if err := f.step("syncdir", name); err != nil {
		return err
	}
	return f.FS.SyncDir(name)
}

// Lock may fail.
func (f *Faulty) Lock(name, note string) (io.Closer, error) {
	if err := f.step("lock", name); err != nil {
		return nil, err
	}
	return f.FS.Lock(name, note)
}

type file struct {
	archive.File
	f    *Faulty
	name string
}

func (f *file) ReadAt(p []byte, at int64) (int, error) {
	if err := f.f.step("read", f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, at)
}

func (f *file) Write(p []byte) (int, error) {
	if err := f.f.step("write", f.name); err != nil {
		n := 0
		if f.f.Torn {
			n, _ = f.File.Write(p[:len(p)/2])
		}
		return n, err
	}
	return f.File.Write(p)
}

func (f *file) Stat() (fs.FileInfo, error) {
	if err := f.f.step("fstat", f.name); err != nil {
		return nil, err
	}
	return f.File.Stat()
}

func (f *file) Sync() error {
	if err := f.f.step("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *file) Map(size int64) (archive.Mapped, error) {
	if err := f.f.step("map", f.name); err != nil {
		return nil, err
	}
	return f.File.Map(size)
}

// Close closes the file also where it fails, as systems do.
func (f *file) Close() error {
	err := f.f.step("close", f.name)
	if inner := f.File.Close(); err == nil {
		err = inner
	}
	return err
}
