package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

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

	Bytes     int    // length of the text
	Lead      int    // leading words that are the record's title
	Words     []byte // 4 for each word
	Spans     []byte // as passage.Page has them
	Lines     []byte // variable-length: distance of each from the line before, in words and in bytes
	Parts     []article.Part
	Proposals []article.Proposal
	Titled    uint64
	Terms     []byte // of the title: 8 for each term, 4 for its count
	LeadFirst int
	LeadTerms []byte // 8 for each
	Widths    []byte // 2 for each
}

// Record returns the page as a record. It shares memory with the page.
func (p *Page) Record() Record {
	s := &p.shared
	r := Record{ID: p.ID, Source: p.Source, Title: p.Title, Date: p.Date, DayOnly: p.DayOnly, DateFrom: p.DateFrom, Credits: p.Credits, Credit: p.Credit,
		Tags: p.Tags, Repaired: p.Repaired, Bytes: s.Bytes, Lead: s.Lead, Spans: s.Spans, Parts: s.Parts, Proposals: s.Proposals, Titled: p.titled, LeadFirst: p.first}
	le := binary.LittleEndian
	r.Words = make([]byte, 0, 4*len(s.Words))
	for _, w := range s.Words {
		r.Words = le.AppendUint32(r.Words, w)
	}
	last := passage.Line{}
	for _, l := range s.Lines {
		r.Lines = binary.AppendUvarint(binary.AppendUvarint(r.Lines, uint64(l.Word-last.Word)), uint64(l.Byte-last.Byte))
		last = l
	}
	for _, c := range p.terms {
		r.Terms = le.AppendUint32(le.AppendUint64(r.Terms, uint64(c.Term)), c.N)
	}
	for i, t := range p.lead {
		r.LeadTerms = le.AppendUint64(r.LeadTerms, uint64(t))
		r.Widths = le.AppendUint16(r.Widths, p.widths[i])
	}
	return r
}

var errRecord = errors.New("damaged record")

// Page returns the page of a record, with which it shares memory, or an error if the record cannot
// have come from a page.
func (r *Record) Page() (*Page, error) {
	p := &Page{ID: r.ID, Source: r.Source, Title: r.Title, Date: r.Date, DayOnly: r.DayOnly, DateFrom: r.DateFrom, Credits: r.Credits, Credit: r.Credit,
		Tags: r.Tags, Repaired: r.Repaired, titled: r.Titled, first: r.LeadFirst}
	bad := func(what string) (*Page, error) { return nil, fmt.Errorf("page %q: %s: %w", r.ID, what, errRecord) }
	s := &p.shared
	s.ID, s.Source, s.Bytes, s.Lead, s.Spans, s.Parts, s.Proposals = r.ID, r.Source, r.Bytes, r.Lead, r.Spans, r.Parts, r.Proposals
	if !r.Date.IsZero() {
		s.Time, s.Dated = r.Date.Unix(), true
	}
	if len(r.Words)%4 != 0 || len(r.Terms)%12 != 0 || len(r.LeadTerms)%8 != 0 || len(r.Widths)*4 != len(r.LeadTerms) {
		return bad("lengths")
	}
	le := binary.LittleEndian
	s.Words = make([]uint32, len(r.Words)/4)
	for i := range s.Words {
		s.Words[i] = le.Uint32(r.Words[4*i:])
	}
	if s.Lead < 0 || s.Lead > len(s.Words) {
		return bad("lead")
	}
	// Spans are taken apart without a check wherever they are used.
	words, at := 0, uint64(0)
	for b := []byte(r.Spans); len(b) > 0; words++ {
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
	for b := r.Lines; len(b) > 0; {
		word, n := binary.Uvarint(b)
		if n <= 0 {
			return bad("lines")
		}
		offset, m := binary.Uvarint(b[n:])
		if m <= 0 || word > uint64(len(s.Words)) || offset > uint64(s.Bytes) {
			return bad("lines")
		}
		b = b[n+m:]
		last = passage.Line{Word: last.Word + int(word), Byte: last.Byte + int(offset)}
		if last.Word >= len(s.Words) || last.Byte >= s.Bytes {
			return bad("lines")
		}
		s.Lines = append(s.Lines, last)
	}
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
	for i := range len(r.Terms) / 12 {
		p.terms = append(p.terms, tfidf.Count{Term: tfidf.Term(le.Uint64(r.Terms[12*i:])), N: le.Uint32(r.Terms[12*i+8:])})
	}
	p.lead, p.widths = make([]tfidf.Term, len(r.LeadTerms)/8), make([]uint16, len(r.Widths)/2)
	for i := range p.lead {
		p.lead[i], p.widths[i] = tfidf.Term(le.Uint64(r.LeadTerms[8*i:])), le.Uint16(r.Widths[2*i:])
	}
	if p.first < 0 || p.first+len(p.lead) > words {
		return bad("lead terms")
	}
	return p, nil
}
