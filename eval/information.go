package eval

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// information holds the entropies of a table, in nats.
type information struct {
	gold, run float64 // H(G), H(C)
	mutual    float64 // I(G; C), 0 or more
}

func measureInformation(t Table) information {
	n := float64(t.N)
	var mutual float64
	for _, c := range t.Cells {
		k := float64(c.N)
		mutual += k / n * math.Log(n*k/(float64(t.Gold[c.Gold])*float64(t.Run[c.Run])))
	}
	return information{
		gold:   entropy(t.Gold, n),
		run:    entropy(t.Run, n),
		mutual: max(0, mutual), // rounding can leave -1e-17
	}
}

func entropy(sizes []int, n float64) float64 {
	p := make([]float64, len(sizes))
	for i, s := range sizes {
		p[i] = float64(s) / n
	}
	return stat.Entropy(p)
}

// VScore is homogeneity, completeness and their harmonic mean, each in [0, 1],
// or NaN when nothing was scored.
type VScore struct {
	Homogeneity  float64 `json:"homogeneity"`
	Completeness float64 `json:"completeness"`
	V            float64 `json:"v"`
}

// VMeasure is the V-measure with beta 1 (Rosenberg and Hirschberg 2007). With H
// the entropy and I the mutual information of gold G and run C,
//
//	homogeneity = I(G;C) / H(G),  completeness = I(G;C) / H(C)
//
// and V their harmonic mean. Homogeneity is 1 where H(G) is 0, completeness is 1
// where H(C) is 0. Neither is adjusted for chance: many small clusters score
// high. An empty table gives NaN.
func VMeasure(t Table) VScore {
	if t.N == 0 {
		return VScore{math.NaN(), math.NaN(), math.NaN()}
	}
	in := measureInformation(t)
	f := newPRF(share(in.mutual, in.gold), share(in.mutual, in.run))
	return VScore{Homogeneity: f.Precision, Completeness: f.Recall, V: f.F1}
}

// NMI is the mutual information over the arithmetic mean of the entropies,
//
//	NMI = I(G;C) / ((H(G) + H(C)) / 2)
//
// in [0, 1] (Vinh, Epps and Bailey 2010, NMI sum). Where both entropies are 0
// (one cluster each) it is 1. It equals V of [VMeasure] and is here under the name
// that papers use. An empty table gives NaN.
func NMI(t Table) float64 {
	if t.N == 0 {
		return math.NaN()
	}
	in := measureInformation(t)
	return share(in.mutual, (in.gold+in.run)/2)
}

// AMI is the mutual information adjusted for chance, at most 1, and 0 expected
// for a random run with the same cluster sizes (Vinh, Epps and Bailey 2010):
//
//	AMI = (I(G;C) - E) / ((H(G) + H(C))/2 - E)
//
// E is the exact mean of I over all permutations of the pages. Two partitions
// into one cluster, or two into singletons, are equal and score 1. An empty table
// gives NaN. The time grows with the product of the numbers of distinct cluster
// sizes, not with that of the clusters.
func AMI(t Table) float64 {
	if t.N == 0 {
		return math.NaN()
	}
	if equalPartitions(t) {
		return 1
	}
	in := measureInformation(t)
	if in.gold == 0 || in.run == 0 {
		return 0 // one side says nothing: no information, and none expected
	}
	expected := expectedMutual(t)
	denominator := (in.gold+in.run)/2 - expected
	// One side all singletons makes I equal to E: 0 up to rounding.
	const rounding = 1e-13
	if math.Abs(in.mutual-expected) < rounding*max(1, in.mutual) {
		return 0
	}
	return (in.mutual - expected) / denominator
}

// equalPartitions says whether gold and run group the pages alike.
func equalPartitions(t Table) bool {
	return len(t.Cells) == len(t.Gold) && len(t.Cells) == len(t.Run)
}

// expectedMutual is the mean mutual information under the permutation model. The
// overlap of a gold cluster of a pages and a run cluster of b pages is then
// hypergeometric, so equal sizes share one sum.
func expectedMutual(t Table) float64 {
	n := float64(t.N)
	var sum float64
	runSizes := Histogram(t.Run)
	for _, g := range Histogram(t.Gold) {
		for _, c := range runSizes {
			sum += float64(g.Clusters) * float64(c.Clusters) * expectedCell(n, float64(g.Size), float64(c.Size))
		}
	}
	return sum
}

// expectedCell is E[k/n log(nk/(ab))] for k hypergeometric: the overlap of a
// random a-subset and a b-subset of n pages. The probabilities are built by
// their ratio
//
//	P(k+1)/P(k) = (a-k)(b-k) / ((k+1)(n-a-b+k+1))
//
// outwards from the mode and normalised by their sum, which needs no factorials
// and loses no digits for large n.
func expectedCell(n, a, b float64) float64 {
	// Beyond this share of the mode the terms add less than rounding does.
	const negligible = 1e-22
	lowest, highest := max(0, a+b-n), min(a, b)
	mode := math.Floor((a + 1) * (b + 1) / (n + 2))
	mode = min(max(mode, lowest), highest)

	var total, sum float64
	add := func(k, p float64) {
		total += p
		if k > 0 {
			sum += p * k / n * math.Log(n*k/(a*b))
		}
	}
	add(mode, 1)
	for k, p := mode, 1.0; k < highest; k++ {
		p *= (a - k) * (b - k) / ((k + 1) * (n - a - b + k + 1))
		if p < negligible {
			break
		}
		add(k+1, p)
	}
	for k, p := mode, 1.0; k > lowest; k-- {
		p *= k * (n - a - b + k) / ((a - k + 1) * (b - k + 1))
		if p < negligible {
			break
		}
		add(k-1, p)
	}
	return sum / total
}
