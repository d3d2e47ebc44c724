package report

import (
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// noun is what is counted: in English one and more of it; in Arabic one and two of it with their number in
// words, and as it stands after a few (3 to 10), many (11 to 99) and other numbers.
type noun struct {
	en [2]string
	ar [5]string
}

var nouns = map[string]noun{
	"page":    {[2]string{"page", "pages"}, [5]string{"صفحة واحدة", "صفحتان", "صفحات", "صفحة", "صفحة"}},
	"outlet":  {[2]string{"outlet", "outlets"}, [5]string{"منفذ واحد", "منفذان", "منافذ", "منفذا", "منفذ"}},
	"wording": {[2]string{"wording", "wordings"}, [5]string{"صياغة واحدة", "صياغتان", "صياغات", "صياغة", "صياغة"}},
	"copy":    {[2]string{"copy", "copies"}, [5]string{"نسخة واحدة", "نسختان", "نسخ", "نسخة", "نسخة"}},
	"bridge":  {[2]string{"bridge", "bridges"}, [5]string{"جسر واحد", "جسران", "جسور", "جسرا", "جسر"}},
	"place":   {[2]string{"place", "places"}, [5]string{"موضع واحد", "موضعان", "مواضع", "موضعا", "موضع"}},
	"pair":    {[2]string{"pair", "pairs"}, [5]string{"زوج واحد", "زوجان", "أزواج", "زوجا", "زوج"}},
	"word":    {[2]string{"word", "words"}, [5]string{"كلمة واحدة", "كلمتان", "كلمات", "كلمة", "كلمة"}},
	"text":    {[2]string{"text", "texts"}, [5]string{"نص واحد", "نصان", "نصوص", "نصا", "نص"}},
}

// A number is not parted from what it counts.
const nbsp = "\u00a0"

// count is a number of things, by the plural rules of CLDR.
func count(lang, n int, of string) string {
	f := plural.Cardinal.MatchPlural([languages]language.Tag{language.English, language.Arabic}[lang], n, 0, 0, 0, 0)
	it := nouns[of]
	if lang == english {
		if f == plural.One {
			return "1" + nbsp + it.en[0]
		}
		return grouped(n) + nbsp + it.en[1]
	}
	switch f {
	case plural.One:
		return it.ar[0]
	case plural.Two:
		return it.ar[1]
	case plural.Few:
		return grouped(n) + nbsp + it.ar[2]
	case plural.Many:
		return grouped(n) + nbsp + it.ar[3]
	}
	return grouped(n) + nbsp + it.ar[4]
}
