package passage

import (
	"slices"

	"sada/features/article"
)

// Kind says how a passage of one page stands to another page.
type Kind string

// The kinds of passages, seen from page A.
const (
	Tail       Kind = "tail"        // the other page's article, appended to the end of A
	SharedTail Kind = "shared_tail" // an appended text whose own page is not in the corpus
	Inline     Kind = "inline"      // the other page's text or title inside A
	Head       Kind = "head"        // foreign headlines before the article
	List       Kind = "list"        // foreign headlines after the article
	Furniture  Kind = "furniture"   // lines that many pages of one source carry
	Copy       Kind = "copy"        // most of both pages
	Contains   Kind = "contains"    // A holds most of the other page
	Contained  Kind = "contained"   // the other page holds most of A
	Quote      Kind = "quote"       // a small part of both pages
	Partial    Kind = "partial"     // everything else
)

// Passage is a stretch of text that page A shares with page B.
type Passage struct {
	A, B    int    // numbers of the pages; B is -1 where the text has no page of its own
	Segment string // stable ID of a shared tail
	Kind    Kind
	// BytesA and BytesB are offsets into the pages' texts. The record's title is not in the text,
	// so a passage that begins in it begins at byte 0.
	BytesA, BytesB article.Part
	WordsA, WordsB Range
	// ContainmentA and ContainmentB are the equal words as a share of the page's own words,
	// Identity as a share of the longer of the two stretches. All are in [0, 1].
	ContainmentA, ContainmentB, Identity float64
	Hosts, Sources                       int          // unrelated pages, and sources, that carry it
	Marker                               article.Part // the line that announces it; empty if none
	Title                                article.Part // its own title in A, where the layout shows it; empty if not
	Cut                                  bool         // it is not part of A's main text
	Confidence                           float64      // of the kind, in [0, 1]
	Reasons                              []string
}

// Equal says whether two passages agree in everything.
func (p *Passage) Equal(q *Passage) bool {
	return p.A == q.A && p.B == q.B && p.Segment == q.Segment && p.Kind == q.Kind && p.BytesA == q.BytesA && p.BytesB == q.BytesB &&
		p.WordsA == q.WordsA && p.WordsB == q.WordsB && p.ContainmentA == q.ContainmentA && p.ContainmentB == q.ContainmentB && p.Identity == q.Identity &&
		p.Hosts == q.Hosts && p.Sources == q.Sources && p.Marker == q.Marker && p.Title == q.Title && p.Cut == q.Cut && p.Confidence == q.Confidence &&
		slices.Equal(p.Reasons, q.Reasons)
}
