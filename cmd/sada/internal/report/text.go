package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// piece is a stretch of a text that is shown in one way. The pieces of a text, one after the other,
// are the text.
type piece struct {
	Text string
	Mark string // class of the mark around it; empty for none
	To   string // fragment of its counterpart, if it was moved
	ID   string // its own fragment
	Chip string // the name of a character that is shown by its name; Text is the character
	CR   bool   // a carriage return, which HTML would drop
}

// Characters that arrange the text around them. Marks of direction (U+200E, U+200F, U+061C) and
// joiners are part of ordinary Arabic and are left alone.
const (
	lre, rle, pdf, lro, rlo = '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'
	lri, rli, fsi, pdi      = '\u2066', '\u2067', '\u2068', '\u2069'
)

// steering returns the offsets of characters of s that are to be shown by their names: overrides,
// embeddings and isolates that are not closed, or not open, in their line, control characters but tab
// and line ends, and tag characters, which are never seen.
func steering(s string) map[int]bool {
	if strings.IndexFunc(s, suspect) < 0 {
		return nil
	}
	out := make(map[int]bool)
	type opener struct {
		at      int
		isolate bool
	}
	var open []opener
	line := func() {
		for _, o := range open {
			out[o.at] = true
		}
		open = open[:0]
	}
	for i, r := range s {
		switch r {
		case '\n', '\r':
			line()
		case '\t':
		case lro, rlo:
			out[i] = true
			open = append(open, opener{at: i})
		case lre, rle:
			open = append(open, opener{at: i})
		case lri, rli, fsi:
			open = append(open, opener{i, true})
		case pdf:
			// It closes nothing beyond the isolate that it is in.
			if n := len(open); n > 0 && !open[n-1].isolate {
				open = open[:n-1]
			} else {
				out[i] = true
			}
		case pdi:
			n := len(open) - 1
			for n >= 0 && !open[n].isolate {
				n--
			}
			if n < 0 {
				out[i] = true
				break
			}
			for _, o := range open[n+1:] { // an isolate's end closes the embeddings in it
				out[o.at] = true
			}
			open = open[:n]
		default:
			if suspect(r) {
				out[i] = true
			}
		}
	}
	line()
	return out
}

// suspect says whether a character may have to be shown by its name.
func suspect(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= lre && r <= rlo || r >= lri && r <= pdi || r >= 0xe0000 && r <= 0xe007f
}

// mark is a stretch of a text to be marked.
type mark struct {
	from, to int
	class    string
	id, to2  string // fragments: its own, and that of its counterpart
}

// pieces cuts bytes [from, to) of a text at its marks, which are in order and apart, and at the
// characters in odd, the result of [steering] on the whole text.
func pieces(dst []piece, text string, from, to int, marks []mark, odd map[int]bool) []piece {
	for at := from; at < to; {
		p, end := piece{}, to
		for len(marks) > 0 && marks[0].to <= at {
			marks = marks[1:]
		}
		if len(marks) > 0 && marks[0].from < to {
			if m := marks[0]; m.from <= at {
				p.Mark, p.To, end = m.class, m.to2, min(end, m.to)
				if m.from == at {
					p.ID = m.id
				}
			} else {
				end = m.from
			}
		}
		dst = plainPieces(dst, text, at, end, p, odd)
		at = end
	}
	return dst
}

// plainPieces appends bytes [from, to) of a text, all shown as p is.
func plainPieces(dst []piece, text string, from, to int, p piece, odd map[int]bool) []piece {
	flush := func(end int) {
		if end > from {
			p.Text = text[from:end]
			dst = append(dst, p)
			p.ID = ""
		}
	}
	if len(odd) == 0 && !strings.Contains(text[from:to], "\r") {
		flush(to)
		return dst
	}
	for i := from; i < to; {
		r, n := utf8.DecodeRuneInString(text[i:to])
		if r == '\r' || odd[i] {
			flush(i)
			if r == '\r' {
				dst = append(dst, piece{CR: true})
			} else {
				dst = append(dst, piece{Text: text[i : i+n], Chip: fmt.Sprintf("U+%04X", r)})
			}
			from = i + n
		}
		i += n
	}
	flush(to)
	return dst
}

// whole returns the pieces of a text without marks.
func whole(s string) []piece { return pieces(nil, s, 0, len(s), nil, steering(s)) }

// chipWidth is how many letters a character counts that is shown by its name.
const chipWidth = 8

// excerpt returns a text on one line, cut to n letters.
func excerpt(s string, n int) []piece {
	s, cut := short(s, n)
	out := whole(s)
	if cut {
		out = append(out, piece{Text: "…"})
	}
	return out
}

// short returns the beginning of a text, on one line and without spaces around it, and whether that
// is not all of it.
func short(s string, n int) (string, bool) {
	s = strings.TrimSpace(s)
	width := 0
	for i, r := range s {
		if width++; suspect(r) {
			width += chipWidth - 1
		}
		if width > n {
			return oneLine(s[:i]), true
		}
	}
	return oneLine(s), false
}

var lines = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")

func oneLine(s string) string { return lines.Replace(s) }

// name is a text for a window's title or a tooltip, where nothing can be marked: without the
// characters that steer.
func name(s string, n int) string {
	s, cut := short(s, n)
	s = strings.Map(func(r rune) rune {
		if suspect(r) {
			return -1
		}
		return r
	}, s)
	if cut {
		s += "…"
	}
	return s
}
