package pipeline

import (
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

// components gives every node of a graph the lowest node that it is connected with.
//
// Rounds of large-star and small-star (Kiveris et al., Connected components in MapReduce and beyond, 2014)
// turn every component into a star around its lowest node, in a number of rounds that grows with the
// logarithm of the longest way. A pipeline cannot loop, so the rounds are bounded: what is no star after
// them is finished on one key, by its edges between inner nodes alone. Three rounds leave none of copies
// and of the hosts of one text, which are stars nearly from the beginning.
func components(s beam.Scope, edges beam.PCollection, rounds int) beam.PCollection {
	for range rounds {
		edges = beam.ParDo(s, &largeStar{}, join(s, "largeStar", beam.ParDo(s, &twoWays{}, edges)))
		edges = beam.ParDo(s, &smallStar{}, join(s, "smallStar", beam.ParDo(s, &downwards{}, edges)))
	}
	parents, rest := beam.ParDo2(s, &finish{}, join(s, "finish", beam.ParDo(s, &twoWays{}, edges)))
	roots := beam.ParDo(s, &unite{}, join(s, "unite", rest))
	return beam.ParDo(s, &relabel{}, join(s, "relabel", parents, roots))
}

type (
	twoWays   struct{} // every edge from both of its ends
	downwards struct{} // every edge from its higher end
	largeStar struct{} // links the higher neighbours of a node with the lowest
	smallStar struct{} // links the lower neighbours of a node, and itself, with the lowest
	finish    struct{} // the parent of every node, and the edges that are not of a star
	unite     struct{} // roots of the nodes that those edges connect
	relabel   struct{}
)

func init() {
	beam.RegisterType(reflect.TypeFor[twoWays]())
	beam.RegisterType(reflect.TypeFor[downwards]())
	beam.RegisterType(reflect.TypeFor[largeStar]())
	beam.RegisterType(reflect.TypeFor[smallStar]())
	beam.RegisterType(reflect.TypeFor[finish]())
	beam.RegisterType(reflect.TypeFor[unite]())
	beam.RegisterType(reflect.TypeFor[relabel]())
}

func (*twoWays) ProcessElement(a, b int64, emit func(int64, int64)) {
	emit(a, b)
	emit(b, a)
}

func (*downwards) ProcessElement(a, b int64, emit func(int64, int64)) { emit(max(a, b), min(a, b)) }

// neighbours returns the different neighbours of a node, ascending: 8 bytes for each.
func neighbours(next func(*int64) bool) []int64 {
	out := values(next)
	slices.Sort(out)
	return slices.Compact(out)
}

func (*largeStar) ProcessElement(node int64, near func(*int64) bool, emit func(int64, int64)) {
	all := neighbours(near)
	lowest := min(node, all[0])
	for _, n := range all {
		if n > node {
			emit(n, lowest)
		}
	}
}

func (*smallStar) ProcessElement(node int64, near func(*int64) bool, emit func(int64, int64)) {
	all := neighbours(near)
	for _, n := range append(all[1:], node) {
		if n != all[0] {
			emit(n, all[0])
		}
	}
}

// edge is one of those that are finished on one key.
type edge struct{ A, B int64 }

func (*finish) ProcessElement(node int64, near func(*int64) bool, parents func(int64, int64), rest func(int64, []byte)) {
	all := neighbours(near)
	lower, _ := slices.BinarySearch(all, node)
	if lower == 0 {
		parents(node, node)
		return
	}
	parents(all[0], node)
	for _, n := range all[1:lower] {
		rest(0, pack(edge{all[0], n}))
	}
	if lower < len(all) {
		rest(0, pack(edge{all[0], node}))
	}
}

func (*unite) ProcessElement(_ int64, edges func(*[]byte) bool, emit func(int64, int64)) {
	forest := make(map[int64]int64)
	var root func(int64) int64
	root = func(n int64) int64 {
		p, ok := forest[n]
		if !ok || p == n {
			forest[n] = n
			return n
		}
		r := root(p)
		forest[n] = r
		return r
	}
	for b := []byte(nil); edges(&b); b = nil {
		e := unpack[edge](b)
		x, y := root(e.A), root(e.B)
		forest[max(x, y)] = min(x, y)
	}
	for n := range forest {
		emit(n, root(n))
	}
}

func (*relabel) ProcessElement(parent int64, children, roots func(*int64) bool, emit func(int64, int64)) {
	label := parent
	roots(&label)
	for n := int64(0); children(&n); {
		emit(n, label)
	}
}
