package cluster

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sada/features/arabic"
	"sada/features/tfidf"
)

// TestSpelledFollows changes a table by titles that come and go, and holds it to one that is counted anew.
func TestSpelledFollows(t *testing.T) {
	words := []string{"جسر", "الجسر", "جِسر", "والجسر", "و", "مدرسة", "المدرسه", "مدرسـة", "Bridge", "bridge", "2024", "٢٠٢٤"}
	rapid.Check(t, func(t *rapid.T) {
		title := rapid.Custom(func(t *rapid.T) *Page {
			return &Page{Title: strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 6).Draw(t, "words"), " ")}
		})
		var pages []*Page
		table := new(Spelled)
		for range rapid.IntRange(1, 5).Draw(t, "nights") {
			gone := rapid.IntRange(0, len(pages)).Draw(t, "gone")
			came := rapid.SliceOfN(title, 0, 6).Draw(t, "came")
			before := table.Surfaces()
			next, respelled := table.Change(CountSpellings(came, arabic.Light10, 1), CountSpellings(pages[:gone], arabic.Light10, 1))
			pages = append(pages[gone:], came...)
			if err := next.Check(); err != nil {
				t.Fatal(err)
			}
			var got []Spelling
			for _, row := range next.Rows {
				got = append(got, Spelling{row.Term, next.form(row), int(row.N)})
			}
			anew := CountSpellings(pages, arabic.Light10, 1)
			if d := cmp.Diff(slices.Collect(anew.All()), got); d != "" {
				t.Fatal(d)
			}
			now := next.Surfaces()
			if d := cmp.Diff(anew.Surfaces(), now); d != "" {
				t.Fatal(d)
			}
			var want []tfidf.Term
			for _, term := range slices.Sorted(maps.Keys(now)) {
				if before[term] != now[term] {
					want = append(want, term)
				}
			}
			for term := range before {
				if _, ok := now[term]; !ok {
					want = append(want, term)
				}
			}
			slices.Sort(want)
			if !slices.Equal(want, respelled) {
				t.Fatalf("respelled %v, want %v", respelled, want)
			}
			table = next
		}
	})
}

// TestSpelledLetsGo takes a table whose forms are nearly all of titles that went.
func TestSpelledLetsGo(t *testing.T) {
	var many []*Page
	for i := range 300 {
		many = append(many, &Page{Title: strings.Repeat("ب", 3+i/100) + strings.Repeat("ت", 1+i%100)})
	}
	stays := []*Page{{Title: "جسر المرجان"}}
	count := func(pages []*Page) *Spellings { return CountSpellings(pages, arabic.Light10, 1) }
	all, _ := new(Spelled).Change(count(append(stays, many...)), count(nil))
	left, _ := all.Change(count(nil), count(many))
	if want := len("جسرالمرجان"); len(left.Forms) != want {
		t.Errorf("%d bytes of forms, want %d of %d", len(left.Forms), want, len(all.Forms))
	}
	if d := cmp.Diff(Surfaces(stays, arabic.Light10), left.Surfaces()); d != "" {
		t.Error(d)
	}
}

// TestSpelledChecks damages tables.
func TestSpelledChecks(t *testing.T) {
	row := func(term tfidf.Term, n int64, from, to uint32) SpelledRow { return SpelledRow{term, n, from, to} }
	for _, c := range []struct {
		name string
		rows []SpelledRow
		ok   bool
	}{
		{"none", nil, true},
		{"whole", []SpelledRow{row(1, 1, 1, 2), row(1, 1, 0, 1), row(2, 3, 0, 2)}, true},
		{"never", []SpelledRow{row(1, 0, 0, 1)}, false},
		{"backwards", []SpelledRow{row(1, 1, 2, 1)}, false},
		{"outside", []SpelledRow{row(1, 1, 0, 3)}, false},
		{"terms out of order", []SpelledRow{row(2, 1, 0, 1), row(1, 1, 0, 1)}, false},
		{"forms out of order", []SpelledRow{row(1, 1, 0, 1), row(1, 1, 1, 2)}, false},
		{"twice", []SpelledRow{row(1, 1, 0, 1), row(1, 2, 0, 1)}, false},
	} {
		if err := (&Spelled{"ba", c.rows}).Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
