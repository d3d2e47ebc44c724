package passage

import (
	"cmp"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"sada/cluster/internal/memory"
	"sada/features/article"
	"sada/features/shingle"
)

// Options steer the step. The zero Options are ready to use.
type Options struct {
	Parts   int // into which the anchor table is cut, so that one part fits in memory; 0 is 1
	Workers int // goroutines; 0 is 1. No result depends on it
	// Keep gives memory, aligned to 8 bytes, with a copy of the parts one after the other, for the anchors of all parts but the
	// first, and for those that pages share, 16 bytes each, until they are compared. It serves many goroutines;
	// nil is ordinary memory. No result depends on it.
	Keep func(parts ...[]byte) ([]byte, error)
	// Ahead, if it is not nil, is called with memory of pages that will be read soon, by many goroutines.
	Ahead func(memory []byte)
}

// aheadPages is how many pages before its turn a page is announced: ten milliseconds of work, in which a disk reads as many
// megabytes.
const aheadPages = 1024

// ahead announces the page whose turn comes aheadPages after page i, if it is one of the n that are gone through.
func (o *Options) ahead(i, n int, words func(i int) []uint32) {
	if i += aheadPages; o.Ahead != nil && i < n {
		o.Ahead(memory.Bytes(words(i)))
	}
}

// Pair is two pages that share text, with the stretches that they share in order of page A.
type Pair struct {
	A, B     int
	Passages []Aligned
}

// Result is what the step finds.
type Result struct {
	Pairs    []Pair           // all pairs, in order; the candidates of copies among them
	Passages []Passage        // in order of A; those that are cut first
	Parts    [][]article.Part // of every page: what is its own and what is not
	Hits     int              // anchors that two pages share
}

// view is a passage seen from one of its two pages.
type view struct {
	other       int32
	here, there Range
	equal       int
}

// finder holds what is known of all pages while they are resolved.
type finder struct {
	pages   []*Page
	own     []Range // of every page: its words, by what the page alone says
	end     []int   // of every page: the word after the last one that could belong to an article
	views   [][]view
	topics  *Topics
	titles  titles
	joiners joiners
}

// Find compares all pages, which must be in canonical order (oldest first, ties by ID): where
// something has to be counted once or compared with few, the pages that come first are taken. An error is
// that of opt.Keep.
func Find(pages []*Page, opt Options) (Result, error) {
	opt.Parts, opt.Workers = max(opt.Parts, 1), max(opt.Workers, 1)
	aligned := make([][]Pair, ranges)
	var count atomic.Int64
	words := func(i int) []uint32 { return pages[i].Words }
	if err := join(len(pages), words, opt, func(r int, hits []hit) {
		aligned[r], _ = alignAll(pages, hits)
		count.Add(int64(len(hits)))
	}); err != nil {
		return Result{}, err
	}
	pairs := slices.Concat(aligned...)

	f := &finder{pages: pages, own: make([]Range, len(pages)), end: make([]int, len(pages)), joiners: newJoiners()}
	var furniture *furniture
	var g errgroup.Group
	g.SetLimit(opt.Workers)
	g.Go(func() error {
		f.topics = newTopics(pages, opt.Workers)
		return nil
	})
	g.Go(func() error {
		f.views, f.titles = views(len(pages), pairs, func(int) bool { return true }), newTitles(pages)
		return nil
	})
	g.Go(func() error {
		furniture = newFurniture(pages, opt.Workers)
		return nil
	})
	_ = g.Wait() // no goroutine returns an error
	through := func(do func(i int, m *scratch)) {
		each(len(pages), opt.Workers, func(i int, m *scratch) {
			opt.ahead(i, len(pages), words)
			do(i, m)
		})
	}
	through(func(i int, _ *scratch) { f.own[i], f.end[i] = pages[i].extent() })
	candidates := make([][]candidate, len(pages))
	through(func(i int, m *scratch) { candidates[i] = f.candidates(i, m) })
	carriers := f.carriers(candidates, opt.Workers)

	res := Result{Pairs: pairs, Parts: make([][]article.Part, len(pages)), Hits: int(count.Load())}
	found := make([][]Passage, len(pages))
	through(func(i int, m *scratch) {
		found[i], res.Parts[i] = f.resolve(i, candidates[i], carriers[i], furniture, m)
	})
	related := make([][]Passage, len(pages))
	through(func(i int, _ *scratch) { related[i] = f.relations(i, res.Parts) })
	rows := 0
	for i := range pages {
		rows += len(found[i]) + len(related[i])
	}
	res.Passages = slices.Grow(res.Passages, rows)
	for i := range pages {
		res.Passages = append(append(res.Passages, found[i]...), related[i]...)
		found[i], related[i] = nil, nil
	}
	return res, nil
}

// scratch is memory that one goroutine uses again for page after page.
type scratch struct {
	unpacked []shingle.Span
	grams    []uint64
	chosen   []shingle.Anchor
	words    tally
}

// spans returns the spans of a page, valid until it is called for the next.
func (m *scratch) spans(p *Page) []shingle.Span {
	m.unpacked = p.Spans.Unpack(m.unpacked[:0])
	return m.unpacked
}

// each calls do for 0..n-1, in ranges for the workers.
func each(n, workers int, do func(i int, m *scratch)) {
	const block = 64 // pages: little enough that no goroutine ends long after the others
	var g errgroup.Group
	var taken atomic.Int64
	for range min(workers, (n+block-1)/block) {
		g.Go(func() error {
			var m scratch
			for {
				to := int(taken.Add(block))
				for i := to - block; i < min(to, n); i++ {
					do(i, &m)
				}
				if to >= n {
					return nil
				}
			}
		})
	}
	_ = g.Wait() // no goroutine returns an error
}

// minEqual is the number of equal words below which two pages share no passage: less is a phrase.
const minEqual = 20

// alignAll aligns every pair of pages that has hits, which are in order. It returns those that share a passage,
// and those that had enough hits and do not.
func alignAll(pages []*Page, hits []hit) (found []Pair, empty []Couple) {
	for from := 0; from < len(hits); {
		to := from + 1
		for to < len(hits) && hits[to].a == hits[from].a && hits[to].b == hits[from].b {
			to++
		}
		if to-from >= minAnchors {
			a, b := int(hits[from].a), int(hits[from].b)
			if shared := long(pages[a].Words, pages[b].Words, hits[from:to]); len(shared) > 0 {
				found = append(found, Pair{a, b, slices.Clone(shared)})
			} else {
				empty = append(empty, Couple{uint32(a), uint32(b)})
			}
		}
		from = to
	}
	return found, empty
}

// long returns the passages of two pages, with these hits in order, that are more than a phrase.
func long(a, b []uint32, hits []hit) []Aligned {
	return slices.DeleteFunc(passages(a, b, hits), func(p Aligned) bool { return p.Equal < minEqual })
}

// Couple is two pages, the first in order first.
type Couple struct{ A, B uint32 }

// views gives every page that is wanted its side of the pairs, by place.
func views(n int, pairs []Pair, wanted func(page int) bool) [][]view {
	out := make([][]view, n)
	for _, pair := range pairs {
		toA, toB := wanted(pair.A), wanted(pair.B)
		for _, p := range pair.Passages {
			if toA {
				out[pair.A] = append(out[pair.A], view{int32(pair.B), p.A, p.B, p.Equal})
			}
			if toB {
				out[pair.B] = append(out[pair.B], view{int32(pair.A), p.B, p.A, p.Equal})
			}
		}
	}
	for _, v := range out {
		slices.SortFunc(v, byPlace)
	}
	return out
}

func byPlace(p, q view) int {
	return cmp.Or(cmp.Compare(p.here.From, q.here.From), cmp.Compare(p.other, q.other), cmp.Compare(p.there.From, q.there.From))
}
