package corpus

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// plainFields is the most fields of an object that is read the short way: their names are compared
// with each other.
const plainFields = 32

// plainValue is a string as it is written, where its first backslash is, and the set of fields that it is put into.
type plainValue struct {
	fields uint
	text   []byte
	slash  int
}

// plainObject reads an object of the kind that nearly all lines are: valid UTF-8, strings for values, no
// name twice, no escapes in names. It takes a fraction of the library's time because it looks
// at the bytes of a string once, and eight at a time. Of everything else it returns false, with the record as it was: what
// is wrong with it, if anything, is for the library to say. Of what it reads it overwrites the content: its
// strings are unescaped where they stand.
func (d *decoder) plainObject(content []byte, rec *Record) bool {
	s, ok := after(content, '{')
	if !ok {
		return false
	}
	var names [plainFields][]byte
	var values [fieldCount]plainValue
	wanted := values[:0]
	for n := range names {
		name, slash, rest, ok := plainString(s)
		if !ok || slash >= 0 {
			return false
		}
		for _, other := range names[:n] {
			if bytes.Equal(name, other) {
				return false
			}
		}
		names[n] = name
		if rest, ok = after(rest, ':'); !ok {
			return false
		}
		value, slash, rest, ok := plainString(rest)
		if !ok {
			return false
		}
		if fields := d.named(name); fields != 0 {
			wanted = append(wanted, plainValue{fields, value, slash})
		}
		if s, ok = after(rest, ','); !ok {
			if s, ok = after(rest, '}'); !ok || len(blank(s)) > 0 {
				return false
			}
			for _, v := range wanted {
				d.place(v.fields, unescape(v.text, v.slash), rec)
			}
			return true
		}
	}
	return false
}

// place puts a value into the fields of the record.
func (d *decoder) place(fields uint, text []byte, rec *Record) {
	for i := range fieldCount {
		switch {
		case fields&(1<<i) == 0:
		case d.lend && (i == fieldTitle || i == fieldText):
			rec.room = d.room
			d.set(i, unsafe.String(unsafe.SliceData(text), len(text)), rec)
		default:
			d.set(i, string(text), rec)
		}
	}
}

// blank takes white space off (RFC 8259, section 2).
func blank(s []byte) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\n' || s[0] == '\r' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

// after returns what follows c, if s begins with it.
func after(s []byte, c byte) ([]byte, bool) {
	s = blank(s)
	if len(s) == 0 || s[0] != c {
		return s, false
	}
	return s[1:], true
}

// plainString returns what stands in the quotes that s begins with, as it is written, where its first backslash is, -1 without
// one, and what follows. It is UTF-8, and so is what the escapes in it stand for.
func plainString(s []byte) (text []byte, slash int, rest []byte, ok bool) {
	s, ok = after(s, '"')
	slash = -1
	for at := 0; ok; {
		n, valid := special(s[at:])
		if at += n; !valid || at >= len(s) || s[at] < ' ' {
			break
		}
		if s[at] == '"' {
			return s[:at], slash, s[at+1:], true
		}
		if slash < 0 {
			slash = at
		}
		_, size := escaped(s[at:])
		if size == 0 {
			break
		}
		at += size
	}
	return nil, 0, nil, false
}

// special returns the index of the first quote, backslash or control character, or len(s), and whether what stands before
// it is UTF-8, as [utf8.Valid] tells. ASCII and the letters of U+0600..U+06FF, which are nearly all of an Arabic page, it takes
// eight bytes at a time, without a branch for each of them.
func special(s []byte) (at int, valid bool) {
	// A byte x is zero where (x-1)&^x has its top bit set; what is taken over from a byte to the next
	// reaches only those behind the first that is found (Warren: Hacker's Delight, 6-1).
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	open := uint64(0) // has a bit set if the byte before at leads a character
	for at+8 <= len(s) {
		w := binary.LittleEndian.Uint64(s[at:])
		quote, slash := w^'"'*ones, w^'\\'*ones
		found := ((quote-ones)&^quote | (slash-ones)&^slash | (w-' '*ones)&^w) & tops
		leads := w&(0xFC*ones) ^ 0xD8*ones // zero where a byte is D8..DB
		lead := ^(leads&^tops + (tops - ones) | leads) & tops
		follow := w &^ (w << 1) & tops // 80..BF
		// What leads stands right before what follows, and all else is ASCII.
		wrong := (w&tops ^ (lead | follow)) | (follow ^ (lead<<8 | open))
		if found|wrong == 0 {
			at, open = at+8, lead>>56
			continue
		}
		if first := found & -found; found != 0 && wrong&(first|(first-1)) == 0 {
			return at + bits.TrailingZeros64(found)/8, true
		}
		if open != 0 {
			at--
		}
		for end := at + 8; at < end; {
			size := character(s[at:])
			if size <= 0 {
				return at, size == 0
			}
			at += size
		}
		open = 0
	}
	if open != 0 {
		at--
	}
	for at < len(s) {
		size := character(s[at:])
		if size <= 0 {
			return at, size == 0
		}
		at += size
	}
	return at, true
}

// character returns the length of the character that s begins with, 0 if it is one that [special] looks for, and -1 if it is
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

// escapes are the characters behind a backslash that stand for one byte (RFC 8259, section 7).
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escaped returns the character that the escape at the beginning of s stands for, and its length as it is written, 0 if it
// is none. A pair of surrogates is one.
func escaped(s []byte) (r rune, size int) {
	if len(s) < 2 {
		return 0, 0
	}
	if c := escapes[s[1]]; c != 0 {
		return rune(c), 2
	}
	if r = unit(s); utf16.IsSurrogate(r) {
		if r = utf16.DecodeRune(r, unit(s[6:])); r == utf8.RuneError {
			return 0, 0
		}
		return r, 12
	}
	if r < 0 {
		return 0, 0
	}
	return r, 6
}

// unit returns the number of four hexadecimal digits that s begins with behind "\u", -1 if there is none.
func unit(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	r := rune(0)
	for _, c := range s[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape makes a string of a plain object what it means, in its place. at is where its first backslash is, -1 without one.
func unescape(s []byte, at int) []byte {
	if at < 0 {
		return s
	}
	for to := at; ; {
		r, size := escaped(s[at:])
		at += size
		to = len(utf8.AppendRune(s[:to], r)) // no longer than it is written
		n := bytes.IndexByte(s[at:], '\\')
		if n < 0 {
			return s[:to+copy(s[to:], s[at:])]
		}
		to += copy(s[to:], s[at:at+n])
		at += n
	}
}
