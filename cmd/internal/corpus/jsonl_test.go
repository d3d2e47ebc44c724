package corpus

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzJSONL: every line that is not blank is a record or a reject, in order and in its place, and a
// line is accepted only if another parser reads it too.
func FuzzJSONL(f *testing.F) {
	f.Add([]byte("{\"id\":\"a\",\"text\":\"t\"}\n"), uint16(100))
	f.Add([]byte("{\"id\":1,\"title\":\"\\ud83d\\ude00\\u0000\",\"published_at\":1438712348}\r\n\n{}"), uint16(30))
	f.Add([]byte("\uFEFF{\"id\":\"a\xff\",\"text\":\"\xd8\",\"id\":2}\n[]\n{\"x\":[[{}]]"), uint16(60))
	f.Fuzz(func(t *testing.T, data []byte, limit uint16) {
		data = append([]byte("{}\n"), data...) // makes it JSONL
		o := Options{Workers: 2, MaxPageBytes: 1 + int64(limit), Stdin: bytes.NewReader(data)}
		records, files := readAll(t, o, "-")
		type place struct {
			line   int
			offset int
			text   []byte
		}
		var lines []place
		offset := 0
		for i, text := range bytes.Split(data, []byte("\n")) {
			if len(bytes.Trim(bytes.TrimPrefix(text, bom), " \t\r")) > 0 || len(bytes.TrimSuffix(text, []byte("\r"))) > 1+int(limit) {
				lines = append(lines, place{i + 1, offset, text})
			}
			offset += len(text) + 1
		}
		if len(records) != len(lines) || files[0].Records+files[0].Rejects != len(lines) {
			t.Fatalf("%d records of %d lines, account %+v", len(records), len(lines), files[0])
		}
		for i, r := range records {
			if r.Line != lines[i].line || r.Byte != int64(lines[i].offset) {
				t.Fatalf("record %d is at line %d, byte %d, want %d, %d", i, r.Line, r.Byte, lines[i].line, lines[i].offset)
			}
			if r.Reject != "" {
				continue
			}
			if !json.Valid(bytes.TrimPrefix(lines[i].text, bom)) {
				t.Fatalf("accepted: %q", lines[i].text)
			}
			p := r.Page
			for _, s := range []string{p.ID, p.Title, p.Text, p.URL, p.Source} {
				if strings.ToValidUTF8(s, "") != s {
					t.Fatalf("a field is not valid UTF-8: %q", s)
				}
			}
		}
	})
}

// FuzzPlainObject: what is read the short way, the library reads in the same way.
func FuzzPlainObject(f *testing.F) {
	for _, line := range []string{
		`{"id":"a","text":"t"}`, `{ "id" : "a\\\"/\n" , "text":"كلمة","x":"" } `, `{"id":"a","id":"b"}`, `{"id":"\u0041","text":"t"}`,
		"{\"id\":\"a\xff\"}", `{"id":"a","text":null}`, "{\"id\":\"a\tb\"}", `{"id":"a"}}`, `{"id":"a",}`, `{"id":"a\x"}`, `{"id":"a\`, `{}`,
		`{"id":"0123456701234567\"01234567","text":"` + strings.Repeat("م", 50) + `"}`, `{"id":"a","title":"\b\f\r\t\/"}`,
		`{"id":"a","text":"\u0645\u06CC \uD83D\uDE00\n\u0000x"}`, `{"id":"a","text":"\ud83d"}`, `{"id":"a","text":"\ud83d\u0041"}`, `{"id":"a","text":"\ude00\ud83d"}`,
		`{"\u0069d":"a","text":"\u00e9\uFFFD\u20ac"}`, `{"id":"a","text":"\u12g4"}`, `{"id":"a","text":"\u123"}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		d := newDecoder(&Set{names: defaultNames, o: Options{MaxPageBytes: 1 << 20}})
		var short, long Record
		if !d.plainObject(bytes.Clone(line), &short) {
			return
		}
		if err := d.libraryObject(line, &long); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if diff := cmp.Diff(long, short, cmp.AllowUnexported(Record{})); diff != "" {
			t.Fatalf("%q (-library +short):\n%s", line, diff)
		}
	})
}

func BenchmarkJSONL(b *testing.B) {
	data := pages(2000)
	for name, workers := range map[string]int{"one": 1, "two": 2} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				s, err := Open([]string{"-"}, Options{Workers: workers, Stdin: strings.NewReader(data)})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for range s.Records(b.Context()) {
					n++
				}
				if n == 0 {
					b.Fatal("no records")
				}
			}
		})
	}
}
