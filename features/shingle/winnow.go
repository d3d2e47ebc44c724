package shingle

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
func Winnow(dst []Anchor, grams []uint64, window int) []Anchor {
	if window < 1 {
		panic("shingle: a window has at least one shingle")
	}
	if len(grams) == 0 {
		return dst
	}
	best := -1 // index of the smallest shingle of the present window
	for end := range grams {
		start := max(0, end-window+1)
		if end < window-1 && end != len(grams)-1 {
			continue
		}
		switch {
		case best < start:
			best = start
			for i := start + 1; i <= end; i++ {
				if grams[i] <= grams[best] {
					best = i
				}
			}
		case grams[end] <= grams[best]:
			best = end
		default:
			continue
		}
		dst = append(dst, Anchor{grams[best], uint32(best)})
	}
	return dst
}
