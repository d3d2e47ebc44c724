package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"sada/cmd/sada/internal/spill"
)

// FS is what an archive asks of the file system. Names are paths of the operating system.
type FS interface {
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error) // ascending names
	Open(name string) (File, error)             // to be read
	Create(name string) (File, error)           // to be written, empty
	MkdirAll(name string) error
	Rename(from, to string) error // takes the place of a file that is there
	Remove(name string) error     // a file or an empty folder
	SyncDir(name string) error    // puts the names in a folder on disk
	// Lock takes the kernel's lock on a file, which it makes if need be, or returns ErrLocked. The lock
	// ends with Close or with the process. Note is left in the file for people to read.
	Lock(name, note string) (io.Closer, error)
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Stat() (fs.FileInfo, error)
	Sync() error
	// Map gives the first size bytes of a file as memory, aligned to 8, that stays after Close. It is not to be
	// written to, and the file is not changed any more.
	Map(size int64) (Mapped, error)
}

// Mapped is a file as memory.
type Mapped interface {
	Bytes() []byte // valid until Close
	// Release lets the system have the memory. Whoever reads it gets it again.
	Release() error
	Close() error
}

// osFile is a file of the operating system.
type osFile struct{ *os.File }

func opened(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) Map(size int64) (Mapped, error) {
	v, err := spill.Map(f.File, size)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// OS is the operating system's file system.
type OS struct{}

// Stat is [os.Stat].
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// ReadDir is [os.ReadDir].
func (OS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Open is [os.Open].
func (OS) Open(name string) (File, error) { return opened(os.Open(name)) }

// Create is [os.Create].
func (OS) Create(name string) (File, error) { return opened(os.Create(name)) }

// MkdirAll makes a folder that others may read.
func (OS) MkdirAll(name string) error { return os.MkdirAll(name, 0o755) }

// Rename is [os.Rename].
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove is [os.Remove].
func (OS) Remove(name string) error { return os.Remove(name) }

// SyncDir puts the names in a folder on disk.
func (OS) SyncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock takes the kernel's lock on a file.
func (OS) Lock(name, note string) (io.Closer, error) {
	// Who can read a file can lock it, and could keep every night from running.
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// The note is a courtesy: a full disk must not keep anybody from the lock.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(note), 0)
	}
	return f, nil
}
