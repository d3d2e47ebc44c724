package corpus

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"pgregory.net/rapid"
)

func parquetOf[Row any](t interface {
	Helper()
	Fatal(...any)
}, rows []Row, options ...parquet.WriterOption) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[Row](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type plainRow struct {
	ID    string `parquet:"id,plain"`
	Title string `parquet:"title,plain"`
	Text  string `parquet:"text,plain"`
}

type dictRow struct {
	Text  *string `parquet:"text,optional,dict"`
	Other []int32 `parquet:"other,list"`
	Title *string `parquet:"title,optional"`
	ID    *string `parquet:"id,optional,dict"`
}

type otherRow struct {
	Title *string `parquet:"title,optional"`
	ID    string  `parquet:"id"`
	Text  string  `parquet:"text"`
}

// differences are the two encodings of strings by what differs from the string before.
var differences = []parquet.WriterOption{
	parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.DeltaLengthByteArray),
	parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.DeltaByteArray),
}

// What is written in any layout is read back: encodings, compressions, versions of pages, small pages and
// row groups, any order of columns, required and optional.
func TestParquetLayouts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type page struct{ id, title, text string }
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"قال", "مصدر", "الميناء", "x", " "}), 0, 30)
		var want []page
		for i := range rapid.IntRange(0, 300).Draw(t, "rows") {
			want = append(want, page{fmt.Sprintf("p%d", i/3*3), strings.Join(words.Draw(t, "title"), " "), strings.Join(words.Draw(t, "text"), " ")})
		}
		options := []parquet.WriterOption{
			parquet.Compression([]compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Zstd}[rapid.IntRange(0, 3).Draw(t, "codec")]),
			parquet.DataPageVersion(rapid.IntRange(1, 2).Draw(t, "version")),
			parquet.PageBufferSize(rapid.IntRange(200, 20000).Draw(t, "page")),
			parquet.MaxRowsPerRowGroup(int64(rapid.IntRange(1, 200).Draw(t, "group"))),
		}
		var file string
		switch rapid.IntRange(0, 2).Draw(t, "layout") {
		case 0:
			var rows []plainRow
			for _, p := range want {
				rows = append(rows, plainRow{p.id, p.title, p.text})
			}
			file = parquetOf(t, rows, options...)
		case 1:
			var rows []dictRow
			for _, p := range want {
				rows = append(rows, dictRow{ID: &p.id, Title: &p.title, Text: &p.text, Other: []int32{1, 2, 3}})
			}
			file = parquetOf(t, rows, options...)
		case 2:
			var rows []otherRow
			for _, p := range want {
				rows = append(rows, otherRow{ID: p.id, Title: &p.title, Text: p.text})
			}
			file = parquetOf(t, rows, append(options, differences[rapid.IntRange(0, 1).Draw(t, "encoding")])...)
		}
		s, err := Open([]string{"-"}, Options{Stdin: strings.NewReader(file)})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for r := range s.Records(t.Context()) {
			if r.Reject != "" || i == len(want) {
				t.Fatalf("row %d of %d: %s", r.Line, len(want), r.Reject)
			}
			if got := (page{r.Page.ID, r.Page.Title, r.Page.Text}); got != want[i] || r.Line != i+1 || r.Byte != 0 {
				t.Fatalf("row %d: %q at line %d, want %q", i, got, r.Line, want[i])
			}
			i++
		}
		if i != len(want) || s.Files()[0].Format != "parquet" {
			t.Fatalf("%d rows of %d, %+v", i, len(want), s.Files())
		}
	})
}

// Every type that an id or a date can have.
func TestParquetTypes(t *testing.T) {
	at := time.Date(2015, 8, 4, 18, 19, 8, 123456789, time.UTC)
	day := time.Date(2015, 8, 4, 0, 0, 0, 0, time.UTC)
	text := "t"
	julian := uint64(at.Sub(day))
	for name, c := range map[string]struct {
		file string
		want string
	}{
		"milliseconds": {parquetOf(t, []struct {
			ID   string `parquet:"id"`
			Text string `parquet:"text"`
			At   int64  `parquet:"published_at,timestamp(millisecond)"`
		}{{"a", text, at.UnixMilli()}}), "a 2015-08-04T18:19:08.123Z false"},
		"microseconds, 64-bit id": {parquetOf(t, []struct {
			ID   int64  `parquet:"id"`
			Text string `parquet:"text"`
			At   int64  `parquet:"published_at,timestamp(microsecond)"`
		}{{-7, text, at.UnixMicro()}}), "-7 2015-08-04T18:19:08.123456Z false"},
		"nanoseconds, 32-bit id": {parquetOf(t, []struct {
			ID   int32  `parquet:"id"`
			Text string `parquet:"text"`
			At   int64  `parquet:"published_at,timestamp(nanosecond)"`
		}{{7, text, at.UnixNano()}}), "7 2015-08-04T18:19:08.123456789Z false"},
		"day, unsigned id": {parquetOf(t, []struct {
			ID   uint64 `parquet:"id"`
			Text string `parquet:"text"`
			At   int32  `parquet:"published_at,date"`
		}{{1 << 63, text, int32(day.Unix() / secondsOfDay)}}), "9223372036854775808 2015-08-04T00:00:00Z true"},
		"96 bits, unsigned id": {parquetOf(t, []struct {
			ID   uint32           `parquet:"id"`
			Text string           `parquet:"text"`
			At   deprecated.Int96 `parquet:"published_at"`
		}{{1 << 31, text, deprecated.Int96{uint32(julian), uint32(julian >> 32), uint32(day.Unix()/secondsOfDay + 2440588)}}}), "2147483648 2015-08-04T18:19:08.123456789Z false"},
		"seconds": {parquetOf(t, []struct {
			ID   string `parquet:"id"`
			Text string `parquet:"text"`
			At   int64  `parquet:"published_at"`
		}{{"a", text, at.Unix()}}), "a 2015-08-04T18:19:08Z false"},
		"seconds, real": {parquetOf(t, []struct {
			ID   string  `parquet:"id"`
			Text string  `parquet:"text"`
			At   float64 `parquet:"published_at"`
		}{{"a", text, float64(at.UnixMilli()) / 1000}}), "a 2015-08-04T18:19:08.123Z false"},
		"string": {parquetOf(t, []struct {
			At   string `parquet:"published_at"`
			ID   string `parquet:"id"`
			Text string `parquet:"text"`
		}{{"2015-08-04", "a", text}}), "a 2015-08-04T00:00:00Z true"},
		"null date": {parquetOf(t, []struct {
			At   *int64 `parquet:"published_at,optional,timestamp(millisecond)"`
			ID   string `parquet:"id"`
			Text string `parquet:"text"`
		}{{nil, "a", text}}), "a 0001-01-01T00:00:00Z false"},
		"truth value for a date": {parquetOf(t, []struct {
			At   bool   `parquet:"published_at"`
			ID   string `parquet:"id"`
			Text string `parquet:"text"`
		}{{true, "a", text}}), "field published_at is not a string or a number"},
		"list for a text": {parquetOf(t, []struct {
			ID   string   `parquet:"id"`
			Text []string `parquet:"text"`
		}{{"a", []string{"t"}}}), "field text is not a string"},
		"no id": {parquetOf(t, []struct {
			Key  string `parquet:"key"`
			Text string `parquet:"text"`
		}{{"a", text}}), `parquet needs the columns id and text or title, and has "key", "text"`},
		"no rows":       {parquetOf(t, []plainRow{}), ""},
		"null id":       {parquetOf(t, []dictRow{{Text: &text}}), "no id"},
		"bad UTF-8 id":  {parquetOf(t, []plainRow{{"a\xff", "", "t"}}), "field id is not valid UTF-8"},
		"LZ4, unbound":  {parquetOf(t, []plainRow{{"a", "", "t"}}, parquet.Compression(&parquet.Lz4Raw)), "parquet pages in LZ4_RAW are not read: write them with zstd, snappy or gzip"},
		"long value":    {parquetOf(t, []plainRow{{"a", "", strings.Repeat("x", 101)}}), "field text longer than 100 bytes"},
		"inside gzip":   {gzipped(parquetOf(t, []plainRow{{"a", "", "t"}})), "a 0001-01-01T00:00:00Z false"},
		"bomb of zeros": {parquetOf(t, []dictRow{{Text: &text}}, parquet.Compression(&parquet.Zstd))[:40] + "PAR1", "corrupt parquet: no footer: the file is cut off or not Parquet"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folderOf(t, map[string]string{"x": c.file})
			records, _ := readAll(t, Options{MaxPageBytes: 100}, dir)
			var got []string
			for _, r := range records {
				if r.Reject != "" {
					got = append(got, r.Reject)
				} else {
					got = append(got, fmt.Sprintf("%s %s %v", r.Page.ID, r.Page.PublishedAt.Format(time.RFC3339Nano), r.Page.DayOnly))
				}
			}
			if got := strings.Join(got, "\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// One long value in the dictionary, named by every row, unpacks to any size.
func TestParquetBomb(t *testing.T) {
	long := strings.Repeat("x", 1000)
	rows := make([]dictRow, 2000)
	for i := range rows {
		rows[i] = dictRow{ID: &long, Text: &long}
	}
	file := parquetOf(t, rows)
	dir := folderOf(t, map[string]string{"a": file, "b": "next"})
	records, _ := readAll(t, Options{MaxBytes: 1_000_000}, dir)
	n := len(records) - 2
	if want := 1_000_000 / 2048; n != want || records[n].Reject != "decompresses beyond the limit of 1000000 bytes" || records[n].Line != n+1 || records[n+1].Page.ID != "b" {
		t.Errorf("%d good rows, want %d, then %v", n, want, short(records[n:]))
	}
}

// A page that is damaged after good row groups loses only what follows.
func TestParquetBroken(t *testing.T) {
	var rows []plainRow
	for i := range 100 {
		rows = append(rows, plainRow{fmt.Sprintf("p%d", i), "", strings.Repeat("y", 50)})
	}
	file := []byte(parquetOf(t, rows, parquet.MaxRowsPerRowGroup(40), parquet.Compression(&parquet.Zstd)))
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	at := f.Metadata().RowGroups[1].Columns[2].MetaData
	clear(file[at.DataPageOffset : at.DataPageOffset+at.TotalCompressedSize])
	dir := folderOf(t, map[string]string{"a": string(file), "b": "next"})
	records, files := readAll(t, Options{}, dir)
	if len(records) != 42 || records[39].Page.ID != "p39" || records[40].Line != 41 || !strings.HasPrefix(records[40].Reject, "corrupt parquet") || records[41].Page.ID != "b" {
		t.Errorf("%d records, the last are %v", len(records), short(records[max(0, len(records)-3):]))
	}
	if files[0].Records != 40 || files[0].Rejects != 1 {
		t.Errorf("%+v", files[0])
	}
}

// FuzzParquet damages files: reading neither panics nor takes memory beyond measure, and ends.
func FuzzParquet(f *testing.F) {
	text := "قال مصدر ان الميناء افتتح اليوم"
	var dict []dictRow
	var others []otherRow
	for range 20 {
		dict = append(dict, dictRow{ID: &text, Text: &text})
		others = append(others, otherRow{ID: text, Text: text})
	}
	f.Add([]byte(parquetOf(f, dict)))
	f.Add([]byte(parquetOf(f, dict, parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy))))
	f.Add([]byte(parquetOf(f, others, differences[0])))
	f.Add([]byte(parquetOf(f, others, differences[1], parquet.Compression(&parquet.Zstd))))
	f.Fuzz(func(t *testing.T, data []byte) {
		readDamaged(t, append([]byte("PAR1"), data[min(4, len(data)):]...))
	})
}

func readDamaged(t testing.TB, data []byte) {
	path := t.TempDir() + "/x"
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	records, _ := readAll(t, Options{Workers: 1, MaxBytes: 1 << 20}, path)
	runtime.ReadMemStats(&after)
	// Up to 600 bytes for an element of a footer, 16 for a value of a page, and the buffers of the reader.
	if n := after.TotalAlloc - before.TotalAlloc; n > 600*maxElements+16*maxPageValues {
		t.Errorf("%d bytes allocated for %d rows of a file of %d", n, len(records), len(data))
	}
}

// Every single byte of a file damaged in turn, and cuts everywhere.
func TestParquetDamaged(t *testing.T) {
	text := "some words"
	for _, file := range []string{
		parquetOf(t, []dictRow{{ID: &text, Text: &text}, {ID: &text}}),
		parquetOf(t, []otherRow{{ID: text, Text: text}, {ID: text + "s", Text: text}}, differences[0], parquet.Compression(&parquet.Zstd)),
		parquetOf(t, []otherRow{{ID: text, Text: text}, {ID: text + "s", Text: text}}, differences[1]),
		parquetOf(t, []plainRow{{ID: text, Text: text}}, parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy)),
	} {
		good, _ := readAll(t, Options{Stdin: strings.NewReader(file)}, "-")
		if len(good) == 0 || good[0].Reject != "" {
			t.Fatalf("undamaged: %v", short(good))
		}
		same := 0
		for i := 4; i < len(file)-4; i++ {
			damaged := []byte(file)
			damaged[i] ^= []byte{0x01, 0x80, 0xFF}[i%3]
			records, _ := readAll(t, Options{Stdin: bytes.NewReader(damaged), Workers: 1}, "-")
			if cmp.Equal(good, records, cmp.AllowUnexported(Record{})) {
				same++
			}
		}
		if same == len(file)-8 {
			t.Error("no damage shows")
		}
		for n := 4; n < len(file); n += 7 {
			records, _ := readAll(t, Options{Stdin: strings.NewReader(file[:n]), Workers: 1}, "-")
			if len(records) != 1 || !strings.HasPrefix(records[0].Reject, "corrupt parquet") {
				t.Fatalf("cut at %d of %d: %v", n, len(file), short(records))
			}
		}
	}
}
