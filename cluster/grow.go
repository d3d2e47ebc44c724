package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"sada/cluster/copies"
	"sada/cluster/inverted"
	"sada/cluster/lsh"
	"sada/cluster/passage"
)

// Known is what is kept of all pages between nights, numbered in canonical order. The zero Known knows no
// page. [Grow] does not change it.
type Known struct {
	Pages []*Page

	passages passage.Known
	main     []own         // of every page
	texts    []copies.Page // of every page: its main text
	sums     []uint64      // of the words of each
	first    []int         // the page that stands for all pages of the same words
	verified []VerifiedRow // in order
	sketch   sketch
	told     told
	options  Options // that results depend on
}

// Night is what a night changes.
type Night struct {
	// Pages are new, or replace those with the same IDs. Their IDs are distinct.
	Pages []*Page
	// Deleted are IDs of pages to be forgotten; those that are not known are passed over. A page that
	// is also among Pages stays.
	Deleted []string
}

var (
	errTwice   = errors.New("two pages with one ID in one night")
	errOptions = errors.New("other options than in the nights before")
)

// Grow does what [Run] does, for all pages after a night, at the cost of what the night and its window in time
// touch. Passages and copies are those of Run, whatever the nights were.
//
// Stories are told by what is known of them if the Weights are those of the night before ([Result.Weights]), and
// still serve. The rule is: two copy groups are compared when the later of them comes, or changes, by what the
// terms weigh that night, or when they come to be neighbours of neighbours; what came of it is kept. A term that
// counts keeps its weight anyway. So the stories are those of Run with the same weights, but where a term
// that stood in one text comes to stand in two: the one text does not lose or gain what it had with those
// before. Where Terms are given there is no difference but at [story.Options].PostingCap. A story of the same
// groups keeps its labels. All groups of all stories are put together anew from what is kept.
//
// A copy group is known if its first page, its original and the main text of that are what they were. A new
// one is compared with those of its window, one without a date with all. With other weights, or ones
// that do not serve any more, all stories are made anew, as Run makes them.
//
// Options that change results, but for Weights, must be those of the nights before. Stats but those of LSH and of
// the work on stories are those of all pages. An error is about the options or the night. Known is not changed;
// what is returned shares memory with it.
func Grow(known *Known, night Night, o Options, now func() time.Time) (*Result, *Known, *Change, error) {
	g := &growth{runner: runner{o: o, now: now, last: now()}, known: known, next: &Known{}}
	g.o.Workers = max(o.Workers, 1)
	g.o.Story.Workers = g.o.Workers
	if err := g.o.Story.Validate(); err != nil {
		return nil, nil, nil, err
	}
	shape, err := lsh.Choose(o.Similarity, o.Recall, o.Slots)
	if err != nil {
		return nil, nil, nil, err
	}
	g.next.options = o.lasting()
	if len(known.Pages) > 0 && !reflect.DeepEqual(known.options, g.next.options) {
		return nil, nil, nil, errOptions
	}
	if err := g.arrange(night); err != nil {
		return nil, nil, nil, err
	}
	g.res = &Result{Pages: g.next.Pages, LSH: shape}
	if err := g.sketchers(); err != nil {
		return nil, nil, nil, err
	}
	pairs := g.passages()
	g.done("passages")
	g.copies(pairs)
	g.done("copies")
	if err := g.stories(); err != nil {
		return nil, nil, nil, err
	}
	g.done("stories")
	for i, number := range g.next.sketch.numbers {
		switch {
		case g.next.first[i] != i:
		case number >= 0:
			g.res.Stats.Signed++
		case number == short:
			g.res.Stats.Short++
		}
	}
	return g.res, g.next, g.compare(), nil
}

// lasting returns the options that results depend on, but for the weights, which go from night to night.
func (o Options) lasting() Options {
	o.Workers, o.Parts, o.Story.Workers, o.Weights = 0, 0, 0, nil
	return o
}

// growth is the work of one night.
type growth struct {
	runner
	known, next *Known
	change      *passage.Change
	gone        map[int]*passage.Page
	touched     []bool // of every page: it is new, or its main text is
}

// arrange puts the night's pages among the known ones.
func (g *growth) arrange(night Night) error {
	out := make(map[string]bool, len(night.Pages)+len(night.Deleted))
	for _, id := range night.Deleted {
		out[id] = true
	}
	ids := make(map[string]bool, len(night.Pages))
	for _, p := range night.Pages {
		if ids[p.ID] {
			return fmt.Errorf("page %q: %w", p.ID, errTwice)
		}
		ids[p.ID], out[p.ID] = true, true
	}
	added := slices.Clone(night.Pages)
	Sort(added)
	old := g.known.Pages
	leaves := make([]bool, len(old))
	_ = blocks(len(old), g.o.Workers, func(from, to int) error {
		for i := from; i < to; i++ {
			leaves[i] = out[old[i].ID]
		}
		return nil
	})
	g.gone = make(map[int]*passage.Page)
	moved := make([]int32, len(old))
	pages := make([]*Page, 0, len(old)+len(added))
	from := 0
	for n := 0; n <= len(added); n++ { // the known pages before each of the added ones, and it
		to := len(old)
		if n < len(added) {
			to, _ = slices.BinarySearchFunc(old, added[n], pageOrder)
		}
		for ; from < to; from++ {
			if leaves[from] {
				moved[from] = -1
				g.gone[from] = &old[from].shared
				continue
			}
			moved[from] = int32(len(pages))
			pages = append(pages, old[from])
		}
		if n < len(added) {
			pages = append(pages, added[n])
		}
	}
	g.next.Pages = pages
	g.change = passage.NewChange(moved, len(g.next.Pages))
	return nil
}

func (g *growth) passages() []passage.Pair {
	shared := make([]*passage.Page, len(g.res.Pages))
	for i, p := range g.res.Pages {
		shared[i] = &p.shared
	}
	found, next := passage.Grow(&g.known.passages, g.gone, g.change, shared, passage.Options{Workers: g.o.Workers})
	g.next.passages = *next
	g.res.Passages, g.res.Parts = found.Passages, found.Parts
	g.res.Stats.Hits, g.res.Stats.PassagePairs = found.Hits, len(found.Pairs)
	return found.Pairs
}

// copies makes the copy groups.
func (g *growth) copies(pairs []passage.Pair) {
	n, next := len(g.res.Pages), g.next
	next.main, next.texts, next.sums = make([]own, n), make([]copies.Page, n), make([]uint64, n)
	g.touched = make([]bool, n)
	g.each(func(i int) {
		from := g.change.From[i]
		if from >= 0 {
			next.main[i], next.texts[i], next.sums[i] = g.known.main[from], g.known.texts[from], g.known.sums[from]
			if !g.change.Parts[i] {
				return
			}
		}
		p := g.res.Pages[i]
		next.main[i] = p.main(g.res.Parts[i])
		next.texts[i] = p.copy(next.main[i])
		next.sums[i] = copies.Sum(next.texts[i].Words)
		g.touched[i] = from < 0 || !slices.Equal(g.known.texts[from].Words, next.texts[i].Words)
	})
	same := g.same()
	next.first = firsts(n, same)
	fragments := g.fragments()
	sketched, loose := g.sketch(fragments)
	for _, f := range fragments { // what is known of the parts must stay as it was
		g.res.Parts[f.page] = slices.Clone(g.res.Parts[f.page])
	}
	g.settle(next.texts, fragments, loose)
	candidates := propose(same, pairs, next.main, next.first, sketched, g.o.Workers)
	g.res.Stats.Candidates = len(candidates)
	g.verify(candidates)
	g.group(next.texts)
}

// same returns what [copies.Same] does. A page whose words no page of this night has or had goes with the
// page that it went with before.
func (g *growth) same() []copies.Candidate {
	n, next := len(g.res.Pages), g.next
	var changed []uint64 // sums
	for i, touched := range g.touched {
		if touched {
			changed = append(changed, next.sums[i])
		}
	}
	for i, to := range g.change.Moved {
		if to < 0 || g.touched[to] {
			changed = append(changed, g.known.sums[i])
		}
	}
	const wide = 1 << 8 // places for each sum: of the others one in this many is looked at for nothing
	filter := make([]bool, min(wide*len(changed)+1, 1<<22))
	for _, sum := range changed {
		filter[sum%uint64(len(filter))] = true
	}
	var again []int
	var same []copies.Candidate
	for i := range n {
		if filter[next.sums[i]%uint64(len(filter))] {
			again = append(again, i)
		} else if first := int(g.change.Moved[g.known.first[g.change.From[i]]]); first != i {
			same = append(same, copies.Candidate{A: first, B: i, Via: copies.SameVia(next.texts[i].Words)})
		}
	}
	texts, sums := make([]copies.Page, len(again)), make([]uint64, len(again))
	for k, i := range again {
		texts[k], sums[k] = next.texts[i], next.sums[i]
	}
	for _, c := range copies.SameBy(texts, sums, func(a, b int) bool {
		return slices.Equal(texts[a].Words, texts[b].Words)
	}) {
		c.A, c.B = again[c.A], again[c.B]
		same = append(same, c)
	}
	slices.SortFunc(same, candidateOrder)
	return same
}

// verify verifies the candidates that are not those of the night before, or whose texts are others.
func (g *growth) verify(candidates []copies.Candidate) {
	all := make([]VerifiedRow, len(candidates))
	var open []copies.Candidate
	known, linked := g.known.verified, 0
	for i, c := range candidates {
		all[i].Candidate = c
		// Known candidates keep their order.
		var v VerifiedRow
		for len(known) > 0 {
			v = known[0]
			a, b := g.change.Moved[v.A], g.change.Moved[v.B]
			v.A, v.B = int(a), int(b)
			if a >= 0 && b >= 0 && !g.touched[a] && !g.touched[b] && candidateOrder(v.Candidate, c) >= 0 {
				break
			}
			known = known[1:]
		}
		if len(known) == 0 || v.Candidate != c {
			open = append(open, c)
			continue
		}
		if all[i].Link = v.Link; v.Link.Kind != "" {
			all[i].Link.A, all[i].Link.B = v.A, v.B
			linked++
		}
	}
	links := copies.Verify(g.next.texts, open, g.o.Workers)
	g.res.Links = make([]copies.Link, 0, linked+len(links))
	for i := range all {
		v := &all[i]
		if len(links) > 0 && links[0].A == v.A && links[0].B == v.B {
			v.Link, links = links[0], links[1:]
		}
		if v.Link.Kind != "" {
			g.res.Links = append(g.res.Links, v.Link)
		}
	}
	g.next.verified = all
}

// sketch is what is kept of the signatures. A text that is signed gets a number; a page whose main text
// changes gets another one.
type sketch struct {
	numbers   []int32 // of every page: that of its text, or one of the constants
	fragments []signed
	texts     int            // numbers that were given
	bands     inverted.Index // numbers by band key, with the band as the place
	pairs     []lsh.Pair     // of pages that LSH proposes, in order
}

const (
	unsigned = -1 // no signature was made
	short    = -2 // the text has too few shingles
)

// signed is a fragment and the number of its text.
type signed struct {
	page, from, to int
	number         int32
}

// sketch brings the signatures up to date and returns the pairs that LSH proposes for pages that stand for
// themselves and, numbered after all pages, for the fragments: those that [runner.sketch] returns.
func (g *growth) sketch(fragments []fragment) ([]copies.Candidate, []lsh.Pair) {
	n, old, next := len(g.res.Pages), &g.known.sketch, &g.next.sketch
	next.numbers = make([]int32, n)
	var unknown []int // pages, and then fragments after all pages
	for i, from := range g.change.From {
		next.numbers[i] = unsigned
		if from >= 0 && !g.touched[i] {
			next.numbers[i] = old.numbers[from]
		}
		if next.numbers[i] == unsigned && g.next.first[i] == i {
			unknown = append(unknown, i)
		}
	}
	kept := make(map[[3]int]int32, len(old.fragments))
	for _, f := range old.fragments {
		if to := g.change.Moved[f.page]; to >= 0 {
			kept[[3]int{int(to), f.from, f.to}] = f.number
		}
	}
	next.fragments = make([]signed, len(fragments))
	for i, f := range fragments {
		part := g.res.Parts[f.page][f.part]
		next.fragments[i] = signed{f.page, part.From, part.To, unsigned}
		if number, ok := kept[[3]int{f.page, part.From, part.To}]; ok {
			next.fragments[i].number = number
		} else {
			unknown = append(unknown, n+i)
		}
	}
	signed := g.sign(unknown, fragments)
	defer g.compact()

	// The places of texts in the order of LSH, before and now; -1 for those that do not take part.
	before, now := make([]int32, next.texts), make([]int32, next.texts)
	for i := range before {
		before[i], now[i] = -1, -1
	}
	place := func(places []int32, s *sketch, first []int) {
		for i, number := range s.numbers {
			if first[i] == i && number >= 0 {
				places[number] = int32(i)
			}
		}
		for i, f := range s.fragments {
			if f.number >= 0 {
				places[f.number] = int32(len(s.numbers) + i)
			}
		}
	}
	place(before, old, g.known.first)
	place(now, next, g.next.first)
	b := buckets{g: g, before: before, now: now, fragments: fragments, signed: signed}
	var hashes []uint64
	for number := range now {
		if (before[number] < 0) != (now[number] < 0) {
			hashes = append(hashes, b.keys(int32(number))...)
		}
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	b.propose(hashes)
	b.keep()
	var out []copies.Candidate
	for _, p := range next.pairs {
		out = append(out, copies.Candidate{A: int(p.A), B: int(p.B), Via: copies.ViaLSH})
	}
	loose := b.loose(n)
	g.res.Stats.LSHPairs = len(out) + len(loose)
	return out, loose
}

// sign gives numbers to pages and fragments, and returns the band keys of those that got a new one.
func (g *growth) sign(unknown []int, fragments []fragment) map[int32][]uint64 {
	n, next := len(g.res.Pages), &g.next.sketch
	keys := make([][]uint64, len(unknown))
	var group errgroup.Group
	group.SetLimit(g.o.Workers)
	const block = 64
	for from := 0; from < len(unknown); from += block {
		group.Go(func() error {
			for u := from; u < min(from+block, len(unknown)); u++ {
				if i := unknown[u]; i < n {
					keys[u] = g.keys(g.next.texts[i].Words)
				} else {
					keys[u] = g.keys(fragments[i-n].words)
				}
			}
			return nil
		})
	}
	_ = group.Wait() // no goroutine returns an error
	next.texts = g.known.sketch.texts
	signed := make(map[int32][]uint64, len(unknown))
	var run []inverted.Posting
	for u, i := range unknown {
		number := int32(short)
		if keys[u] != nil {
			number = int32(next.texts)
			next.texts++
			signed[number] = keys[u]
			for band, key := range keys[u] {
				run = append(run, inverted.Posting{Hash: key, Doc: uint32(number), Pos: uint32(band)})
			}
		}
		if i < n {
			next.numbers[i] = number
		} else {
			next.fragments[i-n].number = number
		}
	}
	next.bands = g.known.sketch.bands
	next.bands.Add(run, g.o.Workers)
	return signed
}

// keys returns the band keys of a text, nil if it is too short.
func (g *growth) keys(words []uint32) []uint64 {
	s := <-g.signers
	defer func() { g.signers <- s }()
	return s.keys(nil, g.res.LSH, words)
}

// compact gives texts new numbers where most of the numbers are of texts that are gone.
func (g *growth) compact() {
	s := &g.next.sketch
	to, used := make([]int32, s.texts), 0
	for i := range to {
		to[i] = -1
	}
	use := func(number int32) {
		if number >= 0 {
			to[number] = int32(used)
			used++
		}
	}
	for _, number := range s.numbers {
		use(number)
	}
	for _, f := range s.fragments {
		use(f.number)
	}
	const least = 1024 // numbers that are not worth it
	if s.texts <= 2*used+least {
		return
	}
	s.texts = used
	s.bands.Renumber(to, g.o.Workers)
	for i, number := range s.numbers {
		if number >= 0 {
			s.numbers[i] = to[number]
		}
	}
	for i := range s.fragments {
		if f := &s.fragments[i]; f.number >= 0 {
			f.number = to[f.number]
		}
	}
}

// buckets compares the buckets of LSH before and now.
type buckets struct {
	g           *growth
	before, now []int32
	fragments   []fragment
	signed      map[int32][]uint64 // band keys that were worked out, by number
	added, lost []lsh.Pair         // of places now
}

// keys returns the band keys of a text that takes part, or did. They are worked out anew rather than kept: of
// nearly all texts nobody asks for them.
func (b *buckets) keys(number int32) []uint64 {
	if keys, ok := b.signed[number]; ok {
		return keys
	}
	g, place := b.g, int(b.now[number])
	var words []uint32
	switch old := &g.known.sketch; {
	case place >= len(g.res.Pages):
		words = b.fragments[place-len(g.res.Pages)].words
	case place >= 0:
		words = g.next.texts[place].Words
	default:
		if place = int(b.before[number]); place < len(old.numbers) {
			words = g.known.texts[place].Words
		} else {
			f := old.fragments[place-len(old.numbers)]
			words = g.known.Pages[f.page].within(f.from, f.to)
		}
	}
	keys := g.keys(words)
	if keys == nil { // what is known is of another text
		keys = make([]uint64, g.res.LSH.Bands)
	}
	b.signed[number] = keys
	return keys
}

// takers returns the numbers of a bucket's texts that take part, in order.
func takers(dst []int32, ps []inverted.Posting, band uint32, places []int32) []int32 {
	for _, p := range ps {
		if p.Pos == band && places[p.Doc] >= 0 {
			dst = append(dst, int32(p.Doc))
		}
	}
	slices.SortFunc(dst, func(a, b int32) int { return cmp.Compare(places[a], places[b]) })
	return dst
}

// open returns the pairs, of places now, that a bucket of these texts proposes, without those of which
// a text takes part no more.
func (b *buckets) open(numbers []int32, band uint32) []lsh.Pair {
	keys := make([][]uint64, len(numbers))
	for i, number := range numbers {
		keys[i] = b.keys(number)
	}
	pairs := b.g.res.LSH.Open(keys, int(band), b.g.o.Bucket)
	kept := pairs[:0]
	for _, p := range pairs {
		if first, second := b.now[numbers[p.A]], b.now[numbers[p.B]]; first >= 0 && second >= 0 {
			kept = append(kept, lsh.Pair{A: uint32(first), B: uint32(second)})
		}
	}
	return kept
}

// propose compares the pairs of buckets that a text has come into or gone from.
func (b *buckets) propose(hashes []uint64) {
	next, limit := &b.g.next.sketch, b.g.o.Bucket
	pages := uint32(len(next.numbers))
	var was, is []int32
	next.bands.Each(hashes, 1, func(_, _ int, ps []inverted.Posting) {
		for i, p := range ps {
			if slices.ContainsFunc(ps[:i], func(q inverted.Posting) bool { return q.Pos == p.Pos }) {
				continue // bands hardly ever have a key in common
			}
			was, is = takers(was[:0], ps, p.Pos, b.before), takers(is[:0], ps, p.Pos, b.now)
			if len(was) <= limit && len(is) <= limit {
				for j, second := range is {
					for _, first := range is[:j] {
						if b.before[first] < 0 || b.before[second] < 0 {
							b.added = append(b.added, lsh.Pair{A: uint32(b.now[first]), B: uint32(b.now[second])})
						}
					}
				}
				continue
			}
			known := make(map[lsh.Pair]bool)
			for _, p := range b.open(was, p.Pos) {
				known[p] = true
			}
			for _, p := range b.open(is, p.Pos) {
				if !known[p] {
					b.added = append(b.added, p)
				}
				delete(known, p)
			}
			for p := range known { // sorted below, as are the added ones
				b.lost = append(b.lost, p)
			}
		}
	})
	b.added = slices.DeleteFunc(b.added, func(p lsh.Pair) bool { return p.B >= pages })
	b.lost = slices.DeleteFunc(b.lost, func(p lsh.Pair) bool { return p.B >= pages })
	for _, pairs := range []*[]lsh.Pair{&b.added, &b.lost} {
		slices.SortFunc(*pairs, pairOrder)
		*pairs = slices.Compact(*pairs)
	}
}

func pairOrder(p, q lsh.Pair) int {
	return cmp.Compare(uint64(p.A)<<32|uint64(p.B), uint64(q.A)<<32|uint64(q.B))
}

// keep makes the pairs of pages: those of before whose texts still take part, less the lost ones, and
// the added ones.
func (b *buckets) keep() {
	old, next := &b.g.known.sketch, &b.g.next.sketch
	lost := b.refuted()
	next.pairs = make([]lsh.Pair, 0, len(old.pairs)+len(b.added))
	for _, p := range old.pairs {
		first, second := b.now[old.numbers[p.A]], b.now[old.numbers[p.B]]
		if first < 0 || second < 0 {
			continue
		}
		q := lsh.Pair{A: uint32(first), B: uint32(second)}
		if _, ok := slices.BinarySearchFunc(lost, q, pairOrder); !ok {
			next.pairs = append(next.pairs, q)
		}
	}
	next.pairs = append(next.pairs, b.added...)
	slices.SortFunc(next.pairs, pairOrder)
	next.pairs = slices.Compact(next.pairs)
}

// refuted returns the lost pairs that no other bucket proposes.
func (b *buckets) refuted() []lsh.Pair {
	next := &b.g.next.sketch
	var out []lsh.Pair
	opened := make(map[inverted.Posting]map[lsh.Pair]bool) // by key and band
	for _, p := range b.lost {
		first, second := b.keys(next.numbers[p.A]), b.keys(next.numbers[p.B])
		proposed := false
		for band := range first {
			if first[band] != second[band] {
				continue
			}
			bucket := inverted.Posting{Hash: first[band], Pos: uint32(band)}
			pairs, ok := opened[bucket]
			if !ok {
				pairs = make(map[lsh.Pair]bool)
				next.bands.Each([]uint64{bucket.Hash}, 1, func(_, _ int, ps []inverted.Posting) {
					for _, p := range b.open(takers(nil, ps, bucket.Pos, b.now), bucket.Pos) {
						pairs[p] = true
					}
				})
				opened[bucket] = pairs
			}
			if proposed = pairs[p]; proposed {
				break
			}
		}
		if !proposed {
			out = append(out, p)
		}
	}
	return out
}

// loose returns the pairs with a fragment, which are numbered from n.
func (b *buckets) loose(n int) []lsh.Pair {
	next := &b.g.next.sketch
	var hashes []uint64
	for _, f := range next.fragments {
		if f.number >= 0 {
			hashes = append(hashes, b.keys(f.number)...)
		}
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	var out []lsh.Pair
	next.bands.Each(hashes, 1, func(_, _ int, ps []inverted.Posting) {
		for i, p := range ps {
			if slices.ContainsFunc(ps[:i], func(q inverted.Posting) bool { return q.Pos == p.Pos }) {
				continue
			}
			for _, pair := range b.open(takers(nil, ps, p.Pos, b.now), p.Pos) {
				if int(pair.B) >= n {
					out = append(out, pair)
				}
			}
		}
	})
	slices.SortFunc(out, pairOrder)
	return slices.Compact(out)
}
