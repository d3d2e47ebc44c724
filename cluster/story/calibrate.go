package story

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Values of [Options].Chance. Average link bears several unrelated nodes over the threshold because they
// are unrelated to each other as well.
const (
	// ChanceHeadlines was chosen on the Portuguese headlines of testdata/quality.tsv alone, where it is
	// within .002 of the best fixed threshold; the Spanish ones confirm it.
	ChanceHeadlines = 13
	// ChanceTexts is for full texts, whose formulas make unrelated pages alike in groups: with 13, half
	// of the stories looked at in 20,329 pages were subjects rather than events.
	ChanceTexts = 2
)

const (
	// longText is the number of terms, in the mean, that a full text has; headlines have 8 to 15.
	longText = 30

	// leastAny was chosen on one half of the stories of the English full texts, which have no dates;
	// the other half confirms it (cluster/testdata/tried.txt).
	leastAny = 6

	lowest95   = .95    // quantile of unrelated pairs that the threshold is at least
	leastLevel = .12    // two wordings of one event in a corpus with few others reach this; with .10 the gold corpus has F1 .982, with .12 1.000
	mostLevel  = .30    // wordings of one event hardly ever have a higher mean
	samples    = 200000 // pairs: the quantile at .999 has a relative error of 7 %
	fewest     = 2000   // pairs beyond the horizon; with fewer, any pairs are taken
)

// Calibrate returns the threshold that suits nodes: the cosine that a chosen number of unrelated nodes
// in the window of a node reach by chance. Pairs further apart in time than any story give the
// distribution of unrelated cosines, or random pairs where there are no times. It is deterministic
// for the same nodes in the same order. o.Threshold and o.Floor are not used.
func Calibrate(nodes []Node, o Options) float64 {
	if len(nodes) < 2 {
		return leastLevel
	}
	r := rand.New(rand.NewPCG(1, uint64(len(nodes))))
	var farPairs, allPairs [][2]*Node
	for range samples {
		a, b := &nodes[r.IntN(len(nodes))], &nodes[r.IntN(len(nodes))]
		switch {
		case a == b:
		case a.Dated && b.Dated && math.Abs(float64(a.Time-b.Time)) > o.Horizon*day:
			farPairs = append(farPairs, [2]*Node{a, b})
		case len(allPairs) < samples/4:
			allPairs = append(allPairs, [2]*Node{a, b})
		}
	}
	far, all := cosines(farPairs, o.Workers), cosines(allPairs, o.Workers)
	terms := 0
	for i := range nodes {
		terms += nodes[i].Vector.Len()
	}
	unrelated, chance := far, o.Chance
	switch {
	case chance == 0 && terms < longText*len(nodes):
		chance = ChanceHeadlines
	case chance == 0:
		chance = ChanceTexts
	}
	mixed := len(far) < fewest || oneDated(nodes) == 1
	if mixed {
		unrelated = append(far, all...)
	}
	if len(unrelated) == 0 {
		return leastLevel
	}
	slices.Sort(unrelated)
	level := quantile(unrelated, lowest95)
	if mixed {
		// Pairs of one story are among these: the surest are left out, and for the others more of
		// them must be allowed.
		sure, _ := slices.BinarySearch(unrelated, mostLevel)
		unrelated, chance = unrelated[:sure], max(chance, leastAny)
	}
	level = max(level, quantile(unrelated, 1-chance/max(window(nodes, o.Sigma), chance)))
	return min(max(level, leastLevel), mostLevel)
}

// cosines returns the cosine of every pair.
func cosines(pairs [][2]*Node, workers int) []float64 {
	out := make([]float64, len(pairs))
	chunks(len(pairs), workers, func() (func(c, from, to int), func()) {
		return func(_, from, to int) {
			for i, p := range pairs[from:to] {
				out[from+i] = p[0].Vector.Dot(p[1].Vector)
			}
		}, func() {}
	})
	return out
}

// quantile returns the p-th quantile of ascending values, 0 if there are none.
func quantile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return values[int(max(p, 0)*float64(len(values)-1))]
}

// For returns the options with which nodes are clustered. Where the threshold is left open, it is
// that of [Calibrate], and the floor is at most half of it, because links under the threshold count
// in the means of groups.
func (o Options) For(nodes []Node) Options {
	if o.Threshold == 0 {
		o.Threshold = Calibrate(nodes, o)
		o.Floor = min(o.Floor, o.Threshold/2)
	}
	return o
}

// window returns how many other nodes a node has in its window in the mean, each counted with its
// factor of time.
func window(nodes []Node, sigma float64) float64 {
	// By hours, or coarser where a corpus reaches over decades.
	unit := int64(3600)
	var times []int64
	undated := 0
	for i := range nodes {
		if nodes[i].Dated {
			times = append(times, nodes[i].Time)
		} else {
			undated++
		}
	}
	slices.Sort(times)
	sum := float64(undated)*float64(undated-1) + 2*oneDated(nodes)*float64(undated)*float64(len(times))
	reach := 4 * sigma * day // the factor beyond is under 1/2,980
	type cell struct {
		at    float64
		count float64
	}
	var cells []cell
	for i := 0; i < len(times); {
		j := i
		for j < len(times) && times[j]/unit == times[i]/unit {
			j++
		}
		cells = append(cells, cell{float64(times[i]/unit) * float64(unit), float64(j - i)})
		i = j
	}
	for i, c := range cells {
		sum += c.count * (c.count - 1)
		end := i + 1 + sort.Search(len(cells)-i-1, func(k int) bool { return cells[i+1+k].at > c.at+reach })
		for _, d := range cells[i+1 : end] {
			days := (d.at - c.at) / day
			sum += 2 * c.count * d.count * math.Exp(-days*days/(2*sigma*sigma))
		}
	}
	return sum / float64(len(nodes))
}
