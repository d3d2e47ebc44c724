package archive

import (
	"context"
	"slices"
)

// publishedTable is the table of what was published.
const publishedTable = "published"

// Kinds of the rows of [PublishedRow].
const (
	PublishedBase    = "base"
	PublishedDeleted = "deleted"
	PublishedPage    = "page"
	PublishedStory   = "story"
)

// PublishedRow says what was published of a page or a story. What the hashes are of is the caller's.
type PublishedRow struct {
	Kind       string `parquet:"kind,dict"`
	ID         string `parquet:"id"`
	Hash       uint64 `parquet:"hash"`
	Generation int    `parquet:"generation"`
}

// DerivePublished makes the table of what was published.
func DerivePublished(rows []PublishedRow) Derived {
	return Derive(publishedTable, func(yield func(PublishedRow, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
}

// Published reads the table of what was published; there are no rows in a generation without it.
func Published(ctx context.Context, a *Archive, s *Snapshot) ([]PublishedRow, error) {
	var out []PublishedRow
	for rows, err := range Rows[PublishedRow](ctx, a, s, publishedTable) {
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return slices.Clip(out), nil
}
