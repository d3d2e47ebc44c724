package passage_test

import (
	"fmt"
	"strings"
	"time"

	"sada/cluster/passage"
	"sada/features/arabic"
	"sada/features/article"
	"sada/features/shingle"
)

// page takes a page apart and hashes its words, with the record's title in front.
func page(in article.Page) passage.Page {
	var text, title arabic.Text
	var parser article.Parser
	text.Set(in.Text)
	a := parser.Parse(&in, &text)
	p := passage.Page{ID: in.ID, Source: in.Source, Time: a.Date.Unix(), Dated: !a.Date.IsZero(),
		Spans: shingle.PackOffsets(nil, text.Tokens), Bytes: len(in.Text), Parts: a.Parts, Proposals: a.Proposals}
	if !a.Repeats {
		title.Set(a.Title)
		p.Words = shingle.Words(nil, &title)
		p.Lead = len(p.Words)
	}
	p.Words = shingle.Words(p.Words, &text)
	for _, l := range a.Lines {
		p.Lines = append(p.Lines, passage.Line{Word: p.Lead + l.Token, Byte: l.From})
	}
	return p
}

// A page on the weather ends in a report on a match, which has a page of its own.
func ExampleFind() {
	weather := "توقعت هيئة الأرصاد أن تهب غدا رياح نشطة تثير الأتربة والغبار على شرق البلاد، وأن تهطل أمطار خفيفة على " +
		"المرتفعات في الجنوب بعد الظهر، مع انخفاض درجات الحرارة ليلا في الشمال ثلاث درجات عن معدلها السنوي.\n"
	title := "الفريق الأزرق يفوز بالكأس للمرة الخامسة\n"
	match := "فاز الفريق الأزرق مساء أمس بكأس الدوري للمرة الخامسة في تاريخه، بعد أن تغلب على منافسه بهدفين دون مقابل أمام " +
		"ستين ألف متفرج امتلأت بهم مدرجات الملعب.\nوسجل المهاجم الشاب الهدف الأول برأسه قبل نهاية الشوط الأول، ثم أضاف قائد " +
		"الفريق الهدف الثاني من ركلة حرة بعد الاستراحة، وأهدى المدرب اللقب إلى الجماهير.\n"
	day := time.Date(2024, 5, 4, 0, 0, 0, 0, time.UTC)
	texts := []article.Page{
		{ID: "match", Source: "رياضة", Title: title, Text: match, PublishedAt: day},
		{ID: "weather", Source: "طقس", Title: "رياح وأمطار غدا", Text: weather + title + match, PublishedAt: day},
	}
	a, b := page(texts[0]), page(texts[1])
	res, err := passage.Find([]*passage.Page{&a, &b}, passage.Options{})
	if err != nil {
		panic(err) // without Options.Keep nothing fails
	}
	for _, p := range res.Passages {
		fmt.Printf("%s of %s, cut: %v\n  %s\n", p.Kind, texts[p.B].ID, p.Cut, strings.Join(p.Reasons, "\n  "))
	}
	for _, part := range res.Parts[1] {
		fmt.Println(strings.TrimSpace(fmt.Sprint(part.Kind, " ", len(strings.Fields(texts[1].Text[part.From:part.To])), " words ", part.Page)))
	}
	// Output:
	// tail of match, cut: true
	//   has a page of its own
	//   another subject (cosine 0.00)
	//   begins with the title of its page
	// main 36 words
	// tail 59 words match
}
