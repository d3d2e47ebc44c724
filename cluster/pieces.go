package cluster

import (
	"time"

	"sada/cluster/copies"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/features/article"
	"sada/features/tfidf"
)

// This file is for pages that are not all in one memory: what [Run] does between the steps of the
// packages, for one page, one pair or one kind of results at a time. Run calls the same functions.

// Passage returns what the passages need of the page, which it stays part of.
func (p *Page) Passage() *passage.Page { return &p.shared }

// Text returns what is compared of the page, its main text by the parts. It may share the page's memory.
func (p *Page) Text(parts []article.Part) copies.Page { return p.copy(p.main(parts)) }

// Within returns how many words of each range are main text by the parts.
func (p *Page) Within(parts []article.Part, ranges []passage.Range) []int {
	main := p.main(parts)
	out := make([]int, len(ranges))
	for i, r := range ranges {
		out[i] = main.overlap(r)
	}
	return out
}

// Signer makes the band keys of texts. It reuses memory and serves one goroutine.
type Signer struct {
	signer
	shape lsh.Params
}

// NewSigner returns a signer, or an error about the options.
func NewSigner(o Options) (*Signer, error) {
	shape, err := lsh.Choose(o.Similarity, o.Recall, o.Slots)
	if err != nil {
		return nil, err
	}
	sketcher, err := o.Sketch.New(shape.Bands, shape.Rows)
	if err != nil {
		return nil, err
	}
	return &Signer{signer: signer{sketcher: sketcher}, shape: shape}, nil
}

// Shape returns the shape of the signatures.
func (s *Signer) Shape() lsh.Params { return s.shape }

// Keys returns the key of every band of a text, or nil for one too short to be signed.
func (s *Signer) Keys(words []uint32) []uint64 {
	return s.keys(nil, s.shape, words)
}

// Outline returns a page of which only that is known that makes its story. counts are those of
// [Page.Counts], not nil if it is the original of its group.
func Outline(id, source, title string, date time.Time, dayOnly bool, counts []tfidf.Count) *Page {
	return &Page{ID: id, Source: source, Title: title, Date: date, DayOnly: dayOnly, counted: counts}
}
