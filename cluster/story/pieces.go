package story

import "slices"

// This file is for nodes that are not all in one memory: what [Graph] does for some of them, or for one link,
// at a time. Graph goes by the same functions.

// Undated says whether most nodes have no date: a pair of which one has none is then weighed like one of which
// none has.
func (s Survey) Undated() bool { return 2*s.Dated < s.Nodes }

// oneDated is the factor for pairs of which one has no date.
func (s Survey) oneDated() float64 {
	if s.Undated() {
		return 1
	}
	return undatedFactor
}

// Reach returns how far apart linked nodes can be, in seconds.
func (o Options) Reach() int64 { return o.reach() }

// Indexed returns the links that sharing terms gives ([Web].Indexed) of which the later node is among own, in ascending
// order. Nodes are in order of time, those without a date first, and among them is every node that comes
// before one of own and is within the [Options.Reach] of it, or has no date. Of the survey, the numbers of nodes count.
func (s Survey) Indexed(nodes []Node, own []bool, o Options) ([]Link, Stats) {
	all := slices.Repeat([]bool{true}, len(nodes))
	x := newIndex(nodes, all, o)
	return link(nodes, newOutlines(nodes, o.Workers), o, s.oneDated(), func(s *scan, i int32) {
		if own[i] {
			x.propose(s, i)
		}
	})
}

// Compared returns the links among given pairs, each once and in ascending order: candidates has for every node those
// it is compared with. Of the survey, the numbers of nodes count.
func (s Survey) Compared(nodes []Node, candidates [][]int32, o Options) ([]Link, Stats) {
	return compared(nodes, newOutlines(nodes, o.Workers), candidates, s.oneDated(), o)
}

func compared(nodes []Node, outlines *outlines, candidates [][]int32, undated float64, o Options) ([]Link, Stats) {
	links, stats := link(nodes, outlines, o, undated, func(s *scan, i int32) {
		s.tile.candidates = append(s.tile.candidates, candidates[i]...)
	})
	return slices.Compact(links), stats // some are found from both ends
}

// Heaviest returns the places of the k heaviest of a node's links, given the weights of all of them by ascending
// neighbours: the heaviest first, of equal ones the first.
func Heaviest(weights []float32, k int) []int {
	places := make([]int, len(weights))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(i, j int) int { return int(parts(weights[j]) - parts(weights[i])) })
	return places[:min(k, len(places))]
}

// Voice is what the heaviest neighbours of one end of a link say of it: the mean of their weights to the other
// end, 0 where there is no link, each counted by its weight to theirs. The other end, if it is one
// of them, has the weight of the link itself.
func Voice(toThis, toOther []float32) float32 {
	says, sum := int64(0), int64(0)
	for i, w := range toThis {
		says += parts(w) * parts(toOther[i])
		sum += parts(w)
	}
	return meanOf(says, sum)
}

// Supported returns the weight of a link by that of the pair and the voices of both of its ends.
func Supported(weight, a, b float32) float32 { return (weight + (a+b)/2) / 2 }

// parts returns a weight in the fixed point numbers in which voices are counted.
func parts(weight float32) int64 { return int64(float64(weight)*part + .5) }

func meanOf(says, sum int64) float32 { return float32(float64(says) / (part * float64(max(sum, 1)))) }
