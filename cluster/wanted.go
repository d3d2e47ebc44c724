package cluster

import (
	"fmt"
	"slices"

	"sada/cluster/story"
)

// Unmet is a wanted pair that could not be honoured.
type Unmet struct {
	Kind   string // [MustLink] or [CannotLink]
	A, B   string
	Reason string
}

// The kinds of wanted pairs.
const (
	MustLink   = "must-link"
	CannotLink = "cannot-link"
)

// wanted marks the copy groups that must be in one story and returns the pairs that must not: those it
// is given, less what a must-link overrules, and those of CannotLink. Must-links hold through other pages;
// a cannot-link between pages that they bring together is unmet, as is one between copies.
func (r *runner) wanted(nodes []story.Node, never [][2]int32) [][2]int32 {
	if len(r.o.MustLink)+len(r.o.CannotLink) == 0 {
		return never
	}
	res := r.res
	number := make(map[string]int, len(res.Pages))
	for i, p := range res.Pages {
		number[p.ID] = i
	}
	group := func(kind string, pair [2]string) (a, b int, ok bool) {
		var at [2]int
		for i, id := range pair {
			page, known := number[id]
			if !known {
				res.Unmet = append(res.Unmet, Unmet{kind, pair[0], pair[1], fmt.Sprintf("no page %q", id)})
				return 0, 0, false
			}
			at[i] = res.CopyOf[page]
		}
		return at[0], at[1], true
	}
	forest := make([]int, len(nodes))
	for i := range forest {
		forest[i] = i
	}
	root := func(i int) int {
		for forest[i] != i {
			forest[i] = forest[forest[i]]
			i = forest[i]
		}
		return i
	}
	for _, pair := range r.o.MustLink {
		if a, b, ok := group(MustLink, pair); ok {
			a, b = root(a), root(b)
			forest[max(a, b)] = min(a, b)
		}
	}
	for i := range nodes {
		nodes[i].Together = 1 + root(i)
	}
	never = slices.DeleteFunc(never, func(p [2]int32) bool { return root(int(p[0])) == root(int(p[1])) })
	for _, pair := range r.o.CannotLink {
		a, b, ok := group(CannotLink, pair)
		switch {
		case !ok:
		case pair[0] == pair[1]:
			res.Unmet = append(res.Unmet, Unmet{CannotLink, pair[0], pair[1], "a page and itself"})
		case a == b:
			res.Unmet = append(res.Unmet, Unmet{CannotLink, pair[0], pair[1], "they are copies of one text"})
		case root(a) == root(b):
			res.Unmet = append(res.Unmet, Unmet{CannotLink, pair[0], pair[1], "must-links bring them together"})
		default:
			never = append(never, [2]int32{int32(min(a, b)), int32(max(a, b))})
		}
	}
	return never
}
