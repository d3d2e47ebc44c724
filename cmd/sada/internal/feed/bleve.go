package feed

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/keyword"
	"github.com/blevesearch/bleve/v2/analysis/lang/ar"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"
	bleveindex "github.com/blevesearch/bleve_index_api"
	bbolt "go.etcd.io/bbolt/errors"
)

// Text is what a bleve document holds of a page besides its Fields.
type Text struct {
	ID, Title, Source, Published string
	Body                         string // the page's own text, without what was appended to it
	// Known says that Body is the page's. If it is not, the index keeps the text that it has.
	Known bool
}

// Bleve is an index in a folder, inside this process.
type Bleve struct {
	dir   string
	texts func(wanted func(id string) bool) iter.Seq2[Text, error]
	index bleve.Index
	// Untexted counts the pages that the last Feed has indexed without a text, for none was to be had.
	Untexted int
}

const (
	// bleveBatch is how many documents, and bleveBytes how many bytes of them, are written at a time: the more, the
	// faster, until the memory of a batch in the making, some ten times its text, counts.
	bleveBatch = 500
	bleveBytes = 4 << 20
)

// The keys of what the index keeps besides its documents.
var (
	identityKey = []byte("sada identity")
	numberKey   = []byte("sada number")
)

// The names of the fields that are not in Fields.
const (
	titleField     = "title"
	textField      = "text"
	sourceField    = "source"
	publishedField = "published_at"
)

// NewBleve makes the engine. Texts gives every page that is wanted, once.
func NewBleve(dir string, texts func(wanted func(id string) bool) iter.Seq2[Text, error]) *Bleve {
	return &Bleve{dir: dir, texts: texts}
}

// Name is that of [Engine].
func (b *Bleve) Name() string { return "bleve " + b.dir }

// Close is that of [Engine].
func (b *Bleve) Close() error {
	if b.index == nil {
		return nil
	}
	return b.index.Close()
}

// indexMapping analyses title and text as Arabic and keeps everything else as it is.
func indexMapping() *mapping.IndexMappingImpl {
	arabic := bleve.NewTextFieldMapping()
	arabic.Analyzer, arabic.DocValues, arabic.IncludeTermVectors, arabic.IncludeInAll = ar.AnalyzerName, false, false, false
	word := bleve.NewTextFieldMapping()
	word.Analyzer, word.IncludeTermVectors, word.IncludeInAll = keyword.Name, false, false
	kept := bleve.NewTextFieldMapping()
	kept.Index, kept.DocValues, kept.IncludeInAll = false, false, false
	doc := bleve.NewDocumentStaticMapping()
	for name, field := range map[string]*mapping.FieldMapping{
		titleField: arabic, textField: arabic, sourceField: word, publishedField: word,
		"story_id": word, "copy_group_id": word, "copy_role": word, "story_headline": kept, "story_aliases": word, "copy_group_aliases": word,
	} {
		doc.AddFieldMappingsAt(name, field)
	}
	m := bleve.NewIndexMapping()
	m.DefaultMapping, m.DefaultAnalyzer = doc, ar.AnalyzerName
	return m
}

// lockWait is how long another process may hold an index: a search takes less, a feed longer.
const lockWait = "2s"

// openBleve opens an index that a feed has made.
func openBleve(dir string, readOnly bool) (bleve.Index, error) {
	index, err := bleve.OpenUsing(dir, map[string]any{"read_only": readOnly, "bolt_timeout": lockWait})
	if errors.Is(err, bbolt.ErrTimeout) {
		return nil, fmt.Errorf("the index %s: %w", dir, ErrLocked)
	}
	if errors.Is(err, bleve.ErrorIndexPathDoesNotExist) || errors.Is(err, bleve.ErrorIndexMetaMissing) {
		return nil, fmt.Errorf("%w: there is no index in %s", ErrTarget, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open the index %s: %w", dir, err)
	}
	return index, nil
}

// Prepare is that of [Engine]. The identity is a random word inside the index.
func (b *Bleve) Prepare(_ context.Context, readOnly bool) (Target, error) {
	var t Target
	var err error
	switch fresh, emptyErr := empty(b.dir); {
	case emptyErr != nil:
		return t, emptyErr
	case fresh && !readOnly:
		err = b.create()
	default:
		b.index, err = openBleve(b.dir, readOnly)
	}
	if err != nil {
		return t, err
	}
	word, err := b.index.GetInternal(identityKey)
	if err != nil {
		return t, err
	}
	if len(word) == 0 {
		return t, fmt.Errorf("%w: the index in %s was not made by a feed", ErrTarget, b.dir)
	}
	t.Identity = string(word)
	number, err := b.index.GetInternal(numberKey)
	if len(number) == 8 {
		t.Number = int64(binary.BigEndian.Uint64(number))
	}
	return t, err
}

// empty says whether a folder is not there or has nothing in it.
func empty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return len(entries) == 0, err
}

// create makes the index beside its place, so that one that is there is complete.
func (b *Bleve) create() error {
	parent := filepath.Dir(filepath.Clean(b.dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(parent, "."+filepath.Base(b.dir)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	made, err := bleve.New(filepath.Join(staging, "index"), indexMapping())
	if err != nil {
		return err
	}
	if err := errors.Join(made.SetInternal(identityKey, []byte(rand.Text())), made.Close(), os.Rename(filepath.Join(staging, "index"), b.dir)); err != nil {
		return fmt.Errorf("make the index %s: %w", b.dir, err)
	}
	b.index, err = openBleve(b.dir, false)
	return err
}

// Feed is that of [Engine]. A batch is on disk before it is done.
func (b *Bleve) Feed(ctx context.Context, number int64, n int, changes iter.Seq[Change], done func(Change, Outcome)) error {
	b.Untexted = 0
	wanted := make(map[string]*Fields, n)
	var clears []Change
	for c := range changes {
		if c.Fields == nil {
			clears = append(clears, c)
		} else {
			wanted[c.ID] = c.Fields
		}
	}
	w := &bleveWriter{index: b.index, batch: b.index.NewBatch(), number: number, done: done}
	for _, c := range clears {
		w.batch.Delete(c.ID)
		if err := w.add(ctx, c, 0); err != nil {
			return err
		}
	}
	for t, err := range b.all(wanted) {
		if err != nil {
			return err
		}
		f := wanted[t.ID]
		delete(wanted, t.ID)
		if !t.Known {
			has, err := b.stored(t.ID)
			if err != nil {
				return err
			}
			if t.Body = has.Body; t.Body == "" {
				b.Untexted++
			}
		}
		if err := w.batch.Index(t.ID, map[string]any{
			titleField: t.Title, textField: t.Body, sourceField: t.Source, publishedField: t.Published,
			"story_id": f.StoryID, "copy_group_id": f.CopyGroupID, "copy_role": f.CopyRole, "story_headline": f.StoryHeadline,
			"story_aliases": f.StoryAliases, "copy_group_aliases": f.CopyGroupAliases,
		}); err != nil {
			return fmt.Errorf("index %q: %w", t.ID, err)
		}
		if err := w.add(ctx, Change{t.ID, f}, len(t.Body)+len(t.Title)); err != nil {
			return err
		}
	}
	return w.flush()
}

// all gives the texts of the pages that are wanted: of those that the run does not have, what the index has.
func (b *Bleve) all(wanted map[string]*Fields) iter.Seq2[Text, error] {
	return func(yield func(Text, error) bool) {
		for t, err := range b.texts(func(id string) bool { return wanted[id] != nil }) {
			if !yield(t, err) || err != nil {
				return
			}
		}
		for _, id := range slices.Sorted(maps.Keys(wanted)) {
			if t, err := b.stored(id); !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// stored gives what the index has of a page.
func (b *Bleve) stored(id string) (Text, error) {
	t := Text{ID: id}
	d, err := b.index.Document(id)
	if err != nil || d == nil {
		return t, err
	}
	d.VisitFields(func(f bleveindex.Field) {
		switch s := string(f.Value()); f.Name() {
		case titleField:
			t.Title = s
		case textField:
			t.Body = s
		case sourceField:
			t.Source = s
		case publishedField:
			t.Published = s
		}
	})
	return t, nil
}

// bleveWriter collects changes to batches.
type bleveWriter struct {
	index  bleve.Index
	batch  *bleve.Batch
	number int64
	open   []Change
	bytes  int
	done   func(Change, Outcome)
}

func (w *bleveWriter) add(ctx context.Context, c Change, bytes int) error {
	w.open = append(w.open, c)
	w.bytes += bytes
	if len(w.open) < bleveBatch && w.bytes < bleveBytes {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.flush()
}

func (w *bleveWriter) flush() error {
	if len(w.open) == 0 {
		return nil
	}
	w.batch.SetInternal(numberKey, binary.BigEndian.AppendUint64(nil, uint64(w.number)))
	if err := w.index.Batch(w.batch); err != nil {
		return fmt.Errorf("write to the index: %w", err)
	}
	for _, c := range w.open {
		w.done(c, Outcome{Status: Written})
	}
	// The batch is not used again: a goroutine of the index may still go through what is deleted with it.
	w.batch = w.index.NewBatch()
	w.open, w.bytes = w.open[:0], 0
	return nil
}

// Read is that of [Engine].
func (b *Bleve) Read(_ context.Context, ids []string) (map[string][]Fields, error) {
	out := make(map[string][]Fields)
	for _, id := range ids {
		d, err := b.index.Document(id)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		f := Fields{StoryAliases: []string{}, CopyGroupAliases: []string{}}
		d.VisitFields(func(v bleveindex.Field) {
			switch s := string(v.Value()); v.Name() {
			case "story_id":
				f.StoryID = s
			case "copy_group_id":
				f.CopyGroupID = s
			case "copy_role":
				f.CopyRole = s
			case "story_headline":
				f.StoryHeadline = s
			case "story_aliases":
				f.StoryAliases = append(f.StoryAliases, s)
			case "copy_group_aliases":
				f.CopyGroupAliases = append(f.CopyGroupAliases, s)
			}
		})
		out[id] = []Fields{f}
	}
	return out, nil
}

// Fed is that of [Engine].
func (b *Bleve) Fed(context.Context) (int64, error) {
	n, err := b.index.DocCount()
	return int64(n), err
}

// Found is a story that answers a query.
type Found struct {
	Fields
	ID        string   `json:"id"` // of the page that answers best
	Title     string   `json:"title"`
	Published string   `json:"published_at"`
	Source    string   `json:"source"`
	Text      string   `json:"-"`
	Score     float64  `json:"score"`
	Hits      int      `json:"hits"`    // pages of the story that answer
	Pages     int      `json:"pages"`   // of the story
	Texts     int      `json:"texts"`   // copy groups among them
	Sources   []string `json:"sources"` // that carry it, sorted
}

const (
	// searchStep is how many hits are taken at a time to be collapsed, searchMost how many at most: a query
	// that so many pages of few stories answer is not made better by more.
	searchStep = 200
	searchMost = 5000
	// storyMost is the most pages of one story that are counted.
	storyMost = 10_000
	// titleBoost makes a word of the title count as this many of the text.
	titleBoost = 3
)

// Search gives the stories that answer a query best, at most limit, one for all their pages. All words of
// the query must be in the title or the text.
func Search(ctx context.Context, dir, text string, limit int) (stories []Found, err error) {
	index, err := openBleve(dir, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, index.Close()) }()
	q := bleve.NewConjunctionQuery()
	for _, word := range strings.Fields(text) {
		title, body := bleve.NewMatchQuery(word), bleve.NewMatchQuery(word)
		title.SetField(titleField)
		title.SetBoost(titleBoost)
		body.SetField(textField)
		if len(index.Mapping().AnalyzerNamed(ar.AnalyzerName).Analyze([]byte(word))) > 0 { // not a stop word
			q.AddQuery(bleve.NewDisjunctionQuery(title, body))
		}
	}
	if len(q.Conjuncts) == 0 {
		return nil, nil
	}
	at := make(map[string]int)
	for from := 0; from < searchMost && len(stories) < limit; from += searchStep {
		found, err := find(ctx, index, q, from, searchStep, "*")
		if err != nil {
			return nil, err
		}
		for _, h := range found.Hits {
			id := word(h.Fields["story_id"])
			n, ok := at[id]
			if !ok {
				if len(stories) == limit {
					continue
				}
				n = len(stories)
				at[id] = n
				stories = append(stories, Found{ID: h.ID, Score: h.Score, Title: word(h.Fields[titleField]), Text: word(h.Fields[textField]), Published: word(h.Fields[publishedField]), Source: word(h.Fields[sourceField]),
					Fields: Fields{StoryID: id, CopyGroupID: word(h.Fields["copy_group_id"]), CopyRole: word(h.Fields["copy_role"]), StoryHeadline: word(h.Fields["story_headline"]),
						StoryAliases: words(h.Fields["story_aliases"]), CopyGroupAliases: words(h.Fields["copy_group_aliases"])}})
			}
			stories[n].Hits++
		}
		if len(found.Hits) < searchStep {
			break
		}
	}
	for n := range stories {
		of := bleve.NewTermQuery(stories[n].StoryID)
		of.SetField("story_id")
		found, err := find(ctx, index, of, 0, storyMost, sourceField, "copy_group_id")
		if err != nil {
			return nil, err
		}
		stories[n].Pages = int(found.Total)
		groups := make(map[string]bool)
		for _, h := range found.Hits {
			groups[word(h.Fields["copy_group_id"])] = true
			if s := word(h.Fields[sourceField]); s != "" {
				stories[n].Sources = append(stories[n].Sources, s)
			}
		}
		stories[n].Texts = len(groups)
		slices.Sort(stories[n].Sources)
		stories[n].Sources = slices.Compact(stories[n].Sources)
	}
	return stories, nil
}

// find gives hits by their score, then by their ID.
func find(ctx context.Context, index bleve.Index, q query.Query, from, size int, fields ...string) (*bleve.SearchResult, error) {
	req := bleve.NewSearchRequestOptions(q, size, from, false)
	req.Fields = fields
	req.SortBy([]string{"-_score", "_id"})
	return index.SearchInContext(ctx, req)
}

// word and words give a stored field, which has no value, one or several.
func word(v any) string {
	s, _ := v.(string)
	return s
}

func words(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, s := range v {
			out = append(out, word(s))
		}
		return out
	}
	return []string{}
}
