package arabic

import (
	"unicode"
	"unicode/utf8"
)

// invisible tells whether r leaves no trace in print and may stand inside a word: bidirectional
// controls, joiners and zero-width spaces, the soft hyphen, the byte order mark, variation selectors.
// The visible signs of category Cf, such as U+06DD, are not among them.
func invisible(r rune) bool {
	switch {
	case r < 0xAD:
		return false
	case r == 0xAD, r == 0x034F, r == 0x061C, r == 0x180E, r == 0xFEFF,
		0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x206F,
		0xFE00 <= r && r <= 0xFE0F, 0xE0100 <= r && r <= 0xE01EF:
		return true
	}
	return false
}

// letterMark is the only invisible character of the Arabic block.
const letterMark = "\u061c"

// Level0 appends the exact-duplicate key of src to dst and returns it: no letter changes, invisible
// characters go, every run of white space and controls becomes one space, none at the ends. Bytes
// that are not UTF-8 become U+FFFD, as most decoders make them.
func Level0(dst []byte, src string) []byte {
	start := len(dst)
	space := false
	for i := 0; i < len(src); {
		// Most of a text is runs of plain ASCII and of the Arabic block, which go over as they are.
		run := i
		for i < len(src) {
			if b := src[i]; b > ' ' && b < 0x7F {
				i++
			} else if b&^3 == 0xD8 && i+1 < len(src) && block06[int(b&3)<<8|int(src[i+1])] != 0 && src[i:i+2] != letterMark {
				i += 2
			} else {
				break
			}
		}
		if i > run {
			if space {
				dst, space = append(dst, ' '), false
			}
			dst = append(dst, src[run:i]...)
			continue
		}
		r, size := utf8.DecodeRuneInString(src[i:])
		i += size
		switch {
		case r <= ' ' || r == 0x7F || 0x80 <= r && r <= 0x9F || unicode.Is(unicode.Z, r):
			space = len(dst) > start
		case invisible(r):
		default:
			if space {
				dst, space = append(dst, ' '), false
			}
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
