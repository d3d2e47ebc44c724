package archive

import (
	"context"
)

// Names of what was published: the table has the rows of kinds that have an ID, the array the others.
const (
	publishedTable = "published"
	publishedArray = "published_marks"
)

// Kinds of the rows of [PublishedRow], in their order.
const (
	PublishedBase    = "base"
	PublishedDeleted = "deleted"
	PublishedPage    = "page"
	PublishedStory   = "story"
)

// PublishedRow says what was published of a page or a story, which have no ID here. What the hashes are of is the caller's.
type PublishedRow struct {
	Kind       string `parquet:"kind,dict"`
	ID         string `parquet:"id"`
	Hash       uint64 `parquet:"hash"`
	Generation int    `parquet:"generation"`
}

// markRow is the row of a page or a story.
type markRow struct {
	Hash       uint64 `array:"hash"`
	Generation uint32 `array:"generation"`
	Story      uint32 `array:"story"`
}

// publishedParts makes the table and the array of rows.
func publishedParts(rows []PublishedRow) (Derived, written) {
	from := 0
	for from < len(rows) && rows[from].Kind != PublishedPage && rows[from].Kind != PublishedStory {
		from++
	}
	return Derive(publishedTable, each(rows[:from], func(_ int, r *PublishedRow) PublishedRow { return *r })),
		arrayOf(publishedArray, rows[from:], func(r *PublishedRow) markRow {
			return markRow{r.Hash, uint32(r.Generation), flag(r.Kind == PublishedStory)}
		})
}

// Published reads what was published; there are no rows in a generation that does not say, or after the array
// was put aside.
func Published(ctx context.Context, a *Archive, s *Snapshot) ([]PublishedRow, error) {
	var out []PublishedRow
	for rows, err := range Rows[PublishedRow](ctx, a, s, publishedTable) {
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	if s.manifest.Format < formatLayers {
		return out, nil
	}
	marks, err := rowsOf[markRow](a, s.manifest, publishedArray)
	if err != nil && gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out = append(make([]PublishedRow, 0, len(out)+len(marks)), out...)
	for _, m := range marks {
		row := PublishedRow{Kind: PublishedPage, Hash: m.Hash, Generation: int(m.Generation)}
		if m.Story != 0 {
			row.Kind = PublishedStory
		}
		out = append(out, row)
	}
	return out, nil
}
