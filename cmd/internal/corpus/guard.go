package corpus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A Parquet file states sizes and counts in many places, and the library allocates what they say
// before it looks at the bytes: a footer of a few bytes can ask for more memory than there is, which
// ends the process and cannot be recovered. So everything that is stated is checked here, against
// the bytes that are there, before the library decodes it.
const (
	// maxPageSize is the most that a page of Parquet may unpack to. Writers aim at 1 MiB (parquet-java,
	// Arrow); DuckDB closes a page at 100 MB.
	maxPageSize = 128 << 20
	// maxPageValues is the most values in a page: the library needs up to 16 bytes for each, and a run
	// of a few bytes can stand for any number. DuckDB writes 122,880 rows to a row group by default.
	maxPageValues = 1 << 24
	// maxHeader is the longest header of a page. Its statistics may hold two values of the page; Arrow
	// reads up to 16 MiB.
	maxHeader = 16 << 20
	// maxElements is the most list elements in a footer. Twenty columns in a thousand row groups take
	// about 160,000; the library needs about 600 bytes for the largest kind.
	maxElements = 1 << 20
	// maxDepth is how deep structures and lists may nest; those of a footer nest to 7.
	maxDepth = 32
	// runSlack is by how much the runs of a page may exceed its values: bit-packed runs are written in
	// groups of 8, up to 63 groups at once.
	runSlack = 63 * 8
)

var errDamaged = errors.New("corrupt parquet: sizes that do not fit the file")

// skimmer walks over values in Thrift's compact protocol and checks every length.
type skimmer struct {
	data     []byte // what is left
	elements int    // of lists, so far
	short    bool   // the walk failed for want of bytes
}

// skim gives the length of the Thrift structure at the beginning of data. It is false where the
// structure cannot be.
func skim(data []byte) (n int, short, ok bool) {
	s := &skimmer{data: data}
	ok = s.structure(0)
	return len(data) - len(s.data), s.short, ok
}

func (s *skimmer) skip(n uint64) bool {
	if n > uint64(len(s.data)) {
		s.short = true
		return false
	}
	s.data = s.data[n:]
	return true
}

func (s *skimmer) byte() (b byte, ok bool) {
	if len(s.data) > 0 {
		b = s.data[0]
	}
	return b, s.skip(1)
}

func (s *skimmer) uvarint() (uint64, bool) {
	v, n := binary.Uvarint(s.data)
	if n <= 0 {
		s.short = n == 0
		return 0, false
	}
	return v, s.skip(uint64(n))
}

// The types of the compact protocol, from the specification of Apache Thrift.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

func (s *skimmer) structure(depth int) bool {
	for depth < maxDepth {
		head, ok := s.byte()
		if !ok || head == 0 {
			return ok
		}
		if head>>4 == 0 { // the field's number follows
			if _, ok := s.uvarint(); !ok {
				return false
			}
		}
		typ := head & 0xF
		if typ == thriftTrue || typ == thriftFalse { // the type is the value
			continue
		}
		if !s.value(typ, depth+1) {
			return false
		}
	}
	return false
}

func (s *skimmer) value(typ byte, depth int) bool {
	switch {
	case typ <= thriftByte: // in a list a truth value takes a byte
		return s.skip(1)
	case typ <= thriftI64: // and the shorter integers
		_, ok := s.uvarint()
		return ok
	case typ == thriftDouble:
		return s.skip(8)
	case typ == thriftBinary:
		n, ok := s.uvarint()
		return ok && s.skip(n)
	case typ == thriftList, typ == thriftSet:
		head, ok := s.byte()
		n := uint64(head >> 4)
		if n == 15 && ok {
			n, ok = s.uvarint()
		}
		if ok && n > uint64(len(s.data)) {
			s.short = true
			return false
		}
		s.elements += int(n)
		for ; n > 0 && ok; n-- {
			ok = s.elements <= maxElements && depth < maxDepth && s.value(head&0xF, depth+1)
		}
		return ok
	case typ == thriftStruct:
		return s.structure(depth + 1)
	}
	return false // the metadata of Parquet has no maps
}

// inspector checks the pages of column chunks.
type inspector struct {
	file io.ReaderAt
	size int64
	head []byte
	body []byte
	page bytes.Buffer
	gzip *gzip.Reader
	zstd *zstd.Decoder
}

// chunk checks all pages of a column chunk. Optional says that the column has definition levels.
func (p *inspector) chunk(meta *format.ColumnMetaData, optional bool) error {
	switch meta.Codec {
	case format.Uncompressed, format.Snappy, format.Gzip, format.Zstd:
	default:
		// The library tries again with twice the memory for as long as LZ4 fails, and Brotli has no bound.
		return fmt.Errorf("parquet pages in %v are not read: write them with zstd, snappy or gzip", meta.Codec)
	}
	at := meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		at = meta.DictionaryPageOffset
	}
	end := at + meta.TotalCompressedSize
	if at < 0 || end < at || end > p.size {
		return errDamaged
	}
	for at < end {
		header, n, err := p.header(at, end)
		if err != nil {
			return err
		}
		at += n
		stored := int64(header.CompressedPageSize)
		if stored < 0 || stored > min(end-at, maxPageSize) || header.UncompressedPageSize < 0 || header.UncompressedPageSize > maxPageSize {
			return errDamaged
		}
		if int64(cap(p.body)) < stored {
			p.body = make([]byte, stored)
		}
		p.body = p.body[:stored]
		if _, err := p.file.ReadAt(p.body, at); err != nil && err != io.EOF {
			return err
		}
		if err := p.content(header, meta.Codec, optional); err != nil {
			return err
		}
		at += stored
	}
	return nil
}

// header reads the page header at a place in the file.
func (p *inspector) header(at, end int64) (*format.PageHeader, int64, error) {
	for size := int64(4 << 10); ; size = maxHeader {
		size = min(size, end-at)
		if int64(cap(p.head)) < size {
			p.head = make([]byte, size)
		}
		p.head = p.head[:size]
		if _, err := p.file.ReadAt(p.head, at); err != nil && err != io.EOF {
			return nil, 0, err
		}
		n, short, ok := skim(p.head)
		if short && size < min(maxHeader, end-at) {
			continue
		}
		if !ok {
			return nil, 0, errDamaged
		}
		header := new(format.PageHeader)
		var protocol thrift.CompactProtocol
		if err := thrift.NewDecoder(protocol.NewReaderFromBytes(p.head[:n])).Decode(header); err != nil {
			return nil, 0, corrupt(err)
		}
		return header, int64(n), nil
	}
}

// content checks the counts of the page in p.body.
func (p *inspector) content(header *format.PageHeader, codec format.CompressionCodec, optional bool) error {
	var (
		body     = p.body
		levels   []byte // v2 has them before the compressed part
		values   int32
		encoding format.Encoding
	)
	switch header.Type {
	case format.DictionaryPage:
		values, encoding = header.DictionaryPageHeader.V.NumValues, header.DictionaryPageHeader.V.Encoding
		//lint:ignore SA1019 old writers name the encoding of dictionaries so
		if encoding != format.Plain && encoding != format.PlainDictionary {
			return errDamaged
		}
		encoding = format.Plain
	case format.DataPage:
		h := header.DataPageHeader.V
		values, encoding = h.NumValues, h.Encoding
		if optional && h.DefinitionLevelEncoding != format.RLE {
			return errDamaged
		}
	case format.DataPageV2:
		h := header.DataPageHeaderV2.V
		values, encoding = h.NumValues, h.Encoding
		if h.RepetitionLevelsByteLength != 0 || h.DefinitionLevelsByteLength < 0 || int(h.DefinitionLevelsByteLength) > len(body) {
			return errDamaged
		}
		levels, body = body[:h.DefinitionLevelsByteLength], body[h.DefinitionLevelsByteLength:]
		if h.IsCompressed.Valid && !h.IsCompressed.V {
			codec = format.Uncompressed
		}
	default:
		return errDamaged
	}
	if values < 0 || values > maxPageValues {
		return errDamaged
	}
	body, err := p.unpack(body, codec, int64(header.UncompressedPageSize))
	if err != nil {
		return err
	}
	if header.Type == format.DataPage && optional {
		if len(body) < 4 || int64(binary.LittleEndian.Uint32(body)) > int64(len(body)-4) {
			return errDamaged
		}
		n := 4 + int(binary.LittleEndian.Uint32(body))
		levels, body = body[4:n], body[n:]
	}
	if !runsFit(levels, 1, values) {
		return errDamaged
	}
	switch encoding {
	case format.Plain:
	//lint:ignore SA1019 old writers name the encoding of data pages so
	case format.PlainDictionary, format.RLEDictionary:
		if len(body) > 0 && !runsFit(body[1:], body[0], values) {
			return errDamaged
		}
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray:
		if _, ok := deltaFits(body, values); !ok {
			return errDamaged
		}
	case format.DeltaByteArray:
		n, ok := deltaFits(body, values)
		if !ok {
			return errDamaged
		}
		if _, ok := deltaFits(body[n:], values); !ok {
			return errDamaged
		}
		// Each value begins with a part of the one before, so that a page can grow without bound.
		prefixes, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, body[:n])
		if err != nil {
			return corrupt(err)
		}
		total := int64(len(body))
		for _, n := range prefixes {
			if total += int64(n); n < 0 || total > maxPageSize {
				return errDamaged
			}
		}
	default:
		return fmt.Errorf("parquet encoding %v is not read", encoding)
	}
	return nil
}

// unpack gives the contents of a page, no more than size.
func (p *inspector) unpack(body []byte, codec format.CompressionCodec, size int64) ([]byte, error) {
	var from io.Reader
	switch codec {
	case format.Uncompressed:
		return body, nil
	case format.Snappy:
		n, err := snappy.DecodedLen(body)
		if err != nil || int64(n) > size {
			return nil, errDamaged
		}
		p.page.Reset()
		p.page.Grow(n)
		out, err := snappy.Decode(p.page.AvailableBuffer()[:n], body)
		if err != nil {
			return nil, corrupt(err)
		}
		return out, nil
	case format.Gzip:
		in := bytes.NewReader(body)
		if p.gzip == nil {
			p.gzip = new(gzip.Reader)
		}
		if err := p.gzip.Reset(in); err != nil {
			return nil, corrupt(err)
		}
		from = p.gzip
	case format.Zstd:
		if p.zstd == nil {
			var err error
			if p.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow)); err != nil {
				return nil, err
			}
		}
		if err := p.zstd.Reset(bytes.NewReader(body)); err != nil {
			return nil, corrupt(err)
		}
		from = p.zstd
	}
	p.page.Reset()
	n, err := io.Copy(&p.page, io.LimitReader(from, size+1))
	if err != nil {
		return nil, corrupt(err)
	}
	if n > size {
		return nil, errDamaged
	}
	return p.page.Bytes(), nil
}

func (p *inspector) close() {
	if p.zstd != nil {
		p.zstd.Close()
	}
}

// runsFit says whether runs in Parquet's hybrid of run lengths and bit packing hold about as many
// values as their page. The width is in bits.
func runsFit(data []byte, width byte, values int32) bool {
	if width > 32 {
		return false
	}
	total := uint64(0)
	for len(data) > 0 {
		head, n := binary.Uvarint(data)
		if n <= 0 {
			return false
		}
		data = data[n:]
		count, size := head>>1, uint64(width+7)/8
		if head&1 != 0 {
			if count > maxPageValues {
				return false
			}
			count, size = count*8, count*uint64(width)
		}
		if size > uint64(len(data)) || count > maxPageValues {
			return false
		}
		data = data[size:]
		if total += count; total > uint64(values)+runSlack {
			return false
		}
	}
	return true
}

// deltaFits says whether a stream in DELTA_BINARY_PACKED holds no more values than its page, and
// gives its length in bytes.
func deltaFits(data []byte, values int32) (length int, ok bool) {
	s := &skimmer{data: data}
	block, ok1 := s.uvarint()
	parts, ok2 := s.uvarint()
	total, ok3 := s.uvarint()
	_, ok4 := s.uvarint() // the first value
	if !ok1 || !ok2 || !ok3 || !ok4 || parts == 0 || block > 1<<16 || block%128 != 0 || block%parts != 0 || total > uint64(values) {
		return 0, false
	}
	perPart := int64(block / parts)
	if perPart == 0 || perPart%32 != 0 {
		return 0, false
	}
	for left := int64(total) - 1; left > 0; {
		if _, ok := s.uvarint(); !ok { // the least difference of the block
			return 0, false
		}
		widths := s.data
		if !s.skip(parts) {
			return 0, false
		}
		for _, width := range widths[:parts] {
			if width > 64 {
				return 0, false
			}
			// The last part of a stream may be cut short.
			s.skip(min(uint64(perPart)*uint64(width)/8, uint64(len(s.data))))
			if left -= perPart; left <= 0 {
				break
			}
		}
	}
	return len(data) - len(s.data), true
}
