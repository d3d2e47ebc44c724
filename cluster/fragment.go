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
		for n, part := range parts {
			if part.Kind != article.Tail || part.Page != "" || part.Segment == "" {
				continue
			}
			s := &r.res.Pages[i].shared
			spans := s.Spans.Unpack(nil)
			from := 0
			for from < len(spans) && int(spans[from].From) < part.From {
				from++
			}
			to := from
			for to < len(spans) && int(spans[to].From) < part.To {
				to++
			}
			out = append(out, fragment{i, n, s.Words[s.Lead+from : s.Lead+to]})
		}
	}
	r.res.Stats.Fragments = len(out)
	return out
}

// settle verifies the pairs that LSH proposes for fragments. A fragment that is nearly the text of a
// page gets that page, of several the one that holds most of it; fragments that are nearly the same
// get the segment of the first of them.
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
	at := func(f fragment) (*article.Part, *passage.Passage) {
		part := &r.res.Parts[f.page][f.part]
		return part, passages[[2]int{f.page, part.From}]
	}
	set := func(words []uint32) []uint64 { return shingle.Set(shingle.Grams(nil, words, copies.ShingleWords)) }
	home := make([]int, len(fragments)) // 1 + page
	held := make([]float64, len(fragments))
	for _, p := range pairs {
		if int(p.A) >= len(pages) {
			continue
		}
		n, page := int(p.B)-len(pages), int(p.A)
		f := fragments[n]
		if page == f.page {
			continue
		}
		a, b := set(f.words), set(pages[page].Words)
		both := float64(shingle.Overlap(a, b))
		if both >= fragmentHeld*float64(len(a)) && both >= fragmentPage*float64(len(b)) && both/float64(len(a)) > held[n] {
			home[n], held[n] = page+1, both/float64(len(a))
		}
	}
	for n, f := range fragments {
		if home[n] == 0 {
			continue
		}
		r.res.Stats.Settled++
		page := home[n] - 1
		part, row := at(f)
		part.Page, part.Segment = r.res.Pages[page].ID, ""
		if row != nil {
			row.B, row.Segment, row.Kind = page, "", passage.Tail
			row.BytesA.Page, row.BytesA.Segment = part.Page, ""
			row.Reasons = append(slices.Clip(row.Reasons), fmt.Sprintf("%.0f %% of its shingles are a page's", 100*held[n]))
		}
	}
	for _, p := range pairs { // in order, so that the segment of the first goes to all
		if int(p.A) < len(pages) {
			continue
		}
		i, j := int(p.A)-len(pages), int(p.B)-len(pages)
		if home[i] > 0 || home[j] > 0 {
			continue
		}
		first, _ := at(fragments[i])
		second, row := at(fragments[j])
		if first.Segment == second.Segment {
			continue
		}
		a, b := set(fragments[i].words), set(fragments[j].words)
		if shingle.Jaccard(shingle.Overlap(a, b), len(a), len(b)) < fragmentJaccard {
			continue
		}
		r.res.Stats.Settled++
		second.Segment = first.Segment
		if row != nil {
			row.Segment, row.BytesA.Segment = first.Segment, first.Segment
			row.Kind = passage.SharedTail
			row.Reasons = append(slices.Clip(row.Reasons), fmt.Sprintf("nearly the text appended to %s", r.res.Pages[fragments[i].page].ID))
		}
	}
}
