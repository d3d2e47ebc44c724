package publish

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// texts are strings that JSON writes in every way there is.
var texts = rapid.OneOf(
	rapid.String(),
	rapid.StringMatching(`[ء-ي ]{0,20}`),
	rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) }),
	rapid.SampledFrom([]string{"", "\u2028", "\u2029\u2027", "‹اقتباس›", `"\/`, "\b\f\n\r\t\x00\x1f\x7f", "<b>&amp;</b>", "\xe2\x80", "\ufffd"}),
)

// numbers are what results have, and everything else.
var numbers = rapid.OneOf(
	rapid.Map(rapid.IntRange(0, 1e4), func(n int) float64 { return Round(float64(n) / 1e4) }),
	rapid.Map(rapid.Float64Range(-2, 2), Signed),
	rapid.Float64(),
	rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1e-6, 9.9e-7, 1e21, 9.99e20, 1e6, 999999.9999, 1e-9, -1e-10, 1e100, math.SmallestNonzeroFloat64, math.MaxFloat64, .1 + .2}),
)

// Rows are what the standard library writes, byte for byte.
func TestEncodesAsTheStandardLibrary(t *testing.T) {
	var (
		optional = rapid.Ptr(texts, true)
		many     = rapid.OneOf(rapid.SliceOfN(texts, 0, 4), rapid.Just[[]string](nil))
		integers = rapid.Int64()
		spans    = rapid.Ptr(rapid.Custom(func(t *rapid.T) Range { return Range{integers.Draw(t, "from"), integers.Draw(t, "to")} }), true)
		parts    = rapid.OneOf(rapid.Just[[]Part](nil), rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Part {
			return Part{texts.Draw(t, "kind"), integers.Draw(t, "from"), integers.Draw(t, "to"), texts.Draw(t, "page"), texts.Draw(t, "segment")}
		}), 0, 3))
		suggested = rapid.OneOf(rapid.Just[[]Suggestion](nil), rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Suggestion {
			return Suggestion{texts.Draw(t, "story"), numbers.Draw(t, "similarity")}
		}), 0, 3))
	)
	rapid.Check(t, func(t *rapid.T) {
		s := func() string { return texts.Draw(t, "text") }
		x := func() float64 { return numbers.Draw(t, "number") }
		n := func() int64 { return integers.Draw(t, "integer") }
		flag := rapid.Bool().Draw(t, "flag")
		rows := []encoded{
			&Page{s(), s(), s(), optional.Draw(t, "published"), optional.Draw(t, "used"), s(), s(), s(), s(), x(), s(), many.Draw(t, "credits"), s(), flag, parts.Draw(t, "parts"), s(), x()},
			&Link{s(), s(), s(), x(), x(), x(), x(), x(), s()},
			&Passage{s(), s(), s(), s(), n(), n(), n(), n(), n(), n(), n(), n(), x(), x(), x(), n(), n(), spans.Draw(t, "marker"), spans.Draw(t, "title"), flag, x(), many.Draw(t, "reasons")},
			&Story{s(), many.Draw(t, "pages"), many.Draw(t, "groups"), optional.Draw(t, "first"), optional.Draw(t, "last"), n(), many.Draw(t, "label"), s(), x(), many.Draw(t, "outlets"), suggested.Draw(t, "suggested")},
			&Change{s(), s(), s(), s(), many.Draw(t, "pages")},
		}
		for _, row := range rows {
			var want bytes.Buffer
			standard := json.NewEncoder(&want)
			standard.SetEscapeHTML(false)
			if err := standard.Encode(row); err != nil {
				t.Fatal(err)
			}
			var e encoder
			row.encode(&e)
			if got := string(e.b) + "\n"; e.err != nil || got != want.String() {
				t.Fatalf("%T: %v\ngot  %swant %s", row, e.err, got, want.String())
			}
		}
	})
}

func TestEncodesNoNumberThatJSONLacks(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		var e encoder
		if (&Link{Jaccard: x}).encode(&e); e.err == nil {
			t.Errorf("%v: no error", x)
		}
	}
}
