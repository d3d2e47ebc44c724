package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/features/article"
)

// The names of the tables of a [cluster.Tables].
const (
	knownTable           = "known"
	knownPagesTable      = "known_pages"
	knownPartsTable      = "known_parts"
	knownMainTable       = "known_main"
	knownFrequencyTable  = "known_frequency"
	knownRecurringTable  = "known_recurring"
	knownAlignedTable    = "known_aligned"
	knownEmptyTable      = "known_empty"
	knownCandidatesTable = "known_candidates"
	knownFoundTable      = "known_found"
	knownRelatedTable    = "known_related"
	knownFragmentsTable  = "known_fragments"
	knownProposedTable   = "known_proposed"
	knownVerifiedTable   = "known_verified"
)

// knownRow is the one row of what is no table.
type knownRow struct {
	Documents uint32 `parquet:"documents"`
	Hits      int64  `parquet:"hits"`
}

type rangeRow struct {
	From int64 `parquet:"from"`
	To   int64 `parquet:"to"`
}

type knownPageRow struct {
	Document uint32   `parquet:"document"`
	Own      rangeRow `parquet:"own"`
	End      int64    `parquet:"end"`
	Title    uint64   `parquet:"title"`
	Sum      uint64   `parquet:"sum"`
	First    int32    `parquet:"first"`
	Text     int32    `parquet:"text"`
}

type knownPartRow struct {
	Page int32   `parquet:"page"`
	Part partRow `parquet:"part"`
}

type knownMainRow struct {
	Page  int32    `parquet:"page"`
	Words rangeRow `parquet:"words"`
}

type frequencyRow struct {
	Cell int64  `parquet:"cell"`
	Docs uint32 `parquet:"docs"`
}

type recurringRow struct {
	Hash  uint64 `parquet:"hash"`
	Pages int32  `parquet:"pages"`
}

type alignedRow struct {
	A       int32    `parquet:"a"`
	B       int32    `parquet:"b"`
	WordsA  rangeRow `parquet:"words_a"`
	WordsB  rangeRow `parquet:"words_b"`
	Anchors int64    `parquet:"anchors"`
	Equal   int64    `parquet:"equal"`
}

type coupleRow struct {
	A uint32 `parquet:"a"`
	B uint32 `parquet:"b"`
}

type candidateRow struct {
	Page   int32    `parquet:"page"`
	Other  int32    `parquet:"other"`
	Here   rangeRow `parquet:"here"`
	There  rangeRow `parquet:"there"`
	Equal  int64    `parquet:"equal"`
	Own    bool     `parquet:"own"`
	Anchor uint64   `parquet:"anchor"`
}

type passageRow struct {
	Page         int32    `parquet:"page"`
	A            int64    `parquet:"a"`
	B            int64    `parquet:"b"`
	Segment      string   `parquet:"segment"`
	Kind         string   `parquet:"kind,dict"`
	BytesA       partRow  `parquet:"bytes_a"`
	BytesB       partRow  `parquet:"bytes_b"`
	WordsA       rangeRow `parquet:"words_a"`
	WordsB       rangeRow `parquet:"words_b"`
	ContainmentA float64  `parquet:"containment_a"`
	ContainmentB float64  `parquet:"containment_b"`
	Identity     float64  `parquet:"identity"`
	Hosts        int64    `parquet:"hosts"`
	Sources      int64    `parquet:"sources"`
	Marker       partRow  `parquet:"marker"`
	Title        partRow  `parquet:"title"`
	Cut          bool     `parquet:"cut"`
	Confidence   float64  `parquet:"confidence"`
	Reasons      []string `parquet:"reasons,list"`
}

type fragmentRow struct {
	Page  int32    `parquet:"page"`
	Bytes rangeRow `parquet:"bytes"`
	Text  int32    `parquet:"text"`
}

type verifiedRow struct {
	A            int64   `parquet:"a"`
	B            int64   `parquet:"b"`
	Via          string  `parquet:"via,dict"`
	WordsA       int64   `parquet:"words_a"`
	WordsB       int64   `parquet:"words_b"`
	Equal        int64   `parquet:"equal"`
	Kind         string  `parquet:"kind,dict"`
	Jaccard      float64 `parquet:"jaccard"`
	ContainmentA float64 `parquet:"containment_a"`
	ContainmentB float64 `parquet:"containment_b"`
	CoverA       float64 `parquet:"cover_a"`
	CoverB       float64 `parquet:"cover_b"`
	LinkVia      string  `parquet:"link_via,dict"`
}

func ranged(from, to int) rangeRow { return rangeRow{int64(from), int64(to)} }

func (r rangeRow) words() passage.Range { return passage.Range{From: int(r.From), To: int(r.To)} }

func ofWords(r passage.Range) rangeRow { return ranged(r.From, r.To) }

func ofPart(p article.Part) partRow {
	return partRow{p.Kind.String(), int64(p.From), int64(p.To), p.Page, p.Segment}
}

func (r *partRow) part() (article.Part, error) {
	kind, ok := article.ParseKind(r.Kind)
	if !ok {
		return article.Part{}, fmt.Errorf("part of kind %q", r.Kind)
	}
	return article.Part{Kind: kind, From: int(r.From), To: int(r.To), Page: r.Page, Segment: r.Segment}, nil
}

// each gives what of makes of values.
func each[V, T any](values []V, of func(i int, v *V) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for i := range values {
			if !yield(of(i, &values[i]), nil) {
				return
			}
		}
	}
}

// deriveKnown makes tables of what the clustering knows, which [Known] reads. Postings are in runs.
func deriveKnown(t *cluster.Tables) []Derived {
	passages := func(name string, rows []passage.Row[passage.Passage]) Derived {
		return Derive(name, each(rows, func(_ int, r *passage.Row[passage.Passage]) passageRow {
			p := &r.Of
			return passageRow{r.Page, int64(p.A), int64(p.B), p.Segment, string(p.Kind), ofPart(p.BytesA), ofPart(p.BytesB), ofWords(p.WordsA), ofWords(p.WordsB),
				p.ContainmentA, p.ContainmentB, p.Identity, int64(p.Hosts), int64(p.Sources), ofPart(p.Marker), ofPart(p.Title), p.Cut, p.Confidence, p.Reasons}
		}))
	}
	return append(deriveStories(&t.Stories),
		Derive(knownTable, func(yield func(knownRow, error) bool) { yield(knownRow{t.Documents, int64(t.Hits)}, nil) }),
		Derive(knownPagesTable, each(t.Pages, func(_ int, p *cluster.PageRow) knownPageRow {
			return knownPageRow{p.Document, ofWords(p.Facts.Own), int64(p.Facts.End), p.Facts.Title, p.Sum, p.First, p.Text}
		})),
		Derive(knownPartsTable, each(t.Parts, func(_ int, r *passage.Row[article.Part]) knownPartRow { return knownPartRow{r.Page, ofPart(r.Of)} })),
		Derive(knownMainTable, each(t.Main, func(_ int, r *passage.Row[passage.Range]) knownMainRow { return knownMainRow{r.Page, ofWords(r.Of)} })),
		Derive(knownFrequencyTable, func(yield func(frequencyRow, error) bool) {
			for cell, docs := range t.Frequency {
				if (docs > 0 || cell == len(t.Frequency)-1) && !yield(frequencyRow{int64(cell), docs}, nil) {
					return
				}
			}
		}),
		Derive(knownRecurringTable, each(t.Recurring, func(_ int, r *passage.Recurring) recurringRow { return recurringRow{r.Hash, r.Pages} })),
		Derive(knownAlignedTable, each(t.Aligned, func(_ int, r *cluster.AlignedRow) alignedRow {
			s := &r.Aligned
			return alignedRow{r.A, r.B, ofWords(s.A), ofWords(s.B), int64(s.Anchors), int64(s.Equal)}
		})),
		Derive(knownEmptyTable, each(t.Empty, func(_ int, c *passage.Couple) coupleRow { return coupleRow(*c) })),
		Derive(knownCandidatesTable, each(t.Candidates, func(_ int, r *passage.Row[passage.Candidate]) candidateRow {
			c := &r.Of
			return candidateRow{r.Page, c.Other, ofWords(c.Here), ofWords(c.There), int64(c.Equal), c.Own, c.Anchor}
		})),
		passages(knownFoundTable, t.Found),
		passages(knownRelatedTable, t.Related),
		Derive(knownFragmentsTable, each(t.Fragments, func(_ int, f *cluster.FragmentRow) fragmentRow {
			return fragmentRow{f.Page, ranged(f.From, f.To), f.Text}
		})),
		Derive(knownProposedTable, each(t.Proposed, func(_ int, p *lsh.Pair) coupleRow { return coupleRow{p.A, p.B} })),
		Derive(knownVerifiedTable, each(t.Verified, func(_ int, v *cluster.VerifiedRow) verifiedRow {
			c, l := &v.Candidate, &v.Link
			return verifiedRow{int64(c.A), int64(c.B), string(c.Via), int64(c.CoverA), int64(c.CoverB), int64(c.Equal), string(l.Kind), l.Jaccard,
				l.ContainmentA, l.ContainmentB, l.CoverA, l.CoverB, string(l.Via)}
		})),
	)
}

// Known reads what the clustering knew; nil of a generation that does not say, or of which a run is missing,
// as after a [Archive.Repair]. The runs are there until [Archive.Close].
func Known(ctx context.Context, a *Archive, s *Snapshot) (*cluster.Tables, error) {
	if _, ok := s.manifest.table(knownTable); !ok || s.manifest.Format < 2 {
		return nil, nil
	}
	t := new(cluster.Tables)
	passages := func(name string, to *[]passage.Row[passage.Passage]) error {
		return collect(ctx, a, s, name, func(r *passageRow) error {
			p := passage.Passage{A: int(r.A), B: int(r.B), Segment: r.Segment, Kind: passage.Kind(r.Kind), WordsA: r.WordsA.words(), WordsB: r.WordsB.words(),
				ContainmentA: r.ContainmentA, ContainmentB: r.ContainmentB, Identity: r.Identity, Hosts: int(r.Hosts), Sources: int(r.Sources),
				Cut: r.Cut, Confidence: r.Confidence, Reasons: r.Reasons}
			var failed [4]error
			p.BytesA, failed[0] = r.BytesA.part()
			p.BytesB, failed[1] = r.BytesB.part()
			p.Marker, failed[2] = r.Marker.part()
			p.Title, failed[3] = r.Title.part()
			*to = append(*to, passage.Row[passage.Passage]{Page: r.Page, Of: p})
			return errors.Join(failed[:]...)
		})
	}
	m := s.manifest
	room(m, knownPagesTable, &t.Pages)
	room(m, knownPartsTable, &t.Parts)
	room(m, knownMainTable, &t.Main)
	room(m, knownRecurringTable, &t.Recurring)
	room(m, knownAlignedTable, &t.Aligned)
	room(m, knownEmptyTable, &t.Empty)
	room(m, knownCandidatesTable, &t.Candidates)
	room(m, knownFoundTable, &t.Found)
	room(m, knownRelatedTable, &t.Related)
	room(m, knownFragmentsTable, &t.Fragments)
	room(m, knownProposedTable, &t.Proposed)
	room(m, knownVerifiedTable, &t.Verified)
	reads := []func() error{
		func() error {
			return collect(ctx, a, s, knownTable, func(r *knownRow) error {
				t.Documents, t.Hits = r.Documents, int(r.Hits)
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownPagesTable, func(r *knownPageRow) error {
				t.Pages = append(t.Pages, cluster.PageRow{Document: r.Document, Facts: passage.Facts{Own: r.Own.words(), End: int(r.End), Title: r.Title}, Sum: r.Sum, First: r.First, Text: r.Text})
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownPartsTable, func(r *knownPartRow) error {
				part, err := r.Part.part()
				t.Parts = append(t.Parts, passage.Row[article.Part]{Page: r.Page, Of: part})
				return err
			})
		},
		func() error {
			return collect(ctx, a, s, knownMainTable, func(r *knownMainRow) error {
				t.Main = append(t.Main, passage.Row[passage.Range]{Page: r.Page, Of: r.Words.words()})
				return nil
			})
		},
		func() error { return a.readRuns(ctx, m, t) },
		func() error {
			return collect(ctx, a, s, knownFrequencyTable, func(r *frequencyRow) error {
				const most = 1 << 24 // cells
				if r.Cell < int64(len(t.Frequency)) || r.Cell >= most {
					return fmt.Errorf("cell %d", r.Cell)
				}
				t.Frequency = append(slices.Grow(t.Frequency, int(r.Cell)+1-len(t.Frequency)), make([]uint32, int(r.Cell)-len(t.Frequency))...)
				t.Frequency = append(t.Frequency, r.Docs)
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownRecurringTable, func(r *recurringRow) error {
				t.Recurring = append(t.Recurring, passage.Recurring{Hash: r.Hash, Pages: r.Pages})
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownAlignedTable, func(r *alignedRow) error {
				t.Aligned = append(t.Aligned, cluster.AlignedRow{A: r.A, B: r.B, Aligned: passage.Aligned{A: r.WordsA.words(), B: r.WordsB.words(), Anchors: int(r.Anchors), Equal: int(r.Equal)}})
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownEmptyTable, func(r *coupleRow) error {
				t.Empty = append(t.Empty, passage.Couple(*r))
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownCandidatesTable, func(r *candidateRow) error {
				t.Candidates = append(t.Candidates, passage.Row[passage.Candidate]{Page: r.Page, Of: passage.Candidate{Other: r.Other, Here: r.Here.words(), There: r.There.words(),
					Equal: int(r.Equal), Own: r.Own, Anchor: r.Anchor}})
				return nil
			})
		},
		func() error { return passages(knownFoundTable, &t.Found) },
		func() error { return passages(knownRelatedTable, &t.Related) },
		func() error {
			return collect(ctx, a, s, knownFragmentsTable, func(r *fragmentRow) error {
				t.Fragments = append(t.Fragments, cluster.FragmentRow{Page: r.Page, From: int(r.Bytes.From), To: int(r.Bytes.To), Text: r.Text})
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownProposedTable, func(r *coupleRow) error {
				t.Proposed = append(t.Proposed, lsh.Pair{A: r.A, B: r.B})
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownVerifiedTable, func(r *verifiedRow) error {
				v := cluster.VerifiedRow{Candidate: copies.Candidate{A: int(r.A), B: int(r.B), Via: copies.Via(r.Via), CoverA: int(r.WordsA), CoverB: int(r.WordsB), Equal: int(r.Equal)}}
				if r.Kind != "" {
					v.Link = copies.Link{A: int(r.A), B: int(r.B), Kind: copies.Kind(r.Kind), Jaccard: r.Jaccard, ContainmentA: r.ContainmentA, ContainmentB: r.ContainmentB,
						CoverA: r.CoverA, CoverB: r.CoverB, Via: copies.Via(r.LinkVia)}
				}
				t.Verified = append(t.Verified, v)
				return nil
			})
		},
		func() error { return knownStories(ctx, a, s, &t.Stories) },
	}
	err := parallel(len(reads), func(i int) error { return reads[i]() })
	if d := new(Damage); errors.As(err, &d) && isRun(d.File) && d.What == missing {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// collect calls take for every row of a table. What take keeps of a row stays.
func collect[T any](ctx context.Context, a *Archive, s *Snapshot, name string, take func(*T) error) error {
	for rows, err := range Rows[T](ctx, a, s, name) {
		if err != nil {
			return err
		}
		for i := range rows {
			if err := take(&rows[i]); err != nil {
				return corrupt(tablePath(s.Generation, name), err.Error())
			}
		}
	}
	return nil
}
