package cluster

import (
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"sada/cluster/internal/memory"
	"sada/cluster/passage"
	"sada/features/arabic"
	"sada/features/article"
	"sada/features/shingle"
	"sada/features/tfidf"
)

// Page is what is kept of a page: some ten bytes for every word of it, not its text.
type Page struct {
	ID, Source, Title string
	Date              time.Time // zero if unknown
	DayOnly           bool
	DateFrom          string   // where the date is from: article.FromRecord, article.FromText, empty
	Credits           []string // agencies, as the page names them
	Credit            string   // the credit line
	Tags              string
	Repaired          bool // the text was UTF-8 read as Windows-1256

	shared passage.Page
	titled uint64        // hash of the title's words
	terms  []tfidf.Count // of the title
	lead   []tfidf.Term  // of the first words of the text, from the article's beginning on; 0 is no term
	widths []uint16      // letters of the words of lead, as they stand in the text
	first  int           // the word of the text that lead begins with

	counted []tfidf.Count // of an outline

	// long is the memory of what is long: lead, and the lines, words, widths and spans, in this order, which is
	// that of their alignment. It is nil where they were moved.
	long []byte
}

// Bytes returns the length of the page's text.
func (p *Page) Bytes() int { return p.shared.Bytes }

// leadWords is the number of words of the text whose terms are kept: [Vocabulary].Lead, with room
// for what is cut before them.
const leadWords = 256

// Maker makes features. It reuses memory and serves one goroutine.
type Maker struct {
	Stemmer arabic.Stemmer

	text, title arabic.Text
	parser      article.Parser
	stem        []byte
	titled      []tfidf.Count // terms of the title
	long        long
	room        []byte // for what is long in the next pages

	// A collection of garbage looks for the object of every pointer there is: those of many pages are in few.
	pages   []Page
	parts   []article.Part
	names   []byte
	sources map[string]string
}

// long is memory for what is long in a page.
type long struct {
	words  []uint32
	lines  []passage.Line
	spans  shingle.Offsets
	lead   []tfidf.Term
	widths []uint16
}

// term returns the term of a level-1 token of norm, 0 if it is none.
func (m *Maker) term(norm []byte, token arabic.Token) tfidf.Term {
	if from, to, none, ok := m.Stemmer.Inner(norm, int(token.At), int(token.End)); ok {
		id := tfidf.TermIDAt(norm, from, to)
		if none {
			id = 0
		}
		return id
	}
	if m.stem = m.Stemmer.Term(m.stem[:0], norm[token.At:token.End]); len(m.stem) == 0 {
		return 0
	}
	return tfidf.TermID(m.stem)
}

// Make returns the features of a page. They share no memory with the page's text.
func (m *Maker) Make(in *article.Page) *Page {
	fixed, origin, repaired := arabic.Repair(in.Text)
	page := *in
	page.Text = fixed
	if title, _, ok := arabic.Repair(in.Title); ok {
		page.Title = title
	}
	m.text.Set(fixed)
	a := m.parser.Parse(&page, &m.text)
	// What the parser found is a piece of the text, and would keep all of it.
	for i, name := range a.Credits {
		a.Credits[i] = strings.Clone(name)
	}
	p := &roomFor(&m.pages, 1, roomPages)[0]
	*p = Page{ID: m.name(in.ID), Source: m.source(in.Source), Title: m.name(a.Title), Date: a.Date, DayOnly: a.DayOnly, DateFrom: a.DateFrom,
		Credits: a.Credits, Credit: m.name(a.Source), Tags: m.name(a.Tags), Repaired: repaired}
	m.title.Set(a.Title)
	if n := len(m.title.Tokens); n > 0 {
		p.titled = xxh3.Hash(m.title.Norm)
	}

	s := &p.shared
	s.ID, s.Source, s.Bytes = p.ID, p.Source, len(in.Text)
	if !a.Date.IsZero() {
		s.Time, s.Dated = a.Date.Unix(), true
	}
	l := &m.long
	l.words = l.words[:0]
	if !a.Repeats {
		l.words = shingle.Words(l.words, &m.title)
		s.Lead = len(l.words)
	}
	l.words = shingle.Words(l.words, &m.text)
	s.Parts, s.Proposals = roomFor(&m.parts, len(a.Parts), roomParts), a.Proposals
	copy(s.Parts, a.Parts)
	l.lines = l.lines[:0]
	for _, line := range a.Lines {
		l.lines = append(l.lines, passage.Line{Word: s.Lead + line.Token, Byte: line.From})
	}
	m.terms(p, fixed)
	if repaired {
		m.back(s, origin)
	}
	l.spans = shingle.PackOffsets(l.spans[:0], m.text.Tokens)
	m.keep(p)
	return p
}

// Of some dozens of pages each, like roomBytes.
const (
	roomPages   = 64
	roomParts   = 256
	roomNames   = 16 << 10 // bytes
	mostSources = 1 << 12  // a corpus of more has the name of one more than once
)

// roomFor returns n values of the room, which gets that of more values when there is too little.
func roomFor[T any](room *[]T, n, more int) []T {
	if n > len(*room) {
		if n > more/4 {
			return make([]T, n)
		}
		*room = make([]T, more)
	}
	out := (*room)[:n:n]
	*room = (*room)[n:]
	return out
}

// name returns a copy of a string.
func (m *Maker) name(s string) string {
	if s == "" {
		return ""
	}
	b := roomFor(&m.names, len(s), roomNames)
	copy(b, s)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// source returns a copy of the name of an outlet, which hundreds of pages have.
func (m *Maker) source(s string) string {
	name, ok := m.sources[s]
	if !ok {
		name = m.name(s)
		if m.sources == nil || len(m.sources) == mostSources {
			m.sources = make(map[string]string)
		}
		m.sources[name] = name
	}
	return name
}

// roomBytes is the memory that some fifty pages share: each with its own, they would take longer to be
// given it than to fill it.
const roomBytes = 256 << 10

// keep copies what is long to memory that the page keeps.
func (m *Maker) keep(p *Page) {
	l := &m.long
	size := longBytes(len(l.words), len(l.lines), len(l.lead)) + len(l.spans)
	whole := (size + 7) &^ 7 // memory of eights is aligned to eight
	memory := roomFor(&m.room, whole, roomBytes)[:size]
	p.view(memory, len(l.words), len(l.lines), len(l.lead))
	copy(p.lead, l.lead)
	copy(p.shared.Lines, l.lines)
	copy(p.shared.Words, l.words)
	copy(p.widths, l.widths)
	copy(p.shared.Spans, l.spans)
}

// longBytes is the size of what is long without the spans.
func longBytes(words, lines, lead int) int {
	return lead*int(unsafe.Sizeof(tfidf.Term(0))+unsafe.Sizeof(uint16(0))) + lines*int(unsafe.Sizeof(passage.Line{})) + words*int(unsafe.Sizeof(uint32(0)))
}

// view makes memory that of the page. It must be aligned to 8 and have room for as many as are told; the
// rest is spans.
func (p *Page) view(memory []byte, words, lines, lead int) {
	p.long = memory
	p.lead = taken[tfidf.Term](&memory, lead)
	p.shared.Lines = taken[passage.Line](&memory, lines)
	p.shared.Words = taken[uint32](&memory, words)
	p.widths = taken[uint16](&memory, lead)
	p.shared.Spans = memory
}

// taken takes n values without pointers away from the beginning of memory.
func taken[T any](memory *[]byte, n int) []T {
	if n == 0 { // there may be less memory than one takes
		return nil
	}
	out := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(*memory))), n)
	*memory = (*memory)[n*int(unsafe.Sizeof(*new(T))):]
	return out
}

// Move copies what is long in pages to two pieces of memory that texts and terms give, aligned to 8 bytes, with the parts one
// after the other, and lets go of what they had. In the one are the lines, words and spans, by which texts are compared, in
// the other the terms, which only the stories need. They stay there for as long as the pages are used, and are only
// read. The error is that of texts or terms; the pages are then as they were.
func Move(pages []*Page, texts, terms memory.Keep) error {
	var ofText, ofTerms [][]byte
	var padding [8]byte
	for _, p := range pages {
		s := &p.shared
		inText, inTerms := p.moved()
		ofText = append(ofText, memory.Bytes(s.Lines), memory.Bytes(s.Words), s.Spans, padding[:-inText&7])
		ofTerms = append(ofTerms, memory.Bytes(p.terms), memory.Bytes(p.lead), memory.Bytes(p.widths), padding[:-inTerms&7])
	}
	toText, err := texts(ofText...)
	if err != nil {
		return err
	}
	toTerms, err := terms(ofTerms...)
	if err != nil {
		return err
	}
	for _, p := range pages {
		s := &p.shared
		inText, inTerms := p.MoveBytes()
		at := toText
		s.Lines, s.Words = taken[passage.Line](&at, len(s.Lines)), taken[uint32](&at, len(s.Words))
		s.Spans = at[:len(s.Spans):len(s.Spans)]
		at = toTerms
		p.terms, p.lead, p.widths = taken[tfidf.Count](&at, len(p.terms)), taken[tfidf.Term](&at, len(p.lead)), taken[uint16](&at, len(p.widths))
		p.long = nil
		toText, toTerms = toText[inText:], toTerms[inTerms:]
	}
	return nil
}

// moved returns how many bytes [Move] copies of the page to each of both pieces of memory, without padding.
func (p *Page) moved() (texts, terms int) {
	s := &p.shared
	return len(memory.Bytes(s.Lines)) + len(memory.Bytes(s.Words)) + len(s.Spans),
		len(memory.Bytes(p.terms)) + len(memory.Bytes(p.lead)) + len(memory.Bytes(p.widths))
}

// MoveBytes returns how many bytes [Move] takes for the page in each of both pieces of memory.
func (p *Page) MoveBytes() (texts, terms int) {
	texts, terms = p.moved()
	return (texts + 7) &^ 7, (terms + 7) &^ 7
}

// terms takes the terms of the title and of the lead of a text.
func (m *Maker) terms(p *Page, text string) {
	m.titled = m.titled[:0]
	for _, token := range m.title.Tokens {
		if id := m.term(m.title.Norm, token); id != 0 {
			m.titled = append(m.titled, tfidf.Count{Term: id, N: 1})
		}
	}
	p.terms = slices.Clone(tfidf.Fold(m.titled))
	at := 0
	for _, part := range p.shared.Parts {
		if part.Kind == article.Main {
			at = part.From
			break
		}
	}
	for p.first < len(m.text.Tokens) && int(m.text.Tokens[p.first].From) < at {
		p.first++
	}
	tokens := m.text.Tokens[p.first:]
	tokens = tokens[:min(len(tokens), leadWords)]
	l := &m.long
	l.lead, l.widths = l.lead[:0], l.widths[:0]
	for _, token := range tokens {
		l.widths = append(l.widths, uint16(min(letters(text, int(token.From), int(token.To)), math.MaxUint16)))
		l.lead = append(l.lead, m.term(m.text.Norm, token))
	}
}

// letters returns the number of characters of the word text[from:to]. Most words are at most eight letters of two bytes.
func letters(text string, from, to int) int {
	n := to - from
	if n&1 == 0 && n <= 16 && from+16 <= len(text) {
		around := []byte(text[from : from+16])
		low, high := binary.LittleEndian.Uint64(around), binary.LittleEndian.Uint64(around[8:])
		const pairs, fixed = 0x80D880D880D880D8, 0xC0FCC0FCC0FCC0FC // D8..DB and 80..BF
		if (low^pairs)&fixed<<(64-8*min(n, 8))|(high^pairs)&fixed<<(64-8*max(n-8, 0)) == 0 {
			return n / 2
		}
	}
	return utf8.RuneCountInString(text[from:to])
}

// back moves all offsets from the repaired text to the text as it was.
func (m *Maker) back(s *passage.Page, origin []uint32) {
	tokens := m.text.Tokens
	for i := range tokens {
		tokens[i].From, tokens[i].To = origin[tokens[i].From], origin[tokens[i].To]
	}
	for i := range s.Parts {
		s.Parts[i].From, s.Parts[i].To = int(origin[s.Parts[i].From]), int(origin[s.Parts[i].To])
	}
	for i := range m.long.lines {
		l := &m.long.lines[i]
		l.Byte = int(origin[l.Byte])
	}
	for i := range s.Proposals {
		q := &s.Proposals[i]
		for _, at := range []*int{&q.From, &q.To, &q.MarkerFrom, &q.MarkerTo, &q.TitleFrom, &q.TitleTo} {
			*at = int(origin[*at])
		}
	}
}

// Surfaces returns, for every term of the pages' titles, the spelling in which it stands there most
// often, ties by bytes. The stemmer must be that of the pages' Maker.
func Surfaces(pages []*Page, stemmer arabic.Stemmer) map[tfidf.Term]string {
	return CountSpellings(pages, stemmer, 1).Surfaces()
}

// Spellings counts how the terms of titles are spelled.
type Spellings struct {
	stemmer arabic.Stemmer
	all     []Spelling
	seen    map[uint64]int32 // spellings by a hash, as long as that of a term, of what the term and the form are made from; -1 is no term
	text    arabic.Text
	stem    []byte
}

// Spelling is a term as it stands in titles N times.
type Spelling struct {
	Term tfidf.Term
	Form string
	N    int
}

// NewSpellings returns counts of no title. The stemmer must be that of the pages' Maker.
func NewSpellings(stemmer arabic.Stemmer) *Spellings {
	return &Spellings{stemmer: stemmer, seen: make(map[uint64]int32)}
}

// CountSpellings counts the titles of pages. The stemmer must be that of their Maker.
func CountSpellings(pages []*Page, stemmer arabic.Stemmer, workers int) *Spellings {
	parts := make([]*Spellings, max(workers, 1))
	var group errgroup.Group
	for n := range parts {
		group.Go(func() error {
			parts[n] = NewSpellings(stemmer)
			parts[n].Add(pages[n*len(pages)/len(parts):(n+1)*len(pages)/len(parts)], 1)
			return nil
		})
	}
	_ = group.Wait() // no goroutine returns an error
	for _, part := range parts[1:] {
		parts[0].merge(part)
	}
	return parts[0]
}

// merge adds what was counted elsewhere.
func (s *Spellings) merge(other *Spellings) {
	for key, there := range other.seen { // in any order: the places of spellings do not matter
		at, ok := s.seen[key]
		switch {
		case !ok && there >= 0:
			s.seen[key] = int32(len(s.all))
			s.all = append(s.all, other.all[there])
		case !ok:
			s.seen[key] = there
		case at >= 0:
			s.all[at].N += other.all[there].N
		}
	}
}

// Add counts every title of the pages n times; with -1 it takes back what was counted once.
func (s *Spellings) Add(pages []*Page, n int) {
	for _, p := range pages {
		s.text.Set(p.Title)
		for _, token := range s.text.Tokens {
			form := p.Title[token.From:token.To]
			key := xxh3.HashStringSeed(form, uint64(tfidf.TermIDAt(s.text.Norm, int(token.At), int(token.End))))
			at, ok := s.seen[key]
			if !ok {
				at = -1
				if s.stem = s.stemmer.Term(s.stem[:0], s.text.Norm[token.At:token.End]); len(s.stem) > 0 {
					at = int32(len(s.all))
					s.all = append(s.all, Spelling{Term: tfidf.TermID(s.stem), Form: form})
				}
				s.seen[key] = at
			}
			if at >= 0 {
				s.all[at].N += n
			}
		}
	}
}

// All gives every spelling that was counted, in the order of terms and then of bytes.
func (s *Spellings) All() iter.Seq[Spelling] {
	all := slices.DeleteFunc(slices.Clone(s.all), func(s Spelling) bool { return s.N == 0 })
	slices.SortFunc(all, func(a, b Spelling) int { return cmp.Or(cmp.Compare(a.Term, b.Term), strings.Compare(a.Form, b.Form)) })
	return func(yield func(Spelling) bool) {
		for i := 0; i < len(all); {
			one := all[i]
			for i++; i < len(all) && all[i].Term == one.Term && all[i].Form == one.Form; i++ { // normalised otherwise
				one.N += all[i].N
			}
			if !yield(one) {
				return
			}
		}
	}
}

// Surfaces returns, for every term, the spelling that was counted most often, ties by bytes.
func (s *Spellings) Surfaces() map[tfidf.Term]string {
	out := make(map[tfidf.Term]string)
	most := 0
	for s := range s.All() {
		if best, ok := out[s.Term]; !ok || s.N > most || s.N == most && s.Form < best {
			out[s.Term], most = s.Form, s.N
		}
	}
	return out
}
