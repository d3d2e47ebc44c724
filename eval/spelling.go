package eval

import (
	"strings"
	"unicode"
)

// Spellings of frequent words with the letters that people often leave off or
// exchange. A text is of a habit when it has the second spelling of such words more
// often than the first.
var spellings = []struct {
	habit          string
	careful, plain []string
}{
	{"bare alef", []string{"أن", "إن", "إلى", "أو", "أي", "إذا", "أنه", "إنه", "أنها", "إنها", "أكثر", "أكد", "أحد", "أمس", "أول", "وأن", "وأضاف", "وأكد"},
		[]string{"ان", "الى", "الي", "او", "اي", "اذا", "انه", "انها", "اكثر", "اكد", "احد", "امس", "اول", "وان", "واضاف", "واكد"}},
	{"alef maksura for yeh", []string{"في", "الذي", "التي", "وفي", "حوالي"}, []string{"فى", "الذى", "التى", "وفى", "حوالى"}},
	{"yeh for alef maksura", []string{"على", "إلى", "حتى", "لدى", "وعلى", "الى"}, []string{"علي", "الي", "حتي", "لدي", "وعلي", "إلي"}},
	{"heh for teh marbuta", []string{"مدينة", "المدينة", "سنة", "لجنة", "وزارة", "شركة", "حكومة", "الحكومة", "محافظة", "المحافظة", "منطقة", "المنطقة", "عدة", "مرة", "نتيجة", "الماضية", "المقبلة", "العاصمة"},
		[]string{"مدينه", "المدينه", "سنه", "لجنه", "وزاره", "شركه", "حكومه", "الحكومه", "محافظه", "المحافظه", "منطقه", "المنطقه", "عده", "مره", "نتيجه", "الماضيه", "المقبله", "العاصمه"}},
}

// Spelling names the habits by which a text is written, with " + " between them, or
// "plain": Arabic news is written with hamza and dots or without, with vowel marks,
// with the letters of Persian, and a run should be as good on each. It is a coarse
// division for slices, by words that nearly every page has.
func Spelling(text string) string {
	seen := make(map[string]int)
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		seen[w]++
	}
	count := func(words []string) (n int) {
		for _, w := range words {
			n += seen[w]
		}
		return n
	}
	var out []string
	for _, s := range spellings {
		if count(s.plain) > count(s.careful) {
			out = append(out, s.habit)
		}
	}
	letters, marks, persian, forms, indic, digits := 0, 0, 0, 0, 0, 0
	for _, r := range text {
		switch {
		case r >= 0x64B && r <= 0x652 || r == 0x640:
			marks++
		case r == 'ی' || r == 'ک' || r == 'ہ':
			persian++
		case r >= 0xFB50 && r <= 0xFEFC:
			forms++
		case r >= 0x660 && r <= 0x669:
			indic++
		case r >= '0' && r <= '9':
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	// One in fifty is more than the few marks that tell two readings of a word apart.
	for _, h := range []struct {
		n, of int
		habit string
	}{
		{50 * marks, letters, "vowel marks or tatweel"}, {50 * persian, letters, "Persian letters"}, {50 * forms, letters, "presentation forms"}, {indic, digits, "Arabic-Indic digits"},
	} {
		if h.n > h.of {
			out = append(out, h.habit)
		}
	}
	if out == nil {
		return "plain"
	}
	return strings.Join(out, " + ")
}
