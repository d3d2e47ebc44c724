package arabic

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tokens returns the tokens of src, each as "token<span of src".
func tokens(src string) []string {
	var t Text
	t.Set(src)
	var all []string
	for _, token := range t.Tokens {
		all = append(all, string(t.Norm[token.At:token.End])+"<"+src[token.From:token.To])
	}
	return all
}

func TestSet(t *testing.T) {
	for _, c := range []struct {
		rule, src string
		want      []string
	}{
		{"empty", "", nil},
		{"nothing but separators", " .،\n", nil},
		{"nothing but deleted characters", "\u200fـ\u064b", nil},
		{"words", "جسر المدينة", []string{"جسر<جسر", "المدينه<المدينة"}},
		{"spaces at the ends", "\t جسر \n", []string{"جسر<جسر"}},

		{"isolated, initial and final forms", "\ufea9\ufe8d\ufead", []string{"دار<\ufea9\ufe8d\ufead"}},
		{"lam-alef is two letters", "سلا\ufefbم \ufef7ن", []string{"سلالام<سلا\ufefbم", "لان<\ufef7ن"}},
		{"forms of neighbouring alphabets", "\ufb56\ufbff", []string{"پي<\ufb56\ufbff"}},
		{"mathematical letters", "\U0001EE01\U0001EE80", []string{"با<\U0001EE01\U0001EE80"}},
		{"fullwidth", "ＮＡＳＡ　２０", []string{"nasa<ＮＡＳＡ", "20<２０"}},
		{"high hamza letters", "\u0675\u0676\u0677\u0678", []string{"او\u06c7ي<\u0675\u0676\u0677\u0678"}},
		{"spacing marks are deleted", "شد\ufc61ة مد\ufe7cة", []string{"شده<شد\ufc61ة", "مده<مد\ufe7cة"}},
		{"tail fragment is deleted", "بس\ufe73", []string{"بس<بس\ufe73"}},
		{"marks on tatweel are deleted", "س\ufcf3ت", []string{"ست<س\ufcf3ت"}},
		{"word ligatures", "\ufdf4 \ufdf2", []string{"محمد<\ufdf4", "الله<\ufdf2"}},
		{"rial sign", "7\ufdfc", []string{"7<7", "ريال<\ufdfc"}},
		{"ligature of several words: the first has the span", "نبي\ufdfaب",
			[]string{"نبيصلي<نبي\ufdfa", "الله<", "عليه<", "وسلمب<ب"}},
		{"ligature without decomposition", "\ufdfd", []string{"بسم<\ufdfd", "الله<", "الرحمن<", "الرحيم<"}},
		{"symbols among the forms separate", "باب\ufd3fبيت\ufdcfدار\ufbb2", []string{"باب<باب", "بيت<بيت", "دار<دار"}},

		{"madda and hamza marks on alef", "ا\u0653ب ا\u0654ب ا\u0655ب", []string{"اب<ا\u0653ب", "اب<ا\u0654ب", "اب<ا\u0655ب"}},
		{"hamza above waw and yeh", "رو\u0654وس بي\u0654ر", []string{"رءوس<رو\u0654وس", "بءر<بي\u0654ر"}},
		{"hamza above behind a vowel mark", "رو\u064f\u0654وس", []string{"رءوس<رو\u064f\u0654وس"}},
		{"hamza above other letters goes", "ه\u0654ل ب\u0654", []string{"هل<ه\u0654ل", "ب<ب\u0654"}},
		{"a second hamza above goes", "و\u0654\u0654", []string{"ء<و\u0654\u0654"}},
		{"hamza above without a letter goes", "\u0654ب ا \u0654", []string{"ب<ب", "ا<ا"}},

		{"vowel marks inside and behind", "كَتَبٌ جدًّا", []string{"كتب<كَتَبٌ", "جدا<جدًّا"}},
		{"marks before a word are outside of it", "\u064eكتب", []string{"كتب<كتب"}},
		{"tatweel", "عـــام ـ", []string{"عام<عـــام"}},
		{"superscript alef, Quranic marks, small letters", "رحم\u0670ن قل\u06d6 له\u06e5", []string{"رحمن<رحم\u0670ن", "قل<قل\u06d6", "له<له\u06e5"}},
		{"marks of Extended-A and -B", "قل\u08d4ب قل\u0898ب", []string{"قلب<قل\u08d4ب", "قلب<قل\u0898ب"}},
		{"invisible characters", "ال\u200cبيت با\u00adب \u202bدار\u202c \u2067في\u2069 عن\u061c",
			[]string{"البيت<ال\u200cبيت", "باب<با\u00adب", "دار<دار\u202c", "في<في\u2069", "عن<عن\u061c"}},
		{"byte order mark, variation selector", "\ufeffباب a\ufe0f", []string{"باب<باب", "a<a\ufe0f"}},
		{"signs of category Cf separate", "باب\u06ddبيت\u0600دار\u08e2عن", []string{"باب<باب", "بيت<بيت", "دار<دار", "عن<عن"}},

		{"alef", "أإآٱٲٳا", []string{"ااااااا<أإآٱٲٳا"}},
		{"yeh", "علی بے فى مۓ", []string{"علي<علی", "بي<بے", "في<فى", "مي<مۓ"}},
		{"kaf", "کڪ", []string{"كك<کڪ"}},
		{"heh", "ھۀہۂۃەة", []string{"ههههههه<ھۀہۂۃەة"}},
		{"hamza seats", "مسؤول مسئول", []string{"مسءول<مسؤول", "مسءول<مسئول"}},
		{"letters of dialects stay", "پچژڤڨگ", []string{"پچژڤڨگ<پچژڤڨگ"}},
		{"letters of other Arabic blocks stay", "ب\u0750ب\u08a0", []string{"ب\u0750ب\u08a0<ب\u0750ب\u08a0"}},

		{"digits", "٠١٢٣ ۴۵۶ ७८९ 𝟗", []string{"0123<٠١٢٣", "456<۴۵۶", "789<७८९", "9<𝟗"}},
		{"thousands", "2,350,000 ٢٬٣٥٠ 2.350 2،350", []string{"2350000<2,350,000", "2350<٢٬٣٥٠", "2350<2.350", "2350<2،350"}},
		{"decimal", "3.5 3,5 ٣٫٥ 3،25 3.1415", []string{"3.5<3.5", "3.5<3,5", "3.5<٣٫٥", "3.25<3،25", "3.1415<3.1415"}},
		{"reh as a decimal point", "9ر10 ٣ر٥ 5ر 2 ر3", []string{"9.10<9ر10", "3.5<٣ر٥", "5<5", "ر<ر", "2<2", "ر<ر", "3<3"}},
		{"thousands and decimal", "1,234.5 1.234,5 ١٬٢٣٤٬٥٦٧٫٨٩", []string{"1234.5<1,234.5", "1234.5<1.234,5", "1234567.89<١٬٢٣٤٬٥٦٧٫٨٩"}},
		{"dates and versions", "14.9.2025 1,234.5.6 12,34,5 1,234,5",
			[]string{"14<14", "9<9", "2025<2025", "1<1", "234<234", "5<5", "6<6", "12<12", "34<34", "5<5", "1<1", "234<234", "5<5"}},
		{"points that differ group nothing but thousands", "1,234.567,8", []string{"1<1", "234<234", "567<567", "8<8"}},
		{"points that differ before a decimal point", "1,234.567٫8", []string{"1<1", "234<234", "567<567", "8<8"}},
		{"groups of two before a decimal point", "12,34.5", []string{"12<12", "34<34", "5<5"}},
		{"points belong between digits", "7. .7 7,, 7 7.،7", []string{"7<7", "7<7", "7<7", "7<7", "7<7", "7<7"}},
		{"deleted characters inside a number", "1,\u200f000 1\u200f.5", []string{"1000<1,\u200f000", "1.5<1\u200f.5"}},
		{"time, percent, fraction", "9:30 50% ٥٠٪ 1/2 ½ م²", []string{"9<9", "30<30", "50<50", "50<٥٠", "1<1", "2<2", "م<م"}},
		{"letters behind a number", "2.5kg 1,000km 1.2.3b", []string{"2.5kg<2.5kg", "1000km<1,000km", "1<1", "2<2", "3b<3b"}},
		{"a number inside a word has no points", "g20.5", []string{"g20<g20", "5<5"}},

		{"Arabic letter and digit", "كوفيد19و20", []string{"كوفيد<كوفيد", "19<19", "و<و", "20<20"}},
		{"digit behind tatweel", "الـ24", []string{"ال<الـ", "24<24"}},
		{"Latin letter and digit", "G20 4K", []string{"g20<G20", "4k<4K"}},
		{"Arabic and Latin", "شركةIBMال", []string{"شركه<شركة", "ibm<IBM", "ال<ال"}},
		{"punctuation", "قال،ثم؛هل؟نعم.لا!«بيت»_باب#دار'عن-في", []string{"قال<قال", "ثم<ثم", "هل<هل", "نعم<نعم", "لا<لا", "بيت<بيت", "باب<باب", "دار<دار", "عن<عن", "في<في"}},
		{"spaces and controls", "باب\u00a0بيت\u2028دار\u3000عن\x1aفي\u0085من", []string{"باب<باب", "بيت<بيت", "دار<دار", "عن<عن", "في<في", "من<من"}},
		{"invalid UTF-8", "باب\xffبيت\xd8 دار\xd8", []string{"باب<باب", "بيت<بيت", "دار<دار"}},
		{"half a letter before a letter", "با\xd8ب", []string{"با<با", "ب<ب"}},
		{"replacement character", "با\ufffdب", []string{"با<با", "ب<ب"}},

		{"stand-alone waw", "ليل و نهار", []string{"ليل<ليل", "ونهار<و نهار"}},
		{"stand-alone waw with marks, over punctuation", "ليل وَ «نهار»", []string{"ليل<ليل", "ونهار<وَ «نهار"}},
		{"stand-alone waw before other tokens", "و 24 و IBM و", []string{"و<و", "24<24", "و<و", "ibm<IBM", "و<و"}},
		{"two stand-alone waws", "و و نهار", []string{"وو<و و", "نهار<نهار"}},
		{"waw behind glue", "ليلةو نهار", []string{"ليله<ليلة", "ونهار<و نهار"}},
		{"attached waw", "ووصل", []string{"ووصل<ووصل"}},
		{"hamza on a stand-alone seat is no waw", "و\u0654 نهار", []string{"ء<و\u0654", "نهار<نهار"}},

		{"glue behind teh marbuta", "ليلةأمس مدينةٌجميلة", []string{"ليله<ليلة", "امس<أمس", "مدينه<مدينةٌ", "جميله<جميلة"}},
		{"glue behind alef maksura", "مستشفىكبير", []string{"مستشفي<مستشفى", "كبير<كبير"}},
		{"alef maksura before hamza is a spelling", "شاطىء طوارىءه", []string{"شاطيء<شاطىء", "طواريءه<طوارىءه"}},
		{"teh marbuta before hamza is glue", "ليلةء", []string{"ليله<ليلة", "ء<ء"}},
		{"glue in presentation forms", "ليل\ufe94\ufe91يت", []string{"ليله<ليل\ufe94", "بيت<\ufe91يت"}},
		{"initial alef maksura joins", "\ufbe8ب", []string{"يب<\ufbe8ب"}},
		{"glue before a letter of another block", "ليلة\u0750", []string{"ليله<ليلة", "\u0750<\u0750"}},
		{"no glue behind a letter of another block", "ليلة\u0750ب", []string{"ليله<ليلة", "\u0750ب<\u0750ب"}},

		{"Latin", "Été CAFÉ cafe\u0301 ﬁn ª", []string{"été<Été", "café<CAFÉ", "café<cafe\u0301", "fin<ﬁn", "a<ª"}},
		{"other scripts", "МОСКВА 東京 Ⅳ", []string{"москва<МОСКВА", "東京<東京", "iv<Ⅳ"}},
		{"a seat before a letter of another block", "و\u0750\u0654ب", []string{"و\u0750ب<و\u0750\u0654ب"}},
		{"a word does not combine with itself", "\u11a8e\u0301가", []string{"\u11a8é가<\u11a8e\u0301가"}},
		{"Arabic marks go in other scripts, too", "a\u0898b\u08d4c\u064e", []string{"abc<a\u0898b\u08d4c\u064e"}},
		{"foreign marks make no word", "\u0301 ب\u0301ب 5\u20e3", []string{"بب<ب\u0301ب", "5<5\u20e3"}},
		{"letters that decompose into punctuation", "\u0140a \u037a ŉ", []string{"la<\u0140a", "ʼn<ŉ"}},
		{"decimal before a foreign letter", "2.5é", []string{"2.5é<2.5é"}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if diff := cmp.Diff(c.want, tokens(c.src)); diff != "" {
				t.Errorf("tokens of %q (-want +got):\n%s", c.src, diff)
			}
			check(t, c.src)
		})
	}
}

// check fails if the tokens of src break a promise of Set.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, src string) {
	t.Helper()
	var x Text
	x.Set(page) // what is left in the memory must not matter
	x.Set(src)
	if d := unlike(src, x); d != "" {
		t.Fatalf("%q, one character after the other and at once: %s", src, d)
	}

	boundary := map[uint32]bool{uint32(len(src)): true}
	for i := range src {
		boundary[uint32(i)] = true
	}
	at, from := uint32(0), uint32(0)
	for k, token := range x.Tokens {
		if k > 0 {
			if x.Norm[at] != ' ' {
				t.Fatalf("%q: no space before token %d of %q", src, k, x.Norm)
			}
			at++
		}
		if token.At != at || token.End <= at || int(token.End) > len(x.Norm) {
			t.Fatalf("%q: token %d is %v, in %q", src, k, token, x.Norm)
		}
		word := string(x.Norm[token.At:token.End])
		if strings.Contains(word, " ") {
			t.Fatalf("%q: token %d is %q", src, k, word)
		}
		if token.From < from || token.To < token.From || !boundary[token.From] || !boundary[token.To] {
			t.Fatalf("%q: token %d has the span %d..%d behind %d", src, k, token.From, token.To, from)
		}
		// Several words of one ligature share its span, otherwise a span gives its token alone.
		span := src[token.From:token.To]
		if !strings.ContainsAny(src, "\ufdfa\ufdfb\ufdfd") {
			var alone Text
			alone.Set(span)
			if string(alone.Norm) != word {
				t.Fatalf("%q: token %d is %q, its span %q alone gives %q", src, k, word, span, alone.Norm)
			}
		}
		at, from = token.End, token.To
	}
	if int(at) != len(x.Norm) || !utf8.Valid(x.Norm) {
		t.Fatalf("%q: tokens end at %d of %q", src, at, x.Norm)
	}

	var again Text
	again.Set(string(x.Norm))
	if string(again.Norm) != string(x.Norm) || len(again.Tokens) != len(x.Tokens) {
		t.Fatalf("%q: %q becomes %q", src, x.Norm, again.Norm)
	}
	for k, token := range again.Tokens {
		if token.At != x.Tokens[k].At || token.End != x.Tokens[k].End {
			t.Fatalf("%q: token %d moves from %v to %v", src, k, x.Tokens[k], token)
		}
	}
}

// unlike tells how x differs from what Set makes of src without its ways to read words at once.
func unlike(src string, x Text) string {
	s := scanner{src: src}
	for i := 0; i < len(src); {
		i = s.rare(i)
	}
	s.close(len(src))
	one := Text{Norm: s.norm[:max(len(s.norm)-1, 0)], Tokens: s.tokens}
	if bytes.Equal(one.Norm, x.Norm) && slices.Equal(one.Tokens, x.Tokens) {
		return ""
	}
	return cmp.Diff(one, x)
}

// pieces are the characters the rules are about, and some that must not meet them.
var pieces = []string{
	"ا", "أ", "ب", "و", "ي", "ى", "ة", "ه", "ء", "ئ", "ؤ", "پ", "ـ", "\u064e", "\u0651", "\u0653", "\u0654", "\u0655", "\u0674",
	"\u0675", "\u0750", "\u08a0", "\u0870", "\u08d4", "\ufefb", "\ufef0", "\ufbe8", "\ufdf2", "\ufdfa", "\ufdfd", "\ufc60", "\ufd3f", "\U0001EE01",
	"1", "23", "456", "٧", "۸", "०", "９", ".", ",", "،", "٫", "٬", "．", ":", " ", "\n", "\u00a0", "\u200f", "\u00ad", "\ufe0f", "\u06dd",
	"a", "B", "É", "e\u0301", "\u0301", "\u0327", "ŉ", "\u0140", "\u037a", "İ", "ß", "ﬁ", "Ⅳ", "ﾞ", "カ", "가", "\u11a8", "н", "\u20e3", "²", "\xd8", "\xff", "\ufffd",
}

func TestSetPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		check(t, strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), ""))
	})
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.String().Draw(t, "text"))
	})
}

// A deleted mark in a word changes no token, whether the words beside it are read at once or letter by letter.
func TestSetReadsWordsAtOnce(t *testing.T) {
	letter := rapid.SampledFrom([]string{"ا", "ب", "ي", "و", "و", "ه", "أ", "ئ", "ء", "ة", "ى", "پ", "ک", "ۀ", "ە", "\u0640", "\u064e", "\u0654", "٣", "،", "ﻻ", "e", "7", "\xd8", "\x80"})
	word := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(letter, 1, 20).Draw(t, "letters"), "")
	})
	rapid.Check(t, func(t *rapid.T) {
		var src, marked strings.Builder
		var at []int // of src, for every byte of marked
		for range rapid.IntRange(1, 12).Draw(t, "words") {
			w := rapid.OneOf(word, rapid.StringMatching(`[ا-ي]{1,20}`)).Draw(t, "word") + rapid.SampledFrom([]string{" ", " ", " ", "  ", "، ", ". ", "؟", "\n", ".", "a", "1", ""}).Draw(t, "behind")
			for i, r := range w {
				size := utf8.RuneLen(r)
				if r == utf8.RuneError {
					size = 1
				}
				for k := range size {
					at = append(at, src.Len()+i+k)
				}
				marked.WriteString(w[i : i+size])
				if '\u0621' <= r && r <= '\u064A' && r != '\u0640' { // behind a letter
					at = append(at, src.Len()+i+size, src.Len()+i+size)
					marked.WriteString("\u0651")
				}
			}
			src.WriteString(w)
		}
		at = append(at, src.Len())
		var x, y Text
		x.Set(src.String())
		if d := unlike(src.String(), x); d != "" {
			t.Fatalf("%q, one character after the other and at once: %s", src.String(), d)
		}
		y.Set(marked.String())
		for k := range y.Tokens {
			y.Tokens[k].From, y.Tokens[k].To = uint32(at[y.Tokens[k].From]), uint32(at[y.Tokens[k].To])
		}
		if d := cmp.Diff(x, y); d != "" {
			t.Fatalf("%q, %q: %s", src.String(), marked.String(), d)
		}
	})
}

// Texts longer than what room is made for at once have words across its end.
func TestSetReadsLongTexts(t *testing.T) {
	for _, words := range []string{"ب ", "كتاب والمستشفياتنا ", "بب،"} {
		for lead := range plainBytes {
			src := strings.Repeat("x", lead) + " " + strings.Repeat(words, 3*plainRun/len(words))
			var x Text
			x.Set(src)
			if d := unlike(src, x); d != "" {
				t.Errorf("%q behind %d letters: %s", words, lead, d)
			}
		}
	}
}

func FuzzSet(f *testing.F) {
	f.Add(page)
	f.Add(strings.Join(pieces, ""))
	f.Add("و. 1,234.5é ﷺب مفاجئةمن\xd8")
	f.Fuzz(func(t *testing.T, src string) { check(t, src) })
}

func TestSetKeepsMemory(t *testing.T) {
	src := page + "Été 東京 ﷺ"
	var x Text
	x.Set(src)
	if n := testing.AllocsPerRun(10, func() { x.Set(src) }); n != 0 {
		t.Errorf("a warm Set allocates %v times", n)
	}
}
