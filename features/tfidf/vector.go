package tfidf

import (
	"cmp"
	"math"
	"slices"
)

// Vector is a sparse vector: terms in strictly ascending order, each with its weight. Both slices
// have the same length. The zero Vector is the empty one.
type Vector struct {
	Terms   []Term
	Weights []float32
}

// Weighted is a term and its weight.
type Weighted struct {
	Term   Term
	Weight float32
}

// Vector weighs the folded counts of a document: (1+ln N) * [Table.IDF], divided by the Euclidean
// length. Terms that the table does not weigh are left out. Where little is left of a document because its
// own words are in no other, the length is that of [commonShare] of all its words: it would otherwise
// be the same as any other document with the few common words that are left. The vector is empty if no
// term remains, and has a length of at most 1 otherwise. It shares no memory with doc.
func (t *Table) Vector(doc []Count) Vector {
	return t.AppendVector(Vector{}, doc)
}

// AppendVector appends the terms and weights of the Vector of doc to those of v, and returns both. Vectors of many documents can
// share memory that way.
func (t *Table) AppendVector(v Vector, doc []Count) Vector {
	return t.appendBy(v, doc, func(i int) int { return t.DF(doc[i].Term) })
}

// VectorBy is Vector with the document frequencies that df gives, by the places of the counts: of the
// table only the number of documents counts.
func (t *Table) VectorBy(doc []Count, df func(i int) int) Vector {
	return t.appendBy(Vector{}, doc, df)
}

func (t *Table) appendBy(v Vector, doc []Count, df func(i int) int) Vector {
	kept := 0
	var all, common float64 // squares of lengths
	var room [256]float64   // longer documents are rare
	weights := room[:0]
	if len(doc) > len(room) {
		weights = make([]float64, 0, len(doc))
	}
	for i, c := range doc {
		w := t.weight(c, df(i))
		weights = append(weights, w)
		if w > 0 {
			kept++
			common += w * w
		}
		all += w * w
	}
	if kept == 0 {
		return v
	}
	length := math.Sqrt(max(common, commonShare*commonShare*all))
	n := len(v.Terms)
	v.Terms, v.Weights = slices.Grow(v.Terms, kept)[:n+kept], slices.Grow(v.Weights, kept)[:n+kept]
	for i, w := range weights {
		if w > 0 {
			v.Terms[n], v.Weights[n] = doc[i].Term, float32(w/length)
			n++
		}
	}
	return v
}

// commonShare is the share of a document's length that the terms which are weighed have at least in its
// vector. From 0 to .7 it changes no story of four labelled sets; at .8 it begins to.
const commonShare = .7

// weight returns the weight of a term in a document, negative if the term, which is in df documents, is too
// rare to be kept.
func (t *Table) weight(c Count, df int) float64 {
	if df < len(t.weights) {
		return t.tf(c.N) * t.weights[df]
	}
	return t.tf(c.N) * t.signed(df)
}

// signed returns the [Table.IDF] of a term in df documents, or, of one too rare, the negative of what it would be.
func (t *Table) signed(df int) float64 {
	if df < MinDF {
		return -t.inverse(df)
	}
	return t.idf(df)
}

func tf(n uint32) float64 { return 1 + math.Log(float64(n)) }

// Len returns the number of terms.
func (v Vector) Len() int { return len(v.Terms) }

// Length returns the Euclidean length.
func (v Vector) Length() float64 {
	sum := 0.0
	for _, w := range v.Weights {
		sum += float64(w) * float64(w)
	}
	return math.Sqrt(sum)
}

// Dot returns the inner product, in time linear in the number of terms of both. It is exactly
// symmetric: products of two float32 are exact in float64, and the order of terms is the same.
func (v Vector) Dot(w Vector) float64 {
	a, b := v.Terms, w.Terms
	sum := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		s, t := a[i], b[j]
		if s == t {
			sum += float64(v.Weights[i]) * float64(w.Weights[j])
		}
		// Two conditional increments instead of a three-way branch, which hashes make
		// unpredictable.
		if s <= t {
			i++
		}
		if t <= s {
			j++
		}
	}
	return sum
}

// Top returns the k heaviest terms, heaviest first, equal weights by ascending term; all of them if
// there are fewer than k.
func (v Vector) Top(k int) []Weighted {
	k = min(max(k, 0), v.Len())
	last := v.last(k)
	var room [32]uint64 // hardly ever more
	keys := room[:0]
	for i, w := range v.Weights {
		x := key(w, i)
		if x >= last {
			continue
		}
		keys = append(keys, x)
		if k > len(room) { // to move so many costs more than to sort them
			continue
		}
		at := len(keys) - 1
		for ; at > 0 && keys[at-1] > x; at-- {
			keys[at] = keys[at-1]
		}
		keys[at] = x
	}
	if k > len(room) {
		slices.Sort(keys)
	}
	out := make([]Weighted, k)
	for n, x := range keys {
		i := uint32(x)
		out[n] = Weighted{v.Terms[i], v.Weights[i]}
	}
	return out
}

// key sorts terms by descending weight, then by place, which is by term.
func key(weight float32, place int) uint64 { return uint64(^ordered(weight))<<32 | uint64(place) }

// last returns a key that those of the k heaviest terms, and no others, are less than. There must be as many.
//
// Weights are dealt by how far under 1 they are, in steps of a sixteenth of an octave. Only those that fall where the
// k-th does have to be sorted.
func (v Vector) last(k int) uint64 {
	if k == v.Len() {
		return math.MaxUint64
	}
	if k == 0 {
		return 0
	}
	const steps = 256 // sixteen octaves
	var of [steps]uint32
	step := func(w float32) uint32 {
		one, o := ordered(1), ordered(w)
		return min((one-min(o, one))>>19, steps-1)
	}
	for _, w := range v.Weights {
		of[step(w)]++
	}
	at, before := uint32(0), 0
	for before+int(of[at]) <= k {
		before += int(of[at])
		at++
	}
	var room [32]uint64 // hardly ever more
	keys := room[:0]
	for i, w := range v.Weights {
		if step(w) == at {
			keys = append(keys, key(w, i))
		}
	}
	slices.Sort(keys)
	return keys[k-before] // the next one
}

// ordered maps numbers to integers of the same order, negative ones too; -0 and 0 are one number, which
// the sum with 0 makes of them (IEEE 754, 6.3).
func ordered(w float32) uint32 {
	b := math.Float32bits(w + 0)
	if b>>31 != 0 {
		return ^b
	}
	return b | 1<<31
}

// AppendHeaviest appends the k heaviest terms of v, or all if there are no more, in ascending order.
func (v Vector) AppendHeaviest(dst []Term, k int) []Term {
	k = min(max(k, 0), v.Len())
	last := v.last(k)
	n := len(dst)
	dst = slices.Grow(dst, k+1)[:n+k+1]
	out := dst[n:]
	to := 0
	for i, t := range v.Terms {
		out[to] = t // the last one is in excess; which terms stay nobody can predict
		if key(v.Weights[i], i) < last {
			to++
		}
	}
	return dst[:n+k]
}

// Sum adds vectors, in float64 and in the order given, and rounds once. It shares no memory with
// them, except that the sum of a single vector is that vector.
func Sum(vs ...Vector) Vector {
	if len(vs) == 1 {
		return vs[0]
	}
	n := 0
	for _, v := range vs {
		n += v.Len()
	}
	all := make([]Weighted, 0, n)
	for _, v := range vs {
		for i, t := range v.Terms {
			all = append(all, Weighted{t, v.Weights[i]})
		}
	}
	slices.SortStableFunc(all, func(a, b Weighted) int { return cmp.Compare(a.Term, b.Term) })
	distinct := 0
	for i := range all {
		if i == 0 || all[i].Term != all[i-1].Term {
			distinct++
		}
	}
	out := Vector{make([]Term, 0, distinct), make([]float32, 0, distinct)}
	for i := 0; i < len(all); {
		term, sum := all[i].Term, 0.0
		for ; i < len(all) && all[i].Term == term; i++ {
			sum += float64(all[i].Weight)
		}
		out.Terms = append(out.Terms, term)
		out.Weights = append(out.Weights, float32(sum))
	}
	return out
}
