package feed

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"sada/cmd/internal/publish"
)

// Assignment is which IDs a run gives to its pages. It holds some hundred bytes a page.
type Assignment struct {
	// Fingerprint is the same for folders with the same pages, stories and changes.
	Fingerprint string

	generation int
	content    string // hash of everything there is with this run, empty if it is not of a state
	// part says that the pages are those that a night changed; all others are as the run with the content base gave
	// them, but for those that were deleted since.
	part    bool
	base    string
	deleted map[string]bool

	pages     []page // by ID
	headlines map[string]string
	merged    map[aliasKey]string
	stories   map[string]bool
	groups    map[string]bool
	aliases   map[aliasKey][]string // by what they lead to
}

type page struct {
	id, story, group, role string
	known                  *ack // of a page that is not in the folder: what the engine has
}

// aliasKey is an ID of a kind, as publish.Change has them.
type aliasKey struct{ kind, id string }

// The kinds of IDs.
const (
	storyKind = "story"
	groupKind = "copy_group"
)

// Load reads a run folder.
func Load(dir string) (*Assignment, error) {
	m, err := publish.ReadAnyManifest(dir)
	if err != nil {
		return nil, err
	}
	a := &Assignment{generation: m.Generation, content: m.Content, part: m.Scope == publish.Changed, base: m.OnContent, headlines: make(map[string]string), merged: make(map[aliasKey]string), stories: make(map[string]bool), groups: make(map[string]bool)}
	// IDs and roles repeat; one copy of each is kept.
	names := make(map[string]string)
	one := func(s string) string {
		if known, ok := names[s]; ok {
			return known
		}
		names[s] = s
		return s
	}
	rows := make(map[string]int64)
	for p, err := range publish.Read[publish.Page](dir, "pages") {
		if err != nil {
			return nil, err
		}
		rows["pages.jsonl"]++
		a.pages = append(a.pages, page{id: p.ID, story: one(p.Story), group: one(p.CopyGroup), role: one(p.Role)})
		a.stories[one(p.Story)] = true
		a.groups[one(p.CopyGroup)] = true
	}
	slices.SortFunc(a.pages, func(p, q page) int { return strings.Compare(p.id, q.id) })
	for i := 1; i < len(a.pages); i++ {
		if a.pages[i].id == a.pages[i-1].id {
			return nil, fmt.Errorf("%s: %w: page %q is there twice", dir, ErrDamage, a.pages[i].id)
		}
	}
	for s, err := range publish.Read[publish.Story](dir, "stories") {
		if err != nil {
			return nil, err
		}
		rows["stories.jsonl"]++
		a.headlines[s.Story] = s.Headline
	}
	for c, err := range publish.Read[publish.Change](dir, "changes") {
		if err != nil {
			return nil, err
		}
		rows["changes.jsonl"]++
		if c.Event == "merged_into" {
			a.merged[aliasKey{c.Kind, c.ID}] = c.Other
		}
	}
	if a.part {
		a.deleted = make(map[string]bool)
		for d, err := range publish.Read[publish.Deleted](dir, "deleted") {
			if err != nil {
				return nil, err
			}
			rows["deleted.jsonl"]++
			a.deleted[d.ID] = true
		}
	}
	h := xxh3.New()
	for _, o := range m.Outputs {
		n, ok := rows[o.Name]
		if !ok {
			continue
		}
		if n != o.Rows {
			return nil, fmt.Errorf("%s: %w: %s has %d rows, its manifest says %d", dir, ErrDamage, o.Name, n, o.Rows)
		}
		delete(rows, o.Name)
		fmt.Fprintln(h, o.Name, o.Hash)
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		return nil, fmt.Errorf("%s: %w: its manifest does not name %s", dir, ErrDamage, name)
	}
	sum := h.Sum128().Bytes()
	a.Fingerprint = hex.EncodeToString(sum[:])
	return a, nil
}

// over adds to what a night changed what the engine has of all other pages. An assignment of all pages is returned as it
// is. It returns ErrGap if the engine does not have what the night began with, or what it has of a page is in doubt
// and is not known here.
func (a *Assignment) over(c *Cursor) (*Assignment, error) {
	if !a.part {
		return a, nil
	}
	if c.Content == "" || c.Content != a.base && c.Content != a.content {
		return nil, fmt.Errorf("%w: it was fed last from %s, and the run has what changed from generation %d to %d", ErrGap, c.was(), a.generation-1, a.generation)
	}
	full := *a
	full.pages = make([]page, 0, len(a.pages)+len(c.acks))
	full.stories, full.groups = maps.Clone(a.stories), maps.Clone(a.groups)
	lost := 0
	i := 0
	for j := range c.acks {
		k := &c.acks[j]
		for i < len(a.pages) && a.pages[i].id < k.id {
			full.pages = append(full.pages, a.pages[i])
			i++
		}
		switch {
		case i < len(a.pages) && a.pages[i].id == k.id || a.deleted[k.id]:
		case k.story == "": // it is to be cleared, and was not
		case k.hash == unknown && k.pending == nil:
			lost++
		default:
			full.pages = append(full.pages, page{id: k.id, story: k.story, group: k.group, known: k})
			full.stories[k.story], full.groups[k.group] = true, true
		}
	}
	if lost > 0 {
		return nil, fmt.Errorf("%w: a feed was stopped, and %d documents of it are neither known nor in the run", ErrGap, lost)
	}
	full.pages = append(full.pages, a.pages[i:]...)
	return &full, nil
}

// Len returns the number of pages.
func (a *Assignment) Len() int { return len(a.pages) }

// alive says whether the run has an ID.
func (a *Assignment) alive(k aliasKey) bool {
	if k.kind == storyKind {
		return a.stories[k.id]
	}
	return a.groups[k.id]
}

// lead makes the aliases of the run's IDs from what the cursor knows: its own aliases, those of this
// run's changes, and, for the IDs that are gone without an event because the runs in between were not
// fed, those which have most of their pages (the smaller ID if several have).
func (a *Assignment) lead(c *Cursor) map[aliasKey]string {
	into := maps.Clone(c.aliases)
	maps.Copy(into, a.merged)
	votes := make(map[aliasKey]map[string]int)
	vote := func(kind, old, now string) {
		k := aliasKey{kind, old}
		if old == "" || a.alive(k) || into[k] != "" {
			return
		}
		if votes[k] == nil {
			votes[k] = make(map[string]int)
		}
		votes[k][now]++
	}
	i := 0
	for _, p := range a.pages {
		for i < len(c.acks) && c.acks[i].id < p.id {
			i++
		}
		if i < len(c.acks) && c.acks[i].id == p.id {
			vote(storyKind, c.acks[i].story, p.story)
			vote(groupKind, c.acks[i].group, p.group)
		}
	}
	for k, of := range votes {
		ids := slices.Collect(maps.Keys(of))
		into[k] = slices.MinFunc(ids, func(x, y string) int { return cmp.Or(cmp.Compare(of[y], of[x]), strings.Compare(x, y)) })
	}
	flat := make(map[aliasKey]string)
	a.aliases = make(map[aliasKey][]string)
	for k := range into {
		if a.alive(k) {
			continue
		}
		to := aliasKey{k.kind, into[k]}
		for steps := 0; !a.alive(to) && steps < len(into); steps++ { // no more steps than aliases: a circle ends
			to.id = into[to]
		}
		if a.alive(to) {
			flat[k] = to.id
			a.aliases[to] = append(a.aliases[to], k.id)
		}
	}
	for _, ids := range a.aliases {
		slices.Sort(ids)
	}
	return flat
}

// hash returns that of the fields of page i; lead must have been called.
func (a *Assignment) hash(i int) uint64 {
	if k := a.pages[i].known; k != nil && k.hash != unknown {
		return k.hash
	}
	f := a.fields(i)
	return f.hash()
}

// fields returns those of page i; lead must have been called. Of a page that only the engine is known to have as it should
// be, there are none.
func (a *Assignment) fields(i int) Fields {
	p := &a.pages[i]
	if p.known != nil {
		return *p.known.pending
	}
	f := Fields{StoryID: p.story, CopyGroupID: p.group, CopyRole: p.role, StoryHeadline: a.headlines[p.story],
		StoryAliases: a.aliases[aliasKey{storyKind, p.story}], CopyGroupAliases: a.aliases[aliasKey{groupKind, p.group}]}
	if f.StoryAliases == nil {
		f.StoryAliases = []string{}
	}
	if f.CopyGroupAliases == nil {
		f.CopyGroupAliases = []string{}
	}
	return f
}
