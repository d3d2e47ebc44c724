package story

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
)

// Web is the pairs of nodes that tell something alike, before their neighbours have a say: what is kept of a
// graph so that nodes can come to it and go. The zero Web has no nodes. Weights are at least
// [Options].Floor, and lists are ascending by (A, B).
type Web struct {
	Nodes   int
	Undated bool   // most nodes had no date
	Indexed []Link // pairs that share enough of their heaviest terms
	Closed  []Link // others that are neighbours of neighbours
}

var errWeb = errors.New("damaged link")

// Check returns an error if the lists are not those of a web.
func (w *Web) Check() error {
	for _, links := range [][]Link{w.Indexed, w.Closed} {
		for i, l := range links {
			if l.A < 0 || l.A >= l.B || int(l.B) >= w.Nodes || i > 0 && linkOrder(links[i-1], l) >= 0 || !(l.Cosine >= 0 && l.Cosine <= 1) || !(l.Weight >= 0 && l.Weight <= 1) {
				return fmt.Errorf("%d of %d and %d: %w", i, l.A, l.B, errWeb)
			}
		}
	}
	return nil
}

// NewWeb returns the web of nodes, which all have their vectors.
func NewWeb(nodes []Node, o Options) (*Web, Stats) {
	return newWeb(nodes, newOutlines(nodes, o.Workers), o)
}

// Calibrated returns the options that [Options.For] gives and [NewWeb] with them. It is faster than the two: what
// both look at is made once.
func Calibrated(nodes []Node, o Options) (*Web, Options, Stats) {
	all := newOutlines(nodes, o.Workers)
	if o.Threshold == 0 {
		o = o.At(calibrate(nodes, all, o))
	}
	w, stats := newWeb(nodes, all, o)
	return w, o, stats
}

func newWeb(nodes []Node, all *outlines, o Options) (*Web, Stats) {
	fresh := slices.Repeat([]int32{-1}, len(nodes))
	return new(Web).grow(nodes, fresh, slices.Repeat([]bool{true}, len(nodes)), all, nil, o)
}

// Links returns the links of the nodes, whose weights are those that [Graph] gives.
func (w *Web) Links(o Options) []Link {
	all := merge(w.Indexed, w.Closed)
	if o.Support > 0 {
		newNetwork(w.Nodes, all).support(all, o)
	}
	return all
}

// Grow returns the web of nodes of which some are new. from says of every node which place it had in the
// web before, -1 if it is new; known ones are what they were, and in the order in which they were.
//
// Pairs of which one is new are looked for as [Graph] does. What came of the others is kept; they are
// compared only if they have become neighbours of neighbours. If vectors are functions of their nodes the
// web is that of all nodes at once, but for terms at the [Options].PostingCap; otherwise a pair
// keeps the weight that it had when it was compared. If most nodes had a date, and now most have
// none, or the other way round, all of them are new.
//
// Vectors of nodes are not looked at before vectors was called with their places; it sets them. It
// gets each place once. What it is called with depends on nothing else. The web w is not changed.
// The number of links in the stats is that of [Web.Links].
func (w *Web) Grow(nodes []Node, from []int32, vectors func(places []int32), o Options) (*Web, Stats) {
	return w.grow(nodes, from, make([]bool, len(nodes)), noOutlines(len(nodes)), vectors, o)
}

// grow is Grow where some of the vectors are set and outlined.
func (w *Web) grow(nodes []Node, from []int32, set []bool, outlines *outlines, vectors func(places []int32), o Options) (*Web, Stats) {
	next := &Web{Nodes: len(nodes), Undated: oneDated(nodes) == 1}
	if next.Undated != w.Undated {
		w = new(Web)
		from = slices.Repeat([]int32{-1}, len(nodes))
	}
	to := make([]int32, w.Nodes)
	for i := range to {
		to[i] = -1
	}
	for i, old := range from {
		if old >= 0 {
			to[old] = int32(i)
		}
	}
	g := &growth{nodes: nodes, from: from, to: to, vectors: vectors, set: set, outlines: outlines, o: o, oneDated: oneDated(nodes)}
	var was [][]edge // of the web before, the heaviest edges of every node
	var before sync.WaitGroup
	if o.Support > 0 {
		before.Go(func() { was = newNetwork(w.Nodes, w.Indexed).heaviest(o) })
	}
	found, stats := g.index()
	next.Indexed = merge(g.moved(w.Indexed, func(_, _ int32) bool { return true }), found)
	if o.Support > 0 {
		now := newNetwork(len(nodes), next.Indexed)
		before.Wait()
		var again Stats
		next.Closed, again = g.close(w.Closed, was, now)
		stats.add(again)
	}
	stats.Links = len(next.Indexed) + len(next.Closed)
	return next, stats
}

// growth is the work of [Web.Grow].
type growth struct {
	nodes    []Node
	from, to []int32
	vectors  func(places []int32)
	set      []bool    // of every node: its vector is there
	outlines *outlines // of these
	o        Options
	oneDated float64
}

// need has the vectors of nodes set.
func (g *growth) need(places []int32) {
	var missing []int32
	for _, i := range places {
		if !g.set[i] {
			g.set[i] = true
			missing = append(missing, i)
		}
	}
	if len(missing) > 0 {
		g.vectors(missing)
		g.outlines.add(g.nodes, missing, g.o.Workers)
	}
}

// moved returns the links of known nodes that are still there and that keep lets through, by their places now.
func (g *growth) moved(links []Link, keep func(a, b int32) bool) []Link {
	out := make([]Link, 0, len(links))
	for _, l := range links {
		if l.A, l.B = g.to[l.A], g.to[l.B]; l.A >= 0 && l.B >= 0 && keep(l.A, l.B) {
			out = append(out, l)
		}
	}
	return out
}

// merge returns the links of two ascending lists.
func merge(a, b []Link) []Link {
	out := make([]Link, 0, len(a)+len(b))
	for _, l := range a {
		for len(b) > 0 && linkOrder(b[0], l) < 0 {
			out, b = append(out, b[0]), b[1:]
		}
		out = append(out, l)
	}
	return append(out, b...)
}

// window returns the nodes that can be linked to a new one, and the new ones, in order of time: those
// without a date first.
func (g *growth) window() []int32 {
	var undated, dated []int32
	fresh := false // one without a date is new
	var times []int64
	for i := range g.nodes {
		n := &g.nodes[i]
		switch {
		case !n.Dated:
			undated = append(undated, int32(i))
			fresh = fresh || g.from[i] < 0
		case g.from[i] < 0:
			times = append(times, n.Time)
		}
	}
	slices.Sort(times)
	reach := g.o.reach()
	for i := range g.nodes {
		n := &g.nodes[i]
		if !n.Dated {
			continue
		}
		at := sort.Search(len(times), func(t int) bool { return times[t] >= n.Time-reach })
		if fresh || at < len(times) && times[at] <= n.Time+reach {
			dated = append(dated, int32(i))
		}
	}
	if !fresh && len(times) == 0 {
		return nil
	}
	slices.SortStableFunc(dated, func(i, j int32) int { return cmp.Compare(g.nodes[i].Time, g.nodes[j].Time) })
	return append(undated, dated...)
}

// index returns the pairs with a new node that share enough of their heaviest terms.
func (g *growth) index() ([]Link, Stats) {
	places := g.window()
	g.need(places)
	nodes := arrange(g.nodes, places)
	fresh := make([]bool, len(nodes))
	for i, place := range places {
		fresh[i] = g.from[place] < 0
	}
	x := newIndex(nodes, fresh, g.o)
	links, stats := link(nodes, g.outlines.among(places), g.o, g.oneDated, func(s *scan, i int32) { x.propose(s, i) })
	rearrange(links, places, len(g.nodes))
	return links, stats
}

// close returns the pairs of neighbours of neighbours that the index did not propose: of those that were closed, which had
// the heaviest edges was, what still are such, and new ones.
func (g *growth) close(closed []Link, was [][]edge, now *network) ([]Link, Stats) {
	is := now.heaviest(g.o)
	changed := make([]bool, len(g.nodes)) // of every node: it has others for its heaviest neighbours
	for i, from := range g.from {
		changed[i] = from < 0 || !slices.EqualFunc(was[from], is[i], func(e, f edge) bool { return g.to[e.node] == f.node })
	}
	open := slices.Clone(changed) // of every node: it may have others for their neighbours
	for i := range is {
		for _, e := range is[i] {
			open[i] = open[i] || changed[e.node]
		}
	}
	kept := g.moved(closed, func(a, b int32) bool {
		return !open[a] && !open[b] || near(is, a, b) || near(is, b, a)
	})
	candidates := make([][]int32, len(g.nodes))
	chunks(len(g.nodes), g.o.Workers, func() (func(c, from, to int), func()) {
		seen := make([]bool, len(g.nodes))
		return func(_, from, to int) {
			for i := int32(from); i < int32(to); i++ {
				if open[i] {
					candidates[i] = now.second(i, is, seen)
				}
			}
		}, func() {}
	})
	var places []int32
	for i := range candidates {
		from := g.from[i]
		candidates[i] = slices.DeleteFunc(candidates[i], func(c int32) bool {
			other := g.from[c]
			return from >= 0 && other >= 0 && (near(was, from, other) || near(was, other, from))
		})
		if len(candidates[i]) > 0 {
			places = append(append(places, int32(i)), candidates[i]...)
		}
	}
	g.need(places)
	links, stats := compared(g.nodes, g.outlines, candidates, g.oneDated, g.o)
	return merge(kept, links), stats
}

// near says whether b is among the heaviest neighbours of one of these of a.
func near(heaviest [][]edge, a, b int32) bool {
	for _, e := range heaviest[a] {
		for _, f := range heaviest[e.node] {
			if f.node == b {
				return true
			}
		}
	}
	return false
}

// second returns the heaviest neighbours of the heaviest neighbours of node i that are not its own neighbours.
// seen is false of all nodes.
func (g *network) second(i int32, heaviest [][]edge, seen []bool) []int32 {
	var out []int32
	seen[i] = true
	for _, e := range g.near(i) {
		seen[e.node] = true
	}
	for _, e := range heaviest[i] {
		for _, f := range heaviest[e.node] {
			if !seen[f.node] {
				seen[f.node] = true
				out = append(out, f.node)
			}
		}
	}
	seen[i] = false
	for _, e := range g.near(i) {
		seen[e.node] = false
	}
	for _, c := range out {
		seen[c] = false
	}
	return out
}
