package shingle

import (
	"slices"

	"sada/features/arabic"
	"sada/features/internal/wordhash"
)

// Words appends the hash of every token of t to dst and returns it: 31 bits of XXH3, and the lowest
// bit set if the token begins with a digit.
func Words(dst []uint32, t *arabic.Text) []uint32 {
	dst = slices.Grow(dst, len(t.Tokens))
	for _, token := range t.Tokens {
		h := uint32(wordhash.Sum(t.Norm, int(token.At), int(token.End))) &^ 1
		if first := t.Norm[token.At]; first >= '0' && first <= '9' {
			h |= 1
		}
		dst = append(dst, h)
	}
	return dst
}

// IsNumber reports whether a hash made by [Words] is that of a token that begins with a digit.
func IsNumber(word uint32) bool { return word&1 == 1 }

// radix is the base of the polynomial over a shingle's words: an odd number with well spread bits
// (2^64 divided by the golden ratio), so that multiplication by it is a bijection of 64-bit words.
const radix = 0x9E3779B97F4A7C15

// Grams appends the hash of every run of k consecutive words to dst and returns it, in the order of
// the text: len(words)-k+1 of them, none if the text is shorter than k. k must be at least 1.
func Grams(dst []uint64, words []uint32, k int) []uint64 {
	if k < 1 {
		panic("shingle: a shingle has at least one word")
	}
	if len(words) < k {
		return dst
	}
	top := uint64(1) // radix^k: the weight at which a word leaves the run
	var h uint64
	for _, w := range words[:k] {
		top *= radix
		h = h*radix + uint64(w) + 1
	}
	n := len(dst)
	dst = slices.Grow(dst, len(words)-k+1)[:n+len(words)-k+1]
	out := dst[n:]
	out[0] = mix(h)
	enter, leave := words[k:], words[:len(words)-k]
	out = out[1:][:len(enter)]
	for i, w := range enter {
		h = h*radix + (uint64(w) + 1 - top*(uint64(leave[i])+1))
		out[i] = mix(h)
	}
	return dst
}

// mix is the 64-bit finaliser of MurmurHash3 (Appleby 2011, public domain): a bijection in which
// every input bit changes every output bit with probability close to one half.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return h
}

// Set sorts grams, drops what occurs twice and returns the shortened slice. It works in place.
func Set(grams []uint64) []uint64 {
	slices.Sort(grams)
	return slices.Compact(grams)
}

// Overlap returns how many shingles two sets made by [Set] have in common.
func Overlap(a, b []uint64) int {
	n, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		x, y := a[i], b[j]
		if x == y {
			n++
		}
		if x <= y {
			i++
		}
		if y <= x {
			j++
		}
	}
	return n
}

// Jaccard returns shared/(a+b-shared) for two sets of a and b elements, in [0, 1].
// Two empty sets have nothing in common: 0.
func Jaccard(shared, a, b int) float64 {
	if shared == 0 {
		return 0
	}
	return float64(shared) / float64(a+b-shared)
}
