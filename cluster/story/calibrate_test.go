package story

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sada/features/tfidf"
)

// noise returns n nodes of the given number of random terms out of a vocabulary, days apart.
func noise(n, terms, vocabulary int, days float64, dated bool) []Node {
	r := rand.New(rand.NewPCG(3, 4))
	nodes := make([]Node, n)
	for i := range nodes {
		var counts []tfidf.Count
		for range terms {
			counts = append(counts, tfidf.Count{Term: tfidf.TermID(fmt.Appendf(nil, "%d", r.IntN(vocabulary))), N: 1})
		}
		counts = tfidf.Fold(counts)
		nodes[i] = Node{Time: int64(float64(i) * days * day), Dated: dated}
		for _, c := range counts {
			nodes[i].Vector.Terms = append(nodes[i].Vector.Terms, c.Term)
			nodes[i].Vector.Weights = append(nodes[i].Vector.Weights, float32(1/math.Sqrt(float64(len(counts)))))
		}
	}
	return nodes
}

func TestCalibrate(t *testing.T) {
	o := Defaults()
	for _, tt := range []struct {
		name     string
		nodes    []Node
		low, top float64
	}{
		{"none", nil, leastLevel, leastLevel},
		{"one", noise(1, 40, 100, 1, true), leastLevel, leastLevel},
		{"nothing in common", noise(500, 10, 1e6, .1, true), leastLevel, leastLevel},
		// Two texts of 60 of 200 terms share 30 % in the mean, far over what stories have.
		{"everything alike", noise(500, 60, 200, .1, true), mostLevel, mostLevel},
		// Of 60 in 1,000: mean .06, standard deviation .03; three of 50 in the window reach .11.
		{"dated", noise(2000, 60, 1000, .1, true), .105, .14},
		// Of the same without dates, 13 of 2,000 may reach it: .14 to .17.
		{"undated", noise(2000, 60, 1000, .1, false), .13, .18},
	} {
		got := Calibrate(tt.nodes, o)
		if got < tt.low || got > tt.top {
			t.Errorf("%s: threshold %.3f, want %.3f to %.3f", tt.name, got, tt.low, tt.top)
		}
		if again := Calibrate(tt.nodes, o); again != got {
			t.Errorf("%s: threshold %v, then %v", tt.name, got, again)
		}
	}
}

// The quantiles that the threshold depends on are those of all cosines, though most are only known to be less.
func TestHighestCosinesAreThoseOfAll(t *testing.T) {
	for _, tt := range []struct {
		name  string
		nodes []Node
	}{
		{"some alike", noise(2000, 60, 1000, .1, true)},
		{"all alike", noise(500, 60, 200, .1, true)},
		{"hardly any alike", noise(2000, 10, 1e4, .1, true)},
		{"none alike", noise(500, 10, 1e6, .1, true)},
		{"half without terms", append(make([]Node, 500), noise(500, 60, 1000, .1, true)...)},
	} {
		var pairs [][2]int32
		for a, b := range Sample(len(tt.nodes)) {
			pairs = append(pairs, [2]int32{int32(a), int32(b)})
		}
		want := cosines(tt.nodes, pairs, 2)
		slices.Sort(want)
		got := highest(tt.nodes, pairs, nil, 2)
		slices.Sort(got)
		from := place(len(want), lowest95)
		if !slices.Equal(got[from:], want[from:]) {
			t.Errorf("%s: other cosines than those of all pairs", tt.name)
		}
		if got[from-1] > want[from] {
			t.Errorf("%s: %v under the quantile of %v", tt.name, got[from-1], want[from])
		}
	}
}

func TestCalibratedClusteringFindsPlantedStories(t *testing.T) {
	// Ten stories of five pages, each with 20 of 60 terms of its own, among 500 pages of noise.
	nodes := noise(550, 60, 1000, .05, true)
	for s := range 10 {
		for p := range 5 {
			n := &nodes[s*50+p*2]
			for i := range 20 {
				n.Vector.Terms[i] = tfidf.Term(1 + s*20 + i)
			}
		}
	}
	o := Defaults()
	o.Threshold = 0
	got := Cluster(nodes, o).Story
	for s := range 10 {
		for p := range 5 {
			if got[s*50+p*2] != got[s*50] {
				t.Errorf("page %d of story %d is in the story of %d, its first in that of %d", p, s, got[s*50+p*2], got[s*50])
			}
		}
		if s > 0 && got[s*50] == got[0] {
			t.Errorf("story %d is one with the first", s)
		}
	}
}

// One call gives what the two give that it stands for.
func TestCalibratedIsForAndNewWeb(t *testing.T) {
	open := Defaults()
	open.Threshold = 0
	for name, nodes := range map[string][]Node{
		"dated": noise(600, 60, 1000, .1, true), "undated": noise(300, 60, 1000, .1, false), "none": nil,
	} {
		for _, o := range []Options{open, Defaults()} {
			web, got, stats := Calibrated(nodes, o)
			want := o.For(nodes)
			wantWeb, wantStats := NewWeb(nodes, want)
			if got != want || stats != wantStats {
				t.Errorf("%s: %+v, %+v; want %+v, %+v", name, got, stats, want, wantStats)
			}
			if d := cmp.Diff(wantWeb, web, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s: web of two calls (-), of one (+)\n%s", name, d)
			}
			if nodes != nil && stats.Links == 0 {
				t.Errorf("%s: no links to compare", name)
			}
		}
	}
}

func TestWindow(t *testing.T) {
	const sigma = 2
	at := func(days ...float64) []Node {
		out := make([]Node, len(days))
		for i, d := range days {
			out[i] = Node{Time: int64(d * day), Dated: true}
		}
		return out
	}
	f := math.Exp(-.5) // one sigma
	for _, tt := range []struct {
		name  string
		nodes []Node
		want  float64
	}{
		{"one moment", at(0, 0, 0), 2},
		{"two days", at(0, 2), f},
		{"far", at(0, 400), 0},
		{"without dates", make([]Node, 4), 3},
		{"one without", append(at(0), Node{}), f},
	} {
		if got := survey(tt.nodes).window(sigma); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %v neighbours, want %v", tt.name, got, tt.want)
		}
	}
}
