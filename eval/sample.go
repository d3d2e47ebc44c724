package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat/sampleuv"
)

// Candidate is a pair of pages that a run compared.
type Candidate struct {
	A, B     string
	Score    float64 // similarity
	Together bool    // in one cluster of the run
}

// SampleOptions says how pairs are divided and drawn.
type SampleOptions struct {
	// Bands are edges of score bands, ascending. A band holds its lower edge; below
	// the first and from the last edge on there is a band too.
	Bands []float64
	// Threshold and NearMiss give pairs that are apart with a score from Threshold
	// minus NearMiss up to Threshold a stratum of their own: there recall is lost.
	// With NearMiss 0 there is none.
	Threshold, NearMiss float64
	// PerStratum is how many pairs are drawn from each stratum, or all of it where
	// it has fewer. 2 or more.
	PerStratum int
	Seed       uint64
}

// StratumSize is a stratum of the pool.
type StratumSize struct {
	Name  string
	Pool  int // candidates in it
	Drawn int
}

// Sample draws pairs to be judged, at random within strata of score band and
// together or apart. Pairs come by stratum and then by id, each with the weight
// Pool / Drawn of its stratum. Strata come with near misses first, then pairs apart
// and pairs together, by score; empty ones are left out. The order of the
// candidates does not matter, and what is drawn from one stratum does not depend
// on the others. A self pair, a pair given twice, a score that is no number, or
// unfit options are an error.
func Sample(candidates []Candidate, o SampleOptions) ([]Pair, []StratumSize, error) {
	if o.PerStratum < minPerStratum {
		return nil, nil, fmt.Errorf("%d pairs a stratum: need %d or more to tell a spread", o.PerStratum, minPerStratum)
	}
	for i, b := range o.Bands {
		if math.IsNaN(b) || i > 0 && b <= o.Bands[i-1] {
			return nil, nil, fmt.Errorf("bands %v: want ascending numbers", o.Bands)
		}
	}
	pool := slices.Clone(candidates)
	for i, c := range pool {
		pool[i].A, pool[i].B = min(c.A, c.B), max(c.A, c.B)
	}
	slices.SortFunc(pool, func(x, y Candidate) int {
		if c := strings.Compare(x.A, y.A); c != 0 {
			return c
		}
		return strings.Compare(x.B, y.B)
	})
	strata := make([][]Candidate, o.numStrata())
	for i, c := range pool {
		switch {
		case c.A == c.B:
			return nil, nil, fmt.Errorf("page %q is paired with itself", c.A)
		case i > 0 && pool[i-1].A == c.A && pool[i-1].B == c.B:
			return nil, nil, fmt.Errorf("pair %q, %q is given twice", c.A, c.B)
		case math.IsNaN(c.Score):
			return nil, nil, fmt.Errorf("pair %q, %q has no score", c.A, c.B)
		}
		i := o.stratum(c)
		strata[i] = append(strata[i], c)
	}

	var pairs []Pair
	var sizes []StratumSize
	for i, stratum := range strata {
		if len(stratum) == 0 {
			continue
		}
		s := StratumSize{Name: o.stratumName(i), Pool: len(stratum), Drawn: min(o.PerStratum, len(stratum))}
		sizes = append(sizes, s)
		drawn := make([]int, s.Drawn)
		sampleuv.WithoutReplacement(drawn, s.Pool, rand.NewPCG(o.Seed, uint64(i)))
		slices.Sort(drawn)
		for _, d := range drawn {
			c := stratum[d]
			pairs = append(pairs, Pair{A: c.A, B: c.B, Stratum: s.Name, Weight: float64(s.Pool) / float64(s.Drawn)})
		}
	}
	return pairs, sizes, nil
}

// Strata are numbered: the near misses, then the bands of pairs that are apart,
// then those of pairs together.
func (o SampleOptions) numStrata() int { return 1 + 2*(len(o.Bands)+1) }

func (o SampleOptions) stratum(c Candidate) int {
	if !c.Together && c.Score < o.Threshold && c.Score >= o.Threshold-o.NearMiss {
		return 0
	}
	band, equal := slices.BinarySearch(o.Bands, c.Score)
	if equal {
		band++
	}
	if c.Together {
		band += len(o.Bands) + 1
	}
	return 1 + band
}

// stratumName gives names such as "apart 0.15-0.24".
func (o SampleOptions) stratumName(i int) string {
	if i == 0 {
		return "near miss"
	}
	side, band := "apart", i-1
	if band > len(o.Bands) {
		side, band = "together", band-len(o.Bands)-1
	}
	edge := func(i int) string { return strconv.FormatFloat(o.Bands[i], 'g', -1, 64) }
	switch {
	case len(o.Bands) == 0:
		return side
	case band == 0:
		return side + " below " + edge(0)
	case band == len(o.Bands):
		return side + " from " + edge(band-1)
	}
	return side + " " + edge(band-1) + "-" + edge(band)
}
