package story

import "slices"

// network holds the links of every node.
type network struct {
	start []int // the edges of node i are edges[start[i]:start[i+1]], ascending
	edges []edge
}

// edge is a link as one of its ends has it.
type edge struct {
	node, link int32
	weight     int64 // in fixed point numbers, of which part is 1
}

// part is the weight 1 of an edge: products of two, and sums of a million of them, are under 2^63.
const part = 1 << 20

// newNetwork makes a graph of n nodes from links in ascending order.
func newNetwork(n int, links []Link) *network {
	g := &network{start: make([]int, n+1), edges: make([]edge, 2*len(links))}
	for _, l := range links {
		g.start[l.A+1]++
		g.start[l.B+1]++
	}
	for i := 1; i <= n; i++ {
		g.start[i] += g.start[i-1]
	}
	next := slices.Clone(g.start)
	for i, l := range links {
		w := parts(l.Weight)
		g.edges[next[l.A]], g.edges[next[l.B]] = edge{l.B, int32(i), w}, edge{l.A, int32(i), w}
		next[l.A]++
		next[l.B]++
	}
	return g
}

func (g *network) near(i int32) []edge { return g.edges[g.start[i]:g.start[i+1]] }

// heaviest returns the Support heaviest edges of every node, the heaviest first; of equal ones, those to the lowest nodes.
func (g *network) heaviest(o Options) [][]edge {
	n := len(g.start) - 1
	out := make([][]edge, n)
	block := make([]edge, n*o.Support)
	chunks(n, o.Workers, func() (func(c, from, to int), func()) {
		return func(_, from, to int) {
			for i := from; i < to; i++ {
				top := block[i*o.Support : i*o.Support : (i+1)*o.Support]
				for _, e := range g.near(int32(i)) { // ascending: of equal ones the lower is there
					at := len(top)
					for at > 0 && top[at-1].weight < e.weight {
						at--
					}
					switch {
					case at == o.Support:
						continue
					case len(top) < o.Support:
						top = append(top, e)
					}
					copy(top[at+1:], top[at:])
					top[at] = e
				}
				out[i] = top
			}
		}, func() {}
	})
	return out
}

// support averages the weight of every link with what the heaviest neighbours of its two ends have to
// do with the other end.
//
// A neighbour k of node a speaks for a link of a and b with its own weight to b, and b itself with that
// of the link. The support of a is the mean of what its heaviest neighbours say, each counted by
// its weight to a; the support of the link is the mean of the supports of both ends; the new weight
// is the mean of the old one and of the support. So a pair that has no others keeps its weight, one
// whose neighbours know each other gains, and a bridge loses. No pair is linked that was not.
//
// It is one step of a random walk on the graph of the links (Szummer and Jaakkola, Partially labeled
// classification with Markov random walks, 2001), taken from both ends. Sums are of integers, so that
// they do not depend on the order of adding.
func (g *network) support(links []Link, o Options) {
	n := len(g.start) - 1
	heaviest := g.heaviest(o)
	found := make([][2]float32, len(links)) // from A, from B
	chunks(n, o.Workers, func() (func(c, from, to int), func()) {
		says := make([]int64, n) // by node: what the heaviest neighbours have to do with it; 0 between nodes
		return func(_, from, to int) {
			for i := from; i < to; i++ {
				a := int32(i)
				sum := int64(0)
				for _, k := range heaviest[a] {
					sum += k.weight
					says[k.node] += k.weight * k.weight
					for _, e := range g.near(k.node) {
						says[e.node] += k.weight * e.weight
					}
				}
				for _, e := range g.near(a) {
					side := 0
					if links[e.link].B == a {
						side = 1
					}
					found[e.link][side] = meanOf(says[e.node], sum)
				}
				for _, k := range heaviest[a] {
					says[k.node] = 0
					for _, e := range g.near(k.node) {
						says[e.node] = 0
					}
				}
			}
		}, func() {}
	})
	for i := range links {
		links[i].Weight = Supported(links[i].Weight, found[i][0], found[i][1])
	}
}
