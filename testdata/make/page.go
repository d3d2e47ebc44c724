package main

import (
	"fmt"
	"strings"
	"time"
)

// page is one finished page with its gold.
type page struct {
	id, title, text, url, published, source string
	spans                                   []span
	story, copies                           string
	tails                                   []string // articles appended to the text
	changed                                 []string // names of changes and pieces, for the summary
}

// span says that bytes [from, to) of a page's text are not its own.
type span struct {
	from, to int
	kind     string
}

// canvas collects the lines of a page's text and the spans of those that are foreign.
type canvas struct {
	text  strings.Builder
	spans []span
}

// put appends lines. A kind of "" is the page's own text.
func (c *canvas) put(kind string, lines ...string) {
	from := c.text.Len()
	for _, line := range lines {
		c.text.WriteString(line)
		c.text.WriteByte('\n')
	}
	if kind != "" {
		c.spans = append(c.spans, span{from, c.text.Len(), kind})
	}
}

// finish drops the last newline, as a page's text ends without one.
func (c *canvas) finish() (string, []span) {
	text := strings.TrimSuffix(c.text.String(), "\n")
	for i := range c.spans {
		c.spans[i].to = min(c.spans[i].to, len(text))
	}
	return text, c.spans
}

func makePage(s spec, articles map[string]article, outlets map[string]outlet) (page, error) {
	a, ok := articles[s.ref]
	if !ok {
		return page{}, fmt.Errorf("no article %q", s.ref)
	}
	o, ok := outlets[s.outlet]
	if !ok {
		return page{}, fmt.Errorf("no outlet %q", s.outlet)
	}
	p := page{id: s.id, source: o.name, story: a.story, copies: a.ref,
		url: "https://" + o.host + "/news/" + s.id}
	if !s.textOnly {
		p.published = s.published
	}
	a, err := change(s, a, &p)
	if err != nil {
		return page{}, err
	}
	p.title = a.title

	var pieces []string
	for _, piece := range s.layout {
		switch piece {
		case "*":
			pieces = append(pieces, o.layout...)
		case "-": // a page without text
		default:
			pieces = append(pieces, piece)
		}
	}
	var c canvas
	for _, piece := range pieces {
		name, literal, isLiteral := strings.Cut(piece, ": ")
		f := strings.Fields(name)
		p.changed = append(p.changed, f[0])
		refs, err := lookUp(f, articles)
		if err != nil {
			return page{}, err
		}
		switch f[0] {
		case "title":
			c.put("title", a.title)
		case "date":
			style := o.date
			if len(f) > 1 {
				style = f[1]
			}
			line, err := dateLine(style, s.published)
			if err != nil {
				return page{}, err
			}
			c.put("dateline", line)
		case "dateline", "marker":
			c.put(f[0], literal)
		case "body":
			from, to := 1, len(a.paragraphs)
			if len(f) > 1 {
				if _, err := fmt.Sscanf(f[1], "%d-%d", &from, &to); err != nil || from < 1 || from > to || to > len(a.paragraphs) {
					return page{}, fmt.Errorf("piece %q: want A-B within %d paragraphs", piece, len(a.paragraphs))
				}
			}
			c.put("", a.paragraphs[from-1:to]...)
		case "join":
			other := refs[0].paragraphs
			c.put("", "من جهة ثانية، "+withoutDateline(other[0]))
			c.put("", other[1:]...)
			p.copies += "+" + refs[0].ref
		case "quote":
			c.put("", refs[0].paragraphs...)
		case "credit":
			if !isLiteral {
				literal = "المصدر: " + o.name
				if a.credit != "" {
					literal = "المصدر: " + a.credit
				}
			}
			c.put("source", literal)
		case "tags":
			if !isLiteral {
				literal = "كلمات دلالية: " + a.tags
			}
			c.put("tags", literal)
		case "tail":
			lines := append([]string{refs[0].title}, refs[0].paragraphs...)
			switch f[len(f)-1] {
			case "half":
				lines = firstHalf(lines)
			case "edited":
				lines = edit(lines, tailEdits, seeded(s.id))
			case "glued":
				if len(lines) < 4 {
					return page{}, fmt.Errorf("piece %q: want three paragraphs to glue", piece)
				}
				lines = glue(lines)
			}
			c.put("tail", lines...)
			p.tails = append(p.tails, f[1])
		case "list", "head":
			var titles []string
			for _, r := range refs {
				titles = append(titles, r.title)
			}
			c.put(f[0], titles...)
		case "inline":
			before, rest, _ := strings.Cut(literal, "{")
			ref, after, _ := strings.Cut(rest, "}")
			r, ok := articles[ref]
			if !ok {
				return page{}, fmt.Errorf("piece %q: no article %q", piece, ref)
			}
			c.put("inline", before+r.title+after)
		case "furniture":
			if isLiteral {
				c.put("furniture", literal)
				break
			}
			for _, line := range o.furniture {
				c.put("furniture", line)
			}
		default:
			return page{}, fmt.Errorf("unknown piece %q", piece)
		}
	}
	p.text, p.spans = c.finish()
	return p, nil
}

// lookUp gives the articles that the words after the piece's name refer to.
func lookUp(f []string, articles map[string]article) ([]article, error) {
	var found []article
	for _, word := range f[1:] {
		if !strings.Contains(word, "/") {
			continue
		}
		a, ok := articles[word]
		if !ok {
			return nil, fmt.Errorf("piece %q: no article %q", f[0], word)
		}
		found = append(found, a)
	}
	switch f[0] {
	case "tail", "join", "quote", "list", "head":
		if len(found) == 0 {
			return nil, fmt.Errorf("piece %q needs an article", f[0])
		}
	}
	return found, nil
}

// firstHalf keeps half the words of lines; the last line usually ends within a sentence.
func firstHalf(lines []string) []string {
	words := 0
	for _, line := range lines {
		words += len(strings.Fields(line))
	}
	left := words / 2
	for i, line := range lines {
		f := strings.Fields(line)
		if len(f) >= left {
			return append(lines[:i:i], strings.Join(f[:left], " "))
		}
		left -= len(f)
	}
	return lines
}

// glue joins the paragraphs as a bad text extraction does: the first two run together, and
// the label of an advertisement sticks to the last.
func glue(lines []string) []string {
	last := len(lines) - 1
	out := append([]string{lines[0], lines[1] + lines[2]}, lines[3:last]...)
	return append(out, "إعلان"+lines[last])
}

var (
	weekdays = [...]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"}
	levant   = [...]string{"", "كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران", "تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول"}
	maghreb  = [...]string{"", "جانفي", "فيفري", "مارس", "أفريل", "ماي", "جوان", "جويلية", "أوت", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"}
	egypt    = [...]string{"", "يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"}
)

// The first days of the months of 1445 AH that the corpus touches, by the Umm al-Qura calendar.
var (
	dhuAlQada  = time.Date(2024, time.May, 9, 0, 0, 0, 0, time.UTC)
	dhuAlHijja = time.Date(2024, time.June, 7, 0, 0, 0, 0, time.UTC)
	muharram   = time.Date(2024, time.July, 7, 0, 0, 0, 0, time.UTC)
)

func dateLine(style, published string) (string, error) {
	t, err := instant(published)
	if err != nil {
		return "", err
	}
	day, year := t.Day(), t.Year()
	switch style {
	case "ordinal":
		suffix := "th"
		switch {
		case day/10 == 1:
		case day%10 == 1:
			suffix = "st"
		case day%10 == 2:
			suffix = "nd"
		case day%10 == 3:
			suffix = "rd"
		}
		return fmt.Sprintf("تاريخ النشر: %d%s, %s %d GMT", day, suffix, t.Month(), year), nil
	case "levant":
		return fmt.Sprintf("تاريخ النشر: %d %s %d", day, levant[t.Month()], year), nil
	case "maghreb":
		return fmt.Sprintf("%s %d %s %d", weekdays[t.Weekday()], day, maghreb[t.Month()], year), nil
	case "egypt":
		return fmt.Sprintf("تاريخ النشر: %s %02d %s %d", weekdays[t.Weekday()], day, egypt[t.Month()], year), nil
	case "hijri":
		first, month := dhuAlHijja, "ذو الحجة"
		if t.Before(dhuAlHijja) {
			first, month = dhuAlQada, "ذو القعدة"
		}
		if t.Before(dhuAlQada) || !t.Before(muharram) {
			return "", fmt.Errorf("no Hijri date for %s", published)
		}
		return fmt.Sprintf("%d %s 1445 هـ الموافق %d %s %d", int(t.Sub(first).Hours())/24+1, month, day, egypt[t.Month()], year), nil
	case "iso":
		return t.Format("2006-01-02@15:04:05") + " GMT", nil
	case "indic":
		return indicDigits.Replace(fmt.Sprintf("تاريخ النشر: %d %s %d", day, egypt[t.Month()], year)), nil
	}
	return "", fmt.Errorf("unknown date style %q", style)
}
