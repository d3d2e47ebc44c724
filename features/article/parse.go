package article

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sada/features/arabic"
)

// Limits of lines, in words (level-1 tokens). A title of 20,329 news pages has 9 words in the
// median, and 25 or fewer on all but one in a thousand.
const (
	titleWords   = 25
	headerLines  = 8  // before the article; publication lines stand among the first three
	dateWords    = 14 // of a line that holds a date and nothing more
	promptWords  = 15
	creditRunes  = 45 // of a credit line: on 52 pages, all longer ones were reported speech
	closingWords = 20 // of main text, from which a credit or key words line closes an article
	paragraph    = 12 // words of a line that is a sentence, with its full stop
	tickerPieces = 5  // headlines in one line
	// Headlines one a line before the title: portals put from five to twenty-five there. Two short
	// lines before a title may be a rubric and a name.
	leastHeadlines = 3
	headlineLines  = 30
	tickerWords    = 20
	bylineWords    = 8
	placeWords     = 2  // beside a date, of the place; agencies are not counted
	leastTitles    = 2  // of a list without a marker
	titleMean      = 4  // words of its lines at least, in the mean: less are names and rubrics
	datelineRunes  = 90 // how far into a paragraph the place, day and agency before its dash may reach
	bracketBytes   = 40 // of an agency in brackets, with them; longer ones are remarks
)

// Parser takes pages apart. The zero Parser is ready to use; it reuses its memory and serves one
// goroutine.
type Parser struct {
	title, bare, source arabic.Text // of the record: its title, with and without the outlet's name
	name                arabic.Text
	lines               []line
	parts               []Part
}

// line is one line that has a word.
type line struct {
	from, to, end int // content without space around it; end is where the content of the next line begins
	tok, tokEnd   int
	class         class
	rest          int // first token after the phrase
	colon         bool
	glued         bool // to the line before it, by unglue
}

func (l *line) words() int { return l.tokEnd - l.tok }

// Parse takes a page apart. t must hold the level-1 form of p.Text. Nothing in the Article shares
// memory with t or the parser.
func (r *Parser) Parse(p *Page, t *arabic.Text) Article {
	r.split(p.Text, t)
	r.unglue(p.Text, t)
	for i := range r.lines {
		r.classify(p.Text, t, &r.lines[i])
	}
	s := scan{r: r, p: p, t: t, text: p.Text}
	r.source.Set(p.Source)
	bare := r.bareTitle(p.Title)
	r.title.Set(p.Title)
	r.bare.Set(bare)
	s.a.Title = bare
	r.parts = r.parts[:0]
	s.body(s.header())
	s.give(Main, len(p.Text)) // of a text without a word
	s.credits()
	s.date()
	s.a.Parts = slices.Clone(r.parts)
	s.a.Lines = make([]Line, len(r.lines))
	for i, l := range r.lines {
		s.a.Lines[i] = Line{l.from, l.tok}
	}
	return s.a
}

// split finds the lines that have a word. What is between them, space and signs, belongs to the line
// before it.
func (r *Parser) split(text string, t *arabic.Text) {
	r.lines = r.lines[:0]
	for from, tok := 0, 0; tok < len(t.Tokens); {
		end := len(text)
		if n := strings.IndexByte(text[from:], '\n'); n >= 0 {
			end = from + n + 1
		}
		l := line{end: len(text), tok: tok}
		// The words of a ligature at the end of the text begin there.
		for tok < len(t.Tokens) && (int(t.Tokens[tok].From) < end || end == len(text)) {
			tok++
		}
		if l.tokEnd = tok; l.words() > 0 {
			body := strings.TrimLeftFunc(text[from:end], unicode.IsSpace)
			l.from = end - len(body)
			l.to = l.from + len(strings.TrimRightFunc(body, unicode.IsSpace))
			if n := len(r.lines); n > 0 {
				r.lines[n-1].end = l.from
			}
			r.lines = append(r.lines, l)
		}
		from = end
	}
}

// unglue makes lines of their own of what portals glue to a text without a line break: the buttons of a
// gallery before its first line, after its last the page's key words, its address or the titles of the
// author's other articles.
func (r *Parser) unglue(text string, t *arabic.Text) {
	if len(r.lines) == 0 {
		return
	}
	first := &r.lines[0]
	if n := first.tok + len(gallery); n < first.tokEnd && begins(t, first.tok, first.tokEnd, gallery) {
		r.divide(text, t, 0, n)
	}
	last := len(r.lines) - 1
	l := &r.lines[last]
	for i := l.tokEnd - 1; i > l.tok; i-- {
		switch {
		case begins(t, i, l.tokEnd, address) && labels(text, t, i+len(address), l.tokEnd):
		case begins(t, i, l.tokEnd, gluedTags) && r.gluedTags(text, t, i):
			l.glued = true
		case byAuthor(t, i, l.tokEnd):
		default:
			continue
		}
		r.divide(text, t, last, i)
		return
	}
}

// gluedTags reports whether the word at a token of the last line, the name of a key words line that is
// a common word as well, stands behind the article's end and before nothing that ends like a sentence.
func (r *Parser) gluedTags(text string, t *arabic.Text, i int) bool {
	l := &r.lines[len(r.lines)-1]
	if n := l.tokEnd - i; n < 2 || n > titleWords {
		return false
	}
	before := strings.TrimRightFunc(text[l.from:t.Tokens[i].From], unicode.IsSpace)
	sign, _ := utf8.DecodeLastRuneInString(before)
	end, _ := utf8.DecodeLastRuneInString(text[:l.to])
	return strings.ContainsRune(".!؟?…)\"”»", sign) && !strings.ContainsRune(".!؟?…:", end)
}

// byAuthor reports whether the tokens of a line from the i-th on head the author's other articles.
func byAuthor(t *arabic.Text, i, end int) bool {
	return begins(t, i, end, others) && i+len(others) < end && strings.HasPrefix(string(word(t, i+len(others))), author)
}

// divide makes two lines of the n-th, the second of which begins with a token. The second gets the
// mark of being glued.
func (r *Parser) divide(text string, t *arabic.Text, n, token int) {
	a := r.lines[n]
	b := a
	at := int(t.Tokens[token].From)
	a.to = a.from + len(strings.TrimRightFunc(text[a.from:at], unicode.IsSpace))
	a.end, a.tokEnd, a.glued = at, token, false
	b.from, b.tok = at, token
	r.lines[n] = a
	r.lines = slices.Insert(r.lines, n+1, b)
}

// begins reports whether the tokens of a line from the i-th on are those of a phrase.
func begins(t *arabic.Text, i, end int, phrase []string) bool {
	if len(phrase) > end-i {
		return false
	}
	for n, token := range phrase {
		if string(word(t, i+n)) != token {
			return false
		}
	}
	return true
}

// labels reports whether a colon stands before the i-th token of a line, or at most placeWords later.
func labels(text string, t *arabic.Text, i, end int) bool {
	for n := i; n < end && n <= i+placeWords; n++ {
		if strings.HasPrefix(strings.TrimLeft(text[t.Tokens[n-1].To:t.Tokens[n].From], " \u00a0"), ":") {
			return true
		}
	}
	return false
}

func word(t *arabic.Text, i int) []byte { return t.Norm[t.Tokens[i].At:t.Tokens[i].End] }

// classify finds what a line begins with.
func (r *Parser) classify(text string, t *arabic.Text, l *line) {
	best := -1
	for _, p := range phrases[string(word(t, l.tok))] {
		if len(p.tokens) > best && begins(t, l.tok, l.tokEnd, p.tokens) {
			best, l.class = len(p.tokens), p.class
		}
	}
	body := text[l.from:l.to]
	if best < 0 {
		r.unnamed(text, t, l)
		return
	}
	l.rest = l.tok + best
	after := strings.TrimLeft(text[t.Tokens[l.rest-1].To:l.to], " \u00a0\t*")
	l.colon = strings.HasPrefix(after, ":") || strings.HasPrefix(after, "：")
	alone := l.rest == l.tokEnd
	keep := false
	switch l.class {
	case also, related:
		// Before a dash or a bar the phrase is a label as well; before a word it is a sentence.
		sign, _ := utf8.DecodeRuneInString(after)
		keep = alone || l.colon || strings.ContainsRune("-–—|…", sign) || strings.HasPrefix(after, "..")
		keep = keep && l.words() <= best+titleWords
	case credit:
		keep = l.colon && !alone && utf8.RuneCountInString(body) <= creditRunes && !reported[string(word(t, l.rest))]
	case service:
		keep = !alone && l.words() <= bylineWords && quoted(strings.TrimRight(after, " \u00a0*."))
	case keywords:
		keep = alone || l.colon || l.glued
	case published:
		keep = l.words() <= dateWords && (l.colon || dated(text, t, l))
	case banner:
		keep = alone && l.words() <= 2
		if string(word(t, l.tok)) == "انتهي" || string(word(t, l.tok)) == "يتبع" {
			keep = keep && strings.Contains(body, "/") // "// انتهى //"; without it, a word
		}
		l.class = furnished
	case prompt:
		keep = l.words() <= promptWords && !sentence(text, l)
		l.class = furnished
	case linked:
		keep = labels(text, t, l.rest, l.tokEnd)
		l.class = furnished
	case labelled:
		keep = l.colon && l.words() <= promptWords
		l.class = furnished
	}
	if !keep {
		l.class = ordinary
		r.unnamed(text, t, l)
	}
}

// unnamed classifies a line by other things than its first words.
func (r *Parser) unnamed(text string, t *arabic.Text, l *line) {
	body := text[l.from:l.to]
	n := l.words()
	first := word(t, l.tok)
	switch {
	case byAuthor(t, l.tok, l.tokEnd):
		l.class = authored
	case strings.HasPrefix(body, "©") && n <= promptWords:
		l.class = furnished
	case n <= 5 && strings.Contains(body, "@") && !strings.ContainsAny(body, " \u00a0"): // an address
		l.class = furnished
	case n == 2 && number(first) && slices.Contains([]string{"مشاهده", "مشاهدات", "زياره", "قراءه"}, string(word(t, l.tok+1))):
		l.class = furnished
	case n == 4 && number(first) && number(word(t, l.tok+1)) && string(word(t, l.tok+2)) == "ت" && string(word(t, l.tok+3)) == "م":
		l.class = furnished // "20:26 ت م": the hour of an agency's release
	case n <= 10 && strings.HasPrefix(body, "(") && strings.HasSuffix(body, ")") && (string(first) == "تصوير" || string(first) == "عدسه"):
		l.class = furnished
	}
}

func number(w []byte) bool { return w[0] >= '0' && w[0] <= '9' }

// scan is the state of taking one page apart.
type scan struct {
	r    *Parser
	p    *Page
	t    *arabic.Text
	text string
	a    Article
	at   int // the text before it is in parts
	main int // words of main text so far
	// Of the lines behind the closing lines: the end of their block, its last paragraph, and the end of
	// the short lines that are no list. They are looked for once.
	stop, paragraph, short int
	// published is a publication line's date.
	published time.Time
	dayOnly   bool
	datelines []string
}

// give adds the text up to end as a part. Neighbours of one kind become one part where nobody wants
// to know of them one by one.
func (s *scan) give(kind Kind, end int) {
	if end <= s.at {
		return
	}
	parts := s.r.parts
	if n := len(parts); n > 0 && parts[n-1].Kind == kind && !apart(kind) {
		parts[n-1].To = end
	} else {
		parts = append(parts, Part{Kind: kind, From: s.at, To: end})
	}
	s.r.parts, s.at = parts, end
}

// apart reports whether neighbours of a kind stay parts of their own.
func apart(kind Kind) bool {
	switch kind {
	case Tail, List, Inline, Marker, Dateline, Furniture:
		return true
	}
	return false
}

// header gives the lines before the article and returns the index of the first line after them.
func (s *scan) header() int {
	lines := s.r.lines
	i := s.headlines()
	for n := i + headerLines; i < len(lines) && i < n; i++ {
		l := &lines[i]
		switch {
		case s.ticker(l):
			s.give(Head, l.end)
		case !s.a.Repeats && s.repeats(l):
			s.a.Repeats = true
			s.give(Title, l.end)
		case l.class == published || s.dateOnly(l):
			s.findDate(l)
			s.give(Dateline, l.end)
		case l.class == furnished:
			s.give(Furniture, l.end)
		case l.class == credit || l.class == service:
			s.takeCredit(l)
			s.give(Source, l.end)
		case l.class == ordinary && l.words() <= bylineWords && i+1 < len(lines) && !sentence(s.text, l) && s.origin(s.text[l.from:l.to]):
			s.datelines = append(s.datelines, s.text[l.from:l.to])
			s.give(Dateline, l.end)
		case !s.a.Repeats && s.titled(i):
			s.a.Repeats = true
			s.a.Title = s.r.bareTitle(s.text[l.from:l.to])
			s.give(Title, l.end)
		default:
			if l.class == ordinary {
				s.dateline(l)
			}
			return i
		}
	}
	return i
}

// headlines gives the titles of other articles before the page's own, which the record has and the
// text repeats, and returns the index of the line after them.
func (s *scan) headlines() int {
	lines := s.r.lines
	if s.p.Title == "" {
		return 0
	}
	for i := range lines[:min(len(lines), headlineLines)] {
		l := &lines[i]
		if s.repeats(l) {
			// Between two lines of a poem its title may be a verse. An article has paragraphs.
			if i < leastHeadlines || !slices.ContainsFunc(lines[i+1:], func(l line) bool { return s.prose(&l) }) {
				return 0
			}
			s.give(Head, lines[i-1].end)
			return i
		}
		if l.class != ordinary || s.prose(l) {
			return 0
		}
	}
	return 0
}

// repeats reports whether a line is the record's title, as it is or without the outlet's name.
func (s *scan) repeats(l *line) bool {
	from, to := s.t.Tokens[l.tok].At, s.t.Tokens[l.tokEnd-1].End
	norm := s.t.Norm[from:to]
	return bytes.Equal(norm, s.r.title.Norm) || bytes.Equal(norm, s.r.bare.Norm)
}

// titled reports whether a line is the title of a page whose record has none. The only line of a page
// is its text; a line with a sentence's end is a paragraph.
func (s *scan) titled(i int) bool {
	l := &s.r.lines[i]
	return s.p.Title == "" && l.class == ordinary && i+1 < len(s.r.lines) && !s.prose(l)
}

// sentence reports whether a line ends like a sentence and is long enough to be one.
func sentence(text string, l *line) bool {
	body := strings.TrimRight(text[l.from:l.to], "\"»”') \u200f\u00a0")
	return l.words() >= paragraph && (strings.HasSuffix(body, ".") || strings.HasSuffix(body, "۔") || strings.HasSuffix(body, "؛"))
}

// prose reports whether a line is a paragraph rather than a title.
func (s *scan) prose(l *line) bool { return l.words() > titleWords || sentence(s.text, l) }

// ticker reports whether a line consists of headlines divided by wide gaps, as portals put them
// before an article.
func (s *scan) ticker(l *line) bool {
	if l.words() < 3*tickerPieces || !strings.Contains(s.text[l.from:l.to], "    ") {
		return false
	}
	pieces := 0
	for piece := range strings.SplitSeq(s.text[l.from:l.to], "    ") {
		if n := len(strings.Fields(piece)); n > tickerWords {
			return false
		} else if n > 1 {
			pieces++
		}
	}
	return pieces >= tickerPieces
}

// origin reports whether one of the names in a text is an agency's or the outlet's.
func (s *scan) origin(text string) bool {
	for name := range s.r.names(text) {
		if agencies[string(name)] != "" || string(name) == exclusive || len(name) > 0 && bytes.Equal(name, s.r.source.Norm) {
			return true
		}
	}
	return false
}

// names yields what stands between dashes, slashes, brackets and the like, at level 1. A name is valid
// until the next one.
func (r *Parser) names(text string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune("-–—ـ/():|،+", r) }) {
			r.name.Set(piece)
			if !yield(r.name.Norm) {
				return
			}
		}
	}
}

// dateOnly reports whether a line is a date with at most a few words around it.
func (s *scan) dateOnly(l *line) bool {
	if l.words() < 3 || l.words() > dateWords || !dated(s.text, s.t, l) {
		return false
	}
	others := 0
	for i := l.tok; i < l.tokEnd; i++ {
		if w := word(s.t, i); !dateWord(w) && agencies[string(w)] == "" {
			others++
		}
	}
	return others <= placeWords
}

// dated reports whether there is a date in a line.
func dated(text string, t *arabic.Text, l *line) bool {
	for i := l.tok; i < l.tokEnd; i++ {
		if w := word(t, i); w[0] >= '0' && w[0] <= '9' {
			_, _, ok := ParseDate(text[l.from:l.to])
			return ok
		}
	}
	return false
}

func (s *scan) findDate(l *line) {
	if s.published.IsZero() {
		if t, dayOnly, ok := ParseDate(s.text[l.from:l.to]); ok {
			s.published, s.dayOnly = t, dayOnly
		}
	}
}

// dateline gives the beginning of the first paragraph, "المدينة (وكالة) - ", if it has one.
func (s *scan) dateline(l *line) {
	body := s.text[l.from:l.to]
	head := body[:min(len(body), 2*datelineRunes)] // Arabic letters have two bytes
	open := strings.IndexByte(head, '(')
	shut := strings.IndexByte(head, ')')
	if open < 0 || shut < open || strings.ContainsAny(head[:open], ".:؛") || !s.origin(head[open+1:shut]) {
		return
	}
	const dashes = "-–—ـ"
	rest := strings.TrimLeft(body[shut+1:], " \u00a0\u200f")
	text := strings.TrimLeft(rest, dashes)
	if len(text) == len(rest) {
		return
	}
	s.datelines = append(s.datelines, head[open+1:shut], head[:open])
	end := l.to - len(text)
	s.findDate(&line{from: l.from, to: end})
	s.give(Dateline, end)
}

// value returns what a line says after its phrase and colon.
func (s *scan) value(l *line) string {
	const around = " \t\u00a0*.-:："
	v := strings.Trim(s.text[s.t.Tokens[l.rest-1].To:l.to], around)
	if quoted(v) {
		v = strings.Trim(v, "«»\"")
	}
	return v
}

// quoted reports whether a text is one quotation.
func quoted(s string) bool {
	inner, ok := strings.CutPrefix(s, "«")
	inner, end := strings.CutSuffix(inner, "»")
	if !ok || !end {
		inner, ok = strings.CutPrefix(s, "\"")
		inner, end = strings.CutSuffix(inner, "\"")
	}
	return ok && end && !strings.ContainsAny(inner, "«»\"")
}

func (s *scan) takeCredit(l *line) {
	if s.a.Source == "" {
		s.a.Source = s.value(l)
	}
}

// body gives the lines from the i-th on.
func (s *scan) body(i int) {
	lines := s.r.lines
	closed := false // by a credit or key words line
	for i < len(lines) {
		l := &lines[i]
		switch l.class {
		case also, related:
			i = s.marker(i, closed)
			continue
		case credit, service:
			s.takeCredit(l)
			s.give(Source, l.end)
			// A newspaper's note on a service stands under the text, but its own boxes follow it.
			closed = closed || l.class == credit && s.main >= closingWords
		case keywords:
			if s.a.Tags == "" {
				s.a.Tags = s.value(l)
			}
			s.give(Tags, l.end)
			closed = closed || s.main >= closingWords
		case furnished:
			s.give(Furniture, l.end)
		case authored:
			s.propose(Proposal{Kind: List, From: l.from, To: l.end, Closed: closed, Reason: "the author's other articles", Strength: .9})
		case published:
			if len(s.a.Proposals) == 0 { // behind one, it may be of another article
				s.findDate(l)
			}
			s.give(Dateline, l.end)
		default:
			if closed {
				if next := s.unmarked(i); next > i {
					i = next
					continue
				}
			}
			s.glued(l)
			s.give(Main, l.end)
			s.main += l.words()
		}
		i++
	}
}

// glued gives the word "إعلان" that an advertisement left before a sentence ("إعلانوظهر"). Before
// a space it is a word of the sentence.
func (s *scan) glued(l *line) {
	const ad = "إعلان"
	rest, ok := strings.CutPrefix(s.text[l.from:l.to], ad+"و")
	if !ok {
		return
	}
	if n := strings.IndexAny(rest, " \u00a0\n"); n >= 3*2 && l.words() > paragraph { // three letters of two bytes
		s.give(Main, l.from)
		s.give(Furniture, l.from+len(ad))
	}
}

// block returns the index behind the last line of what a marker or the closing lines head: it ends
// before the next marker line that stands alone. Furniture and key words at the end of the page are
// the page's, not the foreign article's.
func (s *scan) block(i int) int {
	lines := s.r.lines
	end := i
	for end < len(lines) {
		if l := &lines[end]; (l.class == also || l.class == related) && l.rest == l.tokEnd {
			return end
		}
		end++
	}
	for end > i && (lines[end-1].class == furnished || lines[end-1].class == keywords) {
		end--
	}
	return end
}

// marker gives a read-also line and what it announces, and returns the index of the line after it.
func (s *scan) marker(i int, closed bool) int {
	lines := s.r.lines
	m := &lines[i]
	if m.rest < m.tokEnd { // the title stands on the same line
		s.propose(Proposal{Kind: Inline, From: m.from, To: m.end, Closed: closed,
			TitleFrom: int(s.t.Tokens[m.rest].From), TitleTo: m.to, Reason: "read-also line with a title", Strength: .9})
		return i + 1
	}
	s.give(Marker, m.end)
	stop := s.block(i + 1)
	for i++; i < stop && lines[i].class == furnished; i++ { // an advertisement under the marker
		s.give(Furniture, lines[i].end)
	}
	titles, paragraphs := 0, 0
	for j := i; j < stop && paragraphs == 0; j++ {
		switch l := &lines[j]; {
		case l.class != ordinary:
		case s.prose(l):
			paragraphs++
		default:
			titles++
		}
	}
	q := Proposal{From: s.at, MarkerFrom: m.from, MarkerTo: m.end, Closed: closed}
	switch {
	case titles+paragraphs == 0:
		return i
	case paragraphs == 0 || titles > 1 && !closed:
		end := s.titles(i, stop)
		if end > i {
			q.Kind, q.Reason, q.Strength = List, "read-also line before titles", .9
			s.list(q, i, end)
		}
		return end
	}
	q.Kind, q.To, q.Reason, q.Strength = Tail, lines[stop-1].end, "read-also line before an article", .7
	if closed {
		q.Strength = .95
	}
	if l := &lines[i]; l.class == ordinary && !s.prose(l) {
		q.TitleFrom, q.TitleTo = l.from, l.to
	}
	s.propose(q)
	return stop
}

// titles returns the index behind the short lines from the i-th on, before stop.
func (s *scan) titles(i, stop int) int {
	for i < stop && s.r.lines[i].class == ordinary && !s.prose(&s.r.lines[i]) {
		i++
	}
	return i
}

// list proposes the lines [i, end) as links.
func (s *scan) list(q Proposal, i, end int) {
	lines := s.r.lines
	q.To = lines[end-1].end
	if end == i+1 {
		q.TitleFrom, q.TitleTo = lines[i].from, lines[i].to
	}
	s.propose(q)
}

// unmarked proposes what follows the closing lines of an article, another article or titles, and
// returns the index of the line after it: i if there is none.
func (s *scan) unmarked(i int) int {
	lines := s.r.lines
	l := &lines[i]
	if i < s.short || s.prose(l) || l.words() < 2 {
		return i
	}
	if i >= s.stop {
		s.stop, s.paragraph = s.block(i), -1
		for j := i; j < s.stop; j++ {
			if lines[j].class == ordinary && s.prose(&lines[j]) {
				s.paragraph = j
			}
		}
	}
	if s.paragraph > i {
		s.propose(Proposal{Kind: Tail, From: l.from, To: lines[s.stop-1].end, TitleFrom: l.from, TitleTo: l.to, Closed: true,
			Reason: "title and text after the closing line", Strength: .8})
		return s.stop
	}
	end := s.titles(i, s.stop)
	if n := end - i; n < leastTitles || lines[end-1].tokEnd-l.tok < titleMean*n {
		s.short = end
		return i
	}
	s.list(Proposal{Kind: List, From: l.from, Closed: true, Reason: "short lines after the closing line", Strength: .8}, i, end)
	return end
}

func (s *scan) propose(q Proposal) {
	s.give(Main, q.From) // space at the beginning of the text
	s.a.Proposals = append(s.a.Proposals, q)
	s.give(q.Kind, q.To)
}

// credits collects the agencies that the page names before or after its text.
func (s *scan) credits() {
	add := func(name string) {
		if name != "" && !slices.Contains(s.a.Credits, name) {
			s.a.Credits = append(s.a.Credits, name)
		}
	}
	known := func(text string) {
		for name := range s.r.names(text) {
			add(agencies[string(name)])
		}
	}
	for _, d := range s.datelines {
		known(d)
	}
	known(s.a.Source)
	if len(s.a.Credits) == 0 && strings.HasPrefix(s.a.Source, "وكالة ") {
		add(s.a.Source)
	}
	// An agency in brackets at the end of a line of the page's own text.
	part := 0
	for i := range s.r.lines {
		l := &s.r.lines[i]
		body := strings.TrimRight(s.text[l.from:l.to], " .\u00a0")
		if !strings.HasSuffix(body, ")") {
			continue
		}
		for s.r.parts[part].To <= l.from {
			part++
		}
		own := s.r.parts[part].Kind == Main || s.r.parts[part].Kind == Dateline
		if open := strings.LastIndexByte(body, '('); own && open >= 0 && len(body)-open < bracketBytes {
			known(body[open:])
		}
	}
}

// date settles the page's date.
func (s *scan) date() {
	switch {
	case !s.p.PublishedAt.IsZero():
		s.a.Date, s.a.DayOnly, s.a.DateFrom = s.p.PublishedAt, s.p.DayOnly, FromRecord
	case !s.published.IsZero():
		s.a.Date, s.a.DayOnly, s.a.DateFrom = s.published, s.dayOnly, FromText
	}
}

// bareTitle takes the outlet's or an agency's name from the end of a title.
func (r *Parser) bareTitle(title string) string {
	for _, sep := range []string{" | ", " - ", " – ", " :: "} {
		if strings.IndexByte(title, sep[1]) < 0 { // most have none, and to look for a byte is quick
			continue
		}
		if n := strings.LastIndex(title, sep); n > 0 {
			r.name.Set(title[n+len(sep):])
			if len(r.name.Norm) == 0 || agencies[string(r.name.Norm)] != "" || bytes.Equal(r.name.Norm, r.source.Norm) {
				title = title[:n]
				break
			}
		}
	}
	return strings.TrimSpace(title)
}
