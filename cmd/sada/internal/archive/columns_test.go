package archive

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

// everyRow has every kind of column that tables have.
type everyRow struct {
	Text  string `parquet:"text"`
	Named string `parquet:"named,dict"`
	innerRow
	Whole  int        `parquet:"whole"`
	Part   partRow    `parquet:"part"`
	When   time.Time  `parquet:"when,optional,timestamp(nanosecond:utc)"`
	Words  []string   `parquet:"words,list"`
	Parts  []partRow  `parquet:"parts,list"`
	Flag   bool       `parquet:"flag"`
	Bytes  []byte     `parquet:"bytes"`
	Hash   [16]byte   `parquet:"hash"`
	Number float64    `parquet:"number"`
	Small  int32      `parquet:"small"`
	Pairs  []innerRow `parquet:"pairs,list"`
}

type innerRow struct {
	Large uint64 `parquet:"large"`
}

func (r innerRow) row() innerRow { return r }

// TestDecode reads rows as the library does, however they lie in groups.
func TestDecode(t *testing.T) {
	short := rapid.StringN(0, 4, 20)
	part := rapid.Custom(func(t *rapid.T) partRow {
		return partRow{short.Draw(t, "kind"), rapid.Int64().Draw(t, "from"), 7, short.Draw(t, "page"), ""}
	})
	row := rapid.Custom(func(t *rapid.T) everyRow {
		r := everyRow{Text: short.Draw(t, "text"), Named: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "named"), Whole: rapid.Int().Draw(t, "whole"), Part: part.Draw(t, "part"),
			Words: rapid.SliceOfN(short, 0, 3).Draw(t, "words"), Parts: rapid.SliceOfN(part, 0, 3).Draw(t, "parts"), Flag: rapid.Bool().Draw(t, "flag"),
			Bytes: []byte(short.Draw(t, "bytes")), Hash: [16]byte{rapid.Byte().Draw(t, "hash")}, Number: rapid.Float64().Draw(t, "number"), Small: rapid.Int32().Draw(t, "small")}
		r.Large = rapid.Uint64().Draw(t, "large")
		for _, n := range rapid.SliceOfN(rapid.Uint64(), 0, 2).Draw(t, "pairs") {
			r.Pairs = append(r.Pairs, innerRow{n}.row())
		}
		if rapid.Bool().Draw(t, "dated") {
			r.When = time.Unix(0, rapid.Int64().Draw(t, "when")).UTC()
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(row, 0, 40).Draw(t, "rows")
		var b bytes.Buffer
		n, err := encodeTable(&b, each(rows, func(_ int, r *everyRow) everyRow { return *r }), one, rapid.IntRange(1, 50).Draw(t, "group"))
		if err != nil || n != int64(len(rows)) {
			t.Fatal(n, err)
		}
		want, err := parquet.Read[everyRow](bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var got []everyRow
		for batch, err := range Decode[everyRow](bytes.NewReader(b.Bytes()), int64(b.Len()), n) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, batch...)
		}
		if d := gocmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), gocmp.AllowUnexported(everyRow{})); d != "" {
			t.Fatal(d)
		}
	})
}

// Many pages of a column, and columns that a table does not have or has as something else.
func TestDecodeOtherColumns(t *testing.T) {
	type wrote struct {
		A string   `parquet:"a"`
		B int64    `parquet:"b"`
		C []string `parquet:"c,list"`
	}
	var rows []wrote
	for i := range 50_000 {
		rows = append(rows, wrote{fmt.Sprint("نص طويل بما يكفي ", i), int64(i), slices.Repeat([]string{"x"}, i%3)})
	}
	var b bytes.Buffer
	if _, err := encodeTable(&b, each(rows, func(_ int, r *wrote) wrote { return *r }), one, groupRows); err != nil {
		t.Fatal(err)
	}
	type reads struct {
		B int64    `parquet:"b"`
		D string   `parquet:"d"`
		C []string `parquet:"c,list"`
	}
	at := 0
	for batch, err := range Decode[reads](bytes.NewReader(b.Bytes()), int64(b.Len()), int64(len(rows))) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch {
			if want := rows[at]; r.B != want.B || r.D != "" || !slices.Equal(r.C, want.C) {
				t.Fatalf("row %d: %+v, want %+v", at, r, want)
			}
			at++
		}
	}
	if at != len(rows) {
		t.Errorf("%d rows, want %d", at, len(rows))
	}
	fails := func(name string, err error) {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, err := range Decode[struct {
		C string `parquet:"c"`
	}](bytes.NewReader(b.Bytes()), int64(b.Len()), int64(len(rows))) {
		_ = err // there is no such column
	}
	for _, err := range Decode[struct {
		A []string `parquet:"a"`
	}](bytes.NewReader(b.Bytes()), int64(b.Len()), int64(len(rows))) {
		fails("a list of a value", err)
	}
	for _, err := range Decode[reads](bytes.NewReader(b.Bytes()), int64(b.Len()), 7) {
		fails("another number of rows", err)
	}
}

// TestDecodeDamage reads files with one byte that is another one: an error, or rows. No string is taken from
// elsewhere.
func TestDecodeDamage(t *testing.T) {
	rows := []everyRow{{Text: "a", Named: "b", Words: []string{"c", "d"}, Parts: []partRow{{Kind: "k"}}, Bytes: []byte("e"), When: time.Unix(1, 0)}, {}, {Words: []string{""}}}
	var b bytes.Buffer
	if _, err := encodeTable(&b, each(rows, func(_ int, r *everyRow) everyRow { return *r }), one, 2); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for at := range b.Len() {
		damaged := bytes.Clone(b.Bytes())
		damaged[at] ^= 1
		for batch, err := range Decode[everyRow](bytes.NewReader(damaged), int64(len(damaged)), int64(len(rows))) {
			if err != nil {
				failed++
				break
			}
			for _, r := range batch {
				_ = fmt.Sprint(r)
			}
		}
	}
	if failed == 0 {
		t.Error("no damage is seen")
	}
}
