package eval

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Span is a piece of a page that is of some kind, such as tail or quote.
type Span struct {
	Page     string
	From, To int // bytes in the text of the page, half-open, From < To
	Kind     string
}

func (s Span) check() error {
	switch {
	case s.Page == "":
		return errors.New("the page of a span must not be empty")
	case s.Kind == "":
		return errors.New("the kind of a span must not be empty")
	case s.From < 0 || s.To <= s.From:
		return fmt.Errorf("span %d to %d of page %q: want 0 <= from < to", s.From, s.To, s.Page)
	}
	return nil
}

// SpanSet is the spans of a set of pages, gold or run. Spans of one kind that
// overlap in a page are one; spans that only touch stay two, as two appended
// articles are two tails. The zero value has no pages.
type SpanSet struct {
	pages []string // sorted, also those without a span
	spans []Span   // by page, kind and offset
}

// NewSpanSet takes spans in any order, and the ids of pages that were looked at;
// pages with a span need not be named. Neither slice is kept.
func NewSpanSet(pages []string, spans []Span) (SpanSet, error) {
	var b spanBuilder
	for _, p := range pages {
		b.page(p)
	}
	for _, s := range spans {
		if err := s.check(); err != nil {
			return SpanSet{}, err
		}
		b.add(s)
	}
	return b.set(), nil
}

type spanBuilder struct {
	pages []string
	spans []Span
}

func (b *spanBuilder) page(id string) { b.pages = append(b.pages, id) }
func (b *spanBuilder) add(s Span)     { b.spans = append(b.spans, s) }

func (b *spanBuilder) set() SpanSet {
	for _, s := range b.spans {
		b.pages = append(b.pages, s.Page)
	}
	slices.Sort(b.pages)
	set := SpanSet{pages: slices.Compact(b.pages)}

	slices.SortFunc(b.spans, func(x, y Span) int {
		if c := strings.Compare(x.Page, y.Page); c != 0 {
			return c
		}
		if c := strings.Compare(x.Kind, y.Kind); c != 0 {
			return c
		}
		return x.From - y.From
	})
	for _, s := range b.spans {
		if last := len(set.spans) - 1; last >= 0 && set.spans[last].Page == s.Page &&
			set.spans[last].Kind == s.Kind && s.From < set.spans[last].To {
			set.spans[last].To = max(set.spans[last].To, s.To)
			continue
		}
		set.spans = append(set.spans, s)
	}
	return set
}

// Pages are the ids of all pages, sorted. The caller must not change them.
func (s SpanSet) Pages() []string { return s.pages }

// Kinds are the kinds of span in use, sorted.
func (s SpanSet) Kinds() []string {
	var kinds []string
	for _, x := range s.spans {
		kinds = append(kinds, x.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func (s SpanSet) of(page string) []Span {
	from, _ := slices.BinarySearchFunc(s.spans, page, func(x Span, p string) int { return strings.Compare(x.Page, p) })
	to := from
	for to < len(s.spans) && s.spans[to].Page == page {
		to++
	}
	return s.spans[from:to]
}

func ofKind(spans []Span, kind string) []Span {
	from := slices.IndexFunc(spans, func(s Span) bool { return s.Kind == kind })
	if from < 0 {
		return nil
	}
	to := from
	for to < len(spans) && spans[to].Kind == kind {
		to++
	}
	return spans[from:to]
}

// SpanAlignment is the spans of a gold and of a run on the pages both know.
type SpanAlignment struct {
	Pages  []string // scored, sorted
	Absent []string // in the gold but not in the run, sorted

	gold, run [][]Span // by Pages
}

// AlignSpans joins a gold and a run by page. The pages of the run must name also
// those without a span, or a missed span would pass as an absent page.
func AlignSpans(gold, run SpanSet) SpanAlignment {
	var a SpanAlignment
	for _, p := range gold.pages {
		if _, ok := slices.BinarySearch(run.pages, p); !ok {
			a.Absent = append(a.Absent, p)
			continue
		}
		a.Pages = append(a.Pages, p)
		a.gold = append(a.gold, gold.of(p))
		a.run = append(a.run, run.of(p))
	}
	return a
}

// CharacterUnits scores the text of one kind of span, with pages as units. With
// g and r the sets of positions covered in gold and run, over all pages together
// (micro average),
//
//	precision = |g ∩ r| / |r|,  recall = |g ∩ r| / |g|
//
// Positions are bytes, as offsets are; in Arabic text a letter is two of them in
// both sets, so the ratio is that of characters up to spaces and digits. Without
// any span in the run precision is 1, without any in the gold recall is 1.
// Source: Potthast et al. 2010, micro-averaged, without pairing of spans.
func CharacterUnits(a SpanAlignment, kind string) Units {
	u := newUnits(len(a.Pages))
	for i := range a.Pages {
		g, r := ofKind(a.gold[i], kind), ofKind(a.run[i], kind)
		common := 0
		for x, y := 0, 0; x < len(g) && y < len(r); {
			common += overlap(g[x], r[y])
			if g[x].To < r[y].To {
				x++
			} else {
				y++
			}
		}
		u.set(i, float64(common), covered(r), float64(common), covered(g))
	}
	return u
}

func overlap(x, y Span) int { return max(0, min(x.To, y.To)-max(x.From, y.From)) }

func covered(spans []Span) float64 {
	n := 0
	for _, s := range spans {
		n += s.To - s.From
	}
	return float64(n)
}

// Distance is how far apart two offsets of a page are, 0 or more. It must not
// shrink as the offsets move apart.
type Distance func(page string, a, b int) int

// ByteDistance counts bytes.
func ByteDistance(_ string, a, b int) int { return max(a-b, b-a) }

// WordDistance counts words: the words that start between the offsets. The
// function starts gives the sorted offsets at which the words of a page start.
func WordDistance(starts func(page string) []int) Distance {
	return func(page string, a, b int) int {
		s := starts(page)
		x, _ := slices.BinarySearch(s, a)
		y, _ := slices.BinarySearch(s, b)
		return max(x-y, y-x)
	}
}

// BoundaryUnits holds the boundary scores of one kind of span, with pages as
// units.
type BoundaryUnits struct {
	Start, End Units
	Span       Units // both boundaries of one span
}

// Boundaries scores where spans of one kind begin and end. A boundary is found
// when gold and run have one of the same side at most k apart; each counts once,
// and the matching with the most pairs is taken. With k 0 it must be exact.
//
//	precision = found / boundaries of the run,  recall = found / those of the gold
func Boundaries(a SpanAlignment, kind string, k int, d Distance) BoundaryUnits {
	n := len(a.Pages)
	b := BoundaryUnits{newUnits(n), newUnits(n), newUnits(n)}
	for i, page := range a.Pages {
		g, r := ofKind(a.gold[i], kind), ofKind(a.run[i], kind)
		start := func(x, y Span) bool { return d(page, x.From, y.From) <= k }
		end := func(x, y Span) bool { return d(page, x.To, y.To) <= k }
		from := func(s Span) int { return s.From }
		to := func(s Span) int { return s.To }
		for _, side := range []struct {
			units Units
			found int
		}{
			{b.Start, matchInOrder(g, r, start, from)},
			{b.End, matchInOrder(g, r, end, to)},
			{b.Span, matchInOrder(g, r, func(x, y Span) bool { return start(x, y) && end(x, y) }, from)},
		} {
			side.units.set(i, float64(side.found), float64(len(r)), float64(side.found), float64(len(g)))
		}
	}
	return b
}

// matchInOrder pairs spans that are close. Spans of a kind are disjoint, so their
// boundaries are sorted, and taking the first close pair loses none.
func matchInOrder(g, r []Span, near func(x, y Span) bool, at func(Span) int) int {
	found := 0
	for x, y := 0, 0; x < len(g) && y < len(r); {
		switch {
		case near(g[x], r[y]):
			found++
			x++
			y++
		case at(g[x]) < at(r[y]):
			x++
		default:
			y++
		}
	}
	return found
}

// PlagDetScore is the score of PAN for text reuse detection.
type PlagDetScore struct {
	PRF                 // macro: each span counts the same
	Granularity float64 // run spans per found gold span, 1 or more
	PlagDet     float64 // in [0, 1]
}

// PlagDet scores spans of one kind as wholes (Potthast, Stein, Barrón-Cedeño and
// Rosso 2010). With S the gold spans, R the run spans, and S' the gold spans that
// some run span overlaps, by the set found(s) of run spans,
//
//	precision   = mean over r in R of |r ∩ S| / |r|
//	recall      = mean over s in S of |s ∩ R| / |s|
//	granularity = mean over s in S' of |found(s)|
//	plagdet     = F1 / log2(1 + granularity)
//
// Only the spans of the page itself are compared, not the passages they came
// from. Without a found span granularity is 1; without any run span precision is
// 1, without any gold span recall is 1. Without any page all are NaN.
func PlagDet(a SpanAlignment, kind string) PlagDetScore {
	if len(a.Pages) == 0 {
		return PlagDetScore{nanPRF(), math.NaN(), math.NaN()}
	}
	var precision, recall, goldSpans, runSpans, found, pieces float64
	for i := range a.Pages {
		g, r := ofKind(a.gold[i], kind), ofKind(a.run[i], kind)
		goldSpans += float64(len(g))
		runSpans += float64(len(r))
		inRun := make([]int, len(r)) // by run span: bytes in common with the gold
		for y := 0; len(g) > 0; g = g[1:] {
			for y < len(r) && r[y].To <= g[0].From {
				y++
			}
			common, touching := 0, 0
			for z := y; z < len(r) && r[z].From < g[0].To; z++ {
				o := overlap(g[0], r[z])
				common += o
				inRun[z] += o
				touching++
			}
			recall += float64(common) / float64(g[0].To-g[0].From)
			if touching > 0 {
				found++
				pieces += float64(touching)
			}
		}
		for y, s := range r {
			precision += float64(inRun[y]) / float64(s.To-s.From)
		}
	}
	s := PlagDetScore{PRF: newPRF(share(precision, runSpans), share(recall, goldSpans)), Granularity: share(pieces, found)}
	s.PlagDet = s.F1 / math.Log2(1+s.Granularity)
	return s
}
