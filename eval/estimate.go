package eval

import (
	"fmt"
	"math"
	"slices"
	"strings"

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
// agree. The size is lowered by (z/t)², since V is an estimate itself (Korn and
// Graubard 1998), with Satterthwaite's degrees of freedom for the t quantile: the
// stratum that adds most to V may have few labels. Where all agree, the effective size
// is Kish's, (Σw)²/Σw². A stratum with one label, or too few labels, gives a reason and
// no number.
func EstimatePairs(pairs []Pair, together func(Pair) bool, level float64) PairEstimate {
	const both, claimed, wanted = 0, 1, 2
	out := PairEstimate{RecallFloor: math.NaN()}
	var strata strata
	claims, wants := 0, 0
	for _, p := range pairs {
		s := strata.named(p.Stratum)
		s.pool += p.Weight
		if p.Label == Unlabelled {
			out.Unjudged++
			continue
		}
		out.Judged++
		is, same := indicator(together(p)), indicator(p.Label == Same)
		claims, wants = claims+int(is), wants+int(same)
		s.rows = append(s.rows, []float64{is * same, is, same})
	}
	strata.sort()
	for _, s := range strata {
		n := len(s.rows)
		e := StratumEstimate{Name: s.name, Pool: s.pool, Judged: n, Same: int(s.sum(wanted)), Together: share(s.sum(claimed), float64(n))}
		e.Low, e.High = Wilson(e.Same, e.Judged, level)
		out.Strata = append(out.Strata, e)
	}
	if reason := strata.tooFew(); reason != "" {
		e := unknown(out.Judged, "%s", reason)
		out.Precision, out.Recall = e, e
		return out
	}
	out.Precision = strata.ratio(both, claimed, claims, level)
	out.Recall = strata.ratio(both, wanted, wants, level)
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

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// stratum is the judged units of a stratum, with what each adds to sums over the pool.
type stratum struct {
	name string
	pool float64     // units it stands for
	rows [][]float64 // by judged unit
}

func (s *stratum) sum(column int) (sum float64) {
	for _, row := range s.rows {
		sum += row[column]
	}
	return sum
}

type strata []*stratum

// named gives the stratum of a name, a new one if there is none.
func (s *strata) named(name string) *stratum {
	for _, x := range *s {
		if x.name == name {
			return x
		}
	}
	*s = append(*s, &stratum{name: name})
	return (*s)[len(*s)-1]
}

func (s strata) sort() {
	slices.SortFunc(s, func(a, b *stratum) int { return strings.Compare(a.name, b.name) })
}

// tooFew says which stratum has too few judged units to tell a spread.
func (s strata) tooFew() string {
	for _, x := range s {
		if n := len(x.rows); n < minPerStratum && float64(n) < x.pool {
			return fmt.Sprintf("too few labels in stratum %q: %d, need %g", x.name, n, min(minPerStratum, x.pool))
		}
	}
	return ""
}

// ratio estimates Σ w·y / Σ w·x from two columns, where 0 <= y <= x. It rests on so
// many labels.
func (s strata) ratio(y, x, labels int, level float64) Estimate {
	if labels < MinLabels {
		return unknown(labels, "too few labels: %d, need %d", labels, MinLabels)
	}
	var sumY, sumX, squares float64
	sampled := false // some of what counts was not judged
	for _, h := range s {
		w := h.pool / float64(len(h.rows))
		for _, row := range h.rows {
			sumY += w * row[y]
			sumX += w * row[x]
			squares += w * w * row[x] * row[x]
			sampled = sampled || w > 1 && row[x] > 0
		}
	}
	r := sumY / sumX

	var variance, spread float64
	for _, h := range s {
		n := float64(len(h.rows))
		if n >= h.pool {
			continue // all were judged: no error of sampling
		}
		e := make([]float64, len(h.rows))
		for i, row := range h.rows {
			e[i] = row[y] - r*row[x]
		}
		v := h.pool * h.pool * (1 - n/h.pool) * stat.Variance(e, nil) / n / (sumX * sumX)
		variance += v
		spread += v * v / (n - 1)
	}

	out := Estimate{Value: r, Low: r, High: r, Units: labels}
	switch {
	case variance > 0:
		t := distuv.StudentsT{Sigma: 1, Nu: variance * variance / spread}.Quantile((1 + level) / 2)
		n := r * (1 - r) / variance * zScore(level) * zScore(level) / (t * t)
		out.Low, out.High = wilson(r*n, n, level)
	case (r == 0 || r == 1) && sampled:
		n := sumX * sumX / squares
		out.Low, out.High = wilson(r*n, n, level)
	}
	return out
}
