package report

import "strings"

// phrase is a reason, or another thing that is said in words, in English and for a reader of Arabic. A star
// is a number or a name, or another of them: what is announced has the reason of its own proposal after it.
type phrase struct{ en, ar string }

// phrases are all that result files and figures say. The first that fits counts.
var phrases = []phrase{
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
	// of rejects: records
	{"duplicate id, same content", "معرف مكرر بالمحتوى نفسه"},
	{"duplicate id, another version is kept", "معرف مكرر، وأبقيت نسخة أخرى"},
	{"line longer than * bytes", "سطر أطول من * بايت"},
	{"page longer than * bytes", "صفحة أطول من * بايت"},
	{"field * longer than * bytes", "الحقل * أطول من * بايت"},
	{"bad JSON: not an object", "JSON غير سليم: ليس كائنا"},
	{"bad JSON: more after the object", "JSON غير سليم: زيادة بعد الكائن"},
	{"bad JSON: cut off", "JSON غير سليم: مبتور"},
	{"bad JSON: *", "JSON غير سليم: *"},
	{"field * is not a string", "الحقل * ليس نصا"},
	{"field * is not a string or an integer", "الحقل * ليس نصا ولا عددا صحيحا"},
	{"field * is not a string or a number", "الحقل * ليس نصا ولا عددا"},
	{"field * is not valid UTF-8", "الحقل * ليس بترميز UTF-8 سليم"},
	{"field * is not UTF-8 text", "الحقل * ليس نصا بترميز UTF-8"},
	{"field * has control characters", "في الحقل * محارف تحكم"},
	{"no * and no *", "بلا * وبلا *"},
	{"no *", "بلا *"},
	// of rejects: files
	{"empty file", "ملف فارغ"},
	{"empty file: nothing but white space", "ملف فارغ: ليس فيه إلا فراغات"},
	{"UTF-16 text: convert it to UTF-8", "نص بترميز UTF-16: حوله إلى UTF-8"},
	{"binary file: neither JSONL, Parquet nor text", "ملف ثنائي: ليس JSONL ولا Parquet ولا نصا"},
	{"larger than the limit of * bytes", "أكبر من الحد، وهو * بايت"},
	{"decompresses beyond the limit of * bytes", "يتجاوز عند فك الضغط الحد، وهو * بايت"},
	{"decompresses beyond the limit of * times its size", "يتجاوز عند فك الضغط الحد، وهو * من أضعاف حجمه"},
	{"* inside *: compressed twice", "* داخل *: ضغط مرتين"},
	{"truncated *", "ملف * مبتور"},
	{"cannot be read: *", "تتعذر قراءته: *"},
	{"corrupt parquet: sizes that do not fit the file", "ملف parquet تالف: أحجام لا توافق الملف"},
	{"corrupt parquet: no footer: the file is cut off or not Parquet", "ملف parquet تالف: بلا تذييل، فهو مبتور أو ليس Parquet"},
	{"corrupt parquet: column * ends before its rows", "ملف parquet تالف: العمود * ينتهي قبل صفوفه"},
	{"corrupt *: *", "ملف * تالف: *"},
	{"bad parquet: column * is there twice", "ملف parquet غير سليم: العمود * وارد مرتين"},
	{"parquet needs the columns * and * or *, and has *", "يلزم ملف parquet العمودان * و* أو *، وفيه *"},
	{"parquet pages in * are not read: write them with zstd, snappy or gzip", "صفحات parquet المضغوطة بـ * لا تقرأ: اكتبها بـ zstd أو snappy أو gzip"},
	{"parquet encoding * is not read", "ترميز parquet * لا يقرأ"},
	// why a figure is not known
	{"too few independent clusters or pages for an interval: *, need *", "مجموعات أو صفحات مستقلة أقل مما يلزم لمجال: *، واللازم *"},
	{"too few items that two or more raters have labelled: *, need *", "ما وسمه اثنان فأكثر أقل مما يلزم: *، واللازم *"},
	{"all raters gave all * items one label: agreement beyond chance cannot be told", "أعطى الواسمون كلهم العناصر كلها (*) وسما واحدا، فلا يعرف الاتفاق فوق المصادفة"},
	{"nearly all labels of the * items are the same: too few others for an interval", "تكاد أوسمة العناصر (*) تكون واحدة: غيرها أقل مما يلزم لمجال"},
	// measures
	{"* precision", "الدقة (*)"},
	{"* recall", "الاستدعاء (*)"},
	{"* F1", "F1 (*)"},
	{"pairwise", "الأزواج"},
	{"exact clusters", "المجموعات المطابقة"},
	{"Cohen's kappa", "كابا كوهين"},
	{"Krippendorff's alpha", "ألفا كريبندورف"},
}

// stars finds what stands for the stars of a pattern, none of it empty; false if the pattern does not fit.
func stars(pattern, s string) (found []string, ok bool) {
	between := strings.Split(pattern, "*")
	if len(between) == 1 {
		return nil, s == pattern
	}
	s, ok = strings.CutPrefix(s, between[0])
	last := len(between) - 1
	s, ok2 := strings.CutSuffix(s, between[last])
	if !ok || !ok2 {
		return nil, false
	}
	for _, b := range between[1:last] {
		star, rest, ok := strings.Cut(s, b)
		if !ok {
			return nil, false
		}
		found, s = append(found, star), rest
	}
	found = append(found, s)
	for _, star := range found {
		if star == "" {
			return nil, false
		}
	}
	return found, true
}

// saying is what a file says in the language of the interface, or as the file has it.
type saying struct {
	AsIs   []piece
	Arabic []words
}

// words is a stretch of a saying in Arabic: ours, or as the file has it.
type words struct {
	Text []piece
	Ours bool
}

// say words what a file says; what is shown as it is has at most n characters, as has each stretch.
func say(lang int, s string, n int) saying {
	if lang == arabicUI {
		if ar := inArabic(s, n); ar != nil {
			return saying{Arabic: ar}
		}
	}
	return saying{AsIs: excerpt(s, n)}
}

// inArabic is nil for what is not among the phrases.
func inArabic(s string, n int) []words {
	for _, p := range phrases {
		found, ok := stars(p.en, s)
		if !ok {
			continue
		}
		var out []words
		for i, ar := range strings.Split(p.ar, "*") {
			if i > 0 {
				if known := inArabic(found[i-1], n); known != nil {
					out = append(out, known...)
				} else {
					out = append(out, words{Text: excerpt(found[i-1], n)})
				}
			}
			if ar != "" {
				out = append(out, words{whole(ar), true})
			}
		}
		return out
	}
	return nil
}
