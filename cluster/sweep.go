package cluster

import "sada/cluster/story"

// Sweep makes the stories of a finished result anew with other options, from the same copy groups and
// terms: what it takes to try many options on a corpus. It keeps the links of the last options, which
// serve all methods and all thresholds with one floor. It is not safe for concurrent use.
type Sweep struct {
	res   *Result
	nodes []story.Node
	never [][2]int32

	of    story.Options // that links was made with
	links []story.Link
}

// NewSweep prepares the nodes of a result, which it keeps.
func NewSweep(res *Result, workers int) *Sweep {
	nodes := res.nodes(workers)
	_ = blocks(len(nodes), workers, func(from, to int) error {
		for i := from; i < to; i++ {
			nodes[i].Vector, nodes[i].Together = res.Terms.Vector(res.spell(i, res.words(i))), res.Together[i]
		}
		return nil
	})
	return &Sweep{res: res, nodes: nodes, never: res.Never}
}

// Stories returns the story of every page, in the numbers of [Result.Pages], as the lowest copy group in
// it, and the options with the threshold that was used. They are the stories that [Run] finds with
// these options. An error is about the options.
func (s *Sweep) Stories(o story.Options) ([]int, story.Options, error) {
	if err := o.Validate(); err != nil {
		return nil, o, err
	}
	if o.Chance == 0 {
		o.Chance = s.res.Story.Chance
	}
	o = o.For(s.nodes)
	graph := o
	graph.Threshold, graph.Method = 0, ""
	if s.of != graph {
		links, _ := story.Graph(s.nodes, o)
		s.of, s.links = graph, without(links, s.never)
	}
	group := story.Partition(s.nodes, s.links, o, s.never...)
	out := make([]int, len(s.res.Pages))
	for i, g := range s.res.CopyOf {
		out[i] = int(group[g])
	}
	return out, o, nil
}
