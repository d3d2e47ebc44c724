package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"sada/cluster/copies"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/cluster/story"
	"sada/features/article"
	"sada/features/shingle"
	"sada/features/tfidf"
)

// Options steer [Run]. No result depends on Workers, Parts and Memory.
type Options struct {
	Workers int // goroutines
	Parts   int // into which the table of anchors is cut; 0 is as many as Memory asks for

	// Memory is about how many bytes the steps may take besides the pages and the result; 0 is a
	// gigabyte at a time for anchors, and no bound for what the others keep to save work.
	Memory int

	// Similarity is the Jaccard similarity from which LSH must propose pairs, Recall the probability
	// with which it must, Slots the longest signature.
	Similarity, Recall float64
	Slots              int
	Bucket             int // the largest LSH bucket whose pairs are all compared
	Sketch             shingle.Sketch

	Story  story.Options
	Labels int // terms that describe a story, of which a reader is shown a few
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
		Story:  byCorpus(story.Defaults()),
		Labels: 15,
	}
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
	Terms      *tfidf.Table // that the stories were weighed with
	LSH        lsh.Params
	Story      story.Options // with the threshold that was used
	Stats      Stats
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
	Labels      []tfidf.Term // that tell it from other stories, the best first
	Headline    int          // the page in the middle of it
	Density     float64      // mean similarity of its groups' pairs, 1 for a single one
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
// slice. now is asked for the time at the start and after every step. An error is about the options.
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
	r.signers = make(chan *signer, r.o.Workers)
	for range r.o.Workers {
		s, err := o.Sketch.New(r.res.LSH.Bands, r.res.LSH.Rows)
		if err != nil {
			return nil, err
		}
		r.signers <- &signer{sketcher: s}
	}
	Sort(pages)
	pairs := r.passages()
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
	slices.SortFunc(pages, func(a, b *Page) int {
		if a.Date.IsZero() != b.Date.IsZero() {
			if a.Date.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.ID, b.ID))
	})
}

type runner struct {
	o    Options
	res  *Result
	now  func() time.Time
	last time.Time

	signers chan *signer // one for each worker
}

func (r *runner) done(step string) {
	t := r.now()
	r.res.Stats.Times = append(r.res.Stats.Times, Timing{step, t.Sub(r.last)})
	r.last = t
}

// each calls do for 0..n-1, in ranges for the workers.
func each(n, workers int, do func(i int)) {
	var g errgroup.Group
	g.SetLimit(workers)
	const block = 256 // pages or groups; enough to make a goroutine worth it
	for from := 0; from < n; from += block {
		g.Go(func() error {
			for i := from; i < min(from+block, n); i++ {
				do(i)
			}
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
}

// passageMemory is how many bytes the anchors, and then the hits, may take that are in memory at a
// time: a million pages, with 114 million anchors, then take two parts. Where memory is bounded, it
// is at most a third of that: sorting and dealing out take as much again.
const passageMemory = 1 << 30

func (r *runner) passages() []passage.Pair {
	shared := make([]passage.Page, len(r.res.Pages))
	for i, p := range r.res.Pages {
		shared[i] = p.shared
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
	found := passage.Find(shared, passage.Options{Parts: r.o.Parts, Hits: most / 32, Workers: r.o.Workers})
	r.res.Passages, r.res.Parts = found.Passages, found.Parts
	r.res.Stats.Hits, r.res.Stats.PassagePairs = found.Hits, len(found.Pairs)
	return found.Pairs
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
	part, from, words := 0, 0, 0 // the first word of the part
	end := func() {
		if parts[part].Kind == article.Main && words > from {
			out = append(out, passage.Range{From: p.shared.Lead + from, To: p.shared.Lead + words})
		}
		part, from = part+1, words
	}
	for i, span := range p.shared.Spans.All() {
		for part < len(parts) && int(span.From) >= parts[part].To {
			end()
		}
		if part == len(parts) {
			return out
		}
		words = i + 1
	}
	for part < len(parts) {
		end()
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
	each(len(pages), r.o.Workers, func(i int) {
		p := r.res.Pages[i]
		main[i] = p.main(r.res.Parts[i])
		pages[i] = p.copy(main[i])
	})
	same := copies.Same(pages)
	first := make([]int, len(pages)) // the page that stands for all pages of the same words
	for i := range first {
		first[i] = i
	}
	for _, c := range same {
		first[c.B] = c.A
	}

	candidates := same
	for _, p := range pairs {
		a, b := first[p.A], first[p.B]
		if a == b {
			continue
		}
		c := copies.Candidate{A: min(a, b), B: max(a, b), Via: copies.ViaPassage}
		for _, s := range p.Passages {
			inA, inB := main[p.A].overlap(s.A), main[p.B].overlap(s.B)
			kept := min(float64(inA)/float64(s.A.Len()), float64(inB)/float64(s.B.Len()))
			if a > b {
				inA, inB = inB, inA
			}
			c.CoverA, c.CoverB, c.Equal = c.CoverA+inA, c.CoverB+inB, c.Equal+int(kept*float64(s.Equal))
		}
		candidates = append(candidates, c)
	}
	fragments := r.fragments()
	var loose []lsh.Pair
	for _, p := range r.sketch(pages, first, fragments) {
		if int(p.B) < len(pages) {
			candidates = append(candidates, copies.Candidate{A: int(p.A), B: int(p.B), Via: copies.ViaLSH})
		} else {
			loose = append(loose, p)
		}
	}
	r.settle(pages, fragments, loose)
	slices.SortStableFunc(candidates, func(c, d copies.Candidate) int { // the first of a pair stays
		return cmp.Or(cmp.Compare(c.A, d.A), cmp.Compare(c.B, d.B))
	})
	candidates = slices.CompactFunc(candidates, func(c, d copies.Candidate) bool { return c.A == d.A && c.B == d.B })
	r.res.Stats.Candidates = len(candidates)
	r.res.Links = copies.Verify(pages, candidates, r.o.Workers)

	group, split := copies.Groups(pages, r.res.Links)
	r.res.Stats.SplitOff = split
	r.res.CopyOf = make([]int, len(pages))
	for i, g := range group {
		if g == i {
			r.res.CopyOf[i] = len(r.res.Copies)
			r.res.Copies = append(r.res.Copies, Group{})
		}
		r.res.CopyOf[i] = r.res.CopyOf[g] // g <= i
		of := &r.res.Copies[r.res.CopyOf[i]]
		of.Pages = append(of.Pages, i)
	}
	for n := range r.res.Copies {
		of := &r.res.Copies[n]
		of.Original = copies.Original(pages, of.Pages)
	}
}

// sketch returns the pairs that LSH proposes among the pages that stand for themselves and, numbered
// after all pages, the fragments.
func (r *runner) sketch(pages []copies.Page, first []int, fragments []fragment) []lsh.Pair {
	shape := r.res.LSH
	index := lsh.NewIndex(shape, r.o.Bucket)
	const block = 1024 // pages signed in parallel before they are entered in order
	signatures := make([][]uint64, block)
	for from := 0; from < len(pages); from += block {
		to := min(from+block, len(pages))
		var g errgroup.Group
		const run = 64
		for at := from; at < to; at += run {
			g.Go(func() error {
				s := <-r.signers
				for i := at; i < min(at+run, to); i++ {
					signatures[i-from] = signatures[i-from][:0]
					if first[i] == i {
						signatures[i-from] = s.sign(signatures[i-from], pages[i].Words)
					}
				}
				r.signers <- s
				return nil
			})
		}
		_ = g.Wait() // no goroutine returns an error
		for i := from; i < to; i++ {
			switch {
			case len(signatures[i-from]) > 0:
				index.Add(uint32(i), signatures[i-from])
				r.res.Stats.Signed++
			case first[i] == i:
				r.res.Stats.Short++
			}
		}
	}
	s := <-r.signers
	for i, f := range fragments { // few of them
		if signature := s.sign(nil, f.words); len(signature) > 0 {
			index.Add(uint32(len(pages)+i), signature)
		}
	}
	pairs, stats := index.Pairs(r.o.Workers)
	r.res.Stats.LSH, r.res.Stats.LSHPairs = stats, len(pairs)
	return pairs
}

type signer struct {
	sketcher shingle.Sketcher
	grams    []uint64
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
	nodes := res.nodes(r.o.Workers)
	// The counts are needed again for every vector and label. Making them anew is 3 % of the work;
	// keeping them is two kilobytes for every group.
	kept := make([][]tfidf.Count, len(nodes))
	count := func(i int) []tfidf.Count {
		if kept[i] != nil {
			return kept[i]
		}
		return res.counts(i)
	}
	const round = 4096 // groups whose counts are made in parallel before they are added up in order
	made := make([][]tfidf.Count, round)
	var df tfidf.Counter
	for first := 0; first < len(nodes); first += round {
		n := min(round, len(nodes)-first)
		each(n, r.o.Workers, func(at int) { made[at] = res.counts(first + at) })
		for at, c := range made[:n] {
			df.Add(c)
			if r.o.Memory == 0 {
				kept[first+at] = c
			}
		}
	}
	table := df.Freeze()
	res.Terms = table
	each(len(nodes), r.o.Workers, func(i int) { nodes[i].Vector = table.Vector(count(i)) })

	o := r.o.Story.For(nodes)
	res.Story = o
	links, stats := story.Graph(nodes, o)
	never, templates := res.templates()
	links = without(links, never)
	res.Stats.TemplatePairs = templates
	res.Stats.Story, res.Near = stats, links
	of := story.Partition(nodes, links, o, never...)

	res.StoryOf = make([]int, len(res.Pages))
	stories, fits := story.Describe(nodes, story.Result{Story: of, Links: links, Stats: stats})
	res.Confidence = make([]float64, len(res.Pages))
	res.Stories = make([]Story, len(stories))
	// Stories are weighed against each other; a single text has its own heaviest terms.
	var told []int
	var groups [][][]tfidf.Count
	for n, found := range stories {
		s := &res.Stories[n]
		sources := make(map[string]bool)
		if len(found.Members) > 1 {
			told = append(told, n)
			groups = append(groups, nil)
		}
		for _, m := range found.Members {
			s.Groups = append(s.Groups, int(m))
			if len(found.Members) > 1 {
				groups[len(groups)-1] = append(groups[len(groups)-1], count(int(m)))
			} else {
				for _, term := range nodes[m].Vector.Top(r.o.Labels) {
					s.Labels = append(s.Labels, term.Term)
				}
			}
			for _, p := range res.Copies[m].Pages {
				s.Pages = append(s.Pages, p)
				res.StoryOf[p] = n
				res.Confidence[p] = 1
				if len(found.Members) > 1 {
					res.Confidence[p] = fits[m].Own
				}
				sources[res.Pages[p].Source] = true
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
		s.Sources = len(sources)
		s.Headline = res.Copies[found.Medoid].Original
		s.Density = found.Density
	}
	labels, err := story.Labels(groups, r.o.Labels)
	if err != nil {
		return fmt.Errorf("label the stories: %w", err)
	}
	for i, n := range told {
		res.Stories[n].Labels = labels[i]
	}
	return nil
}

// counts returns the terms of a copy group: those of its original.
func (res *Result) counts(group int) []tfidf.Count {
	original := res.Copies[group].Original
	return res.Pages[original].Counts(res.Parts[original])
}

// nodes returns the node of every copy group, which has no vector yet.
func (res *Result) nodes(workers int) []story.Node {
	nodes := make([]story.Node, len(res.Copies))
	each(len(nodes), workers, func(i int) {
		nodes[i].Size = 1
		for _, p := range res.Copies[i].Pages { // canonical order: the first with a date is the earliest
			if page := res.Pages[p]; !page.Date.IsZero() {
				nodes[i].Time, nodes[i].Dated = page.Date.Unix(), true
				break
			}
		}
	})
	return nodes
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

// titleWeight is how often a word of the title counts. Measured: 2 and 3 are best, within .002 of
// each other.
const titleWeight = 2

// Counts returns the folded term counts of a page's title and of the lead of its main text, which the
// parts say.
func (p *Page) Counts(parts []article.Part) []tfidf.Count {
	out := make([]tfidf.Count, 0, len(p.terms)+len(p.lead))
	for _, c := range p.terms {
		out = append(out, tfidf.Count{Term: c.Term, N: titleWeight * c.N})
	}
	part, taken := 0, 0
	for word, at := range p.shared.Spans.All() {
		i := word - p.first
		if i < 0 {
			continue
		}
		if i == len(p.lead) {
			break
		}
		for part < len(parts)-1 && parts[part].To <= int(at.From) {
			part++
		}
		if parts[part].Kind != article.Main {
			continue
		}
		if taken += int(p.widths[i]) + 1; taken > leadBytes {
			break
		}
		if term := p.lead[i]; term != 0 {
			out = append(out, tfidf.Count{Term: term, N: 1})
		}
	}
	return tfidf.Fold(out)
}
