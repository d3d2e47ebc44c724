package tfidf

import (
	stdcmp "cmp"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// counts makes folded counts of a string whose letters are the terms.
func counts(letters string) []Count {
	var c []Count
	for _, r := range letters {
		c = append(c, Count{TermID([]byte(string(r))), 1})
	}
	return Fold(c)
}

func letter(s string) Term { return TermID([]byte(s)) }

func table(docs ...string) *Table {
	var c Counter
	for _, d := range docs {
		c.Add(counts(d))
	}
	return c.Freeze()
}

func TestFold(t *testing.T) {
	got := Fold([]Count{{7, 1}, {3, 0}, {5, math.MaxUint32}, {7, 2}, {5, 9}})
	want := []Count{{5, math.MaxUint32}, {7, 3}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTermIDIsTheSameEverywhere(t *testing.T) {
	// The ID is written to the nightly state: a change of the hash makes every state unreadable.
	// The first value is in the xxHash specification's test set (XXH3-64, seed 0, no bytes).
	for term, want := range map[string]Term{"": 0x2d06800538d394c2} {
		if got := TermID([]byte(term)); got != want {
			t.Errorf("TermID(%q) = %#x, want %#x", term, got, want)
		}
	}
}

func TestIDF(t *testing.T) {
	many := make([]string, 20)
	for i := range many {
		many[i] = "a"
		if i < 10 {
			many[i] += "b"
		}
		if i < 2 {
			many[i] += "c"
		}
		if i < 1 {
			many[i] += "d"
		}
	}
	tests := []struct {
		name string
		t    *Table
		term string
		want float64
	}{
		{"of all 20", table(many...), "a", 0},
		{"of half of 20", table(many...), "b", math.Log(21.0/11) + 1},
		{"of two", table(many...), "c", math.Log(21.0/3) + 1},
		{"of one", table(many...), "d", 0},
		{"of none", table(many...), "e", 0},
		{"of all 19, too few for a share", table(many[:19]...), "a", 1},
		{"empty table", table(), "a", 0},
	}
	for _, tt := range tests {
		if got := tt.t.IDF(letter(tt.term)); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s: IDF = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestVector(t *testing.T) {
	tab := table("aab", "ab", "ac", "cd")
	got := tab.Vector(counts("aaabz"))
	a := (1 + math.Log(3)) * (math.Log(5.0/4) + 1)
	b := math.Log(5.0/3) + 1
	length := math.Hypot(a, b)
	want := map[Term]float64{letter("a"): a / length, letter("b"): b / length}
	if got.Len() != 2 || !slices.IsSorted(got.Terms) {
		t.Fatalf("vector %v: want the two terms a and b in order", got)
	}
	for i, term := range got.Terms {
		if d := math.Abs(float64(got.Weights[i]) - want[term]); d > 1e-6 {
			t.Errorf("weight of %x = %v, want %v", term, got.Weights[i], want[term])
		}
	}
	if v := tab.Vector(counts("dz")); v.Len() != 0 {
		t.Errorf("vector of unweighed terms = %v, want empty", v)
	}
}

func TestVectorOfALongDocument(t *testing.T) {
	// Longer than the array of weights that Vector keeps at hand.
	doc := make([]Count, 1000)
	var c Counter
	for i := range doc {
		doc[i] = Count{Term(i) << 50, 1}
	}
	c.Add(doc)
	c.Add(doc)
	v := c.Freeze().Vector(doc)
	if v.Len() != 1000 || math.Abs(v.Length()-1) > 1e-5 {
		t.Errorf("%d terms, length %v; want 1000, 1", v.Len(), v.Length())
	}
}

func TestAppendVector(t *testing.T) {
	tab := table("aab", "ab", "ac", "cd")
	var all Vector
	var want Vector
	for _, doc := range []string{"aaabz", "dz", "abc", "c"} {
		all = tab.AppendVector(all, counts(doc))
		v := tab.Vector(counts(doc))
		want.Terms, want.Weights = append(want.Terms, v.Terms...), append(want.Weights, v.Weights...)
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Errorf("vectors one after the other differ from those alone (-want +got):\n%s", d)
	}
}

func TestTopAndHeaviest(t *testing.T) {
	v := Vector{[]Term{1, 2, 3, 4}, []float32{.5, .7, .5, .1}}
	if d := cmp.Diff([]Weighted{{2, .7}, {1, .5}}, v.Top(2)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Term{9, 1, 2, 3}, v.AppendHeaviest([]Term{9}, 3)); d != "" {
		t.Error(d)
	}
	if got := len(v.Top(9)); got != 4 {
		t.Errorf("Top(9) has %d terms, want 4", got)
	}
}

func TestNewTableRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		docs    int
		entries []DF
		ok      bool
	}{
		{"good", 3, []DF{{1, 1}, {2, 3}}, true},
		{"empty", 0, nil, true},
		{"negative", -1, nil, false},
		{"order", 3, []DF{{2, 1}, {1, 1}}, false},
		{"twice", 3, []DF{{2, 1}, {2, 1}}, false},
		{"zero", 3, []DF{{2, 0}}, false},
		{"more than documents", 3, []DF{{2, 4}}, false},
	} {
		if _, err := NewTable(tt.docs, tt.entries); (err == nil) != tt.ok {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
}

func TestExtend(t *testing.T) {
	docs := make([]string, 0, 30)
	for range 10 {
		docs = append(docs, "ab", "a", "ac")
	}
	docs[0] += "d"
	old := table(docs...)
	var later Counter
	for range 20 {
		later.Add(counts("bde"))
	}
	got := old.Extend(&later)
	want := map[string]int{"a": 30, "b": 10, "c": 10, "d": 15, "e": 15} // 15: half of 30
	for term, df := range want {
		if got.DF(letter(term)) != df {
			t.Errorf("DF(%s) = %d, want %d", term, got.DF(letter(term)), df)
		}
	}
	if got.Docs() != 30 || got.Version() == old.Version() {
		t.Errorf("%d documents, version changed: %v", got.Docs(), got.Version() != old.Version())
	}
}

// drawDocs draws folded documents over a small vocabulary. Terms are hashes or small numbers, which
// the table looks up by different ways.
func drawDocs(t *rapid.T, max int) [][]Count {
	scale := rapid.SampledFrom([]uint64{1, 0x9e3779b97f4a7c15}).Draw(t, "scale")
	one := rapid.Custom(func(t *rapid.T) Count {
		return Count{Term(rapid.Uint64Range(0, 40).Draw(t, "term") * scale), rapid.Uint32Range(1, 5).Draw(t, "n")}
	})
	docs := rapid.SliceOfN(rapid.SliceOfN(one, 0, 30), 0, max).Draw(t, "docs")
	for i := range docs {
		docs[i] = Fold(docs[i])
	}
	return docs
}

func TestTableDoesNotDependOnOrderOrWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocs(t, 20)
		var all Counter
		for _, d := range docs {
			all.Add(d)
		}
		want := all.Freeze()
		counted := make(map[Term]uint32)
		for _, d := range docs {
			for _, c := range d {
				counted[c.Term]++
			}
		}
		if len(want.Entries()) != len(counted) {
			t.Fatalf("%d terms, want %d", len(want.Entries()), len(counted))
		}
		for _, e := range want.Entries() {
			if e.Docs != counted[e.Term] {
				t.Fatalf("term %x in %d documents, want %d", e.Term, e.Docs, counted[e.Term])
			}
		}

		cut := rapid.IntRange(0, len(docs)).Draw(t, "cut")
		var first, second Counter
		for _, d := range docs[cut:] {
			first.Add(d)
		}
		for _, d := range docs[:cut] {
			second.Add(d)
		}
		first.Merge(&second)
		if got := first.Freeze().Version(); got != want.Version() {
			t.Fatalf("version %s in another order, want %s", got, want.Version())
		}
		saved, err := NewTable(want.Docs(), want.Entries())
		if err != nil || saved.Version() != want.Version() {
			t.Fatalf("table read back: %v", err)
		}
		for _, e := range want.Entries() {
			if want.DF(e.Term) != int(e.Docs) {
				t.Fatalf("DF(%x) = %d, want %d", e.Term, want.DF(e.Term), e.Docs)
			}
		}
	})
}

// TestCollectionIsTheTableByNLP holds the own weights to those of github.com/james-bowman/nlp, and to
// a dense calculation by gonum.
func TestCollectionIsTheTableByNLP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocs(t, MaxShareFrom-1)
		var c Counter
		for _, d := range docs {
			c.Add(d)
		}
		tab := c.Freeze()
		byNLP, err := Collection(docs)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range docs {
			if diff := cmp.Diff(byNLP[i], tab.Among(d), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("document %d: nlp (-), by the table (+)\n%s", i, diff)
			}
			// Collection keeps the terms of one document only, the table does not, but for their length.
			var v Vector
			all := byNLP[i].Length()
			for j, term := range byNLP[i].Terms {
				if tab.DF(term) >= MinDF {
					v.Terms = append(v.Terms, term)
					v.Weights = append(v.Weights, byNLP[i].Weights[j])
				}
			}
			if v.Len() > 0 {
				dense := mat.NewVecDense(v.Len(), nil)
				for j, w := range v.Weights {
					dense.SetVec(j, float64(w))
				}
				dense.ScaleVec(1/max(mat.Norm(dense, 2), commonShare*all), dense)
				for j := range v.Weights {
					v.Weights[j] = float32(dense.AtVec(j))
				}
			}
			if diff := cmp.Diff(v, tab.Vector(d), cmpopts.EquateApprox(0, 1e-6), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("document %d: nlp (-), own (+)\n%s", i, diff)
			}
		}
	})
}

func TestDotIsTheDenseProduct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocs(t, 8)
		vs, err := Collection(docs)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vs {
			for _, w := range vs {
				want := 0.0
				for i, term := range v.Terms {
					if j, ok := slices.BinarySearch(w.Terms, term); ok {
						want += float64(v.Weights[i]) * float64(w.Weights[j])
					}
				}
				if got := v.Dot(w); got != want || got != w.Dot(v) {
					t.Fatalf("Dot = %v, other way %v, want %v", got, w.Dot(v), want)
				}
			}
		}
		sum := Sum(vs...)
		if !slices.IsSorted(sum.Terms) {
			t.Fatal("sum is not in order")
		}
		for _, v := range vs {
			want := 0.0
			for _, w := range vs {
				want += v.Dot(w)
			}
			if got := v.Dot(sum); math.Abs(got-want) > 1e-4*(1+want) {
				t.Fatalf("v . sum = %v, want %v", got, want)
			}
		}
	})
}

// benchDocs returns n documents of 150 draws from a Zipf vocabulary of 20,000 terms.
func benchDocs(n int) [][]Count {
	r := rand.New(rand.NewPCG(1, 2))
	z := rand.NewZipf(r, 1.1, 20, 19_999)
	docs := make([][]Count, n)
	for i := range docs {
		for len(docs[i]) < 150 {
			for range 150 - len(docs[i]) {
				var b [8]byte
				binary.LittleEndian.PutUint64(b[:], z.Uint64())
				docs[i] = append(docs[i], Count{TermID(b[:]), 1})
			}
			docs[i] = Fold(docs[i])
		}
	}
	return docs
}

func BenchmarkTable(b *testing.B) {
	docs := benchDocs(5000)
	counts := 0
	for _, d := range docs {
		counts += len(d)
	}
	b.SetBytes(int64(12 * counts)) // a term and its number
	b.ReportAllocs()
	for b.Loop() {
		var c Counter
		for _, d := range docs {
			c.Add(d)
		}
		tab := c.Freeze()
		for _, d := range docs {
			tab.Vector(d)
		}
	}
}

func BenchmarkVector(b *testing.B) {
	docs := benchDocs(5000)
	var c Counter
	for _, d := range docs {
		c.Add(d)
	}
	tab := c.Freeze()
	sized(b, docs)
	for i := 0; b.Loop(); i++ {
		tab.Vector(docs[i%len(docs)])
	}
}

func BenchmarkCollection(b *testing.B) {
	docs := benchDocs(5000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Collection(docs); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDot(b *testing.B) {
	docs := benchDocs(200)
	var c Counter
	for _, d := range docs {
		c.Add(d)
	}
	tab := c.Freeze()
	vs := make([]Vector, len(docs))
	for i, d := range docs {
		vs[i] = tab.Vector(d)
	}
	sum := 0.0
	sized(b, docs)
	for i := 0; b.Loop(); i++ {
		sum += vs[i%200].Dot(vs[(i*7+1)%200])
	}
	if sum == 0 {
		b.Fatal("nothing in common")
	}
}

func TestFollow(t *testing.T) {
	table := func(docs int, entries ...DF) *Table {
		t.Helper()
		out, err := NewTable(docs, entries)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	frozen := table(20, DF{1, 1}, DF{2, 5}, DF{3, 1}, DF{4, 15}, DF{7, 2})
	now := table(35, DF{0, 3}, DF{1, 4}, DF{2, 30}, DF{4, 1}, DF{5, 1}, DF{6, 30})
	got := frozen.Follow(now)
	want := []DF{{0, 3}, {1, 4}, {2, 5}, {4, 15}, {5, 1}, {6, 10}, {7, 2}}
	if got.Docs() != 20 || !slices.Equal(got.Entries(), want) {
		t.Errorf("%d documents, %v; want 20, %v", got.Docs(), got.Entries(), want)
	}
	for name, pair := range map[string][2]*Table{"again": {got, now}, "itself": {frozen, frozen}, "a small one": {table(1, DF{1, 1}), table(1, DF{1, 1})}} {
		if v := pair[0].Follow(pair[1]).Version(); v != pair[0].Version() {
			t.Errorf("%s: another table", name)
		}
	}
}

// A document whose own words are in no other is not the same as another by the few words that are left.
func TestVectorOfRareWords(t *testing.T) {
	var c Counter
	docs := [][]Count{{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}}, {{1, 1}, {6, 1}, {7, 1}, {8, 1}, {9, 1}}, {{1, 1}, {2, 1}}, {{2, 1}, {10, 1}}}
	for _, d := range docs {
		c.Add(d)
	}
	tab := c.Freeze()
	first, second, third := tab.Vector(docs[0]), tab.Vector(docs[1]), tab.Vector(docs[2])
	if got := first.Dot(second); got > .4 {
		t.Errorf("cosine %.2f of two documents with one word of five in common", got)
	}
	if got := third.Length(); math.Abs(got-1) > 1e-6 {
		t.Errorf("length %.3f of a document without a word of its own", got)
	}
}

// sized says how many bytes of counts the documents have in the mean.
func sized(b *testing.B, docs [][]Count) {
	counts := 0
	for _, d := range docs {
		counts += len(d)
	}
	b.SetBytes(int64(12 * counts / len(docs))) // a term and its number
	b.ReportAllocs()
}

func BenchmarkTop(b *testing.B) {
	docs, vectors := benchVectors()
	for _, k := range []int{15, 32} {
		b.Run(strconv.Itoa(k), func(b *testing.B) {
			sized(b, docs)
			for i := 0; b.Loop(); i++ {
				vectors[i%len(vectors)].Top(k)
			}
		})
	}
}

func BenchmarkAppendHeaviest(b *testing.B) {
	docs, vectors := benchVectors()
	sized(b, docs)
	var terms []Term
	for i := 0; b.Loop(); i++ {
		terms = vectors[i%len(vectors)].AppendHeaviest(terms[:0], 32)
	}
}

func benchVectors() ([][]Count, []Vector) {
	docs := benchDocs(1000)
	var c Counter
	for _, d := range docs {
		c.Add(d)
	}
	tab := c.Freeze()
	vectors := make([]Vector, len(docs))
	for i, d := range docs {
		vectors[i] = tab.Vector(d)
	}
	return docs, vectors
}

func BenchmarkFold(b *testing.B) {
	docs := benchDocs(1000)
	r := rand.New(rand.NewPCG(3, 4))
	for _, d := range docs {
		r.Shuffle(len(d), func(i, j int) { d[i], d[j] = d[j], d[i] })
	}
	work := make([]Count, 0, 150)
	sized(b, docs)
	for i := 0; b.Loop(); i++ {
		work = append(work[:0], docs[i%len(docs)]...)
		Fold(work)
	}
}

// The heaviest terms are the first of all terms in order.
func TestTopIsTheBeginningOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v Vector
		for i, w := range rapid.SliceOf(rapid.Float32Range(-1, 1)).Draw(t, "weights") {
			switch rapid.IntRange(0, 3).Draw(t, "as") {
			case 0:
				w = .5
			case 1:
				w = 0
			case 2:
				w = float32(math.Copysign(0, -1))
			}
			v.Terms, v.Weights = append(v.Terms, Term(i)), append(v.Weights, w)
		}
		all := make([]Weighted, v.Len())
		for i := range all {
			all[i] = Weighted{v.Terms[i], v.Weights[i]}
		}
		slices.SortStableFunc(all, func(a, b Weighted) int { return stdcmp.Compare(b.Weight, a.Weight) })
		k := rapid.IntRange(0, len(all)+2).Draw(t, "k")
		if diff := cmp.Diff(all[:min(k, len(all))], v.Top(k), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("sorted (-), %d heaviest (+)\n%s", k, diff)
		}
		var terms []Term
		for _, w := range all[:min(k, len(all))] {
			terms = append(terms, w.Term)
		}
		slices.Sort(terms)
		if diff := cmp.Diff(terms, v.AppendHeaviest(nil, k), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("sorted (-), %d heaviest in order (+)\n%s", k, diff)
		}
	})
}

// A table that changed is one that follows a table of all documents.
func TestChangeIsFollow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocs(t, 60)
		var before, after, gone, come Counter
		for i, doc := range docs {
			switch rapid.IntRange(0, 3).Draw(t, "of") {
			case 0:
				before.Add(doc)
				gone.Add(doc)
			case 1:
				after.Add(doc)
				come.Add(doc)
			default:
				before.Add(docs[i])
				after.Add(docs[i])
			}
		}
		table := before.Freeze()
		if table.Docs() < MinDF { // it could not say that a term stands in two
			return
		}
		if diff := cmp.Diff(table.Follow(after.Freeze()).Entries(), table.Change(&gone, &come).Entries(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("followed (-), changed (+)\n%s", diff)
		}
	})
}
