package eval

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// zScore is the normal quantile for a two-sided interval at a level in (0, 1).
func zScore(level float64) float64 { return distuv.UnitNormal.Quantile((1 + level) / 2) }

// Wilson is the score interval for k successes in n trials (Wilson 1927), inside
// [0, 1] and of use for small n and for k of 0 or n. With z the normal quantile
// and p = k/n,
//
//	(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
//
// Without trials it is [0, 1].
func Wilson(k, n int, level float64) (low, high float64) {
	return wilson(float64(k), float64(n), level)
}

func wilson(k, n, level float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	z2 := zScore(level) * zScore(level)
	p := k / n
	middle := p + z2/(2*n)
	half := math.Sqrt(z2 * (p*(1-p)/n + z2/(4*n*n)))
	low, high = (middle-half)/(1+z2/n), (middle+half)/(1+z2/n)
	// Rounding would leave these ends a little off the limits.
	if k <= 0 {
		low = 0
	}
	if k >= n {
		high = 1
	}
	return low, high
}

// MinLabels is the fewest judged pairs that an estimate rests on: the usual limit
// for the normal approximation of a mean.
const MinLabels = 30

// minPerStratum is what a variance within a stratum needs.
const minPerStratum = 2

// PairEstimate is a precision and a recall over the pool that a sample of pairs
// was drawn from.
type PairEstimate struct {
	Precision Estimate
	// Recall is relative to the pool: a pair of one story that was no candidate at
	// all is not in it.
	Recall Estimate
	// RecallFloor is the recall if every stratum of which no judged pair is the same
	// has as many as its Wilson interval allows: one without a hit adds nothing to the
	// interval of Recall, however many pairs it stands for. NaN where Recall is not
	// known, and Recall's value where there is no such stratum.
	RecallFloor float64
	Judged      int // pairs with a label
	Unjudged    int // pairs without
	Strata      []StratumEstimate
}

// StratumEstimate is what the labels say of one stratum.
type StratumEstimate struct {
	Name     string  `json:"stratum"`
	Pool     float64 `json:"pool"`     // pairs it stands for
	Together float64 `json:"together"` // share of the judged pairs that the run has together
	Judged   int     `json:"judged"`
	Same     int     `json:"same"` // of them
	// Low and High are the Wilson interval of the share of pairs that are the same.
	// With none among those judged, High times Pool is how many may be.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// EstimatePairs estimates precision and recall from a stratified sample of judged
// pairs, with weights (Horvitz-Thompson). A stratum's pool is the sum of its
// weights, and each of its judged pairs stands for an equal part of it, so labels
// that are missing must be missing at random within a stratum. together says
// whether the run has the pair in one cluster; [Related] counts as not the same.
//
//	precision = Σ w·together·same / Σ w·together
//	recall    = Σ w·together·same / Σ w·same
//
// Both are ratios R = Y/X, with the variance by linearisation (Cochran 1977, 6.11,
// residuals e = y - R·x, finite population correction):
//
//	V = Σ_h N_h² (1 - n_h/N_h) s²_h(e) / n_h / X²
//
// The interval is Wilson's with the effective sample size R(1-R)/V in place of n:
// unlike R ± z√V it stays in [0, 1] and does not collapse where nearly all labels
// agree. Where all agree, the effective size is Kish's, (Σw)²/Σw². A stratum with
// one label, or too few labels, gives a reason and no number.
func EstimatePairs(pairs []Pair, together func(Pair) bool, level float64) PairEstimate {
	out := PairEstimate{RecallFloor: math.NaN()}
	var strata []*stratum
	byName := make(map[string]*stratum)
	for _, p := range pairs {
		s := byName[p.Stratum]
		if s == nil {
			s = &stratum{name: p.Stratum}
			byName[p.Stratum] = s
			strata = append(strata, s)
		}
		s.pool += p.Weight
		if p.Label == Unlabelled {
			out.Unjudged++
			continue
		}
		out.Judged++
		s.together = append(s.together, indicator(together(p)))
		s.same = append(s.same, indicator(p.Label == Same))
	}
	slices.SortFunc(strata, func(a, b *stratum) int { return strings.Compare(a.name, b.name) })
	for _, s := range strata {
		e := StratumEstimate{Name: s.name, Pool: s.pool, Judged: len(s.same), Same: int(floats.Sum(s.same)), Together: share(floats.Sum(s.together), float64(len(s.same)))}
		e.Low, e.High = Wilson(e.Same, e.Judged, level)
		out.Strata = append(out.Strata, e)
	}
	for _, s := range strata {
		if n := len(s.same); n < minPerStratum && float64(n) < s.pool {
			e := unknown(out.Judged, "too few labels in stratum %q: %d, need %g", s.name, n, min(minPerStratum, s.pool))
			out.Precision, out.Recall = e, e
			return out
		}
	}
	out.Precision = ratio(strata, level, func(s *stratum) []float64 { return s.together })
	out.Recall = ratio(strata, level, func(s *stratum) []float64 { return s.same })
	if !out.Recall.Known() {
		return out
	}
	same, unseen := 0.0, 0.0
	for _, e := range out.Strata {
		same += e.Pool * share(float64(e.Same), float64(e.Judged))
		if e.Same == 0 && float64(e.Judged) < e.Pool {
			unseen += e.Pool * e.High
		}
	}
	out.RecallFloor = out.Recall.Value * same / (same + unseen)
	return out
}

// stratum is the judged pairs of a stratum.
type stratum struct {
	name           string
	pool           float64   // pairs it stands for
	together, same []float64 // by judged pair: 0 or 1
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// ratio estimates Σ w·together·same / Σ w·of.
func ratio(strata []*stratum, level float64, of func(*stratum) []float64) Estimate {
	var y, x, squares float64
	labels := 0
	for _, s := range strata {
		w := s.pool / float64(len(s.same))
		for i, v := range of(s) {
			y += w * s.together[i] * s.same[i]
			x += w * v
			squares += w * w * v
			labels += int(v)
		}
	}
	if labels < MinLabels {
		return unknown(labels, "too few labels: %d, need %d", labels, MinLabels)
	}
	r := y / x

	var variance float64
	for _, s := range strata {
		n := float64(len(s.same))
		if n >= s.pool {
			continue // all were judged: no error of sampling
		}
		e := make([]float64, len(s.same))
		for i, v := range of(s) {
			e[i] = s.together[i]*s.same[i] - r*v
		}
		variance += s.pool * s.pool * (1 - n/s.pool) * stat.Variance(e, nil) / n
	}
	variance /= x * x

	out := Estimate{Value: r, Low: r, High: r, Units: labels}
	switch {
	case variance > 0:
		n := r * (1 - r) / variance
		out.Low, out.High = wilson(r*n, n, level)
	case (r == 0 || r == 1) && x > float64(labels):
		n := x * x / squares
		out.Low, out.High = wilson(r*n, n, level)
	}
	return out
}
