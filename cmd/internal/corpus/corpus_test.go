package corpus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

// folderOf writes files, by their names, into a new folder.
func folderOf(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func zstdPacked(s string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(s), nil))
}

// readAll reads the inputs to their end.
func readAll(t testing.TB, o Options, inputs ...string) ([]Record, []File) {
	t.Helper()
	s, err := Open(inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	var records []Record
	for rec, err := range s.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rec)
	}
	return records, s.Files()
}

// short writes records as "line@byte id text", marks of repair and bad dates, or "line@byte id !reason".
func short(records []Record) []string {
	var out []string
	for _, r := range records {
		s := fmt.Sprintf("%d@%d %s", r.Line, r.Byte, r.Page.ID)
		switch {
		case r.Reject != "":
			s += " !" + r.Reject
		case r.Page.Text != "":
			s += " " + r.Page.Text
		}
		if r.Repaired {
			s += " repaired"
		}
		if r.BadDate {
			s += " baddate"
		}
		out = append(out, s)
	}
	return out
}

// TestBadInput holds every way in which a file can be bad. A file that follows is read all the same.
func TestBadInput(t *testing.T) {
	good := func(ids ...string) (s string) {
		for _, id := range ids {
			s += `{"id":"` + id + `","text":"t"}` + "\n"
		}
		return s
	}
	line := len(good("a"))
	cut := func(s string, n int) string { return s[:len(s)-n] }
	for name, c := range map[string]struct {
		content string
		o       Options
		want    []string
	}{
		"good lines":               {good("a", "b"), Options{}, []string{"1@0 a t", "2@22 b t"}},
		"no newline at the end":    {cut(good("a", "b"), 1), Options{}, []string{"1@0 a t", "2@22 b t"}},
		"byte order mark":          {"\uFEFF" + good("a"), Options{}, []string{"1@0 a t"}},
		"files joined with marks":  {"\uFEFF" + good("a") + "\uFEFF" + good("b"), Options{}, []string{"1@0 a t", "2@25 b t"}},
		"CRLF":                     {strings.ReplaceAll(good("a", "b"), "\n", "\r\n"), Options{}, []string{"1@0 a t", "2@23 b t"}},
		"blank lines":              {"\n \t\r\n" + good("a") + "\n\n" + good("b"), Options{}, []string{"3@5 a t", "6@29 b t"}},
		"empty file":               {"", Options{}, []string{"1@0  !empty file"}},
		"white space only":         {"\uFEFF \r\n\n", Options{}, []string{"1@0  !empty file: nothing but white space"}},
		"empty gzip":               {gzipped(""), Options{}, []string{"1@0  !empty file"}},
		"not JSON":                 {good("a") + "{oops\n" + good("b"), Options{}, []string{"1@0 a t", "2@22  !bad JSON: invalid character 'o' at start of value after offset 1", "3@28 b t"}},
		"cut off line":             {good("a") + `{"id":"b","text":"lo`, Options{}, []string{"1@0 a t", "2@22 b !bad JSON: cut off"}},
		"two values on a line":     {`{"id":"a","text":"t"} {}` + "\n", Options{}, []string{"1@0 a !bad JSON: more after the object"}},
		"array and literal":        {good("a") + "[1]\nnull\n", Options{}, []string{"1@0 a t", "2@22  !bad JSON: not an object", "3@26  !bad JSON: not an object"}},
		"duplicate name":           {`{"id":"a","text":"t","text":"u"}`, Options{}, []string{`1@0 a !bad JSON: duplicate object member name "text"`}},
		"duplicate name, escaped":  {`{"id":"a","text":"t","te\u0078t":"u"}`, Options{}, []string{`1@0 a !bad JSON: duplicate object member name "text"`}},
		"deep nesting":             {`{"id":"a","x":` + strings.Repeat("[", 20000) + "\n" + good("b"), Options{}, []string{"1@0 a !bad JSON: exceeded max depth within \"/x" + strings.Repeat("/0", 23) + "/…" + strings.Repeat("/0", 25) + "\" after offset 10013", "2@20015 b t"}},
		"other fields":             {`{"id":"a","x":{"id":[1,{}]},"ID":"z","text":"t"}`, Options{}, []string{"1@0 a t"}},
		"no id":                    {`{"text":"t"}`, Options{}, []string{"1@0  !no id"}},
		"empty, blank, null id":    {`{"id":"","text":"t"}` + "\n" + `{"id":" ","text":"t"}` + "\n" + `{"id":null,"text":"t"}`, Options{}, []string{"1@0  !no id", "2@21   !no id", "3@43  !no id"}},
		"number for an id":         {`{"id":120,"text":"t"}` + "\n" + `{"id":12.5,"text":"t"}`, Options{}, []string{"1@0 120 t", "2@22  !field id is not a string or an integer"}},
		"control character in id":  {`{"id":"a\u0000b","text":"t"}` + "\n" + `{"id":"a\u0085","text":"t"}`, Options{}, []string{"1@0 a\x00b !field id has control characters", "2@29 a\u0085 !field id has control characters"}},
		"control character, text":  {`{"id":"a","text":"x\u0000\u001b[1my"}`, Options{}, []string{"1@0 a x\x00\x1b[1my"}},
		"raw control character":    {"{\"id\":\"a\",\"text\":\"x\x00y\"}\n" + good("b"), Options{}, []string{"1@0 a !bad JSON: invalid character '\\x00' in string (expecting non-control character) within \"/text\" after offset 19", "2@24 b t"}},
		"bad UTF-8 in the id":      {"{\"id\":\"a\xff\",\"text\":\"t\"}\n" + good("b"), Options{}, []string{"1@0  !field id is not valid UTF-8", "2@23 b t"}},
		"lone surrogate in the id": {`{"id":"a\ud800","text":"t"}`, Options{}, []string{"1@0  !field id is not valid UTF-8"}},
		"bad UTF-8 in the text":    {"{\"id\":\"a\",\"text\":\"some words \xd8 more words\"}", Options{}, []string{"1@0 a some words \uFFFD more words repaired"}},
		"bad UTF-8 elsewhere":      {"{\"id\":\"a\",\"text\":\"t\",\"x\":\"\xff\xff\xff\"}", Options{}, []string{"1@0 a t"}},
		"another encoding, url":    {"{\"id\":\"a\",\"text\":\"t\",\"url\":\"\xe3\xd5\xd1\"}", Options{}, []string{"1@0 a t repaired"}},
		"another encoding":         {"{\"id\":\"a\",\"text\":\"\xe3\xd5\xd1 \xc7\xe1\xed\xe6\xe3\"}", Options{}, []string{"1@0 a !field text is not UTF-8 text"}},
		"wrong types":              {`{"id":"a","text":5}` + "\n" + `{"id":{},"text":"t"}` + "\n" + `{"title":true,"id":"c"}` + "\n" + `{"published_at":[],"id":"d","text":"t"}`, Options{}, []string{"1@0 a !field text is not a string", "2@20  !field id is not a string or an integer", "3@41 c !field title is not a string", "4@65 d !field published_at is not a string or a number"}},
		"no text":                  {`{"id":"a","title":"x"}` + "\n" + `{"id":"b"}` + "\n" + `{"id":"c","text":null}` + "\n" + `{"id":"d","text":""}`, Options{}, []string{"1@0 a", "2@23 b !no text and no title", "3@34 c !no text and no title", "4@57 d"}},
		"unreadable date":          {`{"id":"a","text":"t","published_at":"soon"}` + "\n" + `{"id":"b","text":"t","published_at":0}` + "\n" + `{"id":"c","text":"t","published_at":1e300}` + "\n" + `{"id":"d","text":"t","published_at":""}`, Options{}, []string{"1@0 a t baddate", "2@44 b t baddate", "3@83 c t baddate", "4@126 d t"}},
		"other field names":        {`{"key":"a","body":"t","text":7}` + "\n" + `{"key":"b","body":7}`, Options{Fields: map[string]string{"id": "key", "text": "body"}}, []string{"1@0 a t", "2@32 b !field body is not a string"}},
		"long line":                {good("a") + `{"id":"b","text":"` + strings.Repeat("x", 40) + `"}` + "\n" + good("c"), Options{MaxPageBytes: 30}, []string{"1@0 a t", "2@22  !line longer than 30 bytes", "3@83 c t"}},
		"no limits":                {gzipped(good("a")), Options{MaxPageBytes: math.MaxInt64, MaxBytes: math.MaxInt64}, []string{"1@0 a t"}},
		"line at the limit, CRLF":  {`{"id":"a","text":"12345"}` + "\r\n" + `{"id":"b","text":"123456"}` + "\n", Options{MaxPageBytes: 25}, []string{"1@0 a 12345", "2@27  !line longer than 25 bytes"}},
		"line beyond all buffers":  {good("a") + `{"id":"b","text":"` + strings.Repeat("x", 9*chunkBytes) + `"}` + "\n" + good("c"), Options{MaxPageBytes: 3 * chunkBytes}, []string{"1@0 a t", "2@22  !line longer than 786432 bytes", fmt.Sprintf("3@%d c t", line+21+9*chunkBytes)}},
		"long line at the end":     {good("a") + "{" + strings.Repeat(" ", 9*chunkBytes), Options{MaxPageBytes: 3 * chunkBytes}, []string{"1@0 a t", "2@22  !line longer than 786432 bytes"}},
		"truncated gzip":           {cut(gzipped(good("a", "b")), 9), Options{}, []string{"1@0 a t", "2@22 b t", "3@44  !truncated gzip"}},
		"truncated gzip, head":     {gzipped(good("a"))[:6], Options{}, []string{"1@0  !truncated gzip"}},
		"gzip with a wrong sum":    {cut(gzipped(good("a")), 8) + "\x00\x00\x00\x00\x18\x00\x00\x00", Options{}, []string{"1@0 a t", "2@22  !corrupt gzip: gzip: invalid checksum"}},
		"gzip with more after it":  {gzipped(good("a")) + "more than a header", Options{}, []string{"1@0 a t", "2@22  !corrupt gzip: gzip: invalid header"}},
		"gzip in members":          {gzipped(good("a")) + gzipped(good("b")), Options{}, []string{"1@0 a t", "2@22 b t"}},
		"zstd in frames":           {zstdPacked(good("a")) + "\x50\x2A\x4D\x18\x01\x00\x00\x00x" + zstdPacked(good("b")), Options{}, []string{"1@0 a t", "2@22 b t"}},
		"zstd, skippable first":    {"\x5F\x2A\x4D\x18\x01\x00\x00\x00x" + zstdPacked(good("a")), Options{}, []string{"1@0 a t"}},
		"truncated zstd":           {cut(zstdPacked(good("a")), 3), Options{}, []string{"1@0  !truncated zstd"}},
		"zstd with a huge window":  {"\x28\xb5\x2f\xfd\x00\xb0\x00\x00\x00", Options{}, []string{"1@0  !corrupt zstd: window size exceeded"}},
		"compressed twice":         {gzipped(zstdPacked(good("a"))), Options{}, []string{"1@0  !zstd inside gzip: compressed twice"}},
		"bomb by bytes":            {gzipped(strings.Repeat(good("a"), 20000)), Options{MaxBytes: 300_000, Workers: 1}, nil},
		"bomb of one line":         {gzipped("{" + strings.Repeat(" ", 1<<20)), Options{MaxBytes: 300_000}, []string{"1@0  !decompresses beyond the limit of 300000 bytes"}},
		"bomb by ratio":            {zstdPacked("{" + strings.Repeat(" ", ratioGrace+1<<20)), Options{}, []string{"1@0  !line longer than 4194304 bytes", "1@0  !decompresses beyond the limit of 250 times its size"}},
		"not Parquet":              {"PAR1 is a nice beginning", Options{}, []string{"1@0  !corrupt parquet: no footer: the file is cut off or not Parquet"}},
		"Parquet magic only":       {"PAR1", Options{}, []string{"1@0  !corrupt parquet: no footer: the file is cut off or not Parquet"}},
		"Parquet, empty footer":    {"PAR1\x00\x00\x00\x00PAR1", Options{}, []string{"1@0  !corrupt parquet: sizes that do not fit the file"}},
		"Parquet, not in gzip":     {gzipped("PAR1 is a nice beginning"), Options{}, []string{"1@0  !corrupt parquet: no footer: the file is cut off or not Parquet"}},
		// A list of schema elements that claims 2^31-1 of them.
		"Parquet memory bomb":       {"PAR1" + "\x15\x02\x19\xfc\xff\xff\xff\xff\x07" + "\x09\x00\x00\x00PAR1", Options{}, []string{"1@0  !corrupt parquet: sizes that do not fit the file"}},
		"UTF-16":                    {"\xff\xfe{\x00", Options{}, []string{"1@0  !UTF-16 text: convert it to UTF-8"}},
		"binary file":               {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", Options{}, []string{"1@0  !binary file: neither JSONL, Parquet nor text"}},
		"text page":                 {"\uFEFFone\r\ntwo", Options{}, []string{"1@0 a one\r\ntwo"}},
		"text page, bad UTF-8":      {"some words \xd8 more words", Options{}, []string{"1@0 a some words \uFFFD more words repaired"}},
		"text page, cp1256":         {"\xe3\xd5\xd1 \xc7\xe1\xed\xe6\xe3", Options{}, []string{"1@0 a !field text is not UTF-8 text"}},
		"text page too long":        {strings.Repeat("x", 30), Options{MaxPageBytes: 29}, []string{"1@0  !page longer than 29 bytes"}},
		"text page of many buffers": {strings.Repeat("x", 3*chunkBytes), Options{MaxPageBytes: 100}, []string{"1@0  !page longer than 100 bytes"}},
		"truncated text page":       {cut(gzipped("some words"), 9), Options{}, []string{"1@0  !truncated gzip"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folderOf(t, map[string]string{"a.dat": c.content, "b.dat": good("next")})
			records, files := readAll(t, c.o, dir)
			last := len(records) - 1
			if c.o.Fields == nil && (records[last].Page.ID != "next" || records[last].Reject != "") {
				t.Errorf("the next file gave %v", short(records[last:]))
			}
			records = records[:last]
			if c.want != nil {
				if diff := cmp.Diff(c.want, short(records)); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
			} else if n := len(records); n != 300_000/line+1 || !strings.HasPrefix(records[n-1].Reject, "decompresses beyond") || records[n-1].Line != n {
				t.Errorf("%d records, the last is %v", n, short(records[n-1:]))
			}
			rejects := 0
			for _, r := range records {
				if (r.Hash == 0) != (r.Reject != "") {
					t.Errorf("line %d: hash %x of %q", r.Line, r.Hash, r.Reject)
				}
				if r.Reject != "" {
					rejects++
				}
			}
			sum := xxh3.HashString128(c.content).Bytes()
			want := File{Name: filepath.Join(dir, "a.dat"), Format: files[0].Format, Compression: files[0].Compression,
				Bytes: int64(len(c.content)), Hash: fmt.Sprintf("%x", sum), Records: len(records) - rejects, Rejects: rejects}
			if diff := cmp.Diff(want, files[0]); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"b/two.txt": "two", "b/deep/three.txt.gz": gzipped("three"), "a.txt": "one", "2023.09.22": "four",
		".hidden": "no", ".git/x.txt": "no", "c/one.jsonl": `{"id":"j","text":"t"}`, "c/[x].txt": "five", "e/.x": "no",
	})
	if err := os.Symlink(filepath.Join(dir, "a.txt"), filepath.Join(dir, "b", "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "b", "circle")); err != nil {
		t.Fatal(err)
	}
	stdin := func() Options { return Options{Stdin: strings.NewReader("page")} }
	for _, c := range []struct {
		inputs []string
		want   string // ids
	}{
		{[]string{""}, "2023.09.22 a b/deep/three b/link b/two c/[x] j"},
		{[]string{"b"}, "deep/three link two"},
		{[]string{"b/circle/c"}, "[x] j"},
		{[]string{"c", "a.txt"}, "[x] j a"},
		{[]string{"b/two.txt", "-"}, "two stdin"},
		{[]string{"*.txt"}, "a"},
		{[]string{"[b-e]"}, "deep/three link two [x] j"},
		{[]string{"*/*.t*"}, "link two [x]"},
		{[]string{".git/*"}, "x"},
		{[]string{"c/[x].txt"}, "[x]"},
	} {
		var inputs []string
		for _, in := range c.inputs {
			if in != "-" {
				in = filepath.Join(dir, in)
			}
			inputs = append(inputs, in)
		}
		records, _ := readAll(t, stdin(), inputs...)
		var ids []string
		for _, r := range records {
			ids = append(ids, r.Page.ID+r.Reject)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%q: %s, want %s", c.inputs, got, c.want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := folderOf(t, map[string]string{"a.txt": "x", "empty/.hidden": "x"})
	for _, c := range []struct {
		input string
		o     Options
		want  Problem
	}{
		{dir + "/nothing", Options{}, NotFound},
		{dir + "/empty", Options{}, NoPages},
		{dir + "/*.jsonl", Options{}, NoMatch},
		{dir + "/e*", Options{}, NoMatch},
		{dir + "/[", Options{}, BadInput},
		{dir + "/a.txt", Options{Fields: map[string]string{"body": "text"}}, BadField},
	} {
		_, err := Open([]string{dir + "/a.txt", c.input}, c.o)
		var e *Error
		if !errors.As(err, &e) || e.Problem != c.want || e.Hint == "" || !strings.Contains(err.Error(), e.Hint) {
			t.Errorf("%s: %v", c.input, err)
		}
	}
	for want, inputs := range map[Problem][]string{NoInput: nil, BadInput: {"-", "-"}} {
		var e *Error
		if _, err := Open(inputs, Options{}); !errors.As(err, &e) || e.Problem != want {
			t.Errorf("%q: %v", inputs, err)
		}
	}
	_, err := Open([]string{dir + "/x", dir + "/y"}, Options{})
	if err == nil || strings.Count(err.Error(), "no such file") != 2 {
		t.Errorf("two mistakes give %v", err)
	}
}

// endless gives one byte again and again.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// The length of a line does not show in memory.
func TestLongLineMemory(t *testing.T) {
	stdin := io.MultiReader(strings.NewReader("{\"id\":\""), io.LimitReader(endless('x'), 64<<20), strings.NewReader("\n{\"id\":\"b\",\"text\":\"t\"}\n"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	records, _ := readAll(t, Options{Stdin: stdin, MaxPageBytes: 1 << 20}, "-")
	runtime.ReadMemStats(&after)
	if want := []string{"1@0  !line longer than 1048576 bytes", "2@67108872 b t"}; !cmp.Equal(want, short(records)) {
		t.Error(short(records))
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
		t.Errorf("%d bytes allocated", n)
	}
}

// A file that can be listed but not read is a rejected record.
func TestUnreadable(t *testing.T) {
	dir := folderOf(t, map[string]string{"a.txt": "one", "b.txt": "two"})
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "c.txt")); err != nil {
		t.Fatal(err)
	}
	s, err := Open([]string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "a.txt")); err != nil {
		t.Fatal(err)
	}
	var got []Record
	for rec := range s.Records(t.Context()) {
		got = append(got, rec)
	}
	want := []string{"1@0  !cannot be read: no such file or directory", "1@0 b two", "1@0  !cannot be read: no such file or directory"}
	if diff := cmp.Diff(want, short(got)); diff != "" {
		t.Error(diff)
	}
	if f := s.Files(); len(f) != 3 || f[0].Rejects != 1 || f[1].Records != 1 || f[2].Rejects != 1 {
		t.Errorf("%+v", f)
	}
}

// failingReader breaks after its text.
type failingReader struct {
	io.Reader
	err error
}

func (f failingReader) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

func TestStdin(t *testing.T) {
	jsonl := `{"id":"a","text":"t"}` + "\n" + `{"id":"b","te`
	broken := failingReader{strings.NewReader(jsonl), errors.New("the pipe burst")}
	records, files := readAll(t, Options{Stdin: broken}, "-")
	if diff := cmp.Diff([]string{"1@0 a t", "2@22  !the pipe burst"}, short(records)); diff != "" {
		t.Error(diff)
	}
	if f := files[0]; f.Name != "-" || f.Bytes != int64(len(jsonl)) || f.Format != "jsonl" || f.Records != 1 || f.Rejects != 1 {
		t.Errorf("%+v", f)
	}
	records, files = readAll(t, Options{Stdin: strings.NewReader(zstdPacked(jsonl[:22]))}, "-")
	if diff := cmp.Diff([]string{"1@0 a t"}, short(records)); diff != "" || files[0].Compression != "zstd" {
		t.Error(diff, files)
	}
}

// pages gives n lines of JSONL, some of them bad.
func pages(n int) string {
	var b strings.Builder
	for i := range n {
		switch i % 97 {
		case 13:
			b.WriteString("\n")
		case 31:
			fmt.Fprintf(&b, "{\"id\":\"p%d\"\n", i)
		default:
			fmt.Fprintf(&b, `{"id":"p%d","title":"عنوان %d","text":"%s","url":"http://example.org/%d","published_at":"2015-08-04T18:19:08","source":"s"}`+"\n",
				i, i, strings.Repeat("قال مصدر ان الميناء افتتح اليوم. ", 1+i*i%60), i)
		}
	}
	return b.String()
}

// The number of workers changes nothing.
func TestWorkers(t *testing.T) {
	many := pages(5000)
	dir := folderOf(t, map[string]string{"a.jsonl": many, "b.gz": gzipped(many[:len(many)/2]), "c.txt": "page", "d.zst": zstdPacked(many), "e": ""})
	one, oneFiles := readAll(t, Options{Workers: 1}, dir)
	eight, eightFiles := readAll(t, Options{Workers: 8}, dir)
	if len(one) < 12000 {
		t.Fatalf("only %d records", len(one))
	}
	if diff := cmp.Diff(one, eight, cmp.AllowUnexported(Record{})); diff != "" {
		t.Errorf("8 workers differ from 1:\n%s", diff)
	}
	if diff := cmp.Diff(oneFiles, eightFiles); diff != "" {
		t.Errorf("accounts of 8 workers differ from 1:\n%s", diff)
	}
	for i, r := range one { // each place leads back to its line
		if filepath.Base(r.File) != "a.jsonl" || r.Reject != "" {
			continue
		}
		if !strings.HasPrefix(many[r.Byte:], `{"id":"`+r.Page.ID+`"`) || strings.Count(many[:r.Byte], "\n") != r.Line-1 {
			t.Fatalf("record %d (%s) is not at line %d, byte %d", i, r.Page.ID, r.Line, r.Byte)
		}
	}
}

func TestFields(t *testing.T) {
	text := `{"id":"a","title":"T","text":"x","url":"u","published_at":"2015-08-04","source":"s"}
{"id":"a","title":"T","text":"x","url":"u","published_at":"2015-08-04","source":"s","other":1}
{"id":"a","title":"Tx","text":"","url":"u","published_at":"2015-08-04","source":"s"}
{"id":"b","text":"x","published_at":1438712348}
{"id":"c","text":"x","published_at":1438712348250}
`
	records, _ := readAll(t, Options{Stdin: strings.NewReader(text)}, "-")
	p := records[0].Page
	if p.ID != "a" || p.Title != "T" || p.Text != "x" || p.URL != "u" || p.Source != "s" || !p.DayOnly ||
		!p.PublishedAt.Equal(time.Date(2015, 8, 4, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", p)
	}
	if records[0].Hash != records[1].Hash {
		t.Error("a field that is passed over changes the hash")
	}
	if records[0].Hash == records[2].Hash {
		t.Error("fields run together in the hash")
	}
	want := time.Date(2015, 8, 4, 18, 19, 8, 0, time.UTC)
	if got := records[3].Page.PublishedAt; got != want || records[3].Page.DayOnly {
		t.Errorf("seconds give %v, want %v", got, want)
	}
	if got := records[4].Page.PublishedAt; got != want.Add(250*time.Millisecond) {
		t.Errorf("milliseconds give %v", got)
	}
}

func TestStopping(t *testing.T) {
	dir := folderOf(t, map[string]string{"a.jsonl": pages(20000)})
	open := func() *Set {
		s, err := Open([]string{dir}, Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range open().Records(ctx) {
		last = err
		if n++; n == 10 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || n > 10000 {
		t.Errorf("after the context ended: %d records, error %v", n, last)
	}
	s := open()
	for range s.Records(t.Context()) {
		break
	}
	for _, err := range s.Records(t.Context()) {
		if err == nil {
			t.Error("a second loop reads on")
		}
	}
}

// TestLent: what is lent stays until it is given back, in whatever order, and says what a record's own says.
func TestLent(t *testing.T) {
	many := strings.ReplaceAll(pages(6000), `اليوم. "`, `اليوم.\n\"نعم\""`)
	broken := strings.ReplaceAll(pages(50), "مصدر", `\u0645صدر`) // not read the short way
	dir := folderOf(t, map[string]string{"a.jsonl": many + broken + many, "b.gz": gzipped(many), "c.txt": "page"})
	for _, workers := range []int{1, 3} {
		own, _ := readAll(t, Options{Workers: workers}, dir)
		s, err := Open([]string{dir}, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, 2))
		type held struct {
			Record
			n int
		}
		var holding []held
		n, lent, pieces, rooms := 0, 0, 0, make(map[*room]bool)
		var last *room
		same := func(h held) {
			h.room = nil
			if h.Record != own[h.n] {
				t.Fatalf("%d workers: record %d is %+v, want %+v", workers, h.n, h.Record, own[h.n])
			}
		}
		for rec, err := range s.Lent(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if rec.room != nil {
				lent++
				if rec.room != last {
					pieces++
				}
				last, rooms[rec.room] = rec.room, true
			}
			holding = append(holding, held{rec, n})
			n++
			for len(holding) > 300 {
				at := random.IntN(len(holding))
				h := &holding[at]
				same(*h)
				if h.Release(); h.Page.Text != "" || h.Page.Title != "" || h.room != nil {
					t.Fatalf("after it was given back, record %d has %+v", h.n, h.Record)
				}
				holding[at] = holding[len(holding)-1]
				holding = holding[:len(holding)-1]
			}
		}
		for _, h := range holding {
			same(h)
		}
		if n != len(own) || lent < n*9/10 {
			t.Errorf("%d workers: %d records, %d of them lent, want %d", workers, n, lent, len(own))
		}
		if len(rooms) == pieces {
			t.Errorf("%d workers: none of %d pieces of memory was taken again", workers, pieces)
		}
	}
}

func TestProgress(t *testing.T) {
	dir := folderOf(t, map[string]string{"a.jsonl": pages(5000), "b.gz": gzipped(pages(100)), "c": "PAR1 not"})
	s, err := Open([]string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := int64(0)
	for range s.Records(t.Context()) {
		done, total := s.Progress()
		if done < before || done > total {
			t.Fatalf("progress of %d after %d of %d", done, before, total)
		}
		before = done
	}
	if done, total := s.Progress(); done != total || total == 0 {
		t.Errorf("%d of %d at the end", done, total)
	}
	s, err = Open([]string{dir, "-"}, Options{Stdin: strings.NewReader("x")})
	if err != nil {
		t.Fatal(err)
	}
	if _, total := s.Progress(); total != 0 || s.Unpacked() != 0 {
		t.Errorf("a pipe has a total of %d, unpacked %d", total, s.Unpacked())
	}
}

// TestUnpacked: what is packed is told apart by its first bytes, and counts ten times.
func TestUnpacked(t *testing.T) {
	files := map[string]string{"a.jsonl": pages(50), "b.jsonl": gzipped(pages(50)), "c": "PAR1 not", "d": "", "e": "PA"}
	s, err := Open([]string{folderOf(t, files)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := int64(len(files["a.jsonl"]) + 10*len(files["b.jsonl"]) + 10*len(files["c"]) + len(files["e"]))
	if got := s.Unpacked(); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
	s.Skip(func(i int) bool { return i == 1 })
	if got, want := s.Unpacked(), want-int64(10*len(files["b.jsonl"])); got != want {
		t.Errorf("%d bytes without a file, want %d", got, want)
	}
}

func TestSaudiNewsNet(t *testing.T) {
	shared := os.Getenv("SADA_SHARED")
	if shared == "" {
		t.Skip("SADA_SHARED is not set: the folder with data/saudinewsnet")
	}
	start := time.Now()
	records, files := readAll(t, Options{}, filepath.Join(shared, "data", "saudinewsnet", "*.jsonl.zst"))
	t.Logf("%d records in %v", len(records), time.Since(start).Round(time.Millisecond))
	if len(records) != 20329 || len(files) != 12 {
		t.Errorf("%d records in %d files, want 20329 in 12", len(records), len(files))
	}
	for _, r := range records {
		if r.Reject != "" || r.BadDate || r.Repaired || r.Page.PublishedAt.IsZero() {
			t.Errorf("%s:%d: reject %q, bad date %v, repaired %v, date %v", r.File, r.Line, r.Reject, r.BadDate, r.Repaired, r.Page.PublishedAt)
		}
	}
}
