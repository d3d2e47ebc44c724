package feed

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// Record is a line of the files: schema.json describes it.
type Record struct {
	Op     string `json:"op" parquet:"op,dict"`
	ID     string `json:"id" parquet:"id"`
	Number int64  `json:"sada_run" parquet:"sada_run"`
	*Fields
}

// row is a Record with the columns of all, as CSV and Parquet have them; what is cleared has empty ones.
type row struct {
	Op     string `parquet:"op,dict"`
	ID     string `parquet:"id"`
	Number int64  `parquet:"sada_run"`
	Fields
}

// The operations of records.
const (
	opSet   = "set"
	opClear = "clear"
)

// Files is a folder that gets a file of records from every feed that has changes. Whoever applies them in
// the order of their numbers has the run.
type Files struct {
	dir, format string
	fed         map[string]Fields // what Read gives; nil before it
}

const (
	filesPrefix  = "feed-"
	schemaName   = "schema.json"
	identityName = ".identity"
)

// NewFiles makes the engine; format is jsonl, csv or parquet.
func NewFiles(dir, format string) (*Files, error) {
	if formats[format].write == nil {
		return nil, fmt.Errorf("%w: %s is not one of %s", ErrTarget, format, strings.Join(slices.Sorted(maps.Keys(formats)), ", "))
	}
	return &Files{dir: dir, format: format}, nil
}

// Name is that of [Engine].
func (f *Files) Name() string { return "files " + f.dir + " " + f.format }

// Close is that of [Engine]; there is nothing to close.
func (f *Files) Close() error { return nil }

// Prepare is that of [Engine]. The identity is a random word in a file of the folder.
func (f *Files) Prepare(_ context.Context, readOnly bool) (Target, error) {
	var t Target
	f.fed = nil
	path := filepath.Join(f.dir, identityName)
	word, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !readOnly {
		word = []byte(rand.Text())
		err = f.begin(path, word)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return t, fmt.Errorf("%w: %s holds no feeds", ErrTarget, f.dir)
	}
	if err != nil {
		return t, err
	}
	t.Identity = string(word)
	names, err := f.names()
	for n := range names {
		t.Number = max(t.Number, n)
	}
	return t, err
}

// begin makes the folder, unless it is there and holds something else.
func (f *Files) begin(path string, word []byte) error {
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != schemaName { // of a feed that was stopped right here
			return fmt.Errorf("%w: %s holds something other than feeds", ErrTarget, f.dir)
		}
	}
	return errors.Join(renameio.WriteFile(filepath.Join(f.dir, schemaName), Schema, 0o644), renameio.WriteFile(path, word, 0o644))
}

// names lists the files by their numbers.
func (f *Files) names() (map[int64]string, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]string)
	for _, e := range entries {
		number, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), "."+f.format), filesPrefix)
		if n, err := strconv.ParseInt(number, 10, 64); ok && err == nil {
			out[n] = filepath.Join(f.dir, e.Name())
		}
	}
	return out, nil
}

// Feed is that of [Engine]. The file appears when it is complete.
func (f *Files) Feed(ctx context.Context, number int64, _ int, changes iter.Seq[Change], done func(Change, Outcome)) error {
	out, err := renameio.NewPendingFile(filepath.Join(f.dir, fmt.Sprintf("%s%06d.%s", filesPrefix, number, f.format)), renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer func() { _ = out.Cleanup() }() // after the file is in its place it does nothing
	records := func(yield func(Record) bool) {
		for c := range changes {
			r := Record{opSet, c.ID, number, c.Fields}
			if c.Fields == nil {
				r.Op = opClear
			}
			if ctx.Err() != nil || !yield(r) {
				return
			}
		}
	}
	if err := formats[f.format].write(out, records); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := out.CloseAtomicallyReplace(); err != nil {
		return err
	}
	for c := range changes {
		done(c, Outcome{Status: Written})
	}
	return nil
}

// formats write and read the records of a file.
var formats = map[string]struct {
	write func(io.Writer, iter.Seq[Record]) error
	read  func([]byte) ([]Record, error)
}{
	"jsonl":   {writeJSONL, readJSONL},
	"csv":     {writeCSV, readCSV},
	"parquet": {writeParquet, readParquet},
}

func writeJSONL(w io.Writer, records iter.Seq[Record]) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for r := range records {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func readJSONL(b []byte) ([]Record, error) {
	var out []Record
	for dec := json.NewDecoder(bytes.NewReader(b)); ; {
		var r Record
		switch err := dec.Decode(&r); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		out = append(out, r)
	}
}

// header names the columns of CSV. Aliases are separated by spaces, which no ID has.
var header = append([]string{"op", "id", numberField}, fieldNames...)

func writeCSV(w io.Writer, records iter.Seq[Record]) error {
	c := csv.NewWriter(w)
	_ = c.Write(header) // it keeps its error
	for r := range records {
		line := make([]string, len(header))
		line[0], line[1], line[2] = r.Op, r.ID, strconv.FormatInt(r.Number, 10)
		if f := r.Fields; f != nil {
			copy(line[3:], []string{f.StoryID, f.CopyGroupID, f.CopyRole, f.StoryHeadline, strings.Join(f.StoryAliases, " "), strings.Join(f.CopyGroupAliases, " ")})
		}
		_ = c.Write(line)
	}
	c.Flush()
	return c.Error()
}

func readCSV(b []byte) ([]Record, error) {
	lines, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 || !slices.Equal(lines[0], header) {
		return nil, errors.New("its first line does not name the columns")
	}
	var out []Record
	for _, l := range lines[1:] {
		n, err := strconv.ParseInt(l[2], 10, 64)
		if err != nil {
			return nil, err
		}
		out = append(out, row{l[0], l[1], n, Fields{l[3], l[4], l[5], l[6], strings.Fields(l[7]), strings.Fields(l[8])}}.record())
	}
	return out, nil
}

func writeParquet(w io.Writer, records iter.Seq[Record]) error {
	p := parquet.NewGenericWriter[row](w, parquet.Compression(&zstd.Codec{}), parquet.CreatedBy("sada", "", ""))
	for r := range records {
		one := row{Op: r.Op, ID: r.ID, Number: r.Number}
		if r.Fields != nil {
			one.Fields = *r.Fields
		}
		if _, err := p.Write([]row{one}); err != nil {
			return err
		}
	}
	return p.Close()
}

func readParquet(b []byte) ([]Record, error) {
	rows, err := parquet.Read[row](bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	out := make([]Record, len(rows))
	for i, r := range rows {
		out[i] = r.record()
	}
	return out, nil
}

func (r row) record() Record {
	if r.Op == opClear {
		return Record{r.Op, r.ID, r.Number, nil}
	}
	return Record{r.Op, r.ID, r.Number, &r.Fields}
}

// load applies the records of all files.
func (f *Files) load() error {
	names, err := f.names()
	if err != nil {
		return err
	}
	f.fed = make(map[string]Fields)
	for _, n := range slices.Sorted(maps.Keys(names)) {
		b, err := os.ReadFile(names[n])
		if err != nil {
			return err
		}
		records, err := formats[f.format].read(b)
		if err != nil {
			return fmt.Errorf("%s: %w", names[n], err)
		}
		for _, r := range records {
			if r.Fields == nil {
				delete(f.fed, r.ID)
			} else {
				f.fed[r.ID] = *r.Fields
			}
		}
	}
	return nil
}

// Read is that of [Engine].
func (f *Files) Read(_ context.Context, ids []string) (map[string][]Fields, error) {
	if f.fed == nil {
		if err := f.load(); err != nil {
			return nil, err
		}
	}
	out := make(map[string][]Fields)
	for _, id := range ids {
		if found, ok := f.fed[id]; ok {
			out[id] = []Fields{found}
		}
	}
	return out, nil
}

// Fed is that of [Engine].
func (f *Files) Fed(context.Context) (int64, error) {
	if f.fed == nil {
		if err := f.load(); err != nil {
			return 0, err
		}
	}
	return int64(len(f.fed)), nil
}
