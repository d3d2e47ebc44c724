package cluster_test

import (
	"fmt"
	"time"

	"sada/cluster"
	"sada/features/arabic"
	"sada/features/article"
)

func Example() {
	const (
		lighthouse = "بدأت هيئة الموانئ ترميم منارة الخليج القديمة التي أطفئت قبل عشرين عاما، وقال مديرها إن الضوء سيعود إلى البحر قبل نهاية الصيف.\n" +
			"وسيستبدل العمال المصابيح التي أكلها الملح، ويبنون درجا جديدا من الحجر، ثم تفتح المنارة للزوار في أيام العطل."
		market = "أحرق حريق كبير عشرة متاجر في سوق النجارين فجر اليوم، وسيطر رجال الإطفاء عليه بعد ثلاث ساعات دون إصابات.\n" +
			"وقدر التجار خسائرهم بنصف مليون دينار، وطالبوا البلدية بمد شبكة مياه إلى الأزقة الضيقة حتى لا يتكرر ما حدث."
		marketTitle = "حريق يلتهم عشرة متاجر في سوق النجارين"
	)
	day := time.Date(2024, 6, 3, 8, 0, 0, 0, time.UTC)
	records := []article.Page{
		{ID: "a", Source: "المنارة", PublishedAt: day, Title: "ترميم منارة الخليج", Text: lighthouse},
		{ID: "b", Source: "الساحل", PublishedAt: day.Add(time.Hour), Title: marketTitle, Text: market},
		{ID: "c", Source: "الأفق", PublishedAt: day.Add(2 * time.Hour), Title: "ترميم منارة الخليج",
			Text: lighthouse + "\nإقرأ أيضاً:\n" + marketTitle + "\n" + market},
	}
	maker := &cluster.Maker{Stemmer: arabic.Light10}
	var pages []*cluster.Page
	for i := range records {
		pages = append(pages, maker.Make(&records[i]))
	}

	found, err := cluster.Run(pages, cluster.Defaults(), time.Now)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, p := range found.Pages {
		fmt.Printf("%s: copy group %d, story %d", p.ID, found.CopyOf[i], found.StoryOf[i])
		for _, part := range found.Parts[i] {
			if part.Kind == article.Tail {
				fmt.Printf(", %d bytes at the end are page %s", part.To-part.From, part.Page)
			}
		}
		fmt.Println()
	}
	// Output:
	// a: copy group 0, story 0
	// b: copy group 1, story 1
	// c: copy group 0, story 0, 450 bytes at the end are page b
}
