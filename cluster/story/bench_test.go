package story

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"sada/features/tfidf"
)

// planted returns n pages of about 120 terms, 1,000 of them a day. Half of their words are Zipf's; an
// event gives the other half from 20 words of its own. Events have 1 to 20 pages within two days.
func planted(n int, seed uint64) []Node {
	r := rand.New(rand.NewPCG(seed, 2))
	z := rand.NewZipf(r, 1.1, 20, 99_999)
	docs := make([][]tfidf.Count, 0, n)
	times := make([]int64, 0, n)
	var counter tfidf.Counter
	for len(docs) < n {
		own := make([]tfidf.Term, 20)
		for i := range own {
			own[i] = term(z.Uint64())
		}
		start := r.Int64N(int64(n) * day / 1000)
		for range min(1+r.IntN(20), n-len(docs)) {
			doc := make([]tfidf.Count, 0, 200)
			for range 100 {
				doc = append(doc, tfidf.Count{Term: term(z.Uint64()), N: 1}, tfidf.Count{Term: own[r.IntN(20)], N: 1})
			}
			doc = tfidf.Fold(doc)
			counter.Add(doc)
			docs, times = append(docs, doc), append(times, start+r.Int64N(2*day))
		}
	}
	table := counter.Freeze()
	nodes := make([]Node, n)
	for i, d := range docs {
		nodes[i] = Node{Vector: table.Vector(d), Time: times[i], Dated: true}
	}
	return nodes
}

func term(n uint64) tfidf.Term {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	return tfidf.TermID(b[:])
}

func BenchmarkCluster(b *testing.B) {
	nodes := planted(20_000, 1)
	o := Defaults()
	weighed(b, nodes)
	for b.Loop() {
		r := Cluster(nodes, o)
		b.ReportMetric(float64(r.Stats.Links)/float64(len(nodes)), "links/node")
		b.ReportMetric(float64(r.Stats.Candidates)/float64(len(nodes)), "candidates/node")
		b.ReportMetric(float64(r.Stats.Postings)/float64(len(nodes)), "postings/node")
	}
}

func BenchmarkMethods(b *testing.B) {
	nodes := planted(20_000, 1)
	links, _ := Graph(nodes, Defaults())
	for _, m := range []struct {
		name string
		run  func([]Node, []Link, float64, ...[2]int32) []int32
	}{{"AverageLink", AverageLink}, {"Components", Components}, {"Propagation", Propagation}} {
		b.Run(m.name, func(b *testing.B) {
			b.SetBytes(int64(16 * len(links)))
			b.ReportAllocs()
			for b.Loop() {
				m.run(nodes, links, .24)
			}
		})
	}
}

// weighed says how many bytes the terms and weights of the nodes have.
func weighed(b *testing.B, nodes []Node) {
	terms := 0
	for i := range nodes {
		terms += nodes[i].Vector.Len()
	}
	b.SetBytes(int64(12 * terms))
	b.ReportAllocs()
}

func BenchmarkGraph(b *testing.B) {
	nodes := planted(20_000, 1)
	o := Defaults()
	o.Workers = 1
	weighed(b, nodes)
	for b.Loop() {
		Graph(nodes, o)
	}
}

func BenchmarkCalibrate(b *testing.B) {
	nodes := planted(20_000, 1)
	o := Defaults()
	o.Workers = 1
	weighed(b, nodes)
	for b.Loop() {
		Calibrate(nodes, o)
	}
}
