package shingle

import (
	"fmt"
	"math"
	"slices"
)

// Sketcher makes signatures of sets. [Signer] and [FastSigner] are the two.
type Sketcher interface {
	// Sign appends the signature of a non-empty set of shingles to dst, which stays the caller's, and
	// returns it: bands groups of rows slots. The empty set has none: dst then comes back unchanged,
	// with false. Neither the order of the set nor an element that stands in it twice matters.
	Sign(dst []uint64, set []uint64) ([]uint64, bool)
}

// Sketch names a way to make signatures. Signatures of different sketches cannot be compared.
type Sketch string

// The sketches.
const (
	Fast    Sketch = "fast"       // [FastSigner]
	MinHash Sketch = "go-minhash" // [Signer], the reference
)

// New returns a sketcher of rows x bands slots, both at least 1. An unknown name is an error.
func (s Sketch) New(bands, rows int) (Sketcher, error) {
	switch s {
	case Fast:
		return NewFastSigner(bands, rows), nil
	case MinHash:
		return NewSigner(bands, rows), nil
	}
	return nil, fmt.Errorf("unknown sketch %q", string(s))
}

// FastSigner makes signatures by Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup: Fast Similarity
// Sketching, FOCS 2017, arXiv 1704.04370). In each round every shingle is thrown into one of the slots,
// which keeps the smallest of what it gets; what comes in a later round is greater than all of an
// earlier one. From the round that has the number of slots on, every shingle is thrown into the same
// slot, so that none stays empty, and the rounds end when all are filled: after two for a page of news
// and a hundred slots, where MinHash takes every shingle to every slot.
//
// Two sets agree in a slot with a probability of their Jaccard similarity, as with [Signer], and the
// estimate varies less, because no shingle fills two slots of a round. Every round has a hash of its own, and a
// shingle cannot take more than one slot of it, so that one extreme shingle makes no strangers alike.
//
// A FastSigner reuses its memory and serves one goroutine.
type FastSigner struct{ slots []uint64 }

// NewFastSigner returns a signer of rows x bands slots, less than 2^16. Both must be at least 1.
func NewFastSigner(bands, rows int) *FastSigner {
	if bands < 1 || rows < 1 || bands*rows >= 1<<placeBits {
		panic(fmt.Sprintf("shingle: a signature of %d bands x %d rows", bands, rows))
	}
	return &FastSigner{make([]uint64, bands*rows)}
}

// What a hash is divided into: its low bits choose the slot, the others are its value there, under the
// number of the round. With 40 bits two of a million shingles get the same value in one slot with a
// chance of less than 2^-20, and only a candidate would come of it.
const (
	placeBits = 24
	valueBits = 64 - placeBits
)

// Sign implements [Sketcher]. The time is len(set) x rounds, about slots x ln(slots) for small sets.
func (s *FastSigner) Sign(dst []uint64, set []uint64) ([]uint64, bool) {
	if len(set) == 0 {
		return dst, false
	}
	slots := s.slots
	for i := range slots {
		slots[i] = math.MaxUint64
	}
	n := uint64(len(slots))
	for round := uint64(0); round < n && slices.Contains(slots, math.MaxUint64); round++ {
		seed := mix((round + 1) * radix)
		late := round << valueBits
		for _, g := range set {
			h := mix(g ^ seed)
			at := (h & (1<<placeBits - 1)) * n >> placeBits
			// Whether a value is the smallest so far nobody can predict: it is stored in any case.
			slots[at] = min(slots[at], late|h>>placeBits)
		}
	}
	for at := range slots {
		if slots[at] != math.MaxUint64 {
			continue
		}
		round := n + uint64(at)
		seed := mix((round + 1) * radix)
		for _, g := range set {
			slots[at] = min(slots[at], round<<valueBits|mix(g^seed)>>placeBits)
		}
	}
	return append(dst, slots...), true
}
