package archive

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"sada/cluster"
	"sada/features/article"
	"sada/features/tfidf"
)

// The archive's own tables, by the names of their files without .parquet. Others are added with [Derive]
// and read with [Rows]. A generation that was written before there was a table has an empty one.
const (
	aliasesTable = "aliases"
	changesTable = "changes"
	groupsTable  = "groups"
	idsTable     = "ids"
	termsTable   = "terms"
)

// tablePath is where a table of a generation is.
func tablePath(generation int, table string) string {
	return generationName(generation) + "/" + table + tableSuffix
}

// table finds a table.
func (m *Manifest) table(name string) (FileInfo, bool) {
	i := slices.IndexFunc(m.Tables, func(f FileInfo) bool { return f.Path == tablePath(m.Generation, name) })
	if i < 0 {
		return FileInfo{}, false
	}
	return m.Tables[i], true
}

// pageRow is a row of a segment.
type pageRow struct {
	ID          string   `parquet:"id"`
	Generation  int64    `parquet:"generation"`
	Deleted     bool     `parquet:"deleted"`
	Hash        [16]byte `parquet:"hash"`
	PublishedAt string   `parquet:"published_at"`
	Features
	From int64 `parquet:"features_from"`
	To   int64 `parquet:"features_to"`

	long []byte // the bytes from From to To of the features
}

// Features are the columns of a page's features: all of a [cluster.Record] but the ID and what is long.
type Features struct {
	Source    string        `parquet:"source,dict"`
	Title     string        `parquet:"title"`
	Date      time.Time     `parquet:"date,optional,timestamp(nanosecond:utc)"`
	DayOnly   bool          `parquet:"day_only"`
	DateFrom  string        `parquet:"date_from,dict"`
	Credits   []string      `parquet:"credits,list"`
	Credit    string        `parquet:"credit"`
	Tags      string        `parquet:"tags"`
	Repaired  bool          `parquet:"repaired"`
	Bytes     int64         `parquet:"bytes"`
	Lead      int64         `parquet:"lead"`
	Parts     []partRow     `parquet:"parts,list"`
	Proposals []proposalRow `parquet:"proposals,list"`
	Titled    uint64        `parquet:"titled"`
	Terms     []byte        `parquet:"terms"`
	LeadFirst int64         `parquet:"lead_first"`
	WordCount int64         `parquet:"word_count"`
	LineCount int64         `parquet:"line_count"`
	LeadCount int64         `parquet:"lead_count"`
}

// pageRow1 is a row of a segment of version 1, where all features were in the table.
type pageRow1 struct {
	pageRow
	Words     []byte `parquet:"words"`
	Spans     []byte `parquet:"spans"`
	Lines     []byte `parquet:"lines"`
	LeadTerms []byte `parquet:"lead_terms"`
	Widths    []byte `parquet:"widths"`
}

// row gives the row as it is now.
func (r *pageRow1) row() (pageRow, error) {
	out := r.pageRow
	lines := 0
	var long []byte
	long = append(long, r.LeadTerms...)
	last := [2]uint64{}
	for b := r.Lines; len(b) > 0; lines++ {
		for i := range last {
			v, n := binary.Uvarint(b)
			if n <= 0 {
				return out, fmt.Errorf("page %q: lines end within a number", r.ID)
			}
			last[i] += v
			long = binary.LittleEndian.AppendUint64(long, last[i])
			b = b[n:]
		}
	}
	long = slices.Concat(long, r.Words, r.Widths, r.Spans)
	out.WordCount, out.LineCount, out.LeadCount = int64(len(r.Words)/4), int64(lines), int64(len(r.Widths)/2)
	if len(r.Words)%4 != 0 || len(r.Widths)*4 != len(r.LeadTerms) {
		return out, fmt.Errorf("page %q: lengths of features", r.ID)
	}
	out.long = aligned(long)
	return out, nil
}

// aligned gives a copy of bytes that is aligned to 8.
func aligned(b []byte) []byte {
	return append(make([]byte, 0, (len(b)+7)&^7), b...)
}

type partRow struct {
	Kind    string `parquet:"kind,dict"`
	From    int64  `parquet:"from"`
	To      int64  `parquet:"to"`
	Page    string `parquet:"page"`
	Segment string `parquet:"segment"`
}

type proposalRow struct {
	Kind       string  `parquet:"kind,dict"`
	From       int64   `parquet:"from"`
	To         int64   `parquet:"to"`
	MarkerFrom int64   `parquet:"marker_from"`
	MarkerTo   int64   `parquet:"marker_to"`
	TitleFrom  int64   `parquet:"title_from"`
	TitleTo    int64   `parquet:"title_to"`
	Closed     bool    `parquet:"closed"`
	Reason     string  `parquet:"reason,dict"`
	Strength   float64 `parquet:"strength"`
}

// termRow is a row of the table of terms.
type termRow struct {
	Term uint64 `parquet:"term"`
	Docs uint32 `parquet:"docs"`
}

func toRow(p *PageRow, generation int) pageRow {
	r := p.Page.Record()
	return pageRow{ID: r.ID, Generation: int64(generation), Hash: p.Hash, PublishedAt: p.PublishedAt, Features: FeaturesOf(&r), long: r.Long}
}

// FeaturesOf returns the columns of a record. They share memory with it.
func FeaturesOf(r *cluster.Record) Features {
	f := Features{Source: r.Source, Title: r.Title, Date: r.Date,
		DayOnly: r.DayOnly, DateFrom: r.DateFrom, Credits: r.Credits, Credit: r.Credit, Tags: r.Tags, Repaired: r.Repaired, Bytes: int64(r.Bytes),
		Lead: int64(r.Lead), Titled: r.Titled, Terms: r.Terms, LeadFirst: int64(r.LeadFirst), WordCount: int64(r.Words), LineCount: int64(r.Lines),
		LeadCount: int64(r.LeadWords)}
	for _, q := range r.Parts {
		f.Parts = append(f.Parts, partRow{q.Kind.String(), int64(q.From), int64(q.To), q.Page, q.Segment})
	}
	for _, q := range r.Proposals {
		f.Proposals = append(f.Proposals, proposalRow{q.Kind.String(), int64(q.From), int64(q.To), int64(q.MarkerFrom), int64(q.MarkerTo),
			int64(q.TitleFrom), int64(q.TitleTo), q.Closed, q.Reason, q.Strength})
	}
	return f
}

func fromRow(row *pageRow) (PageRow, error) {
	r, err := row.Record(row.ID, row.long)
	if err != nil {
		return PageRow{}, err
	}
	page, err := r.Page()
	return PageRow{Hash: row.Hash, PublishedAt: row.PublishedAt, Generation: int(row.Generation), Page: page}, err
}

// Record returns the record of the page with an ID and what is long in it, or an error if a column has a value
// that none has. It shares memory with the columns.
func (f *Features) Record(id string, long []byte) (cluster.Record, error) {
	r := cluster.Record{ID: id, Source: f.Source,
		Title: f.Title, Date: f.Date, DayOnly: f.DayOnly, DateFrom: f.DateFrom, Credits: f.Credits, Credit: f.Credit, Tags: f.Tags,
		Repaired: f.Repaired, Bytes: int(f.Bytes), Lead: int(f.Lead), Titled: f.Titled, Terms: f.Terms, LeadFirst: int(f.LeadFirst),
		Long: long, Words: int(f.WordCount), Lines: int(f.LineCount), LeadWords: int(f.LeadCount)}
	if len(f.Parts) > 0 {
		r.Parts = make([]article.Part, len(f.Parts))
	}
	for i, q := range f.Parts {
		kind, ok := article.ParseKind(q.Kind)
		if !ok {
			return r, fmt.Errorf("page %q: part of kind %q", id, q.Kind)
		}
		r.Parts[i] = article.Part{Kind: kind, From: int(q.From), To: int(q.To), Page: q.Page, Segment: q.Segment}
	}
	if len(f.Proposals) > 0 {
		r.Proposals = make([]article.Proposal, len(f.Proposals))
	}
	for i, q := range f.Proposals {
		kind, ok := article.ParseKind(q.Kind)
		if !ok {
			return r, fmt.Errorf("page %q: proposal of kind %q", id, q.Kind)
		}
		r.Proposals[i] = article.Proposal{Kind: kind, From: int(q.From), To: int(q.To), MarkerFrom: int(q.MarkerFrom), MarkerTo: int(q.MarkerTo),
			TitleFrom: int(q.TitleFrom), TitleTo: int(q.TitleTo), Closed: q.Closed, Reason: q.Reason, Strength: q.Strength}
	}
	return r, nil
}

// compareGroups and compareIDs go through all groups every night, and compare no more than they must.
func compareGroups(a, b GroupRow) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.ID, b.ID); c != 0 {
		return c
	}
	return strings.Compare(a.Page, b.Page)
}

func compareIDs(a, b IDRow) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.Born, b.Born))
}

func compareAliases(a, b AliasRow) int {
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID), strings.Compare(a.To, b.To), cmp.Compare(a.Born, b.Born), cmp.Compare(a.Ended, b.Ended))
}

func compareChanges(a, b ChangeRow) int {
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Event, b.Event), strings.Compare(a.ID, b.ID), strings.Compare(a.Other, b.Other))
}

func compareTerms(a, b tfidf.DF) int { return cmp.Compare(a.Term, b.Term) }

// sorted gives rows in order.
func sorted[T any](rows []T, compare func(a, b T) int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		rows := slices.Clone(rows)
		slices.SortFunc(rows, compare)
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

const (
	// batchRows is how many rows the library is given or asked for at once.
	batchRows = 64
	// groupBytes is about how many bytes, not compressed, a row group of pages has: what is in memory at
	// once while a segment is written.
	groupBytes = 16 << 20
	// groupRows is how many rows a row group of another table has: what DuckDB writes by default.
	groupRows = 122880
)

// writeFile writes a new file and puts it on disk.
func (a *Archive) writeFile(name string, fill func(io.Writer) error) (info FileInfo, err error) {
	f, err := a.fs.Create(a.path(name))
	if err != nil {
		return FileInfo{}, err
	}
	h := xxh3.New()
	info.Path = name
	var failed error // the library may wrap it
	out := bufio.NewWriterSize(writerFunc(func(p []byte) (int, error) {
		n, err := f.Write(p)
		_, _ = h.Write(p[:n]) // a hash takes everything
		info.Bytes += int64(n)
		if err != nil {
			failed = err
		}
		return n, err
	}), 1<<16) // what is long is written at once anyway
	err = fill(out)
	if err == nil {
		err = out.Flush()
	}
	err = cmp.Or(failed, err)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return FileInfo{}, fmt.Errorf("write %s: %w", name, err)
	}
	info.Hash = digits(h.Sum128())
	return info, nil
}

type writerFunc func(p []byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// encodeTable writes rows as Parquet. A row group ends when its rows weigh as much as limit.
func encodeTable[T any](w io.Writer, rows iter.Seq2[T, error], weight func(*T) int, limit int) (n int64, err error) {
	p := parquet.NewGenericWriter[T](w, parquet.Compression(&zstd.Codec{}), parquet.CreatedBy("sada", "", ""))
	batch := make([]T, 0, batchRows)
	group := 0
	flush := func() error {
		_, err := p.Write(batch)
		clear(batch)
		batch = batch[:0]
		return err
	}
	for row, err := range rows {
		if err != nil {
			return 0, err
		}
		n++
		group += weight(&row)
		if batch = append(batch, row); len(batch) < batchRows && group < limit {
			continue
		}
		if err := flush(); err != nil {
			return 0, err
		}
		if group >= limit {
			if err := p.Flush(); err != nil {
				return 0, err
			}
			group = 0
		}
	}
	if err := flush(); err != nil {
		return 0, err
	}
	return n, p.Close()
}

// each gives what of makes of values.
func each[V, T any](values []V, of func(i int, v *V) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for i := range values {
			if !yield(of(i, &values[i]), nil) {
				return
			}
		}
	}
}

// parallel calls do for 0..n-1 on all processors, and gives the errors in this order.
func parallel(n int, do func(i int) error) error {
	errs := make([]error, n)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		group.Go(func() error {
			errs[i] = do(i)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	return errors.Join(errs...)
}

func one[T any](*T) int { return 1 }

func (r *pageRow) weight() int {
	// What is left out is about the numbers and the heads of the values.
	n := 256 + len(r.ID) + len(r.PublishedAt) + len(r.Source) + len(r.Title) + len(r.Credit) + len(r.Tags) + len(r.Terms) + 64*len(r.Parts) + 128*len(r.Proposals)
	for _, c := range r.Credits {
		n += len(c)
	}
	return n
}

// readTable gives the rows of a file that agrees with its checksum, in batches, which are overwritten
// by the next one.
func readTable[T any](a *Archive, info FileInfo) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		f, err := a.open(info)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close() // it was only read
		for rows, err := range Decode[T](f, info.Bytes, info.Rows) {
			if err != nil {
				err = unread(info.Path, err)
			}
			if !yield(rows, err) {
				return
			}
		}
	}
}

// Decode gives the rows of a Parquet file of a size, which must be so many, in batches, which are overwritten
// by the next one; what the rows point to is not.
func Decode[T any](f io.ReaderAt, bytes, rows int64) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		var file *parquet.File
		err := guarded(func() (err error) {
			file, err = parquet.OpenFile(f, bytes, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
			return err
		})
		if err == nil && file.NumRows() != rows {
			err = fmt.Errorf("%d rows, should be %d", file.NumRows(), rows)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, group := range file.RowGroups() {
			if rows -= group.NumRows(); rows < 0 || group.NumRows() < 0 {
				yield(nil, errRows)
				return
			}
		}
		layout := layoutOf(reflect.TypeFor[T]())
		var batch []T
		for _, group := range file.RowGroups() {
			if n := int(group.NumRows()); n > cap(batch) {
				batch = make([]T, n)
			} else {
				batch = batch[:n]
				clear(batch) // the rows given before keep what they point to
			}
			if err := layout.read(file, group, unsafe.Pointer(unsafe.SliceData(batch))); err != nil {
				yield(nil, err)
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// unread tells a file that cannot be read from one that can, and is damaged.
func unread(name string, err error) error {
	if path := new(fs.PathError); errors.As(err, &path) {
		return err
	}
	return corrupt(name, err.Error())
}

// guarded turns a panic into an error: the library panics on some damaged files. Here only a file that
// was written damaged could make it.
func guarded(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return read()
}

// merge gives the newest row of every page, ascending, the deleted ones included, from segments given
// oldest first and the rows of a later one.
func merge(segments []iter.Seq2[[]pageRow, error]) iter.Seq2[*pageRow, error] {
	return func(yield func(*pageRow, error) bool) {
		type head struct {
			next func() ([]pageRow, error, bool)
			rows []pageRow
		}
		heads := make([]*head, 0, len(segments))
		for _, s := range segments {
			next, stop := iter.Pull2(s)
			defer stop()
			heads = append(heads, &head{next: next})
		}
		for {
			var first *head
			for _, h := range heads {
				if len(h.rows) == 0 && h.next != nil {
					rows, err, ok := h.next()
					if err != nil {
						yield(nil, err)
						return
					}
					if h.rows = rows; !ok {
						h.next = nil
					}
				}
				// Of equal IDs the last one is the newest.
				if len(h.rows) > 0 && (first == nil || h.rows[0].ID <= first.rows[0].ID) {
					first = h
				}
			}
			if first == nil {
				return
			}
			row := &first.rows[0]
			if !yield(row, nil) {
				return
			}
			for _, h := range heads {
				if len(h.rows) > 0 && h.rows[0].ID == row.ID {
					h.rows = h.rows[1:]
				}
			}
		}
	}
}
