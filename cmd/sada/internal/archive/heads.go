package archive

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unsafe"

	"sada/cluster"
	"sada/features/article"
	"sada/features/tfidf"
)

// heads are the rows of a segment once more, as memory: to read them from the table takes a tenth of a night on 200,000
// pages. After the counts of all parts come rows, terms, proposals, parts, credits, ends of names, names, and texts.
type heads struct {
	rows      []headRow
	terms     []headTermRow
	proposals []headProposalRow
	parts     []headPartRow
	credits   []text   // names
	ends      []uint32 // of names
	names     []byte
	texts     []byte // of each row its ID, date and title
}

// headRow is a row of a segment. A text is the number of a name.
type headRow struct {
	From       int64    `array:"features_from"`
	To         int64    `array:"features_to"`
	Date       int64    `array:"date"`
	Titled     uint64   `array:"titled"`
	Bytes      int64    `array:"bytes"`
	Hash       [16]byte `array:"hash"`
	ID         uint32   `array:"id"`
	Published  uint32   `array:"published_at"`
	Title      uint32   `array:"title"`
	Source     text     `array:"source"`
	DateFrom   text     `array:"date_from"`
	Credit     text     `array:"credit"`
	Tags       text     `array:"tags"`
	Generation uint32   `array:"generation"`
	Flags      uint32   `array:"flags"`
	Lead       uint32   `array:"lead"`
	LeadFirst  uint32   `array:"lead_first"`
	Words      uint32   `array:"word_count"`
	Lines      uint32   `array:"line_count"`
	LeadWords  uint32   `array:"lead_count"`
	Credits    uint32   `array:"credits"`
	Parts      uint32   `array:"parts"`
	Proposals  uint32   `array:"proposals"`
	Terms      uint32   `array:"terms"`
}

const (
	headDeleted = 1 << iota
	headDated
	headDayOnly
	headRepaired
)

// headTermRow has the memory of a [tfidf.Count].
type headTermRow struct {
	Term  uint64
	Count uint32
	_     uint32
}

type headProposalRow struct {
	Strength                                           float64
	Closed                                             uint64
	Kind                                               text
	From, To, MarkerFrom, MarkerTo, TitleFrom, TitleTo uint32
	Reason                                             text
}

type headPartRow struct {
	Kind          text
	From, To      uint32
	Page, Segment text
}

// headsOf gives the heads of rows; none if a number is too large for them.
func headsOf(table []pageRow) (*heads, bool) {
	h := &heads{rows: make([]headRow, len(table))}
	names := newTexts(nil)
	fits := true
	number := func(n int64) uint32 {
		fits = fits && n >= 0 && n <= math.MaxUint32
		return uint32(n)
	}
	length := func(n int) uint32 { return number(int64(n)) }
	for i := range table {
		r := &table[i]
		x := headRow{From: r.From, To: r.To, Titled: r.Titled, Bytes: r.Bytes, Hash: r.Hash, ID: length(len(r.ID)), Published: length(len(r.PublishedAt)), Title: length(len(r.Title)),
			Source: names.of(r.Source), DateFrom: names.of(r.DateFrom), Credit: names.of(r.Credit), Tags: names.of(r.Tags), Generation: number(r.Generation),
			Lead: number(r.Lead), LeadFirst: number(r.LeadFirst), Words: number(r.WordCount), Lines: number(r.LineCount), LeadWords: number(r.LeadCount),
			Credits: length(len(r.Credits)), Parts: length(len(r.Parts)), Proposals: length(len(r.Proposals)), Terms: length(len(r.Terms) / 12)}
		x.Flags = flag(r.Deleted)*headDeleted | flag(!r.Date.IsZero())*headDated | flag(r.DayOnly)*headDayOnly | flag(r.Repaired)*headRepaired
		if !r.Date.IsZero() {
			x.Date = r.Date.UnixNano()
		}
		h.rows[i] = x
		h.texts = append(append(append(h.texts, r.ID...), r.PublishedAt...), r.Title...)
		for _, name := range r.Credits {
			h.credits = append(h.credits, names.of(name))
		}
		for _, p := range r.Parts {
			h.parts = append(h.parts, headPartRow{names.of(p.Kind), number(p.From), number(p.To), names.of(p.Page), names.of(p.Segment)})
		}
		for _, p := range r.Proposals {
			q := headProposalRow{Strength: p.Strength, Kind: names.of(p.Kind), From: number(p.From), To: number(p.To), MarkerFrom: number(p.MarkerFrom), MarkerTo: number(p.MarkerTo),
				TitleFrom: number(p.TitleFrom), TitleTo: number(p.TitleTo), Reason: names.of(p.Reason)}
			if p.Closed {
				q.Closed = 1
			}
			h.proposals = append(h.proposals, q)
		}
		for b := r.Terms; len(b) >= 12; b = b[12:] {
			h.terms = append(h.terms, headTermRow{Term: binary.LittleEndian.Uint64(b), Count: binary.LittleEndian.Uint32(b[8:])})
		}
	}
	total := 0
	for _, name := range names.list {
		h.names = append(h.names, name...)
		total += len(name)
		h.ends = append(h.ends, length(total))
	}
	return h, fits
}

// pieces gives the parts of heads, in the order of the file, and how many there are of each.
func (h *heads) pieces() (counts []uint64, pieces [][]byte) {
	return []uint64{uint64(len(h.rows)), uint64(len(h.terms)), uint64(len(h.proposals)), uint64(len(h.parts)), uint64(len(h.credits)), uint64(len(h.ends)), uint64(len(h.names)), uint64(len(h.texts))},
		[][]byte{raw(h.rows), raw(h.terms), raw(h.proposals), raw(h.parts), raw(h.credits), raw(h.ends), h.names, h.texts}
}

func (h *heads) write(w io.Writer) error {
	counts, pieces := h.pieces()
	for _, b := range append([][]byte{raw(counts)}, pieces...) {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

var errHeads = errors.New("other lengths than it tells")

// parseHeads gives what is in a file of heads. They share memory.
func parseHeads(b []byte) (*heads, error) {
	const parts = 8
	if len(b) < 8*parts {
		return nil, errHeads
	}
	h, counts := new(heads), cooked[uint64](b[:8*parts])
	b = b[8*parts:]
	ok := cut(&h.rows, &b, counts[0]) && cut(&h.terms, &b, counts[1]) && cut(&h.proposals, &b, counts[2]) && cut(&h.parts, &b, counts[3]) &&
		cut(&h.credits, &b, counts[4]) && cut(&h.ends, &b, counts[5]) && cut(&h.names, &b, counts[6]) && cut(&h.texts, &b, counts[7])
	if !ok || len(b) > 0 {
		return nil, errHeads
	}
	return h, nil
}

// cut takes n values away from the beginning of bytes.
func cut[T any](to *[]T, b *[]byte, n uint64) bool {
	size := uint64(unsafe.Sizeof(*new(T)))
	if n > uint64(len(*b))/size {
		return false
	}
	*to, *b = cooked[T]((*b)[:n*size:n*size]), (*b)[n*size:]
	return true
}

// headPage is a page of a segment.
type headPage struct {
	PageRow
	deleted bool
}

// headBlock is how many rows of heads are made pages at a time: some milliseconds.
const headBlock = 4096

// headPages makes the pages of a segment of its heads, ascending. What is long in them is there until [Archive.Close].
func (a *Archive) headPages(ctx context.Context, s Segment) (pages []headPage, err error) {
	f, err := a.sized(s.Features)
	if err != nil {
		return nil, err
	}
	features, err := a.mapped(f, s.Features)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return pages, parallel(3, func(i int) error {
		switch i {
		case 0: // pages only say where they are in the features
			return errors.Join(verify(f, s.Features), f.Close())
		case 1:
			b, err := a.view(s.Heads)
			if err != nil {
				return err
			}
			pages, err = readHeads(ctx, b, features)
			if err == nil && int64(len(pages)) != s.Rows {
				err = fmt.Errorf("%d rows, should be %d", len(pages), s.Rows)
			}
			if err != nil && ctx.Err() == nil {
				err = corrupt(s.Heads.Path, err.Error())
			}
			return err
		default: // what the next generation goes on with must be whole too
			f, err := a.open(s.FileInfo)
			if err != nil {
				return err
			}
			return f.Close()
		}
	})
}

// headReader makes pages of heads.
type headReader struct {
	*heads
	reader
	features  []byte
	all       string // texts
	out       []headPage
	pages     []cluster.Page
	counts    []tfidf.Count
	lists     []article.Proposal
	places    []article.Part
	creditors []string
}

// headAt is a row, and where what it has begins.
type headAt struct{ row, text, term, proposal, part, credit int }

func (at *headAt) skip(r *headRow) {
	at.row, at.text, at.term = at.row+1, at.text+int(r.ID)+int(r.Published)+int(r.Title), at.term+int(r.Terms)
	at.proposal, at.part, at.credit = at.proposal+int(r.Proposals), at.part+int(r.Parts), at.credit+int(r.Credits)
}

func readHeads(ctx context.Context, b, features []byte) ([]headPage, error) {
	h, err := parseHeads(b)
	if err != nil {
		return nil, err
	}
	var blocks []headAt
	at := headAt{}
	for i := range h.rows {
		if i%headBlock == 0 {
			blocks = append(blocks, at)
		}
		at.skip(&h.rows[i])
	}
	if at != (headAt{len(h.rows), len(h.texts), len(h.terms), len(h.proposals), len(h.parts), len(h.credits)}) {
		return nil, errHeads
	}
	names, err := newSpelled(h.names, h.ends)
	if err != nil {
		return nil, err
	}
	r := headReader{heads: h, reader: reader{spelled: names}, features: features, all: string(h.texts), out: make([]headPage, at.row), pages: make([]cluster.Page, at.row),
		counts: cooked[tfidf.Count](raw(h.terms)), lists: make([]article.Proposal, at.proposal), places: make([]article.Part, at.part), creditors: make([]string, at.credit)}
	return r.out, parallel(len(blocks), func(i int) error {
		some := r // with an error of its own
		for at, to := blocks[i], min(blocks[i].row+headBlock, len(h.rows)); at.row < to; {
			if err := some.page(&at); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// page makes the page of a row, and goes on to the next one.
func (r *headReader) page(at *headAt) error {
	row, page := &r.rows[at.row], &r.pages[at.row]
	out, from := &r.out[at.row], *at
	at.skip(row)
	texts := r.all[from.text:at.text]
	id, published, title := texts[:row.ID], texts[row.ID:row.ID+row.Published], texts[row.ID+row.Published:]
	*out = headPage{PageRow{Page: page, Hash: row.Hash, PublishedAt: published, Generation: int(row.Generation)}, row.Flags&headDeleted != 0}
	if from.row > 0 && id <= r.before(from) {
		return errors.New("rows out of order")
	}
	if page.ID = id; out.deleted {
		return nil
	}
	if row.From < 0 || row.From%8 != 0 || row.To < row.From || row.To > int64(len(r.features)) {
		return fmt.Errorf("page %q: its features are not there", id)
	}
	record := cluster.Record{ID: id, Title: title, Source: r.text(row.Source), DateFrom: r.text(row.DateFrom), Credit: r.text(row.Credit), Tags: r.text(row.Tags),
		DayOnly: row.Flags&headDayOnly != 0, Repaired: row.Flags&headRepaired != 0, Bytes: int(row.Bytes), Lead: int(row.Lead), Titled: row.Titled, LeadFirst: int(row.LeadFirst),
		Long: r.features[row.From:row.To:row.To], Words: int(row.Words), Lines: int(row.Lines), LeadWords: int(row.LeadWords),
		Counts: piece(r.counts, from.term, at.term), Credits: piece(r.creditors, from.credit, at.credit),
		Parts: piece(r.places, from.part, at.part), Proposals: piece(r.lists, from.proposal, at.proposal)}
	if row.Flags&headDated != 0 {
		record.Date = time.Unix(0, row.Date).UTC()
	}
	for i, name := range r.credits[from.credit:at.credit] {
		record.Credits[i] = r.text(name)
	}
	for i := range record.Parts {
		p := &r.parts[from.part+i]
		record.Parts[i] = r.part(placeRow{p.Kind, int32(p.From), int32(p.To), p.Page, p.Segment})
	}
	for i := range record.Proposals {
		p := &r.proposals[from.proposal+i]
		kind := r.part(placeRow{Kind: p.Kind}).Kind
		record.Proposals[i] = article.Proposal{Kind: kind, From: int(p.From), To: int(p.To), MarkerFrom: int(p.MarkerFrom), MarkerTo: int(p.MarkerTo),
			TitleFrom: int(p.TitleFrom), TitleTo: int(p.TitleTo), Closed: p.Closed != 0, Reason: r.text(p.Reason), Strength: p.Strength}
	}
	if r.err != nil {
		return fmt.Errorf("page %q: %w", id, r.err)
	}
	return record.Fill(page)
}

// before gives the ID of the row before one.
func (r *headReader) before(at headAt) string {
	last := &r.rows[at.row-1]
	from := at.text - int(last.ID) - int(last.Published) - int(last.Title)
	return r.all[from : from+int(last.ID)]
}

// piece gives values [from, to), nil for none, as a record has them.
func piece[T any](all []T, from, to int) []T {
	if from == to {
		return nil
	}
	return all[from:to:to]
}

// mergeHeads gives the newest row of every page, ascending, the deleted ones included, from those of older segments and those
// of newer ones.
func mergeHeads(older, newer []headPage) []headPage {
	out := make([]headPage, 0, len(older)+len(newer))
	for len(older) > 0 && len(newer) > 0 {
		c := strings.Compare(older[0].Page.ID, newer[0].Page.ID)
		if c < 0 {
			out, older = append(out, older[0]), older[1:]
			continue
		}
		if c == 0 {
			older = older[1:]
		}
		out, newer = append(out, newer[0]), newer[1:]
	}
	return append(append(out, older...), newer...)
}

// headed gives the pages of a generation, ascending, of the heads of its segments.
func (a *Archive) headed(ctx context.Context, m *Manifest) ([]PageRow, error) {
	segments := make([][]headPage, len(m.Segments))
	if err := parallel(len(segments), func(i int) (err error) {
		segments[i], err = a.headPages(ctx, m.Segments[i])
		return err
	}); err != nil || len(segments) == 0 {
		return nil, err
	}
	// The first has nearly all pages: it is gone through once.
	all := segments[0]
	if len(segments) > 1 {
		newer := segments[1]
		for _, s := range segments[2:] {
			newer = mergeHeads(newer, s)
		}
		all = mergeHeads(all, newer)
	}
	pages := make([]PageRow, 0, len(all))
	for i := range all {
		if !all[i].deleted {
			pages = append(pages, all[i].PageRow)
		}
	}
	return pages, nil
}
