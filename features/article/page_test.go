package article

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Paragraphs of more than twenty words, and titles: the texts that the pages of the tests are made of.
const (
	harbour = "بدأت بلدية المدينة صباح اليوم أعمال توسيع الميناء القديم بعد سنوات من التأخير، وقال رئيس البلدية إن العمال سينجزون الرصيف الأول قبل نهاية الصيف المقبل."
	bakery  = "يعمل أصحاب المخابز الصغيرة منذ الفجر في تجهيز الخبز لسكان الحي، ويشكو كثير منهم من ارتفاع ثمن الطحين ومن قلة العمال المدربين على الأفران الحديثة."
	library = "افتتحت المكتبة العامة قاعة جديدة للأطفال تضم آلاف الكتب المصورة، ويشرف عليها متطوعون من طلاب الجامعة يقرؤون القصص للصغار مرتين في كل أسبوع."

	bakeryTitle  = "أصحاب المخابز يشكون ثمن الطحين"
	libraryTitle = "قاعة للأطفال في المكتبة العامة"
)

// expand puts the texts above in the place of their names in braces.
var expand = strings.NewReplacer("{harbour}", harbour, "{bakery}", bakery, "{library}", library, "{bakery title}", bakeryTitle, "{library title}", libraryTitle).Replace

// page makes a text of the lines of a raw string; indentation goes.
func page(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimLeft(l, "\t")
	}
	return expand(strings.Join(lines, "\n"))
}

// show gives a part a line, "kind: text", with all white space as single spaces, cut to the length of the
// line that is wanted of it.
func show(p *Page, a *Article, want []string) []string {
	var out []string
	for i, part := range a.Parts {
		s := strings.Join(strings.Fields(part.Kind.String()+": "+p.Text[part.From:part.To]), " ")
		if i < len(want) && strings.HasPrefix(s, want[i]) {
			s = want[i]
		}
		out = append(out, s)
	}
	return out
}

// expect compares the parts of a page with "kind: first words" lines.
func expect(t *testing.T, p *Page, want string) Article {
	t.Helper()
	a := parse(p)
	check(t, p, &a)
	var lines []string
	if want = page(want); want != "" {
		lines = strings.Split(want, "\n")
	}
	if diff := cmp.Diff(lines, show(p, &a, lines)); diff != "" {
		t.Errorf("text:\n%s\nparts (-want +got):\n%s", p.Text, diff)
	}
	return a
}

func TestParts(t *testing.T) {
	for _, c := range []struct {
		name, title, source, text, want string
	}{
		{"empty", "عنوان", "", ``, ``},
		{"one line", "", "", `ميناء المدينة`, `main: ميناء المدينة`},
		{"one line is the title", "ميناء المدينة", "", `ميناء المدينة`, `title: ميناء المدينة`},
		{"no word", "", "", "***\n \n--", `main: *** --`},
		{"ligature of words at the end", "", "", "النبي \ufdfa", `main: النبي`},
		{"only a marker", "", "", `إقرأ أيضاً:`, `marker: إقرأ`},

		// Before the article.
		{"title", "توسيع الميناء القديم", "", `
			توسيع الميناء القديم
			{harbour}`, `
			title: توسيع
			main: بدأت`},
		{"title equal after folding", "إفتتاح القاعة الأولى", "", `
			افتتــاح القاعة الاولي
			{harbour}`, `
			title: افتتــاح
			main: بدأت`},
		{"title with the outlet in the record", "توسيع الميناء القديم - صحيفة المرفأ", "صحيفة المرفأ", `
			توسيع الميناء القديم
			{harbour}`, `
			title: توسيع
			main: بدأت`},
		{"title is another", "توسيع الميناء القديم جدا", "", `
			توسيع الميناء القديم
			{harbour}`, `
			main: توسيع`},
		{"record without title", "", "", `
			توسيع الميناء القديم
			{harbour}`, `
			title: توسيع
			main: بدأت`},
		{"record without title, text without title", "", "", `
			{harbour}
			{bakery}`, `
			main: بدأت`},
		{"record without title, date first", "", "", `
			2024-05-29@14:43:47 GMT
			توسيع الميناء القديم
			{harbour}`, `
			dateline: 2024-05-29
			title: توسيع
			main: بدأت`},
		{"title once", "توسيع الميناء القديم", "", `
			توسيع الميناء القديم
			توسيع الميناء القديم
			{harbour}`, `
			title: توسيع
			main: توسيع`},
		{"title with a date in it", "أسعار الذهب 12 يونيو 2024", "", `
			أسعار الذهب 12 يونيو 2024
			{harbour}`, `
			title: أسعار
			main: بدأت`},
		{"headlines before the title", "توسيع الميناء القديم", "", `
			{bakery title}
			{library title}
			مباراة الذهاب تنتهي بالتعادل
			توسيع الميناء القديم
			{harbour}`, `
			head: أصحاب
			title: توسيع
			main: بدأت`},
		{"two lines before the title are no headlines", "توسيع الميناء القديم", "", `
			أخبار البلد
			محمد السالم
			توسيع الميناء القديم
			{harbour}`, `
			main: أخبار`},
		{"a paragraph before the title", "توسيع الميناء القديم", "", `
			{library title}
			مباراة الذهاب تنتهي بالتعادل
			{bakery}
			توسيع الميناء القديم
			{harbour}`, `
			main: قاعة`},
		{"a title that is a verse of a poem", "يا رصيف الميناء القديم", "", `
			سألت الموج عن وجه البحارة
			وعن الليل الذي طال انتظاره
			وعن ريح تعود بلا سفينة
			يا رصيف الميناء القديم
			متى تعود السفن إلى بيوتها`, `
			main: سألت`},
		{"ticker", "توسيع الميناء القديم", "", `
			{bakery title}    {library title}    مباراة الذهاب تنتهي بالتعادل    أمطار على الساحل    معرض للزهور في الحديقة
			توسيع الميناء القديم
			{harbour}`, `
			head: أصحاب
			title: توسيع
			main: بدأت`},
		{"wide gaps in a paragraph", "", "", `
			{harbour}    {bakery}    {library}    {harbour}    {bakery}
			{harbour}`, `
			main: بدأت`},
		{"publication lines", "توسيع الميناء القديم", "", `
			توسيع الميناء القديم
			تاريخ النشر: 22nd, September 2023 GMT
			آخر تحديث 11 يناير/ كانون الثاني 2024
			{harbour}`, `
			title: توسيع
			dateline: تاريخ النشر
			dateline: آخر تحديث
			main: بدأت`},
		{"publication line behind the text", "", "", `
			{harbour}
			تاريخ النشر: 15 مايو 2020`, `
			main: بدأت
			dateline: تاريخ`},
		{"words of a publication line in a sentence", "", "", `
			{harbour}
			نشر في المدينة رجال كثيرون
			آخر تحديث للقانون كان مفيدا`, `
			main: بدأت`},
		{"agency's dateline with both calendars", "", "", `
			مكة المكرمة 26 شوال 1436 هـ الموافق 11 أغسطس 2015 م واس
			{harbour}`, `
			dateline: مكة
			main: بدأت`},
		{"date in a short line of prose", "توسيع الميناء القديم", "", `
			تنطلق بطولة كأس الخليج في 12 يونيو 2026
			{harbour}`, `
			main: تنطلق`},
		{"place and agency", "", "", `
			توسيع الميناء القديم
			القاهرة - رويترز
			{harbour}`, `
			title: توسيع
			dateline: القاهرة
			main: بدأت`},
		{"place, day and agency between slashes", "توسيع", "", `
			القاهرة في 15 سبتمبر /أ ش أ/
			{harbour}`, `
			dateline: القاهرة
			main: بدأت`},
		{"author and outlet", "توسيع", "صحيفة المرفأ", `
			محمد السالم – صحيفة المرفأ
			{harbour}`, `
			dateline: محمد
			main: بدأت`},
		{"names without an agency", "توسيع", "صحيفة المرفأ", `
			محمد السالم – المدينة
			{harbour}`, `
			main: محمد`},
		{"dateline of a paragraph", "توسيع", "", `
			سان فرانسيسكو 20 يوليو تموز (رويترز) - {harbour}`, `
			dateline: سان فرانسيسكو 20 يوليو تموز (رويترز) -
			main: بدأت`},
		{"dateline of two agencies and a long dash", "توسيع", "", `
			القاهرة (أ ف ب، رويترز) ــ {harbour}`, `
			dateline: القاهرة (أ ف ب، رويترز) ــ
			main: بدأت`},
		{"exclusive dateline", "توسيع", "", `
			القاهرة (خاص)- {harbour}`, `
			dateline: القاهرة (خاص)-
			main: بدأت`},
		{"brackets before a dash that hold no agency", "توسيع", "", `
			أعلنت وزارة العمل (المصرية) - في بيان - أن {harbour}`, `
			main: أعلنت`},
		{"agency in brackets without a dash", "توسيع", "", `
			قالت وكالة (رويترز) إن {harbour}`, `
			main: قالت`},
		{"agency in brackets late in a sentence", "توسيع", "", `
			قال الوزير اليوم. ونقلت عنه (رويترز) - {harbour}`, `
			main: قال`},
		{"furniture and credit before the text", "توسيع", "", `
			۳۳۵مشاهدات
			المصدر: وكالات
			© صحيفة المرفأ
			{harbour}`, `
			furniture: ۳۳۵مشاهدات
			source: المصدر
			furniture: ©
			main: بدأت`},

		// Closing lines.
		{"credit and key words", "", "", `
			{harbour}
			المصدر: صحيفة المرفأ
			كلمات دلالية: ميناء مدينة`, `
			main: بدأت
			source: المصدر
			tags: كلمات`},
		{"credit with a star and by a service", "", "", `
			{harbour}
			*المصدر: وكالات*
			خاص بـ«صحيفة المرفأ»
			* خدمة «نيويورك تايمز»
			* بالاتفاق مع «بلومبيرغ»`, `
			main: بدأت
			source: *المصدر`},
		{"reported speech", "", "", `
			{harbour}
			وقال المصدر: إن العمال سينجزون الرصيف
			المصدر: إن القائمة شملت ثلاثة أسماء
			المصدر المسؤول رفض التعليق
			المصدر: {bakery}
			خدمة «التوصيل» تعود إلى العمل`, `
			main: بدأت`},
		{"key words without a colon are a sentence", "", "", `
			{harbour}
			الوسوم الجديدة وزعت على الجنود`, `
			main: بدأت`},
		{"furniture", "", "", `
			{harbour}
			تابعونا على جوجل نيوز
			اشترك في قناتنا على يوتيوب
			للمزيد من المعلومات: www.example.org
			// انتهى //
			20:26 ت م
			writer@example.org
			(تصوير: محمد السالم)
			مشاركة :
			...المزيد
			إعلان
			جميع الحقوق محفوظة`, `
			main: بدأت
			furniture: تابعونا
			furniture: اشترك
			furniture: للمزيد
			furniture: //
			furniture: 20:26
			furniture: writer
			furniture: (تصوير
			furniture: مشاركة
			furniture: ...المزيد
			furniture: إعلان
			furniture: جميع`},
		{"the page's address", "", "", `
			{harbour}
			رابط الخبر بصحيفة المرفأ: توسيع الميناء القديم بعد سنوات من التأخير والعمال سينجزون الرصيف الأول قبل نهاية الصيف المقبل كما قال رئيس البلدية`, `
			main: بدأت
			furniture: رابط`},
		{"the page's address glued to the text", "", "", `
			{harbour} رابط الخبر بصحيفة المرفأ: توسيع الميناء القديم`, `
			main: بدأت بلدية المدينة
			furniture: رابط`},
		{"a sentence about an address", "", "", `
			{harbour} وأرسل رابط الخبر بصحيفة المرفأ إلى زملائه`, `
			main: بدأت`},
		{"the buttons of a gallery glued to the text", "توسيع الميناء القديم", "", `
			Next Previous {harbour}`, `
			furniture: Next Previous
			main: بدأت`},
		{"key words glued to the text", "", "", `
			{bakery}
			{harbour} سمات الميناء القديم رئيس البلدية`, `
			main: يعمل
			tags: سمات الميناء`},
		{"a sentence that begins like glued key words", "", "", `
			{harbour} سمات الميناء القديم باقية كما كانت.`, `
			main: بدأت`},
		{"the word inside the last sentence", "", "", `
			{bakery}
			ويقول السكان إن أقدم الأرصفة له سمات الميناء القديم`, `
			main: يعمل`},
		{"the author's other articles", "", "", `
			{harbour}
			مقالات أخرى للكاتب{bakery title}{library title}`, `
			main: بدأت
			list: مقالات`},
		{"the author's other articles glued to the text", "", "", `
			{harbour} مقالات أخرى للكاتب{bakery title}{library title}`, `
			main: بدأت بلدية
			list: مقالات`},
		{"a marker line that ends like a dateline", "توسيع الميناء القديم", "", `
			اقرأ أيضا - {bakery title} (رويترز) - صور
			{harbour}`, `
			inline: اقرأ
			main: بدأت`},
		{"other articles in a sentence", "", "", `
			{harbour} وللكاتب مقالات أخرى عن الموانئ`, `
			main: بدأت`},
		{"prose that begins like furniture", "", "", `
			{harbour}
			تابعوا طريقهم إلى الميناء
			تابع آخر تفاصيل المشروع وزير النقل
			اشترك في عدة هجمات على المرمى
			لمتابعة آلية عمل اللجان
			للمزيد من الوقت يحتاج العمال
			إعلان الرئاسة العامة لرعاية الشباب
			انتهى العمل في الرصيف
			انتهى
			مشاركة كبيرة في السباق
			شاركها في البطولة لاعبون شباب
			تصوير الأفلام في المدينة`, `
			main: بدأت`},
		{"advertisement glued to a sentence", "", "", `
			{bakery}
			إعلانوظهر الرئيسان في لقطات مصورة وهما يبتسمان ويتصافحان بعد ساعات من العمل في القاعة`, `
			main: يعمل
			furniture: إعلان
			main: وظهر`},
		{"two advertisements that are words", "", "", `
			{bakery}
			إعلان بوتين أمام الصحفيين عن زيارة جديدة إلى المدينة القديمة فاجأ كثيرا من السكان
			إعلانوا في جملة قصيرة`, `
			main: يعمل`},

		// What is somebody else's.
		{"inline lines", "", "", `
			{harbour}
			اقرأ أيضا: {bakery title}
			شاهد أيضا | {library title}
			اقرأ المزيد.. {library title}
			قد يهمك - {bakery title}
			{bakery}`, `
			main: بدأت
			inline: اقرأ أيضا: أصحاب
			inline: شاهد أيضا | قاعة
			inline: اقرأ المزيد.. قاعة
			inline: قد يهمك - أصحاب
			main: يعمل`},
		{"sentences that begin like a marker", "", "", `
			{harbour}
			اقرأ أيضا ما كتبه الشاعر القديم
			قد يهمك الأمر إذا كنت من السكان
			المزيد من الأخبار السارة وصلت إلى الميناء
			اقرأ أيضا: {bakery} {library}`, `
			main: بدأت`},
		{"list", "", "", `
			{harbour}
			مواضيع ذات صلة
			{bakery title}
			{library title}`, `
			main: بدأت
			marker: مواضيع
			list: أصحاب`},
		{"list of one", "", "", `
			{harbour}
			قد يهمك أيضا
			{bakery title}
			تابعونا على جوجل نيوز`, `
			main: بدأت
			marker: قد
			list: أصحاب
			furniture: تابعونا`},
		{"list inside an article that is not closed", "", "", `
			{harbour}
			إقرأ أيضاً:
			{bakery title}
			{library title}
			{bakery}`, `
			main: بدأت
			marker: إقرأ
			list: أصحاب
			main: يعمل`},
		{"list behind an advertisement", "", "", `
			{harbour}
			إقرأ أيضاً:
			إعلان
			{bakery title}
			{library title}`, `
			main: بدأت
			marker: إقرأ
			furniture: إعلان
			list: أصحاب`},
		{"list without a marker", "", "", `
			{harbour}
			المصدر: وكالات
			{bakery title}
			{library title}`, `
			main: بدأت
			source: المصدر
			list: أصحاب`},
		{"names are no list", "", "", `
			{harbour}
			المصدر: وكالات
			محمد السالم
			المدينة القديمة
			نهاية`, `
			main: بدأت
			source: المصدر
			main: محمد`},
		{"marker before nothing", "", "", `
			{harbour}
			إقرأ أيضاً:
			تابعونا على جوجل نيوز`, `
			main: بدأت
			marker: إقرأ
			furniture: تابعونا`},
		{"marked tail, open", "", "", `
			{harbour}
			إقرأ أيضاً:
			{bakery title}
			{bakery}
			{library}`, `
			main: بدأت
			marker: إقرأ
			tail: أصحاب`},
		{"marked tail, closed", "", "", `
			{harbour}
			المصدر: وكالات
			كلمات دلالية: ميناء مدينة
			إقرأ أيضاً:
			{bakery title}
			الطحين في المدينة
			{bakery}
			جميع الحقوق محفوظة`, `
			main: بدأت
			source: المصدر
			tags: كلمات
			marker: إقرأ
			tail: أصحاب
			furniture: جميع`},
		{"marked tail without a title", "", "", `
			{harbour}
			إقرأ أيضاً:
			{bakery}`, `
			main: بدأت
			marker: إقرأ
			tail: يعمل`},
		{"two marked tails", "", "", `
			{harbour}
			المصدر: وكالات
			إقرأ أيضاً:
			{bakery title}
			{bakery}
			كلمات دلالية: خبز
			شاهد أيضا
			{library title}
			{library}`, `
			main: بدأت
			source: المصدر
			marker: إقرأ
			tail: أصحاب
			marker: شاهد
			tail: قاعة`},
		{"unmarked tail", "", "", `
			{harbour}
			المصدر: وكالات
			{bakery title}
			{bakery}`, `
			main: بدأت
			source: المصدر
			tail: أصحاب`},
		{"unmarked tail before a marked one", "", "", `
			{harbour}
			كلمات دلالية: ميناء
			{bakery title}
			{bakery}
			إقرأ أيضاً:
			{library title}
			{library}`, `
			main: بدأت
			tags: كلمات
			tail: أصحاب
			marker: إقرأ
			tail: قاعة`},
		{"a paragraph behind the credit", "", "", `
			{harbour}
			المصدر: وكالات
			{bakery}`, `
			main: بدأت
			source: المصدر
			main: يعمل`},
		{"a credit before an article's worth of text closes nothing", "", "", `
			{library title}
			نص قصير قبل المصدر
			المصدر: وكالات
			{bakery title}
			{bakery}`, `
			title: قاعة
			main: نص
			source: المصدر
			main: أصحاب`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &Page{Title: c.title, Source: c.source, Text: page(c.text)}
			a := expect(t, p, c.want)
			// What stands between and around the lines changes no line's kind.
			for name, in := range map[string]func(string) string{
				"CRLF":        func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
				"blank lines": func(s string) string { return strings.ReplaceAll(s, "\n", "\n\n \t\n\u00a0\n") },
				"NBSP":        func(s string) string { return strings.ReplaceAll(s, "\n", "\u00a0\n\u00a0") },
				"newline":     func(s string) string { return s + "\n" },
				"BOM":         func(s string) string { return "\ufeff" + s },
			} {
				q := *p
				q.Text = in(p.Text)
				b := parse(&q)
				check(t, &q, &b)
				if diff := cmp.Diff(kinds(&a), kinds(&b)); diff != "" && c.text != "" {
					t.Errorf("%s: -plain +changed\n%s", name, diff)
				}
			}
		})
	}
}

func kinds(a *Article) (out []string) {
	for _, p := range a.Parts {
		out = append(out, p.Kind.String())
	}
	return out
}

func TestProposals(t *testing.T) {
	type proposal struct {
		Kind                string
		Text, Marker, Title string
		Closed              bool
		Strength            float64
	}
	for _, c := range []struct {
		name, text string
		want       []proposal
	}{
		{"none", "{harbour}\nالمصدر: وكالات", nil},
		{"inline", "{harbour}\n  اقرأ أيضا: {bakery title} \n{bakery}", []proposal{{Kind: "inline", Text: "اقرأ أيضا: {bakery title} \n", Title: "{bakery title}", Strength: .9}}},
		{"inline first", "\n  اقرأ أيضا: {bakery title}\n", []proposal{{Kind: "inline", Text: "اقرأ أيضا: {bakery title}\n", Title: "{bakery title}", Strength: .9}}},
		{"open tail", "{harbour}\nإقرأ أيضاً:\n\n{bakery title}\n{bakery}", []proposal{
			{Kind: "tail", Text: "{bakery title}\n{bakery}", Marker: "إقرأ أيضاً:\n\n", Title: "{bakery title}", Strength: .7}}},
		{"closed tail without title", "{harbour}\nالمصدر: وكالات\nإقرأ أيضاً:\n{bakery}\n© 2024", []proposal{
			{Kind: "tail", Text: "{bakery}\n", Marker: "إقرأ أيضاً:\n", Closed: true, Strength: .95}}},
		{"unmarked tail", "{harbour}\nالمصدر: وكالات\n{bakery title}\n{bakery}", []proposal{
			{Kind: "tail", Text: "{bakery title}\n{bakery}", Title: "{bakery title}", Closed: true, Strength: .8}}},
		{"list of two", "{harbour}\nمواضيع ذات صلة:\n{bakery title}\n{library title}", []proposal{
			{Kind: "list", Text: "{bakery title}\n{library title}", Marker: "مواضيع ذات صلة:\n", Strength: .9}}},
		{"list of one", "{harbour}\nمواضيع ذات صلة:\n{bakery title}", []proposal{
			{Kind: "list", Text: "{bakery title}", Marker: "مواضيع ذات صلة:\n", Title: "{bakery title}", Strength: .9}}},
		{"unmarked list", "{harbour}\nالمصدر: وكالات\n{bakery title}\n{library title}", []proposal{
			{Kind: "list", Text: "{bakery title}\n{library title}", Closed: true, Strength: .8}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &Page{Title: "عنوان", Text: expand(c.text)}
			a := parse(p)
			check(t, p, &a)
			var got []proposal
			for _, q := range a.Proposals {
				got = append(got, proposal{q.Kind.String(), p.Text[q.From:q.To], p.Text[q.MarkerFrom:q.MarkerTo], p.Text[q.TitleFrom:q.TitleTo], q.Closed, q.Strength})
			}
			for i := range c.want {
				c.want[i].Text, c.want[i].Title = expand(c.want[i].Text), expand(c.want[i].Title)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestFields(t *testing.T) {
	date := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name string
		page Page
		want Article // without what TestParts and TestProposals look at
	}{
		{"record's title and date", Page{Title: " توسيع الميناء ", Text: "تاريخ النشر: 15 مايو 2020\n{harbour}", PublishedAt: date(2021, 1, 2).Add(time.Hour)},
			Article{Title: "توسيع الميناء", Date: date(2021, 1, 2).Add(time.Hour), DateFrom: FromRecord}},
		{"record's day", Page{Text: "{harbour}", PublishedAt: date(2021, 1, 2), DayOnly: true}, Article{Date: date(2021, 1, 2), DayOnly: true, DateFrom: FromRecord}},
		{"text's title and date", Page{Text: "بلدية المدينة تبدأ توسيع الميناء القديم بعد سنوات طويلة | واس\nتاريخ النشر: 15 مايو 2020\n{harbour}"},
			Article{Title: "بلدية المدينة تبدأ توسيع الميناء القديم بعد سنوات طويلة", Repeats: true, Date: date(2020, 5, 15), DayOnly: true, DateFrom: FromText}},
		{"first of two dates", Page{Title: "ع", Text: "تاريخ النشر: 15 مايو 2020 10:30\nآخر تحديث: 17 مايو 2020\n{harbour}"},
			Article{Title: "ع", Date: date(2020, 5, 15).Add(10*time.Hour + 30*time.Minute), DateFrom: FromText}},
		{"date of a paragraph's dateline", Page{Title: "ع", Text: "الرياض 3 مارس 2019 (واس) - {harbour}"},
			Article{Title: "ع", Date: date(2019, 3, 3), DayOnly: true, DateFrom: FromText, Credits: []string{"واس"}}},
		{"date behind the text", Page{Title: "ع", Text: "{harbour}\nتاريخ النشر: 15 مايو 2020"}, Article{Title: "ع", Date: date(2020, 5, 15), DayOnly: true, DateFrom: FromText}},
		{"date of a tail", Page{Title: "ع", Text: "{harbour}\nإقرأ أيضاً:\n{bakery title}\nتاريخ النشر: 15 مايو 2020\n{bakery}"}, Article{Title: "ع"}},
		{"date behind a list", Page{Title: "ع", Text: "{harbour}\nإقرأ أيضاً:\n{bakery title}\n{library title}\nتاريخ النشر: 15 مايو 2020\n{bakery}"}, Article{Title: "ع"}},
		{"title with the outlet", Page{Title: "توسيع الميناء - صحيفة المرفأ", Source: "صحيفه المرفا", Text: "{harbour}"}, Article{Title: "توسيع الميناء"}},
		{"title with an agency", Page{Title: "توسيع الميناء :: رويترز", Text: "{harbour}"}, Article{Title: "توسيع الميناء"}},
		{"title with a dash", Page{Title: "توسيع الميناء - بدء الأعمال", Source: "صحيفة المرفأ", Text: "{harbour}"}, Article{Title: "توسيع الميناء - بدء الأعمال"}},
		{"source and tags", Page{Title: "ع", Text: "{harbour}\n* المصدر : صحيفة «المرفأ» + رويترز*\nالوسوم: ميناء، مدينة. \nالمصدر: تاس"},
			Article{Title: "ع", Source: "صحيفة «المرفأ» + رويترز", Tags: "ميناء، مدينة", Credits: []string{"رويترز"}}},
		{"quoted source", Page{Title: "ع", Text: "{harbour}\nخاص بـ«صحيفة المرفأ»."}, Article{Title: "ع", Source: "صحيفة المرفأ"}},
		{"agency without an entry", Page{Title: "ع", Text: "{harbour}\nالمصدر: وكالة المرفأ"}, Article{Title: "ع", Source: "وكالة المرفأ", Credits: []string{"وكالة المرفأ"}}},
		{"credits in order, each once", Page{Title: "ع", Text: "القاهرة - أ.ف.ب، رويترز\n{harbour} (وام).\n{library} (AFP)\nالمصدر: وكالات"},
			Article{Title: "ع", Source: "وكالات", Credits: []string{"فرانس برس", "رويترز", "وكالات", "وام"}}},
		{"credits of a tail", Page{Title: "ع", Text: "{harbour}\nإقرأ أيضاً:\n{bakery title}\n{bakery} (وام)\nالمصدر: رويترز"}, Article{Title: "ع"}},
		{"an agency in a sentence", Page{Title: "ع", Text: "نقلت (وام) عن الوزير أن {harbour}"}, Article{Title: "ع"}},
		{"key words without any", Page{Title: "ع", Text: "{harbour}\nكلمات دلالية:"}, Article{Title: "ع"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.page.Text = expand(c.page.Text)
			got := parse(&c.page)
			check(t, &c.page, &got)
			got.Lines, got.Parts, got.Proposals = nil, nil, nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
