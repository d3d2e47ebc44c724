package publish

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	klauspost "github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

// Any reader of Zstandard reads what is written, whatever the codec wrote before.
func TestCodecIsZstandard(t *testing.T) {
	standard, err := klauspost.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer standard.Close()
	rapid.Check(t, func(t *rapid.T) {
		var c codec
		for _, src := range rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 4).Draw(t, "pages") {
			src = bytes.Repeat(src, rapid.SampledFrom([]int{1, 3, 500}).Draw(t, "times"))
			packed, err := c.Encode(nil, src)
			if err != nil {
				t.Fatal(err)
			}
			for name, decode := range map[string]func(dst, src []byte) ([]byte, error){
				"own": c.Decode, "standard": func(dst, src []byte) ([]byte, error) { return standard.DecodeAll(src, dst) },
			} {
				if got, err := decode(nil, packed); err != nil || !bytes.Equal(got, src) {
					t.Fatalf("%s: %d bytes of %d: %v", name, len(got), len(src), err)
				}
			}
		}
	})
}

// IDs are hexadecimal digits, of four bits each: half of every byte.
func TestCodecPacksIDs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var ids strings.Builder
	for ids.Len() < pageBytes {
		fmt.Fprintf(&ids, "%016x%016x", random.Uint64(), random.Uint64())
	}
	packed, err := new(codec).Encode(nil, []byte(ids.String()))
	if err != nil {
		t.Fatal(err)
	}
	if share := float64(len(packed)) / float64(ids.Len()); share > .51 {
		t.Errorf("%.3f of the bytes, want about half", share)
	}
}

// Engines skip what a query does not ask for by the bounds of columns and of their pages.
func TestColumnsHaveBounds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	terms := make([]Term, 3*pageBytes/8)
	for i := range terms {
		terms[i].Term = uint64(i)
	}
	if err := Parquet(f, "terms", slices.Values(terms)); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(f.Path(), "terms.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	next := uint64(0)
	for _, group := range file.RowGroups() {
		chunk := group.ColumnChunks()[0].(*parquet.FileColumnChunk)
		least, most, ok := chunk.Bounds()
		if want := next + uint64(group.NumRows()) - 1; !ok || least.Uint64() != next || most.Uint64() != want {
			t.Errorf("column: %v to %v (%t), want %d to %d", least, most, ok, next, want)
		}
		index, err := chunk.ColumnIndex()
		if err != nil {
			t.Fatal(err)
		}
		for page := range index.NumPages() {
			if least := index.MinValue(page).Uint64(); least != next {
				t.Errorf("page %d: from %d, want %d", page, least, next)
			}
			next = index.MaxValue(page).Uint64() + 1
		}
	}
	if next != uint64(len(terms)) {
		t.Errorf("pages have terms to %d, want %d", next, len(terms))
	}
}
