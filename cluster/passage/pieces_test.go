package passage

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sada/features/article"
)

// inPieces does what Find does, page by page and pair by pair: nothing knows all pages but what is counted or
// collected by a key. Lists of more than heavy postings are cut to their homes, in two halves.
func inPieces(pages []Page, heavy int) Result {
	// What one page gives.
	postings, titled, lines := map[uint64][]Posting{}, map[uint64]Titled{}, map[uint64]int32{}
	sources, frequency := map[string]int{}, make([]uint32, topicCells)
	for i := range pages {
		p := &pages[i]
		p.Anchors(func(hash uint64, word uint32) { postings[hash] = append(postings[hash], NewPosting(uint32(i), word)) })
		if hash, ok := p.Title(); ok {
			if _, known := titled[hash]; !known {
				titled[hash] = Titled{hash, uint32(i), p.ID}
			}
		}
		p.Repeatable(func(hash uint64) { lines[hash]++ })
		sources[p.Source]++
		for _, c := range p.Cells() {
			frequency[c]++
		}
	}
	topics := NewTopics(frequency, len(pages))

	// What two pages share.
	hits := map[Couple][]Hit{}
	for _, ps := range postings {
		kept := slices.Clone(ps)
		if len(kept) > heavy {
			half := len(kept) / 2
			kept = Homes(append(Homes(slices.Clone(kept[:half])), Homes(slices.Clone(kept[half:]))...))
		}
		Link(kept, ps, func(c Couple, h Hit) { hits[c] = append(hits[c], h) })
	}
	var res Result
	near := make([][]Near, len(pages))
	for c, hs := range hits {
		slices.SortFunc(hs, func(p, q Hit) int { return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B)) })
		hs = slices.Compact(hs)
		res.Hits += len(hs)
		a, b := &pages[c.A], &pages[c.B]
		found := Align(a.Words, b.Words, hs)
		if len(found) == 0 {
			continue
		}
		res.Pairs = append(res.Pairs, Pair{int(c.A), int(c.B), found})
		here, there := Near{Of: b.Card(c.B)}, Near{Of: a.Card(c.A)}
		for _, f := range found {
			here.Shared, there.Shared = append(here.Shared, Shared{f.A, f.B, f.Equal}), append(there.Shared, Shared{f.B, f.A, f.Equal})
		}
		near[c.A], near[c.B] = append(near[c.A], here), append(near[c.B], there)
	}
	slices.SortFunc(res.Pairs, func(p, q Pair) int { return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B)) })

	// What could be appended to each page, and on which others it is.
	around := make([]*Neighbourhood, len(pages))
	type node struct{ page, place int }
	var nodes []node
	first := make([]int, len(pages)) // of each page: its first node
	for i := range pages {
		slices.SortFunc(near[i], func(p, q Near) int { return cmp.Compare(p.Of.Number, q.Of.Number) })
		var named []Titled
		pages[i].Mentions(func(hash uint64) {
			if t, ok := titled[hash]; ok {
				named = append(named, t)
			}
		})
		around[i] = NewNeighbourhood(uint32(i), &pages[i], near[i], named, topics)
		first[i] = len(nodes)
		for place := range around[i].Candidates() {
			nodes = append(nodes, node{i, place})
		}
	}
	candidate := func(n int) Candidate { return around[nodes[n].page].Candidates()[nodes[n].place] }
	text := make([]int, len(nodes)+len(pages)) // nodes, and after them pages that are somebody's text
	for i := range text {
		text[i] = i
	}
	unite := func(a, b int) {
		from, to := max(text[a], text[b]), min(text[a], text[b])
		for i := range text {
			if text[i] == from {
				text[i] = to
			}
		}
	}
	for n := range nodes {
		c := candidate(n)
		if c.Own {
			unite(n, len(nodes)+int(c.Other))
			continue
		}
		for m := first[c.Other]; m < len(nodes) && nodes[m].page == int(c.Other); m++ {
			if o := candidate(m).Here; o.From < c.There.To && c.There.From < o.To {
				unite(n, m)
			}
		}
	}
	carried := make([][]Carried, len(pages))
	for n := range nodes {
		var hosts []Host
		of := map[string]bool{}
		segment := uint64(0)
		for m := range nodes {
			if text[m] == text[n] {
				if hosts == nil {
					segment = candidate(m).Anchor
				}
				hosts = append(hosts, around[nodes[m].page].Host(candidate(m)))
				of[pages[nodes[m].page].Source] = true
			}
		}
		k := Carry(hosts, topics)
		k.Sources, k.Segment = len(of), segment
		carried[nodes[n].page] = append(carried[nodes[n].page], k)
	}

	// What is decided of each.
	found := make([][]Passage, len(pages))
	res.Parts = make([][]article.Part, len(pages))
	for i := range pages {
		var recurring []Recurring
		pages[i].Repeatable(func(hash uint64) {
			if n := lines[hash]; n >= LeastRecurring {
				recurring = append(recurring, Recurring{hash, n})
			}
		})
		slices.SortFunc(recurring, func(p, q Recurring) int { return cmp.Compare(p.Hash, q.Hash) })
		found[i], res.Parts[i] = around[i].Resolve(carried[i], recurring, sources[pages[i].Source])
	}
	for i := range pages {
		res.Passages = append(res.Passages, found[i]...)
		for _, p := range around[i].Related(res.Parts[i]) {
			if MostlyOwn(res.Parts[p.B], around[p.B].Bytes(p.WordsB)) {
				res.Passages = append(res.Passages, p)
			}
		}
	}
	return res
}

// TestPieces: the pieces find what Find finds in all pages at once.
func TestPieces(t *testing.T) {
	cut, related, heavy := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := newCorpus(generated(t)...)
		limit := rapid.IntRange(2, 12).Draw(t, "heavy")
		want, got := find(c.pages, Options{}), inPieces(c.pages, limit)
		for _, table := range []struct {
			name      string
			want, got any
		}{{"hits", want.Hits, got.Hits}, {"pairs", want.Pairs, got.Pairs}, {"passages", want.Passages, got.Passages}, {"parts", want.Parts, got.Parts}} {
			if w, g := fmt.Sprintf("%+v", table.want), fmt.Sprintf("%+v", table.got); w != g {
				t.Fatalf("%s: %s\nwant %s", table.name, g, w)
			}
		}
		for _, p := range got.Passages {
			if p.Cut {
				cut++
			} else {
				related++
			}
		}
		if limit < len(c.pages) {
			heavy++
		}
	})
	if cut == 0 || related == 0 || heavy == 0 {
		t.Errorf("%d passages cut, %d others, %d corpora with long lists: the test does not reach all", cut, related, heavy)
	}
}
