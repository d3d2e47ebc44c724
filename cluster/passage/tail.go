package passage

import (
	"math/bits"
	"slices"

	"sada/features/article"
	"sada/features/shingle"
)

// What makes a passage the end of one page and the beginning of another. Words; shares of words.
// The first five are those with which 1,268 of 1,275 appended articles were found.
const (
	hostWords   = 30  // at least before a tail: less is a title page, for which only a marker speaks
	startWords  = 15  // at most before the passage in its own page, or
	startShare  = .05 // of that page
	endShare    = .07 // of the host may follow the tail
	tailHeld    = .3  // of the tail's page must be in the tail
	copyHeld    = .9  // of both pages: then the pages are copies, not host and tail
	tailWords   = 40  // equal, without a marker: shorter ones are formulas
	markedWords = 15  // equal, after a marker
)

// candidate is a passage in the place of a tail.
type candidate struct {
	view
	own    bool   // the other page begins with it; otherwise the other page is a host as well
	anchor uint64 // the smallest of the text
}

// candidates returns the passages that could be appended texts of a page, the last first: one for
// the end of the page and, if there are several, one for the end of what is before it.
func (f *finder) candidates(i int, m *scratch) []candidate {
	var out []candidate
	own, end := f.own[i], f.end[i]
	if len(f.views[i]) == 0 {
		return nil
	}
	p := f.pages[i]
	var spans []shingle.Span // of pages that show something of their layout
	if len(p.Proposals) > 0 || slices.ContainsFunc(p.Parts, closes) {
		spans = m.spans(p)
	}
	views := slices.Clone(f.views[i])
	for n := range views {
		if spans != nil {
			p.open(&views[n], spans)
		}
		views[n].shut(end)
	}
	for {
		best := candidate{view: view{other: -1}}
		for _, v := range views {
			if c, ok := f.tail(i, v, own.From, end, spans); ok && (best.other < 0 || f.better(c, best)) {
				best = c
			}
		}
		if best.other < 0 {
			return out
		}
		best.anchor = smallest(p.Words[best.here.From:best.here.To])
		out = append(out, best)
		end = best.here.From
		if n := p.marked(end, spans); n >= 0 { // the cut takes the marker and the title as well
			q := p.Proposals[n]
			if q.MarkerTo > q.MarkerFrom {
				q.From = q.MarkerFrom
			}
			end = min(end, p.words(spans, 0, q.From).To)
		}
	}
}

// closes says whether a part is one of those lines.
func closes(part article.Part) bool {
	return part.Kind == article.Source || part.Kind == article.Tags || part.Kind == article.Marker || part.Kind == article.Furniture
}

// open moves the start of a passage out of the page's closing lines: hosts of one text share them by
// chance, as where two of them have the same source.
func (p *Page) open(v *view, spans []shingle.Span) {
	word := v.here.From
	if word < p.Lead {
		return
	}
	at := int(spans[word-p.Lead].From)
	for _, part := range p.Parts {
		if part.To <= at {
			continue
		}
		if !closes(part) {
			break
		}
		at = part.To
	}
	moved := max(min(p.Lead+search(spans, at), v.here.To)-word, 0) // several words may stand for one sign
	v.here.From += moved
	v.there.From = min(v.there.From+moved, v.there.To)
	v.equal = max(v.equal-moved, 0)
}

// shut moves the end of a passage out of the page's closing lines, from the word end on: an article may
// have been appended with those of its own page.
func (v *view) shut(end int) {
	moved := min(max(v.here.To-end, 0), v.here.Len())
	v.here.To -= moved
	v.there.To = max(v.there.To-moved, v.there.From)
	v.equal = max(v.equal-moved, 0)
}

// tail reports whether a passage stands where a tail would: from well after the start of its host
// to the host's end, and in the other page at the start, or at the end as here.
func (f *finder) tail(i int, v view, start, end int, spans []shingle.Span) (candidate, bool) {
	p, other := f.pages[i], f.own[v.other]
	if v.here.From < p.Lead || end-v.here.From < markedWords {
		return candidate{}, false // in the record's title, or nothing of it is left before what is cut
	}
	marked := p.marked(v.here.From, spans) >= 0
	if v.here.To > end+startWords || v.here.From-start < hostWords && !marked || v.here.From <= start {
		return candidate{}, false
	}
	if rest := end - v.here.To; rest > startWords && float64(rest) > endShare*float64(end-start) {
		return candidate{}, false
	}
	if v.equal < markedWords || v.equal < tailWords && !marked {
		return candidate{}, false
	}
	before := v.there.From - other.From
	if before <= startWords || float64(before) <= startShare*float64(other.Len()) {
		held := float64(v.equal) / float64(max(other.Len(), 1))
		return candidate{view: v, own: true}, held >= tailHeld && (held < copyHeld || float64(v.equal) < copyHeld*float64(end-start))
	}
	rest := f.end[v.other] - v.there.To
	atEnd := rest <= startWords || float64(rest) <= endShare*float64(f.end[v.other]-other.From)
	return candidate{view: v}, before >= hostWords && atEnd
}

// better reports whether c explains the end of its host better than d: the longer passage; of
// about equally long ones the text's own page; of those the oldest, which comes first.
func (f *finder) better(c, d candidate) bool {
	if c.own != d.own {
		return c.own && c.equal*4 > d.equal*3 || d.equal*4 <= c.equal*3
	}
	if diff := c.equal - d.equal; diff*10 > d.equal || -diff*10 > c.equal {
		return diff > 0
	}
	return c.other < d.other
}

// marked returns the index of the proposal of the page alone that a passage beginning at the word
// fits to, -1 if there is none. A passage begins with an announced article, or after its title;
// but in the lines of a list and in a line inside the article: after those the article goes on.
func (p *Page) marked(word int, spans []shingle.Span) int {
	for n, q := range p.Proposals {
		begin := p.Lead + search(spans, q.From)
		last := begin + titleWords
		if q.Kind != article.Tail {
			last = p.Lead + search(spans, q.To) - 1
		}
		if word >= begin-snapWords && word <= last {
			return n
		}
	}
	return -1
}

// titleWords is the length that a title hardly exceeds: the longest of 20,329 news pages but a few.
const titleWords = 30

// host is a page that carries a text, and the number of its words before it.
type host struct{ page, words int }

// carried is what is known of an appended text over all its hosts.
type carried struct {
	hosts   int // pages that carry it, unrelated to each other in wording and subject
	sources int
	days    int    // different days of the unrelated hosts
	segment uint64 // smallest anchor of the text in its oldest carrier
}

// carriers counts, for every candidate of every page, who else carries the same text.
func (f *finder) carriers(candidates [][]candidate, workers int) [][]carried {
	// A text is named by its own page, or by the candidate of the oldest page that carries it:
	// candidates of pages that name each other as hosts are united.
	first := make([]int, len(candidates)+1)
	for i, c := range candidates {
		first[i+1] = first[i] + len(c)
	}
	total := first[len(candidates)]
	set := newSets(total + len(candidates)) // after the candidates, the pages themselves
	for i, cs := range candidates {
		for n, c := range cs {
			if c.own {
				set.union(first[i]+n, total+int(c.other))
				continue
			}
			for m, d := range candidates[c.other] {
				if d.here.From < c.there.To && c.there.From < d.here.To {
					set.union(first[i]+n, first[int(c.other)]+m)
				}
			}
		}
	}
	of := make([]int32, total) // of every candidate: its set, in the order of their first candidates
	number := slices.Repeat([]int32{-1}, len(set))
	var texts []text
	for i, cs := range candidates {
		for n, c := range cs {
			r := set.find(first[i] + n)
			if number[r] < 0 {
				number[r] = int32(len(texts))
				texts = append(texts, text{segment: c.anchor})
			}
			of[first[i]+n] = number[r]
			t := &texts[number[r]]
			t.hosts = append(t.hosts, host{i, c.here.From})
		}
	}
	known := make([]carried, len(texts))
	each(len(texts), workers, func(n int, m *scratch) {
		known[n] = f.carried(texts[n].hosts, &m.words)
		known[n].segment = texts[n].segment
	})
	out := make([][]carried, len(candidates))
	all := make([]carried, total)
	for i, n := range of {
		all[i] = known[n]
	}
	for i := range candidates {
		out[i] = all[first[i]:first[i+1]]
	}
	return out
}

// text is an appended text.
type text struct {
	hosts   []host
	segment uint64
}

// MaxHosts is the number of a text's hosts that are compared with each other: three unrelated ones
// are wanted.
const MaxHosts = 16

// Hosts whose own words overlap more, or are nearer in subject, are not independent of each other:
// a report that several papers open in their own words before the agency's text.
const (
	hostOverlap = .1
	hostTopic   = topicDiffers
)

func (f *finder) carried(hosts []host, m *tally) carried {
	sources := make(map[string]bool)
	for _, h := range hosts {
		sources[f.pages[h.page].Source] = true
	}
	var first []Host
	for _, h := range hosts[:min(len(hosts), MaxHosts)] {
		p := f.pages[h.page]
		first = append(first, Host{p.Words[f.own[h.page].From:h.words], p.Time, p.Dated})
	}
	k := f.topics.unrelated(first, m)
	k.sources = len(sources)
	return k
}

// Host is what counts of a page that carries a text.
type Host struct {
	Words []uint32 // its own, before the text
	Time  int64    // Unix seconds; meaningful if Dated
	Dated bool
}

// unrelated counts the hosts that have nothing to do with those before them, and their days. There are at most MaxHosts.
func (t *Topics) unrelated(hosts []Host, m *tally) (k carried) {
	var chosen [][]uint32
	days := make(map[int64]bool)
	for _, h := range hosts {
		set := &m.hosts[len(chosen)]
		if len(hosts) > 1 { // nearly always there is one, which is related to nobody
			set.fill(h.Words)
		}
		related := false
		for i := range chosen {
			other := &m.hosts[i]
			n := set.overlap(other)
			if float64(n) > hostOverlap*float64(min(len(set.grams), len(other.grams))) || t.cosine(h.Words, chosen[i], m) > hostTopic {
				related = true
				break
			}
		}
		if !related {
			chosen = append(chosen, h.Words)
			if h.Dated {
				days[h.Time/86400] = true
			}
		}
	}
	k.hosts, k.days = len(chosen), len(days)
	return k
}

// bag is the set of the anchors of a text. To sort them takes several times as long. It is used again for another text.
type bag struct {
	grams []uint64 // distinct
	slots []uint32 // a hash table with linear probing, at most half full: places among grams from 1, 0 for none
}

// fill makes the bag that of a text.
func (b *bag) fill(words []uint32) {
	grams := shingle.Grams(b.grams[:0], words, AnchorWords)
	b.grams = grams[:0]
	n := 1 << bits.Len(uint(2*len(grams)))
	b.slots = slices.Grow(b.slots[:0], n)[:n]
	clear(b.slots)
	for _, g := range grams {
		if at := b.slot(g); *at == 0 {
			b.grams = append(b.grams, g)
			*at = uint32(len(b.grams))
		}
	}
}

// slot returns the slot of a hash, or the empty one where it belongs.
func (b *bag) slot(g uint64) *uint32 {
	for at := g; ; at++ {
		if s := &b.slots[at&uint64(len(b.slots)-1)]; *s == 0 || b.grams[*s-1] == g {
			return s
		}
	}
}

// overlap returns how many hashes are in both.
func (b *bag) overlap(c *bag) (n int) {
	for _, g := range b.grams {
		if *c.slot(g) != 0 {
			n++
		}
	}
	return n
}

// smallest returns the smallest anchor of a text, 0 if it is shorter than one.
func smallest(words []uint32) uint64 {
	grams := shingle.Grams(nil, words, AnchorWords)
	if len(grams) == 0 {
		return 0
	}
	return slices.Min(grams)
}

// sets is a union-find structure over 0..n-1 in which the smallest member stands for its set.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) find(i int) int {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

func (s sets) union(i, j int) {
	i, j = s.find(i), s.find(j)
	s[max(i, j)] = min(i, j)
}
