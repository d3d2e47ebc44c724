package shards

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
	"github.com/zeebo/xxh3"

	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
)

// Format is the version of the tables and manifests. Fields are only ever added; one changes its meaning
// only with this number.
const Format = 1

const (
	listName  = "shards.json" // of a run's folder
	shardName = "shard.json"  // of a shard
	suffix    = ".parquet"
)

// The tables of a shard, of which all but the rejects are in blocks: pages-00000.parquet.
const (
	pagesTable   = "pages"
	bandsTable   = "bands"
	anchorsTable = "anchors"
	rejectsTable = "rejects"
)

var (
	// ErrNone is the error of a folder without the list of a run that came to its end.
	ErrNone = errors.New("no complete shards")
	// ErrNewer is the error of a folder that a later program wrote.
	ErrNewer = errors.New("the shards are of a later format")
	// ErrCorrupt is the error of a file that is not as it was written.
	ErrCorrupt = errors.New("damaged shard")
)

// Page is a row of the table pages.
type Page struct {
	Record  int64  `parquet:"record"` // its place in the file, rejects counted, from 0
	ID      string `parquet:"id"`
	Content uint64 `parquet:"content"` // the hash of all its fields: it names the version of the page
	File    string `parquet:"file,dict"`
	Line    int64  `parquet:"line"`
	Byte    int64  `parquet:"byte"`
	// The record's own date in seconds since 1970 and nanoseconds; the year 1 is none.
	Seconds  int64 `parquet:"published_seconds"`
	Nanos    int64 `parquet:"published_nanos"`
	Day      bool  `parquet:"published_day_only"`
	BadDate  bool  `parquet:"bad_date"`
	Replaced bool  `parquet:"invalid_utf8"`
	archive.Features
	Long []byte `parquet:"features"` // as in the features of a segment
}

// Band is a row of the table bands.
type Band struct {
	Band int32  `parquet:"band"`
	Key  uint64 `parquet:"key"`
	Page uint64 `parquet:"page"` // Content
}

// Anchor is a row of the table anchors.
type Anchor struct {
	Hash     uint64 `parquet:"hash"`
	Page     uint64 `parquet:"page"`     // Content
	Position int32  `parquet:"position"` // word of the page
}

// Reject is a row of the table rejects.
type Reject struct {
	Record int64  `parquet:"record"`
	File   string `parquet:"file,dict"`
	Line   int64  `parquet:"line"`
	Byte   int64  `parquet:"byte"`
	Reason string `parquet:"reason,dict"`
	ID     string `parquet:"id"`
}

// Shard is shard.json: what a shard is made of.
type Shard struct {
	Format  int              `json:"format"`
	File    publish.Input    `json:"file"`
	Good    int64            `json:"records"` // that are pages
	Rejects int64            `json:"rejects"`
	Blocks  int              `json:"blocks"`
	Tables  []publish.Output `json:"tables"`

	dir string
}

// List is shards.json: the shards of a run, in the order of its inputs.
type List struct {
	Format     int             `json:"format"`
	Program    string          `json:"program"`
	Options    json.RawMessage `json:"options"`
	OptionHash string          `json:"option_hash"`
	Arguments  []string        `json:"arguments"`
	Shards     []Entry         `json:"shards"`
}

// Entry is a shard of a list.
type Entry struct {
	Folder string `json:"folder"`
	Hash   string `json:"xxh3_128"` // of its shard.json
}

// Folder names the shard of a file by what it depends on: the program, the options, the file's name and the
// hash of its contents.
func Folder(l *List, name, hash string) string {
	b, _ := json.Marshal([]any{Format, l.Program, l.OptionHash, name, hash}) // strings and a number
	return sum(b)
}

func sum(b []byte) string {
	h := xxh3.Hash128(b).Bytes()
	return hex.EncodeToString(h[:])
}

// Load returns the shard of a folder in dir, and the entry of a list for it. Without one the error is that of
// a file that does not exist.
func Load(dir, folder string) (*Shard, Entry, error) {
	path := filepath.Join(dir, folder, shardName)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, Entry{}, err
	}
	s := &Shard{dir: filepath.Join(dir, folder)}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, Entry{}, fmt.Errorf("%s: %w: %w", path, ErrCorrupt, err)
	}
	if s.Format > Format {
		return nil, Entry{}, fmt.Errorf("%s: %w", path, ErrNewer)
	}
	return s, Entry{folder, sum(b)}, nil
}

// Prepare makes dir, unless it is there, and returns an error if it is something else's.
func Prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != listName && !isShard(dir, e) && !begun(e) {
			return fmt.Errorf("%s: %w", filepath.Join(dir, e.Name()), publish.ErrForeign)
		}
	}
	return nil
}

// isShard says whether an entry of a run's folder is a complete shard.
func isShard(dir string, e fs.DirEntry) bool {
	if b, err := hex.DecodeString(e.Name()); err != nil || len(b) != 16 {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, e.Name(), shardName))
	return err == nil
}

// begun says whether an entry is what a process that was stopped has left.
func begun(e fs.DirEntry) bool {
	ok, _ := filepath.Match(".*.new-*", e.Name()) // the pattern is well formed
	return ok
}

// Commit makes the list that of dir, and takes away the shards that it does not name, which are of other
// inputs or options.
func Commit(dir string, l *List) error {
	l.Format = Format
	b, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(filepath.Join(dir, listName), append(b, '\n'), 0o644); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		named := slices.ContainsFunc(l.Shards, func(s Entry) bool { return s.Folder == e.Name() })
		if !named && isShard(dir, e) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Open reads the list of a run's folder and its shards. The error is ErrNone, ErrNewer, ErrCorrupt, or
// that of a file that cannot be read.
func Open(dir string) (*List, []*Shard, error) {
	path := filepath.Join(dir, listName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: %w", dir, ErrNone)
	}
	if err != nil {
		return nil, nil, err
	}
	l := new(List)
	if err := json.Unmarshal(b, l); err != nil {
		return nil, nil, fmt.Errorf("%s: %w: %w", path, ErrCorrupt, err)
	}
	if l.Format > Format {
		return nil, nil, fmt.Errorf("%s: %w", path, ErrNewer)
	}
	var out []*Shard
	for _, e := range l.Shards {
		s, found, err := Load(dir, filepath.Base(e.Folder))
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s: %w: it is gone", filepath.Join(dir, e.Folder), ErrCorrupt)
		}
		if err == nil && found.Hash != e.Hash {
			err = fmt.Errorf("%s: %w: another checksum", filepath.Join(dir, e.Folder, shardName), ErrCorrupt)
		}
		if err != nil {
			return nil, nil, err
		}
		out = append(out, s)
	}
	return l, out, nil
}
