package passage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sada/cluster/internal/memory"
	"sada/features/shingle"
)

func TestHomes(t *testing.T) {
	// The positions at which pages 0, 1, ... have an anchor.
	for _, c := range []struct {
		name string
		pos  []uint32
		want []int // the homes
	}{
		{"two pages", []uint32{9, 3}, []int{0, 1}},
		{"the oldest four", []uint32{9, 9, 9, 9}, []int{0, 1, 2, 3}},
		{"and the four nearest to the start", []uint32{9, 9, 9, 9, 8, 7, 90, 6, 5, 4, 80}, []int{0, 1, 2, 3, 5, 7, 8, 9}},
		{"of equally near ones the oldest", []uint32{9, 9, 9, 9, 7, 7, 7, 7, 7, 7}, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"a page nearer than all, late", []uint32{50, 50, 50, 50, 40, 40, 40, 40, 40, 0}, []int{0, 1, 2, 3, 4, 5, 6, 9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ps []posting
			for i, pos := range c.pos {
				ps = append(ps, posting{7, uint32(i), pos})
			}
			var want []hit
			for a := range c.pos {
				for b := a + 1; b < len(c.pos); b++ {
					if slices.Contains(c.want, a) || slices.Contains(c.want, b) {
						want = append(want, hit{uint32(a), uint32(b), c.pos[a], c.pos[b]})
					}
				}
			}
			got := linkOne(nil, ps)
			slices.SortFunc(got, func(p, q hit) int { return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b)) })
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// joined returns all hits of pages.
func joined(pages [][]uint32, opt Options) []hit {
	out := make([][]hit, ranges)
	if err := join(len(pages), func(i int) []uint32 { return pages[i] }, opt, func(r int, hits []hit) { out[r] = slices.Clone(hits) }); err != nil {
		panic(err)
	}
	return slices.Concat(out...)
}

// The hits of a range are in memory that those of the next one take.
func TestJoinOfTwoRanges(t *testing.T) {
	pages := [][]uint32{{}, {1, 1, 2, 4, 3, 3, 2, 2}, {4, 3, 3, 2, 2, 3}, {4, 3, 3, 2, 2}}
	want := []hit{{1, 2, 3, 0}, {1, 3, 3, 0}, {2, 3, 0, 0}}
	if got := joined(pages, Options{Parts: 1, Workers: 1}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// options draws options, on which no result depends.
func options(t *rapid.T) Options {
	return Options{
		Parts:   rapid.IntRange(1, 5).Draw(t, "parts"),
		Workers: rapid.IntRange(1, 4).Draw(t, "workers"),
		Keep:    rapid.SampledFrom([]memory.Keep{nil, keep}).Draw(t, "keep"),
	}
}

// keep gives memory without room for anything else.
func keep(parts ...[]byte) ([]byte, error) { return slices.Concat(parts...), nil }

// texts draws pages of few words, so that they share much.
func texts(t *rapid.T) [][]uint32 {
	return rapid.SliceOfN(rapid.SliceOfN(rapid.Uint32Range(1, 4), 0, 60), 0, 12).Draw(t, "texts")
}

// The hits are those that follow from the definition: computed here from all pairs.
func TestJoinAgreesWithItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pages := texts(t)
		byHash := make(map[uint64][]posting)
		for doc, words := range pages {
			for _, a := range shingle.Winnow(nil, shingle.Grams(nil, words, AnchorWords), AnchorWindow) {
				if ps := byHash[a.Hash]; len(ps) == 0 || ps[len(ps)-1].doc != uint32(doc) {
					byHash[a.Hash] = append(ps, posting{a.Hash, uint32(doc), a.Pos})
				}
			}
		}
		want := []hit{}
		for _, ps := range byHash {
			near := slices.Clone(ps[min(homes, len(ps)):])
			slices.SortStableFunc(near, func(p, q posting) int { return cmp.Compare(p.pos, q.pos) })
			home := append(slices.Clone(ps[:min(homes, len(ps))]), near[:min(homes, len(near))]...)
			for n, p := range ps {
				for _, q := range ps[n+1:] {
					if slices.Contains(home, p) || slices.Contains(home, q) {
						want = append(want, hit{p.doc, q.doc, p.pos, q.pos})
					}
				}
			}
		}
		slices.SortFunc(want, func(p, q hit) int {
			return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b), cmp.Compare(p.posA, q.posA), cmp.Compare(p.posB, q.posB))
		})
		want = slices.Compact(want)
		got := joined(pages, options(t))
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Ten equal words in the middle of other text are a hit, and nine need not be.
func TestTenEqualWordsAreAHit(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	other := func(n int) []uint32 {
		out := make([]uint32, n)
		for i := range out {
			out[i] = r.Uint32()
		}
		return out
	}
	missed := 0
	for range 2000 {
		for n := AnchorWords + AnchorWindow - 2; n <= AnchorWords+AnchorWindow-1; n++ {
			shared := other(n)
			pages := [][]uint32{slices.Concat(other(r.IntN(30)), shared, other(r.IntN(30))), other(40), slices.Concat(other(r.IntN(30)), shared, other(r.IntN(30)))}
			hits := joined(pages, Options{Parts: 1, Workers: 1})
			if len(hits) > 0 && (hits[0].a != 0 || hits[0].b != 2) {
				t.Fatalf("a hit of pages that share nothing: %v", hits)
			}
			if len(hits) == 0 {
				if n == AnchorWords+AnchorWindow-1 {
					t.Fatalf("%d equal words are no hit", n)
				}
				missed++
			}
		}
	}
	if missed == 0 {
		t.Error("nine equal words are always a hit: the pages of this test are no test")
	}
}

// Nothing in a result depends on the parts, the workers or the order in which pages were read.
func TestSameResultWithAnyPartsAndWorkers(t *testing.T) {
	w := newWriter(20)
	pool := make([][]string, 12)
	for i := range pool {
		pool[i] = w.words(30 + w.r.IntN(120))
	}
	var rs []raw
	for n := range 300 {
		text := paragraphs(w.words(w.r.IntN(120)))
		for range w.r.IntN(3) {
			text += paragraphs(w.edit(pool[w.r.IntN(len(pool))], .03))
		}
		rs = append(rs, raw{fmt.Sprint(n), fmt.Sprint(n % 7), w.r.IntN(5) - 1, line(w.words(6)), text})
	}
	c := newCorpus(rs...)
	first := find(c.pages, Options{})
	found{c, first}.check(t)
	if len(first.Passages) < 100 || len(first.Pairs) < 100 {
		t.Fatalf("%d passages and %d pairs: too few for a test", len(first.Passages), len(first.Pairs))
	}
	want := fmt.Sprintf("%+v", first)
	for parts := 1; parts <= 5; parts++ {
		for workers := 1; workers <= 4; workers++ {
			if got := fmt.Sprintf("%+v", find(c.pages, Options{Parts: parts, Workers: workers})); got != want {
				t.Fatalf("%d parts and %d workers: another result", parts, workers)
			}
		}
	}
	if got := fmt.Sprintf("%+v", find(c.pages, Options{Parts: 2, Keep: keep})); got != want {
		t.Error("hits in other memory: another result")
	}
	w.r.Shuffle(len(rs), func(i, j int) { rs[i], rs[j] = rs[j], rs[i] })
	if d := gocmp.Diff(want, fmt.Sprintf("%+v", find(newCorpus(rs...).pages, Options{}))); d != "" {
		t.Error("read in another order: another result")
	}
}

// TestJoinEndsWithItsMemory: whenever the memory ends, so does the join, with its error.
func TestJoinEndsWithItsMemory(t *testing.T) {
	full := errors.New("no room")
	text := make([]uint32, 400)
	for i := range text {
		text[i] = uint32(i)
	}
	needed := 0
	opt := Options{Parts: 3, Keep: func(parts ...[]byte) ([]byte, error) { needed++; return keep(parts...) }}
	run := func() error {
		return join(3, func(int) []uint32 { return text }, opt, func(int, []hit) {})
	}
	if err := run(); err != nil || needed < 2 {
		t.Fatalf("%d pieces of memory, %v", needed, err)
	}
	for room := range needed {
		left := room
		opt.Keep = func(parts ...[]byte) ([]byte, error) {
			if left == 0 {
				return nil, full
			}
			left--
			return keep(parts...)
		}
		if err := run(); !errors.Is(err, full) {
			t.Errorf("with room for %d of %d: %v", room, needed, err)
		}
	}
}

// TestJoinAnnouncesPages: those that are far from the first are announced, each once, before their words are read.
func TestJoinAnnouncesPages(t *testing.T) {
	const n = aheadPages + 300
	texts := make([][]uint32, n)
	for i := range texts {
		texts[i] = []uint32{uint32(i)}
	}
	var announced []uint32
	opt := Options{Parts: 3, Keep: keep, Ahead: func(memory []byte) { announced = append(announced, binary.LittleEndian.Uint32(memory)) }}
	if err := join(n, func(i int) []uint32 { return texts[i] }, opt, func(int, []hit) {}); err != nil {
		t.Fatal(err)
	}
	if len(announced) != n-aheadPages || announced[0] != aheadPages || !slices.IsSorted(announced) {
		t.Errorf("announced %d pages, %v", len(announced), announced)
	}
}
