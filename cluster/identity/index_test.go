package identity

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What is found is what a search of the list finds.
func TestIndexByDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 6, -1)
		words := rapid.SliceOfN(word, 0, 60).Draw(t, "words")
		x := newIndex(len(words))
		var list []string
		for _, w := range words {
			at, added := x.add(w)
			if want := slices.Index(list, w); added != (want < 0) || !added && at != want || added && at != len(list) {
				t.Fatalf("%q: %d, %v", w, at, added)
			}
			if added {
				list = append(list, w)
			}
			other := word.Draw(t, "other")
			if got, want := x.at(other), slices.Index(list, other); got != want {
				t.Fatalf("%q: at %d, want %d", other, got, want)
			}
		}
	})
}
