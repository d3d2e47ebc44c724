package archive

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"sync"
	"time"

	"sada/cluster"
	"sada/cluster/inverted"
	"sada/features/tfidf"
)

// The errors that callers tell apart. A disk without space is syscall.ENOSPC, in the error of the
// file that could not be written.
var (
	// ErrNone is the error of a folder without a generation.
	ErrNone = errors.New("no state")
	// ErrLocked is the error of a lock that another process holds.
	ErrLocked = errors.New("state is locked")
	// ErrCorrupt is the error of a state of which a file is missing or is not what was written.
	ErrCorrupt = errors.New("state is corrupt")
	// ErrNewer is the error of a state that a later program wrote.
	ErrNewer = errors.New("state is newer than this program")
)

// The kinds of groups.
const (
	Copy  = "copy_group" // pages with the same text
	Story = "story"      // pages that tell the same story
)

// PageRow is a page in the archive.
type PageRow struct {
	Page        *cluster.Page // of one that was read, what is long is there until [Archive.Close]
	Hash        [16]byte      // of the content that the page came from, as the caller defines it
	PublishedAt string        // as it was given
	Generation  int           // that took the page in, or its last change; Commit sets it
}

// GroupRow says that a page is in a group.
type GroupRow struct {
	Kind string `parquet:"kind,dict"`
	ID   string `parquet:"id,dict"`
	Page string `parquet:"page"`
}

// IDRow is an ID that has a group.
type IDRow struct {
	Kind string `parquet:"kind,dict"`
	ID   string `parquet:"id"`
	Born int    `parquet:"born"` // generation
}

// AliasRow is an ID that had a group once.
type AliasRow struct {
	Kind  string `parquet:"kind,dict"`
	ID    string `parquet:"id"`
	To    string `parquet:"to"`    // the group that took its pages; empty if they are gone
	Born  int    `parquet:"born"`  // generation
	Ended int    `parquet:"ended"` // generation
}

// ChangeRow is what happened to an ID in this generation.
type ChangeRow struct {
	Kind  string   `parquet:"kind,dict"`
	Event string   `parquet:"event,dict"`
	ID    string   `parquet:"id"`
	Other string   `parquet:"other"`
	Pages []string `parquet:"pages,list"`
}

// Tables is what a generation holds besides its pages. Commit takes the rows in any order, and does not copy those of
// groups, IDs and aliases if they ascend; they are distinct. Load gives them ascending, by their fields from the first on. What kinds, IDs and groups mean is the caller's.
type Tables struct {
	Groups  []GroupRow
	IDs     []IDRow
	Aliases []AliasRow
	// Docs and Terms are a [tfidf.Table]; the terms are distinct.
	Docs  int
	Terms []tfidf.DF
	// Values are figures by which the generation was made, such as thresholds.
	Values map[string]float64
	// Options are those that affect results, as a JSON value, and OptionHash their hash.
	Options    json.RawMessage
	OptionHash string
}

// Night is what made a generation.
type Night struct {
	Generation int      `json:"generation"`
	OptionHash string   `json:"option_hash"`
	Inputs     []string `json:"inputs"` // hashes, ascending
}

// Snapshot is a generation.
type Snapshot struct {
	Tables
	Generation int
	Program    string    // the version that wrote it
	Pages      []PageRow // ascending IDs
	Nights     []Night   // of this generation and all before it, those removed since included

	manifest *Manifest
}

// Next is a generation to be made of another one.
type Next struct {
	Tables
	Base    int         // the generation that it follows, 0 for none
	Program string      // the version of the program
	Pages   []PageRow   // added and changed pages in any order
	Deleted []string    // IDs of pages that are no longer there, in any order; unknown ones do no harm
	Inputs  []string    // hashes of what was read, in any order
	Derived []Derived   // further tables, distinct names
	Changes []ChangeRow // that this generation makes, in any order; [Changes] reads them
	// Published is what was published, which [Published] reads; nil for nothing. Known is what the clustering knows of the
	// pages, which [Known] reads; nil for nothing. Of runs of postings and of arrays that the same archive has read, only what
	// is new is written.
	Published *Journal
	Known     *cluster.Tables
}

// Derived is a table that the caller defines: what can be worked out again from the pages, and is kept
// because that takes long. [Rows] reads it.
type Derived struct {
	name   string
	encode func(w io.Writer) (rows int64, err error)
}

// Derive makes a table of rows, which are written in the order in which they come. The name has lower
// case letters and _, and is none of the archive's own. Rows of several tables are asked for at the same time.
func Derive[T any](name string, rows iter.Seq2[T, error]) Derived {
	return Derived{name, func(w io.Writer) (int64, error) { return encodeTable(w, rows, one, groupRows) }}
}

// Archive is a state folder. It serves one goroutine, but for what [Archive.Begin] says; any number of them, in any number of processes,
// may have their own of the same folder.
type Archive struct {
	dir  string
	fs   FS
	lock io.Closer // nil if not held

	mu    sync.Mutex
	views []Mapped                  // what was read and is in use
	runs  map[*inverted.Posting]Run // that were read, by their first posting
	// What was read of sets and arrays: their rows by name, and the strings that arrays have numbers of.
	sets   map[string]heldSet
	arrays map[string]held
	texts  []string

	maxSegments int
}

// Options changes how a state folder is reached.
type Options struct {
	FS FS // OS if nil
}

// Open names a state folder, which need not exist. It returns an error if dir is something other than
// a folder or cannot be looked at. Nothing is written or locked.
func Open(dir string, o Options) (*Archive, error) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 || strconv.IntSize != 64 {
		return nil, errors.New("the files of a state are read as memory, which takes a little-endian machine of 64 bits")
	}
	a := &Archive{dir: dir, fs: o.FS, runs: make(map[*inverted.Posting]Run), sets: make(map[string]heldSet), arrays: make(map[string]held), maxSegments: maxSegments}
	if a.fs == nil {
		a.fs = OS{}
	}
	info, err := a.fs.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s: the state is a folder, and this is a file", dir)
	}
	return a, nil
}

// Damage is a file that is missing or is not what was written. It is an ErrCorrupt.
type Damage struct {
	File string // relative to the state folder, with slashes
	What string
}

func (d *Damage) Error() string { return d.File + ": " + d.What + ": " + ErrCorrupt.Error() }

// Unwrap returns ErrCorrupt.
func (d *Damage) Unwrap() error { return ErrCorrupt }

func corrupt(file, what string) error { return &Damage{file, what} }

// Dates are kept in nanoseconds since 1970, in 64 bits.
var (
	firstDate = time.Unix(0, -1<<63)
	lastDate  = time.Unix(0, 1<<63-1)
)
