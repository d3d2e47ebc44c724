package lsh

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestProbability(t *testing.T) {
	for _, c := range []struct {
		p    Params
		s    float64
		want float64
	}{
		{Params{1, 1}, 0.3, 0.3},
		{Params{1, 4}, 0.5, 1.0 / 16},
		{Params{2, 1}, 0.5, 3.0 / 4},
		{Params{32, 4}, 0, 0},
		{Params{32, 4}, 1, 1},
		// Worked out by hand and printed in chapter 3 of Mining of Massive Datasets (20 bands x 5).
		{Params{20, 5}, 0.2, 0.006},
		{Params{20, 5}, 0.5, 0.470},
		{Params{20, 5}, 0.8, 0.9996},
	} {
		if got := c.p.Probability(c.s); math.Abs(got-c.want) > 5e-4 {
			t.Errorf("%v at %v: %v, want %v", c.p, c.s, got, c.want)
		}
	}
}

// The closed form, without powers: the chance that not every band has an unequal slot.
func TestProbabilityIsTheClosedForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Params{rapid.IntRange(1, 64).Draw(t, "bands"), rapid.IntRange(1, 12).Draw(t, "rows")}
		s := rapid.Float64Range(0, 1).Draw(t, "s")
		band := 1.0
		for range p.Rows {
			band *= s
		}
		none := 1.0
		for range p.Bands {
			none *= 1 - band
		}
		if got := p.Probability(s); math.Abs(got-(1-none)) > 1e-12 {
			t.Fatalf("%v at %v: %v, want %v", p, s, got, 1-none)
		}
	})
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		similarity, recall float64
		slots              int
		want               Params
	}{
		{0.5, 0.5, 1, Params{1, 1}},
		{0.5, 0.75, 2, Params{2, 1}},
		{0.7, 0.999, 128, Params{26, 4}}, // 5 rows need 38 bands: 190 slots
		{0.5, 0.9, 128, Params{18, 3}},
		{0.9, 0.5, 128, Params{6, 21}},
		{0.99, math.SmallestNonzeroFloat64, 1, Params{1, 1}}, // the quotient is 0: still a band
		{0.5, 0.9, 100_000, Params{4715, 11}},                // (1/2)^rows is 0 for most of the rows tried
	} {
		got, err := Choose(c.similarity, c.recall, c.slots)
		if err != nil || got != c.want {
			t.Errorf("Choose(%v, %v, %d) = %v, %v, want %v", c.similarity, c.recall, c.slots, got, err, c.want)
		}
	}
}

func TestChooseErrors(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		similarity, recall float64
		slots              int
	}{
		{0, 0.9, 128}, {1, 0.9, 128}, {-1, 0.9, 128}, {nan, 0.9, 128},
		{0.7, 0, 128}, {0.7, 1, 128}, {0.7, nan, 128},
		{0.7, 0.9, 0}, {0.1, 0.9, 8}, {0.5, 0.9, 1},
	} {
		if got, err := Choose(c.similarity, c.recall, c.slots); err == nil {
			t.Errorf("Choose(%v, %v, %d) = %v, want an error", c.similarity, c.recall, c.slots, got)
		}
	}
}

// Every shape there is, tried with Probability.
func TestChooseIsTheBestShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		similarity := rapid.Float64Range(0.01, 0.99).Draw(t, "similarity")
		recall := rapid.Float64Range(0.01, 0.9999).Draw(t, "recall")
		slots := rapid.IntRange(1, 200).Draw(t, "slots")
		got, err := Choose(similarity, recall, slots)
		const rounding = 1e-12
		if err == nil && (got.Bands < 1 || got.Rows < 1 || got.Bands*got.Rows > slots || got.Probability(similarity) < recall-rounding) {
			t.Fatalf("%v finds %v of the pairs", got, got.Probability(similarity))
		}
		for rows := 1; rows <= slots; rows++ {
			for bands := 1; bands*rows <= slots; bands++ {
				p := Params{bands, rows}
				better := err != nil || rows > got.Rows || rows == got.Rows && bands < got.Bands
				if better && p.Probability(similarity) >= recall+rounding {
					t.Fatalf("%v, %v, but %v finds %v of the pairs", got, err, p, p.Probability(similarity))
				}
			}
		}
	})
}

// signatures makes the signatures of a string for each item: a letter for each band, equal letters
// for equal bands. Every band has two slots.
func signatures(x *Index, items ...string) *Index {
	for i, s := range items {
		var signature []uint64
		for _, r := range s {
			signature = append(signature, uint64(r), uint64(r)*3)
		}
		x.Add(uint32(i), signature)
	}
	return x
}

// star pairs each of the first heads of n items with all that follow it.
func star(heads, n uint32) []Pair {
	var pairs []Pair
	for a := range heads {
		for b := a + 1; b < n; b++ {
			pairs = append(pairs, Pair{a, b})
		}
	}
	return pairs
}

func TestPairs(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit int
		items []string
		want  []Pair
		stats Stats
	}{
		{"nothing", 9, nil, nil, Stats{}},
		{"one", 9, []string{"ab"}, nil, Stats{}},
		{"strangers", 9, []string{"ab", "cd"}, nil, Stats{}},
		{"the band counts", 9, []string{"ab", "ba"}, nil, Stats{}},
		{"one band", 9, []string{"ab", "xb"}, []Pair{{0, 1}}, Stats{Buckets: 1, Largest: 2}},
		{"both bands: once", 9, []string{"ab", "ab"}, []Pair{{0, 1}}, Stats{Buckets: 2, Largest: 2}},
		{"in the order of adding", 9, []string{"ab", "cd", "cb", "ad"},
			[]Pair{{0, 2}, {0, 3}, {1, 2}, {1, 3}}, Stats{Buckets: 4, Largest: 2}},
		{"not transitive", 9, []string{"ab", "ac", "dc"}, []Pair{{0, 1}, {1, 2}}, Stats{Buckets: 2, Largest: 2}},
		{"at the limit", 3, []string{"ab", "ac", "ad"}, []Pair{{0, 1}, {0, 2}, {1, 2}}, Stats{Buckets: 1, Largest: 3}},
		// With a limit of two the first two items of a larger bucket meet all others. The other four
		// of the bucket of a fall into the parts of b and c.
		{"over the limit", 2, []string{"ax", "ay", "ab", "ac", "ab", "ac"},
			append(star(2, 6), Pair{2, 4}, Pair{3, 5}),
			Stats{Buckets: 3, Largest: 6, Split: 1, Skipped: 4}},
		{"over the limit, no parts", 2, []string{"ax", "ay", "ab", "ac", "ad"}, star(2, 5),
			Stats{Buckets: 1, Largest: 5, Split: 1, Skipped: 3}},
		// The same from the second band, whose ring goes on with the first.
		{"over the limit, last band", 2, []string{"xa", "ya", "ba", "ca", "ba"}, append(star(2, 5), Pair{2, 4}),
			Stats{Buckets: 2, Largest: 5, Split: 1, Skipped: 2}},
		// Two buckets of equal items: the first band proposes, the second leaves it to it. Items 4
		// and 5 are neither of the first two nor of the first two of the others.
		{"equal, over the limit", 2, []string{"ab", "ab", "ab", "ab", "ab", "ab"}, star(4, 6),
			Stats{Buckets: 2, Largest: 6, Split: 2, Skipped: 16}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, stats := signatures(NewIndex(Params{2, 2}, c.limit), c.items...).Pairs(2)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.stats, stats); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPairsCarryTheCallersNumbers(t *testing.T) {
	x := NewIndex(Params{1, 1}, 9)
	for _, item := range []uint32{70, 7, 700} {
		x.Add(item, []uint64{5})
	}
	got, _ := x.Pairs(1)
	if d := cmp.Diff([]Pair{{70, 7}, {70, 700}, {7, 700}}, got); d != "" {
		t.Error(d)
	}
}

func TestAddKeepsNothing(t *testing.T) {
	x := NewIndex(Params{1, 2}, 9)
	signature := []uint64{1, 2}
	x.Add(0, signature)
	signature[0] = 9
	x.Add(1, signature)
	if got, _ := x.Pairs(1); got != nil {
		t.Errorf("%v: the first item changed with the caller's memory", got)
	}
}

func TestOrderOfSlotsCounts(t *testing.T) {
	x := NewIndex(Params{1, 3}, 9)
	for i, signature := range [][]uint64{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {3, 2, 1}, {0, 0, 6}, {6, 0, 0}} {
		x.Add(uint32(i), signature)
	}
	if got, _ := x.Pairs(1); got != nil {
		t.Errorf("%v have equal slots in another order", got)
	}
}

func TestBadSizesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"no bands":     func() { NewIndex(Params{0, 4}, 9) },
		"no rows":      func() { NewIndex(Params{4, 0}, 9) },
		"limit of 1":   func() { NewIndex(Params{4, 4}, 1) },
		"short":        func() { NewIndex(Params{2, 2}, 9).Add(0, make([]uint64, 3)) },
		"long":         func() { NewIndex(Params{2, 2}, 9).Add(0, make([]uint64, 5)) },
		"no signature": func() { NewIndex(Params{2, 2}, 9).Add(0, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

// forest is a plain union-find.
type forest []uint32

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = uint32(i)
	}
	return f
}

func (f forest) find(i uint32) uint32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

func (f forest) union(p Pair) { f[f.find(p.A)] = f.find(p.B) }

// families draws signatures in which whole bands are often equal.
func families(t *rapid.T, p Params) [][]uint64 {
	band := rapid.SliceOfN(rapid.Uint64Range(0, 2), p.Bands, p.Bands)
	var all [][]uint64
	for _, bands := range rapid.SliceOfN(band, 0, 30).Draw(t, "bands") {
		var signature []uint64
		for _, b := range bands {
			for row := range p.Rows {
				signature = append(signature, b<<row)
			}
		}
		all = append(all, signature)
	}
	return all
}

func index(p Params, limit int, signatures [][]uint64, order []int) *Index {
	x := NewIndex(p, limit)
	for _, i := range order {
		x.Add(uint32(i), signatures[i])
	}
	return x
}

func upTo(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func TestPairsAreThoseThatShareABand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Params{rapid.IntRange(1, 4).Draw(t, "number of bands"), rapid.IntRange(1, 3).Draw(t, "rows")}
		all := families(t, p)
		var want []Pair
		for a := range all {
			for b := a + 1; b < len(all); b++ {
				for at := 0; at < len(all[a]); at += p.Rows {
					if slices.Equal(all[a][at:at+p.Rows], all[b][at:at+p.Rows]) {
						want = append(want, Pair{uint32(a), uint32(b)})
						break
					}
				}
			}
		}
		got, stats := index(p, max(2, len(all)), all, upTo(len(all))).Pairs(3)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if stats.Split != 0 || stats.Skipped != 0 {
			t.Fatalf("%+v, but no bucket is over the limit", stats)
		}
	})
}

// Over the limit the pairs may be fewer but not others, they do not depend on the workers, items that
// share a band stay connected, and equal ones by pairs of equals.
func TestSplitBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Params{rapid.IntRange(1, 4).Draw(t, "number of bands"), rapid.IntRange(1, 3).Draw(t, "rows")}
		all := families(t, p)
		limit := rapid.IntRange(2, 12).Draw(t, "limit")
		x := index(p, limit, all, upTo(len(all)))
		got, stats := x.Pairs(1)
		again, stats4 := x.Pairs(4)
		if d := cmp.Diff(got, again); d != "" || stats != stats4 {
			t.Fatalf("1 and 4 workers differ: %+v, %+v\n%s", stats, stats4, d)
		}
		full, whole := index(p, max(2, len(all)), all, upTo(len(all))).Pairs(1)
		possible := map[Pair]bool{}
		for _, pair := range full {
			possible[pair] = true
		}
		connected, equal := newForest(len(all)), newForest(len(all))
		for i, pair := range got {
			if !possible[pair] {
				t.Fatalf("%v share no band", pair)
			}
			if i > 0 && (got[i-1].A > pair.A || got[i-1].A == pair.A && got[i-1].B >= pair.B) {
				t.Fatalf("%v after %v", pair, got[i-1])
			}
			connected.union(pair)
			if slices.Equal(all[pair.A], all[pair.B]) {
				equal.union(pair)
			}
		}
		for _, pair := range full {
			if connected.find(pair.A) != connected.find(pair.B) {
				t.Fatalf("%v share a band but are not connected by %v", pair, got)
			}
			if slices.Equal(all[pair.A], all[pair.B]) && equal.find(pair.A) != equal.find(pair.B) {
				t.Fatalf("%v are equal but not connected by equals in %v", pair, got)
			}
		}
		if stats.Buckets != whole.Buckets || stats.Largest != whole.Largest {
			t.Fatalf("%+v, without a limit %+v", stats, whole)
		}
		if (stats.Split > 0) != (stats.Largest > limit) || stats.Split == 0 && stats.Skipped != 0 {
			t.Fatalf("limit %d: %+v", limit, stats)
		}
		if len(full) > len(got)+stats.Skipped {
			t.Fatalf("%d of %d pairs, but %+v", len(got), len(full), stats)
		}
	})
}

func TestOrderOfItemsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Params{3, 2}
		all := families(t, p)
		// A bucket over the limit has heads, which depend on the order: see Add.
		limit := max(2, len(all))
		unordered := func(pairs []Pair) map[Pair]bool {
			m := map[Pair]bool{}
			for _, pair := range pairs {
				m[Pair{min(pair.A, pair.B), max(pair.A, pair.B)}] = true
			}
			return m
		}
		order := upTo(len(all))
		want, stats := index(p, limit, all, order).Pairs(1)
		if len(order) > 0 {
			order = rapid.Permutation(order).Draw(t, "order")
		}
		got, permuted := index(p, limit, all, order).Pairs(1)
		if d := cmp.Diff(unordered(want), unordered(got)); d != "" {
			t.Fatal(d)
		}
		if stats != permuted {
			t.Fatalf("%+v, permuted %+v", stats, permuted)
		}
	})
}

// random makes a signature of uniform slots.
func random(r *rand.Rand, slots int) []uint64 {
	s := make([]uint64, slots)
	for i := range s {
		s[i] = r.Uint64()
	}
	return s
}

// similar makes a signature whose slots agree with those of s with the given probability.
func similar(r *rand.Rand, s []uint64, similarity float64) []uint64 {
	out := random(r, len(s))
	for i := range out {
		if r.Float64() < similarity {
			out[i] = s[i]
		}
	}
	return out
}

func TestRecallIsBinomial(t *testing.T) {
	const n = 3000
	for _, p := range []Params{{32, 4}, {14, 9}, {20, 5}} {
		for _, similarity := range []float64{0.2, 0.35, 0.5, 0.7, 0.85} {
			t.Run(fmt.Sprintf("%dx%d at %v", p.Bands, p.Rows, similarity), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(p.Bands), uint64(similarity*100)))
				x := NewIndex(p, 100)
				for i := range uint32(n) {
					s := random(r, p.Bands*p.Rows)
					x.Add(2*i, s)
					x.Add(2*i+1, similar(r, s, similarity))
				}
				pairs, _ := x.Pairs(2)
				for _, pair := range pairs {
					if pair.A%2 != 0 || pair.B != pair.A+1 {
						t.Fatalf("%v are strangers", pair)
					}
				}
				want := p.Probability(similarity)
				got := float64(len(pairs)) / n
				if e := 4*math.Sqrt(want*(1-want)/n) + 1.0/n; math.Abs(got-want) > e {
					t.Errorf("recall %.4f, want %.4f +- %.4f", got, want, e)
				}
			})
		}
	}
}

func TestAllPairsOfEqualSignatures(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := NewIndex(Params{32, 4}, 50)
	var want []Pair
	for family := range uint32(20) {
		s := random(r, 128)
		for i := range uint32(50) {
			x.Add(50*family+i, s)
			for j := i + 1; j < 50; j++ {
				want = append(want, Pair{50*family + i, 50*family + j})
			}
		}
	}
	got, stats := x.Pairs(2)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Stats{Buckets: 20 * 32, Largest: 50}, stats); d != "" {
		t.Error(d)
	}
}

func TestManyItemsStayLinear(t *testing.T) {
	const n, limit = 50_000, 200
	const all = n * (n - 1) / 2                       // pairs of n items
	const stars = heads*(n-heads) + heads*(heads-1)/2 // pairs of n items with one of the heads
	p := Params{32, 4}
	r := rand.New(rand.NewPCG(1, 2))
	shared := random(r, p.Rows)
	whole := random(r, p.Bands*p.Rows)
	for _, c := range []struct {
		name  string
		make  func(i int) []uint64
		pairs int
		stats Stats
	}{
		{"one band in common", func(int) []uint64 {
			s := random(r, p.Bands*p.Rows)
			copy(s[7*p.Rows:], shared)
			return s
		}, stars, Stats{Buckets: 1, Largest: n, Split: 1, Skipped: all - stars}},
		{"one band in common, copies of their own", func(i int) []uint64 {
			if i%2 == 0 {
				whole = random(r, p.Bands*p.Rows)
				copy(whole[7*p.Rows:], shared)
			}
			return whole
		}, stars + (n-heads)/2, Stats{Buckets: 1 + 31*n/2, Largest: n, Split: 1, Skipped: all - stars - (n-heads)/2 + heads/2}}, // the heads are copies too: band 0 has those pairs
		{"all bands in common", func(int) []uint64 { return whole },
			// The heads, and those of the others, which agree in all bands.
			2*stars - heads*heads,
			Stats{Buckets: 32, Largest: n, Split: 32, Skipped: 32*all - (2*stars - heads*heads)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := NewIndex(p, limit)
			for i := range n {
				x.Add(uint32(i), c.make(i))
			}
			pairs, stats := x.Pairs(2)
			if len(pairs) != c.pairs {
				t.Errorf("%d pairs, want %d", len(pairs), c.pairs)
			}
			if d := cmp.Diff(c.stats, stats); d != "" {
				t.Error(d)
			}
		})
	}
}

// A page and 3,000 edited copies of it: every band has a bucket over the limit, and the copies differ,
// so that the parts of one bucket keep only some of them together.
func TestLargeGroupsKeepTheirRecall(t *testing.T) {
	const n = 3000
	p := Params{32, 4}
	for _, similarity := range []float64{0.5, 0.7, 0.9} {
		t.Run(fmt.Sprint(similarity), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(similarity*100)))
			base := random(r, p.Bands*p.Rows)
			x := NewIndex(p, 100)
			x.Add(0, base)
			for i := range uint32(n) {
				x.Add(i+1, similar(r, base, similarity))
			}
			pairs, stats := x.Pairs(2)
			if stats.Split != p.Bands {
				t.Fatalf("%+v, want every band split", stats)
			}
			found := 0
			for _, pair := range pairs {
				if pair.A == 0 {
					found++
				}
			}
			want := p.Probability(similarity)
			got := float64(found) / n
			if e := 4*math.Sqrt(want*(1-want)/n) + 1.0/n; math.Abs(got-want) > e {
				t.Errorf("%.4f of the copies are paired with the page, want %.4f +- %.4f", got, want, e)
			}
		})
	}
}

// corpus makes n items of which every fourth is a copy of the one before with similarity 0.8.
func corpus(n int, p Params) [][]uint64 {
	r := rand.New(rand.NewPCG(8, 9))
	var all [][]uint64
	for i := range n {
		if i%4 == 3 {
			all = append(all, similar(r, all[i-1], 0.8))
		} else {
			all = append(all, random(r, p.Bands*p.Rows))
		}
	}
	return all
}

func BenchmarkAdd(b *testing.B) {
	p := Params{32, 4}
	all := corpus(1000, p)
	b.SetBytes(int64(8 * len(all) * p.Bands * p.Rows))
	b.ReportAllocs()
	for b.Loop() {
		index(p, 200, all, upTo(len(all)))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(all)), "ns/item")
}

func BenchmarkPairs(b *testing.B) {
	p := Params{32, 4}
	const n = 100_000
	x := index(p, 200, corpus(n, p), upTo(n))
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(8 * n * p.Bands))
			b.ReportAllocs()
			for b.Loop() {
				x.Pairs(workers)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/item")
		})
	}
}
