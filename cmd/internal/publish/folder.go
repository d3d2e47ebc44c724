package publish

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"
)

// SchemaVersion is the version of the tables. Fields are only ever added; a number changes its
// meaning only with this one.
const SchemaVersion = 1

// manifestName is the file that makes a folder a run folder.
const manifestName = "run.json"

// ErrForeign is the error of a folder that is not empty and was not written by this program: it is
// not replaced.
var ErrForeign = errors.New("the folder holds something other than an earlier result")

// ErrPart is the error of a folder that has only what a night changed, where all rows are needed.
var ErrPart = errors.New("has only what a night changed")

// Folder is a folder that is being written. Tables may be written at the same time.
type Folder struct {
	dir, staging string
	mark         string   // the file by which an earlier one is known
	lock         *os.File // tells other processes that the staging folder is being written

	mu      sync.Mutex
	outputs []Output
}

// Create starts a run folder that will be dir. It fails if dir cannot be made or replaced.
func Create(dir string) (*Folder, error) { return CreateMarked(dir, manifestName) }

// CreateMarked starts a folder of another kind, made from a run. The file named mark tells an earlier
// one, which may be replaced, from what is somebody else's; the caller writes it below [Folder.Path]
// and ends with [Folder.Publish].
func CreateMarked(dir, mark string) (*Folder, error) {
	dir = filepath.Clean(dir)
	if target, err := filepath.EvalSymlinks(dir); err == nil { // a link to a run folder stays a link
		dir = target
	}
	if err := replaceable(dir, mark); err != nil {
		return nil, err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	pattern := "." + filepath.Base(dir) + ".new-*"
	sweep(parent, pattern)
	for {
		staging, err := os.MkdirTemp(parent, pattern)
		if err != nil {
			return nil, err
		}
		lock, err := hold(staging)
		if errors.Is(err, fs.ErrNotExist) || err == nil && lock == nil {
			continue // another process swept it away, or is about to
		}
		if err == nil {
			err = os.Chmod(staging, 0o755)
		}
		if err != nil {
			return nil, errors.Join(err, os.Remove(staging))
		}
		if _, err := os.Stat(staging); err != nil {
			_ = lock.Close() // swept away before it was held
			continue
		}
		return &Folder{dir: dir, staging: staging, mark: mark, lock: lock}, nil
	}
}

// Path is where the folder's files are until it is published.
func (f *Folder) Path() string { return f.staging }

// replaceable returns an error if dir exists and is neither empty nor has the file named mark.
func replaceable(dir, mark string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == mark {
			return nil
		}
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s: %w", dir, ErrForeign)
	}
	return nil
}

// Parent returns the folder that the run folder is in, on the same disk.
func (f *Folder) Parent() string { return filepath.Dir(f.dir) }

// Abort removes what was written. It does nothing after Commit.
func (f *Folder) Abort() {
	if f.staging != "" {
		removeAll(f.staging)
		f.staging = ""
	}
	if f.lock != nil {
		_ = f.lock.Close() // it was only held
		f.lock = nil
	}
}

// removeAll removes a folder as far as it can: it is hidden, and its name tells what it is. A system takes some time
// for each large file, and does several at once.
func removeAll(dir string) {
	entries, _ := os.ReadDir(dir) // RemoveAll tries again
	var group errgroup.Group
	group.SetLimit(4)
	for _, e := range entries {
		group.Go(func() error { return os.Remove(filepath.Join(dir, e.Name())) })
	}
	_ = group.Wait()
	_ = os.RemoveAll(dir)
}

// file is an output file: buffered, hashed and counted.
type file struct {
	*bufio.Writer
	f    *os.File
	hash *xxh3.Hasher
	size int64
}

func (f *Folder) create(name string) (*file, error) {
	out, err := os.Create(filepath.Join(f.staging, name))
	if err != nil {
		return nil, err
	}
	w := &file{f: out, hash: xxh3.New()}
	w.Writer = bufio.NewWriterSize(writerFunc(func(p []byte) (int, error) {
		n, err := out.Write(p)
		_, _ = w.hash.Write(p[:n]) // a hash takes everything
		w.size += int64(n)
		return n, err
	}), 1<<20)
	return w, nil
}

type writerFunc func(p []byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// finish puts the file on disk.
func (w *file) finish(err error) error {
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = w.f.Sync()
	}
	return errors.Join(err, w.f.Close())
}

func (w *file) output(rows int64) Output {
	sum := w.hash.Sum128().Bytes()
	return Output{Name: filepath.Base(w.f.Name()), Rows: rows, Bytes: w.size, Hash: hex.EncodeToString(sum[:])}
}

func (f *Folder) add(o Output) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outputs = append(f.outputs, o)
}

// JSONL writes rows as name.jsonl, one JSON object a line.
func JSONL[T any](f *Folder, name string, rows iter.Seq[T]) error {
	w, err := newLines[T](f, name)
	if err != nil {
		return err
	}
	for row := range rows {
		if err = w.write(row); err != nil {
			break
		}
	}
	return w.close(err)
}

// lines is a table of JSON that is being written.
type lines[T any] struct {
	folder *Folder
	name   string
	file   *file
	rows   int64

	row     T       // that is being written
	own     encoded // the same, if rows write themselves
	encoder encoder
	json    *json.Encoder // of other rows
}

func newLines[T any](f *Folder, name string) (*lines[T], error) {
	w, err := f.create(name + ".jsonl")
	if err != nil {
		return nil, err
	}
	l := &lines[T]{folder: f, name: name, file: w, json: json.NewEncoder(w)}
	l.json.SetEscapeHTML(false)
	l.own, _ = any(&l.row).(encoded)
	return l, nil
}

func (l *lines[T]) write(row T) error {
	l.rows++
	if l.own == nil {
		return l.json.Encode(row)
	}
	l.row = row
	e := &l.encoder
	e.b = e.b[:0]
	l.own.encode(e)
	if e.err != nil {
		return e.err
	}
	e.b = append(e.b, '\n')
	_, err := l.file.Write(e.b)
	return err
}

// close ends the table, after an error of a row if there was one.
func (l *lines[T]) close(err error) error {
	if err = l.file.finish(err); err != nil {
		return fmt.Errorf("write %s.jsonl: %w", l.name, err)
	}
	l.folder.add(l.file.output(l.rows))
	return nil
}

const (
	// groupRows is how many rows are in memory until they are written: what DuckDB writes by default.
	groupRows = 122880
	// batchRows is how many rows the columns are given at a time.
	batchRows = 1024
	// pageBytes is how large a page of a column gets, before compression. The six files of 100,000 pages are 3 % smaller than
	// with half of it, and take no more time.
	pageBytes = 1 << 20
)

// Parquet writes rows as name.parquet, compressed with Zstandard.
func Parquet[T any](f *Folder, name string, rows iter.Seq[T]) error {
	w, err := newColumns[T](f, name)
	if err != nil {
		return err
	}
	batch := make([]T, 0, batchRows)
	for row := range rows {
		if batch = append(batch, row); len(batch) == batchRows {
			if err = w.write(batch); err != nil {
				break
			}
			batch = batch[:0]
		}
	}
	if err == nil {
		err = w.write(batch)
	}
	return w.close(err)
}

// columns is a table of Parquet that is being written.
type columns[T any] struct {
	folder  *Folder
	name    string
	file    *file
	rows    int64
	parquet *parquet.GenericWriter[T]
}

func newColumns[T any](f *Folder, name string) (*columns[T], error) {
	w, err := f.create(name + ".parquet")
	if err != nil {
		return nil, err
	}
	p := parquet.NewGenericWriter[T](w, parquet.Compression(new(codec)), parquet.CreatedBy("sada", "", ""), parquet.MaxRowsPerRowGroup(groupRows),
		parquet.PageBufferSize(pageBytes), parquet.DataPageStatistics(false)) // the column index has them
	return &columns[T]{folder: f, name: name, file: w, parquet: p}, nil
}

func (c *columns[T]) write(rows []T) error {
	_, err := c.parquet.Write(rows)
	c.rows += int64(len(rows))
	return err
}

// close ends the table, after an error of rows if there was one.
func (c *columns[T]) close(err error) error {
	if err == nil {
		err = c.parquet.Close()
	}
	if err = c.file.finish(err); err != nil {
		return fmt.Errorf("write %s.parquet: %w", c.name, err)
	}
	c.folder.add(c.file.output(c.rows))
	return nil
}

// Table writes rows as [JSONL] and [Parquet] do, side by side, and asks for each row once.
func Table[T any](f *Folder, name string, rows iter.Seq[T]) error {
	lines, err := newLines[T](f, name)
	if err != nil {
		return err
	}
	columns, err := newColumns[T](f, name)
	if err != nil {
		_ = lines.file.f.Close() // the folder is given up
		return err
	}
	full, free := make(chan []T, 1), make(chan []T, 2)
	for range cap(free) {
		free <- make([]T, 0, batchRows)
	}
	var group errgroup.Group
	group.Go(func() error {
		var err error
		for batch := range full {
			if err == nil {
				err = columns.write(batch)
			}
			free <- batch[:0]
		}
		return columns.close(err)
	})
	batch := <-free
	for row := range rows {
		if err = lines.write(row); err != nil {
			break
		}
		if batch = append(batch, row); len(batch) == batchRows {
			full <- batch
			batch = <-free
		}
	}
	full <- batch
	close(full)
	err = lines.close(err)
	return cmp.Or(err, group.Wait())
}

// Outputs returns the tables that were written, by name.
func (f *Folder) Outputs() []Output {
	slices.SortFunc(f.outputs, func(a, b Output) int { return strings.Compare(a.Name, b.Name) })
	return f.outputs
}

// Commit writes the manifest, whose Outputs it fills in, and makes the folder the run folder.
func (f *Folder) Commit(m *Manifest) error {
	m.Schema, m.Outputs = SchemaVersion, f.Outputs()
	w, err := f.create(manifestName)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := w.finish(enc.Encode(m)); err != nil {
		return fmt.Errorf("write %s: %w", manifestName, err)
	}
	return f.Publish()
}

// Publish changes the folder's name to the wanted one, in one step where the system can.
func (f *Folder) Publish() error {
	if err := syncDir(f.staging); err != nil {
		return err
	}
	if err := replaceable(f.dir, f.mark); err != nil { // it may have changed since Create
		return err
	}
	old, err := swap(f.staging, f.dir)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	f.staging = old
	// What a power failure leaves of the old folder is removed by the next Create: the disk need not wait for it.
	err = syncDir(filepath.Dir(f.dir))
	f.Abort()
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ReadManifest reads the manifest of a run folder that has all rows. It returns ErrPart for one that does not:
// what is counted or compared there would be wrong.
func ReadManifest(dir string) (*Manifest, error) {
	m, err := ReadAnyManifest(dir)
	if err == nil && m.Scope == Changed {
		return nil, fmt.Errorf("%s: %w, that of generation %d", dir, ErrPart, m.Generation)
	}
	return m, err
}

// ReadAnyManifest reads the manifest of a run folder, whatever its scope.
func ReadAnyManifest(dir string) (*Manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, manifestName), err)
	}
	if m.Schema > SchemaVersion {
		return nil, fmt.Errorf("%s: schema %d is newer than this program, which knows %d", dir, m.Schema, SchemaVersion)
	}
	return m, nil
}

// Read gives the rows of the table name.jsonl of a run folder.
func Read[T any](dir, name string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		path := filepath.Join(dir, name+".jsonl")
		f, err := os.Open(path)
		if err != nil {
			yield(none, err)
			return
		}
		defer f.Close()
		dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<20))
		for n := 1; ; n++ {
			var row T
			err := dec.Decode(&row)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(none, fmt.Errorf("%s: row %d: %w", path, n, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// ReadParquet gives the rows of the table name.parquet of a run folder.
func ReadParquet[T any](dir, name string) ([]T, error) {
	rows, err := parquet.ReadFile[T](filepath.Join(dir, name+".parquet"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, name+".parquet"), err)
	}
	return rows, nil
}
