package inverted

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func Example() {
	var x Index
	x.Add([]Posting{{Hash: 9, Doc: 0, Pos: 4}, {Hash: 7, Doc: 0, Pos: 1}}, 1)
	x.Add([]Posting{{Hash: 9, Doc: 1, Pos: 2}}, 1)
	x.Each([]uint64{8, 9}, 1, func(_, n int, ps []Posting) { fmt.Println(n, ps) })
	// Output:
	// 0 []
	// 1 [{9 0 4} {9 1 2}]
}

// What is found is what was added, however it was split into runs and dealt to workers.
func TestEachFindsWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x Index
		want := map[uint64][]Posting{}
		doc := uint32(0)
		for range rapid.IntRange(0, 12).Draw(t, "nights") {
			var run []Posting
			for range rapid.IntRange(0, 9).Draw(t, "documents") {
				for _, h := range rapid.SliceOfNDistinct(rapid.Uint64Range(0, 20), 0, 6, rapid.ID).Draw(t, "hashes") {
					h <<= rapid.SampledFrom([]int{0, 58}).Draw(t, "shift")
					p := Posting{h, doc, uint32(h)}
					if !slices.Contains(run, p) {
						run = append(run, p)
						want[h] = append(want[h], p)
					}
				}
				doc++
			}
			x.Add(run, 2)
			if err := x.Check(doc); err != nil {
				t.Fatal(err)
			}
			for r := range x.Runs[:max(len(x.Runs)-1, 0)] {
				if len(x.Runs[r]) < 2*len(x.Runs[r+1]) {
					t.Fatalf("runs of %d and %d", len(x.Runs[r]), len(x.Runs[r+1]))
				}
			}
		}
		asked := rapid.SliceOfNDistinct(rapid.Uint64Range(0, 22), 0, 20, rapid.ID).Draw(t, "asked")
		for _, h := range asked[:len(asked)/2] {
			asked = append(asked, h<<58)
		}
		slices.Sort(asked)
		asked = slices.Compact(asked)
		workers := rapid.IntRange(1, 4).Draw(t, "workers")
		got := make([][]Posting, len(asked))
		x.Each(asked, workers, func(_, n int, ps []Posting) {
			got[n] = slices.Clone(ps)
			slices.SortFunc(got[n], Compare)
		})
		for n, h := range asked {
			if !slices.Equal(got[n], want[h]) {
				t.Fatalf("%d: got %v, want %v", h, got[n], want[h])
			}
		}
		number := make([]int32, doc)
		for d := range number {
			number[d] = int32(doc) - int32(d) - 1
			if d%2 == 1 {
				number[d] = -1
			}
		}
		x.Renumber(number, 2)
		n := 0
		for h, ps := range want {
			var kept []Posting
			for _, p := range ps {
				if p.Doc%2 == 0 {
					kept = append(kept, Posting{h, doc - p.Doc - 1, p.Pos})
					n++
				}
			}
			slices.SortFunc(kept, Compare)
			x.Each([]uint64{h}, 1, func(_, _ int, ps []Posting) {
				if !slices.Equal(ps, kept) {
					t.Fatalf("renumbered: %v, want %v", ps, kept)
				}
			})
		}
		if x.Len() != n || len(x.Runs) > 1 || x.Check(doc) != nil {
			t.Fatalf("kept %d of %d in %d runs", x.Len(), n, len(x.Runs))
		}
	})
}

func TestSortDealsToBuckets(t *testing.T) {
	var run []Posting
	h := uint64(1)
	for i := range 1 << 15 {
		h = h*6364136223846793005 + 1442695040888963407
		run = append(run, Posting{h >> (i % 3 * 20), uint32(i), 0})
	}
	want := slices.Clone(run)
	slices.SortFunc(want, Compare)
	Sort(run, 2)
	if d := cmp.Diff(want, run); d != "" {
		t.Error(d)
	}
}

func TestCheckRefusesDamage(t *testing.T) {
	for name, runs := range map[string][][]Posting{
		"order":    {{{5, 0, 0}, {4, 1, 0}}},
		"twice":    {{{5, 0, 0}, {5, 0, 0}}},
		"document": {{{5, 3, 0}}},
	} {
		if x := (Index{runs}); x.Check(3) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
