package tfidf

import (
	"cmp"
	"math"
	"slices"

	"github.com/zeebo/xxh3"

	"sada/features/internal/wordhash"
)

// Term is the number of a term: a hash of its bytes, or any other numbering the caller keeps.
//
// It has 64 bits. With 32, a vocabulary of a million terms would hold about 116 pairs of terms that
// are taken for each other (n²/2 / 2^32), and nobody would see it; with 64 it holds none. The price
// is 4 bytes for each of the hundred-odd terms of a page: 0.4 GB in a million pages.
type Term uint64

// TermID returns the number of a term: XXH3 (64 bits) of its bytes, the same on every machine.
func TermID(term []byte) Term { return Term(xxh3.Hash(term)) }

// TermIDAt is [TermID] of text[from:to]. It looks at the bytes around the term as well, and takes less time.
func TermIDAt(text []byte, from, to int) Term { return Term(wordhash.Sum(text, from, to)) }

// Count says how often a term stands in a document. N may hold a factor the caller gives to some
// places, such as 2 for the words of a title.
type Count struct {
	Term Term
	N    uint32
}

// Fold sorts counts by term and adds up those of the same term, dropping terms whose sum is 0. A sum
// over 2^32-1 stays there. It works in place and returns the shortened slice; the counts of a
// document are, everywhere in this package, what Fold returns.
func Fold(counts []Count) []Count {
	sortByTerm(counts)
	out := counts[:0]
	for i := 0; i < len(counts); {
		term, sum := counts[i].Term, uint64(0)
		for ; i < len(counts) && counts[i].Term == term; i++ {
			sum += uint64(counts[i].N)
		}
		if sum > 0 {
			out = append(out, Count{term, uint32(min(sum, math.MaxUint32))})
		}
	}
	return out
}

// sortByTerm sorts counts.
func sortByTerm(counts []Count) {
	const few = 16 // with which the places of all top bytes take longer
	if len(counts) > few && !deal(counts) {
		slices.SortFunc(counts, byTerm)
		return
	}
	for i := 1; i < len(counts); i++ {
		c, at := counts[i], i
		for ; at > 0 && counts[at-1].Term > c.Term; at-- {
			counts[at] = counts[at-1]
		}
		counts[at] = c
	}
}

// deal brings counts nearly in order: terms are mostly hashes, so that the top byte of each says within a few places where
// it belongs. It returns false, and leaves them, if they are too many or not such terms.
func deal(counts []Count) bool {
	var room [2 * leadTerms]Count
	if len(counts) > len(room) {
		return false
	}
	var next [1 << 8]uint16
	for _, c := range counts {
		next[c.Term>>56]++
	}
	sum, most := uint16(0), uint16(0)
	for i, n := range next {
		most = max(most, n)
		next[i], sum = sum, sum+n
	}
	if most > 16 { // the terms are no hashes
		return false
	}
	for _, c := range counts {
		at := &next[c.Term>>56]
		room[*at] = c
		*at++
	}
	copy(counts, room[:])
	return true
}

func byTerm(a, b Count) int { return cmp.Compare(a.Term, b.Term) }

// leadTerms is about how many terms the lead of a page has.
const leadTerms = 192
