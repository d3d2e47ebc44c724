package identity

// Churn says how many pages changed their group's ID.
type Churn struct {
	Pages   int // that are in both states
	Changed int // of these, whose old ID does not lead to the new one
}

// ChurnOf compares two states, now being the later one. A page whose group was merged has not
// changed: its old ID leads to the new one.
func ChurnOf(old, now *State) Churn {
	pages := 0
	for _, g := range old.Groups {
		pages += len(g.Pages)
	}
	was := newIndex(pages)
	of := make([]int32, 0, pages) // the group of each page
	to := make([]string, len(old.Groups))
	for i, g := range old.Groups {
		to[i] = now.Resolve(g.ID)
		for _, p := range g.Pages {
			if at, added := was.add(p); added {
				of = append(of, int32(i))
			} else {
				of[at] = int32(i)
			}
		}
	}
	var c Churn
	for _, g := range now.Groups {
		for _, p := range g.Pages {
			if at := was.at(p); at >= 0 {
				c.Pages++
				if to[of[at]] != g.ID {
					c.Changed++
				}
			}
		}
	}
	return c
}

// Share returns the share of pages that changed, in [0, 1], 0 if there are none.
func (c Churn) Share() float64 {
	if c.Pages == 0 {
		return 0
	}
	return float64(c.Changed) / float64(c.Pages)
}
