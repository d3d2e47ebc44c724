package pipeline

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/identity"
	"sada/cmd/internal/publish"
	"sada/features/arabic"
)

// told is the stories.
type told struct {
	assigned beam.PCollection // by page: assigned
	rows     beam.PCollection
}

// assigned is the story of a page.
type assigned struct {
	Story, Next        string
	Confidence, Margin float64
}

// summary is what the manifest says of the stories.
type summary struct {
	Threshold, Floor float64
	Letters, Docs    int
	Version          string
	Counts           map[string]int64
	Unmet            []publish.Unmet
}

type (
	outlineOf struct{} // what the stories need of a page, on one key
	templates struct{} // links of templates, on one key
	tellAll   struct{ O sealed }
)

func init() {
	beam.RegisterType(reflect.TypeFor[outlineOf]())
	beam.RegisterType(reflect.TypeFor[templates]())
	beam.RegisterType(reflect.TypeFor[tellAll]())
}

// tell makes the stories on one key, of what they need of every page and of the terms of every copy group.
func tell(s beam.Scope, outlines, roles, links beam.PCollection, o Options) told {
	pages := beam.ParDo(s, &outlineOf{}, join(s, "outlineOf", outlines, roles))
	apart := beam.ParDo(s, &templates{}, links)
	given, rows := beam.ParDo2(s, &tellAll{seal(o)}, join(s, "tellAll", pages, apart))
	return told{given, rows}
}

func (*outlineOf) ProcessElement(ctx context.Context, number int64, outlines, roles func(*[]byte) bool, emit func(int64, []byte)) {
	o, ok := one[outline](outlines)
	r, found := one[role](roles)
	if !ok || !found {
		return
	}
	o.Number, o.Group, o.Original = number, r.Group, r.Role != publish.RoleCopy
	if !o.Original {
		o.Counts = nil // a group counts once
	}
	b := pack(o)
	emit(0, b)
}

func (*templates) ProcessElement(_ int64, b []byte, emit func(int64, []byte)) {
	if l := unpack[linkRow](b).Link; l.Kind == copies.Template {
		emit(0, pack(l))
	}
}

func (t *tellAll) ProcessElement(ctx context.Context, _ int64, outlines, templates func(*[]byte) bool, given func(int64, []byte), rows func(string, []byte)) error {
	os, links := all[outline](outlines), all[copies.Link](templates)
	slices.SortFunc(os, func(a, b outline) int { return cmp.Compare(a.Number, b.Number) })
	slices.SortFunc(links, func(a, b copies.Link) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
	pages := make([]*cluster.Page, len(os))
	var groups []cluster.Group
	of := make(map[int64]int) // by the first page of a group
	ids := make([]string, len(os))
	for i, o := range os {
		pages[i], ids[i] = cluster.Outline(o.ID, o.Source, o.Title, o.Date, o.DayOnly, o.Counts), o.ID
		g, ok := of[o.Group]
		if !ok {
			g = len(groups)
			of[o.Group] = g
			groups = append(groups, cluster.Group{})
		}
		groups[g].Pages = append(groups[g].Pages, i)
		if o.Original {
			groups[g].Original = i
		}
	}
	o := t.O.open()
	res, err := cluster.Stories(pages, groups, links, o.Cluster)
	if err != nil {
		return err
	}
	stemmer, err := arabic.ParseStemmer(o.Stemmer)
	if err != nil {
		return err
	}
	surfaces := cluster.Surfaces(pages, stemmer)
	state := func(prefix identity.Prefix, of []int) (*identity.State, []identity.Event, error) {
		return identity.Assign(new(identity.State), identity.Grouping{Pages: ids, Group: of}, identity.Night{Prefix: prefix})
	}
	copyIDs, _, err := state(identity.CopyGroup, res.CopyOf)
	if err != nil {
		return err
	}
	stories, events, err := state(identity.Story, res.StoryOf)
	if err != nil {
		return err
	}
	for i := range pages {
		a := assigned{Story: stories.Groups[res.StoryOf[i]].ID, Confidence: res.Confidence[i], Margin: res.Margin[i]}
		if next := res.Next[i]; next >= 0 {
			a.Next = stories.Groups[next].ID
		}
		given(os[i].Number, pack(a))
	}
	for n := range res.Stories {
		count(ctx, "stories", 1)
		rows(shard("stories", int64(n), o.RowsPerShard), newRow(order(int64(n)), publish.NewStory(res, n, stories, copyIDs, surfaces)))
	}
	for n, l := range res.Near {
		rows(shard("near", int64(n), o.RowsPerShard), newRow(order(int64(n)), publish.NewNear(res, l)))
	}
	for n, e := range res.Terms.Entries() {
		rows(shard("terms", int64(n), o.RowsPerShard), newRow(order(int64(n)), publish.Term{Term: uint64(e.Term), Docs: int64(e.Docs), Surface: surfaces[e.Term]}))
	}
	for _, e := range events {
		b := birth(e)
		rows(b.shard("story"), newRow("1"+e.ID, b.row("story")))
	}
	sum := summary{Threshold: res.Story.Threshold, Floor: res.Story.Floor, Letters: res.Vocabulary.Letters, Docs: res.Terms.Docs(), Version: res.Terms.Version(),
		Counts: map[string]int64{"template_pairs": int64(res.Stats.TemplatePairs), "story_candidates": res.Stats.Story.Candidates,
			"story_links": int64(res.Stats.Story.Links), "story_skipped_postings": res.Stats.Story.SkippedPostings}}
	for _, u := range res.Unmet {
		sum.Unmet = append(sum.Unmet, publish.Unmet(u))
	}
	rows("summary-0", newRow("", sum))
	return nil
}
