package cluster

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"sada/cluster/copies"
	"sada/cluster/internal/memory"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/cluster/story"
	"sada/features/arabic"
	"sada/features/article"
	"sada/features/shingle"
	"sada/features/tfidf"
)

// Options steer [Run]. No result depends on Workers, Parts, Memory, Keep and Ahead.
type Options struct {
	Workers int // goroutines
	Parts   int // into which the table of anchors is cut; 0 is as many as Memory asks for

	// Memory is about how many bytes the steps up to the copies may take besides the pages and the
	// result; 0 is a gigabyte at a time for anchors.
	Memory int
	// Keep gives memory, aligned to 8 bytes, with a copy of the parts one after the other, for what is large and read from one
	// end to the other: anchors and vectors of terms. It serves many goroutines, and what it gives is
	// only read, and not used any more when Run returns. nil is ordinary memory.
	Keep func(parts ...[]byte) ([]byte, error)
	// Ahead, if it is not nil, is called with memory of pages that will be read soon, by many goroutines.
	Ahead func(memory []byte)

	// Similarity is the Jaccard similarity from which LSH must propose pairs, Recall the probability
	// with which it must, Slots the longest signature.
	Similarity, Recall float64
	Slots              int
	Bucket             int // the largest LSH bucket whose pairs are all compared
	Sketch             shingle.Sketch

	Vocabulary Vocabulary
	Story      story.Options
	Labels     int // terms that describe a story, of which a reader is shown a few

	// Terms is a table that an earlier run has counted; nil counts the terms of this one. A term it does
	// not know does not count. It goes with the Letters of the [Result] it is from, and Headlines
	// infinite where those are not 0.
	Terms *tfidf.Table

	// Weights, if given, are those of an earlier run on nearly the same pages. They serve as long as
	// [Weights.Serve] says so.
	Weights *Weights

	// MustLink and CannotLink are pairs of page IDs whose pages are in one story and in two. They say
	// nothing of copies.
	MustLink, CannotLink [][2]string

	// Suggest is the share of the threshold from which the similarity of two stories makes them a
	// suggestion.
	Suggest float64
}

// Vocabulary says what the terms of a page are, and how often each counts. TestSharedTried measures
// what it was chosen from; testdata/tried.txt has the figures.
type Vocabulary struct {
	TitleWeight uint32 // how often a word of the title counts

	// Lead is how many letters of the main text count, gaps between words included; at most some 256
	// words.
	Lead int

	// Letters is the length of the pieces of the title's words, in letters, that are terms as well in a
	// corpus of headlines alone; 0 is none.
	Letters int

	// Headlines is the mean number of words of a page, each counted once, under which a corpus is one
	// of headlines alone.
	Headlines float64
}

// Defaults returns the options that the program has without flags.
func Defaults() Options {
	return Options{
		Workers: 1,
		// Copies begin at half of the shingles; .99 is left to the bands alone because passages
		// propose most pairs a second time. This makes 35 bands of 3 rows.
		Similarity: .5, Recall: .99, Slots: 128,
		Bucket: 200, // 19,900 comparisons; larger buckets are split by further bands
		Sketch: shingle.Fast,
		Vocabulary: Vocabulary{
			// 2 and 3 are within .01 of each other on labelled sets, 1 and 5 worse on some.
			TitleWeight: 2,
			// 600 and 1,500 letters are worse by .01; and what is appended to a page of that length
			// cannot touch its story.
			Lead: 1000,
			// Pieces of three letters raise the F1 of headlines by .01 to .02 and lower that of full
			// texts by .04. Headlines have 8 to 15 words that are terms, full texts 60 and more.
			Letters: 3, Headlines: 20,
		},
		Story:  byCorpus(story.Defaults()),
		Labels: 15,
		// A choice, not a measurement: it makes suggestions for a quarter of the stories of 20,329 pages.
		Suggest: .8,
	}
}

// Weights is by what a run tells stories apart. Kept from run to run, they keep stories that nothing was
// added to as they were, though the corpus grows.
type Weights struct {
	Terms            *tfidf.Table
	Stories          *tfidf.Table // counted on stories, for their labels; nil counts those of the run
	Letters          int          // of the Vocabulary
	Threshold, Floor float64
}

// Serve says whether the weights suit as many documents: less than twice, more than half of those
// that they were made from. Between these the inverse document frequency of a term that is as common as
// before differs by less than ln 2, a tenth of that of a term in one of 2,000 documents.
func (w *Weights) Serve(docs int) bool {
	return docs < 2*w.Terms.Docs() && 2*docs > w.Terms.Docs()
}

// Weights gives what a later run needs to tell stories apart as this one did.
func (r *Result) Weights() *Weights {
	return &Weights{r.Terms, r.Labelled, r.Vocabulary.Letters, r.Story.Threshold, r.Story.Floor}
}

// byCorpus leaves the threshold to the corpus.
func byCorpus(o story.Options) story.Options {
	o.Threshold = 0
	return o
}

// Result is what Run finds. Pages are numbered in canonical order: by date, those without one last,
// then by ID.
type Result struct {
	Pages    []*Page
	Parts    [][]article.Part // of each page; they cover its text
	Passages []passage.Passage
	Links    []copies.Link
	Copies   []Group
	CopyOf   []int // of each page: its group in Copies
	Stories  []Story
	StoryOf  []int        // of each page: its story in Stories
	Near     []story.Link // pairs of copy groups that tell something alike, by their numbers in Copies
	// Confidence is the mean similarity of each page's group to the rest of its story, 1 for a story
	// of one group.
	Confidence []float64
	// Next is the story that each page's group resembles most besides its own, -1 if there is none, and
	// Margin is the confidence less the mean similarity to that: the lower, the more doubtful.
	Next       []int
	Margin     []float64
	Unmet      []Unmet      // wanted pairs that could not be honoured
	Terms      *tfidf.Table // that the stories were weighed with
	Labelled   *tfidf.Table // that the labels of stories were weighed with
	Vocabulary Vocabulary   // with Letters 0 where there is more than headlines
	LSH        lsh.Params
	Story      story.Options // with the threshold that was used
	Stats      Stats

	Never    [][2]int32 // copy groups that are kept out of one story: by their texts, or as wanted
	Together []int      // of each copy group: the same number for those wanted in one story; 0 without wishes
}

// Group is pages with the same text, in canonical order.
type Group struct {
	Pages    []int
	Original int
}

// Story is copy groups that tell of the same event.
type Story struct {
	Pages       []int // in canonical order
	Groups      []int // ascending
	First, Last time.Time
	Sources     int
	Outlets     []string     // ascending
	Suggested   []Suggestion // the most similar first
	Labels      []tfidf.Term // that tell it from other stories, the best first
	Headline    int          // the page in the middle of it
	Density     float64      // mean similarity of its groups' pairs, 1 for a single one
}

// Suggestion is a story that may be the same as another.
type Suggestion struct {
	Story      int
	Similarity float64 // mean over all pairs of their groups
}

// Stats counts what happened.
type Stats struct {
	Hits          int // anchors that two pages share
	PassagePairs  int // pairs of pages with a shared passage
	Signed        int // pages with a signature
	Short         int // pages too short for one
	LSH           lsh.Stats
	LSHPairs      int
	Candidates    int // pairs verified
	Fragments     int // appended texts without a page of their own, after step 3
	Settled       int // of these, that were found to be nearly a page's text, or another fragment's
	SplitOff      int // pages that were linked to a copy group and did not resemble it
	TemplatePairs int
	Story         story.Stats
	Times         []Timing
}

// Timing says how long a step took.
type Timing struct {
	Step string
	Took time.Duration
}

// Run clusters pages, whose IDs must be distinct. It keeps the pages and changes their order in the
// slice. now is asked for the time at the start and after every step. An error is about the options, or that
// of Keep.
func Run(pages []*Page, o Options, now func() time.Time) (*Result, error) {
	r := &runner{o: o, now: now, last: now(), res: &Result{Pages: pages}}
	r.o.Workers = max(o.Workers, 1)
	r.o.Story.Workers = r.o.Workers
	err := r.o.Story.Validate()
	if err != nil {
		return nil, err
	}
	if r.res.LSH, err = lsh.Choose(o.Similarity, o.Recall, o.Slots); err != nil {
		return nil, err
	}
	if err := r.sketchers(); err != nil {
		return nil, err
	}
	Sort(pages)
	pairs, err := r.passages()
	if err != nil {
		return nil, err
	}
	r.done("passages")
	r.copies(pairs)
	r.done("copies")
	if err := r.stories(); err != nil {
		return nil, err
	}
	r.done("stories")
	return r.res, nil
}

// Sort brings pages into canonical order, as [Run] does: by date, those without one last, then by ID.
func Sort(pages []*Page) {
	was := slices.Clone(pages)
	for i, at := range Order(pages) {
		pages[i] = was[at]
	}
}

// Order returns the places of pages in canonical order.
func Order(pages []*Page) []int32 {
	dated, undated := make([]int32, 0, len(pages)), []int32(nil)
	seconds := make([]uint64, 0, len(pages))
	for i, p := range pages {
		if p.Date.IsZero() {
			undated = append(undated, int32(i))
			continue
		}
		dated = append(dated, int32(i))
		seconds = append(seconds, uint64(p.Date.Unix())^1<<63) // in the order of the signed numbers
	}
	order := inOrder(seconds)
	byPage := func(i, j int32) int { return pageOrder(pages[i], pages[j]) }
	for from := 0; from < len(order); {
		second := seconds[order[from]]
		to := from
		for ; to < len(order) && seconds[order[to]] == second; to++ {
			order[to] = dated[order[to]]
		}
		slices.SortFunc(order[from:to], byPage)
		from = to
	}
	slices.SortFunc(undated, byPage)
	return append(order, undated...)
}

// inOrder returns the places of values in ascending order, by radix sort: equal ones in order of their places.
func inOrder(values []uint64) []int32 {
	at, next := make([]int32, len(values)), make([]int32, len(values))
	least, most := uint64(math.MaxUint64), uint64(0)
	for i, v := range values {
		at[i] = int32(i)
		least, most = min(least, v), max(most, v)
	}
	const digit = 11 // bits: two thousand counters stay in the nearest cache
	for shift := 0; shift < 64 && len(values) > 0 && (most-least)>>shift > 0; shift += digit {
		var start [1<<digit + 1]int32
		for _, v := range values {
			start[(v-least)>>shift&(1<<digit-1)+1]++
		}
		for d := range 1 << digit {
			start[d+1] += start[d]
		}
		for _, i := range at {
			d := (values[i] - least) >> shift & (1<<digit - 1)
			next[start[d]] = i
			start[d]++
		}
		at, next = next, at
	}
	return at
}

// pageOrder compares pages as [Sort] does.
func pageOrder(a, b *Page) int {
	if a.Date.IsZero() != b.Date.IsZero() {
		if a.Date.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.ID, b.ID))
}

type runner struct {
	o    Options
	res  *Result
	now  func() time.Time
	last time.Time

	signers chan *signer // one for each worker
	web     *story.Web   // of the copy groups
}

func (r *runner) done(step string) {
	t := r.now()
	r.res.Stats.Times = append(r.res.Stats.Times, Timing{step, t.Sub(r.last)})
	r.last = t
}

// each calls do for every page, in ranges for the workers.
func (r *runner) each(do func(i int)) {
	_ = blocks(len(r.res.Pages), r.o.Workers, func(from, to int) error {
		for i := from; i < to; i++ {
			do(i)
		}
		return nil
	})
}

// passageMemory is how many bytes the anchors may take that are in memory at a time: a million pages, with
// 114 million anchors, then take two parts. Where memory is bounded, it is at most a third of that:
// sorting and dealing out take as much again.
const passageMemory = 1 << 30

func (r *runner) passages() ([]passage.Pair, error) {
	shared := make([]*passage.Page, len(r.res.Pages))
	for i, p := range r.res.Pages {
		shared[i] = &p.shared
	}
	most := passageMemory
	if r.o.Memory > 0 {
		most = min(most, r.o.Memory/3)
	}
	if r.o.Parts == 0 {
		words := 0
		for i := range shared {
			words += len(shared[i].Words)
		}
		// Two of seven shingles are anchors of 16 bytes.
		r.o.Parts = 1 + words*2/7*16/most
	}
	found, err := passage.Find(shared, passage.Options{Parts: r.o.Parts, Keep: r.o.Keep, Ahead: r.o.Ahead, Workers: r.o.Workers})
	if err != nil {
		return nil, err
	}
	r.res.Passages, r.res.Parts = found.Passages, found.Parts
	r.res.Stats.Hits, r.res.Stats.PassagePairs = found.Hits, len(found.Pairs)
	return found.Pairs, nil
}

// own is the main text of a page: ranges of the words of its passage page.
type own []passage.Range

// overlap returns how many words of a range are main text.
func (o own) overlap(r passage.Range) int {
	n := 0
	for _, m := range o {
		n += max(0, min(m.To, r.To)-max(m.From, r.From))
	}
	return n
}

// main returns where the main text of a page is, by its parts.
func (p *Page) main(parts []article.Part) own {
	var out own
	from := 0
	words := p.shared.Spans.Cursor()
	for len(parts) > 0 && parts[len(parts)-1].Kind != article.Main {
		parts = parts[:len(parts)-1]
	}
	for _, part := range parts {
		to := len(p.shared.Words) - p.shared.Lead
		if part.To < p.shared.Bytes { // of the last part all words are known
			to = words.Before(part.To)
		}
		if part.Kind == article.Main && to > from {
			out = append(out, passage.Range{From: p.shared.Lead + from, To: p.shared.Lead + to})
		}
		from = to
	}
	return out
}

// words returns the words of the main text. They may share the page's memory.
func (p *Page) words(main own) []uint32 {
	if len(main) == 1 {
		return p.shared.Words[main[0].From:main[0].To]
	}
	var out []uint32
	for _, m := range main {
		out = append(out, p.shared.Words[m.From:m.To]...)
	}
	return out
}

// copy returns what is compared of a page.
func (p *Page) copy(main own) copies.Page {
	return copies.Page{Words: p.words(main), Title: p.titled, Time: p.shared.Time, Dated: p.shared.Dated, DayOnly: p.DayOnly,
		Credited: len(p.Credits) > 0, Agency: slices.Contains(p.Credits, p.Source)}
}

// Direction says which of two copies carried the text first, as [copies.Direction] does.
func Direction(p, q *Page, partsP, partsQ []article.Part) (order int, why string) {
	a, b := p.copy(p.main(partsP)), q.copy(q.main(partsQ))
	return copies.Direction(&a, &b)
}

// MainWords returns the hashes of the words of a page's main text, which the parts say, and where
// each of them stands in the page's text.
func (p *Page) MainWords(parts []article.Part) ([]uint32, []shingle.Span) {
	main := p.main(parts)
	spans := p.shared.Spans.Unpack(nil)
	var at []shingle.Span
	for _, m := range main {
		at = append(at, spans[m.From-p.shared.Lead:m.To-p.shared.Lead]...)
	}
	return p.words(main), at
}

// copies makes the copy groups.
func (r *runner) copies(pairs []passage.Pair) {
	pages := make([]copies.Page, len(r.res.Pages))
	main := make([]own, len(pages))
	r.each(func(i int) {
		p := r.res.Pages[i]
		main[i] = p.main(r.res.Parts[i])
		pages[i] = p.copy(main[i])
	})
	same := copies.Same(pages, r.o.Workers)
	first := firsts(len(pages), same)
	fragments := r.fragments()
	candidates, loose := split(len(pages), r.sketch(pages, first, fragments))
	r.settle(pages, fragments, loose)
	candidates = propose(same, pairs, main, first, candidates, r.o.Workers)
	r.res.Stats.Candidates = len(candidates)
	r.res.Links = copies.Verify(pages, candidates, r.o.Workers)
	r.group(pages)
}

// firsts returns for every page the one that stands for all pages of the same words.
func firsts(n int, same []copies.Candidate) []int {
	first := make([]int, n)
	for i := range first {
		first[i] = i
	}
	for _, c := range same {
		first[c.B] = c.A
	}
	return first
}

// split divides what LSH proposes into pairs of n pages and pairs with a fragment.
func split(n int, pairs []lsh.Pair) (candidates []copies.Candidate, loose []lsh.Pair) {
	candidates = make([]copies.Candidate, 0, len(pairs))
	for _, p := range pairs {
		if int(p.B) < n {
			candidates = append(candidates, copies.Candidate{A: int(p.A), B: int(p.B), Via: copies.ViaLSH})
		} else {
			loose = append(loose, p)
		}
	}
	return candidates, loose
}

// propose returns the candidates in order, each pair once: those that are the same, those that share
// passages, and those of LSH. Both lists of candidates must be in order, and pairs too.
func propose(same []copies.Candidate, pairs []passage.Pair, main []own, first []int, sketched []copies.Candidate, workers int) []copies.Candidate {
	shared := make([]copies.Candidate, len(pairs))
	_ = blocks(len(pairs), workers, func(from, to int) error {
		for i := from; i < to; i++ {
			p := &pairs[i]
			if a, b := first[p.A], first[p.B]; a != b {
				shared[i] = Shared(a, b, p.Passages, func(n int) (inA, inB int) {
					return main[p.A].overlap(p.Passages[n].A), main[p.B].overlap(p.Passages[n].B)
				})
			}
		}
		return nil
	})
	var others []copies.Candidate // of pages for which another one stands, and so out of order
	n := 0
	for i, c := range shared {
		switch {
		case c.A == c.B: // of one text
		case c.A == pairs[i].A && c.B == pairs[i].B:
			shared[n] = c
			n++
		default:
			others = append(others, c)
		}
	}
	slices.SortStableFunc(others, candidateOrder)
	out := make([]copies.Candidate, 0, len(same)+len(pairs)+len(sketched))
	lists := [][]copies.Candidate{same, shared[:n], others, sketched}
	for {
		best := -1 // the first of a pair stays
		for l, list := range lists {
			if len(list) > 0 && (best < 0 || candidateOrder(list[0], lists[best][0]) < 0) {
				best = l
			}
		}
		if best < 0 {
			return out
		}
		if c := lists[best][0]; len(out) == 0 || candidateOrder(out[len(out)-1], c) != 0 {
			out = append(out, c)
		}
		lists[best] = lists[best][1:]
	}
}

func candidateOrder(c, d copies.Candidate) int {
	if c.A != d.A {
		return cmp.Compare(c.A, d.A)
	}
	return cmp.Compare(c.B, d.B)
}

// Shared makes a candidate of two pages that share passages, or of the pages a and b that stand for all
// of the same words. in says how many words of a passage are main text of the first page, and of the second.
func Shared(a, b int, passages []passage.Aligned, in func(n int) (inA, inB int)) copies.Candidate {
	c := copies.Candidate{A: min(a, b), B: max(a, b), Via: copies.ViaPassage}
	for n, s := range passages {
		inA, inB := in(n)
		kept := min(float64(inA)/float64(s.A.Len()), float64(inB)/float64(s.B.Len()))
		if a > b {
			inA, inB = inB, inA
		}
		c.CoverA, c.CoverB, c.Equal = c.CoverA+inA, c.CoverB+inB, c.Equal+int(kept*float64(s.Equal))
	}
	return c
}

// group makes the copy groups of the links.
func (r *runner) group(pages []copies.Page) {
	group, split := copies.Groups(pages, r.res.Links)
	r.res.Stats.SplitOff = split
	r.res.CopyOf = make([]int, len(pages))
	sizes := make([]int, 0, len(pages)) // of the groups
	for i, g := range group {
		if g == i {
			r.res.CopyOf[i] = len(sizes)
			sizes = append(sizes, 0)
		}
		r.res.CopyOf[i] = r.res.CopyOf[g] // g <= i
		sizes[r.res.CopyOf[i]]++
	}
	r.res.Copies = make([]Group, len(sizes))
	for n, pages := range members(r.res.CopyOf, sizes) {
		r.res.Copies[n].Pages = pages
	}
	for n := range r.res.Copies {
		of := &r.res.Copies[n]
		of.Original = copies.Original(pages, of.Pages)
	}
}

// members returns the pages of groups, of which the sizes are known, by the group of each page.
func members(of, sizes []int) [][]int {
	block := make([]int, len(of))
	out := make([][]int, len(sizes))
	for n, size := range sizes {
		out[n], block = block[:0:size], block[size:]
	}
	for i, n := range of {
		out[n] = append(out[n], i)
	}
	return out
}

// sketch returns the pairs that LSH proposes among the pages that stand for themselves and, numbered
// after all pages, the fragments.
func (r *runner) sketch(pages []copies.Page, first []int, fragments []fragment) []lsh.Pair {
	shape := r.res.LSH
	index := lsh.NewIndex(shape, r.o.Bucket)
	index.Grow(len(pages))
	const block = 4096 // pages signed in parallel, while those before them are entered in order
	sign := func(from int, keys [][]uint64) *errgroup.Group {
		to := min(from+block, len(pages))
		g := new(errgroup.Group)
		const run = 64
		for at := from; at < to; at += run {
			g.Go(func() error {
				s := <-r.signers
				for i := at; i < min(at+run, to); i++ {
					keys[i-from] = keys[i-from][:0]
					if first[i] == i {
						keys[i-from] = s.keys(keys[i-from], shape, pages[i].Words)
					}
				}
				r.signers <- s
				return nil
			})
		}
		return g
	}
	signed, keys := make([][]uint64, block), make([][]uint64, block)
	signing := sign(0, keys)
	for from := 0; from < len(pages); from += block {
		_ = signing.Wait() // no goroutine returns an error
		signed, keys = keys, signed
		signing = sign(from+block, keys)
		for i := from; i < min(from+block, len(pages)); i++ {
			switch {
			case len(signed[i-from]) > 0:
				index.AddKeys(uint32(i), signed[i-from])
				r.res.Stats.Signed++
			case first[i] == i:
				r.res.Stats.Short++
			}
		}
	}
	s := <-r.signers
	for i, f := range fragments { // few of them
		if keys := s.keys(nil, shape, f.words); len(keys) > 0 {
			index.AddKeys(uint32(len(pages)+i), keys)
		}
	}
	pairs, stats := index.Pairs(r.o.Workers)
	r.res.Stats.LSH, r.res.Stats.LSHPairs = stats, len(pairs)
	return pairs
}

type signer struct {
	sketcher  shingle.Sketcher
	grams     []uint64
	signature []uint64
}

// sketchers makes a signer for every worker.
func (r *runner) sketchers() error {
	r.signers = make(chan *signer, r.o.Workers)
	for range r.o.Workers {
		s, err := r.o.Sketch.New(r.res.LSH.Bands, r.res.LSH.Rows)
		if err != nil {
			return err
		}
		r.signers <- &signer{sketcher: s}
	}
	return nil
}

func (s *signer) sign(dst []uint64, words []uint32) []uint64 {
	// A signature does not care about shingles that stand there twice: sorting them costs more than it.
	s.grams = shingle.Grams(s.grams[:0], words, copies.ShingleWords)
	if few(s.grams) {
		return dst
	}
	dst, _ = s.sketcher.Sign(dst, s.grams)
	return dst
}

// keys appends the keys of words, one for each band; nothing if they are too few for a signature.
func (s *signer) keys(dst []uint64, shape lsh.Params, words []uint32) []uint64 {
	if s.signature = s.sign(s.signature[:0], words); len(s.signature) == 0 {
		return dst
	}
	return shape.Keys(slices.Grow(dst, shape.Bands), s.signature)
}

// few reports whether a text has less than [copies.MinShingles] different shingles.
func few(grams []uint64) bool {
	var seen [copies.MinShingles - 1]uint64
	n := 0
	for _, g := range grams {
		if slices.Contains(seen[:n], g) {
			continue
		}
		if n == len(seen) {
			return false
		}
		seen[n] = g
		n++
	}
	return true
}

// stories clusters the copy groups.
func (r *runner) stories() error {
	res := r.res
	res.Vocabulary = r.o.Vocabulary
	nodes := res.nodes(r.o.Workers)
	words := r.documents(res.appendWords)
	// The documents of the terms are counted in passing, since making the words again would take longer.
	counter, n := count(len(nodes), words, r.o.Workers)
	var chance float64
	res.Vocabulary, chance = res.Vocabulary.For(n, len(nodes))
	o, kept := r.o.Story, r.o.Weights
	if kept != nil && !kept.Serve(len(nodes)) {
		kept = nil
	}
	if kept != nil {
		res.Vocabulary.Letters = kept.Letters
	}
	terms := words
	if res.Vocabulary.Letters != 0 {
		terms = r.documents(func(dst []tfidf.Count, group int) []tfidf.Count {
			return append(dst, res.spell(group, words(nil, group))...)
		})
		counter, _ = count(len(nodes), terms, r.o.Workers)
	}
	table := r.o.Terms
	if table == nil {
		table = counter.Freeze()
		if kept != nil {
			table = kept.Terms.Follow(table)
		}
	}
	if kept != nil {
		o.Threshold, o.Floor = kept.Threshold, kept.Floor
	}
	res.Terms = table
	if err := r.vectors(nodes, table, terms); err != nil {
		return err
	}
	if o.Chance == 0 {
		o.Chance = chance // the pieces of words make headlines look like texts
	}
	r.web, res.Story, res.Stats.Story = story.Calibrated(nodes, o)
	res.Labelled = nil
	if kept != nil {
		res.Labelled = kept.Stories
	}
	return r.tell(nodes, func(group int32) []tfidf.Count { return words(nil, int(group)) }, func([]int32) []tfidf.Term { return nil })
}

// vectors gives the nodes the vectors of their terms.
func (r *runner) vectors(nodes []story.Node, table *tfidf.Table, terms document) error {
	type room struct {
		doc []tfidf.Count
		all tfidf.Vector // one after the other
	}
	rooms := make(chan *room, r.o.Workers)
	for range r.o.Workers {
		rooms <- new(room)
	}
	return blocks(len(nodes), r.o.Workers, func(from, to int) error {
		free := <-rooms
		defer func() { rooms <- free }()
		free.all.Terms, free.all.Weights = free.all.Terms[:0], free.all.Weights[:0]
		ends := make([]int, to-from)
		for i := range ends {
			free.doc = terms(free.doc[:0], from+i)
			free.all = table.AppendVector(free.all, free.doc)
			ends[i] = free.all.Len()
		}
		all := free.all
		var err error
		if r.o.Keep == nil {
			all.Terms, all.Weights = slices.Clone(all.Terms), slices.Clone(all.Weights)
		} else if all.Terms, err = memory.Place(all.Terms, r.o.Keep); err != nil {
			return err
		} else if all.Weights, err = memory.Place(all.Weights, r.o.Keep); err != nil {
			return err
		}
		start := 0
		for i, end := range ends {
			nodes[from+i].Vector = tfidf.Vector{Terms: all.Terms[start:end:end], Weights: all.Weights[start:end:end]}
			start = end
		}
		return nil
	})
}

// tell makes the stories of the web. words returns the words of a copy group, known the labels that a story of
// these groups is known to have, nil for none.
func (r *runner) tell(nodes []story.Node, words func(group int32) []tfidf.Count, known func(groups []int32) []tfidf.Term) error {
	res, o := r.res, r.res.Story
	never, templates := res.templates()
	never = r.wanted(nodes, never)
	res.Never, res.Together = never, make([]int, len(nodes))
	for i := range nodes {
		res.Together[i] = nodes[i].Together
	}
	links := without(r.web.Links(o), never)
	res.Stats.TemplatePairs = templates
	res.Near = links
	of := story.Partition(nodes, links, o, never...)

	res.StoryOf = make([]int, len(res.Pages))
	stories, fits := story.Describe(nodes, story.Result{Story: of, Links: links}, r.o.Workers)
	suggested := story.Suggest(nodes, stories, links, r.o.Suggest*o.Threshold, never...)
	number := make([]int, len(nodes)) // of stories, by lowest group
	for n := range stories {
		number[stories[n].Members[0]] = n
	}
	res.Confidence, res.Margin = make([]float64, len(res.Pages)), make([]float64, len(res.Pages))
	res.Next = make([]int, len(res.Pages))
	res.Stories = make([]Story, len(stories))
	firstPage, firstGroup := make([]int, len(stories)+1), make([]int, len(stories)+1) // of each story, among those of all
	for n := range stories {
		firstPage[n+1], firstGroup[n+1] = firstPage[n], firstGroup[n]+len(stories[n].Members)
		for _, m := range stories[n].Members {
			firstPage[n+1] += len(res.Copies[m].Pages)
		}
	}
	pages, groups, sources := make([]int, len(res.Pages)), make([]int, len(nodes)), make([]string, len(res.Pages))
	told := make([]bool, len(stories)) // of each story: its labels are not known
	_ = blocks(len(stories), r.o.Workers, func(from, to int) error {
		for n := from; n < to; n++ {
			found, s := stories[n], &res.Stories[n]
			s.Pages, s.Groups = pages[firstPage[n]:firstPage[n]:firstPage[n+1]], groups[firstGroup[n]:firstGroup[n]:firstGroup[n+1]]
			s.Outlets = sources[firstPage[n]:firstPage[n]:firstPage[n+1]]
			for _, m := range found.Members {
				s.Groups = append(s.Groups, int(m))
				for _, p := range res.Copies[m].Pages {
					s.Pages, s.Outlets = append(s.Pages, p), append(s.Outlets, res.Pages[p].Source)
					res.StoryOf[p] = n
					res.Confidence[p] = 1
					if len(found.Members) > 1 {
						res.Confidence[p] = fits[m].Own
					}
					res.Next[p], res.Margin[p] = -1, res.Confidence[p]-fits[m].Other
					if fits[m].Rival >= 0 {
						res.Next[p] = number[fits[m].Rival]
					}
				}
			}
			slices.Sort(s.Pages)
			for _, p := range s.Pages { // canonical order: those with a date come first, in time
				if date := res.Pages[p].Date; !date.IsZero() {
					if s.First.IsZero() {
						s.First = date
					}
					s.Last = date
				}
			}
			slices.Sort(s.Outlets)
			s.Outlets = slices.Clip(slices.Compact(s.Outlets))
			s.Sources = len(s.Outlets)
			for _, other := range suggested[n] {
				s.Suggested = append(s.Suggested, Suggestion(other))
			}
			s.Headline = res.Copies[found.Medoid].Original
			s.Density = found.Density
			// Stories are weighed against each other; a single text has its own heaviest terms.
			if len(found.Members) == 1 {
				s.Labels = r.heaviest(nodes[found.Members[0]].Vector, found.Members, words, known)
			} else if s.Labels = known(found.Members); s.Labels == nil {
				told[n] = true
			}
		}
		return nil
	})
	var anew []int
	for n, told := range told {
		if told {
			anew = append(anew, n)
		}
	}
	return r.label(anew, words)
}

// heaviest returns the labels of a story of a single group: those that are known, or the heaviest terms of its text.
func (r *runner) heaviest(vector tfidf.Vector, group []int32, words func(int32) []tfidf.Count, known func([]int32) []tfidf.Term) []tfidf.Term {
	if labels := known(group); labels != nil {
		return labels
	}
	if vector.Len() == 0 || r.res.Vocabulary.Letters != 0 { // the pieces of words are no labels
		vector = r.res.Terms.Vector(words(group[0]))
	}
	top := vector.Top(r.o.Labels)
	if len(top) == 0 {
		return nil
	}
	labels := make([]tfidf.Term, len(top))
	for n, term := range top {
		labels[n] = term.Term
	}
	return labels
}

// label gives stories their labels.
func (r *runner) label(stories []int, words func(group int32) []tfidf.Count) error {
	res := r.res
	groups := make([][][]tfidf.Count, len(stories))
	_ = blocks(len(stories), r.o.Workers, func(from, to int) error {
		for i := from; i < to; i++ {
			for _, m := range res.Stories[stories[i]].Groups {
				groups[i] = append(groups[i], words(int32(m)))
			}
		}
		return nil
	})
	labels, among, err := story.Labels(groups, res.Labelled, r.o.Labels)
	if err != nil {
		return fmt.Errorf("label the stories: %w", err)
	}
	res.Labelled = among
	for i, n := range stories {
		res.Stories[n].Labels = labels[i]
	}
	return nil
}

// document gives the folded counts of a copy group. They are appended to dst, or in memory of their own.
type document func(dst []tfidf.Count, group int) []tfidf.Count

// documents returns what gives the folded counts of every copy group that of appends. In ordinary memory they are all made once.
// Otherwise each is made whenever it is asked for: to write them to other memory and read them from there takes as
// long, and what is read for them would be the first to be given up for it.
func (r *runner) documents(of document) document {
	if r.o.Keep != nil {
		return of
	}
	all := make([][]tfidf.Count, len(r.res.Copies))
	rooms := make(chan []tfidf.Count, r.o.Workers)
	for range r.o.Workers {
		rooms <- nil
	}
	_ = blocks(len(all), r.o.Workers, func(from, to int) error {
		room := (<-rooms)[:0]
		ends := make([]int, to-from)
		for i := range ends {
			room = of(room, from+i)
			ends[i] = len(room)
		}
		docs, start := slices.Clone(room), 0
		for i, end := range ends {
			all[from+i] = docs[start:end:end]
			start = end
		}
		rooms <- room
		return nil
	})
	return func(_ []tfidf.Count, group int) []tfidf.Count { return all[group] }
}

// count counts the documents of every term, and how many terms all of n documents have. Each worker has its own share of the
// documents.
func count(n int, doc document, workers int) (_ *tfidf.Counter, terms int) {
	counters, sums := make([]tfidf.Counter, workers), make([]int, workers)
	var g errgroup.Group
	for w := range counters {
		g.Go(func() error {
			var room []tfidf.Count
			for i := w * n / workers; i < (w+1)*n/workers; i++ {
				room = doc(room[:0], i)
				counters[w].Add(room)
				sums[w] += len(room)
			}
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
	for w := range counters[1:] {
		counters[0].Merge(&counters[w+1])
		sums[0] += sums[w+1]
	}
	return &counters[0], sums[0]
}

// blocks calls do for ranges of n items, in parallel, and returns the first error.
func blocks(n, workers int, do func(from, to int) error) error {
	var g errgroup.Group
	g.SetLimit(workers)
	const block = 256 // enough to make a goroutine worth it
	for from := 0; from < n; from += block {
		g.Go(func() error { return do(from, min(from+block, n)) })
	}
	return g.Wait()
}

// nodes returns the node of every copy group, which has no vector yet.
func (res *Result) nodes(workers int) []story.Node {
	nodes := make([]story.Node, len(res.Copies))
	_ = blocks(len(nodes), workers, func(from, to int) error {
		for i := from; i < to; i++ {
			nodes[i] = res.node(i)
		}
		return nil
	})
	return nodes
}

// words returns the words of a copy group, those of its original.
func (res *Result) words(group int) []tfidf.Count {
	original := res.Copies[group].Original
	return res.Pages[original].Counts(res.Parts[original], res.Vocabulary)
}

// appendWords appends what words returns.
func (res *Result) appendWords(dst []tfidf.Count, group int) []tfidf.Count {
	original := res.Copies[group].Original
	return res.Pages[original].appendCounts(dst, res.Parts[original], res.Vocabulary)
}

// node returns the node of a copy group, without its vector.
func (res *Result) node(group int) story.Node {
	// In canonical order a page with a date is before those without, the earliest first.
	first := res.Pages[res.Copies[group].Pages[0]]
	if first.Date.IsZero() {
		return story.Node{Size: 1}
	}
	return story.Node{Size: 1, Time: first.Date.Unix(), Dated: true}
}

// spell returns the terms of a copy group: its words and, if the vocabulary has them, the pieces of its title.
func (res *Result) spell(group int, words []tfidf.Count) []tfidf.Count {
	return res.Pages[res.Copies[group].Original].spell(words, res.Vocabulary)
}

// templates returns the pairs of copy groups that a template link says are the same frame filled on
// different occasions, and the number of such links.
func (res *Result) templates() (groups [][2]int32, links int) {
	for _, l := range res.Links {
		if l.Kind == copies.Template {
			links++
			if a, b := res.CopyOf[l.A], res.CopyOf[l.B]; a != b {
				groups = append(groups, [2]int32{int32(min(a, b)), int32(max(a, b))})
			}
		}
	}
	return groups, links
}

// without takes the pairs that must stay apart from links.
func without(links []story.Link, never [][2]int32) []story.Link {
	apart := make(map[[2]int32]bool, len(never))
	for _, p := range never {
		apart[p] = true
	}
	return slices.DeleteFunc(links, func(l story.Link) bool { return apart[[2]int32{l.A, l.B}] })
}

// For returns the vocabulary for a corpus of so many texts with that many words, each counted once in a text: without
// letters, unless it is one of headlines alone. chance is the [story.Options.Chance] that suits it.
func (v Vocabulary) For(words, texts int) (_ Vocabulary, chance float64) {
	if float64(words) < v.Headlines*float64(texts) {
		return v, story.ChanceHeadlines
	}
	v.Letters = 0
	return v, story.ChanceTexts
}

// Counts returns the folded term counts of the words of a page's title and of the lead of its main text,
// which the parts say.
func (p *Page) Counts(parts []article.Part, v Vocabulary) []tfidf.Count {
	if p.counted != nil {
		return p.counted
	}
	return p.appendCounts(nil, parts, v)
}

// appendCounts appends what Counts returns.
func (p *Page) appendCounts(dst []tfidf.Count, parts []article.Part, v Vocabulary) []tfidf.Count {
	if p.counted != nil {
		return append(dst, p.counted...)
	}
	var room [leadWords + 64]tfidf.Count // of which a third stays
	out := room[:0]
	for _, c := range p.terms {
		out = append(out, tfidf.Count{Term: c.Term, N: v.TitleWeight * c.N})
	}
	words, from, taken := p.shared.Spans.Cursor(), 0, 0
lead:
	for n, part := range parts {
		to := len(p.lead)
		if n < len(parts)-1 {
			to = min(max(words.Before(part.To)-p.first, from), to)
		}
		for i := from; i < to && part.Kind == article.Main; i++ {
			if taken += int(p.widths[i]) + 1; taken > v.Lead {
				break lead
			}
			if term := p.lead[i]; term != 0 {
				out = append(out, tfidf.Count{Term: term, N: 1})
			}
		}
		from = to
	}
	return append(dst, tfidf.Fold(out)...)
}

// Terms returns the folded counts that a page is weighed by: its words and the pieces of its title.
func (p *Page) Terms(parts []article.Part, v Vocabulary) []tfidf.Count {
	return p.spell(p.Counts(parts, v), v)
}

// spell adds the pieces to the words.
func (p *Page) spell(words []tfidf.Count, v Vocabulary) []tfidf.Count {
	if v.Letters == 0 {
		return words
	}
	return tfidf.Fold(append(p.pieces(v.Letters), words...))
}

// pieces returns the folded counts of all runs of n letters within the words of a page's title, the
// gap before and behind a word counted as a letter; of a shorter word, all of it. They hold together
// what a stemmer does not, above all in languages it does not know (Cavnar and Trenkle, N-gram-based
// text categorization, 1994). Stop words and numbers have none.
func (p *Page) pieces(n int) []tfidf.Count {
	var text arabic.Text
	text.Set(p.Title)
	var out []tfidf.Count
	var word []rune
	var piece []byte
	for _, token := range text.Tokens {
		if piece = arabic.None.Term(piece[:0], text.Norm[token.At:token.End]); len(piece) == 0 {
			continue
		}
		word = append(word[:0], gap)
		for _, r := range string(piece) {
			word = append(word, r)
		}
		word = append(word, gap)
		for i := 0; i == 0 || i+n <= len(word); i++ {
			piece = append(piece[:0], gap) // no word begins like this
			for _, r := range word[i:min(i+n, len(word))] {
				piece = utf8.AppendRune(piece, r)
			}
			out = append(out, tfidf.Count{Term: tfidf.TermID(piece), N: 1})
		}
	}
	return tfidf.Fold(out)
}

// gap stands for what is around a word in the pieces of it.
const gap = ' '
