package shingle

import (
	"math"
	"slices"
)

// Anchor is a chosen shingle: its hash and the index of its first word.
type Anchor struct {
	Hash uint64
	Pos  uint32
}

// Winnow appends the anchors of a text's shingles, which [Grams] made, to dst and returns it: the
// smallest hash of every window of consecutive shingles, the rightmost where two are equal, each
// position once and in order (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003). Two texts that
// share k+window-1 consecutive words share an anchor among them; about 2/(window+1) of the shingles
// are chosen, more where shingles repeat within a window (a run of equal ones gives nearly all).
// A text shorter than one window gives the smallest of what it has. window must be at least 1.
//
// A window is the end of a block of as many shingles and the beginning of the next (van Herk, Pattern Recognition
// Letters 13, 1992): the smallest of both are made in passing, without a branch, since nobody foresees where
// they are.
func Winnow(dst []Anchor, grams []uint64, window int) []Anchor {
	if window < 1 {
		panic("shingle: a window has at least one shingle")
	}
	if window = min(window, len(grams)); window == 0 {
		return dst
	}
	n := len(dst)
	dst = slices.Grow(dst, len(grams)-window+2) // the last one is in excess
	out := dst[n : n+len(grams)-window+2]
	to, last := 0, -1
	var room [16]Anchor // hardly ever more
	ends := room[:]
	if window > len(ends) {
		ends = make([]Anchor, window)
	}
	for from := 0; from+window <= len(grams); from += window {
		block, next := grams[from:from+window], grams[from+window:min(from+2*window-1, len(grams))]
		best, at := uint64(math.MaxUint64), from+window-1
		for i := window - 1; i >= 0; i-- {
			g := block[i]
			if g < best {
				at = from + i
			}
			best = min(best, g)
			ends[i] = Anchor{best, uint32(at)}
		}
		out[to] = Anchor{best, uint32(at)}
		if at != last {
			to++
		}
		last, best = at, math.MaxUint64
		for i, g := range next {
			if g <= best {
				at = from + window + i
			}
			best = min(best, g)
			smallest, place := ends[i+1].Hash, int(ends[i+1].Pos)
			if best <= smallest {
				place = at
			}
			out[to] = Anchor{min(best, smallest), uint32(place)}
			if place != last {
				to++
			}
			last = place
		}
	}
	return dst[:n+to]
}
