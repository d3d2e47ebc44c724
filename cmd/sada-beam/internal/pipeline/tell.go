package pipeline

import (
	"context"
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/story"
	"sada/cmd/internal/publish"
	"sada/features/tfidf"
)

// told is the stories.
type told struct {
	assigned beam.PCollection // by page: assigned
	rows     beam.PCollection
}

// assigned is the story of a page.
type assigned struct {
	Story, Next        string
	Confidence, Margin float64
}

// copyGroup is a copy group, whose number is that of its first page.
type copyGroup struct {
	ID              string
	Pages           []groupPage // in canonical order
	Original, Title string      // ID and title of the original
	Time            int64
	Dated           bool
}

type groupPage struct {
	Number     int64
	ID, Source string
	Date       time.Time
}

type (
	outlineOf   struct{} // what the stories need of a page: by its copy group, or as its copy group if it is alone
	gatherGroup struct{} // a copy group, its words, and what the census counts of it
	spell       struct { // the terms of a copy group
		O sealed
		s settings
	}
	templates   struct{} // links of templates, by their first page
	firstGroup  struct{}
	secondGroup struct{} // pairs of copy groups that must not be in one story
	summarize   struct { // what the manifest says of the stories
		O     sealed
		s     settings
		heavy held[map[int64]int64]
		stats held[map[int64]int64]
	}
)

func init() {
	beam.RegisterType(reflect.TypeFor[outlineOf]())
	beam.RegisterType(reflect.TypeFor[gatherGroup]())
	beam.RegisterType(reflect.TypeFor[spell]())
	beam.RegisterType(reflect.TypeFor[templates]())
	beam.RegisterType(reflect.TypeFor[firstGroup]())
	beam.RegisterType(reflect.TypeFor[secondGroup]())
	beam.RegisterType(reflect.TypeFor[summarize]())
}

// The numbers that are counted for the manifest.
const (
	templatePairs = iota
	storyCandidates
	storyLinks
	skippedPostings
)

// tell makes the stories of copy groups, which have the numbers of their first pages.
func tell(s beam.Scope, outlines, roles, links beam.PCollection, o Options) told {
	so := s.Scope("weigh")
	byGroup, groups, words, blocks, counted := beam.ParDo5(so, &outlineOf{}, join(so, "outlineOf", outlines, roles))
	groups2, words2, blocks2, counted2 := beam.ParDo4(so, &gatherGroup{}, join(so, "gatherGroup", byGroup))
	groups, words = beam.Flatten(so, groups, groups2), beam.Flatten(so, words, words2)
	blocks, counted = beam.Flatten(so, blocks, blocks2), beam.Flatten(so, counted, counted2)
	census := gather(so, beam.ParDo(so, &number{}, beam.CombinePerKey(so, add, counted)))
	docs := beam.ParDo(so, &spell{O: seal(o)}, words, beam.SideInput{Input: census})
	terms := frequencies(so, docs, o)
	nodes, solo, lengths := beam.ParDo3(so, &weighDoc{O: seal(o)}, terms.docs, beam.SideInput{Input: terms.heavy}, beam.SideInput{Input: census})
	level := threshold(s.Scope("threshold"), nodes, blocks, lengths, census, o)
	known := []beam.Option{beam.SideInput{Input: census}, beam.SideInput{Input: level}}

	st := s.Scope("templates")
	half, paired := beam.ParDo2(st, &templates{}, links)
	half = beam.ParDo(st, &firstGroup{}, join(st, "firstGroup", half, roles))
	never := beam.ParDo(st, &secondGroup{}, join(st, "secondGroup", half, roles))

	sl := s.Scope("near")
	near, compared := resemble(sl, nodes, known, o)
	near = beam.ParDo(sl, &agree{Support: o.Cluster.Story.Support > 0}, join(sl, "agree", near, never))

	of := partition(s.Scope("partition"), groups, near, never, known, o)
	out := describeStories(s.Scope("describe"), groups, solo, words, of, known, o)

	sr := s.Scope("terms")
	spelled := beam.ParDo(sr, &spellings{Stemmer: o.Stemmer}, outlines)
	named, rows := beam.ParDo2(sr, &termRow{}, join(sr, "termRow", terms.all, spelled, out.labels))
	stories := beam.ParDo(sr, &storyRow{o.RowsPerShard}, join(sr, "storyRow", out.told, out.suggested, named))

	stats := gather(s, beam.ParDo(s, &number{}, beam.CombinePerKey(s, add, beam.Flatten(s, paired, compared))))
	sum := beam.ParDo(s, &summarize{O: seal(o)}, beam.Impulse(s), beam.SideInput{Input: census}, beam.SideInput{Input: level},
		beam.SideInput{Input: terms.heavy}, beam.SideInput{Input: stats})
	return told{out.assigned, beam.Flatten(s, of.rows, out.rows, rows, stories, sum)}
}

func (*outlineOf) ProcessElement(number int64, outlines, roles func(*[]byte) bool, emit, groups, words func(int64, []byte), blocks, counted func(int64, int64)) {
	o, ok := one[outline](outlines)
	r, found := one[role](roles)
	if !ok || !found {
		return
	}
	o.Number, o.CopyID, o.Original = number, r.ID, r.Role != publish.RoleCopy
	if r.Pages == 1 {
		groupOf(number, []outline{o}, groups, words, blocks, counted)
		return
	}
	if !o.Original {
		o.Title, o.Counts = "", nil // a group counts once
	}
	emit(r.Group, pack(o))
}

// doc is a text whose terms are weighed.
type doc struct {
	Time  int64
	Dated bool
	Title string
	Terms []tfidf.Count
	Words []tfidf.Count // of its terms; nil if all are words
}

func (*gatherGroup) ProcessElement(number int64, values func(*[]byte) bool, groups, words func(int64, []byte), blocks, counted func(int64, int64)) {
	os := all[outline](values)
	slices.SortFunc(os, func(a, b outline) int { return int(a.Number - b.Number) })
	groupOf(number, os, groups, words, blocks, counted)
}

// groupOf emits the copy group of pages, ascending.
func groupOf(number int64, os []outline, groups, words func(int64, []byte), blocks, counted func(int64, int64)) {
	g := copyGroup{ID: os[0].CopyID}
	// In canonical order a page with a date is before those without, the earliest first.
	if first := os[0].Date; !first.IsZero() {
		g.Time, g.Dated = first.Unix(), true
	}
	for _, o := range os {
		g.Pages = append(g.Pages, groupPage{o.Number, o.ID, o.Source, o.Date})
		if o.Original {
			g.Original, g.Title = o.ID, o.Title
			words(number, pack(doc{Time: g.Time, Dated: g.Dated, Title: o.Title, Terms: o.Counts}))
			counted(countedWords, int64(len(o.Counts)))
		}
	}
	groups(number, pack(g))
	blocks(number>>blockBits, number)
	counted(number>>blockBits<<countedBits|countedBlocks, 1)
	if g.Dated {
		counted(story.HourOf(g.Time)<<countedBits|countedHours, 1)
	}
}

// census is what the stories depend on besides texts and links: a few numbers for every hour and for every
// block of pages.
type census struct {
	words  int
	survey story.Survey    // without terms
	blocks map[int64]int64 // of every block: how many copy groups come before it
}

// The keys of a census: a kind, and above it a number.
const (
	countedBits  = 2
	countedHours = iota - 1
	countedWords
	countedBlocks

	blockBits = 14
)

func censusOf(entries []entry) census {
	c := census{blocks: make(map[int64]int64)}
	for _, e := range entries { // ascending
		n := e.uvarint()
		switch key := e.Key >> countedBits; e.Key & (1<<countedBits - 1) {
		case countedHours:
			c.survey.Hours = append(c.survey.Hours, story.Hour{Hour: key, Nodes: n})
			c.survey.Dated += int(n)
		case countedWords:
			c.words = int(n)
		case countedBlocks:
			c.blocks[key] = int64(c.survey.Nodes)
			c.survey.Nodes += int(n)
		}
	}
	return c
}

// settings are the options that the stories are made with, as far as the tables that a worker has tell.
type settings struct {
	opened     bool
	o          Options
	census     held[census]
	level      held[float64]
	vocabulary cluster.Vocabulary
	story      story.Options
	windows    windows
	of         [2]string
}

// take takes the tables and says whether any is another than before. Without a level, the threshold is that of the options.
func (s *settings) take(o sealed, census, level string) {
	if s.opened && s.of == [2]string{census, level} {
		return
	}
	s.o, s.opened, s.of = o.open(), true, [2]string{census, level}
	c := s.census.get(census, censusOf)
	s.story = s.o.Cluster.Story
	var chance float64
	s.vocabulary, chance = s.o.Cluster.Vocabulary.For(c.words, c.survey.Nodes)
	if s.story.Chance == 0 {
		s.story.Chance = chance
	}
	if level == "" {
		return
	}
	if s.story.Threshold == 0 {
		s.story = s.story.At(s.level.get(level, func(entries []entry) float64 {
			if len(entries) == 0 { // there are no two texts
				return story.Survey{}.Threshold(nil, nil, s.story)
			}
			return math.Float64frombits(binary.LittleEndian.Uint64(entries[0].Value))
		}))
	}
	s.windows = newWindows(c.survey, s.story, s.o.PerWindow)
}

func (p *spell) ProcessElement(number int64, b []byte, census string, emit func(int64, []byte)) {
	p.s.take(p.O, census, "")
	d := unpack[doc](b)
	if p.s.vocabulary.Letters != 0 {
		d.Words = d.Terms
		d.Terms = cluster.Outline("", "", d.Title, time.Time{}, false, d.Words).Terms(nil, p.s.vocabulary)
	}
	d.Title = ""
	emit(number, pack(d))
}

// pairedLink is a pair of pages of which the copy group of the first is known.
type pairedLink struct{ First, Second int64 }

func (*templates) ProcessElement(_ int64, b []byte, emit func(int64, []byte), counted func(int64, int64)) {
	if l := unpack[linkRow](b).Link; l.Kind == copies.Template {
		emit(int64(l.A), pack(pairedLink{Second: int64(l.B)}))
		counted(templatePairs, 1)
	}
}

func (*firstGroup) ProcessElement(_ int64, links, roles func(*[]byte) bool, emit func(int64, []byte)) {
	r, ok := one[role](roles)
	if !ok {
		return
	}
	for b := []byte(nil); links(&b); b = nil {
		l := unpack[pairedLink](b)
		l.First = r.Group
		emit(l.Second, pack(l))
	}
}

func (*secondGroup) ProcessElement(_ int64, links, roles func(*[]byte) bool, emit func(int64, []byte)) {
	r, ok := one[role](roles)
	if !ok {
		return
	}
	for b := []byte(nil); links(&b); b = nil {
		if first := unpack[pairedLink](b).First; first != r.Group {
			emit(both(uint32(min(first, r.Group)), uint32(max(first, r.Group))), []byte{barred})
		}
	}
}

// summary is what the manifest says of the stories.
type summary struct {
	Threshold, Floor float64
	Letters, Docs    int
	Counts           map[string]int64
	Unmet            []publish.Unmet
}

func (m *summarize) ProcessElement(_ context.Context, _ []byte, census, level, heavy, stats string, emit func(string, []byte)) {
	m.s.take(m.O, census, level)
	n := m.stats.get(stats, numbers)
	emit("summary-0", newRow("", summary{
		Threshold: m.s.story.Threshold, Floor: m.s.story.Floor, Letters: m.s.vocabulary.Letters, Docs: int(m.heavy.get(heavy, numbers)[everyDoc]),
		Counts: map[string]int64{"template_pairs": n[templatePairs], "story_candidates": n[storyCandidates],
			"story_links": n[storyLinks], "story_skipped_postings": n[skippedPostings]},
	}))
}
