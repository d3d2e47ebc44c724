package pipeline

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/zeebo/xxh3"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/passage"
	"sada/cmd/internal/publish"
	"sada/features/article"
	"sada/features/tfidf"
)

// judged is what is decided of every page by its passages.
type judged struct {
	finals    beam.PCollection // by page: final
	texts     beam.PCollection // by page: text
	signed    beam.PCollection // by page: signature
	fragments beam.PCollection // by fragment: fragment
	sides     beam.PCollection // by page: its sides of pairs
	outlines  beam.PCollection // by page: outline
}

// around is a page and all that it is judged by.
type around struct {
	Page      page
	Near      []passage.Near
	Named     []passage.Titled
	Recurring []passage.Recurring
	Carried   []passage.Carried // of its candidates
}

// final is the rows of a page, but for what others decide.
type final struct {
	Row      publish.Page // without parts
	Parts    []article.Part
	Passages []row // what is cut, or was looked at
}

// row is a passage with the IDs of its pages.
type row struct {
	Passage passage.Passage
	A, B    string
	Order   int64 // among the passages of page A
}

// text is what is compared of a page.
type text struct {
	ID   string
	Text copies.Page
}

// signature is what proposes copies of a page.
type signature struct {
	ID         string
	Text       copies.Page // of its words only as many as make it long enough
	Sum, Check uint64      // of its words
	More       uint64
	Keys       []uint64 // of its bands
}

// fragment is a text appended to a page that has no page of its own.
type fragment struct {
	Page    uint32
	ID      string // of that page
	Part    int
	Segment string
	Words   []uint32
	Keys    []uint64
}

// side is what one of two pages says of the passages that they share.
type side struct {
	Self, Other uint32
	First       uint32 // the page that stands for all of the words of Self
	Shared      []passage.Shared
	Within      []int  // words of main text in each
	Own         []bool // whether each is mostly main text
	Rows        []row  // of the older page: its passages with the other that it does not explain
}

// outline is what the stories need of a page.
type outline struct {
	ID, Source, Title string
	Date              time.Time
	DayOnly           bool
	Counts            []tfidf.Count // of its words
	Number            int64
	CopyID            string // of its copy group
	Original          bool
}

type (
	bringAround struct{} // brings to a page what is known of others
	surround    struct { // finds the candidates of a page
		topics held[*passage.Topics]
		heavy  held[map[int64]int64]
	}
	carriedBy struct{} // joins a page with what is known of its candidates
	decide    struct { // what of a page is its own
		O       sealed
		topics  held[*passage.Topics]
		sources held[map[string]int]
		signer  *cluster.Signer
	}

	overlap struct{} // edges between candidates of one text
	name    struct{} // puts candidates on the key of their text
	hosts   struct { // what is known of a text
		topics held[*passage.Topics]
	}
)

func init() {
	beam.RegisterType(reflect.TypeFor[bringAround]())
	beam.RegisterType(reflect.TypeFor[surround]())
	beam.RegisterType(reflect.TypeFor[carriedBy]())
	beam.RegisterType(reflect.TypeFor[overlap]())
	beam.RegisterType(reflect.TypeFor[name]())
	beam.RegisterType(reflect.TypeFor[hosts]())
	beam.RegisterType(reflect.TypeFor[ask]())
}

// judge finds what of every page is its own. Pages to which nothing may be appended, nearly all, are
// decided at once; the others when it is known who else carries the text.
func judge(s beam.Scope, in input, near beam.PCollection, known facts, o Options) judged {
	// Two steps: a runner in Java does not hand on what is joined to a step that has tables as well.
	arounds := beam.ParDo(s, &bringAround{}, join(s, "surround", in.pages, near, known.named, known.recurring))
	ready, pending, candidates := beam.ParDo3(s, &surround{}, arounds,
		beam.SideInput{Input: known.cells}, beam.SideInput{Input: known.heavy})
	asked, owned := beam.ParDo2(s, &ask{}, candidates)
	edges := beam.Flatten(s, owned, beam.ParDo(s, &overlap{}, join(s, "overlap", beam.ParDo(s, &byPage{}, candidates), asked)))
	labels := components(s.Scope("components"), edges, o.Rounds)
	byText := beam.ParDo(s, &name{}, join(s, "name", candidates, labels))
	carried := beam.ParDo(s, &hosts{}, join(s, "hosts", byText), beam.SideInput{Input: known.cells})
	all := beam.Flatten(s, ready, beam.ParDo(s, &carriedBy{}, join(s, "carriedBy", pending, carried)))
	decisions, texts, signed, fragments, sides := beam.ParDo5(s, &decide{O: seal(o)}, all, beam.SideInput{Input: known.cells}, beam.SideInput{Input: known.sources})
	finals, outlines := beam.ParDo2(s, &sort{}, decisions)
	return judged{finals, texts, signed, fragments, sides, outlines}
}

// topics makes the table of word frequencies, whose entry -1 is the number of pages.
func topics(entries []entry) *passage.Topics {
	var df []uint32
	pages := 0
	for _, e := range entries {
		if e.Key < 0 {
			pages = int(e.uvarint())
			continue
		}
		for int64(len(df)) <= e.Key {
			df = append(df, 0)
		}
		df[e.Key] = uint32(e.uvarint())
	}
	return passage.NewTopics(df, pages)
}

// candidate is a passage in the place of a tail, with its page as a host.
type candidate struct {
	Node      int64 // its number: that of the page, and its place among the page's candidates
	Candidate passage.Candidate
	Host      passage.Host
	Source    string
}

// A page has fewer than 2^16 candidates, of 15 words and more each, unless it is longer than any page
// that the reader takes by default. The numbers of pages that are somebody's text come after all
// candidates, so that the first candidate names a text.
const (
	placeBits = 16
	pageNode  = 1 << 62
)

func (*bringAround) ProcessElement(number int64, pages, near, names, recurring func(*[]byte) bool, emit func(int64, []byte)) {
	p, ok := one[page](pages)
	if !ok {
		return
	}
	a := around{Page: p, Near: all[passage.Near](near), Named: all[passage.Titled](names), Recurring: all[passage.Recurring](recurring)}
	slices.SortFunc(a.Near, func(p, q passage.Near) int { return cmp.Compare(p.Of.Number, q.Of.Number) })
	emit(number, pack(a))
}

func (s *surround) ProcessElement(number int64, b []byte, cells, heavy string, ready, pending, candidates func(int64, []byte)) {
	a := unpack[around](b)
	shared := a.Page.open().Passage()
	table := s.heavy.get(heavy, numbers)
	shared.Repeatable(func(hash uint64) {
		if n, ok := table[int64(hash)]; ok {
			a.Recurring = append(a.Recurring, passage.Recurring{Hash: hash, Pages: int32(n)})
		}
	})
	slices.SortFunc(a.Recurring, func(p, q passage.Recurring) int { return cmp.Compare(p.Hash, q.Hash) })
	n := passage.NewNeighbourhood(uint32(number), shared, a.Near, a.Named, s.topics.get(cells, topics))
	found := n.Candidates()
	if len(found) == 0 {
		ready(number, pack(a))
		return
	}
	for i, c := range found {
		candidates(number<<placeBits|int64(i), pack(candidate{number<<placeBits | int64(i), c, n.Host(c), shared.Source}))
	}
	pending(number, pack(a))
}

type (
	ask    struct{} // what a candidate has to do with others: its own page, or candidates of another host
	byPage struct{}
)

func init() { beam.RegisterType(reflect.TypeFor[byPage]()) }

// place is where in a page a candidate stands.
type place struct {
	Node  int64
	Words passage.Range
}

func (*ask) ProcessElement(node int64, b []byte, asked func(int64, []byte), edges func(int64, int64)) {
	c := unpack[candidate](b).Candidate
	if c.Own {
		edges(node, pageNode|int64(c.Other))
	} else {
		asked(int64(c.Other), pack(place{node, c.There}))
	}
}

func (*byPage) ProcessElement(node int64, b []byte, emit func(int64, []byte)) {
	emit(node>>placeBits, pack(place{node, unpack[candidate](b).Candidate.Here}))
}

func (*overlap) ProcessElement(_ int64, here, asked func(*[]byte) bool, edges func(int64, int64)) {
	own := all[place](here)
	for b := []byte(nil); asked(&b); b = nil {
		a := unpack[place](b)
		for _, o := range own {
			if o.Words.From < a.Words.To && a.Words.From < o.Words.To {
				edges(a.Node, o.Node)
			}
		}
	}
}

func (*name) ProcessElement(ctx context.Context, node int64, candidates func(*[]byte) bool, labels func(*int64) bool, emit func(int64, []byte)) {
	var b []byte
	if !candidates(&b) {
		return // the node of a page
	}
	label := node
	labels(&label)
	emit(label, b)
}

// known is what is known of the text of one candidate.
type known struct {
	Node    int64
	Carried passage.Carried
}

func (h *hosts) ProcessElement(ctx context.Context, _ int64, candidates func(*[]byte) bool, cells string, emit func(int64, []byte)) {
	count(ctx, "appended_texts", 1)
	var nodes []int64
	var first []candidate // in order, no more than are compared
	sources := make(map[string]bool)
	for b := []byte(nil); candidates(&b); b = nil {
		c := unpack[candidate](b)
		nodes = append(nodes, c.Node)
		sources[c.Source] = true
		i, _ := slices.BinarySearchFunc(first, c.Node, func(c candidate, node int64) int { return cmp.Compare(c.Node, node) })
		first = slices.Insert(first, i, c)
		first = first[:min(len(first), passage.MaxHosts)]
	}
	var hosts []passage.Host
	for _, c := range first {
		hosts = append(hosts, c.Host)
	}
	k := passage.Carry(hosts, h.topics.get(cells, topics))
	k.Sources, k.Segment = len(sources), first[0].Candidate.Anchor
	for _, node := range nodes {
		emit(node>>placeBits, pack(known{node, k}))
	}
}

func (*carriedBy) ProcessElement(ctx context.Context, number int64, pending, carried func(*[]byte) bool, emit func(int64, []byte)) {
	a, ok := one[around](pending)
	if !ok {
		return
	}
	ks := all[known](carried)
	slices.SortFunc(ks, func(a, b known) int { return cmp.Compare(a.Node, b.Node) })
	for _, k := range ks {
		a.Carried = append(a.Carried, k.Carried)
	}
	b := pack(a)
	emit(number, b)
}

func ofSource(entries []entry) map[string]int {
	out := make(map[string]int, len(entries))
	for _, e := range entries {
		out[string(e.Value)] = int(e.Key)
	}
	return out
}

// relatedOrder is added to the places of passages with younger pages, which come after what is cut.
const relatedOrder = 1 << 32

// Setup makes the signer.
func (d *decide) Setup() (err error) {
	d.signer, err = cluster.NewSigner(d.O.open().Cluster)
	return err
}

func (d *decide) ProcessElement(ctx context.Context, number int64, b []byte, cells, sources string, decisions, texts, signed, fragments, sides func(int64, []byte)) {
	a := unpack[around](b)
	p := a.Page.open()
	n := passage.NewNeighbourhood(uint32(number), p.Passage(), a.Near, a.Named, d.topics.get(cells, topics))
	found, parts := n.Resolve(a.Carried, a.Recurring, d.sources.get(sources, ofSource)[p.Source])
	rows := func(ps []passage.Passage, from int64) (out []row) {
		for i, ps := range ps {
			r := row{Passage: ps, A: p.ID, Order: from + int64(i)}
			if ps.B >= 0 {
				r.B = n.ID(ps.B)
			}
			out = append(out, r)
		}
		return out
	}
	count(ctx, "passages_found", len(found))
	t := p.Text(parts)
	texts(number, pack(text{p.ID, t}))
	sum := wordsHash(t.Words)
	short := t
	short.Words = t.Words[:min(len(t.Words), copies.MinShingles+copies.ShingleWords)]
	signed(number, pack(signature{p.ID, short, copies.Sum(t.Words), sum.Hi, sum.Lo, d.signer.Keys(t.Words)}))
	for _, f := range p.Fragments(parts) {
		count(ctx, "fragments", 1)
		fragments(fragmentNode|number<<placeBits|int64(f.Part),
			pack(fragment{uint32(number), p.ID, f.Part, parts[f.Part].Segment, f.Words, d.signer.Keys(f.Words)}))
	}
	related := rows(n.Related(parts), relatedOrder)
	for _, q := range a.Near {
		s := side{Self: uint32(number), Other: q.Of.Number, First: uint32(number), Shared: q.Shared}
		ranges := make([]passage.Range, len(q.Shared))
		for i, shared := range q.Shared {
			ranges[i] = shared.Here
			s.Own = append(s.Own, passage.MostlyOwn(parts, n.Bytes(shared.Here)))
		}
		s.Within = p.Within(parts, ranges)
		for _, r := range related {
			if uint32(r.Passage.B) == q.Of.Number {
				s.Rows = append(s.Rows, r)
			}
		}
		sides(number, pack(s))
	}
	r := a.Page.Record
	decisions(number, pack(decision{
		final{publish.NewPage(p, a.Page.Published, nil), parts, rows(found, 0)},
		outline{ID: p.ID, Source: p.Source, Title: p.Title, Date: r.Date, DayOnly: r.DayOnly, Counts: p.Counts(parts, d.O.open().Cluster.Vocabulary)},
	}))
}

// decision is both of what is told of a page.
type decision struct {
	Final   final
	Outline outline
}

type sort struct{} // decisions into their two parts

func init() {
	beam.RegisterType(reflect.TypeFor[decide]())
	beam.RegisterType(reflect.TypeFor[sort]())
}

func (*sort) ProcessElement(ctx context.Context, number int64, b []byte, finals, outlines func(int64, []byte)) {
	d := unpack[decision](b)
	f, o := pack(d.Final), pack(d.Outline)
	finals(number, f)
	outlines(number, o)
}

// wordsHash tells apart texts that have one [copies.Sum].
func wordsHash(words []uint32) xxh3.Uint128 {
	b := make([]byte, 0, 4*len(words))
	for _, w := range words {
		b = append(b, byte(w), byte(w>>8), byte(w>>16), byte(w>>24))
	}
	return xxh3.Hash128(b)
}
