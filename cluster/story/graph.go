package story

import (
	"math"
	"math/bits"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"unsafe"

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
	return Survey{Nodes: len(nodes), Dated: dated}.oneDated()
}

// Stats counts the work of [Graph].
type Stats struct {
	Empty           int   // nodes without terms, which no link can reach
	Postings        int64 // entries of the index that were read
	SkippedPostings int64 // lists over [Options].PostingCap, once for every node that would have read one
	Candidates      int64 // pairs that were compared
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
// to do with the other end. It may fall under Floor, by half at most. Ties are broken by the places of nodes.
//
// There can be up to 2^31-1 nodes. Memory, besides the links, is about 12·Top+150 bytes for each, 3 for
// each of its terms and 24 for each different term. Time is linear in nodes, with at most Top·PostingCap
// postings read for each. Options must be valid.
func Graph(nodes []Node, o Options) ([]Link, Stats) {
	w, stats := NewWeb(nodes, o)
	return w.Links(o), stats
}

// chunk is how many nodes are done at a time: few enough that the last ones do not keep one worker
// busy alone, enough that taking them costs nothing.
const chunk = 256

// chunks calls the first function that begin returns, one of its own for every worker, for chunks of n
// nodes, and the second at the end.
func chunks(n, workers int, begin func() (do func(c, from, to int), end func())) {
	tiles(n, chunk, workers, begin)
}

// tiles is chunks where so many are done at a time.
func tiles(n, size, workers int, begin func() (do func(c, from, to int), end func())) {
	count := (n + size - 1) / size
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, count) {
		wg.Go(func() {
			do, end := begin()
			defer end()
			for c := int(next.Add(1)) - 1; c < count; c = int(next.Add(1)) - 1 {
				do(c, c*size, min((c+1)*size, n))
			}
		})
	}
	wg.Wait()
}

// index finds the nodes that have a term of a new one among their heaviest.
type index struct {
	nodes   []Node // in order of time, those without a date first
	fresh   []bool // of every node: it is new; pairs without a new one are not looked for
	undated int32  // the first of them have no date
	o       Options
	reach   int64 // seconds; a pair further apart is not linked

	// The terms of node i are terms[first[i]:first[i+1]], those of the index numbered from 0.
	first []int
	terms []int32
	place []int32 // of every one of these: where the node is among all nodes of the term

	all, new lists   // of all nodes, and of the new ones
	without  []int32 // of every term: how many nodes of the list of all have no date
}

// lists are the nodes of every term, ascending.
type lists struct {
	start    []int // those of term t are postings[start[t]:start[t+1]]
	postings []int32
}

func (l *lists) of(t int32) []int32 { return l.postings[l.start[t]:l.start[t+1]] }

// reach returns how far apart linked nodes can be, in seconds.
func (o Options) reach() int64 {
	// Even a cosine of 1 is under Floor beyond this.
	visible := o.Sigma * math.Sqrt(-2*math.Log(o.Floor)) * day
	return min(int64(o.Horizon*day), int64(math.Ceil(visible)))
}

func newIndex(nodes []Node, fresh []bool, o Options) *index {
	x := &index{nodes: nodes, fresh: fresh, o: o, reach: o.reach(), first: make([]int, len(nodes)+1)}
	x.undated = int32(sort.Search(len(nodes), func(i int) bool { return nodes[i].Dated }))
	top := make([][]tfidf.Term, (len(nodes)+chunk-1)/chunk) // of the nodes of a chunk, one after the other
	chunks(len(nodes), o.Workers, func() (func(c, from, to int), func()) {
		return func(c, from, to int) {
			top[c] = make([]tfidf.Term, 0, (to-from)*o.Top+1) // the last one is in excess
			for i := from; i < to; i++ {
				before := len(top[c])
				top[c] = nodes[i].Vector.AppendHeaviest(top[c], o.Top)
				x.first[i+1] = len(top[c]) - before
			}
		}, func() {}
	})
	terms := slices.Concat(top...)
	for i := range nodes {
		x.first[i+1] += x.first[i]
	}
	var number numbers
	x.terms = make([]int32, len(terms))
	for i := range nodes {
		if fresh[i] {
			for k := x.first[i]; k < x.first[i+1]; k++ {
				x.terms[k] = number.give(terms[k])
			}
		}
	}
	known := slices.Contains(fresh, false)
	if known { // of their terms, those of new nodes count
		from, n := 0, 0
		for i := range nodes {
			to := x.first[i+1]
			for k := from; k < to; k++ {
				id := x.terms[k]
				if !fresh[i] {
					id = number.of(terms[k])
				}
				if id >= 0 {
					x.terms[n] = id
					n++
				}
			}
			from, x.first[i+1] = to, n
		}
		x.terms = x.terms[:n]
	}
	x.all = x.list(number.n, false)
	x.place = make([]int32, len(x.terms))
	next := make([]int32, number.n)
	for i := range nodes {
		if i == int(x.undated) {
			x.without = slices.Clone(next)
		}
		for k := x.first[i]; k < x.first[i+1]; k++ {
			t := x.terms[k]
			x.place[k] = next[t]
			next[t]++
		}
	}
	if x.without == nil {
		x.without = next
	}
	x.new = x.all
	if known {
		x.new = x.list(number.n, true)
	}
	return x
}

// numbers gives numbers to terms, from 0 on: a hash table with open addresses. The zero value has none.
type numbers struct {
	n     int
	slots []numbered // a power of two of them, at least half of them empty
	shift uint
}

// numbered is a term and its number plus one; 0 is an empty slot.
type numbered struct {
	term   tfidf.Term
	number int32
}

// slot returns the slot of a term, or the empty one where it would be.
func (s *numbers) slot(term tfidf.Term) *numbered {
	i := uint64(term) * fibonacci >> (s.shift & 63)
	for {
		i &= uint64(len(s.slots) - 1)
		if at := &s.slots[i]; at.term == term || at.number == 0 {
			return at
		}
		i++
	}
}

// give returns the number of a term, which it gets if it has none.
func (s *numbers) give(term tfidf.Term) int32 {
	if 2*s.n >= len(s.slots) {
		old := s.slots
		width := max(uint(bits.Len(uint(2*len(old)))), 10)
		s.slots, s.shift = make([]numbered, 1<<width), 64-width
		for _, e := range old {
			if e.number > 0 {
				*s.slot(e.term) = e
			}
		}
	}
	at := s.slot(term)
	if at.number == 0 {
		s.n++
		*at = numbered{term, int32(s.n)}
	}
	return at.number - 1
}

// of returns the number of a term, -1 if it has none.
func (s *numbers) of(term tfidf.Term) int32 {
	if s.n == 0 {
		return -1
	}
	return s.slot(term).number - 1
}

// list makes the lists of n terms, of all nodes or of the new ones.
func (x *index) list(n int, fresh bool) lists {
	l := lists{start: make([]int, n+1)}
	each := func(do func(i int32, t int32)) {
		for i := range x.nodes {
			if !fresh || x.fresh[i] {
				for _, t := range x.terms[x.first[i]:x.first[i+1]] {
					do(int32(i), t)
				}
			}
		}
	}
	each(func(_, t int32) { l.start[t+1]++ })
	for t := 1; t <= n; t++ {
		l.start[t] += l.start[t-1]
	}
	l.postings = make([]int32, l.start[n])
	next := slices.Clone(l.start)
	each(func(i, t int32) {
		l.postings[next[t]] = i
		next[t]++
	})
	return l
}

// link calls propose for every node, in parallel, which appends the candidates of that node, and returns the links among them in
// ascending order. Those of one call may be in any order.
func link(nodes []Node, outlines *outlines, o Options, undated float64, propose func(s *scan, i int32)) ([]Link, Stats) {
	size := tileOf(len(nodes))
	links := make([][]Link, (len(nodes)+size-1)/size)
	var mu sync.Mutex
	var stats Stats
	need := newNeed(o)
	tiles(len(nodes), size, o.Workers, func() (func(c, from, to int), func()) {
		s := &scan{nodes: nodes, o: o, oneDated: undated, need: need, shared: make([]uint8, len(nodes)), outlines: outlines}
		return func(c, from, to int) {
				for i := from; i < to; i++ {
					propose(s, int32(i))
					s.tile.ends = append(s.tile.ends, int32(len(s.tile.candidates)))
					if len(s.tile.candidates) >= tilePairs {
						s.compareAll(int32(i + 1))
					}
				}
				s.compareAll(int32(to))
				links[c] = slices.Clone(s.links)
				s.links = s.links[:0]
			}, func() {
				mu.Lock()
				stats.add(s.stats)
				mu.Unlock()
			}
	})
	all := slices.Concat(links...)
	sortLinks(all, len(nodes))
	return all, stats
}

// scan is the work of one goroutine.
type scan struct {
	nodes    []Node
	o        Options
	oneDated float64 // factor of a pair of which one has no date
	need     *need
	shared   []uint8 // for every node: none, and how many terms it shares with the one at hand, Shared at most; if it shares none, or less
	none     uint8   // rises with every node, so that hardly anything has to be set back
	oldest   int32   // the first dated node of the window, which moves on from node to node
	begin    []int32 // of every term: where the window begins in the list of all
	lists    [][]int32
	tile     tile
	outlines *outlines
	outlined outlined
	fetched  byte // means nothing; without it nothing would be read
	probe    probe
	links    []Link
	stats    Stats
}

// propose appends the candidates of node i among those before it, of which one of both is new. The nodes of one scan must be in order.
func (x *index) propose(s *scan, i int32) {
	if x.fresh[i] && x.nodes[i].Vector.Len() == 0 {
		s.stats.Empty++
	}
	terms := x.terms[x.first[i]:x.first[i+1]]
	if s.begin == nil {
		s.begin = make([]int32, len(x.without))
	}
	if i < x.undated {
		s.oldest = i
	} else {
		s.oldest = max(s.oldest, x.undated)
		for since := x.nodes[i].Time - x.reach; x.nodes[s.oldest].Time < since; {
			s.oldest++
		}
	}
	s.lists = s.lists[:0]
	for k, t := range terms {
		var undated, dated []int32
		if !x.fresh[i] {
			list := x.new.of(t)
			list = list[:search(list, i)]
			from := search(list, s.oldest)
			if undated, dated = list[:search(list[:from], x.undated)], list[from:]; len(undated)+len(dated) == 0 {
				continue
			}
		}
		list := x.all.of(t)[:x.place[x.first[i]+k]]
		from := s.begin[t]
		for int(from) < len(list) && list[from] < s.oldest {
			from++
		}
		s.begin[t] = from
		u, d := list[:min(x.without[t], from)], list[from:]
		if len(u)+len(d) > s.o.PostingCap {
			s.stats.SkippedPostings++
			continue
		}
		if x.fresh[i] {
			undated, dated = u, d
		}
		s.stats.Postings += int64(len(undated) + len(dated))
		s.lists = append(s.lists, undated, dated)
	}
	if int(s.none)+s.o.Shared >= math.MaxUint8 { // one more than enough is counted
		clear(s.shared)
		s.none = 0
	}
	enough := s.none + uint8(s.o.Shared)
	for _, list := range s.lists {
		s.tile.candidates = count(s.shared, list, uint32(s.none), uint32(enough), s.tile.candidates)
	}
	s.none = enough
}

// count counts the nodes of a list, each of which has counted to none or further, and appends those that have got enough. It
// is a function of its own so that all of it is in registers, and counts in 32 bits, in which a maximum takes no branch.
//
//go:noinline
func count(shared []uint8, list []int32, none, enough uint32, candidates []int32) []int32 {
	for _, c := range list {
		n := uint32(shared[uint32(c)])
		if n < none {
			n = none
		}
		n++
		if n < enough {
			shared[uint32(c)] = uint8(n)
			continue
		}
		if n == enough {
			candidates = append(candidates, c)
		}
		shared[uint32(c)] = uint8(enough)
	}
	return candidates
}

// search returns the place of the first of an ascending list that is not below node.
func search(list []int32, node int32) int {
	place, _ := slices.BinarySearch(list, node)
	return place
}

// fetch reads memory that comes from far away, so that it is in the cache. Reads that do not wait for each other take a
// third of the time of one after the other.
func fetch[T byte | tfidf.Term | float32](s *scan, memory []T) {
	const line = 64 // bytes that come together, at least
	step := line / int(unsafe.Sizeof(*new(T)))
	for at := 0; at < len(memory); at += step {
		s.fetched += byte(memory[at])
	}
}

// mayLink says whether two nodes may belong linked, by the outline of the one and the one that is laid out.
func (s *scan) mayLink(other outline, a, b int32) bool {
	laid := &s.outlined
	kinds := other.kind()
	if kinds&laid.kinds&isLocked != 0 && apart(s.nodes[a].Story, s.nodes[b].Story) {
		return false
	}
	least := s.o.Floor
	switch {
	case kinds&laid.kinds&isDated != 0:
		gap := max(other.time()-laid.at, laid.at-other.time())
		if gap > s.need.most {
			return false // a neighbour of a neighbour may be
		}
		least = s.need.at(gap)
	case (kinds^laid.kinds)&isDated != 0:
		least /= s.oneDated
	}
	s.stats.Candidates++
	return laid.most(other) >= least
}

// compare links a with b if their weight is enough. The probe is set to b.
func (s *scan) compare(a, b int32) {
	na, nb := &s.nodes[a], &s.nodes[b]
	factor := s.oneDated
	switch {
	case !na.Dated && !nb.Dated:
		factor = 1
	case na.Dated && nb.Dated:
		factor = s.o.factor(float64(nb.Time-na.Time) / day)
	}
	cosine := min(s.probe.dot(na.Vector), 1) // weights are rounded, a unit vector may be longer
	if weight := cosine * factor; weight >= s.o.Floor {
		s.links = append(s.links, Link{min(a, b), max(a, b), float32(cosine), float32(weight)})
	}
}

// factor returns the factor of time.
func (o Options) factor(days float64) float64 {
	return math.Exp(-days * days / (2 * o.Sigma * o.Sigma))
}

// need is the cosine that a pair with dates needs at least to be linked, by the time between them.
type need struct {
	most  int64 // seconds; a pair further apart is not linked
	shift uint  // of seconds, to steps
	least [needSteps + 1]float64
}

const needSteps = 1 << 10

func newNeed(o Options) *need {
	n := &need{most: int64(o.Horizon * day)}
	n.shift = uint(max(bits.Len64(uint64(n.most))-bits.Len(needSteps-1), 0))
	for i := range n.least {
		n.least[i] = o.Floor / o.factor(float64(int64(i)<<n.shift)/day)
	}
	return n
}

// at returns what is needed at so many seconds, most or fewer, or a little less.
func (n *need) at(seconds int64) float64 { return n.least[seconds>>n.shift] }
