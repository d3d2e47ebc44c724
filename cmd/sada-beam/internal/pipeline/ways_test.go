package pipeline

import (
	"path/filepath"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster"
)

// TestWays: Flink 1.19 follows every way from the end of a job to its beginning before it begins it
// (org.apache.flink.optimizer.traversals.UnionParallelismAndForwardEnforcer, whose preVisit never says that it has
// been there). With some millions that takes seconds; with 47 thousand million it did not end.
func TestWays(t *testing.T) {
	for n, build := range Jobs {
		p, s := beam.NewPipelineWithRoot()
		build(s, Options{Input: demo, Out: filepath.Join(t.TempDir(), "out"), Cluster: cluster.Defaults()})
		edges, _, err := p.Build()
		if err != nil {
			t.Fatal(err)
		}
		takers := make(map[int][]int) // of every collection: the steps
		for i, e := range edges {
			for _, in := range e.Input {
				takers[in.From.ID()] = append(takers[in.From.ID()], i)
			}
		}
		ways := make([]int, len(edges)) // from the end to a step
		var count func(step int) int
		count = func(step int) int {
			if ways[step] == 0 {
				for _, out := range edges[step].Output {
					for _, taker := range takers[out.To.ID()] {
						ways[step] += count(taker)
					}
				}
				ways[step] = max(ways[step], 1)
			}
			return ways[step]
		}
		sum := 0
		for step := range edges {
			sum += count(step)
		}
		t.Logf("job %d: %d steps, %d visits", n, len(edges), sum)
		if sum > 10_000_000 {
			t.Errorf("job %d has %d visits: keep something for another job", n, sum)
		}
	}
}
