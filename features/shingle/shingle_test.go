package shingle

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	minhash "github.com/dgryski/go-minhash"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sada/features/arabic"
)

// text makes a Text of the words of s, which need no normalisation.
func text(s string) *arabic.Text {
	t := &arabic.Text{}
	from := 0
	for _, w := range strings.Fields(s) {
		from += strings.Index(s[from:], w)
		if len(t.Norm) > 0 {
			t.Norm = append(t.Norm, ' ')
		}
		at := len(t.Norm)
		t.Norm = append(t.Norm, w...)
		t.Tokens = append(t.Tokens, arabic.Token{
			At: uint32(at), End: uint32(len(t.Norm)),
			From: uint32(from), To: uint32(from + len(w)),
		})
		from += len(w)
	}
	return t
}

func words(s string) []uint32 { return Words(nil, text(s)) }

// set makes the set of the k-word shingles of s.
func set(s string, k int) []uint64 { return Set(Grams(nil, words(s), k)) }

// letters draws a text of words from a small alphabet, so that words and shingles repeat.
func letters(most int) *rapid.Generator[[]uint32] {
	return rapid.SliceOfN(rapid.Uint32Range(0, 3), 0, most)
}

func TestWords(t *testing.T) {
	got := Words([]uint32{7}, text("خبر  جديد خبر"))
	if len(got) != 4 || got[0] != 7 {
		t.Fatalf("got %d words after the first %d", len(got), got[0])
	}
	if got[1] != got[3] || got[1] == got[2] {
		t.Errorf("equal words must have equal hashes and others not: %x", got[1:])
	}
	if n := len(Words(nil, &arabic.Text{})); n != 0 {
		t.Errorf("a text without tokens has %d words", n)
	}
}

func TestNumbersAreMarked(t *testing.T) {
	for word, want := range map[string]bool{"2015": true, "0": true, "9": true, "3g": true, "a": false, "a1": false, "خبر": false, "/": false, ":": false} {
		if got := IsNumber(words(word)[0]); got != want {
			t.Errorf("IsNumber of %q is %v", word, got)
		}
	}
}

func TestGrams(t *testing.T) {
	for _, c := range []struct {
		text  string
		k     int
		grams string // the shingles by name: equal letters, equal hashes
	}{
		{"", 1, ""},
		{"a b", 3, ""},
		{"a b c", 3, "x"},
		{"a b a b a", 2, "xyxy"},
		{"a b a b a", 3, "xyx"},
		{"a a a a", 3, "xx"},
		{"a b c a c b", 3, "xyzw"}, // order counts
		{"a b a", 1, "xyx"},
	} {
		got := Grams(nil, words(c.text), c.k)
		if len(got) != len(c.grams) {
			t.Errorf("%q, k %d: %d shingles, want %d", c.text, c.k, len(got), len(c.grams))
			continue
		}
		for i := range got {
			for j := range i {
				if (got[i] == got[j]) != (c.grams[i] == c.grams[j]) {
					t.Errorf("%q, k %d: shingles %d and %d: equal is %v", c.text, c.k, j, i, got[i] == got[j])
				}
			}
		}
	}
}

// The nightly state holds shingles and signatures: a change of these values makes every state
// unreadable. They were computed apart from this program, from the formulas in the documentation.
func TestHashesAreTheSameEverywhere(t *testing.T) {
	// XXH3-64 with seed 0 of "a" is 0xe6c632b61e964e1f, of "abc" 0x78af5f94892f3950.
	if d := cmp.Diff([]uint32{0x1e964e1e, 0x892f3950}, words("a abc")); d != "" {
		t.Errorf("words: %s", d)
	}
	grams := Grams(nil, []uint32{1, 2, 3, math.MaxUint32}, 3)
	if d := cmp.Diff([]uint64{0xdcacf7b00e6144, 0xf0681a71a66861ec}, grams); d != "" {
		t.Errorf("shingles: %s", d)
	}
	got, _ := NewSigner(2, 2).Sign(nil, grams)
	if d := cmp.Diff([]uint64{0xa159df03732de448, 0x64b8d87d51e99eb5, 0x3c137b870a1b2231, 0x4de7896d4b0fa712}, got); d != "" {
		t.Errorf("signature: %s", d)
	}
}

func TestGramsRollAsComputedAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Uint32()).Draw(t, "words")
		k := rapid.IntRange(1, 9).Draw(t, "k")
		dst := []uint64{1, 2}
		got := Grams(dst, text, k)
		if want := 2 + max(0, len(text)-k+1); len(got) != want || !slices.Equal(got[:2], dst) {
			t.Fatalf("%d values after %v, want %d", len(got), got[:2], want)
		}
		for i, g := range got[2:] {
			if alone := Grams(nil, text[i:i+k], k); len(alone) != 1 || alone[0] != g {
				t.Fatalf("shingle %d is %#x, alone %#x", i, g, alone)
			}
		}
	})
}

func TestMixIsABijection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64().Draw(t, "x")
		if got := unmix(mix(x)); got != x {
			t.Fatalf("unmix(mix(%#x)) = %#x", x, got)
		}
	})
}

func TestSetIsSortedAndUnique(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grams := rapid.SliceOf(rapid.Uint64Range(0, 20)).Draw(t, "grams")
		in := map[uint64]bool{}
		for _, g := range grams {
			in[g] = true
		}
		got := Set(grams)
		if len(got) != len(in) {
			t.Fatalf("%d elements, want %d", len(got), len(in))
		}
		for i, g := range got {
			if !in[g] || i > 0 && got[i-1] >= g {
				t.Fatalf("element %d of %v is foreign or out of order", i, got)
			}
		}
	})
}

func TestOverlapAndJaccardAgreeWithMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []uint64 {
			return Set(rapid.SliceOf(rapid.Uint64Range(0, 30)).Draw(t, name))
		}
		a, b := draw("a"), draw("b")
		union, shared := map[uint64]bool{}, 0
		for _, g := range a {
			union[g] = true
		}
		for _, g := range b {
			if union[g] {
				shared++
			}
			union[g] = true
		}
		if got := Overlap(a, b); got != shared {
			t.Fatalf("Overlap = %d, want %d", got, shared)
		}
		want := 0.0
		if len(union) > 0 {
			want = float64(shared) / float64(len(union))
		}
		if got := Jaccard(shared, len(a), len(b)); got != want {
			t.Fatalf("Jaccard = %v, want %v", got, want)
		}
	})
}

func TestJaccardOfTexts(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"", "", 0},
		{"a b", "a b", 0}, // shorter than a shingle
		{"a b c d", "", 0},
		{"a b c d", "a b c d", 1},
		{"a b c d", "a b c e", 1.0 / 3},
		{"a b c a b c", "a b c", 1.0 / 3}, // abc bca cab: each once
		{"a b c d", "d c b a", 0},
	} {
		a, b := set(c.a, 3), set(c.b, 3)
		if got := Jaccard(Overlap(a, b), len(a), len(b)); got != c.want {
			t.Errorf("%q and %q: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestOffsetsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A gap of 0 is two tokens that touch; the long ones take several bytes each.
		size := rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Uint32Range(0, 1<<20))
		var tokens []arabic.Token
		var want []Span
		at := uint32(0)
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			from := at + size.Draw(t, "gap")
			at = from + size.Draw(t, "length")
			tokens = append(tokens, arabic.Token{From: from, To: at})
			want = append(want, Span{from, at})
		}
		before := Offsets("kept")
		packed := PackOffsets(before, tokens)
		if !bytes.HasPrefix(packed, before) {
			t.Fatalf("PackOffsets changed what was in dst: %q", packed[:4])
		}
		kept := []Span{{9, 99}}
		got := packed[len(before):].Unpack(kept)
		if d := cmp.Diff(append(kept, want...), got); d != "" {
			t.Fatal(d)
		}
		words, offset := packed[len(before):].Cursor(), 0
		for range 5 {
			offset += rapid.IntRange(0, 1+int(at)/3).Draw(t, "offset")
			began := 0
			for began < len(want) && int(want[began].From) < offset {
				began++
			}
			if got := words.Before(offset); got != began {
				t.Fatalf("%d words before %d in %v, want %d", got, offset, want, began)
			}
		}
		words = packed[len(before):].Cursor()
		for word := 0; word < len(want); word += rapid.IntRange(0, 12).Draw(t, "on") {
			if got := words.Span(word); got != want[word] {
				t.Fatalf("word %d of %v at %v", word, want, got)
			}
			if rapid.Bool().Draw(t, "enough") {
				break
			}
		}
	})
}

func TestOffsetsReachTheEndOfUint32(t *testing.T) {
	want := []Span{{0, 5}, {math.MaxUint32 - 7, math.MaxUint32}}
	got := PackOffsets(nil, []arabic.Token{{From: 0, To: 5}, {From: math.MaxUint32 - 7, To: math.MaxUint32}}).Unpack(nil)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOffsetsTakeTwoBytesAWord(t *testing.T) {
	page := text(strings.Repeat("المملكة العربية السعودية تعلن ", 100))
	if got, want := len(PackOffsets(nil, page.Tokens)), 2*len(page.Tokens); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
}

// unpack reports the spans and what Unpack panicked with.
func unpack(o Offsets) (spans []Span, panicked any) {
	defer func() { panicked = recover() }()
	return o.Unpack(nil), nil
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte(PackOffsets(nil, text("خبر جديد").Tokens)))
	f.Add([]byte{1})                                           // a gap without a length
	f.Add([]byte{0x80})                                        // a number cut short
	f.Add([]byte{1, 0x80})                                     // the same in the length
	f.Add(bytes.Repeat([]byte{0xff}, 11))                      // a number over 64 bits
	f.Add(append([]byte{1}, bytes.Repeat([]byte{255}, 11)...)) // the same in the length
	f.Fuzz(func(t *testing.T, data []byte) {
		spans, panicked := unpack(data)
		if panicked != nil {
			if s, ok := panicked.(string); !ok || !strings.HasPrefix(s, "shingle: offsets") {
				t.Fatalf("panic: %v", panicked)
			}
			return
		}
		if len(spans) > len(data)/2 {
			t.Fatalf("%d spans of %d bytes", len(spans), len(data))
		}
		var tokens []arabic.Token
		for _, s := range spans {
			tokens = append(tokens, arabic.Token{From: s.From, To: s.To})
		}
		if d := cmp.Diff(spans, PackOffsets(nil, tokens).Unpack(nil), cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func TestDamagedOffsetsPanic(t *testing.T) {
	for _, data := range []Offsets{{1}, {0x80}, {1, 0x80}, {3, 4, 1}, bytes.Repeat([]byte{0xff}, 11)} {
		if spans, panicked := unpack(data); panicked == nil {
			t.Errorf("% x: %v, want a panic", []byte(data), spans)
		}
	}
}

func TestWinnow(t *testing.T) {
	for _, c := range []struct {
		name   string
		grams  []uint64
		window int
		want   []uint32 // positions
	}{
		{"nothing", nil, 4, nil},
		{"one", []uint64{5}, 4, []uint32{0}},
		{"shorter than a window", []uint64{5, 3, 4}, 4, []uint32{1}},
		{"one window", []uint64{5, 3, 4, 9}, 4, []uint32{1}},
		{"window of one takes all", []uint64{5, 3, 4}, 1, []uint32{0, 1, 2}},
		{"rightmost of equals", []uint64{3, 3, 5, 7}, 4, []uint32{1}},
		{"rising", []uint64{1, 2, 3, 4, 5}, 3, []uint32{0, 1, 2}},
		{"falling", []uint64{5, 4, 3, 2, 1}, 3, []uint32{2, 3, 4}},
		// The example of the paper, section 2: hashes of "adorunrunrunadorunrun", window 4.
		{"paper", []uint64{77, 74, 42, 17, 98, 50, 17, 98, 8, 88, 67, 39, 77, 74, 42, 17, 98}, 4,
			[]uint32{3, 6, 8, 11, 15}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := []Anchor{{1, 1}}
			got := Winnow(slices.Clone(want), c.grams, c.window)
			for _, p := range c.want {
				want = append(want, Anchor{c.grams[p], p})
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// Every window on its own, as the paper states the method.
func TestWinnowTakesTheMinimumOfEveryWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grams := rapid.SliceOfN(rapid.Uint64Range(0, 6), 1, 40).Draw(t, "grams")
		window := rapid.IntRange(1, 9).Draw(t, "window")
		chosen := map[int]bool{}
		w := min(window, len(grams))
		for from := range len(grams) - w + 1 {
			best := from
			for i := from; i < from+w; i++ {
				if grams[i] <= grams[best] {
					best = i
				}
			}
			chosen[best] = true
		}
		var want []Anchor
		for i, g := range grams {
			if chosen[i] {
				want = append(want, Anchor{g, uint32(i)})
			}
		}
		if d := cmp.Diff(want, Winnow(nil, grams, window)); d != "" {
			t.Fatal(d)
		}
	})
}

func TestWinnowGuarantee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 5).Draw(t, "k")
		window := rapid.IntRange(1, 7).Draw(t, "window")
		shared := rapid.SliceOfN(rapid.Uint32Range(0, 3), k+window-1, k+window-1).Draw(t, "shared")
		// anchors returns the anchors of a text around the shared run that lie inside it, with
		// positions counted from its first word.
		anchors := func(name string) map[Anchor]bool {
			before := letters(20).Draw(t, name+" before")
			after := letters(20).Draw(t, name+" after")
			inside := map[Anchor]bool{}
			for _, a := range Winnow(nil, Grams(nil, slices.Concat(before, shared, after), k), window) {
				if at := int(a.Pos) - len(before); at >= 0 && at < window {
					inside[Anchor{a.Hash, uint32(at)}] = true
				}
			}
			return inside
		}
		a, b := anchors("a"), anchors("b")
		for x := range a {
			if b[x] {
				return
			}
		}
		t.Fatalf("no anchor in common: %v and %v", a, b)
	})
}

func TestWinnowDensity(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	grams := make([]uint64, 100_000)
	for i := range grams {
		grams[i] = r.Uint64()
	}
	for _, window := range []int{1, 2, 6, 20} {
		got := float64(len(Winnow(nil, grams, window))) / float64(len(grams))
		if want := 2 / float64(window+1); math.Abs(got/want-1) > 0.02 {
			t.Errorf("window %d: %.4f of the shingles, want about %.4f", window, got, want)
		}
	}
}

func TestBadSizesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"no words":  func() { Grams(nil, []uint32{1}, 0) },
		"no window": func() { Winnow(nil, []uint64{1}, 0) },
		"no bands":  func() { NewSigner(0, 4) },
		"no rows":   func() { NewSigner(32, 0) },
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

func TestSignIsTheMinimumOfEachSlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bands, rows := rapid.IntRange(1, 5).Draw(t, "bands"), rapid.IntRange(1, 5).Draw(t, "rows")
		grams := rapid.SliceOfN(rapid.Uint64(), 1, 20).Draw(t, "grams")
		got, ok := NewSigner(bands, rows).Sign([]uint64{9}, grams)
		if !ok || len(got) != 1+bands*rows || got[0] != 9 {
			t.Fatalf("Sign = %x, %v", got, ok)
		}
		for i, slot := range got[1:] {
			band, row := i/rows, i%rows
			want := uint64(math.MaxUint64)
			for _, g := range grams {
				h1, h2 := hash(2*row, g), hash(2*row+1, g)
				want = min(want, h1+uint64(band)*h2)
			}
			if slot != want {
				t.Fatalf("band %d, row %d: %#x, want %#x", band, row, slot, want)
			}
		}
	})
}

// hash applies the n-th hash of the signer's family to a shingle.
func hash(n int, g uint64) uint64 { return mix(g ^ mix(uint64(n+1)*radix)) }

func TestEmptySetsAreNotSimilar(t *testing.T) {
	s := NewSigner(32, 4)
	dst := []uint64{1, 2}
	for _, empty := range [][]uint64{nil, set("a b", 3)} {
		got, ok := s.Sign(dst, empty)
		if ok || !slices.Equal(got, dst) {
			t.Errorf("Sign = %v, %v, want dst alone and false", got, ok)
		}
	}
	if _, err := Estimate(nil, nil); err == nil {
		t.Error("two signatures of no length were compared")
	}
	// The contrast: in go-minhash two empty sets are equal.
	h := seeded(0)
	if a, b := minhash.NewMinWise(h, h, 8), minhash.NewMinWise(h, h, 8); a.Similarity(b) != 1 {
		t.Error("go-minhash has changed: Sign need not refuse the empty set")
	}
}

func TestSignaturesDoNotAlias(t *testing.T) {
	s := NewSigner(8, 4)
	a, _ := s.Sign(nil, set("a b c d e f", 3))
	kept := slices.Clone(a)
	b, _ := s.Sign(nil, set("u v w x y z", 3))
	if !slices.Equal(a, kept) {
		t.Error("the second signature overwrote the first")
	}
	// A used signer forgets: its signatures are those of a new one.
	fresh, _ := NewSigner(8, 4).Sign(nil, set("u v w x y z", 3))
	if d := cmp.Diff(fresh, b); d != "" {
		t.Error(d)
	}
}

func TestSignReusesMemory(t *testing.T) {
	s, grams := NewSigner(32, 4), set("a b c d e f", 3)
	dst := make([]uint64, 0, 128)
	if n := testing.AllocsPerRun(100, func() { dst, _ = s.Sign(dst[:0], grams) }); n != 0 {
		t.Errorf("%v allocations a signature", n)
	}
}

func TestEstimateErrors(t *testing.T) {
	for _, c := range [][2][]uint64{{nil, nil}, {{1}, nil}, {{1, 2}, {1}}} {
		if got, err := Estimate(c[0], c[1]); err == nil {
			t.Errorf("Estimate(%v, %v) = %v, want an error", c[0], c[1], got)
		}
	}
	if got, err := Estimate([]uint64{1, 2, 3, 4}, []uint64{1, 9, 3, 9}); got != 0.5 || err != nil {
		t.Errorf("Estimate = %v, %v, want 0.5", got, err)
	}
}

// pair makes two random sets of n shingles that share the given number.
func pair(r *rand.Rand, n, shared int) (a, b []uint64) {
	for i := range n {
		g := r.Uint64()
		a = append(a, g)
		if i >= shared {
			g = r.Uint64()
		}
		b = append(b, g)
	}
	return Set(a), Set(b)
}

// candidates says whether two signatures agree in a whole band of rows slots.
func candidates(a, b []uint64, rows int) bool {
	for at := 0; at < len(a); at += rows {
		if slices.Equal(a[at:at+rows], b[at:at+rows]) {
			return true
		}
	}
	return false
}

func TestEstimateIsBinomial(t *testing.T) {
	const bands, rows, n, trials = 32, 4, 210, 500
	const slots = bands * rows
	s := NewSigner(bands, rows)
	for _, shared := range []int{30, 70, 140, 180} {
		j := Jaccard(shared, n, n)
		t.Run(fmt.Sprintf("J=%.3f", j), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(shared), 7))
			variance := j * (1 - j) / slots
			var sum, squares float64
			found := 0
			for range trials {
				a, b := pair(r, n, shared)
				x, _ := s.Sign(nil, a)
				y, _ := s.Sign(nil, b)
				got, err := Estimate(x, y)
				if err != nil {
					t.Fatal(err)
				}
				sum += got - j
				squares += (got - j) * (got - j)
				if candidates(x, y, rows) {
					found++
				}
			}
			// Four standard errors of each statistic.
			if bias := sum / trials; math.Abs(bias) > 4*math.Sqrt(variance/trials) {
				t.Errorf("bias %+.5f", bias)
			}
			ratio := squares / trials / variance
			t.Logf("bias %+.5f, sd %.3f of the binomial", sum/trials, math.Sqrt(ratio))
			if e := 4 * math.Sqrt(2.0/trials); math.Abs(ratio-1) > e {
				t.Errorf("variance %.3f of the binomial", ratio)
			}
			p := 1 - math.Pow(1-math.Pow(j, rows), bands)
			rate := float64(found) / trials
			t.Logf("candidates %.3f, closed form %.3f", rate, p)
			if e := 4*math.Sqrt(p*(1-p)/trials) + 1.0/trials; math.Abs(rate-p) > e {
				t.Errorf("%.3f of the pairs share a band, want %.3f +- %.3f", rate, p, e)
			}
		})
	}
}

// unmix is the inverse of mix; its factors are the inverses of mix's modulo 2^64.
func unmix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0x9cb4b2f8129337db
	h ^= h >> 33
	h *= 0x4f74430c22a54005
	h ^= h >> 33
	return h
}

// poison returns a shingle whose first two hashes of the family are both tiny, so that h1 + i*h2 is
// the minimum of almost any set for every small i.
func poison() uint64 {
	seed := mix(radix)
	best, least := uint64(0), uint64(math.MaxUint64)
	for h1 := range uint64(1 << 22) {
		g := unmix(h1) ^ seed
		if h2 := hash(1, g); h2 < least {
			best, least = g, h2
		}
	}
	return best
}

// Two hundred pairs of unrelated sets share one shingle each: the one that takes every slot of a
// MinWise. It is the worst for the first row of the Signer too, which uses the same two hashes.
func TestPoisonShingleMakesNoCandidates(t *testing.T) {
	const bands, rows, n, trials = 32, 4, 300, 200
	bad := poison()
	plain := func(set []uint64) []uint64 {
		m := minhash.NewMinWise(seeded(0), seeded(1), bands*rows)
		for _, g := range set {
			m.Push([]byte{byte(g), byte(g >> 8), byte(g >> 16), byte(g >> 24), byte(g >> 32), byte(g >> 40), byte(g >> 48), byte(g >> 56)})
		}
		return slices.Clone(m.Signature())
	}
	r := rand.New(rand.NewPCG(3, 4))
	s := NewSigner(bands, rows)
	var ours, theirs, taken int
	for range trials {
		a, b := pair(r, n, 0)
		a, b = Set(append(a, bad)), Set(append(b, bad))
		if candidates(plain(a), plain(b), rows) {
			theirs++
		}
		x, _ := s.Sign(nil, a)
		y, _ := s.Sign(nil, b)
		if candidates(x, y, rows) {
			ours++
		}
		for at := 0; at < len(x); at += rows {
			if x[at] == y[at] {
				taken++
			}
		}
	}
	t.Logf("candidates of %d unrelated pairs: go-minhash %d, Signer %d", trials, theirs, ours)
	if theirs < trials*8/10 || taken < trials*bands*8/10 {
		t.Errorf("the shingle is not poison: go-minhash %d of %d, first row %d of %d slots", theirs, trials, taken, trials*bands)
	}
	if ours != 0 {
		t.Errorf("%d of %d unrelated pairs are candidates", ours, trials)
	}
}

// page makes a text of n words whose frequencies fall like those of a language (Zipf).
func page(n int) (*arabic.Text, int) {
	r := rand.New(rand.NewPCG(5, 6))
	zipf := rand.NewZipf(r, 1.1, 4, 20_000)
	var b strings.Builder
	for range n {
		w := zipf.Uint64()
		for range 3 + w%5 {
			b.WriteRune(rune('ا' + w%30))
			w = w*7 + 3
		}
		b.WriteByte(' ')
	}
	return text(b.String()), b.Len()
}

func BenchmarkWords(b *testing.B) {
	t, size := page(100_000)
	var dst []uint32
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		dst = Words(dst[:0], t)
	}
}

func BenchmarkGrams(b *testing.B) {
	t, size := page(100_000)
	w := Words(nil, t)
	var dst []uint64
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		dst = Grams(dst[:0], w, 3)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(dst)), "ns/shingle")
}

func BenchmarkSet(b *testing.B) {
	t, size := page(350)
	grams := Grams(nil, Words(nil, t), 3)
	dst := make([]uint64, len(grams))
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		copy(dst, grams)
		Set(dst)
	}
}

func BenchmarkOverlap(b *testing.B) {
	x, y := pair(rand.New(rand.NewPCG(1, 1)), 350, 200)
	for b.Loop() {
		Overlap(x, y)
	}
}

func BenchmarkSign(b *testing.B) {
	t, size := page(350)
	set := Set(Grams(nil, Words(nil, t), 3))
	s := NewSigner(32, 4)
	var dst []uint64
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = s.Sign(dst[:0], set)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(set)), "ns/shingle")
}

// MB/s of page text, from which the shingles came.
func BenchmarkWinnow(b *testing.B) {
	t, size := page(100_000)
	grams := Grams(nil, Words(nil, t), 5)
	var dst []Anchor
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		dst = Winnow(dst[:0], grams, 6)
	}
}

func BenchmarkUnpack(b *testing.B) {
	t, size := page(350)
	o := PackOffsets(nil, t.Tokens)
	var dst []Span
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		dst = o.Unpack(dst[:0])
	}
}
