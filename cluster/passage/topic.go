package passage

import (
	"math"
	"math/bits"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Topics compares the subjects of two stretches of words by the cosine of their TF-IDF weights.
type Topics struct {
	// df counts the pages in which a word occurs, by the low bits of its hash. Words that share a
	// cell only look more frequent than they are, which takes weight from them.
	df []uint32

	// telling has the weight of a word by its document frequency, as long as it tells something.
	telling []float64
}

// topicCells is the size of the table of document frequencies: several times the vocabulary of a
// large corpus (250,000 word forms in 31,030 pages), in 4 MiB.
const topicCells = 1 << 20

func newTopics(pages []*Page, workers int) *Topics {
	const least = 10_000 // pages that take longer to count than a table takes to be added to another
	workers = min(workers, 1+len(pages)/least)
	t := &Topics{df: make([]uint32, topicCells)}
	var adding sync.Mutex
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			cells := make([]uint32, topicCells) // of every one its pages and, above them, the one it was last counted for, from 1
			for some := range slices.Chunk(pages[w*len(pages)/workers:(w+1)*len(pages)/workers], math.MaxUint16) {
				for i, p := range some {
					page := uint32(i) + 1
					for _, word := range p.Words {
						c, more := &cells[word%topicCells], uint32(1)
						if *c>>16 == page {
							more = 0
						}
						*c = page<<16 | *c&math.MaxUint16 + more // without a branch: nobody foresees which words recur
					}
				}
				adding.Lock()
				for c, n := range cells {
					t.df[c] += n & math.MaxUint16
				}
				adding.Unlock()
				clear(cells)
			}
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
	t.weigh(len(pages))
	return t
}

// weigh makes the weights of the words of n pages. Those on more than a tenth of them tell nothing about
// a subject.
func (t *Topics) weigh(n int) {
	t.telling = make([]float64, 1+max(n/10, 5))
	for df := range t.telling {
		t.telling[df] = math.Log((1 + float64(n)) / (1 + float64(df)))
	}
}

// NewTopics makes a table that was counted elsewhere: of how many pages, and of every cell, on how many of
// them a word of it stands ([Page.Cells]). Cells that are missing are 0. It keeps the frequencies.
func NewTopics(frequency []uint32, pages int) *Topics {
	if n := topicCells - len(frequency); n > 0 {
		frequency = append(slices.Clip(frequency), make([]uint32, n)...)
	}
	t := &Topics{df: frequency}
	t.weigh(pages)
	return t
}

// Cells returns the cells of the table of frequencies that the page counts in, ascending: at most 2^20.
func (p *Page) Cells() []uint32 {
	out := make([]uint32, len(p.Words))
	for i, w := range p.Words {
		out[i] = w % topicCells
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tally counts the words of two texts that tell something, in the order in which they come first. It is used again for
// one pair after the other.
type tally struct {
	slots []tallied // a hash table with linear probing, at most half full
	used  []uint32  // of the slots

	hosts [MaxHosts]bag // of the texts that are compared with each other
}

// tallied is how often a word is in either text, and on how many pages. The slot is empty if it is in none.
type tallied struct{ word, a, b, df uint32 }

// leastSlots is the size of the table for texts of up to 512 words, which stay in the nearest cache.
const leastSlots = 1 << 10

// count makes the tally that of two texts. Half of their words are on so many pages that they tell nothing: they are not
// looked up.
func (t *tally) count(a, b []uint32, topics *Topics) {
	for _, at := range t.used {
		t.slots[at] = tallied{}
	}
	t.used = t.used[:0]
	if n := 2 * (len(a) + len(b)); n > len(t.slots) {
		t.slots = make([]tallied, max(leastSlots, 1<<bits.Len(uint(n-1))))
	}
	most := uint32(len(topics.telling))
	for _, w := range a {
		if df := topics.df[w%topicCells]; df < most {
			t.slot(w, df).a++
		}
	}
	for _, w := range b {
		if df := topics.df[w%topicCells]; df < most {
			t.slot(w, df).b++
		}
	}
}

// slot returns the slot of a word that is about to be counted.
func (t *tally) slot(w, df uint32) *tallied {
	const golden = 0x9e3779b1 // Knuth's multiplicative hashing: 2^32 over the golden ratio
	last := uint32(len(t.slots) - 1)
	for at := (w * golden) >> (32 - bits.Len32(last)); ; at = (at + 1) & last {
		s := &t.slots[at]
		if s.a == 0 && s.b == 0 {
			s.word, s.df = w, df
			t.used = append(t.used, at)
			return s
		}
		if s.word == w {
			return s
		}
	}
}

// cosine returns the similarity of two texts, in [0, 1]; 0 if one has no word that tells. It counts them with m.
func (t *Topics) cosine(a, b []uint32, m *tally) float64 {
	m.count(a, b, t)
	var dot, na, nb float64
	for _, at := range m.used {
		s := &m.slots[at]
		x, y := t.telling[s.df]*damped(s.a), t.telling[s.df]*damped(s.b)
		na, nb, dot = na+x*x, nb+y*y, dot+x*y
	}
	if dot == 0 {
		return 0
	}
	return dot / math.Sqrt(na*nb)
}

// damped is what a word counts that is n times in a text.
func damped(n uint32) float64 {
	if n <= 1 { // mostly
		return float64(n)
	}
	return 1 + math.Log(float64(n))
}
