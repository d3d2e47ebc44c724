package archive

import (
	"context"
)

// Names of what was published: the table has the rows of kinds that have an ID, the array the others.
const (
	publishedTable = "published"
	publishedArray = "published_marks"
)

// Kinds of the rows of [PublishedRow], in their order. Those of pages and stories had rows before there were arrays.
const (
	PublishedBase    = "base"
	PublishedDeleted = "deleted"
	publishedPage    = "page"
	publishedStory   = "story"
)

// Journal is what was published.
type Journal struct {
	Rows  []PublishedRow // in the order of the kinds
	Marks []Mark         // of the pages, and then of the stories, which have no ID here
}

// PublishedRow says what was published besides pages and stories. What the IDs mean is the caller's.
type PublishedRow struct {
	Kind       string `parquet:"kind,dict"`
	ID         string `parquet:"id"`
	Hash       uint64 `parquet:"hash"`
	Generation int    `parquet:"generation"`
}

// Mark says what was published of a page or a story. What the hash is of is the caller's.
type Mark struct {
	Hash       uint64 `array:"hash"`
	Generation uint32 `array:"generation"`
	Story      uint32 `array:"story"` // 1 of a story, 0 of a page
}

// parts makes the table and the array.
func (j *Journal) parts() (Derived, written) {
	return Derive(publishedTable, each(j.Rows, func(_ int, r *PublishedRow) PublishedRow { return *r })), arrayAs[Mark](publishedArray, j.Marks)
}

// Published reads what was published; nil of a generation that does not say, or after the array was put aside. The marks are
// there until [Archive.Close].
func Published(ctx context.Context, a *Archive, s *Snapshot) (*Journal, error) {
	j := new(Journal)
	for rows, err := range Rows[PublishedRow](ctx, a, s, publishedTable) {
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.Kind == publishedPage || r.Kind == publishedStory {
				j.Marks = append(j.Marks, Mark{r.Hash, uint32(r.Generation), flag(r.Kind == publishedStory)})
			} else {
				j.Rows = append(j.Rows, r)
			}
		}
	}
	if s.manifest.Format >= formatLayers {
		marks, err := rowsOf[Mark](a, s.manifest, publishedArray)
		if err != nil && gone(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		j.Marks = marks
	}
	if len(j.Rows)+len(j.Marks) == 0 {
		return nil, nil
	}
	return j, nil
}
