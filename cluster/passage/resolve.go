package passage

import (
	"cmp"
	"fmt"
	"slices"

	"sada/features/article"
	"sada/features/shingle"
)

// What speaks for a passage being somebody else's text, and how much. A passage is cut only under
// the rule of evidence in [finder.evidence]; the confidence orders the cuts for a reader.
const (
	baseConfidence  = .5
	hostsNeeded     = 3   // unrelated pages that carry a text
	sameTopic       = .20 // cosine of host and tail, above which they are one subject
	topicDiffers    = .10 // cosine of host and tail: below it 99.4 % of the appended articles of a test corpus and a quarter of the joined wire stories
	articleHeld     = .45 // of a page's own article, in a tail: half of it or more, and a few edits
	snapWords       = 3   // from a passage's first word to the line break that it is moved to
	relationWords   = 40  // equal words that make a passage worth a row of its own
	mostlyHeld      = .7
	littleHeld      = .3
	wholePageShare  = .5 // of a page's words that lines of its source may take
	minListedTitles = 2  // titles of other pages, one a line, at the end of a page
	minHeadTitles   = 3  // the same at the start
	headingWords    = 15 // at most, of a heading inside a page
	minHeadings     = 2  // of a collection, before the last
)

// resolve decides what of a page is its own. It returns what it found and the page's parts.
func (f *finder) resolve(i int, candidates []candidate, known []carried, furniture *furniture, m *scratch) ([]Passage, []article.Part) {
	p := f.pages[i]
	var spans []shingle.Span
	if len(candidates) > 0 || len(p.Proposals) > 0 { // few pages have one
		spans = m.spans(p)
	}
	parts := slices.Clone(p.Parts)
	var found []Passage

	stop := p.Bytes // where the last cut begins
	accepted := make([]bool, len(p.Proposals))
	for n, c := range candidates {
		ps, proposal, told := f.judge(i, c, known[n], spans, stop, m)
		if told {
			found = append(found, ps)
		}
		if !ps.Cut {
			break // what is before it would not stand at the end of anything
		}
		if proposal >= 0 {
			accepted[proposal] = true
		}
		part := ps.BytesA
		parts = overlay(parts, part)
		stop = part.From
		if ps.Marker.To > ps.Marker.From {
			parts = overlay(parts, ps.Marker)
			stop = ps.Marker.From
		}
	}
	for n, proposal := range p.Proposals {
		if accepted[n] {
			continue
		}
		ps, ok := f.proposed(i, proposal, spans, parts)
		if !ok {
			continue
		}
		if ps.B >= 0 {
			name(parts, ps.BytesA, f.pages[ps.B].ID, "")
		} else if ps.Kind == Tail {
			name(parts, ps.BytesA, "", ps.Segment)
		}
		found = append(found, ps)
	}
	listed := f.listed(i, parts)
	for _, ps := range listed {
		parts = overlay(parts, ps.BytesA)
	}
	found = append(found, listed...)
	lines := f.furniture(i, parts, furniture)
	for _, ps := range lines {
		parts = overlay(parts, ps.BytesA)
	}
	found = append(found, lines...)
	slices.SortStableFunc(found, func(a, b Passage) int {
		return cmp.Or(cmp.Compare(a.BytesA.From, b.BytesA.From), cmp.Compare(a.B, b.B))
	})
	return found, parts
}

// judge turns a candidate into a passage: where it begins exactly, what speaks for it, and whether
// it is cut. stop is the byte where what is already cut begins. The second result is the page's
// proposal that it fits to, -1 if there is none; the third says whether the passage has a row.
func (f *finder) judge(i int, c candidate, known carried, spans []shingle.Span, stop int, m *scratch) (ps Passage, proposal int, told bool) {
	p := f.pages[i]
	ps = f.passage(i, c.view)
	ps.Hosts, ps.Sources = known.hosts, known.sources

	proposal = p.marked(c.here.From, spans)
	from, atLine := f.begin(p, c.here.From, spans)
	if proposal >= 0 {
		q := p.Proposals[proposal]
		from, atLine = q.From, true
		ps.Title = article.Part{Kind: article.Title, From: q.TitleFrom, To: q.TitleTo}
		if q.MarkerTo > q.MarkerFrom {
			ps.Marker = article.Part{Kind: article.Marker, From: q.MarkerFrom, To: q.MarkerTo}
		}
	}
	kind := article.Tail
	ps.Kind = Tail
	if !c.own {
		ps.Kind = SharedTail
		ps.Segment = segment(known.segment)
		ps.B, ps.BytesB = -1, article.Part{}
		ps.WordsB, ps.ContainmentB = Range{}, 0
	}
	ps.BytesA = article.Part{Kind: kind, From: from, To: f.tailEnd(p, c.here.To, spans, stop), Segment: ps.Segment}
	if c.own {
		ps.BytesA.Page = f.pages[c.other].ID
	}
	told = f.evidence(&ps, i, c, known, proposal, atLine, m)
	return ps, proposal, told
}

// evidence applies the rule of evidence: a text at the end of a page is cut from it if the page
// announces it, or three unrelated pages carry it, or it has a page of its own that another source
// or another day published and whose subject is another. It returns whether the passage has a row.
func (f *finder) evidence(ps *Passage, i int, c candidate, known carried, proposal int, atLine bool, m *scratch) (told bool) {
	confidence := baseConfidence
	add := func(weight float64, reason string, args ...any) {
		confidence += weight
		ps.Reasons = append(ps.Reasons, fmt.Sprintf(reason, args...))
	}
	p, other := f.pages[i], f.pages[c.other]
	marked := proposal >= 0
	if marked {
		add(.35, "announced: %s", p.Proposals[proposal].Reason)
	}
	if ps.Hosts >= hostsNeeded {
		add(.25, "on %d unrelated pages", ps.Hosts)
	}
	if c.own {
		add(.1, "has a page of its own")
	}
	elsewhere := p.Source != other.Source || !p.Dated || !other.Dated || p.Time/86400 != other.Time/86400
	words := p.Words
	cosine := f.topics.cosine(words[f.own[i].From:c.here.From], words[c.here.From:c.here.To], &m.words)
	foreign := cosine < topicDiffers
	if foreign {
		add(.15, "another subject (cosine %.2f)", cosine)
	} else if cosine > sameTopic {
		add(-.15, "the same subject (cosine %.2f)", cosine)
	}
	if !atLine {
		add(-.2, "begins inside a line")
	}
	joined := !marked && f.joiners.begin(p.Words[p.lineStart(c.here.From):])
	if joined {
		add(-.2, "begins like the next item of a joined report")
	}
	// An appended article comes with its title and most of its text. A paragraph that an editor took
	// over from a report of another outlet does not.
	titled := c.own && c.there.From-f.own[c.other].From <= len(other.title())/2 && ps.ContainmentB >= articleHeld
	if titled {
		add(.1, "begins with the title of its page")
	}
	// In a collection, such as the news in brief, the last item is the page's as the others are.
	item := !marked && p.headings(f.own[i].From, c.here.From) >= minHeadings
	if item {
		add(-.2, "an item among others with a heading")
	}
	// Many hosts of one subject quote a statement; they carry it for its own sake only if their
	// subject is another, or if they carry it day after day.
	many := known.hosts >= hostsNeeded
	ps.Cut = marked || atLine && !joined && (many && known.days >= hostsNeeded || (many || titled && elsewhere && !item) && foreign)
	ps.Confidence = min(max(confidence, .05), .99)
	// A report that goes over into another on its subject within a line, or that is mostly the other, and two that
	// end alike, are versions: relations names them by what they hold of each other.
	if c.own {
		return ps.Cut || atLine && ps.ContainmentA < mostlyHeld || foreign
	}
	return ps.Cut || atLine && known.hosts >= 2
}

// headings counts the lines between two words that are headings: as short as a title, the first or behind
// a paragraph, and before a paragraph.
func (p *Page) headings(from, to int) int {
	count := 0
	first := max(p.line(from), 0)
	for n := first; n+1 < len(p.Lines) && p.Lines[n+1].Word+snapWords < to; n++ {
		words := len(p.lineWords(n))
		if words >= minTitle && words <= headingWords && (n == first || len(p.lineWords(n-1)) > titleWords) && len(p.lineWords(n+1)) > titleWords {
			count++
		}
	}
	return count
}

// lineStart returns the first word of the line that a passage begins in or near.
func (p *Page) lineStart(word int) int {
	l := p.line(word)
	if l+1 < len(p.Lines) && p.Lines[l+1].Word-word <= snapWords {
		return p.Lines[l+1].Word
	}
	if l >= 0 && word-p.Lines[l].Word <= snapWords {
		return p.Lines[l].Word
	}
	return word
}

// begin returns the byte at which a passage that begins with the word is cut: the nearest start of
// a line within a few words, else the word itself.
func (f *finder) begin(p *Page, word int, spans []shingle.Span) (at int, line bool) {
	l := p.line(word)
	best := -1
	for _, n := range []int{l, l + 1} {
		if n < 0 || n >= len(p.Lines) {
			continue
		}
		if d := p.Lines[n].Word - word; d <= snapWords && -d <= snapWords {
			if best < 0 || max(d, -d) < max(p.Lines[best].Word-word, word-p.Lines[best].Word) {
				best = n
			}
		}
	}
	if best >= 0 {
		return p.Lines[best].Byte, true
	}
	return int(spans[word-p.Lead].From), false
}

// tailEnd returns the byte where a tail ends: before the lines that close the page, or at stop.
func (f *finder) tailEnd(p *Page, word int, spans []shingle.Span, stop int) int {
	last := int(spans[word-1-p.Lead].To)
	for _, part := range p.Parts {
		if part.From >= last && part.From < stop {
			switch part.Kind {
			case article.Source, article.Tags, article.Furniture, article.List, article.Marker:
				return part.From
			}
		}
	}
	return stop
}

// passage describes a view of page i.
func (f *finder) passage(i int, v view) Passage {
	p, other := f.pages[i], f.pages[v.other]
	longer := max(v.here.Len(), v.there.Len())
	return Passage{
		A: i, B: int(v.other),
		BytesA: bytes(p, v.here), BytesB: bytes(other, v.there),
		WordsA: v.here, WordsB: v.there,
		ContainmentA: share(v.equal, f.own[i].Len()),
		ContainmentB: share(v.equal, f.own[v.other].Len()),
		Identity:     share(v.equal, longer),
	}
}

func share(n, of int) float64 { return min(float64(n)/float64(max(of, 1)), 1) }

// bytes returns the bytes of a stretch of words.
func bytes(p *Page, r Range) article.Part {
	var out article.Part
	words := p.Spans.Cursor()
	if r.From >= p.Lead && r.From < r.To {
		out.From = int(words.Span(r.From - p.Lead).From)
	}
	if r.To > p.Lead {
		out.To = int(words.Span(r.To - 1 - p.Lead).To)
	}
	return out
}

// segment names a text without a page by its smallest anchor.
func segment(hash uint64) string { return fmt.Sprintf("s%016x", hash) }

// proposed turns what the page alone proposes, and no other page confirms, into a passage: the
// title that it announces may at least be that of a known page.
func (f *finder) proposed(i int, q article.Proposal, spans []shingle.Span, parts []article.Part) (Passage, bool) {
	p := f.pages[i]
	ps := Passage{A: i, B: -1, Cut: true, Confidence: q.Strength,
		Reasons: []string{"announced: " + q.Reason}}
	switch q.Kind {
	case article.Tail:
		ps.Kind = Tail
	case article.Inline:
		ps.Kind = Inline
	case article.List:
		ps.Kind = List
	default:
		return ps, false
	}
	// A cut may have taken these bytes, or the last of them.
	n := slices.IndexFunc(parts, func(part article.Part) bool {
		return part.Kind == q.Kind && part.From <= q.From && q.From < part.To && part.Page == "" && part.Segment == ""
	})
	if n < 0 {
		return ps, false
	}
	ps.BytesA = article.Part{Kind: q.Kind, From: q.From, To: min(q.To, parts[n].To)}
	ps.WordsA = p.words(spans, ps.BytesA.From, ps.BytesA.To)
	if q.MarkerTo > q.MarkerFrom {
		ps.Marker = article.Part{Kind: article.Marker, From: q.MarkerFrom, To: q.MarkerTo}
	}
	if q.TitleTo > q.TitleFrom {
		ps.Title = article.Part{Kind: article.Title, From: q.TitleFrom, To: q.TitleTo}
		title := p.words(spans, q.TitleFrom, q.TitleTo)
		if page := f.titles.lookup(i, p.Words[title.From:title.To]); page >= 0 {
			ps.B = page
			ps.Confidence = min(ps.Confidence+.2, .99)
			ps.Reasons = append(ps.Reasons, "announces the title of a known page")
			ps.BytesA.Page = f.pages[page].ID
		}
	}
	if ps.B < 0 && ps.Kind == Tail {
		ps.Segment = segment(smallest(p.Words[ps.WordsA.From:ps.WordsA.To]))
		ps.BytesA.Segment = ps.Segment
	}
	return ps, true
}

// listed finds titles of other pages that stand one a line at the start or the end of what is
// still the page's own, without a marker.
func (f *finder) listed(i int, parts []article.Part) []Passage {
	p := f.pages[i]
	var lines []int // of the main text
	for n := range p.Lines {
		if kindAt(parts, p.Lines[n].Byte) == article.Main {
			lines = append(lines, n)
		}
	}
	own := p.title()
	titled := func(n int) int { // its own title is another page's as well where they are copies
		words := p.lineWords(n)
		if slices.Equal(words, own) {
			return -1
		}
		return f.titles.lookup(i, words)
	}
	var out []Passage
	take := func(lines []int, kind Kind, part article.Kind) {
		for _, n := range lines {
			page := titled(n)
			words := Range{p.Lines[n].Word, p.Lines[n].Word + len(p.lineWords(n))}
			to := p.Bytes
			if n+1 < len(p.Lines) {
				to = p.Lines[n+1].Byte
			}
			out = append(out, Passage{A: i, B: page, Kind: kind, Cut: true, Confidence: .8, WordsA: words,
				BytesA:  article.Part{Kind: part, From: p.Lines[n].Byte, To: to, Page: f.pages[page].ID},
				Reasons: []string{"a line that is the title of a known page, among others"}})
		}
	}
	end := len(lines)
	for end > 0 && titled(lines[end-1]) >= 0 {
		end--
	}
	if len(lines)-end >= minListedTitles && end > 0 {
		take(lines[end:], List, article.List)
		lines = lines[:end]
	}
	start := 0
	for start < len(lines) && titled(lines[start]) >= 0 {
		start++
	}
	if start >= minHeadTitles && start < len(lines) {
		take(lines[:start], Head, article.Head)
	}
	return out
}

// furniture finds the lines and the ending of the page's own text that its source repeats.
func (f *finder) furniture(i int, parts []article.Part, known *furniture) []Passage {
	p := f.pages[i]
	var out []Passage
	taken, main := 0, 0
	add := func(words Range, from, to, count int) {
		taken += words.Len()
		out = append(out, Passage{A: i, B: -1, Kind: Furniture, Cut: true, Confidence: .9, WordsA: words, Hosts: count, Sources: 1,
			BytesA:  article.Part{Kind: article.Furniture, From: from, To: to},
			Reasons: []string{repeated(count)}})
	}
	lastMain, seed := -1, source(p.Source)
	for n := range p.Lines {
		if kindAt(parts, p.Lines[n].Byte) != article.Main {
			continue
		}
		words := p.lineWords(n)
		main += len(words)
		lastMain = n
		if count, ok := known.line(p, n, seed); ok {
			to := p.Bytes
			if n+1 < len(p.Lines) {
				to = p.Lines[n+1].Byte
			}
			add(Range{p.Lines[n].Word, p.Lines[n].Word + len(words)}, p.Lines[n].Byte, to, count)
		}
	}
	if lastMain >= 0 && lastMain == len(p.Lines)-1 && (len(out) == 0 || out[len(out)-1].BytesA.To < p.Bytes) {
		if n, count := known.ending(p); n > 0 && n < len(p.lineWords(lastMain)) {
			word := len(p.Words) - n
			add(Range{word, len(p.Words)}, bytes(p, Range{word, len(p.Words)}).From, p.Bytes, count)
		}
	}
	if float64(taken) > wholePageShare*float64(main) {
		return nil
	}
	return out
}

// repeated says on how many pages of a source a line stands; nobody counts beyond furnitureMost.
func repeated(pages int) string {
	if pages >= furnitureMost {
		return fmt.Sprintf("on %d pages of the source or more", furnitureMost)
	}
	return fmt.Sprintf("on %d pages of the source", pages)
}

// kindAt returns the kind of the part that holds the byte.
func kindAt(parts []article.Part, at int) article.Kind {
	n, _ := slices.BinarySearchFunc(parts, at, func(p article.Part, at int) int {
		if p.To <= at {
			return -1
		}
		if p.From > at {
			return 1
		}
		return 0
	})
	if n == len(parts) {
		return article.Main
	}
	return parts[n].Kind
}

// overlay gives the bytes of a part to it and takes them from the parts that had them. parts cover
// a text in order, and so do the parts returned.
func overlay(parts []article.Part, part article.Part) []article.Part {
	if part.From >= part.To {
		return parts
	}
	out := make([]article.Part, 0, len(parts)+2)
	placed := false
	for _, p := range parts {
		if p.To <= part.From || p.From >= part.To {
			if !placed && p.From >= part.To {
				out, placed = append(out, part), true
			}
			out = append(out, p)
			continue
		}
		if p.From < part.From {
			left := p
			left.To = part.From
			out = append(out, left)
		}
		if !placed {
			out, placed = append(out, part), true
		}
		if p.To > part.To {
			right := p
			right.From = part.To
			out = append(out, right)
		}
	}
	if !placed {
		out = append(out, part)
	}
	return out
}

// name enters the page or the segment into the parts of the same kind within a stretch.
func name(parts []article.Part, within article.Part, page, segment string) {
	for n := range parts {
		if p := &parts[n]; p.Kind == within.Kind && p.From >= within.From && p.To <= within.To {
			p.Page, p.Segment = page, segment
		}
	}
}

// relations describes the passages of page i with younger pages that no cut explains.
func (f *finder) relations(i int, parts [][]article.Part) []Passage {
	var out []Passage
	for _, v := range f.views[i] {
		if int(v.other) < i || v.equal < relationWords {
			continue
		}
		ps := f.passage(i, v)
		if !MostlyOwn(parts[i], ps.BytesA) || !MostlyOwn(parts[v.other], ps.BytesB) {
			continue
		}
		ps.Kind, ps.Confidence = relation(ps.ContainmentA, ps.ContainmentB), ps.Identity
		ps.Reasons = []string{fmt.Sprintf("%d equal words", v.equal)}
		out = append(out, ps)
	}
	return out
}

// MostlyOwn reports whether at least half of a stretch is main text.
func MostlyOwn(parts []article.Part, stretch article.Part) bool {
	own := 0
	for _, p := range parts {
		if p.Kind == article.Main || p.Kind == article.Title {
			own += max(0, min(p.To, stretch.To)-max(p.From, stretch.From))
		}
	}
	return 2*own >= stretch.To-stretch.From
}

// relation names a passage by what it holds of either page.
func relation(a, b float64) Kind {
	switch {
	case a >= mostlyHeld && b >= mostlyHeld:
		return Copy
	case b >= mostlyHeld:
		return Contains
	case a >= mostlyHeld:
		return Contained
	case a < littleHeld && b < littleHeld:
		return Quote
	}
	return Partial
}
