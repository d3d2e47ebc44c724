package cluster

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sada/cluster/copies"
	"sada/cluster/passage"
	"sada/features/arabic"
	"sada/features/article"
)

func noTime() time.Time { return time.Time{} }

// grow brings what is known a night further.
func grow(tb fataler, known *Known, night Night, o Options) (*Result, *Known) {
	tb.Helper()
	res, next, _, err := Grow(known, night, o, noTime)
	if err != nil {
		tb.Fatal(err)
	}
	return res, next
}

// differ compares what does not depend on the nights.
func differ(want, got *Result) string {
	type same struct {
		Parts            [][]article.Part
		Passages         []passage.Passage
		Links            []copies.Link
		Copies           []Group
		CopyOf           []int
		Hits, Candidates int
		Proposed         int
		Signed, Short    int
	}
	of := func(r *Result) same {
		return same{r.Parts, r.Passages, r.Links, r.Copies, r.CopyOf, r.Stats.Hits, r.Stats.Candidates, r.Stats.LSHPairs, r.Stats.Signed, r.Stats.Short}
	}
	if !slices.Equal(want.Pages, got.Pages) {
		return "pages in another order"
	}
	a, b := of(want), of(got)
	if reflect.DeepEqual(a, b) { // nearly always, and much faster
		return ""
	}
	return cmp.Diff(a, b, cmpopts.EquateEmpty())
}

// editor changes texts and puts one to the end of another.
type editor struct {
	r    *rand.Rand
	pool []*article.Page
	made int

	maker Maker
}

// page makes a page out of one of the pool: as it is, edited, with another appended, cut short, at
// another time, or of another source.
func (e *editor) page() *Page {
	e.made++
	p := *e.pool[e.r.IntN(len(e.pool))]
	p.ID = fmt.Sprintf("%s/%d", p.ID, e.made)
	for range e.r.IntN(4) {
		words := strings.Split(p.Text, " ")
		switch e.r.IntN(7) {
		case 0, 1:
			for range 1 + len(words)/30 {
				words[e.r.IntN(len(words))] = e.word()
			}
			p.Text = strings.Join(words, " ")
		case 2:
			q := e.pool[e.r.IntN(len(e.pool))]
			p.Text += "\nإقرأ أيضاً:\n" + q.Title + "\n" + q.Text
		case 3:
			q := e.pool[e.r.IntN(len(e.pool))]
			p.Text += "\n" + q.Text
		case 4:
			p.Text = strings.Join(words[:1+e.r.IntN(len(words))], " ")
		case 5:
			p.PublishedAt = p.PublishedAt.Add(time.Duration(e.r.IntN(200)-100) * time.Hour)
			if e.r.IntN(8) == 0 {
				p.PublishedAt = time.Time{}
			}
		case 6:
			p.Source = e.pool[e.r.IntN(len(e.pool))].Source
			p.Title = e.pool[e.r.IntN(len(e.pool))].Title
		}
	}
	return e.maker.Make(&p)
}

func (e *editor) word() string {
	words := strings.Fields(e.pool[e.r.IntN(len(e.pool))].Text)
	if len(words) == 0 {
		return "كلمة"
	}
	return words[e.r.IntN(len(words))]
}

// gold returns the pages of the gold corpus.
func gold(t *testing.T) []*article.Page {
	var pages []*article.Page
	for _, r := range decode[record](t, filepath.Join(goldDir, "corpus.jsonl")) {
		pages = append(pages, r.page())
	}
	return pages
}

// nights lets a corpus of edited pages grow, change and shrink, and compares every night with one run.
func nights(t fataler, pool []*article.Page, seed uint64, count, size int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	o := Defaults()
	o.Bucket = []int{2, 4, 10, 200}[r.IntN(4)]
	e := editor{r: r, pool: pool, maker: Maker{Stemmer: arabic.Light10}}
	if r.IntN(2) == 0 { // few texts: much in common
		e.pool = nil
		for range 5 + r.IntN(10) {
			e.pool = append(e.pool, pool[r.IntN(len(pool))])
		}
	}
	known := &Known{}
	live := map[string]*Page{}
	for n := range count {
		var night Night
		added := r.IntN(size)
		if n > 0 && r.IntN(3) == 0 {
			added = 0 // what goes is then alone in what it changes
		}
		for range added {
			night.Pages = append(night.Pages, e.page())
		}
		for _, id := range slices.Sorted(maps.Keys(live)) {
			switch r.IntN(20) {
			case 0:
				night.Deleted = append(night.Deleted, id)
				delete(live, id)
			case 1:
				p := e.page()
				p.ID, p.shared.ID = id, id
				night.Pages = append(night.Pages, p)
			case 2: // once more as it is
				night.Pages = append(night.Pages, live[id])
			}
		}
		r.Shuffle(len(night.Pages), func(i, j int) { night.Pages[i], night.Pages[j] = night.Pages[j], night.Pages[i] })
		for _, p := range night.Pages {
			live[p.ID] = p
		}
		all := slices.Collect(maps.Values(live))
		o.Workers = 1 + r.IntN(3)
		res, next := grow(t, known, night, o)
		check(t, res)
		if d := differ(run(t, all, o), res); d != "" {
			t.Fatalf("seed %d, night %d of %d pages, %d in all, buckets of %d: %s", seed, n, len(night.Pages), len(all), o.Bucket, d)
		}
		var err error
		if known, err = next.Tables().Known(next.Pages, o); err != nil { // as a state on disk goes from night to night
			t.Fatal(err)
		}
	}
}

// Any split into nights, in any order, with pages that come late, change or go, gives what one run gives.
func TestNightsAreOneRun(t *testing.T) {
	pool := gold(t)
	for seed := range uint64(12) {
		nights(t, pool, seed, 4, 40)
	}
	if os.Getenv("SADA_HEAVY") != "" {
		rapid.Check(t, func(t *rapid.T) { nights(t, pool, rapid.Uint64().Draw(t, "seed"), 6, 60) })
	}
}

// Numbers of documents and texts are given anew when most are of pages that are gone.
func TestManyChanges(t *testing.T) {
	e := editor{r: rand.New(rand.NewPCG(7, 7)), pool: gold(t)[:20], maker: Maker{Stemmer: arabic.Light10}}
	o := Defaults()
	known, least := &Known{}, uint32(0)
	for range 14 {
		var night Night
		for n := range 100 {
			p := e.page()
			p.ID = fmt.Sprint(n)
			p.shared.ID = p.ID
			night.Pages = append(night.Pages, p)
		}
		before := known.passages.Next
		var res *Result
		res, known = grow(t, known, night, o)
		if d := differ(run(t, night.Pages, o), res); d != "" {
			t.Fatal(d)
		}
		if known.passages.Next < before {
			least = known.passages.Next
		}
	}
	if least != 100 || known.sketch.texts > 1300 {
		t.Errorf("%d documents, %d texts", least, known.sketch.texts)
	}
}

func TestGrowRefuses(t *testing.T) {
	o := Defaults()
	_, known := grow(t, &Known{}, Night{Pages: corpus(town())}, o)
	other, bad := o, o
	other.Bucket++
	bad.Similarity = 2
	for name, c := range map[string]struct {
		night Night
		o     Options
	}{
		"one ID twice":  {Night{Pages: corpus([]*article.Page{town()[0], town()[0]})}, o},
		"other options": {Night{}, other},
		"bad options":   {Night{}, bad},
	} {
		if _, _, _, err := Grow(known, c.night, c.o, noTime); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A bucket that texts have left may be small enough to be compared whole, or be split otherwise.
func TestBucketsThatTextsLeave(t *testing.T) {
	pool := gold(t)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		e := editor{r: r, pool: pool, maker: Maker{Stemmer: arabic.Light10}}
		of := pool[r.IntN(len(pool))]
		var all []*Page
		for n := range 40 {
			p := *of
			p.ID = fmt.Sprint(n)
			words := strings.Split(p.Text, " ")
			for range 1 + len(words)/8 {
				words[r.IntN(len(words))] = e.word()
			}
			p.Text = strings.Join(words, " ")
			all = append(all, e.maker.Make(&p))
		}
		o := Defaults()
		o.Bucket = 2 + r.IntN(6)
		_, known := grow(t, &Known{}, Night{Pages: all}, o)
		var night Night
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, p := range all[:1+r.IntN(4)] {
			night.Deleted = append(night.Deleted, p.ID)
		}
		res, _ := grow(t, known, night, o)
		if d := differ(run(t, slices.Clone(all[len(night.Deleted):]), o), res); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}
