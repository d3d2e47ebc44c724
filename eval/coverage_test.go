package eval_test

import (
	"flag"
	"math/rand/v2"
	"testing"

	"sada/eval"
)

var worlds = flag.Int("worlds", 0, "simulated worlds of each coverage test; 0: as many as are quick, with a wider band")

// numWorlds gives the worlds to simulate and the band in which the coverage of a
// .95 interval must lie. The full band is .93 to .97; with few worlds it allows
// for about two standard errors of the simulation itself.
func numWorlds(quick int) (n int, low, high float64) {
	if *worlds > 0 {
		return *worlds, 0.93, 0.97
	}
	return quick, 0.90, 0.99
}

// covered counts worlds whose intervals of precision, recall and F1 hold the true scores.
type covered [3]int

func (c *covered) add(precision, recall, f1 eval.Estimate, truth eval.PRF) {
	for i, x := range []struct {
		eval.Estimate
		truth float64
	}{{precision, truth.Precision}, {recall, truth.Recall}, {f1, truth.F1}} {
		if x.Low <= x.truth && x.truth <= x.High {
			c[i]++
		}
	}
}

// check wants the shares of n worlds between low and high.
func (c *covered) check(t *testing.T, n int, low, high float64) {
	t.Helper()
	for i, what := range []string{"precision", "recall", "F1"} {
		got := float64(c[i]) / float64(n)
		t.Logf("%s: %.4f of %d worlds", what, got, n)
		if got < low || got > high {
			t.Errorf("%s: covered in %.4f of %d worlds, want %.2f to %.2f", what, got, n, low, high)
		}
	}
}

// world draws n gold clusters and what a run makes of them.
func world(r *rand.Rand, n int, more float64) eval.Table {
	gold := worldGold(r, n, more)
	return eval.NewTable(gold, worldRun(r, gold))
}

// worldGold draws n clusters: sizes from 1, each page followed by another with
// probability more.
func worldGold(r *rand.Rand, n int, more float64) []int {
	var gold []int
	for g := range n {
		gold = append(gold, g)
		for size := 1; size < 20 && r.Float64() < more; size++ {
			gold = append(gold, g)
		}
	}
	return gold
}

// worldRun splits three clusters in ten and joins one in ten with the next.
func worldRun(r *rand.Rand, gold []int) []int {
	n := gold[len(gold)-1] + 1
	run := make([]int, len(gold))
	joined, split, target := false, false, 0
	for i, g := range gold {
		if i == 0 || g != gold[i-1] {
			target = g
			if joined {
				target--
			}
			joined = !joined && r.Float64() < 0.1
			split = r.Float64() < 0.3
		}
		run[i] = target
		if split && r.Float64() < 0.4 {
			run[i] = n + g
		}
	}
	return run
}

// TestCoverage asks in how many worlds the interval at .95 holds the true score.
// Pairwise scores are held to it in a world of small clusters only: where sizes
// vary much a few pairs of large clusters carry them.
func TestCoverage(t *testing.T) {
	n, low, high := numWorlds(200)
	for _, c := range []struct {
		name     string
		units    func(eval.Table) eval.Units
		more     float64
		clusters int
	}{
		{"B-cubed", eval.BCubedUnits, 0.7, 100},
		{"exact clusters", eval.ExactClusterUnits, 0.7, 100},
		{"CEAF-e", eval.CEAFeUnits, 0.7, 100},
		{"pairwise, small clusters", eval.PairwiseUnits, 0.4, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			truth := c.units(world(r, 200_000, c.more)).PRF()
			var hits covered
			for w := range n {
				b := eval.Bootstrap{Resamples: 500, Level: 0.95, Seed: uint64(w)}
				e := b.PRF(c.units(world(r, c.clusters, c.more)))
				hits.add(e.Precision, e.Recall, e.F1, truth)
			}
			hits.check(t, n, low, high)
		})
	}
}

// TestDifferenceCoverage compares two runs that are equally good: the interval
// must hold 0, and "~" be said, in .95 of the worlds.
func TestDifferenceCoverage(t *testing.T) {
	n, low, high := numWorlds(200)
	r := rand.New(rand.NewPCG(11, 12))
	hits := 0
	for w := range n {
		gold := worldGold(r, 300, 0.7)
		first, second := eval.NewTable(gold, worldRun(r, gold)), eval.NewTable(gold, worldRun(r, gold))
		b := eval.Bootstrap{Resamples: 500, Level: 0.95, Seed: uint64(w)}
		if b.Difference(eval.BCubedUnits(first), eval.BCubedUnits(second)).F1.Sign() == "~" {
			hits++
		}
	}
	got := float64(hits) / float64(n)
	t.Logf("no difference: %.4f of %d worlds", got, n)
	if got < low || got > high {
		t.Errorf("no difference was seen in %.4f of %d worlds, want %.2f to %.2f", got, n, low, high)
	}
}
