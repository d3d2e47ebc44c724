package story

import (
	"cmp"
	"slices"
)

// one is the weight 1 in the fixed point numbers in which weights are added up: sums of integers do
// not depend on the order of adding, so the stories do not either. 26 bits hold every float32 from
// .125 to 1 exactly; smaller ones are rounded. They leave 37 bits for the number of pairs between
// two groups: 370,000 pages in each.
const one = 1 << 26

// Fixed returns a weight as the fixed point number that is added up.
func Fixed(weight float32) int64 { return int64(float64(weight)*one + .5) }

// Mean returns the mean weight of so many pairs of pages by the sum of their [Fixed] weights; 0 if there is none.
func Mean(sum, pairs int64) float64 {
	if pairs == 0 {
		return 0
	}
	return float64(sum) / (one * float64(pairs))
}

// Reaches says whether a [Fixed] weight is at least least.
func Reaches(fixed int64, least float64) bool { return float64(fixed) >= least*one }

// neighbour is a node, or group, and the sum of the weights of all pairs of pages between it and the
// owner of the list.
type neighbour struct {
	node int32
	sum  int64
}

// adjacency returns the neighbours of every node in ascending order, all in one block of memory.
// Links of a node count for the node in its slot; pairs of the same slot are left out.
func adjacency(nodes []Node, links []Link, slot []int32) [][]neighbour {
	start := make([]int, len(nodes)+1)
	for _, l := range links {
		if a, b := slot[l.A], slot[l.B]; a != b {
			start[a+1]++
			start[b+1]++
		}
	}
	for i := 1; i < len(start); i++ {
		start[i] += start[i-1]
	}
	block := make([]neighbour, start[len(nodes)])
	next := slices.Clone(start)
	for _, l := range links {
		if a, b := slot[l.A], slot[l.B]; a != b {
			sum := Fixed(l.Weight) * nodes[l.A].size() * nodes[l.B].size()
			block[next[a]] = neighbour{b, sum}
			block[next[b]] = neighbour{a, sum}
			next[a]++
			next[b]++
		}
	}
	lists := make([][]neighbour, len(nodes))
	for i := range lists {
		list := block[start[i]:start[i+1]:start[i+1]]
		if !slices.IsSortedFunc(list, byNode) { // as they are where links ascend and nodes are on their own
			slices.SortFunc(list, byNode)
		}
		n := 0
		for _, p := range list {
			if n > 0 && list[n-1].node == p.node {
				list[n-1].sum += p.sum
				continue
			}
			list[n] = p
			n++
		}
		lists[i] = list[:n]
	}
	return lists
}

func byNode(p, q neighbour) int { return cmp.Compare(p.node, q.node) }

// itself returns the slots of nodes that are all on their own.
func itself(n int) []int32 {
	slot := make([]int32, n)
	for i := range slot {
		slot[i] = int32(i)
	}
	return slot
}

// byStory returns, for every node, the first node of those it starts in one group with, of the same
// earlier story or the same Together, or itself.
func byStory(nodes []Node) []int32 {
	slot := itself(len(nodes))
	story := make([]int, len(nodes)) // of a root
	first := make(map[int]int32)
	for i := range nodes {
		story[i] = nodes[i].Story
		if story[i] != 0 {
			if f, ok := first[story[i]]; ok {
				slot[i] = f
			} else {
				first[story[i]] = int32(i)
			}
		}
	}
	together := make(map[int]int32)
	for i := range nodes {
		n := nodes[i].Together
		if n == 0 {
			continue
		}
		f, ok := together[n]
		if !ok {
			together[n] = int32(i)
			continue
		}
		a, b := root(slot, f), root(slot, int32(i))
		if a > b {
			a, b = b, a
		}
		if a != b && !apart(story[a], story[b]) {
			slot[b] = a
			story[a] = max(story[a], story[b])
		}
	}
	for i := range slot {
		slot[i] = root(slot, int32(i))
	}
	return slot
}

// bars are the nodes that each slot must not meet. Those without any are nil.
type bars [][]int32

func newBars(slot []int32, never [][2]int32) bars {
	if len(never) == 0 {
		return nil
	}
	b := make(bars, len(slot))
	for _, p := range never {
		x, y := slot[p[0]], slot[p[1]]
		b[x], b[y] = append(b[x], p[1]), append(b[y], p[0])
	}
	return b
}

// between tells whether a pair of nodes keeps the groups of two slots apart; in says in which slot a
// node is.
func (b bars) between(x, y int32, in func(node int32) int32) bool {
	if b == nil {
		return false
	}
	if len(b[x]) > len(b[y]) {
		x, y = y, x
	}
	for _, node := range b[x] {
		if in(node) == y {
			return true
		}
	}
	return false
}

// move gives the bars of slot x to slot y.
func (b bars) move(x, y int32) {
	if b != nil {
		b[y] = append(b[y], b[x]...)
		b[x] = nil
	}
}

// AverageLink merges, as long as there is one, the pair of groups with the highest mean weight of at
// least threshold. The mean of groups X and Y is the sum of Size·Size·Weight over the links between
// them, divided by the product of their sizes: every pair of pages counts, one without a link as 0.
// Of equal means, the pair with the lowest first node wins, then that with the lowest second; a
// group is named by its lowest node. Groups of two different earlier stories do not merge, and nodes
// of the same earlier story, or the same Together, start as one group. The nodes of a pair in never are
// never in one group, unless they start in one.
//
// It returns for every node the lowest node of its group. Links may be in any order, each pair once;
// those under threshold matter too. Threshold is over 0.
//
// Time is near O(links·log links): a merge costs the neighbours of the group that has fewer. That
// holds too where all nodes are linked with all, as pages from one template are; there it is the
// links that are many. Memory is 32 bytes for a link and 24 more for one over threshold.
func AverageLink(nodes []Node, links []Link, threshold float64, never ...[2]int32) []int32 {
	return averageLink(nodes, links, threshold, 1, never)
}

// averageLink is AverageLink with workers. A mean over threshold takes a link over it, so that groups are within the
// components that such links make: links and pairs of never between two components have no say, and components
// are merged at the same time.
func averageLink(nodes []Node, links []Link, threshold float64, workers int, never [][2]int32) []int32 {
	slot := byStory(nodes)
	component := slices.Clone(slot)
	for _, l := range links {
		if Reaches(Fixed(l.Weight), threshold) {
			a, b := root(component, l.A), root(component, l.B)
			component[max(a, b)] = min(a, b)
		}
	}
	for i := range component {
		component[i] = root(component, int32(i))
	}
	within := make([]Link, 0, len(links))
	for _, l := range links {
		if component[l.A] == component[l.B] {
			within = append(within, l)
		}
	}
	var barred [][2]int32
	for _, p := range never {
		if component[p[0]] == component[p[1]] {
			barred = append(barred, p)
		}
	}
	u := newUPGMA(nodes, within, slot, threshold, barred)
	entries := u.entries(component)
	chunks(len(entries), workers, func() (func(c, from, to int), func()) {
		m := merger{upgma: u}
		return func(_, from, to int) {
			for _, of := range entries[from:to] {
				m.all(of)
			}
		}, func() {}
	})
	group := u.into
	for i := range group {
		group[i] = root(group, int32(i))
	}
	return lowest(group)
}

// root follows a forest to the root of i and halves the path. A root points to itself.
func root(forest []int32, i int32) int32 {
	for forest[i] != i {
		forest[i] = forest[forest[i]]
		i = forest[i]
	}
	return i
}

// lowest renames groups, of any names in 0..len-1, by their lowest nodes.
func lowest(group []int32) []int32 {
	name := make([]int32, len(group))
	for i := range name {
		name[i] = -1
	}
	for i, g := range group {
		if name[g] < 0 {
			name[g] = int32(i)
		}
	}
	for i, g := range group {
		group[i] = name[g]
	}
	return group
}

// upgma holds the groups as they are. A group lives in the slot of one of its nodes. What is of slots in different
// components can be changed at the same time.
type upgma struct {
	threshold float64
	near      [][]neighbour // by slot: neighbouring slots, ascending; some are no longer in use
	gone      []int32       // by slot: how many of them
	size      []int64       // by slot, in pages
	first     []int32       // by slot: lowest node
	story     []int         // by slot: the earlier story, or 0
	into      []int32       // for every node the slot it was merged into; a slot in use is its own
	never     bars
}

// merger merges the groups of one component after the other.
type merger struct {
	*upgma

	// queue has, for every pair that may merge, an entry whose mean is at least that of the pair
	// now. A mean can only rise when a group joins that is a neighbour of the other, and then a new
	// entry is made.
	queue queue
}

func newUPGMA(nodes []Node, links []Link, slot []int32, threshold float64, never [][2]int32) *upgma {
	n := len(nodes)
	u := &upgma{
		threshold: threshold,
		near:      adjacency(nodes, links, slot),
		gone:      make([]int32, n),
		size:      make([]int64, n),
		first:     itself(n),
		story:     make([]int, n),
		into:      slot,
		never:     newBars(slot, never),
	}
	for i := range nodes {
		u.size[slot[i]] += nodes[i].size()
		u.story[slot[i]] = max(u.story[slot[i]], nodes[i].Story)
	}
	return u
}

// entries returns the pairs that may merge, of each component that has one.
func (u *upgma) entries(component []int32) [][]entry {
	var all []entry
	count := make([]int, len(component))
	for a, near := range u.near {
		for _, p := range near {
			if int32(a) < p.node {
				if e, ok := u.entry(int32(a), p.node, p.sum); ok {
					all = append(all, e)
					count[component[a]]++
				}
			}
		}
	}
	var out [][]entry
	block := make([]entry, len(all))
	place := make([]int32, len(component)) // of a component, in out
	for c, n := range count {
		if n > 0 {
			place[c] = int32(len(out))
			out, block = append(out, block[:0:n]), block[n:]
		}
	}
	for _, e := range all {
		of := &out[place[component[e.a]]]
		*of = append(*of, e)
	}
	return out
}

// all merges whatever may merge, beginning with these pairs.
func (m *merger) all(entries []entry) {
	m.queue = m.queue[:0]
	for _, e := range entries {
		m.queue.push(e)
	}
	var last entry
	for len(m.queue) > 0 {
		e := m.queue.pop()
		// Merges leave several entries of a pair; once brought up to date they are equal and
		// come out in a row.
		if e == last || m.into[e.a] != e.a || m.into[e.b] != e.b || apart(m.story[e.a], m.story[e.b]) || m.barred(e.a, e.b) {
			continue
		}
		last = e
		near := m.near[e.a]
		i, _ := find(near, e.b)
		if m.mean(e.a, e.b, near[i].sum) < e.mean {
			// One of both has grown by a group that is no neighbour of the other.
			m.push(e.a, e.b, near[i].sum)
			continue
		}
		m.merge(e.a, e.b)
	}
}

// barred tells whether a pair of nodes keeps two groups from merging.
func (u *upgma) barred(a, b int32) bool {
	return u.never.between(a, b, func(node int32) int32 { return root(u.into, node) })
}

func (u *upgma) mean(a, b int32, sum int64) float64 {
	return Mean(sum, u.size[a]*u.size[b])
}

// entry returns a pair with its present mean, if it may merge.
func (u *upgma) entry(a, b int32, sum int64) (entry, bool) {
	mean := u.mean(a, b, sum)
	if mean < u.threshold || apart(u.story[a], u.story[b]) {
		return entry{}, false
	}
	if u.first[a] > u.first[b] {
		a, b = b, a
	}
	return entry{mean, u.first[a], u.first[b], a, b}, true
}

func (m *merger) push(a, b int32, sum int64) {
	if e, ok := m.entry(a, b, sum); ok {
		m.queue.push(e)
	}
}

// merge moves group a into b, or the other way round if a has more neighbours.
func (m *merger) merge(a, b int32) {
	u := m.upgma
	if len(u.near[a]) > len(u.near[b]) {
		a, b = b, a
	}
	u.into[a] = b
	u.size[b] += u.size[a]
	u.first[b] = min(u.first[a], u.first[b])
	u.story[b] = max(u.story[a], u.story[b]) // one of them is 0, or both are the same
	u.never.move(a, b)
	u.forget(b)
	for _, p := range u.near[a] {
		x := p.node
		if x == b || u.into[x] != x {
			continue
		}
		u.near[x], _ = add(u.near[x], b, p.sum)
		u.forget(x)
		var sum int64
		u.near[b], sum = add(u.near[b], x, p.sum)
		m.push(b, x, sum)
	}
	u.near[a] = nil
}

// forget counts a neighbour of x that is no more. To take it out at once would move half of the list
// every time, which is cubic where all nodes are linked with all.
func (u *upgma) forget(x int32) {
	u.gone[x]++
	if 2*int(u.gone[x]) > len(u.near[x]) {
		u.near[x] = slices.DeleteFunc(u.near[x], func(p neighbour) bool { return u.into[p.node] != p.node })
		u.gone[x] = 0
	}
}

func find(near []neighbour, node int32) (int, bool) {
	return slices.BinarySearchFunc(near, node, func(p neighbour, node int32) int { return cmp.Compare(p.node, node) })
}

// add adds to the sum of a neighbour, which may be new, and returns the sum.
func add(near []neighbour, node int32, sum int64) ([]neighbour, int64) {
	i, ok := find(near, node)
	if !ok {
		return slices.Insert(near, i, neighbour{node, sum}), sum
	}
	near[i].sum += sum
	return near, near[i].sum
}

// entry proposes to merge slots a and b. The other fields are as they were when it was made.
type entry struct {
	mean          float64
	first, second int32 // lowest nodes of a and b, first < second
	a, b          int32
}

// before tells whether e is to be merged before f.
func (e *entry) before(f *entry) bool {
	if e.mean != f.mean {
		return e.mean > f.mean
	}
	if e.first != f.first {
		return e.first < f.first
	}
	return e.second < f.second
}

// queue is a binary heap, the entry to be merged first on top. Unlike container/heap it does not
// allocate for every entry.
type queue []entry

func (q *queue) push(e entry) {
	*q = append(*q, e)
	h := *q
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(&h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
}

func (q *queue) pop() entry {
	h := *q
	top, e := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	i := 0
	for {
		down := 2*i + 1
		if down >= len(h) {
			break
		}
		if down+1 < len(h) && h[down+1].before(&h[down]) {
			down++
		}
		if !h[down].before(&e) {
			break
		}
		h[i] = h[down]
		i = down
	}
	if len(h) > 0 {
		h[i] = e
	}
	return top
}
