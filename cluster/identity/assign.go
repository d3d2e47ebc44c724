package identity

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"
)

// Prefix is what the IDs of a kind of groups begin with.
type Prefix string

// The prefixes.
const (
	CopyGroup Prefix = "c"
	Story     Prefix = "s"
)

// Night is what [Assign] is told of a night.
type Night struct {
	// Number is that of the night, ascending: an ID minted on a lower one is older.
	Number int
	// Name goes into the IDs minted on this night. To mint the same IDs when a night is repeated on
	// the same state, it must not be taken from the clock.
	Name   string
	Prefix Prefix
	// Deleted are the IDs of pages that are no longer there, in any order. Others than pages of the
	// old state are ignored.
	Deleted []string
}

// Grouping is which pages are together.
type Grouping struct {
	Pages []string // the distinct IDs of all pages, in canonical order
	Group []int    // of each page: the number of its group, all numbers from 0 up without a gap

	index func() (*index, error) // of the pages, if other groupings have the same ones; nil otherwise
}

// Groupings returns groupings of the same pages, for each of the groups of pages. [Assign] looks up the pages of all of them
// where it put those of the first.
func Groupings(pages []string, groups ...[]int) []Grouping {
	x := sync.OnceValues(func() (*index, error) { return indexed(pages) })
	out := make([]Grouping, len(groups))
	for i, group := range groups {
		out[i] = Grouping{pages, group, x}
	}
	return out
}

// indexed returns an index of the pages of a grouping, or an error about one that is there twice.
func indexed(pages []string) (*index, error) {
	if len(pages) > math.MaxInt32 {
		return nil, fmt.Errorf("grouping has %d pages, more than %d", len(pages), math.MaxInt32)
	}
	x := newIndex(len(pages))
	for _, p := range pages {
		if _, added := x.add(p); !added {
			return nil, fmt.Errorf("page %q is in the grouping twice", p)
		}
	}
	return x, nil
}

// EventKind says what happened to an ID.
type EventKind string

// The kinds of events.
const (
	Born       EventKind = "born"        // a new ID; all of the pages are new
	Grew       EventKind = "grew"        // pages came to it: new ones or, from Other, known ones
	MergedInto EventKind = "merged_into" // it has no group any more; these pages went into Other
	SplitFrom  EventKind = "split_from"  // a new ID; the pages came out of Other
	Died       EventKind = "died"        // all of its pages were deleted
)

// Event is a change of one ID.
type Event struct {
	Kind EventKind
	ID   string
	// Other is the group on the other side of SplitFrom and MergedInto, and where the pages of Grew
	// came from, empty for new ones. Of Grew it may be an ID that was merged on the same night.
	Other string
	Pages []string // that came or went, in canonical order; of Died ascending, all it had; of Born, memory of the new state
}

// Outcome is what a night did to the IDs.
type Outcome struct {
	Events []Event // in the order of their kinds' spelling, then of ID and Other; no two agree in all three
	From   []int32 // of every new group: the number of the old one whose ID it has, -1 if the ID is new
	Same   []bool  // of every new group: it has the pages of that one, and no others
	Churn  Churn
}

// edge is an old and a new group that share pages.
type edge struct {
	old, new int32
	n        int32 // pages
	first    int32 // the earliest of them
}

const none = -1

// Assign gives every group of now its ID and tells what changed. Groups[g] of the new state is group
// g of now, with its pages in canonical order. Every page of the old state must be in now or deleted.
//
// A group that only lost deleted pages has no event.
//
// The old state must be valid; it is not changed, and the new one shares no memory with it or now but
// strings. An error is about the grouping: lengths that differ, a page twice, a gap in the numbers, a
// page that is deleted and there, or neither.
func Assign(old *State, now Grouping, night Night) (*State, *Outcome, error) {
	a := &assignment{old: old, now: now, night: night}
	if err := a.index(); err != nil {
		return nil, nil, err
	}
	if err := a.overlap(); err != nil {
		return nil, nil, err
	}
	a.match()
	a.name()
	a.retire()
	from, same := a.from()
	state := a.state()
	return state, &Outcome{a.events(state), from, same, a.churn()}, nil
}

type assignment struct {
	old   *State
	now   Grouping
	night Night

	size   []int32 // of each new group: its pages
	pages  *index  // of now
	edges  []edge  // by old group
	edgeOf []int32 // of each page: its edge, or none for a new page

	heir  []int32 // of each old group: the edge to the new group with its ID, or to the one with most of its pages; none if it died
	owner []int32 // of each new group: the edge from the old group whose ID it has; none if it gets a new one

	ids     []string // of each new group
	born    []int
	aliases map[string]string
}

// index numbers the pages and counts the groups.
func (a *assignment) index() error {
	pages, group := a.now.Pages, a.now.Group
	if len(pages) != len(group) {
		return fmt.Errorf("grouping has %d pages and group numbers for %d", len(pages), len(group))
	}
	x := a.now.index
	if x == nil {
		x = func() (*index, error) { return indexed(pages) }
	}
	var err error
	if a.pages, err = x(); err != nil {
		return err
	}
	for i, p := range pages {
		g := group[i]
		if g < 0 || g >= len(pages) {
			return fmt.Errorf("page %q is in group %d: numbers go from 0 up to %d at most", p, g, len(pages)-1)
		}
		if g >= len(a.size) {
			a.size = append(a.size, make([]int32, g+1-len(a.size))...)
		}
		a.size[g]++
	}
	if g := slices.Index(a.size, 0); g >= 0 {
		return fmt.Errorf("group %d of %d has no pages", g, len(a.size))
	}
	for _, p := range a.night.Deleted {
		if a.pages.at(p) >= 0 {
			return fmt.Errorf("page %q is deleted and in the grouping", p)
		}
	}
	return nil
}

// overlap makes the edges.
func (a *assignment) overlap() error {
	a.edgeOf = slices.Repeat([]int32{none}, len(a.now.Pages))
	latest := slices.Repeat([]int32{none}, len(a.size)) // of each new group: its latest edge
	var deleted map[string]struct{}
	for i, g := range a.old.Groups {
		for _, p := range g.Pages {
			r := int32(a.pages.at(p))
			if r < 0 {
				if deleted == nil {
					deleted = make(map[string]struct{}, len(a.night.Deleted))
					for _, p := range a.night.Deleted {
						deleted[p] = struct{}{}
					}
				}
				if _, ok := deleted[p]; !ok {
					return fmt.Errorf("page %q of group %q is neither in the grouping nor deleted", p, g.ID)
				}
				continue
			}
			if a.edgeOf[r] != none {
				return fmt.Errorf("page %q is in two groups of the old state, one of them %q", p, g.ID)
			}
			j := a.now.Group[r]
			e := latest[j]
			if e == none || a.edges[e].old != int32(i) {
				e = int32(len(a.edges))
				latest[j] = e
				a.edges = append(a.edges, edge{old: int32(i), new: int32(j), first: r})
			}
			a.edgeOf[r] = e
			a.edges[e].n++
			a.edges[e].first = min(a.edges[e].first, r)
		}
	}
	return nil
}

// match hands the IDs on.
func (a *assignment) match() {
	a.heir = slices.Repeat([]int32{none}, len(a.old.Groups))
	a.owner = slices.Repeat([]int32{none}, len(a.size))
	parts := make([]int32, len(a.old.Groups))
	origins := make([]int32, len(a.size))
	for _, e := range a.edges {
		parts[e.old]++
		origins[e.new]++
	}
	var contested []int32
	for i, e := range a.edges {
		if parts[e.old] == 1 && origins[e.new] == 1 { // most groups of a night
			a.heir[e.old], a.owner[e.new] = int32(i), int32(i)
		} else {
			contested = append(contested, int32(i))
		}
	}
	slices.SortFunc(contested, func(x, y int32) int {
		e, f := a.edges[x], a.edges[y]
		if c := cmp.Compare(f.n, e.n); c != 0 {
			return c
		}
		if e.old == f.old {
			return cmp.Compare(e.first, f.first)
		}
		g, h := &a.old.Groups[e.old], &a.old.Groups[f.old]
		return cmp.Or(cmp.Compare(g.Born, h.Born), cmp.Compare(g.ID, h.ID))
	})
	for _, i := range contested {
		e := a.edges[i]
		if a.heir[e.old] == none && a.owner[e.new] == none {
			a.heir[e.old], a.owner[e.new] = i, i
		}
	}
	// What is left merges into the group with its largest part: all of its new groups have an owner.
	for _, i := range contested {
		if e := a.edges[i]; a.heir[e.old] == none {
			a.heir[e.old] = i
		}
	}
}

// name gives the new groups their IDs.
func (a *assignment) name() {
	a.ids = make([]string, len(a.size))
	a.born = make([]int, len(a.size))
	for j, e := range a.owner {
		if e != none {
			g := &a.old.Groups[a.edges[e].old]
			a.ids[j], a.born[j] = g.ID, g.Born
		}
	}
	// A night mints few IDs: those of the old state are held to them, rather than all put where they can be found.
	first := make([]string, len(a.size)) // of each group that needs one: the first try
	n := 0
	for r, j := range a.now.Group {
		if a.ids[j] == "" && first[j] == "" {
			first[j] = mint(a.night.Prefix, a.night.Name, a.now.Pages[r], 0)
			n++
		}
	}
	minted := newIndex(n)
	for _, id := range first {
		if id != "" {
			minted.add(id)
		}
	}
	old, used := make([]bool, n), make([]bool, n) // of each minted ID: an old group has it, or a new one
	for i := range a.old.Groups {
		if at := minted.at(a.old.Groups[i].ID); at >= 0 {
			old[at] = true
		}
	}
	others := make(map[string]bool) // used, and not the first try of any group
	take := func(id string) bool {
		if _, alias := a.old.Aliases[id]; alias {
			return false
		}
		if at := minted.at(id); at >= 0 {
			free := !old[at] && !used[at]
			used[at] = true
			return free
		}
		if others[id] || slices.ContainsFunc(a.old.Groups, func(g Group) bool { return g.ID == id }) {
			return false
		}
		others[id] = true
		return true
	}
	for r, j := range a.now.Group {
		if a.ids[j] != "" {
			continue
		}
		id := first[j]
		for try := uint64(1); !take(id); try++ {
			id = mint(a.night.Prefix, a.night.Name, a.now.Pages[r], try)
		}
		a.ids[j], a.born[j] = id, a.night.Number
	}
}

// mint hashes what a group begins with. Two tries or two beginnings never have the same input; IDs
// can still be equal, if the same name is used again or by chance, and then the next try is taken.
func mint(prefix Prefix, name, page string, try uint64) string {
	b := make([]byte, 0, 64)
	b = binary.AppendUvarint(b, try)
	b = binary.AppendUvarint(b, uint64(len(name))) // or "ab"+"c" would be "a"+"bc"
	b = append(b, name...)
	b = append(b, page...)
	sum := xxh3.Hash128(b).Bytes()
	return string(prefix) + hex.EncodeToString(sum[:])
}

// retire makes the aliases.
func (a *assignment) retire() {
	a.aliases = maps.Clone(a.old.Aliases)
	if a.aliases == nil {
		a.aliases = make(map[string]string)
	}
	to := make(map[string]string) // of every old group that lost its ID
	for i, e := range a.heir {
		id := a.old.Groups[i].ID
		switch {
		case e == none:
			to[id] = Gone
		case a.owner[a.edges[e].new] != e:
			to[id] = a.ids[a.edges[e].new]
		}
	}
	if len(to) == 0 {
		return
	}
	for id, was := range a.aliases {
		if is, ok := to[was]; ok {
			a.aliases[id] = is
		}
	}
	maps.Copy(a.aliases, to)
}

// state lists the groups.
func (a *assignment) state() *State {
	s := &State{Groups: make([]Group, len(a.size)), Aliases: a.aliases}
	all := make([]string, len(a.now.Pages))
	for j, n := range a.size {
		s.Groups[j] = Group{ID: a.ids[j], Born: a.born[j], Pages: all[:0:n]}
		all = all[n:]
	}
	for r, j := range a.now.Group {
		g := &s.Groups[j]
		g.Pages = append(g.Pages, a.now.Pages[r])
	}
	return s
}

// from says whose IDs the new groups have, and whether they have the same pages.
func (a *assignment) from() (from []int32, same []bool) {
	from, same = make([]int32, len(a.owner)), make([]bool, len(a.owner))
	for j, i := range a.owner {
		if from[j] = none; i != none {
			e := a.edges[i]
			from[j], same[j] = e.old, e.n == a.size[j] && int(e.n) == len(a.old.Groups[e.old].Pages)
		}
	}
	return from, same
}

// churn counts the pages whose old ID does not lead to the new one.
func (a *assignment) churn() (c Churn) {
	for i, e := range a.edges {
		c.Pages += int(e.n)
		// An ID is that of its heir, or an alias of it.
		if heir := a.heir[e.old]; heir != int32(i) {
			c.Changed += int(e.n)
		}
	}
	return c
}

// events tells what changed to the new state. Those of new groups have the pages of the state.
func (a *assignment) events(state *State) []Event {
	old, born := make([]bool, len(a.size)), len(a.size) // whether each new group has pages that are not new, and how many have not
	for _, e := range a.edges {
		if !old[e.new] {
			old[e.new] = true
			born--
		}
	}
	out := make([]Event, 0, born) // as many as there are, if nothing is old
	for j, g := range state.Groups {
		if !old[j] {
			out = append(out, Event{Kind: Born, ID: g.ID, Pages: g.Pages})
		}
	}
	add := func(at *int32, kind EventKind, id, other, page string) {
		if *at == none {
			*at = int32(len(out))
			out = append(out, Event{Kind: kind, ID: id, Other: other})
		}
		out[*at].Pages = append(out[*at].Pages, page)
	}
	came := slices.Repeat([]int32{none}, len(a.size))   // of each new group: the event of its new pages
	known := slices.Repeat([]int32{none}, len(a.edges)) // of each edge: the event of its pages
	for r, j := range a.now.Group {
		page, i := a.now.Pages[r], a.edgeOf[r]
		if i == none {
			if old[j] {
				add(&came[j], Grew, a.ids[j], "", page)
			}
			continue
		}
		id, from := a.ids[j], a.old.Groups[a.edges[i].old].ID
		switch {
		case a.owner[j] == i: // it stays
		case a.heir[a.edges[i].old] == i:
			add(&known[i], MergedInto, from, id, page)
		case a.owner[j] == none:
			add(&known[i], SplitFrom, id, from, page)
		default:
			add(&known[i], Grew, id, from, page)
		}
	}
	for i, e := range a.heir {
		if e == none {
			g := a.old.Groups[i]
			out = append(out, Event{Kind: Died, ID: g.ID, Pages: slices.Sorted(slices.Values(g.Pages))})
		}
	}
	return inOrder(out)
}

// inOrder returns events in order. There may be a million, of which the first bytes of the ID nearly always decide: what is
// moved to and fro is no more than these.
func inOrder(events []Event) []Event {
	type key struct {
		id   uint64 // the first bytes
		kind int8   // its place among all of them
		at   int32
	}
	kinds := []EventKind{Born, Died, Grew, MergedInto, SplitFrom}
	keys := make([]key, len(events))
	for i := range events {
		var first [8]byte
		copy(first[:], events[i].ID)
		keys[i] = key{binary.BigEndian.Uint64(first[:]), int8(slices.Index(kinds, events[i].Kind)), int32(i)}
	}
	slices.SortFunc(keys, func(k, l key) int {
		if k.kind != l.kind {
			return cmp.Compare(k.kind, l.kind)
		}
		if k.id != l.id {
			return cmp.Compare(k.id, l.id)
		}
		x, y := &events[k.at], &events[l.at]
		return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Other, y.Other))
	})
	out := make([]Event, len(events))
	for i, k := range keys {
		out[i] = events[k.at]
	}
	return out
}
