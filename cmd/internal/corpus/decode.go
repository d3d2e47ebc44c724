package corpus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/zeebo/xxh3"

	"sada/features/article"
)

// The fields of a record, as indexes into fieldNames.
const (
	fieldID = iota
	fieldTitle
	fieldText
	fieldURL
	fieldPublishedAt
	fieldSource
	fieldCount
)

// fieldNames are the names that the records of a run give to the fields.
type fieldNames [fieldCount]string

var defaultNames = fieldNames{"id", "title", "text", "url", "published_at", "source"}

// decoder turns lines and values into records. It is used by one goroutine at a time.
type decoder struct {
	names    fieldNames
	files    []source
	maxBytes int64
	json     *jsontext.Decoder
	input    bytes.Buffer
	scratch  []byte
	hash     *xxh3.Hasher
	worded   bool  // the record at hand has a title or a text, be it empty
	lend     bool  // titles and texts may stay where they are
	room     *room // that the line at hand is in
}

func newDecoder(s *Set) *decoder {
	d := &decoder{names: s.names, files: s.sources, maxBytes: s.o.MaxPageBytes, hash: xxh3.New()}
	d.json = jsontext.NewDecoder(&d.input)
	return d
}

// batch decodes the lines of a batch.
func (d *decoder) batch(b *batch) {
	lines, line, offset := b.lines, b.line, b.offset
	d.room = b.room
	lent := int64(0)
	for len(lines) > 0 {
		content, rest, _ := bytes.Cut(lines, []byte{'\n'})
		n := len(lines) - len(rest)
		lines = rest
		rec := Record{File: d.files[b.source].name, Line: line, Byte: offset}
		if d.line(content, &rec) {
			b.records = append(b.records, rec)
			if rec.room != nil {
				lent++
			}
		}
		line++
		offset += int64(n)
	}
	// The batch itself is one that it is lent to, so that it is let go of once.
	b.room.lent.Store(lent + 1)
	b.room.release(1)
	b.lines, b.room = nil, nil
}

// line decodes one line without its newline. It is false for a blank line, which is no record.
func (d *decoder) line(content []byte, rec *Record) bool {
	content = bytes.TrimSuffix(content, []byte{'\r'})
	if int64(len(content)) > d.maxBytes {
		rec.Reject = tooLong("line", d.maxBytes)
		return true
	}
	content = bytes.TrimPrefix(content, bom) // files joined end to end have one before any line
	if len(bytes.TrimLeft(content, " \t\r")) == 0 {
		return false
	}
	d.finish(rec, d.object(content, rec))
	return true
}

// object reads the fields of one JSON object into the record.
func (d *decoder) object(content []byte, rec *Record) error {
	clean := *rec
	if d.plainObject(content, rec) {
		return nil
	}
	*rec, d.worded = clean, false
	return d.libraryObject(content, rec)
}

// libraryObject reads any object, and words what is wrong with it.
func (d *decoder) libraryObject(content []byte, rec *Record) error {
	d.input = *bytes.NewBuffer(content)
	// Invalid UTF-8 is let through here and judged where it stands, by value.
	d.json.Reset(&d.input, jsontext.AllowInvalidUTF8(true))
	if d.json.PeekKind() != '{' {
		if _, err := d.json.ReadValue(); err != nil {
			return badJSON(err)
		}
		return errors.New("bad JSON: not an object")
	}
	d.json.ReadToken()
	var refused error // the first field with a wrong value; what follows may still be bad JSON or the id
	for d.json.PeekKind() == '"' {
		raw, err := d.json.ReadValue()
		if err != nil {
			return badJSON(err)
		}
		wanted := d.wanted(raw)
		if raw, err = d.json.ReadValue(); err != nil {
			return badJSON(err)
		}
		for i := range fieldCount {
			if wanted&(1<<i) == 0 {
				continue
			}
			if err := d.field(i, raw, rec); err != nil && refused == nil {
				refused = err
			}
		}
	}
	if _, err := d.json.ReadToken(); err != nil {
		return badJSON(err)
	}
	if _, err := d.json.ReadToken(); err != io.EOF {
		return errors.New("bad JSON: more after the object")
	}
	return refused
}

// wanted gives the set of fields that a name in quotes stands for.
func (d *decoder) wanted(raw []byte) (fields uint) {
	name := raw[1 : len(raw)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		d.scratch, _ = jsontext.AppendUnquote(d.scratch[:0], raw)
		name = d.scratch
	}
	return d.named(name)
}

// named gives the set of fields that a name stands for.
func (d *decoder) named(name []byte) (fields uint) {
	for i := range d.names {
		if string(name) == d.names[i] {
			fields |= 1 << i
		}
	}
	return fields
}

// field puts one JSON value into the record.
func (d *decoder) field(i int, raw jsontext.Value, rec *Record) error {
	switch raw.Kind() {
	case 'n':
		return nil
	case '"':
		var err error
		if d.scratch, err = jsontext.AppendUnquote(d.scratch[:0], raw); err != nil {
			return d.broken(i, d.scratch, rec)
		}
		d.set(i, string(d.scratch), rec)
		return nil
	case '0':
		switch {
		case i == fieldPublishedAt:
			seconds, _ := strconv.ParseFloat(string(raw), 64) // out of range gives infinity, which is no date
			d.setUnix(seconds, rec)
			return nil
		case i == fieldID && bytes.IndexFunc(raw, func(c rune) bool { return c != '-' && !unicode.IsDigit(c) }) < 0:
			rec.Page.ID = string(raw)
			return nil
		}
	}
	return d.wrongType(i)
}

func (d *decoder) wrongType(i int) error {
	or := ""
	switch i {
	case fieldID:
		or = " or an integer"
	case fieldPublishedAt:
		or = " or a number"
	}
	return fmt.Errorf("field %s is not a string%s", d.names[i], or)
}

// broken puts a value with invalid UTF-8, here already replaced by U+FFFD, into the record.
func (d *decoder) broken(i int, value []byte, rec *Record) error {
	if i == fieldID {
		return fmt.Errorf("field %s is not valid UTF-8", d.names[i])
	}
	// One character in ten is far beyond damage: legacy Arabic pages read as UTF-8 break in every word.
	// Where the text is good and another field is not, the page is worth keeping.
	if n := bytes.Count(value, []byte("\uFFFD")); i == fieldText && n > 1 && n*10 > utf8.RuneCount(value) {
		return fmt.Errorf("field %s is not UTF-8 text", d.names[i])
	}
	rec.Repaired = true
	d.set(i, string(value), rec)
	return nil
}

// set puts a valid string into the record.
func (d *decoder) set(i int, value string, rec *Record) {
	p := &rec.Page
	switch i {
	case fieldID:
		p.ID = value
	case fieldTitle:
		p.Title, d.worded = value, true
	case fieldText:
		p.Text, d.worded = value, true
	case fieldURL:
		p.URL = value
	case fieldSource:
		p.Source = value
	case fieldPublishedAt:
		if strings.TrimSpace(value) == "" {
			return
		}
		t, dayOnly, ok := article.ParseDate(value)
		if !ok {
			rec.BadDate = true
			return
		}
		d.setTime(t, dayOnly, rec)
	}
}

// setUnix takes a number as a time: seconds since 1970, or milliseconds when it is beyond 1e11, which in
// seconds would be after the year 5000. Zero is what programs write that do not know.
func (d *decoder) setUnix(n float64, rec *Record) {
	if n > 1e11 {
		n /= 1000
	}
	if n == 0 || math.Abs(n) > 1e11 {
		rec.BadDate = true
		return
	}
	seconds, fraction := math.Modf(n)
	d.setTime(time.Unix(int64(seconds), int64(math.Round(fraction*1e3))*1e6), false, rec)
}

// setTime refuses the years that article.ParseDate refuses.
func (d *decoder) setTime(t time.Time, dayOnly bool, rec *Record) {
	t = t.UTC()
	if t.Year() < 1900 || t.Year() > 2100 {
		rec.BadDate = true
		return
	}
	rec.Page.PublishedAt, rec.Page.DayOnly = t, dayOnly
}

// text makes the record of a text page.
func (d *decoder) text(file, id string, body []byte) Record {
	rec := Record{File: file, Line: 1}
	err := d.plain(fieldID, []byte(id), &rec)
	if err == nil {
		err = d.plain(fieldText, body, &rec)
	}
	d.finish(&rec, err)
	return rec
}

// plain puts bytes that are not in JSON into the record.
func (d *decoder) plain(i int, value []byte, rec *Record) error {
	if utf8.Valid(value) {
		d.set(i, string(value), rec)
		return nil
	}
	d.scratch = d.scratch[:0]
	for _, c := range string(value) { // gives U+FFFD for each invalid byte, as jsontext does
		d.scratch = utf8.AppendRune(d.scratch, c)
	}
	return d.broken(i, d.scratch, rec)
}

// finish judges the record as a whole and hashes it.
func (d *decoder) finish(rec *Record, err error) {
	p := &rec.Page
	switch {
	case err != nil:
	case strings.TrimSpace(p.ID) == "":
		err = errors.New("no " + d.names[fieldID])
	case strings.ContainsFunc(p.ID, unicode.IsControl):
		err = fmt.Errorf("field %s has control characters", d.names[fieldID])
	case !d.worded:
		err = fmt.Errorf("no %s and no %s", d.names[fieldText], d.names[fieldTitle])
	}
	d.worded = false
	if err != nil {
		*rec = Record{Page: article.Page{ID: p.ID}, File: rec.File, Line: rec.Line, Byte: rec.Byte, Reject: err.Error()}
		return
	}
	rec.Hash = d.sum(p)
}

// sum hashes all fields of a page, each with its length before it, so that no two pages run together.
func (d *decoder) sum(p *article.Page) uint64 {
	fields := [...]string{p.ID, p.Title, p.Text, p.URL, p.Source}
	head := d.scratch[:0]
	for _, f := range fields {
		head = binary.LittleEndian.AppendUint64(head, uint64(len(f)))
	}
	head = binary.LittleEndian.AppendUint64(head, uint64(p.PublishedAt.Unix()))
	head = binary.LittleEndian.AppendUint32(head, uint32(p.PublishedAt.Nanosecond()))
	if p.DayOnly {
		head = append(head, 1)
	}
	d.scratch = head
	d.hash.Reset()
	d.hash.Write(head)
	for _, f := range fields {
		d.hash.WriteString(f)
	}
	return d.hash.Sum64()
}

func badJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("bad JSON: cut off")
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return errors.New("bad JSON: " + strings.TrimPrefix(syntax.Error(), "jsontext: "))
	}
	return fmt.Errorf("bad JSON: %w", err)
}
