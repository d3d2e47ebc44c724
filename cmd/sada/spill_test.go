package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sada/cluster"
	"sada/features/arabic"
	"sada/features/article"
)

// scatteredPages returns pages of 40 times, in no order, of which some are copies of others. The times are so many
// quarters of a day apart. Every tenth page has no date.
func scatteredPages(quarters int) []*cluster.Page {
	const n = 400
	words := strings.Fields("قال وزير المالية اليوم إن الميزانية الجديدة ستعرض على البرلمان في جلسة علنية تناقش الضرائب والإنفاق والتعليم والصحة وبناء الطرق والموانئ")
	r := rand.New(rand.NewPCG(1, 1))
	m := &cluster.Maker{Stemmer: arabic.Light10}
	pages := make([]*cluster.Page, n)
	text := ""
	for i, place := range r.Perm(n) {
		if i%3 != 1 {
			var b strings.Builder
			for range 150 {
				b.WriteString(words[r.IntN(len(words))] + " ")
			}
			text = b.String()
		}
		p := article.Page{ID: fmt.Sprintf("p%03d", place), Source: "s", Title: text[:strings.Index(text, " ")], Text: text}
		if place%10 != 0 {
			p.PublishedAt = time.Date(2026, 2, 1, sectionHours*quarters*(place%40), place%60, 0, 0, time.UTC)
		}
		pages[i] = m.Make(&p)
	}
	return pages
}

func TestSpiller(t *testing.T) {
	options := cluster.Defaults()
	options.Workers = 2
	results := func(pages []*cluster.Page) []any {
		res, err := cluster.Run(pages, options, func() time.Time { return time.Time{} })
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, p := range res.Pages {
			ids = append(ids, p.ID)
		}
		return []any{ids, res.Parts, res.Links, res.CopyOf, res.StoryOf, res.Near}
	}
	for _, c := range []struct {
		name     string
		quarters int
		mapped   int64
		want     bool // the pages are scattered
	}{
		{"all fit", sections, 1 << 30, false},
		{"a few hours fit", 1, 600 << 10, false},
		{"those of a few hours do not fit", 1, 20 << 10, true},
		{"hours share a section", sections / 4, 600 << 10, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := results(scatteredPages(c.quarters))
			pages := scatteredPages(c.quarters)
			s, err := newSpiller(t.TempDir(), c.mapped)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { s.close() }()
			for some := range slices.Chunk(pages, 7) {
				if err := s.keep(some); err != nil {
					t.Fatal(err)
				}
				if err := s.move(s.waiting); err != nil {
					t.Fatal(err)
				}
				s.waiting = nil
			}
			if s.bytes < 600<<10/2 {
				t.Fatalf("%d bytes: choose more pages", s.bytes)
			}
			if got := s.scattered(); got != c.want {
				t.Errorf("scattered: %t, want %t; %d bytes", got, c.want, s.bytes)
			}
			if err := s.order(pages); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, results(pages)); d != "" {
				t.Errorf("results differ: %s", d)
			}
		})
	}
}
