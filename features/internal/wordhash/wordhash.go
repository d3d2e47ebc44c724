// Package wordhash hashes the words of a text.
package wordhash

import (
	"encoding/binary"
	"math/bits"

	"github.com/zeebo/xxh3"
)

// Sum is [xxh3.Hash] of text[from:to]. Words of 4 to 16 bytes, which nearly all are, are hashed here, where calling
// for it would take longer than hashing. The two rules that they have are both followed, and one result is taken: nobody
// foresees the length of the next word. The constants are those of XXH3 with its default secret and the seed 0.
func Sum(text []byte, from, to int) uint64 {
	n := to - from
	if n < 4 || n > 16 || from < 0 || to < 8 || from+8 > len(text) || to > len(text) {
		return xxh3.Hash(text[from:to])
	}
	head, tail := binary.LittleEndian.Uint64(text[from:from+8]), binary.LittleEndian.Uint64(text[to-8:to])

	// 4 to 8 bytes: the first four and the last four.
	short := (tail>>32 | head<<32) ^ 0xC73AB174C5ECD5A2
	short ^= bits.RotateLeft64(short, 49) ^ bits.RotateLeft64(short, 24)
	short *= 0x9FB21C651E98DF25
	short ^= short>>35 + uint64(n)
	short *= 0x9FB21C651E98DF25
	short ^= short >> 28

	// 9 to 16 bytes: the first eight and the last eight.
	low := head ^ 0x6782737BEA4239B9
	high := tail ^ 0xAF56BC3B0996523A
	upper, lower := bits.Mul64(low, high)
	long := uint64(n) + bits.ReverseBytes64(low) + high + (upper ^ lower)
	long ^= long >> 37
	long *= 0x165667919E3779F9
	long ^= long >> 32

	sum := short
	if n > 8 {
		sum = long
	}
	return sum
}
