package quoted

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// checkEnd compares [End] with what looks at one byte after the other.
func checkEnd(t interface{ Fatalf(string, ...any) }, s []byte) {
	want := bytes.IndexFunc(s, func(r rune) bool { return r == '"' || r == '\\' || r < ' ' })
	if want < 0 {
		want = len(s)
	}
	at, ok := End(s)
	if ok != utf8.Valid(s[:want]) || ok && at != want {
		t.Fatalf("%q: %d, UTF-8 before it: %v; want %d", s, at, ok, want)
	}
}

func TestEnd(t *testing.T) {
	pieces := []string{"ا", "ب", "\u06ff", "\u0600", "a", " ", "\n", "“", "é", "\u07ff", "\u05ff", "\u0700", "😀", "\ufffd", `"`, `\`, "!", "\x1f", "\x7f",
		"\xd8", "\xdb", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xd7", "\xdc", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\x00"}
	rapid.Check(t, func(t *rapid.T) {
		// Mostly good, with something at every place of the eight bytes.
		var b bytes.Buffer
		for range rapid.IntRange(0, 6).Draw(t, "runs") {
			b.WriteString(strings.Repeat("ا", rapid.IntRange(0, 9).Draw(t, "letters")))
			b.WriteString(rapid.SampledFrom(pieces).Draw(t, "piece"))
		}
		checkEnd(t, b.Bytes())
	})
	// Every pair of bytes at every place.
	for place := range 20 {
		s := []byte(strings.Repeat("ab", 10))
		for pair := range 1 << 16 {
			if s[place] = byte(pair >> 8); place+1 < len(s) {
				s[place+1] = byte(pair)
			}
			checkEnd(t, s)
		}
	}
}

func FuzzEnd(f *testing.F) {
	f.Add([]byte("صدى abc “أ” 😀"))
	f.Add([]byte("\xd8\xd8\xa7\xa7"))
	f.Add([]byte("كلمة\xd9\\n"))
	f.Fuzz(func(t *testing.T, s []byte) { checkEnd(t, s) })
}

func BenchmarkEnd(b *testing.B) {
	line := []byte(strings.Repeat("قال مصدر ان الميناء افتتح اليوم، “بعد 14 شهرا”. ", 100))
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		End(line)
	}
}
