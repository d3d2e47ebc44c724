package passage

import (
	"sada/features/article"
	"sada/features/shingle"
)

// Page is what the step needs of a page. Nothing in it is changed.
type Page struct {
	ID     string
	Source string
	Time   int64 // Unix seconds; meaningful if Dated
	Dated  bool

	// Words are the hashes of the record's title, if the text does not begin with it, and of the
	// text: the title belongs to the article wherever it is appended, so it is aligned like text.
	Words []uint32
	Lead  int // leading words that are the record's title and not in the text

	Spans     shingle.Offsets // bytes of Words[Lead:] in the text
	Lines     []Line          // in order
	Bytes     int             // length of the text
	Parts     []article.Part  // what the page alone says; they cover the text in order
	Proposals []article.Proposal
}

// Line is the beginning of a line that is not blank.
type Line struct {
	Word int // index into Words of its first word
	Byte int // offset of the line in the text
}

// extent returns the words of the page that the page alone does not give to somebody else, from the first to
// the last: its title and main text, with what stands between them. end is the word after the last one that
// it does not give to a closing line: credit, key words, furniture, lists.
func (p *Page) extent() (own Range, end int) {
	from, to, closing := -1, 0, -1
	for _, part := range p.Parts {
		switch part.Kind {
		case article.Main, article.Title:
			if from < 0 {
				from = part.From
			}
			to, closing = part.To, part.To
		case article.Tail, article.Inline, article.Head, article.Quote:
			closing = part.To
		}
	}
	words := p.Spans.Cursor()
	before := func(offset int) int {
		if offset >= p.Bytes {
			return len(p.Words)
		}
		return p.Lead + words.Before(offset)
	}
	if own.To = p.Lead; from >= 0 {
		if p.Lead == 0 {
			own.From = before(from)
		}
		own.To = before(to)
	}
	if end = len(p.Words); closing >= 0 {
		end = before(closing)
	}
	return own, end
}

// words returns the words that lie in the bytes [from, to) of the text.
func (p *Page) words(spans []shingle.Span, from, to int) Range {
	r := Range{}
	r.From = p.Lead + search(spans, from)
	r.To = p.Lead + search(spans, to)
	return r
}

// search returns the index of the first span that begins at or after the offset.
func search(spans []shingle.Span, offset int) int {
	lo, hi := 0, len(spans)
	for lo < hi {
		if mid := (lo + hi) / 2; int(spans[mid].From) < offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// line returns the index of the line that the word stands in, -1 for a word of the record's title.
func (p *Page) line(word int) int {
	lo, hi := 0, len(p.Lines)
	for lo < hi {
		if mid := (lo + hi) / 2; p.Lines[mid].Word <= word {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}
