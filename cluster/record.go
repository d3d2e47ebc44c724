package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"sada/cluster/internal/memory"
	"sada/cluster/passage"
	"sada/features/article"
	"sada/features/tfidf"
)

// Record is a [Page] in a form that can be kept: everything of it, in values without structure of
// their own. Numbers in bytes are little-endian or variable-length, as encoding/binary has them.
type Record struct {
	ID, Source, Title string
	Date              time.Time
	DayOnly           bool
	DateFrom          string
	Credits           []string
	Credit, Tags      string
	Repaired          bool

	Bytes     int // length of the text
	Lead      int // leading words that are the record's title
	Parts     []article.Part
	Proposals []article.Proposal
	Titled    uint64
	Terms     []byte        // of the title: 8 for each term, 4 for its count
	Counts    []tfidf.Count // the same, where Terms are not given; no record of a page has them
	LeadFirst int           // the word of the text that the lead begins with

	// Long is what is long: of each word of the lead its term (8 bytes); of each line its first
	// word and its offset (8 each); the hash of each word (4); of each word of the lead its letters (2);
	// and spans as passage.Page has them.
	Long                    []byte
	Words, Lines, LeadWords int // how many of them are there
}

// Record returns the page as a record. It shares memory with the page, but has a copy of what is long in one that was moved.
func (p *Page) Record() Record {
	s := &p.shared
	long := p.long
	if long == nil { // they were moved
		long = slices.Concat(memory.Bytes(p.lead), memory.Bytes(s.Lines), memory.Bytes(s.Words), memory.Bytes(p.widths), s.Spans)
	}
	r := Record{ID: p.ID, Source: p.Source, Title: p.Title, Date: p.Date, DayOnly: p.DayOnly, DateFrom: p.DateFrom, Credits: p.Credits, Credit: p.Credit,
		Tags: p.Tags, Repaired: p.Repaired, Bytes: s.Bytes, Lead: s.Lead, Parts: s.Parts, Proposals: s.Proposals, Titled: p.titled, LeadFirst: p.first,
		Long: long, Words: len(s.Words), Lines: len(s.Lines), LeadWords: len(p.lead)}
	le := binary.LittleEndian
	for _, c := range p.terms {
		r.Terms = le.AppendUint32(le.AppendUint64(r.Terms, uint64(c.Term)), c.N)
	}
	return r
}

var errRecord = errors.New("damaged record")

// Page returns the page of a record, with which it shares memory unless Long is not aligned to 8, or an error
// if the record cannot have come from a page. It does not look into what is long, which [Page.Check] does.
func (r *Record) Page() (*Page, error) {
	p := new(Page)
	if err := r.Fill(p); err != nil {
		return nil, err
	}
	return p, nil
}

// Fill does what Page does with a page that is there: those of many records may be one piece of memory. It must be a
// zero Page.
func (r *Record) Fill(p *Page) error {
	p.ID, p.Source, p.Title, p.Date, p.DayOnly, p.DateFrom, p.Credits, p.Credit = r.ID, r.Source, r.Title, r.Date, r.DayOnly, r.DateFrom, r.Credits, r.Credit
	p.Tags, p.Repaired, p.titled, p.first, p.terms = r.Tags, r.Repaired, r.Titled, r.LeadFirst, r.Counts
	bad := func(what string) error { return fmt.Errorf("page %q: %s: %w", r.ID, what, errRecord) }
	s := &p.shared
	s.ID, s.Source, s.Bytes, s.Lead, s.Parts, s.Proposals = r.ID, r.Source, r.Bytes, r.Lead, r.Parts, r.Proposals
	if !r.Date.IsZero() {
		s.Time, s.Dated = r.Date.Unix(), true
	}
	within := func(n int) bool { return n >= 0 && n <= len(r.Long) }
	if !within(r.Words) || !within(r.Lines) || !within(r.LeadWords) || longBytes(r.Words, r.Lines, r.LeadWords) > len(r.Long) || len(r.Terms)%12 != 0 {
		return bad("lengths")
	}
	if r.Lead < 0 || r.Lead > r.Words {
		return bad("lead")
	}
	if r.LeadFirst < 0 || r.LeadFirst > r.Words || r.LeadFirst+r.LeadWords > r.Words-r.Lead {
		return bad("lead terms")
	}
	long := r.Long
	if uintptr(unsafe.Pointer(unsafe.SliceData(long)))%8 != 0 {
		long = append(make([]byte, 0, (len(long)+7)&^7), long...)
	}
	p.view(long, r.Words, r.Lines, r.LeadWords)
	end := 0
	for _, part := range r.Parts {
		if part.From != end || part.To <= part.From {
			return bad("parts")
		}
		end = part.To
	}
	if end != s.Bytes && (end != 0 || s.Bytes != 0) {
		return bad("parts")
	}
	for _, q := range r.Proposals {
		if q.From < 0 || q.To < q.From || q.To > s.Bytes || q.MarkerFrom < 0 || q.MarkerTo < q.MarkerFrom || q.MarkerTo > s.Bytes ||
			q.TitleFrom < 0 || q.TitleTo < q.TitleFrom || q.TitleTo > s.Bytes {
			return bad("proposals")
		}
	}
	le := binary.LittleEndian
	for i := range len(r.Terms) / 12 {
		p.terms = append(p.terms, tfidf.Count{Term: tfidf.Term(le.Uint64(r.Terms[12*i:])), N: le.Uint32(r.Terms[12*i+8:])})
	}
	return nil
}

// Check returns an error if what is long in a page that was a record cannot be a page's.
func (p *Page) Check() error {
	bad := func(what string) error { return fmt.Errorf("page %q: %s: %w", p.ID, what, errRecord) }
	s := &p.shared
	// Spans are taken apart without a check wherever they are used.
	words, at := 0, uint64(0)
	for b := []byte(s.Spans); len(b) > 0; words++ {
		for range 2 {
			v, n := binary.Uvarint(b)
			if n <= 0 || v > uint64(s.Bytes) {
				return bad("spans")
			}
			at += v
			b = b[n:]
		}
	}
	if words != len(s.Words)-s.Lead || at > uint64(s.Bytes) {
		return bad("spans")
	}
	last := passage.Line{}
	for _, l := range s.Lines {
		if l.Word < last.Word || l.Word >= len(s.Words) || l.Byte < last.Byte || l.Byte >= s.Bytes {
			return bad("lines")
		}
		last = l
	}
	return nil
}
