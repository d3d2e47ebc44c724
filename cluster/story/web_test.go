package story

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sada/features/tfidf"
)

// evolving is nodes that come and go, with vectors that may be others every night.
type evolving struct {
	r      *rand.Rand
	steady bool // every node keeps its vector
	nodes  []Node
	of     []uint64 // of every node: what it is made of
}

func (e *evolving) vector(of uint64, night int) tfidf.Vector {
	if e.steady {
		night = 0
	}
	r := rand.New(rand.NewPCG(of, 0))
	var counts []tfidf.Count
	for range 2 + r.IntN(9) {
		counts = append(counts, tfidf.Count{Term: tfidf.Term(r.IntN(25)), N: 1 + uint32(r.IntN(3))})
	}
	change := rand.New(rand.NewPCG(of, uint64(night)))
	length := 0.
	v := tfidf.Vector{}
	for _, c := range tfidf.Fold(counts) {
		w := float64(c.N)
		if change.IntN(4) == 0 && !e.steady {
			w += change.Float64()
		}
		length += w * w
		v.Terms, v.Weights = append(v.Terms, c.Term), append(v.Weights, float32(w))
	}
	for i := range v.Weights {
		v.Weights[i] /= float32(math.Sqrt(length))
	}
	return v
}

// night lets nodes come and go. from is as Grow has it.
func (e *evolving) night() (from []int32) {
	var nodes []Node
	var of []uint64
	when, undated := e.r.IntN(40), e.r.IntN(2) // half a day each; whether some have no date
	add := func() {
		n := Node{Size: 1, Time: int64(when+e.r.IntN(8)) * day / 2, Dated: e.r.IntN(8) >= undated}
		if !n.Dated {
			n.Time = 0
		}
		nodes, of, from = append(nodes, n), append(of, e.r.Uint64N(60)), append(from, -1)
	}
	for i := range e.nodes {
		for e.r.IntN(6) == 0 {
			add()
		}
		if e.r.IntN(8) > 0 {
			nodes, of, from = append(nodes, e.nodes[i]), append(of, e.of[i]), append(from, int32(i))
		}
	}
	for range e.r.IntN(12) {
		add()
	}
	e.nodes, e.of = nodes, of
	return from
}

// plain is Grow by its definition: all pairs are looked for, and what was known of a pair is kept.
func plain(w *Web, nodes []Node, from []int32, o Options) *Web {
	known := func(links []Link) map[[2]int32]Link {
		out := make(map[[2]int32]Link)
		for _, l := range links {
			out[[2]int32{l.A, l.B}] = l
		}
		return out
	}
	next := &Web{Nodes: len(nodes), Undated: oneDated(nodes) == 1}
	if next.Undated != w.Undated {
		w, from = new(Web), slices.Repeat([]int32{-1}, len(nodes))
	}
	indexed, closed := known(w.Indexed), known(w.Closed)
	was := neighbours(w.Nodes, w.Indexed, o.Support)
	alone := o
	alone.Support = 0
	found, _ := Graph(nodes, alone)
	fresh := known(found)
	each := func(do func(a, b int32, old [2]int32, both bool)) {
		for a := range int32(len(nodes)) {
			for b := a + 1; b < int32(len(nodes)); b++ {
				do(a, b, [2]int32{from[a], from[b]}, from[a] >= 0 && from[b] >= 0)
			}
		}
	}
	each(func(a, b int32, old [2]int32, both bool) {
		l, ok := fresh[[2]int32{a, b}]
		if both {
			l, ok = indexed[old]
		}
		if ok {
			next.Indexed = append(next.Indexed, Link{a, b, l.Cosine, l.Weight})
		}
	})
	if o.Support == 0 {
		return next
	}
	is := neighbours(len(nodes), next.Indexed, o.Support)
	now := known(next.Indexed)
	s := &scan{nodes: nodes, o: o, oneDated: oneDated(nodes)}
	each(func(a, b int32, old [2]int32, both bool) {
		if _, ok := now[[2]int32{a, b}]; ok || !is.second(a, b) && !is.second(b, a) {
			return
		}
		l, ok := Link{}, false
		if both && (was.second(old[0], old[1]) || was.second(old[1], old[0])) {
			l, ok = closed[old]
		} else {
			s.links = s.links[:0]
			s.probe.set(nodes[b].Vector)
			if s.compare(a, b); len(s.links) > 0 {
				l, ok = s.links[0], true
			}
		}
		if ok {
			next.Closed = append(next.Closed, Link{a, b, l.Cosine, l.Weight})
		}
	})
	return next
}

type circle [][]int32

// neighbours returns the heaviest neighbours of every node.
func neighbours(n int, links []Link, support int) circle {
	out := make(circle, n)
	for i := range out {
		var mine []Link
		for _, l := range links {
			if int(l.A) == i || int(l.B) == i {
				mine = append(mine, l)
			}
		}
		other := func(l Link) int32 { return l.A + l.B - int32(i) }
		part := func(l Link) int64 { return int64(float64(l.Weight)*part + .5) }
		slices.SortFunc(mine, func(l, m Link) int {
			if part(l) != part(m) {
				return int(part(m) - part(l))
			}
			return int(other(l) - other(m))
		})
		for _, l := range mine[:min(support, len(mine))] {
			out[i] = append(out[i], other(l))
		}
	}
	return out
}

func (c circle) second(a, b int32) bool {
	return slices.ContainsFunc(c[a], func(e int32) bool { return slices.Contains(c[e], b) })
}

// A web that grew is the one of its definition, and that of all nodes at once if vectors stay.
func TestWebGrows(t *testing.T) {
	closed, kept := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		e := &evolving{r: r, steady: r.IntN(2) == 0}
		o := Defaults()
		o.Threshold, o.Floor, o.Top, o.Support = .3, .2, 3+r.IntN(6), r.IntN(4)
		w := new(Web)
		for night := range 6 {
			from := e.night()
			o.Workers = 1 + r.IntN(3)
			all := slices.Clone(e.nodes)
			for i := range all {
				all[i].Vector = e.vector(e.of[i], night)
			}
			nodes := slices.Clone(e.nodes)
			asked := make([]int, len(nodes))
			next, stats := w.Grow(nodes, from, func(places []int32) {
				for _, i := range places {
					asked[i]++
					nodes[i].Vector = all[i].Vector
				}
			}, o)
			if d := cmp.Diff(plain(w, all, from, o), next, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("night %d: by definition (-), grown (+)\n%s", night, d)
			}
			if e.steady {
				once, _ := NewWeb(all, o)
				if d := cmp.Diff(once, next, cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("night %d: at once (-), grown (+)\n%s", night, d)
				}
			}
			if slices.Max(append(asked, 0)) > 1 {
				t.Fatalf("a vector was asked for twice: %v", asked)
			}
			if stats.Links != len(next.Links(o)) || next.Check() != nil {
				t.Fatalf("%d links, %v", stats.Links, next.Check())
			}
			closed += len(next.Closed)
			for i, n := range asked {
				if from[i] >= 0 && n == 0 {
					kept++
				}
			}
			w = next
		}
	})
	if closed == 0 || kept == 0 { // a fifth of the draws have been seen with 88 pairs, all of them with 500 at least
		t.Errorf("%d pairs of neighbours of neighbours, %d nodes whose vectors were not asked for", closed, kept)
	}
}

// TestGrowReadsAWindow has a page a day on one subject: what comes on two days is compared with the days around each of them
// and no others, and no term is in too many of these.
func TestGrowReadsAWindow(t *testing.T) {
	o := Defaults()
	o.PostingCap = 3
	vector := tfidf.Vector{Terms: []tfidf.Term{1, 2}, Weights: []float32{math.Sqrt2 / 2, math.Sqrt2 / 2}}
	var nodes, known []Node
	var from []int32
	for i := range 100 {
		nodes = append(nodes, Node{Time: int64(i) * day, Dated: true, Vector: vector})
		if i == 50 || i == 99 {
			from = append(from, -1)
			continue
		}
		from = append(from, int32(len(known)))
		known = append(known, nodes[i])
	}
	before, _ := NewWeb(known, o)
	grown, stats := before.Grow(nodes, from, func([]int32) {}, o)
	if want := int64(2 * (3 + 3 + 3)); stats.Postings != want || stats.SkippedPostings != 0 {
		t.Errorf("%d postings are read and %d lists skipped, want %d: two terms on the three days before each, and three days that look back", stats.Postings, stats.SkippedPostings, want)
	}
	if want, _ := NewWeb(nodes, o); !cmp.Equal(want.Indexed, grown.Indexed) {
		t.Error(cmp.Diff(want.Indexed, grown.Indexed))
	}
}
