package eval

import (
	"math"

	"sada/cluster/lsh"
	"sada/features/shingle"
)

// CurvePoint is a class of pairs by their Jaccard similarity.
type CurvePoint struct {
	From float64 `json:"from"` // of the similarity; the last class holds its upper end
	To   float64 `json:"to"`

	Pairs    int     `json:"pairs"`
	Found    int     `json:"found"`    // of them, proposed by LSH
	Measured float64 `json:"measured"` // Found / Pairs
	Low      float64 `json:"low"`      // Wilson interval at .95 of Measured
	High     float64 `json:"high"`
	Theory   float64 `json:"theory"` // mean over the pairs of 1-(1-s^rows)^bands
}

// LSHRecall is what LSH proposed, held to a comparison of all pairs.
type LSHRecall struct {
	Bands int          `json:"bands"`
	Rows  int          `json:"rows"`
	Sets  int          `json:"sets"`
	Least float64      `json:"least"` // Jaccard similarity from which Pairs and Found are counted
	Pairs int          `json:"pairs"`
	Found int          `json:"found"`
	Curve []CurvePoint `json:"curve"` // ascending, classes without a pair left out
}

// Recall is Found / Pairs, and 1 without any pair.
func (l LSHRecall) Recall() float64 { return share(float64(l.Found), float64(l.Pairs)) }

// curveClasses divides the similarities from 0 to 1.
const curveClasses = 10

// MeasureLSH signs sets of shingles, as [shingle.Set] makes them, and compares the
// pairs that LSH proposes with all pairs whose sets meet: the recall from a
// similarity on, and the measured S-curve beside the one of theory. The sketcher
// must make signatures of the shape p. The sets must not be empty. Time grows with the pairs that share a shingle, each counted as
// often as they do; memory is a counter for every set. The intervals take pairs for
// independent; those of one template or of one group of copies are not. Source of the curve:
// Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4.2.
func MeasureLSH(sets [][]uint64, sketcher shingle.Sketcher, p lsh.Params, bucket int, least float64) LSHRecall {
	out := LSHRecall{Bands: p.Bands, Rows: p.Rows, Sets: len(sets), Least: least}
	index := lsh.NewIndex(p, bucket)
	for i, set := range sets {
		if signature, ok := sketcher.Sign(nil, set); ok {
			index.Add(uint32(i), signature)
		}
	}
	proposed, _ := index.Pairs(1)
	found := make(map[lsh.Pair]bool, len(proposed))
	for _, pair := range proposed {
		found[pair] = true
	}

	var classes [curveClasses]CurvePoint
	earlier := make(map[uint64][]uint32) // sets by shingle
	shared := make([]int, len(sets))
	for b, set := range sets {
		var met []uint32
		for _, s := range set {
			for _, a := range earlier[s] {
				if shared[a] == 0 {
					met = append(met, a)
				}
				shared[a]++
			}
			earlier[s] = append(earlier[s], uint32(b))
		}
		for _, a := range met {
			j := shingle.Jaccard(shared[a], len(sets[a]), len(set))
			shared[a] = 0
			hit := found[lsh.Pair{A: a, B: uint32(b)}]
			c := &classes[min(int(j*curveClasses), curveClasses-1)]
			c.Pairs++
			c.Theory += p.Probability(j)
			if hit {
				c.Found++
			}
			if j >= least {
				out.Pairs++
				if hit {
					out.Found++
				}
			}
		}
	}
	for i, c := range classes {
		if c.Pairs == 0 {
			continue
		}
		c.From, c.To = float64(i)/curveClasses, float64(i+1)/curveClasses
		c.Measured, c.Theory = float64(c.Found)/float64(c.Pairs), math.Min(c.Theory/float64(c.Pairs), 1)
		c.Low, c.High = Wilson(c.Found, c.Pairs, 0.95)
		out.Curve = append(out.Curve, c)
	}
	return out
}
