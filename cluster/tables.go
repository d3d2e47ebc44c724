package cluster

import (
	"cmp"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"sada/cluster/copies"
	"sada/cluster/inverted"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/features/article"
)

// Tables is a [Known] in a form that can be kept beside the records of its pages: slices of values without
// structure of their own but for lists of strings and terms, and lists of them for every page. Pages are numbers in
// canonical order, and every table is sorted by what its rows begin with. Runs are written once and then only read or
// merged.
type Tables struct {
	Pages     []PageRow
	Parts     [][]article.Part // of every page, as they were before fragments were settled
	Main      [][]passage.Range
	Documents uint32 // numbers of documents that were given away
	Hits      int

	Anchors, Lines, Mentions inverted.Index // of documents
	Frequency                []uint32
	Recurring                []passage.Recurring

	Aligned    []AlignedRow
	Empty      []passage.Couple
	Candidates [][]passage.Candidate // of every page, as are the next two
	Found      [][]passage.Passage
	Related    [][]passage.Passage

	Bands     inverted.Index // of texts, each with as many keys as there are bands
	Fragments []FragmentRow
	Proposed  []lsh.Pair // pages
	Verified  []VerifiedRow

	Stories StoryTables

	// Spelled is of the pages' titles. It is the caller's, who knows their stemmer: a [Known] has none. nil if it was not
	// counted.
	Spelled *Spelled
}

// PageRow is what is kept of a page.
type PageRow struct {
	Document uint32
	Facts    passage.Facts
	Sum      uint64 // of the main text
	First    int32  // the page that stands for all of the same words
	Text     int32  // its number among the signed texts; negative without one
}

// AlignedRow is a passage that two pages share.
type AlignedRow struct {
	A, B int32
	passage.Aligned
}

// FragmentRow is an appended text without a page of its own.
type FragmentRow struct {
	Page     int32
	From, To int
	Text     int32 // negative if it is too short to be signed
}

// VerifiedRow is a pair of pages that was verified, and its link, which has no kind if there is none.
type VerifiedRow struct {
	copies.Candidate
	Link copies.Link
}

// Tables returns what is known as tables. They share memory with it.
func (k *Known) Tables() *Tables {
	p, s := &k.passages, &k.sketch
	t := &Tables{Parts: p.Parts, Main: make([][]passage.Range, len(k.main)), Documents: p.Next, Hits: p.Hits, Anchors: p.Anchors, Lines: p.Lines, Mentions: p.Mentions,
		Frequency: p.Frequency, Recurring: p.Recurring, Empty: p.Empty, Candidates: p.Candidates, Found: p.Found, Related: p.Related,
		Bands: s.bands, Proposed: s.pairs, Verified: k.verified}
	t.Pages = make([]PageRow, 0, len(k.main))
	for i, m := range k.main {
		t.Main[i] = m
		t.Pages = append(t.Pages, PageRow{p.Docs[i], p.Facts[i], k.sums[i], int32(k.first[i]), s.numbers[i]})
	}
	aligned := 0
	for i := range p.Pairs {
		aligned += len(p.Pairs[i].Passages)
	}
	t.Aligned = make([]AlignedRow, 0, aligned)
	for _, pair := range p.Pairs {
		for _, a := range pair.Passages {
			t.Aligned = append(t.Aligned, AlignedRow{int32(pair.A), int32(pair.B), a})
		}
	}
	t.Fragments = make([]FragmentRow, 0, len(s.fragments))
	for _, f := range s.fragments {
		t.Fragments = append(t.Fragments, FragmentRow{int32(f.page), f.from, f.to, f.number})
	}
	t.Stories = k.told.tables()
	return t
}

var errTables = errors.New("damaged table")

// Known returns what the tables say of the pages, which must be those that they were made of, in canonical
// order; or an error if they cannot be the tables of these pages. Options are those of the nights; without the
// Weights of the last one, nothing is known of stories. The result shares memory with the tables. Postings are
// taken as they are; [Known.CheckPostings] looks at them.
func (t *Tables) Known(pages []*Page, o Options) (*Known, error) {
	bad := func(table string, row int) (*Known, error) {
		return nil, fmt.Errorf("%s, row %d: %w", table, row, errTables)
	}
	n := len(pages)
	if len(t.Pages) != n {
		return bad("pages", n)
	}
	k := &Known{Pages: pages, options: o.lasting()}
	shape, err := lsh.Choose(o.Similarity, o.Recall, o.Slots)
	if err != nil {
		return nil, err
	}
	p, s := &k.passages, &k.sketch
	p.Next, p.Hits, p.Anchors, p.Lines, p.Mentions = t.Documents, t.Hits, t.Anchors, t.Lines, t.Mentions
	p.Frequency, p.Recurring, p.Empty = t.Frequency, t.Recurring, t.Empty
	p.Parts, p.Candidates, p.Found, p.Related = t.Parts, t.Candidates, t.Found, t.Related // whose lengths Check looks at
	p.Docs, p.Facts = make([]uint32, n), make([]passage.Facts, n)
	shared := make([]*passage.Page, n)
	k.sums, k.first, s.numbers = make([]uint64, n), make([]int, n), make([]int32, n)
	texts := t.Bands.Len() / shape.Bands
	used := make([]bool, texts)
	claim := func(text int32) bool {
		if text < 0 {
			return text == unsigned || text == short
		}
		if int(text) >= texts || used[text] {
			return false
		}
		used[text] = true
		return true
	}
	for i, page := range pages {
		shared[i] = &page.shared
	}
	if err := inTurn(o.Workers, func() error {
		for i := 1; i < n; i++ {
			if pageOrder(pages[i-1], pages[i]) >= 0 {
				_, err := bad("pages", i)
				return err
			}
		}
		return nil
	}, func() error {
		for i, row := range t.Pages {
			if row.First < 0 || int(row.First) > i || !claim(row.Text) {
				_, err := bad("pages", i)
				return err
			}
			p.Docs[i], p.Facts[i] = row.Document, row.Facts
			k.sums[i], k.first[i], s.numbers[i] = row.Sum, int(row.First), row.Text
			if k.first[k.first[i]] != k.first[i] || k.first[i] == i && row.Text == unsigned {
				_, err := bad("pages", i)
				return err
			}
		}
		return nil
	},
		func() error {
			var err error
			p.Pairs, err = t.pairs(n)
			return err
		},
		func() error { return t.mainTexts(k) },
	); err != nil {
		return nil, err
	}
	if err := inTurn(o.Workers, func() error {
		var err error
		k.told, err = t.Stories.told(n, o.Weights)
		return err
	}, func() error { return p.Check(shared) }, func() error { return t.copies(k, shape, claim) }); err != nil {
		return nil, err
	}
	return k, nil
}

// inTurn does things in parallel and returns the first error as if they were done one after the other.
func inTurn(workers int, do ...func() error) error {
	failed := make([]error, len(do))
	var group errgroup.Group
	group.SetLimit(max(workers, 1))
	for n := range do {
		group.Go(func() error {
			failed[n] = do[n]()
			return nil
		})
	}
	_ = group.Wait() // no goroutine returns an error
	return cmp.Or(failed...)
}

// pairs puts the passages of each pair together.
func (t *Tables) pairs(n int) ([]passage.Pair, error) {
	passages := make([]passage.Aligned, len(t.Aligned)) // in one piece
	pairs := make([]passage.Pair, 0, len(t.Aligned))
	for i, row := range t.Aligned {
		passages[i] = row.Aligned
		if last := len(pairs) - 1; last >= 0 && pairs[last].A == int(row.A) && pairs[last].B == int(row.B) {
			from := i - len(pairs[last].Passages)
			pairs[last].Passages = passages[from : i+1 : i+1]
			continue
		}
		if row.A < 0 || row.B <= row.A || int(row.B) >= n {
			return nil, fmt.Errorf("aligned passages, row %d: %w", i, errTables)
		}
		pairs = append(pairs, passage.Pair{A: int(row.A), B: int(row.B), Passages: passages[i : i+1 : i+1]})
	}
	return pairs, nil
}

// mainTexts takes the main texts.
func (t *Tables) mainTexts(k *Known) error {
	n := len(k.Pages)
	if len(t.Main) != n {
		return fmt.Errorf("main texts, row %d: %w", len(t.Main), errTables)
	}
	k.main, k.texts = make([]own, n), make([]copies.Page, n)
	for i, ranges := range t.Main {
		p := k.Pages[i]
		end := p.shared.Lead
		for _, r := range ranges {
			if r.From < end || r.From >= r.To || r.To > len(p.shared.Words) {
				return fmt.Errorf("main texts, row %d: %w", i, errTables)
			}
			end = r.To
		}
		k.main[i] = ranges
		k.texts[i] = p.copy(k.main[i])
	}
	return nil
}

// CheckPostings returns an error if the postings cannot be of the pages.
func (k *Known) CheckPostings() error {
	shared := make([]*passage.Page, len(k.Pages))
	for i, p := range k.Pages {
		shared[i] = &p.shared
	}
	if err := k.passages.CheckPostings(shared); err != nil {
		return err
	}
	s := &k.sketch
	if err := s.bands.Check(uint32(s.texts)); err != nil {
		return fmt.Errorf("bands: %w", err)
	}
	if s.texts == 0 {
		return nil
	}
	bands := s.bands.Len() / s.texts
	seen := make([]bool, s.bands.Len())
	for _, run := range s.bands.Runs {
		for i, p := range run {
			at := int(p.Doc)*bands + int(p.Pos)
			if int(p.Pos) >= bands || seen[at] {
				return fmt.Errorf("bands, row %d: %w", i, errTables)
			}
			seen[at] = true
		}
	}
	return nil
}

// copies takes what is known of signatures and links.
func (t *Tables) copies(k *Known, shape lsh.Params, claim func(text int32) bool) error {
	bad := func(table string, row int) error { return fmt.Errorf("%s, row %d: %w", table, row, errTables) }
	n, s := len(k.Pages), &k.sketch
	if t.Bands.Len()%shape.Bands != 0 {
		return bad("bands", t.Bands.Len())
	}
	s.texts = t.Bands.Len() / shape.Bands
	s.bands = t.Bands
	for i, f := range t.Fragments {
		if f.Page < 0 || int(f.Page) >= n || !claim(f.Text) || f.Text == unsigned {
			return bad("fragments", i)
		}
		s.fragments = append(s.fragments, signed{int(f.Page), f.From, f.To, f.Text})
	}
	for i, p := range t.Proposed {
		if p.A >= p.B || int(p.B) >= n || i > 0 && pairOrder(t.Proposed[i-1], p) >= 0 || s.numbers[p.A] < 0 || s.numbers[p.B] < 0 {
			return bad("proposed pairs", i)
		}
	}
	s.pairs = t.Proposed
	for i := range t.Verified {
		c, l := &t.Verified[i].Candidate, &t.Verified[i].Link
		after := i == 0 || t.Verified[i-1].A < c.A || t.Verified[i-1].A == c.A && t.Verified[i-1].B < c.B
		if c.A < 0 || c.A >= c.B || c.B >= n || !after || l.Kind != "" && (l.A != c.A || l.B != c.B) {
			return bad("verified pairs", i)
		}
	}
	k.verified = t.Verified
	return nil
}
