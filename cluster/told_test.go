package cluster

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sada/cluster/story"
	"sada/features/arabic"
	"sada/features/article"
	"sada/features/tfidf"
)

// toldStories is what a result says of stories.
type toldStories struct {
	Stories            []Story
	StoryOf, Next      []int
	Confidence, Margin []float64
	Near               []story.Link
	Unmet              []Unmet
	Terms, Labelled    string
	Letters, Links     int
	Threshold, Floor   float64
	Never              [][2]int32
	Together           []int
}

func storiesOf(r *Result) toldStories {
	return toldStories{r.Stories, r.StoryOf, r.Next, r.Confidence, r.Margin, r.Near, r.Unmet, r.Terms.Version(), r.Labelled.Version(),
		r.Vocabulary.Letters, r.Stats.Story.Links, r.Story.Threshold, r.Story.Floor, r.Never, r.Together}
}

// evenings lets a corpus grow, change and shrink, every night by the weights of the night before, and calls each
// after every night.
func evenings(t fataler, pool []*article.Page, seed uint64, count, size int, o Options, each func(live map[string]*Page, before, known *Known, res *Result, change *Change, o Options)) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	e := editor{r: r, pool: pool, maker: Maker{Stemmer: arabic.Light10}}
	known := &Known{}
	live := map[string]*Page{}
	var weights *Weights
	for range count {
		var night Night
		for range size/2 + r.IntN(size) {
			night.Pages = append(night.Pages, e.page())
		}
		for _, id := range slices.Sorted(maps.Keys(live)) {
			switch r.IntN(30) {
			case 0:
				night.Deleted = append(night.Deleted, id)
				delete(live, id)
			case 1:
				p := e.page()
				p.ID, p.shared.ID = id, id
				night.Pages = append(night.Pages, p)
			}
		}
		for _, p := range night.Pages {
			live[p.ID] = p
		}
		for _, pairs := range []*[][2]string{&o.MustLink, &o.CannotLink} {
			if *pairs != nil && len(known.Pages) == 0 { // the same in all nights, of pages that come and go
				*pairs = nil
				for range 3 {
					*pairs = append(*pairs, [2]string{night.Pages[r.IntN(len(night.Pages))].ID, night.Pages[r.IntN(len(night.Pages))].ID})
				}
			}
		}
		o.Workers, o.Weights = 1+r.IntN(3), weights
		res, next, change, err := Grow(known, night, o, noTime)
		if err != nil {
			t.Fatal(err)
		}
		each(live, known, next, res, change, o)
		o.Weights = res.Weights()
		if known, err = next.Tables().Known(next.Pages, o); err != nil { // as a state on disk goes from night to night
			t.Fatal(err)
		}
		if d := cmp.Diff(next.told, known.told, cmp.AllowUnexported(told{}), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Story{}, "Pages", "First", "Last", "Sources", "Outlets"),
			cmp.Comparer(func(a, b *tfidf.Table) bool { return a.Version() == b.Version() })); d != "" {
			t.Fatal(d)
		}
		weights = res.Weights()
		weights.Stories = nil // those that are known
	}
}

// Where the terms are given, nights give the stories of one run with the same weights.
func TestStoriesOfNights(t *testing.T) {
	pool := gold(t)
	var df tfidf.Counter
	e := editor{r: rand.New(rand.NewPCG(1, 1)), pool: pool, maker: Maker{Stemmer: arabic.Light10}}
	for range 150 {
		p := e.page()
		df.Add(p.Terms(p.shared.Parts, Defaults().Vocabulary))
	}
	table := df.Freeze()
	evening := func(t fataler, seed uint64, count, size int) (kept int) {
		o := Defaults()
		o.Terms = table
		o.Vocabulary.Letters = int(seed % 2 * 3)
		switch seed % 5 {
		case 1:
			o.MustLink, o.CannotLink = [][2]string{}, [][2]string{}
		case 2:
			o.Story.Support = 0
		case 3:
			o.Story.Method = story.ByPropagation
		case 4:
			o.Story.Threshold, o.Story.Floor = .15, .1
		}
		evenings(t, pool, seed, count, size, o, func(live map[string]*Page, before, known *Known, res *Result, change *Change, o Options) {
			if before.told.like(o.Weights) && o.Weights.Serve(len(res.Copies)) {
				kept++
			}
			if o.Weights != nil {
				w := *o.Weights
				w.Stories = before.told.weights.Stories
				o.Weights = &w
			}
			want := run(t, slices.Collect(maps.Values(live)), o)
			if d := cmp.Diff(storiesOf(want), storiesOf(res), cmpopts.EquateEmpty()); d != "" {
				t.Fatal(seed, d)
			}
		})
		return kept
	}
	kept := 0
	for seed := range uint64(15) {
		kept += evening(t, seed, 6, 40)
	}
	if kept < 40 {
		t.Errorf("%d nights kept stories", kept)
	}
	if os.Getenv("SADA_HEAVY") != "" {
		rapid.Check(t, func(t *rapid.T) { evening(t, rapid.Uint64().Draw(t, "seed"), 8, 40) })
	}
}
