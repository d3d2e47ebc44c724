package identity

import (
	"fmt"
	"maps"
	"slices"
)

// Group is a group with its ID.
type Group struct {
	ID    string
	Born  int      // the number of the night in which the ID was minted
	Pages []string // IDs, at least one
}

// State is all that is known after a night. The zero State is the one before the first night.
type State struct {
	Groups  []Group
	Aliases map[string]string // of every ID without a group: the ID that took its pages, or Gone
}

// Gone is what an ID is an alias of if its pages are gone.
const Gone = ""

// Resolve returns the ID of the group that id leads to: id itself, the group that took its pages, or
// [Gone]. It does not tell an ID that was never given from one that has a group.
func (s *State) Resolve(id string) string {
	if to, ok := s.Aliases[id]; ok {
		return to
	}
	return id
}

// Validate returns an error if s cannot be the work of [Assign]: an ID that two groups have, or a
// group and an alias; an alias of anything but a group or [Gone], which includes all chains and
// cycles; a page in two groups or twice in one; an empty group or ID. Of several errors it is always
// the same one for the same state.
func (s *State) Validate() error {
	pages := 0
	ids := make([]string, len(s.Groups))
	for i, g := range s.Groups {
		ids[i], pages = g.ID, pages+len(g.Pages)
	}
	slices.Sort(ids) // where they are in order, as in an archive, it takes no time
	for i := range ids[min(1, len(ids)):] {
		if ids[i] == ids[i+1] && ids[i] != "" {
			return fmt.Errorf("id %q is of two groups", ids[i])
		}
	}
	in := newIndex(pages)
	of := make([]int32, 0, pages) // the group of each page
	for i, g := range s.Groups {
		if g.ID == "" {
			return fmt.Errorf("group %d has no id", i)
		}
		if len(g.Pages) == 0 {
			return fmt.Errorf("group %q has no pages", g.ID)
		}
		for _, p := range g.Pages {
			at, added := in.add(p)
			if !added {
				return fmt.Errorf("page %q is in group %q and in group %q", p, s.Groups[of[at]].ID, g.ID)
			}
			of = append(of, int32(i))
		}
	}
	live := func(id string) bool {
		_, ok := slices.BinarySearch(ids, id)
		return ok
	}
	for _, id := range slices.Sorted(maps.Keys(s.Aliases)) {
		if id == "" {
			return fmt.Errorf("an alias of %q has no id", s.Aliases[id])
		}
		if live(id) {
			return fmt.Errorf("id %q is of a group and an alias of %q", id, s.Aliases[id])
		}
		to := s.Aliases[id]
		if to != Gone && !live(to) {
			return fmt.Errorf("id %q is an alias of %q, which has no group", id, to)
		}
	}
	return nil
}
