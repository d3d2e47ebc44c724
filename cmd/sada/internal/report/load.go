package report

import (
	"cmp"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"sada/cmd/internal/publish"
)

// Run is the tables of a run folder, with pages known by their places in Pages.
type Run struct {
	Manifest *publish.Manifest
	Pages    []publish.Page // in canonical order
	Links    []publish.Link
	Passages []publish.Passage
	Stories  []publish.Story
	Near     []publish.Near
	Rejects  []publish.Reject // the first [MaxRows]
	Reasons  []reason         // of all rejects, the commonest first

	at     map[string]int // by ID
	groups []group        // copy groups, in the order of their first pages
	group  map[string]int
	story  map[string]int
}

// group is a copy group.
type group struct {
	id       string
	pages    []int // in canonical order
	original int
}

type reason struct {
	Text string
	N    int
}

// Load reads the tables of a run folder.
func Load(dir string) (*Run, error) {
	m, err := publish.ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	r := &Run{Manifest: m}
	var tables errgroup.Group
	tables.Go(func() (err error) { r.Pages, err = all[publish.Page](dir, "pages"); return })
	tables.Go(func() (err error) { r.Links, err = all[publish.Link](dir, "links"); return })
	tables.Go(func() (err error) { r.Passages, err = all[publish.Passage](dir, "passages"); return })
	tables.Go(func() (err error) { r.Stories, err = all[publish.Story](dir, "stories"); return })
	tables.Go(func() (err error) { r.Near, err = publish.ReadParquet[publish.Near](dir, "near"); return })
	tables.Go(func() error { return r.rejects(dir) })
	if err := tables.Wait(); err != nil {
		return nil, err
	}
	r.at = make(map[string]int, len(r.Pages))
	r.group = make(map[string]int)
	for i, p := range r.Pages {
		r.at[p.ID] = i
		n, ok := r.group[p.CopyGroup]
		if !ok {
			n = len(r.groups)
			r.group[p.CopyGroup] = n
			r.groups = append(r.groups, group{id: p.CopyGroup, original: i})
		}
		g := &r.groups[n]
		g.pages = append(g.pages, i)
		if p.Role == "original" {
			g.original = i
		}
	}
	r.story = make(map[string]int, len(r.Stories))
	for i, s := range r.Stories {
		r.story[s.Story] = i
	}
	return r, nil
}

func all[T any](dir, table string) ([]T, error) {
	var out []T
	for row, err := range publish.Read[T](dir, table) {
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

func (r *Run) rejects(dir string) error {
	counts := make(map[string]int)
	for row, err := range publish.Read[publish.Reject](dir, "rejects") {
		if err != nil {
			return err
		}
		counts[row.Reason]++
		if len(r.Rejects) < MaxRows {
			r.Rejects = append(r.Rejects, row)
		}
	}
	for text, n := range counts {
		r.Reasons = append(r.Reasons, reason{text, n})
	}
	slices.SortFunc(r.Reasons, func(a, b reason) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Text, b.Text)) })
	return nil
}

// when is the time of a page or story; false without one.
func when(s *string) (time.Time, bool) {
	if s == nil {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, *s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// size is the length of a page's text in bytes.
func size(p *publish.Page) int64 {
	if n := len(p.Parts); n > 0 {
		return p.Parts[n-1].To
	}
	return 0
}

// foreign says whether a part of this kind is somebody else's.
func foreign(kind string) bool {
	switch kind {
	case "tail", "head", "inline", "list":
		return true
	}
	return false
}

// foreignBytes is how much of a page is somebody else's.
func foreignBytes(p *publish.Page) int64 {
	n := int64(0)
	for _, part := range p.Parts {
		if foreign(part.Kind) {
			n += part.To - part.From
		}
	}
	return n
}
