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
// and four slots and their four weights at a time.
type outlines struct {
	from, to []int // of every node: the bytes of its outline, none before it is drawn
	bytes    []byte
}

const (
	outlineHead = 16 // time, scale of the weights, kind
	outlineFour = 4*2 + 4

	isDated, isLocked = 1, 2

	// slots are as many as bytes are in a cache of the first level. Of two pages with 120 terms, half a
	// term meets another one in its slot.
	slots = 1 << 15

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
		return func(_, from, to int) {
			for _, i := range places[from:to] {
				o.draw(i, &nodes[i])
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

// draw makes the outline of node i.
func (o *outlines) draw(i int32, n *Node) {
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
	b := o.of(i)
	binary.LittleEndian.PutUint64(b, uint64(n.Time))
	binary.LittleEndian.PutUint32(b[8:], math.Float32bits(scale))
	binary.LittleEndian.PutUint32(b[12:], kind)
	b = b[outlineHead:]
	for k, t := range n.Vector.Terms {
		four := b[k/4*outlineFour:][:outlineFour]
		binary.LittleEndian.PutUint16(four[k%4*2:], uint16(uint64(t)*fibonacci>>32%slots))
		four[8+k%4] = uint8(min(math.Ceil(float64(n.Vector.Weights[k]/scale)), math.MaxUint8))
	}
}

func (o *outlines) of(i int32) outline { return o.bytes[o.from[i]:o.to[i]] }

// outline is that of one node.
type outline []byte

func (o outline) time() int64    { return int64(binary.LittleEndian.Uint64(o)) }
func (o outline) scale() float32 { return math.Float32frombits(binary.LittleEndian.Uint32(o[8:])) }
func (o outline) is(kind uint32) bool {
	return binary.LittleEndian.Uint32(o[12:])&kind != 0
}

// outlined is a node whose outline is laid out to be compared with others.
type outlined struct {
	outline
	table [slots]uint8 // the heaviest weight of every slot
}

// set lays out an outline.
func (o *outlined) set(of outline) {
	for slot := range o.entries() {
		o.table[slot] = 0
	}
	o.outline = of
	for slot, weight := range o.entries() {
		o.table[slot] = max(o.table[slot], weight)
	}
}

// entries gives slots and weights, some of which are 0.
func (o outline) entries() func(yield func(slot uint16, weight uint8) bool) {
	return func(yield func(slot uint16, weight uint8) bool) {
		for at := outlineHead; at < len(o); at += outlineFour {
			for k := range 4 {
				if !yield(binary.LittleEndian.Uint16(o[at+2*k:]), o[at+8+k]) {
					return
				}
			}
		}
	}
}

// most returns what the product with another node is at most.
func (o *outlined) most(other outline) float64 {
	sum := uint64(0)
	for at := outlineHead; at+outlineFour <= len(other); at += outlineFour {
		s, w := binary.LittleEndian.Uint64(other[at:]), binary.LittleEndian.Uint32(other[at+8:])
		sum += uint64(o.table[s%slots])*uint64(uint8(w)) + uint64(o.table[s>>16%slots])*uint64(uint8(w>>8)) +
			uint64(o.table[s>>32%slots])*uint64(uint8(w>>16)) + uint64(o.table[s>>48%slots])*uint64(w>>24)
	}
	return float64(sum) * float64(other.scale()*o.scale()) * loose
}
