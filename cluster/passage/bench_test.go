package passage

import (
	"fmt"
	"testing"
)

// newsday makes pages of 350 words in the median: a fifth are edited copies, a tenth carry the text of
// another page as a tail, half end in the same line as the others of their source.
func newsday(n int) []Page {
	w := newWriter(40)
	closing := make([]string, 20)
	for i := range closing {
		closing[i] = line(w.words(8))
	}
	rs := make([]raw, n)
	texts := make([][]string, n)
	for i := range rs {
		texts[i] = w.words(200 + w.r.IntN(300))
		rs[i] = raw{fmt.Sprintf("%06d", i), fmt.Sprint(i % len(closing)), i * 10 / n, line(w.words(9)), ""}
		other := w.r.IntN(i + 1)
		if i%5 == 0 {
			texts[i] = w.edit(texts[other], .05)
		}
		rs[i].text = paragraphs(texts[i])
		if i%10 == 3 {
			rs[i].text += rs[other].title + paragraphs(texts[other])
		}
		if i%2 == 0 {
			rs[i].text += closing[i%len(closing)]
		}
	}
	return newCorpus(rs...).pages
}

func BenchmarkFind(b *testing.B) {
	const n = 5000
	pages := newsday(n)
	bytes := 0
	for i := range pages {
		bytes += pages[i].Bytes
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	var res Result
	for b.Loop() {
		res = find(pages, Options{})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/page")
	b.ReportMetric(float64(res.Hits)/n, "hits/page")
}

// BenchmarkJoin makes the anchors of all pages, joins them, and sorts the hits.
func BenchmarkJoin(b *testing.B) {
	pages := newsday(5000)
	bytes := 0
	for i := range pages {
		bytes += pages[i].Bytes
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		join(len(pages), func(i int) []uint32 { return pages[i].Words }, Options{Parts: 1, Workers: 1}, func(int, []hit) {})
	}
}
