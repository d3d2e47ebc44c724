package corpus

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"
)

func TestSkim(t *testing.T) {
	file := parquetOf(t, []plainRow{{"a", "b", "c"}, {"d", "e", "f"}}, parquet.MaxRowsPerRowGroup(1))
	n := int(binary.LittleEndian.Uint32([]byte(file[len(file)-8:])))
	footer := []byte(file[len(file)-8-n : len(file)-8])
	if got, _, ok := skim(append(footer, "more"...)); !ok || got != n {
		t.Errorf("a footer of %d bytes: %d, %v", n, got, ok)
	}
	for i := range n {
		if _, short, ok := skim(footer[:i]); ok || !short {
			t.Errorf("a footer cut at %d of %d: short %v, ok %v", i, n, short, ok)
		}
	}
	for name, data := range map[string]string{
		"list of 2^31-1":           "\x19\xfc\xff\xff\xff\xff\x07\x00",
		"string of 2^31-1":         "\x18\xff\xff\xff\xff\x07\x00",
		"list of 2 million":        "\x19\xf3\x80\x89\x7a" + strings.Repeat("x", 2_000_000) + "\x00",
		"structures without end":   strings.Repeat("\x1c", 1000) + strings.Repeat("\x00", 1001),
		"lists without end":        "\x19" + strings.Repeat("\x19", 1000),
		"map":                      "\x1b\x00\x00",
		"number of eleven bytes":   "\x16" + strings.Repeat("\xff", 11) + "\x00",
		"type that does not exist": "\x1f\x00",
	} {
		if _, _, ok := skim([]byte(data)); ok {
			t.Errorf("%s: passed", name)
		}
	}
}

func TestRunsFit(t *testing.T) {
	run := func(count uint64, data string) []byte { return append(binary.AppendUvarint(nil, count<<1), data...) }
	packed := func(groups uint64, data string) []byte {
		return append(binary.AppendUvarint(nil, groups<<1|1), data...)
	}
	for name, c := range map[string]struct {
		data   []byte
		width  byte
		values int32
		want   bool
	}{
		"nothing":           {nil, 1, 0, true},
		"one run":           {run(1000, "\x01"), 1, 1000, true},
		"packed":            {packed(2, "xy"), 1, 9, true},
		"both":              {append(run(5, "\x01"), packed(1, "abc")...), 3, 13, true},
		"run too long":      {run(1<<24, "\x01"), 1, 1000, false},
		"run beyond all":    {run(1<<40, "\x01"), 1, 1 << 24, false},
		"many runs":         {bytes.Repeat(run(900, "\x01"), 3), 1, 1000, false},
		"packed cut off":    {packed(3, "xy"), 1, 24, false},
		"packed beyond all": {packed(1<<62, "xy"), 32, 24, false},
		"value cut off":     {run(1, "\x01"), 9, 1, false},
		"too wide":          {run(1, "\x01\x01\x01\x01\x01"), 33, 1, false},
		"no width":          {run(10, ""), 0, 10, true},
	} {
		if got := runsFit(c.data, c.width, c.values); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The end of a stream that the library wrote is found, and a stream of more values than its page is
// refused.
func TestDeltaFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int32(), 0, 1000).Draw(t, "values")
		data, err := new(delta.BinaryPackedEncoding).EncodeInt32(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := deltaFits(append(data, "more"...), int32(len(values))); !ok || n != len(data) {
			t.Fatalf("%d values in %d bytes: %d, %v", len(values), len(data), n, ok)
		}
		if _, ok := deltaFits(data, int32(len(values)-1)); ok && len(values) > 0 {
			t.Fatalf("%d values pass for one less", len(values))
		}
	})
	for name, data := range map[string]string{
		"cut off":           "\x80\x01\x04",
		"no parts":          "\x80\x01\x00\x01\x00",
		"no block":          "\x00\x04\x01\x00",
		"parts too small":   "\x80\x01\x08\x01\x00",
		"blocks cut off":    "\x80\x01\x04\x09\x00\x00\x01",
		"width of 255 bits": "\x80\x01\x04\x09\x00\x00\xff\xff\xff\xff",
	} {
		if _, ok := deltaFits([]byte(data), 100); ok {
			t.Errorf("%s: passed", name)
		}
	}
}

// A page unpacks to what its header says, or not at all.
func TestUnpack(t *testing.T) {
	page := strings.Repeat("0", 1<<20)
	for codec, body := range map[format.CompressionCodec]string{
		format.Gzip:   gzipped(page),
		format.Zstd:   zstdPacked(page),
		format.Snappy: string(snappy.Encode(nil, []byte(page))),
	} {
		p := &inspector{}
		for range 2 { // the second time with what the first left
			if got, err := p.unpack([]byte(body), codec, int64(len(page))); err != nil || string(got) != page {
				t.Errorf("%v: %d bytes, %v", codec, len(got), err)
			}
			if _, err := p.unpack([]byte(body), codec, int64(len(page)-1)); err == nil {
				t.Errorf("%v: a byte too many", codec)
			}
			if _, err := p.unpack([]byte(body[:len(body)/2]), codec, int64(len(page))); err == nil {
				t.Errorf("%v: half a page", codec)
			}
		}
		p.close()
	}
}

// What a page states about itself, against what is there.
func TestContent(t *testing.T) {
	same := func(n int, v int32) []byte {
		values := make([]int32, n)
		for i := range values {
			values[i] = v
		}
		data, err := new(delta.BinaryPackedEncoding).EncodeInt32(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	v1 := func(values int32, encoding format.Encoding) *format.PageHeader {
		return &format.PageHeader{Type: format.DataPage, UncompressedPageSize: 1 << 20,
			DataPageHeader: thrift.New(format.DataPageHeader{NumValues: values, Encoding: encoding, DefinitionLevelEncoding: format.RLE})}
	}
	v2 := func(values, levels int32) *format.PageHeader {
		return &format.PageHeader{Type: format.DataPageV2, UncompressedPageSize: 1 << 20,
			DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{NumValues: values, Encoding: format.Plain, DefinitionLevelsByteLength: levels})}
	}
	for name, c := range map[string]struct {
		header   *format.PageHeader
		body     []byte
		optional bool
		want     bool
	}{
		"prefixes":            {v1(2000, format.DeltaByteArray), append(same(2000, 10), same(2000, 1)...), false, true},
		"prefixes of 200 MB":  {v1(2000, format.DeltaByteArray), append(same(2000, 100_000), same(2000, 1)...), false, false},
		"negative prefixes":   {v1(2000, format.DeltaByteArray), append(same(2000, -1), same(2000, 1)...), false, false},
		"no suffixes":         {v1(2000, format.DeltaByteArray), same(2000, 10), false, false},
		"lengths":             {v1(2000, format.DeltaLengthByteArray), same(2000, 1), false, true},
		"more lengths":        {v1(1999, format.DeltaLengthByteArray), same(2000, 1), false, false},
		"levels":              {v1(100, format.Plain), []byte("\x03\x00\x00\x00\xc8\x01\x01"), true, true},
		"levels cut off":      {v1(100, format.Plain), []byte("\x04\x00\x00\x00\xc8\x01\x01"), true, false},
		"levels of millions":  {v1(100, format.Plain), []byte("\x06\x00\x00\x00\x80\x80\x80\x08\x01"), true, false},
		"values of billions":  {v1(1<<31-1, format.Plain), nil, false, false},
		"negative values":     {v1(-1, format.Plain), nil, false, false},
		"indexes":             {v1(100, format.RLEDictionary), []byte("\x01\xc8\x01\x01"), false, true},
		"indexes of millions": {v1(100, format.RLEDictionary), []byte("\x01\x80\x80\x80\x08\x01"), false, false},
		"another encoding":    {v1(100, format.ByteStreamSplit), nil, false, false},
		"version 2":           {v2(100, 3), []byte("\xc8\x01\x01"), true, true},
		"version 2, cut off":  {v2(100, 4), []byte("\xc8\x01\x01"), true, false},
		"version 2, negative": {v2(100, -1), []byte("\xc8\x01\x01"), true, false},
		"index page":          {&format.PageHeader{Type: format.IndexPage}, nil, false, false},
	} {
		p := &inspector{body: c.body}
		if err := p.content(c.header, format.Uncompressed, c.optional); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a chunk and its pages state about their sizes, against the file.
func TestChunk(t *testing.T) {
	body := "\x01\x00\x00\x00x"
	for name, c := range map[string]struct {
		stored, unpacked int32 // sizes in the header of the page
		offset, size     int64 // of the chunk, the size from the true one
		want             bool
	}{
		"true":                     {5, 5, 0, 0, true},
		"page beyond its chunk":    {6, 5, 0, 0, false},
		"page of 2 GiB":            {1<<31 - 1, 5, 0, 0, false},
		"negative page":            {-1, 5, 0, 0, false},
		"unpacks to 2 GiB":         {5, 1<<31 - 1, 0, 0, false},
		"unpacks to less than 0":   {5, -1, 0, 0, false},
		"chunk beyond the file":    {5, 5, 0, 1, false},
		"chunk before the file":    {5, 5, -1, 0, false},
		"chunk of negative size":   {5, 5, 4, -100, false},
		"chunk that ends too soon": {5, 5, 0, -1, false},
	} {
		header, err := thrift.Marshal(new(thrift.CompactProtocol), &format.PageHeader{
			Type: format.DataPage, CompressedPageSize: c.stored, UncompressedPageSize: c.unpacked,
			DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 1, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}),
		})
		if err != nil {
			t.Fatal(err)
		}
		file := string(header) + body
		p := &inspector{file: strings.NewReader(file), size: int64(len(file))}
		meta := &format.ColumnMetaData{DataPageOffset: c.offset, TotalCompressedSize: int64(len(file)) + c.size}
		if err := p.chunk(meta, false); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
