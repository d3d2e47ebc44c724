package copies

import (
	"cmp"
	"math/bits"
	"slices"

	"golang.org/x/sync/errgroup"

	"sada/features/shingle"
)

// Same returns the candidates whose main texts are equal: every page with the first page, in order,
// that has the same words. Pages below [MinShingles] need the same title as well and must not be of
// different days, of which each has a first page of its own if the pages are in order of time; and a
// page without any word has no copy but by its title. The result does not depend on the number of workers.
func Same(pages []Page, workers int) []Candidate {
	workers = max(workers, 1)
	sums := make([]uint64, len(pages))
	each := func(do func(i int)) {
		var group errgroup.Group
		for w := range workers {
			group.Go(func() error {
				for i := w * len(pages) / workers; i < (w+1)*len(pages)/workers; i++ {
					do(i)
				}
				return nil
			})
		}
		_ = group.Wait() // no goroutine returns an error
	}
	each(func(i int) { sums[i] = glance(pages[i].Words) })
	// Most pages have no copy, and resemble no other page at a glance: their words need not be gone through.
	log := bits.Len(uint(4 * len(pages)))
	looked := make([]uint8, 1<<log) // none, one, or more
	for _, s := range sums {
		at := &looked[s>>(64-log)]
		*at = min(*at+1, 2)
	}
	alike := make([]bool, len(pages))
	each(func(i int) {
		if alike[i] = looked[sums[i]>>(64-log)] > 1; alike[i] {
			sums[i] = Sum(pages[i].Words)
		}
	})
	return same(pages, sums, func(i int) bool { return alike[i] }, func(a, b int) bool { return slices.Equal(pages[a].Words, pages[b].Words) })
}

// SameBy is [Same] for pages whose [Sum] is known. It asks equal whether two pages with one sum, the
// earlier first, have the same words.
func SameBy(pages []Page, sums []uint64, equal func(a, b int) bool) []Candidate {
	return same(pages, sums, func(int) bool { return true }, equal)
}

// same is [SameBy] for those of the pages that may have an equal one.
func same(pages []Page, sums []uint64, may func(i int) bool, equal func(a, b int) bool) []Candidate {
	type key struct{ words, title uint64 }
	first := make(map[key]int)
	var out []Candidate
	for i := range pages {
		if !may(i) {
			continue
		}
		p := &pages[i]
		k, via := key{words: sums[i]}, SameVia(p.Words)
		if via == ViaTitle {
			k.title = p.Title
			if p.Title == 0 && len(p.Words) == 0 {
				continue
			}
		}
		j, ok := first[k]
		switch {
		case !ok:
			first[k] = i
		case !equal(j, i): // two texts with one hash
		case via == ViaTitle && faraway(p, &pages[j]):
			first[k] = i // a rubric's page of another week has copies of its own
		default:
			out = append(out, Candidate{A: j, B: i, Via: via})
		}
	}
	slices.SortFunc(out, func(c, d Candidate) int { return cmp.Or(cmp.Compare(c.A, d.A), cmp.Compare(c.B, d.B)) })
	return out
}

// glance hashes the length of a run of words and some of them: it is the same of equal runs.
func glance(words []uint32) uint64 {
	const looks = 8
	some := [looks + 1]uint32{uint32(len(words))}
	for n := range looks {
		if len(words) > 0 {
			some[n+1] = words[n*len(words)/looks]
		}
	}
	return Sum(some[:])
}

// SameVia says what proposes a page with these words and the first page that has them.
func SameVia(words []uint32) Via {
	if len(words) < MinShingles+ShingleWords-1 {
		return ViaTitle
	}
	return ViaExact
}

// faraway reports whether two pages are of different days: a title or a line alone, such as a
// rubric's, is the same every week.
func faraway(p, q *Page) bool {
	return p.Dated && q.Dated && max(p.Time-q.Time, q.Time-p.Time) > apart
}

// Sum hashes a run of words.
func Sum(words []uint32) uint64 {
	h := uint64(len(words)) + 1
	for _, w := range words {
		h = (h ^ uint64(w)) * 0x9E3779B97F4A7C15 // 2^64 by the golden ratio, as in Fibonacci hashing
		h ^= h >> 32
	}
	return h
}

// chained is the containment, of the page that has less of it, which a member of a group shares at
// least with the group's hub if no link says that they are copies. Copies of one text that each had
// a fifth of their words changed share a quarter of their shingles; unrelated news pages below .05.
// Pages of different days need a link: what resembles itself over days without one is a template.
const chained = .12

// Groups unites pages over the links of the kinds exact and copy, in whatever order the links are. The
// first result gives every page the first page of its group, which may be itself; the second counts the
// pages that were linked to a group but did not resemble its hub, or that a link of another kind says
// are no copies of it, and were split off.
func Groups(pages []Page, links []Link) (group []int, split int) {
	group = make([]int, len(pages))
	neighbours := make([][]edge, len(pages))
	for i := range group {
		group[i] = i
	}
	refused := make(map[[2]int]bool)
	for _, l := range links {
		if l.Kind != Exact && l.Kind != Copy {
			refused[[2]int{l.A, l.B}] = true
			continue
		}
		strength := int64(max(l.Jaccard, min(l.CoverA, l.CoverB)*sameJaccard) * unit)
		neighbours[l.A] = append(neighbours[l.A], edge{l.B, strength})
		neighbours[l.B] = append(neighbours[l.B], edge{l.A, strength})
	}
	g := grouper{pages: pages, neighbours: neighbours, refused: refused, group: group, open: make([]bool, len(pages)), sets: make(map[int][]uint64)}
	seen := make([]bool, len(pages))
	for i := range pages {
		if seen[i] || len(neighbours[i]) == 0 {
			continue
		}
		component := []int{i}
		seen[i] = true
		for n := 0; n < len(component); n++ {
			for _, e := range neighbours[component[n]] {
				if !seen[e.to] {
					seen[e.to] = true
					component = append(component, e.to)
				}
			}
		}
		split += g.divide(component)
	}
	return group, split
}

type edge struct {
	to       int
	strength int64 // in units: a sum of integers does not depend on the order of the links
}

// unit is the strength of a link between equal pages: fine enough to tell any two shares of shingles
// apart, and 2^23 links of it can be added.
const unit = 1 << 40

type grouper struct {
	pages      []Page
	neighbours [][]edge
	refused    map[[2]int]bool // pairs that a link says are no copies, the lower page first
	group      []int
	open       []bool           // the pages that are being divided
	sets       map[int][]uint64 // of the component's pages: their shingles, once they are asked for
}

func (g *grouper) set(page int) []uint64 {
	set, ok := g.sets[page]
	if !ok {
		set = shingle.Set(shingle.Grams(nil, g.pages[page].Words, ShingleWords))
		g.sets[page] = set
	}
	return set
}

// resembles reports whether a page shares enough with a hub that it has no link of a copy with.
func (g *grouper) resembles(hub, page int) bool {
	if g.refused[[2]int{min(hub, page), max(hub, page)}] || faraway(&g.pages[hub], &g.pages[page]) {
		return false
	}
	a, b := g.set(hub), g.set(page)
	return float64(shingle.Overlap(a, b)) >= chained*float64(max(len(a), len(b), 1))
}

// divide makes groups of a connected component: its hub, the member that is linked best, keeps the
// members that are linked with it as copies, and those that resemble it unless a link says that they
// are no copies; the rest is divided in the same way.
func (g *grouper) divide(component []int) (split int) {
	clear(g.sets)
	rest := component
	for round := 0; len(rest) > 0; round++ {
		slices.Sort(rest)
		for _, i := range rest {
			g.open[i] = true
		}
		hub, best := -1, int64(-1)
		for _, i := range rest {
			degree := int64(0)
			for _, e := range g.neighbours[i] {
				if g.open[e.to] {
					degree += e.strength
				}
			}
			if degree > best {
				hub, best = i, degree
			}
		}
		for _, i := range rest {
			g.open[i] = false
		}
		linked := make(map[int]bool, len(g.neighbours[hub]))
		for _, e := range g.neighbours[hub] {
			linked[e.to] = true
		}
		var kept, left []int
		for _, i := range rest {
			if i == hub || linked[i] || g.resembles(hub, i) {
				kept = append(kept, i)
			} else {
				left = append(left, i)
			}
		}
		for _, i := range kept {
			g.group[i] = kept[0]
		}
		if round > 0 {
			split += len(kept)
		}
		rest = left
	}
	return split
}

// Original returns the member of a group, which must not be empty, that the others go back to: the
// earliest, where dates are known, by days where a member has no more than a day; of pages of the same
// time the agency's own, then one that credits nobody, then the longest, then the first in order.
func Original(pages []Page, members []int) int {
	precision := int64(1)
	for _, i := range members {
		if pages[i].DayOnly {
			precision = 24 * 3600
		}
	}
	return slices.MinFunc(members, func(i, j int) int {
		order, _ := before(&pages[i], &pages[j], precision)
		return cmp.Or(order, cmp.Compare(i, j))
	})
}

// Direction says which of two copies carried the text first by the rules of [Original], and why:
// negative for p, positive for q, 0 if nothing tells.
func Direction(p, q *Page) (order int, why string) {
	precision := int64(1)
	if p.DayOnly || q.DayOnly {
		precision = 24 * 3600
	}
	return before(p, q, precision)
}

// before compares two pages with times of a precision in seconds.
func before(p, q *Page, precision int64) (order int, why string) {
	if order = falseFirst(q.Dated, p.Dated); order != 0 {
		return order, "it alone has a date"
	}
	if p.Dated && p.Time/precision != q.Time/precision {
		return cmp.Compare(p.Time, q.Time), "it is earlier"
	}
	if order = falseFirst(q.Agency, p.Agency); order != 0 {
		return order, "it is the agency's own page"
	}
	if order = falseFirst(p.Credited, q.Credited); order != 0 {
		return order, "the other credits an agency"
	}
	return cmp.Compare(len(q.Words), len(p.Words)), "it is longer"
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
