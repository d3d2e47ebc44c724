package corpus

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// plainFields is the most fields of an object that is read the short way: their names are compared
// with each other.
const plainFields = 32

// plainObject reads an object of the kind that nearly all lines are: valid UTF-8, strings for values, no
// name twice, no escapes in hexadecimal. It takes a fraction of the library's time because it looks
// at the bytes of a string eight at a time. Of everything else it returns false, with the record in
// disorder: what is wrong with it, if anything, is for the library to say.
func (d *decoder) plainObject(content []byte, rec *Record) bool {
	if !valid(content) {
		return false
	}
	s, ok := after(content, '{')
	if !ok {
		return false
	}
	var names [plainFields][]byte
	for n := range names {
		name, rest, ok := plainString(s)
		if !ok || bytes.IndexByte(name, '\\') >= 0 {
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
		value, rest, ok := plainString(rest)
		if !ok {
			return false
		}
		meant, ok := unescape(value)
		if !ok {
			return false
		}
		for i := range d.names {
			if string(name) == d.names[i] {
				d.set(i, meant, rec)
			}
		}
		if s, ok = after(rest, ','); !ok {
			s, ok = after(rest, '}')
			return ok && len(blank(s)) == 0
		}
	}
	return false
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

// plainString returns what stands in the quotes that s begins with, as it is written, and what follows.
func plainString(s []byte) (text, rest []byte, ok bool) {
	s, ok = after(s, '"')
	for at := 0; ok; {
		at += special(s[at:])
		if at >= len(s) || s[at] < ' ' {
			break
		}
		if s[at] == '"' {
			return s[:at], s[at+1:], true
		}
		at += 2 // a backslash and what it escapes
		if at > len(s) {
			break
		}
	}
	return nil, nil, false
}

// special returns the index of the first quote, backslash or control character, or len(s).
func special(s []byte) int {
	// A byte x is zero where (x-1)&^x has its top bit set; what is taken over from a byte to the next
	// reaches only those behind the first that is found (Warren: Hacker's Delight, 6-1).
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	at := 0
	for ; at+8 <= len(s); at += 8 {
		w := binary.LittleEndian.Uint64(s[at:])
		quote, slash := w^'"'*ones, w^'\\'*ones
		found := ((quote-ones)&^quote | (slash-ones)&^slash | (w-' '*ones)&^w) & tops
		if found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(s) && s[at] != '"' && s[at] != '\\' && s[at] >= ' ' {
		at++
	}
	return at
}

// escapes are the characters behind a backslash that stand for one byte (RFC 8259, section 7).
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape returns a string as it is meant, which is written like this. It is false for escapes that do not
// stand for one byte.
func unescape(s []byte) (string, bool) {
	n := bytes.IndexByte(s, '\\')
	if n < 0 {
		return string(s), true
	}
	var out strings.Builder
	out.Grow(len(s) - 1)
	for ; n >= 0; n = bytes.IndexByte(s, '\\') {
		c := escapes[s[n+1]]
		if c == 0 {
			return "", false
		}
		out.Write(s[:n])
		out.WriteByte(c)
		s = s[n+2:]
	}
	out.Write(s)
	return out.String(), true
}
