package article

import (
	"slices"
	"time"
)

// Page is one record of a corpus as it was read: nothing in it is derived.
type Page struct {
	ID     string
	Title  string
	Text   string // UTF-8; every offset of this module counts its bytes
	URL    string
	Source string // the outlet, as the record names it
	// PublishedAt is the record's own time in UTC; the zero time is unknown.
	PublishedAt time.Time
	// DayOnly says that the record's time is a date without a time of day.
	DayOnly bool
}

// Kind says what a part of a page is.
type Kind uint8

// The kinds of parts, in the order of their names in the result files.
const (
	Main      Kind = iota // the page's own text
	Title                 // the title repeated as the first line of the text
	Dateline              // publication line; place and agency before the text
	Source                // credit line: "المصدر: ..."
	Tags                  // key words line
	Marker                // a read-also line that announces something foreign
	Tail                  // another article appended to the end
	Head                  // foreign headlines before the article
	Inline                // something foreign inside the article
	List                  // a list of links to other articles
	Furniture             // prompts, rights, counters, photo credits
	Quote                 // text shared with another page that stays this page's own
)

var kindNames = [...]string{"main", "title", "dateline", "source", "tags", "marker", "tail", "head", "inline", "list", "furniture", "quote"}

// String returns the name that the result files use.
func (k Kind) String() string { return kindNames[k] }

// ParseKind returns the kind of a name, and whether there is one.
func ParseKind(name string) (Kind, bool) {
	n := slices.Index(kindNames[:], name)
	return Kind(max(n, 0)), n >= 0
}

// Part is one stretch of a page's text: bytes [From, To) of Page.Text.
type Part struct {
	Kind     Kind
	From, To int
	// Page is the ID of the page the part comes from, Segment the stable ID of a foreign
	// text whose own page is not known. Both are empty where nothing is known.
	Page, Segment string
}

// Proposal is a stretch that the page's own layout says is somebody else's. Offsets are bytes of
// Page.Text, half-open; an empty range means that there is no such line.
type Proposal struct {
	Kind     Kind // Tail, Inline or List
	From, To int  // with the foreign title, without the marker line; of an inline line, all of it
	// Marker is the line that announces it, empty for an inline line. Title is the foreign title: of a
	// tail its first line, of an inline line what follows the phrase, of a list its only line.
	MarkerFrom, MarkerTo int
	TitleFrom, TitleTo   int
	// Closed says that the page's own text had ended before, by its credit or key words line.
	Closed   bool
	Reason   string
	Strength float64 // how far the layout alone can be trusted, in [0, 1]
}

// Line is a line of a text that has a word, or what was glued to one.
type Line struct {
	From  int // offset of its first byte that is not space
	Token int // index of its first level-1 token
}

// Date origins, in the words of the result files.
const (
	FromRecord = "record"
	FromText   = "text"
)

// Article is what a page says about itself.
type Article struct {
	Title string // the record's, or the first line, without the outlet's name at its end
	// Date is the record's, else the one in the text; the zero time is unknown. It is never that
	// of anything appended.
	Date     time.Time
	DayOnly  bool
	DateFrom string // FromRecord, FromText, or empty

	Source  string   // of the credit line, empty without one
	Credits []string // agencies that the page names as the origin of its text, in order, each once
	Tags    string   // of the key words line

	Repeats   bool   // the text begins with the title
	Lines     []Line // in order
	Parts     []Part // in order; they cover the text. Proposals are in them as if they were true
	Proposals []Proposal
}
