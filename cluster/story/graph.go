package story

import (
	"math"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"sada/features/tfidf"
)

const day = 24 * 60 * 60

// undatedFactor weighs the cosine of a pair of which one has no date: as if they were one Sigma
// apart. Taken as the same moment, a page without a date would glue stories of many days together;
// taken as never, it would be alone. Where neither has a date there is nothing to weigh.
var undatedFactor = math.Exp(-.5)

// oneDated returns the factor for pairs of which one has no date. Where most nodes have none, there are
// no days to be glued together, and the few that have one would only be driven out of their
// stories: 26 of 462 full texts that begin with a date cost .02 of B-cubed F1.
func oneDated(nodes []Node) float64 {
	dated := 0
	for i := range nodes {
		if nodes[i].Dated {
			dated++
		}
	}
	if 2*dated < len(nodes) {
		return 1
	}
	return undatedFactor
}

// Stats counts the work of [Graph].
type Stats struct {
	Empty           int   // nodes without terms, which no link can reach
	Postings        int64 // entries of the index that were read
	SkippedPostings int64 // lists over [Options].PostingCap, once for every node that would have read one
	Candidates      int64 // pairs whose cosine was taken
	Links           int   // pairs kept
}

func (s *Stats) add(t Stats) {
	s.Empty += t.Empty
	s.Postings += t.Postings
	s.SkippedPostings += t.SkippedPostings
	s.Candidates += t.Candidates
	s.Links += t.Links
}

// Graph returns the links between nodes in ascending order of (A, B). Two nodes are compared if they
// share at least Shared of their Top heaviest terms and are at most Horizon apart, and linked if
// their weight is at least Floor. The weight is the cosine times exp(-days²/(2·Sigma²)); if one of
// both has no date, times exp(-1/2), or 1 where most nodes have none. Nodes of two different earlier
// stories are never linked.
//
// Unless Support is 0, nodes that are among the Support heaviest neighbours of one of these of the other
// are compared as well, and then every weight is averaged with what those neighbours of both ends have
// to do with the other end. It may fall under Floor, by half at most.
//
// There can be up to 2^31-1 nodes. Memory, besides the links, is about 8·Top+100 bytes for each and 24
// for each different term. Time is linear in nodes, with at most Top·PostingCap postings read for
// each. Options must be valid.
func Graph(nodes []Node, o Options) ([]Link, Stats) {
	order := canonical(nodes)
	links, stats := connect(arrange(nodes, order), o)
	rearrange(links, order)
	return links, stats
}

// connect is Graph for nodes in canonical order, which leaves the links there too.
func connect(nodes []Node, o Options) ([]Link, Stats) {
	x := newIndex(nodes, o)
	all, stats := x.each(func(s *scan, i int32) { s.node(i) })
	g := newNetwork(len(nodes), all)
	if o.Support > 0 {
		heaviest := g.heaviest(o)
		more, again := x.each(func(s *scan, i int32) { s.second(i, g, heaviest) })
		stats.add(again)
		if len(more) > 0 {
			all = slices.Concat(all, more)
			sortLinks(all)
			all = slices.Compact(all) // some are found from both ends
			g = newNetwork(len(nodes), all)
		}
		g.support(all, o)
	}
	stats.Links = len(all)
	return all, stats
}

// each calls find for every node, in parallel, and returns the links that it found in ascending order.
func (x *index) each(find func(s *scan, i int32)) ([]Link, Stats) {
	links := make([][]Link, (len(x.nodes)+chunk-1)/chunk)
	var mu sync.Mutex
	var stats Stats
	chunks(len(x.nodes), x.o.Workers, func() (func(c, from, to int), func()) {
		s := &scan{index: x, shared: make([]uint8, len(x.nodes))}
		return func(c, from, to int) {
				for i := from; i < to; i++ {
					find(s, int32(i))
				}
				links[c] = slices.Clone(s.links)
				s.links = s.links[:0]
			}, func() {
				mu.Lock()
				stats.add(s.stats)
				mu.Unlock()
			}
	})
	all := slices.Concat(links...)
	sortLinks(all)
	return all, stats
}

// chunk is how many nodes are done at a time: few enough that the last ones do not keep one worker
// busy alone, enough that taking them costs nothing.
const chunk = 256

// chunks calls the first function that begin returns, one of its own for every worker, for chunks of n
// nodes, and the second at the end.
func chunks(n, workers int, begin func() (do func(c, from, to int), end func())) {
	count := (n + chunk - 1) / chunk
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, count) {
		wg.Go(func() {
			do, end := begin()
			defer end()
			for c := int(next.Add(1)) - 1; c < count; c = int(next.Add(1)) - 1 {
				do(c, c*chunk, min((c+1)*chunk, n))
			}
		})
	}
	wg.Wait()
}

// index finds the nodes that have a term among their heaviest.
type index struct {
	nodes   []Node // in canonical order
	undated int32  // the first of them have no date
	o       Options
	reach   int64 // seconds; a pair further apart is not linked

	oneDated float64 // factor of a pair of which one has no date

	// The terms of node i are terms[first[i]:first[i+1]], those of the index numbered from 0.
	first []int
	terms []int32

	// The nodes of term t are postings[start[t]:start[t+1]], ascending.
	start    []int
	postings []int32
}

func newIndex(nodes []Node, o Options) *index {
	x := &index{nodes: nodes, o: o, first: make([]int, len(nodes)+1), oneDated: oneDated(nodes)}
	x.undated = int32(sort.Search(len(nodes), func(i int) bool { return nodes[i].Dated }))
	// Even a cosine of 1 is under Floor beyond this.
	visible := o.Sigma * math.Sqrt(-2*math.Log(o.Floor)) * day
	x.reach = min(int64(o.Horizon*day), int64(math.Ceil(visible)))

	for i := range nodes {
		x.first[i+1] = x.first[i] + min(nodes[i].Vector.Len(), o.Top)
	}
	top := make([]tfidf.Term, x.first[len(nodes)])
	chunks(len(nodes), o.Workers, func() (func(c, from, to int), func()) {
		return func(_, from, to int) {
			for i := from; i < to; i++ {
				for n, t := range nodes[i].Vector.Top(o.Top) {
					top[x.first[i]+n] = t.Term
				}
			}
		}, func() {}
	})
	number := make(map[tfidf.Term]int32)
	x.terms = make([]int32, len(top))
	for i, term := range top {
		id, ok := number[term]
		if !ok {
			id = int32(len(number))
			number[term] = id
		}
		x.terms[i] = id
	}
	x.start = make([]int, len(number)+1)
	for _, t := range x.terms {
		x.start[t+1]++
	}
	for t := 1; t < len(x.start); t++ {
		x.start[t] += x.start[t-1]
	}
	x.postings = make([]int32, len(x.terms))
	next := slices.Clone(x.start)
	for i := range nodes {
		for _, t := range x.terms[x.first[i]:x.first[i+1]] {
			x.postings[next[t]] = int32(i)
			next[t]++
		}
	}
	return x
}

// scan is the work of one goroutine.
type scan struct {
	*index
	shared     []uint8 // for every node, how many terms it shares with the one at hand
	lists      [][]int32
	candidates []int32
	probe      probe
	links      []Link
	stats      Stats
}

// node links node i to those before it.
func (s *scan) node(i int32) {
	terms := s.terms[s.first[i]:s.first[i+1]]
	if len(terms) == 0 {
		s.stats.Empty++
		return
	}
	oldest := i // the first dated node of the window
	if i >= s.undated {
		since := s.nodes[i].Time - s.reach
		oldest = s.undated + int32(sort.Search(int(i-s.undated), func(j int) bool {
			return s.nodes[s.undated+int32(j)].Time >= since
		}))
	}
	s.lists = s.lists[:0]
	for _, t := range terms {
		list := s.postings[s.start[t]:s.start[t+1]]
		end, _ := slices.BinarySearch(list, i)
		list = list[:end]
		from, _ := slices.BinarySearch(list, oldest)
		undated, _ := slices.BinarySearch(list[:from], s.undated)
		n := undated + len(list) - from
		if n > s.o.PostingCap {
			s.stats.SkippedPostings++
			continue
		}
		s.stats.Postings += int64(n)
		s.lists = append(s.lists, list[:undated], list[from:])
	}
	s.candidates = s.candidates[:0]
	enough := uint8(s.o.Shared)
	for _, list := range s.lists {
		for _, c := range list {
			s.shared[c]++
			if s.shared[c] == enough {
				s.candidates = append(s.candidates, c)
			}
		}
	}
	for _, list := range s.lists {
		for _, c := range list {
			s.shared[c] = 0
		}
	}
	if len(s.candidates) > 0 {
		s.probe.set(s.nodes[i].Vector)
	}
	for _, c := range s.candidates {
		s.compare(c, i)
	}
}

// compare links a with b if they belong linked. The probe is set to b.
func (s *scan) compare(a, b int32) {
	na, nb := &s.nodes[a], &s.nodes[b]
	if apart(na.Story, nb.Story) {
		return
	}
	factor := s.oneDated
	switch {
	case !na.Dated && !nb.Dated:
		factor = 1
	case na.Dated && nb.Dated:
		days := float64(nb.Time-na.Time) / day
		if math.Abs(days) > s.o.Horizon {
			return // second does not look at it
		}
		factor = math.Exp(-days * days / (2 * s.o.Sigma * s.o.Sigma))
	}
	s.stats.Candidates++
	cosine := min(s.probe.dot(na.Vector), 1) // weights are rounded, a unit vector may be longer
	if weight := cosine * factor; weight >= s.o.Floor {
		s.links = append(s.links, Link{min(a, b), max(a, b), float32(cosine), float32(weight)})
	}
}

// second links node i to the heaviest neighbours of its heaviest neighbours that the index did not propose.
func (s *scan) second(i int32, g *network, heaviest [][]edge) {
	s.candidates = s.candidates[:0]
	s.shared[i] = 1
	for _, e := range g.near(i) {
		s.shared[e.node] = 1
	}
	for _, e := range heaviest[i] {
		for _, f := range heaviest[e.node] {
			if s.shared[f.node] == 0 {
				s.shared[f.node] = 1
				s.candidates = append(s.candidates, f.node)
			}
		}
	}
	s.shared[i] = 0
	for _, e := range g.near(i) {
		s.shared[e.node] = 0
	}
	if len(s.candidates) > 0 {
		s.probe.set(s.nodes[i].Vector)
	}
	for _, c := range s.candidates {
		s.shared[c] = 0
		s.compare(c, i)
	}
}
