package shingle

import (
	"encoding/binary"
	"fmt"
	"math"

	minhash "github.com/dgryski/go-minhash"
)

// Signer makes MinHash signatures (Broder 1997) with github.com/dgryski/go-minhash.
//
// A signature has rows x bands slots. Slot (r, b) of two sets is equal with a probability close to
// their Jaccard similarity. go-minhash derives its slots from two hashes, h1 + i*h2, so one shingle
// with small h1 and h2 takes many slots of it at once and makes strangers look alike. A Signer
// therefore runs one MinWise for each row, each with hashes of its own: the rows of a band then
// come from unrelated permutations, and a shingle would have to be extreme in all of them together.
// A shingle takes a given band from n others with a chance of about n^-rows. The hashes are not
// secret, so whoever searches finds such a shingle after some n^rows/bands tries (2.5 * 10^8 for
// n = 300, 32 bands of 4 rows): one more reason to verify every candidate on the sets.
//
// A Signer reuses its memory and serves one goroutine.
type Signer struct {
	rows  []*minhash.MinWise
	slots [][]uint64 // the MinWise's own memory, which Signature hands out
	buf   [8]byte
}

// NewSigner returns a signer of rows x bands slots. Both must be at least 1.
func NewSigner(bands, rows int) *Signer {
	if bands < 1 || rows < 1 {
		panic(fmt.Sprintf("shingle: a signature of %d bands x %d rows", bands, rows))
	}
	s := &Signer{}
	for r := range rows {
		m := minhash.NewMinWise(seeded(2*r), seeded(2*r+1), bands)
		s.rows = append(s.rows, m)
		s.slots = append(s.slots, m.Signature())
	}
	return s
}

// seeded returns the n-th of a family of hashes of eight bytes.
func seeded(n int) minhash.Hash64 {
	seed := mix(uint64(n+1) * radix)
	return func(b []byte) uint64 { return mix(binary.LittleEndian.Uint64(b) ^ seed) }
}

// Sign appends the signature of a non-empty set of shingles to dst and returns it: bands groups of
// rows slots. The empty set has no signature (in go-minhash all empty sets are equal): Sign then
// returns dst unchanged and false. dst is the caller's: the signer keeps no part of it. The time is
// len(set) x bands x rows; the order of the set does not matter.
func (s *Signer) Sign(dst []uint64, set []uint64) ([]uint64, bool) {
	if len(set) == 0 {
		return dst, false
	}
	for _, slots := range s.slots {
		for i := range slots {
			slots[i] = math.MaxUint64
		}
	}
	for _, m := range s.rows {
		for _, g := range set {
			binary.LittleEndian.PutUint64(s.buf[:], g)
			m.Push(s.buf[:])
		}
	}
	for band := range s.slots[0] {
		for _, slots := range s.slots {
			dst = append(dst, slots[band])
		}
	}
	return dst, true
}

// Estimate returns the share of equal slots of two signatures of signers of the same shape: an
// estimate, in [0, 1], of the Jaccard similarity J of their sets, with a standard deviation close to
// sqrt(J(1-J)/slots). It is for measuring; nothing is merged on it. Signatures of different or no
// length are an error.
func Estimate(a, b []uint64) (float64, error) {
	if len(a) != len(b) || len(a) == 0 {
		return 0, fmt.Errorf("signatures of %d and %d slots cannot be compared", len(a), len(b))
	}
	equal := 0
	for i := range a {
		if a[i] == b[i] {
			equal++
		}
	}
	return float64(equal) / float64(len(a)), nil
}
