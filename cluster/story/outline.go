package story

import (
	"encoding/binary"
	"math"
)

// outlines tell of every pair of nodes how large the product of their vectors can be at most, from a
// quarter of the memory: terms are hashed to slots and weights are rounded up to a byte. Most pairs that
// share some terms are not linked, and for these that is all that needs to be known. Bounds by norms
// (Bayardo, Ma and Srikant, Scaling up all pairs similarity search, 2007) are far over the cosine where
// the weights of a page are even; this one is within some hundredths of it.
//
// The outline of a node is in one place, because it is fetched from far away: what is known of the node,
// and four slots at a time with the heaviest of their weights: terms lie in order of weight, so it is close to all four.
type outlines struct {
	from, to []int // of every node: the bytes of its outline, none before it is drawn
	bytes    []byte
}

const (
	outlineHead = 16 // time, scale of the weights, kind
	outlineFour = 4*2 + 1

	isDated, isLocked = 1, 2

	// slots are as many as bytes are in a cache of the first level. Of two pages with 120 terms, half a
	// term meets another one in its slot.
	slots = 1 << 15

	// noSlot is where there are fewer than four terms: nothing lies in it.
	noSlot = 0

	// loose makes up for what floating point numbers are rounded down by.
	loose = 1 + 1e-5
)

// newOutlines outlines nodes.
func newOutlines(nodes []Node, workers int) *outlines {
	o := noOutlines(len(nodes))
	o.add(nodes, itself(len(nodes)), workers)
	return o
}

// noOutlines returns the outlines of n nodes of which none is drawn yet.
func noOutlines(n int) *outlines { return &outlines{from: make([]int, n), to: make([]int, n)} }

// add draws the outlines of the nodes at some places, one after the other.
func (o *outlines) add(nodes []Node, places []int32, workers int) {
	end := len(o.bytes)
	for _, i := range places {
		o.from[i] = end
		end += outlineHead + (nodes[i].Vector.Len()+3)/4*outlineFour
		o.to[i] = end
	}
	o.bytes = append(o.bytes, make([]byte, end-len(o.bytes))...)
	chunks(len(places), workers, func() (func(c, from, to int), func()) {
		var d drawer
		return func(_, from, to int) {
			for _, i := range places[from:to] {
				d.draw(o.of(i), &nodes[i])
			}
		}, func() {}
	})
}

// among returns the outlines of the nodes at some places, in this order.
func (o *outlines) among(places []int32) *outlines {
	out := noOutlines(len(places))
	out.bytes = o.bytes
	for n, i := range places {
		out.from[n], out.to[n] = o.from[i], o.to[i]
	}
	return out
}

// drawer draws outlines.
type drawer struct {
	weights []uint8 // of the terms
}

// draw makes the outline of a node in memory of its size, which is 0.
func (d *drawer) draw(b outline, n *Node) {
	most := float32(0)
	for _, w := range n.Vector.Weights {
		most = max(most, w)
	}
	scale := most / math.MaxUint8
	kind := uint32(0)
	if n.Dated {
		kind |= isDated
	}
	if n.Story != 0 {
		kind |= isLocked
	}
	binary.LittleEndian.PutUint64(b, uint64(n.Time))
	binary.LittleEndian.PutUint32(b[8:], math.Float32bits(scale))
	binary.LittleEndian.PutUint32(b[12:], kind)
	b = b[outlineHead:]
	weights := d.weights[:0]
	var next [math.MaxUint8 + 2]int // of every weight: how many are heavier
	for _, w := range n.Vector.Weights {
		byted := uint8(min(math.Ceil(float64(w/scale)), math.MaxUint8))
		weights = append(weights, byted)
		next[math.MaxUint8-byted+1]++
	}
	for w := range math.MaxUint8 {
		next[w+1] += next[w]
	}
	for k, t := range n.Vector.Terms {
		at := &next[math.MaxUint8-weights[k]]
		four := b[*at/4*outlineFour:][:outlineFour]
		binary.LittleEndian.PutUint16(four[*at%4*2:], max(uint16(uint64(t)*fibonacci>>32%slots), noSlot+1))
		four[8] = max(four[8], weights[k])
		*at++
	}
	d.weights = weights
}

func (o *outlines) of(i int32) outline { return o.bytes[o.from[i]:o.to[i]] }

// outline is that of one node.
type outline []byte

func (o outline) time() int64    { return int64(binary.LittleEndian.Uint64(o)) }
func (o outline) scale() float32 { return math.Float32frombits(binary.LittleEndian.Uint32(o[8:])) }
func (o outline) kind() uint32   { return binary.LittleEndian.Uint32(o[12:]) }

// outlined is a node whose outline is laid out to be compared with others.
type outlined struct {
	outline
	at    int64        // its time
	kinds uint32       // its kind
	table [slots]uint8 // the heaviest weight of every slot
}

// set lays out an outline.
func (o *outlined) set(of outline) {
	// Terms that fall on one slot come in order of weight: from the lightest on, the heaviest stays.
	for at := len(o.outline) - outlineFour; at >= outlineHead; at -= outlineFour {
		o.four(o.outline[at:at+outlineFour], 0)
	}
	o.outline, o.at, o.kinds = of, of.time(), of.kind()
	for at := len(of) - outlineFour; at >= outlineHead; at -= outlineFour {
		four := of[at : at+outlineFour]
		o.four(four, four[8])
	}
	o.table[noSlot] = 0
}

// four gives the slots of four terms a weight.
func (o *outlined) four(four outline, weight uint8) {
	s := binary.LittleEndian.Uint64(four)
	o.table[s%slots], o.table[s>>16%slots], o.table[s>>32%slots], o.table[s>>48%slots] = weight, weight, weight, weight
}

// most returns what the product with another node is at most.
func (o *outlined) most(other outline) float64 {
	sum := uint64(0)
	for at := outlineHead; at+outlineFour <= len(other); at += outlineFour {
		four := other[at : at+outlineFour]
		s := binary.LittleEndian.Uint64(four)
		sum += (uint64(o.table[s%slots]) + uint64(o.table[s>>16%slots]) + uint64(o.table[s>>32%slots]) + uint64(o.table[s>>48%slots])) * uint64(four[8])
	}
	return float64(sum) * float64(other.scale()*o.scale()) * loose
}
