package feed

import (
	"context"
	_ "embed" // the contract of the records
	"encoding/json"
	"errors"
	"iter"
	"slices"

	"github.com/zeebo/xxh3"
)

// Fields is what a document of the engine gets from a run. Its JSON names are the fields' names
// there; schema.json describes them.
type Fields struct {
	StoryID          string   `json:"story_id" parquet:"story_id"`
	CopyGroupID      string   `json:"copy_group_id" parquet:"copy_group_id"`
	CopyRole         string   `json:"copy_role" parquet:"copy_role"`
	StoryHeadline    string   `json:"story_headline" parquet:"story_headline"`
	StoryAliases     []string `json:"story_aliases" parquet:"story_aliases,list"`           // sorted, not nil
	CopyGroupAliases []string `json:"copy_group_aliases" parquet:"copy_group_aliases,list"` // sorted, not nil
}

// Schema is the JSON Schema of the records that the files engine writes.
//
//go:embed schema.json
var Schema []byte

// fieldNames are the names of the fields, and numberField that of the feed's number.
var fieldNames = []string{"story_id", "copy_group_id", "copy_role", "story_headline", "story_aliases", "copy_group_aliases"}

const numberField = "sada_run"

// hash returns the XXH3-64 of the fields, never unknown. Some engines give nil for an empty list.
func (f *Fields) hash() uint64 {
	g := *f
	for _, list := range []*[]string{&g.StoryAliases, &g.CopyGroupAliases} {
		if *list == nil {
			*list = []string{}
		}
	}
	b, _ := json.Marshal(&g) // strings
	if h := xxh3.Hash(b); h != unknown {
		return h
	}
	return unknown + 1
}

func (f *Fields) equal(g *Fields) bool {
	return f.StoryID == g.StoryID && f.CopyGroupID == g.CopyGroupID && f.CopyRole == g.CopyRole && f.StoryHeadline == g.StoryHeadline &&
		slices.Equal(f.StoryAliases, g.StoryAliases) && slices.Equal(f.CopyGroupAliases, g.CopyGroupAliases)
}

// Change is one document to be written.
type Change struct {
	ID     string
	Fields *Fields // nil clears them
}

// Status is what became of a change.
type Status string

// The statuses.
const (
	Written    Status = "written"
	Missing    Status = "missing"    // the engine has no such document
	Superseded Status = "superseded" // a feed with a greater number has written it
	Refused    Status = "refused"
)

// Outcome is the engine's word on one change.
type Outcome struct {
	Status Status
	Code   int    // the engine's own, 0 if it has none
	Reason string // of anything but Written
}

// Target is what an engine is.
type Target struct {
	// Identity changes when the engine's documents are made anew: what an older one has acknowledged
	// counts for nothing then.
	Identity string
	// Number is the highest that a document carries, 0 if there is none.
	Number int64
}

// Engine is a place that documents are fed to. Its methods are called by one goroutine.
type Engine interface {
	// Name says for a person and for the cursor which engine this is. It holds no secret.
	Name() string
	// Prepare connects and adds what the engine lacks; with readOnly it adds nothing.
	Prepare(ctx context.Context, readOnly bool) (Target, error)
	// Feed writes the changes, which are n, under a number. It calls done once for every change that
	// the engine has answered for, perhaps from several goroutines at a time. An error ends the feed; what
	// done was not called for is in doubt.
	Feed(ctx context.Context, number int64, n int, changes iter.Seq[Change], done func(Change, Outcome)) error
	// Read gives the fields of the documents of pages, several of one page if the engine has them. A
	// document without a story is not among them.
	Read(ctx context.Context, ids []string) (map[string][]Fields, error)
	// Fed counts the documents that have a story.
	Fed(ctx context.Context) (int64, error)
	Close() error
}

// Errors that a user can do something about.
var (
	ErrTarget = errors.New("cannot feed there")       // the address, the index or its mapping is not usable
	ErrBrake  = errors.New("too much to clear")       // the run lacks too many acknowledged pages
	ErrLocked = errors.New("another feed is running") // on the same cursor
	ErrDamage = errors.New("the run folder is damaged")
	ErrGap    = errors.New("the engine does not have what the run builds on")
)
