package passage

import (
	"cmp"
	"slices"

	"sada/cluster/inverted"
	"sada/features/article"
	"sada/features/shingle"
)

// This file is the step in pieces, for pages that are not all in one memory: what one page gives, what is
// joined of many, and what is then decided of one page among those it shares text with. [Find] and the
// pieces call the same functions.

// Posting is an anchor of a page: the page's number in the upper half of the bits, its first word in
// the lower one.
type Posting uint64

// NewPosting makes a posting.
func NewPosting(page, word uint32) Posting { return Posting(uint64(page)<<32 | uint64(word)) }

func (p Posting) split() posting { return posting{doc: uint32(p >> 32), pos: uint32(p)} }

// Anchors calls do with every anchor of the page, each hash once, and its first word.
func (p *Page) Anchors(do func(hash uint64, word uint32)) {
	var m scratch
	for _, a := range p.anchors(&m, nil, 0) {
		do(a.Hash, a.Pos)
	}
}

// MaxHomes is the most postings that [Homes] keeps.
const MaxHomes = 3 * homes

// Homes keeps, in place, the postings of one hash that can be its homes, whatever others there are: the
// first pages and those where it stands nearest to the start. Postings are ascending, each page once. It is
// associative, so that it can be done as soon as two postings meet: the homes of what is kept of two
// lists are those of both lists.
func Homes(ps []Posting) []Posting {
	if len(ps) <= MaxHomes {
		return ps
	}
	near := slices.Clone(ps)
	slices.SortFunc(near, func(p, q Posting) int { return cmp.Or(cmp.Compare(uint32(p), uint32(q)), cmp.Compare(p, q)) })
	kept := append(slices.Clone(ps[:homes]), near[:2*homes]...)
	slices.Sort(kept)
	return append(ps[:0], slices.Compact(kept)...)
}

// Hit is the first words of an anchor that two pages share, in the first and in the second of them.
type Hit struct{ A, B uint32 }

// Link calls do with the hits of a posting with the homes of its hash; kept is what [Homes] left, or all
// postings. Two homes name each other, so that some hits come twice.
func Link(kept []Posting, ps []Posting, do func(Couple, Hit)) {
	all := make([]posting, len(kept))
	for i, p := range kept {
		all[i] = p.split()
	}
	var home [2 * homes]posting
	found := homesOf(&home, all)
	for _, p := range ps {
		p := p.split()
		for _, h := range found {
			switch {
			case p.doc < h.doc:
				do(Couple{p.doc, h.doc}, Hit{p.pos, h.pos})
			case h.doc < p.doc:
				do(Couple{h.doc, p.doc}, Hit{h.pos, p.pos})
			}
		}
	}
}

// LeastHits is the number of hits below which two pages are not compared.
const LeastHits = minAnchors

// Align returns the passages of two pages by their hits, which are ascending.
func Align(a, b []uint32, at []Hit) []Aligned {
	if len(at) < minAnchors {
		return nil
	}
	hits := make([]hit, len(at))
	for i, h := range at {
		hits[i] = hit{0, 1, h.A, h.B}
	}
	return long(a, b, hits)
}

// Card is what others must know of a page.
type Card struct {
	Number     uint32 // in canonical order
	ID, Source string
	Time       int64
	Dated      bool
	Lead       int
	Title      int // words
	Own        Range
	End        int
	Spans      shingle.Offsets
}

// Card returns the card of a page, with which it shares memory.
func (p *Page) Card(number uint32) Card {
	own, end := p.extent()
	return Card{number, p.ID, p.Source, p.Time, p.Dated, p.Lead, len(p.title()), own, end, p.Spans}
}

// page returns a page that answers what is asked of others.
func (c *Card) page() *Page {
	p := &Page{ID: c.ID, Source: c.Source, Time: c.Time, Dated: c.Dated, Lead: c.Lead, Spans: c.Spans, Words: make([]uint32, c.Title)}
	if c.Lead == 0 && c.Title > 0 {
		p.Parts = []article.Part{{Kind: article.Title, From: 0, To: 1}}
		p.Lines = []Line{{0, 0}, {c.Title, 1}}
	}
	return p
}

// Near is another page, and what a page shares with it, in the order of the pair's [Aligned].
type Near struct {
	Of     Card
	Shared []Shared
}

// Shared is a passage seen from one of its pages.
type Shared struct {
	Here, There Range
	Equal       int
}

// Titled is the first page with a title.
type Titled struct {
	Hash   uint64
	Number uint32
	ID     string
}

// Title returns the hash of the page's title, and whether others look it up.
func (p *Page) Title() (hash uint64, ok bool) {
	if w := p.title(); len(w) >= minTitle {
		return sequence(0, w), true
	}
	return 0, false
}

// Mentions calls do with the hash of every line of the page that may be the title of another page, each once.
func (p *Page) Mentions(do func(hash uint64)) {
	for _, m := range once(p.mentions(nil, 0), 0) {
		do(m.Hash)
	}
}

// How many pages of its source tell of a line or an ending: fewer than LeastRecurring nothing, more than
// MostRecurring nothing more.
const (
	LeastRecurring = furnitureLeast
	MostRecurring  = furnitureMost
)

// Repeatable calls do with the hash of every line and ending of the page that its source may repeat,
// each once.
func (p *Page) Repeatable(do func(hash uint64)) {
	if p.Source == "" {
		return
	}
	var ps []inverted.Posting
	p.repeatable(func(hash uint64, _ int) { ps = append(ps, inverted.Posting{Hash: hash}) })
	for _, l := range once(ps, 0) {
		do(l.Hash)
	}
}

// Carried is what is known of an appended text over all its hosts.
type Carried struct {
	Hosts   int // unrelated to each other in wording and subject
	Sources int
	Days    int    // of the unrelated hosts
	Segment uint64 // smallest anchor of the text in its first host
}

// Carry counts hosts of one text, at most the first [MaxHosts], by the table of frequencies. Sources, of
// all hosts, and the segment are the caller's.
func Carry(hosts []Host, t *Topics) Carried {
	k := t.unrelated(hosts[:min(len(hosts), MaxHosts)], new(tally))
	return Carried{Hosts: k.hosts, Days: k.days}
}

// Neighbourhood is a page among those it shares text with, and those whose title it names.
type Neighbourhood struct {
	finder
	at         int // of the page
	numbers    []uint32
	candidates []candidate
	scratch    scratch
}

// NewNeighbourhood puts a page among the others. It keeps what it is given.
func NewNeighbourhood(number uint32, p *Page, near []Near, named []Titled, t *Topics) *Neighbourhood {
	n := &Neighbourhood{finder: finder{topics: t, titles: make(titles), joiners: newJoiners()}}
	cards := map[uint32]*Card{}
	for _, q := range named {
		if q.Number != number {
			cards[q.Number] = &Card{Number: q.Number, ID: q.ID}
		}
	}
	for i := range near {
		cards[near[i].Of.Number] = &near[i].Of
	}
	self := p.Card(number)
	cards[number] = &self
	for other := range cards {
		n.numbers = append(n.numbers, other)
	}
	slices.Sort(n.numbers)
	n.views = make([][]view, len(n.numbers))
	for i, other := range n.numbers {
		c := cards[other]
		n.own, n.end = append(n.own, c.Own), append(n.end, c.End)
		if other == number {
			n.at = i
			n.pages = append(n.pages, p)
		} else {
			n.pages = append(n.pages, c.page())
		}
	}
	for _, q := range named {
		n.titles[q.Hash] = n.place(q.Number)
	}
	for _, q := range near {
		for _, s := range q.Shared {
			n.views[n.at] = append(n.views[n.at], view{n.place(q.Of.Number), s.Here, s.There, s.Equal})
		}
	}
	slices.SortFunc(n.views[n.at], byPlace)
	n.candidates = n.finder.candidates(n.at, &n.scratch)
	return n
}

func (n *Neighbourhood) place(number uint32) int32 {
	i, _ := slices.BinarySearch(n.numbers, number)
	return int32(i)
}

// ID returns the ID of a page of the neighbourhood, by its number.
func (n *Neighbourhood) ID(number int) string { return n.pages[n.place(uint32(number))].ID }

// Candidates returns the passages that could be appended texts of the page, the last first. Other is the
// number of a page.
func (n *Neighbourhood) Candidates() []Candidate {
	out := flat(n.candidates)
	for i := range out {
		out[i].Other = int32(n.numbers[out[i].Other])
	}
	return out
}

// Host returns the page as the host of a candidate.
func (n *Neighbourhood) Host(c Candidate) Host {
	p := n.pages[n.at]
	return Host{p.Words[n.own[n.at].From:c.Here.From], p.Time, p.Dated}
}

// Resolve decides what of the page is its own. carried is of its candidates, recurring the lines and endings
// of it that its source repeats, ascending, on so many pages of it.
func (n *Neighbourhood) Resolve(carries []Carried, recurring []Recurring, ofSource int) ([]Passage, []article.Part) {
	known := make([]carried, len(carries))
	for i, c := range carries {
		known[i] = carried{c.Hosts, c.Sources, c.Days, c.Segment}
	}
	f := &furniture{recurring, map[string]int{n.pages[n.at].Source: ofSource}}
	found, parts := n.resolve(n.at, n.candidates, known, f, &n.scratch)
	return n.numbered(found), parts
}

// Related returns the passages with younger pages that no cut of this page explains, by its parts. Whether
// one of the other page does, [MostlyOwn] says.
func (n *Neighbourhood) Related(parts []article.Part) []Passage {
	all := make([][]article.Part, len(n.pages))
	for i := range all {
		all[i] = []article.Part{{Kind: article.Main, From: 0, To: 1 << 40}}
	}
	all[n.at] = parts
	return n.numbered(n.relations(n.at, all))
}

// Bytes returns the bytes of a range of the page's words.
func (n *Neighbourhood) Bytes(r Range) article.Part {
	return bytes(n.pages[n.at], r)
}

func (n *Neighbourhood) numbered(ps []Passage) []Passage {
	for i := range ps {
		ps[i].A = int(n.numbers[ps[i].A])
		if ps[i].B >= 0 {
			ps[i].B = int(n.numbers[ps[i].B])
		}
	}
	return ps
}
