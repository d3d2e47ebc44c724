package passage

import (
	"cmp"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"sada/cluster/inverted"
	"sada/features/article"
	"sada/features/shingle"
)

// Known is what the step keeps of the pages of earlier nights, numbered in their canonical order. The zero
// Known knows no page. Nothing in it is changed by [Grow]: a Known that grew shares memory with the old one.
type Known struct {
	Docs []uint32 // of every page: its number in the indexes, which stays
	Next uint32   // the first number that no page has had

	Anchors  inverted.Index // every anchor of a page once, with its first word
	Lines    inverted.Index // the lines and endings that a source may repeat, with their words
	Mentions inverted.Index // the lines that may be the title of another page

	Frequency []uint32    // of words, as topics count them
	Recurring []Recurring // ascending
	Facts     []Facts     // of every page
	Hits      int         // anchors that two pages share

	Pairs      []Pair
	Empty      []Couple // pairs with enough hits that share no passage; ascending
	Candidates [][]Candidate
	Found      [][]Passage // of every page: what is cut from it or was looked at
	Related    [][]Passage // of every page: what it shares with younger ones
	Parts      [][]article.Part
}

// Facts are what others must know of a page.
type Facts struct {
	Own   Range  // its words, by what the page alone says
	End   int    // the word after the last one that could belong to an article
	Title uint64 // hash of its title, 0 if it is too short to be looked up
}

// Change says what is new in the numbers of a night.
type Change struct {
	Moved []int32 // of every page known before: its number now, -1 if it is gone
	From  []int32 // of every page: its number before, -1 if it is new
	// Parts says of every page whether its parts are new.
	Parts []bool
}

// NewChange returns the change that moves pages. n is the number of pages afterwards.
func NewChange(moved []int32, n int) *Change {
	c := &Change{Moved: moved, From: make([]int32, n), Parts: make([]bool, n)}
	for i := range c.From {
		c.From[i] = -1
	}
	for i, to := range moved {
		if to >= 0 {
			c.From[to] = int32(i)
		}
	}
	return c
}

// growth is the work of one night.
type growth struct {
	*finder
	known  *Known
	next   *Known
	change *Change
	opt    Options
	before []int32 // of every document: the number of its page before, -1 if it had none
	after  []int32 // the same for now
}

// Grow does what [Find] does, for pages of which most are known: the result is the same, but for
// the cost. pages are all pages in canonical order, gone those that are no longer among them with
// their old numbers, and change, which Grow completes, says where the known ones went; what is known
// keeps its order. A page that changed is gone and new.
//
// What a new page shares with others is in the postings of its own anchors. Two known pages can only lose
// hits, to a page that took the place of a home, or gain them, where a home is gone: such pairs are
// aligned anew from all of their anchors. Pages are judged anew if their passages changed, the page whose
// title they name, or the count of a line or an ending; and all to which something may be appended, which
// are few, since the weights of words and the hosts of it are those of tonight. All others keep what is
// known of them. The result is that of Find.
func Grow(known *Known, gone map[int]*Page, change *Change, pages []*Page, opt Options) (Result, *Known) {
	opt.Workers = max(opt.Workers, 1)
	g := &growth{known: known, next: &Known{Next: known.Next}, change: change, opt: opt}
	g.finder = &finder{pages: pages, own: make([]Range, len(pages)), end: make([]int, len(pages)), joiners: newJoiners()}
	g.number()
	judged := make([]bool, len(pages))
	var dirty []bool
	var lines *furniture
	var group errgroup.Group
	group.Go(func() error {
		dirty = g.pairs(gone)
		return nil
	})
	group.Go(func() error { // what does not go by workers, while the pairs do
		g.facts()
		g.topics = g.frequencies(gone)
		g.title(gone, judged)
		lines = g.lines(gone, judged)
		return nil
	})
	_ = group.Wait() // no goroutine returns an error

	candidates := make([][]candidate, len(pages))
	g.views = views(len(pages), g.next.Pairs, func(i int) bool { return dirty[i] })
	g.next.Candidates = make([][]Candidate, len(pages))
	each(len(pages), opt.Workers, func(i int, m *scratch) {
		from := change.From[i]
		switch {
		case dirty[i]:
			candidates[i] = g.candidates(i, m)
			judged[i] = true
		case len(known.Candidates[from]) > 0:
			candidates[i] = g.kept(known.Candidates[from])
		}
	})
	carriers := g.carriers(candidates, opt.Workers)

	next := g.next
	next.Parts, next.Found, next.Related = make([][]article.Part, len(pages)), make([][]Passage, len(pages)), make([][]Passage, len(pages))
	each(len(pages), opt.Workers, func(i int, m *scratch) {
		from := change.From[i]
		next.Candidates[i] = flat(candidates[i])
		if judged[i] || len(candidates[i]) > 0 {
			next.Found[i], next.Parts[i] = g.resolve(i, candidates[i], carriers[i], lines, m)
			change.Parts[i] = from < 0 || !slices.Equal(known.Parts[from], next.Parts[i])
		} else {
			next.Found[i], next.Parts[i] = g.move(known.Found[from]), known.Parts[from]
		}
	})
	related := slices.Clone(dirty)
	for _, p := range next.Pairs {
		if change.Parts[p.A] || change.Parts[p.B] {
			related[p.A] = true
		}
	}
	g.views = views(len(pages), next.Pairs, func(i int) bool { return related[i] })
	each(len(pages), opt.Workers, func(i int, _ *scratch) {
		if related[i] {
			next.Related[i] = g.relations(i, next.Parts)
		} else {
			next.Related[i] = g.move(known.Related[change.From[i]])
		}
	})
	if next.Next > most(len(pages)) {
		next.Next = uint32(len(pages))
		for _, x := range []*inverted.Index{&next.Anchors, &next.Lines, &next.Mentions} {
			x.Renumber(g.after, opt.Workers)
		}
		for i := range next.Docs {
			next.Docs[i] = uint32(i)
		}
	}
	res := Result{Pairs: next.Pairs, Parts: slices.Clone(next.Parts), Hits: next.Hits}
	first := make([]int, len(pages)+1) // of every page, among the passages of all
	for i := range pages {
		first[i+1] = first[i] + len(next.Found[i]) + len(next.Related[i])
	}
	res.Passages = make([]Passage, first[len(pages)])
	each(len(pages), opt.Workers, func(i int, _ *scratch) {
		own := res.Passages[first[i]:first[i+1]]
		copy(own[copy(own, next.Found[i]):], next.Related[i])
	})
	return res, next
}

// most is how many numbers of documents may be in use for so many pages: with more, most of the indexes is of
// pages that are gone, and the rest gets new numbers.
func most(pages int) uint32 { return uint32(2*pages + 1024) }

// number gives new pages their numbers in the indexes.
func (g *growth) number() {
	n := len(g.pages)
	g.next.Docs = make([]uint32, n)
	for i, from := range g.change.From {
		if from >= 0 {
			g.next.Docs[i] = g.known.Docs[from]
		} else {
			g.next.Docs[i] = g.next.Next
			g.next.Next++
		}
	}
	g.before, g.after = make([]int32, g.next.Next), make([]int32, g.next.Next)
	for d := range g.before {
		g.before[d], g.after[d] = -1, -1
	}
	for i, d := range g.known.Docs {
		g.before[d] = int32(i)
	}
	for i, d := range g.next.Docs {
		g.after[d] = int32(i)
	}
}

// touch collects the postings of new pages, in order, and all hashes that a new page or one that is gone
// has, ascending. of appends the postings of a page, of which the first of every hash counts.
func (g *growth) touch(gone map[int]*Page, of func(m *scratch, dst []inverted.Posting, p *Page, doc uint32) []inverted.Posting) (fresh []inverted.Posting, hashes []uint64) {
	var added []int
	for i, from := range g.change.From {
		if from < 0 {
			added = append(added, i)
		}
	}
	dealt := make([][shards][]inverted.Posting, g.opt.Workers) // by hash
	var next atomic.Int64
	var group errgroup.Group
	for w := range dealt {
		group.Go(func() error {
			var m scratch
			var ps []inverted.Posting
			for n := int(next.Add(1)) - 1; n < len(added); n = int(next.Add(1)) - 1 {
				i := added[n]
				ps = of(&m, ps[:0], g.pages[i], g.next.Docs[i])
				for _, p := range ps {
					to := &dealt[w][p.Hash>>shardShift]
					*to = append(*to, p)
				}
			}
			return nil
		})
	}
	_ = group.Wait() // no goroutine returns an error
	var sorted [shards][]inverted.Posting
	each(shards, g.opt.Workers, func(s int, _ *scratch) {
		for w := range dealt {
			sorted[s] = append(sorted[s], dealt[w][s]...)
			dealt[w][s] = nil
		}
		slices.SortFunc(sorted[s], inverted.Compare)
		sorted[s] = slices.CompactFunc(sorted[s], func(p, q inverted.Posting) bool { return p.Hash == q.Hash && p.Doc == q.Doc })
	})
	fresh = slices.Concat(sorted[:]...)
	var left []inverted.Posting
	var m scratch
	for _, p := range gone {
		left = of(&m, left, p, 0)
	}
	hashes = make([]uint64, 0, len(fresh)+len(left))
	for _, p := range fresh {
		hashes = append(hashes, p.Hash)
	}
	if len(left) > 0 {
		for _, p := range left {
			hashes = append(hashes, p.Hash)
		}
		slices.Sort(hashes)
	}
	return fresh, slices.Compact(hashes)
}

// shardShift leaves the bits of a hash that number its shard, so that shards are in the order of hashes.
const shardShift = 64 - 8

// at returns, for every hash, where its postings begin in a run; one more at the end.
func at(run []inverted.Posting, hashes []uint64) []int {
	out := make([]int, len(hashes)+1)
	i := 0
	for n, h := range hashes {
		for i < len(run) && run[i].Hash < h {
			i++
		}
		out[n] = i
	}
	for i < len(run) && len(hashes) > 0 && run[i].Hash <= hashes[len(hashes)-1] {
		i++
	}
	out[len(hashes)] = i
	return out
}

// anchors appends the anchors of a page, each hash once at its first place.
func (p *Page) anchors(m *scratch, dst []inverted.Posting, doc uint32) []inverted.Posting {
	first := len(dst)
	return once(p.winnowed(m, dst, doc), first)
}

// winnowed appends the anchors of a page in the order of their places.
func (p *Page) winnowed(m *scratch, dst []inverted.Posting, doc uint32) []inverted.Posting {
	m.grams = shingle.Grams(m.grams[:0], p.Words, AnchorWords)
	m.chosen = shingle.Winnow(m.chosen[:0], m.grams, AnchorWindow)
	for _, a := range m.chosen {
		dst = append(dst, inverted.Posting{Hash: a.Hash, Doc: doc, Pos: a.Pos})
	}
	return dst
}

// once sorts the postings of one page, which begin at first, and keeps the first of every hash.
func once(dst []inverted.Posting, first int) []inverted.Posting {
	slices.SortFunc(dst[first:], inverted.Compare)
	return dst[:first+len(slices.CompactFunc(dst[first:], func(p, q inverted.Posting) bool { return p.Hash == q.Hash }))]
}

// ranked appends postings as they are numbered by a table of documents, in order; those of documents
// without a number are left out.
func ranked(dst []posting, ps []inverted.Posting, number []int32) []posting {
	for _, p := range ps {
		if n := number[p.Doc]; n >= 0 {
			dst = append(dst, posting{p.Hash, uint32(n), p.Pos})
		}
	}
	if !slices.IsSortedFunc(dst, byDoc) {
		slices.SortFunc(dst, byDoc)
	}
	return dst
}

func byDoc(p, q posting) int { return cmp.Compare(p.doc, q.doc) }

// hitsOf returns how many hits a hash has that is on n pages.
func hitsOf(n int) int {
	k := min(n, 2*homes)
	return k*(k-1)/2 + k*(n-k)
}

// pairs brings the pairs up to date and reports which pages share something else than before.
func (g *growth) pairs(gone map[int]*Page) (dirty []bool) {
	fresh, hashes := g.touch(gone, func(m *scratch, dst []inverted.Posting, p *Page, doc uint32) []inverted.Posting {
		return p.winnowed(m, dst, doc)
	})
	type worker struct {
		hits          []hit    // of one hash
		again         []Couple // known pages whose hits are others than before
		count         int
		was, is       []posting
		all           []inverted.Posting
		homes, former [2 * homes]posting
		added         []posting
	}
	workers, stores := make([]worker, g.opt.Workers), newStores(len(g.pages), Options{Workers: g.opt.Workers})
	starts := at(fresh, hashes)
	g.known.Anchors.Each(hashes, g.opt.Workers, func(n, i int, ps []inverted.Posting) {
		w := &workers[n]
		arrived := fresh[starts[i]:starts[i+1]]
		if len(ps)+len(arrived) < 2 {
			return
		}
		w.was = ranked(w.was[:0], ps, g.before)
		w.all = append(append(w.all[:0], ps...), arrived...)
		w.is = ranked(w.is[:0], w.all, g.after)
		w.count += hitsOf(len(w.is)) - hitsOf(len(w.was))
		if len(w.was) < 2 && len(w.is) < 2 {
			return
		}
		home := homesOf(&w.homes, w.is)
		w.added, w.hits = w.added[:0], w.hits[:0]
		for _, p := range w.is {
			if g.change.From[p.doc] < 0 {
				w.added = append(w.added, p)
			}
		}
		for _, h := range home {
			with := w.added
			if g.change.From[h.doc] < 0 {
				with = w.is
			}
			for _, p := range with {
				switch {
				case p.doc < h.doc:
					w.hits = append(w.hits, hit{p.doc, h.doc, p.pos, h.pos})
				case p.doc > h.doc:
					w.hits = append(w.hits, hit{h.doc, p.doc, h.pos, p.pos})
				}
			}
		}
		_ = stores[n].add(w.hits) // in memory that does not end
		// Homes of before, by their present numbers.
		former := w.former[:0]
		for _, h := range homesOf(&w.former, w.was) {
			if to := g.change.Moved[h.doc]; to >= 0 {
				former = append(former, posting{h.hash, uint32(to), h.pos})
			}
		}
		is := func(homes []posting, doc uint32) bool {
			return slices.ContainsFunc(homes, func(h posting) bool { return h.doc == doc })
		}
		others := func(h posting, homes []posting, do func(c Couple)) {
			for _, p := range w.is {
				if p.doc != h.doc && g.change.From[p.doc] >= 0 && !is(homes, p.doc) {
					do(Couple{min(p.doc, h.doc), max(p.doc, h.doc)})
				}
			}
		}
		for _, h := range former {
			if !is(home, h.doc) { // its hits with all that are no homes are lost
				others(h, home, func(c Couple) {
					if g.aligned(c) {
						w.again = append(w.again, c)
					}
				})
			}
		}
		for _, h := range home {
			if g.change.From[h.doc] >= 0 && !is(former, h.doc) {
				others(h, former, func(c Couple) { w.again = append(w.again, c) })
			}
		}
	})
	g.next.Hits = g.known.Hits
	var again []Couple
	for w := range workers {
		g.next.Hits += workers[w].count
		again = append(again, workers[w].again...)
		workers[w] = worker{}
	}
	slices.SortFunc(again, byPages)
	again = slices.Compact(again)
	g.next.Anchors = g.known.Anchors
	g.next.Anchors.Add(fresh, g.opt.Workers)
	_ = stores[0].add(g.shared(again))
	aligned, empty := g.align(stores)
	return g.merge(again, aligned, empty)
}

// align aligns the pairs of hits, some of which are there twice: two new homes of a hash name each other.
func (g *growth) align(stores []store) ([]Pair, []Couple) {
	found, empty := make([][]Pair, ranges), make([][]Couple, ranges)
	inRanges(stores, func(r int, hits []hit) { found[r], empty[r] = alignAll(g.pages, slices.Compact(hits)) })
	return slices.Concat(found...), slices.Concat(empty...)
}

// aligned says whether two known pages had enough hits to be aligned.
func (g *growth) aligned(c Couple) bool {
	a, b := g.change.From[c.A], g.change.From[c.B]
	_, found := slices.BinarySearchFunc(g.known.Pairs, Pair{A: int(a), B: int(b)}, pairOrder)
	if !found {
		_, found = slices.BinarySearchFunc(g.known.Empty, Couple{uint32(a), uint32(b)}, byPages)
	}
	return found
}

func byPages(p, q Couple) int {
	return cmp.Compare(uint64(p.A)<<32|uint64(p.B), uint64(q.A)<<32|uint64(q.B))
}

// shared returns all hits of pairs of pages.
func (g *growth) shared(pairs []Couple) []hit {
	place := make(map[uint32]int)
	var pages []uint32
	for _, c := range pairs {
		for _, page := range []uint32{c.A, c.B} {
			if _, ok := place[page]; !ok {
				place[page] = len(pages)
				pages = append(pages, page)
			}
		}
	}
	anchors := make([][]inverted.Posting, len(pages))
	each(len(pages), g.opt.Workers, func(n int, m *scratch) { anchors[n] = g.pages[pages[n]].anchors(m, nil, 0) })
	type common struct {
		hash uint64
		hit
	}
	var all []common
	for _, c := range pairs {
		p, q := anchors[place[c.A]], anchors[place[c.B]]
		for len(p) > 0 && len(q) > 0 {
			switch {
			case p[0].Hash < q[0].Hash:
				p = p[1:]
			case p[0].Hash > q[0].Hash:
				q = q[1:]
			default:
				all = append(all, common{p[0].Hash, hit{c.A, c.B, p[0].Pos, q[0].Pos}})
				p, q = p[1:], q[1:]
			}
		}
	}
	slices.SortFunc(all, func(p, q common) int { return cmp.Compare(p.hash, q.hash) })
	hashes := make([]uint64, 0, len(all))
	for _, c := range all {
		hashes = append(hashes, c.hash)
	}
	hashes = slices.Compact(hashes)
	at := make([][]posting, len(hashes))
	g.next.Anchors.Each(hashes, g.opt.Workers, func(_, n int, ps []inverted.Posting) {
		var home [2 * homes]posting
		at[n] = slices.Clone(homesOf(&home, ranked(nil, ps, g.after)))
	})
	var out []hit
	n := 0
	for _, c := range all {
		for hashes[n] != c.hash {
			n++
		}
		if slices.ContainsFunc(at[n], func(h posting) bool { return h.doc == c.a || h.doc == c.b }) {
			out = append(out, c.hit)
		}
	}
	return out
}

// merge puts the pairs that were aligned, again among them, into the place of what is known of them.
func (g *growth) merge(again []Couple, aligned []Pair, empty []Couple) (dirty []bool) {
	dirty = make([]bool, len(g.pages))
	for i, from := range g.change.From {
		dirty[i] = from < 0
	}
	kept := make([]Pair, 0, len(g.known.Pairs))
	for _, p := range g.known.Pairs {
		a, b := g.change.Moved[p.A], g.change.Moved[p.B]
		if a >= 0 && b >= 0 {
			kept = append(kept, Pair{int(a), int(b), p.Passages})
			continue
		}
		for _, i := range []int32{a, b} {
			if i >= 0 {
				dirty[i] = true
			}
		}
	}
	for _, c := range again {
		p := Pair{A: int(c.A), B: int(c.B)}
		was, ok := slices.BinarySearchFunc(kept, p, pairOrder)
		is, found := slices.BinarySearchFunc(aligned, p, pairOrder)
		if ok != found || ok && !slices.Equal(kept[was].Passages, aligned[is].Passages) {
			dirty[p.A], dirty[p.B] = true, true
		}
	}
	for _, p := range aligned {
		if g.change.From[p.A] < 0 || g.change.From[p.B] < 0 {
			dirty[p.A], dirty[p.B] = true, true
		}
	}
	stale := func(a, b int) bool {
		_, ok := slices.BinarySearchFunc(again, Couple{uint32(a), uint32(b)}, byPages)
		return ok
	}
	kept = slices.DeleteFunc(kept, func(p Pair) bool { return stale(p.A, p.B) })
	g.next.Pairs = merged(kept, aligned, pairOrder)
	left := make([]Couple, 0, len(g.known.Empty))
	for _, p := range g.known.Empty {
		a, b := g.change.Moved[p.A], g.change.Moved[p.B]
		if a >= 0 && b >= 0 && !stale(int(a), int(b)) {
			left = append(left, Couple{uint32(a), uint32(b)})
		}
	}
	g.next.Empty = merged(left, empty, byPages)
	return dirty
}

// merged returns the values of two ascending lists.
func merged[T any](a, b []T, order func(p, q T) int) []T {
	out := make([]T, 0, len(a)+len(b))
	for _, v := range b { // the few
		n, _ := slices.BinarySearchFunc(a, v, order)
		out = append(append(out, a[:n]...), v)
		a = a[n:]
	}
	return append(out, a...)
}

func pairOrder(p, q Pair) int { return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B)) }

// facts takes what is known of pages, and looks at the new ones.
func (g *growth) facts() {
	g.next.Facts = make([]Facts, len(g.pages))
	each(len(g.pages), g.opt.Workers, func(i int, _ *scratch) {
		if from := g.change.From[i]; from >= 0 {
			g.next.Facts[i] = g.known.Facts[from]
		} else {
			p := g.pages[i]
			own, end := p.extent()
			g.next.Facts[i] = Facts{Own: own, End: end}
			if w := p.title(); len(w) >= minTitle {
				g.next.Facts[i].Title = sequence(0, w)
			}
		}
		g.own[i], g.end[i] = g.next.Facts[i].Own, g.next.Facts[i].End
	})
}

// frequencies brings the frequencies of words up to date.
func (g *growth) frequencies(gone map[int]*Page) *Topics {
	t := &Topics{df: make([]uint32, topicCells)}
	copy(t.df, g.known.Frequency)
	last, n := make([]uint32, topicCells), uint32(0)
	count := func(p *Page, by uint32) {
		n++
		for _, w := range p.Words {
			if c := w % topicCells; last[c] != n {
				last[c] = n
				t.df[c] += by
			}
		}
	}
	for i, from := range g.change.From {
		if from < 0 {
			count(g.pages[i], 1)
		}
	}
	for _, p := range gone {
		count(p, ^uint32(0)) // one less
	}
	t.weigh(len(g.pages))
	g.next.Frequency = t.df
	return t
}

// title brings the titles up to date and marks the pages that look up one that now belongs to another page.
func (g *growth) title(gone map[int]*Page, judged []bool) {
	g.titles = make(titles, len(g.pages))
	touched := make(map[uint64]int32) // hashes of the titles of pages that came or went, and their first page before
	for i := range g.next.Facts {
		h := g.next.Facts[i].Title
		if h == 0 {
			continue
		}
		if _, ok := g.titles[h]; !ok { // the oldest page with a title stands for all
			g.titles[h] = int32(i)
		}
		if g.change.From[i] < 0 {
			touched[h] = -1
		}
	}
	for i := range gone {
		if h := g.known.Facts[i].Title; h != 0 {
			touched[h] = -1
		}
	}
	for i := range g.known.Facts {
		h := g.known.Facts[i].Title
		if first, ok := touched[h]; ok && first < 0 {
			touched[h] = int32(i)
		}
	}
	var changed []uint64
	for h, before := range touched {
		now, ok := g.titles[h]
		if !ok || before < 0 || g.change.Moved[before] != now {
			changed = append(changed, h)
		}
	}
	slices.Sort(changed)
	fresh, _ := g.touch(nil, func(_ *scratch, dst []inverted.Posting, p *Page, doc uint32) []inverted.Posting {
		return p.mentions(dst, doc)
	})
	g.next.Mentions = g.known.Mentions
	g.next.Mentions.Add(fresh, g.opt.Workers)
	g.next.Mentions.Each(changed, 1, func(_, _ int, ps []inverted.Posting) {
		for _, p := range ps {
			if i := g.after[p.Doc]; i >= 0 {
				judged[i] = true
			}
		}
	})
}

// mentions appends what is looked up as another page's title.
func (p *Page) mentions(dst []inverted.Posting, doc uint32) []inverted.Posting {
	add := func(words []uint32) {
		if len(words) >= minTitle && len(words) <= titleWords {
			dst = append(dst, inverted.Posting{Hash: sequence(0, words), Doc: doc})
		}
	}
	for n := range p.Lines {
		add(p.lineWords(n))
	}
	if len(p.Proposals) > 0 {
		spans := p.Spans.Unpack(nil)
		for _, q := range p.Proposals {
			words := p.words(spans, q.TitleFrom, q.TitleTo)
			add(p.Words[words.From:words.To])
		}
	}
	return dst
}

// lines brings the counts of lines up to date and marks the pages of which a line, or an ending, is
// furniture now and was not, or the other way round, or is counted differently.
func (g *growth) lines(gone map[int]*Page, judged []bool) *furniture {
	fresh, hashes := g.touch(gone, func(_ *scratch, dst []inverted.Posting, p *Page, doc uint32) []inverted.Posting {
		if p.Source == "" {
			return dst
		}
		p.repeatable(func(hash uint64, words int) {
			dst = append(dst, inverted.Posting{Hash: hash, Doc: doc, Pos: uint32(words)})
		})
		return dst
	})
	was, is := &furniture{pages: make(map[string]int)}, &furniture{pages: make(map[string]int)}
	for i, from := range g.change.From {
		source := g.pages[i].Source
		is.pages[source]++
		if from >= 0 {
			was.pages[source]++
		}
	}
	for _, p := range gone {
		was.pages[p.Source]++
	}
	// A source that is small needs more pages for a line as it grows.
	grown := make(map[string]bool)
	for source := range is.pages {
		for _, words := range []int{1, furnitureWords} {
			if was.needed(source, words) != is.needed(source, words) {
				grown[source] = true
			}
		}
	}
	for i, p := range g.pages {
		if grown[p.Source] {
			judged[i] = true
		}
	}
	starts := at(fresh, hashes)
	counts := make([]Recurring, len(hashes))
	marked := make([][]int32, g.opt.Workers)
	g.known.Lines.Each(hashes, g.opt.Workers, func(worker, n int, ps []inverted.Posting) {
		before, now := 0, starts[n+1]-starts[n]
		for _, p := range ps {
			if g.before[p.Doc] >= 0 {
				before++
			}
			if g.after[p.Doc] >= 0 {
				now++
			}
		}
		counts[n] = Recurring{hashes[n], int32(now)}
		if before == now || max(before, now) < furnitureLeast || min(before, now) >= furnitureMost {
			return
		}
		for _, p := range ps {
			if i := g.after[p.Doc]; i >= 0 {
				marked[worker] = append(marked[worker], i)
			}
		}
	})
	for _, pages := range marked {
		for _, i := range pages {
			judged[i] = true
		}
	}
	is.recurring = make([]Recurring, 0, len(g.known.Recurring))
	old := g.known.Recurring
	for _, c := range counts {
		for len(old) > 0 && old[0].Hash < c.Hash {
			is.recurring, old = append(is.recurring, old[0]), old[1:]
		}
		if len(old) > 0 && old[0].Hash == c.Hash {
			old = old[1:]
		}
		if c.Pages >= furnitureLeast {
			is.recurring = append(is.recurring, c)
		}
	}
	is.recurring = append(is.recurring, old...)
	g.next.Recurring = is.recurring
	g.next.Lines = g.known.Lines
	g.next.Lines.Add(fresh, g.opt.Workers)
	return is
}

// Candidate is a passage in the place of a tail.
type Candidate struct {
	Other       int32
	Here, There Range
	Equal       int
	Own         bool   // the other page begins with it
	Anchor      uint64 // the smallest of the text
}

// flat returns candidates as they are kept.
func flat(candidates []candidate) []Candidate {
	var out []Candidate
	for _, c := range candidates {
		out = append(out, Candidate{c.other, c.here, c.there, c.equal, c.own, c.anchor})
	}
	return out
}

// kept returns candidates as they are worked with.
func (g *growth) kept(candidates []Candidate) []candidate {
	var out []candidate
	for _, c := range candidates {
		out = append(out, candidate{view{g.change.Moved[c.Other], c.Here, c.There, c.Equal}, c.Own, c.Anchor})
	}
	return out
}

// move returns passages by the present numbers of their pages. Those that stay are not copied.
func (g *growth) move(found []Passage) []Passage {
	to := func(page int) int {
		if page < 0 {
			return page
		}
		return int(g.change.Moved[page])
	}
	if !slices.ContainsFunc(found, func(p Passage) bool { return to(p.A) != p.A || to(p.B) != p.B }) {
		return found
	}
	out := slices.Clone(found)
	for i := range out {
		out[i].A, out[i].B = to(out[i].A), to(out[i].B)
	}
	return out
}
