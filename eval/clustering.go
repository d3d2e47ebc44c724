package eval

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Assignment says that a page belongs to a cluster.
type Assignment struct {
	Page    string
	Cluster string
}

// Clustering is a partition of pages: each page is in exactly one cluster.
// The zero value has no pages. It is immutable and safe for concurrent use.
//
// Pages are kept in byte order of their ids, and so are clusters; a page or a
// cluster is known inside the package by its rank in that order, which makes
// every result independent of the order of the input.
type Clustering struct {
	pages    []string // sorted
	clusters []string // sorted
	label    []int32  // by page: rank of its cluster
}

// Conflict is a page that was put into more than one cluster.
type Conflict struct {
	Page     string
	Clusters []string // sorted, two or more
}

// ConflictError lists every page that was put into more than one cluster,
// in order of page id.
type ConflictError struct {
	Conflicts []Conflict
}

func (e *ConflictError) Error() string {
	const shown = 5 // enough to see the pattern without filling a terminal
	var b strings.Builder
	fmt.Fprintf(&b, "%d pages are in more than one cluster:", len(e.Conflicts))
	for i, c := range e.Conflicts {
		if i == shown {
			fmt.Fprintf(&b, " and %d more", len(e.Conflicts)-shown)
			break
		}
		fmt.Fprintf(&b, " %q in %q;", c.Page, c.Clusters)
	}
	return strings.TrimSuffix(b.String(), ";")
}

// NewClustering builds a partition from assignments in any order; rows is not
// kept. The same assignment twice is accepted. A page with two clusters gives a
// [*ConflictError]; an empty page or cluster id is an error.
func NewClustering(rows []Assignment) (Clustering, error) {
	for i, r := range rows {
		if r.Page == "" || r.Cluster == "" {
			return Clustering{}, fmt.Errorf("assignment %d (%q, %q): page and cluster must not be empty", i+1, r.Page, r.Cluster)
		}
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b Assignment) int {
		if c := strings.Compare(a.Page, b.Page); c != 0 {
			return c
		}
		return strings.Compare(a.Cluster, b.Cluster)
	})
	rows = slices.Compact(rows)

	var bad []Conflict
	for i := 0; i < len(rows); {
		j := i + 1
		for j < len(rows) && rows[j].Page == rows[i].Page {
			j++
		}
		if j-i > 1 {
			c := Conflict{Page: rows[i].Page}
			for _, r := range rows[i:j] {
				c.Clusters = append(c.Clusters, r.Cluster)
			}
			bad = append(bad, c)
		}
		i = j
	}
	if bad != nil {
		return Clustering{}, &ConflictError{bad}
	}

	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.Cluster
	}
	slices.Sort(names)
	names = slices.Clip(slices.Compact(names))
	rank := make(map[string]int32, len(names))
	for i, n := range names {
		rank[n] = int32(i)
	}
	c := Clustering{pages: make([]string, len(rows)), clusters: names, label: make([]int32, len(rows))}
	for i, r := range rows {
		c.pages[i] = r.Page
		c.label[i] = rank[r.Cluster]
	}
	return c, nil
}

// Len is the number of pages.
func (c Clustering) Len() int { return len(c.pages) }

// NumClusters is the number of clusters.
func (c Clustering) NumClusters() int { return len(c.clusters) }

// Cluster gives the cluster of a page, and whether the page is known.
func (c Clustering) Cluster(page string) (string, bool) {
	i, ok := slices.BinarySearch(c.pages, page)
	if !ok {
		return "", false
	}
	return c.clusters[c.label[i]], true
}

// Members gives the page ids of each cluster: clusters and pages in byte order
// of their ids. The caller owns the result.
func (c Clustering) Members() []Members {
	out := make([]Members, len(c.clusters))
	for i, n := range c.clusters {
		out[i].Cluster = n
	}
	for i, p := range c.pages {
		m := &out[c.label[i]]
		m.Pages = append(m.Pages, p)
	}
	return out
}

// Members is a cluster with its pages.
type Members struct {
	Cluster string
	Pages   []string
}

// Alignment is a gold clustering and a run over the pages that both know.
// Only these are scored: the run clusters the whole corpus, the gold labels a
// part of it, and a run cluster counts with its labelled pages alone.
type Alignment struct {
	Pages      []string // scored: in the gold and in the run, sorted
	Absent     []string // in the gold but not in the run, sorted
	Unlabelled int      // pages of the run that have no gold label

	gold, run Clustering
	goldLabel []int32 // by Pages: rank of the cluster in gold
	runLabel  []int32 // by Pages: rank of the cluster in run
}

// Align joins a gold clustering and a run by page id in one pass.
func Align(gold, run Clustering) Alignment {
	a := Alignment{gold: gold, run: run}
	j := 0
	for i, p := range gold.pages {
		for j < len(run.pages) && run.pages[j] < p {
			j++
		}
		if j == len(run.pages) || run.pages[j] != p {
			a.Absent = append(a.Absent, p)
			continue
		}
		a.Pages = append(a.Pages, p)
		a.goldLabel = append(a.goldLabel, gold.label[i])
		a.runLabel = append(a.runLabel, run.label[j])
	}
	a.Unlabelled = len(run.pages) - len(a.Pages)
	return a
}

// Table counts the scored pages by gold cluster and run cluster.
func (a Alignment) Table() Table { return newTable(a.goldLabel, a.runLabel) }

// Subset keeps the scored pages for which keep is true, such as those of a half of
// the gold; [BCubedSlice] is for slices that cut through clusters. Clusters count
// with their kept pages alone. Absent and
// Unlabelled stay those of the whole alignment.
func (a Alignment) Subset(keep func(page string) bool) Alignment {
	s := a
	s.Pages, s.goldLabel, s.runLabel = nil, nil, nil
	for i, p := range a.Pages {
		if keep(p) {
			s.Pages = append(s.Pages, p)
			s.goldLabel = append(s.goldLabel, a.goldLabel[i])
			s.runLabel = append(s.runLabel, a.runLabel[i])
		}
	}
	return s
}

// Cell is the number of pages that one gold cluster and one run cluster share.
type Cell struct {
	Gold, Run int // row and column of the table
	N         int // pages, 1 or more
}

// Table is a contingency table, stored sparsely: its size is that of the pages,
// never of gold clusters times run clusters. All measures are computed from it.
type Table struct {
	N     int    // pages
	Gold  []int  // pages by gold cluster, each 1 or more
	Run   []int  // pages by run cluster, each 1 or more
	Cells []Cell // non-empty cells, by gold cluster, then by run cluster
}

// NewTable counts pages by two labels: gold[i] and run[i] are the clusters of
// page i. Any comparable labels do; rows and columns are numbered in the order
// of the labels. It panics when the slices differ in length.
func NewTable[L cmp.Ordered](gold, run []L) Table {
	return newTable(ranks(gold), ranks(run))
}

func ranks[L cmp.Ordered](labels []L) []int32 {
	names := slices.Clone(labels)
	slices.Sort(names)
	names = slices.Compact(names)
	rank := make(map[L]int32, len(names))
	for i, n := range names {
		rank[n] = int32(i)
	}
	out := make([]int32, len(labels))
	for i, l := range labels {
		out[i] = rank[l]
	}
	return out
}

// newTable is a counting sort by gold label, then a count of run labels within
// each gold cluster. Labels without a page are dropped.
func newTable(gold, run []int32) Table {
	if len(gold) != len(run) {
		panic(fmt.Sprintf("eval: %d gold labels but %d run labels", len(gold), len(run)))
	}
	t := Table{N: len(gold)}
	rowOf, rows := compactLabels(gold)
	colOf, cols := compactLabels(run)
	t.Gold, t.Run = rows, cols

	start := make([]int, len(rows)+1)
	for r, n := range rows {
		start[r+1] = start[r] + n
	}
	fill := slices.Clone(start[:len(rows)])
	byRow := make([]int32, len(gold)) // columns of the pages, grouped by row
	for i := range gold {
		r := rowOf[gold[i]]
		byRow[fill[r]] = colOf[run[i]]
		fill[r]++
	}
	for r := range rows {
		c := byRow[start[r]:start[r+1]]
		slices.Sort(c)
		for i := 0; i < len(c); {
			j := i + 1
			for j < len(c) && c[j] == c[i] {
				j++
			}
			t.Cells = append(t.Cells, Cell{Gold: r, Run: int(c[i]), N: j - i})
			i = j
		}
	}
	return t
}

// compactLabels numbers the labels in use from 0 in their order, and counts the
// pages of each.
func compactLabels(labels []int32) (number []int32, sizes []int) {
	if len(labels) == 0 {
		return nil, nil
	}
	counts := make([]int, slices.Max(labels)+1)
	for _, l := range labels {
		counts[l]++
	}
	number = make([]int32, len(counts))
	for l, n := range counts {
		if n > 0 {
			number[l] = int32(len(sizes))
			sizes = append(sizes, n)
		}
	}
	return number, sizes
}

// AlignRuns aligns one gold with two runs over the pages that all three know, so
// that the runs can be compared page for page.
func AlignRuns(gold, first, second Clustering) (Alignment, Alignment) {
	in := func(c Clustering) func(string) bool {
		return func(page string) bool {
			_, ok := slices.BinarySearch(c.pages, page)
			return ok
		}
	}
	return Align(gold, first).Subset(in(second)), Align(gold, second).Subset(in(first))
}
