package eval

import (
	"slices"
)

// Changes is what happened to the clusters from one run to another. Clusters are
// compared by the pages both runs have, never by name. All lists are in byte order
// of their ids.
//
// The heir of an old cluster is the new one that holds most of its pages; the
// parent of a new cluster is the old one that most of its pages are from. Of equal
// ones it is the one with the same id, else the one with the smallest id.
type Changes struct {
	Pages   int      // in both runs
	Added   []string // pages only in the second run
	Removed []string // pages only in the first run

	Unchanged int      // clusters with the same pages in both
	Renamed   []Rename // those of them with another id

	Merges []Merge // new clusters that are the heir of two or more
	Splits []Split // old clusters that are the parent of two or more
	Moved  []Move  // pages that went neither to the heir nor with a part of a split

	OtherID int // pages of both runs whose cluster has another id: the id churn
}

// Rename is a cluster that kept its pages but not its id.
type Rename struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Pages int    `json:"pages"`
}

// Part is a cluster and how many pages it shares with the other side.
type Part struct {
	Cluster string `json:"cluster"`
	Pages   int    `json:"pages"`
}

// Merge is a new cluster with the old ones whose heir it is.
type Merge struct {
	Into string `json:"into"`
	From []Part `json:"from"`
}

// Split is an old cluster with the new ones whose parent it is.
type Split struct {
	From string `json:"from"`
	Into []Part `json:"into"`
}

// Move is a page that left its cluster alone.
type Move struct {
	Page string `json:"page"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Same says that both runs have the same pages in the same groups; ids may differ.
func (c Changes) Same() bool {
	return len(c.Added)+len(c.Removed)+len(c.Merges)+len(c.Splits)+len(c.Moved) == 0
}

// Diff compares two runs. The result owns its memory.
func Diff(a, b Clustering) Changes {
	al := Align(a, b)
	c := Changes{Pages: len(al.Pages), Removed: al.Absent, Added: Align(b, a).Absent}
	t := al.Table()
	oldName, newName := namesInUse(a, al.goldLabel), namesInUse(b, al.runLabel)
	heir, parent := nearestClusters(t, oldName, newName)

	mergedFrom := make([][]Part, len(t.Run))
	splitInto := make([][]Part, len(t.Gold))
	for _, cell := range t.Cells {
		from, into := oldName[cell.Gold], newName[cell.Run]
		if heir[cell.Gold] == cell.Run {
			mergedFrom[cell.Run] = append(mergedFrom[cell.Run], Part{from, cell.N})
		}
		if parent[cell.Run] == cell.Gold {
			splitInto[cell.Gold] = append(splitInto[cell.Gold], Part{into, cell.N})
		}
		if cell.N == t.Gold[cell.Gold] && cell.N == t.Run[cell.Run] {
			c.Unchanged++
			if from != into {
				c.Renamed = append(c.Renamed, Rename{From: from, To: into, Pages: cell.N})
			}
		}
	}
	for run, from := range mergedFrom {
		if len(from) > 1 {
			c.Merges = append(c.Merges, Merge{Into: newName[run], From: from})
		}
	}
	for old, into := range splitInto {
		if len(into) > 1 {
			c.Splits = append(c.Splits, Split{From: oldName[old], Into: into})
		}
	}

	oldNumber, _ := compactLabels(al.goldLabel)
	newNumber, _ := compactLabels(al.runLabel)
	for i, page := range al.Pages {
		old, now := int(oldNumber[al.goldLabel[i]]), int(newNumber[al.runLabel[i]])
		if oldName[old] != newName[now] {
			c.OtherID++
		}
		if heir[old] != now && parent[now] != old {
			c.Moved = append(c.Moved, Move{Page: page, From: oldName[old], To: newName[now]})
		}
	}
	return c
}

// namesInUse gives the names of the clusters with a label in use: the names of the
// rows or columns of their table.
func namesInUse(c Clustering, labels []int32) []string {
	used := slices.Clone(labels)
	slices.Sort(used)
	var out []string
	for _, l := range slices.Compact(used) {
		out = append(out, c.clusters[l])
	}
	return out
}

// nearestClusters finds heirs and parents.
func nearestClusters(t Table, oldName, newName []string) (heir, parent []int) {
	heir, parent = make([]int, len(t.Gold)), make([]int, len(t.Run))
	heirPages, parentPages := make([]int, len(t.Gold)), make([]int, len(t.Run))

	for _, c := range t.Cells {
		same := oldName[c.Gold] == newName[c.Run]
		if c.N > heirPages[c.Gold] || c.N == heirPages[c.Gold] && same {
			heir[c.Gold], heirPages[c.Gold] = c.Run, c.N
		}
		if c.N > parentPages[c.Run] || c.N == parentPages[c.Run] && same {
			parent[c.Run], parentPages[c.Run] = c.Gold, c.N
		}
	}
	return heir, parent
}
