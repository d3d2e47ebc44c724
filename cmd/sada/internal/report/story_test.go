package report

import (
	"testing"

	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
	"pgregory.net/rapid"
)

func TestBridges(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     int
		edges [][2]int
		want  []bridge
	}{
		{"two triangles", 6, [][2]int{{0, 1}, {1, 2}, {0, 2}, {3, 4}, {4, 5}, {3, 5}, {2, 3}}, []bridge{{6, 3, 3}}},
		{"a leaf hangs on nothing else", 3, [][2]int{{0, 1}, {1, 2}}, nil},
		{"a path of four", 4, [][2]int{{0, 1}, {1, 2}, {2, 3}}, []bridge{{1, 2, 2}}},
		{"the same pair twice", 4, [][2]int{{0, 1}, {1, 2}, {1, 2}, {2, 3}}, nil},
		{"no edges", 3, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := bridges(c.n, c.edges)
			if len(got) != len(c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%v, want %v", got[i], c.want[i])
				}
			}
		})
	}
}

// Without a bridge the graph has one part more, and no other edge does that.
func TestBridgesByTakingEdgesAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "nodes")
		seen := make(map[[2]int]bool)
		var edges [][2]int
		for range rapid.IntRange(0, 14).Draw(t, "edges") {
			a, b := rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b")
			if e := [2]int{min(a, b), max(a, b)}; a != b && !seen[e] {
				seen[e] = true
				edges = append(edges, e)
			}
		}
		components := func(without int) [][]int64 {
			g := simple.NewUndirectedGraph()
			for i := range n {
				g.AddNode(simple.Node(i))
			}
			for i, e := range edges {
				if i != without {
					g.SetEdge(simple.Edge{F: simple.Node(e[0]), T: simple.Node(e[1])})
				}
			}
			var out [][]int64
			for _, c := range topo.ConnectedComponents(g) {
				var ids []int64
				for _, x := range c {
					ids = append(ids, x.ID())
				}
				out = append(out, ids)
			}
			return out
		}
		all := len(components(-1))
		got := make(map[int]bridge)
		for _, b := range bridges(n, edges) {
			got[b.row] = b
		}
		for i, e := range edges {
			parts := components(i)
			sizes := [2]int{}
			for _, p := range parts {
				for _, id := range p {
					if int(id) == e[0] {
						sizes[0] = len(p)
					}
					if int(id) == e[1] {
						sizes[1] = len(p)
					}
				}
			}
			want := len(parts) > all && min(sizes[0], sizes[1]) >= 2
			b, ok := got[i]
			if ok != want || ok && (b.small != min(sizes[0], sizes[1]) || b.big != max(sizes[0], sizes[1])) {
				t.Fatalf("edge %d of %v: %v, want %t with sides %v", i, edges, b, want, sizes)
			}
		}
	})
}
