package passage

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sada/features/arabic"
	"sada/features/article"
	"sada/features/shingle"
)

// letters are those that normalisation leaves as they are.
var letters = []rune("بتثجحخدذرزسشصضطظعغفقكلمن")

// writer writes articles of words that mean nothing. Two writers of one seed write the same.
type writer struct{ r *rand.Rand }

func newWriter(seed uint64) writer { return writer{rand.New(rand.NewPCG(seed, 17))} }

// words writes n words out of a vocabulary of some 300,000.
func (w writer) words(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = w.word()
	}
	return out
}

func (w writer) word() string {
	var b strings.Builder
	for range 4 {
		b.WriteRune(letters[w.r.IntN(len(letters))])
	}
	return b.String()
}

// about writes n words, half of them out of a few, the subject.
func (w writer) about(subject []string, n int) []string {
	out := w.words(n)
	for i := range out {
		if w.r.IntN(2) == 0 {
			out[i] = subject[w.r.IntN(len(subject))]
		}
	}
	return out
}

// edit drops, replaces or adds a word at a share of the places.
func (w writer) edit(words []string, share float64) []string {
	var out []string
	for _, word := range words {
		if w.r.Float64() >= share {
			out = append(out, word)
			continue
		}
		switch w.r.IntN(3) {
		case 0:
			out = append(out, w.word())
		case 1:
			out = append(out, word, w.word())
		}
	}
	return out
}

// paragraphs joins words into lines of 40 that end with a full stop, each line with its break.
func paragraphs(words []string) string {
	var b strings.Builder
	for p := range slices.Chunk(words, 40) {
		b.WriteString(strings.Join(p, " "))
		b.WriteString(".\n")
	}
	return b.String()
}

func line(words []string) string { return strings.Join(words, " ") + "\n" }

// day0 is the day of pages whose builder names none.
var day0 = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// raw is a page before it is parsed. day counts from day0; -1 is undated.
type raw struct {
	id, source  string
	day         int
	title, text string
}

// parse makes the page, as package cluster does.
func (r raw) parse(text *arabic.Text, parser *article.Parser) Page {
	in := article.Page{ID: r.id, Source: r.source, Title: r.title, Text: r.text}
	if r.day >= 0 {
		in.PublishedAt = day0.AddDate(0, 0, r.day)
	}
	text.Set(r.text)
	a := parser.Parse(&in, text)
	p := Page{ID: r.id, Source: r.source, Bytes: len(r.text), Parts: a.Parts, Proposals: a.Proposals, Spans: shingle.PackOffsets(nil, text.Tokens)}
	if !a.Date.IsZero() {
		p.Time, p.Dated = a.Date.Unix(), true
	}
	if !a.Repeats {
		var title arabic.Text
		title.Set(a.Title)
		p.Words = shingle.Words(nil, &title)
		p.Lead = len(p.Words)
	}
	p.Words = shingle.Words(p.Words, text)
	for _, l := range a.Lines {
		p.Lines = append(p.Lines, Line{Word: p.Lead + l.Token, Byte: l.From})
	}
	return p
}

// corpus is pages in canonical order.
type corpus struct {
	raw   []raw
	pages []Page
}

func newCorpus(rs ...raw) *corpus {
	type both struct {
		raw
		page Page
	}
	var text arabic.Text
	var parser article.Parser
	var all []both
	for _, r := range rs {
		all = append(all, both{r, r.parse(&text, &parser)})
	}
	slices.SortFunc(all, func(a, b both) int {
		if a.page.Dated != b.page.Dated {
			if b.page.Dated {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.page.Time, b.page.Time), cmp.Compare(a.id, b.id))
	})
	c := &corpus{}
	for _, p := range all {
		c.raw, c.pages = append(c.raw, p.raw), append(c.pages, p.page)
	}
	return c
}

func (c *corpus) find() found { return found{c, find(c.pages, Options{})} }

// find is [Find] where nothing can fail: with ordinary memory, or that of the options.
func find(pages []Page, opt Options) Result {
	all := make([]*Page, len(pages))
	for i := range pages {
		all[i] = &pages[i]
	}
	res, err := Find(all, opt)
	if err != nil {
		panic(err)
	}
	return res
}

func (c *corpus) index(id string) int {
	return slices.IndexFunc(c.raw, func(r raw) bool { return r.id == id })
}

// found is a Result that is asked by page IDs.
type found struct {
	*corpus
	Result
}

// of returns the passages of a page as A.
func (f found) of(id string) []Passage {
	var out []Passage
	for _, p := range f.Passages {
		if p.A == f.index(id) {
			out = append(out, p)
		}
	}
	return out
}

// one returns the only passage of a kind that a page has as A.
func (f found) one(t *testing.T, id string, kind Kind) Passage {
	t.Helper()
	var out []Passage
	for _, p := range f.of(id) {
		if p.Kind == kind {
			out = append(out, p)
		}
	}
	if len(out) != 1 {
		t.Fatalf("page %s has %d passages of kind %s, want 1; all: %s", id, len(out), kind, f.describe(id))
	}
	return out[0]
}

func (f found) describe(id string) string {
	var b strings.Builder
	for _, p := range f.of(id) {
		fmt.Fprintf(&b, "\n%s B=%d cut=%v [%d,%d) held %.2f/%.2f hosts %d %q", p.Kind, p.B, p.Cut, p.BytesA.From, p.BytesA.To, p.ContainmentA, p.ContainmentB, p.Hosts, p.Reasons)
	}
	return b.String()
}

// text returns the text of a page's parts of one kind.
func (f found) text(id string, kind article.Kind) string {
	var b strings.Builder
	i := f.index(id)
	for _, p := range f.Parts[i] {
		if p.Kind == kind {
			b.WriteString(f.raw[i].text[p.From:p.To])
		}
	}
	return b.String()
}

// check fails on everything that no result may have.
func (f found) check(t interface {
	Helper()
	Fatalf(string, ...any)
}) {
	t.Helper()
	boundary := func(text string, at int) bool {
		return at == len(text) || at >= 0 && at < len(text) && utf8.RuneStart(text[at])
	}
	for i, parts := range f.Parts {
		text, at := f.raw[i].text, 0
		for _, p := range parts {
			if p.From != at || p.To <= p.From || p.To > len(text) || !boundary(text, p.To) {
				t.Fatalf("page %s: parts do not cover the text in order: %+v", f.raw[i].id, parts)
			}
			at = p.To
		}
		if at != len(text) {
			t.Fatalf("page %s: parts end at byte %d of %d: %+v", f.raw[i].id, at, len(text), parts)
		}
	}
	in := func(page int, p article.Part, words Range) bool {
		text := f.raw[page].text
		return p.From >= 0 && p.From <= p.To && p.To <= len(text) && boundary(text, p.From) && boundary(text, p.To) &&
			words.From >= 0 && words.From <= words.To && words.To <= len(f.pages[page].Words)
	}
	cut := make([][]article.Part, len(f.pages))
	for _, p := range f.Passages {
		if !in(p.A, p.BytesA, p.WordsA) || !in(p.A, p.Marker, p.WordsA) || !in(p.A, p.Title, p.WordsA) {
			t.Fatalf("page %s: spans outside the page or a rune: %+v", f.raw[p.A].id, p)
		}
		if p.B >= 0 && !in(p.B, p.BytesB, p.WordsB) {
			t.Fatalf("page %s: spans outside the page or a rune: %+v", f.raw[p.B].id, p)
		}
		if p.B < -1 || p.B == -1 && (p.BytesB != article.Part{} || p.WordsB != Range{}) {
			t.Fatalf("no page B, but a place in it: %+v", p)
		}
		for _, share := range []float64{p.ContainmentA, p.ContainmentB, p.Identity, p.Confidence} {
			if !(share >= 0 && share <= 1) {
				t.Fatalf("a share is outside [0, 1]: %+v", p)
			}
		}
		if !p.Cut {
			continue
		}
		if p.BytesA.From >= p.BytesA.To {
			t.Fatalf("page %s: nothing is cut: %+v", f.raw[p.A].id, p)
		}
		for _, q := range cut[p.A] {
			if q.From < p.BytesA.To && p.BytesA.From < q.To {
				t.Fatalf("page %s: two cuts overlap: %+v and %+v", f.raw[p.A].id, q, p.BytesA)
			}
		}
		cut[p.A] = append(cut[p.A], p.BytesA)
		for _, part := range f.Parts[p.A] {
			if part.Kind == article.Main && part.From < p.BytesA.To && p.BytesA.From < part.To {
				t.Fatalf("page %s: [%d, %d) is main text inside the cut %+v", f.raw[p.A].id, part.From, part.To, p)
			}
		}
	}
	for n, p := range f.Pairs {
		if p.A >= p.B || n > 0 && cmp.Or(cmp.Compare(f.Pairs[n-1].A, p.A), cmp.Compare(f.Pairs[n-1].B, p.B)) >= 0 {
			t.Fatalf("pair %d is out of order: %d and %d", n, p.A, p.B)
		}
		for _, a := range p.Passages {
			if a.Equal > min(a.A.Len(), a.B.Len()) {
				t.Fatalf("more equal words than words: %+v", a)
			}
		}
	}
}
