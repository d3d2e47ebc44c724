package passage

import "slices"

// Alignment limits. The gap and the drift are from the prototype that found 99.5 % of 1,275
// appended articles; the others keep a chance meeting of frequent phrases from becoming a passage.
const (
	maxGap     = 60 // words between two anchors of a chain
	maxDrift   = 12 // by which the diagonal may move from one anchor to the next
	shortSkip  = 8  // words skipped, on both sides together, to get over one edit
	resync     = 2  // equal words in a row that end such an edit
	longSkip   = 24 // words skipped to get over several edits in a row
	longResync = 3  // equal words that end those: pairs of words meet by chance in so many
	minAnchors = 3  // in a chain
)

// Range is a half-open range of words.
type Range struct{ From, To int }

// Len returns the number of words.
func (r Range) Len() int { return r.To - r.From }

// Run is a stretch of equal words: [A, A+N) of one page and [B, B+N) of the other.
type Run struct{ A, B, N int }

// Aligned is a passage that two pages share: a stretch of each, and the equal runs in it.
type Aligned struct {
	A, B    Range
	Anchors int
	Equal   int // words in runs
}

// chains returns the chains of the hits of one pair of pages, which are in order of posA: anchors in the
// same order in both pages, close together and near one diagonal. They may share memory with the hits.
func chains(hits []hit) [][]hit {
	if len(hits) == 0 {
		return nil
	}
	first := 1 // mostly all are one chain, which needs no other memory
	for first < len(hits) {
		if _, ok := hits[first-1].before(hits[first]); !ok {
			break
		}
		first++
	}
	out := [][]hit{hits[:first:first]}
	open := 0 // chains before this one have ended
	for _, h := range hits[first:] {
		best, least := -1, maxDrift+1
		for i := len(out) - 1; i >= open; i-- {
			last := out[i][len(out[i])-1]
			if h.posA > last.posA+maxGap {
				if i == open {
					open++
				}
				continue
			}
			if drift, ok := last.before(h); ok && drift < least {
				best, least = i, drift
			}
		}
		if best < 0 {
			out = append(out, nil)
			best = len(out) - 1
		}
		out[best] = append(out[best], h)
	}
	return slices.DeleteFunc(out, func(c []hit) bool { return len(c) < minAnchors })
}

// before returns how far the diagonal moves from an anchor to the next one, and whether they are of one chain.
func (h hit) before(next hit) (drift int, ok bool) {
	if next.posA <= h.posA || next.posA > h.posA+maxGap || next.posB <= h.posB || next.posB > h.posB+maxGap {
		return 0, false
	}
	drift = int(next.posB-h.posB) - int(next.posA-h.posA)
	drift = max(drift, -drift)
	return drift, drift <= maxDrift
}

// align walks along a chain through the words of two pages, over edits, from before its first
// anchor to after its last, as far as the texts go together. runs, if not nil, receives every
// equal run in order.
func align(a, b []uint32, chain []hit, runs *[]Run) Aligned {
	i, j := int(chain[0].posA), int(chain[0].posB)
	i, j = back(a, b, i, j)
	out := Aligned{A: Range{i, i}, B: Range{j, j}, Anchors: len(chain)}
	next := 0
	for {
		n := 0
		for i+n < len(a) && j+n < len(b) && a[i+n] == b[j+n] {
			n++
		}
		if n > 0 {
			out.Equal += n
			if runs != nil {
				*runs = append(*runs, Run{i, j, n})
			}
			i, j = i+n, j+n
			out.A.To, out.B.To = i, j
		}
		// An anchor at the very place where the words differ is a collision of hashes.
		for next < len(chain) && (int(chain[next].posA) < i || int(chain[next].posB) < j || int(chain[next].posA) == i && int(chain[next].posB) == j) {
			next++
		}
		if di, dj, ok := skip(a[i:], b[j:]); ok && (next == len(chain) || i+di <= int(chain[next].posA) && j+dj <= int(chain[next].posB)) {
			i, j = i+di, j+dj
		} else if next < len(chain) {
			i, j = int(chain[next].posA), int(chain[next].posB)
		} else {
			return out
		}
	}
}

// edit is a number of words skipped in each page, and of equal words that must follow.
type edit struct{ a, b, need int }

// edits are all that are tried, the shortest first; of equally long ones the most even one first: a
// replaced word before a dropped one.
var edits = func() (out []edit) {
	for d := 1; d <= longSkip; d++ {
		need := resync
		if d > shortSkip {
			need = longResync
		}
		for k := 0; k <= d+1; k++ { // d+1: where d is odd, the sides are one step further apart
			if a := d/2 + (k+1)/2*(1-2*(k&1)); a >= 0 && a <= d {
				out = append(out, edit{a, d - a, need})
			}
		}
	}
	return out
}()

// skip finds the nearest place after an edit, or several, at which words are equal again.
func skip(a, b []uint32) (di, dj int, ok bool) {
	for _, e := range edits {
		if i, j := e.a+e.need, e.b+e.need; i <= len(a) && j <= len(b) && equal(a[e.a:i], b[e.b:j]) {
			return e.a, e.b, true
		}
	}
	return 0, 0, false
}

func equal(a, b []uint32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// back walks from an anchor towards the start of both pages and returns where the text that they
// share begins.
func back(a, b []uint32, i, j int) (int, int) {
	for {
		for i > 0 && j > 0 && a[i-1] == b[j-1] {
			i, j = i-1, j-1
		}
		di, dj, ok := skipBack(a[:i], b[:j])
		if !ok {
			return i, j
		}
		i, j = i-di, j-dj
	}
}

// skipBack is skip in the other direction.
func skipBack(a, b []uint32) (di, dj int, ok bool) {
	for _, e := range edits {
		i, j := len(a)-e.a, len(b)-e.b
		if i >= e.need && j >= e.need && equal(a[i-e.need:i], b[j-e.need:j]) {
			return e.a, e.b, true
		}
	}
	return 0, 0, false
}

// passages aligns all chains of one pair and joins neighbours with less than maxGap words between
// them in both pages. They are returned in order of their place in a.
func passages(a, b []uint32, hits []hit) []Aligned {
	var out []Aligned
	for _, chain := range chains(hits) {
		// A chain inside a passage that is already there adds nothing: the walk before passed it.
		first := chain[0]
		if slices.ContainsFunc(out, func(p Aligned) bool {
			return int(first.posA) >= p.A.From && int(first.posA) < p.A.To && int(first.posB) >= p.B.From && int(first.posB) < p.B.To
		}) {
			continue
		}
		out = append(out, align(a, b, chain, nil))
	}
	slices.SortFunc(out, func(p, q Aligned) int { return p.A.From - q.A.From })
	joined := out[:0]
	for _, p := range out {
		if n := len(joined); n > 0 {
			last := &joined[n-1]
			holeA, holeB := p.A.From-last.A.To, p.B.From-last.B.To
			if holeA >= 0 && holeB >= 0 && holeA < maxGap && holeB < maxGap {
				last.A.To, last.B.To = p.A.To, p.B.To
				last.Anchors += p.Anchors
				last.Equal += p.Equal
				continue
			}
			if holeA < 0 && p.Equal <= last.Equal && p.A.To <= last.A.To {
				continue // the same words of a against another place of b: the longer one counts
			}
		}
		joined = append(joined, p)
	}
	return joined
}
