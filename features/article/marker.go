package article

import "sada/features/arabic"

// class says what a line is that begins with a known phrase.
type class uint8

const (
	ordinary  class = iota
	also            // read also: heads a list or an article, or holds a title
	related         // related subjects: the same, but only as a line of its own or before a colon
	credit          // "المصدر: ..."
	service         // "خاص بـ«...»": a credit without a colon
	keywords        // "كلمات دلالية: ..."
	published       // "تاريخ النشر: ..."
	banner          // furniture if nothing else stands on the line
	prompt          // furniture if the line is short
	labelled        // furniture if a colon follows
	linked          // furniture if a colon follows, after the outlet's name: the title of the page stands after it
	authored        // a list of the author's other articles
	furnished       // furniture, for whatever reason
)

// phrase is a run of level-1 tokens.
type phrase struct {
	tokens []string
	class  class
}

// phrases holds the known line beginnings by their first token. They are in normal spelling here
// and folded like any text, so that one entry stands for every spelling of it.
var phrases = fold(map[class][]string{
	also: {
		"اقرأ أيضا", "إقرأ أيضا", "اقرا أيضا", "اقر أيضا", "إقرا ايضا", "اقرؤوا أيضا", "اقرأ المزيد", "اقرأ كذلك", "واقرأ أيضا", "إقرأ أيضاً",
		"طالع أيضا", "وطالع أيضا", "طالعوا أيضا", "شاهد أيضا", "شاهدوا أيضا", "انظر أيضا", "تابع أيضا",
		"قد يهمك أيضا", "قد يهمك", "قد يعجبك أيضا", "قد يعجبك", "وقد يهمك أيضا", "ربما يهمك", "lire aussi", "read also", "read more", "see also",
	},
	related: {
		"مواضيع ذات صلة", "موضوعات ذات صلة", "الموضوعات ذات الصلة", "المواضيع ذات الصلة", "أخبار ذات صلة", "الأخبار ذات الصلة", "مقالات ذات صلة", "قصص ذات صلة",
		"مواضيع متعلقة", "موضوعات متعلقة", "أخبار متعلقة", "مقالات متعلقة", "قصص متعلقة", "مواضيع مشابهة", "موضوعات مشابهة", "أخبار مشابهة", "مقالات مشابهة",
		"مواضيع قد تهمك", "أخبار قد تهمك", "مقالات قد تهمك", "مواضيع مقترحة", "أخبار مقترحة", "مقالات مقترحة", "قصص مقترحة", "قصص قد تهمك",
		"اخترنا لكم", "اخترنا لك", "المزيد حول هذه القصة", "الأخبار الرئيسية", "الأكثر قراءة", "الأكثر مشاهدة", "تشاهدون الآن", "المزيد من الأخبار", "أخبار أخرى",
	},
	credit:   {"المصدر", "مصدر الخبر"},
	service:  {"خاص ب", "خدمة", "بالاتفاق مع"},
	keywords: {"كلمات دلالية", "الكلمات الدلالية", "كلمات دالة", "كلمات مفتاحية", "الكلمات المفتاحية", "كلمات دليلية", "الوسوم", "وسوم", "الوسوم والكلمات الدلالية", "سمات"},
	published: {
		"تاريخ النشر", "تأريخ النشر", "تاريخ الإضافة", "نشر في", "نشر بتاريخ", "تم النشر", "آخر تحديث", "تاريخ التحديث", "أخر تحديث",
	},
	banner: {"إعلان", "اعلان", "إعلانات", "advertisement", "المزيد", "رابط مختصر", "تم نسخ الرابط", "شاركها", "image caption", "next previous", "انتهى", "يتبع"},
	prompt: {
		"تابعونا على", "تابعونا عبر", "تابعنا على", "تابعنا عبر", "تابعوا آخر", "تابعوا تغطيات", "اشترك في قناتنا", "اشتركوا في قناتنا", "اشترك في القناة",
		"اشترك في خدمة", "اشتركوا في خدمة", "اشترك في النشرة", "اشترك الآن", "اشترك في نشرتنا", "اضغط هنا", "إضغط هنا", "إضغط على الصورة", "انقر هنا", "أنقر هنا",
		"حمل تطبيق", "حمل التطبيق", "حملوا تطبيق", "للتواصل مع الكاتب", "لمراسلة الكاتب", "ارسل رسالة", "شارك الخبر", "شارك المقال", "شارك على فيسبوك", "شارك على تويتر", "شارك على واتساب",
		"انشر الخبر", "انشر المقال", "أرسل الخبر", "جميع الحقوق محفوظة", "حقوق النشر محفوظة", "حقوق الطبع محفوظة", "تم التصميم والتطوير",
		"شارك غرد",
	},
	labelled: {"مشاركة", "للمزيد من المعلومات", "مصدر الصورة", "التعليق على الصورة", "تصوير", "عدسة", "رمز الخبر", "عدد المشاهدات"},
	linked:   {"رابط الخبر", "رابط الخبر بصحيفة"},
})

func fold(by map[class][]string) map[string][]phrase {
	out := make(map[string][]phrase)
	for c := ordinary; c <= linked; c++ { // not the map's order
		for _, s := range by[c] {
			p := phrase{tokens(s), c}
			out[p.tokens[0]] = append(out[p.tokens[0]], p)
		}
	}
	return out
}

func tokens(phrase string) []string {
	var t arabic.Text
	t.Set(phrase)
	out := make([]string, len(t.Tokens))
	for i, token := range t.Tokens {
		out[i] = string(t.Norm[token.At:token.End])
	}
	return out
}

// What stands glued to a text on pages of three outlets out of twelve: the buttons of a gallery before it
// (251 of 20,329 pages), behind it the address of the page (862), its key words (1,202) or the titles of
// the author's other articles (245), which are glued to each other as well. The name of the key words
// is a common word, so it is taken only behind the end of a sentence.
var (
	gallery   = tokens("Next Previous")
	address   = tokens("رابط الخبر بصحيفة")
	gluedTags = tokens("سمات")
	others    = tokens("مقالات أخرى")
)

// author is how the word after others begins.
const author = "للكاتب"

// agencies are the news agencies that a page may credit, by their names as pages write them. The
// first is the name given in results.
var agencies = foldNames([][]string{
	{"رويترز", "Reuters"},
	{"فرانس برس", "أ ف ب", "ا ف ب", "أ.ف.ب", "ا.ف.ب", "AFP"},
	{"واس", "وكالة الأنباء السعودية", "SPA"},
	{"وام", "WAM"},
	{"سانا", "SANA"},
	{"قنا", "QNA"},
	{"كونا", "KUNA"},
	{"بترا", "Petra"},
	{"وات", "وكالة تونس افريقيا للأنباء"},
	{"الأناضول", "أناضول", "Anadolu", "وكالة الأناضول"},
	{"سبوتنيك", "سبوتنيك عربي"},
	{"د ب أ", "د.ب.أ", "dpa"},
	{"أ ش أ", "أ.ش.أ", "وكالة أنباء الشرق الأوسط"},
	{"أسوشيتد برس", "أ ب", "أ.ب", "AP"},
	{"بنا", "وكالة أنباء البحرين"},
	{"العمانية", "وكالة الأنباء العمانية"},
	{"تاس", "وكالة تاس"},
	{"شينخوا"},
	{"وكالات", "الوكالات"},
	{"متابعات"},
})

func foldNames(names [][]string) map[string]string {
	out := make(map[string]string)
	var t arabic.Text
	for _, n := range names {
		for _, s := range n {
			t.Set(s)
			out[string(t.Norm)] = n[0]
		}
	}
	return out
}

// reported are words that open reported speech: "المصدر: إن ..." quotes a source and credits none.
var reported = map[string]bool{"ان": true, "انه": true, "انها": true, "انهم": true, "لقد": true, "لا": true, "لم": true, "لن": true, "نعم": true, "هناك": true}

// exclusive stands in an agency's place if the text is the outlet's own.
const exclusive = "خاص"
