package report

import "testing"

func TestArabicReason(t *testing.T) {
	for en, want := range map[string]string{
		"announced: read-also line before an article": "أعلن عنه: سطر «اقرأ أيضا» قبل خبر",
		"announced: something new":                    "أعلن عنه: something new",
		"on 12 unrelated pages":                       "في 12 من صفحات لا صلة بينها",
		"on 30 pages of the source":                   "في 30 من صفحات المصدر",
		"on 30 pages of the source or more":           "في 30 من صفحات المصدر أو أكثر",
		"another subject (cosine 0.04)":               "موضوع آخر (جيب التمام 0.04)",
		"98 % of its shingles are a page's":           "98 % من مقاطعه لصفحة معروفة",
		"nearly the text appended to p*1":             "يكاد يكون النص الملحق بالصفحة p*1",
		"has a page of its own":                       "له صفحة خاصة به",
		`no page "x"`:                                 `لا صفحة بالمعرف "x"`,
		"has a page of its own or so":                 "",
		"":                                            "",
		" equal words":                                "",
	} {
		if got, ok := arabicReason(en); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", en, got, ok, want)
		}
	}
}
