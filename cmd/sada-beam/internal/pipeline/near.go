package pipeline

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster/story"
)

// windows are the spans of time of which two before and one's own have all nodes that one can be linked to.
type windows struct {
	hours  int64           // of a span
	shares map[int64]int64 // of the nodes of every span, by its number
}

// undatedSpan is the span of the nodes without a date.
const undatedSpan = -1 << 40

const shareBits = 20

// newWindows divides the nodes of a span by perShare.
func newWindows(of story.Survey, o story.Options, perShare int) windows {
	// Two that are linked are up to Reach/3600 + 1 hours apart, counted in whole hours.
	w := windows{hours: (o.Reach()/3600 + 3) / 2, shares: make(map[int64]int64)}
	count := func(span int64, n int64) { w.shares[span] += n }
	for _, h := range of.Hours {
		count(w.span(h.Hour), h.Nodes)
	}
	if n := of.Nodes - of.Dated; n > 0 {
		count(undatedSpan, int64(n))
	}
	for span, n := range w.shares {
		w.shares[span] = min(1+n/int64(perShare), 1<<shareBits)
	}
	return w
}

func (w *windows) span(hour int64) int64 {
	if hour < 0 {
		hour -= w.hours - 1
	}
	return hour / w.hours
}

// each calls do with the keys of all shares that a node is looked at in: own is the one whose links with nodes before
// it are looked for.
func (w *windows) each(n *node, do func(key int64, own bool)) {
	all := func(span, own int64) {
		for share := range w.shares[span] {
			do(span<<shareBits|share, share == own)
		}
	}
	if !n.Node.Dated {
		for span := range w.shares {
			if span != undatedSpan {
				all(span, -1)
			}
		}
		all(undatedSpan, n.Number%w.shares[undatedSpan])
		return
	}
	span := w.span(story.HourOf(n.Node.Time))
	all(span, n.Number%w.shares[span])
	all(span+1, -1)
	all(span+2, -1)
}

type (
	scatter struct { // nodes to the windows that they are in
		O sealed
		s settings
	}
	index struct { // the links of the nodes of a share
		O sealed
		s settings
	}

	twoEnds    struct{}              // a link from both of its ends
	nearest    struct{ Support int } // the heaviest neighbours of a node
	second     struct{}              // brings them to those that it is one of the heaviest neighbours of
	openPairs  struct{}              // neighbours of neighbours that are to be compared
	bringNode  struct{}              // brings the vector of the first to the second
	meetNodes  struct{}              // the second with all that it is compared with
	compareMet struct {              // the links of these
		O sealed
		s settings
	}

	voices struct{ Support int }  // tells its neighbours of a node's heaviest neighbours
	heard  struct{}               // what a node's neighbours say of their links with it
	agree  struct{ Support bool } // the weight of a link that may be
)

func init() {
	beam.RegisterType(reflect.TypeFor[scatter]())
	beam.RegisterType(reflect.TypeFor[index]())
	beam.RegisterType(reflect.TypeFor[twoEnds]())
	beam.RegisterType(reflect.TypeFor[nearest]())
	beam.RegisterType(reflect.TypeFor[second]())
	beam.RegisterType(reflect.TypeFor[openPairs]())
	beam.RegisterType(reflect.TypeFor[bringNode]())
	beam.RegisterType(reflect.TypeFor[meetNodes]())
	beam.RegisterType(reflect.TypeFor[compareMet]())
	beam.RegisterType(reflect.TypeFor[voices]())
	beam.RegisterType(reflect.TypeFor[heard]())
	beam.RegisterType(reflect.TypeFor[agree]())
}

// resemble finds the links of nodes, by pairs: what is said of every one, and how many were looked at. A link comes
// once without support, twice with it, from each of its ends.
//
// Candidates are looked for in windows of time, by whole vectors: a node is sent to its own span and the two
// after it, 3 KB, and what it is compared with is there. By terms, each of its 554 postings or 81 candidates
// (20,329 pages) would have to be sent, and these grow with the pages of a day.
func resemble(s beam.Scope, nodes beam.PCollection, known []beam.Option, o Options) (links, compared beam.PCollection) {
	indexed, counted := beam.ParDo2(s, &index{O: seal(o)}, join(s, "index", beam.ParDo(s, &scatter{O: seal(o)}, nodes, known...)), known...)
	support := o.Cluster.Story.Support
	if support == 0 {
		return indexed, counted
	}
	ends := beam.ParDo(s, &twoEnds{}, indexed)
	near, heaviest, asked := beam.ParDo3(s, &nearest{support}, join(s, "nearest", ends))
	replies := beam.ParDo(s, &second{}, join(s, "second", heaviest, asked))
	pairs := beam.ParDo(s, &openPairs{}, join(s, "open", near, replies))
	halves := beam.ParDo(s, &bringNode{}, join(s, "bringNode", nodes, pairs))
	met := beam.ParDo(s, &meetNodes{}, join(s, "meetNodes", nodes, halves))
	closed, again := beam.ParDo2(s, &compareMet{O: seal(o)}, met, known...)

	all := beam.ParDo(s, &twoEnds{}, beam.Flatten(s, indexed, closed))
	said := beam.ParDo(s, &voices{support}, join(s, "voices", all))
	return beam.ParDo(s, &heard{}, join(s, "heard", said)), beam.Flatten(s, counted, again)
}

func (c *scatter) ProcessElement(number int64, b []byte, census, level string, emit func(int64, []byte)) {
	c.s.take(c.O, census, level)
	n := unpackNode(b)
	c.s.windows.each(&n, func(key int64, own bool) { emit(key, append([]byte{flag(own)}, b...)) })
}

// linkBytes is the cosine and the weight of a link.
func linkBytes(l story.Link) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 8), math.Float32bits(l.Cosine))
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(l.Weight))
}

func float(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }

// found emits links between nodes of these numbers.
func found(numbers []int64, links []story.Link, stats story.Stats, emit func(int64, []byte), counted func(int64, int64)) {
	for _, l := range links {
		a, b := uint32(numbers[l.A]), uint32(numbers[l.B])
		emit(both(min(a, b), max(a, b)), linkBytes(l))
	}
	counted(storyCandidates, stats.Candidates)
	counted(skippedPostings, stats.SkippedPostings)
	counted(storyLinks, int64(len(links)))
}

func (x *index) ProcessElement(ctx context.Context, _ int64, values func(*[]byte) bool, census, level string, emit func(int64, []byte), counted func(int64, int64)) {
	x.s.take(x.O, census, level)
	type windowed struct {
		node
		own bool
	}
	var all []windowed
	for b := []byte(nil); values(&b); b = nil {
		all = append(all, windowed{unpackNode(b[1:]), b[0] == 1})
	}
	slices.SortFunc(all, func(a, b windowed) int {
		return cmp.Or(cmp.Compare(flag(a.Node.Dated), flag(b.Node.Dated)), cmp.Compare(a.Node.Time, b.Node.Time), cmp.Compare(a.Number, b.Number))
	})
	nodes, numbers, own := make([]story.Node, len(all)), make([]int64, len(all)), make([]bool, len(all))
	for i, w := range all {
		nodes[i], numbers[i], own[i] = w.Node, w.Number, w.own
	}
	nodesOfWindow.Update(ctx, int64(len(all)))
	links, stats := x.s.census.value.survey.Indexed(nodes, own, x.s.story)
	found(numbers, links, stats, emit, counted)
}

// neighbour is a node that another is linked with.
type neighbour struct {
	Node           int64
	Cosine, Weight float32
}

func (*twoEnds) ProcessElement(pair int64, b []byte, emit func(int64, []byte)) {
	x, y := apart(pair)
	for _, end := range [][2]uint32{{x, y}, {y, x}} {
		emit(int64(end[0]), append(binary.LittleEndian.AppendUint32(make([]byte, 0, 12), end[1]), b...))
	}
}

// neighboursOf returns the links of one node, ascending, and their weights.
func neighboursOf(values func(*[]byte) bool) (near []neighbour, weights []float32) {
	for b := []byte(nil); values(&b); b = nil {
		near = append(near, neighbour{int64(binary.LittleEndian.Uint32(b)), float(b[4:]), float(b[8:])})
	}
	slices.SortFunc(near, func(p, q neighbour) int { return cmp.Compare(p.Node, q.Node) })
	for _, n := range near {
		weights = append(weights, n.Weight)
	}
	return near, weights
}

func (n *nearest) ProcessElement(number int64, values func(*[]byte) bool, all, heaviest func(int64, []byte), asked func(int64, int64)) {
	near, weights := neighboursOf(values)
	var every, heavy []int64
	for _, m := range near {
		every = append(every, m.Node)
	}
	for _, i := range story.Heaviest(weights, n.Support) {
		heavy = append(heavy, near[i].Node)
		asked(near[i].Node, number)
	}
	all(number, pack(every))
	heaviest(number, pack(heavy))
}

func (*second) ProcessElement(_ int64, heaviest func(*[]byte) bool, asked func(*int64) bool, emit func(int64, []byte)) {
	var b []byte
	if !heaviest(&b) {
		return
	}
	for node := int64(0); asked(&node); {
		emit(node, b)
	}
}

func (*openPairs) ProcessElement(number int64, near, replies func(*[]byte) bool, emit func(int64, int64)) {
	own, ok := one[[]int64](near)
	if !ok {
		return
	}
	var candidates []int64
	for b := []byte(nil); replies(&b); b = nil {
		candidates = append(candidates, unpack[[]int64](b)...)
	}
	slices.Sort(candidates)
	for _, c := range slices.Compact(candidates) {
		if _, ok := slices.BinarySearch(own, c); !ok && c != number {
			emit(min(c, number), max(c, number)) // from both ends, if it is the same from there
		}
	}
}

func (*bringNode) ProcessElement(_ int64, nodes func(*[]byte) bool, others func(*int64) bool, emit func(int64, []byte)) {
	var b []byte
	if !nodes(&b) {
		return
	}
	all := values(others)
	slices.Sort(all)
	for i := 0; i < len(all); {
		times := byte(1) // 2 if both ends propose the pair
		if i+1 < len(all) && all[i+1] == all[i] {
			times = 2
		}
		emit(all[i], append([]byte{times}, b...))
		i += int(times)
	}
}

// comparison is a node and those that it is compared with.
type comparison struct {
	Node   []byte
	Others [][]byte
}

func (*meetNodes) ProcessElement(number int64, nodes, others func(*[]byte) bool, emit func(int64, []byte)) {
	var c comparison
	if !nodes(&c.Node) {
		return
	}
	for b := []byte(nil); others(&b); b = nil {
		c.Others = append(c.Others, b)
	}
	if len(c.Others) > 0 {
		emit(number, pack(c))
	}
}

func (c *compareMet) ProcessElement(_ int64, b []byte, census, level string, emit func(int64, []byte), counted func(int64, int64)) {
	c.s.take(c.O, census, level)
	v := unpack[comparison](b)
	this := unpackNode(v.Node)
	nodes, numbers := []story.Node{this.Node}, []int64{this.Number}
	var candidates []int32
	for _, other := range v.Others {
		for range other[0] { // a pair that is proposed twice is counted so, and found once
			candidates = append(candidates, int32(len(nodes)))
		}
		n := unpackNode(other[1:])
		nodes, numbers = append(nodes, n.Node), append(numbers, n.Number)
	}
	each := make([][]int32, len(nodes))
	each[0] = candidates
	links, stats := c.s.census.value.survey.Compared(nodes, each, c.s.story)
	found(numbers, links, stats, emit, counted)
}

// voice is what a node tells a neighbour: their link, and its heaviest neighbours.
type voice struct {
	From    int64
	Link    neighbour // without the node
	Nodes   []int64
	Weights []float32
}

func (v *voices) ProcessElement(number int64, values func(*[]byte) bool, emit func(int64, []byte)) {
	near, weights := neighboursOf(values)
	says := voice{From: number}
	for _, i := range story.Heaviest(weights, v.Support) {
		says.Nodes, says.Weights = append(says.Nodes, near[i].Node), append(says.Weights, near[i].Weight)
	}
	for _, n := range near {
		says.Link = neighbour{Cosine: n.Cosine, Weight: n.Weight}
		emit(n.Node, pack(says))
	}
}

// ProcessElement has what all neighbours of a node say, which also tells what the node's links are.
func (*heard) ProcessElement(number int64, values func(*[]byte) bool, emit func(int64, []byte)) {
	all := all[voice](values)
	weight := make(map[int64]float32, len(all))
	for _, v := range all {
		weight[v.From] = v.Link.Weight
	}
	for _, v := range all {
		to := make([]float32, len(v.Nodes))
		for i, n := range v.Nodes {
			if to[i] = weight[n]; n == number {
				to[i] = v.Link.Weight
			}
		}
		said := story.Voice(v.Weights, to)
		emit(both(uint32(min(number, v.From)), uint32(max(number, v.From))),
			binary.LittleEndian.AppendUint32(linkBytes(story.Link{Cosine: v.Link.Cosine, Weight: v.Link.Weight}), math.Float32bits(said)))
	}
}

// barred is what is said of a pair that must not be in one story.
const barred = 1

func (a *agree) ProcessElement(pair int64, links, never func(*[]byte) bool, emit func(int64, []byte)) {
	var b []byte
	if never(&b) || !links(&b) {
		return
	}
	l := story.Link{Cosine: float(b), Weight: float(b[4:])}
	if a.Support {
		var other []byte
		if !links(&other) {
			panic("a link has one end")
		}
		l.Weight = story.Supported(l.Weight, float(b[8:]), float(other[8:]))
	}
	emit(pair, linkBytes(l))
}
