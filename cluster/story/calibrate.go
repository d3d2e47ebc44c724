package story

import (
	"iter"
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
	someFar    = 5000   // pairs that tell where the others are: lowest95 of them is from .944 to .956 of all (two standard deviations)
	fewest     = 2000   // pairs beyond the horizon; with fewer, any pairs are taken
)

// Calibrate returns the threshold that suits nodes: the cosine that a chosen number of unrelated nodes
// in the window of a node reach by chance. Pairs further apart in time than any story give the
// distribution of unrelated cosines, or random pairs where there are no times. It is deterministic
// for the same nodes in the same order. o.Threshold and o.Floor are not used.
func Calibrate(nodes []Node, o Options) float64 { return calibrate(nodes, nil, o) }

// calibrate is Calibrate with the outlines of the nodes, or nil.
func calibrate(nodes []Node, outlines *outlines, o Options) float64 {
	var far, all [][2]int32
	for a, b := range Sample(len(nodes)) {
		pair := [2]int32{int32(a), int32(b)}
		if Far(&nodes[a], &nodes[b], o) {
			far = append(far, pair)
		} else if len(all) < MostNear {
			all = append(all, pair)
		}
	}
	s := survey(nodes)
	if s.mixed(len(far)) {
		return s.Threshold(cosines(nodes, far, o.Workers), cosines(nodes, all, o.Workers), o)
	}
	return s.Threshold(highest(nodes, far, outlines, o.Workers), nil, o)
}

// mixed says whether pairs that are not [Far] are taken as well.
func (s Survey) mixed(far int) bool { return far < fewest || s.oneDated() == 1 }

// highest returns the cosine of every pair that the quantiles from [lowest95] on depend on, and less than these for
// the others: of most pairs it is enough to know that they are not among them.
func highest(nodes []Node, pairs [][2]int32, outlines *outlines, workers int) []float64 {
	few := cosines(nodes, pairs[:min(len(pairs)/8, someFar)], workers)
	slices.Sort(few)
	least := .9 * quantile(few, lowest95) // at which a twentieth of all is nearly sure to be above
	if outlines == nil {
		outlines = newOutlines(nodes, workers)
	}
	out := reaching(nodes, pairs, outlines, least, workers)
	above := 0
	for _, cosine := range out {
		if cosine >= least {
			above++
		}
	}
	if above < len(out)-place(len(out), lowest95) {
		return cosines(nodes, pairs, workers)
	}
	return out
}

// Sample gives the pairs of n nodes, by their places, whose cosines [Calibrate] looks at. They are the
// same for the same n.
func Sample(n int) iter.Seq2[int, int] {
	return func(yield func(a, b int) bool) {
		if n < 2 {
			return
		}
		r := rand.New(rand.NewPCG(1, uint64(n)))
		for range samples {
			a, b := r.IntN(n), r.IntN(n)
			if a != b && !yield(a, b) {
				return
			}
		}
	}
}

// Far says whether two nodes are further apart in time than any story.
func Far(a, b *Node, o Options) bool {
	return a.Dated && b.Dated && math.Abs(float64(a.Time-b.Time)) > o.Horizon*day
}

// MostNear is how many pairs that are not [Far] are looked at, the first of the [Sample].
const MostNear = samples / 4

// Survey is what a threshold depends on besides the cosines of a [Sample].
type Survey struct {
	Nodes, Dated int
	Terms        int    // of all vectors together
	Hours        []Hour // ascending, each once
}

// Hour is the number of nodes in an hour, counted from the beginning of Unix time and cut toward it.
type Hour struct{ Hour, Nodes int64 }

// HourOf returns the hour of a time in Unix seconds.
func HourOf(time int64) int64 { return time / hour }

const hour = 60 * 60

func survey(nodes []Node) Survey {
	s := Survey{Nodes: len(nodes)}
	var hours []int64
	for i := range nodes {
		s.Terms += nodes[i].Vector.Len()
		if nodes[i].Dated {
			hours = append(hours, HourOf(nodes[i].Time))
		}
	}
	s.Dated = len(hours)
	slices.Sort(hours)
	for i, h := range hours {
		if i == 0 || h != hours[i-1] {
			s.Hours = append(s.Hours, Hour{Hour: h})
		}
		s.Hours[len(s.Hours)-1].Nodes++
	}
	return s
}

// Threshold returns the threshold by the cosines of the pairs that are [Far] and of the others, [MostNear] at most; both
// are in the order of the sample, and far is changed.
func (s Survey) Threshold(far, all []float64, o Options) float64 {
	unrelated, chance := far, o.Chance
	switch {
	case chance == 0 && s.Terms < longText*s.Nodes:
		chance = ChanceHeadlines
	case chance == 0:
		chance = ChanceTexts
	}
	mixed := s.mixed(len(far))
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
	level = max(level, quantile(unrelated, 1-chance/max(s.window(o.Sigma), chance)))
	return min(max(level, leastLevel), mostLevel)
}

// cosines returns the cosine of every pair of nodes.
func cosines(nodes []Node, pairs [][2]int32, workers int) []float64 {
	out := make([]float64, len(pairs))
	chunks(len(pairs), workers, func() (func(c, from, to int), func()) {
		return func(_, from, to int) {
			for n, p := range pairs[from:to] {
				out[from+n] = nodes[p[0]].Vector.Dot(nodes[p[1]].Vector)
			}
		}, func() {}
	})
	return out
}

// reaching returns the cosine of every pair of nodes, or 0 where it is less than least.
func reaching(nodes []Node, pairs [][2]int32, outlines *outlines, least float64, workers int) []float64 {
	out := make([]float64, len(pairs))
	// The outline of a node is laid out once for all of its pairs.
	start, of := make([]int32, len(nodes)+1), make([]int32, len(pairs))
	for _, p := range pairs {
		start[p[0]+1]++
	}
	for i := range nodes {
		start[i+1] += start[i]
	}
	next := slices.Clone(start)
	for n, p := range pairs {
		of[next[p[0]]] = int32(n)
		next[p[0]]++
	}
	chunks(len(nodes), workers, func() (func(c, from, to int), func()) {
		laid := new(outlined)
		return func(_, from, to int) {
			for i := int32(from); i < int32(to); i++ {
				if some := of[start[i]:start[i+1]]; len(some) > 0 {
					laid.set(outlines.of(i))
					for _, n := range some {
						other := pairs[n][1]
						if laid.most(outlines.of(other)) < least {
							continue
						}
						if cosine := nodes[i].Vector.Dot(nodes[other].Vector); cosine >= least {
							out[n] = cosine
						}
					}
				}
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
	return values[place(len(values), p)]
}

// place returns where the p-th quantile of n values is.
func place(n int, p float64) int { return int(max(p, 0) * float64(n-1)) }

// For returns the options with which nodes are clustered. Where the threshold is left open, it is
// that of [Calibrate].
func (o Options) For(nodes []Node) Options {
	if o.Threshold == 0 {
		o = o.At(Calibrate(nodes, o))
	}
	return o
}

// At returns the options with a threshold that was left open. The floor is at most half of it, because links under
// the threshold count in the means of groups.
func (o Options) At(threshold float64) Options {
	o.Threshold = threshold
	o.Floor = min(o.Floor, threshold/2)
	return o
}

// window returns how many other nodes a node has in its window in the mean, each counted with its
// factor of time. It goes by hours.
func (s Survey) window(sigma float64) float64 {
	undated := float64(s.Nodes - s.Dated)
	sum := undated*(undated-1) + 2*s.oneDated()*undated*float64(s.Dated)
	reach := 4 * sigma * day // the factor beyond is under 1/2,980
	at := func(h Hour) float64 { return float64(h.Hour) * hour }
	for i, c := range s.Hours {
		n := float64(c.Nodes)
		sum += n * (n - 1)
		rest := s.Hours[i+1:]
		end := sort.Search(len(rest), func(k int) bool { return at(rest[k]) > at(c)+reach })
		for _, d := range rest[:end] {
			days := (at(d) - at(c)) / day
			sum += 2 * n * float64(d.Nodes) * math.Exp(-days*days/(2*sigma*sigma))
		}
	}
	return sum / float64(s.Nodes)
}
