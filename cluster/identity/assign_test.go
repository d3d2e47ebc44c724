package identity

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseState reads "c1@3: a b; c2: d | c9>c1 c8>": groups with the night of birth, 1 if not given,
// then aliases.
func parseState(s string) *State {
	st := &State{}
	groups, aliases, _ := strings.Cut(s, "|")
	for g := range strings.SplitSeq(groups, ";") {
		head, pages, ok := strings.Cut(g, ":")
		if !ok {
			continue
		}
		id, born, dated := strings.Cut(strings.TrimSpace(head), "@")
		out := Group{ID: id, Born: 1, Pages: strings.Fields(pages)}
		if dated {
			fmt.Sscan(born, &out.Born)
		}
		st.Groups = append(st.Groups, out)
	}
	for _, a := range strings.Fields(aliases) {
		if st.Aliases == nil {
			st.Aliases = make(map[string]string)
		}
		id, to, _ := strings.Cut(a, ">")
		st.Aliases[id] = to
	}
	return st
}

// parseGrouping reads "a b; c d". The canonical order is the alphabet's.
func parseGrouping(s string) Grouping {
	group := make(map[string]int)
	n := 0
	for g := range strings.SplitSeq(s, ";") {
		pages := strings.Fields(g)
		for _, p := range pages {
			group[p] = n
		}
		if len(pages) > 0 {
			n++
		}
	}
	return grouping(group)
}

// grouping puts pages into canonical order, that of the alphabet.
func grouping(group map[string]int) Grouping {
	var g Grouping
	for _, p := range slices.Sorted(maps.Keys(group)) {
		g.Pages = append(g.Pages, p)
		g.Group = append(g.Group, group[p])
	}
	return g
}

// readable writes a state as parseState reads it, sorted, and events alike. IDs that old does not
// know are written as + and the first page of the group they were given to.
func readable(old, now *State, events []Event) (string, []string) {
	known := make(map[string]bool)
	for _, g := range old.Groups {
		known[g.ID] = true
	}
	names := map[string]string{}
	var groups, aliases []string
	for _, g := range now.Groups {
		names[g.ID] = g.ID
		if !known[g.ID] {
			names[g.ID] = "+" + g.Pages[0]
		}
		groups = append(groups, fmt.Sprintf("%s@%d: %s", names[g.ID], g.Born, strings.Join(g.Pages, " ")))
	}
	name := func(id string) string {
		if n, ok := names[id]; ok {
			return n
		}
		return id
	}
	for id, to := range now.Aliases {
		aliases = append(aliases, id+">"+name(to))
	}
	slices.Sort(groups)
	slices.Sort(aliases)
	state := strings.Join(groups, "; ")
	if len(aliases) > 0 {
		state += " | " + strings.Join(aliases, " ")
	}
	var told []string
	for _, e := range events {
		told = append(told, fmt.Sprintf("%s %s %s: %s", name(e.ID), e.Kind, name(e.Other), strings.Join(e.Pages, " ")))
	}
	return state, told
}

func TestAssign(t *testing.T) {
	for _, tt := range []struct {
		name, old, now, deleted string
		want                    string
		events                  []string
	}{
		{name: "nothing"},
		{name: "born", now: "a b; c",
			want: "+a@5: a b; +c@5: c", events: []string{"+a born : a b", "+c born : c"}},
		{name: "the same", old: "c1: a b; c2@2: c | c0>c1 c9>", now: "c; b a",
			want: "c1@1: a b; c2@2: c | c0>c1 c9>"},
		{name: "grew", old: "c1: b c", now: "b c d e",
			want: "c1@1: b c d e", events: []string{"c1 grew : d e"}},
		{name: "grew by a late page that is its first now", old: "c1: b c", now: "a b c",
			want: "c1@1: a b c", events: []string{"c1 grew : a"}},
		{name: "lost a page", old: "c1: a b", now: "b", deleted: "a",
			want: "c1@1: b"},
		{name: "lost all but one, and grew", old: "c1: a b c", now: "c d e f g", deleted: "b a",
			want: "c1@1: c d e f g", events: []string{"c1 grew : d e f g"}},
		{name: "an unknown page is deleted", old: "c1: a", now: "a", deleted: "z",
			want: "c1@1: a"},
		{name: "died", old: "c1: b a; c2: c | c0>c1 c9>", now: "c", deleted: "a b",
			want: "c2@1: c | c0> c1> c9>", events: []string{"c1 died : a b"}},
		{name: "all died", old: "c1: a", deleted: "a",
			want: " | c1>", events: []string{"c1 died : a"}},

		{name: "merge: the larger survives", old: "c1@1: a; c2@3: b c", now: "a b c",
			want: "c2@3: a b c | c1>c2", events: []string{"c1 merged_into c2: a"}},
		{name: "merge: the larger of what is left survives", old: "c1@3: a b c; c2@1: d e", now: "c d e", deleted: "a b",
			want: "c2@1: c d e | c1>c2", events: []string{"c1 merged_into c2: c"}},
		{name: "merge: new pages do not count", old: "c1@3: a b; c2@1: c", now: "a b c x y z",
			want: "c1@3: a b c x y z | c2>c1", events: []string{"c1 grew : x y z", "c2 merged_into c1: c"}},
		{name: "merge: then the older", old: "c1@3: a b; c2@2: c d", now: "a b c d",
			want: "c2@2: a b c d | c1>c2", events: []string{"c1 merged_into c2: a b"}},
		{name: "merge: then the smaller id", old: "c2: a b; c1: c d", now: "a b c d",
			want: "c1@1: a b c d | c2>c1", events: []string{"c2 merged_into c1: a b"}},
		{name: "merge of three", old: "c1: a; c2: b; c3: c d", now: "a b c d",
			want: "c3@1: a b c d | c1>c3 c2>c3", events: []string{"c1 merged_into c3: a", "c2 merged_into c3: b"}},
		{name: "merge of what was merged into", old: "c1: a; c2: b c | c0>c1 c8>c2 c9>", now: "a b c",
			want: "c2@1: a b c | c0>c2 c1>c2 c8>c2 c9>", events: []string{"c1 merged_into c2: a"}},

		{name: "split: the largest keeps the id", old: "c1: a b c", now: "a; b c",
			want: "+a@5: a; c1@1: b c", events: []string{"+a split_from c1: a"}},
		{name: "split: then the part with the earliest page", old: "c1: d c b a", now: "b c; a d",
			want: "+b@5: b c; c1@1: a d", events: []string{"+b split_from c1: b c"}},
		{name: "split: a late page is no part of the old group", old: "c1: b c", now: "a c; b",
			want: "+a@5: a c; c1@1: b", events: []string{"+a grew : a", "+a split_from c1: c"}},
		{name: "split: new pages do not count", old: "c1: a b c", now: "a x y z; b c",
			want: "+a@5: a x y z; c1@1: b c", events: []string{"+a grew : x y z", "+a split_from c1: a"}},
		{name: "split: pages that go", old: "c1: a b c", now: "b; c", deleted: "a",
			want: "+c@5: c; c1@1: b", events: []string{"+c split_from c1: c"}},
		{name: "split of what was merged into: the alias stays", old: "c1: a b c | c0>c1", now: "a; b c",
			want: "+a@5: a; c1@1: b c | c0>c1", events: []string{"+a split_from c1: a"}},
		{name: "split from two", old: "c1: a b c; c2: d e f", now: "a b; c d; e f",
			want:   "+c@5: c d; c1@1: a b; c2@1: e f",
			events: []string{"+c split_from c1: c", "+c split_from c2: d"}},

		{name: "a page goes from one to another", old: "c1: a b c; c2: d e", now: "a b; c d e",
			want: "c1@1: a b; c2@1: c d e", events: []string{"c2 grew c1: c"}},
		{name: "two change places", old: "c1: a b c; c2: d e f", now: "a b d; c e f",
			want: "c1@1: a b d; c2@1: c e f", events: []string{"c1 grew c2: d", "c2 grew c1: c"}},
		// c1 has 3 pages in the second group, the most; c2 gets what is left although most of it is there.
		{name: "merge and split, one to one", old: "c1: a b c d e; c2: f g h", now: "a b f; c d e g h",
			want:   "c1@1: c d e g h; c2@1: a b f",
			events: []string{"c1 grew c2: g h", "c2 grew c1: a b"}},
		{name: "merged, and a part went elsewhere", old: "c1: a b c; c2@2: d e f g; c3@2: h i", now: "a b d e f g; c h i",
			want:   "c2@2: a b d e f g; c3@2: c h i | c1>c2",
			events: []string{"c3 grew c1: c", "c1 merged_into c2: a b"}},
		{name: "merged in equal parts: the earliest page", old: "c1: b a; c2@2: d e f g; c3@2: h i j", now: "b d e f g; a h i j",
			want:   "c2@2: b d e f g; c3@2: a h i j | c1>c3",
			events: []string{"c2 grew c1: b", "c1 merged_into c3: a"}},
		{name: "all at once", old: "c1: a; c2: b c d; c3: e f; c4: g | c0>c1", now: "a b c; d; e f h; i", deleted: "g",
			want: "+d@5: d; +i@5: i; c2@1: a b c; c3@1: e f h | c0>c2 c1>c2 c4>",
			events: []string{"+i born : i", "c4 died : g", "c3 grew : h", "c1 merged_into c2: a",
				"+d split_from c2: d"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old := parseState(tt.old)
			if err := old.Validate(); err != nil {
				t.Fatal(err)
			}
			night := Night{Number: 5, Name: "n", Prefix: CopyGroup, Deleted: strings.Fields(tt.deleted)}
			now, outcome, err := Assign(old, parseGrouping(tt.now), night)
			if err != nil {
				t.Fatal(err)
			}
			if err := now.Validate(); err != nil {
				t.Error(err)
			}
			state, told := readable(old, now, outcome.Events)
			if d := cmp.Diff(tt.want, state); d != "" {
				t.Error(d)
			}
			// Of new IDs the order is that of their hashes.
			slices.Sort(told)
			slices.Sort(tt.events)
			if d := cmp.Diff(tt.events, told); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(parseState(tt.old), old); d != "" {
				t.Errorf("the old state was changed: %s", d)
			}
		})
	}
}

func TestAssignGroupNumbers(t *testing.T) {
	now, _, err := Assign(parseState("c1: a; c2: b"), parseGrouping("c; b; a"), Night{})
	if err != nil {
		t.Fatal(err)
	}
	for g, page := range []string{"c", "b", "a"} {
		if now.Groups[g].Pages[0] != page {
			t.Errorf("group %d has page %s, not %s", g, now.Groups[g].Pages[0], page)
		}
		now.Groups[g].Pages = append(now.Groups[g].Pages, "z") // must not write into another group
	}
}

func TestAssignErrors(t *testing.T) {
	for _, tt := range []struct {
		name, old string
		now       Grouping
		deleted   []string
		want      string
	}{
		{"lengths", "", Grouping{Pages: []string{"a"}}, nil, "1 pages and group numbers for 0"},
		{"twice", "", Grouping{Pages: []string{"a", "a"}, Group: []int{0, 0}}, nil, `page "a" is in the grouping twice`},
		{"gap", "", Grouping{Pages: []string{"a", "b", "c"}, Group: []int{0, 2, 2}}, nil, "group 1 of 3 has no pages"},
		{"negative", "", Grouping{Pages: []string{"a"}, Group: []int{-1}}, nil, `page "a" is in group -1`},
		{"number too high", "", Grouping{Pages: []string{"a"}, Group: []int{1 << 60}}, nil, `page "a" is in group 1152921504606846976`},
		{"deleted and there", "", Grouping{Pages: []string{"a"}, Group: []int{0}}, []string{"a"}, `page "a" is deleted and in the grouping`},
		{"neither", "c1: a b", Grouping{Pages: []string{"a"}, Group: []int{0}}, []string{"c"}, `page "b" of group "c1" is neither in the grouping nor deleted`},
		{"in two old groups", "c1: a; c2: a", Grouping{Pages: []string{"a"}, Group: []int{0}}, nil, `page "a" is in two groups`},
	} {
		_, _, err := Assign(parseState(tt.old), tt.now, Night{Deleted: tt.deleted})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, not %q", tt.name, err, tt.want)
		}
	}
}

func TestMint(t *testing.T) {
	ids := make(map[string]bool)
	for _, in := range []struct {
		prefix     Prefix
		name, page string
		try        uint64
	}{
		{"c", "ab", "c", 0}, {"c", "a", "bc", 0}, {"c", "", "abc", 0}, {"c", "abc", "", 0},
		{"s", "ab", "c", 0}, {"c", "ab", "c", 1}, {"c", "ab", "c", 300},
	} {
		id := mint(in.prefix, in.name, in.page, in.try)
		if len(id) != 33 || !strings.HasPrefix(id, string(in.prefix)) || strings.Trim(id[1:], "0123456789abcdef") != "" {
			t.Errorf("%v: id %q", in, id)
		}
		if ids[id] {
			t.Errorf("%v: id %q is of another beginning", in, id)
		}
		ids[id] = true
	}
	// IDs are kept in archives and search engines: this one may never change.
	if got, want := mint(Story, "2024-05-01", "page-1", 0), "s633a34ad9dc1b09745add60fb9c51bc1"; got != want {
		t.Errorf("id %s, not %s", got, want)
	}
}

// A name that is used again mints other IDs for the same page, whether its old ID has a group, is an
// alias, or is gone.
func TestMintAgain(t *testing.T) {
	assign := func(old *State, number int, groups, deleted string) *State {
		t.Helper()
		now, _, err := Assign(old, parseGrouping(groups), Night{Number: number, Name: "n", Prefix: CopyGroup, Deleted: strings.Fields(deleted)})
		if err != nil {
			t.Fatal(err)
		}
		if err := now.Validate(); err != nil {
			t.Fatal(err)
		}
		return now
	}
	one := assign(&State{}, 1, "a b c; d e f g", "")
	id := one.Groups[0].ID
	if alive := assign(one, 2, "a; b c; d e f g", ""); alive.Groups[1].ID != id || alive.Groups[0].ID == id {
		t.Errorf("id %s has pages %v", id, alive.Groups)
	}
	merged := assign(one, 2, "a b c d e f g", "")
	if split := assign(merged, 3, "a b c; d e f g", ""); split.Groups[0].ID == id || split.Resolve(id) != split.Groups[1].ID {
		t.Errorf("alias %s was given to a group", id)
	}
	gone := assign(one, 2, "d e f g", "a b c")
	back := assign(gone, 3, "a; d e f g", "")
	if back.Groups[0].ID == id || back.Resolve(id) != Gone {
		t.Errorf("dead id %s was given to a group", id)
	}
	second := back.Groups[0].ID
	gone = assign(back, 4, "d e f g", "a")
	if third := assign(gone, 5, "a; d e f g", "").Groups[0].ID; third == id || third == second {
		t.Errorf("third id %s after %s and %s", third, id, second)
	}
}

// churnOf counts by the definition.
func churnOf(old, now *State) (c Churn) {
	was, is := byPage(old), byPage(now)
	for page, g := range was {
		if to, ok := is[page]; ok {
			c.Pages++
			if now.Resolve(g.ID) != to.ID {
				c.Changed++
			}
		}
	}
	return c
}

func TestChurn(t *testing.T) {
	for _, tt := range []struct {
		name, old, now string
		want           Churn
		share          float64
	}{
		{"nothing", "", "", Churn{}, 0},
		{"all new", "", "c1: a", Churn{}, 0},
		{"all gone", "c1: a", "| c1>", Churn{}, 0},
		{"the same", "c1: a b; c2: c", "c2: c; c1: b a", Churn{Pages: 3}, 0},
		{"merged", "c1: a b; c2: c", "c1: a b c d | c2>c1", Churn{Pages: 3}, 0},
		{"split", "c1: a b c", "c1: a b; c3: c", Churn{Pages: 3, Changed: 1}, 1. / 3},
		{"moved", "c1: a b; c2: c d", "c1: a; c2: b c", Churn{Pages: 3, Changed: 1}, 1. / 3},
		{"merged, and a page went elsewhere", "c1: a b; c2: c; c3: d", "c2: a c; c3: b d | c1>c2", Churn{Pages: 4, Changed: 1}, .25},
		{"another id for all", "c1: a b", "c2: a b | c1>", Churn{Pages: 2, Changed: 2}, 1},
	} {
		got := churnOf(parseState(tt.old), parseState(tt.now))
		if got != tt.want || got.Share() != tt.share {
			t.Errorf("%s: %+v, %g", tt.name, got, got.Share())
		}
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct{ state, want string }{
		{"", ""},
		{"c1: a b; c2: c | c3>c1 c4>c1 c5>", ""},
		{"c1: a; c1: b", `id "c1" is of two groups`},
		{"c1: a; : b", "group 1 has no id"},
		{"c1: a; c2:", `group "c2" has no pages`},
		{"c1: a a", `page "a" is in group "c1" and in group "c1"`},
		{"c1: a b; c2: c b", `page "b" is in group "c1" and in group "c2"`},
		{"c1: a; c2: b | c1>c2", `id "c1" is of a group and an alias of "c2"`},
		{"c1: a | c1>", `id "c1" is of a group and an alias of ""`},
		{"c1: a | >c1", `an alias of "c1" has no id`},
		{"c1: a | c3>c2 c2>c1", `id "c3" is an alias of "c2", which has no group`}, // a chain
		{"c1: a | c2>c3 c3>c2", `id "c2" is an alias of "c3", which has no group`}, // a cycle
		{"c1: a | c2>c2", `id "c2" is an alias of "c2", which has no group`},
		{"c1: a | c9>x c8>x c7>x c6>x", `id "c6" is an alias of "x", which has no group`}, // the smallest
	} {
		err := parseState(tt.state).Validate()
		if got := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && got != tt.want {
			t.Errorf("%q: %s, not %s", tt.state, got, tt.want)
		}
	}
}

func TestResolve(t *testing.T) {
	s := parseState("c1: a | c2>c1 c3>")
	for id, want := range map[string]string{"c1": "c1", "c2": "c1", "c3": Gone} {
		if got := s.Resolve(id); got != want {
			t.Errorf("%s leads to %q, not %q", id, got, want)
		}
	}
}

// archive makes n pages in groups of about mean pages.
func archive(n, mean int) Grouping {
	r := rand.New(rand.NewPCG(1, 2))
	g := Grouping{Pages: make([]string, n), Group: make([]int, n)}
	for i, group := range r.Perm(n) {
		g.Pages[i] = fmt.Sprintf("2024/05/01/page-%09d", i)
		g.Group[i] = group % (n / mean)
	}
	return g
}

func BenchmarkAssign(b *testing.B) {
	const n = 1_000_000
	first := archive(n, 3)
	old, _, err := Assign(&State{}, first, Night{Number: 1, Name: "1", Prefix: Story})
	if err != nil {
		b.Fatal(err)
	}
	night := Grouping{Pages: slices.Clone(first.Pages), Group: slices.Clone(first.Group)}
	for i := range 20_000 { // 2 % new, every other one in a group of its own
		g := i * 7
		if i%2 == 1 {
			g = n/3 + i/2
		}
		night.Pages = append(night.Pages, fmt.Sprintf("2024/05/02/page-%09d", i))
		night.Group = append(night.Group, g)
	}
	// As many groups of other sizes, with nothing in common with the old ones.
	other := archive(n, 3)
	slices.Reverse(other.Group)
	for _, bb := range []struct {
		name string
		old  *State
		now  Grouping
	}{
		{"first night", &State{}, first},
		{"2 % new", old, night},
		{"all other", old, other},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Assign(bb.old, bb.now, Night{Number: 2, Name: "2", Prefix: Story}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkValidate(b *testing.B) {
	s, _, err := Assign(&State{}, archive(1_000_000, 3), Night{Prefix: Story})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}
