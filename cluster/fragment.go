package cluster

import (
	"fmt"
	"slices"

	"sada/cluster/copies"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/features/article"
	"sada/features/shingle"
)

// fragment is a text appended to a page that no passage led to a page of its own: the page is not in
// the corpus, or one of the two was edited so much that no anchors are left in a row.
type fragment struct {
	page, part int // Result.Parts[page][part]
	words      []uint32
}

// What makes a fragment and a page, or two fragments, one text, in shares of word 3-grams.
const (
	fragmentHeld    = .5 // of the fragment is in the page,
	fragmentPage    = .3 // and is at least so much of it
	fragmentJaccard = .5 // of two fragments, as of copies
)

func (r *runner) fragments() []fragment {
	var out []fragment
	for i, parts := range r.res.Parts {
		for _, f := range r.res.Pages[i].Fragments(parts) {
			out = append(out, fragment{i, f.Part, f.Words})
		}
	}
	r.res.Stats.Fragments = len(out)
	return out
}

// Fragment is a text appended to a page that no passage led to a page of its own.
type Fragment struct {
	Part  int // of the page's parts
	Words []uint32
}

// Fragments returns the fragments of a page, which its parts say. They share its memory.
func (p *Page) Fragments(parts []article.Part) []Fragment {
	var out []Fragment
	for n, part := range parts {
		if part.Kind != article.Tail || part.Page != "" || part.Segment == "" {
			continue
		}
		out = append(out, Fragment{n, p.within(part.From, part.To)})
	}
	return out
}

// within returns the words that begin in a range of bytes of the text. They share the page's memory.
func (p *Page) within(from, to int) []uint32 {
	first, last := 0, 0
	for i, span := range p.shared.Spans.All() {
		if int(span.From) < from {
			first = i + 1
		}
		if int(span.From) >= to {
			break
		}
		last = i + 1
	}
	return p.shared.Words[p.shared.Lead+first : p.shared.Lead+max(first, last)]
}

// settle verifies the pairs that LSH proposes for fragments and names what comes of them in the parts and
// passages.
func (r *runner) settle(pages []copies.Page, fragments []fragment, pairs []lsh.Pair) {
	if len(pairs) == 0 {
		return
	}
	passages := make(map[[2]int]*passage.Passage) // by page and first byte
	for i := range r.res.Passages {
		if p := &r.res.Passages[i]; p.Cut {
			passages[[2]int{p.A, p.BytesA.From}] = p
		}
	}
	texts := make([]Appended, len(fragments))
	for i, f := range fragments {
		texts[i] = Appended{f.page, r.res.Parts[f.page][f.part].Segment}
	}
	loose := make([]Loose, len(pairs))
	for i, p := range pairs {
		loose[i] = Loose{Page: int(p.A), Earlier: -1, Fragment: int(p.B) - len(pages)}
		if int(p.A) >= len(pages) {
			loose[i].Page, loose[i].Earlier = -1, int(p.A)-len(pages)
		}
	}
	settled := Settle(texts, loose, func(p Loose) (both, one, other int) {
		if p.Page >= 0 {
			return Measure(fragments[p.Fragment].words, pages[p.Page].Words)
		}
		return Measure(fragments[p.Earlier].words, fragments[p.Fragment].words)
	})
	r.res.Stats.Settled += len(settled)
	for _, s := range settled {
		f := fragments[s.Fragment]
		part := &r.res.Parts[f.page][f.part]
		id := ""
		if s.Page >= 0 {
			id = r.res.Pages[s.Page].ID
		} else {
			id = r.res.Pages[fragments[s.Earlier].page].ID
		}
		s.Apply(part, passages[[2]int{f.page, part.From}], id)
	}
}

// Measure counts the shingles of two texts: those they share, and those of each.
func Measure(one, other []uint32) (both, inOne, inOther int) {
	set := func(words []uint32) []uint64 { return shingle.Set(shingle.Grams(nil, words, copies.ShingleWords)) }
	a, b := set(one), set(other)
	return shingle.Overlap(a, b), len(a), len(b)
}

// Appended is what [Settle] must know of a fragment.
type Appended struct {
	Page    int    // that it is appended to
	Segment string // by which it is named
}

// Loose is a pair that LSH proposes: a page or an earlier fragment, of which the other is -1, and a
// fragment.
type Loose struct{ Page, Earlier, Fragment int }

// Settlement names a fragment.
type Settlement struct {
	Fragment int
	Page     int     // it is this page's text; -1 if it is
	Earlier  int     // nearly the text of this fragment; -1 if it is a page's
	Segment  string  // of that
	Held     float64 // share of the fragment's shingles that the page has
}

// Settle says what fragments are. One that is nearly the text of a page gets that page, of several the
// one that holds most of it; fragments that are nearly the same get the segment of the first of them.
// Pairs are in order of pages, fragments after them, each in order. measure counts the shingles of a
// pair: those both have, those of the fragment or the earlier one, and those of the page or the later one.
func Settle(fragments []Appended, pairs []Loose, measure func(p Loose) (both, one, other int)) []Settlement {
	home := make([]int, len(fragments)) // 1 + page
	held := make([]float64, len(fragments))
	for _, p := range pairs {
		if p.Page < 0 || p.Page == fragments[p.Fragment].Page {
			continue
		}
		shared, a, b := measure(p)
		n, both := p.Fragment, float64(shared)
		if both >= fragmentHeld*float64(a) && both >= fragmentPage*float64(b) && both/float64(a) > held[n] {
			home[n], held[n] = p.Page+1, both/float64(a)
		}
	}
	var out []Settlement
	segments := make([]string, len(fragments))
	for n, f := range fragments {
		segments[n] = f.Segment
		if home[n] > 0 {
			out = append(out, Settlement{Fragment: n, Page: home[n] - 1, Earlier: -1, Held: held[n]})
		}
	}
	for _, p := range pairs { // in order, so that the segment of the first goes to all
		if p.Page >= 0 || home[p.Earlier] > 0 || home[p.Fragment] > 0 || segments[p.Earlier] == segments[p.Fragment] {
			continue
		}
		both, a, b := measure(p)
		if shingle.Jaccard(both, a, b) < fragmentJaccard {
			continue
		}
		segments[p.Fragment] = segments[p.Earlier]
		out = append(out, Settlement{Fragment: p.Fragment, Page: -1, Earlier: p.Earlier, Segment: segments[p.Fragment]})
	}
	return out
}

// Apply names the fragment in the part of its page and, unless it is nil, in the passage that was cut.
// id is that of the page it is the text of, or that the earlier fragment is appended to.
func (s *Settlement) Apply(part *article.Part, row *passage.Passage, id string) {
	part.Segment = s.Segment
	reason := fmt.Sprintf("nearly the text appended to %s", id)
	if s.Page >= 0 {
		part.Page = id
		reason = fmt.Sprintf("%.0f %% of its shingles are a page's", 100*s.Held)
	}
	if row == nil {
		return
	}
	row.Segment = s.Segment
	row.BytesA.Page, row.BytesA.Segment = part.Page, part.Segment
	row.Kind = passage.SharedTail
	if s.Page >= 0 {
		row.B, row.Kind = s.Page, passage.Tail
	}
	row.Reasons = append(slices.Clip(row.Reasons), reason)
}
