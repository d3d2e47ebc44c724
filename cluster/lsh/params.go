package lsh

import (
	"fmt"
	"math"
)

// Params is the shape of a signature: Bands groups of Rows slots.
type Params struct{ Bands, Rows int }

// Probability returns the chance that two sets of Jaccard similarity s share at least one band:
// 1-(1-s^Rows)^Bands. s lies in [0, 1].
func (p Params) Probability(s float64) float64 {
	return 1 - math.Pow(1-math.Pow(s, float64(p.Rows)), float64(p.Bands))
}

// Choose returns the shape of at most slots slots that finds pairs of the given similarity with a
// probability of at least recall and, under that condition, has the most rows, so that it proposes
// the fewest pairs below it. Of two shapes with as many rows the one with fewer bands wins, since it
// costs less. It is an error if no shape reaches recall, and if an argument is out of range:
// similarity and recall lie in (0, 1), slots is at least 1.
func Choose(similarity, recall float64, slots int) (Params, error) {
	inside := func(x float64) bool { return 0 < x && x < 1 } // NaN is not
	if !inside(similarity) || !inside(recall) || slots < 1 {
		return Params{}, fmt.Errorf("lsh: no shape for similarity %v, recall %v and %d slots", similarity, recall, slots)
	}
	for rows := slots; rows >= 1; rows-- {
		// A float, because many rows need more bands than an int can count, up to +Inf.
		bands := math.Ceil(math.Log1p(-recall) / math.Log1p(-math.Pow(similarity, float64(rows))))
		if bands = max(bands, 1); bands*float64(rows) <= float64(slots) {
			return Params{Bands: int(bands), Rows: rows}, nil
		}
	}
	return Params{}, fmt.Errorf("lsh: %d slots cannot find similarity %v with probability %v", slots, similarity, recall)
}
