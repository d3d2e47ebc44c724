package story

import (
	"cmp"
	"slices"
)

// Components joins whatever is linked with a weight of at least threshold, directly or through
// others (single link). Links are taken from the heaviest to the lightest, equal ones by (A, B), and
// one that would join two earlier stories, or the nodes of a pair in never, is passed over. Arguments and result are those of
// [AverageLink].
func Components(nodes []Node, links []Link, threshold float64, never ...[2]int32) []int32 {
	forest := byStory(nodes)
	barred := newBars(forest, never)
	story := make([]int, len(nodes))
	for i := range nodes {
		story[forest[i]] = max(story[forest[i]], nodes[i].Story)
	}
	in := func(node int32) int32 { return root(forest, node) }
	var heavy []Link
	for _, l := range links {
		if float64(l.Weight) >= threshold {
			heavy = append(heavy, l)
		}
	}
	slices.SortFunc(heavy, func(l, m Link) int {
		return cmp.Or(cmp.Compare(m.Weight, l.Weight), cmp.Compare(l.A, m.A), cmp.Compare(l.B, m.B))
	})
	for _, l := range heavy {
		a, b := root(forest, l.A), root(forest, l.B)
		if a == b || apart(story[a], story[b]) || barred.between(a, b, in) {
			continue
		}
		// Path halving alone keeps paths short, so which root wins is free.
		forest[b] = a
		barred.move(b, a)
		story[a] = max(story[a], story[b])
	}
	for i := range forest {
		forest[i] = root(forest, int32(i))
	}
	return lowest(forest)
}

// rounds bounds [Propagation], which may swing between two states for ever. It settles within five
// rounds on most graphs (Raghavan, Albert and Kumara 2007).
const rounds = 20

// Propagation gives every node a label of its own and then, round by round and in the order of the
// nodes, the label with the largest sum of weights among its neighbours (Raghavan, Albert and Kumara
// 2007). Links under threshold do not count; of equal labels the lowest wins. It stops when a round
// changes nothing, or after 20. A locked node keeps the label of its story, nodes that start in one group have one
// label, and no node takes that of a node it is in a pair of never with. Arguments and result are those
// of [AverageLink].
func Propagation(nodes []Node, links []Link, threshold float64, never ...[2]int32) []int32 {
	heavy := make([]Link, 0, len(links))
	for _, l := range links {
		if float64(l.Weight) >= threshold {
			heavy = append(heavy, l)
		}
	}
	slot := byStory(nodes)
	near := adjacency(nodes, heavy, slot)
	barred := newBars(slot, never)
	locked := make([]bool, len(nodes))
	for i := range nodes {
		locked[slot[i]] = locked[slot[i]] || nodes[i].Story != 0
	}
	label := slices.Clone(slot)
	sum := make([]int64, len(nodes)) // by label, 0 between nodes
	for range rounds {
		changed := false
		for i, list := range near {
			if locked[i] || len(list) == 0 {
				continue
			}
			forbidden := func(l int32) bool {
				return barred != nil && slices.ContainsFunc(barred[i], func(node int32) bool { return label[slot[node]] == l })
			}
			for _, p := range list {
				sum[label[p.node]] += p.sum
			}
			best := int32(-1)
			for _, p := range list {
				if l := label[p.node]; (best < 0 || sum[l] > sum[best] || sum[l] == sum[best] && l < best) && !forbidden(l) {
					best = l
				}
			}
			for _, p := range list {
				sum[label[p.node]] = 0
			}
			if best >= 0 && label[i] != best {
				label[i], changed = best, true
			}
		}
		if !changed {
			break
		}
	}
	for i, s := range slot {
		label[i] = label[s] // s is i or lower
	}
	return lowest(label)
}
