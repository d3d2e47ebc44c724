package identity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// byPage returns the group of every page.
func byPage(s *State) map[string]Group {
	out := make(map[string]Group)
	for _, g := range s.Groups {
		for _, p := range g.Pages {
			out[p] = g
		}
	}
	return out
}

// sorted returns s without the order of its groups and pages.
func sorted(s *State) *State {
	out := &State{Aliases: maps.Clone(s.Aliases)}
	for _, g := range s.Groups {
		g.Pages = slices.Sorted(slices.Values(g.Pages))
		out.Groups = append(out.Groups, g)
	}
	slices.SortFunc(out.Groups, func(g, h Group) int { return cmp.Compare(g.ID, h.ID) })
	return out
}

// replay applies events to a state.
func replay(t *rapid.T, old *State, events []Event, night Night) *State {
	in := make(map[string]string) // the ID of each page
	born := make(map[string]int)
	aliases := maps.Clone(old.Aliases)
	if aliases == nil {
		aliases = make(map[string]string)
	}
	for _, g := range old.Groups {
		born[g.ID] = g.Born
		for _, p := range g.Pages {
			in[p] = g.ID
		}
	}
	told := make(map[string]bool)
	for _, e := range events {
		to, from := e.ID, e.Other
		switch e.Kind {
		case Born, SplitFrom:
			born[e.ID] = night.Number
		case MergedInto, Died:
			to, from = e.Other, e.ID
			aliases[e.ID] = e.Other
			for id, was := range aliases {
				if was == e.ID {
					aliases[id] = e.Other
				}
			}
		}
		for _, p := range e.Pages {
			if told[p] {
				t.Fatalf("page %s is in two events", p)
			}
			told[p] = true
			if in[p] != from && !slices.Contains(night.Deleted, p) {
				t.Fatalf("page %s came from %q, not from %q", p, in[p], from)
			}
			in[p] = to
		}
	}
	for _, p := range night.Deleted {
		delete(in, p)
	}
	out := &State{Aliases: aliases}
	groups := make(map[string][]string)
	for p, id := range in {
		groups[id] = append(groups[id], p)
	}
	for id, pages := range groups {
		out.Groups = append(out.Groups, Group{ID: id, Born: born[id], Pages: pages})
	}
	return out
}

// oracle hands IDs on by the letter of the rule: of all pairs of an old and a new group that are
// free, the best, again and again. It returns the ID that each new group keeps.
func oracle(old *State, now Grouping) map[int]string {
	kept := make(map[int]string)
	taken := make(map[string]bool)
	for {
		var best []any // what a pair is compared by: shared pages, born, ID, the earliest shared page
		bestGroup := none
		for _, g := range old.Groups {
			if taken[g.ID] {
				continue
			}
			for j := range now.Pages { // as group number
				if _, ok := kept[j]; ok {
					continue
				}
				n, first := 0, ""
				for r, p := range now.Pages {
					if now.Group[r] == j && slices.Contains(g.Pages, p) {
						if n == 0 {
							first = p
						}
						n++
					}
				}
				if n == 0 {
					continue
				}
				if best == nil || cmp.Or(-cmp.Compare(n, best[0].(int)), cmp.Compare(g.Born, best[1].(int)),
					cmp.Compare(g.ID, best[2].(string)), cmp.Compare(first, best[3].(string))) < 0 {
					best, bestGroup = []any{n, g.Born, g.ID, first}, j
				}
			}
		}
		if best == nil {
			return kept
		}
		kept[bestGroup] = best[2].(string)
		taken[best[2].(string)] = true
	}
}

// drawNight changes a grouping: pages are deleted, come and move, groups merge, fall apart and are
// made anew.
func drawNight(t *rapid.T, group map[string]int, number int) Night {
	night := Night{Number: number, Prefix: Story,
		// Names that come again make the hashes of IDs come again.
		Name: rapid.SampledFrom([]string{"n", "m", fmt.Sprint(number)}).Draw(t, "name")}
	const groups = 8
	into := rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "merges")
	for range into {
		from, to := rapid.IntRange(0, groups).Draw(t, "from"), rapid.IntRange(0, groups).Draw(t, "to")
		for p, g := range group {
			if g == from {
				group[p] = to
			}
		}
	}
	restless := rapid.SampledFrom([]int{0, 0, 1, 5, 10}).Draw(t, "restless") // of ten pages
	for i := range 20 {
		p := fmt.Sprintf("p%02d", i)
		_, there := group[p]
		what := rapid.IntRange(0, 9).Draw(t, p)
		switch {
		case !there && what < 3, there && what < restless:
			group[p] = rapid.IntRange(0, groups).Draw(t, p+" goes to")
		case there && what == 9:
			delete(group, p)
			night.Deleted = append(night.Deleted, p)
		}
	}
	return night
}

// dense numbers the groups from 0 up, in the order in which pages begins them.
func dense(group map[string]int) Grouping {
	g := grouping(group)
	number := make(map[int]int)
	for i, j := range g.Group {
		if _, ok := number[j]; !ok {
			number[j] = len(number)
		}
		g.Group[i] = number[j]
	}
	return g
}

// numbers returns 0 to n-1.
func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestNights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := &State{}
		group := make(map[string]int)
		given := make(map[string]bool)   // every ID ever given
		leads := make(map[string]string) // of every ID that was merged or died: where to, that night
		for number := range rapid.IntRange(1, 8).Draw(t, "nights") {
			night := drawNight(t, group, number)
			now := dense(group)
			next, outcome, err := Assign(state, now, night)
			if err != nil {
				t.Fatal(err)
			}
			events := outcome.Events
			if err := next.Validate(); err != nil {
				t.Fatal(err)
			}

			// Every group of the grouping has its pages, and the ID by the rule or a new one.
			in := byPage(next)
			if len(in) != len(now.Pages) {
				t.Fatalf("%d pages of %d", len(in), len(now.Pages))
			}
			kept := oracle(state, now)
			for r, p := range now.Pages {
				j := now.Group[r]
				g := in[p]
				if next.Groups[j].ID != g.ID {
					t.Fatalf("page %s is not in group %d", p, j)
				}
				if id, ok := kept[j]; ok && g.ID != id {
					t.Fatalf("group of %v has id %s, not %s", g.Pages, g.ID, id)
				} else if !ok && (given[g.ID] || g.Born != number) {
					t.Fatalf("group of %v has id %s again, born %d", g.Pages, g.ID, g.Born)
				}
			}

			// A group that did not change keeps its ID.
			for _, g := range state.Groups {
				h, ok := in[g.Pages[0]]
				if ok && slices.Equal(h.Pages, g.Pages) && (h.ID != g.ID || h.Born != g.Born) {
					t.Fatalf("group of %v had id %s and has %s", g.Pages, g.ID, h.ID)
				}
			}

			for j, from := range outcome.From {
				if same := from >= 0 && slices.Equal(slices.Sorted(slices.Values(next.Groups[j].Pages)), slices.Sorted(slices.Values(state.Groups[from].Pages))); same != outcome.Same[j] {
					t.Fatalf("group %v: same is %v", next.Groups[j].Pages, outcome.Same[j])
				}
			}

			// The events tell all.
			if d := gocmp.Diff(sorted(next), sorted(replay(t, state, events, night))); d != "" {
				t.Fatalf("events do not make the new state: %s", d)
			}
			if !slices.IsSortedFunc(events, func(e, f Event) int {
				return cmp.Or(cmp.Compare(e.Kind, f.Kind), cmp.Compare(e.ID, f.ID), cmp.Compare(e.Other, f.Other), 1)
			}) {
				t.Fatalf("order of events: %v", events)
			}
			moved := 0
			for _, e := range events {
				if len(e.Pages) == 0 || !slices.IsSorted(e.Pages) {
					t.Fatalf("pages of %v", e)
				}
				if e.Kind == SplitFrom || e.Kind == Grew && e.Other != "" {
					moved += len(e.Pages)
				}
				if e.Kind == MergedInto || e.Kind == Died {
					leads[e.ID] = e.Other
				}
			}
			survive := 0
			for p := range byPage(state) {
				if _, ok := group[p]; ok {
					survive++
				}
			}
			if got, want := outcome.Churn, (Churn{Pages: survive, Changed: moved}); got != want || got != churnOf(state, next) {
				t.Fatalf("churn %+v, not %+v; by definition %+v", got, want, churnOf(state, next))
			}
			for j, from := range outcome.From {
				old := slices.IndexFunc(state.Groups, func(g Group) bool { return g.ID == next.Groups[j].ID })
				if int(from) != old {
					t.Fatalf("group %d is from %d, not %d", j, from, old)
				}
			}

			// Every ID ever given leads somewhere, night by night or at once.
			for _, g := range next.Groups {
				given[g.ID] = true
			}
			live := make(map[string]bool)
			for _, g := range next.Groups {
				live[g.ID] = true
			}
			for id := range given {
				to := id
				for on, ok := leads[to]; ok; on, ok = leads[to] {
					to = on
				}
				if got := next.Resolve(id); got != to || !live[got] && got != Gone {
					t.Fatalf("id %s leads to %q, not %q", id, got, to)
				}
			}

			// No order counts.
			other := &State{Aliases: state.Aliases, Groups: rapid.Permutation(state.Groups).Draw(t, "old groups")}
			for i, g := range other.Groups {
				other.Groups[i].Pages = rapid.Permutation(g.Pages).Draw(t, "old pages")
			}
			renumber := rapid.Permutation(numbers(len(next.Groups))).Draw(t, "numbers")
			shuffled := Grouping{Pages: now.Pages}
			for _, j := range now.Group {
				shuffled.Group = append(shuffled.Group, renumber[j])
			}
			again := night
			again.Deleted = rapid.Permutation(night.Deleted).Draw(t, "deleted")
			same, sameOutcome, err := Assign(other, shuffled, again)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(sorted(next), sorted(same)) + gocmp.Diff(events, sameOutcome.Events); d != "" {
				t.Fatalf("another order: %s", d)
			}

			// The same night twice changes nothing.
			night.Number++
			same, sameOutcome, err = Assign(next, now, night)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(next, same); d != "" || len(sameOutcome.Events) > 0 {
				t.Fatalf("the same twice: %v, %s", sameOutcome.Events, d)
			}
			state = next
		}
	})
}
