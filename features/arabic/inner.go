package arabic

import "encoding/binary"

// Inner finds the level-2 term of the level-1 token norm[at:end] inside it, at norm[from:to], without a branch
// that depends on the token: nobody foresees what the next word begins and ends with. none reports that the token is
// a stop word and makes no term. ok is false where Inner does not tell, and [Stemmer.Term] does: of other stemmers
// than Light10, of words with other letters than those of standard Arabic, of one letter, more than eight, or two
// suffixes of two letters, and at the beginning and near the end of norm.
func (s Stemmer) Inner(norm []byte, at, end int) (from, to int, none, ok bool) {
	n := end - at
	if s != Light10 || n < 4 || n > innerBytes || n&1 != 0 || at+innerBytes > len(norm) || end < 8 || end > len(norm) {
		return 0, 0, false, false
	}
	// In lanes of two bytes, of which the first is the lower one.
	const lane = 0x0001000100010001
	const leads = 0x80D8 * lane
	mask := &innerMasks[n/2&7]
	word := norm[at : at+innerBytes]
	low, high := binary.LittleEndian.Uint64(word)&mask[0], binary.LittleEndian.Uint64(word[8:])&mask[1]
	// The letters have two bytes, the first D8 or D9. Behind D9, that of dialects has a higher second byte than those of
	// standard Arabic.
	strange := (low ^ leads&mask[0] | high ^ leads&mask[1]) & (0xC0FE * lane)
	strange |= low&lane*0x3000&low | high&lane*0x3000&high
	if strange != 0 {
		return 0, 0, false, false
	}

	// One prefix, of which waw is the last that is tried, and leaves a letter more.
	const (
		al, lal       = 0x84D9A7D8, 0x84D984D9 // ال, لل
		waw, heh, yeh = 0x88D9, 0x87D9, 0x8AD9
		letter        = 2 // bytes
	)
	start := uint32(low)
	cut := 2*letter*(equal(start, al)|equal(start, lal)) + 3*letter*(equal(uint32(low>>16), al)&(int(proclitics[low&1]>>(low>>8&0x3F))&1))
	if n-cut < 2*letter {
		cut = 0
	}
	lone := letter * equal(start&0xFFFF, waw)
	if n < 4*letter {
		lone = 0
	}
	if cut == 0 {
		cut = lone
	}
	from, to = at+cut, end

	// The suffixes in their order, each of which leaves two letters: one of two, then heh, then yeh.
	tail := binary.LittleEndian.Uint64(norm[end-8 : end])
	last, before := uint32(tail>>32), uint32(tail)
	pair := 2 * letter * equal(last, pairs[last*pairPlaces>>29])
	second := 2 * letter * equal(before, pairs[before*pairPlaces>>29])
	if to-from < 6*letter {
		second = 0
	}
	if pair&second != 0 {
		return 0, 0, false, false
	}
	if to-from < 4*letter {
		pair = 0
	}
	to -= pair
	tail <<= 8 * pair
	single := letter * equal(uint32(tail>>48), heh)
	if to-from < 3*letter {
		single = 0
	}
	to -= single
	tail <<= 8 * single
	single = letter * equal(uint32(tail>>48), yeh)
	if to-from < 3*letter {
		single = 0
	}
	to -= single

	stop := &stopPlaces.words[stopPlaces.at[stopPlace(low, high)]]
	return from, to, stop[0]^low|stop[1]^high == 0, true
}

// equal returns 1 for equal numbers and 0 for others.
func equal(a, b uint32) int {
	if a == b {
		return 1
	}
	return 0
}

// innerBytes is the longest token that Inner looks at: two numbers.
const innerBytes = 16

// innerMasks have the bits of the bytes of a token, by half its length without the higher bits.
var innerMasks = func() (masks [innerBytes / 2][2]uint64) {
	for i := range masks {
		n := 2 * i
		if n == 0 {
			n = innerBytes
		}
		masks[i] = [2]uint64{1<<(8*min(n, 8)) - 1, 1<<(8*max(n-8, 0)) - 1}
	}
	return masks
}()

// proclitics has, by the last bit of the first byte, the bits of the second bytes of و ب ك ف without 80.
var proclitics = func() (bits [2]uint64) {
	for _, letter := range []string{"و", "ب", "ك", "ف"} {
		bits[letter[0]&1] |= 1 << (letter[1] & 0x3F)
	}
	return bits
}()

// pairPlaces takes the suffixes of two letters to places of their own: the first odd number that does.
const pairPlaces = 68277

// pairs are Light10's suffixes of two letters, by their places.
var pairs = func() (at [8]uint32) {
	for _, p := range []string{"ها", "ان", "ات", "ون", "ين", "يه"} {
		w := binary.LittleEndian.Uint32([]byte(p))
		at[w*pairPlaces>>29] = w
	}
	return at
}()

// stopPlaces finds the stop words.
var stopPlaces = func() (p struct {
	at    [1 << stopBits]uint8 // 0 is none
	words [1 << 8][2]uint64
}) {
	n := 0
	for w := range stopWords { // in any order: nothing depends on it
		var both [innerBytes]byte
		copy(both[:], w)
		n++
		low, high := binary.LittleEndian.Uint64(both[:]), binary.LittleEndian.Uint64(both[8:])
		p.words[n] = [2]uint64{low, high}
		p.at[stopPlace(low, high)] = uint8(n)
	}
	return p
}()

const (
	// stopBits makes a table of 4 KiB, which a processor's first cache bears.
	stopBits = 12
	// stopMultiplier takes all stop words to places of their own: the first odd number from the golden ratio's on
	// (Fibonacci hashing) that does.
	stopMultiplier = 0x9E3779B97F4A7F59
)

// stopPlace is the place of a word of two numbers.
func stopPlace(low, high uint64) uint64 {
	return (low + high*0xFF51AFD7ED558CCD) * stopMultiplier >> (64 - stopBits)
}
