package arabic

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// terms returns the terms of src by s, joined by spaces.
func terms(s Stemmer, src string) string {
	var t Text
	t.Set(src)
	var all []string
	for _, token := range t.Tokens {
		if term := s.Term(nil, t.Norm[token.At:token.End]); len(term) > 0 {
			all = append(all, string(term))
		}
	}
	return strings.Join(all, " ")
}

func TestTerm(t *testing.T) {
	for _, c := range []struct{ rule, src, none, safe, light10 string }{
		{"numbers", "24 3.5 1,000 بيت", "بيت", "بيت", "بيت"},
		{"a number with letters is a word", "g20 4k", "g20 4k", "g20 4k", "g20 4k"},
		{"single letters", "ب x é 東 بيت", "بيت", "بيت", "بيت"},
		{"stop words in any spelling", "إلى الى على هذه فى أنّه وقال وأضاف أوضحت بيت", "بيت", "بيت", "بيت"},
		{"letters of dialects", "پاريس چاد ژيل ڤيينا ڨفصي گوگل", "باريس جاد زيل فيينا قفصي كوكل", "باريس جاد زيل فيينا قفصي كوكل", "باريس جاد زيل فيينا قفص كوكل"},
		{"ال", "الجسر", "الجسر", "جسر", "جسر"},
		{"وال", "والجسر", "والجسر", "جسر", "جسر"},
		{"بال", "بالجسر", "بالجسر", "جسر", "جسر"},
		{"كال", "كالجسر", "كالجسر", "جسر", "جسر"},
		{"فال", "فالجسر", "فالجسر", "جسر", "جسر"},
		{"لل", "للجسر", "للجسر", "جسر", "جسر"},
		{"one prefix", "الالجسر", "الالجسر", "الجسر", "الجسر"},
		{"a lone waw", "وزارة ولد وقصر", "وزاره ولد وقصر", "وزار ولد وقصر", "زار ولد قصر"},
		{"prefix that leaves two letters", "الدم", "الدم", "الدم", "دم"},
		{"prefix that leaves one letter", "الد", "الد", "الد", "الد"},
		{"ات", "سيارات", "سيارات", "سيار", "سيار"},
		{"ون", "مهندسون", "مهندسون", "مهندس", "مهندس"},
		{"ين", "مهندسين", "مهندسين", "مهندس", "مهندس"},
		{"ها", "كتابها", "كتابها", "كتاب", "كتاب"},
		{"ية", "عربية", "عربيه", "عرب", "عرب"},
		{"ه", "مدينة", "مدينه", "مدين", "مدين"},
		{"ان", "لبنان", "لبنان", "لبنان", "لبن"},
		{"ي", "عربي", "عربي", "عربي", "عرب"},
		{"one suffix, or each in turn", "مهندساتها", "مهندساتها", "مهندسات", "مهندس"},
		{"suffix that leaves two letters", "شجرات دمها يدين", "شجرات دمها يدين", "شجر دمها يدين", "شجر دم يد"},
		{"prefix and suffix", "والمهندسين", "والمهندسين", "مهندس", "مهندس"},
		{"other scripts", "Été London", "été london", "été london", "été london"},
	} {
		for s, want := range map[Stemmer]string{None: c.none, LightSafe: c.safe, Light10: c.light10} {
			if got := terms(s, c.src); got != want {
				t.Errorf("%s, %v: %q, want %q", c.rule, s, got, want)
			}
		}
	}
}

func TestTermAppends(t *testing.T) {
	got := LightSafe.Term([]byte("جسر "), []byte("المدينه"))
	got = LightSafe.Term(append(got, ' '), []byte("من"))
	if want := "جسر مدين "; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTermPromises(t *testing.T) {
	affixed := rapid.StringOf(rapid.SampledFrom([]rune("والبكفهنيتاتمدگپ1.a\u0750")))
	rapid.Check(t, func(t *rapid.T) {
		token := affixed.Draw(t, "token")
		for _, s := range []Stemmer{None, LightSafe, Light10} {
			word := []byte(token)
			term := string(s.Term(nil, word))
			if string(word) != token {
				t.Fatalf("%v: %q became %q", s, token, word)
			}
			if plain := string(None.stem(nil, word)); !strings.Contains(plain, term) {
				t.Fatalf("%v: %q is no part of %q", s, term, plain)
			}
			if term != "" && len([]rune(term)) < 2 {
				t.Fatalf("%v: %q leaves %q", s, token, term)
			}
		}
	})
}

// Inner gives the terms that Term gives, wherever the token stands.
func TestInner(t *testing.T) {
	told := 0
	same := func(t interface{ Fatalf(string, ...any) }, before, token, behind string) {
		norm, at, end := []byte(before+token+behind), len(before), len(before)+len(token)
		for _, s := range []Stemmer{None, LightSafe, Light10} {
			from, to, none, ok := s.Inner(norm, at, end)
			if !ok {
				continue
			}
			told++
			got := string(norm[from:to])
			if none {
				got = ""
			}
			if want := string(s.Term(nil, []byte(token))); got != want {
				t.Fatalf("%v: %q is the term of %q, and %q inside it", s, want, token, got)
			}
		}
	}
	affixed := rapid.Custom(func(t *rapid.T) string {
		affix := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "affix") }
		return affix("", "ال", "وال", "بال", "كال", "فال", "لل", "و", "الال") + rapid.StringOfN(rapid.SampledFrom([]rune("والبكفهنيتاتدسحگپطظ1.a\u0750\u06a9")), 0, 6, -1).Draw(t, "stem") +
			affix("", "", "ان", "ات", "ون", "ين", "ها", "يه", "ه", "هي", "يه", "ي", "اتها", "يهي", "هاها")
	})
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.OneOf(affixed, rapid.SampledFrom(slices.Sorted(maps.Keys(stopWords))), rapid.String()).Draw(t, "token")
		same(t, rapid.StringN(0, 4, -1).Draw(t, "before"), token, rapid.StringN(0, 20, -1).Draw(t, "behind"))
		// Any bytes, of which letters may begin with the last.
		same(t, "", string(rapid.SliceOfN(rapid.SampledFrom([]byte{0xD8, 0xD9, 0xD9, 0xA7, 0x84, 0x87, 0x88, 0xBE, 0xDA, ' ', 'a'}), 0, 18).Draw(t, "bytes")), strings.Repeat("ء", 8))
	})
	if told == 0 {
		t.Error("no term is told")
	}
	for word := range stopWords { // each at a place of its own
		if _, _, none, ok := Light10.Inner([]byte("    "+word+page), 4, 4+len(word)); len(word) > 2 && !(none && ok) {
			t.Errorf("stop word %q: %v, %v", word, none, ok)
		}
	}
	for _, pair := range []string{"ها", "ان", "ات", "ون", "ين", "يه"} {
		if _, to, _, ok := Light10.Inner([]byte("    كتب"+pair+page), 4, 14); to != 10 || !ok {
			t.Errorf("behind %s: %d, %v", pair, to, ok)
		}
	}
}

func BenchmarkInner(b *testing.B) {
	var t Text
	t.Set(page)
	b.SetBytes(int64(len(t.Norm)))
	b.ReportAllocs()
	for b.Loop() {
		for _, token := range t.Tokens {
			Light10.Inner(t.Norm, int(token.At), int(token.End))
		}
	}
}

func TestTermKeepsMemory(t *testing.T) {
	dst, token := make([]byte, 0, 64), []byte("والمهندسين")
	for _, s := range []Stemmer{None, LightSafe, Light10} {
		if n := testing.AllocsPerRun(10, func() { dst = s.Term(dst[:0], token) }); n != 0 {
			t.Errorf("%v allocates %v times", s, n)
		}
	}
}

func TestStopWords(t *testing.T) {
	// Each is a single token that no rule of level 1 has torn or glued.
	if n := len(strings.Fields(stopText)); len(stopWords) < n*9/10 || len(stopWords) > n {
		t.Errorf("%d stop words of %d written", len(stopWords), n)
	}
	for word := range stopWords {
		var x Text
		if x.Set(word); string(x.Norm) != word || len(x.Tokens) != 1 {
			t.Errorf("%q is no level-1 token", word)
		}
	}
}

func TestParseStemmer(t *testing.T) {
	for _, s := range []Stemmer{None, LightSafe, Light10} {
		if got, err := ParseStemmer(s.String()); got != s || err != nil {
			t.Errorf("%v becomes %v, %v", s, got, err)
		}
	}
	if _, err := ParseStemmer("snowball"); err == nil || !strings.Contains(err.Error(), `"snowball"`) {
		t.Errorf("an unknown name: %v", err)
	}
	if got := Stemmer(9).String(); got != "Stemmer(9)" {
		t.Errorf("an unknown stemmer is %s", got)
	}
}

func BenchmarkTerm(b *testing.B) {
	var t Text
	t.Set(page)
	for _, s := range []Stemmer{None, LightSafe, Light10} {
		b.Run(s.String(), func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(len(t.Norm)))
			b.ReportAllocs()
			for b.Loop() {
				for _, token := range t.Tokens {
					dst = s.Term(dst[:0], t.Norm[token.At:token.End])
				}
			}
		})
	}
}
