package passage

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"sada/features/shingle"
)

// The anchors of a page: winnowed 5-grams with a window of 6, so that every run of ten equal words
// has one. Measured against 8-grams with a window of 8 on AraPlagDet: 0.96 against 0.71 of the
// phrase-shuffled spans of 40 to 99 words reached, for 29 % more anchors.
const (
	AnchorWords  = 5
	AnchorWindow = 6
)

// homes is how many postings of a hash the others are linked with, for each of two orders. The
// first in page order reach a text's own page, where it stands at the start, however many pages
// carry it as a tail (four of them reached it in 0.996 of the cases, four at random in 0.274). The
// oldest are the same for all hashes of a text, so its copies meet at common pages even where
// words dropped from some of them shift the positions.
const homes = 4

// posting is one anchor of one page. doc is the page's number in canonical order.
type posting struct {
	hash     uint64
	doc, pos uint32
}

// hit is one anchor that two pages share: a < b, and its first word in each.
type hit struct{ a, b, posA, posB uint32 }

// join calls do with the hits of the pages in each of the ranges of first pages: for several ranges at a
// time, the first ones first, and for none without a hit. A range has its hits in order. words(i) gives
// the words of page i of n. The anchors are taken in parts by hash, so that no more than one part of the
// postings is in memory at a time; making the anchors anew for every part costs less than storing them.
// The hits of all parts are kept by their ranges in memory of opt.Alloc, whose error ends it.
func join(n int, words func(i int) []uint32, opt Options, do func(r int, hits []hit)) error {
	if n == 0 {
		return nil
	}
	stores := make([]store, max(opt.Workers, 1))
	for w := range stores {
		stores[w] = store{alloc: opt.Alloc, width: bits.Len(uint((n - 1) / ranges))}
	}
	for part := range opt.Parts {
		if err := link(collect(n, words, part, opt.Parts, opt.Workers), stores); err != nil {
			return err
		}
	}
	var next atomic.Int32
	var g errgroup.Group
	for range stores {
		g.Go(func() error {
			var hits []hit
			for {
				r := int(next.Add(1)) - 1
				if r >= ranges {
					return nil
				}
				hits = hits[:0]
				for w := range stores {
					for _, chunk := range stores[w].ranges[r] {
						hits = append(hits, chunk...)
					}
				}
				if len(hits) > 0 {
					do(r, group(hits, r<<stores[0].width, min((r+1)<<stores[0].width, n), 1))
				}
			}
		})
	}
	return g.Wait() // no goroutine returns an error
}

// ranges is the number of ranges of first pages: a million pages have some 45 million hits, and the
// first of them the most.
const ranges = 256

// store keeps hits by the range of their first page.
type store struct {
	alloc  func(bytes int) ([]byte, error) // nil is ordinary memory
	width  int                             // of the number of a page within its range, in bits
	ranges [ranges][][]hit                 // in chunks, of which the last one has room
}

// The sizes of chunks, each twice the one before: few hits take little, many lie in one piece.
const (
	leastChunk = 64
	mostChunk  = 4096
)

func (s *store) add(hits []hit) error {
	for _, h := range hits {
		of := &s.ranges[h.a>>s.width]
		last := len(*of) - 1
		if last < 0 || len((*of)[last]) == cap((*of)[last]) {
			size := leastChunk
			if last >= 0 {
				size = min(2*len((*of)[last]), mostChunk)
			}
			chunk, err := s.chunk(size)
			if err != nil {
				return err
			}
			*of, last = append(*of, chunk), last+1
		}
		(*of)[last] = append((*of)[last], h)
	}
	return nil
}

// chunk returns room for so many hits.
func (s *store) chunk(size int) ([]hit, error) {
	if s.alloc == nil {
		return make([]hit, 0, size), nil
	}
	b, err := s.alloc(size * int(unsafe.Sizeof(hit{})))
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*hit)(unsafe.Pointer(unsafe.SliceData(b))), size)[:0], nil
}

// shards is the number of ranges of hashes that are sorted and linked on their own.
const shards = 256

// collect returns the postings of one part of the hashes, dealt to shards by hash, in pieces, one from
// each worker, which follow one another in the order of pages.
func collect(n int, words func(int) []uint32, part, parts, workers int) [][shards][]posting {
	blocks := make([][shards][]posting, max(workers, 1))
	var g errgroup.Group
	for w := range blocks {
		g.Go(func() error {
			var grams []uint64
			var anchors []shingle.Anchor
			total := 0
			for doc := w * n / len(blocks); doc < (w+1)*n/len(blocks); doc++ {
				total += len(words(doc))
			}
			for s := range blocks[w] { // room for the anchors of text without repetition, and an eighth
				blocks[w][s] = make([]posting, 0, total*2/(AnchorWindow+1)*9/8/shards/parts+1)
			}
			for doc := w * n / len(blocks); doc < (w+1)*n/len(blocks); doc++ {
				grams = shingle.Grams(grams[:0], words(doc), AnchorWords)
				anchors = shingle.Winnow(anchors[:0], grams, AnchorWindow)
				for _, a := range anchors {
					if int(a.Hash>>8)%parts == part {
						s := &blocks[w][a.Hash%shards]
						*s = append(*s, posting{a.Hash, uint32(doc), a.Pos})
					}
				}
			}
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
	return blocks
}

// link adds the hits of every posting, of pieces as [collect] makes them, with the homes of its hash to stores,
// one of each goroutine, in no particular order. An error is that of a store.
func link(blocks [][shards][]posting, stores []store) error {
	var next atomic.Int32
	var g errgroup.Group
	for w := range stores {
		g.Go(func() error {
			var m linker
			var hits []hit
			pieces := make([][]posting, len(blocks))
			for {
				s := int(next.Add(1)) - 1
				if s >= shards {
					return nil
				}
				for b := range blocks {
					pieces[b], blocks[b][s] = blocks[b][s], nil
				}
				ps := m.byHash(pieces)
				for from := 0; from < len(ps); {
					to := from + 1
					for to < len(ps) && ps[to].hash == ps[from].hash {
						to++
					}
					if ps[from].doc != ps[to-1].doc {
						hits = linkOne(hits[:0], firsts(ps[from:to]))
						if err := stores[w].add(hits); err != nil {
							return err
						}
					}
					from = to
				}
			}
		})
	}
	return g.Wait()
}

// linker is memory that one goroutine uses again for shard after shard.
type linker struct {
	once, twice  []uint64 // bits of values of the hash
	kept, sorted []posting
	start        []uint32
}

// byHash returns the postings of a shard, which are piece by piece in order of pages and positions, that are
// not alone with their hash, and of the others some: by hash, and those of one hash in that order. Most
// anchors are on one page, so that little is left to be sorted. What it returns is valid until the next call.
func (m *linker) byHash(pieces [][]posting) []posting {
	total := 0
	for _, ps := range pieces {
		total += len(ps)
	}
	// Eight bits for a posting: of those that are alone one in eight meets another one.
	filter := max(bits.Len(uint(total))+3, 6)
	m.once, m.twice = cleared(m.once, 1<<filter/64), cleared(m.twice, 1<<filter/64)
	for _, ps := range pieces {
		for i := range ps {
			at := ps[i].hash >> (64 - filter)
			bit := uint64(1) << (at % 64)
			m.twice[at/64] |= m.once[at/64] & bit
			m.once[at/64] |= bit
		}
	}
	kept := slices.Grow(m.kept[:0], total)[:total]
	n := 0
	for _, ps := range pieces {
		for i := range ps {
			at := ps[i].hash >> (64 - filter)
			kept[n] = ps[i]
			n += int(m.twice[at/64] >> (at % 64) & 1)
		}
	}
	m.kept, kept = kept, kept[:n]
	// By as many of the top bits as make more values than there are hashes.
	digit := max(bits.Len(uint(n)), 1)
	m.start = cleared(m.start, 1<<digit+1)
	start := m.start
	for i := range kept {
		start[kept[i].hash>>(64-digit)+1]++
	}
	for i := range 1 << digit {
		start[i+1] += start[i]
	}
	m.sorted = slices.Grow(m.sorted[:0], n)[:n]
	ps := m.sorted
	for i := range kept {
		at := &start[kept[i].hash>>(64-digit)]
		ps[*at] = kept[i]
		*at++
	}
	for from := 0; from < len(ps); {
		to, same := from+1, true
		for to < len(ps) && ps[to].hash>>(64-digit) == ps[from].hash>>(64-digit) {
			same = same && ps[to].hash == ps[from].hash
			to++
		}
		if !same {
			sortStable(ps[from:to])
		}
		from = to
	}
	return ps
}

// cleared returns memory for n values that are 0, the given one if there is enough.
func cleared[T any](memory []T, n int) []T {
	if cap(memory) < n {
		return make([]T, n)
	}
	memory = memory[:n]
	clear(memory)
	return memory
}

func sortStable(ps []posting) {
	slices.SortStableFunc(ps, func(p, q posting) int { return cmp.Compare(p.hash, q.hash) })
}

// firsts keeps, in place, the first posting of every page.
func firsts(ps []posting) []posting {
	return slices.CompactFunc(ps, func(p, q posting) bool { return p.doc == q.doc })
}

// linkOne appends the hits of one hash, whose postings are in canonical order of their pages, each once: of
// two homes the later one is linked with the earlier one.
func linkOne(hits []hit, ps []posting) []hit {
	var home [2 * homes]posting
	found := homesOf(&home, ps)
	near := found[min(homes, len(found)):]
	for i, p := range ps {
		with, later := found, false
		if i < homes {
			with = found[:i]
		} else {
			later = slices.ContainsFunc(near, func(h posting) bool { return h.doc == p.doc })
		}
		for _, h := range with {
			switch {
			case h.doc < p.doc:
				hits = append(hits, hit{h.doc, p.doc, h.pos, p.pos})
			case h.doc > p.doc && !later:
				hits = append(hits, hit{p.doc, h.doc, p.pos, h.pos})
			}
		}
	}
	return hits
}

// homesOf returns the homes of one hash, whose postings are in canonical order of their pages, in memory
// of the caller's.
func homesOf(home *[2 * homes]posting, ps []posting) []posting {
	n := copy(home[:homes], ps) // the oldest
	near := home[n:n]           // the nearest to the start of their page, by insertion
	for _, p := range ps[n:] {
		i := len(near)
		for i > 0 && near[i-1].pos > p.pos {
			i--
		}
		if i == homes {
			continue
		}
		if len(near) < homes {
			near = near[:len(near)+1]
		}
		copy(near[i+1:], near[i:])
		near[i] = p
	}
	return home[:n+len(near)]
}

// group sorts hits, whose first pages are in [first, end), by pages, then by position.
func group(hits []hit, first, end, workers int) []hit {
	n := end - first
	start := make([]int, n+1) // counting sort by the first page, then each page's own on its own
	var most hit
	for _, h := range hits {
		start[int(h.a)-first+1]++
		most = hit{0, max(most.b, h.b), max(most.posA, h.posA), max(most.posB, h.posB)}
	}
	for i := range n {
		start[i+1] += start[i]
	}
	out := make([]hit, len(hits))
	border := func(w int) int { // pages with an even share of the hits for each worker
		if w == workers {
			return n
		}
		return sort.SearchInts(start, w*len(hits)/workers)
	}
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			from, to := border(w), border(w+1)
			next := slices.Clone(start[from:to])
			for _, h := range hits {
				if a := int(h.a) - first; a >= from && a < to {
					out[next[a-from]] = h
					next[a-from]++
				}
			}
			var keys []uint64
			for a := from; a < to; a++ {
				keys = sortHits(out[start[a]:start[a+1]], most, keys)
			}
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
	return out
}

// sortHits sorts the hits of one first page, in which no number is greater than in most. It uses the memory
// of keys, and returns it.
func sortHits(hits []hit, most hit, keys []uint64) []uint64 {
	atA := bits.Len32(most.posB)
	atB := atA + bits.Len32(most.posA)
	if atB+bits.Len32(most.b) > 64 { // ten million pages, and one among them of a hundred thousand words
		slices.SortFunc(hits, func(p, q hit) int {
			return cmp.Or(cmp.Compare(p.b, q.b), cmp.Compare(p.posA, q.posA), cmp.Compare(p.posB, q.posB))
		})
		return keys
	}
	keys = keys[:0]
	for _, h := range hits {
		keys = append(keys, uint64(h.b)<<atB|uint64(h.posA)<<atA|uint64(h.posB))
	}
	slices.Sort(keys)
	for i, k := range keys {
		hits[i].b, hits[i].posA, hits[i].posB = uint32(k>>atB), uint32(k>>atA)&(1<<(atB-atA)-1), uint32(k)&(1<<atA-1)
	}
	return keys
}
