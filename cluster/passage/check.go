package passage

import (
	"errors"
	"fmt"

	"sada/features/article"
)

var errKnown = errors.New("damaged")

// Check returns an error if what is known cannot be of these pages, which are in canonical order. It looks
// at everything that [Grow] relies on but the postings, of which there are a hundred times as many and which
// [Known.CheckPostings] looks at; whether the numbers are those that a run would find, it cannot say.
func (k *Known) Check(pages []*Page) error {
	n := len(pages)
	bad := func(table string, row int) error { return fmt.Errorf("%s, row %d: %w", table, row, errKnown) }
	if len(k.Docs) != n || len(k.Facts) != n || len(k.Candidates) != n || len(k.Found) != n || len(k.Related) != n || len(k.Parts) != n || k.Hits < 0 {
		return fmt.Errorf("%d pages: numbers of rows: %w", n, errKnown)
	}
	if len(k.Frequency) != topicCells && (n > 0 || len(k.Frequency) > 0) {
		return bad("word frequencies", len(k.Frequency))
	}
	if k.Next > most(n) {
		return bad("documents", n)
	}
	used := make([]bool, k.Next)
	for i, d := range k.Docs {
		if d >= k.Next || used[d] {
			return bad("documents", i)
		}
		used[d] = true
	}
	for i, r := range k.Recurring {
		if r.Pages < furnitureLeast || i > 0 && k.Recurring[i-1].Hash >= r.Hash {
			return bad("recurring lines", i)
		}
	}
	in := func(r Range, page int) bool { return r.From >= 0 && r.From < r.To && r.To <= len(pages[page].Words) }
	for i, f := range k.Facts {
		if f.Own.From < 0 || f.Own.From > f.Own.To || f.Own.To > len(pages[i].Words) || f.End < 0 || f.End > len(pages[i].Words) {
			return bad("facts", i)
		}
	}
	for i, p := range k.Pairs {
		if p.A < 0 || p.A >= p.B || p.B >= n || i > 0 && pairOrder(k.Pairs[i-1], p) >= 0 || len(p.Passages) == 0 {
			return bad("pairs", i)
		}
		for _, s := range p.Passages {
			if !in(s.A, p.A) || !in(s.B, p.B) || s.Equal < 0 || s.Equal > min(s.A.Len(), s.B.Len()) {
				return bad("pairs", i)
			}
		}
	}
	for i, p := range k.Empty {
		if p.A >= p.B || int(p.B) >= n || i > 0 && byPages(k.Empty[i-1], p) >= 0 {
			return bad("empty pairs", i)
		}
	}
	for i, candidates := range k.Candidates {
		for _, c := range candidates {
			if c.Other < 0 || int(c.Other) >= n || int(c.Other) == i || !in(c.Here, i) || c.There.From < 0 || c.There.From > c.There.To || c.There.To > len(pages[c.Other].Words) ||
				c.Here.From < max(pages[i].Lead, k.Facts[i].Own.From) {
				return bad("candidates", i)
			}
		}
	}
	for i := range pages {
		for _, list := range [][]Passage{k.Found[i], k.Related[i]} {
			for n := range list {
				if !list[n].of(i, pages) {
					return bad("passages", i)
				}
			}
		}
		if !Cover(k.Parts[i], pages[i].Bytes) {
			return bad("parts", i)
		}
	}
	return nil
}

// CheckPostings returns an error if the postings cannot be of these pages. What is known must have passed
// [Known.Check].
func (k *Known) CheckPostings(pages []*Page) error {
	words := make([]int32, k.Next) // of every document, -1 if it has no page
	for d := range words {
		words[d] = -1
	}
	for i, d := range k.Docs {
		words[d] = int32(len(pages[i].Words))
	}
	if err := k.Anchors.Check(k.Next); err != nil {
		return fmt.Errorf("anchors: %w", err)
	}
	for _, run := range k.Anchors.Runs {
		for i, p := range run {
			if had := words[p.Doc]; had >= 0 && int64(p.Pos)+AnchorWords > int64(had) {
				return fmt.Errorf("anchors, row %d: %w", i, errKnown)
			}
		}
	}
	if err := k.Lines.Check(k.Next); err != nil {
		return fmt.Errorf("lines: %w", err)
	}
	if err := k.Mentions.Check(k.Next); err != nil {
		return fmt.Errorf("mentions: %w", err)
	}
	return nil
}

// of says whether it may be a passage of page i.
func (p *Passage) of(i int, pages []*Page) bool {
	return p.A == i && p.B >= -1 && p.B < len(pages) && within(p.BytesA, pages[i]) && within(p.Marker, pages[i]) && within(p.Title, pages[i]) &&
		(p.B < 0 || within(p.BytesB, pages[p.B]))
}

func within(part article.Part, p *Page) bool {
	return part.Kind <= article.Quote && part.From >= 0 && part.From <= part.To && part.To <= p.Bytes
}

// Cover reports whether parts cover a text of so many bytes in order.
func Cover(parts []article.Part, size int) bool {
	end := 0
	for _, p := range parts {
		if p.Kind > article.Quote || p.From != end || p.To <= p.From {
			return false
		}
		end = p.To
	}
	return end == size
}
