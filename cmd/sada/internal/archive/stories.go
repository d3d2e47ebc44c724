package archive

import (
	"context"
	"encoding/binary"
	"errors"

	"sada/cluster"
	"sada/cluster/story"
	"sada/features/tfidf"
)

// The names of the tables of a [cluster.StoryTables].
const (
	knownStoriesTable   = "known_stories"
	knownFitsTable      = "known_fits"
	knownGroupsTable    = "known_groups"
	knownToldTable      = "known_told"
	knownSuggestedTable = "known_suggested"
	knownLinksTable     = "known_links"
	knownClosedTable    = "known_closed"
	knownLabelledTable  = "known_labelled"
)

// storiesRow is the one row of what is no table.
type storiesRow struct {
	Undated    bool   `parquet:"undated"`
	Terms      string `parquet:"terms"`
	LabelledOn int64  `parquet:"labelled_on"`
}

type fitRow struct {
	Group      int32   `parquet:"group"`
	Next       int32   `parquet:"next"`
	Confidence float64 `parquet:"confidence"`
	Margin     float64 `parquet:"margin"`
}

type knownGroupRow struct {
	Original int32 `parquet:"original"`
	Story    int32 `parquet:"story"`
}

type toldRow struct {
	Headline int32   `parquet:"headline"`
	Density  float64 `parquet:"density"`
	Labels   []byte  `parquet:"labels,uncompressed"` // hashes
}

type suggestedRow struct {
	Story      int32   `parquet:"story"`
	Other      int32   `parquet:"other"`
	Similarity float64 `parquet:"similarity"`
}

type linkRow struct {
	A      int32   `parquet:"a"`
	B      int32   `parquet:"b"`
	Cosine float32 `parquet:"cosine"`
	Weight float32 `parquet:"weight"`
}

func packTerms(terms []tfidf.Term) []byte {
	b := make([]byte, 0, 8*len(terms))
	for _, t := range terms {
		b = binary.LittleEndian.AppendUint64(b, uint64(t))
	}
	return b
}

var errTerms = errors.New("damaged terms")

func unpackTerms(b []byte) ([]tfidf.Term, error) {
	if len(b)%8 != 0 {
		return nil, errTerms
	}
	out := make([]tfidf.Term, len(b)/8)
	for i := range out {
		out[i] = tfidf.Term(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return out, nil
}

// deriveStories makes tables of what the clustering knows of stories, which [knownStories] reads.
func deriveStories(t *cluster.StoryTables) []Derived {
	links := func(name string, of []story.Link) Derived {
		return Derive(name, each(of, func(_ int, l *story.Link) linkRow { return linkRow(*l) }))
	}
	return []Derived{
		Derive(knownStoriesTable, func(yield func(storiesRow, error) bool) {
			yield(storiesRow{t.Undated, t.Terms, int64(t.LabelledOn)}, nil)
		}),
		Derive(knownFitsTable, each(t.Pages, func(_ int, r *cluster.FitRow) fitRow { return fitRow(*r) })),
		Derive(knownGroupsTable, each(t.Groups, func(_ int, r *cluster.GroupRow) knownGroupRow { return knownGroupRow(*r) })),
		Derive(knownToldTable, each(t.Stories, func(_ int, r *cluster.StoryRow) toldRow {
			return toldRow{r.Headline, r.Density, packTerms(r.Labels)}
		})),
		Derive(knownSuggestedTable, each(t.Suggested, func(_ int, r *cluster.SuggestedRow) suggestedRow { return suggestedRow(*r) })),
		links(knownLinksTable, t.Indexed),
		links(knownClosedTable, t.Closed),
		Derive(knownLabelledTable, each(t.Labelled, func(_ int, r *tfidf.DF) termRow { return termRow{uint64(r.Term), r.Docs} })),
	}
}

// knownStories reads the tables that [deriveStories] made.
func knownStories(ctx context.Context, a *Archive, s *Snapshot, t *cluster.StoryTables) error {
	links := func(name string, to *[]story.Link) error {
		return collect(ctx, a, s, name, func(r *linkRow) error {
			*to = append(*to, story.Link(*r))
			return nil
		})
	}
	for _, read := range []func() error{
		func() error {
			return collect(ctx, a, s, knownStoriesTable, func(r *storiesRow) error {
				t.Undated, t.Terms, t.LabelledOn = r.Undated, r.Terms, int(r.LabelledOn)
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownFitsTable, func(r *fitRow) error {
				t.Pages = append(t.Pages, cluster.FitRow(*r))
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownGroupsTable, func(r *knownGroupRow) error {
				t.Groups = append(t.Groups, cluster.GroupRow(*r))
				return nil
			})
		},
		func() error {
			return collect(ctx, a, s, knownToldTable, func(r *toldRow) error {
				labels, err := unpackTerms(r.Labels)
				t.Stories = append(t.Stories, cluster.StoryRow{Headline: r.Headline, Density: r.Density, Labels: labels})
				return err
			})
		},
		func() error {
			return collect(ctx, a, s, knownSuggestedTable, func(r *suggestedRow) error {
				t.Suggested = append(t.Suggested, cluster.SuggestedRow(*r))
				return nil
			})
		},
		func() error { return links(knownLinksTable, &t.Indexed) },
		func() error { return links(knownClosedTable, &t.Closed) },
		func() error {
			return collect(ctx, a, s, knownLabelledTable, func(r *termRow) error {
				t.Labelled = append(t.Labelled, tfidf.DF{Term: tfidf.Term(r.Term), Docs: r.Docs})
				return nil
			})
		},
	} {
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}
