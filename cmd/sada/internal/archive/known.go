package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/cluster/story"
	"sada/features/article"
	"sada/features/tfidf"
)

// The names of the arrays of a [cluster.Tables].
const (
	knownArray           = "known"
	knownPagesArray      = "known_pages"
	knownPartsArray      = "known_parts"
	knownMainArray       = "known_main"
	knownFrequencyArray  = "known_frequency"
	knownRecurringArray  = "known_recurring"
	knownAlignedArray    = "known_aligned"
	knownEmptyArray      = "known_empty"
	knownCandidatesArray = "known_candidates"
	knownFoundArray      = "known_found"
	knownRelatedArray    = "known_related"
	knownFragmentsArray  = "known_fragments"
	knownProposedArray   = "known_proposed"
	knownVerifiedArray   = "known_verified"
	knownFitsArray       = "known_fits"
	knownGroupsArray     = "known_groups"
	knownToldArray       = "known_told"
	knownLabelsArray     = "known_labels"
	knownSuggestedArray  = "known_suggested"
	knownLinksArray      = "known_links"
	knownClosedArray     = "known_closed"
	knownLabelledArray   = "known_labelled"
	knownSpelledArray    = "known_spelled"
	knownFormsArray      = "known_forms"
	knownTextArray       = "known_text"
	knownTextsArray      = "known_texts"
)

// widths are the bytes of a row of each array. No row has room between its fields.
var widths = map[string]int{
	knownArray: width[knownRow](), knownPagesArray: width[knownPageRow](), knownPartsArray: width[knownPartRow](), knownMainArray: width[knownMainRow](),
	knownFrequencyArray: width[frequencyRow](), knownRecurringArray: width[recurringRow](), knownAlignedArray: width[alignedRow](), knownEmptyArray: width[coupleRow](),
	knownCandidatesArray: width[candidateRow](), knownFoundArray: width[passageRow](), knownRelatedArray: width[passageRow](), knownFragmentsArray: width[fragmentRow](),
	knownProposedArray: width[coupleRow](), knownVerifiedArray: width[verifiedRow](), knownFitsArray: width[fitRow](), knownGroupsArray: width[knownGroupRow](),
	knownToldArray: width[toldRow](), knownLabelsArray: width[labelRow](), knownSuggestedArray: width[suggestedRow](), knownLinksArray: width[linkRow](),
	knownClosedArray: width[linkRow](), knownLabelledArray: width[labelledRow](), knownSpelledArray: width[spelledRow](), knownFormsArray: 1, knownTextArray: 1, knownTextsArray: width[endRow](), publishedArray: width[Mark](),
}

func width[T any]() int { return int(unsafe.Sizeof(*new(T))) }

// knownRow is the one row of what is no table.
type knownRow struct {
	Documents  int64  `array:"documents"`
	Hits       int64  `array:"hits"`
	LabelledOn int64  `array:"labelled_on"`
	Undated    uint32 `array:"undated"`
	Terms      text   `array:"terms"`
}

type rangeRow struct {
	From int32 `array:"from"`
	To   int32 `array:"to"`
}

// placeRow is an article part.
type placeRow struct {
	Kind    text  `array:"kind"`
	From    int32 `array:"from"`
	To      int32 `array:"to"`
	Page    text  `array:"page"`
	Segment text  `array:"segment"`
}

type knownPageRow struct {
	Document uint32   `array:"document"`
	Own      rangeRow `array:"own"`
	End      int32    `array:"end"`
	First    int32    `array:"first"`
	Text     int32    `array:"text"`
	Title    uint64   `array:"title"`
	Sum      uint64   `array:"sum"`
}

type knownPartRow struct {
	Page int32    `array:"page"`
	Part placeRow `array:"part"`
}

type knownMainRow struct {
	Page  int32    `array:"page"`
	Words rangeRow `array:"words"`
}

type frequencyRow struct {
	Cell uint32 `array:"cell"`
	Docs uint32 `array:"docs"`
}

type recurringRow struct {
	Hash  uint64 `array:"hash"`
	Pages int64  `array:"pages"`
}

type alignedRow struct {
	A       int32    `array:"a"`
	B       int32    `array:"b"`
	WordsA  rangeRow `array:"words_a"`
	WordsB  rangeRow `array:"words_b"`
	Anchors int32    `array:"anchors"`
	Equal   int32    `array:"equal"`
}

type coupleRow struct {
	A uint32 `array:"a"`
	B uint32 `array:"b"`
}

type candidateRow struct {
	Page   int32    `array:"page"`
	Other  int32    `array:"other"`
	Here   rangeRow `array:"here"`
	There  rangeRow `array:"there"`
	Equal  int32    `array:"equal"`
	Own    uint32   `array:"own"`
	Anchor uint64   `array:"anchor"`
}

type passageRow struct {
	Page         int32    `array:"page"`
	A            int32    `array:"a"`
	B            int32    `array:"b"`
	Segment      text     `array:"segment"`
	Kind         text     `array:"kind"`
	BytesA       placeRow `array:"bytes_a"`
	BytesB       placeRow `array:"bytes_b"`
	WordsA       rangeRow `array:"words_a"`
	WordsB       rangeRow `array:"words_b"`
	Marker       placeRow `array:"marker"`
	Title        placeRow `array:"title"`
	Reasons      text     `array:"reasons"`
	Hosts        int64    `array:"hosts"`
	Sources      int32    `array:"sources"`
	Cut          uint32   `array:"cut"`
	ContainmentA float64  `array:"containment_a"`
	ContainmentB float64  `array:"containment_b"`
	Identity     float64  `array:"identity"`
	Confidence   float64  `array:"confidence"`
}

type fragmentRow struct {
	Page  int32    `array:"page"`
	Bytes rangeRow `array:"bytes"`
	Text  int32    `array:"text"`
}

type verifiedRow struct {
	A            int32   `array:"a"`
	B            int32   `array:"b"`
	Via          text    `array:"via"`
	WordsA       int32   `array:"words_a"`
	WordsB       int32   `array:"words_b"`
	Equal        int32   `array:"equal"`
	Kind         text    `array:"kind"`
	LinkVia      text    `array:"link_via"`
	Jaccard      float64 `array:"jaccard"`
	ContainmentA float64 `array:"containment_a"`
	ContainmentB float64 `array:"containment_b"`
	CoverA       float64 `array:"cover_a"`
	CoverB       float64 `array:"cover_b"`
}

type fitRow struct {
	Group      int32   `array:"group"`
	Next       int32   `array:"next"`
	Confidence float64 `array:"confidence"`
	Margin     float64 `array:"margin"`
}

type knownGroupRow struct {
	Original int32 `array:"original"`
	Story    int32 `array:"story"`
}

type toldRow struct {
	Headline int32   `array:"headline"`
	Labels   uint32  `array:"labels"`
	Density  float64 `array:"density"`
}

type labelRow struct {
	Term uint64 `array:"term"`
}

type suggestedRow struct {
	Story      int32   `array:"story"`
	Other      int32   `array:"other"`
	Similarity float64 `array:"similarity"`
}

type linkRow struct {
	A      int32   `array:"a"`
	B      int32   `array:"b"`
	Cosine float32 `array:"cosine"`
	Weight float32 `array:"weight"`
}

type labelledRow struct {
	Term uint64 `array:"term"`
	Docs uint64 `array:"docs"`
}

type spelledRow struct {
	Term uint64 `array:"term"`
	N    int64  `array:"n"`
	From uint32 `array:"from"`
	To   uint32 `array:"to"`
}

type endRow struct {
	End uint32 `array:"end"`
}

func (r rangeRow) words() passage.Range { return passage.Range{From: int(r.From), To: int(r.To)} }

func ofWords(r passage.Range) rangeRow { return rangeRow{int32(r.From), int32(r.To)} }

func flag(set bool) uint32 {
	if set {
		return 1
	}
	return 0
}

// knownArrays makes arrays of what the clustering knows, which [Known] reads. Postings are in runs. Strings
// have the numbers of a list as far as they are there.
func knownArrays(t *cluster.Tables, list []string) []written {
	texts := newTexts(list)
	spelled := spelledArrays(t, texts)
	if texts.stale() {
		texts = newTexts(nil)
		spelled = spelledArrays(t, texts)
	}
	var ends []uint32
	var all []byte
	for _, s := range texts.list {
		all = append(all, s...)
		ends = append(ends, uint32(len(all)))
	}
	s := &t.Stories
	cells := 0
	for i, docs := range t.Frequency {
		if docs > 0 || i == len(t.Frequency)-1 {
			cells++
		}
	}
	frequency := make([]frequencyRow, 0, cells)
	for i, docs := range t.Frequency {
		if docs > 0 || i == len(t.Frequency)-1 {
			frequency = append(frequency, frequencyRow{uint32(i), docs})
		}
	}
	terms := 0
	for i := range s.Stories {
		terms += len(s.Stories[i].Labels)
	}
	labels := make([]tfidf.Term, 0, terms)
	for i := range s.Stories {
		labels = append(labels, s.Stories[i].Labels...)
	}
	if t.Spelled != nil {
		spelled = append(spelled, arrayAs[byte](knownFormsArray, []byte(t.Spelled.Forms)), arrayAs[spelledRow](knownSpelledArray, t.Spelled.Rows))
	}
	return append(spelled,
		arrayAs[byte](knownTextArray, all),
		arrayAs[endRow](knownTextsArray, ends),
		arrayOf(knownPagesArray, t.Pages, func(p *cluster.PageRow) knownPageRow {
			return knownPageRow{p.Document, ofWords(p.Facts.Own), int32(p.Facts.End), p.First, p.Text, p.Facts.Title, p.Sum}
		}),
		arrayOfLists(knownMainArray, t.Main, func(page int32, r *passage.Range) knownMainRow { return knownMainRow{page, ofWords(*r)} }),
		arrayAs[frequencyRow](knownFrequencyArray, frequency),
		arrayOf(knownRecurringArray, t.Recurring, func(r *passage.Recurring) recurringRow { return recurringRow{r.Hash, int64(r.Pages)} }),
		arrayOf(knownAlignedArray, t.Aligned, func(r *cluster.AlignedRow) alignedRow {
			s := &r.Aligned
			return alignedRow{r.A, r.B, ofWords(s.A), ofWords(s.B), int32(s.Anchors), int32(s.Equal)}
		}),
		arrayAs[coupleRow](knownEmptyArray, t.Empty),
		arrayOfLists(knownCandidatesArray, t.Candidates, func(page int32, c *passage.Candidate) candidateRow {
			return candidateRow{page, c.Other, ofWords(c.Here), ofWords(c.There), int32(c.Equal), flag(c.Own), c.Anchor}
		}),
		arrayOf(knownFragmentsArray, t.Fragments, func(f *cluster.FragmentRow) fragmentRow {
			return fragmentRow{f.Page, rangeRow{int32(f.From), int32(f.To)}, f.Text}
		}),
		arrayAs[coupleRow](knownProposedArray, t.Proposed),
		arrayAs[fitRow](knownFitsArray, s.Pages),
		arrayAs[knownGroupRow](knownGroupsArray, s.Groups),
		arrayOf(knownToldArray, s.Stories, func(r *cluster.StoryRow) toldRow { return toldRow{r.Headline, uint32(len(r.Labels)), r.Density} }),
		arrayAs[labelRow](knownLabelsArray, labels),
		arrayAs[suggestedRow](knownSuggestedArray, s.Suggested),
		arrayAs[linkRow](knownLinksArray, s.Indexed),
		arrayAs[linkRow](knownClosedArray, s.Closed),
		arrayOf(knownLabelledArray, s.Labelled, func(r *tfidf.DF) labelledRow { return labelledRow{uint64(r.Term), uint64(r.Docs)} }))
}

// spelledArrays makes the arrays that have strings.
func spelledArrays(t *cluster.Tables, texts *texts) []written {
	passages := func(name string, lists [][]passage.Passage) written {
		return now(arrayOfLists(name, lists, func(page int32, p *passage.Passage) passageRow {
			return passageRow{Page: page, A: int32(p.A), B: int32(p.B), Segment: texts.of(p.Segment), Kind: texts.of(string(p.Kind)),
				BytesA: texts.part(p.BytesA), BytesB: texts.part(p.BytesB), WordsA: ofWords(p.WordsA), WordsB: ofWords(p.WordsB),
				Marker: texts.part(p.Marker), Title: texts.part(p.Title), Reasons: texts.reasons(p.Reasons), Hosts: int64(p.Hosts), Sources: int32(p.Sources),
				Cut: flag(p.Cut), ContainmentA: p.ContainmentA, ContainmentB: p.ContainmentB, Identity: p.Identity, Confidence: p.Confidence}
		}))
	}
	s := &t.Stories
	return []written{
		now(arrayOf(knownArray, []*cluster.StoryTables{s}, func(**cluster.StoryTables) knownRow {
			return knownRow{int64(t.Documents), int64(t.Hits), int64(s.LabelledOn), flag(s.Undated), texts.of(s.Terms)}
		})),
		now(arrayOfLists(knownPartsArray, t.Parts, func(page int32, p *article.Part) knownPartRow { return knownPartRow{page, texts.part(*p)} })),
		passages(knownFoundArray, t.Found),
		passages(knownRelatedArray, t.Related),
		now(arrayOf(knownVerifiedArray, t.Verified, func(v *cluster.VerifiedRow) verifiedRow {
			c, l := &v.Candidate, &v.Link
			return verifiedRow{int32(c.A), int32(c.B), texts.of(string(c.Via)), int32(c.CoverA), int32(c.CoverB), int32(c.Equal), texts.of(string(l.Kind)), texts.of(string(l.Via)),
				l.Jaccard, l.ContainmentA, l.ContainmentB, l.CoverA, l.CoverB}
		})),
	}
}

// now makes the rows of an array, which number strings.
func now(x written) written {
	rows := x.rows()
	x.rows = func() []byte { return rows }
	return x
}

// Known reads what the clustering knew; nil of a generation that does not say, or of which a run or an array is missing,
// as after a [Archive.Repair]. The runs are there until [Archive.Close].
func Known(ctx context.Context, a *Archive, s *Snapshot) (*cluster.Tables, error) {
	m := s.manifest
	if _, ok := m.array(knownArray); !ok {
		return nil, nil
	}
	t, err := a.known(ctx, m)
	if err != nil && gone(err) {
		return nil, nil
	}
	return t, err
}

func (a *Archive) known(ctx context.Context, m *Manifest) (*cluster.Tables, error) {
	texts, err := a.readTexts(m)
	if err != nil {
		return nil, err
	}
	t := new(cluster.Tables)
	s := &t.Stories
	reads := []func() error{
		func() error { return a.readRuns(ctx, m, t) },
		func() error {
			var rows []knownRow
			err := take(a, m, knownArray, texts, &rows, func(_ *reader, r *knownRow) knownRow { return *r })
			if err == nil && len(rows) != 1 {
				err = corrupt(m.arrayPath(knownArray), fmt.Sprintf("%d rows", len(rows)))
			}
			if err != nil {
				return err
			}
			r := reader{spelled: texts}
			t.Documents, t.Hits = uint32(rows[0].Documents), int(rows[0].Hits)
			s.Undated, s.LabelledOn, s.Terms = rows[0].Undated != 0, int(rows[0].LabelledOn), r.text(rows[0].Terms)
			return r.err
		},
		func() error {
			return take(a, m, knownPagesArray, texts, &t.Pages, func(_ *reader, r *knownPageRow) cluster.PageRow {
				return cluster.PageRow{Document: r.Document, Facts: passage.Facts{Own: r.Own.words(), End: int(r.End), Title: r.Title}, Sum: r.Sum, First: r.First, Text: r.Text}
			})
		},
		func() error {
			return takeLists(a, m, knownPartsArray, texts, &t.Parts, func(r *knownPartRow) int32 { return r.Page }, func(to *reader, r *knownPartRow) article.Part { return to.part(r.Part) })
		},
		func() error {
			return takeLists(a, m, knownMainArray, texts, &t.Main, func(r *knownMainRow) int32 { return r.Page }, func(_ *reader, r *knownMainRow) passage.Range { return r.Words.words() })
		},
		func() error {
			rows, err := rowsOf[frequencyRow](a, m, knownFrequencyArray)
			if err != nil || len(rows) == 0 {
				return err
			}
			const most = 1 << 24 // cells
			n := int(rows[len(rows)-1].Cell) + 1
			if n > most || !slices.IsSortedFunc(rows, func(x, y frequencyRow) int { return int(x.Cell) - int(y.Cell) }) {
				return corrupt(m.arrayPath(knownFrequencyArray), "cells out of order")
			}
			t.Frequency = make([]uint32, n)
			for _, r := range rows {
				t.Frequency[r.Cell] = r.Docs
			}
			return nil
		},
		func() error {
			return take(a, m, knownRecurringArray, texts, &t.Recurring, func(_ *reader, r *recurringRow) passage.Recurring {
				return passage.Recurring{Hash: r.Hash, Pages: int32(r.Pages)}
			})
		},
		func() error {
			return take(a, m, knownAlignedArray, texts, &t.Aligned, func(_ *reader, r *alignedRow) cluster.AlignedRow {
				return cluster.AlignedRow{A: r.A, B: r.B, Aligned: passage.Aligned{A: r.WordsA.words(), B: r.WordsB.words(), Anchors: int(r.Anchors), Equal: int(r.Equal)}}
			})
		},
		func() error { return takeAs[coupleRow](a, m, knownEmptyArray, &t.Empty) },
		func() error {
			return takeLists(a, m, knownCandidatesArray, texts, &t.Candidates, func(r *candidateRow) int32 { return r.Page }, func(_ *reader, r *candidateRow) passage.Candidate {
				return passage.Candidate{Other: r.Other, Here: r.Here.words(), There: r.There.words(), Equal: int(r.Equal), Own: r.Own != 0, Anchor: r.Anchor}
			})
		},
		func() error { return takeLists(a, m, knownFoundArray, texts, &t.Found, pageOf, (*reader).passage) },
		func() error { return takeLists(a, m, knownRelatedArray, texts, &t.Related, pageOf, (*reader).passage) },
		func() error {
			return take(a, m, knownFragmentsArray, texts, &t.Fragments, func(_ *reader, r *fragmentRow) cluster.FragmentRow {
				return cluster.FragmentRow{Page: r.Page, From: int(r.Bytes.From), To: int(r.Bytes.To), Text: r.Text}
			})
		},
		func() error { return takeAs[coupleRow](a, m, knownProposedArray, &t.Proposed) },
		func() error {
			return take(a, m, knownVerifiedArray, texts, &t.Verified, func(to *reader, r *verifiedRow) cluster.VerifiedRow {
				v := cluster.VerifiedRow{Candidate: copies.Candidate{A: int(r.A), B: int(r.B), Via: copies.Via(to.text(r.Via)), CoverA: int(r.WordsA), CoverB: int(r.WordsB), Equal: int(r.Equal)}}
				if r.Kind != 0 {
					v.Link = copies.Link{A: int(r.A), B: int(r.B), Kind: copies.Kind(to.text(r.Kind)), Jaccard: r.Jaccard, ContainmentA: r.ContainmentA, ContainmentB: r.ContainmentB,
						CoverA: r.CoverA, CoverB: r.CoverB, Via: copies.Via(to.text(r.LinkVia))}
				}
				return v
			})
		},
		func() error { return takeAs[fitRow](a, m, knownFitsArray, &s.Pages) },
		func() error { return takeAs[knownGroupRow](a, m, knownGroupsArray, &s.Groups) },
		func() error {
			var all []tfidf.Term
			if err := takeAs[labelRow](a, m, knownLabelsArray, &all); err != nil {
				return err
			}
			at := 0
			err := take(a, m, knownToldArray, texts, &s.Stories, func(to *reader, r *toldRow) cluster.StoryRow {
				from := at
				if at += int(r.Labels); at > len(all) {
					to.err = errors.New("more labels than there are")
					return cluster.StoryRow{}
				}
				return cluster.StoryRow{Headline: r.Headline, Density: r.Density, Labels: all[from:at:at]}
			})
			if err == nil && at != len(all) {
				err = corrupt(m.arrayPath(knownLabelsArray), fmt.Sprintf("%d labels, should be %d", len(all), at))
			}
			return err
		},
		func() error { return takeAs[suggestedRow](a, m, knownSuggestedArray, &s.Suggested) },
		func() error { return takeAs[linkRow](a, m, knownLinksArray, &s.Indexed) },
		func() error { return takeAs[linkRow](a, m, knownClosedArray, &s.Closed) },
		func() error {
			return take(a, m, knownLabelledArray, texts, &s.Labelled, func(_ *reader, r *labelledRow) tfidf.DF {
				return tfidf.DF{Term: tfidf.Term(r.Term), Docs: uint32(r.Docs)}
			})
		},
		func() error { return a.readSpelled(m, t) },
	}
	if err := parallel(len(reads), func(i int) error { return errors.Join(ctx.Err(), reads[i]()) }); err != nil {
		return nil, err
	}
	return t, nil
}

// readSpelled reads the spellings, if a generation has them.
func (a *Archive) readSpelled(m *Manifest, t *cluster.Tables) error {
	if _, ok := m.array(knownSpelledArray); !ok { // of an earlier program
		return nil
	}
	forms, err := rowsOf[byte](a, m, knownFormsArray)
	if err != nil {
		return err
	}
	s := &cluster.Spelled{Forms: string(forms)}
	if err := takeAs[spelledRow](a, m, knownSpelledArray, &s.Rows); err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return corrupt(m.arrayPath(knownSpelledArray), err.Error())
	}
	t.Spelled = s
	return nil
}

// readTexts reads the strings that arrays name.
func (a *Archive) readTexts(m *Manifest) (*spelled, error) {
	ends, err := rowsOf[uint32](a, m, knownTextsArray)
	if err != nil {
		return nil, err
	}
	all, err := rowsOf[byte](a, m, knownTextArray)
	if err != nil {
		return nil, err
	}
	s, err := newSpelled(all, ends)
	if err != nil {
		return nil, corrupt(m.arrayPath(knownTextsArray), err.Error())
	}
	a.texts = s.list
	return s, nil
}

// take makes values of the rows of an array.
func take[T, V any](a *Archive, m *Manifest, name string, texts *spelled, to *[]V, of func(to *reader, r *T) V) error {
	rows, err := rowsOf[T](a, m, name)
	if err != nil {
		return err
	}
	r := reader{spelled: texts}
	out := make([]V, len(rows))
	for i := range rows {
		out[i] = of(&r, &rows[i])
	}
	if *to = out; r.err != nil {
		return corrupt(m.arrayPath(name), r.err.Error())
	}
	return nil
}

// takeLists makes lists of values for every page of the rows of an array, all in one piece.
func takeLists[T, V any](a *Archive, m *Manifest, name string, texts *spelled, to *[][]V, page func(r *T) int32, value func(to *reader, r *T) V) error {
	rows, err := rowsOf[T](a, m, name)
	if err != nil {
		return err
	}
	r := reader{spelled: texts}
	of, _ := m.array(knownPagesArray)
	lists, all := make([][]V, of.Rows), make([]V, len(rows))
	for from := 0; from < len(rows); {
		n, end := page(&rows[from]), from
		for ; end < len(rows) && page(&rows[end]) == n; end++ {
			all[end] = value(&r, &rows[end])
		}
		if n < 0 || int(n) >= len(lists) || from > 0 && page(&rows[from-1]) > n {
			return corrupt(m.arrayPath(name), fmt.Sprintf("row %d: page %d", from, n))
		}
		lists[n], from = all[from:end:end], end
	}
	if *to = lists; r.err != nil {
		return corrupt(m.arrayPath(name), r.err.Error())
	}
	return nil
}

// takeAs gives the rows of an array as values that have the same memory. It is there until [Archive.Close], and nobody writes
// to it.
func takeAs[T, V any](a *Archive, m *Manifest, name string, to *[]V) error {
	b, err := a.readArray(m, name, width[T]())
	*to = cooked[V](b)
	return err
}

// The values of [arrayAs] and [takeAs] have the fields of the rows: otherwise these conversions do not compile. Those that are
// left out have terms where a row has numbers.
var (
	_ = coupleRow(passage.Couple{})
	_ = coupleRow(lsh.Pair{})
	_ = fitRow(cluster.FitRow{})
	_ = knownGroupRow(cluster.GroupRow{})
	_ = suggestedRow(cluster.SuggestedRow{})
	_ = linkRow(story.Link{})
)

func pageOf(r *passageRow) int32 { return r.Page }

func (to *reader) passage(r *passageRow) passage.Passage {
	return passage.Passage{A: int(r.A), B: int(r.B), Segment: to.text(r.Segment), Kind: passage.Kind(to.text(r.Kind)),
		BytesA: to.part(r.BytesA), BytesB: to.part(r.BytesB), WordsA: r.WordsA.words(), WordsB: r.WordsB.words(),
		ContainmentA: r.ContainmentA, ContainmentB: r.ContainmentB, Identity: r.Identity, Hosts: int(r.Hosts), Sources: int(r.Sources),
		Marker: to.part(r.Marker), Title: to.part(r.Title), Cut: r.Cut != 0, Confidence: r.Confidence, Reasons: to.why(r.Reasons)}
}
