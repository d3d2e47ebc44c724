package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sada/features/article"
)

// SynthOptions says what [Synth] makes of every base page. Shares lie in [0, 1].
type SynthOptions struct {
	Copies    float64 // copies of a page, in the mean, 0 or more
	Edit      float64 // most words of a copy that are changed; each copy has its own share, from 0 on
	Tails     float64 // share of pages with another page appended; every second without a line that says so
	FollowUps int     // pages that tell the same event in other words, 0 or more, a day apart
	Drift     float64 // share of the words of each further follow-up that come from another event
	Digests   float64 // share of pages that another page holds half of, with half of the next one
	Templates int     // series of a daily price list, 0 or more, of templateDays pages each
	Seed      uint64
}

// Check returns an error that names the first option out of its range.
func (o SynthOptions) Check() error {
	for _, c := range []struct {
		ok   bool
		name string
		v    any
	}{
		{o.Copies >= 0 && o.Copies <= 100, "copies", o.Copies}, {o.Edit >= 0 && o.Edit <= 1, "edit", o.Edit}, {o.Tails >= 0 && o.Tails <= 1, "tails", o.Tails},
		{o.FollowUps >= 0 && o.FollowUps <= 100, "follow-ups", o.FollowUps}, {o.Drift >= 0 && o.Drift <= 1, "drift", o.Drift},
		{o.Digests >= 0 && o.Digests <= 1, "digests", o.Digests}, {o.Templates >= 0 && o.Templates <= 1000, "templates", o.Templates},
	} {
		if !c.ok {
			return fmt.Errorf("%s %v: out of range", c.name, c.v)
		}
	}
	return nil
}

// Synthetic is a corpus with what is true of it.
type Synthetic struct {
	Pages   []article.Page
	Copies  []Assignment // every page
	Stories []Assignment // every page but digests, which tell two stories
	Spans   []Span       // markers, each with the end of its line, and tails
	Parted  []string     // the pages that Spans speaks of: every page but digests, whose second half is one
}

const (
	templateDays = 7
	leastWords   = 20 // of a base page; shorter ones are passed over
)

// Synth makes a corpus with known truth of base pages: their copies with edited
// words, pages with another page appended, follow-ups that drift into another
// event, digests that would chain two groups, and daily lists that are alike but
// for their numbers. Base pages must tell different events, each once, in text of
// their own; it is their truth that the gold takes for granted. Equal input and
// seed give an equal corpus. It is an error if an option is out of range or fewer
// than two base pages have enough words.
func Synth(base []article.Page, o SynthOptions) (Synthetic, error) {
	if err := o.Check(); err != nil {
		return Synthetic{}, err
	}
	base = slices.DeleteFunc(slices.Clone(base), func(p article.Page) bool { return len(strings.Fields(p.Text)) < leastWords })
	if len(base) < 2 {
		return Synthetic{}, fmt.Errorf("%d base pages of %d words or more: need two", len(base), leastWords)
	}
	m := maker{o: o, base: base, r: rand.New(rand.NewPCG(o.Seed, 0))}
	for _, p := range base {
		if p.Source != "" {
			m.sources = append(m.sources, p.Source)
		}
	}
	slices.Sort(m.sources)
	m.sources = slices.Compact(m.sources)
	for i, p := range base {
		event := fmt.Sprintf("%05d", i+1)
		m.add(event, event, event, p, i)
		for n := 1; m.r.Float64() < o.Copies/(1+o.Copies); n++ { // geometric
			m.add(fmt.Sprintf("%s-copy-%d", event, n), event, event, m.copy(p), i)
		}
		for n := 1; n <= o.FollowUps; n++ {
			id := fmt.Sprintf("%s-next-%d", event, n)
			m.add(id, id, event, m.followUp(i, n), i)
		}
		if m.r.Float64() < o.Digests {
			id := event + "-digest"
			m.add(id, id, "", m.digest(i), i)
		}
	}
	for series := 1; series <= o.Templates; series++ {
		for day := range templateDays {
			id := fmt.Sprintf("list-%d-%d", series, day+1)
			m.add(id, id, id, m.list(series, day), -1)
		}
	}
	return m.out, nil
}

type maker struct {
	o       SynthOptions
	base    []article.Page
	sources []string
	r       *rand.Rand
	out     Synthetic
}

// add puts a page into the corpus, perhaps with another one behind it. of is its base
// page, -1 for none; story is "" for none.
func (m *maker) add(id, group, story string, p article.Page, of int) {
	p.ID, p.URL = id, ""
	p.Text = strings.TrimSpace(p.Text)
	if story != "" {
		m.out.Parted = append(m.out.Parted, id)
	}
	if of >= 0 && story != "" && m.r.Float64() < m.o.Tails {
		other := m.base[(of+1+m.r.IntN(len(m.base)-1))%len(m.base)]
		p.Text += "\n"
		if m.r.IntN(2) == 0 {
			const marker = "اقرأ أيضا:\n"
			m.out.Spans = append(m.out.Spans, Span{Page: id, From: len(p.Text), To: len(p.Text) + len(marker), Kind: article.Marker.String()})
			p.Text += marker
		}
		tail := strings.TrimSpace(other.Title + "\n" + strings.TrimSpace(other.Text))
		m.out.Spans = append(m.out.Spans, Span{Page: id, From: len(p.Text), To: len(p.Text) + len(tail), Kind: article.Tail.String()})
		p.Text += tail
	}
	m.out.Pages = append(m.out.Pages, p)
	m.out.Copies = append(m.out.Copies, Assignment{id, group})
	if story != "" {
		m.out.Stories = append(m.out.Stories, Assignment{id, story})
	}
}

// later moves a page to another outlet and to a later time.
func (m *maker) later(p article.Page, hours int) article.Page {
	if len(m.sources) > 0 {
		p.Source = m.sources[m.r.IntN(len(m.sources))]
	}
	if !p.PublishedAt.IsZero() {
		p.PublishedAt, p.DayOnly = p.PublishedAt.Add(time.Duration(hours)*time.Hour), false
	}
	return p
}

// word is one of the words of a page.
func (m *maker) word(of int) string {
	words := strings.Fields(m.base[of].Text)
	return words[m.r.IntN(len(words))]
}

// copy deletes, replaces and inserts words, a third of the edits each, and keeps lines.
func (m *maker) copy(p article.Page) article.Page {
	rate := m.o.Edit * m.r.Float64()
	var lines []string
	for line := range strings.Lines(p.Text) {
		var out []string
		for _, w := range strings.Fields(line) {
			if m.r.Float64() >= rate {
				out = append(out, w)
				continue
			}
			switch m.r.IntN(3) {
			case 0: // deleted
			case 1:
				out = append(out, m.word(m.r.IntN(len(m.base))))
			default:
				out = append(out, w, m.word(m.r.IntN(len(m.base))))
			}
		}
		lines = append(lines, strings.Join(out, " "))
	}
	p.Text = strings.Join(lines, "\n")
	return m.later(p, 1+m.r.IntN(24))
}

// followUp tells an event with its words in another order, and more and more of
// those of another: it shares terms, not text.
func (m *maker) followUp(of, n int) article.Page {
	p := m.base[of]
	other := (of + 1) % len(m.base)
	foreign := min(m.o.Drift*float64(n), 1)
	own, next := strings.Fields(p.Text), strings.Fields(m.base[other].Text)
	m.r.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
	for i := range own {
		if m.r.Float64() < foreign {
			own[i] = next[m.r.IntN(len(next))]
		}
	}
	const sentence = 15 // words
	var lines []string
	for words := range slices.Chunk(own, sentence) {
		lines = append(lines, strings.Join(words, " ")+".")
	}
	p.Text = strings.Join(lines, "\n")
	return m.later(p, 24*n)
}

// digest is the first half of the lines of a page and of the next.
func (m *maker) digest(of int) article.Page {
	p, q := m.base[of], m.base[(of+1)%len(m.base)]
	half := func(text string) string {
		words := strings.Fields(text)
		return strings.Join(words[:len(words)/2], " ")
	}
	p.Title, p.Text = strings.TrimSpace(p.Title+" - "+q.Title), half(p.Text)+"\n"+half(q.Text)
	return m.later(p, 12)
}

// goods are what a price list names.
var goods = []string{"البندورة", "الخيار", "البطاطا", "البصل", "الباذنجان", "الكوسا", "الجزر", "الفلفل", "الليمون", "التفاح", "البرتقال", "العنب"}

// list is a day of a series of price lists.
func (m *maker) list(series, day int) article.Page {
	start := time.Date(2024, 6, 3, 6, 0, 0, 0, time.UTC) // where no base page has a time
	for _, b := range m.base {
		if !b.PublishedAt.IsZero() {
			start = b.PublishedAt
			break
		}
	}
	date := start.AddDate(0, 0, day)
	var b strings.Builder
	fmt.Fprintf(&b, "أعلنت إدارة السوق المركزي رقم %d نشرة أسعار الجملة ليوم %d من الشهر، وتبقى الأسعار سارية حتى صدور النشرة التالية صباح اليوم الذي يليه.\n", series, date.Day())
	for _, g := range goods {
		fmt.Fprintf(&b, "%s: %d قرشا للكيلوغرام الواحد من الصنف الأول، و%d قرشا من الصنف الثاني.\n", g, 100+m.r.IntN(900), 50+m.r.IntN(450))
	}
	b.WriteString("وتدعو الإدارة المواطنين إلى الإبلاغ عن أي مخالفة للأسعار المعلنة على الرقم المجاني المعلق عند المداخل.")
	p := article.Page{Title: fmt.Sprintf("نشرة أسعار الخضار والفواكه في السوق المركزي رقم %d", series), Text: b.String(), PublishedAt: date}
	if len(m.sources) > 0 {
		p.Source = m.sources[series%len(m.sources)]
	}
	return p
}
