package spill

import (
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestAllocKeepsWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir, 1) // everything is released all the time
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const goroutines, pieces = 4, 3000
	all := make([][][]byte, goroutines)
	var wg sync.WaitGroup
	for g := range all {
		wg.Go(func() {
			for i := range pieces {
				b, err := f.Alloc(1 + (i*7919+g)%50_000)
				if err != nil {
					t.Error(err)
					return
				}
				for k := range b {
					if b[k] != 0 {
						t.Errorf("memory is not empty")
						return
					}
					b[k] = byte(g + i + k)
				}
				all[g] = append(all[g], b)
			}
		})
	}
	wg.Wait()
	for g := range all {
		for i, b := range all[g] {
			for k := range b {
				if b[k] != byte(g+i+k) {
					t.Fatalf("byte %d of piece %d has changed", k, i)
				}
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
	b, err := f.Alloc(size)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
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
