package eval

import (
	"math"
	"slices"
)

// ExactClusters scores whole clusters: with E the clusters that have exactly
// the same pages in gold and run,
//
//	precision = E / run clusters,  recall = E / gold clusters
//
// An empty table gives NaN. Source: Menestrina, Whang and Garcia-Molina,
// Evaluating Entity Resolution Results, VLDB 2010 ("cluster" measure).
func ExactClusters(t Table) PRF {
	if t.N == 0 {
		return nanPRF()
	}
	exact := 0
	for _, c := range t.Cells {
		if c.N == t.Gold[c.Gold] && c.N == t.Run[c.Run] {
			exact++
		}
	}
	return newPRF(float64(exact)/float64(len(t.Run)), float64(exact)/float64(len(t.Gold)))
}

// ARI is the adjusted Rand index, in [-0.5, 1], 1 for equal partitions and 0
// expected by chance (Hubert and Arabie 1985). With T the pairs together in gold
// and run, G and C those together in each, and A all pairs,
//
//	ARI = (T - G·C/A) / ((G + C)/2 - G·C/A)
//
// Where the denominator is 0 (both all singletons, or both one cluster) the
// partitions are equal and the value is 1. An empty table gives NaN.
func ARI(t Table) float64 {
	if t.N == 0 {
		return math.NaN()
	}
	p := countPairs(t)
	if p.both == p.gold && p.both == p.run {
		return 1
	}
	expected := p.gold * p.run / p.all
	return (p.both - expected) / ((p.gold+p.run)/2 - expected)
}

// BLANC is the mean of a score for links and a score for absent links (Recasens
// and Hovy 2011, with the edge cases of Luo et al. 2014). For pairs together
// (c) and pairs apart (n), right meaning that gold and run agree,
//
//	precision_c = right_c / run_c,  recall_c = right_c / gold_c,  and so for n
//
// Precision, recall and F1 are each the mean over c and n, so F1 is not the
// harmonic mean of the other two. A class of pairs that neither side has is left
// out of the mean; one page alone, which has no pairs at all, scores 1. An empty
// table gives NaN.
func BLANC(t Table) PRF {
	if t.N == 0 {
		return nanPRF()
	}
	p := countPairs(t)
	together := linkScore(p.both, p.run, p.gold)
	apart := linkScore(p.all-p.run-p.gold+p.both, p.all-p.run, p.all-p.gold)
	switch {
	case p.all == 0:
		return PRF{1, 1, 1}
	case p.gold == 0 && p.run == 0:
		return apart
	case p.gold == p.all && p.run == p.all:
		return together
	}
	return PRF{
		Precision: (together.Precision + apart.Precision) / 2,
		Recall:    (together.Recall + apart.Recall) / 2,
		F1:        (together.F1 + apart.F1) / 2,
	}
}

// linkScore differs from share: a class that only one side has scores 0, since
// the other side missed it entirely.
func linkScore(right, run, gold float64) PRF {
	if right == 0 {
		return PRF{}
	}
	return newPRF(right/run, right/gold)
}

// SizeCount is a line of a histogram of cluster sizes.
type SizeCount struct {
	Size     int `json:"size"`     // pages in the cluster
	Clusters int `json:"clusters"` // clusters of that size
}

// Sizes is the histogram of cluster sizes, smallest size first. The last line
// holds the largest cluster.
func (c Clustering) Sizes() []SizeCount {
	counts := make([]int, len(c.clusters))
	for _, l := range c.label {
		counts[l]++
	}
	return Histogram(counts)
}

// Histogram counts equal sizes, smallest first. It does not change sizes.
func Histogram(sizes []int) []SizeCount {
	if len(sizes) == 0 {
		return nil
	}
	bySize := make(map[int]int)
	for _, s := range sizes {
		bySize[s]++
	}
	out := make([]SizeCount, 0, len(bySize))
	for s, n := range bySize {
		out = append(out, SizeCount{s, n})
	}
	slices.SortFunc(out, func(a, b SizeCount) int { return a.Size - b.Size })
	return out
}

// Largest is the biggest cluster and its number of pages: the first sign of a
// chain that swallows a corpus. Of equal clusters it is the one with the
// smallest id; without pages it is "", 0.
func (c Clustering) Largest() (cluster string, pages int) {
	counts := make([]int, len(c.clusters))
	for _, l := range c.label {
		counts[l]++
	}
	for l, n := range counts {
		if n > pages {
			cluster, pages = c.clusters[l], n
		}
	}
	return cluster, pages
}
