package shingle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The definition in the paper, word for word: round after round, every element has a slot and a value in
// [round, round+1), a slot keeps the least, and from round t on every element has the slot round-t.
func TestFastSignerIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bands, rows := rapid.IntRange(1, 8).Draw(t, "bands"), rapid.IntRange(1, 5).Draw(t, "rows")
		set := rapid.SliceOfN(rapid.Uint64(), 1, 40).Draw(t, "set")
		n := uint64(bands * rows)
		want := make([]uint64, n)
		for i := range want {
			want[i] = math.MaxUint64
		}
		for round := range 2 * n { // all of them: what comes after the last empty slot changes nothing
			for _, g := range set {
				h := mix(g ^ mix((round+1)*radix))
				slot := round - n
				if round < n {
					slot = h % (1 << 24) * n / (1 << 24)
				}
				want[slot] = min(want[slot], round<<40+h>>24)
			}
		}
		s := NewFastSigner(bands, rows)
		got, ok := s.Sign([]uint64{9}, set)
		if !ok || !slices.Equal(got, append([]uint64{9}, want...)) {
			t.Fatalf("Sign = %x, %v, want 9 and %x", got, ok, want)
		}
		shuffled := slices.Concat(set, set[:1])
		slices.Reverse(shuffled)
		if again, _ := s.Sign(nil, shuffled); !slices.Equal(again, want) {
			t.Error("the order, or an element that stands there twice, changes the signature")
		}
	})
}

// The fast signer is held to go-minhash: on the same pairs of sets its estimate has no more bias and no
// more variance, and it finds as many of them by their bands, in the shape that the program uses.
func TestFastSignerAgainstMinHash(t *testing.T) {
	const bands, rows, trials = 35, 3, 500
	signers := map[Sketch]Sketcher{}
	for _, name := range []Sketch{Fast, MinHash} {
		s, err := name.New(bands, rows)
		if err != nil {
			t.Fatal(err)
		}
		signers[name] = s
	}
	for _, n := range []int{12, 60, 350} {
		for _, share := range []float64{.15, .35, .6, .8} {
			shared := int(share * float64(n))
			j := Jaccard(shared, n, n)
			t.Run(fmt.Sprintf("n=%d J=%.2f", n, j), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(n), uint64(shared)))
				sum, squares, found := map[Sketch]float64{}, map[Sketch]float64{}, map[Sketch]int{}
				for range trials {
					a, b := pair(r, n, shared)
					for name, s := range signers {
						x, _ := s.Sign(nil, a)
						y, _ := s.Sign(nil, b)
						got, err := Estimate(x, y)
						if err != nil {
							t.Fatal(err)
						}
						sum[name] += got - j
						squares[name] += (got - j) * (got - j)
						if candidates(x, y, rows) {
							found[name]++
						}
					}
				}
				variance := j * (1 - j) / (bands * rows)
				if bias := sum[Fast] / trials; math.Abs(bias) > 4*math.Sqrt(variance/trials) {
					t.Errorf("bias %+.5f", bias)
				}
				t.Logf("standard deviation %.3f of go-minhash's; found %d and %d", math.Sqrt(squares[Fast]/squares[MinHash]), found[Fast], found[MinHash])
				// The ratio of two variances of 500 values has a standard error of .09.
				if squares[Fast] > 1.36*squares[MinHash] {
					t.Errorf("variance %.3f of go-minhash's", squares[Fast]/squares[MinHash])
				}
				p := float64(found[MinHash]) / trials
				if e := 4*math.Sqrt(2*p*(1-p)/trials) + 2.0/trials; float64(found[Fast])/trials < p-e {
					t.Errorf("finds %d of %d pairs, go-minhash %d", found[Fast], trials, found[MinHash])
				}
			})
		}
	}
}

// No shingle makes strangers alike: it takes one slot of each round.
func TestFastSignerHasNoPoison(t *testing.T) {
	const bands, rows, n, trials = 35, 3, 300, 200
	// The shingle that has the least value of all in the first round.
	seed := mix(radix)
	bad := unmix(0) ^ seed
	r := rand.New(rand.NewPCG(3, 4))
	s := NewFastSigner(bands, rows)
	for range trials {
		a, b := pair(r, n, 0)
		x, _ := s.Sign(nil, Set(append(a, bad)))
		y, _ := s.Sign(nil, Set(append(b, bad)))
		same := 0
		for i := range x {
			if x[i] == y[i] {
				same++
			}
		}
		if same > 6 { // one for the shingle in every round that counts, and none of chance
			t.Fatalf("%d of %d slots are the same", same, len(x))
		}
		if candidates(x, y, rows) {
			t.Fatal("two strangers that share one shingle are candidates")
		}
	}
}

func TestFastSignerKeepsMemory(t *testing.T) {
	s, grams := NewFastSigner(35, 3), set("a b c d e f", 3)
	dst := make([]uint64, 0, 105)
	if n := testing.AllocsPerRun(100, func() { dst, _ = s.Sign(dst[:0], grams) }); n != 0 {
		t.Errorf("%v allocations a signature", n)
	}
	if got, ok := s.Sign(dst[:0], nil); ok || len(got) > 0 {
		t.Errorf("the empty set has the signature %v, %v", got, ok)
	}
}

func TestUnknownSketch(t *testing.T) {
	if _, err := Sketch("superminhash").New(35, 3); err == nil {
		t.Error("no error")
	}
}

func TestAllStopsEarly(t *testing.T) {
	text, _ := page(50)
	o := PackOffsets(nil, text.Tokens)
	want := o.Unpack(nil)
	for i, s := range o.All() {
		if s != want[i] {
			t.Fatalf("word %d: %v, want %v", i, s, want[i])
		}
		if i == 20 {
			return
		}
	}
	t.Error("the walk ended before word 20")
}

// Many sets: a processor learns which shingles of one are the least.
func BenchmarkFastSign(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	sets := make([][]uint64, 1000)
	shingles := 0
	for i := range sets {
		sets[i], _ = pair(r, 250+r.IntN(200), 0)
		shingles += len(sets[i])
	}
	for _, name := range []Sketch{Fast, MinHash} {
		b.Run(string(name), func(b *testing.B) {
			s, err := name.New(35, 3)
			if err != nil {
				b.Fatal(err)
			}
			var dst []uint64
			b.ReportAllocs()
			for b.Loop() {
				for _, set := range sets {
					dst, _ = s.Sign(dst[:0], set)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*shingles), "ns/shingle")
		})
	}
}
