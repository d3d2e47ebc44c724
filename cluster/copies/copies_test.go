package copies

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sada/features/shingle"
)

const (
	hour = int64(3600)
	day  = 24 * hour

	// limit is the longest time between two pages of one day.
	limit = 36 * hour
)

// word returns the n-th of the words that are no numbers, number the n-th number.
func word(n int) uint32   { return uint32(n+1) << 1 }
func number(n int) uint32 { return uint32(n+1)<<1 | 1 }

// series returns the words from, from+1, ..., to-1: a text of which every shingle is different.
func series(from, to int) []uint32 {
	var out []uint32
	for n := from; n < to; n++ {
		out = append(out, word(n))
	}
	return out
}

// plain makes pages of texts, all of one day.
func plain(texts ...[]uint32) []Page {
	var out []Page
	for _, words := range texts {
		out = append(out, Page{Words: words, Time: 10 * day, Dated: true})
	}
	return out
}

func at(p Page, time int64) Page { p.Time, p.Dated = time, true; return p }

func TestSame(t *testing.T) {
	long, other := series(0, 10), series(5, 15)
	short := series(0, 9) // seven shingles
	week := 7 * day
	for _, c := range []struct {
		name  string
		pages []Page
		want  []Candidate
	}{
		{"nothing", nil, nil},
		{"different", []Page{{Words: long}, {Words: other}}, nil},
		{"equal", []Page{{Words: long}, {Words: other}, {Words: long}, {Words: long}},
			[]Candidate{{A: 0, B: 2, Via: ViaExact}, {A: 0, B: 3, Via: ViaExact}}},
		{"two groups in order", []Page{{Words: long}, {Words: other}, {Words: other}, {Words: long}},
			[]Candidate{{A: 0, B: 3, Via: ViaExact}, {A: 1, B: 2, Via: ViaExact}}},
		{"a prefix", []Page{{Words: long}, {Words: append(slices.Clone(long), 2)}}, nil},
		{"long pages need no title", []Page{{Words: long, Title: 1}, {Words: long, Title: 2}}, []Candidate{{A: 0, B: 1, Via: ViaExact}}},
		{"long pages may be of another week", []Page{at(Page{Words: long}, 0), at(Page{Words: long}, week)}, []Candidate{{A: 0, B: 1, Via: ViaExact}}},
		{"short with one title", []Page{{Words: short, Title: 1}, {Words: short, Title: 1}}, []Candidate{{A: 0, B: 1, Via: ViaTitle}}},
		{"short with two titles", []Page{{Words: short, Title: 1}, {Words: short, Title: 2}}, nil},
		{"short without titles", []Page{{Words: short}, {Words: short}}, []Candidate{{A: 0, B: 1, Via: ViaTitle}}},
		{"short, a title missing", []Page{{Words: short, Title: 1}, {Words: short}}, nil},
		{"short, 36 hours", []Page{at(Page{Words: short}, 0), at(Page{Words: short}, limit)}, []Candidate{{A: 0, B: 1, Via: ViaTitle}}},
		{"short, more than 36 hours", []Page{at(Page{Words: short}, 0), at(Page{Words: short}, limit+1)}, nil},
		{"short, one without a date", []Page{at(Page{Words: short}, week), {Words: short}}, []Candidate{{A: 0, B: 1, Via: ViaTitle}}},
		{"a rubric of two weeks", []Page{at(Page{Words: short}, 0), at(Page{Words: short}, hour), at(Page{Words: short}, week), at(Page{Words: short}, week+hour)},
			[]Candidate{{A: 0, B: 1, Via: ViaTitle}, {A: 2, B: 3, Via: ViaTitle}}},
		{"no words, no title", []Page{{}, {}}, nil},
		{"no words, one title", []Page{{Title: 1}, {Title: 1}}, []Candidate{{A: 0, B: 1, Via: ViaTitle}}},
		{"no words, two titles", []Page{{Title: 1}, {Title: 2}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Same(c.pages, 2)); d != "" {
				t.Error(d)
			}
		})
	}
}

// none is what kind says of a pair without a link.
const none Kind = "none"

// kind verifies the pair of the first two pages.
func kind(pages []Page, c Candidate) Kind {
	c.B = 1
	if c.Via == "" {
		c.Via = ViaPassage
	}
	links := Verify(pages, []Candidate{c}, 1)
	if len(links) == 0 {
		return none
	}
	return links[0].Kind
}

func TestVerify(t *testing.T) {
	// shared makes two texts of n shingles that have k of them in common.
	shared := func(n, m, k int) []Page {
		return plain(series(0, n+2), append(series(0, k+2), series(1000, 1000+m-k)...))
	}
	later := func(pages []Page, seconds int64) []Page {
		pages[1].Time += seconds
		return pages
	}
	// Two texts of a hundred words each and nothing in common: only what is said to be aligned counts.
	foreign := func() []Page { return plain(series(0, 100), series(1000, 1100)) }
	for _, c := range []struct {
		name  string
		pages []Page
		c     Candidate
		want  Kind
	}{
		{"equal, by words", foreign(), Candidate{Via: ViaExact}, Exact},
		{"equal, by title", foreign(), Candidate{Via: ViaTitle}, Exact},
		{"nothing in common", foreign(), Candidate{}, none},
		{"half of the shingles", shared(30, 30, 20), Candidate{}, Copy},
		{"half of the shingles, by LSH", shared(30, 30, 20), Candidate{Via: ViaLSH}, Copy},
		{"half of many shingles", shared(300, 300, 200), Candidate{}, Copy},
		{"one shingle less", shared(300, 300, 199), Candidate{}, none},
		{"eight shingles", shared(8, 8, 8), Candidate{}, Copy},
		{"seven shingles", shared(7, 7, 7), Candidate{}, none},
		{"seven shingles and many", shared(7, 100, 7), Candidate{}, none},
		{"no words", plain(nil, nil), Candidate{}, none},
		{"no words and many", plain(nil, series(0, 50)), Candidate{}, none},

		{"70 % of the shingles of one", shared(20, 30, 14), Candidate{}, Contains},
		{"one shingle less of one", shared(20, 30, 13), Candidate{}, none},
		{"70 % of the shingles of the other", shared(30, 20, 14), Candidate{}, Contains},
		{"10 of 16 words", shared(8, 14, 8), Candidate{}, Copy},
		{"10 of 17 words", shared(8, 15, 8), Candidate{}, Contains},
		{"a brief with half of all shingles", shared(10, 20, 10), Candidate{}, Contains},

		{"three quarters aligned", foreign(), Candidate{CoverA: 75, CoverB: 75, Equal: 45}, Copy},
		{"less of A aligned", foreign(), Candidate{CoverA: 74, CoverB: 75, Equal: 45}, none},
		{"less of B aligned", foreign(), Candidate{CoverA: 75, CoverB: 74, Equal: 45}, none},
		{"less equal", foreign(), Candidate{CoverA: 75, CoverB: 75, Equal: 44}, none},
		{"80 % of A aligned", foreign(), Candidate{CoverA: 80, CoverB: 70, Equal: 50}, Contains},
		{"80 % of B aligned", foreign(), Candidate{CoverA: 70, CoverB: 80, Equal: 50}, Contains},
		{"80 % aligned, half not equal", foreign(), Candidate{CoverA: 80, CoverB: 70, Equal: 49}, none},
		{"79 % aligned", foreign(), Candidate{CoverA: 79, CoverB: 70, Equal: 70}, none},

		{"copies by shingles, a week apart", later(shared(30, 30, 20), 7*day), Candidate{}, Copy},
		{"copies by alignment, 36 hours apart", later(foreign(), limit), Candidate{CoverA: 75, CoverB: 75, Equal: 45}, Copy},
		{"copies by alignment, further apart", later(foreign(), limit+1), Candidate{CoverA: 75, CoverB: 75, Equal: 45}, Template},
		{"contained, a week apart", later(shared(20, 30, 14), 7*day), Candidate{}, Contains},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := kind(c.pages, c.c); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestVerifyMeasures(t *testing.T) {
	pages := plain(series(0, 22), append(series(0, 17), series(100, 115)...)) // 20 and 30 shingles, 15 of them shared
	got := Verify(pages, []Candidate{{A: 0, B: 1, Via: ViaPassage, CoverA: 11, CoverB: 40, Equal: 11}}, 1)
	want := []Link{{A: 0, B: 1, Kind: Contains, Jaccard: 15. / 35, ContainmentA: 15. / 20, ContainmentB: 15. / 30, CoverA: .5, CoverB: 1, Via: ViaPassage}}
	if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); d != "" {
		t.Error(d)
	}
}

// frame is a text of n words with numbers between them, all in pairs so that a new one breaks few
// shingles, of which the first changed are the page's own.
func frame(n, numbers, changed, own int) []uint32 {
	text := series(0, n)
	for i := range numbers {
		if i < changed {
			text = append(text, number(1000*(own+1)+i))
		} else {
			text = append(text, number(i))
		}
	}
	return text
}

func TestTemplate(t *testing.T) {
	for _, c := range []struct {
		name             string
		numbers, changed int
		seconds          int64
		want             Kind
	}{
		{"no numbers", 0, 0, 0, Copy},
		{"no numbers, a week apart", 0, 0, 7 * day, Copy},
		{"nothing changed", 10, 0, 0, Copy},
		{"three of ten", 10, 3, 0, Copy},
		{"30 of 100", 100, 30, 0, Copy},
		{"31 of 100", 100, 31, 0, Template},
		{"four of ten", 10, 4, 0, Template},
		{"all of ten", 10, 10, 0, Template},
		{"one of ten, a day apart", 10, 1, limit + 1, Copy},
		{"one of five, a day apart", 5, 1, limit + 1, Template},
		{"one of six, a day apart", 6, 1, limit + 1, Copy},
		{"10 of 100, a day apart", 100, 10, limit + 1, Copy},
		{"11 of 100, a day apart", 100, 11, limit + 1, Template},
		{"two of ten, 36 hours apart", 10, 2, limit, Copy},
		{"two of ten, a day apart", 10, 2, limit + 1, Template},
		{"two of ten, a day before", 10, 2, -limit - 1, Template},
		// A toll that was corrected is an edit, a price of the day is not.
		{"the only number", 1, 1, 0, Copy},
		{"both numbers", 2, 2, 0, Copy},
		{"all of three", 3, 3, 0, Template},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages := plain(frame(60, c.numbers, c.changed, 0), frame(60, c.numbers, c.changed, 1))
			pages[1].Time += c.seconds
			if got := kind(pages, Candidate{}); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestTemplateBySlots(t *testing.T) {
	// put writes a name into the frame as often as it says.
	put := func(name uint32, times int) []uint32 {
		text := series(0, 60)
		for i := range times {
			text = slices.Insert(text, 20*(i+1), name)
		}
		return text
	}
	for _, c := range []struct {
		name    string
		a, b    int
		seconds int64
		want    Kind
	}{
		{"twice each, another day", 2, 2, 3 * day, Template},
		{"twice each, the same day", 2, 2, hour, Copy},
		{"once and twice", 1, 2, 3 * day, Copy},
		{"twice and once", 2, 1, 3 * day, Copy},
		{"once each", 1, 1, 3 * day, Copy},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages := plain(put(word(500), c.a), put(word(501), c.b))
			pages[1].Time += c.seconds
			if got := kind(pages, Candidate{}); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	t.Run("verbatim reprint a month later", func(t *testing.T) {
		pages := plain(frame(60, 10, 0, 0), frame(60, 10, 0, 0))
		pages[1].Time += 30 * day
		for _, via := range []Via{ViaPassage, ViaLSH} {
			if got := kind(pages, Candidate{Via: via}); got != Copy {
				t.Errorf("via %s: got %s", via, got)
			}
		}
		if links := Verify(pages, Same(pages, 2), 1); len(links) != 1 || links[0].Kind != Exact {
			t.Errorf("got %+v, want an exact link", links)
		}
	})
}

// news writes a text of n words in the proportions of a language: the r-th word is about 1/r as
// frequent as the first. One word in numbers is a number.
func news(r *rand.Rand, n, numbers int) []uint32 {
	words := rand.NewZipf(r, 1.1, 3, 30_000)
	text := make([]uint32, n)
	for i := range text {
		if r.IntN(numbers) == 0 {
			text[i] = number(r.IntN(2000))
		} else {
			text[i] = word(int(words.Uint64()))
		}
	}
	return text
}

// edited changes each word with the probability rate: three of five are replaced, the others in equal
// parts dropped or followed by another. New words are those of some other text.
func edited(r *rand.Rand, text, other []uint32, rate float64) []uint32 {
	var out []uint32
	for _, w := range text {
		if r.Float64() >= rate {
			out = append(out, w)
			continue
		}
		switch q := r.Float64(); {
		case q < .6:
			out = append(out, other[r.IntN(len(other))])
		case q >= .8:
			out = append(out, w, other[r.IntN(len(other))])
		}
	}
	return out
}

func TestEditsAreNoTemplates(t *testing.T) {
	for _, numbers := range []int{10, 30, 100, 300} { // words for each number
		t.Run(fmt.Sprintf("one number in %d words", numbers), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(numbers)))
			wrong := 0
			var v verifier
			const pairs = 2000
			other := news(r, 20_000, numbers)
			for range pairs {
				text := news(r, 80+r.IntN(500), numbers)
				pages := plain(text, edited(r, text, other, .02+.18*r.Float64()))
				if v.template(&pages[0], &pages[1]) {
					wrong++
				}
			}
			if wrong > 0 {
				t.Errorf("%d of %d edited copies are taken for templates", wrong, pairs)
			}
		})
	}
}

func TestDailyFramesAreTemplates(t *testing.T) {
	var v verifier
	r := rand.New(rand.NewPCG(2, 3))
	const pairs = 500
	for _, seconds := range []int64{hour, day, 2 * day, 7 * day} {
		missed := 0
		for range pairs {
			text := news(r, 60+r.IntN(60), 1<<30)
			frames := [][]uint32{nil, nil}
			prices := 5 + r.IntN(10)
			for i := range frames {
				frames[i] = slices.Clone(text)
				for n := range prices {
					frames[i] = slices.Insert(frames[i], 10+n*3, number(r.IntN(100_000)))
				}
				frames[i][2] = word(40_000 + i) // the day of the week
			}
			pages := plain(frames...)
			pages[1].Time += seconds
			if !v.template(&pages[0], &pages[1]) {
				missed++
			}
		}
		if missed > 0 {
			t.Errorf("%d hours apart: %d of %d daily prices are not taken for templates", seconds/hour, missed, pairs)
		}
	}
}

// copyLinks links pairs of pages as copies.
func copyLinks(pairs ...[2]int) []Link {
	var out []Link
	for _, p := range pairs {
		out = append(out, Link{A: p[0], B: p[1], Kind: Copy, Jaccard: .6})
	}
	return out
}

func TestGroups(t *testing.T) {
	alien := plain(series(0, 50), series(100, 150), series(200, 250), series(300, 350), series(400, 450)) // nothing in common
	// near shares a fifth of its shingles with the first page, which is more than chained.
	near := plain(series(0, 52), series(100, 152), append(series(0, 12), series(200, 240)...))
	far := slices.Clone(near)
	far[2].Time += 3 * day
	kinds := func(links []Link, kind Kind) []Link {
		for i := range links {
			links[i].Kind = kind
		}
		return links
	}
	for _, c := range []struct {
		name  string
		pages []Page
		links []Link
		want  []int
		split int
	}{
		{"no pages", nil, nil, []int{}, 0},
		{"no links", alien[:2], nil, []int{0, 1}, 0},
		{"a pair", alien[:2], copyLinks([2]int{0, 1}), []int{0, 0}, 0},
		{"exact", alien[:2], kinds(copyLinks([2]int{0, 1}), Exact), []int{0, 0}, 0},
		{"contains", alien[:2], kinds(copyLinks([2]int{0, 1}), Contains), []int{0, 1}, 0},
		{"template", alien[:2], kinds(copyLinks([2]int{0, 1}), Template), []int{0, 1}, 0},
		{"star", alien, copyLinks([2]int{0, 3}, [2]int{1, 3}, [2]int{2, 3}, [2]int{3, 4}), []int{0, 0, 0, 0, 0}, 0},
		{"two groups", alien, copyLinks([2]int{0, 2}, [2]int{1, 4}), []int{0, 1, 0, 3, 1}, 0},
		// The hub of three in a row is the one in the middle.
		{"chain of three", alien[:3], copyLinks([2]int{0, 1}, [2]int{1, 2}), []int{0, 0, 0}, 0},
		// Of four in a row the second is the first of two hubs: the fourth is nothing like it.
		{"chain of four", alien[:4], copyLinks([2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}), []int{0, 0, 0, 3}, 1},
		{"chain of five", alien, copyLinks([2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}, [2]int{3, 4}), []int{0, 0, 0, 3, 3}, 2},
		{"chain over pages that resemble each other", near, []Link{
			{A: 0, B: 1, Kind: Exact, Jaccard: 1}, {A: 1, B: 2, Kind: Copy, Jaccard: .5},
		}, []int{0, 0, 0}, 0},
		// Page 1 is the hub by what is aligned, page 2 would be by shingles.
		{"alignment counts", alien[:4], []Link{
			{A: 0, B: 1, Kind: Copy, Jaccard: .2, CoverA: 1, CoverB: .9}, {A: 1, B: 2, Kind: Copy, Jaccard: .5}, {A: 2, B: 3, Kind: Copy, Jaccard: .3},
		}, []int{0, 0, 0, 3}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, split := Groups(c.pages, c.links)
			if d := cmp.Diff(c.want, got); d != "" || split != c.split {
				t.Errorf("split %d, want %d; groups: %s", split, c.split, d)
			}
		})
	}

	// Page 3 is linked with page 2 alone; the hub is page 0 with three links.
	chain := copyLinks([2]int{0, 1}, [2]int{0, 2}, [2]int{0, 4}, [2]int{2, 3})
	resembling := slices.Clone(alien)
	resembling[3].Words = append(series(0, 12), series(300, 340)...) // 10 of 50 and 48 shingles
	distant := slices.Clone(resembling)
	distant[3].Time += limit + 1
	less := slices.Clone(alien)
	less[3].Words = append(series(0, 7), series(300, 345)...) // 5 of 50
	for _, c := range []struct {
		name  string
		pages []Page
		kind  Kind // of the link between the hub and page 3
		want  []int
	}{
		{"resembles the hub", resembling, none, []int{0, 0, 0, 0, 0}},
		{"resembles the hub less", less, none, []int{0, 0, 0, 3, 0}},
		{"resembles the hub on another day", distant, none, []int{0, 0, 0, 3, 0}},
		{"a brief of the hub", resembling, Contains, []int{0, 0, 0, 3, 0}},
		{"a template with the hub", resembling, Template, []int{0, 0, 0, 3, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			links := slices.Clone(chain)
			if c.kind != none {
				links = append(links, Link{A: 0, B: 3, Kind: c.kind, Jaccard: .6})
			}
			got, _ := Groups(c.pages, links)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// drawCorpus draws pages that are pieces of few texts, with changes, and candidates for all pairs.
func drawCorpus(t *rapid.T) ([]Page, []Candidate) {
	bases := [][]uint32{series(0, 40), series(30, 70), series(60, 100)}
	pages := make([]Page, rapid.IntRange(0, 12).Draw(t, "pages"))
	for i := range pages {
		base := bases[rapid.IntRange(0, 2).Draw(t, "base")]
		from := rapid.IntRange(0, 20).Draw(t, "from")
		words := slices.Clone(base[from:rapid.IntRange(from, len(base)).Draw(t, "to")])
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			if len(words) > 0 {
				words[rapid.IntRange(0, len(words)-1).Draw(t, "at")] = uint32(rapid.IntRange(0, 400).Draw(t, "word"))
			}
		}
		pages[i] = Page{Words: words, Title: uint64(rapid.IntRange(0, 2).Draw(t, "title")),
			Time: int64(rapid.IntRange(0, 4).Draw(t, "time")) * 12 * hour, Dated: rapid.Bool().Draw(t, "dated"),
			DayOnly: rapid.Bool().Draw(t, "day only"), Credited: rapid.Bool().Draw(t, "credited"), Agency: rapid.Bool().Draw(t, "agency")}
	}
	candidates := Same(pages, 2)
	same := map[[2]int]bool{}
	for _, c := range candidates {
		same[[2]int{c.A, c.B}] = true
	}
	for a := range pages {
		for b := a + 1; b < len(pages); b++ {
			if !same[[2]int{a, b}] {
				candidates = append(candidates, Candidate{A: a, B: b, Via: ViaPassage,
					CoverA: rapid.IntRange(0, len(pages[a].Words)).Draw(t, "cover a"),
					CoverB: rapid.IntRange(0, len(pages[b].Words)).Draw(t, "cover b")})
			}
		}
	}
	slices.SortFunc(candidates, func(c, d Candidate) int {
		return slices.Compare([]int{c.A, c.B}, []int{d.A, d.B})
	})
	return pages, candidates
}

func TestGroupsArePartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pages, candidates := drawCorpus(t)
		links := Verify(pages, candidates, 1)
		group, split := Groups(pages, links)
		if len(group) != len(pages) || split < 0 || split > len(pages) {
			t.Fatalf("%d groups for %d pages, split %d", len(group), len(pages), split)
		}
		reach := map[int][]int{}
		for _, l := range links {
			if l.Kind == Exact || l.Kind == Copy {
				reach[l.A], reach[l.B] = append(reach[l.A], l.B), append(reach[l.B], l.A)
			}
		}
		for i, g := range group {
			if g > i || group[g] != g {
				t.Fatalf("page %d is of group %d, whose first page is of %d", i, g, group[g])
			}
			if g != i && len(reach[i]) == 0 {
				t.Fatalf("page %d has no link and is in a group", i)
			}
		}

		shuffled := slices.Clone(links)
		for i := len(shuffled) - 1; i > 0; i-- {
			j := rapid.IntRange(0, i).Draw(t, "swap")
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		}
		again, splitAgain := Groups(pages, shuffled)
		if d := cmp.Diff(group, again); d != "" || split != splitAgain {
			t.Fatalf("links in another order: split %d and %d: %s", split, splitAgain, d)
		}
	})
}

// Many links of uneven strengths at one page: their sum must not depend on the order in which it is
// made, or two hubs of equal weight would change places.
func TestGroupsDoNotDependOnTheOrderOfLinks(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		const n = 12
		var texts [][]uint32
		for i := range n {
			texts = append(texts, series(100*i, 100*i+20))
		}
		pages := plain(texts...)
		// Two stars with the same strengths, and a page that is linked with both.
		var links []Link
		strengths := make([]float64, 5)
		for i := range strengths {
			strengths[i] = .5 + r.Float64()/2
		}
		for i, s := range strengths {
			links = append(links, Link{A: 0, B: 2 + i, Kind: Copy, Jaccard: s})
			links = append(links, Link{A: 1, B: 2 + (i+2)%5, Kind: Copy, Jaccard: s})
		}
		want, _ := Groups(pages, links)
		for range 5 {
			r.Shuffle(len(links), func(i, j int) { links[i], links[j] = links[j], links[i] })
			got, _ := Groups(pages, links)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatal(d)
			}
		}
	}
}

// Of pairs that nothing aligns, the links and their figures are those of the sets of shingles.
func TestVerifyIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.Uint32Range(0, 6), 0, 120)
		texts := [][]uint32{words.Draw(t, "first")}
		for range 4 {
			before, own := texts[len(texts)-1], words.Draw(t, "own")
			from := rapid.IntRange(0, len(before)).Draw(t, "from")
			texts = append(texts, slices.Concat(before[from:], own[:min(len(own), rapid.IntRange(0, 60).Draw(t, "more"))]))
		}
		for i := range texts {
			for n := range texts[i] {
				texts[i][n] &^= 1 // no number
			}
		}
		pages := plain(texts...)
		var candidates []Candidate
		var want []Link
		for a := range pages {
			for b := a + 1; b < len(pages); b++ {
				candidates = append(candidates, Candidate{A: a, B: b, Via: ViaLSH})
				inA, inB := grams(texts[a]), grams(texts[b])
				shared, all := 0, len(inB)
				for g := range inA {
					if inB[g] {
						shared++
					} else {
						all++
					}
				}
				if len(inA) < MinShingles || len(inB) < MinShingles {
					continue
				}
				l := Link{A: a, B: b, Via: ViaLSH, Jaccard: float64(shared) / float64(all),
					ContainmentA: float64(shared) / float64(len(inA)), ContainmentB: float64(shared) / float64(len(inB))}
				held := max(l.ContainmentA, l.ContainmentB) >= containedShare
				short, long := min(len(texts[a]), len(texts[b])), max(len(texts[a]), len(texts[b]))
				switch {
				case held && float64(short) < briefLength*float64(long):
					l.Kind = Contains
				case l.Jaccard >= sameJaccard:
					l.Kind = Copy
				case held:
					l.Kind = Contains
				default:
					continue
				}
				want = append(want, l)
			}
		}
		if d := cmp.Diff(want, Verify(pages, candidates, 1), cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

// grams returns the different runs of words of a text.
func grams(words []uint32) map[[ShingleWords]uint32]bool {
	set := make(map[[ShingleWords]uint32]bool)
	for i := ShingleWords; i <= len(words); i++ {
		set[[ShingleWords]uint32(words[i-ShingleWords:i])] = true
	}
	return set
}

// Pages that are passed over because nothing resembles them at a glance are none that have an equal.
func TestSameIsByAllSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pages, _ := drawCorpus(t)
		sums := make([]uint64, len(pages))
		for i := range pages {
			sums[i] = Sum(pages[i].Words)
		}
		want := SameBy(pages, sums, func(a, b int) bool { return slices.Equal(pages[a].Words, pages[b].Words) })
		if d := cmp.Diff(want, Same(pages, 2)); d != "" {
			t.Fatal(d)
		}
	})
}

func TestVerifyDoesNotDependOnWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pages, candidates := drawCorpus(t)
		want := Verify(pages, candidates, 1)
		for i, l := range want {
			for _, share := range []float64{l.Jaccard, l.ContainmentA, l.ContainmentB, l.CoverA, l.CoverB} {
				if !(share >= 0 && share <= 1) {
					t.Fatalf("link %d: a share of %v", i, share)
				}
			}
		}
		for _, workers := range []int{0, 2, 3, 8} {
			if d := cmp.Diff(want, Verify(pages, candidates, workers)); d != "" {
				t.Fatalf("%d workers: %s", workers, d)
			}
		}
	})
}

func TestOriginal(t *testing.T) {
	stamp := func(s string) int64 {
		when, err := time.Parse("2006-01-02T15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return when.Unix()
	}
	morning, evening := stamp("2024-06-03T08:00"), stamp("2024-06-03T20:00")
	midnight, next := stamp("2024-06-03T00:00"), stamp("2024-06-04T08:00")
	timed := func(time int64) Page { return Page{Time: time, Dated: true} }
	dayOnly := func(time int64) Page { return Page{Time: time, Dated: true, DayOnly: true} }
	agency := func(p Page) Page { p.Agency, p.Credited = true, true; return p }
	credited := func(p Page) Page { p.Credited = true; return p }
	long := func(p Page) Page { p.Words = series(0, 20); return p }
	for _, c := range []struct {
		name  string
		pages []Page
		want  int
	}{
		{"one", []Page{{}}, 0},
		{"the earliest", []Page{timed(next), timed(evening), timed(morning)}, 2},
		{"a date before none", []Page{agency(long(Page{})), timed(next)}, 1},
		{"earlier before the agency", []Page{agency(timed(evening)), timed(morning)}, 1},
		{"the agency of one time", []Page{long(timed(morning)), credited(timed(morning)), agency(timed(morning))}, 2},
		{"who credits nobody", []Page{long(credited(timed(morning))), timed(morning)}, 1},
		{"the longest", []Page{timed(morning), long(timed(morning))}, 1},
		{"the first of equals", []Page{timed(morning), timed(morning)}, 0},
		{"no dates: the agency", []Page{long(Page{}), agency(Page{})}, 1},
		// A midnight that stands for a day is not earlier than the morning of the day.
		{"day only: the agency of the day", []Page{dayOnly(midnight), agency(timed(evening))}, 1},
		{"day only: the agency of another day", []Page{dayOnly(midnight), agency(timed(next))}, 0},
		{"day only makes all times days", []Page{dayOnly(midnight), timed(morning), long(timed(evening))}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var members []int
			for i := range c.pages {
				members = append(members, i)
			}
			if got := Original(c.pages, members); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
			slices.Reverse(members)
			if got := Original(c.pages, members); got != c.want {
				t.Errorf("members in reverse: got %d, want %d", got, c.want)
			}
		})
	}
}

// The table of words against a sorted count of each.
func TestDiffer(t *testing.T) {
	var g bag // used again for every pair
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.OneOf(rapid.Uint32Range(0, 9), rapid.Uint32Max(1<<31)), 0, 40)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		count := func(words []uint32, w uint32) (n int) {
			for _, v := range words {
				if v == w {
					n++
				}
			}
			return n
		}
		all := slices.Concat(a, b)
		slices.Sort(all)
		var words, numbers [2]int
		shared, agreed := 0, 0
		slots := [2]bool{}
		for _, w := range slices.Compact(all) {
			n, m := count(a, w), count(b, w)
			if shingle.IsNumber(w) {
				numbers[0], numbers[1], agreed = numbers[0]+n, numbers[1]+m, agreed+min(n, m)
				continue
			}
			words[0], words[1], shared = words[0]+n, words[1]+m, shared+min(n, m)
			slots[0], slots[1] = slots[0] || n > 1 && m == 0, slots[1] || m > 1 && n == 0
		}
		want := difference{numbers: min(numbers[0], numbers[1]), words: 1, slots: slots[0] && slots[1]}
		want.changed = want.numbers - agreed
		if most := max(words[0], words[1]); most > 0 {
			want.words -= float64(shared) / float64(most)
		}
		if got := g.differ(a, b); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
