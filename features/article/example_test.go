package article_test

import (
	"fmt"
	"strings"

	"sada/features/arabic"
	"sada/features/article"
)

func Example() {
	page := article.Page{
		Title: "توسيع الميناء القديم",
		Text: `توسيع الميناء القديم
تاريخ النشر: 22nd, September 2023 GMT
بدأت بلدية المدينة صباح اليوم أعمال توسيع الميناء القديم بعد سنوات من التأخير، وقال رئيس البلدية إن العمال سينجزون الرصيف الأول قبل نهاية الصيف.
المصدر: وكالات
كلمات دلالية: ميناء مدينة
إقرأ أيضاً:
قاعة للأطفال في المكتبة العامة
افتتحت المكتبة العامة قاعة جديدة للأطفال تضم آلاف الكتب المصورة، ويشرف عليها متطوعون من طلاب الجامعة.`,
	}
	var text arabic.Text
	var parser article.Parser
	text.Set(page.Text)
	a := parser.Parse(&page, &text)
	for _, p := range a.Parts {
		words := strings.Fields(page.Text[p.From:p.To])
		fmt.Printf("%s [%d,%d): %s\n", p.Kind, p.From, p.To, strings.Join(words[:2], " "))
	}
	fmt.Println(a.Date.Format("2006-01-02"), a.Source)
	fmt.Println(a.Proposals[0].Reason, a.Proposals[0].Strength)
	// Output:
	// title [0,39): توسيع الميناء
	// dateline [39,87): تاريخ النشر:
	// main [87,352): بدأت بلدية
	// source [352,379): المصدر: وكالات
	// tags [379,426): كلمات دلالية:
	// marker [426,447): إقرأ أيضاً:
	// tail [447,690): قاعة للأطفال
	// 2023-09-22 وكالات
	// read-also line before an article 0.95
}

func ExampleParseDate() {
	for _, s := range []string{"22nd, September 2023 GMT", "12 حزيران/ يونيو 2024 - 10:30 مساء", "26 شوال 1436 هـ"} {
		t, dayOnly, ok := article.ParseDate(s)
		fmt.Println(t.Format("2006-01-02 15:04"), dayOnly, ok)
	}
	// Output:
	// 2023-09-22 00:00 true true
	// 2024-06-12 22:30 false true
	// 0001-01-01 00:00 false false
}
