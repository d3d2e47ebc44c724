package publish

import (
	"encoding/json"

	"sada/features/article"
)

// Page is a row of the table pages.
type Page struct {
	ID          string   `json:"id" parquet:"id"`
	Source      string   `json:"source" parquet:"source"`
	Title       string   `json:"title" parquet:"title"`
	PublishedAt *string  `json:"published_at" parquet:"published_at,optional"`
	DateUsed    *string  `json:"date_used" parquet:"date_used,optional"`
	DateFrom    string   `json:"date_from" parquet:"date_from"`
	CopyGroup   string   `json:"copy_group" parquet:"copy_group"`
	Story       string   `json:"story" parquet:"story"`
	Role        string   `json:"role" parquet:"role"`
	Confidence  float64  `json:"confidence" parquet:"confidence"`
	Credit      string   `json:"credit" parquet:"credit"`
	Credits     []string `json:"credits" parquet:"credits,list"`
	Tags        string   `json:"tags" parquet:"tags"`
	Repaired    bool     `json:"repaired" parquet:"repaired"`
	Parts       []Part   `json:"parts" parquet:"parts,list"`
	Next        string   `json:"next_story" parquet:"next_story"`
	Margin      float64  `json:"margin" parquet:"margin"`
}

// ArticleParts returns the parts of a page as the library has them.
func (p *Page) ArticleParts() []article.Part {
	out := make([]article.Part, len(p.Parts))
	for i, x := range p.Parts {
		kind, _ := article.ParseKind(x.Kind) // an unknown one is main text
		out[i] = article.Part{Kind: kind, From: int(x.From), To: int(x.To), Page: x.Page, Segment: x.Segment}
	}
	return out
}

// Part is one stretch of a page's text.
type Part struct {
	Kind    string `json:"kind" parquet:"kind"`
	From    int64  `json:"from" parquet:"from"`
	To      int64  `json:"to" parquet:"to"`
	Page    string `json:"page" parquet:"page"`
	Segment string `json:"segment" parquet:"segment"`
}

// Link is a row of the table links.
type Link struct {
	A            string  `json:"a" parquet:"a"`
	B            string  `json:"b" parquet:"b"`
	Kind         string  `json:"kind" parquet:"kind"`
	Jaccard      float64 `json:"jaccard" parquet:"jaccard"`
	ContainmentA float64 `json:"containment_a" parquet:"containment_a"`
	ContainmentB float64 `json:"containment_b" parquet:"containment_b"`
	CoverA       float64 `json:"cover_a" parquet:"cover_a"`
	CoverB       float64 `json:"cover_b" parquet:"cover_b"`
	Via          string  `json:"via" parquet:"via"`
}

// Passage is a row of the table passages.
type Passage struct {
	A            string   `json:"a" parquet:"a"`
	B            string   `json:"b" parquet:"b"`
	Segment      string   `json:"segment" parquet:"segment"`
	Kind         string   `json:"kind" parquet:"kind"`
	FromA        int64    `json:"from_a" parquet:"from_a"`
	ToA          int64    `json:"to_a" parquet:"to_a"`
	FromB        int64    `json:"from_b" parquet:"from_b"`
	ToB          int64    `json:"to_b" parquet:"to_b"`
	FirstWordA   int64    `json:"first_word_a" parquet:"first_word_a"`
	FirstWordB   int64    `json:"first_word_b" parquet:"first_word_b"`
	WordsA       int64    `json:"words_a" parquet:"words_a"`
	WordsB       int64    `json:"words_b" parquet:"words_b"`
	ContainmentA float64  `json:"containment_a" parquet:"containment_a"`
	ContainmentB float64  `json:"containment_b" parquet:"containment_b"`
	Identity     float64  `json:"identity" parquet:"identity"`
	Hosts        int64    `json:"hosts" parquet:"hosts"`
	Sources      int64    `json:"sources" parquet:"sources"`
	Marker       *Range   `json:"marker" parquet:"marker,optional"`
	Title        *Range   `json:"title" parquet:"title,optional"`
	Cut          bool     `json:"cut" parquet:"cut"`
	Confidence   float64  `json:"confidence" parquet:"confidence"`
	Reasons      []string `json:"reasons" parquet:"reasons,list"`
}

// Range is a range of bytes of page A's text.
type Range struct {
	From int64 `json:"from" parquet:"from"`
	To   int64 `json:"to" parquet:"to"`
}

// Story is a row of the table stories.
type Story struct {
	Story      string       `json:"story" parquet:"story"`
	Pages      []string     `json:"pages" parquet:"pages,list"`
	CopyGroups []string     `json:"copy_groups" parquet:"copy_groups,list"`
	First      *string      `json:"first" parquet:"first,optional"`
	Last       *string      `json:"last" parquet:"last,optional"`
	Sources    int64        `json:"sources" parquet:"sources"`
	Label      []string     `json:"label" parquet:"label,list"`
	Headline   string       `json:"headline" parquet:"headline"`
	Density    float64      `json:"density" parquet:"density"`
	Outlets    []string     `json:"outlets" parquet:"outlets,list"`
	Suggested  []Suggestion `json:"suggested" parquet:"suggested,list"`
}

// Suggestion is a story that may be the same as another.
type Suggestion struct {
	Story      string  `json:"story" parquet:"story"`
	Similarity float64 `json:"similarity" parquet:"similarity"`
}

// Change is a row of the table changes.
type Change struct {
	Event string   `json:"event"`
	Kind  string   `json:"kind"`
	ID    string   `json:"id"`
	Other string   `json:"other"`
	Pages []string `json:"pages"`
}

// Reject is a row of the table rejects: a record that is not among the pages, and why.
type Reject struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Byte   int64  `json:"byte"`
	Reason string `json:"reason"`
	ID     string `json:"id"`
}

// Term is a row of the table terms: the document frequencies that the stories' vectors were weighed
// with.
type Term struct {
	Term    uint64 `json:"term" parquet:"term"`
	Docs    int64  `json:"docs" parquet:"docs"`
	Surface string `json:"surface" parquet:"surface"`
}

// Near is a row of the table near: two copy groups that tell something alike at about the same time.
type Near struct {
	A      string  `json:"a" parquet:"a"`
	B      string  `json:"b" parquet:"b"`
	Cosine float64 `json:"cosine" parquet:"cosine"`
	Weight float64 `json:"weight" parquet:"weight"`
}

// Deleted is a row of the table deleted: a page that is no longer there.
type Deleted struct {
	ID string `json:"id"`
}

// Scopes of a folder.
const (
	All     = "all"     // every row there is
	Changed = "changed" // what differs from the night before
)

// Manifest is run.json.
type Manifest struct {
	Schema     int                `json:"schema"`
	Version    string             `json:"version"`
	Generation int                `json:"generation"`
	Scope      string             `json:"scope"`
	Base       int                `json:"base"`
	Content    string             `json:"content"`
	OnContent  string             `json:"base_content"`
	Options    json.RawMessage    `json:"options"`
	OptionHash string             `json:"option_hash"`
	Arguments  []string           `json:"arguments"`
	Inputs     []Input            `json:"inputs"`
	Counts     map[string]int64   `json:"counts"`
	Thresholds map[string]float64 `json:"thresholds"`
	LSH        Bands              `json:"lsh"`
	Terms      TermTable          `json:"terms"`
	Workers    int                `json:"workers"`
	Timings    []Timing           `json:"timings"`
	PeakMemory int64              `json:"peak_memory_bytes"`
	Unmet      []Unmet            `json:"unmet"`
	Outputs    []Output           `json:"outputs"`
}

// Unmet is a wanted pair of pages that could not be honoured.
type Unmet struct {
	Kind   string `json:"kind"`
	A      string `json:"a"`
	B      string `json:"b"`
	Reason string `json:"reason"`
}

// Input is an input file of a run.
type Input struct {
	Name        string `json:"name"`
	Format      string `json:"format"`
	Compression string `json:"compression"`
	Bytes       int64  `json:"bytes"`
	Hash        string `json:"xxh3_128"`
	Records     int64  `json:"records"`
	Rejects     int64  `json:"rejects"`
}

// Bands is the shape of the LSH signatures and what follows from it.
type Bands struct {
	Bands int     `json:"bands"`
	Rows  int     `json:"rows"`
	Curve []Point `json:"curve"`
}

// Point is one point of the S-curve: the probability that LSH proposes a pair of this similarity.
type Point struct {
	Jaccard     float64 `json:"jaccard"`
	Probability float64 `json:"probability"`
}

// TermTable names the document-frequency table.
type TermTable struct {
	Docs    int64  `json:"docs"`
	Version string `json:"version"`
	Letters int64  `json:"letters"`
}

// Timing is how long a step took.
type Timing struct {
	Step    string  `json:"step"`
	Seconds float64 `json:"seconds"`
}

// Output is a file of the folder.
type Output struct {
	Name  string `json:"name"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
	Hash  string `json:"xxh3_128"`
}
