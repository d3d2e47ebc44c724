package corpus

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"sada/features/article"
)

// The defaults of [Options].
const (
	// DefaultMaxPageBytes is 4 MiB, about a thousand times an ordinary page.
	DefaultMaxPageBytes = 4 << 20
	// DefaultMaxBytes is 64 GiB, which one core unpacks in a few minutes.
	DefaultMaxBytes = 64 << 30
	// DefaultMaxRatio lies between text and bombs: Arabic news in JSON unpacks to 5 to 10 times its
	// stored size, rows of near-equal template pages to about 100 times, and zeros to 1,028 times
	// with gzip and 32,755 times with Zstandard.
	DefaultMaxRatio = 250
)

// ratioGrace is how much a file may unpack to before its ratio is judged: small files of repeated
// text reach any ratio and do no harm.
const ratioGrace = 64 << 20

// Options says how to read. The zero value reads with the defaults.
type Options struct {
	// Workers is the number of goroutines that decode; 0 is GOMAXPROCS. It changes no record.
	Workers int
	// Fields maps a field (id, title, text, url, published_at, source) to the name that the records
	// give it. A field that is not in the map has its own name.
	Fields map[string]string
	// MaxPageBytes is the longest line of JSONL, text file or Parquet value in bytes; 0 is
	// [DefaultMaxPageBytes].
	MaxPageBytes int64
	// MaxBytes is the most that one compressed or Parquet file may unpack to; 0 is [DefaultMaxBytes].
	MaxBytes int64
	// MaxRatio is the most that such a file may unpack to as a multiple of its stored bytes, judged
	// after the first 64 MiB; 0 is [DefaultMaxRatio].
	MaxRatio float64
	// Once has the system give up what was read of the files, where it takes such advice, so that its cache is left for what
	// is read again.
	Once bool
	// Stdin is read for the input "-"; nil is [os.Stdin].
	Stdin io.Reader
}

// Record is one record of the corpus with its place in the input.
type Record struct {
	Page article.Page
	File string // as found below the input; "-" is the standard input
	Line int    // from 1; the row of a Parquet file; 1 for a text page
	Byte int64  // where the line begins in the unpacked file; 0 for Parquet
	// Hash is XXH3-64 over all fields of the page. It is 0 for a rejected record.
	Hash uint64
	// Reject says why the record is not a page; empty is a good record. A rejected record's Page
	// has at most its ID.
	Reject string
	// Repaired says that invalid UTF-8 in the page was replaced by U+FFFD.
	Repaired bool
	// BadDate says that the record has a date which could not be read.
	BadDate bool

	room *room // that the title or the text is in; nil is their own
}

// File is what was read of one input file.
type File struct {
	Name        string
	Format      string // "jsonl", "parquet", "text"; empty where it could not be told
	Compression string // "gzip", "zstd" or empty
	Bytes       int64  // as stored
	// Hash is XXH3-128 over the stored bytes, in hex. Of a file or stream that could not be read to its
	// end it covers the Bytes that were read.
	Hash    string
	Records int // good records
	Rejects int
}

// Problem is a class of [Error].
type Problem uint8

// The classes of errors of [Open].
const (
	NoInput  Problem = iota // nothing to read was named
	NotFound                // no such file or folder
	NoPages                 // a folder without a file to read
	NoMatch                 // a pattern that matches nothing
	BadInput                // an input that cannot be meant: a malformed pattern, "-" twice
	BadField                // Options.Fields names an unknown field
)

// Error is an input that the caller must correct.
type Error struct {
	Problem Problem
	Input   string // as it was given
	What    string
	Hint    string // what to do about it
}

func (e *Error) Error() string {
	s := e.What
	if e.Input != "" {
		s += ": " + e.Input
	}
	return s + " (" + e.Hint + ")"
}

// Set is a list of input files. It is read once, by [Set.Records] or [Set.Lent].
type Set struct {
	o       Options
	names   fieldNames
	sources []source
	total   int64 // stored bytes, 0 when unknown
	done    atomic.Int64
	started atomic.Bool
	files   []File
	rooms   sync.Pool // of *room
}

// source is one file to read.
type source struct {
	name   string // for people and for Record.File
	path   string // to open; empty for the standard input
	pageID string // the id of the page, should the file be a text page
	size   int64  // -1 when unknown
	err    error  // found while listing
}

// Open lists the files of the inputs in the order given: a file, a folder with all files below it
// in lexical order but hidden ones, a pattern of [filepath.Match] with its matches in lexical order,
// or "-". It reads no contents. All errors found are joined, each an [*Error]; a file that exists but
// cannot be read is no error but a rejected record.
func Open(inputs []string, o Options) (*Set, error) {
	o.Workers = cmp.Or(max(o.Workers, 0), runtime.GOMAXPROCS(0))
	const unlimited = math.MaxInt64 / 2 // leaves room for sums
	o.MaxPageBytes = min(cmp.Or(o.MaxPageBytes, DefaultMaxPageBytes), unlimited)
	o.MaxBytes = min(cmp.Or(o.MaxBytes, DefaultMaxBytes), unlimited)
	o.MaxRatio = cmp.Or(o.MaxRatio, DefaultMaxRatio)
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	s := &Set{o: o, names: defaultNames}
	var errs []error
	for _, field := range slices.Sorted(maps.Keys(o.Fields)) {
		i := slices.Index(defaultNames[:], field)
		if i < 0 {
			errs = append(errs, &Error{BadField, field, "unknown field", "the fields are " + strings.Join(defaultNames[:], ", ")})
			continue
		}
		s.names[i] = o.Fields[field]
	}
	if len(inputs) == 0 {
		errs = append(errs, &Error{NoInput, "", "no input", "name files, folders or patterns, or - for the standard input"})
	}
	for i, input := range inputs {
		if input == "-" && slices.Contains(inputs[:i], "-") {
			errs = append(errs, &Error{BadInput, input, "the standard input is named twice", "it can be read only once"})
			continue
		}
		found, err := expand(input)
		if err != nil {
			errs = append(errs, err)
		}
		s.sources = append(s.sources, found...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, src := range s.sources {
		if src.size < 0 {
			s.total = 0
			break
		}
		s.total += src.size
	}
	return s, nil
}

// Hashes reads all files before [Set.Records] does, and returns of each what [Set.Files] will give as
// its Hash; empty for the standard input, and for what cannot be read.
func (s *Set) Hashes() []string {
	out := make([]string, len(s.sources))
	for i, src := range s.sources {
		if src.path == "" || src.size < 0 {
			continue
		}
		if f, err := os.Open(src.path); err == nil {
			h := xxh3.New128()
			if _, err := io.Copy(h, f); err == nil {
				out[i] = fmt.Sprintf("%x", h.Sum(nil))
			}
			_ = f.Close() // it was only read
		}
	}
	return out
}

// Skip leaves out the files for which skip, asked with the place of each in [Set.Hashes], says so. It
// must come before [Set.Records].
func (s *Set) Skip(skip func(i int) bool) {
	var kept []source
	for i, src := range s.sources {
		if !skip(i) {
			kept = append(kept, src)
		} else if s.total > 0 {
			s.total -= src.size
		}
	}
	s.sources = kept
}

// Split returns a set of every file alone, in order, to be read in the place of s.
func (s *Set) Split() []*Set {
	out := make([]*Set, len(s.sources))
	for i, src := range s.sources {
		out[i] = &Set{o: s.o, names: s.names, sources: []source{src}, total: max(src.size, 0)}
	}
	return out
}

// Names returns the name of every file, as [File] has it.
func (s *Set) Names() []string {
	out := make([]string, len(s.sources))
	for i, src := range s.sources {
		out[i] = src.name
	}
	return out
}

// Progress gives the stored bytes read so far and in total. The total is 0 when it is unknown, as
// it is of the standard input. It may be called at any time.
func (s *Set) Progress() (done, total int64) { return s.done.Load(), s.total }

// Unpacked estimates how many bytes of records the files hold: what is stored of them, and ten times as much of those
// that are compressed or Parquet, which Arabic news came close to. It is 0 when [Set.Progress] knows no total.
func (s *Set) Unpacked() int64 {
	total := s.total
	for _, src := range s.sources {
		if s.total > 0 && packed(src.path) {
			total += 9 * src.size
		}
	}
	return total
}

// packed says whether a file is compressed or Parquet; not of one that cannot be opened, whose reading will say why.
func packed(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // it was only read
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	return compression(head[:n]) != "" || err == nil && string(head) == parquetMagic
}

// Files gives an account of every file begun, in the order of reading. It may be called when the
// loop over [Set.Records] has ended.
func (s *Set) Files() []File { return slices.Clone(s.files) }

// expand gives the files of one input.
func expand(input string) ([]source, error) {
	if input == "-" {
		return []source{{name: "-", pageID: "stdin", size: -1}}, nil
	}
	info, err := os.Stat(input)
	switch {
	case err == nil && info.IsDir():
		return folder(input)
	case err == nil:
		return []source{single(input, info)}, nil
	case strings.ContainsAny(input, "*?["):
		return glob(input)
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{NotFound, input, "no such file or folder", "check the path; it is relative to the working directory"}
	}
	return []source{{name: input, path: input, err: err}}, nil
}

func single(path string, info fs.FileInfo) source {
	src := source{name: path, path: path, pageID: pageID(filepath.Base(path)), size: -1}
	if info.Mode().IsRegular() {
		src.size = info.Size()
	}
	return src
}

// folder lists the files below root. Links to files are followed, links to folders are not, because
// they can form a circle. What is neither file nor link (a socket, a pipe) holds no pages and could
// block for ever. Results of a run are passed over.
func folder(root string) ([]source, error) {
	var found []source
	walk := func(rel string, entry fs.DirEntry, err error) error {
		path := filepath.Join(root, filepath.FromSlash(rel))
		if err != nil {
			found = append(found, source{name: path, path: path, err: err})
			return nil
		}
		if hidden(entry.Name()) && rel != "." {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			if results(path) {
				return fs.SkipDir
			}
			return nil
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			found = append(found, source{name: path, path: path, err: err})
		case info.Mode().IsRegular():
			src := single(path, info)
			src.pageID = pageID(rel)
			found = append(found, src)
		}
		return nil
	}
	// DirFS, unlike filepath.WalkDir, follows a root that is itself a link.
	if err := fs.WalkDir(os.DirFS(root), ".", walk); err != nil {
		return nil, fmt.Errorf("folder %s: %w", root, err)
	}
	if len(found) == 0 {
		return nil, &Error{NoPages, root, "folder without pages", "it holds no files, or hidden ones only"}
	}
	return found, nil
}

// results reports whether a folder holds the results of a run. Their rows have the fields of pages,
// and would take the place of the pages that they are about.
func results(path string) bool {
	for _, name := range []string{"run.json", "pages.jsonl", "links.jsonl"} {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			return false
		}
	}
	return true
}

func glob(pattern string) ([]source, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, &Error{BadInput, pattern, "malformed pattern", "a [ needs its ]; put \\ before a bracket that is part of a name"}
	}
	parts := strings.Split(filepath.Clean(pattern), string(filepath.Separator))
	paths = slices.DeleteFunc(paths, func(path string) bool {
		// Hidden names match where the pattern names them, as in a shell.
		for i, name := range strings.Split(filepath.Clean(path), string(filepath.Separator)) {
			if hidden(name) && i < len(parts) && !hidden(parts[i]) {
				return true
			}
		}
		return false
	})
	slices.Sort(paths)
	var found []source
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			found = append(found, source{name: path, path: path, err: err})
		case info.IsDir():
			below, err := folder(path)
			// A folder without pages among the matches is no mistake; no page in all of them is.
			if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
				return nil, err
			}
			found = append(found, below...)
		default:
			found = append(found, single(path, info))
		}
	}
	if len(found) == 0 {
		return nil, &Error{NoMatch, pattern, "pattern matches no files", "quote it so that the shell leaves it alone; a folder is read with all below it, ** is not known"}
	}
	return found, nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != "." && name != ".." }

// pageID makes the id of a text page from its slash-separated name: without the ending of the
// compression and without one more ending that begins with a letter, so that the name 2023.09.22
// stays whole.
func pageID(name string) string {
	cut := func(name string, known func(ending string) bool) string {
		at := strings.LastIndexByte(name, '.')
		if at <= strings.LastIndexByte(name, '/')+1 || !known(name[at+1:]) {
			return name
		}
		return name[:at]
	}
	name = cut(name, func(e string) bool { return slices.Contains([]string{"gz", "gzip", "zst", "zstd"}, strings.ToLower(e)) })
	return cut(name, func(e string) bool { return e != "" && (e[0]|0x20) >= 'a' && (e[0]|0x20) <= 'z' })
}
