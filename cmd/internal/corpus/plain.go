package corpus

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// plainFields is the most fields of an object that is read the short way: their names are compared
// with each other.
const plainFields = 32

// plainValue is a string as it is written, and the set of fields that it is put into.
type plainValue struct {
	fields uint
	text   []byte
}

// plainObject reads an object of the kind that nearly all lines are: valid UTF-8, strings for values, no
// name twice, no escapes in hexadecimal. It takes a fraction of the library's time because it looks
// at the bytes of a string eight at a time. Of everything else it returns false, with the record as it was: what
// is wrong with it, if anything, is for the library to say. Of what it reads it overwrites the content: its
// strings are unescaped where they stand.
func (d *decoder) plainObject(content []byte, rec *Record) bool {
	if !valid(content) {
		return false
	}
	s, ok := after(content, '{')
	if !ok {
		return false
	}
	var names [plainFields][]byte
	var values [fieldCount]plainValue
	wanted := values[:0]
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
		if fields := d.named(name); fields != 0 {
			wanted = append(wanted, plainValue{fields, value})
		}
		if s, ok = after(rest, ','); !ok {
			if s, ok = after(rest, '}'); !ok || len(blank(s)) > 0 {
				return false
			}
			for _, v := range wanted {
				d.place(v.fields, unescape(v.text), rec)
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
		if at+1 == len(s) || escapes[s[at+1]] == 0 {
			break
		}
		at += 2 // a backslash and what it escapes
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

// unescape makes a string of a plain object what it means, in its place.
func unescape(s []byte) []byte {
	at := bytes.IndexByte(s, '\\')
	if at < 0 {
		return s
	}
	for to := at; ; {
		s[to] = escapes[s[at+1]]
		to++
		at += 2
		n := bytes.IndexByte(s[at:], '\\')
		if n < 0 {
			return s[:to+copy(s[to:], s[at:])]
		}
		to += copy(s[to:], s[at:at+n])
		at += n
	}
}
