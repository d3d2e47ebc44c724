package lsh

import (
	"cmp"
	"math/bits"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Index holds the band keys of sets that are numbered from 0 in the order in which they are added.
type Index struct {
	params Params
	limit  int
	keys   [][]uint64 // of every band, one for each item
	items  []uint32   // the caller's numbers
	band   []uint64   // keys of an item that is being added
}

// Stats says what an enumeration of pairs met.
type Stats struct {
	Buckets int // keys shared by at least two items, over all bands
	Largest int // items in the largest of them
	Split   int // buckets over the limit
	Skipped int // pairs of such buckets that the bucket did not propose, summed over all; another band may
}

// NewIndex returns an empty index. limit, at least 2, is the largest bucket whose pairs are all
// proposed at once. A higher limit finds more pairs of large groups at a higher price: [Index.Pairs]
// proposes at most items x bands x (limit + 8) pairs.
func NewIndex(p Params, limit int) *Index {
	if p.Bands < 1 || p.Rows < 1 || limit < 2 {
		panic("lsh: an index needs a band, a row and a limit of two")
	}
	return &Index{params: p, limit: limit, keys: make([][]uint64, p.Bands)}
}

// Grow makes room for n more items.
func (x *Index) Grow(n int) {
	for band := range x.keys {
		x.keys[band] = slices.Grow(x.keys[band], n)
	}
	x.items = slices.Grow(x.items, n)
}

// Add enters an item under a number of the caller's choice. The signature has Bands x Rows slots,
// band by band; it is not kept. Add panics if it has another length. Items must be added in the
// caller's canonical order: in a bucket over the limit, the items that came first are the ones that
// the others are compared with.
func (x *Index) Add(item uint32, signature []uint64) {
	if len(signature) != x.params.Bands*x.params.Rows {
		panic("lsh: the signature has another shape than the index")
	}
	x.band = x.params.Keys(x.band[:0], signature)
	x.AddKeys(item, x.band)
}

// AddKeys is [Index.Add] for an item whose keys [Params.Keys] has made.
func (x *Index) AddKeys(item uint32, keys []uint64) {
	if len(keys) != x.params.Bands {
		panic("lsh: an item needs a key for every band")
	}
	for band, key := range keys {
		x.keys[band] = append(x.keys[band], key)
	}
	x.items = append(x.items, item)
}

// Keys appends the band keys of a signature to dst and returns it.
func (p Params) Keys(dst, signature []uint64) []uint64 {
	for band := range p.Bands {
		// FNV-1a (offset and prime of the 64-bit form) over whole slots instead of bytes, with a
		// shift because the product moves bits upwards only. Each step is a bijection of the slot
		// and the slots are hashes already, so two bands collide with a chance of about 2^-64.
		h := uint64(14695981039346656037)
		for _, slot := range signature[band*p.Rows:][:p.Rows] {
			h = (h ^ slot) * 1099511628211
			h ^= h >> 29
		}
		dst = append(dst, h)
	}
	return dst
}

// heads is how many items of a bucket over the limit all its others are compared with. One would
// connect them; eight leave other ways where verification refuses the link to the first.
const heads = 8

// Pair is two items, the earlier added first.
type Pair struct{ A, B uint32 }

// entry is one item of a band: its key and its index in the index.
type entry struct {
	key uint64
	i   uint32
}

// Pairs returns every candidate pair once, in ascending order of when its items were added: all
// pairs that share a bucket of at most limit items. In a larger bucket the first eight items are
// paired with all others, so that it stays connected; the others are split by the keys of the next
// bands, in a ring, until the parts are small enough. Items that agree in all bands are never parted:
// where they are more than the limit, the first eight of them are again paired with the rest. The
// bands are dealt to the given number of goroutines; the result, which is the caller's, does not
// depend on it.
func (x *Index) Pairs(workers int) ([]Pair, Stats) {
	bands := make([]scan, x.params.Bands)
	var group errgroup.Group
	var next atomic.Int32
	for range min(max(workers, 1), len(bands)) {
		group.Go(func() error {
			var m filter
			for {
				band := int(next.Add(1)) - 1
				if band >= len(bands) {
					return nil
				}
				s := &bands[band]
				s.index = x
				s.buckets(m.repeated(x.keys[band]), func(bucket []entry) {
					s.stats.Buckets++
					s.stats.Largest = max(s.stats.Largest, len(bucket))
					before := len(s.pairs)
					s.open(bucket, band)
					if n := len(bucket); n > x.limit {
						s.stats.Split++
						s.stats.Skipped += n*(n-1)/2 - (len(s.pairs) - before)
					}
				})
			}
		})
	}
	_ = group.Wait() // no goroutine returns an error

	var stats Stats
	for _, s := range bands {
		stats.Buckets += s.stats.Buckets
		stats.Largest = max(stats.Largest, s.stats.Largest)
		stats.Split += s.stats.Split
		stats.Skipped += s.stats.Skipped
	}
	return x.distinct(bands), stats
}

// filter is memory that one goroutine uses again for band after band.
type filter struct {
	seen []uint8 // none, one, or more
	kept []entry
}

// repeated returns the entries of keys that may be those of several items, by age, and none but a few of the others. They are
// valid until it is called for the next.
func (m *filter) repeated(keys []uint64) []entry {
	// Most keys are those of one item. To count places of them by the byte, four to eight for a key, takes a
	// fraction of sorting all entries.
	log := bits.Len(uint(4 * len(keys)))
	if m.seen == nil {
		m.seen = make([]uint8, 1<<log) // all bands have as many keys
	} else {
		clear(m.seen)
	}
	for _, k := range keys {
		at := &m.seen[k>>(64-log)]
		*at = min(*at+1, 2)
	}
	m.kept = m.kept[:0]
	for i, k := range keys {
		if m.seen[k>>(64-log)] > 1 {
			m.kept = append(m.kept, entry{k, uint32(i)})
		}
	}
	return m.kept
}

// distinct returns the pairs of all bands in ascending order, each once, by the numbers of the caller. A pair of
// copies is in many bands: dealt by their first items, few are left to be sorted at a time.
func (x *Index) distinct(bands []scan) []Pair {
	start := make([]int, len(x.items)+1)
	for _, s := range bands {
		for _, p := range s.pairs {
			start[p.A+1]++
		}
	}
	for i := range x.items {
		start[i+1] += start[i]
	}
	seconds, next := make([]uint32, start[len(x.items)]), slices.Clone(start)
	for _, s := range bands {
		for _, p := range s.pairs {
			seconds[next[p.A]] = p.B
			next[p.A]++
		}
	}
	var pairs []Pair
	for a := range x.items {
		of := seconds[start[a]:start[a+1]]
		slices.Sort(of)
		for n, b := range of {
			if n == 0 || b != of[n-1] {
				pairs = append(pairs, Pair{x.items[a], x.items[b]})
			}
		}
	}
	return pairs
}

// Open returns the pairs that one bucket of a band proposes, as [Index.Pairs] would for items with these
// keys, which agree in the band and are in canonical order. The pairs are of places among them, in no
// order, and some may be there twice.
func (p Params) Open(keys [][]uint64, band, limit int) []Pair {
	x := NewIndex(p, limit)
	x.Grow(len(keys))
	bucket := make([]entry, len(keys))
	for i, k := range keys {
		x.AddKeys(uint32(i), k)
		bucket[i] = entry{k[band], uint32(i)}
	}
	s := scan{index: x}
	s.open(bucket, band)
	return s.pairs
}

// agree says whether the items at two indices have the same keys in all bands.
func (x *Index) agree(i, j uint32) bool {
	for _, keys := range x.keys {
		if keys[i] != keys[j] {
			return false
		}
	}
	return true
}

// scan is the work on one band.
type scan struct {
	index *Index
	pairs []Pair // of indices, not of the caller's numbers
	stats Stats
}

// buckets sorts entries by key, then by age, and calls each for every run of at least two equal keys.
func (s *scan) buckets(entries []entry, each func([]entry)) {
	sortEntries(entries)
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].key == entries[from].key {
			to++
		}
		if to-from > 1 {
			each(entries[from:to])
		}
		from = to
	}
}

// sortEntries sorts by key, then by age. Keys are hashes: dealt out by their top bits, as many parts as there are
// entries, hardly any of which has several, they are nearly in order.
func sortEntries(entries []entry) {
	const least = 64 // with fewer, there is nothing to be gained
	if len(entries) < least {
		slices.SortFunc(entries, byKey)
		return
	}
	shift := 64 - bits.Len(uint(len(entries)))
	next := make([]uint32, 1<<(64-shift))
	for _, e := range entries {
		next[e.key>>shift]++
	}
	sum := uint32(0)
	for i, n := range next {
		next[i], sum = sum, sum+n
	}
	for _, e := range slices.Clone(entries) {
		at := &next[e.key>>shift]
		entries[*at] = e
		*at++
	}
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].key>>shift == entries[from].key>>shift {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(entries[from:to], byKey)
		}
		from = to
	}
}

func byKey(a, b entry) int {
	if a.key != b.key {
		return cmp.Compare(a.key, b.key)
	}
	return cmp.Compare(a.i, b.i)
}

// open collects the pairs of a bucket of the given band. Those of one within the limit are all of
// them. In a larger one the heads are paired with every other item, and the others are split: without
// the heads a large group of near-equal items would fall apart into its parts.
func (s *scan) open(bucket []entry, band int) {
	if len(bucket) <= s.index.limit {
		s.join(bucket, len(bucket))
		return
	}
	n := min(heads, s.index.limit)
	for i, a := range bucket[:n] {
		for _, b := range bucket[i+1:] {
			// Items that agree in all bands meet in each: the first band proposes them.
			if band == 0 || !s.index.agree(a.i, b.i) {
				s.pairs = append(s.pairs, Pair{a.i, b.i})
			}
		}
	}
	s.split(bucket[n:], band, band)
}

// split collects the pairs of a bucket of the band first, or, if there are too many, of its parts by
// the next band after last. The bands follow each other in a ring, so every bucket meets them all.
// It writes other keys into the bucket: its caller must not read it again.
func (s *scan) split(bucket []entry, first, last int) {
	if len(bucket) <= s.index.limit {
		s.join(bucket, len(bucket))
		return
	}
	if next := (last + 1) % s.index.params.Bands; next != first {
		for i := range bucket {
			bucket[i].key = s.index.keys[next][bucket[i].i]
		}
		s.buckets(bucket, func(part []entry) { s.split(part, first, next) })
		return
	}
	// These items agree in all bands, so every band ends with items of this kind: one speaks.
	if first == 0 {
		s.join(bucket, min(heads, s.index.limit))
	}
}

// join pairs each of the first n items of a bucket with all that follow it.
func (s *scan) join(bucket []entry, n int) {
	for i, a := range bucket[:n] {
		for _, b := range bucket[i+1:] {
			s.pairs = append(s.pairs, Pair{a.i, b.i})
		}
	}
}
