package spill

import (
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// chunkBytes is how much is taken of the disk and mapped at a time.
	chunkBytes = 64 << 20
	// look is how often the resident pages are counted: what the system has in its cache comes with its
	// neighbours, some tens of megabytes in this time.
	look = time.Millisecond
	// mostParts is how many parts are written at a time: the system takes no more (IOV_MAX).
	mostParts = 1024
	// urgent is the nice value of the thread that looks: it takes a hundredth of a processor.
	urgent = -20
)

// File is memory in a file. It serves many goroutines.
type File struct {
	file *os.File

	mu     sync.Mutex
	free   Room // of the last chunk
	size   int64
	closed bool

	// Making room on a busy disk takes as long as filling the memory: giving pages back must not wait for it.
	listed sync.Mutex
	chunks [][]byte

	announced [announcedPieces]atomic.Uintptr // pieces of the mapped memory

	stop, stopped chan struct{}
}

// Create makes a file in dir, of which about limit bytes may be in memory at a time.
func Create(dir string, limit int64) (*File, error) {
	file, err := os.CreateTemp(dir, ".sada-spill-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close() // the first error tells more
		return nil, err
	}
	f := &File{file: file, stop: make(chan struct{}), stopped: make(chan struct{})}
	// One processor more than there are workers: the watch would wait for one of them otherwise, which
	// on a busy machine takes longer than filling the memory.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	go f.watch(limit)
	return f, nil
}

// Room is a stretch of a file.
type Room struct {
	bytes []byte
	at    int64 // in the file
}

// Len returns how many bytes there are.
func (r *Room) Len() int { return len(r.bytes) }

// Take takes the first n bytes away, and what is left of the last eight.
func (r *Room) Take(n int) Room {
	out := Room{r.bytes[:n:n], r.at}
	whole := min((n+7)&^7, len(r.bytes))
	r.bytes, r.at = r.bytes[whole:], r.at+int64(whole)
	return out
}

// Alloc returns room for n bytes, aligned to 8. It is valid until Close.
func (f *File) Alloc(n int) (Room, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n > f.free.Len() {
		chunk := (max(n, chunkBytes) + chunkBytes - 1) / chunkBytes * chunkBytes
		if err := unix.Fallocate(int(f.file.Fd()), 0, f.size, int64(chunk)); err != nil {
			return Room{}, &os.PathError{Op: "fallocate", Path: f.file.Name(), Err: err}
		}
		b, err := unix.Mmap(int(f.file.Fd()), f.size, chunk, unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return Room{}, &os.PathError{Op: "mmap", Path: f.file.Name(), Err: err}
		}
		// Read ahead, a file is kept in pieces as large as the disk is told to read, and each of them is in the
		// memory of the process as soon as a byte of it is looked at: with 8 MiB, half a gigabyte in 7 ms.
		_ = unix.Madvise(b, unix.MADV_RANDOM) // advice: nothing is wrong without it
		f.free = Room{b, f.size}
		f.size += int64(chunk)
		f.listed.Lock()
		f.chunks = append(f.chunks, b)
		f.listed.Unlock()
	}
	return f.free.Take(n), nil
}

// Fill writes the parts one after the other, as many bytes as there is room for, and returns the memory that they are in, which
// is only to be read. Nothing of it is in the memory of the process before it is read. Whoever writes little at a time
// waits for others most of the time: only one writes at a time.
func (f *File) Fill(r Room, parts ...[]byte) ([]byte, error) {
	at := r.at
	for some := range slices.Chunk(parts, mostParts) {
		n, err := unix.Pwritev(int(f.file.Fd()), some, at)
		if err == nil && n < Size(some) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return nil, &os.PathError{Op: "write", Path: f.file.Name(), Err: err}
		}
		at += int64(n)
	}
	return r.bytes, nil
}

// aheadBytes is how much is read of the disk at a time: much enough that the disk is not slowed down by its ways.
const aheadBytes = 256 << 10

// announcedPieces is how many pieces are remembered that were asked for: steps go through pages of a few sections at a time, and
// when the next step comes to a piece again it must be forgotten.
const announcedPieces = 256

// Ahead has the piece of the file read, in the background, that this memory is in, unless it is one of those that were asked for
// last. Without it a page that is not in the system's cache is waited for alone, with it those of about one time come together.
func (f *File) Ahead(memory unsafe.Pointer) {
	piece := uintptr(memory) / aheadBytes
	if f.announced[piece%announcedPieces].Swap(piece) == piece {
		return
	}
	from := unsafe.Add(memory, -int(uintptr(memory)%aheadBytes))
	_ = unix.Madvise(unsafe.Slice((*byte)(from), aheadBytes), unix.MADV_WILLNEED) // advice: nothing is wrong without it
}

// Release gives all pages of the file back to the system. What was written stays, in the system's cache
// or on disk.
func (f *File) Release() error {
	f.listed.Lock()
	chunks := f.chunks // it only grows
	f.listed.Unlock()
	for _, c := range chunks {
		if err := unix.Madvise(c, unix.MADV_DONTNEED); err != nil {
			return err
		}
	}
	return nil
}

// watch releases the pages whenever more than limit bytes of files are in the memory of the process.
func (f *File) watch(limit int64) {
	defer close(f.stopped)
	// On a busy machine a goroutine that waits for its turn comes too late. A thread of its own, which
	// ends with it, sleeps in the system, and is served first where the system allows that.
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), urgent)
	for {
		select {
		case <-f.stop:
			return
		default:
		}
		if Resident() > limit && f.Release() != nil {
			return // the system cannot: nothing but memory is lost
		}
		pause := unix.NsecToTimespec(int64(look))
		_ = unix.Nanosleep(&pause, nil) // a signal only ends it early
	}
}

// Resident returns how many bytes of files are in the memory of the process, 0 if that is not known. It
// allocates nothing: whoever does may have to collect garbage first.
func Resident() int64 {
	fd, err := unix.Open("/proc/self/statm", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	var b [128]byte
	n, err := unix.Read(fd, b[:])
	if err != nil {
		return 0
	}
	field, shared := 0, int64(0) // the third is the pages of files
	for _, c := range b[:n] {
		switch {
		case c == ' ':
			field++
		case field == 2:
			shared = 10*shared + int64(c-'0')
		}
	}
	return shared * int64(unix.Getpagesize())
}

// Close ends the file and the memory from it. It may be called twice.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	close(f.stop)
	f.mu.Unlock()
	<-f.stopped
	f.mu.Lock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) - 1)
	for _, c := range f.chunks {
		if err := unix.Munmap(c); err != nil {
			return err
		}
	}
	return f.file.Close()
}
