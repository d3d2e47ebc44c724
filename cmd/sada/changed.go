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
	"sada/features/tfidf"
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

// journal is what the archive knows of what was published.
type journal struct {
	content string // of the generation before
	deleted []string
	// What was published last of the pages of the archive, and of its stories, by ID.
	pages, stories []archive.Mark
}

// readJournal returns nil if the archive does not know what was published.
func readJournal(ctx context.Context, a *archive.Archive, old *archive.Snapshot) (*journal, error) {
	if old.Generation == 0 {
		return nil, nil
	}
	was, err := archive.Published(ctx, a, old)
	if err != nil || was == nil {
		return nil, err
	}
	j := &journal{pages: was.Marks}
	if at := slices.IndexFunc(was.Marks, func(m archive.Mark) bool { return m.Story != 0 }); at >= 0 {
		j.pages, j.stories = was.Marks[:at], was.Marks[at:]
	}
	for _, row := range was.Rows {
		switch row.Kind {
		case archive.PublishedBase:
			j.content = row.ID
		case archive.PublishedDeleted:
			j.deleted = append(j.deleted, row.ID)
		}
	}
	return j, nil
}

// kept gives what the archive keeps. marks are those of the pages, and then of the stories.
func (j *journal) kept(marks []archive.Mark, generation int) *archive.Journal {
	out := &archive.Journal{Rows: []archive.PublishedRow{{Kind: archive.PublishedBase, ID: j.content, Generation: generation}}, Marks: marks}
	for _, id := range j.deleted {
		out.Rows = append(out.Rows, archive.PublishedRow{Kind: archive.PublishedDeleted, ID: id, Generation: generation})
	}
	return out
}

// hash returns a hash of everything that was published.
func (j *journal) hash() string {
	b := binary.AppendUvarint(make([]byte, 0, 8*(2+len(j.pages)+len(j.stories))), uint64(len(j.pages)))
	for _, list := range [][]archive.Mark{j.pages, j.stories} {
		for _, m := range list {
			b = binary.LittleEndian.AppendUint64(b, m.Hash)
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
	told := ofKind(n.old.IDs, archive.Story, func(r *archive.IDRow) string { return r.Kind }) // that were there
	if was != nil && (len(was.pages) != len(n.old.Pages) || len(was.stories) != len(told)) {
		return nil, &archive.Damage{File: "published.parquet", What: "not one row for each page and story"}
	}
	night := n.old.Generation + 1
	now := &journal{deleted: n.deleted}
	x := &extract{base: n.old.Generation}
	known := was != nil && n.was != nil
	if was == nil { // of which nothing can be held to
		was, x = new(journal), nil
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
	var pages, stories lineage
	var group errgroup.Group
	group.Go(func() error {
		from := n.from(r, was)
		pages = follow(len(was.pages), from, func(i int32) string { return r.Pages[i].ID })
		r.dated = n.dated(r, from)
		return nil
	})
	group.Go(func() error {
		from := r.retold.From
		if len(was.stories) == 0 {
			from = unknown(len(r.Stories))
		}
		stories = follow(len(was.stories), from, func(i int32) string { return r.told.Groups[i].ID })
		return nil
	})
	ofPages, ofStories := whole(len(r.Pages)), whole(len(r.Stories))
	if known {
		ofPages, ofStories = n.touched(r)
	}
	_ = group.Wait() // no goroutine returns an error
	hashedPages, hashedStories := r.digests(ofPages, ofStories, workers)
	marks := make([]archive.Mark, len(r.Pages)+len(r.Stories))
	now.pages, now.stories = marks[:len(r.Pages)], marks[len(r.Pages):]
	pages.mark(now.pages, was.pages, ofPages, hashedPages, archive.Mark{Generation: uint32(night)})
	stories.mark(now.stories, was.stories, ofStories, hashedStories, archive.Mark{Generation: uint32(night), Story: 1})
	r.content = now.hash()
	n.journal = now.kept(marks, night)
	if x == nil || x.content == "" {
		return nil, nil
	}
	for _, id := range now.deleted {
		x.deleted = append(x.deleted, publish.Deleted{ID: id})
	}
	x.pages, x.stories = make([]bool, len(r.Pages)), make([]bool, len(r.Stories))
	for at, i := range pages.order {
		x.pages[i] = now.pages[at].Generation == uint32(night)
	}
	for at, i := range stories.order {
		x.stories[i] = now.stories[at].Generation == uint32(night)
	}
	x.reach(r)
	return x, nil
}

// touched says of which pages and stories the rows may be others than before the night. Those of all others are what
// they were: groups and stories of the same pages keep their IDs.
func (n *nightly) touched(r *results) (pages, stories []bool) {
	pages, stories = slices.Clone(n.change.Pages), slices.Clone(n.change.Retold)
	var group errgroup.Group
	group.Go(func() error {
		const filter = 1 << 12 // several times as many as there are mostly: a map is too slow for the labels of all stories
		var some [filter]bool
		for t := range r.respelled {
			some[t%filter] = true
		}
		for i := range stories {
			stories[i] = stories[i] || slices.ContainsFunc(r.Stories[i].Labels, func(t tfidf.Term) bool { return some[t%filter] && r.respelled[t] })
		}
		return nil
	})
	for i, s := range r.StoryOf { // the headline of a story is in the rows of its pages
		pages[i] = pages[i] || n.change.Retold[s]
	}
	n.newLinks(r, pages)
	n.newPassages(r, pages)
	_ = group.Wait() // no goroutine returns an error
	return pages, stories
}

// newLinks adds the pages whose links are others than before. Pages keep their order, so both lists have the same one.
func (n *nightly) newLinks(r *results, pages []bool) {
	now := r.Links
	for i := range n.was.Verified {
		l := n.was.Verified[i].Link
		if l.Kind == "" || n.change.Moved[l.A] < 0 {
			continue
		}
		l.A, l.B = int(n.change.Moved[l.A]), int(n.change.Moved[l.B])
		for len(now) > 0 && (now[0].A < l.A || now[0].A == l.A && now[0].B < l.B) {
			pages[now[0].A], now = true, now[1:]
		}
		if len(now) > 0 && now[0] == l {
			now = now[1:]
		} else {
			pages[l.A] = true
		}
	}
	for _, l := range now {
		pages[l.A] = true
	}
}

// newPassages adds the pages whose passages are others than before.
func (n *nightly) newPassages(r *results, pages []bool) {
	now := r.Passages
	for i, from := range n.change.From {
		if from >= 0 {
			for _, list := range [...][]passage.Passage{n.was.Found[from], n.was.Related[from]} {
				for k := range list {
					was := list[k]
					if was.A = i; was.B >= 0 {
						was.B = int(n.change.Moved[was.B])
					}
					if len(now) > 0 && now[0].A == i && was.Equal(&now[0]) && (list[k].B < 0) == (was.B < 0) {
						now = now[1:]
					} else {
						pages[i] = true
					}
				}
			}
		}
		for ; len(now) > 0 && now[0].A == i; now = now[1:] {
			pages[i] = true
		}
	}
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

// lineage joins things that were there with those that are there now, by their distinct IDs.
type lineage struct {
	order []int32 // those of now, by ID
	from  []int32 // of each of those: which it was, -1 for a new one
}

// unknown says of n things that there was none of them.
func unknown(n int) []int32 { return slices.Repeat([]int32{-1}, n) }

// from says of every page which it was of those that were published, -1 for a new one.
func (n *nightly) from(r *results, was *journal) []int32 {
	out := unknown(len(r.Pages))
	if len(was.pages) == 0 {
		return out
	}
	var order []int32
	if n.change != nil {
		order = n.order()
	}
	for i, p := range r.Pages {
		if order != nil && n.change.From[i] >= 0 {
			out[i] = order[n.change.From[i]]
		} else {
			out[i] = int32(n.archived(p.ID))
		}
	}
	return out
}

// dated gives the dates of pages by their places, of those that are in the archive as they were without a search.
func (n *nightly) dated(r *results, from []int32) func(i int) *string {
	return func(i int) *string {
		if at := from[i]; at >= 0 && n.old.Pages[at].Page == r.Pages[i] {
			if date := &n.old.Pages[at].PublishedAt; *date != "" {
				return date
			}
			return nil
		}
		return r.published(r.Pages[i].ID)
	}
}

// follow makes a lineage of things, of which from says which it was of those before, which were numbered by ID; -1 of
// a new one. id gives the ID of a thing.
func follow(was int, from []int32, id func(i int32) string) lineage {
	stays, fresh := unknown(was), []int32(nil)
	for i, old := range from {
		if old >= 0 {
			stays[old] = int32(i)
		} else {
			fresh = append(fresh, int32(i))
		}
	}
	slices.SortFunc(fresh, func(i, j int32) int { return strings.Compare(id(i), id(j)) })
	l := lineage{make([]int32, 0, len(from)), make([]int32, 0, len(from))}
	for old, i := range stays {
		if i < 0 {
			continue
		}
		for len(fresh) > 0 && id(fresh[0]) < id(i) {
			l.order, l.from, fresh = append(l.order, fresh[0]), append(l.from, -1), fresh[1:]
		}
		l.order, l.from = append(l.order, i), append(l.from, int32(old))
	}
	for _, i := range fresh {
		l.order, l.from = append(l.order, i), append(l.from, -1)
	}
	return l
}

// mark says what is published now, by ID: what was, or fresh with another hash. Only touched things have a hash.
func (l lineage) mark(now, was []archive.Mark, touched []bool, hashes []uint64, fresh archive.Mark) {
	for at, i := range l.order {
		from := l.from[at]
		if from >= 0 && (!touched[i] || was[from].Hash == hashes[i]) {
			now[at] = was[from]
		} else {
			now[at] = fresh
			now[at].Hash = hashes[i]
		}
	}
}

// whole says yes to all of n things.
func whole(n int) []bool { return slices.Repeat([]bool{true}, n) }

// digests gives a hash of what is published of every page, and of every story, that is asked for.
func (r *results) digests(ofPages, ofStories []bool, workers int) (pages, stories []uint64) {
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
				if !ofPages[i] {
					continue
				}
				row := r.page(i)
				d.Page(&row)
				d.Text(r.Pages[r.Stories[r.StoryOf[i]].Headline].Title)
				for link < len(r.Links) && r.Links[link].A < i {
					link++
				}
				for stretch < len(r.Passages) && r.Passages[stretch].A < i {
					stretch++
				}
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
				if !ofStories[n] {
					continue
				}
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
