package article

import "time"

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
	Dateline              // publication line, place and agency before the text
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

// Part is one stretch of a page's text: bytes [From, To) of Page.Text.
type Part struct {
	Kind     Kind
	From, To int
	// Page is the ID of the page the part comes from, Segment the stable ID of a foreign
	// text whose own page is not known. Both are empty where nothing is known.
	Page, Segment string
}
