package arabic

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	// sampleLetters is how many letters at the head of a text are looked at: enough to get past a
	// sound headline, few enough to cost nothing beside Set.
	sampleLetters = 1024

	// leadShare is the least share of tah and zah among the letters of a damaged text. They are what
	// Windows-1256 shows for D8 and D9, which lead nearly every Arabic letter in UTF-8, so damaged
	// text has about 0.7; sound Arabic has about 0.015.
	leadShare = 0.35

	// mostOthers is the number of other letters with which the leads cannot be enough any more, whatever
	// follows.
	mostOthers = sampleLetters - sampleLetters*leadShare

	// strayShare is the greatest share of non-ASCII characters that may be no part of damaged UTF-8.
	// It leaves room for a sound headline over a damaged body, and is a judgement, not a measurement.
	strayShare = 0.05
)

// Repair undoes one kind of mojibake: UTF-8 that was read as Windows-1256. It reports ok if src is
// such a text and nearly all of it could be put right; what could not is kept as it is.
//
// origin has len(fixed)+1 entries: fixed[i] came from the character of src at origin[i], so the bytes
// [a, b) of fixed are the bytes [origin[a], origin[b]) of src. If ok is false, fixed is src and
// origin is nil. src must be shorter than 4 GiB.
func Repair(src string) (fixed string, origin []uint32, ok bool) {
	if !damaged(src) {
		return src, nil, false
	}
	// Every byte of the result takes at least one byte of src.
	out := make([]byte, 0, len(src))
	origin = make([]uint32, 0, len(src)+1)
	var whole, stray int // non-ASCII characters of src
	before := false      // the last non-ASCII character was damaged UTF-8
	for i := 0; i < len(src); {
		if b := src[i]; b < utf8.RuneSelf {
			out, origin = append(out, b), append(origin, uint32(i))
			i++
			continue
		}
		seq, at, end := sequence(src, i, before)
		before = len(seq) > 0
		if before {
			whole += len(seq)
			out = append(out, seq...)
			origin = append(origin, at[:len(seq)]...)
			i = end
			continue
		}
		stray++
		_, size := utf8.DecodeRuneInString(src[i:])
		for range size {
			origin = append(origin, uint32(i))
		}
		out = append(out, src[i:i+size]...)
		i += size
	}
	if float64(stray) > strayShare*float64(whole+stray) {
		return src, nil, false
	}
	return string(out), append(origin, uint32(len(src))), true
}

// damaged tells from the head of src whether it looks like UTF-8 read as Windows-1256.
func damaged(src string) bool {
	leads := mostLeads(src)
	return leads > 0 && !sound(src, leads) && led(src)
}

// mostLeads returns how many tah and zah src has at most: the bytes that end them, which are counted in no time.
func mostLeads(src string) int { return strings.Count(src, "\xB7") + strings.Count(src, "\xB8") }

// led tells whether the leads have their share of the letters at the head of src.
func led(src string) bool {
	leads, others := 0, 0 // letters
	for i := 0; i < len(src) && leads+others < sampleLetters; {
		b := src[i]
		if b&^3 == 0xD8 && i+1 < len(src) {
			at := int(b&3)<<8 | int(src[i+1])
			if block06[at]&letter != 0 {
				i += 2
				if at == 0xB7 || at == 0xB8 { // tah, zah
					leads++
					continue
				}
				others++
				if float64(others) >= mostOthers {
					return false
				}
				continue
			}
		}
		if b < utf8.RuneSelf {
			if ascii[b] >= 'a' {
				others++
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(src[i:])
		i += size
		if unicode.IsLetter(r) {
			others++
		}
	}
	return leads > 0 && float64(leads) > leadShare*float64(leads+others)
}

// sound tells of most texts that are not damaged that they are not: so many letters of Arabic stand at the
// head that, whatever else does, too few can be tah and zah. It takes eight bytes at a time, with no branch
// that depends on them: words of different lengths cannot be foreseen. There are no more than leads of the two: twice
// as many other letters leave them less than a third.
func sound(src string, leads int) bool {
	const block = 64 // of which the counts of eight are in the bytes of one number
	text := []byte(src)
	for others, before := 0, 0; len(text) > block; text = text[block:] {
		count := uint64(0)
		for i := 0; i < block; i += 8 {
			w, behind := binary.LittleEndian.Uint64(text[i:]), binary.LittleEndian.Uint64(text[i+1:])
			// Hamza to dad are D8 A0..B6, feh to yeh D9 81..8A. A sum tells the end of a range by its carry.
			low := behind & (0x1F * eachByte)
			early := zeroBytes((w^0xD8*eachByte)|(behind&(0xE0*eachByte)^0xA0*eachByte)) &^ ((low + 9*eachByte) << 2)
			low &= 0x0F * eachByte
			late := zeroBytes((w^0xD9*eachByte)|(behind&(0xF0*eachByte)^0x80*eachByte)) & ((low + 15*eachByte) << 3) &^ ((low + 5*eachByte) << 3)
			count += (early | late) >> 7
		}
		others += int(count * eachByte >> 56)
		// Each of these letters takes two bytes, of which the last may stand behind the block, and any other at least one.
		if before += block; before+1-others > sampleLetters {
			return false
		}
		if others > 2*leads || float64(others) >= mostOthers {
			return true
		}
	}
	return false
}

// zeroBytes returns the top bits of the bytes of x that are zero.
func zeroBytes(x uint64) uint64 { return ^(x&^topBits + (eachByte<<7 - eachByte) | x) & topBits }

// sequence reads the characters at i of src as bytes of Windows-1256. If they are one character in
// UTF-8, it returns its bytes, where each came from, and the end in src; otherwise no bytes.
func sequence(src string, i int, repaired bool) (seq []byte, at [utf8.UTFMax]uint32, end int) {
	var buf [utf8.UTFMax]byte
	n := 0
	for i < len(src) && n < len(buf) {
		r, size := utf8.DecodeRuneInString(src[i:])
		b, ok := windows1256(r)
		if n == 1 && r == ' ' && repaired && (buf[0] == 0xD9 || buf[0] == 0xC2) {
			// Crawlers turn the no-break space into a space: here it was half of an Arabic zero
			// or of a no-break space, the only common characters whose second byte is A0.
			b, ok = 0xA0, true
		}
		if !ok {
			break
		}
		buf[n], at[n] = b, uint32(i)
		n++
		i += size
		if utf8.FullRune(buf[:n]) {
			break
		}
	}
	if r, _ := utf8.DecodeRune(buf[:n]); r == utf8.RuneError {
		return nil, at, i
	}
	return append(seq, buf[:n]...), at, i
}

// windows1256 returns the byte that Windows-1256 shows as r. Decoders that leave bytes undefined show
// them as the control characters of the same number.
func windows1256(r rune) (byte, bool) {
	if 0x80 <= r && r <= 0x9F {
		return byte(r), true
	}
	return charmap.Windows1256.EncodeRune(r)
}
