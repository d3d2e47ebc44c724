package pipeline

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/cmd/internal/publish"
)

// linked is what is known of pairs of pages.
type linked struct {
	links   beam.PCollection // by pair: linkRow
	firsts  beam.PCollection // by page: the page that stands for all of its words, if it is another
	related beam.PCollection // by page: rows of its passages with younger pages
	settled beam.PCollection // by page: what its fragments are
	texts   beam.PCollection // by page: text, without words if the page was compared with none
	rows    beam.PCollection
}

// linkRow is a link with the IDs of its pages.
type linkRow struct {
	Link copies.Link
	A, B string
}

// proposal is a candidate of copies; the best of a pair is kept.
type proposal struct {
	Candidate copies.Candidate
	Original  int64 // of a passage: the pair of pages that share it, the first of which counts
	A, B      string
}

// The numbers of fragments come after those of all pages.
const fragmentNode = 1 << 48

type (
	sameKey struct{} // the key of the words of a page
	same    struct{} // pages with the same words
	sign    struct{} // pages that stand for themselves, with their band keys
	bands   struct{} // the buckets of a text
	bucket  struct { // pairs of a small bucket
		Limit int
	}
	bucketTable struct{ Limit int } // large buckets
	large       struct {            // texts of large buckets, with all their keys
		heavy held[map[int64]int64]
	}
	openLarge struct { // pairs of a large bucket
		O      sealed
		signer *cluster.Signer
	}

	represent struct{} // attaches to sides of pairs the page that stands for theirs
	meetSides struct{} // both sides of a pair
	choosePer struct{} // exact links are links; the others are to be verified
	bringText struct{} // brings the text of a page to where it is needed
	verify    struct{}

	fragmentPairs struct{} // different pairs of a fragment, to pages and to earlier fragments
	measureOther  struct{}
	settle        struct{}
)

func init() {
	beam.RegisterType(reflect.TypeFor[sameKey]())
	beam.RegisterType(reflect.TypeFor[same]())
	beam.RegisterType(reflect.TypeFor[sign]())
	beam.RegisterType(reflect.TypeFor[bands]())
	beam.RegisterType(reflect.TypeFor[bucket]())
	beam.RegisterType(reflect.TypeFor[bucketTable]())
	beam.RegisterType(reflect.TypeFor[large]())
	beam.RegisterType(reflect.TypeFor[openLarge]())
	beam.RegisterType(reflect.TypeFor[represent]())
	beam.RegisterType(reflect.TypeFor[meetSides]())
	register.Function2x1(better)
	beam.RegisterType(reflect.TypeFor[choosePer]())
	beam.RegisterType(reflect.TypeFor[bringText]())
	beam.RegisterType(reflect.TypeFor[verify]())
	beam.RegisterType(reflect.TypeFor[fragmentPairs]())
	beam.RegisterType(reflect.TypeFor[measureOther]())
	beam.RegisterType(reflect.TypeFor[settle]())
	beam.RegisterType(reflect.TypeFor[linkRows]())
}

// link proposes pairs and verifies them.
func link(s beam.Scope, j judged, o Options) linked {
	firsts, exact := beam.ParDo2(s, &same{}, join(s, "same", beam.ParDo(s, &sameKey{}, j.signed)))

	signed := beam.ParDo(s, &sign{}, join(s, "sign", j.signed, firsts))
	keys := beam.Flatten(s, signed, beam.ParDo(s, &fragmentKeys{}, j.fragments))
	buckets := beam.CombinePerKey(s, &collect{Limit: o.Cluster.Bucket}, beam.ParDo(s, &bands{}, keys))
	near, loose := beam.ParDo2(s, &bucket{o.Cluster.Bucket}, buckets)
	table := gather(s, beam.ParDo(s, &bucketTable{o.Cluster.Bucket}, buckets))
	split := join(s, "openLarge", beam.ParDo(s, &large{}, keys, beam.SideInput{Input: table}))
	nearLarge, looseLarge := beam.ParDo2(s, &openLarge{O: seal(o)}, split)

	sides := beam.ParDo(s, &represent{}, join(s, "represent", j.sides, firsts))
	shared, related := beam.ParDo2(s, &meetSides{}, join(s, "meetSides", sides))

	proposals := beam.CombinePerKey(s, better, beam.Flatten(s, exact, shared, near, nearLarge))
	sure, open := beam.ParDo2(s, &choosePer{}, proposals)
	withPages, withOthers := beam.ParDo2(s, &fragmentPairs{}, join(s, "fragmentPairs", j.fragments, beam.Flatten(s, loose, looseLarge)))
	texts, seconds, halves, measured := beam.ParDo4(s, &bringText{}, join(s, "bringText", j.texts, open, withPages))
	links := beam.Flatten(s, sure, beam.ParDo(s, &verify{}, join(s, "verify", seconds, halves)))
	measured = beam.Flatten(s, measured, beam.ParDo(s, &measureOther{}, join(s, "measureOther", withOthers, j.fragments)))

	return linked{
		links:   links,
		firsts:  firsts,
		related: related,
		settled: beam.ParDo(s, &settle{}, join(s, "settle", measured)),
		texts:   texts,
		rows:    beam.ParDo(s, &linkRows{o.RowsPerShard}, links),
	}
}

// sameText is what [copies.SameBy] needs of a page.
type sameText struct {
	Number int64
	Of     signature
}

func (*sameKey) ProcessElement(number int64, b []byte, emit func(int64, []byte)) {
	v := unpack[signature](b)
	v.Keys = nil
	emit(int64(v.Sum), pack(sameText{number, v}))
}

func (*same) ProcessElement(ctx context.Context, _ int64, values func(*[]byte) bool, firsts func(int64, int64), exact func(int64, []byte)) {
	ps := all[sameText](values)
	slices.SortFunc(ps, func(a, b sameText) int { return cmp.Compare(a.Number, b.Number) })
	pages, sums := make([]copies.Page, len(ps)), make([]uint64, len(ps))
	for i, p := range ps {
		pages[i], sums[i] = p.Of.Text, p.Of.Sum
	}
	for _, c := range copies.SameBy(pages, sums, func(a, b int) bool { return ps[a].Of.Check == ps[b].Of.Check && ps[a].Of.More == ps[b].Of.More }) {
		a, b := ps[c.A], ps[c.B]
		firsts(b.Number, a.Number)
		c.A, c.B = int(a.Number), int(b.Number)
		v := pack(proposal{Candidate: c, A: a.Of.ID, B: b.Of.ID})
		exact(both(uint32(c.A), uint32(c.B)), v)
	}
}

// signedText is a text, of a page or a fragment, with its band keys.
type signedText struct {
	Number int64
	Keys   []uint64
}

func (*sign) ProcessElement(ctx context.Context, number int64, signed func(*[]byte) bool, firsts func(*int64) bool, emit func(int64, []byte)) {
	v, ok := one[signature](signed)
	var first int64
	if !ok || firsts(&first) {
		return
	}
	if v.Keys == nil {
		count(ctx, "too_short", 1)
		return
	}
	count(ctx, "signed", 1)
	emit(number, pack(signedText{number, v.Keys}))
}

type fragmentKeys struct{}

func init() { beam.RegisterType(reflect.TypeFor[fragmentKeys]()) }

func (*fragmentKeys) ProcessElement(node int64, b []byte, emit func(int64, []byte)) {
	if keys := unpack[fragment](b).Keys; keys != nil {
		emit(node, pack(signedText{node, keys}))
	}
}

func (*bands) ProcessElement(ctx context.Context, number int64, b []byte, emit func(int64, int64)) {
	keys := unpack[signedText](b).Keys
	for band, key := range keys {
		emit(mix(int64(key), band+1), number)
	}
	count(ctx, "records_bands", len(keys))
}

// propose emits a pair of texts, the lower first.
func propose(ctx context.Context, a, b int64, near func(int64, []byte), loose func(int64, int64)) {
	if b >= fragmentNode {
		loose(b, a)
		return
	}
	v := pack(proposal{Candidate: copies.Candidate{A: int(a), B: int(b), Via: copies.ViaLSH}})
	near(both(uint32(a), uint32(b)), v)
}

func (k *bucket) ProcessElement(ctx context.Context, _ int64, b []byte, near func(int64, []byte), loose func(int64, int64)) {
	v := (*collect)(nil).decode(b)
	if v.n > k.Limit {
		count(ctx, "large_buckets", 1)
		return
	}
	for i, a := range v.kept {
		for _, b := range v.kept[i+1:] {
			propose(ctx, a, b, near, loose)
		}
	}
}

func (k *bucketTable) ProcessElement(key int64, b []byte, emit func(int64, []byte)) {
	if v := (*collect)(nil).decode(b); v.n > k.Limit {
		(&number{}).ProcessElement(key, int64(v.n), emit)
	}
}

func (l *large) ProcessElement(ctx context.Context, _ int64, b []byte, table string, emit func(int64, []byte)) {
	heavy := l.heavy.get(table, numbers)
	if len(heavy) == 0 {
		return
	}
	for band, key := range unpack[signedText](b).Keys {
		if k := mix(int64(key), band+1); heavy[k] > 0 {
			v := append([]byte{byte(band), byte(band >> 8)}, b...)
			emit(k, v)
		}
	}
}

// Setup makes what knows the shape.
func (l *openLarge) Setup() (err error) {
	l.signer, err = cluster.NewSigner(l.O.open().Cluster)
	return err
}

// ProcessElement has all of a large bucket, the keys of its texts and not the texts, in one place: what the
// next bands divide, [lsh.Params.Open] must see together.
func (l *openLarge) ProcessElement(ctx context.Context, _ int64, values func(*[]byte) bool, near func(int64, []byte), loose func(int64, int64)) {
	byBand := map[int][]signedText{} // two bands may have one key by chance
	for b := []byte(nil); values(&b); b = nil {
		band := int(b[0]) | int(b[1])<<8
		byBand[band] = append(byBand[band], unpack[signedText](b[2:]))
	}
	for band, texts := range byBand {
		textsOfBucket.Update(ctx, int64(len(texts)))
		slices.SortFunc(texts, func(a, b signedText) int { return cmp.Compare(a.Number, b.Number) })
		keys := make([][]uint64, len(texts))
		for i, t := range texts {
			keys[i] = t.Keys
		}
		pairs := l.signer.Shape().Open(keys, band, l.O.open().Cluster.Bucket)
		slices.SortFunc(pairs, func(p, q lsh.Pair) int { return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B)) })
		for _, p := range slices.Compact(pairs) {
			propose(ctx, texts[p.A].Number, texts[p.B].Number, near, loose)
		}
	}
}

func (*represent) ProcessElement(ctx context.Context, number int64, sides func(*[]byte) bool, firsts func(*int64) bool, emit func(int64, []byte)) {
	first := number
	firsts(&first)
	for b := []byte(nil); sides(&b); b = nil {
		v := unpack[side](b)
		v.First = uint32(first)
		out := pack(v)
		emit(both(min(v.Self, v.Other), max(v.Self, v.Other)), out)
	}
}

func (*meetSides) ProcessElement(key int64, values func(*[]byte) bool, shared, related func(int64, []byte)) {
	sides := all[side](values)
	if len(sides) != 2 {
		return
	}
	a, b := sides[0], sides[1]
	if a.Self > b.Self {
		a, b = b, a
	}
	var rows []row
	aligned := make([]passage.Aligned, len(a.Shared))
	for i, s := range a.Shared {
		aligned[i] = passage.Aligned{A: s.Here, B: s.There, Equal: s.Equal}
		for _, r := range a.Rows {
			if r.Passage.WordsA == s.Here && r.Passage.WordsB == s.There && b.Own[i] {
				rows = append(rows, r)
			}
		}
	}
	if len(rows) > 0 {
		related(int64(a.Self), pack(rows))
	}
	if a.First == b.First {
		return
	}
	c := cluster.Shared(int(a.First), int(b.First), aligned, func(n int) (inA, inB int) { return a.Within[n], b.Within[n] })
	shared(both(uint32(c.A), uint32(c.B)), pack(proposal{Candidate: c, Original: key}))
}

// better returns the proposal of a pair that counts: that of equal words, then that of shared passages, of
// which the first, then that of bands.
func better(a, b []byte) []byte {
	p, q := unpack[proposal](a), unpack[proposal](b)
	rank := func(p *proposal) int {
		return slices.Index([]copies.Via{copies.ViaExact, copies.ViaTitle, copies.ViaPassage, copies.ViaLSH}, p.Candidate.Via)
	}
	if cmp.Or(cmp.Compare(rank(&p), rank(&q)), cmp.Compare(uint64(p.Original), uint64(q.Original))) <= 0 {
		return a
	}
	return b
}

// What the text of a page is wanted for, if not as the first of a candidate, which is said by the candidate: one byte.
const (
	toCompare = iota // as the second
	toGroup          // as the first of equal ones, which stands for them in its copy group
)

func (*choosePer) ProcessElement(ctx context.Context, pair int64, b []byte, sure, open func(int64, []byte)) {
	count(ctx, "candidates", 1)
	p := unpack[proposal](b)
	if v := p.Candidate.Via; v != copies.ViaExact && v != copies.ViaTitle {
		open(int64(p.Candidate.A), b)
		open(int64(p.Candidate.B), []byte{toCompare})
		return
	}
	open(int64(p.Candidate.A), []byte{toGroup})
	c := p.Candidate
	c.A, c.B = 0, 1
	l := copies.Verify(make([]copies.Page, 2), []copies.Candidate{c}, 1)[0] // equal words need no look
	l.A, l.B = p.Candidate.A, p.Candidate.B
	sure(pair, pack(linkRow{l, p.A, p.B}))
}

// half is a candidate with the text of its first page.
type half struct {
	Of    proposal
	First text
}

// ProcessElement has the text of every page once, and sends it on only where it is wanted.
func (*bringText) ProcessElement(number int64, texts, open, fragments func(*[]byte) bool, members, seconds, halves, measured func(int64, []byte)) {
	var b []byte
	if !texts(&b) {
		return
	}
	t := unpack[text](b)
	for b := []byte(nil); fragments(&b); b = nil {
		p := unpack[loosePair](b)
		p.Both, p.One, p.Two = cluster.Measure(p.Fragment.Words, t.Text.Words)
		p.Fragment.Words, p.ID = nil, t.ID
		measured(0, pack(p))
	}
	compared, second := false, false
	for b := []byte(nil); open(&b); b = nil {
		compared = true
		if len(b) == 1 {
			second = second || b[0] == toCompare
			continue
		}
		p := unpack[proposal](b)
		halves(int64(p.Candidate.B), pack(half{p, t}))
	}
	if second {
		seconds(number, b)
	}
	if !compared {
		t.Text.Words = nil
		b = pack(t)
	}
	members(number, b)
}

func (*verify) ProcessElement(ctx context.Context, _ int64, texts, halves func(*[]byte) bool, emit func(int64, []byte)) {
	var b []byte
	if !halves(&b) {
		return
	}
	second, ok := one[text](texts)
	if !ok {
		return
	}
	for more := true; more; {
		h := unpack[half](b)
		c := h.Of.Candidate
		c.A, c.B = 0, 1
		for _, l := range copies.Verify([]copies.Page{h.First.Text, second.Text}, []copies.Candidate{c}, 1) {
			count(ctx, "links", 1)
			l.A, l.B = h.Of.Candidate.A, h.Of.Candidate.B
			v := pack(linkRow{l, h.First.ID, second.ID})
			emit(both(uint32(l.A), uint32(l.B)), v)
		}
		b = nil
		more = halves(&b)
	}
}

// loosePair is a pair of a fragment with a page or with an earlier fragment, and how many shingles they share.
type loosePair struct {
	Node, Other    int64 // of the fragment, and of the other
	Fragment       fragment
	Earlier        fragment // without words
	ID             string   // of the page
	Both, One, Two int
}

func (*fragmentPairs) ProcessElement(node int64, fragments func(*[]byte) bool, others func(*int64) bool, withPages, withOthers func(int64, []byte)) {
	f, ok := one[fragment](fragments)
	if !ok {
		return
	}
	f.Keys = nil
	for _, other := range neighbours(others) {
		p := pack(loosePair{Node: node, Other: other, Fragment: f})
		if other < fragmentNode {
			withPages(other, p)
		} else {
			withOthers(other, p)
		}
	}
}

func (*measureOther) ProcessElement(_ int64, pairs, fragments func(*[]byte) bool, emit func(int64, []byte)) {
	ps := all[loosePair](pairs)
	if len(ps) == 0 {
		return
	}
	f, ok := one[fragment](fragments)
	if !ok {
		return
	}
	for _, p := range ps {
		p.Both, p.One, p.Two = cluster.Measure(f.Words, p.Fragment.Words)
		p.Fragment.Words, p.ID = nil, f.ID
		p.Earlier = f
		p.Earlier.Words, p.Earlier.Keys = nil, nil
		emit(0, pack(p))
	}
}

// settledPart is what a part of a page is.
type settledPart struct {
	Part       int
	Settlement cluster.Settlement
	ID         string // of the page it is from, or that the earlier fragment is appended to
	Order      int
}

// ProcessElement has all pairs of fragments on one key: some numbers for each, no texts.
func (*settle) ProcessElement(ctx context.Context, _ int64, values func(*[]byte) bool, emit func(int64, []byte)) {
	ps := all[loosePair](values)
	slices.SortFunc(ps, func(a, b loosePair) int { return cmp.Or(cmp.Compare(a.Other, b.Other), cmp.Compare(a.Node, b.Node)) })
	known := map[int64]fragment{}
	ids := map[int64]string{}
	for _, p := range ps {
		known[p.Node] = p.Fragment
		ids[p.Other] = p.ID
		if p.Other >= fragmentNode {
			known[p.Other] = p.Earlier
		}
	}
	var nodes []int64
	for node := range known {
		nodes = append(nodes, node)
	}
	slices.Sort(nodes)
	at := make(map[int64]int, len(nodes))
	appended := make([]cluster.Appended, len(nodes))
	for i, node := range nodes {
		at[node] = i
		appended[i] = cluster.Appended{Page: int(known[node].Page), Segment: known[node].Segment}
	}
	loose := make([]cluster.Loose, len(ps))
	measures := make(map[cluster.Loose]loosePair, len(ps))
	for i, p := range ps {
		loose[i] = cluster.Loose{Page: int(p.Other), Earlier: -1, Fragment: at[p.Node]}
		if p.Other >= fragmentNode {
			loose[i].Page, loose[i].Earlier = -1, at[p.Other]
		}
		measures[loose[i]] = p
	}
	for i, s := range cluster.Settle(appended, loose, func(l cluster.Loose) (both, one, other int) {
		p := measures[l]
		return p.Both, p.One, p.Two
	}) {
		count(ctx, "fragments_settled", 1)
		f := known[nodes[s.Fragment]]
		part := settledPart{Part: f.Part, Settlement: s, Order: i}
		if s.Page >= 0 {
			part.ID = ids[int64(s.Page)]
		} else {
			part.ID = known[nodes[s.Earlier]].ID
		}
		emit(int64(f.Page), pack(part))
	}
}

type linkRows struct{ PerShard int }

func (r *linkRows) ProcessElement(_ int64, b []byte, emit func(string, []byte)) {
	l := unpack[linkRow](b)
	emit(shard("links", int64(l.Link.A), r.PerShard), newRow(order(int64(l.Link.A), int64(l.Link.B)), publish.NewLink(&l.Link, l.A, l.B)))
}
