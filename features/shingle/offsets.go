package shingle

import (
	"encoding/binary"
	"iter"
	"slices"

	"sada/features/arabic"
)

// Offsets keeps the byte span of every word of a text in about two bytes a word: for each word the
// gap to the word before it and its length, as variable-length integers.
type Offsets []byte

// PackOffsets appends the spans of tokens, which must be in order and apart, to dst and returns it.
// What it appends stands alone: where dst is a buffer for many texts, a text's Offsets begin at the
// length that dst had before.
func PackOffsets(dst Offsets, tokens []arabic.Token) Offsets {
	const most = 2 * binary.MaxVarintLen32               // bytes of a span
	dst = slices.Grow(dst, 2*len(tokens)+len(tokens)/16) // few gaps and words have 128 bytes and more
	room, n := dst[:cap(dst)], len(dst)
	last := uint32(0)
	for _, t := range tokens {
		if len(room)-n < most {
			room = slices.Grow(room, most)
			room = room[:cap(room)]
		}
		gap, length := t.From-last, t.To-t.From
		if gap|length < 0x80 {
			binary.LittleEndian.PutUint16(room[n:], uint16(gap|length<<8))
			n += 2
		} else {
			n += binary.PutUvarint(room[n:], uint64(gap))
			n += binary.PutUvarint(room[n:], uint64(length))
		}
		last = t.To
	}
	return room[:n]
}

// Span is a half-open range of bytes of a text.
type Span struct{ From, To uint32 }

// Unpack appends the spans of all words to dst and returns it. It panics if o ends within a span or
// holds a number of more than 64 bits, which [PackOffsets] never makes.
func (o Offsets) Unpack(dst []Span) []Span {
	dst = slices.Grow(dst, len(o)/2) // a word takes two bytes at least
	last := uint64(0)
	for len(o) > 0 {
		if four, ok := o.four(); ok {
			dst = dst[:len(dst)+4]
			to := (*[4]Span)(dst[len(dst)-4:])
			for i := range to {
				from := last + four>>(16*i)&0xFF
				last = from + four>>(16*i+8)&0xFF
				to[i] = Span{uint32(from), uint32(last)}
			}
			o = o[8:]
			continue
		}
		var from uint64
		from, last, o = o.next(last)
		dst = append(dst, Span{uint32(from), uint32(last)})
	}
	return dst
}

// four returns the eight numbers of the next four spans, the first lowest, if each takes one byte, as nearly
// all do.
func (o Offsets) four() (uint64, bool) {
	if len(o) < 8 {
		return 0, false
	}
	w := binary.LittleEndian.Uint64(o)
	return w, w&0x8080808080808080 == 0
}

// Cursor goes through the words of a text: to one offset after the other, or to one word after the other.
type Cursor struct {
	rest  Offsets
	words int
	last  uint64 // the end of the last of them
}

// Cursor returns a cursor at the beginning of the text.
func (o Offsets) Cursor() Cursor { return Cursor{rest: o} }

// Before returns how many words begin before the offset, which must not be less than that of the call before. It
// panics as [Offsets.Unpack] does.
func (c *Cursor) Before(offset int) int {
	for len(c.rest) > 0 {
		if four, ok := c.rest.four(); ok {
			sum := four&0x00FF00FF00FF00FF + four>>8&0x00FF00FF00FF00FF
			if end := c.last + sum*0x0001000100010001>>48; end < uint64(offset) {
				c.last, c.rest, c.words = end, c.rest[8:], c.words+4
				continue
			}
		}
		from, to, rest := c.rest.next(c.last)
		if from >= uint64(offset) {
			break
		}
		c.last, c.rest, c.words = to, rest, c.words+1
	}
	return c.words
}

// Span returns the span of a word, which must not be before that of the call before. It panics as
// [Offsets.Unpack] does, and where there is no such word.
func (c *Cursor) Span(word int) Span {
	rest, last, left := c.rest, c.last, word-c.words // on the way, in registers
	for left >= 4 {
		four, ok := rest.four()
		if !ok {
			break
		}
		last += (four&0x00FF00FF00FF00FF + four>>8&0x00FF00FF00FF00FF) * 0x0001000100010001 >> 48
		rest, left = rest[8:], left-4
	}
	for ; left > 0; left-- {
		_, last, rest = rest.next(last)
	}
	*c = Cursor{rest, word, last}
	from, to, _ := rest.next(last)
	return Span{uint32(from), uint32(to)}
}

// All gives the place and the span of every word, in order, and panics as [Offsets.Unpack] does.
func (o Offsets) All() iter.Seq2[int, Span] {
	return func(yield func(int, Span) bool) {
		last := uint64(0)
		for i := 0; len(o) > 0; i++ {
			var from uint64
			if len(o) > 1 && (o[0]|o[1]) < 0x80 { // as in next, where a call would cost more than the work
				from = last + uint64(o[0])
				last = from + uint64(o[1])
				o = o[2:]
			} else {
				from, last, o = o.next(last)
			}
			if !yield(i, Span{uint32(from), uint32(last)}) {
				return
			}
		}
	}
}

// next returns the span that o begins with, behind the end of the one before, and what follows it.
func (o Offsets) next(last uint64) (from, to uint64, rest Offsets) {
	if len(o) > 1 && (o[0]|o[1]) < 0x80 {
		from = last + uint64(o[0])
		return from, from + uint64(o[1]), o[2:]
	}
	gap, n := binary.Uvarint(o)
	length, m := binary.Uvarint(o[max(n, 0):])
	if n <= 0 || m <= 0 {
		panic("shingle: offsets end within a span, or a span is too long")
	}
	return last + gap, last + gap + length, o[n+m:]
}
