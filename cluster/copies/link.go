package copies

import (
	"math/bits"
	"slices"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat/distuv"

	"sada/features/shingle"
)

// Page is what the step needs of a page.
type Page struct {
	// Words are the hashes of the main text's words, in order.
	Words   []uint32
	Title   uint64 // hash of the title's words, 0 without a title
	Time    int64  // Unix seconds; meaningful if Dated
	Dated   bool
	DayOnly bool // Time is the midnight that begins a day
	// Credited says that the page names an agency as its origin; Agency that it is the agency's own.
	Credited, Agency bool
}

// Kind says how two pages stand to each other.
type Kind string

// The kinds of links.
const (
	Exact    Kind = "exact"    // the same words
	Copy     Kind = "copy"     // the same text, edited
	Contains Kind = "contains" // one holds the other
	Template Kind = "template" // the same frame with other numbers: not copies
)

// Via says what proposed a pair.
type Via string

// The ways to a pair. Where several lead to it, the first of these counts.
const (
	ViaExact   Via = "exact"
	ViaTitle   Via = "title"
	ViaPassage Via = "passage"
	ViaLSH     Via = "lsh"
)

// Candidate is a pair of pages that may be copies, A before B.
type Candidate struct {
	A, B int
	Via  Via
	// CoverA and CoverB are the words of the main texts that lie in passages aligned with the other
	// page, Equal the words that are equal in them. Zero if no passage is known.
	CoverA, CoverB, Equal int
}

// Link is a verified pair.
type Link struct {
	A, B                       int
	Kind                       Kind
	Jaccard                    float64 // of the sets of word 3-grams, in [0, 1]
	ContainmentA, ContainmentB float64 // share of A's, and of B's, 3-grams that the other has
	CoverA, CoverB             float64 // share of A's, and of B's, words in aligned passages
	Via                        Via
}

// The lengths that step 1 of the package needs.
const (
	// ShingleWords is the length of a shingle. Measured on 39,503 true pairs: half of the copies
	// with 5 to 10 % of their words edited have a Jaccard similarity of .68 or more.
	ShingleWords = 3
	// MinShingles is the number of shingles below which a page is only compared whole: with seven
	// shingles, one chance phrase of three shared ones makes a Jaccard similarity of .27.
	MinShingles = 8
)

// The limits that make a pair copies, in shares. They hold together: a pair must satisfy one row.
const (
	sameJaccard = .5 // half of all shingles: of unrelated news pages none come near

	// Heavily edited copies: two copies that each had 20 % of their words changed share about a
	// quarter of their shingles, but they go together from beginning to end.
	editedCover = .75 // of both main texts is aligned
	editedEqual = .45 // of the words of the longer are equal

	// Of the longer's words: a page below it that the other holds is a brief of it. It lies between
	// the gold corpus's longest brief (.61) and its shortest shortened copy (.64).
	briefLength    = .625
	containedShare = .7 // of the shingles of one are in the other, or
	containedCover = .8 // of its words are aligned with it
)

// The limits that make a pair a template: its numbers differ, and more of them than the edits of the
// words around them explain.
const (
	apart          = 36 * 3600 // seconds; a text of another day
	sameDayNumbers = .3        // of the numbers differ, on the same day
	apartNumbers   = .1        // of the numbers differ, on another day
	// The chance that as many numbers differ if they were edited as often as the words. On one day, a
	// toll that was corrected is an edit, and one in 30,000 edited copies may be taken for a
	// template; a gold price with five new numbers in an unchanged frame has 3e-9. On different days
	// the numbers of copies agree.
	sameDayChance = 3.2e-5 // beyond four standard deviations
	apartChance   = .1
	leastEdited   = .02 // share of words that is taken as edited at least
)

// Verify measures candidates and returns the links among them, in the order of the candidates, which
// must be sorted by A, then B, each pair once. The result does not depend on the number of workers.
func Verify(pages []Page, candidates []Candidate, workers int) []Link {
	workers = max(workers, 1)
	found := make([][]Link, workers*8) // so many ranges that no worker ends long after the others
	var group errgroup.Group
	group.SetLimit(workers)
	for r := range found {
		group.Go(func() error {
			var v verifier
			for i := r * len(candidates) / len(found); i < (r+1)*len(candidates)/len(found); i++ {
				if link, ok := v.verify(pages, candidates[i]); ok {
					found[r] = append(found[r], link)
				}
			}
			return nil
		})
	}
	_ = group.Wait() // no goroutine returns an error
	return slices.Concat(found...)
}

// verifier compares two pages at a time and keeps its memory.
type verifier struct {
	page  int // that the set is of
	has   bool
	set   set // of the first page's shingles
	own   set // of those that only the second page has
	words bag
	in    [2][]uint32 // numbers of two pages
}

// set is the different ones of a list of shingles: a hash table with open addresses. To enter them costs an
// eighth of sorting them.
type set struct {
	grams  []uint64 // in the order of the text
	first  []uint32 // of each: the first place where it stands, plus one
	size   int
	places []uint32 // in grams, plus one; 0 is empty. At least three of four are.
	shift  int
	seen   []bool // of every place in grams
}

// clear makes the set an empty one with room for n shingles.
func (s *set) clear(n int) {
	log := bits.Len(uint(4 * n))
	s.size, s.shift = 0, 64-log
	s.places = slices.Grow(s.places[:0], 1<<log)[:1<<log]
	clear(s.places)
}

// find returns where a shingle is entered, plus one, or 0 and where it would be.
func (s *set) find(gram uint64) (place, at uint32) {
	places := s.places
	i := gram * 0x9E3779B97F4A7C15 >> (s.shift & 63) // Fibonacci hashing
	for {
		i &= uint64(len(places) - 1)
		p := places[i]
		if p == 0 || s.grams[p-1] == gram {
			return p, uint32(i)
		}
		i++
	}
}

// count returns how many different shingles two pages have, and how many of them in common. If it is to be early,
// it ends with false once these numbers can make the pair no link.
func (v *verifier) count(pages []Page, a, b int, early bool) (inA, inB, shared int, ok bool) {
	if s := &v.set; !v.has || v.page != a {
		s.grams = shingle.Grams(s.grams[:0], pages[a].Words, ShingleWords)
		s.clear(len(s.grams))
		s.first = slices.Grow(s.first[:0], len(s.grams))[:len(s.grams)]
		for i, g := range s.grams {
			p, at := s.find(g)
			if p == 0 {
				p = uint32(i + 1)
				s.places[at] = p
				s.size++
			}
			s.first[i] = p
		}
		v.page, v.has = a, true
	}
	v.set.seen = slices.Grow(v.set.seen[:0], len(v.set.grams))[:len(v.set.grams)]
	clear(v.set.seen)
	own := &v.own
	own.grams = shingle.Grams(own.grams[:0], pages[b].Words, ShingleWords)
	own.clear(len(own.grams))
	const often = 32 // shingles between two looks at the numbers
	next := 0        // where the first text goes on as the second does, if it does
	for i, g := range own.grams {
		var p uint32
		if next < len(v.set.grams) && v.set.grams[next] == g {
			p = v.set.first[next]
			next++
		} else if p, _ = v.set.find(g); p > 0 {
			next = int(p)
		}
		if p > 0 {
			if !v.set.seen[p-1] {
				v.set.seen[p-1] = true
				shared++
			}
		} else if p, at := own.find(g); p == 0 {
			own.places[at] = uint32(i + 1)
			own.size++
		}
		if early && i%often == 0 && hopeless(v.set.size, own.size, shared+len(own.grams)-i-1) {
			return 0, 0, 0, false
		}
	}
	return v.set.size, shared + own.size, shared, true
}

// hopeless reports whether a pair resembles each other too little, of which the first page has inA shingles, the
// second ownB of its own at least, and both most in common at most.
func hopeless(inA, ownB, most int) bool {
	return shingle.Jaccard(most, inA, ownB+most) < sameJaccard &&
		float64(most)/float64(inA) < containedShare && float64(most)/float64(ownB+most) < containedShare
}

func (v *verifier) verify(pages []Page, c Candidate) (Link, bool) {
	p, q := &pages[c.A], &pages[c.B]
	if c.Via == ViaExact || c.Via == ViaTitle {
		return Link{A: c.A, B: c.B, Kind: Exact, Jaccard: 1, ContainmentA: 1, ContainmentB: 1, CoverA: 1, CoverB: 1, Via: c.Via}, true
	}
	longer, shorter := max(len(p.Words), len(q.Words)), min(len(p.Words), len(q.Words))
	l := Link{A: c.A, B: c.B, Via: c.Via, CoverA: share(c.CoverA, len(p.Words)), CoverB: share(c.CoverB, len(q.Words))}
	aligned := l.CoverA >= editedCover && l.CoverB >= editedCover && share(c.Equal, longer) >= editedEqual
	held := max(l.CoverA, l.CoverB) >= containedCover && c.Equal*2 >= shorter
	inA, inB, shared, ok := v.count(pages, c.A, c.B, !aligned && !held)
	if !ok || inA < MinShingles || inB < MinShingles {
		return Link{}, false
	}
	l.Jaccard = shingle.Jaccard(shared, inA, inB)
	l.ContainmentA, l.ContainmentB = float64(shared)/float64(inA), float64(shared)/float64(inB)
	held = held || max(l.ContainmentA, l.ContainmentB) >= containedShare
	brief := held && float64(shorter) < briefLength*float64(longer)
	switch {
	case brief:
		l.Kind = Contains
	case l.Jaccard >= sameJaccard, aligned:
		l.Kind = Copy
	case held:
		l.Kind = Contains
	default:
		return Link{}, false
	}
	if v.template(p, q) || l.Kind == Copy && l.Jaccard < sameJaccard && faraway(p, q) {
		l.Kind = Template
	}
	return l, true
}

func share(n, of int) float64 { return min(float64(n)/float64(max(of, 1)), 1) }

// template reports whether two pages are the same frame filled on two occasions: tomorrow's weather,
// not an edited copy of today's. Their numbers differ more than their wording, or, on different days,
// each of them repeats a word that the other lacks: the name that was put in.
//
// On 20,329 pages, the pairs of different days below half of the shingles were forecasts, greetings
// to one state after another and reports of one office in two of three cases; those are templates as
// well, whatever their words.
func (v *verifier) template(p, q *Page) bool {
	if !faraway(p, q) && !v.numbers(p.Words, q.Words) {
		return false
	}
	d := v.words.differ(p.Words, q.Words)
	if faraway(p, q) {
		return d.slots || d.exceeds(apartNumbers, apartChance)
	}
	return d.exceeds(sameDayNumbers, sameDayChance)
}

// numbers tells of two texts of one day whether more than the share of their numbers differs. Few are
// compared, and of most pairs nothing else needs to be known.
func (v *verifier) numbers(a, b []uint32) bool {
	for n, words := range [...][]uint32{a, b} {
		v.in[n] = v.in[n][:0]
		for _, w := range words {
			if shingle.IsNumber(w) {
				v.in[n] = append(v.in[n], w)
			}
		}
		slices.Sort(v.in[n])
	}
	inA, inB := v.in[0], v.in[1]
	d := difference{numbers: min(len(inA), len(inB))}
	d.changed = d.numbers
	for len(inA) > 0 && len(inB) > 0 {
		switch x, y := inA[0], inB[0]; {
		case x < y:
			inA = inA[1:]
		case y < x:
			inB = inB[1:]
		default:
			inA, inB = inA[1:], inB[1:]
			d.changed--
		}
	}
	return d.beyond(sameDayNumbers)
}

// difference is what two texts, as multisets of words, do not have in common.
type difference struct {
	numbers int     // of the text with fewer: one may have been added
	changed int     // of those
	words   float64 // share of the other words of the text with more
	slots   bool    // each text has a word twice that the other has not at all
}

// exceeds reports whether more than a share of the numbers changed, and that by less than a chance.
func (d *difference) exceeds(share, chance float64) bool {
	if !d.beyond(share) {
		return false
	}
	edits := distuv.Binomial{N: float64(d.numbers), P: max(d.words, leastEdited)}
	return edits.Survival(float64(d.changed-1)) < chance
}

// beyond reports whether more than a share of the numbers changed.
func (d *difference) beyond(share float64) bool {
	return float64(d.changed) > share*float64(d.numbers)
}

// bag counts words of two texts: a hash table with open addresses, which is several times faster than
// sorting both texts. Its memory is used again.
type bag []tally

type tally struct {
	word uint32
	a, b int32 // how often the texts have it; an empty place has none
}

// fill returns the tallies of all words, with empty places between them, in an order that says nothing.
func (g *bag) fill(a, b []uint32) []tally {
	log := bits.Len(uint(2 * (len(a) + len(b)))) // at least half of the places stay empty
	*g = slices.Grow((*g)[:0], 1<<log)
	table := (*g)[:1<<log]
	clear(table)
	place := func(w uint32) *tally {
		i := uint64(w) * 0x9E3779B97F4A7C15 >> (64 - log) // Fibonacci hashing
		for (table[i].a|table[i].b) != 0 && table[i].word != w {
			i = (i + 1) & (1<<log - 1)
		}
		table[i].word = w
		return &table[i]
	}
	for _, w := range a {
		place(w).a++
	}
	for _, w := range b {
		place(w).b++
	}
	return table
}

func (g *bag) differ(a, b []uint32) difference {
	var common, inA, inB [2]int // words, numbers
	slotA, slotB := false, false
	for _, t := range g.fill(a, b) {
		k := 0
		if shingle.IsNumber(t.word) {
			k = 1
		}
		inA[k] += int(t.a)
		inB[k] += int(t.b)
		common[k] += int(min(t.a, t.b))
		slotA = slotA || k == 0 && t.a >= 2 && t.b == 0
		slotB = slotB || k == 0 && t.b >= 2 && t.a == 0
	}
	n := min(inA[1], inB[1])
	return difference{n, n - common[1], 1 - share(common[0], max(inA[0], inB[0])), slotA && slotB}
}
