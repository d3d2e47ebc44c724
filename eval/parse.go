package eval

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Format is the form of a gold file.
type Format int

const (
	// TSV has a record a line and its fields between tabs, in the order of the
	// columns, without a header and without quoting: ids may hold spaces, quotes
	// and commas.
	TSV Format = iota
	// CSV is RFC 4180 with a header line that names the columns, in any order.
	// Other columns are ignored.
	CSV
	// JSONL has a JSON object a line, with the columns as names. Values are strings,
	// numbers, true or false. Other names are ignored.
	JSONL
)

// Kind says what the clusters or pairs of a gold file are groups of. It is ""
// where the file does not say.
type Kind string

const (
	Story Kind = "story" // pages on the same event
	Copy  Kind = "copy"  // pages with the same text
)

// ParseError is a gold file that cannot be read, with the line, counted from 1.
type ParseError struct {
	Line int
	Err  error
}

func (e *ParseError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *ParseError) Unwrap() error { return e.Err }

// ReadClusters reads a gold or a run of clusters with the columns id and cluster.
// The kind may stand in the first line: "#kind: story" in TSV and CSV,
// {"kind":"story"} in JSONL. A bad line gives a [*ParseError], a page in two
// clusters a [*ConflictError].
func ReadClusters(r io.Reader, f Format) (Clustering, Kind, error) {
	var rows []Assignment
	head, err := readRows(r, f, []string{"id", "cluster"}, 2, func(v []string) error {
		if v[0] == "" || v[1] == "" {
			return errors.New("id and cluster must not be empty")
		}
		rows = append(rows, Assignment{Page: v[0], Cluster: v[1]})
		return nil
	})
	if err != nil {
		return Clustering{}, "", err
	}
	c, err := NewClustering(rows)
	if err != nil {
		return Clustering{}, "", err
	}
	return c, head.kind, nil
}

// ReadPairs reads pairs with the columns a and b, and where they are given, label,
// stratum, weight, score and together: a gold of pairs, or a sample as
// [WriteSample] has written it. The label may be empty: not yet judged. The weight
// is 1 where it is not given. Pairs come in the order of the file. A bad line
// gives a [*ParseError].
func ReadPairs(r io.Reader, f Format) ([]Pair, Kind, error) {
	var pairs []Pair
	head, err := readRows(r, f, sampleColumns, 2, func(v []string) error {
		p, err := parsePair(v)
		pairs = append(pairs, p)
		return err
	})
	if err == nil && head.clusters {
		err = &ParseError{1, errors.New("a sample of clusters, not of pairs")}
	}
	if err != nil {
		return nil, "", err
	}
	return pairs, head.kind, nil
}

// parsePair takes the fields of a pair, in the order of sampleColumns.
func parsePair(v []string) (Pair, error) {
	if v[0] == "" || v[1] == "" {
		return Pair{}, errors.New("a and b must not be empty")
	}
	label, err := ParseLabel(v[2])
	if err != nil {
		return Pair{}, err
	}
	p := Pair{A: v[0], B: v[1], Label: label, Stratum: v[3], Weight: 1}
	if v[4] != "" {
		if p.Weight, err = amount("weight", v[4]); err != nil {
			return Pair{}, err
		}
	}
	if v[5] != "" {
		if p.Score, err = strconv.ParseFloat(v[5], 64); err != nil || math.IsNaN(p.Score) || math.IsInf(p.Score, 0) {
			return Pair{}, fmt.Errorf("score %q: want a number", v[5])
		}
	}
	if v[6] != "" {
		if p.Together, err = strconv.ParseBool(v[6]); err != nil {
			return Pair{}, fmt.Errorf("together %q: want true or false", v[6])
		}
	}
	return p, nil
}

// amount reads how many a row stands for.
func amount(name, v string) (float64, error) {
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || !(x >= 1) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%s %q: want a number, 1 or more", name, v)
	}
	return x, nil
}

// ReadSpans reads a gold or a run of spans with the columns id, from, to and
// kind. A line with the id alone says that the page was read and has no span;
// without such lines a span on a clean page could never count as an error. A bad
// line gives a [*ParseError].
func ReadSpans(r io.Reader, f Format) (SpanSet, error) {
	var b spanBuilder
	_, err := readRows(r, f, []string{"id", "from", "to", "kind"}, 1, func(v []string) error {
		if v[0] == "" {
			return errors.New("id must not be empty")
		}
		if v[1] == "" && v[2] == "" && v[3] == "" {
			b.page(v[0])
			return nil
		}
		from, err := offset("from", v[1])
		if err != nil {
			return err
		}
		to, err := offset("to", v[2])
		if err != nil {
			return err
		}
		s := Span{Page: v[0], From: from, To: to, Kind: v[3]}
		if err := s.check(); err != nil {
			return err
		}
		b.add(s)
		return nil
	})
	if err != nil {
		return SpanSet{}, err
	}
	return b.set(), nil
}

func offset(name, v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, fmt.Errorf("%s %q: want a byte offset, a whole number", name, v)
	}
	return n, nil
}

// maxLine bounds the memory that a broken file can ask for. Gold lines hold ids.
const maxLine = 1 << 20

// readRows gives the columns of every record to add, missing ones as "". The
// first `need` columns must be there. Errors of add get the line number.
func readRows(r io.Reader, f Format, columns []string, need int, add func([]string) error) (heading, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\uFEFF" {
		in.Discard(3) // cannot fail: the bytes are in the buffer
	}
	switch f {
	case TSV:
		return readTSV(in, columns, need, add)
	case CSV:
		return readCSV(in, columns, need, add)
	case JSONL:
		return readJSONL(in, columns, need, add)
	}
	return heading{}, fmt.Errorf("format %d is not TSV, CSV or JSONL", f)
}

const kindMark = "#kind:"

// ofClusters follows the kind in the first line of a sample of clusters, so that nobody takes its rows
// for pairs that were drawn by themselves.
const ofClusters = " clusters"

// heading is what the first line of a file says.
type heading struct {
	kind     Kind
	clusters bool // a sample of clusters
}

func (h heading) String() string {
	if h.clusters {
		return string(h.kind) + ofClusters
	}
	return string(h.kind)
}

func parseHeading(s string) (heading, error) {
	k, clusters := strings.CutSuffix(strings.TrimSpace(s), ofClusters)
	if h := (heading{Kind(k), clusters}); h.kind == Story || h.kind == Copy {
		return h, nil
	}
	return heading{}, fmt.Errorf("kind %q: want story or copy", k)
}

// eachLine calls visit with every line that is not empty, without its end.
func eachLine(in io.Reader, visit func(line int, text []byte) error) error {
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxLine)
	line := 0
	for s.Scan() {
		line++
		text := s.Bytes()
		if len(text) == 0 {
			continue
		}
		if !utf8.Valid(text) {
			return &ParseError{line, errors.New("not UTF-8")}
		}
		if err := visit(line, text); err != nil {
			return &ParseError{line, err}
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return &ParseError{line + 1, fmt.Errorf("longer than %d bytes", maxLine)}
	}
	return s.Err()
}

func readTSV(in io.Reader, columns []string, need int, add func([]string) error) (head heading, err error) {
	values := make([]string, len(columns))
	err = eachLine(in, func(line int, text []byte) error {
		record := string(text)
		if mark, ok := strings.CutPrefix(record, kindMark); ok && line == 1 {
			var err error
			head, err = parseHeading(mark)
			return err
		}
		n := strings.Count(record, "\t") + 1
		if n < need || n > len(columns) {
			return fmt.Errorf("%d fields; want %s, with tabs between", n, wanted(columns, need))
		}
		clear(values)
		for i := range n {
			values[i], record, _ = strings.Cut(record, "\t")
		}
		return add(values)
	})
	return head, err
}

// wanted names the columns of a record for a message, optional ones in brackets.
func wanted(columns []string, need int) string {
	s := strings.Join(columns[:need], ", ")
	for _, c := range columns[need:] {
		s += " [" + c + "]"
	}
	return s
}

func readCSV(in *bufio.Reader, columns []string, need int, add func([]string) error) (head heading, err error) {
	skipped := 0
	if start, err := in.Peek(len(kindMark)); err == nil && string(start) == kindMark {
		first, err := in.ReadString('\n')
		if err != nil && err != io.EOF {
			return heading{}, err
		}
		// A spreadsheet gives every line as many fields as the longest.
		if head, err = parseHeading(strings.TrimRight(first[len(kindMark):], ",;\r\n")); err != nil {
			return heading{}, &ParseError{1, err}
		}
		skipped = 1
	}

	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	if err == io.EOF {
		return head, nil
	}
	if err != nil {
		return heading{}, csvError(err, skipped)
	}
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = -1
		for j, h := range header {
			if h == c && at[i] < 0 {
				at[i] = j
			}
		}
		if at[i] < 0 && i < need {
			return heading{}, &ParseError{skipped + 1, fmt.Errorf("the header %q has no column %q; want %s", header, c, wanted(columns, need))}
		}
	}
	values := make([]string, len(columns))
	for {
		record, err := r.Read()
		if err == io.EOF {
			return head, nil
		}
		if err != nil {
			return heading{}, csvError(err, skipped)
		}
		line, _ := r.FieldPos(0)
		for i, j := range at {
			values[i] = ""
			if j >= 0 {
				values[i] = record[j]
			}
			if !utf8.ValidString(values[i]) {
				return heading{}, &ParseError{skipped + line, errors.New("not UTF-8")}
			}
		}
		if err := add(values); err != nil {
			return heading{}, &ParseError{skipped + line, err}
		}
	}
}

// csvError moves the line of a CSV error past the kind line.
func csvError(err error, skipped int) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return &ParseError{skipped + p.Line, p.Err}
	}
	return err
}

func readJSONL(in io.Reader, columns []string, need int, add func([]string) error) (head heading, err error) {
	values := make([]string, len(columns))
	err = eachLine(in, func(line int, text []byte) error {
		if len(bytes.TrimSpace(text)) == 0 {
			return nil
		}
		var object map[string]jsontext.Value
		if err := json.Unmarshal(text, &object); err != nil {
			return fmt.Errorf("want a JSON object: %w", err)
		}
		if k, ok := object["kind"]; ok && line == 1 && len(object) == 1 {
			var s string
			if err := json.Unmarshal(k, &s); err != nil {
				return errors.New("kind: want a string")
			}
			var err error
			head, err = parseHeading(s)
			return err
		}
		for i, c := range columns {
			values[i] = ""
			v, ok := object[c]
			if !ok {
				if i < need {
					return fmt.Errorf("no %q; want %s", c, wanted(columns, need))
				}
				continue
			}
			switch v.Kind() {
			case jsontext.KindString:
				if err := json.Unmarshal(v, &values[i]); err != nil {
					return err
				}
			case jsontext.KindNumber, jsontext.KindTrue, jsontext.KindFalse:
				values[i] = string(v)
			default:
				return fmt.Errorf("%q is %s; want a string, a number, true or false", c, v.Kind())
			}
		}
		return add(values)
	})
	return head, err
}
