package cluster

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/cluster/story"
)

func TestWanted(t *testing.T) {
	at := func(res *Result, id string) int {
		return res.StoryOf[slices.IndexFunc(res.Pages, func(p *Page) bool { return p.ID == id })]
	}
	for _, method := range []story.Method{story.ByAverageLink, story.ByComponents, story.ByPropagation} {
		o := Defaults()
		o.Story.Method = method
		plain := run(t, corpus(town()), o)
		if at(plain, "bridge") != at(plain, "bridge own") || at(plain, "race") == at(plain, "library") || at(plain, "fish 4") == at(plain, "fish 5") {
			t.Fatalf("%s: the pairs say nothing new", method)
		}
		o.MustLink = [][2]string{{"race", "library"}, {"library", "fish 4"}, {"fish 4", "fish 5"}, {"bridge", "nowhere"}, {"bridge", "bridge copy"}}
		o.CannotLink = [][2]string{{"bridge own", "bridge"}, {"fish 4", "race"}, {"bridge", "bridge copy"}, {"race", "race"}, {"gone", "race"}}
		res := run(t, corpus(town()), o)
		for _, id := range []string{"library", "fish 4", "fish 5"} {
			if at(res, id) != at(res, "race") {
				t.Errorf("%s: must-links do not bring race and %s together", method, id)
			}
		}
		if at(res, "bridge") == at(res, "bridge own") {
			t.Errorf("%s: a cannot-link does not keep the reports on the bridge apart", method)
		}
		want := []Unmet{
			{MustLink, "bridge", "nowhere", `no page "nowhere"`},
			{CannotLink, "fish 4", "race", "must-links bring them together"},
			{CannotLink, "bridge", "bridge copy", "they are copies of one text"},
			{CannotLink, "race", "race", "a page and itself"},
			{CannotLink, "gone", "race", `no page "gone"`},
		}
		if d := cmp.Diff(want, res.Unmet); d != "" {
			t.Errorf("%s: unmet pairs (want -, got +):\n%s", method, d)
		}
		of, _, err := NewSweep(res, 1).Stories(o.Story)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range res.StoryOf {
			if of[i] != res.Stories[n].Groups[0] {
				t.Errorf("%s: a sweep finds page %s in another story", method, res.Pages[i].ID)
			}
		}
	}
}

// TestTermsOfAnotherRun: the same pages get the same vectors, whatever else is in a corpus.
func TestTermsOfAnotherRun(t *testing.T) {
	first := run(t, corpus(town()), Defaults())
	vectors := func(res *Result) map[string]any {
		out := map[string]any{}
		for i, of := range res.Copies {
			out[res.Pages[of.Original].ID] = res.Terms.Vector(res.spell(i, res.words(i)))
		}
		return out
	}
	o := Defaults()
	o.Terms = first.Terms
	few := town()[:4]
	second := run(t, corpus(few), o)
	if second.Terms.Version() != first.Terms.Version() {
		t.Errorf("table %s, want that of the first run, %s", second.Terms.Version(), first.Terms.Version())
	}
	all, some := vectors(first), vectors(second)
	for id, v := range some {
		if d := cmp.Diff(all[id], v); all[id] != nil && d != "" {
			t.Errorf("page %s has another vector:\n%s", id, d)
		}
	}
	if own := run(t, corpus(few), Defaults()); own.Terms.Version() == first.Terms.Version() {
		t.Error("other pages have the same table")
	}
}

func TestPieces(t *testing.T) {
	m := Maker{}
	count := func(title string) int { return len(m.Make(page("", 0, title, "")).pieces(3)) }
	for _, tt := range []struct {
		title string
		want  int
	}{
		{"", 0},
		{"سد", 2},         // " سد", "سد "
		{"من 2024 سد", 2}, // stop words and numbers have none
		{"سباق", 4},
		{"سباق السباق", 4 + 3}, // " ال", "الس", "لسب"; "سبا", "باق", "اق " are there
	} {
		if got := count(tt.title); got != tt.want {
			t.Errorf("%q: %d pieces, want %d", tt.title, got, tt.want)
		}
	}
	v := Vocabulary{TitleWeight: 1, Letters: 3}
	a, b := m.Make(page("", 0, "سباق", "")), m.Make(page("", 0, "السباق", ""))
	if cmp.Equal(a.Terms(nil, v), b.Terms(nil, v)) || len(a.Counts(nil, v)) != 1 {
		t.Error("terms are not words and pieces")
	}
}
