package publish

import (
	"time"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/identity"
	"sada/cluster/passage"
	"sada/cluster/story"
	"sada/features/article"
	"sada/features/tfidf"
)

// Date writes a time as results give it: a day alone if no more is known, null for none.
func Date(t time.Time, dayOnly bool) *string {
	if t.IsZero() {
		return nil
	}
	layout := time.RFC3339
	if dayOnly {
		layout = time.DateOnly
	}
	s := t.UTC().Format(layout)
	return &s
}

// Round keeps four digits: more would be noise, and differ between processors.
func Round(x float64) float64 {
	const unit = 1e4
	return float64(int64(x*unit+.5)) / unit
}

// Signed is Round for numbers that may be negative.
func Signed(x float64) float64 {
	if x < 0 {
		return 0 - Round(-x) // never -0
	}
	return Round(x)
}

// Roles of pages in their copy groups.
const (
	RoleOriginal = "original"
	RoleCopy     = "copy"
	RoleSole     = "sole"
)

// NewPage makes the row of a page, but for its copy group and its story. published is the record's own
// date.
func NewPage(p *cluster.Page, published *string, parts []article.Part) Page {
	row := Page{ID: p.ID, Source: p.Source, Title: p.Title, PublishedAt: published, DateUsed: Date(p.Date, p.DayOnly), DateFrom: p.DateFrom,
		Credit: p.Credit, Credits: p.Credits, Tags: p.Tags, Repaired: p.Repaired, Parts: NewParts(parts)}
	if row.Credits == nil {
		row.Credits = []string{}
	}
	return row
}

// NewParts makes the parts of a row of a page.
func NewParts(parts []article.Part) []Part {
	out := make([]Part, len(parts))
	for i, p := range parts {
		out[i] = Part{Kind: p.Kind.String(), From: int64(p.From), To: int64(p.To), Page: p.Page, Segment: p.Segment}
	}
	return out
}

// NewLink makes the row of a link between the pages a and b.
func NewLink(l *copies.Link, a, b string) Link {
	return Link{A: a, B: b, Kind: string(l.Kind), Jaccard: Round(l.Jaccard), ContainmentA: Round(l.ContainmentA),
		ContainmentB: Round(l.ContainmentB), CoverA: Round(l.CoverA), CoverB: Round(l.CoverB), Via: string(l.Via)}
}

// NewPassage makes the row of a passage between the pages a and b, which is empty if there is none.
func NewPassage(p *passage.Passage, a, b string) Passage {
	return Passage{A: a, B: b, Segment: p.Segment, Kind: string(p.Kind), FromA: int64(p.BytesA.From), ToA: int64(p.BytesA.To),
		FromB: int64(p.BytesB.From), ToB: int64(p.BytesB.To), FirstWordA: int64(p.WordsA.From), FirstWordB: int64(p.WordsB.From), WordsA: int64(p.WordsA.Len()), WordsB: int64(p.WordsB.Len()),
		ContainmentA: Round(p.ContainmentA), ContainmentB: Round(p.ContainmentB), Identity: Round(p.Identity), Hosts: int64(p.Hosts), Sources: int64(p.Sources),
		Marker: byteRange(p.Marker), Title: byteRange(p.Title), Cut: p.Cut, Confidence: Round(p.Confidence), Reasons: p.Reasons}
}

// byteRange is null for an empty range.
func byteRange(p article.Part) *Range {
	if p.To <= p.From {
		return nil
	}
	return &Range{From: int64(p.From), To: int64(p.To)}
}

// labelTerms is how many terms label a story in the results.
const labelTerms = 5

// NewStory makes the row of story n of a result, by the IDs of its stories and copy groups and the
// spellings of terms.
func NewStory(r *cluster.Result, n int, told, groups *identity.State, surfaces map[tfidf.Term]string) Story {
	s := &r.Stories[n]
	row := Story{Story: told.Groups[n].ID, First: Date(s.First, false), Last: Date(s.Last, false), Sources: int64(s.Sources), Label: []string{},
		Headline: r.Pages[s.Headline].Title, Density: Round(s.Density), Outlets: s.Outlets, Suggested: []Suggestion{}}
	for _, other := range s.Suggested {
		row.Suggested = append(row.Suggested, Suggestion{Story: told.Groups[other.Story].ID, Similarity: Round(other.Similarity)})
	}
	for _, p := range s.Pages {
		row.Pages = append(row.Pages, r.Pages[p].ID)
	}
	for _, g := range s.Groups {
		row.CopyGroups = append(row.CopyGroups, groups.Groups[g].ID)
	}
	for _, term := range s.Labels {
		// A term that no title has is rarely a name for anything.
		if word := surfaces[term]; word != "" && len(row.Label) < labelTerms {
			row.Label = append(row.Label, word)
		}
	}
	return row
}

// NewNear makes the row of a link between two copy groups, whose originals have the IDs a and b.
func NewNear(l story.Link, a, b string) Near {
	return Near{A: a, B: b, Cosine: Round(float64(l.Cosine)), Weight: Round(float64(l.Weight))}
}
