package story

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"sada/features/tfidf"
)

// vector returns the unit vector in which every letter weighs as often as it stands there.
func vector(letters string) tfidf.Vector {
	var counts []tfidf.Count
	for _, r := range letters {
		counts = append(counts, tfidf.Count{Term: tfidf.Term(r), N: 1})
	}
	var v tfidf.Vector
	for _, c := range tfidf.Fold(counts) {
		v.Terms = append(v.Terms, c.Term)
		v.Weights = append(v.Weights, float32(c.N))
	}
	return scaled(v, 1/v.Length())
}

func scaled(v tfidf.Vector, by float64) tfidf.Vector {
	out := tfidf.Vector{Terms: v.Terms}
	for _, w := range v.Weights {
		out.Weights = append(out.Weights, float32(float64(w)*by))
	}
	return out
}

// page returns a node of the given letters, published so many days after the start of 2015.
func page(days float64, letters string) Node {
	return Node{Vector: vector(letters), Time: 1420070400 + int64(days*day), Dated: true}
}

func undated(letters string) Node { return Node{Vector: vector(letters)} }

// locked returns a node that stands for the pages of an earlier story.
func locked(story int, pages ...Node) Node {
	n := pages[len(pages)-1]
	vs := make([]tfidf.Vector, len(pages))
	for i, p := range pages {
		vs[i] = p.Vector
	}
	n.Vector = scaled(tfidf.Sum(vs...), 1/float64(len(pages)))
	n.Story, n.Size = story, len(pages)
	return n
}

func TestValidate(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Options){
		"story options: threshold -1: want from 0 to 1":                                                 func(o *Options) { o.Threshold = -1 },
		"story options: threshold 0.1: want at least the floor of 0.15, under which there are no links": func(o *Options) { o.Threshold = .1 },
		"story options: floor 1: want between 0 and 1":                                                  func(o *Options) { o.Floor = 1 },
		"story options: sigma NaN: want a number of days over 0":                                        func(o *Options) { o.Sigma = math.NaN() },
		"story options: horizon +Inf: want a number of days over 0":                                     func(o *Options) { o.Horizon = math.Inf(1) },
		"story options: top 256: want from 1 to 255":                                                    func(o *Options) { o.Top = 256 },
		"story options: shared 33: want from 1 to top, which is 32":                                     func(o *Options) { o.Shared = 33 },
		"story options: posting cap 0: want at least 1":                                                 func(o *Options) { o.PostingCap = 0 },
		"story options: method louvain: want average-link, components or propagation":                   func(o *Options) { o.Method = "louvain" },
		"story options: workers 0: want at least 1":                                                     func(o *Options) { o.Workers = 0 },
		"story options: support 256: want from 0 to 255":                                                func(o *Options) { o.Support = 256 },
		"story options: chance -1: want a number of nodes":                                              func(o *Options) { o.Chance = -1 },
	} {
		o := Defaults()
		change(&o)
		if err := o.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestCluster(t *testing.T) {
	// Each page of the chain shares half of its terms with the next and none with the one after.
	chain := []Node{page(0, "abcd"), page(0, "cdef"), page(0, "efgh"), page(0, "ghij"), page(0, "ijkl")}
	for _, tt := range []struct {
		name  string
		nodes []Node
		set   func(*Options)
		want  []int32
	}{
		{name: "none"},
		{name: "one", nodes: []Node{page(0, "abc")}, want: []int32{0}},
		{name: "no terms", nodes: []Node{page(0, ""), page(0, "")}, want: []int32{0, 1}},
		{name: "same", nodes: []Node{page(0, "abc"), page(0, "xyz"), page(0, "abc")}, want: []int32{0, 1, 0}},
		{name: "one term in common is not enough", nodes: []Node{page(0, "a"), page(0, "a")}, want: []int32{0, 1}},
		{name: "chain holds at pairs", nodes: chain, set: func(o *Options) { o.Threshold, o.Support = .3, 0 }, want: []int32{0, 0, 2, 2, 4}},
		{name: "components chain", nodes: chain, set: func(o *Options) { o.Method = ByComponents }, want: []int32{0, 0, 0, 0, 0}},

		{name: "a day later", nodes: []Node{page(0, "abcd"), page(1, "abcd")}, want: []int32{0, 0}},
		{name: "Gaussian under the threshold", nodes: []Node{page(0, "abcd"), page(3.5, "abcd")}, want: []int32{0, 1}}, // .216
		{name: "Gaussian over the threshold", nodes: []Node{page(0, "abcd"), page(3.3, "abcd")}, want: []int32{0, 0}},  // .256
		{name: "at the horizon", nodes: []Node{page(0, "abcd"), page(5, "abcd")}, set: func(o *Options) { o.Sigma = 9 }, want: []int32{0, 0}},
		{name: "beyond the horizon", nodes: []Node{page(0, "abcd"), page(5.01, "abcd")}, set: func(o *Options) { o.Sigma = 9 }, want: []int32{0, 1}},

		{name: "undated with dated", nodes: []Node{page(0, "abcd"), undated("abcd")}, want: []int32{0, 0}},
		{name: "undated with undated", nodes: []Node{undated("abcd"), undated("abcd")}, want: []int32{0, 0}},
		{name: "undated is one sigma away", nodes: []Node{page(0, "abcd"), undated("abcd")}, set: func(o *Options) { o.Threshold = .61 }, want: []int32{0, 1}},
		{name: "undated does not bridge years", // means: .607 with the first, then .607/2 + 0
			nodes: []Node{page(0, "abcd"), undated("abcd"), page(900, "abcd")}, set: func(o *Options) { o.Threshold = .31 }, want: []int32{0, 0, 2}},

		{name: "locked takes in new", nodes: []Node{locked(7, page(0, "abcd"), page(0, "abce")), page(1, "abcd"), page(0, "pqrs")}, want: []int32{0, 0, 2}},
		{name: "two locked of the same terms stay apart", nodes: []Node{locked(7, page(0, "abcd")), locked(8, page(0, "abcd"))}, want: []int32{0, 1}},
		{name: "new joins the nearer locked", nodes: []Node{locked(7, page(0, "abcd")), locked(8, page(0, "abce")), page(0, "abcez")}, want: []int32{0, 1, 1}},
		{name: "new does not bridge locked", nodes: []Node{page(0, "abcd"), locked(7, page(0, "abcd")), locked(8, page(0, "abcd"))}, want: []int32{0, 0, 2}},
		{name: "grown story and locked stay apart", nodes: []Node{locked(7, page(0, "abcd")), page(0, "abcd"), locked(8, page(.1, "abcd")), page(.1, "abcd")},
			set: func(o *Options) { o.Support = 0 }, want: []int32{0, 0, 2, 2}},
		{name: "nodes of one story are together", nodes: []Node{locked(7, page(0, "abcd")), page(0, "xyz"), locked(7, page(90, "pqrs"))}, want: []int32{0, 1, 0}},
		{name: "components keep locked apart", nodes: []Node{locked(7, page(0, "abcd")), page(0, "abcd"), locked(8, page(0, "abcd"))},
			set: func(o *Options) { o.Method = ByComponents }, want: []int32{0, 0, 2}},
		{name: "propagation keeps locked apart", nodes: []Node{locked(7, page(0, "abcd")), page(0, "abcd"), locked(8, page(0, "abcd"))},
			set: func(o *Options) { o.Method = ByPropagation }, want: []int32{0, 0, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Defaults()
			if tt.set != nil {
				tt.set(&o)
			}
			r := Cluster(tt.nodes, o)
			if d := cmp.Diff(tt.want, r.Story, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("stories (want -, got +):\n%s\nlinks %v", d, r.Links)
			}
		})
	}
}

// TestLockedStandsForItsPages holds the mean with a locked node to that with its pages.
func TestLockedStandsForItsPages(t *testing.T) {
	pages := []Node{page(0, "abcd"), page(0, "abce"), page(0, "abfg")}
	probe := page(0, "abcf")
	links, _ := Graph([]Node{locked(1, pages...), probe}, Defaults())
	if len(links) != 1 {
		t.Fatalf("links %v, want one", links)
	}
	want := 0.0
	for _, p := range pages {
		want += p.Vector.Dot(probe.Vector) / 3
	}
	if got := float64(links[0].Weight); math.Abs(got-want) > 1e-6 {
		t.Errorf("weight %v, want the mean %v", got, want)
	}
}

func TestStats(t *testing.T) {
	nodes := []Node{page(0, ""), page(0, "abc"), page(0, "abd"), page(0, "xyz"), page(9, "abc")}
	_, got := Graph(nodes, Defaults())
	// The third page reads one posting of a and one of b.
	if want := (Stats{Empty: 1, Postings: 2, Candidates: 1, Links: 1}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	o := Defaults()
	o.PostingCap = 1
	nodes = append(nodes, page(0, "abe"))
	links, got := Graph(nodes, o)
	if got.SkippedPostings != 2 || len(links) != 1 {
		t.Errorf("stats %+v, links %v: want the two full lists of one page skipped", got, links)
	}
}

// drawNodes draws up to max nodes of few terms with random weights, in a few days, some undated,
// some locked, some empty.
func drawNodes(t *rapid.T, most int) []Node {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	nodes := make([]Node, rapid.IntRange(0, most).Draw(t, "nodes"))
	for i := range nodes {
		var v tfidf.Vector
		for term := range 12 {
			if r.IntN(3) == 0 {
				v.Terms = append(v.Terms, tfidf.Term(term))
				v.Weights = append(v.Weights, float32(r.ExpFloat64()))
			}
		}
		n := Node{Vector: scaled(v, 1/v.Length())}
		if r.IntN(5) > 0 {
			n.Dated, n.Time = true, int64(r.IntN(8*day))
		}
		if r.IntN(5) == 0 {
			n.Story = 1 + r.IntN(4)
			n.Size = 1 + r.IntN(5)
		}
		if i > 0 && r.IntN(8) == 0 {
			n = nodes[r.IntN(i)]
		}
		nodes[i] = n
	}
	return nodes
}

func drawOptions(t *rapid.T) Options {
	o := Defaults()
	o.Threshold = rapid.Float64Range(.15, .8).Draw(t, "threshold")
	o.Top = rapid.IntRange(1, 6).Draw(t, "top")
	o.Shared = rapid.IntRange(1, o.Top).Draw(t, "shared")
	o.Sigma = rapid.Float64Range(.5, 5).Draw(t, "sigma")
	o.PostingCap = rapid.SampledFrom([]int{2, 5, 5000}).Draw(t, "cap")
	o.Method = rapid.SampledFrom([]Method{ByAverageLink, ByComponents, ByPropagation}).Draw(t, "method")
	return o
}

// TestGraphIsEveryPair holds the index to a comparison of every node with every other.
func TestGraphIsEveryPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, o := drawNodes(t, 40), drawOptions(t)
		o.PostingCap, o.Support = 5000, 0
		dated := 0
		for i := range nodes {
			if nodes[i].Dated {
				dated++
			}
		}
		var want []Link
		for a := range nodes {
			for b := a + 1; b < len(nodes); b++ {
				na, nb := nodes[a], nodes[b]
				shared := 0
				for _, s := range na.Vector.Top(o.Top) {
					for _, u := range nb.Vector.Top(o.Top) {
						if s.Term == u.Term {
							shared++
						}
					}
				}
				days := o.Sigma
				switch {
				case na.Dated && nb.Dated:
					days = math.Abs(float64(na.Time-nb.Time)) / day
				case na.Dated == nb.Dated:
					days = 0
				}
				cosine := na.Vector.Dot(nb.Vector)
				weight := cosine // of a pair with and without a date where most have none
				locked := na.Story > 0 && nb.Story > 0 && na.Story != nb.Story
				if !na.Dated && !nb.Dated || na.Dated && nb.Dated || 2*dated >= len(nodes) {
					weight = cosine * math.Exp(-days*days/(2*o.Sigma*o.Sigma))
				}
				if shared >= o.Shared && (days <= o.Horizon || days == o.Sigma) && weight >= o.Floor && !locked {
					want = append(want, Link{int32(a), int32(b), float32(cosine), float32(weight)})
				}
			}
		}
		got, _ := Graph(nodes, o)
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-6)); d != "" {
			t.Fatalf("links (every pair -, index +):\n%s", d)
		}
	})
}

// TestPartitionHonoursPairs holds all methods to the pairs that must and must not be together.
func TestPartitionHonoursPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, o := drawNodes(t, 30), drawOptions(t)
		for i := range nodes {
			nodes[i].Together = max(0, rapid.IntRange(-10, 4).Draw(t, "together"))
		}
		start := byStory(nodes)
		var never [][2]int32
		for range min(len(nodes), 1) * rapid.IntRange(0, 20).Draw(t, "pairs") {
			a, b := rapid.IntRange(0, len(nodes)-1).Draw(t, "a"), rapid.IntRange(0, len(nodes)-1).Draw(t, "b")
			if start[a] != start[b] {
				never = append(never, [2]int32{int32(a), int32(b)})
			}
		}
		links, _ := Graph(nodes, o)
		group := Partition(nodes, links, o, never...)
		for i := range nodes {
			if group[i] != group[start[i]] {
				t.Fatalf("nodes %d and %d are not together: %v", start[i], i, group)
			}
			for j := range nodes {
				a, b := nodes[i], nodes[j]
				if a.Together != 0 && a.Together == b.Together && a.Story == b.Story && group[i] != group[j] {
					t.Fatalf("nodes %d and %d of Together %d are in two groups: %v", i, j, a.Together, group)
				}
				if group[i] == group[j] && apart(a.Story, b.Story) {
					t.Fatalf("nodes %d and %d of two earlier stories are in one group: %v", i, j, group)
				}
			}
		}
		for _, p := range never {
			if group[p[0]] == group[p[1]] {
				t.Fatalf("nodes %d and %d are in one group: %v", p[0], p[1], group)
			}
		}
	})
}

func TestSupport(t *testing.T) {
	o := Defaults()
	o.Support = 2
	for _, tt := range []struct {
		name  string
		links []Link
		want  []float32
	}{
		{"a pair alone", []Link{{0, 1, .4, .4}}, []float32{.4}},
		// Of 0, 1 says .5 of itself and .5 of 2: every link has the support .5.
		{"all alike", []Link{{0, 1, .5, .5}, {0, 2, .5, .5}, {1, 2, .5, .5}}, []float32{.5, .5, .5}},
		// For 0-1, 0 hears .4 from 1 alone; 1 hears .4 from 0 and nothing of 0 from 2: .2. Mean .3.
		{"bridges lose", []Link{{0, 1, .4, .4}, {1, 2, .4, .4}}, []float32{.35, .35}},
		// For 0-2, 0 hears .8 from 1 and .2 from 2, (.8·.8+.2·.2)/1 = .68; so does 2. For 0-1, 0 hears
		// .8 from 1 and .8 from 2, .8; 1 hears .8 from 0 and .2 from 2, .5.
		{"a weak link between friends gains", []Link{{0, 1, .8, .8}, {0, 2, .2, .2}, {1, 2, .8, .8}}, []float32{.725, .44, .725}},
		// 3 is the third of 0 and is not heard by it; but 3 hears 0, .3 of itself.
		{"the heaviest only", []Link{{0, 1, .5, .5}, {0, 2, .5, .5}, {0, 3, .3, .3}}, []float32{.4375, .4375, .225}},
	} {
		newNetwork(4, tt.links).support(tt.links, o)
		for i, l := range tt.links {
			if math.Abs(float64(l.Weight-tt.want[i])) > 1e-5 {
				t.Errorf("%s: link %d-%d: weight %v, want %v", tt.name, l.A, l.B, l.Weight, tt.want[i])
			}
		}
	}
}

// TestSecondFindsWhatTheIndexMisses: 0 and 2 share no heavy terms, but both share some with 1.
func TestSecondFindsWhatTheIndexMisses(t *testing.T) {
	nodes := []Node{page(0, "abcyz"), page(0, "bcdyz"), page(0, "cdeyz")}
	o := Defaults()
	o.Top = 3
	linked := func() bool {
		links, _ := Graph(nodes, o)
		return slices.ContainsFunc(links, func(l Link) bool { return l.A == 0 && l.B == 2 })
	}
	if !linked() {
		t.Error("the neighbours of a node are not linked")
	}
	if o.Support = 0; linked() {
		t.Error("the index finds them by itself: choose other terms")
	}
}

func TestProbeIsDot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p probe
		nodes := drawNodes(t, 20)
		scale := rapid.SampledFrom([]tfidf.Term{1, 1 << 60, 0x9e3779b97f4a7c15}).Draw(t, "scale")
		for i := range nodes {
			v := &nodes[i].Vector
			v.Terms = slices.Clone(v.Terms)
			for j := range v.Terms {
				v.Terms[j] *= scale
			}
			slices.Sort(v.Terms)
		}
		for _, a := range nodes {
			p.set(a.Vector)
			for _, b := range nodes {
				if got, want := p.dot(b.Vector), a.Vector.Dot(b.Vector); got != want {
					t.Fatalf("product %v, want %v", got, want)
				}
			}
		}
	})
}

func TestMostIsNotUnderTheProduct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawNodes(t, 20)
		for i := range nodes {
			by := rapid.Float64Range(1e-3, 1).Draw(t, "length") // stories have means
			nodes[i].Vector = scaled(nodes[i].Vector, by)
		}
		all := newOutlines(nodes, 2)
		var laid outlined
		for i := range nodes {
			laid.set(all.of(int32(i)))
			for j := range nodes {
				o, n := all.of(int32(j)), &nodes[j]
				dot := nodes[i].Vector.Dot(n.Vector)
				// These few terms have slots of their own; two weights count as the heaviest of their four, rounded up by a byte's
				// unit at most.
				bound := 2.1 / 255 * float64(n.Vector.Len()) * nodes[i].Vector.Length() * n.Vector.Length()
				here, there := fours(nodes[i].Vector), fours(n.Vector)
				for term, weight := range here {
					bound += weight * there[term]
				}
				most := laid.most(o)
				if most < dot || most > bound {
					t.Fatalf("product of %v and %v is %v, at most %v", nodes[i].Vector, n.Vector, dot, most)
				}
				if o.time() != n.Time || (o.kind()&isDated != 0) != n.Dated || (o.kind()&isLocked != 0) != (n.Story != 0) {
					t.Fatalf("outline of %+v: time %d, dated %t, locked %t", n, o.time(), o.kind()&isDated != 0, o.kind()&isLocked != 0)
				}
			}
		}
	})
}

// fours returns the heaviest weight of the four terms that each term may stand with in order of weight: those of one byte
// are in any order.
func fours(v tfidf.Vector) map[tfidf.Term]float64 {
	out := map[tfidf.Term]float64{}
	top := v.Top(v.Len())
	heavier := 0
	for _, t := range top {
		for top[heavier].Weight > t.Weight+top[0].Weight/255 {
			heavier++
		}
		out[t.Term] = float64(top[heavier/4*4].Weight)
	}
	return out
}

// TestMostOfLongVectors has vectors of so many terms that some share a slot.
func TestMostOfLongVectors(t *testing.T) {
	nodes := planted(200, 3)
	all := newOutlines(nodes, 1)
	var laid outlined
	over := 0.
	for i := range nodes {
		laid.set(all.of(int32(i)))
		for j := range nodes {
			dot, most := nodes[i].Vector.Dot(nodes[j].Vector), laid.most(all.of(int32(j)))
			if most < dot {
				t.Fatalf("product %v, at most %v", dot, most)
			}
			over += most - dot
		}
	}
	if over /= float64(len(nodes) * len(nodes)); over > .02 {
		t.Errorf("over the product by %.3f in the mean: few pairs are ruled out", over)
	}
}

func TestNeedIsNotOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		o.Horizon = rapid.Float64Range(1e-6, 20).Draw(t, "horizon")
		gap := rapid.Int64Range(0, int64(o.Horizon*day)).Draw(t, "gap")
		if got, want := newNeed(o).at(gap), o.Floor/o.factor(float64(gap)/day); got > want {
			t.Fatalf("%v, want at most %v", got, want)
		}
	})
}

func TestWorkersDoNotMatter(t *testing.T) {
	nodes := planted(3000, 1)
	o := Defaults()
	o.Workers = 1
	want := Cluster(nodes, o)
	if len(want.Links) < 1000 {
		t.Fatalf("%d links: too few to tell anything", len(want.Links))
	}
	o.Workers = 4
	if d := cmp.Diff(want, Cluster(nodes, o)); d != "" {
		t.Error("4 workers differ from 1")
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, o := drawNodes(t, 40), drawOptions(t)
		order := rapid.Permutation(itself(len(nodes))).Draw(t, "order")
		want, got := Cluster(nodes, o), Cluster(arrange(nodes, order), o)

		// Equal nodes can stand for each other, so a story is compared by what its nodes are.
		kind := make([]int, len(nodes))
		for i := range nodes {
			kind[i] = slices.IndexFunc(nodes, func(n Node) bool { return cmp.Equal(n, nodes[i]) })
		}
		back := make([]int32, len(nodes))
		copy(back, order)
		if d := cmp.Diff(kinds(want.Story, itself(len(nodes)), kind), kinds(got.Story, back, kind)); d != "" {
			t.Fatalf("stories (as given -, in another order +):\n%s", d)
		}
		if want.Stats != got.Stats {
			t.Fatalf("stats %+v, in another order %+v", want.Stats, got.Stats)
		}
	})
}

// kinds returns the groups as sorted lists of the kinds of their nodes, in order. Node i is node
// from[i] of those that kind is about.
func kinds(group, from []int32, kind []int) [][]int {
	byGroup := make([][]int, len(group))
	for i, g := range group {
		byGroup[g] = append(byGroup[g], kind[from[i]])
	}
	out := slices.DeleteFunc(byGroup, func(g []int) bool { return g == nil })
	for _, g := range out {
		slices.Sort(g)
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// drawLinks draws links among n nodes; few different weights make many ties.
func drawLinks(t *rapid.T, n int) []Link {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	share := rapid.Float64Range(0, .7).Draw(t, "share")
	coarse := rapid.Bool().Draw(t, "coarse")
	var links []Link
	for a := range n {
		for b := a + 1; b < n; b++ {
			if r.Float64() < share {
				w := .15 + .85*r.Float32()
				if coarse {
					w = float32(2+r.IntN(7)) / 8
				}
				links = append(links, Link{int32(a), int32(b), w, w})
			}
		}
	}
	return links
}

// denseAverageLink is the textbook algorithm in O(n³) on a full matrix of sums.
func denseAverageLink(nodes []Node, links []Link, threshold float64) []int32 {
	n := len(nodes)
	if n == 0 {
		return nil
	}
	sums := mat.NewSymDense(n, nil)
	size, story, group := make([]float64, n), make([]int, n), itself(n)
	for i := range nodes {
		size[i], story[i] = float64(max(nodes[i].Size, 1)), nodes[i].Story
	}
	for _, l := range links {
		// The fixed point of the package, so that ties are ties.
		sums.SetSym(int(l.A), int(l.B), float64(Fixed(l.Weight))*size[l.A]*size[l.B])
	}
	merge := func(a, b int) { // b into a, a < b
		for x := range n {
			sums.SetSym(a, x, sums.At(a, x)+sums.At(b, x))
		}
		size[a], story[a] = size[a]+size[b], max(story[a], story[b])
		for i, g := range group {
			if g == int32(b) {
				group[i] = int32(a)
			}
		}
	}
	for a := range n {
		for b := a + 1; b < n; b++ {
			if group[a] == int32(a) && group[b] == int32(b) && story[a] != 0 && story[a] == story[b] {
				merge(a, b)
			}
		}
	}
	for {
		best, bestA, bestB := 0.0, -1, -1
		for a := range n {
			for b := a + 1; b < n; b++ {
				if group[a] != int32(a) || group[b] != int32(b) || story[a] != 0 && story[b] != 0 {
					continue
				}
				if mean := sums.At(a, b) / (one * (size[a] * size[b])); mean >= threshold && mean > best {
					best, bestA, bestB = mean, a, b
				}
			}
		}
		if bestA < 0 {
			return group
		}
		merge(bestA, bestB)
	}
}

func TestAverageLinkIsTheDenseOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawNodes(t, 25)
		links := drawLinks(t, len(nodes))
		threshold := rapid.Float64Range(.1, .9).Draw(t, "threshold")
		want := denseAverageLink(nodes, links, threshold)
		links = rapid.Permutation(links).Draw(t, "links")
		if d := cmp.Diff(want, AverageLink(nodes, links, threshold), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("groups (dense -, sparse +):\n%s", d)
		}
	})
}

// TestPropagationIsTheDenseOne holds label propagation to the same on a full matrix and a map.
func TestPropagationIsTheDenseOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawNodes(t, 25)
		links := drawLinks(t, len(nodes))
		threshold := rapid.Float64Range(.1, .9).Draw(t, "threshold")
		n := len(nodes)
		if n == 0 {
			return
		}
		weights := mat.NewSymDense(n, nil)
		for _, l := range links {
			if float64(l.Weight) >= threshold {
				weights.SetSym(int(l.A), int(l.B), float64(l.Weight))
			}
		}
		label := itself(n)
		for i := range nodes {
			if s := nodes[i].Story; s != 0 {
				label[i] = int32(slices.IndexFunc(nodes, func(n Node) bool { return n.Story == s }))
			}
		}
		for range 20 {
			for i := range nodes {
				sums := map[int32]float64{}
				for j := range nodes {
					if w := weights.At(i, j); w > 0 {
						// Of eighths, or of so different numbers that rounding does not matter.
						sums[label[j]] += w * float64(nodes[j].size())
					}
				}
				if nodes[i].Story != 0 || len(sums) == 0 {
					continue
				}
				best := int32(-1)
				for l, sum := range sums {
					if best < 0 || sum > sums[best] || sum == sums[best] && l < best {
						best = l
					}
				}
				label[i] = best
			}
		}
		if d := cmp.Diff(lowest(label), Propagation(nodes, links, threshold)); d != "" {
			t.Fatalf("groups (dense -, sparse +):\n%s", d)
		}
	})
}

func TestComponentsAreThoseOfGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := make([]Node, rapid.IntRange(1, 40).Draw(t, "nodes"))
		links := drawLinks(t, len(nodes))
		g := simple.NewUndirectedGraph()
		for i := range nodes {
			g.AddNode(simple.Node(i))
		}
		for _, l := range links {
			if l.Weight >= .75 {
				g.SetEdge(simple.Edge{F: simple.Node(l.A), T: simple.Node(l.B)})
			}
		}
		want := make([]int32, len(nodes))
		for _, c := range topo.ConnectedComponents(g) {
			first := slices.MinFunc(c, func(a, b graph.Node) int { return int(a.ID() - b.ID()) })
			for _, n := range c {
				want[n.ID()] = int32(first.ID())
			}
		}
		if d := cmp.Diff(want, Components(nodes, links, .75)); d != "" {
			t.Fatalf("groups (gonum -, own +):\n%s", d)
		}
	})
}

func TestNeverKeepsNodesApart(t *testing.T) {
	// Five pages that are alike. The first and the last are never together, nor the second and the last.
	var links []Link
	nodes := make([]Node, 5)
	for a := range int32(5) {
		for b := a + 1; b < 5; b++ {
			links = append(links, Link{A: a, B: b, Cosine: .8, Weight: .8 - .01*float32(a+b)})
		}
	}
	if got := AverageLink(nodes, links, .2); !slices.Equal(got, []int32{0, 0, 0, 0, 0}) {
		t.Errorf("without pairs: %v", got)
	}
	if got := AverageLink(nodes, links, .2, [2]int32{0, 4}, [2]int32{4, 1}); !slices.Equal(got, []int32{0, 0, 0, 0, 4}) {
		t.Errorf("with pairs: %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		nodes, o := drawNodes(t, 12), Defaults()
		o.Threshold = rapid.Float64Range(.15, .8).Draw(t, "threshold")
		links, _ := Graph(nodes, o)
		var never [][2]int32
		for range rapid.IntRange(0, 6).Draw(t, "pairs") {
			a, b := rapid.Int32Range(0, 11).Draw(t, "a"), rapid.Int32Range(0, 11).Draw(t, "b")
			if a != b && int(max(a, b)) < len(nodes) && (nodes[a].Story == 0 || nodes[a].Story != nodes[b].Story) {
				never = append(never, [2]int32{a, b})
			}
		}
		group := AverageLink(nodes, links, o.Threshold, never...)
		if d := cmp.Diff(group, averageLink(nodes, links, o.Threshold, 3, never)); d != "" {
			t.Fatalf("one worker (-), three (+)\n%s", d)
		}
		for _, p := range never {
			if group[p[0]] == group[p[1]] {
				t.Fatalf("%v are together in %v", p, group)
			}
		}
	})
}

// TestCandidatesAreProposedOnce has more nodes than a byte counts, which share more terms than are needed.
func TestCandidatesAreProposedOnce(t *testing.T) {
	nodes := planted(1000, 1)
	for _, shared := range []int{1, 2, 3, 5} {
		o := Defaults()
		o.Workers, o.Shared = 1, shared
		web, _ := NewWeb(nodes, o)
		if err := web.Check(); err != nil || len(web.Indexed) == 0 {
			t.Errorf("with %d shared terms, %d links: %v", shared, len(web.Indexed), err)
		}
	}
}

// TestTilesEnd has nodes with so many candidates that a tile ends before its last node. All of them have two light terms
// in common, and every one a heavy term with the one that is half of the nodes away.
func TestTilesEnd(t *testing.T) {
	const n = 3 * tilePairs / chunk / 2
	if size := tileOf(n); size*(n-size) < tilePairs {
		t.Fatalf("tiles of %d nodes with less than %d candidates each are whole", size, n)
	}
	nodes := make([]Node, n)
	for i := range nodes {
		nodes[i] = Node{Dated: true, Vector: tfidf.Vector{Terms: []tfidf.Term{1, 2, tfidf.Term(3 + i%(n/2))}, Weights: []float32{.05, .05, .99}}}
	}
	o := Defaults()
	o.PostingCap, o.Support, o.Workers = n, 0, 2
	links, stats := Graph(nodes, o)
	if want := int64(n) * int64(n-1) / 2; stats.Candidates != want {
		t.Errorf("%d candidates, want %d", stats.Candidates, want)
	}
	if len(links) != n/2 {
		t.Fatalf("%d links, want %d", len(links), n/2)
	}
	for i, l := range links {
		if int(l.A) != i || int(l.B) != i+n/2 {
			t.Fatalf("link %d is %+v", i, l)
		}
	}
}
