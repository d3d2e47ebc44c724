package story

// Result is what [Cluster] found, in the places of the nodes as they were given.
type Result struct {
	Story []int32 // for every node, the lowest node of its story
	Links []Link  // ascending (A, B)
	Stats Stats
}

// Cluster groups nodes into stories. It puts them into an order of its own first, in which [Graph]
// and the method break ties: the same nodes in another order give the same stories. Options must be
// valid ([Options.Validate]).
func Cluster(nodes []Node, o Options) Result {
	order := canonical(nodes)
	ordered := arrange(nodes, order)
	web, o, stats := Calibrated(ordered, o)
	links := web.Links(o)
	group := Partition(ordered, links, o)
	story := make([]int32, len(nodes))
	for i, g := range group {
		story[order[i]] = g
	}
	rearrange(links, order, len(nodes))
	return Result{lowest(story), links, stats}
}

// Partition groups nodes by the method and the threshold of the options, which must not be left open,
// and returns for every node the lowest node of its group. The nodes of a pair in never are kept apart,
// unless they start together ([Node].Together).
func Partition(nodes []Node, links []Link, o Options, never ...[2]int32) []int32 {
	switch o.Method {
	case ByComponents:
		return Components(nodes, links, o.Threshold, never...)
	case ByPropagation:
		return Propagation(nodes, links, o.Threshold, never...)
	}
	return averageLink(nodes, links, o.Threshold, o.Workers, never)
}
