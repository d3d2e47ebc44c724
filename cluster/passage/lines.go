package passage

import (
	"cmp"
	"math/bits"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"sada/features/arabic"
	"sada/features/article"
	"sada/features/shingle"
)

// sequence hashes a run of words; the empty run is 0.
func sequence(seed uint64, words []uint32) uint64 {
	h := seed
	for _, w := range words {
		h = follow(h, w)
	}
	return h
}

// follow returns the hash of a run, whose hash is h, with one more word.
func follow(h uint64, word uint32) uint64 {
	h = (h ^ uint64(word)) * 0x9E3779B97F4A7C15
	return h ^ h>>32
}

// titles finds pages by the words of their title.
type titles map[uint64]int32

// A title that is looked up has at least minTitle words: shorter ones are rubrics.
const minTitle = 4

func newTitles(pages []*Page) titles {
	t := make(titles, len(pages))
	for i := range pages {
		if w := pages[i].title(); len(w) >= minTitle {
			h := sequence(0, w)
			if _, ok := t[h]; !ok { // the oldest page with a title stands for all
				t[h] = int32(i)
			}
		}
	}
	return t
}

// title returns the words of a page's title, from the record or the first line.
func (p *Page) title() []uint32 {
	if p.Lead > 0 {
		return p.Words[:p.Lead]
	}
	for _, part := range p.Parts {
		if part.Kind != article.Title {
			continue
		}
		from, to := -1, len(p.Words)
		for _, l := range p.Lines {
			if l.Byte >= part.To {
				to = l.Word
				break
			}
			if l.Byte >= part.From && from < 0 {
				from = l.Word
			}
		}
		if from >= 0 {
			return p.Words[from:to]
		}
	}
	return nil
}

// lookup returns the page whose title the words are, -1 if there is none but page i itself.
func (t titles) lookup(i int, words []uint32) int {
	if len(words) < minTitle || len(words) > titleWords {
		return -1
	}
	if page, ok := t[sequence(0, words)]; ok && int(page) != i {
		return int(page)
	}
	return -1
}

// joiners are the words with which a report goes on to its next item. A text that begins with them
// was put there by its author: cabinet decisions, the day's meetings.
type joiners map[uint64]bool

var joinerPhrases = []string{
	"من جهة ثانية", "من جهة أخرى", "من جهته", "من جانب آخر", "من جانبه", "من ناحية أخرى", "من ناحية ثانية", "على صعيد آخر", "على صعيد متصل",
	"في سياق متصل", "في سياق آخر", "في السياق نفسه", "في السياق ذاته", "في غضون ذلك", "في شأن آخر", "في شأن متصل", "إلى ذلك", "في الأثناء", "في المقابل", "بدوره",
}

// joinerWords is the length of the longest of them.
const joinerWords = 3

func newJoiners() joiners {
	j := make(joiners)
	var t arabic.Text
	for _, phrase := range joinerPhrases {
		for _, s := range []string{phrase, "و" + phrase} {
			t.Set(s)
			j[sequence(0, shingle.Words(nil, &t))] = true
		}
	}
	return j
}

// begin reports whether a text begins with one of them.
func (j joiners) begin(words []uint32) bool {
	for n := 1; n <= min(joinerWords, len(words)); n++ {
		if j[sequence(0, words[:n])] {
			return true
		}
	}
	return false
}

// furniture counts, for every source, the pages that have a line or an ending.
type furniture struct {
	recurring []Recurring    // on furnitureLeast pages or more, by hash
	pages     map[string]int // by source
}

// Recurring is a line or an ending and the number of pages that have it.
type Recurring struct {
	Hash  uint64
	Pages int32
}

const (
	furnitureWords = 60  // at most, in a line or an ending
	furnitureShare = .05 // of a source's pages have it, but
	furnitureMost  = 20  // pages are enough, and
	furnitureLeast = 4   // pages are needed, of
	furnitureLong  = 10  // for lines of more than
	furnitureShort = 15  // words: a paragraph may recur in a daily report
)

// endings are the lengths of page endings that are counted.
var endings = [...]int{3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 50, furnitureWords, 2 * furnitureWords}

// newFurniture counts by sorting what is in a part of the hashes more than once: 8 bytes for each line and
// ending, some 30 of a page, while it works.
func newFurniture(pages []*Page, workers int) *furniture {
	f := &furniture{pages: make(map[string]int)}
	for _, p := range pages {
		if p.Source != "" {
			f.pages[p.Source]++
		}
	}
	dealt := make([][shards][]uint64, workers) // by the top byte
	var g errgroup.Group
	for w := range dealt {
		g.Go(func() error {
			some := pages[w*len(pages)/workers : (w+1)*len(pages)/workers]
			most := 0
			for _, p := range some {
				most += len(p.Lines) + len(endings)
			}
			for s := range dealt[w] { // room for hashes that spread evenly, and an eighth
				dealt[w][s] = make([]uint64, 0, most*9/8/shards+1)
			}
			var own []uint64
			for _, p := range some {
				if p.Source == "" {
					continue
				}
				own = own[:0]
				var seen [4]uint64 // bits of the low byte: with one that is not set a hash is new
				p.repeatable(func(hash uint64, _ int) {
					bit := uint64(1) << (hash % 64)
					if in := &seen[hash/64%4]; *in&bit == 0 {
						*in |= bit
					} else if slices.Contains(own, hash) { // a line that a page has twice is on one page
						return
					}
					own = append(own, hash)
				})
				for _, hash := range own {
					s := &dealt[w][hash/(1<<64/shards)]
					*s = append(*s, hash)
				}
			}
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
	var found [shards][]Recurring
	var next atomic.Int32
	for range workers {
		g.Go(func() error {
			var all []uint64
			var counts []uint8
			for {
				s := int(next.Add(1)) - 1
				if s >= shards {
					return nil
				}
				total := 0
				for w := range dealt {
					total += len(dealt[w][s])
				}
				// Most are on one page: those of which too few have the same low bits are not sorted.
				counts = cleared(counts, 1<<bits.Len(uint(4*total)))
				low := uint64(len(counts) - 1)
				for w := range dealt {
					for _, hash := range dealt[w][s] {
						if c := &counts[hash&low]; *c < furnitureLeast {
							*c++
						}
					}
				}
				all = all[:0]
				for w := range dealt {
					for _, hash := range dealt[w][s] {
						if counts[hash&low] == furnitureLeast {
							all = append(all, hash)
						}
					}
				}
				slices.Sort(all)
				for from := 0; from < len(all); {
					to := from + 1
					for to < len(all) && all[to] == all[from] {
						to++
					}
					if to-from >= furnitureLeast {
						found[s] = append(found[s], Recurring{all[from], int32(to - from)})
					}
					from = to
				}
			}
		})
	}
	_ = g.Wait() // no goroutine returns an error
	f.recurring = slices.Concat(found[:]...)
	return f
}

// repeatable calls do with the hash and the number of words of every line and every ending of the page
// that its source may repeat.
func (p *Page) repeatable(do func(hash uint64, words int)) {
	seed := source(p.Source)
	for n := range p.Lines {
		if words := p.lineWords(n); len(words) > 0 && len(words) <= furnitureWords {
			do(sequence(seed, words), len(words))
		}
	}
	var hashes [len(endings)]uint64
	for i, h := range p.endings(seed+1, &hashes) {
		do(h, endings[i])
	}
}

// endings returns the hashes of the page's endings, the shortest first, in memory of the caller's.
func (p *Page) endings(seed uint64, hashes *[len(endings)]uint64) []uint64 {
	words, n := p.Words[p.Lead:], 0
	for n < len(endings) && endings[n] <= len(words) {
		hashes[n] = seed
		n++
	}
	if n == 0 {
		return nil
	}
	// All at a time, word by word: one alone would wait for each of its products.
	words = words[len(words)-endings[n-1]:]
	begun := n
	for i, w := range words {
		if begun > 0 && len(words)-i == endings[begun-1] {
			begun--
		}
		for k := begun; k < n; k++ {
			hashes[k] = follow(hashes[k], w)
		}
	}
	return hashes[:n]
}

// source seeds the hashes of a source's lines.
func source(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}

// lineWords returns the words of a line.
func (p *Page) lineWords(n int) []uint32 {
	if n+1 < len(p.Lines) {
		return p.Words[p.Lines[n].Word:p.Lines[n+1].Word]
	}
	return p.Words[p.Lines[n].Word:]
}

// count returns the number of pages with a line or an ending, 0 if it is less than furnitureLeast and
// furnitureMost if it is more: what needs no more does not tell more, and a page need not be told of anew
// whenever its source has grown.
func (f *furniture) count(h uint64) int {
	n, ok := slices.BinarySearchFunc(f.recurring, h, func(r Recurring, h uint64) int { return cmp.Compare(r.Hash, h) })
	if !ok {
		return 0
	}
	return min(int(f.recurring[n].Pages), furnitureMost)
}

// needed returns the number of pages of a source that make a line of so many words furniture.
func (f *furniture) needed(source string, words int) int {
	least := furnitureLeast
	if words > furnitureShort {
		least = furnitureLong
	}
	return min(max(int(furnitureShare*float64(f.pages[source])), least), furnitureMost)
}

// line reports whether a line of the page is furniture, and on how many pages it stands. seed is that of the page's source.
func (f *furniture) line(p *Page, n int, seed uint64) (int, bool) {
	words := p.lineWords(n)
	if p.Source == "" || len(words) == 0 || len(words) > furnitureWords {
		return 0, false
	}
	count := f.count(sequence(seed, words))
	return count, count > 0 && count >= f.needed(p.Source, len(words))
}

// ending returns how many words the longest ending of the page has that is furniture, 0 if none
// is. An ending that recurs at any length belongs to pages that are the same as a whole.
func (f *furniture) ending(p *Page) (words, count int) {
	if p.Source == "" {
		return 0, 0
	}
	seed := source(p.Source) + 1
	for _, n := range endings {
		if n > len(p.Words)-p.Lead {
			break
		}
		c := f.count(sequence(seed, p.Words[len(p.Words)-n:]))
		if c == 0 || c < f.needed(p.Source, n) {
			break
		}
		words, count = n, c
	}
	if words > furnitureWords {
		return 0, 0
	}
	return words, count
}
