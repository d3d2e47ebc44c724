package copies

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// wire makes articles of 350 words, each with edited copies, and all pairs of an article's pages, as
// candidates that passages proposed.
func wire(articles, copies int) ([]Page, []Candidate) {
	r := rand.New(rand.NewPCG(3, 4))
	other := news(r, 5000, 40)
	var pages []Page
	var candidates []Candidate
	for range articles {
		base := news(r, 350, 40)
		first := len(pages)
		for range copies {
			words := edited(r, base, other, .02+.1*r.Float64())
			pages = append(pages, Page{Words: words, Time: 10 * day, Dated: true})
		}
		for a := first; a < len(pages); a++ {
			for b := a + 1; b < len(pages); b++ {
				candidates = append(candidates, Candidate{A: a, B: b, Via: ViaPassage,
					CoverA: len(pages[a].Words), CoverB: len(pages[b].Words), Equal: 250})
			}
		}
	}
	return pages, candidates
}

func BenchmarkVerify(b *testing.B) {
	for _, copies := range []int{2, 12} { // few pairs and many pairs with one first page
		b.Run(fmt.Sprintf("%d copies", copies), func(b *testing.B) {
			pages, candidates := wire(600/copies, copies)
			words := 0
			for _, c := range candidates {
				words += len(pages[c.A].Words) + len(pages[c.B].Words)
			}
			b.SetBytes(int64(4 * words))
			b.ReportAllocs()
			for b.Loop() {
				Verify(pages, candidates, 1)
			}
			b.ReportMetric(float64(len(candidates)*b.N)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}

func BenchmarkSame(b *testing.B) {
	pages, _ := wire(2000, 1)
	pages = append(pages, slices.Clone(pages)...)
	words := 0
	for i := range pages {
		words += len(pages[i].Words)
	}
	b.SetBytes(int64(4 * words))
	b.ReportAllocs()
	for b.Loop() {
		Same(pages, 2)
	}
	b.ReportMetric(float64(len(pages)*b.N)/b.Elapsed().Seconds(), "pages/s")
}

func BenchmarkGroups(b *testing.B) {
	star := func(n int) (pairs [][2]int) {
		for i := 1; i < n; i++ {
			pairs = append(pairs, [2]int{0, i})
		}
		return pairs
	}
	chain := func(n int) (pairs [][2]int) {
		for i := 1; i < n; i++ {
			pairs = append(pairs, [2]int{i - 1, i})
		}
		return pairs
	}
	many := func(n int) (pairs [][2]int) {
		for i := 0; i+4 < n; i += 5 {
			for a := i; a < i+5; a++ {
				for b := a + 1; b < i+5; b++ {
					pairs = append(pairs, [2]int{a, b})
				}
			}
		}
		return pairs
	}
	pages, _ := wire(2000, 1)
	for _, c := range []struct {
		name  string
		pages []Page
		links []Link
	}{
		{"2000 pages in groups of five", pages, copyLinks(many(2000)...)},
		{"star of 2000", pages, copyLinks(star(2000)...)},
		{"chain of 200", pages[:200], copyLinks(chain(200)...)}, // the worst: a third goes off at a time
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Groups(c.pages, c.links)
			}
			b.ReportMetric(float64(len(c.pages)*b.N)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}
