package pipeline

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster"
	"sada/cluster/passage"
)

type (
	anchors      struct{}            // of every page
	meet         struct{ Limit int } // hits of the pages of one anchor
	weigh        struct{}            // how many pages an anchor has
	dealHomes    struct{ Limit int } // sends the homes of a long list to all of its shares
	dealPostings struct {            // sends every page of a long list to one of its shares
		Limit int
		heavy held[map[int64]int64]
	}
	meetHomes struct{} // hits of one share of a long list
	pairHits  struct{} // all hits of two pages
	bring     struct{} // brings the words of the first page to the second, and those of the second where there is a first
	align     struct{} // passages of two pages

	mention struct{} // titles, lines that may be titles, lines that sources repeat, sources
	named   struct{} // whose titles the lines of pages are
	recur   struct{} // how often lines recur
	cells   struct{ counts map[int64]int64 }
)

func init() {
	beam.RegisterType(reflect.TypeFor[anchors]())
	beam.RegisterType(reflect.TypeFor[meet]())
	beam.RegisterType(reflect.TypeFor[weigh]())
	beam.RegisterType(reflect.TypeFor[dealHomes]())
	beam.RegisterType(reflect.TypeFor[dealPostings]())
	beam.RegisterType(reflect.TypeFor[meetHomes]())
	beam.RegisterType(reflect.TypeFor[pairHits]())
	beam.RegisterType(reflect.TypeFor[bring]())
	beam.RegisterType(reflect.TypeFor[align]())
	beam.RegisterType(reflect.TypeFor[mention]())
	beam.RegisterType(reflect.TypeFor[named]())
	beam.RegisterType(reflect.TypeFor[recur]())
	beam.RegisterType(reflect.TypeFor[cells]())
}

// open returns the page of a record that came from one.
func (p *page) open() *cluster.Page {
	out, err := p.Record.Page()
	if err != nil {
		panic(err) // the record was made by this pipeline
	}
	return out
}

func open(b []byte) *cluster.Page {
	p := unpack[page](b)
	return p.open()
}

// homes keeps the postings that can be homes.
func homes(ps []int64) []int64 {
	kept := passage.Homes(postings(ps))
	out := make([]int64, len(kept))
	for i, p := range kept {
		out[i] = int64(p)
	}
	return out
}

func postings(ps []int64) []passage.Posting {
	out := make([]passage.Posting, len(ps))
	for i, p := range ps {
		out[i] = passage.Posting(p)
	}
	return out
}

func (*anchors) ProcessElement(ctx context.Context, number int64, b []byte, emit func(int64, int64)) {
	n := 0
	open(b).Passage().Anchors(func(hash uint64, word uint32) {
		emit(int64(hash), int64(passage.NewPosting(uint32(number), word)))
		n++
	})
	count(ctx, "records_anchors", n)
}

func (m *meet) ProcessElement(ctx context.Context, hash int64, b []byte, hits func(int64, int64), heavy func(int64, []byte)) {
	combined(ctx, "meet", b)
	switch v := (*collect)(nil).decode(b); {
	case v.n < 2:
	case v.n > m.Limit:
		count(ctx, "heavy_anchors", 1)
		heavy(hash, b)
	default:
		ps := postings(v.kept)
		postingsOfKey.Update(ctx, int64(len(ps)))
		meeting(ctx, ps, ps, hits)
	}
}

// meeting emits the hits of postings with the homes.
func meeting(ctx context.Context, homes, ps []passage.Posting, hits func(int64, int64)) {
	n := 0
	passage.Link(homes, ps, func(c passage.Couple, h passage.Hit) {
		hits(both(c.A, c.B), both(h.A, h.B))
		n++
	})
	count(ctx, "postings_met", n)
}

func (*weigh) ProcessElement(hash int64, b []byte, emit func(int64, []byte)) {
	(&number{}).ProcessElement(hash, int64((*collect)(nil).decode(b).n), emit)
}

// dealt is a posting, or the homes, of one hash.
type dealt struct{ Hash, Posting int64 }

func (d *dealHomes) ProcessElement(hash int64, b []byte, emit func(int64, []byte)) {
	v := (*collect)(nil).decode(b)
	for share := range v.n/d.Limit + 1 {
		for _, p := range v.kept {
			emit(mix(hash, share+1), pack(dealt{hash, p}))
		}
	}
}

func (d *dealPostings) ProcessElement(ctx context.Context, number int64, b []byte, table string, emit func(int64, []byte)) {
	heavy := d.heavy.get(table, numbers)
	if len(heavy) == 0 {
		return
	}
	open(b).Passage().Anchors(func(hash uint64, word uint32) {
		if n, ok := heavy[int64(hash)]; ok {
			share := int(number) % (int(n)/d.Limit + 1)
			v := pack(dealt{int64(hash), int64(passage.NewPosting(uint32(number), word))})
			emit(mix(int64(hash), share+1), v)
		}
	})
}

func (*meetHomes) ProcessElement(ctx context.Context, _ int64, homes, dealtOut func(*[]byte) bool, hits func(int64, int64)) {
	kept := map[int64][]int64{} // by hash: two may have one key by chance
	for _, h := range all[dealt](homes) {
		kept[h.Hash] = append(kept[h.Hash], h.Posting)
	}
	of := map[int64][]passage.Posting{}
	for hash, ps := range kept {
		slices.Sort(ps)
		of[hash] = postings(ps)
	}
	n := 0
	for b := []byte(nil); dealtOut(&b); b = nil { // one at a time
		n++
		p := unpack[dealt](b)
		meeting(ctx, of[p.Hash], postings([]int64{p.Posting}), hits)
	}
	postingsOfKey.Update(ctx, int64(n))
}

// aligned is what two pages are aligned by.
type aligned struct {
	Card  passage.Card
	Words []uint32
}

type slim struct{}

func init() { beam.RegisterType(reflect.TypeFor[slim]()) }

func (*slim) ProcessElement(number int64, b []byte, emit func(int64, []byte)) {
	p := open(b).Passage()
	emit(number, pack(aligned{p.Card(uint32(number)), p.Words}))
}

// meetingPlace is what goes from the first page of a pair to the second.
type meetingPlace struct {
	A, B  uint32
	Hits  []int64
	Card  passage.Card
	Words []uint32
}

// toAlign is the byte that says that a page is the second of a pair.
const toAlign = 0

func (*pairHits) ProcessElement(ctx context.Context, key int64, at func(*int64) bool, emit func(int64, []byte)) {
	hits := values(at)
	slices.SortFunc(hits, func(a, b int64) int { return cmp.Compare(uint64(a), uint64(b)) })
	hits = slices.Compact(hits)
	count(ctx, "hits", len(hits))
	if len(hits) < passage.LeastHits {
		return
	}
	a, b := apart(key)
	v := pack(meetingPlace{A: a, B: b, Hits: hits})
	emit(int64(a), v)
	emit(int64(b), []byte{toAlign})
}

func (*bring) ProcessElement(number int64, pages, pairs func(*[]byte) bool, seconds, halves func(int64, []byte)) {
	var p []byte
	if !pairs(&p) {
		return
	}
	var b []byte
	if !pages(&b) {
		return
	}
	first, second := unpack[aligned](b), false
	for more := true; more; {
		if len(p) == 1 {
			second = true
		} else {
			m := unpack[meetingPlace](p)
			m.Card, m.Words = first.Card, first.Words
			halves(int64(m.B), pack(m))
		}
		p = nil
		more = pairs(&p)
	}
	if second {
		seconds(number, b)
	}
}

func (*align) ProcessElement(ctx context.Context, number int64, pages, pairs func(*[]byte) bool, emit func(int64, []byte)) {
	var b []byte
	if !pairs(&b) {
		return
	}
	second, ok := one[aligned](pages)
	if !ok {
		return
	}
	for more := true; more; {
		m := unpack[meetingPlace](b)
		hits := make([]passage.Hit, len(m.Hits))
		for i, h := range m.Hits {
			hits[i].A, hits[i].B = apart(h)
		}
		if found := passage.Align(m.Words, second.Words, hits); len(found) > 0 {
			here, there := passage.Near{Of: second.Card}, passage.Near{Of: m.Card}
			for _, f := range found {
				here.Shared = append(here.Shared, passage.Shared{Here: f.A, There: f.B, Equal: f.Equal})
				there.Shared = append(there.Shared, passage.Shared{Here: f.B, There: f.A, Equal: f.Equal})
			}
			count(ctx, "passage_pairs", 1)
			emit(int64(m.A), pack(here))
			emit(number, pack(there))
		}
		b = nil
		more = pairs(&b)
	}
}

func (*mention) ProcessElement(ctx context.Context, n int64, b []byte, titles func(int64, []byte), mentions, lines func(int64, int64), sources func(string, int64)) {
	p := open(b).Passage()
	if hash, ok := p.Title(); ok {
		v := pack(passage.Titled{Hash: hash, Number: uint32(n), ID: p.ID})
		titles(int64(hash), v)
	}
	sum := 0
	p.Mentions(func(hash uint64) {
		mentions(int64(hash), n)
		sum++
	})
	p.Repeatable(func(hash uint64) {
		lines(int64(hash), n)
		sum++
	})
	count(ctx, "records_lines", sum)
	sources(p.Source, 1)
}

func (*named) ProcessElement(_ context.Context, _ int64, titles func(*[]byte) bool, mentions func(*int64) bool, emit func(int64, []byte)) {
	first, ok := one[passage.Titled](titles)
	if !ok {
		return
	}
	for b := []byte(nil); titles(&b); b = nil {
		if t := unpack[passage.Titled](b); t.Number < first.Number {
			first = t
		}
	}
	v := pack(first)
	for n := int64(0); mentions(&n); {
		emit(n, v)
	}
}

func (*recur) ProcessElement(hash int64, b []byte, emit, heavy func(int64, []byte)) {
	v := (*collect)(nil).decode(b)
	switch {
	case v.n < passage.LeastRecurring:
	case v.n > passage.MostRecurring:
		(&number{}).ProcessElement(hash, int64(v.n), heavy)
	default:
		r := pack(passage.Recurring{Hash: uint64(hash), Pages: int32(v.n)})
		for _, page := range v.kept {
			emit(page, r)
		}
	}
}

// StartBundle makes the counts of the bundle.
func (c *cells) StartBundle(func(int64, int64)) { c.counts = make(map[int64]int64) }

// ProcessElement counts in memory: words that many pages have are short before they are sent.
func (c *cells) ProcessElement(_ int64, b []byte, _ func(int64, int64)) {
	c.counts[-1]++ // pages
	for _, cell := range open(b).Passage().Cells() {
		c.counts[int64(cell)]++
	}
}

// FinishBundle sends the counts.
func (c *cells) FinishBundle(emit func(int64, int64)) {
	for cell, n := range c.counts {
		emit(cell, n)
	}
}
