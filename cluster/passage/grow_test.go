package passage

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// archive grows as one night after the other changes pages.
type archive struct {
	known *Known
	corpus
}

// night brings the archive to the pages of a corpus: those with an ID and a text that it has are known.
func (a *archive) night(rs []raw, opt Options) Result {
	next := newCorpus(rs...)
	at := make(map[string]int)
	for i, r := range next.raw {
		at[r.id] = i
	}
	moved := make([]int32, len(a.corpus.raw))
	gone := make(map[int]*Page)
	for i, r := range a.corpus.raw {
		to, ok := at[r.id]
		if moved[i] = int32(to); !ok || next.raw[to] != r {
			moved[i] = -1
			gone[i] = &a.pages[i]
		}
	}
	pages := make([]*Page, len(next.pages))
	for i := range pages {
		pages[i] = &next.pages[i]
	}
	var res Result
	res, a.known = Grow(a.known, gone, NewChange(moved, len(pages)), pages, opt)
	a.corpus = *next
	return res
}

// Any split into nights, with pages that come late, change or go, gives what one run gives.
func TestGrowIsFind(t *testing.T) {
	grown := func(t *rapid.T, seed uint64) (cut int) {
		w := newWriter(seed)
		pool := make([][]string, 8)
		for i := range pool {
			pool[i] = w.words(30 + w.r.IntN(120))
		}
		footers := []string{line(w.words(4)), line(w.words(20)), line(w.words(9))}
		titles := make([]string, 12)
		for i := range titles {
			titles[i] = line(w.words(5 + w.r.IntN(4)))
		}
		page := func(n int) raw {
			text := paragraphs(w.words(20 + w.r.IntN(60)))
			for range w.r.IntN(3) {
				if w.r.IntN(4) == 0 {
					text += "إقرأ أيضاً:\n" + titles[w.r.IntN(len(titles))]
				}
				text += paragraphs(w.edit(pool[w.r.IntN(len(pool))], .03))
			}
			for w.r.IntN(3) == 0 {
				text += titles[w.r.IntN(len(titles))]
			}
			if w.r.IntN(2) == 0 {
				text += footers[w.r.IntN(len(footers))]
			}
			title := line(w.words(6))
			if w.r.IntN(2) == 0 {
				title = titles[w.r.IntN(len(titles))]
			}
			return raw{fmt.Sprint(n), fmt.Sprint(n % 3), w.r.IntN(5) - 1, title, text}
		}
		a := archive{known: &Known{}}
		var all []raw
		for night := range 6 {
			for range w.r.IntN(30) {
				all = append(all, page(len(all)))
			}
			for i := range all {
				switch w.r.IntN(30 + 10*night) {
				case 0:
					all[i].text = "" // gone, but for its number
					all[i].id = "-" + all[i].id
				case 1:
					next := page(len(all))
					next.id = all[i].id
					all[i] = next
				}
			}
			live := slices.DeleteFunc(slices.Clone(all), func(r raw) bool { return r.id[0] == '-' })
			w.r.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
			got := a.night(live, Options{Workers: 1 + w.r.IntN(3)})
			want := find(a.pages, Options{})
			if d := gocmp.Diff(want, got, gocmp.AllowUnexported(Passage{}), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("seed %d, night %d, %d pages: %s", seed, night, len(live), d)
			}
			for _, p := range got.Passages {
				if p.Cut {
					cut++
				}
			}
		}
		return cut
	}
	rapid.Check(t, func(t *rapid.T) { grown(t, rapid.Uint64().Draw(t, "seed")) })
}
