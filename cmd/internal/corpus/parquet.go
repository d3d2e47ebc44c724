package corpus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// parquetRows is the most rows of a batch, which also ends when it has chunkBytes.
	parquetRows = 64
	// rowCost is what a value costs besides its bytes when the size of an unpacked file is judged: a few
	// bytes of run lengths can stand for any number of empty rows.
	rowCost = 16
)

// parquet reads the rows of a Parquet file. The first bytes said that it is one; an error is a file
// without a single row read.
func (r *reader) parquet(file io.ReaderAt, size int64) error {
	t := &table{decoder: r.decoder, o: &r.o, file: r.name, stored: size}
	if err := guarded(func() error { return t.open(file, size) }); err != nil {
		return err
	}
	defer t.close()
	start := r.done.Load()
	for {
		b := r.fresh()
		err := guarded(func() error { return t.read(r.ctx, b) })
		if t.rows > 0 {
			r.done.Store(start + int64(float64(size)*min(1, float64(t.row)/float64(t.rows))))
		}
		if sendErr := r.send(b); sendErr != nil {
			return sendErr
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return r.sendOne(Record{Line: t.row + 1, Reject: reason(err)})
		}
	}
}

// guarded turns a panic into an error: the library panics on some damaged files.
func guarded(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("corrupt parquet: %v", p)
		}
	}()
	return read()
}

// table reads the wanted columns of a Parquet file side by side.
type table struct {
	decoder   *decoder
	o         *Options
	file      string
	stored    int64
	unpacked  int64
	parquet   *parquet.File
	inspector inspector
	columns   [fieldCount]*column
	group     int   // the next row group
	left      int64 // rows left in the one before
	row       int   // rows read
	rows      int64 // rows in all, as the file says
}

// column is a wanted column and the place in it.
type column struct {
	field  int
	column *parquet.Column
	text   bool
	time   func(parquet.Value) (t time.Time, dayOnly bool) // nil for a plain number
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buffer [parquetRows]parquet.Value
	next   int // in buffer
	n      int // of buffer
}

// open reads the footer and finds the columns.
func (t *table) open(file io.ReaderAt, size int64) error {
	const tail = 8 // the length of the footer and the magic
	var end [tail]byte
	noFooter := errors.New("corrupt parquet: no footer: the file is cut off or not Parquet")
	if size < int64(len(parquetMagic))+tail {
		return noFooter
	}
	if _, err := file.ReadAt(end[:], size-tail); err != nil && err != io.EOF {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if string(end[4:]) != parquetMagic || length > size-int64(len(parquetMagic))-tail {
		return noFooter
	}
	footer := make([]byte, length)
	if _, err := file.ReadAt(footer, size-tail-length); err != nil {
		return err
	}
	if _, _, ok := skim(footer); !ok {
		return errDamaged
	}
	var err error
	if t.parquet, err = parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true)); err != nil {
		return corrupt(err)
	}
	t.inspector, t.rows = inspector{file: file, size: size}, t.parquet.NumRows()
	have := t.parquet.Root().Columns()
	for i, name := range t.decoder.names {
		for _, c := range have {
			if c.Name() != name {
				continue
			}
			if t.columns[i] != nil {
				return fmt.Errorf("bad parquet: column %q is there twice", name)
			}
			if t.columns[i], err = t.column(i, c); err != nil {
				return err
			}
		}
	}
	if t.columns[fieldID] == nil || t.columns[fieldText] == nil && t.columns[fieldTitle] == nil {
		var names []string
		for _, c := range have {
			names = append(names, strconv.Quote(c.Name()))
		}
		want := t.decoder.names
		return fmt.Errorf("parquet needs the columns %s and %s or %s, and has %s",
			want[fieldID], want[fieldText], want[fieldTitle], strings.Join(names, ", "))
	}
	return nil
}

// column checks the type of a column.
func (t *table) column(field int, c *parquet.Column) (*column, error) {
	out := &column{field: field, column: c}
	if !c.Leaf() || c.Repeated() {
		return nil, t.decoder.wrongType(field)
	}
	kind := c.Type().Kind()
	switch {
	case kind == parquet.ByteArray:
		out.text = true
		return out, nil
	case field == fieldID && (kind == parquet.Int32 || kind == parquet.Int64):
		return out, nil
	case field == fieldPublishedAt:
		switch kind {
		case parquet.Int32, parquet.Int64, parquet.Float, parquet.Double, parquet.Int96:
			out.time = timeOf(c.Type())
			return out, nil
		}
	}
	return nil, t.decoder.wrongType(field)
}

// timeOf gives the meaning of a column of times, nil for numbers without a unit.
func timeOf(typ parquet.Type) func(parquet.Value) (t time.Time, dayOnly bool) {
	if typ.Kind() == parquet.Int96 {
		return func(v parquet.Value) (time.Time, bool) { return int96(v.Int96()), false }
	}
	logical := typ.LogicalType()
	if logical == nil {
		return nil
	}
	var from func(int64) time.Time
	switch l := logical.Value.(type) {
	case *format.DateType:
		return func(v parquet.Value) (time.Time, bool) { return time.Unix(int64(v.Int32())*secondsOfDay, 0), true }
	case *format.TimestampType:
		switch l.Unit.Value.(type) {
		case *format.MilliSeconds:
			from = time.UnixMilli
		case *format.MicroSeconds:
			from = time.UnixMicro
		default:
			from = func(n int64) time.Time { return time.Unix(0, n) }
		}
	default:
		return nil
	}
	return func(v parquet.Value) (time.Time, bool) { return from(v.Int64()), false }
}

const secondsOfDay = 24 * 60 * 60

// int96 reads the time of old Hive and Spark: nanoseconds of the day, then the Julian day.
func int96(v deprecated.Int96) time.Time {
	const julianUnixEpoch = 2440588
	nanos := int64(uint64(v[0]) | uint64(v[1])<<32)
	return time.Unix((int64(v[2])-julianUnixEpoch)*secondsOfDay, nanos)
}

// read adds the records of the next rows to a batch. At the end of the file it gives io.EOF.
func (t *table) read(ctx context.Context, b *batch) error {
	start := t.unpacked
	for i := 0; i < parquetRows && t.unpacked-start < chunkBytes; i++ {
		for t.left == 0 {
			if err := t.nextGroup(); err != nil {
				return err
			}
		}
		rec := Record{File: t.file, Line: t.row + 1}
		var refused error
		for _, c := range t.columns {
			if c == nil {
				continue
			}
			v, err := c.value()
			if err != nil {
				return err
			}
			t.unpacked += rowCost
			if v.IsNull() {
				continue
			}
			if c.text {
				t.unpacked += int64(len(v.ByteArray()))
			}
			if err := overLimit(t.unpacked, t.stored, t.o.MaxBytes, t.o.MaxRatio); err != nil {
				return err
			}
			if err := t.field(c, v, &rec); err != nil && refused == nil {
				refused = err
			}
		}
		t.decoder.finish(&rec, refused)
		b.records = append(b.records, rec)
		t.row++
		t.left--
	}
	return ctx.Err()
}

// field puts the value of a column, which is not null, into the record.
func (t *table) field(c *column, v parquet.Value, rec *Record) error {
	switch {
	case c.text:
		value := v.ByteArray()
		if int64(len(value)) > t.o.MaxPageBytes {
			return errors.New(tooLong("field "+t.decoder.names[c.field], t.o.MaxPageBytes))
		}
		return t.decoder.plain(c.field, value, rec)
	case c.time != nil:
		at, dayOnly := c.time(v)
		t.decoder.setTime(at, dayOnly, rec)
	case c.field == fieldPublishedAt:
		n := 0.0
		switch v.Kind() {
		case parquet.Int32:
			n = float64(v.Int32())
		case parquet.Int64:
			n = float64(v.Int64())
		case parquet.Float:
			n = float64(v.Float())
		case parquet.Double:
			n = v.Double()
		}
		if math.IsNaN(n) {
			n = 0
		}
		t.decoder.setUnix(n, rec)
	default:
		rec.Page.ID = integer(v, c.column.Type())
	}
	return nil
}

// integer writes a whole number, which in memory has no sign of its own.
func integer(v parquet.Value, typ parquet.Type) string {
	unsigned := false
	if l := typ.LogicalType(); l != nil {
		i, ok := l.Value.(*format.IntType)
		unsigned = ok && !i.IsSigned
	}
	switch {
	case v.Kind() == parquet.Int32 && unsigned:
		return strconv.FormatUint(uint64(v.Uint32()), 10)
	case v.Kind() == parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	case unsigned:
		return strconv.FormatUint(v.Uint64(), 10)
	}
	return strconv.FormatInt(v.Int64(), 10)
}

// nextGroup goes to the next row group.
func (t *table) nextGroup() error {
	t.closeColumns()
	groups := t.parquet.RowGroups()
	if t.group == len(groups) {
		return io.EOF
	}
	group := groups[t.group]
	for _, c := range t.columns {
		if c == nil {
			continue
		}
		i := c.column.Index()
		if err := t.inspector.chunk(&t.parquet.Metadata().RowGroups[t.group].Columns[i].MetaData, c.column.Optional()); err != nil {
			return err
		}
		c.pages = group.ColumnChunks()[i].Pages()
	}
	if t.left = group.NumRows(); t.left < 0 {
		return errDamaged
	}
	t.group++
	return nil
}

func (t *table) closeColumns() {
	for _, c := range t.columns {
		if c != nil {
			c.close()
		}
	}
}

func (t *table) close() {
	t.closeColumns()
	t.inspector.close()
}

// value gives the next value of a column. It is valid until the next call.
func (c *column) value() (parquet.Value, error) {
	for c.next == c.n {
		if c.values == nil {
			page, err := c.pages.ReadPage()
			if err == io.EOF {
				return parquet.Value{}, fmt.Errorf("corrupt parquet: column %q ends before its rows", c.column.Name())
			}
			if err != nil {
				return parquet.Value{}, corrupt(err)
			}
			c.page, c.values = page, page.Values()
		}
		n, err := c.values.ReadValues(c.buffer[:])
		c.next, c.n = 0, n
		if err != nil && err != io.EOF {
			return parquet.Value{}, corrupt(err)
		}
		if n == 0 {
			parquet.Release(c.page)
			c.page, c.values = nil, nil
		}
	}
	v := c.buffer[c.next]
	c.next++
	return v, nil
}

func (c *column) close() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	if c.pages != nil {
		c.pages.Close()
	}
	c.pages, c.page, c.values, c.next, c.n = nil, nil, nil, 0, 0
}

func corrupt(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return err
	}
	return fmt.Errorf("corrupt parquet: %w", err)
}
