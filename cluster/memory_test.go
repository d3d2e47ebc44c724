package cluster

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sada/cluster/lsh"
	"sada/features/tfidf"
)

// TestRunInOtherMemory: the result is the same wherever the steps have their memory from, also when that is
// overwritten afterwards; and when there is none left, Run ends with the error.
func TestRunInOtherMemory(t *testing.T) {
	pages := corpus(town())
	for _, c := range []struct {
		name      string
		headlines float64
	}{{"words", 0}, {"pieces of words", 1e9}} {
		t.Run(c.name, func(t *testing.T) {
			o := Defaults()
			o.Workers, o.Vocabulary.Headlines = 2, c.headlines
			want := run(t, pages, o)
			full := errors.New("no room")
			now := func() time.Time { return time.Time{} }
			// All memory is from the test's one goroutine or guarded by the channel.
			state := make(chan [][]byte, 1)
			within := func(room int) (*Result, int, error) {
				state <- nil
				o.Keep = func(parts ...[]byte) ([]byte, error) {
					given := <-state
					defer func() { state <- given }()
					if len(given) == room {
						return nil, full
					}
					given = append(given, slices.Concat(parts...))
					return given[len(given)-1], nil
				}
				res, err := Run(slices.Clone(pages), o, now)
				given := <-state
				for _, b := range given {
					for i := range b {
						b[i] = 0xff
					}
				}
				return res, len(given), err
			}
			got, needed, err := within(-1)
			if err != nil || needed < 2 { // terms and weights
				t.Fatalf("%d pieces of memory, %v", needed, err)
			}
			if d := cmp.Diff(want, got, cmp.AllowUnexported(tfidf.Table{}, tfidf.Counter{}, lsh.Params{}), cmp.Comparer(func(a, b *Page) bool { return a == b })); d != "" {
				t.Error(d)
			}
			o.Workers = 1 // of more it depends on who takes what how many pieces there are
			if _, needed, err = within(-1); err != nil {
				t.Fatal(err)
			}
			for room := range needed {
				if _, _, err := within(room); !errors.Is(err, full) {
					t.Errorf("with room for %d of %d: %v", room, needed, err)
				}
			}
		})
	}
}
