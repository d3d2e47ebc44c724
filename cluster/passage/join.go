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
	s := store{alloc: opt.Alloc, width: (n + ranges - 1) / ranges}
	for part := range opt.Parts {
		for _, hits := range link(collect(n, words, part, opt.Parts, opt.Workers), opt.Workers) {
			if err := s.add(hits); err != nil {
				return err
			}
		}
	}
	var next atomic.Int32
	var g errgroup.Group
	for range max(opt.Workers, 1) {
		g.Go(func() error {
			var hits []hit
			for {
				r := int(next.Add(1)) - 1
				if r >= ranges {
					return nil
				}
				hits = hits[:0]
				for _, chunk := range s.ranges[r] {
					hits = append(hits, chunk...)
				}
				if len(hits) > 0 {
					do(r, group(hits, r*s.width, min((r+1)*s.width, n), 1))
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
	width  int                             // pages of a range
	ranges [ranges][][]hit                 // in chunks, of which the last one has room
}

// The sizes of chunks, each twice the one before: few hits take little, many lie in one piece.
const (
	leastChunk = 64
	mostChunk  = 4096
)

func (s *store) add(hits []hit) error {
	for _, h := range hits {
		of := &s.ranges[int(h.a)/s.width]
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

// link returns the hits of every posting, of pieces as [collect] makes them, with the homes of its hash, in
// no particular order.
func link(blocks [][shards][]posting, workers int) [shards][]hit {
	var out [shards][]hit
	var g errgroup.Group
	g.SetLimit(max(workers, 1))
	for s := range out {
		g.Go(func() error {
			pieces := make([][]posting, len(blocks))
			for w := range blocks {
				pieces[w], blocks[w][s] = blocks[w][s], nil
			}
			ps := byHash(pieces)
			out[s] = make([]hit, 0, len(ps)/4) // in corpora with a copy for every fourth page
			for from := 0; from < len(ps); {
				to := from + 1
				for to < len(ps) && ps[to].hash == ps[from].hash {
					to++
				}
				if ps[from].doc != ps[to-1].doc {
					out[s] = linkOne(out[s], firsts(ps[from:to]))
				}
				from = to
			}
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
	return out
}

// byHash sorts postings, which are piece by piece in order of pages and positions, by hash and leaves those
// of one hash in that order. Two rounds of radix sort by the top bits of the hash, of which there are
// more values than postings in a shard of a part, leave little to be sorted by comparing. The pieces
// are used up.
func byHash(pieces [][]posting) []posting {
	const digit = 11 // bits: two thousand counters stay in the nearest cache
	total := 0
	for _, ps := range pieces {
		total += len(ps)
	}
	if total < 1<<digit {
		ps := slices.Concat(pieces...)
		sortStable(ps)
		return ps
	}
	deal := func(to []posting, pieces [][]posting, shift int) {
		var next [1 << digit]int
		for _, ps := range pieces {
			for i := range ps {
				next[ps[i].hash>>shift&(1<<digit-1)]++
			}
		}
		sum := 0
		for i, n := range next {
			next[i], sum = sum, sum+n
		}
		for _, ps := range pieces {
			for _, p := range ps {
				at := &next[p.hash>>shift&(1<<digit-1)]
				to[*at] = p
				*at++
			}
		}
	}
	other, ps := make([]posting, total), pieces[0]
	deal(other, pieces, 64-2*digit)
	if cap(ps) < total {
		ps = make([]posting, total)
	}
	ps = ps[:total]
	deal(ps, [][]posting{other}, 64-digit)
	for from := 0; from < len(ps); {
		to, same := from+1, true
		for to < len(ps) && ps[to].hash>>(64-2*digit) == ps[from].hash>>(64-2*digit) {
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

func sortStable(ps []posting) {
	slices.SortStableFunc(ps, func(p, q posting) int { return cmp.Compare(p.hash, q.hash) })
}

// firsts keeps, in place, the first posting of every page.
func firsts(ps []posting) []posting {
	return slices.CompactFunc(ps, func(p, q posting) bool { return p.doc == q.doc })
}

// linkOne appends the hits of one hash, whose postings are in canonical order of their pages.
func linkOne(hits []hit, ps []posting) []hit {
	var home [2 * homes]posting
	for _, h := range homesOf(&home, ps) {
		for _, p := range ps {
			first, second := h, p
			if p.doc < h.doc {
				first, second = p, h
			}
			if first.doc != second.doc {
				hits = append(hits, hit{first.doc, second.doc, first.pos, second.pos})
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

// group sorts hits, whose first pages are in [first, end), by pages, then by position, and drops what occurs
// twice: two homes of a hash name each other.
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
	return slices.Compact(out)
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
