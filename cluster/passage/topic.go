package passage

import (
	"math"
	"slices"
)

// topics compares the subjects of two stretches of words by the cosine of their TF-IDF weights.
type topics struct {
	// df counts the pages in which a word occurs, by the low bits of its hash. Words that share a
	// cell only look more frequent than they are, which takes weight from them.
	df []uint32
	n  float64
}

// topicCells is the size of the table of document frequencies: several times the vocabulary of a
// large corpus (250,000 word forms in 31,030 pages), in 4 MiB.
const topicCells = 1 << 20

func newTopics(pages []*Page) *topics {
	t := &topics{df: make([]uint32, topicCells), n: float64(len(pages))}
	last := make([]uint32, topicCells) // the page, counted from 1, that a cell was last counted for
	for i := range pages {
		for _, w := range pages[i].Words {
			if c := w % topicCells; last[c] != uint32(i)+1 {
				last[c] = uint32(i) + 1
				t.df[c]++
			}
		}
	}
	return t
}

// stretch is words in ascending order.
type stretch []uint32

func newStretch(words []uint32) stretch {
	s := slices.Clone(words)
	slices.Sort(s)
	return s
}

// cosine returns the similarity of two stretches, in [0, 1]; 0 if one has no word that tells.
// Words on more than a tenth of the pages tell nothing about a subject.
func (t *topics) cosine(a, b stretch) float64 {
	weight := func(w uint32, n int) float64 {
		df := float64(t.df[w%topicCells])
		if df > t.n/10 && df > 5 {
			return 0
		}
		return (1 + math.Log(float64(n))) * math.Log((1+t.n)/(1+df))
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
