package eval

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Fault is a cluster that is wrong: a cluster of the run that holds pages of several
// gold clusters, or a gold cluster whose pages are in several of the run.
type Fault struct {
	Merge   bool        `json:"merge"`   // of the two
	Cluster string      `json:"cluster"` // of the run for a merge, of the gold for a split
	Pairs   int         `json:"pairs"`   // labelled pages wrongly together, or wrongly apart
	Parts   []FaultPart `json:"parts"`   // the largest first
}

// FaultPart is what a fault has of one cluster of the other side.
type FaultPart struct {
	Cluster string   `json:"cluster"`
	Pages   []string `json:"pages"` // sorted

	// Of every part but the first, why it is, or is not, with the first. A and B are
	// the pages with the highest score between the two, and Score is that; they are
	// "" where there is no score.
	Reason Reason  `json:"reason,omitempty"`
	A      string  `json:"a,omitempty"`
	B      string  `json:"b,omitempty"`
	Score  float64 `json:"score,omitempty"`
	Bridge string  `json:"bridge,omitempty"` // the page without which they would not hang together
}

// Reason is the likely cause of a fault. The first that holds is given.
type Reason string

// Reasons of a false merge.
const (
	TakenForCopies Reason = "taken for copies" // a link says that two of them are one text
	TemplateAlike  Reason = "template"         // two of them fill one frame: by a link, or by their titles
	TailLeft       Reason = "tail left"        // they share a passage that was not cut
	ShortPages     Reason = "short"            // all pages of the part have little text; of a split as well
	OnBridge       Reason = "bridge"           // one page joins the two parts
	SameActors     Reason = "same actors"      // many of their pages are alike in their terms
)

// Reasons of a false split.
const (
	FarInTime          Reason = "far in time"         // beyond the horizon
	TakenForTemplate   Reason = "taken for templates" // a link says that they are one frame on two occasions
	NeverCompared      Reason = "no candidate"        // no pair of them has a score
	UnderThreshold     Reason = "under the threshold" // they are alike, but not enough
	OverThresholdApart Reason = "torn apart"          // a pair is over the threshold; the mean over the groups is not
)

// Facts is what is known of a run besides its clusters.
type Facts struct {
	// Node is the page that stands for a page in links: the original of its copy
	// group, or itself.
	Node func(page string) string
	// Scores are the pairs of nodes that have one, each once.
	Scores []Candidate
	// Copies, Templates and Passages are pairs of pages with such a link, or with a
	// passage in common that was not cut. Only those between parts matter.
	Copies, Templates, Passages [][2]string
	// Frame is the title of a page without what differs from day to day, "" if there
	// is none.
	Frame func(page string) string
	Short func(page string) bool
	Time  func(page string) time.Time // zero if unknown

	Horizon   time.Duration // 0 for none
	Threshold float64
}

// Faults lists all false merges and false splits of a run, those with the most pairs
// first, then merges before splits, then by id. The result owns its memory.
func Faults(a Alignment, f Facts) []Fault {
	goldOf, runOf := make(map[string]string), make(map[string]string)
	byGold, byRun := make(map[string][]string), make(map[string][]string)
	for i, p := range a.Pages {
		g, r := a.gold.clusters[a.goldLabel[i]], a.run.clusters[a.runLabel[i]]
		goldOf[p], runOf[p] = g, r
		byGold[g], byRun[r] = append(byGold[g], p), append(byRun[r], p)
	}
	x := newFactIndex(a.run, f)
	var out []Fault
	add := func(merge bool, clusters map[string][]string, other map[string]string) {
		for name, pages := range clusters {
			parts := divide(pages, other)
			if len(parts) == 1 {
				continue
			}
			fault := Fault{Merge: merge, Cluster: name, Pairs: int(choose2(len(pages))), Parts: parts}
			for i := range parts {
				fault.Pairs -= int(choose2(len(parts[i].Pages)))
				if i > 0 {
					x.explain(merge, name, &parts[0], &parts[i])
				}
			}
			out = append(out, fault)
		}
	}
	add(true, byRun, goldOf)
	add(false, byGold, runOf)
	slices.SortFunc(out, func(a, b Fault) int {
		if a.Pairs != b.Pairs {
			return b.Pairs - a.Pairs
		}
		if a.Merge != b.Merge {
			if a.Merge {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Cluster, b.Cluster)
	})
	return out
}

// divide puts sorted pages into parts, the largest first.
func divide(pages []string, of map[string]string) []FaultPart {
	at := make(map[string]int)
	var parts []FaultPart
	for _, p := range pages {
		i, ok := at[of[p]]
		if !ok {
			i = len(parts)
			at[of[p]] = i
			parts = append(parts, FaultPart{Cluster: of[p]})
		}
		parts[i].Pages = append(parts[i].Pages, p)
	}
	slices.SortFunc(parts, func(a, b FaultPart) int {
		return cmp.Or(cmp.Compare(len(b.Pages), len(a.Pages)), strings.Compare(a.Cluster, b.Cluster))
	})
	return parts
}

// factIndex finds facts by page.
type factIndex struct {
	Facts
	run                         Clustering
	next                        map[string][]Candidate // scores by either node
	copies, templates, passages map[[2]string]bool
}

func newFactIndex(run Clustering, f Facts) *factIndex {
	x := &factIndex{Facts: f, run: run, next: make(map[string][]Candidate)}
	for _, c := range f.Scores {
		x.next[c.A] = append(x.next[c.A], c)
		x.next[c.B] = append(x.next[c.B], c)
	}
	set := func(pairs [][2]string) map[[2]string]bool {
		m := make(map[[2]string]bool, len(pairs))
		for _, p := range pairs {
			m[[2]string{min(p[0], p[1]), max(p[0], p[1])}] = true
		}
		return m
	}
	x.copies, x.templates, x.passages = set(f.Copies), set(f.Templates), set(f.Passages)
	return x
}

// explain gives the second part its reason.
func (x *factIndex) explain(merge bool, cluster string, first, second *FaultPart) {
	nodes := make(map[string]bool) // of the first part
	for _, p := range first.Pages {
		nodes[x.Node(p)] = true
	}
	cross, alike := 0, 0
	seen := make(map[string]bool)
	for _, p := range second.Pages {
		n := x.Node(p)
		if seen[n] {
			continue
		}
		seen[n] = true
		for _, c := range x.next[n] {
			other := c.A
			if other == n {
				other = c.B
			}
			if !nodes[other] {
				continue
			}
			cross++
			if c.Score >= x.Threshold {
				alike++
			}
			better := c.Score > second.Score || c.Score == second.Score && slices.Compare([]string{other, n}, []string{second.A, second.B}) < 0
			if second.A == "" || better {
				second.A, second.B, second.Score = other, n, c.Score
			}
		}
	}
	has := func(set map[[2]string]bool) bool {
		for _, p := range first.Pages {
			for _, q := range second.Pages {
				if set[[2]string{min(p, q), max(p, q)}] {
					return true
				}
			}
		}
		return false
	}
	short := !slices.ContainsFunc(second.Pages, func(p string) bool { return !x.Short(p) })
	if merge {
		switch {
		case has(x.copies):
			second.Reason = TakenForCopies
		case has(x.templates) || x.framed(first.Pages, second.Pages):
			second.Reason = TemplateAlike
		case has(x.passages):
			second.Reason = TailLeft
		case short:
			second.Reason = ShortPages
		default:
			second.Reason = SameActors
			// One pair of few is not alone.
			alone := alike == 0 || alike == 1 && len(nodes)*len(seen) >= fewPairs
			if second.Bridge = x.bridge(cluster, nodes, seen); second.Bridge != "" || alone {
				second.Reason = OnBridge
			}
		}
		return
	}
	switch {
	case has(x.templates):
		second.Reason = TakenForTemplate
	case x.far(first.Pages, second.Pages):
		second.Reason = FarInTime
	case short:
		second.Reason = ShortPages
	case cross == 0:
		second.Reason = NeverCompared
	case alike == 0:
		second.Reason = UnderThreshold
	default:
		second.Reason = OverThresholdApart
	}
}

// fewPairs is the number of pairs of which one is a bridge: less than a quarter of
// them is no likeness of two groups.
const fewPairs = 4

// framed says that two pages have the same frame as their title.
func (x *factIndex) framed(first, second []string) bool {
	frames := make(map[string]bool)
	for _, p := range first {
		frames[x.Frame(p)] = true
	}
	return slices.ContainsFunc(second, func(q string) bool { f := x.Frame(q); return f != "" && frames[f] })
}

// far says that no two pages are within the horizon.
func (x *factIndex) far(first, second []string) bool {
	if x.Horizon == 0 {
		return false
	}
	for _, p := range first {
		for _, q := range second {
			a, b := x.Time(p), x.Time(q)
			if a.IsZero() || b.IsZero() || a.Sub(b).Abs() <= x.Horizon {
				return false
			}
		}
	}
	return true
}

// bridge is a node of the cluster, of neither part, without which no way over scores
// leads from one part to the other; "" if there is none. Of several it is the first
// by id.
func (x *factIndex) bridge(cluster string, first, second map[string]bool) string {
	// A bridge is on every way, and so on the one that is found.
	way := x.way(cluster, first, second, "")
	slices.Sort(way)
	for _, n := range way {
		if !first[n] && !second[n] && x.way(cluster, first, second, n) == nil {
			return n
		}
	}
	return ""
}

// way is a shortest way over scores from one part to the other within the cluster,
// without one node; nil if there is none.
func (x *factIndex) way(cluster string, first, second map[string]bool, without string) []string {
	before := make(map[string]string, len(first))
	var queue []string
	visit := func(n, from string) {
		if _, seen := before[n]; seen || n == without {
			return
		}
		if of, ok := x.run.Cluster(n); ok && of == cluster {
			before[n] = from
			queue = append(queue, n)
		}
	}
	for n := range first {
		visit(n, "")
	}
	for at := 0; at < len(queue); at++ {
		n := queue[at]
		if second[n] {
			var way []string
			for ; n != ""; n = before[n] {
				way = append(way, n)
			}
			return way
		}
		for _, c := range x.next[n] {
			visit(c.A, n)
			visit(c.B, n)
		}
	}
	return nil
}
