package eval

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Point is a run with one choice of options, scored.
type Point struct {
	Series    string  `json:"series"` // all options but the threshold
	Threshold float64 `json:"threshold"`
	Auto      bool    `json:"auto"` // the corpus chose the threshold

	BCubed   PRF     `json:"bcubed"`
	Pairwise PRF     `json:"pairwise"`
	ARI      float64 `json:"ari"`
	Clusters int     `json:"clusters"` // of all pages
	Largest  int     `json:"largest"`  // pages of the largest of them

	Halves [2]float64 `json:"-"` // B-cubed F1 of the pages of either half of the gold ([BCubedSlice])
}

// NewPoint scores a run by a gold. in tells the halves of the gold apart ([Halves]).
func NewPoint(gold, run Clustering, in func(page string) bool) Point {
	a := Align(gold, run)
	t := a.Table()
	p := Point{BCubed: BCubed(t), Pairwise: Pairwise(t), ARI: ARI(t), Clusters: run.NumClusters()}
	_, p.Largest = run.Largest()
	p.Halves[0] = BCubedSlice(a, in).PRF().F1
	p.Halves[1] = BCubedSlice(a, func(page string) bool { return !in(page) }).PRF().F1
	return p
}

// Halves divides the clusters of a gold in two at random, by cluster, so that no
// cluster is in both; it tells which pages are in the first half.
func Halves(gold Clustering, seed uint64) func(page string) bool {
	first := make(map[string]bool)
	members := gold.Members()
	for i, n := range rand.New(rand.NewPCG(seed, 0)).Perm(len(members)) {
		if i < len(members)/2 {
			for _, page := range members[n].Pages {
				first[page] = true
			}
		}
	}
	return func(page string) bool { return first[page] }
}

// Operating is the point that a sweep speaks for.
type Operating struct {
	Best Point `json:"best"` // with the highest B-cubed F1
	// From and To are the lowest and the highest threshold of the series around the
	// best one, without a gap, whose F1 is at most Slack lower.
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Slack float64 `json:"slack"`
	// Near is the lowest F1 within Reach of the threshold.
	Near  float64 `json:"near"`
	Reach float64 `json:"reach"`
	// HeldOut is the mean F1 of the half of the gold that the point was not chosen by:
	// the F1 of the best of many points is optimistic. Nil if a half has no page.
	HeldOut *float64 `json:"held_out"`
}

// What counts as sensitive to the threshold: a change of it by Reach, which is about
// what the calibration of stories differs by between corpora, that costs more than
// Slack, which is less than an interval on a few hundred gold clusters.
const (
	operatingSlack = .01
	operatingReach = .04
)

// Operate chooses among points, of which there must be one. Of equally good points
// it is the first by series, and of those the one in the middle.
func Operate(points []Point) Operating {
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(a, b Point) int {
		return cmp.Or(strings.Compare(a.Series, b.Series), cmp.Compare(a.Threshold, b.Threshold))
	})
	best := bestBy(points, func(p Point) float64 { return p.BCubed.F1 })
	o := Operating{Best: points[best], Slack: operatingSlack, Reach: operatingReach}
	o.From, o.To, o.Near = o.Best.Threshold, o.Best.Threshold, o.Best.BCubed.F1
	good := func(i int) bool {
		return i >= 0 && i < len(points) && points[i].Series == o.Best.Series && points[i].BCubed.F1 >= o.Best.BCubed.F1-operatingSlack
	}
	for i := best; good(i); i-- {
		o.From = points[i].Threshold
	}
	for i := best; good(i); i++ {
		o.To = points[i].Threshold
	}
	const rounding = 1e-9
	for _, p := range points {
		if d := p.Threshold - o.Best.Threshold; p.Series == o.Best.Series && max(d, -d) <= operatingReach+rounding {
			o.Near = min(o.Near, p.BCubed.F1)
		}
	}
	heldOut := 0.0
	for half := range 2 {
		chosen := bestBy(points, func(p Point) float64 { return p.Halves[half] })
		heldOut += points[chosen].Halves[1-half] / 2
	}
	if !math.IsNaN(heldOut) {
		o.HeldOut = &heldOut
	}
	return o
}

// bestBy is the point with the highest score, in the middle of its equals.
func bestBy(points []Point, score func(Point) float64) int {
	best := 0
	for i, p := range points {
		if score(p) > score(points[best]) {
			best = i
		}
	}
	end := best
	for end+1 < len(points) && points[end+1].Series == points[best].Series && score(points[end+1]) == score(points[best]) {
		end++
	}
	return (best + end) / 2
}
