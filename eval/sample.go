package eval

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Candidate is a pair of pages that a run compared.
type Candidate struct {
	A, B     string
	Score    float64 // similarity
	Together bool    // in one cluster of the run
	Size     int     // of the larger of their clusters; only used with [SampleOptions].Sizes
}

// SampleOptions says how pairs are divided and drawn.
type SampleOptions struct {
	// Bands are edges of score bands, ascending. A band holds its lower edge; below
	// the first and from the last edge on there is a band too.
	Bands []float64
	// Sizes are edges of classes of cluster size, ascending. With any, pairs together
	// are divided by the size of their cluster in place of the score.
	Sizes []int
	// Threshold and NearMiss give pairs that are apart with a score from Threshold
	// minus NearMiss up to Threshold a stratum of their own: there recall is lost.
	// With NearMiss 0 there is none.
	Threshold, NearMiss float64
	// Nearest pairs, those whose scores are nearest to Threshold, are a stratum of
	// their own that is drawn whole: the ones a person decides on better than a
	// number does. With 0 there is none.
	Nearest int
	// PerStratum is how many pairs are drawn from each other stratum, or all of it
	// where it has fewer. 2 or more.
	PerStratum int
	Seed       uint64
}

// StratumSize is a stratum of the pool.
type StratumSize struct {
	Name  string `json:"stratum"`
	Pool  int    `json:"pool"` // candidates in it
	Drawn int    `json:"drawn"`
}

// Sample draws pairs to be judged, at random within strata, each with the weight
// Pool / Drawn of its stratum. Strata whose scores are nearest to the threshold in
// the mean come first, and the order within a stratum is random, so that who stops
// early has judged a random part of it. Empty strata are left out. The order of
// the candidates does not matter, and what is drawn from one stratum does not
// depend on the others. A self pair, a pair given twice, a score that is no
// number, or unfit options are an error.
func Sample(candidates []Candidate, o SampleOptions) ([]Pair, []StratumSize, error) {
	if o.PerStratum < minPerStratum {
		return nil, nil, fmt.Errorf("%d pairs a stratum: need %d or more to tell a spread", o.PerStratum, minPerStratum)
	}
	if !ascending(o.Bands) {
		return nil, nil, fmt.Errorf("bands %v: want ascending numbers", o.Bands)
	}
	if !ascending(o.Sizes) {
		return nil, nil, fmt.Errorf("sizes %v: want ascending numbers", o.Sizes)
	}
	pool := slices.Clone(candidates)
	for i, c := range pool {
		pool[i].A, pool[i].B = min(c.A, c.B), max(c.A, c.B)
	}
	slices.SortFunc(pool, func(x, y Candidate) int {
		return cmp.Or(strings.Compare(x.A, y.A), strings.Compare(x.B, y.B))
	})
	for i, c := range pool {
		switch {
		case c.A == c.B:
			return nil, nil, fmt.Errorf("page %q is paired with itself", c.A)
		case i > 0 && pool[i-1].A == c.A && pool[i-1].B == c.B:
			return nil, nil, fmt.Errorf("pair %q, %q is given twice", c.A, c.B)
		case math.IsNaN(c.Score):
			return nil, nil, fmt.Errorf("pair %q, %q has no score", c.A, c.B)
		}
	}
	strata := o.divide(pool)
	slices.SortStableFunc(strata, func(a, b *part) int { return cmp.Compare(a.distance, b.distance) })

	var pairs []Pair
	var sizes []StratumSize
	for _, s := range strata {
		size := StratumSize{Name: s.name, Pool: len(s.pool), Drawn: min(o.PerStratum, len(s.pool))}
		if s.whole {
			size.Drawn = size.Pool
		}
		sizes = append(sizes, size)
		r := rand.New(rand.NewPCG(o.Seed, s.seed))
		for _, d := range r.Perm(size.Pool)[:size.Drawn] {
			c := s.pool[d]
			pairs = append(pairs, Pair{A: c.A, B: c.B, Stratum: s.name, Weight: float64(size.Pool) / float64(size.Drawn), Score: c.Score, Together: c.Together})
		}
	}
	return pairs, sizes, nil
}

func ascending[T cmp.Ordered](edges []T) bool {
	for i, e := range edges {
		if e != e || i > 0 && e <= edges[i-1] {
			return false
		}
	}
	return true
}

// part is a stratum before it is drawn from.
type part struct {
	name     string
	seed     uint64 // a number of its own, whatever other strata there are
	pool     []Candidate
	whole    bool    // all of it is drawn
	distance float64 // mean, of the scores from the threshold
}

// divide puts the pool, which is in the order of ids, into its strata.
func (o SampleOptions) divide(pool []Candidate) []*part {
	distance := func(c Candidate) float64 { return math.Abs(c.Score - o.Threshold) }
	var strata []*part
	if o.Nearest > 0 {
		near := &part{name: "nearest to the threshold", whole: true}
		pool = slices.Clone(pool)
		slices.SortStableFunc(pool, func(x, y Candidate) int { return cmp.Compare(distance(x), distance(y)) })
		n := min(o.Nearest, len(pool))
		near.pool, pool = pool[:n], pool[n:]
		strata = append(strata, near)
		slices.SortFunc(pool, func(x, y Candidate) int {
			return cmp.Or(strings.Compare(x.A, y.A), strings.Compare(x.B, y.B))
		})
	}
	const apart, together = 2, 1 << 20 // first numbers of the strata of each side
	numbered := make(map[uint64]*part)
	for _, c := range pool {
		number, name := uint64(1), "near miss"
		switch {
		case !c.Together && c.Score < o.Threshold && c.Score >= o.Threshold-o.NearMiss:
		case !c.Together:
			n := class(o.Bands, c.Score)
			number, name = apart+uint64(n), className("apart", o.Bands, n)
		case len(o.Sizes) > 0:
			n := class(o.Sizes, c.Size)
			number, name = together+uint64(n), className("together, size", o.Sizes, n)
		default:
			n := class(o.Bands, c.Score)
			number, name = together+uint64(n), className("together", o.Bands, n)
		}
		s := numbered[number]
		if s == nil {
			s = &part{name: name, seed: number}
			numbered[number] = s
			strata = append(strata, s)
		}
		s.pool = append(s.pool, c)
	}
	// Equally near strata come in the order of their numbers.
	slices.SortFunc(strata, func(a, b *part) int { return cmp.Compare(a.seed, b.seed) })
	for _, s := range strata {
		for _, c := range s.pool {
			s.distance += distance(c) / float64(len(s.pool))
		}
	}
	return slices.DeleteFunc(strata, func(s *part) bool { return len(s.pool) == 0 })
}

// class is how many edges are not above x.
func class[T cmp.Ordered](edges []T, x T) int {
	n, equal := slices.BinarySearch(edges, x)
	if equal {
		n++
	}
	return n
}

// className gives names such as "apart 0.15-0.24".
func className[T int | float64](side string, edges []T, n int) string {
	edge := func(i int) string { return strconv.FormatFloat(float64(edges[i]), 'g', -1, 64) }
	switch {
	case len(edges) == 0:
		return side
	case n == 0:
		return side + " below " + edge(0)
	case n == len(edges):
		return side + " from " + edge(n-1)
	}
	return side + " " + edge(n-1) + "-" + edge(n)
}

// Dated is a page with its time, which is zero if unknown.
type Dated struct {
	Page string
	Time time.Time
}

// RestStratum is the name of the stratum of [SampleRest].
const RestStratum = "apart, no candidate"

// SampleRest draws n pairs at random from those no further apart in time than the
// horizon that are not among the candidates: what a run never compared, and where
// recall over the candidates alone is too optimistic. A page without a time pairs
// with every other. Pages must be distinct. There may be billions of such pairs:
// they are counted and drawn by number, in memory for pages, candidates and n.
func SampleRest(pages []Dated, candidates []Candidate, horizon time.Duration, n int, seed uint64) ([]Pair, StratumSize) {
	pages = slices.Clone(pages)
	slices.SortFunc(pages, func(a, b Dated) int {
		if a.Time.IsZero() != b.Time.IsZero() {
			if a.Time.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Page, b.Page))
	})
	dated, _ := slices.BinarySearchFunc(pages, 0, func(p Dated, _ int) int {
		if p.Time.IsZero() {
			return 1
		}
		return -1
	})
	// The partners of page i are those after it up to end[i], and the undated ones.
	end := make([]int, len(pages))
	before := make([]int, len(pages)+1) // pairs with an earlier first page
	for i, e := 0, 0; i < len(pages); i++ {
		partners := len(pages) - i - 1
		if i < dated {
			for e < dated && pages[e].Time.Sub(pages[i].Time) <= horizon {
				e++
			}
			end[i] = e
			partners = e - i - 1 + len(pages) - dated
		}
		before[i+1] = before[i] + partners
	}
	pair := func(k int) (a, b int) {
		a, found := slices.BinarySearch(before, k)
		if !found {
			a--
		}
		for before[a+1] == k { // pages without a partner
			a++
		}
		b = a + 1 + k - before[a]
		if a < dated && b >= end[a] {
			b += dated - end[a]
		}
		return a, b
	}

	at := make(map[string]int, len(pages))
	for i, p := range pages {
		at[p.Page] = i
	}
	taken := make(map[[2]int]bool, len(candidates))
	for _, c := range candidates {
		a, okA := at[c.A]
		b, okB := at[c.B]
		a, b = min(a, b), max(a, b)
		if okA && okB && a != b && (b >= dated || b < end[a]) {
			taken[[2]int{a, b}] = true
		}
	}
	size := StratumSize{Name: RestStratum, Pool: before[len(pages)] - len(taken)}
	size.Drawn = min(n, size.Pool)
	var out []Pair
	add := func(k int) {
		a, b := pair(k)
		if taken[[2]int{a, b}] {
			return
		}
		taken[[2]int{a, b}] = true
		x, y := pages[a].Page, pages[b].Page
		out = append(out, Pair{A: min(x, y), B: max(x, y), Stratum: RestStratum, Weight: float64(size.Pool) / float64(size.Drawn)})
	}
	r := rand.New(rand.NewPCG(seed, 0))
	if size.Drawn*2 >= size.Pool { // too many for drawing again and again
		for _, k := range r.Perm(before[len(pages)]) {
			if len(out) < size.Drawn {
				add(k)
			}
		}
	}
	for len(out) < size.Drawn {
		add(r.IntN(before[len(pages)]))
	}
	return out, size
}
