package copies

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSentences(t *testing.T) {
	// Letters are words, a full stop ends a sentence.
	parse := func(s string) (words []uint32, ends []int) {
		for _, f := range strings.Fields(s) {
			if f == "." {
				ends = append(ends, len(words))
			} else {
				words = append(words, uint32(f[0])<<1)
			}
		}
		return words, append(ends, len(words))
	}
	b, _ := parse("a b c d e f g h i j . k l m n o")
	for _, tt := range []struct {
		name, a string
		want    []Fate
	}{
		{"the same", "a b c d e f g h i j .", []Fate{Kept}},
		{"one word of ten replaced", "a b c d X f g h i j .", []Fate{Kept}},
		{"three replaced", "a b X d e Y g h Z j .", []Fate{Edited}},
		{"new", "P Q R S .", []Fate{Gone}},
		{"moved and new", "k l m n o . P Q R . a b c d", []Fate{Kept, Gone, Kept}},
		{"one word, there and not", "a . X .", []Fate{Kept, Gone}},
		{"empty sentences", ". . a b c .", []Fate{Kept}},
		{"nothing", "", nil},
	} {
		words, ends := parse(tt.a)
		var got []Fate
		at := 0
		for _, s := range Sentences(words, b, ends) {
			if s.From != at || s.To <= s.From || s.Share < 0 || s.Share > 1 {
				t.Errorf("%s: sentence %+v after word %d", tt.name, s, at)
			}
			at = s.To
			got = append(got, s.Fate)
		}
		if at != len(words) {
			t.Errorf("%s: sentences end at word %d of %d", tt.name, at, len(words))
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
	if got := Sentences([]uint32{2, 4}, nil, []int{2}); got[0].Fate != Gone {
		t.Errorf("against an empty text: %+v", got)
	}
}
