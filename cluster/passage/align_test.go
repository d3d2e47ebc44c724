package passage

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// numbers returns the words from, from+1, ... before to: words that occur once.
func numbers(from, to uint32) []uint32 {
	var out []uint32
	for ; from < to; from++ {
		out = append(out, from)
	}
	return out
}

func TestAlignOverEdits(t *testing.T) {
	text := numbers(100, 160)
	at := func(n int, with ...uint32) []uint32 { return slices.Concat(text[:n], with, text[n:]) }
	for _, c := range []struct {
		name string
		b    []uint32
		want Aligned
		runs []Run
	}{
		{"nothing", text, Aligned{Range{0, 60}, Range{0, 60}, 1, 60}, []Run{{0, 0, 60}}},
		{"a word more", at(30, 7), Aligned{Range{0, 60}, Range{0, 61}, 1, 60}, []Run{{0, 0, 30}, {30, 31, 30}}},
		{"a word less", slices.Concat(text[:30], text[31:]), Aligned{Range{0, 60}, Range{0, 59}, 1, 59}, []Run{{0, 0, 30}, {31, 30, 29}}},
		{"three words more", at(30, 7, 8, 9), Aligned{Range{0, 60}, Range{0, 63}, 1, 60}, []Run{{0, 0, 30}, {30, 33, 30}}},
		{"three words less", slices.Concat(text[:30], text[33:]), Aligned{Range{0, 60}, Range{0, 57}, 1, 57}, []Run{{0, 0, 30}, {33, 30, 27}}},
		{"a word replaced", slices.Concat(text[:30], []uint32{7}, text[31:]), Aligned{Range{0, 60}, Range{0, 60}, 1, 59}, []Run{{0, 0, 30}, {31, 31, 29}}},
		{"other text around", slices.Concat(numbers(0, 20), text[10:50], numbers(20, 40)), Aligned{Range{10, 50}, Range{20, 60}, 1, 40}, []Run{{10, 20, 40}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The anchor is word 40, so that both the walk back and the walk on meet the edit.
			for _, word := range []uint32{115, 140} {
				a, b := slices.Index(text, word), slices.Index(c.b, word)
				var runs []Run
				got := align(text, c.b, []hit{{posA: uint32(a), posB: uint32(b)}}, &runs)
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("from word %d: %s", word, d)
				}
				if d := cmp.Diff(c.runs, runs); d != "" {
					t.Errorf("from word %d: %s", word, d)
				}
			}
		})
	}
}

// Two different runs of words may have one hash: a chain can name places that are not equal.
func TestAlignEndsAtACollision(t *testing.T) {
	a, b := numbers(0, 40), slices.Concat(numbers(0, 20), numbers(100, 120))
	got := align(a, b, []hit{{posA: 0, posB: 0}, {posA: 20, posB: 20}, {posA: 30, posB: 30}}, nil)
	if want := (Aligned{Range{0, 20}, Range{0, 20}, 3, 20}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// words draws a text of few words, so that it agrees with others and with itself in many places.
func words(most int) *rapid.Generator[[]uint32] {
	return rapid.SliceOfN(rapid.Uint32Range(1, 6), 0, most)
}

func TestAlignmentsAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shared := rapid.SliceOfN(rapid.Uint32Range(1, 6), 1, 40).Draw(t, "shared")
		a := slices.Concat(words(40).Draw(t, "before a"), shared, words(40).Draw(t, "after a"))
		b := slices.Concat(words(40).Draw(t, "before b"), shared, words(40).Draw(t, "after b"))
		i, j := rapid.IntRange(0, len(a)-1).Draw(t, "i"), rapid.IntRange(0, len(b)-1).Draw(t, "j")
		chain := []hit{{posA: uint32(i), posB: uint32(j)}}
		for range rapid.IntRange(0, 5).Draw(t, "more") {
			i, j = i+rapid.IntRange(1, 20).Draw(t, "di"), j+rapid.IntRange(1, 20).Draw(t, "dj")
			if i < len(a) && j < len(b) {
				chain = append(chain, hit{posA: uint32(i), posB: uint32(j)})
			}
		}
		var runs []Run
		got := align(a, b, chain, &runs)
		equal, atA, atB := 0, got.A.From, got.B.From
		for _, r := range runs {
			if r.A < atA || r.B < atB || r.N < 1 || !slices.Equal(a[r.A:r.A+r.N], b[r.B:r.B+r.N]) {
				t.Fatalf("run %+v after %d, %d is out of order or not equal", r, atA, atB)
			}
			equal, atA, atB = equal+r.N, r.A+r.N, r.B+r.N
		}
		if equal != got.Equal || atA != got.A.To || atB != got.B.To {
			t.Fatalf("%+v, but the runs end at %d, %d with %d equal words", got, atA, atB, equal)
		}
	})
}

func TestChains(t *testing.T) {
	for _, c := range []struct {
		name string
		hits [][2]uint32
		want string // the chain of each hit
	}{
		{"one diagonal", [][2]uint32{{0, 100}, {5, 105}, {10, 110}}, "aaa"},
		{"too few", [][2]uint32{{0, 100}, {5, 105}}, ".."},
		{"a gap", [][2]uint32{{0, 0}, {5, 5}, {10, 10}, {71, 71}, {75, 75}, {80, 80}}, "aaabbb"},
		{"no gap", [][2]uint32{{0, 0}, {5, 5}, {10, 10}, {70, 70}, {75, 75}, {80, 80}}, "aaaaaa"},
		{"a gap in the other page", [][2]uint32{{0, 0}, {5, 5}, {10, 10}, {15, 71}, {20, 76}, {25, 81}}, "aaabbb"},
		{"a jump of the diagonal", [][2]uint32{{0, 0}, {5, 5}, {10, 10}, {15, 28}, {20, 33}, {25, 38}}, "aaabbb"},
		{"a small one", [][2]uint32{{0, 0}, {5, 5}, {10, 10}, {15, 27}, {20, 32}, {25, 37}}, "aaaaaa"},
		{"two at once", [][2]uint32{{0, 500}, {1, 100}, {5, 505}, {6, 105}, {10, 510}, {11, 110}}, "ababab"},
		{"back", [][2]uint32{{0, 100}, {5, 95}, {10, 90}}, "..."},
	} {
		t.Run(c.name, func(t *testing.T) {
			var hits []hit
			for _, h := range c.hits {
				hits = append(hits, hit{posA: h[0], posB: h[1]})
			}
			got := make([]byte, len(hits))
			for i := range got {
				got[i] = '.'
			}
			for n, chain := range chains(hits) {
				for _, h := range chain {
					got[slices.Index(hits, h)] = byte('a' + n)
				}
			}
			if string(got) != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// The edit is the first of all that words which are equal follow, in either direction.
func TestSkipTakesTheNearestEdit(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]uint32{3, 20, 2000}).Draw(t, "words")
		text := rapid.SliceOfN(rapid.Uint32Range(1, most), 0, 2*longSkip)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if rapid.Bool().Draw(t, "meet") {
			both := rapid.SliceOfN(rapid.Uint32(), longResync, longResync).Draw(t, "both")
			a = slices.Insert(a, rapid.IntRange(0, len(a)).Draw(t, "in a"), both...)
			b = slices.Insert(b, rapid.IntRange(0, len(b)).Draw(t, "in b"), both...)
		}
		var want edit
		for _, e := range edits {
			if i, j := e.a+e.need, e.b+e.need; i <= len(a) && j <= len(b) && slices.Equal(a[e.a:i], b[e.b:j]) {
				want = e
				found++
				break
			}
		}
		if i, j, ok := skip(a, b); i != want.a || j != want.b || ok != (want.need > 0) {
			t.Fatalf("%d and %d, %v, want %+v", i, j, ok, want)
		}
		slices.Reverse(a)
		slices.Reverse(b)
		if i, j, ok := skipBack(a, b); i != want.a || j != want.b || ok != (want.need > 0) {
			t.Fatalf("back: %d and %d, %v, want %+v", i, j, ok, want)
		}
	})
	if found == 0 {
		t.Error("no edit was found: the pages of this test are no test")
	}
}

// Passages of moved paragraphs are found apart, and each once.
func TestPassagesOfMovedText(t *testing.T) {
	x, y := numbers(1000, 1100), numbers(2000, 2100)
	a, b := slices.Concat(x, y), slices.Concat(y, x)
	got := passages(a, b, hits(t, a, b))
	var places []string
	for _, p := range got {
		places = append(places, fmt.Sprint(p.A, p.B, p.Equal))
	}
	if d := cmp.Diff([]string{"{0 100} {100 200} 100", "{100 200} {0 100} 100"}, places); d != "" {
		t.Error(d)
	}
}

// hits returns the hits of two pages.
func hits(t *testing.T, a, b []uint32) []hit {
	t.Helper()
	pages := [][]uint32{a, b}
	out := joined(pages, Options{Parts: 1, Workers: 1})
	if len(out) == 0 {
		t.Fatal("the pages share no anchor")
	}
	return out
}

func TestHoleInAPassage(t *testing.T) {
	x, y := numbers(1000, 1100), numbers(2000, 2100)
	for _, c := range []struct{ holeA, holeB, want int }{{0, 59, 1}, {59, 59, 1}, {59, 0, 1}, {60, 0, 2}, {59, 60, 2}} {
		a := slices.Concat(x, numbers(1, uint32(1+c.holeA)), y)
		b := slices.Concat(x, numbers(501, uint32(501+c.holeB)), y)
		if got := passages(a, b, hits(t, a, b)); len(got) != c.want || got[0].Equal+got[len(got)-1].Equal != 200*(3-c.want) {
			t.Errorf("holes of %d and %d: %+v, want %d passages", c.holeA, c.holeB, got, c.want)
		}
	}
}
