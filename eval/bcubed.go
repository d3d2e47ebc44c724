package eval

import "math"

// PRF is a precision, a recall and their harmonic mean, each in [0, 1], or all
// NaN when nothing was scored.
type PRF struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// newPRF fills in F1 = 2PR / (P + R), and 0 where both are 0.
func newPRF(precision, recall float64) PRF {
	f := PRF{Precision: precision, Recall: recall}
	if s := precision + recall; s != 0 { // NaN passes, and stays NaN
		f.F1 = 2 * precision * recall / s
	}
	return f
}

// share is part / whole. Nothing of nothing is 1: a run that links no pair has
// made no false link, and a gold without pairs has none that could be missed.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 1
	}
	return part / whole
}

func nanPRF() PRF { return PRF{math.NaN(), math.NaN(), math.NaN()} }

// BCubed is the B-cubed measure (Bagga and Baldwin 1998; Amigó et al. 2009). A
// page i in gold cluster G(i) and run cluster C(i) has
//
//	precision(i) = |G(i) ∩ C(i)| / |C(i)|
//	recall(i)    = |G(i) ∩ C(i)| / |G(i)|
//
// and the page itself counts. Precision and recall are the means over pages; F1
// is their harmonic mean (not the mean of F1 by page). An empty table gives NaN.
func BCubed(t Table) PRF {
	if t.N == 0 {
		return nanPRF()
	}
	var p, r float64
	for _, c := range t.Cells {
		n2 := float64(c.N) * float64(c.N)
		p += n2 / float64(t.Run[c.Run])
		r += n2 / float64(t.Gold[c.Gold])
	}
	return newPRF(p/float64(t.N), r/float64(t.N))
}

// pairCounts holds numbers of unordered pairs of pages.
type pairCounts struct {
	both, gold, run, all float64 // together in both, in gold, in the run; all pairs
}

func choose2(n int) float64 { return float64(n) * float64(n-1) / 2 }

func countPairs(t Table) pairCounts {
	p := pairCounts{all: choose2(t.N)}
	for _, c := range t.Cells {
		p.both += choose2(c.N)
	}
	for _, n := range t.Gold {
		p.gold += choose2(n)
	}
	for _, n := range t.Run {
		p.run += choose2(n)
	}
	return p
}

// Pairwise scores the pairs of pages that share a cluster: with T the pairs
// together in gold and run, G those in gold and C those in the run,
//
//	precision = T / C,  recall = T / G
//
// Large clusters count with the square of their size. Without any pair in the
// run precision is 1, without any in the gold recall is 1. An empty table gives
// NaN. Source: Manning, Raghavan and Schütze, Introduction to Information
// Retrieval, 2008, 16.3.
func Pairwise(t Table) PRF {
	if t.N == 0 {
		return nanPRF()
	}
	p := countPairs(t)
	return newPRF(share(p.both, p.run), share(p.both, p.gold))
}
