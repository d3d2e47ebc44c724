package report

import (
	"cmp"
	"math"
	"slices"

	"sada/cluster"
)

// storyFacts is what the pairs of near copy groups say of a story.
type storyFacts struct {
	medoid  int       // the page in the middle
	bridges []bridge  // pairs that alone hold two parts of the story together
	near    []nearby  // other stories, the nearest first
	all     int       // of those
	doubt   float64   // how much it needs a second look
	own     []float64 // mean weight of every copy group to the others, in the order of the story's groups
}

type bridge struct {
	row        int // of near
	small, big int // copy groups on either side
}

type nearby struct {
	story int
	mean  float64 // over all pairs of copy groups of the two stories
	best  int     // row of near with the highest weight
	pairs int
}

// nearShown is how many near stories a story's page lists.
const nearShown = 10

// storyFacts looks at all stories.
func (r *Run) storyFacts() []storyFacts {
	facts := make([]storyFacts, len(r.Stories))
	inside := make([][]int, len(r.Stories)) // rows of near
	type pair struct{ a, b int }
	across := make(map[pair]*nearby)
	for i, n := range r.Near {
		a, b := r.story[r.Pages[r.at[n.A]].Story], r.story[r.Pages[r.at[n.B]].Story]
		if a == b {
			inside[a] = append(inside[a], i)
			continue
		}
		k := pair{min(a, b), max(a, b)}
		x := across[k]
		if x == nil {
			x = &nearby{best: i}
			across[k] = x
		}
		x.mean += n.Weight
		x.pairs++
		if n.Weight > r.Near[x.best].Weight {
			x.best = i
		}
	}
	for k, x := range across {
		x.mean /= float64(len(r.Stories[k.a].CopyGroups) * len(r.Stories[k.b].CopyGroups))
		for _, way := range [][2]int{{k.a, k.b}, {k.b, k.a}} {
			y := *x
			y.story = way[1]
			facts[way[0]].near = append(facts[way[0]].near, y)
		}
	}
	for n := range facts {
		f := &facts[n]
		slices.SortFunc(f.near, func(x, y nearby) int { return cmp.Or(cmp.Compare(y.mean, x.mean), cmp.Compare(x.story, y.story)) })
		f.all = len(f.near)
		f.near = slices.Clone(f.near[:min(len(f.near), nearShown)])
		s := &r.Stories[n]
		place := make(map[string]int, len(s.CopyGroups))
		for i, g := range s.CopyGroups {
			place[g] = i
		}
		f.own = make([]float64, len(place))
		edges := make([][2]int, len(inside[n]))
		for i, row := range inside[n] {
			a, b := place[r.Pages[r.at[r.Near[row].A]].CopyGroup], place[r.Pages[r.at[r.Near[row].B]].CopyGroup]
			edges[i] = [2]int{a, b}
			f.own[a] += r.Near[row].Weight
			f.own[b] += r.Near[row].Weight
		}
		for i := range f.own {
			f.own[i] /= float64(max(len(place)-1, 1))
		}
		for _, b := range bridges(len(place), edges) {
			b.row = inside[n][b.row]
			f.bridges = append(f.bridges, b)
		}
		middle := 0
		for i := range f.own {
			if f.own[i] > f.own[middle] {
				middle = i
			}
		}
		if len(s.CopyGroups) > 0 {
			f.medoid = r.groups[r.group[s.CopyGroups[middle]]].original
		}
		if k := len(s.CopyGroups); k > 1 {
			f.doubt = (1 - s.Density) * math.Log2(float64(k)) * float64(1+len(f.bridges))
		}
	}
	return facts
}

// bridges returns the edges of a graph of n nodes without which it falls into more parts, two nodes or
// more on either side; row is the edge's place. It is Tarjan's method of 1974, without recursion.
func bridges(n int, edges [][2]int) []bridge {
	type half struct{ to, edge int }
	next := make([][]half, n)
	for i, e := range edges {
		next[e[0]] = append(next[e[0]], half{e[1], i})
		next[e[1]] = append(next[e[1]], half{e[0], i})
	}
	found, low, below := make([]int, n), make([]int, n), make([]int, n)
	var out []bridge
	clock := 0
	type frame struct{ node, via, at int }
	for root := range n {
		if found[root] > 0 {
			continue
		}
		first := len(out)
		stack := []frame{{root, -1, 0}}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			v := f.node
			if f.at == 0 {
				clock++
				found[v], low[v], below[v] = clock, clock, 1
			}
			if f.at < len(next[v]) {
				h := next[v][f.at]
				f.at++
				switch {
				case h.edge == f.via:
				case found[h.to] > 0:
					low[v] = min(low[v], found[h.to])
				default:
					stack = append(stack, frame{h.to, h.edge, 0})
				}
				continue
			}
			if f.at == 0 { // a node without edges
				f.at++
			}
			via := f.via
			stack = stack[:len(stack)-1]
			if len(stack) == 0 {
				break
			}
			up := stack[len(stack)-1].node
			low[up] = min(low[up], low[v])
			below[up] += below[v]
			if low[v] > found[up] {
				out = append(out, bridge{row: via, small: below[v]})
			}
		}
		for i := first; i < len(out); i++ {
			b := &out[i]
			b.small, b.big = min(b.small, below[root]-b.small), max(b.small, below[root]-b.small)
		}
	}
	out = slices.DeleteFunc(out, func(b bridge) bool { return b.small < 2 })
	slices.SortFunc(out, func(a, b bridge) int { return cmp.Or(cmp.Compare(b.small, a.small), cmp.Compare(a.row, b.row)) })
	return out
}

func (s *Site) bySize() []int {
	return s.storyOrder(func(i, j int) int {
		return cmp.Compare(len(s.run.Stories[j].CopyGroups), len(s.run.Stories[i].CopyGroups))
	})
}

func (s *Site) byDoubt() []int {
	return s.storyOrder(func(i, j int) int { return cmp.Compare(s.facts[j].doubt, s.facts[i].doubt) })
}

// storyOrder sorts the stories told in more than one wording; if there are none, all with two pages.
func (s *Site) storyOrder(order func(i, j int) int) []int {
	var out []int
	for i := range s.run.Stories {
		if len(s.run.Stories[i].CopyGroups) > 1 {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(i, j int) int {
		return cmp.Or(order(i, j), cmp.Compare(len(s.run.Stories[j].Pages), len(s.run.Stories[i].Pages)), cmp.Compare(i, j))
	})
	return out
}

// storyRow is a story in a list.
type storyRow struct {
	Story, Headline        string
	URL                    string
	Pages, Groups, Bridges int
	Suggested              int // other stories that may be the same
	Sources                int64
	First, Last            string
	Label                  []string
	Density, Doubt         float64
}

func (s *Site) storyRow(n int) storyRow {
	st := &s.run.Stories[n]
	return storyRow{Story: st.Story, Headline: st.Headline, URL: s.storyURL(n), Pages: len(st.Pages), Groups: len(st.CopyGroups), Bridges: len(s.facts[n].bridges), Suggested: len(st.Suggested), Sources: st.Sources,
		First: date(st.First), Last: date(st.Last), Label: st.Label, Density: st.Density, Doubt: s.facts[n].doubt}
}

// storyList is a list of stories.
type storyList struct {
	Rows    []storyRow
	Part    part
	ByDoubt bool
}

func (s *Site) storiesBySize(*cluster.Maker) view {
	return s.storiesIn(s.bySize(), false, [2]string{"Stories", "القصص"}, "those in the most wordings come first", "الأكثر صياغات أولا")
}

func (s *Site) storiesByDoubt(*cluster.Maker) view {
	return s.storiesIn(s.byDoubt(), true, [2]string{"Stories to look at again", "قصص تستحق نظرة أخرى"}, "the most doubtful come first", "الأكثر شكا أولا")
}

func (s *Site) storiesIn(order []int, byDoubt bool, title [2]string, why, whyAr string) view {
	l := storyList{Part: cut(len(order), MaxRows, why, whyAr), ByDoubt: byDoubt}
	for _, n := range order[:l.Part.Shown] {
		l.Rows = append(l.Rows, s.storyRow(n))
	}
	return view{kind: "stories", title: title, data: l}
}

// lane is the pages of one outlet on the time line of a story.
type lane struct {
	Source string
	Dots   []dot
}

type dot struct {
	X, MirrorX float64
	Role       string
	URL        string
	Label      string
}

// storyView is a story's page.
type storyView struct {
	storyRow
	Lanes      []lane
	LanePart   part
	Ticks      []tick
	Undated    int
	Rows       []storyPageRow
	Part       part
	BridgeRows []bridgeRow
	BridgePart part
	// Stories that the run suggests to be the same.
	SuggestRows []suggestRow
	SuggestPart part
	Near        []nearRow
	NearPart    part
}

type suggestRow struct {
	storyRow
	Similarity float64
}

type tick struct {
	X, MirrorX float64
	Label      string
}

type storyPageRow struct {
	ref
	Confidence float64
	Margin     float64 // over Rival, the story that it fits in next best
	Rival      string  // its headline; empty if there is none
	RivalURL   string
	Group      string
	GroupURL   string
	Copies     int
	Medoid     bool
}

type bridgeRow struct {
	pairRow
	Small, Big int
}

type nearRow struct {
	storyRow
	Mean   float64
	Weight float64
	Best   pairRow
	Pairs  int
}

// Bounds of a story's page: its lists and the lanes together stay under MaxRows.
const (
	storyPages = MaxRows - maxLanes - 3*nearShown - 2
	maxLanes   = 24
	lineWidth  = 600
	lineEdge   = 10
)

func (s *Site) storyPage(n int) view {
	r, st, f := s.run, &s.run.Stories[n], &s.facts[n]
	v := storyView{storyRow: s.storyRow(n), Part: cut(len(st.Pages), storyPages, "the earliest come first", "الأقدم أولا"),
		BridgePart:  cut(len(f.bridges), nearShown, "those between the largest parts come first", "ما يصل بين أكبر الأجزاء أولا"),
		SuggestPart: cut(len(st.Suggested), nearShown, "the most alike come first", "الأكثر تشابها أولا"),
		NearPart:    cut(f.all, nearShown, "the nearest come first", "الأقرب أولا")}
	for _, id := range st.Pages[:v.Part.Shown] {
		i := r.at[id]
		p := &r.Pages[i]
		g := r.group[p.CopyGroup]
		row := storyPageRow{ref: s.ref(i), Confidence: p.Confidence, Group: p.CopyGroup, GroupURL: s.groupURL(g), Copies: len(r.groups[g].pages), Medoid: i == f.medoid}
		if next, ok := r.story[p.Next]; ok && p.Next != "" {
			row.Margin, row.Rival, row.RivalURL = p.Margin, r.Stories[next].Headline, s.storyURL(next)
		}
		v.Rows = append(v.Rows, row)
	}
	for _, b := range f.bridges[:v.BridgePart.Shown] {
		v.BridgeRows = append(v.BridgeRows, bridgeRow{s.nearRow(&r.Near[b.row]), b.small, b.big})
	}
	for _, x := range st.Suggested {
		if k, ok := r.story[x.Story]; ok && len(v.SuggestRows) < v.SuggestPart.Shown {
			v.SuggestRows = append(v.SuggestRows, suggestRow{s.storyRow(k), x.Similarity})
		}
	}
	for _, x := range f.near {
		v.Near = append(v.Near, nearRow{storyRow: s.storyRow(x.story), Mean: x.mean, Weight: r.Near[x.best].Weight, Best: s.nearRow(&r.Near[x.best]), Pairs: x.pairs})
	}
	s.timeLine(&v, n)
	return view{kind: "story", title: [2]string{"Story: " + name(st.Headline, listTitle), "قصة: " + name(st.Headline, listTitle)}, data: v}
}

func (s *Site) timeLine(v *storyView, n int) {
	r, st := s.run, &s.run.Stories[n]
	first, ok := when(st.First)
	last, ok2 := when(st.Last)
	if !ok || !ok2 {
		v.Undated = len(st.Pages)
		return
	}
	span := max(last.Sub(first).Hours(), 1)
	x := func(hours float64) float64 { return lineEdge + (lineWidth-2*lineEdge)*hours/span }
	lanes := make(map[string]int)
	dots := 0
	for _, id := range st.Pages {
		i := r.at[id]
		p := &r.Pages[i]
		at, ok := when(p.DateUsed)
		if !ok {
			v.Undated++
			continue
		}
		k, ok := lanes[p.Source]
		if !ok {
			k = len(lanes)
			lanes[p.Source] = k
			if k < maxLanes {
				v.Lanes = append(v.Lanes, lane{Source: p.Source})
			}
		}
		if k >= maxLanes || dots >= MaxRows {
			continue
		}
		dots++
		d := dot{X: x(at.Sub(first).Hours()), Role: p.Role, Label: date(p.DateUsed) + " · " + name(p.Title, listTitle)}
		d.MirrorX = lineWidth - d.X
		if s.maps[i] {
			d.URL = s.mapPath(i)
		}
		v.Lanes[k].Dots = append(v.Lanes[k].Dots, d)
	}
	v.LanePart = cut(len(lanes), maxLanes, "the outlets that came first are shown", "تظهر المنافذ التي سبقت غيرها")
	// Four marks at most, on full hours or full days.
	step := 1.0
	for _, h := range []float64{2, 3, 6, 12, 24, 48, 72, 120, 240, 720, 8760, 87600} {
		if span/step > 4 {
			step = h
		}
	}
	layout := "01-02 15:04"
	if step >= 24 {
		layout = "2006-01-02"
	}
	for h := 0.0; h <= span; h += step {
		v.Ticks = append(v.Ticks, tick{x(h), lineWidth - x(h), first.Add(hours(h)).UTC().Format(layout)})
	}
}
