package corpus

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// cached returns how many bytes of a file the system has in its cache.
func cached(t *testing.T, file *os.File) int64 {
	t.Helper()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(mapped)
	page := os.Getpagesize()
	resident := make([]byte, (len(mapped)+page-1)/page)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(unsafe.SliceData(mapped))), uintptr(len(mapped)),
		uintptr(unsafe.Pointer(unsafe.SliceData(resident))))
	if errno != 0 {
		t.Fatal(errno)
	}
	n := 0
	for _, r := range resident {
		n += int(r & 1)
	}
	return int64(n * page)
}

func TestOnceLeavesLittleInTheCache(t *testing.T) {
	line := []byte(`{"id": "a", "text": "` + string(bytes.Repeat([]byte("نص "), 10_000)) + "\"}\n")
	path := filepath.Join(t.TempDir(), "pages.jsonl")
	if err := os.WriteFile(path, bytes.Repeat(line, 6*forgetBytes/len(line)), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil { // what is not written yet cannot be given up
		t.Fatal(err)
	}
	read := func(once bool) int64 {
		set, err := Open([]string{path}, Options{Workers: 1, Once: once})
		if err != nil {
			t.Fatal(err)
		}
		for r := range set.Records(context.Background()) {
			if r.Reject != "" {
				t.Fatal(r.Reject)
			}
		}
		return cached(t, file)
	}
	all := read(false)
	forget(file, 0, all)
	if cached(t, file) > all/2 {
		t.Skip("the file system of the test keeps its files in memory")
	}
	if left := read(false); left < all/2 {
		t.Skipf("the machine is short of memory: %d of %d bytes are left", left, all)
	}
	if left := read(true); left > 2*forgetBytes {
		t.Errorf("%d bytes of %d are left in the cache", left, all)
	}
}
