package spill

import (
	"bytes"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"
)

func TestKeepKeepsWhatIsGiven(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir, 1) // everything is released all the time
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const goroutines, pieces = 4, 3000
	piece := func(g, i int) []byte {
		b := make([]byte, 1+(i*7919+g)%50_000)
		for k := range b {
			b[k] = byte(g + i + k)
		}
		return b
	}
	all := make([][][]byte, goroutines)
	var wg sync.WaitGroup
	for g := range all {
		wg.Go(func() {
			for i := range pieces {
				given := piece(g, i)
				at := i % len(given)
				b, err := f.Keep(given[:at], given[at:])
				clear(given)
				if err != nil {
					t.Error(err)
					return
				}
				if uintptr(unsafe.Pointer(unsafe.SliceData(b)))%8 != 0 {
					t.Error("memory is not aligned")
					return
				}
				all[g] = append(all[g], b)
			}
		})
	}
	wg.Wait()
	for g := range all {
		for i, b := range all[g] {
			if !bytes.Equal(b, piece(g, i)) {
				t.Fatalf("piece %d has changed", i)
			}
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("the folder holds %v, %v", names, err)
	}
}

func TestWatchReleases(t *testing.T) {
	const size, limit = 256 << 20, 64 << 20
	f, err := Create(t.TempDir(), limit)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := f.Keep(make([]byte, size))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, make([]byte, size)) { // all of it has been in memory
		t.Error("something else is in memory")
	}
	for Resident() > limit { // go test has a limit
		time.Sleep(10 * time.Millisecond)
	}
}

func TestCloseTwice(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	f, err := Create(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if now := runtime.GOMAXPROCS(0); now != before {
		t.Errorf("%d processors, %d before", now, before)
	}
}

func TestCreateFails(t *testing.T) {
	if _, err := Create("/no such folder", 1); err == nil {
		t.Error("no error")
	}
}

// TestAheadChangesNothing: anything in the file may be read ahead, also what lies at its ends or is there already.
func TestAheadChangesNothing(t *testing.T) {
	f, err := Create(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	given := bytes.Repeat([]byte("صدى"), 200_000)
	b, err := f.Keep(given)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for at := 0; at < len(b); at += 1000 {
			f.Ahead(unsafe.Pointer(&b[at]))
		}
		if !bytes.Equal(b, given) {
			t.Fatal("memory has changed")
		}
		if err := f.Release(); err != nil {
			t.Fatal(err)
		}
	}
	pieces := 0
	for i := range f.announced {
		if f.announced[i].Load() != 0 {
			pieces++
		}
	}
	if want := len(given)/aheadBytes + 1; pieces < want || pieces > want+1 {
		t.Errorf("%d pieces, want %d", pieces, want)
	}
}
