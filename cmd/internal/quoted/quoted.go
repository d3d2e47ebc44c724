// Package quoted looks at what stands between the quotes of JSON strings (RFC 8259, section 7).
package quoted

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// A byte x is less than n where (x-n)&^x has its top bit set; what is taken over from a byte to the next
// reaches only those behind the first that is found (Warren: Hacker's Delight, 6-1).
const ones, tops = 0x0101010101010101, 0x8080808080808080

// End returns the index of the first quote, backslash or control character, or len(s), and whether what stands before
// it is UTF-8, as [utf8.Valid] tells. ASCII and the letters of U+0600..U+06FF, which are nearly all of Arabic text, it takes
// sixteen bytes at a time, without a branch for each of them.
func End(s []byte) (at int, valid bool) {
	open := uint64(0) // has a bit set if the byte before at leads a character
	for at < len(s) {
		var found, wrong, next uint64
		if len(s)-at >= 16 {
			both := s[at : at+16]
			found, wrong, next = inspect(binary.LittleEndian.Uint64(both), open)
			foundThen, wrongThen, last := inspect(binary.LittleEndian.Uint64(both[8:]), next)
			if found|wrong|foundThen|wrongThen == 0 {
				at, open = at+16, last
				continue
			}
			if found|wrong == 0 {
				found, wrong, at, open = foundThen, wrongThen, at+8, next
			}
		} else if found, wrong, next = inspect(eight(s, at), open); found|wrong == 0 {
			at, open = min(at+8, len(s)), next
			continue
		}
		if first := found & -found; found != 0 && wrong&(first|(first-1)) == 0 {
			return at + bits.TrailingZeros64(found)/8, true
		}
		if open != 0 {
			at--
		}
		for end := min(at+8, len(s)); at < end; {
			size := character(s[at:])
			if size <= 0 {
				return at, size == 0
			}
			at += size
		}
		open = 0
	}
	return at, open == 0
}

// eight returns the bytes from at on, of which there must be one, the first lowest, with spaces for those that are missing.
func eight(s []byte, at int) uint64 {
	rest := len(s) - at
	if rest >= 8 {
		return binary.LittleEndian.Uint64(s[at:])
	}
	w := uint64(' ') * ones << (8 * rest)
	if len(s) >= 8 {
		return w | binary.LittleEndian.Uint64(s[len(s)-8:])>>(64-8*rest)
	}
	for i, c := range s[at:] {
		w |= uint64(c) << (8 * i)
	}
	return w
}

// inspect looks at eight bytes, the first of them lowest. found has its lowest bit at the first quote, backslash or control
// character, wrong at the first that is neither ASCII nor of a letter of U+0600..U+06FF, or not where it should be. next
// and open tell, by a bit, that the last byte and the one before the first lead a letter.
func inspect(w, open uint64) (found, wrong, next uint64) {
	const swap = '"' ^ ' ' // makes the quote the first behind the control characters
	quote, slash := w^swap*ones, w^'\\'*ones
	found = ((quote-(' '+1)*ones)&^quote | (slash-ones)&^slash) & tops
	high := w & tops
	lead := high & (w << 1)
	// Leads are D8..DB, and stand right before what follows.
	wrong = lead&(w<<2|^(w<<3)|^(w<<4)|w<<5) | (high ^ lead) ^ (lead<<8 | open)
	return found, wrong, lead >> 56
}

// character returns the length of the character that s begins with, 0 if it is one that [End] looks for, and -1 if it is
// none.
func character(s []byte) int {
	if s[0] == '"' || s[0] == '\\' || s[0] < ' ' {
		return 0
	}
	r, size := utf8.DecodeRune(s)
	if r == utf8.RuneError && size == 1 {
		return -1
	}
	return size
}
