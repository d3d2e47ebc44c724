package story

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"

	"sada/features/tfidf"
)

// Node is a page, a group of pages that are copies of each other, or a story of an earlier night.
type Node struct {
	// Vector is the unit vector of a page, or the empty one; a node without terms is a story of its
	// own. For a node that stands for Size pages it is their mean: the sum of their unit vectors
	// divided by Size. The product of two such means is the mean cosine over all pairs of pages.
	Vector tfidf.Vector

	// Time is when the page was published, in Unix seconds, UTC. For a story of an earlier night it
	// is the time of its last page. It is ignored if Dated is false: the node then counts as one
	// Sigma away from every node that has one, and from those as from itself in a corpus where most
	// have none.
	Time  int64
	Dated bool

	// Story is 0 for a new node. Otherwise the node is locked: it belongs to the story of this
	// number. Nodes of the same story are always together, nodes of two stories never.
	Story int

	// Together is 0, or nodes of the same number are in one story whatever their weights are. It does
	// not bring nodes of two earlier stories together.
	Together int

	// Size is how many pages the node counts for, at most 2^18; 0 counts as 1. A group of copies
	// counts once, or syndication would decide what the story is.
	Size int
}

func (n *Node) size() int64 { return int64(max(n.Size, 1)) }

// apart tells whether two nodes must not be in the same story.
func apart(a, b int) bool { return a != b && a != 0 && b != 0 }

// Link is a pair of nodes that tell something alike at about the same time.
type Link struct {
	A, B int32 // places in the slice of nodes, A < B

	Cosine float32 // of the full vectors, 0..1
	Weight float32 // Cosine times the factor of time, at least [Options].Floor
}

// Method names a way from links to stories.
type Method string

// The methods of [Cluster].
const (
	ByAverageLink Method = "average-link" // [AverageLink]
	ByComponents  Method = "components"   // [Components], for comparison
	ByPropagation Method = "propagation"  // [Propagation], for comparison
)

// Options say what makes a story. The zero value is not usable; start from [Defaults].
type Options struct {
	// Threshold, in (0, 1], is the least mean weight at which two groups merge. It must not be
	// under Floor. Lower finds more of a story, higher keeps stories purer. 0 leaves the choice to
	// [Options.For].
	Threshold float64

	// Chance is the wanted rate of false links, for a threshold that is left open: how many unrelated
	// nodes in the window of a node may reach it. 0 chooses [ChanceTexts] or [ChanceHeadlines] by the
	// number of terms of the nodes.
	Chance float64

	// Sigma, in days, is the width of the Gaussian exp(-days²/(2·Sigma²)) that weighs a cosine.
	Sigma float64

	// Horizon, in days, is the longest time between two linked nodes.
	Horizon float64

	// Floor, in (0, 1), is the least weight of a link.
	Floor float64

	// Top, 1..255, is how many of a node's heaviest terms are indexed.
	Top int

	// Shared, 1..Top, is how many of them two nodes must have in common to be compared.
	Shared int

	// PostingCap is the most nodes in the window before a node that a term may propose to it; a
	// term with more proposes none, and is counted in [Stats].
	PostingCap int

	// Support, 0..255, is how many of the heaviest neighbours of either end have a say in the weight of
	// a link; 0 leaves it to the two ends.
	Support int

	Method  Method
	Workers int // goroutines, at least 1; the result does not depend on it
}

// Defaults returns the options that suit full articles with stemmed words.
//
// Threshold, Floor, Top and Shared are measured on labelled English news: average link is within .02
// of its best B-cubed F1 from .24 to .28, Top 32 and Shared 2 find .975 of all pairs over cosine .2
// for 1/84 of the postings of a full index (24: .943 for 1/137, and F1 lower by .01 on English
// articles), and a floor of .05 to .20 changes F1 by .01 at most.
// Less in common wants a lower threshold: Spanish headlines without stemming have an F1 of .62 at
// .24 and of .67 at .15, English articles without stemming .87 and .92.
//
// Sigma is the best of none, 5, 3 and 2 days on dated headlines. 1 day is better there by .005 to .02 and worse
// on the Arabic pages of the gold corpus by .02. With it, Floor cuts off at 3.9 days; Horizon takes over
// once Sigma is raised.
//
// Support raises the F1 of headlines by .006 to .008, of English full texts by .02 and of the gold
// corpus by .04. More than 5 is better for large stories and worse for those that have fewer
// pages than that (testdata/tried.txt of the package cluster).
func Defaults() Options {
	return Options{
		Threshold:  .24,
		Sigma:      2,
		Horizon:    5,
		Floor:      .15,
		Top:        32,
		Shared:     2,
		PostingCap: 5000,
		Support:    5,
		Method:     ByAverageLink,
		Workers:    runtime.GOMAXPROCS(0),
	}
}

// Validate returns an error that names the first option out of its range.
func (o Options) Validate() error {
	for _, c := range []struct {
		ok    bool
		name  string
		value any
		want  string
	}{
		{o.Threshold >= 0 && o.Threshold <= 1, "threshold", o.Threshold, "from 0 to 1"},
		{o.Floor > 0 && o.Floor < 1, "floor", o.Floor, "between 0 and 1"},
		{o.Threshold == 0 || o.Threshold >= o.Floor, "threshold", o.Threshold, fmt.Sprintf("at least the floor of %v, under which there are no links", o.Floor)},
		{o.Chance >= 0 && !math.IsInf(o.Chance, 1), "chance", o.Chance, "a number of nodes"},
		{o.Sigma > 0 && o.Sigma <= maxDays, "sigma", o.Sigma, "a number of days over 0"},
		{o.Horizon > 0 && o.Horizon <= maxDays, "horizon", o.Horizon, "a number of days over 0"},
		{o.Top >= 1 && o.Top <= maxTop, "top", o.Top, fmt.Sprintf("from 1 to %d", maxTop)},
		{o.Shared >= 1 && o.Shared <= o.Top, "shared", o.Shared, fmt.Sprintf("from 1 to top, which is %d", o.Top)},
		{o.PostingCap >= 1, "posting cap", o.PostingCap, "at least 1"},
		{o.Support >= 0 && o.Support <= maxTop, "support", o.Support, fmt.Sprintf("from 0 to %d", maxTop)},
		{o.Method == ByAverageLink || o.Method == ByComponents || o.Method == ByPropagation, "method", o.Method,
			fmt.Sprintf("%s, %s or %s", ByAverageLink, ByComponents, ByPropagation)},
		{o.Workers >= 1, "workers", o.Workers, "at least 1"},
	} {
		if !c.ok {
			return fmt.Errorf("story options: %s %v: want %s", c.name, c.value, c.want)
		}
	}
	return nil
}

const (
	maxTop  = 255     // shared terms are counted in a byte
	maxDays = 100_000 // 270 years: far under what would overflow in seconds
)

// canonical returns the places of nodes in an order that depends on what they are, not on where they
// stand: undated ones first, then by time, then by contents. Only equal nodes keep their own order,
// and it does not matter which of them is which.
func canonical(nodes []Node) []int32 {
	order := make([]int32, len(nodes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &nodes[i], &nodes[j]
		if a.Dated != b.Dated {
			if b.Dated {
				return -1
			}
			return 1
		}
		if a.Dated && a.Time != b.Time {
			return cmp.Compare(a.Time, b.Time)
		}
		return cmp.Or(
			cmp.Compare(a.Story, b.Story),
			cmp.Compare(a.Size, b.Size),
			cmp.Compare(a.Together, b.Together),
			slices.Compare(a.Vector.Terms, b.Vector.Terms),
			slices.Compare(a.Vector.Weights, b.Vector.Weights),
			cmp.Compare(i, j))
	})
	return order
}

// arrange returns the nodes at some places, in this order.
func arrange(nodes []Node, order []int32) []Node {
	out := make([]Node, len(order))
	for i, from := range order {
		out[i] = nodes[from]
	}
	return out
}

// rearrange brings links between nodes of the given order back to their places among n nodes before it.
func rearrange(links []Link, order []int32, n int) {
	for i := range links {
		l := &links[i]
		l.A, l.B = order[l.A], order[l.B]
		if l.A > l.B {
			l.A, l.B = l.B, l.A
		}
	}
	sortLinks(links, n)
}

// sortLinks sorts links of n nodes: they are dealt by their second nodes, and then by their first.
func sortLinks(links []Link, n int) {
	if slices.IsSortedFunc(links, linkOrder) {
		return
	}
	start := make([]int, n+1)
	dealt := make([]Link, len(links))
	deal := func(from, to []Link, by func(l Link) int32) {
		clear(start)
		for _, l := range from {
			start[by(l)+1]++
		}
		for i := range n {
			start[i+1] += start[i]
		}
		for _, l := range from {
			at := &start[by(l)]
			to[*at] = l
			*at++
		}
	}
	deal(links, dealt, func(l Link) int32 { return l.B })
	deal(dealt, links, func(l Link) int32 { return l.A })
}

func linkOrder(l, m Link) int { return cmp.Or(cmp.Compare(l.A, m.A), cmp.Compare(l.B, m.B)) }
