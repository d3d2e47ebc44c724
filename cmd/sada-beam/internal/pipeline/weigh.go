package pipeline

import (
	"context"
	"encoding/binary"
	"math"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster/story"
	"sada/features/tfidf"
)

// weighed is documents with what is needed to weigh their terms.
type weighed struct {
	docs  beam.PCollection // by document: counted
	heavy beam.PCollection // table of the terms of many documents, and the number of documents
	all   beam.PCollection // by term: in how many documents it is
}

// counted is a document and the frequencies of those of its terms that are in several documents and not in many.
type counted struct {
	Doc doc
	DF  []tfidf.DF
}

// manyDocs is the number of documents from which on all workers have the frequency of a term: of 65,000 terms
// of 20,329 pages, 2,600 are in more.
const manyDocs = 100

// everyDoc stands among terms for the number of documents: no other bytes are known to have this hash.
const everyDoc = -1

type (
	termsOf   struct{} // the terms of a document
	frequency struct { // tells the documents of a term in how many it is
		Limit int
	}
	termCount struct{ Limit int }
	bringDF   struct{}
	weighDoc  struct { // makes vectors
		O     sealed
		s     settings
		heavy held[map[int64]int64]
		table *tfidf.Table
	}

	draw struct { // copy groups that the threshold is measured on
		s      held[census]
		sample sample
	}
	deal   struct{} // brings them to the parts of the sample
	cosine struct { // measures a part of the sample
		O      sealed
		s      settings
		sample sample
	}
	lengths struct{}
	level   struct { // the threshold
		O sealed
		s settings
	}
)

func init() {
	beam.RegisterType(reflect.TypeFor[termsOf]())
	beam.RegisterType(reflect.TypeFor[frequency]())
	beam.RegisterType(reflect.TypeFor[termCount]())
	beam.RegisterType(reflect.TypeFor[bringDF]())
	beam.RegisterType(reflect.TypeFor[weighDoc]())
	beam.RegisterType(reflect.TypeFor[draw]())
	beam.RegisterType(reflect.TypeFor[deal]())
	beam.RegisterType(reflect.TypeFor[cosine]())
	beam.RegisterType(reflect.TypeFor[lengths]())
	beam.RegisterType(reflect.TypeFor[level]())
}

// frequencies counts in how many documents every term is: as a combiner, which tells it those of a term that are
// few, and all workers of the others.
func frequencies(s beam.Scope, docs beam.PCollection, o Options) weighed {
	limit := min(manyDocs, o.Heavy)
	postings := beam.CombinePerKey(s, &collect{Limit: limit}, beam.ParDo(s, &termsOf{}, docs))
	few, many := beam.ParDo2(s, &frequency{limit}, postings)
	return weighed{
		docs:  beam.ParDo(s, &bringDF{}, join(s, "bringDF", docs, few)),
		heavy: gather(s, many),
		all:   beam.ParDo(s, &termCount{limit}, postings),
	}
}

func (*termsOf) ProcessElement(ctx context.Context, number int64, b []byte, emit func(int64, int64)) {
	emit(everyDoc, number)
	terms := unpack[doc](b).Terms
	for _, c := range terms {
		emit(int64(c.Term), number)
	}
	count(ctx, "records_terms", len(terms))
}

func (f *frequency) ProcessElement(term int64, b []byte, few, many func(int64, []byte)) {
	switch v := (*collect)(nil).decode(b); {
	case term == everyDoc || v.n > f.Limit:
		(&number{}).ProcessElement(term, int64(v.n), many)
	case v.n > 1: // what is not told is in one document
		df := binary.AppendUvarint(binary.LittleEndian.AppendUint64(nil, uint64(term)), uint64(v.n))
		for _, doc := range v.kept {
			few(doc, df)
		}
	}
}

func (*termCount) ProcessElement(term int64, b []byte, emit func(int64, []byte)) {
	if term != everyDoc {
		(&number{}).ProcessElement(term, int64((*collect)(nil).decode(b).n), emit)
	}
}

func (*bringDF) ProcessElement(number int64, docs, few func(*[]byte) bool, emit func(int64, []byte)) {
	d, ok := one[doc](docs)
	if !ok {
		return
	}
	c := counted{Doc: d}
	for b := []byte(nil); few(&b); b = nil {
		n, _ := binary.Uvarint(b[8:])
		c.DF = append(c.DF, tfidf.DF{Term: tfidf.Term(binary.LittleEndian.Uint64(b)), Docs: uint32(n)})
	}
	emit(number, pack(c))
}

// frequency returns in how many documents a term is.
func (c *counted) frequency(heavy map[int64]int64) func(tfidf.Term) int {
	df := make(map[tfidf.Term]int, len(c.DF))
	for _, d := range c.DF {
		df[d.Term] = int(d.Docs)
	}
	return func(t tfidf.Term) int {
		if n := df[t]; n > 0 {
			return n
		}
		return int(max(1, heavy[int64(t)]))
	}
}

// ofDocs returns a table that knows the number of documents alone, which may be the one given.
func ofDocs(table *tfidf.Table, n int64) *tfidf.Table {
	if table != nil && int64(table.Docs()) == n {
		return table
	}
	table, err := tfidf.NewTable(int(n), nil)
	if err != nil {
		panic(err) // n is counted
	}
	return table
}

func (w *weighDoc) ProcessElement(number int64, b []byte, heavy, census string, nodes, solo func(int64, []byte), terms func(int64, int64)) {
	w.s.take(w.O, census, "")
	table := w.heavy.get(heavy, numbers)
	w.table = ofDocs(w.table, table[everyDoc])
	c := unpack[counted](b)
	df := c.frequency(table)
	vector := func(counts []tfidf.Count) tfidf.Vector {
		return w.table.VectorBy(counts, func(i int) int { return df(counts[i].Term) })
	}
	v := vector(c.Doc.Terms)
	nodes(number, node{number, story.Node{Vector: v, Time: c.Doc.Time, Dated: c.Doc.Dated}}.pack())
	terms(0, int64(v.Len()))
	if c.Doc.Words != nil { // the pieces of words are no labels
		v = vector(c.Doc.Words)
	}
	var labels []tfidf.Term
	for _, t := range v.Top(w.s.o.Cluster.Labels) {
		labels = append(labels, t.Term)
	}
	solo(number, pack(labels))
}

// node is a copy group with its vector.
type node struct {
	Number int64
	Node   story.Node
}

// pack is what pack does, in three quarters of the bytes.
func (n node) pack() []byte {
	v := n.Node.Vector
	b := make([]byte, 0, 17+12*v.Len())
	b = binary.LittleEndian.AppendUint64(b, uint64(n.Number))
	b = binary.LittleEndian.AppendUint64(b, uint64(n.Node.Time))
	b = append(b, flag(n.Node.Dated))
	for _, t := range v.Terms {
		b = binary.LittleEndian.AppendUint64(b, uint64(t))
	}
	for _, w := range v.Weights {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(w))
	}
	return b
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func unpackNode(b []byte) node {
	n := node{Number: int64(binary.LittleEndian.Uint64(b)), Node: story.Node{Time: int64(binary.LittleEndian.Uint64(b[8:])), Dated: b[16] == 1}}
	b = b[17:]
	v := &n.Node.Vector
	terms := len(b) / 12
	v.Terms, v.Weights = make([]tfidf.Term, terms), make([]float32, terms)
	for i := range terms {
		v.Terms[i] = tfidf.Term(binary.LittleEndian.Uint64(b[8*i:]))
		v.Weights[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[8*terms+4*i:]))
	}
	return n
}

// threshold makes the table of the threshold, which is empty if the options have one. It is measured on a sample
// of pairs, in parts of as many copy groups as one worker may have at a time.
func threshold(s beam.Scope, nodes, blocks, terms, census beam.PCollection, o Options) beam.PCollection {
	if o.Cluster.Story.Threshold != 0 {
		return gather(s, beam.ParDo(s, &nothing{}, beam.Impulse(s)))
	}
	side := beam.SideInput{Input: census}
	drawn := beam.ParDo(s, &draw{}, join(s, "draw", blocks), side)
	parts := beam.ParDo(s, &cosine{O: seal(o)}, join(s, "cosine", beam.ParDo(s, &deal{}, join(s, "deal", nodes, drawn))), side)
	sum := beam.ParDo(s, &lengths{}, beam.CombinePerKey(s, add, terms))
	return gather(s, beam.ParDo(s, &level{O: seal(o)}, join(s, "level", beam.Flatten(s, parts, sum)), side))
}

// nothing makes an empty table's entries.
type nothing struct{}

func init() { beam.RegisterType(reflect.TypeFor[nothing]()) }

func (*nothing) ProcessElement(_ []byte, _ func(int64, []byte)) {}

// sample is the pairs that the threshold is measured on.
type sample struct {
	nodes int
	pairs [][2]int
	part  int // pairs in a part
}

// perPart is how many copy groups there are in a part of the sample: some 16 MB of vectors.
const perPart = 1 << 14

func (s *sample) of(nodes int) {
	if s.nodes == nodes {
		return
	}
	s.nodes, s.pairs = nodes, s.pairs[:0]
	for a, b := range story.Sample(nodes) {
		s.pairs = append(s.pairs, [2]int{a, b})
	}
	drawn := min(nodes, 2*len(s.pairs))
	s.part = max(1, len(s.pairs)/(1+drawn/perPart))
}

// ProcessElement numbers the copy groups of a block, which are 8 bytes each, by those before them.
func (d *draw) ProcessElement(block int64, values func(*int64) bool, census string, emit func(int64, []byte)) {
	c := d.s.get(census, censusOf)
	d.sample.of(c.survey.Nodes)
	groups := neighbours(values)
	first := int(c.blocks[block])
	parts := make([][]int64, len(groups))
	for i, pair := range d.sample.pairs {
		for _, at := range pair {
			if at -= first; at >= 0 && at < len(groups) {
				if part := int64(i / d.sample.part); !slices.Contains(parts[at], part) {
					parts[at] = append(parts[at], part)
				}
			}
		}
	}
	for i, group := range groups {
		if parts[i] != nil {
			emit(group, pack(drawn{first + i, parts[i]}))
		}
	}
}

// drawn is the place of a copy group among all, and the parts of the sample that it is in.
type drawn struct {
	Place int
	Parts []int64
}

// sampled is a copy group in a part of the sample.
type sampled struct {
	Place int
	Node  []byte
}

func (*deal) ProcessElement(_ int64, nodes, draws func(*[]byte) bool, emit func(int64, []byte)) {
	d, ok := one[drawn](draws)
	var node []byte
	if !ok || !nodes(&node) {
		return
	}
	for _, part := range d.Parts {
		emit(part, pack(sampled{d.Place, node}))
	}
}

// measured is the cosines of a part of the sample; or, of part -1, the terms of all vectors.
type measured struct {
	Part      int64
	Far, Near []float64
	Terms     int
}

func (c *cosine) ProcessElement(part int64, values func(*[]byte) bool, census string, emit func(int64, []byte)) {
	c.s.take(c.O, census, "")
	c.sample.of(c.s.census.value.survey.Nodes)
	nodes := make(map[int]*story.Node)
	for b := []byte(nil); values(&b); b = nil {
		s := unpack[sampled](b)
		n := unpackNode(s.Node).Node
		nodes[s.Place] = &n
	}
	m := measured{Part: part}
	from := int(part) * c.sample.part
	for _, pair := range c.sample.pairs[from:min(from+c.sample.part, len(c.sample.pairs))] {
		a, b := nodes[pair[0]], nodes[pair[1]]
		if story.Far(a, b, c.s.story) {
			m.Far = append(m.Far, a.Vector.Dot(b.Vector))
		} else if len(m.Near) < story.MostNear {
			m.Near = append(m.Near, a.Vector.Dot(b.Vector))
		}
	}
	emit(0, pack(m))
}

func (*lengths) ProcessElement(_, terms int64, emit func(int64, []byte)) {
	emit(0, pack(measured{Part: -1, Terms: int(terms)}))
}

func (l *level) ProcessElement(_ int64, values func(*[]byte) bool, census string, emit func(int64, []byte)) {
	l.s.take(l.O, census, "")
	parts := all[measured](values)
	slices.SortFunc(parts, func(a, b measured) int { return int(a.Part - b.Part) })
	survey := l.s.census.value.survey
	var far, near []float64
	for _, p := range parts {
		survey.Terms += p.Terms
		far, near = append(far, p.Far...), append(near, p.Near...)
	}
	found := survey.Threshold(far, near[:min(len(near), story.MostNear)], l.s.story)
	emit(0, binary.LittleEndian.AppendUint64(nil, math.Float64bits(found)))
}
