package eval_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sada/eval"
)

func spanSet(t testing.TB, pages []string, spans ...eval.Span) eval.SpanSet {
	t.Helper()
	s, err := eval.NewSpanSet(pages, spans)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tail(page string, from, to int) eval.Span {
	return eval.Span{Page: page, From: from, To: to, Kind: "tail"}
}

func TestAlignSpans(t *testing.T) {
	gold := spanSet(t, []string{"clean"}, tail("a", 0, 5), tail("gone", 0, 5))
	a := eval.AlignSpans(gold, spanSet(t, []string{"a", "clean", "more"}))
	if d := cmp.Diff([]string{"a", "clean"}, a.Pages); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"gone"}, a.Absent); d != "" {
		t.Error(d)
	}
}

func TestSpanScores(t *testing.T) {
	nan := math.NaN()
	pages := []string{"a", "b"}
	one := [3]float64{1, 1, 1}
	for _, c := range []struct {
		name                   string
		gold, run              []eval.Span
		characters, start, end [3]float64 // boundaries exact
		span                   [3]float64 // both boundaries within 2
		macro                  [3]float64 // of PlagDet
		granularity, plagdet   float64
	}{
		{"nothing on either side", nil, nil, one, one, one, one, one, 1, 1},
		{"equal", []eval.Span{tail("a", 10, 20)}, []eval.Span{tail("a", 10, 20)}, one, one, one, one, one, 1, 1},
		{"missed", []eval.Span{tail("a", 10, 20)}, nil, [3]float64{1, 0, 0}, [3]float64{1, 0, 0}, [3]float64{1, 0, 0},
			[3]float64{1, 0, 0}, [3]float64{1, 0, 0}, 1, 0},
		{"invented", nil, []eval.Span{tail("b", 10, 20)}, [3]float64{0, 1, 0}, [3]float64{0, 1, 0}, [3]float64{0, 1, 0},
			[3]float64{0, 1, 0}, [3]float64{0, 1, 0}, 1, 0},
		{"other kind", []eval.Span{tail("a", 10, 20)}, []eval.Span{{Page: "a", From: 10, To: 20, Kind: "quote"}}, [3]float64{1, 0, 0},
			[3]float64{1, 0, 0}, [3]float64{1, 0, 0}, [3]float64{1, 0, 0}, [3]float64{1, 0, 0}, 1, 0},
		// 8 of 10 bytes found in two pieces, and 2 too many: precision 8/10, recall
		// 8/10. PlagDet precision is the mean of 4/4 and 4/6, recall 8/10, F1 .816...,
		// granularity 2, so the score is F1 / log2(3).
		{"in two pieces", []eval.Span{tail("a", 10, 20)}, []eval.Span{tail("a", 10, 14), tail("a", 16, 22)},
			[3]float64{0.8, 0.8, 0.8}, [3]float64{0.5, 1, 2. / 3}, [3]float64{0, 0, 0}, [3]float64{0, 0, 0},
			[3]float64{5. / 6, 0.8, 2 * (5. / 6) * 0.8 / (5./6 + 0.8)}, 2, 2 * (5. / 6) * 0.8 / (5./6 + 0.8) / math.Log2(3)},
		// One run span over two gold ones that touch: all bytes right, one start of
		// two, one end of two.
		{"two as one", []eval.Span{tail("a", 10, 20), tail("a", 20, 30)}, []eval.Span{tail("a", 10, 30)},
			one, [3]float64{1, 0.5, 2. / 3}, [3]float64{1, 0.5, 2. / 3}, [3]float64{0, 0, 0}, one, 1, 1},
		// Overlapping spans are one before they are scored.
		{"overlap", []eval.Span{tail("a", 10, 30)}, []eval.Span{tail("a", 12, 25), tail("a", 8, 15), tail("a", 20, 30)},
			[3]float64{20. / 22, 1, 40. / 42}, [3]float64{0, 0, 0}, one, one, [3]float64{20. / 22, 1, 40. / 42}, 1, 40. / 42},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := eval.AlignSpans(spanSet(t, pages, c.gold...), spanSet(t, pages, c.run...))
			nearPRF(t, "characters", eval.CharacterUnits(a, "tail").PRF(), c.characters)
			exact := eval.Boundaries(a, "tail", 0, eval.ByteDistance)
			nearPRF(t, "start", exact.Start.PRF(), c.start)
			nearPRF(t, "end", exact.End.PRF(), c.end)
			nearPRF(t, "span within 2", eval.Boundaries(a, "tail", 2, eval.ByteDistance).Span.PRF(), c.span)
			p := eval.PlagDet(a, "tail")
			nearPRF(t, "PlagDet", p.PRF, c.macro)
			near(t, "granularity", p.Granularity, c.granularity)
			near(t, "plagdet", p.PlagDet, c.plagdet)
		})
	}

	none := eval.AlignSpans(eval.SpanSet{}, spanSet(t, pages))
	nearPRF(t, "characters of no page", eval.CharacterUnits(none, "tail").PRF(), [3]float64{nan, nan, nan})
	near(t, "plagdet of no page", eval.PlagDet(none, "tail").PlagDet, nan)
}

func TestWordDistance(t *testing.T) {
	starts := []int{0, 4, 9, 15} // "one two  three words"
	d := eval.WordDistance(func(string) []int { return starts })
	for _, c := range []struct{ a, b, want int }{{4, 4, 0}, {3, 4, 0}, {4, 5, 1}, {0, 15, 3}, {15, 0, 3}, {20, 9, 2}} {
		if got := d("p", c.a, c.b); got != c.want {
			t.Errorf("%d to %d is %d words, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNewSpanSetRefusesBadSpans(t *testing.T) {
	for _, s := range []eval.Span{tail("", 0, 1), tail("a", 1, 1), tail("a", -1, 1), {Page: "a", From: 0, To: 1}} {
		if _, err := eval.NewSpanSet(nil, []eval.Span{s}); err == nil {
			t.Errorf("%+v was accepted", s)
		}
	}
}

// TestCharactersAgainstSets holds the sweep to a set of bytes.
func TestCharactersAgainstSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) ([]eval.Span, map[int]bool) {
			var spans []eval.Span
			covered := make(map[int]bool)
			for range rapid.IntRange(0, 6).Draw(t, name) {
				from := rapid.IntRange(0, 30).Draw(t, "from")
				to := from + rapid.IntRange(1, 12).Draw(t, "length")
				spans = append(spans, tail("p", from, to))
				for i := from; i < to; i++ {
					covered[i] = true
				}
			}
			return spans, covered
		}
		gold, g := draw("gold")
		run, r := draw("run")
		common := 0
		for i := range g {
			if r[i] {
				common++
			}
		}
		gs, _ := eval.NewSpanSet([]string{"p"}, gold)
		rs, _ := eval.NewSpanSet([]string{"p"}, run)
		a := eval.AlignSpans(gs, rs)
		got := eval.CharacterUnits(a, "tail").PRF()
		if len(r) > 0 && math.Abs(got.Precision-float64(common)/float64(len(r))) > tolerance {
			t.Fatalf("precision %g, want %d of %d", got.Precision, common, len(r))
		}
		if len(g) > 0 && math.Abs(got.Recall-float64(common)/float64(len(g))) > tolerance {
			t.Fatalf("recall %g, want %d of %d", got.Recall, common, len(g))
		}
		back := eval.CharacterUnits(eval.AlignSpans(rs, gs), "tail").PRF()
		if math.Abs(got.F1-back.F1) > tolerance {
			t.Fatalf("F1 %g, but %g with gold and run swapped", got.F1, back.F1)
		}
		if p := eval.PlagDet(a, "tail"); p.Granularity < 1 || p.PlagDet < 0 || p.PlagDet > 1 {
			t.Fatalf("%+v", p)
		}
		strict := eval.Boundaries(a, "tail", 0, eval.ByteDistance).Start.PRF()
		loose := eval.Boundaries(a, "tail", 3, eval.ByteDistance).Start.PRF()
		if strict.F1 > loose.F1+tolerance {
			t.Fatalf("exact starts %g, within 3 %g", strict.F1, loose.F1)
		}
	})
}
