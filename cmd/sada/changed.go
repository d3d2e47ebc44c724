package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"sada/cluster/copies"
	"sada/cluster/passage"
	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
)

// extract is what a night publishes that publishes what it changed. A page is in it with all of its links
// and passages (those of which it is a), so that whoever applies it replaces them; so is the story of every
// page that is. A nil extract has everything.
type extract struct {
	base           int    // the generation that it builds on
	content        string // of that
	pages, stories []bool
	deleted        []publish.Deleted
}

func (e *extract) page(i int) bool  { return e == nil || e.pages[i] }
func (e *extract) story(n int) bool { return e == nil || e.stories[n] }

// mark is what was published last of a page or a story.
type mark struct {
	hash       uint64
	generation int
}

// journal is what the archive knows of what was published.
type journal struct {
	content string // of the generation before
	deleted []string
	pages   []mark // of the pages of the archive
	stories []mark // of its stories, by ID
}

// readJournal returns nil if the archive does not know what was published.
func readJournal(ctx context.Context, a *archive.Archive, old *archive.Snapshot) (*journal, error) {
	if old.Generation == 0 {
		return nil, nil
	}
	rows, err := archive.Published(ctx, a, old)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	j := &journal{pages: make([]mark, 0, len(old.Pages))}
	for _, row := range rows {
		switch m := (mark{row.Hash, row.Generation}); row.Kind {
		case archive.PublishedBase:
			j.content = row.ID
		case archive.PublishedDeleted:
			j.deleted = append(j.deleted, row.ID)
		case archive.PublishedPage:
			j.pages = append(j.pages, m)
		case archive.PublishedStory:
			j.stories = append(j.stories, m)
		}
	}
	return j, nil
}

// rows gives the table of the archive.
func (j *journal) rows(generation int) []archive.PublishedRow {
	out := make([]archive.PublishedRow, 0, 1+len(j.deleted)+len(j.pages)+len(j.stories))
	out = append(out, archive.PublishedRow{Kind: archive.PublishedBase, ID: j.content, Generation: generation})
	for _, id := range j.deleted {
		out = append(out, archive.PublishedRow{Kind: archive.PublishedDeleted, ID: id, Generation: generation})
	}
	for _, m := range j.pages {
		out = append(out, archive.PublishedRow{Kind: archive.PublishedPage, Hash: m.hash, Generation: m.generation})
	}
	for _, m := range j.stories {
		out = append(out, archive.PublishedRow{Kind: archive.PublishedStory, Hash: m.hash, Generation: m.generation})
	}
	return out
}

// hash returns a hash of everything that was published.
func (j *journal) hash() string {
	b := binary.AppendUvarint(make([]byte, 0, 8*(1+len(j.pages)+len(j.stories))), uint64(len(j.pages)))
	for _, list := range [][]mark{j.pages, j.stories} {
		for _, m := range list {
			b = binary.LittleEndian.AppendUint64(b, m.hash)
		}
	}
	sum := xxh3.Hash128(b).Bytes()
	return hex.EncodeToString(sum[:])
}

// publication notes what is published with this night, and returns what of it the night changed; nil if that is
// everything, or is not known. A row counts as changed if it is another one than was published before, as does a page
// that a search engine has to be told of: its story got another headline, or its story or copy group another alias.
func (n *nightly) publication(ctx context.Context, a *archive.Archive, r *results, workers int) (*extract, error) {
	was, err := readJournal(ctx, a, n.old)
	if err != nil {
		return nil, err
	}
	var pages, stories []uint64
	var pageOrder, storyOrder []int32
	var group errgroup.Group
	group.Go(func() error { pages, stories = r.digests(workers); return nil })
	group.Go(func() error {
		pageOrder = ascending(len(r.Pages), func(i int32) string { return r.Pages[i].ID })
		storyOrder = ascending(len(r.told.Groups), func(i int32) string { return r.told.Groups[i].ID })
		return nil
	})
	_ = group.Wait()         // no goroutine returns an error
	var told []archive.IDRow // that were there
	for _, row := range n.old.IDs {
		if row.Kind == archive.Story {
			told = append(told, row)
		}
	}
	if was != nil && (len(was.pages) != len(n.old.Pages) || len(was.stories) != len(told)) {
		return nil, &archive.Damage{File: "published.parquet", What: "not one row for each page and story"}
	}
	night := n.old.Generation + 1
	now := &journal{deleted: n.deleted}
	x := &extract{base: n.old.Generation}
	if was == nil {
		was = new(journal) // of which nothing can be held to
		x = nil
	} else {
		x.content = was.hash()
	}
	if n.same {
		night = n.old.Generation
		now.deleted, now.content = was.deleted, was.content
		if x != nil {
			x.base, x.content = night-1, was.content
		}
	} else if x != nil {
		now.content = x.content
	}
	now.pages = joined(was.pages, pages, pageOrder, night, func(i int) string { return n.old.Pages[i].Page.ID }, func(i int32) string { return r.Pages[i].ID })
	now.stories = joined(was.stories, stories, storyOrder, night, func(i int) string { return told[i].ID }, func(i int32) string { return r.told.Groups[i].ID })
	r.content = now.hash()
	n.journal = now.rows(night)
	if x == nil || x.content == "" {
		return nil, nil
	}
	for _, id := range now.deleted {
		x.deleted = append(x.deleted, publish.Deleted{ID: id})
	}
	x.pages, x.stories = make([]bool, len(r.Pages)), make([]bool, len(r.Stories))
	for at, i := range pageOrder {
		x.pages[i] = now.pages[at].generation == night
	}
	for at, i := range storyOrder {
		x.stories[i] = now.stories[at].generation == night
	}
	x.reach(r)
	return x, nil
}

// reach adds the pages whose story or copy group another one merged into, which gives it another alias, and the stories of all
// pages.
func (x *extract) reach(r *results) {
	into := make(map[string]bool)
	for _, c := range r.changes {
		if c.Event == "merged_into" {
			into[c.Other] = true
		}
	}
	for i, n := range r.StoryOf {
		x.pages[i] = x.pages[i] || into[r.told.Groups[n].ID] || into[r.groups.Groups[r.CopyOf[i]].ID]
		if x.pages[i] {
			x.stories[n] = true
		}
	}
}

// ascending numbers n things by their distinct IDs.
func ascending(n int, id func(i int32) string) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return strings.Compare(id(i), id(j)) })
	return order
}

// joined joins what was published, in the order of IDs, with the hashes of what is there now.
func joined(was []mark, hashes []uint64, order []int32, night int, oldID func(int) string, id func(int32) string) []mark {
	out := make([]mark, len(order))
	at := 0
	for n, i := range order {
		for at < len(was) && oldID(at) < id(i) {
			at++
		}
		out[n] = mark{hashes[i], night}
		if at < len(was) && was[at].hash == hashes[i] && oldID(at) == id(i) {
			out[n] = was[at]
		}
	}
	return out
}

// digests gives a hash of what is published of every page, and of every story.
func (r *results) digests(workers int) (pages, stories []uint64) {
	pages, stories = make([]uint64, len(r.Pages)), make([]uint64, len(r.Stories))
	var group errgroup.Group
	group.SetLimit(workers)
	const block = 4096 // some milliseconds
	for from := 0; from < len(pages); from += block {
		group.Go(func() error {
			var d publish.Digest
			link, _ := slices.BinarySearchFunc(r.Links, from, func(l copies.Link, i int) int { return cmp.Compare(l.A, i) })
			stretch, _ := slices.BinarySearchFunc(r.Passages, from, func(p passage.Passage, i int) int { return cmp.Compare(p.A, i) })
			for i := from; i < min(from+block, len(pages)); i++ {
				row := r.page(i)
				d.Page(&row)
				d.Text(r.Pages[r.Stories[r.StoryOf[i]].Headline].Title)
				for ; link < len(r.Links) && r.Links[link].A == i; link++ {
					l := publish.NewLink(&r.Links[link], r.Pages[i].ID, r.Pages[r.Links[link].B].ID)
					d.Link(&l)
				}
				for ; stretch < len(r.Passages) && r.Passages[stretch].A == i; stretch++ {
					p := r.passage(&r.Passages[stretch])
					d.Passage(&p)
				}
				pages[i] = d.Sum()
			}
			return nil
		})
	}
	for from := 0; from < len(stories); from += block {
		group.Go(func() error {
			var d publish.Digest
			for n := from; n < min(from+block, len(stories)); n++ {
				row := publish.NewStory(r.Result, n, r.told, r.groups, r.surfaces)
				d.Story(&row)
				stories[n] = d.Sum()
			}
			return nil
		})
	}
	_ = group.Wait() // no goroutine returns an error
	return pages, stories
}
