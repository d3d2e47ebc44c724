package report

import "strings"

// reasonTexts are the reasons that a run gives, for a reader of Arabic. A star is a number or a name; an
// announcement has the reason of its own proposal after it.
var reasonTexts = []struct{ en, ar string }{
	{"announced: *", "أعلن عنه: *"},
	{"the author's other articles", "مقالات أخرى للكاتب"},
	{"read-also line with a title", "سطر «اقرأ أيضا» مع عنوان"},
	{"read-also line before titles", "سطر «اقرأ أيضا» قبل عناوين"},
	{"read-also line before an article", "سطر «اقرأ أيضا» قبل خبر"},
	{"title and text after the closing line", "عنوان ونص بعد سطر الختام"},
	{"short lines after the closing line", "سطور قصيرة بعد سطر الختام"},
	{"on * unrelated pages", "في * من صفحات لا صلة بينها"},
	{"has a page of its own", "له صفحة خاصة به"},
	{"another subject (cosine *)", "موضوع آخر (جيب التمام *)"},
	{"the same subject (cosine *)", "الموضوع نفسه (جيب التمام *)"},
	{"begins inside a line", "يبدأ وسط سطر"},
	{"begins like the next item of a joined report", "يبدأ كفقرة تالية من تقرير مجمع"},
	{"begins with the title of its page", "يبدأ بعنوان صفحته"},
	{"an item among others with a heading", "فقرة ذات عنوان بين غيرها"},
	{"announces the title of a known page", "يعلن عنوان صفحة معروفة"},
	{"a line that is the title of a known page, among others", "سطر هو عنوان صفحة معروفة بين غيره"},
	{"on * pages of the source or more", "في * من صفحات المصدر أو أكثر"},
	{"on * pages of the source", "في * من صفحات المصدر"},
	{"* equal words", "كلمات متطابقة: *"},
	{"* % of its shingles are a page's", "* % من مقاطعه لصفحة معروفة"},
	{"nearly the text appended to *", "يكاد يكون النص الملحق بالصفحة *"},
	// of pairs that were wanted
	{"no page *", "لا صفحة بالمعرف *"},
	{"a page and itself", "صفحة ونفسها"},
	{"they are copies of one text", "هما نسختان من نص واحد"},
	{"must-links bring them together", "تجمعهما أزواج مطلوبة أخرى"},
}

// arabicReason is a reason in Arabic; false if it is not known.
func arabicReason(s string) (string, bool) {
	for _, r := range reasonTexts {
		before, after, hole := strings.Cut(r.en, "*")
		if !hole {
			if s == r.en {
				return r.ar, true
			}
			continue
		}
		rest, ok := strings.CutPrefix(s, before)
		if rest, ok2 := strings.CutSuffix(rest, after); ok && ok2 && rest != "" {
			if ar, ok := arabicReason(rest); ok {
				rest = ar
			}
			return strings.Replace(r.ar, "*", rest, 1), true
		}
	}
	return "", false
}
