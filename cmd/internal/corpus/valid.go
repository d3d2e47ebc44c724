package corpus

import (
	"encoding/binary"
	"unicode/utf8"
)

// valid reports whether s is UTF-8, as [utf8.Valid] does. ASCII and the letters of U+0600..U+06FF, which are
// nearly all of an Arabic page, it takes eight bytes at a time, without a branch for each of them.
func valid(s []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	at, open := 0, uint64(0) // open has a bit set if the byte before at leads a character
	for at+8 <= len(s) {
		w := binary.LittleEndian.Uint64(s[at:])
		leads := w&(0xFC*ones) ^ 0xD8*ones // zero where a byte is D8..DB
		lead := ^(leads&^tops + (tops - ones) | leads) & tops
		follow := w &^ (w << 1) & tops // 80..BF
		// What leads stands right before what follows, and all else is ASCII.
		if w&tops == lead|follow && follow == lead<<8|open {
			at, open = at+8, lead>>56
			continue
		}
		if open != 0 {
			at--
		}
		for end := at + 8; at < end; {
			r, size := utf8.DecodeRune(s[at:])
			if r == utf8.RuneError && size == 1 {
				return false
			}
			at += size
		}
		open = 0
	}
	if open != 0 {
		at--
	}
	return utf8.Valid(s[at:])
}
