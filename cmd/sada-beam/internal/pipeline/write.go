package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/google/renameio/v2"
	"github.com/zeebo/xxh3"

	"sada/cmd/internal/publish"
)

// record is a row of a table on its way to a shard: a line of JSON, and what puts it in order.
type record struct {
	Order string
	JSON  []byte
}

func newRow(order string, row any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(row); err != nil {
		panic(err) // rows are structs of strings and numbers
	}
	return pack(record{order, b.Bytes()})
}

// shard names the file of a row by its table and number.
func shard(table string, number int64, rows int) string {
	return fmt.Sprintf("%s-%09d", table, number/int64(rows))
}

type (
	putTogether struct{ PerShard int } // rows of a page
	writeShard  struct{ Dir string }
	writeIndex  struct{ Dir, Name string }
)

func init() {
	beam.RegisterType(reflect.TypeFor[putTogether]())
	beam.RegisterType(reflect.TypeFor[writeShard]())
	beam.RegisterType(reflect.TypeFor[writeIndex]())
}

// assemble makes the rows of pages and of their passages.
func assemble(s beam.Scope, finals, related, settled, roles, stories beam.PCollection, o Options) beam.PCollection {
	return beam.ParDo(s, &putTogether{o.RowsPerShard}, join(s, "putTogether", finals, related, settled, roles, stories))
}

func (p *putTogether) ProcessElement(ctx context.Context, number int64, finals, related, settled, roles, stories func(*[]byte) bool, emit func(string, []byte)) {
	f, ok := one[final](finals)
	r, hasRole := one[role](roles)
	told, hasStory := one[assigned](stories)
	if !ok || !hasRole || !hasStory {
		return
	}
	parts := all[settledPart](settled)
	slices.SortFunc(parts, func(a, b settledPart) int { return cmp.Compare(a.Order, b.Order) })
	for _, s := range parts {
		part := &f.Parts[s.Part]
		i := slices.IndexFunc(f.Passages, func(r row) bool { return r.Passage.Cut && r.Passage.BytesA.From == part.From })
		// Where several begin, the last is meant.
		for j := i + 1; i >= 0 && j < len(f.Passages); j++ {
			if q := f.Passages[j].Passage; q.Cut && q.BytesA.From == part.From {
				i = j
			}
		}
		if i < 0 {
			s.Settlement.Apply(part, nil, s.ID)
			continue
		}
		s.Settlement.Apply(part, &f.Passages[i].Passage, s.ID)
		if s.Settlement.Page >= 0 {
			f.Passages[i].B = s.ID
		}
	}
	out := f.Row
	out.Parts = publish.NewParts(f.Parts)
	out.CopyGroup, out.Role, out.Story, out.Next = r.ID, r.Role, told.Story, told.Next
	out.Confidence, out.Margin = publish.Round(told.Confidence), publish.Signed(told.Margin)
	b := newRow(order(number), out)
	emit(shard("pages", number, p.PerShard), b)
	rows := f.Passages
	for b := []byte(nil); related(&b); b = nil {
		rows = append(rows, unpack[[]row](b)...)
	}
	for _, r := range rows {
		b := newRow(order(number, r.Order), publish.NewPassage(&r.Passage, r.A, r.B))
		count(ctx, "passages", 1)
		emit(shard("passages", number, p.PerShard), b)
	}
}

// write sorts the rows of every shard and writes it, then the index: without it, nothing of what is there
// counts. A shard that is written twice is the same, and appears at once.
func write(s beam.Scope, o Options, index string, rows ...beam.PCollection) {
	dir := o.shards()
	written := beam.ParDo(s, &writeShard{dir}, join(s, "writeShard", beam.Flatten(s, rows...)))
	beam.ParDo0(s, &writeIndex{dir, index}, join(s, "writeIndex", written))
}

// shards is where the shards are until they are a folder.
func (o Options) shards() string {
	return filepath.Join(filepath.Dir(o.Out), "."+filepath.Base(o.Out)+".shards")
}

// The indexes of what each of the [Jobs] has written.
const (
	pagesIndex   = "pages.json"
	storiesIndex = "stories.json"
)

// shardFile is a row of the index.
type shardFile struct {
	Name  string `json:"name"`
	Rows  int    `json:"rows"`
	Bytes int    `json:"bytes"`
	Hash  string `json:"xxh3_128"`
}

func sum(b []byte) string { return hexOf(xxh3.Hash128(b)) }

func hexOf(h xxh3.Uint128) string {
	b := h.Bytes()
	return hex.EncodeToString(b[:])
}

func (w *writeShard) ProcessElement(ctx context.Context, name string, values func(*[]byte) bool, emit func(int64, []byte)) error {
	records := all[record](values)
	slices.SortFunc(records, func(a, b record) int { return cmp.Or(cmp.Compare(a.Order, b.Order), bytes.Compare(a.JSON, b.JSON)) })
	var b []byte
	for _, r := range records {
		b = append(b, r.JSON...)
	}
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return err
	}
	if err := renameio.WriteFile(filepath.Join(w.Dir, name), b, 0o644); err != nil {
		return fmt.Errorf("write a shard: %w", err)
	}
	count(ctx, "shards", 1)
	count(ctx, "rows_"+name[:strings.IndexByte(name, '-')], len(records))
	emit(0, pack(shardFile{name, len(records), len(b), sum(b)}))
	return nil
}

func (w *writeIndex) ProcessElement(_ int64, values func(*[]byte) bool) error {
	files := all[shardFile](values)
	slices.SortFunc(files, func(a, b shardFile) int { return cmp.Compare(a.Name, b.Name) })
	b, err := json.Marshal(files)
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(w.Dir, w.Name), b, 0o644)
}
