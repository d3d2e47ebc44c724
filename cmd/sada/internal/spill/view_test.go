package spill

import (
	"bytes"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

func TestMapGivesTheFile(t *testing.T) {
	for _, want := range [][]byte{nil, []byte("أب"), bytes.Repeat([]byte("صدى"), 50_000)} {
		name := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(name, append(want, "more"...), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Map(f, int64(len(want)))
		if err != nil {
			t.Fatal(err)
		}
		// Neither the file's being open nor its name is needed.
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if !bytes.Equal(v.Bytes(), want) {
				t.Errorf("%d bytes differ", len(want))
			}
			if err := v.Release(); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := v.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestHoldReleasesWhatIsTooMuch(t *testing.T) {
	var calls atomic.Int32
	stop := Hold(1, func() error {
		calls.Add(1)
		return nil
	})
	if Resident() == 0 {
		stop()
		t.Skip("the system does not tell how much is in memory")
	}
	for calls.Load() < 2 { // go test has a limit
		time.Sleep(holdEvery)
	}
	stop()
	after := calls.Load()
	time.Sleep(3 * holdEvery)
	if calls.Load() != after {
		t.Error("a release after stop")
	}
}
