package feed

import (
	"context"
	"slices"

	"github.com/zeebo/xxh3"
)

// Difference is a document that is not as the run has it.
type Difference struct {
	ID    string  `json:"id"`
	Want  *Fields `json:"want"`  // nil if that is known by its hash alone, of a page that is not in the run's folder
	Found *Fields `json:"found"` // nil if no document of the page has a story
}

// Verification is what Verify found.
type Verification struct {
	Engine  string `json:"engine"`
	Pages   int    `json:"pages"`   // of the run
	Checked int    `json:"checked"` // of them
	Equal   int    `json:"equal"`
	Differ  int    `json:"differ"`
	Absent  int    `json:"absent"`
	// Extra counts the documents that have a story though their page is not in the run; it is not known, and 0,
	// if a sample was checked.
	Extra int64 `json:"extra"`
}

// readBatch is how many documents are read back at a time.
const readBatch = 500

// Verify reads the documents of an assignment's pages back: all of them or, if sample is not 0, as many,
// chosen by a hash that depends on the run. It calls tell for every difference, in the order of the pages' IDs.
func Verify(ctx context.Context, a *Assignment, e Engine, c *Cursor, sample int, tell func(Difference)) (Verification, error) {
	v := Verification{Engine: e.Name()}
	if _, err := e.Prepare(ctx, true); err != nil {
		return v, err
	}
	a, err := a.over(c)
	if err != nil {
		return v, err
	}
	v.Pages = a.Len()
	a.lead(c)
	chosen := make([]int, a.Len())
	for i := range chosen {
		chosen[i] = i
	}
	if sample > 0 && sample < len(chosen) {
		key := func(i int) uint64 { return xxh3.HashString(a.Fingerprint + a.pages[i].id) }
		slices.SortFunc(chosen, func(i, j int) int {
			if x, y := key(i), key(j); x != y {
				if x < y {
					return -1
				}
				return 1
			}
			return i - j
		})
		chosen = chosen[:sample]
		slices.Sort(chosen)
	}
	documents := int64(0)
	for batch := range slices.Chunk(chosen, readBatch) {
		ids := make([]string, len(batch))
		for n, i := range batch {
			ids[n] = a.pages[i].id
		}
		found, err := e.Read(ctx, ids)
		if err != nil {
			return v, err
		}
		for n, i := range batch {
			v.Checked++
			var want *Fields
			if k := a.pages[i].known; k == nil || k.hash == unknown {
				f := a.fields(i)
				want = &f
			}
			got := found[ids[n]]
			documents += int64(len(got))
			if len(got) == 0 {
				v.Absent++
				tell(Difference{ids[n], want, nil})
				continue
			}
			if at := slices.IndexFunc(got, func(f Fields) bool { return want != nil && !f.equal(want) || want == nil && f.hash() != a.hash(i) }); at >= 0 {
				v.Differ++
				tell(Difference{ids[n], want, &got[at]})
				continue
			}
			v.Equal++
		}
	}
	if len(chosen) == a.Len() {
		fed, err := e.Fed(ctx)
		if err != nil {
			return v, err
		}
		v.Extra = max(0, fed-documents)
	}
	return v, nil
}
