package story

import (
	"cmp"
	"slices"
)

// Story is a group of nodes and its figures.
type Story struct {
	Members []int32 // ascending; stories of one [Describe] share memory

	// Medoid is the member with the highest mean weight to the others, the one to quote. Of equal
	// ones, as both of two always are, it is the earliest, and then the lowest.
	Medoid int32

	// Density, 0..1, is the mean weight over all pairs of pages of two members; 0 if there is one
	// member only.
	Density float64

	// First and Last are the earliest and the latest Time of the members that have a date. Dated is
	// false if none has.
	First, Last int64
	Dated       bool
}

// Fit says how well a node fits into its story.
type Fit struct {
	// Own, 0..1, is the mean weight between the node and the other members of its story; 0 if there
	// are none.
	Own float64

	// Rival is the lowest node of the other story with the highest mean weight between the node
	// and its members, which is Other; the lowest of equal ones. If no other story is linked, they
	// are -1 and 0.
	Rival int32
	Other float64

	// Margin is Own - Other, -1..1. The lower it is, the more doubtful the place of the node.
	Margin float64
}

// Describe returns the stories of a result in ascending order of their lowest nodes, and the fit of
// every node. Means are those of [AverageLink]: a pair without a link counts 0, so that nodes just
// inside a story may have an Own under the threshold. Time and memory are linear in nodes and links. Nothing depends
// on the number of workers.
func Describe(nodes []Node, r Result, workers int) ([]Story, []Fit) {
	// place is the story of a lowest node.
	place := make([]int32, len(nodes))
	counts := make([]int, 0)
	for i, s := range r.Story {
		if int(s) == i {
			place[i] = int32(len(counts))
			counts = append(counts, 0)
		}
		counts[place[s]]++
	}
	stories := make([]Story, len(counts))
	block := make([]int32, len(nodes))
	for i, n := range counts {
		stories[i].Members, block = block[:0:n], block[n:]
	}
	sizes := make([]int64, len(counts))
	for i, s := range r.Story {
		p := place[s]
		stories[p].Members = append(stories[p].Members, int32(i))
		sizes[p] += nodes[i].size()
	}

	fits := make([]Fit, len(nodes))
	sums := make([]int64, len(nodes)) // of every node to its story
	near := adjacency(nodes, r.Links, itself(len(nodes)))
	chunks(len(nodes), workers, func() (func(c, from, to int), func()) {
		sum := make([]int64, len(stories)) // of one node to every story, 0 between nodes
		return func(_, from, to int) {
			for i := from; i < to; i++ {
				own := place[r.Story[i]]
				for _, p := range near[i] {
					sum[place[r.Story[p.node]]] += p.sum
				}
				sums[i] = sum[own]
				f := NewFit(Mean(sum[own], nodes[i].size()*(sizes[own]-nodes[i].size())))
				for _, p := range near[i] {
					if s := r.Story[p.node]; place[s] != own {
						f.See(s, Mean(sum[place[s]], nodes[i].size()*sizes[place[s]]))
					}
				}
				for _, p := range near[i] {
					sum[place[r.Story[p.node]]] = 0
				}
				fits[i] = f
			}
		}, func() {}
	})
	chunks(len(stories), workers, func() (func(c, from, to int), func()) {
		return func(_, from, to int) {
			for n := from; n < to; n++ {
				inside := int64(0) // of every pair of members, twice
				for _, m := range stories[n].Members {
					inside += sums[m]
				}
				stories[n].Survey(nodes, fits, inside)
			}
		}, func() {}
	})
	return stories, fits
}

// NewFit returns the fit of a node with that mean weight to the rest of its story, before others were seen.
func NewFit(own float64) Fit { return Fit{Own: own, Rival: -1, Margin: own} }

// See takes another story, by its lowest node, into account: its mean weight to the node.
func (f *Fit) See(story int32, mean float64) {
	if mean > f.Other || mean == f.Other && story < f.Rival {
		f.Rival, f.Other = story, mean
		f.Margin = f.Own - mean
	}
}

// Survey finds all of a story but its members, who are known with their fits. inside is the sum of the weights of
// their links in fixed point numbers ([Fixed]), every link counted from both of its ends.
func (s *Story) Survey(nodes []Node, fits []Fit, inside int64) {
	size, within := int64(0), int64(0) // pages, and pairs of them within a member
	for _, m := range s.Members {
		size += nodes[m].size()
		within += nodes[m].size() * nodes[m].size()
	}
	s.Density = Mean(inside, size*size-within)
	s.Medoid = s.Members[0]
	for _, i := range s.Members {
		n := &nodes[i]
		if n.Dated {
			if !s.Dated {
				s.First, s.Last, s.Dated = n.Time, n.Time, true
			}
			s.First, s.Last = min(s.First, n.Time), max(s.Last, n.Time)
		}
		if own, best := fits[i].Own, fits[s.Medoid].Own; own > best || own == best && earlier(n, &nodes[s.Medoid]) {
			s.Medoid = i
		}
	}
}

// earlier tells whether a has a date before b, or any where b has none.
func earlier(a, b *Node) bool {
	return a.Dated && (!b.Dated || a.Time < b.Time)
}

// Suggestion is another story that may tell of the same event.
type Suggestion struct {
	Story int // in the slice of [Describe]

	// Similarity is the mean weight over all pairs of pages of the two stories.
	Similarity float64
}

// Suggest returns, for every story of [Describe], the stories whose mean weight to it is at least least:
// near misses of [AverageLink], for somebody to decide. The most similar come first, equal ones by
// number. Stories that a pair in never, or two earlier stories, keep apart are not suggested.
func Suggest(nodes []Node, stories []Story, links []Link, least float64, never ...[2]int32) [][]Suggestion {
	of := make([]int, len(nodes))
	sizes := make([]int64, len(stories))
	earlier := make([]int, len(stories))
	for n := range stories {
		for _, m := range stories[n].Members {
			of[m] = n
			sizes[n] += nodes[m].size()
			earlier[n] = max(earlier[n], nodes[m].Story)
		}
	}
	pair := func(a, b int32) [2]int { return [2]int{min(of[a], of[b]), max(of[a], of[b])} }
	// A mean of at least least takes a link of that; the others of most stories need not be added up.
	sums := make(map[[2]int]int64)
	some := make([]bool, len(stories))
	for _, l := range links {
		if of[l.A] != of[l.B] && Reaches(Fixed(l.Weight), least) {
			sums[pair(l.A, l.B)] = 0
			some[of[l.A]], some[of[l.B]] = true, true
		}
	}
	for _, l := range links {
		if of[l.A] != of[l.B] && some[of[l.A]] && some[of[l.B]] {
			p := pair(l.A, l.B)
			if sum, ok := sums[p]; ok {
				sums[p] = sum + Fixed(l.Weight)*nodes[l.A].size()*nodes[l.B].size()
			}
		}
	}
	for _, p := range never {
		delete(sums, pair(p[0], p[1]))
	}
	out := make([][]Suggestion, len(stories))
	for p, sum := range sums {
		a, b := p[0], p[1]
		if mean := Mean(sum, sizes[a]*sizes[b]); mean >= least && !apart(earlier[a], earlier[b]) {
			out[a], out[b] = append(out[a], Suggestion{b, mean}), append(out[b], Suggestion{a, mean})
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(s, t Suggestion) int {
			return cmp.Or(cmp.Compare(t.Similarity, s.Similarity), cmp.Compare(s.Story, t.Story))
		})
	}
	return out
}
