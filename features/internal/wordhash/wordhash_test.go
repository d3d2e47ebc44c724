package wordhash_test

import (
	"testing"

	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"

	"sada/features/internal/wordhash"
)

func TestSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "text")
		from := rapid.IntRange(0, len(text)).Draw(t, "from")
		to := rapid.IntRange(from, len(text)).Draw(t, "to")
		if got, want := wordhash.Sum(text, from, to), xxh3.Hash(text[from:to]); got != want {
			t.Fatalf("%x, and XXH3 is %x", got, want)
		}
	})
}

func BenchmarkSum(b *testing.B) {
	text := []byte("اعلنت بلديه المدينه الساحليه صباح الاحد 14 ايلول انها ستبدا الاسبوع المقبل اعمال صيانه الجسر القديم الذي يربط الضفتين ")
	var spans [][2]int
	from := 0
	for i, c := range text {
		if c == ' ' {
			spans = append(spans, [2]int{from, i})
			from = i + 1
		}
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range spans {
			wordhash.Sum(text, s[0], s[1])
		}
	}
}
