package eval

import (
	"container/heap"
	"math"
)

// CEAFe is the entity-based constrained entity alignment (Luo 2005): gold and run
// clusters are matched one to one so that the sum of the similarities
//
//	phi4(G, C) = 2 |G ∩ C| / (|G| + |C|)
//
// is largest; then precision is the sum over the number of run clusters, recall
// the sum over the number of gold clusters. An empty table gives NaN.
//
// The best matching is found exactly, by the Kuhn-Munkres method on the non-empty
// cells alone (shortest augmenting paths with potentials, Jonker and Volgenant
// 1987). The time is near linear where clusters overlap few others, and grows to
// the square of a connected block in the worst case.
func CEAFe(t Table) PRF {
	if t.N == 0 {
		return nanPRF()
	}
	sum := 0.0
	similarity, _ := matchClusters(t)
	for _, s := range similarity {
		sum += s
	}
	return newPRF(sum/float64(len(t.Run)), sum/float64(len(t.Gold)))
}

// matchClusters gives, for each gold cluster, its partner in the best one-to-one
// matching and the phi4 similarity to it, or -1 and 0 without a partner.
func matchClusters(t Table) (similarity []float64, partner []int) {
	m := newMatcher(t)
	for g := range t.Gold {
		m.assign(g)
	}
	similarity = make([]float64, len(t.Gold))
	for g, c := range m.colOf {
		if c < 0 {
			continue
		}
		for e := m.start[g]; e < m.start[g+1]; e++ {
			if m.col[e] == c {
				similarity[g] = -m.cost[e]
			}
		}
	}
	return similarity, m.colOf
}

// matcher solves a sparse assignment of least cost. Each row may stay unmatched
// at cost 0. It keeps u[row] + v[col] <= cost for every edge, with equality on
// matched ones, which is what makes the result optimal.
type matcher struct {
	start []int // by row: its first edge; one more at the end
	col   []int // by edge
	cost  []float64

	u, v  []float64
	colOf []int // by row, -1: unmatched
	rowOf []int // by column, -1: free

	dist    []float64 // by column, +Inf: not reached
	from    []int     // by column: row it was reached from
	scanned []bool    // by column
	reached []int     // columns to reset after a search
	queue   columnHeap
}

func newMatcher(t Table) *matcher {
	m := &matcher{
		start: make([]int, len(t.Gold)+1),
		col:   make([]int, len(t.Cells)), cost: make([]float64, len(t.Cells)),
		u: make([]float64, len(t.Gold)), v: make([]float64, len(t.Run)),
		colOf: make([]int, len(t.Gold)), rowOf: make([]int, len(t.Run)),
		dist: make([]float64, len(t.Run)), from: make([]int, len(t.Run)),
		scanned: make([]bool, len(t.Run)),
	}
	for e, c := range t.Cells {
		m.start[c.Gold+1] = e + 1
		m.col[e] = c.Run
		m.cost[e] = -2 * float64(c.N) / float64(t.Gold[c.Gold]+t.Run[c.Run])
		m.u[c.Gold] = min(m.u[c.Gold], m.cost[e])
	}
	for g := range m.colOf {
		m.colOf[g] = -1
	}
	for c := range m.rowOf {
		m.rowOf[c] = -1
		m.dist[c] = math.Inf(1)
	}
	return m
}

// assign matches one more row, moving earlier rows where that is cheaper.
func (m *matcher) assign(source int) {
	var (
		row, base = source, 0.0
		rows      = []int{source} // rows whose edges were followed
		best      = math.Inf(1)   // cost of leaving the row `loser` unmatched
		loser     = -1
		sink      = -1 // free column that ends the path; -1: loser stays unmatched
	)
	for {
		for e := m.start[row]; e < m.start[row+1]; e++ {
			c := m.col[e]
			if d := base + m.cost[e] - m.u[row] - m.v[c]; !m.scanned[c] && d < m.dist[c] {
				if math.IsInf(m.dist[c], 1) {
					m.reached = append(m.reached, c)
				}
				m.dist[c], m.from[c] = d, row
				heap.Push(&m.queue, columnAt{d, c})
			}
		}
		if d := base - m.u[row]; d < best {
			best, loser = d, row
		}
		for len(m.queue) > 0 && m.scanned[m.queue[0].col] {
			heap.Pop(&m.queue)
		}
		if len(m.queue) == 0 || best <= m.queue[0].dist {
			base = best
			break
		}
		next := heap.Pop(&m.queue).(columnAt)
		base = next.dist
		if m.rowOf[next.col] < 0 {
			sink = next.col
			break
		}
		m.scanned[next.col] = true
		row = m.rowOf[next.col]
		rows = append(rows, row)
	}

	for _, r := range rows {
		if r == source {
			m.u[r] += base
		} else {
			m.u[r] += base - m.dist[m.colOf[r]]
		}
	}
	for _, c := range m.reached {
		if m.scanned[c] {
			m.v[c] -= base - m.dist[c]
		}
	}

	// Walk the path back to the source and shift the matches along it.
	if sink < 0 {
		sink, m.colOf[loser] = m.colOf[loser], -1
		row = loser
	} else {
		row = m.from[sink]
		m.rowOf[sink] = row
		sink, m.colOf[row] = m.colOf[row], sink
	}
	for row != source {
		row = m.from[sink]
		m.rowOf[sink] = row
		sink, m.colOf[row] = m.colOf[row], sink
	}

	for _, c := range m.reached {
		m.dist[c], m.scanned[c] = math.Inf(1), false
	}
	m.reached, m.queue = m.reached[:0], m.queue[:0]
}

// columnAt is a column in the search queue.
type columnAt struct {
	dist float64
	col  int
}

type columnHeap []columnAt

func (h columnHeap) Len() int { return len(h) }
func (h columnHeap) Less(i, j int) bool {
	return h[i].dist < h[j].dist || h[i].dist == h[j].dist && h[i].col < h[j].col
}
func (h columnHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *columnHeap) Push(x any)   { *h = append(*h, x.(columnAt)) }
func (h *columnHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
