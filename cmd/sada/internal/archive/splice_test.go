package archive

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestDifference makes one list of rows of another: what was cut and put gives it, and no more than the rows that
// differ are put where they are few.
func TestDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const width = 4
		row := rapid.SliceOfN(rapid.ByteRange(0, 2), width, width)
		was := slices.Concat(rapid.SliceOfN(row, 0, 300).Draw(t, "was")...)
		is := slices.Clone(was)
		changed := 0
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			n := len(is) / width
			at := rapid.IntRange(0, n).Draw(t, "at") * width
			cut := min(rapid.IntRange(0, 70).Draw(t, "cut"), n-at/width)
			put := slices.Concat(rapid.SliceOfN(row, 0, 70).Draw(t, "put")...)
			changed += cut + len(put)/width
			is = slices.Concat(is[:at], put, is[at+cut*width:])
		}
		hunks, puts, ok := difference(was, is, width, 1<<20)
		if !ok {
			t.Fatal("it is too much")
		}
		got, err := splice(was, hunks, width)
		if err != nil || !bytes.Equal(got, is) {
			t.Fatalf("%v, want %v; %v", got, is, err)
		}
		if len(hunks) > 0 != !bytes.Equal(was, is) || puts > int64(len(is)/width) {
			t.Fatalf("%d bytes of hunks, %d rows put", len(hunks), puts)
		}
		if _, _, ok := difference(was, is, width, len(hunks)-1); ok && len(hunks) > 0 {
			t.Fatal("more than the limit")
		}
	})
}

// What a night does: rows at the end, and some that change or come between.
func TestDifferenceIsSmall(t *testing.T) {
	const width = 8
	var was []byte
	for i := range 10000 {
		was = append(was, byte(i), byte(i>>8), 1, 2, 3, 4, 5, 6)
	}
	at := func(i int) int { return i * width }
	is := slices.Concat(was[:at(50)], bytes.Repeat([]byte{9}, 3*width), was[at(50):at(500)], was[at(540):at(9000)], bytes.Repeat([]byte{8}, width), was[at(9001):], bytes.Repeat([]byte{7}, 5*width))
	hunks, puts, ok := difference(was, is, width, len(was)/deltaShare)
	if want := 4*hunkBytes + 9*width; !ok || puts != 9 || len(hunks) != want {
		t.Errorf("%d bytes, want %d; %d rows put", len(hunks), want, puts)
	}
}

func FuzzSplice(f *testing.F) {
	was := []byte{0, 0, 1, 1, 2, 2, 3, 3}
	hunks, _, _ := difference(was, []byte{0, 0, 9, 9, 2, 2, 8, 8, 3, 3}, 2, 100)
	f.Add(was, hunks)
	f.Add(was, []byte{255, 255, 255, 255, 1, 0, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, was, hunks []byte) {
		const width = 2
		was = was[:len(was)/width*width]
		got, err := splice(was, hunks, width)
		if err == nil && len(got)%width != 0 {
			t.Errorf("%d bytes of rows of %d", len(got), width)
		}
	})
}

func FuzzTexts(f *testing.F) {
	f.Add([]byte("abc"), []byte{1, 3})
	f.Add([]byte("own\x00"), []byte{0, 4, 2})
	f.Fuzz(func(t *testing.T, all, at []byte) {
		var ends []uint32
		for _, end := range at {
			ends = append(ends, uint32(end))
		}
		s, err := newSpelled(all, ends)
		if err != nil {
			return
		}
		r := reader{spelled: s}
		for i := range ends {
			r.text(text(i))
			r.why(text(i))
			r.part(placeRow{Kind: text(i)})
		}
	})
}

// Strings keep their numbers, and lists of reasons are told apart.
func TestTexts(t *testing.T) {
	first := newTexts(nil)
	a, b := first.of("a"), first.reasons([]string{"x", "y"})
	second := newTexts(first.list)
	if second.of("new") != text(len(first.list)) || second.of("a") != a || second.reasons([]string{"x", "y"}) != b || second.of("") != 0 {
		t.Error("a string has another number")
	}
	if second.reasons([]string{"xy"}) == second.reasons([]string{"x", "y"}) || second.reasons(nil) != 0 || second.reasons([]string{""}) == 0 {
		t.Error("reasons are not told apart")
	}
	if second.stale() {
		t.Error("few strings are stale")
	}
	var many []string
	for i := range 5000 {
		many = append(many, string(rune('ا'+i)))
	}
	if third := newTexts(many); !third.stale() {
		t.Error("most of 5000 strings are not used")
	}
}
