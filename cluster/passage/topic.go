package passage

import (
	"math"
	"slices"
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

func newTopics(pages []*Page) *Topics {
	t := &Topics{df: make([]uint32, topicCells)}
	last := make([]uint32, topicCells) // the page, counted from 1, that a cell was last counted for
	for i := range pages {
		for _, w := range pages[i].Words {
			if c := w % topicCells; last[c] != uint32(i)+1 {
				last[c] = uint32(i) + 1
				t.df[c]++
			}
		}
	}
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

// stretch is words in ascending order.
type stretch []uint32

func newStretch(words []uint32) stretch {
	s := slices.Clone(words)
	slices.Sort(s)
	return s
}

// cosine returns the similarity of two stretches, in [0, 1]; 0 if one has no word that tells.
func (t *Topics) cosine(a, b stretch) float64 {
	weight := func(w uint32, n int) float64 {
		df := t.df[w%topicCells]
		switch {
		case int(df) >= len(t.telling):
			return 0
		case n == 1: // mostly
			return t.telling[df]
		}
		return (1 + math.Log(float64(n))) * t.telling[df]
	}
	count := func(s stretch) int {
		n := 1
		for n < len(s) && s[n] == s[0] {
			n++
		}
		return n
	}
	var dot, na, nb float64
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			n := count(a)
			x := weight(a[0], n)
			na += x * x
			a = a[n:]
		case len(a) == 0 || b[0] < a[0]:
			n := count(b)
			x := weight(b[0], n)
			nb += x * x
			b = b[n:]
		default:
			n, m := count(a), count(b)
			x, y := weight(a[0], n), weight(b[0], m)
			na, nb, dot = na+x*x, nb+y*y, dot+x*y
			a, b = a[n:], b[m:]
		}
	}
	if dot == 0 {
		return 0
	}
	return dot / math.Sqrt(na*nb)
}
