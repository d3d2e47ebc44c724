package story

import "slices"

// tile is consecutive nodes and their candidates, which are compared by candidate: its outline, which lies far away, is
// fetched and laid out once for all nodes of the tile, whose outlines are in the cache.
type tile struct {
	ends       []int32 // of every node: where its candidates end; they begin where those of the node before do
	candidates []int32

	start []int32  // of every node there is: where its pairs begin, once these are dealt
	dealt []uint16 // the pairs by candidate: the node, counted from the first of the tile
	found []int32  // the candidates of every node that may be linked, in the room of all of its candidates
	upTo  []int32  // of every node: where these end
}

const (
	// tileNodes is how many nodes are compared at a time: their outlines, of some 300 bytes, are in a cache of the second or third
	// level, and a candidate in a window of 100,000 nodes has ten pairs for which it is laid out. With 4096 and with 16384
	// of them comparing takes as long.
	tileNodes = 8192

	// tilePairs bounds the memory of a tile, 10 bytes for a pair, where nodes have very many candidates.
	tilePairs = 1 << 20
)

// tileOf returns the size of the tiles of n nodes, of which there should be enough for every worker.
func tileOf(n int) int { return min(max(n/64, chunk), tileNodes) }

// compareAll links the nodes of the tile, which ends before a node, to the candidates that they belong to, and begins another one.
func (s *scan) compareAll(end int32) {
	t := &s.tile
	first := end - int32(len(t.ends))
	if len(t.candidates) > 0 {
		s.sift(first)
		s.linkFound(first)
	}
	t.ends, t.candidates = t.ends[:0], t.candidates[:0]
}

// sift finds the pairs that may be linked.
func (s *scan) sift(first int32) {
	t := &s.tile
	if t.start == nil {
		t.start = make([]int32, len(s.nodes)+2)
	}
	low, high := slices.Min(t.candidates), slices.Max(t.candidates)
	start := t.start[low : high+3]
	clear(start)
	for _, c := range t.candidates {
		start[c-low+2]++
	}
	for c := range start[:len(start)-2] {
		start[c+2] += start[c+1]
	}
	t.dealt = slices.Grow(t.dealt[:0], len(t.candidates))[:len(t.candidates)]
	t.found = slices.Grow(t.found[:0], len(t.candidates))[:len(t.candidates)]
	t.upTo = t.upTo[:0]
	from := int32(0)
	for n, end := range t.ends {
		for _, c := range t.candidates[from:end] {
			at := &start[c-low+1]
			t.dealt[*at] = uint16(n)
			*at++
		}
		t.upTo = append(t.upTo, from)
		from = end
	}
	for c := low; c <= high; c++ {
		of := t.dealt[start[c-low]:start[c-low+1]]
		if len(of) == 0 {
			continue
		}
		s.outlined.set(s.outlines.of(c))
		for _, n := range of {
			i := first + int32(n)
			if s.mayLink(s.outlines.of(i), i, c) {
				at := &t.upTo[n]
				t.found[*at] = c
				*at++
			}
		}
	}
}

// linkFound links what sift has found.
func (s *scan) linkFound(first int32) {
	t := &s.tile
	from := int32(0)
	for n, end := range t.ends {
		found := t.found[from:t.upTo[n]]
		from = end
		if len(found) == 0 {
			continue
		}
		i := first + int32(n)
		s.probe.set(s.nodes[i].Vector)
		for some := range slices.Chunk(found, batch) {
			for _, c := range some {
				fetch(s, s.nodes[c].Vector.Terms)
				fetch(s, s.nodes[c].Vector.Weights)
			}
			for _, c := range some {
				s.compare(c, i)
			}
		}
	}
}

// batch is how many nodes are fetched at a time; with 8 of them comparing takes a twentieth longer.
const batch = 16
