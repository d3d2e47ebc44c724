package feed

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/zeebo/xxh3"
)

// unknown is the hash of a page whose document is in doubt.
const unknown = 0

const (
	cursorSuffix = ".cursor.parquet"
	cursorKey    = "sada.feed" // of the metadata of the file
	// cursorVersion is raised when an older program would misread the file.
	cursorVersion = 1
)

// Cursor is what an engine has acknowledged. It is one Parquet file, replaced as a whole.
type Cursor struct {
	State
	path    string
	lock    *flock.Flock
	acks    []ack               // by ID
	aliases map[aliasKey]string // what they lead to
}

// State is what a cursor says of its engine as a whole.
type State struct {
	Version     int    `json:"version"`
	Engine      string `json:"engine"`
	Identity    string `json:"identity"`
	Number      int64  `json:"number"`      // of the last feed
	Run         string `json:"run"`         // the folder it was fed from
	Fingerprint string `json:"fingerprint"` // of that run
	Generation  int    `json:"generation"`  // of the state that the run was of, 0 for none
	Content     string `json:"content"`     // hash of everything that the run was part of, empty for one without a state
	Pages       int    `json:"pages"`       // acknowledged
	InDoubt     int    `json:"in_doubt"`    // sent or refused, not acknowledged
}

// ack is what is known of a page's document. Story and group are empty if it is to be cleared.
type ack struct {
	id           string
	hash         uint64
	story, group string
	pending      *Fields // what was not taken, if that is known; nil for what was
	gone         bool    // cleared: the next file is without it
}

// cursorRow is a row of the file: a page, or an alias of a story or a copy group.
type cursorRow struct {
	Kind  string `parquet:"kind,dict"`
	ID    string `parquet:"id"`
	Hash  uint64 `parquet:"hash"`
	Story string `parquet:"story,dict"` // of an alias: what it leads to
	Group string `parquet:"copy_group,dict"`
	// Pending is what was not taken, as JSON; empty for what was.
	Pending string `parquet:"pending"`
}

const pageKind = "page"

// OpenCursor reads the cursor of an engine in a folder, or begins one, and takes its lock, which Close
// gives up.
func OpenCursor(dir, engine string) (*Cursor, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := cursorPath(dir, engine)
	lock := flock.New(strings.TrimSuffix(path, cursorSuffix) + ".lock")
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("%s: %w", lock.Path(), ErrLocked)
	}
	c, err := ReadCursor(dir, engine)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	c.lock = lock
	return c, nil
}

// ReadCursor is OpenCursor without the lock and the folder, for those who only look.
func ReadCursor(dir, engine string) (*Cursor, error) {
	c, err := readCursor(cursorPath(dir, engine))
	if errors.Is(err, fs.ErrNotExist) {
		return &Cursor{State: State{Version: cursorVersion, Engine: engine}, path: cursorPath(dir, engine), aliases: make(map[aliasKey]string)}, nil
	}
	return c, err
}

// was says what the engine was fed last.
func (c *Cursor) was() string {
	switch {
	case c.Run == "":
		return "nothing"
	case c.Generation == 0:
		return "a run without a state"
	}
	return fmt.Sprintf("generation %d", c.Generation)
}

// Close gives up the lock.
func (c *Cursor) Close() error { return c.lock.Unlock() }

// States reads what the cursors in a folder say, by the names of their engines.
func States(dir string) ([]State, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []State
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), cursorSuffix) {
			c, err := readCursor(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			out = append(out, c.State)
		}
	}
	slices.SortFunc(out, func(a, b State) int { return strings.Compare(a.Engine, b.Engine) })
	return out, nil
}

// cursorPath names the file by the kind of the engine and a hash of the whole name.
func cursorPath(dir, engine string) string {
	kind, _, _ := strings.Cut(engine, " ")
	return filepath.Join(dir, fmt.Sprintf("%s-%016x%s", kind, xxh3.HashString(engine), cursorSuffix))
}

// RefusedPath is where the changes that were not taken are listed, if there are any.
func (c *Cursor) RefusedPath() string {
	return strings.TrimSuffix(c.path, cursorSuffix) + ".refused.jsonl"
}

func readCursor(path string) (*Cursor, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &Cursor{path: path, aliases: make(map[aliasKey]string)}
	file, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	meta, _ := file.Lookup(cursorKey)
	if err := json.Unmarshal([]byte(meta), &c.State); err != nil {
		return nil, fmt.Errorf("%s: not a cursor: %w", path, err)
	}
	if c.Version > cursorVersion {
		return nil, fmt.Errorf("%s: version %d is newer than this program, which knows %d", path, c.Version, cursorVersion)
	}
	rows, err := parquet.Read[cursorRow](bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, r := range rows {
		if r.Kind == pageKind {
			k := ack{id: r.ID, hash: r.Hash, story: r.Story, group: r.Group}
			if r.Pending != "" {
				if err := json.Unmarshal([]byte(r.Pending), &k.pending); err != nil {
					return nil, fmt.Errorf("%s: %q: %w", path, r.ID, err)
				}
			}
			c.acks = append(c.acks, k)
		} else {
			c.aliases[aliasKey{r.Kind, r.ID}] = r.Story
		}
	}
	return c, nil
}

// save replaces the file. When it returns, the new one is on disk.
func (c *Cursor) save() error {
	c.Version = cursorVersion
	c.Pages, c.InDoubt = 0, 0
	rows := make([]cursorRow, 0, len(c.acks)+len(c.aliases))
	for _, a := range c.acks {
		row := cursorRow{Kind: pageKind, ID: a.id, Hash: a.hash, Story: a.story, Group: a.group}
		if a.pending != nil {
			b, _ := json.Marshal(a.pending) // strings
			row.Pending = string(b)
		}
		rows = append(rows, row)
		if a.hash == unknown {
			c.InDoubt++
		} else {
			c.Pages++
		}
	}
	keys := slices.SortedFunc(maps.Keys(c.aliases), func(a, b aliasKey) int { return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.id, b.id)) })
	for _, k := range keys {
		rows = append(rows, cursorRow{Kind: k.kind, ID: k.id, Story: c.aliases[k]})
	}
	meta, _ := json.Marshal(c.State) // strings and numbers
	var b bytes.Buffer
	w := parquet.NewGenericWriter[cursorRow](&b, parquet.Compression(&zstd.Codec{}), parquet.CreatedBy("sada", "", ""), parquet.KeyValueMetadata(cursorKey, string(meta)))
	if _, err := w.Write(rows); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := renameio.WriteFile(c.path, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the cursor: %w", err)
	}
	dir, err := os.Open(filepath.Dir(c.path)) // renameio leaves the new name to the system
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
