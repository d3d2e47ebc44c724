package cluster

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sada/cluster/passage"
	"sada/features/shingle"
)

// The design that package passage does not have: of all word 3-grams every n-th by value is kept with its
// position, each is linked with its oldest holders, and the hits of two pages that lie near their
// commonest diagonal are one passage, from the first to the last. The figures are those of the
// prototype that it was first measured with.
const (
	sampledWords   = 3
	sampledHolders = 48
	sampledDrift   = 24 // words by which the diagonals of one passage may differ
	sampledLeast   = 3  // hits
)

type sampledHit struct{ a, b, posA, posB uint32 }

func sampled(pages []passage.Page, every uint64) (pairs []passage.Pair, postings, links int) {
	type posting struct {
		hash     uint64
		doc, pos uint32
	}
	var all []posting
	var grams []uint64
	for i := range pages {
		grams = shingle.Grams(grams[:0], pages[i].Words, sampledWords)
		for pos, h := range grams {
			if h%every == 0 {
				all = append(all, posting{h, uint32(i), uint32(pos)})
			}
		}
	}
	slices.SortFunc(all, func(p, q posting) int {
		return cmp.Or(cmp.Compare(p.hash, q.hash), cmp.Compare(p.doc, q.doc), cmp.Compare(p.pos, q.pos))
	})
	var hits []sampledHit
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].hash == all[from].hash {
			to++
		}
		one := slices.CompactFunc(slices.Clone(all[from:to]), func(p, q posting) bool { return p.doc == q.doc })
		for n, holder := range one[:min(len(one), sampledHolders)] {
			for _, p := range one[n+1:] {
				hits = append(hits, sampledHit{holder.doc, p.doc, holder.pos, p.pos})
			}
		}
		from = to
	}
	slices.SortFunc(hits, func(p, q sampledHit) int {
		return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b), cmp.Compare(int(p.posB)-int(p.posA), int(q.posB)-int(q.posA)), cmp.Compare(p.posA, q.posA))
	})
	for from := 0; from < len(hits); {
		to := from + 1
		for to < len(hits) && hits[to].a == hits[from].a && hits[to].b == hits[from].b {
			to++
		}
		if p, ok := dominant(hits[from:to]); ok {
			pairs = append(pairs, passage.Pair{A: int(hits[from].a), B: int(hits[from].b), Passages: []passage.Aligned{p}})
		}
		from = to
	}
	return pairs, len(all), len(hits)
}

// dominant returns what the most hits near one diagonal span; hits are in order of their diagonals.
func dominant(hits []sampledHit) (passage.Aligned, bool) {
	diagonal := func(h sampledHit) int { return int(h.posB) - int(h.posA) }
	best, from := hits[:0], 0
	for to := range hits {
		for diagonal(hits[to])-diagonal(hits[from]) > sampledDrift {
			from++
		}
		if to+1-from > len(best) {
			best = hits[from : to+1]
		}
	}
	if len(best) < sampledLeast {
		return passage.Aligned{}, false
	}
	out := passage.Aligned{A: passage.Range{From: 1 << 30}, B: passage.Range{From: 1 << 30}, Anchors: len(best)}
	for _, h := range best {
		out.A.From, out.A.To = min(out.A.From, int(h.posA)), max(out.A.To, int(h.posA)+sampledWords)
		out.B.From, out.B.To = min(out.B.From, int(h.posB)), max(out.B.To, int(h.posB)+sampledWords)
	}
	return out, true
}

// TestSharedDesigns measures the two designs by what their pairs alone show, without marker lines, the
// rule of evidence, LSH or verification.
func TestSharedDesigns(t *testing.T) {
	dir := shared(t)
	var b strings.Builder
	b.WriteString("# Two ways to shared passages. SADA_SHARED=<shared> go test ./cluster -run SharedDesigns -update\n")
	b.WriteString("# anchors: winnowed 5-grams, home postings, chained and aligned word by word; sampled: 3-grams by value, 48 oldest holders, dominant diagonal\n")
	designs := []struct {
		name string
		find func([]passage.Page) ([]passage.Pair, int, int)
	}{
		{"anchors", func(pages []passage.Page) ([]passage.Pair, int, int) {
			all := make([]*passage.Page, len(pages))
			postings := 0
			for i := range pages {
				all[i] = &pages[i]
				postings += len(shingle.Winnow(nil, shingle.Grams(nil, pages[i].Words, passage.AnchorWords), passage.AnchorWindow))
			}
			res, _ := passage.Find(all, passage.Options{Workers: 2})
			return res.Pairs, postings, res.Hits
		}},
		{"sampled 1 in 8", func(pages []passage.Page) ([]passage.Pair, int, int) { return sampled(pages, 8) }},
		{"sampled 1 in 4", func(pages []passage.Page) ([]passage.Pair, int, int) { return sampled(pages, 4) }},
	}

	files, err := filepath.Glob(filepath.Join(dir, "data", "saudinewsnet", "*.jsonl.zst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages in %s: %v", dir, err)
	}
	var records []record
	for _, f := range files {
		records = append(records, decode[record](t, f)...)
	}
	records = append(records, decode[record](t, filepath.Join(dir, "data", "constructed_tails_dev.jsonl.zst"))...)
	pages, number := canonical(t, records)
	fmt.Fprintf(&b, "\n# Appended articles, whose page is there: the pair with it, or with a page that has its first 30 words at its start\n")
	for _, d := range designs {
		pairs, postings, links := d.find(pages)
		of := byPage(pairs)
		all, reached, exact, near := 0, 0, 0, 0
		for i := range records {
			r := &records[i]
			home, ok := number[r.Tail]
			if r.TailStart == nil || !ok {
				continue
			}
			all++
			host := number[r.ID]
			p := &pages[host]
			start := len(string([]rune(r.Text)[:*r.TailStart]))
			if r.Label == "marked" {
				start += strings.IndexByte(r.Text[start:], '\n') + 1
			}
			word := p.Lead
			for _, s := range p.Spans.Unpack(nil) {
				if int(s.From) >= start {
					break
				}
				word++
			}
			off := -1
			for _, v := range of[host] {
				if v.other != home && !sameStart(&pages[v.other], &pages[home]) {
					continue
				}
				if d := max(v.here.From-word, word-v.here.From); v.here.To > word && v.there.From <= 15 && (off < 0 || d < off) {
					off = d
				}
			}
			if off >= 0 {
				reached++
				if off == 0 {
					exact++
				}
				if off <= 10 {
					near++
				}
			}
		}
		fmt.Fprintf(&b, "%-14s reached %s  exact %s  within 10 words %s  postings a page %.0f  hits a page %.0f\n", d.name, percent(reached, all), percent(exact, all), percent(near, all),
			float64(postings)/float64(len(pages)), float64(links)/float64(len(pages)))
	}

	records, truths := makeCorpus(t, dir, "20000")
	pages, number = canonical(t, records)
	fmt.Fprintf(&b, "\n# Edited copies, make_corpus.py 20000: pairs that go together over 3 of 4 words of both main texts; groups over them\n")
	main := make([]int, len(pages)) // words before a tail
	cluster := make([]int, len(pages))
	for _, w := range truths {
		i := number[w.ID]
		cluster[i] = w.Cluster
		main[i] = len(pages[i].Words)
		if w.TailOf != nil {
			main[i] = pages[i].Lead
			for _, s := range pages[i].Spans.Unpack(nil) {
				if int(s.From) < w.TailByte {
					main[i]++
				}
			}
		}
	}
	for _, d := range designs {
		pairs, _, links := d.find(pages)
		group := make([]int, len(pages))
		for i := range group {
			group[i] = i
		}
		var root func(int) int
		root = func(i int) int {
			if group[i] != i {
				group[i] = root(group[i])
			}
			return group[i]
		}
		right, wrong := 0, 0
		for _, p := range pairs {
			inA, inB := 0, 0
			for _, s := range p.Passages {
				inA += min(s.A.To, main[p.A]) - min(s.A.From, main[p.A])
				inB += min(s.B.To, main[p.B]) - min(s.B.From, main[p.B])
			}
			if 4*inA < 3*main[p.A] || 4*inB < 3*main[p.B] {
				continue
			}
			if cluster[p.A] == cluster[p.B] {
				right++
			} else {
				wrong++
			}
			x, y := root(p.A), root(p.B)
			group[max(x, y)] = min(x, y)
		}
		gold := make([]string, len(pages))
		for i := range gold {
			group[i], gold[i] = root(i), strconv.Itoa(cluster[i])
		}
		_, score := agreement(group, gold)
		fmt.Fprintf(&b, "%-14s groups %v  pairs right %d, wrong %d  hits a page %.0f\n", d.name, score, right, wrong, float64(links)/float64(len(pages)))
	}
	golden(t, "designs.txt", b.String())
}

// canonical returns the passage pages of records in the order of Run, and their numbers.
func canonical(t *testing.T, records []record) ([]passage.Page, map[string]int) {
	t.Helper()
	made := features(records)
	slices.SortFunc(made, func(p, q *Page) int { return cmp.Or(p.Date.Compare(q.Date), cmp.Compare(p.ID, q.ID)) })
	pages, number := make([]passage.Page, len(made)), make(map[string]int, len(made))
	for i, p := range made {
		if p.Date.IsZero() {
			t.Fatalf("page %s has no date", p.ID)
		}
		pages[i], number[p.ID] = p.shared, i
	}
	return pages, number
}

// sight is a passage of one page.
type sight struct {
	other       int
	here, there passage.Range
}

func byPage(pairs []passage.Pair) map[int][]sight {
	out := make(map[int][]sight)
	for _, p := range pairs {
		for _, s := range p.Passages {
			out[p.A] = append(out[p.A], sight{p.B, s.A, s.B})
			out[p.B] = append(out[p.B], sight{p.A, s.B, s.A})
		}
	}
	return out
}

// sameStart reports whether two texts begin with the same words, behind their titles.
func sameStart(p, q *passage.Page) bool {
	const words = 30
	a, b := p.Words[p.Lead:], q.Words[q.Lead:]
	return len(a) >= words && len(b) >= words && slices.Equal(a[:words], b[:words])
}
