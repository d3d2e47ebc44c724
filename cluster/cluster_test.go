package cluster

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"sada/cluster/copies"
	"sada/cluster/passage"
	"sada/cluster/story"
	"sada/features/arabic"
	"sada/features/article"
	"sada/features/tfidf"
)

// Articles of an invented town.
const (
	bridgeTitle = "افتتاح جسر جديد فوق نهر السروة بعد ثلاثة أعوام من العمل"
	bridge      = `افتتح محافظ الزيتونة سليم القاضي صباح السبت الجسر الجديد فوق نهر السروة، بحضور مئات السكان الذين عبروه سيرا على الأقدام قبل أن تمر عليه السيارات أول مرة.
ويبلغ طول الجسر 640 مترا، وفيه أربعة مسارات للسيارات وممر للدراجات، وكلف بناؤه 58 مليون دينار دفعت الخزينة نصفها وتكفل قرض إنمائي بالنصف الآخر.
وقال المحافظ إن الشاحنات كانت تدور حول البحيرة مسافة أربعين كيلومترا لتبلغ الضفة الشرقية، وإن الرحلة لن تستغرق بعد اليوم سوى دقائق معدودة.
وأوضح كبير المهندسين هاني الرفاعي أن الفيضان الذي جرف الدعامات المؤقتة في الشتاء الأول أخر العمل تسعة أشهر، وأن التصميم عدل بعده ليتحمل منسوبا أعلى بمترين.
ورحب تجار السوق القديمة بالجسر، لكنهم طالبوا البلدية بمواقف كافية للسيارات حتى لا تختنق الأزقة الضيقة بالزوار القادمين من الضفة الأخرى.`
	bridgeOwnTitle = "عشرات الآلاف يعبرون جسر السروة في يومه الأول"
	bridgeOwn      = `احتفلت الزيتونة يوم السبت بافتتاح جسر السروة الجديد الذي طال انتظاره، فعبره في يومه الأول أكثر من ثلاثين ألف شخص وفق تقدير شرطة المرور.
وشكا سكان الضفة الشرقية طويلا من عزلتهم، إذ كان الوصول إلى المستشفى والجامعة يتطلب الدوران حول البحيرة، وهم يرون في الجسر نهاية لسنوات التعب.
وذكر المحافظ سليم القاضي أن الجسر الذي يبلغ طوله 640 مترا سيخفض كلفة نقل المحاصيل إلى الأسواق، ووعد بطريق يصله بالمنطقة الصناعية قبل نهاية العام المقبل.
أما المهندس هاني الرفاعي فأكد أن الدعامات الجديدة صممت لتصمد أمام أعلى فيضان عرفه نهر السروة منذ بدء القياس.`
	libraryTitle = "المكتبة الوطنية ترقم عشرة آلاف مخطوط نادر"
	library      = `أعلنت المكتبة الوطنية أنها انتهت من ترقيم عشرة آلاف مخطوط نادر، وأتاحتها للباحثين والقراء على موقعها دون مقابل، في مشروع استمر خمسة أعوام.
وتضم المجموعة رسائل في الطب والفلك والحساب، ودواوين شعر لم تنشر من قبل، وأقدمها نسخة من كتاب في البصريات كتبت قبل ثمانية قرون على رق غزال.
وقالت مديرة المكتبة نجوى الخطيب إن فريقا من ثلاثين مرمما عالج الأوراق التي أتلفتها الرطوبة والحشرات قبل تصويرها، وإن بعض المجلدات احتاج عملا دام شهورا.
وأضافت أن المرحلة المقبلة ستشمل الصحف القديمة والخرائط، ودعت الأسر التي تملك مخطوطات إلى إعارتها مدة التصوير مع ضمان إعادتها سليمة.`
	raceTitle = "عداءة شابة تفوز بسباق الجبل الأخضر للمرة الثانية"
	race      = `فازت العداءة ريم الصباغ بسباق الجبل الأخضر للمسافات الطويلة للمرة الثانية على التوالي، متقدمة على منافساتها بأكثر من أربع دقائق رغم الضباب الكثيف.
وانطلق السباق فجرا من ساحة القلعة بمشاركة ألف ومئتي متسابق من أحد عشر بلدا، وصعد المتسابقون دروبا وعرة تبلغ ذروتها علو ألفين وثلاثمئة متر.
وقالت الصباغ عند خط الوصول إنها تدربت الشتاء كله مع رعاة المنطقة، الذين علموها كيف توفر أنفاسها في المنحدرات، وأهدت فوزها إلى جدتها.
وانسحب سبعون متسابقا بسبب البرد، ونقل اثنان إلى مركز صحي ثم غادراه بعد ساعات، وفق ما ذكرت اللجنة المنظمة في بيانها الختامي.`
)

// fish is the same text every day, with the prices of the day.
func fish(day, sardine, grouper, shrimp, squid, mullet int) string {
	return fmt.Sprintf(`أعلنت إدارة سوق السمك في ميناء المرجان قائمة الأسعار ليوم %d من الشهر، بعد انتهاء المزاد الصباحي الذي يقام عند الرصيف القديم كل يوم عدا الجمعة.
وبلغ سعر الكيلوغرام من السردين %d قرشا، ومن الهامور %d قرشا، ومن الروبيان %d قرشا، ومن الحبار %d قرشا، ومن البوري %d قرشا.
وتذكر الإدارة المتسوقين بأن القائمة معلقة عند المداخل، وأن من يبيع بأعلى منها يعرض نفسه للغرامة، وتستقبل الشكاوى في المكتب المجاور لبوابة الصيادين حتى الظهر.
وتنصح الإدارة بحفظ السمك على الثلج، وبعدم شراء ما فقد لمعان عينيه أو تغيرت رائحته.`, day, sardine, grouper, shrimp, squid, mullet)
}

var start = time.Date(2024, 5, 4, 8, 0, 0, 0, time.UTC)

// page makes a page that was published some hours after the start.
func page(id string, hours int, title, text string) *article.Page {
	return &article.Page{ID: id, Title: title, Text: text, Source: "outlet " + id, PublishedAt: start.Add(time.Duration(hours) * time.Hour)}
}

// town is a corpus with copies, an appended article, a story of two articles, and daily prices.
func town() []*article.Page {
	edited := strings.NewReplacer("صباح السبت", "أمس", "مئات السكان", "جمع من السكان", "دقائق معدودة", "دقائق قليلة").Replace(bridge)
	return []*article.Page{
		page("bridge", 0, bridgeTitle, bridge),
		page("bridge copy", 2, bridgeTitle, bridge),
		page("bridge edited", 3, "جسر السروة يفتح أمام السيارات", edited),
		page("bridge own", 5, bridgeOwnTitle, bridgeOwn),
		page("library", 1, libraryTitle, library),
		page("race with library", 30, raceTitle, race+"\nإقرأ أيضاً:\n"+libraryTitle+"\n"+library),
		page("race", 29, raceTitle, race),
		page("fish 4", 0, "أسعار السمك في ميناء المرجان", fish(4, 120, 410, 560, 330, 205)),
		page("fish 5", 24, "أسعار السمك في ميناء المرجان", fish(5, 135, 395, 580, 310, 225)),
		page("fish 8", 96, "أسعار السمك في ميناء المرجان", fish(8, 110, 430, 545, 355, 190)),
	}
}

// corpus makes the features of pages.
func corpus(pages []*article.Page) []*Page {
	m := Maker{Stemmer: arabic.Light10}
	var out []*Page
	for _, p := range pages {
		out = append(out, m.Make(p))
	}
	return out
}

// named gives the IDs of the pages of every group.
func named(res *Result, groups func(yield func(pages []int))) []string {
	var out []string
	groups(func(pages []int) {
		var ids []string
		for _, p := range pages {
			ids = append(ids, res.Pages[p].ID)
		}
		slices.Sort(ids)
		out = append(out, strings.Join(ids, " + "))
	})
	slices.Sort(out)
	return out
}

func copyGroups(res *Result) []string {
	return named(res, func(yield func([]int)) {
		for _, g := range res.Copies {
			yield(g.Pages)
		}
	})
}

func stories(res *Result) []string {
	return named(res, func(yield func([]int)) {
		for _, s := range res.Stories {
			yield(s.Pages)
		}
	})
}

func TestRun(t *testing.T) {
	res := run(t, corpus(town()), Defaults())
	check(t, res)
	if d := cmp.Diff([]string{
		"bridge + bridge copy + bridge edited", "bridge own", "fish 4", "fish 5", "fish 8", "library", "race + race with library",
	}, copyGroups(res)); d != "" {
		t.Errorf("copies: %s", d)
	}
	if d := cmp.Diff([]string{
		"bridge + bridge copy + bridge edited + bridge own", "fish 4", "fish 5", "fish 8", "library", "race + race with library",
	}, stories(res)); d != "" {
		t.Errorf("stories: %s", d)
	}
	if res.Stats.TemplatePairs < 3 {
		t.Errorf("%d pairs of templates among three days' prices", res.Stats.TemplatePairs)
	}
	number := map[string]int{}
	for i, p := range res.Pages {
		number[p.ID] = i
	}
	for i, p := range res.Pages {
		if p.ID != "race with library" {
			continue
		}
		at := strings.Index(town()[5].Text, libraryTitle)
		want := []article.Part{{Kind: article.Tail, From: at, To: p.Bytes(), Page: "library"}}
		got := slices.DeleteFunc(slices.Clone(res.Parts[i]), func(p article.Part) bool { return p.Kind != article.Tail })
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("parts of the page with a tail: %s", d)
		}
	}
	bridge := res.Copies[res.CopyOf[number["bridge copy"]]]
	if got := res.Pages[bridge.Original].ID; got != "bridge" {
		t.Errorf("the original is %q", got)
	}
	story := res.Stories[res.StoryOf[number["bridge own"]]]
	if len(story.Groups) != 2 || story.Sources != 4 || !story.First.Equal(start) || !story.Last.Equal(start.Add(5*time.Hour)) {
		t.Errorf("story of the bridge: %+v", story)
	}
	if res.Confidence[number["bridge"]] != res.Confidence[number["bridge edited"]] || res.Confidence[number["library"]] != 1 {
		t.Errorf("confidence %v", res.Confidence)
	}
}

// check holds a result to what it says of itself.
func check(t fataler, res *Result) {
	t.Helper()
	n := len(res.Pages)
	if len(res.Parts) != n || len(res.CopyOf) != n || len(res.StoryOf) != n || len(res.Confidence) != n {
		t.Fatalf("%d pages, %d parts, %d copies, %d stories, %d confidences", n, len(res.Parts), len(res.CopyOf), len(res.StoryOf), len(res.Confidence))
	}
	inCopies, inStories := 0, 0
	for g, of := range res.Copies {
		inCopies += len(of.Pages)
		for _, p := range of.Pages {
			if res.CopyOf[p] != g || res.StoryOf[p] != res.StoryOf[of.Original] {
				t.Errorf("page %d: group %d of story %d; the original of group %d is of story %d", p, res.CopyOf[p], res.StoryOf[p], g, res.StoryOf[of.Original])
			}
		}
		if !slices.IsSorted(of.Pages) || !slices.Contains(of.Pages, of.Original) {
			t.Errorf("copy group %+v", of)
		}
	}
	for s, of := range res.Stories {
		inStories += len(of.Pages)
		pages := 0
		for _, g := range of.Groups {
			pages += len(res.Copies[g].Pages)
		}
		if pages != len(of.Pages) || !slices.IsSorted(of.Pages) || !slices.IsSorted(of.Groups) || res.StoryOf[of.Headline] != s {
			t.Errorf("story %d: %+v", s, of)
		}
	}
	if inCopies != n || inStories != n {
		t.Errorf("%d pages: %d in copy groups, %d in stories", n, inCopies, inStories)
	}
	for i, parts := range res.Parts {
		at := 0
		for _, p := range parts {
			if p.From != at || p.To <= p.From {
				t.Errorf("page %d: part %+v at %d", i, p, at)
			}
			at = p.To
		}
		if at != res.Pages[i].Bytes() {
			t.Errorf("page %d: parts end at %d of %d", i, at, res.Pages[i].Bytes())
		}
		if c := res.Confidence[i]; !(c >= 0 && c <= 1) {
			t.Errorf("page %d: confidence %v", i, c)
		}
	}
	templates := map[[2]int]bool{}
	for _, l := range res.Links {
		if l.A >= l.B {
			t.Errorf("link %+v", l)
		}
		if l.Kind == copies.Template {
			templates[[2]int{l.A, l.B}] = true
			if a, b := res.StoryOf[l.A], res.StoryOf[l.B]; a == b && res.CopyOf[l.A] != res.CopyOf[l.B] {
				t.Errorf("templates %s and %s are in one story", res.Pages[l.A].ID, res.Pages[l.B].ID)
			}
		}
	}
}

// equal compares results but for the time they took.
func equal(a, b *Result) string {
	return cmp.Diff(a, b, cmp.AllowUnexported(Page{}, tfidf.Table{}, tfidf.Counter{}), cmpopts.IgnoreUnexported(passage.Passage{}),
		cmpopts.IgnoreFields(Stats{}, "Times"), cmpopts.IgnoreFields(story.Options{}, "Workers"), cmpopts.EquateEmpty())
}

func TestRunDoesNotDependOnWorkersPartsOrOrder(t *testing.T) {
	pages := town()
	// Enough pages for several goroutines, none of which ends with the others.
	for i := range 40 {
		words := strings.Fields(library + " " + race + " " + bridgeOwn)
		rand.New(rand.NewPCG(1, uint64(i%25))).Shuffle(len(words), func(a, b int) { words[a], words[b] = words[b], words[a] })
		pages = append(pages, page(fmt.Sprint("noise ", i), i, fmt.Sprint("خبر ", i%25), strings.Join(words[:60+3*i], " ")))
	}
	want := run(t, corpus(pages), Defaults())
	check(t, want)
	for _, workers := range []int{1, 2, 5} {
		for _, parts := range []int{1, 3} {
			o := Defaults()
			o.Workers, o.Parts = workers, parts
			shuffled := slices.Clone(pages)
			rand.New(rand.NewPCG(uint64(workers), uint64(parts))).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if d := equal(want, run(t, corpus(shuffled), o)); d != "" {
				t.Errorf("%d workers, %d parts: %s", workers, parts, d)
			}
		}
	}
}

func TestRunOnLittle(t *testing.T) {
	undated := func(id, title, text string) *article.Page { return &article.Page{ID: id, Title: title, Text: text} }
	for _, c := range []struct {
		name    string
		pages   []*article.Page
		copies  []string
		stories []string
	}{
		{"no pages", nil, nil, nil},
		{"one page", []*article.Page{page("a", 0, raceTitle, race)}, []string{"a"}, []string{"a"}},
		{"one page without anything", []*article.Page{undated("a", "", "")}, []string{"a"}, []string{"a"}},
		{"no texts", []*article.Page{undated("a", "", ""), undated("b", "", ""), undated("c", "", " \n")}, []string{"a", "b", "c"}, []string{"a", "b", "c"}},
		{"titles alone", []*article.Page{undated("a", raceTitle, ""), undated("b", raceTitle, ""), undated("c", bridgeTitle, "")}, []string{"a + b", "c"}, []string{"a + b", "c"}},
		{"no letters", []*article.Page{undated("a", "...", "!\n?"), undated("b", "...", "!\n?")}, []string{"a", "b"}, []string{"a", "b"}},
		{"one text, no dates", []*article.Page{undated("c", raceTitle, race), undated("a", raceTitle, race), undated("b", "", race)}, []string{"a + b + c"}, []string{"a + b + c"}},
		{"invalid bytes", []*article.Page{undated("a", "\xff", race+"\xd8"), undated("b", "\xff", "\xff"+race)}, []string{"a + b"}, []string{"a + b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := run(t, corpus(c.pages), Defaults())
			check(t, res)
			if d := cmp.Diff(c.copies, copyGroups(res)); d != "" {
				t.Errorf("copies: %s", d)
			}
			if d := cmp.Diff(c.stories, stories(res)); d != "" {
				t.Errorf("stories: %s", d)
			}
		})
	}
}

func TestPagesAreInCanonicalOrder(t *testing.T) {
	undated := func(id string) *article.Page { return &article.Page{ID: id, Title: id, Text: id} }
	res := run(t, corpus([]*article.Page{undated("b"), page("d", 1, "", "d"), undated("a"), page("c", 1, "", "c"), page("z", 0, "", "z")}), Defaults())
	var got []string
	for _, p := range res.Pages {
		got = append(got, p.ID)
	}
	if d := cmp.Diff([]string{"z", "c", "d", "a", "b"}, got); d != "" {
		t.Error(d)
	}
}

// Prices of two days are alike enough for a story, and are none.
func TestTemplatesAreNoStory(t *testing.T) {
	const title = "أسعار السمك في ميناء المرجان"
	for _, c := range []struct {
		name   string
		second string
		want   []string
	}{
		{"new prices", fish(5, 135, 395, 580, 310, 225), []string{"a", "b"}},
		{"the same prices", fish(4, 120, 410, 560, 330, 205) + "\nوالسوق مزدحمة اليوم.", []string{"a + b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Defaults()
			o.Story.Threshold = .5
			pages := append(town()[:7], page("a", 0, title, fish(4, 120, 410, 560, 330, 205)), page("b", 20, title, c.second))
			res := run(t, corpus(pages), o)
			check(t, res)
			got := slices.DeleteFunc(stories(res), func(s string) bool { return !strings.HasPrefix(s, "a") && s != "b" })
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A paragraph that all pages have, five of each outlet: the work grows with the pages,
// and no two of them become copies by it.
func TestBoilerplateGrowsLinearly(t *testing.T) {
	if os.Getenv("SADA_HEAVY") == "" {
		t.Skip("SADA_HEAVY is unset: this test takes half a minute")
	}
	const few, many = 5_000, 50_000
	stats := make(map[int]Stats)
	for _, n := range []int{few, many} {
		r := rand.New(rand.NewPCG(21, 22))
		words := func(b []byte, n int) []byte {
			for range n {
				for range 5 + r.IntN(3) {
					b = append(b, "\xd8"...)
					b = append(b, byte(0xaa+r.IntN(17))) // letters that end no word, as a feminine ending does
				}
				b = append(b, ' ')
			}
			return append(b, '\n')
		}
		shared := string(words(nil, 60))
		m := Maker{Stemmer: arabic.None}
		pages := make([]*Page, n)
		for i := range pages {
			text := words(nil, 30)
			if i%2 == 0 {
				text = append(text, shared...)
			}
			text = words(text, 40)
			if i%2 == 1 {
				text = append(text, shared...)
			}
			p := page(fmt.Sprint(i), i%200, string(words(nil, 8)), string(text))
			p.Source = fmt.Sprint("outlet ", i/5)
			pages[i] = m.Make(p)
		}
		res := run(t, pages, fast())
		if len(res.Copies) != n {
			t.Errorf("%d pages make %d copy groups", n, len(res.Copies))
		}
		stats[n] = res.Stats
	}
	for name, of := range map[string]func(Stats) int{
		"hits":          func(s Stats) int { return s.Hits },
		"passage pairs": func(s Stats) int { return s.PassagePairs },
		"candidates":    func(s Stats) int { return s.Candidates },
	} {
		x, y := of(stats[few]), of(stats[many])
		t.Logf("%s: %d and %d", name, x, y)
		if x < few || y > 11*x { // large buckets are split: it may grow less
			t.Errorf("%d %s for %d pages, %d for %d: more than linear", x, name, few, y, many)
		}
	}
}

// An announced article in which every eighth word is another has no passage with its page, nor has one whose
// phrases stand in another order with the same in order; the shingles lead there. Without the
// page, the versions get one name.
func TestFragmentsAreSettledByTheirShingles(t *testing.T) {
	words := strings.Fields(library)[:46]
	edited, turned := slices.Clone(words), []string{}
	for i := 7; i < len(words); i += 8 {
		edited[i] = fmt.Sprint("س", i)
		turned = append(slices.Clone(words[i-7:i+1]), turned...)
	}
	with := func(id, title, own string, tail []string) *article.Page {
		return page(id, 30, title, own+"\nإقرأ أيضاً:\nمخطوطات نادرة على الشبكة\n"+strings.Join(tail, " "))
	}
	tails := func(res *Result) (parts []article.Part, rows []passage.Passage) {
		for i := range res.Pages {
			for _, part := range res.Parts[i] {
				if part.Kind == article.Tail {
					parts = append(parts, part)
				}
			}
		}
		for _, p := range res.Passages {
			if p.Cut {
				rows = append(rows, p)
			}
		}
		return parts, rows
	}

	res := run(t, corpus([]*article.Page{with("host", raceTitle, race, edited), page("home", 1, libraryTitle, strings.Join(words, " "))}), Defaults())
	parts, rows := tails(res)
	if res.Stats.PassagePairs != 0 || res.Stats.Settled != 1 || len(parts) != 1 || parts[0].Page != "home" || parts[0].Segment != "" {
		t.Errorf("tails %+v, %+v", parts, res.Stats)
	}
	if len(rows) != 1 || rows[0].B != 0 || rows[0].Kind != passage.Tail || rows[0].BytesA != parts[0] {
		t.Errorf("rows %+v", rows)
	}

	res = run(t, corpus([]*article.Page{with("a", raceTitle, race, words), with("b", bridgeOwnTitle, bridgeOwn, turned)}), Defaults())
	parts, rows = tails(res)
	if res.Stats.PassagePairs != 0 || res.Stats.Settled != 1 || len(parts) != 2 || parts[0].Page != "" || parts[0].Segment == "" || parts[1].Segment != parts[0].Segment {
		t.Errorf("tails %+v, %+v", parts, res.Stats)
	}
	if len(rows) != 2 || rows[1].Kind != passage.SharedTail || rows[1].Segment != rows[0].Segment {
		t.Errorf("rows %+v", rows)
	}
}

func TestOriginalIsWhoCreditsNobody(t *testing.T) {
	res := run(t, corpus([]*article.Page{page("a", 0, raceTitle, "الزيتونة (رويترز) - "+race), page("b", 0, raceTitle, race)}), Defaults())
	if len(res.Copies) != 1 || res.Pages[res.Copies[0].Original].ID != "b" {
		t.Errorf("copies %+v", res.Copies)
	}
}

// Syndication must not decide what a story is: a page carried fifty times counts like one.
func TestCopiesCountOnce(t *testing.T) {
	once := run(t, corpus(town()), Defaults())
	pages := town()
	for i := range 50 {
		pages = append(pages, page(fmt.Sprint("x", i), 10, bridgeTitle, bridge))
	}
	often := run(t, corpus(pages), Defaults())
	check(t, often)
	if len(often.Copies) != len(once.Copies) || len(often.Stories) != len(once.Stories) {
		t.Fatalf("%d groups and %d stories, with more copies %d and %d", len(once.Copies), len(once.Stories), len(often.Copies), len(often.Stories))
	}
	for i := range once.Stories {
		a, b := once.Stories[i], often.Stories[i]
		if d := cmp.Diff(a.Labels, b.Labels); d != "" || a.Density != b.Density || !slices.Equal(a.Groups, b.Groups) {
			t.Errorf("story %d: %v and %v; labels: %s", i, a, b, d)
		}
	}
	if d := cmp.Diff(once.Terms, often.Terms, cmp.AllowUnexported(tfidf.Table{}, tfidf.Counter{})); d != "" {
		t.Errorf("weights of terms: %s", d)
	}
}

func TestRunRefusesBadOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"similarity": func(o *Options) { o.Similarity = 2 },
		"story":      func(o *Options) { o.Story.Sigma = 0 },
	} {
		o := Defaults()
		change(&o)
		if _, err := Run(corpus(town()), o, time.Now); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTimesAreThoseOfTheClock(t *testing.T) {
	now := start
	res, err := Run(corpus(town()), Defaults(), func() time.Time { now = now.Add(time.Second); return now })
	if err != nil {
		t.Fatal(err)
	}
	want := []Timing{{"passages", time.Second}, {"copies", time.Second}, {"stories", time.Second}}
	if d := cmp.Diff(want, res.Stats.Times); d != "" {
		t.Error(d)
	}
}

// mojibake returns what a reader sees who takes UTF-8 for Windows-1256.
func mojibake(t *testing.T, s string) string {
	t.Helper()
	out, err := charmap.Windows1256.NewDecoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMakeLeadsBackToDamagedText(t *testing.T) {
	text := raceTitle + "\n" + race + "\n" + bridge + "\nالمصدر: صحيفة السروة\nإقرأ أيضاً:\n" + libraryTitle + "\n" + library
	damaged := mojibake(t, text)
	m := Maker{Stemmer: arabic.Light10}
	sound, broken := m.Make(page("a", 0, raceTitle, text)), m.Make(page("b", 0, mojibake(t, raceTitle), damaged))
	if sound.Repaired || !broken.Repaired || sound.Title != broken.Title || sound.titled != broken.titled {
		t.Fatalf("repaired %v and %v, titles %q and %q", sound.Repaired, broken.Repaired, sound.Title, broken.Title)
	}
	if broken.Bytes() != len(damaged) {
		t.Errorf("%d bytes of %d", broken.Bytes(), len(damaged))
	}
	if d := cmp.Diff(sound.shared.Words, broken.shared.Words); d != "" {
		t.Fatalf("words: %s", d)
	}
	// Whatever stands at an offset of the sound text stands, damaged, at that of the damaged one.
	same := func(what string, from, to, brokenFrom, brokenTo int) {
		t.Helper()
		if want, got := mojibake(t, text[from:to]), damaged[brokenFrom:brokenTo]; got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	a, b := sound.shared.Spans.Unpack(nil), broken.shared.Spans.Unpack(nil)
	for i := range a {
		same(fmt.Sprint("word ", i), int(a[i].From), int(a[i].To), int(b[i].From), int(b[i].To))
	}
	if len(sound.shared.Parts) < 5 || len(sound.shared.Parts) != len(broken.shared.Parts) {
		t.Fatalf("parts %v and %v", sound.shared.Parts, broken.shared.Parts)
	}
	for i, p := range sound.shared.Parts {
		q := broken.shared.Parts[i]
		same(fmt.Sprint("part ", p.Kind), p.From, p.To, q.From, q.To)
		if p.Kind != q.Kind {
			t.Errorf("part %d: %v and %v", i, p.Kind, q.Kind)
		}
	}
	for i, l := range sound.shared.Lines {
		same(fmt.Sprint("text before line ", i), 0, l.Byte, 0, broken.shared.Lines[i].Byte)
	}
	if len(sound.shared.Proposals) == 0 {
		t.Fatal("no proposals")
	}
	for i, p := range sound.shared.Proposals {
		q := broken.shared.Proposals[i]
		same("proposal", p.From, p.To, q.From, q.To)
		same("marker", p.MarkerFrom, p.MarkerTo, q.MarkerFrom, q.MarkerTo)
		same("title", p.TitleFrom, p.TitleTo, q.TitleFrom, q.TitleTo)
	}
	if d := cmp.Diff(sound.Counts(sound.shared.Parts, Defaults().Vocabulary), broken.Counts(broken.shared.Parts, Defaults().Vocabulary)); d != "" {
		t.Errorf("a damaged page has other terms: %s", d)
	}
	words, spans := broken.MainWords(broken.shared.Parts)
	if len(words) != len(spans) || len(words) == 0 {
		t.Fatalf("%d words of main text, %d spans", len(words), len(spans))
	}
	end := strings.Index(text, ".\nالمصدر")
	same("last word of the main text", strings.LastIndex(text[:end], " ")+1, end, int(spans[len(spans)-1].From), int(spans[len(spans)-1].To))
}

func TestMakePutsTheTitleOnce(t *testing.T) {
	m := Maker{Stemmer: arabic.Light10}
	apart := m.Make(page("a", 0, raceTitle, race))
	inText := m.Make(page("b", 0, raceTitle, raceTitle+"\n"+race))
	if d := cmp.Diff(apart.shared.Words, inText.shared.Words); d != "" {
		t.Errorf("words: %s", d)
	}
	if n := len(strings.Fields(raceTitle)); apart.shared.Lead != n || inText.shared.Lead != 0 {
		t.Errorf("%d and %d words of the title are not in the text, want %d and 0", apart.shared.Lead, inText.shared.Lead, n)
	}
	// The main text is that of the article, without the title, and so are the terms.
	a, _ := apart.MainWords(apart.shared.Parts)
	b, _ := inText.MainWords(inText.shared.Parts)
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("main text: %s", d)
	}
	if d := cmp.Diff(apart.Counts(apart.shared.Parts, Defaults().Vocabulary), inText.Counts(inText.shared.Parts, Defaults().Vocabulary)); d != "" {
		t.Errorf("terms: %s", d)
	}
	if alone := m.Make(page("c", 0, raceTitle, "")); len(alone.shared.Words) != alone.shared.Lead || alone.Bytes() != 0 {
		t.Errorf("a title alone: %+v", alone)
	}
}

func TestCounts(t *testing.T) {
	count := func(p *Page, word string) int {
		t.Helper()
		m := Maker{Stemmer: arabic.Light10}
		term := m.Make(page("", 0, word, "")).Counts(nil, Defaults().Vocabulary)
		if len(term) != 1 {
			t.Fatalf("%q is %d terms", word, len(term))
		}
		for _, c := range p.Counts(p.shared.Parts, Defaults().Vocabulary) {
			if c.Term == term[0].Term {
				return int(c.N)
			}
		}
		return 0
	}
	filler := strings.Repeat("قلعة ", 180) // of ten bytes each with its space, less than the lead
	long := strings.Repeat("قلعة ", 400)
	m := Maker{Stemmer: arabic.Light10}
	title := int(Defaults().Vocabulary.TitleWeight)
	for _, c := range []struct {
		name        string
		title, text string
		want        int
	}{
		{"nowhere", "سباق", "قلعة", 0},
		{"in the title", "عاصفة", "قلعة", title},
		{"twice in the title", "عاصفة عاصفة", "قلعة", 2 * title},
		{"in the text", "سباق", "عاصفة قلعة", 1},
		{"in both", "عاصفة", "قلعة عاصفة", 1 + title},
		{"at the end of the lead", "سباق", filler + "عاصفة", 1},
		{"after the lead", "سباق", long + "عاصفة", 0},
		{"appended", "سباق", "قلعة هادئة.\nإقرأ أيضاً:\nعاصفة تضرب ساحل المرجان\n" + library, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := m.Make(page("a", 0, c.title, c.text))
			before, v := tfidf.Count{Term: 1, N: 7}, Defaults().Vocabulary
			if d := cmp.Diff(append([]tfidf.Count{before}, p.Counts(p.shared.Parts, v)...), p.appendCounts([]tfidf.Count{before}, p.shared.Parts, v)); d != "" {
				t.Error(d)
			}
			if got := count(p, "عاصفة"); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// TestSurfacesByDefinition counts every spelling of every term in random titles.
func TestSurfacesByDefinition(t *testing.T) {
	words := []string{"جسر", "الجسر", "جِسر", "والجسر", "و", "ﷺ", "مدرسة", "المدرسه", "مدرسـة", "Bridge", "bridge", "2024", "٢٠٢٤", "في", "ﻻ"}
	rapid.Check(t, func(t *rapid.T) {
		stemmer := arabic.Stemmer(arabic.Light10)
		var pages []*Page
		counts := make(map[tfidf.Term]map[string]int)
		for _, title := range rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(words), 0, 8), 0, 8).Draw(t, "titles") {
			p := &Page{Title: strings.Join(title, " ")}
			pages = append(pages, p)
			var text arabic.Text
			text.Set(p.Title)
			for _, token := range text.Tokens {
				stem := stemmer.Term(nil, text.Norm[token.At:token.End])
				if len(stem) == 0 {
					continue
				}
				id := tfidf.TermID(stem)
				if counts[id] == nil {
					counts[id] = make(map[string]int)
				}
				counts[id][p.Title[token.From:token.To]]++
			}
		}
		want := make(map[tfidf.Term]string)
		for id, forms := range counts {
			of := slices.Collect(maps.Keys(forms))
			want[id] = slices.MinFunc(of, func(a, b string) int {
				if forms[a] != forms[b] {
					return forms[b] - forms[a]
				}
				return strings.Compare(a, b)
			})
		}
		workers := rapid.IntRange(1, 4).Draw(t, "workers")
		if d := cmp.Diff(want, CountSpellings(pages, stemmer, workers).Surfaces()); d != "" {
			t.Fatal(d)
		}
		spellings := NewSpellings(stemmer)
		spellings.Add(pages, 1)
		back := pages[:rapid.IntRange(0, len(pages)).Draw(t, "back")]
		spellings.Add(back, -1)
		if d := cmp.Diff(Surfaces(pages[len(back):], stemmer), spellings.Surfaces()); d != "" {
			t.Fatalf("%d taken back: %s", len(back), d)
		}
	})
}

func TestSurfaces(t *testing.T) {
	m := Maker{Stemmer: arabic.Light10}
	titled := func(titles ...string) []*Page {
		var out []*Page
		for _, title := range titles {
			out = append(out, m.Make(page("", 0, title, race)))
		}
		return out
	}
	pages := titled("الجسر مفتوح", "الجسر مغلق", "جسر قديم", "عاصفة", "العاصفة", "مدرسة", "مدرسة", "المدرسة")
	for range 20 { // as maps have no order
		all := Surfaces(pages, m.Stemmer)
		for title, want := range map[string]string{"جسر": "الجسر", "عاصفة": "العاصفة", "المدرسة": "مدرسة"} { // the storm once each: the first by bytes
			if got := all[titled(title)[0].terms[0].Term]; got != want {
				t.Fatalf("%s is %q, want %q", title, got, want)
			}
		}
		slices.Reverse(pages)
		if d := cmp.Diff(Surfaces(pages, m.Stemmer), all); d != "" {
			t.Fatalf("in another order: %s", d)
		}
	}
	if got := Surfaces(nil, m.Stemmer); len(got) != 0 {
		t.Errorf("no pages, %d terms", len(got))
	}
}

// A corpus is kept as features; a single line of a page that is kept would keep all of its text.
func TestMakeKeepsNothingOfTheText(t *testing.T) {
	text := raceTitle + "\nالزيتونة (رويترز) - " + race + "\nالمصدر: وكالة السروة للأنباء\nكلمات دلالية: سباق جبل رياضة"
	for name, text := range map[string]string{"sound": text, "damaged": mojibake(t, text)} {
		m := Maker{Stemmer: arabic.Light10}
		p := m.Make(page("a", 0, "", text))
		if p.Title == "" || p.Credit == "" || p.Tags == "" || len(p.Credits) == 0 {
			t.Fatalf("%s: title %q, credit %q, tags %q, credits %q", name, p.Title, p.Credit, p.Tags, p.Credits)
		}
		from := uintptr(unsafe.Pointer(unsafe.StringData(text)))
		for _, s := range append([]string{p.Title, p.Credit, p.Tags}, p.Credits...) {
			if at := uintptr(unsafe.Pointer(unsafe.StringData(s))); name == "sound" && at >= from && at < from+uintptr(len(text)) {
				t.Errorf("%q is a piece of the text", s)
			}
		}
		lent := []byte(text) // which others overwrite
		q := m.Make(page("a", 0, "", unsafe.String(unsafe.SliceData(lent), len(lent))))
		clear(lent)
		if d := cmp.Diff(p, q, cmp.AllowUnexported(Page{}), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: without the text: %s", name, d)
		}
	}
}

// The same Maker makes the same features whatever it has made before.
func TestMakerHasNoMemory(t *testing.T) {
	used := Maker{Stemmer: arabic.Light10}
	for _, p := range town() {
		fresh := Maker{Stemmer: arabic.Light10}
		if d := cmp.Diff(fresh.Make(p), used.Make(p), cmp.AllowUnexported(Page{}), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s", p.ID, d)
		}
	}
}

// TestWeights runs again with the weights of the run before.
func TestWeights(t *testing.T) {
	all := town()
	run := func(pages []*article.Page, w *Weights) *Result {
		t.Helper()
		o := Defaults()
		o.Weights = w
		res, err := Run(corpus(pages), o, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	first := run(all, nil)
	if d := equal(first, run(all, first.Weights())); d != "" {
		t.Errorf("the same pages with their own weights: %s", d)
	}
	most := run(all[:len(all)-1], nil)
	later := run(all, most.Weights())
	if later.Terms.Docs() != most.Terms.Docs() || later.Story.Threshold != most.Story.Threshold || later.Story.Floor != most.Story.Floor {
		t.Errorf("%d documents and threshold %g with the weights of %d and %g", later.Terms.Docs(), later.Story.Threshold, most.Terms.Docs(), most.Story.Threshold)
	}
	if d := equal(later, run(all, later.Weights())); d != "" {
		t.Errorf("a second time: %s", d)
	}
	if few := run(all[:2], nil); run(all, few.Weights()).Terms.Version() != first.Terms.Version() {
		t.Error("the weights of two pages serve many")
	}
}

// The terms of a page are those of its words, by every stemmer.
func TestMakerTerms(t *testing.T) {
	text := "وقال المهندسون في بيان إن السيارات والشاحنات الكبيرة ممنوعة، و الحافلات 24 مثلها في گلها ولا يستثنى المستشفيات GPS من"
	var level1 arabic.Text
	level1.Set(text)
	for _, stemmer := range []arabic.Stemmer{arabic.None, arabic.LightSafe, arabic.Light10} {
		m := Maker{Stemmer: stemmer}
		p := m.Make(&article.Page{ID: "a", Text: text})
		for i, token := range level1.Tokens {
			var want tfidf.Term
			if term := stemmer.Term(nil, level1.Norm[token.At:token.End]); len(term) > 0 {
				want = tfidf.TermID(term)
			}
			width := utf8.RuneCountInString(text[token.From:token.To])
			if p.lead[i] != want || int(p.widths[i]) != width {
				t.Errorf("%v: %q is term %x with %d letters, want %x with %d", stemmer, text[token.From:token.To], p.lead[i], p.widths[i], want, width)
			}
		}
	}
}

func TestLetters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"ا", "ب", "ی", "\u0651", "a", " ", "é", "、", "\xd8", "\x80"}), 0, 30)
		text := strings.Join(pieces.Draw(t, "text"), "")
		from := rapid.IntRange(0, len(text)).Draw(t, "from")
		to := rapid.IntRange(from, len(text)).Draw(t, "to")
		if got, want := letters(text, from, to), utf8.RuneCountInString(text[from:to]); got != want {
			t.Fatalf("%q has %d characters, not %d", text[from:to], want, got)
		}
	})
}
