package pipeline

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/publish"
	"sada/features/arabic"
	"sada/features/article"
)

// input is what was read.
type input struct {
	pages beam.PCollection // by number in canonical order: page
	rows  beam.PCollection // rejects and files
}

// page is a page on its way.
type page struct {
	Record    cluster.Record
	Published *string // the record's own date
	Place     int64   // in the order of reading
}

// header is what decides which records are pages, and in which order.
type header struct {
	ID, File        string
	Line, Byte      int64
	Place           int64
	Published, Date time.Time
	Hash            uint64
}

// numbered is a page's number and the record that it is.
type numbered struct{ Number, Place int64 }

type (
	listFiles  struct{ Input string }
	readFile   struct{ O sealed }
	choose     struct{} // one record of those with one ID
	rank       struct{ days held[map[int64]int64] }
	days       struct{}
	givePlaces struct{}
)

func init() {
	beam.RegisterType(reflect.TypeFor[listFiles]())
	beam.RegisterType(reflect.TypeFor[readFile]())
	beam.RegisterType(reflect.TypeFor[choose]())
	beam.RegisterType(reflect.TypeFor[days]())
	beam.RegisterType(reflect.TypeFor[rank]())
	beam.RegisterType(reflect.TypeFor[givePlaces]())
}

// read gives every page its number in canonical order. The order is by days, of which every one has its
// pages on one key: a time and an ID each.
func read(s beam.Scope, o Options) input {
	files := beam.Reshuffle(s, beam.ParDo(s, &listFiles{o.Input}, beam.Impulse(s)))
	headers, records, rows := beam.ParDo3(s, &readFile{seal(o)}, files)
	kept, doubles := beam.ParDo2(s, &choose{}, join(s, "choose", headers))
	perDay := gather(s, beam.ParDo(s, &number{}, beam.CombinePerKey(s, add, beam.ParDo(s, &days{}, kept))))
	places := beam.ParDo(s, &rank{}, join(s, "rank", kept), beam.SideInput{Input: perDay})
	return input{
		pages: beam.ParDo(s, &givePlaces{}, join(s, "givePlaces", places, records)),
		rows:  beam.Flatten(s, rows, doubles),
	}
}

func (f *listFiles) ProcessElement(_ context.Context, _ []byte, emit func(int64, []byte)) error {
	names := []string{f.Input}
	if strings.ContainsAny(f.Input, "*?[") {
		var err error
		if names, err = filepath.Glob(f.Input); err != nil {
			return fmt.Errorf("input %s: %w", f.Input, err)
		}
		slices.Sort(names)
	}
	if len(names) == 0 {
		return fmt.Errorf("input %s: no file matches", f.Input)
	}
	for i, name := range names {
		emit(int64(i), []byte(name))
	}
	return nil
}

// maker makes features, and says what is wrong with a page that it cannot take.
type maker struct{ cluster.Maker }

func (m *maker) record(p *article.Page) (rec cluster.Record, reject string) {
	defer func() {
		if err := recover(); err != nil {
			reject = fmt.Sprintf("no features can be made of it: %v", err)
			m.Maker = cluster.Maker{Stemmer: m.Stemmer} // what it was working on may be half done
		}
	}()
	return m.Make(p).Record(), ""
}

func (f *readFile) ProcessElement(ctx context.Context, file int64, name []byte, headers, records func(string, []byte), rows func(string, []byte)) error {
	stemmer, err := arabic.ParseStemmer(f.O.open().Stemmer)
	if err != nil {
		return err
	}
	set, err := corpus.Open([]string{string(name)}, corpus.Options{Workers: 1, Fields: f.O.open().Fields})
	if err != nil {
		return err
	}
	m := maker{cluster.Maker{Stemmer: stemmer}}
	place := file << 36 // a file has fewer records
	for rec, err := range set.Records(ctx) {
		if err != nil {
			return err
		}
		place++
		var made cluster.Record
		reject := rec.Reject
		if reject == "" {
			made, reject = m.record(&rec.Page)
		}
		if reject != "" {
			count(ctx, "rejects", 1)
			rows("rejects-0", newRow(order(place), publish.Reject{File: rec.File, Line: int64(rec.Line), Byte: rec.Byte, Reason: reject, ID: rec.Page.ID}))
			continue
		}
		count(ctx, "records", 1)
		h := pack(header{ID: rec.Page.ID, File: rec.File, Line: int64(rec.Line), Byte: rec.Byte, Place: place, Published: rec.Page.PublishedAt, Date: made.Date, Hash: rec.Hash})
		headers(rec.Page.ID, h)
		p := pack(page{made, publish.Date(rec.Page.PublishedAt, rec.Page.DayOnly), place})
		records(rec.Page.ID, p)
	}
	for _, f := range set.Files() {
		rows("files-0", newRow(order(file), publish.Input{Name: f.Name, Format: f.Format, Compression: f.Compression, Bytes: f.Bytes, Hash: f.Hash, Records: int64(f.Records), Rejects: int64(f.Rejects)}))
	}
	return nil
}

// ProcessElement keeps, of records with one ID, the one that sada run keeps: the later one by its date, else
// the one with the greater hash.
func (*choose) ProcessElement(ctx context.Context, _ string, values func(*[]byte) bool, kept func(int64, []byte), rows func(string, []byte)) {
	hs := all[header](values)
	slices.SortFunc(hs, func(a, b header) int { return cmp.Compare(a.Place, b.Place) })
	best := hs[0]
	for _, h := range hs[1:] {
		loser, reason := h, "duplicate id, another version is kept"
		switch order := cmp.Or(best.Published.Compare(h.Published), cmp.Compare(best.Hash, h.Hash)); {
		case best.Hash == h.Hash:
			reason = "duplicate id, same content"
		case order <= 0:
			loser, best = best, h
		}
		count(ctx, "duplicates", 1)
		rows("rejects-0", newRow(order(loser.Place), publish.Reject{File: loser.File, Line: loser.Line, Byte: loser.Byte, Reason: reason, ID: loser.ID}))
	}
	best.File = ""
	b := pack(best)
	kept(day(best.Date), b)
}

// undated is the day of pages without a date.
const undated = math.MaxInt64

// day is the key by which pages come into canonical order.
func day(t time.Time) int64 {
	if t.IsZero() {
		return undated
	}
	n := t.Unix()
	if n < 0 {
		n -= 86399
	}
	return n / 86400
}

func (*days) ProcessElement(day int64, _ []byte, emit func(int64, int64)) { emit(day, 1) }

// starts makes of the pages of every day the number of pages before it.
func starts(entries []entry) map[int64]int64 {
	out := make(map[int64]int64, len(entries))
	sum := int64(0)
	for _, e := range entries {
		out[e.Key] = sum
		sum += e.uvarint()
	}
	return out
}

func (r *rank) ProcessElement(ctx context.Context, day int64, values func(*[]byte) bool, perDay string, emit func(string, []byte)) {
	at := r.days.get(perDay, starts)[day]
	hs := all[header](values)
	slices.SortFunc(hs, func(a, b header) int { return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.ID, b.ID)) })
	for i, h := range hs {
		b := pack(numbered{at + int64(i), h.Place})
		emit(h.ID, b)
	}
}

func (*givePlaces) ProcessElement(ctx context.Context, _ string, places, records func(*[]byte) bool, emit func(int64, []byte)) {
	at, ok := one[numbered](places)
	var b []byte
	for records(&b) {
		if p := unpack[page](b); ok && p.Place == at.Place {
			count(ctx, "pages", 1)
			emit(at.Number, b)
			return
		}
		b = nil
	}
}

// order makes a key of rows of numbers: its bytes are in their order.
func order(numbers ...int64) string {
	var b []byte
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return string(b)
}
