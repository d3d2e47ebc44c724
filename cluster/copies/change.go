package copies

import (
	"strings"

	"sada/features/shingle"
)

// Fate says what became of a sentence in another version of its text.
type Fate string

// The fates of sentences.
const (
	Kept   Fate = "kept"   // nearly word for word
	Edited Fate = "edited" // in part
	Gone   Fate = "gone"   // not there: dropped by the later version or, seen from it, added
)

// Sentence is words [From, To) of a text, and how much of them another text has.
type Sentence struct {
	From, To int
	Share    float64 // of its pairs of neighbouring words, in [0, 1]
	Fate     Fate
}

// A sentence whose pairs of words the other text has to this share is kept, or edited. One replaced
// word of ten takes two of nine pairs.
const (
	keptShare   = .75
	editedShare = .3
)

// Sentences tells of every sentence of text a what became of it in text b. ends are the indices of
// the words after each sentence, ascending, the last of them len(a); empty sentences are left out.
func Sentences(a, b []uint32, ends []int) []Sentence {
	const pair = 2
	there := make(map[uint64]bool, len(b))
	for _, g := range shingle.Grams(nil, b, pair) {
		there[g] = true
	}
	words := make(map[uint32]bool, len(b))
	for _, w := range b {
		words[w] = true
	}
	var out []Sentence
	from := 0
	for _, to := range ends {
		if to <= from {
			continue
		}
		s := Sentence{From: from, To: to, Fate: Gone}
		grams := shingle.Grams(nil, a[from:to], pair)
		n := 0
		for _, g := range grams {
			if there[g] {
				n++
			}
		}
		if len(grams) > 0 {
			s.Share = float64(n) / float64(len(grams))
		} else if words[a[from]] { // one word
			s.Share = 1
		}
		switch {
		case s.Share >= keptShare:
			s.Fate = Kept
		case s.Share >= editedShare:
			s.Fate = Edited
		}
		out = append(out, s)
		from = to
	}
	return out
}

// SentenceEnds returns the indices of the words after each sentence of a text whose words stand at
// the spans: what [Sentences] asks for. A sentence ends at a full stop, a question or exclamation mark,
// a semicolon, three dots or a line's end.
func SentenceEnds(text string, at []shingle.Span) []int {
	var ends []int
	for i := range at {
		next := len(text)
		if i+1 < len(at) {
			next = int(at[i+1].From)
		}
		if next > int(at[i].To) && strings.ContainsAny(text[at[i].To:next], ".!؟?؛\n…") || i+1 == len(at) {
			ends = append(ends, i+1)
		}
	}
	return ends
}
