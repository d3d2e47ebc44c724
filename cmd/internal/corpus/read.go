package corpus

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

const (
	// chunkBytes is the size of the pieces that workers decode: some fifty pages, so that the hand-over
	// costs nothing against the decoding, and little waits in memory.
	chunkBytes = 256 << 10
	// readerBytes is the size of the buffer before a stream. It is less than what is left of a piece behind the line that it
	// begins with, so that all but the beginning of a file is read into the pieces, and not copied there.
	readerBytes = 32 << 10
	// sniffBytes is how far the start of a file is looked at. Git looks for NUL in as much to tell
	// binary files from text (FIRST_FEW_BYTES in its xdiff-interface.c).
	sniffBytes = 8000
	// maxWindow is the largest window of a Zstandard stream: the most that the zstd program unpacks
	// unless told otherwise (--long=27).
	maxWindow = 128 << 20
)

// batch is a piece of one file on its way to the consumer: lines still to be decoded, or records.
type batch struct {
	source  int
	lines   []byte
	room    *room // that the lines are in
	line    int   // of the first line
	offset  int64 // of the first line
	records []Record
	ready   chan struct{} // signals that the lines are decoded; nil when there is nothing to wait for
	end     *File         // set in the last batch of a file
}

// Records reads all files and gives their records in the order of the inputs. It can be ranged over
// once. A Record is a value of its own: nothing in it is reused. The only errors are the end of ctx and a
// second loop; after an error the loop ends. A read from the standard input that is blocked when the loop
// is left stays blocked in the background.
func (s *Set) Records(ctx context.Context) iter.Seq2[Record, error] { return s.read(ctx, false) }

// Lent gives the same records as [Set.Records], for one loop in place of that, and may leave the titles and
// texts of pages where they were read: they are lent until [Record.Release], and then overwritten.
// All else in a record is its own.
func (s *Set) Lent(ctx context.Context) iter.Seq2[Record, error] { return s.read(ctx, true) }

func (s *Set) read(ctx context.Context, lend bool) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if s.started.Swap(true) {
			yield(Record{}, errors.New("corpus: the records were read before"))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		// A batch enters order before jobs, and jobs holds as much as order, so that only order blocks.
		waiting := 2 * s.o.Workers
		order := make(chan *batch, waiting)
		jobs := make(chan *batch, waiting+1)
		free := make(chan *batch, waiting+2)
		for range s.o.Workers {
			go func() {
				d := newDecoder(s)
				d.lend = lend
				for b := range jobs {
					d.batch(b)
					b.ready <- struct{}{}
				}
			}()
		}
		go func() {
			defer close(order)
			defer close(jobs)
			r := &reader{Set: s, ctx: ctx, order: order, jobs: jobs, free: free, decoder: newDecoder(s)}
			for i := range s.sources {
				if ctx.Err() != nil {
					return
				}
				r.source(i)
			}
		}()
		for {
			var b *batch
			select {
			case b = <-order:
			case <-ctx.Done(): // the reader may be waiting for a terminal
			}
			if b == nil {
				break
			}
			if b.ready != nil {
				select {
				case <-b.ready:
				case <-ctx.Done():
				}
			}
			if ctx.Err() != nil {
				break
			}
			if b.source == len(s.files) {
				s.files = append(s.files, File{Name: s.sources[b.source].name})
			}
			f := &s.files[b.source]
			for _, rec := range b.records {
				if rec.Reject == "" {
					f.Records++
				} else {
					f.Rejects++
				}
				if !yield(rec, nil) {
					return
				}
			}
			if b.end != nil {
				b.end.Records, b.end.Rejects = f.Records, f.Rejects
				*f = *b.end
			}
			clear(b.records) // the consumer's strings are not to be kept alive here
			select {
			case free <- b:
			default:
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Record{}, err)
		}
	}
}

// reader is the goroutine that reads files.
type reader struct {
	*Set
	ctx     context.Context
	order   chan<- *batch
	jobs    chan<- *batch
	free    <-chan *batch
	decoder *decoder
	current int // index of the source
	name    string
}

// fresh gives an empty batch for the current source.
func (r *reader) fresh() *batch {
	b := &batch{}
	select {
	case b = <-r.free:
	default:
	}
	*b = batch{source: r.current, records: b.records[:0]}
	return b
}

// freshLines gives an empty batch with room for lines.
func (r *reader) freshLines(line int, offset int64) *batch {
	b := r.fresh()
	b.line, b.offset = line, offset
	var ok bool
	if b.room, ok = r.rooms.Get().(*room); !ok {
		b.room = &room{memory: make([]byte, chunkBytes), free: &r.rooms}
	}
	b.lines = b.room.memory[:0]
	return b
}

// room is memory of lines. It is taken again when no record has its title or its text there.
type room struct {
	memory []byte
	lent   atomic.Int64 // records
	free   *sync.Pool
}

// release takes n records back.
func (r *room) release(n int64) {
	if r.lent.Add(-n) == 0 {
		r.free.Put(r)
	}
}

// Release gives the title and the text of a record of [Set.Lent] back, which the record then lacks. Without it
// they stay, and keep the lines around them from being collected too. It may be called once for a record, of
// whatever copy.
func (r *Record) Release() {
	r.Page.Title, r.Page.Text = "", ""
	if r.room != nil {
		r.room.release(1)
		r.room = nil
	}
}

// send passes a batch on. It fails only when the context has ended.
func (r *reader) send(b *batch) error {
	if len(b.lines) > 0 {
		b.ready = make(chan struct{}, 1)
	}
	select {
	case r.order <- b:
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	if b.ready != nil {
		r.jobs <- b
	}
	return nil
}

// sendOne passes a single record on.
func (r *reader) sendOne(rec Record) error {
	b := r.fresh()
	rec.File = r.name
	b.records = append(b.records, rec)
	return r.send(b)
}

// source reads one file from its opening to its account.
func (r *reader) source(i int) {
	src := r.sources[i]
	r.current, r.name = i, src.name
	before := r.done.Load()
	end := &File{Name: src.name}
	if err := r.open(src, end); err != nil && r.ctx.Err() == nil {
		r.sendOne(Record{Line: 1, Reject: reason(err)})
	}
	if src.size >= 0 {
		r.done.Store(before + src.size)
	}
	b := r.fresh()
	b.end = end
	r.send(b)
}

// open opens the file of a source, reads it, and completes its account. An error is a file that
// could not be read at all.
func (r *reader) open(src source, end *File) error {
	if src.err != nil {
		return src.err
	}
	stored := &storedReader{r: r.o.Stdin, done: &r.done, hash: xxh3.New128()}
	var file *os.File
	if src.path != "" {
		var err error
		if file, err = os.Open(src.path); err != nil {
			return err
		}
		defer file.Close()
		stored.r = file
		if r.o.Once {
			stored.r = &fleeting{file: file}
		}
	}
	err := r.stream(stored, file, src, end)
	if src.size >= 0 && r.ctx.Err() == nil {
		// What was refused or is broken is still an input of the run, and its hash names it. For the
		// progress the file is done.
		stored.done = new(atomic.Int64)
		if _, drainErr := io.Copy(io.Discard, stored); err == nil {
			err = drainErr
		}
	}
	end.Bytes, end.Hash = stored.n, fmt.Sprintf("%x", stored.hash.Sum(nil))
	return err
}

// stream tells what the stored bytes are and reads them. A non-nil file allows random access.
func (r *reader) stream(stored *storedReader, file *os.File, src source, end *File) error {
	in := bufio.NewReaderSize(stored, readerBytes)
	head, err := peek(in)
	if err != nil {
		return err
	}
	if len(head) == 0 {
		return errors.New("empty file")
	}
	var unpacked io.Reader = in
	switch end.Compression = compression(head); end.Compression {
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return unpackError("gzip", err)
		}
		unpacked = z
	case "zstd":
		// Without concurrency the decoder reads no further than it must, which makes the place where a bomb
		// is stopped the same in every run.
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return unpackError("zstd", err)
		}
		defer z.Close()
		unpacked = z
	}
	if end.Compression != "" {
		in = bufio.NewReaderSize(&guardedReader{r: unpacked, format: end.Compression, stored: stored, maxBytes: r.o.MaxBytes, maxRatio: r.o.MaxRatio}, readerBytes)
		if head, err = peek(in); err != nil {
			return err
		}
		if len(head) == 0 {
			return errors.New("empty file")
		}
		if inner := compression(head); inner != "" {
			return fmt.Errorf("%s inside %s: compressed twice", inner, end.Compression)
		}
	}
	body := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	switch {
	case len(body) == 0 && len(head) < sniffBytes:
		return errors.New("empty file: nothing but white space")
	case bytes.HasPrefix(head, []byte(parquetMagic)):
		end.Format = "parquet"
		if file != nil && end.Compression == "" {
			info, err := file.Stat()
			if err != nil {
				return err
			}
			return r.parquet(file, info.Size())
		}
		return r.spool(in)
	case bytes.HasPrefix(body, []byte("{")):
		end.Format = "jsonl"
		return r.jsonl(in)
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}), bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return errors.New("UTF-16 text: convert it to UTF-8")
	case bytes.IndexByte(head, 0) >= 0:
		return errors.New("binary file: neither JSONL, Parquet nor text")
	}
	end.Format = "text"
	return r.text(in, src.pageID)
}

var bom = []byte("\uFEFF")

// peek gives the first bytes of in, less than sniffBytes only when there are no more. An error
// after the first bytes is left for the reading to meet.
func peek(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(sniffBytes)
	if len(head) > 0 || err == io.EOF {
		return head, nil
	}
	return head, err
}

const parquetMagic = "PAR1" // at both ends of a file

// compression tells a compressed stream by its magic number (RFC 1952, section 2.3.1; RFC 8878,
// sections 3.1.1 and 3.1.2).
func compression(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}):
		return "gzip"
	case bytes.HasPrefix(head, []byte{0x28, 0xB5, 0x2F, 0xFD}),
		len(head) >= 4 && head[0]&0xF0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2A, 0x4D, 0x18}):
		return "zstd"
	}
	return ""
}

// spool reads a Parquet file that has no random access, because it is compressed or comes from a
// pipe, by way of a temporary file.
func (r *reader) spool(in io.Reader) error {
	file, err := os.CreateTemp("", "sada-*.parquet")
	if err != nil {
		return err
	}
	defer file.Close()
	// The open file needs no name, and without one a run that is killed leaves nothing behind.
	if err := os.Remove(file.Name()); err != nil {
		return err
	}
	n, err := io.Copy(file, io.LimitReader(in, r.o.MaxBytes+1))
	switch {
	case err != nil:
		return err
	case n > r.o.MaxBytes:
		return fmt.Errorf("larger than the limit of %d bytes", r.o.MaxBytes)
	}
	return r.parquet(file, n)
}

// jsonl cuts the stream into batches of whole lines. When the stream breaks, the lines before the
// break are kept, and the reject has the number and place of the first line that is lost.
func (r *reader) jsonl(in *bufio.Reader) error {
	b := r.freshLines(1, 0)
	for {
		err := fill(in, b)
		cut := bytes.LastIndexByte(b.lines, '\n') + 1
		switch {
		case err == io.EOF:
			return r.send(b)
		case err != nil:
			b.lines = b.lines[:cut]
			line, offset := b.next(cut)
			if err := r.send(b); err != nil {
				return err
			}
			return r.sendOne(Record{Line: line, Byte: offset, Reject: reason(err)})
		case cut > 0:
			next := r.freshLines(b.next(cut))
			next.lines = append(next.lines, b.lines[cut:]...)
			b.lines = b.lines[:cut]
			if err := r.send(b); err != nil {
				return err
			}
			b = next
		case int64(len(b.lines)) < r.o.MaxPageBytes+int64(len("\r\n")):
			b.lines = slices.Grow(b.lines, len(b.lines))
		default:
			rec := Record{Line: b.line, Byte: b.offset, Reject: tooLong("line", r.o.MaxPageBytes)}
			if err := r.sendOne(rec); err != nil {
				return err
			}
			b.offset += int64(len(b.lines))
			b.lines = b.lines[:0]
			n, err := r.skipLine(in)
			switch {
			case err == io.EOF:
				return nil
			case err != nil:
				return r.sendOne(Record{Line: b.line, Byte: rec.Byte, Reject: reason(err)})
			}
			b.offset += n
			b.line++
		}
	}
}

// fill reads until the lines of b take all their room. At the end of the stream it gives io.EOF.
func fill(in io.Reader, b *batch) error {
	for len(b.lines) < cap(b.lines) {
		n, err := in.Read(b.lines[len(b.lines):cap(b.lines)])
		b.lines = b.lines[:len(b.lines)+n]
		if err != nil {
			return err
		}
	}
	return nil
}

// next gives the line and the offset that follow the first n bytes of the batch.
func (b *batch) next(n int) (line int, offset int64) {
	return b.line + bytes.Count(b.lines[:n], []byte{'\n'}), b.offset + int64(n)
}

// skipLine passes over the rest of a line and gives the bytes passed.
func (r *reader) skipLine(in *bufio.Reader) (n int64, err error) {
	for {
		part, err := in.ReadSlice('\n')
		n += int64(len(part))
		if err != bufio.ErrBufferFull {
			return n, err
		}
		if r.ctx.Err() != nil {
			return n, r.ctx.Err()
		}
	}
}

// text reads the stream as the text of one page.
func (r *reader) text(in io.Reader, id string) error {
	body, err := io.ReadAll(io.LimitReader(in, r.o.MaxPageBytes+1))
	if err != nil {
		return err
	}
	if int64(len(body)) > r.o.MaxPageBytes {
		return errors.New(tooLong("page", r.o.MaxPageBytes))
	}
	b := r.fresh()
	b.records = append(b.records, r.decoder.text(r.name, id, bytes.TrimPrefix(body, bom)))
	return r.send(b)
}

func tooLong(what string, limit int64) string {
	return fmt.Sprintf("%s longer than %d bytes", what, limit)
}

// storedReader counts and hashes the bytes of a file as they are stored.
type storedReader struct {
	r    io.Reader
	n    int64
	hash *xxh3.Hasher128
	done *atomic.Int64
}

func (s *storedReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.n += int64(n)
	s.done.Add(int64(n))
	s.hash.Write(p[:n])
	return n, err
}

// forgetBytes is how much is read until the system is told that it need not keep it: it takes longer to tell it of less.
const forgetBytes = 8 << 20

// fleeting reads a file of which nothing is left in the system's cache.
type fleeting struct {
	file         *os.File
	n, forgotten int64
}

func (f *fleeting) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	f.n += int64(n)
	if f.n-f.forgotten >= forgetBytes || err != nil {
		forget(f.file, f.forgotten, f.n-f.forgotten)
		f.forgotten = f.n
	}
	return n, err
}

// guardedReader stops a stream that unpacks to too much, and gives the errors of unpacking their
// words.
type guardedReader struct {
	r        io.Reader
	format   string
	stored   *storedReader
	n        int64
	maxBytes int64
	maxRatio float64
}

func (g *guardedReader) Read(p []byte) (int, error) {
	n, err := g.r.Read(p[:min(int64(len(p)), g.maxBytes-g.n+1)])
	g.n += int64(n)
	if limit := overLimit(g.n, g.stored.n, g.maxBytes, g.maxRatio); limit != nil {
		return n, limit
	}
	if err != nil && err != io.EOF {
		err = unpackError(g.format, err)
	}
	return n, err
}

// overLimit judges how much a file unpacked to so far.
func overLimit(unpacked, stored, maxBytes int64, maxRatio float64) error {
	switch {
	case unpacked > maxBytes:
		return fmt.Errorf("decompresses beyond the limit of %d bytes", maxBytes)
	case unpacked > ratioGrace && float64(unpacked) > maxRatio*float64(stored):
		return fmt.Errorf("decompresses beyond the limit of %g times its size", maxRatio)
	}
	return nil
}

func unpackError(format string, err error) error {
	var path *fs.PathError
	switch {
	case errors.As(err, &path): // reading failed, not unpacking
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("truncated " + format)
	}
	return fmt.Errorf("corrupt %s: %w", format, err)
}

// reason words an error for [Record.Reject]; the record has the name of the file.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return "cannot be read: " + path.Err.Error()
	}
	return err.Error()
}
