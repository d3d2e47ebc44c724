package eval_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/combin"
	"pgregory.net/rapid"

	"sada/eval"
)

// tolerance allows for the order of summation, which differs from the reference.
const tolerance = 1e-9

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance || math.IsNaN(got) != math.IsNaN(want) {
		t.Errorf("%s = %.12f, want %.12f", what, got, want)
	}
}

func nearPRF(t *testing.T, what string, got eval.PRF, want [3]float64) {
	t.Helper()
	near(t, what+" precision", got.Precision, want[0])
	near(t, what+" recall", got.Recall, want[1])
	near(t, what+" F1", got.F1, want[2])
}

// reference is the content of testdata/reference.json, made by reference.py.
type reference struct {
	Clusterings []struct {
		Name             string
		Gold, Run        []int
		BCubed, Pairwise [3]float64
		Exact, V, BLANC  [3]float64
		CEAFe            [3]float64 `json:"ceaf_e"`
		ARI, NMI, AMI    float64
	}
	Agreement []struct {
		Labels [][]string
		Alpha  float64
		Fleiss *float64
		Cohen  *float64
	}
	Wilson []struct {
		K, N      int
		Low, High float64
	}
}

func readReference(t *testing.T) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMeasuresAgainstReference(t *testing.T) {
	for _, c := range readReference(t).Clusterings {
		t.Run(c.Name, func(t *testing.T) {
			table := eval.NewTable(c.Gold, c.Run)
			nearPRF(t, "B-cubed", eval.BCubed(table), c.BCubed)
			nearPRF(t, "pairwise", eval.Pairwise(table), c.Pairwise)
			nearPRF(t, "exact", eval.ExactClusters(table), c.Exact)
			nearPRF(t, "CEAF-e", eval.CEAFe(table), c.CEAFe)
			nearPRF(t, "BLANC", eval.BLANC(table), c.BLANC)
			near(t, "ARI", eval.ARI(table), c.ARI)
			near(t, "NMI", eval.NMI(table), c.NMI)
			near(t, "AMI", eval.AMI(table), c.AMI)
			v := eval.VMeasure(table)
			near(t, "homogeneity", v.Homogeneity, c.V[0])
			near(t, "completeness", v.Completeness, c.V[1])
			near(t, "V", v.V, c.V[2])
		})
	}
}

func TestMeasuresAtTheEdges(t *testing.T) {
	nan, one := math.NaN(), [3]float64{1, 1, 1}
	undefined := [3]float64{nan, nan, nan}
	for _, c := range []struct {
		name                                    string
		gold, run                               []int
		bcubed, pairwise, exact, ceaf, blanc, v [3]float64
		ari, nmi, ami                           float64
	}{
		{"empty", nil, nil, undefined, undefined, undefined, undefined, undefined, undefined, nan, nan, nan},
		{"one page", []int{1}, []int{7}, one, one, one, one, one, one, 1, 1, 1},
		{"one cluster each", []int{1, 1, 1}, []int{2, 2, 2}, one, one, one, one, one, one, 1, 1, 1},
		{"singletons each", []int{1, 2, 3}, []int{6, 5, 4}, one, one, one, one, one, one, 1, 1, 1},
		// Four pages. B-cubed precision is 1/4; one of 4 gold clusters matches the
		// only run cluster with phi4 = 2/5. No pair is right, 6 are wrong.
		{"run of one cluster, gold of singletons", []int{1, 2, 3, 4}, []int{1, 1, 1, 1},
			[3]float64{0.25, 1, 0.4}, [3]float64{0, 1, 0}, [3]float64{0, 0, 0},
			[3]float64{0.4, 0.1, 0.16}, [3]float64{0, 0, 0}, [3]float64{0, 1, 0}, 0, 0, 0},
		{"run of singletons, gold of one cluster", []int{1, 1, 1, 1}, []int{1, 2, 3, 4},
			[3]float64{1, 0.25, 0.4}, [3]float64{1, 0, 0}, [3]float64{0, 0, 0},
			[3]float64{0.1, 0.4, 0.16}, [3]float64{0, 0, 0}, [3]float64{1, 0, 0}, 0, 0, 0},
		// Gold {a b} {c d}, run of singletons: H(G) = log 2, H(C) = log 4, I = log 2,
		// and every permutation has the same I, so AMI is 0. Of the 4 pairs apart in
		// gold the run has all among its 6: BLANC n 4/6, 1, 0.8; c 0, 0, 0.
		{"run of singletons, gold of pairs", []int{1, 1, 2, 2}, []int{1, 2, 3, 4},
			[3]float64{1, 0.5, 2. / 3}, [3]float64{1, 0, 0}, [3]float64{0, 0, 0},
			[3]float64{1. / 3, 2. / 3, 4. / 9}, [3]float64{1. / 3, 0.5, 0.4}, [3]float64{1, 0.5, 2. / 3}, 0, 2. / 3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := eval.NewTable(c.gold, c.run)
			nearPRF(t, "B-cubed", eval.BCubed(table), c.bcubed)
			nearPRF(t, "pairwise", eval.Pairwise(table), c.pairwise)
			nearPRF(t, "exact", eval.ExactClusters(table), c.exact)
			nearPRF(t, "CEAF-e", eval.CEAFe(table), c.ceaf)
			nearPRF(t, "BLANC", eval.BLANC(table), c.blanc)
			v := eval.VMeasure(table)
			nearPRF(t, "V-measure", eval.PRF{Precision: v.Homogeneity, Recall: v.Completeness, F1: v.V}, c.v)
			near(t, "ARI", eval.ARI(table), c.ari)
			near(t, "NMI", eval.NMI(table), c.nmi)
			near(t, "AMI", eval.AMI(table), c.ami)
		})
	}
}

// symmetric are the measures that do not change when gold and run are swapped.
func symmetric() map[string]func(eval.Table) float64 {
	return map[string]func(eval.Table) float64{
		"B-cubed F1":  func(t eval.Table) float64 { return eval.BCubed(t).F1 },
		"pairwise F1": func(t eval.Table) float64 { return eval.Pairwise(t).F1 },
		"exact F1":    func(t eval.Table) float64 { return eval.ExactClusters(t).F1 },
		"CEAF-e F1":   func(t eval.Table) float64 { return eval.CEAFe(t).F1 },
		"BLANC F1":    func(t eval.Table) float64 { return eval.BLANC(t).F1 },
		"V":           func(t eval.Table) float64 { return eval.VMeasure(t).V },
		"ARI":         eval.ARI,
		"NMI":         eval.NMI,
		"AMI":         eval.AMI,
	}
}

func drawLabels(t *rapid.T, n int, name string) []int {
	return rapid.SliceOfN(rapid.IntRange(0, rapid.IntRange(0, 12).Draw(t, name+" clusters")), n, n).Draw(t, name)
}

func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		gold, run := drawLabels(t, n, "gold"), drawLabels(t, n, "run")
		table := eval.NewTable(gold, run)

		rename := rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}).Draw(t, "names")
		order := rapid.Permutation(makeRange(n)).Draw(t, "order")
		var renamedGold, renamedRun []int
		for _, i := range order {
			renamedGold = append(renamedGold, gold[i])
			renamedRun = append(renamedRun, rename[run[i]])
		}
		renamed := eval.NewTable(renamedGold, renamedRun)

		// A run that only splits gold clusters, and one that only merges them.
		var split, merged []int
		for i := range gold {
			split = append(split, gold[i]*100+run[i])
			merged = append(merged, gold[i]/2)
		}
		for name, f := range symmetric() {
			if got, want := f(renamed), f(table); math.Abs(got-want) > tolerance {
				t.Fatalf("%s: %g after new names and order, %g before", name, got, want)
			}
			if got, want := f(eval.NewTable(run, gold)), f(table); math.Abs(got-want) > tolerance {
				t.Fatalf("%s: %g with gold and run swapped, %g before", name, got, want)
			}
			if got := f(eval.NewTable(gold, gold)); math.Abs(got-1) > tolerance {
				t.Fatalf("%s: %g for the gold itself", name, got)
			}
			if got := f(table); math.IsNaN(got) || got > 1+tolerance {
				t.Fatalf("%s: %g", name, got)
			}
		}
		for name, f := range map[string]func(eval.Table) eval.PRF{"B-cubed": eval.BCubed, "pairwise": eval.Pairwise} {
			if p := f(eval.NewTable(gold, split)).Precision; math.Abs(p-1) > tolerance {
				t.Fatalf("%s: precision %g of a refinement", name, p)
			}
			if r := f(eval.NewTable(gold, merged)).Recall; math.Abs(r-1) > tolerance {
				t.Fatalf("%s: recall %g of a coarsening", name, r)
			}
			if a, b := f(table), f(eval.NewTable(run, gold)); math.Abs(a.Precision-b.Recall) > tolerance {
				t.Fatalf("%s: precision %g is not recall %g of the swapped table", name, a.Precision, b.Recall)
			}
		}
	})
}

func makeRange(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// TestCEAFeAgainstEnumeration tries every matching of small tables.
func TestCEAFeAgainstEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 25).Draw(t, "n")
		labels := rapid.SliceOfN(rapid.IntRange(0, 5), n, n)
		table := eval.NewTable(labels.Draw(t, "gold"), labels.Draw(t, "run"))
		size := max(len(table.Gold), len(table.Run))
		phi := make([][]float64, size)
		for i := range phi {
			phi[i] = make([]float64, size)
		}
		for _, c := range table.Cells {
			phi[c.Gold][c.Run] = 2 * float64(c.N) / float64(table.Gold[c.Gold]+table.Run[c.Run])
		}
		best := 0.0
		for _, p := range combin.Permutations(size, size) {
			sum := 0.0
			for i, j := range p {
				sum += phi[i][j]
			}
			best = max(best, sum)
		}
		if got := eval.CEAFe(table).Recall; math.Abs(got-best/float64(len(table.Gold))) > tolerance {
			t.Fatalf("recall %g, want %g", got, best/float64(len(table.Gold)))
		}
	})
}

// TestAMIAgainstEnumeration takes the mean of the mutual information over all
// orders of a small run, which is what the adjustment subtracts.
func TestAMIAgainstEnumeration(t *testing.T) {
	gold, run := []int{0, 0, 0, 1, 1, 2, 2}, []int{0, 0, 1, 1, 1, 1, 2}
	// With entropies fixed, AMI is linear in I, so its mean over all orders is 0.
	sum := 0.0
	orders := combin.Permutations(len(run), len(run))
	for _, p := range orders {
		shuffled := make([]int, len(run))
		for i, j := range p {
			shuffled[i] = run[j]
		}
		sum += eval.AMI(eval.NewTable(gold, shuffled))
	}
	near(t, "mean AMI over all orders", sum/float64(len(orders)), 0)
}

func TestHistogramAndLargest(t *testing.T) {
	c := clustering(t, "b=y", "a=y", "c=x", "d=z", "e=z", "f=w")
	if got, want := fmt.Sprint(c.Sizes()), "[{1 2} {2 2}]"; got != want {
		t.Errorf("sizes %s, want %s", got, want)
	}
	if name, n := c.Largest(); name != "y" || n != 2 {
		t.Errorf("largest %q with %d pages, want y with 2", name, n)
	}
	var none eval.Clustering
	if name, n := none.Largest(); name != "" || n != 0 || none.Sizes() != nil {
		t.Errorf("an empty clustering has largest %q with %d pages", name, n)
	}
}

// news is a corpus of n pages in clusters with a heavy tail of sizes, and a run
// that loses some pages and merges some clusters.
func news(n int) (gold, run []int) {
	for g := 0; len(gold) < n; g++ {
		size := 1 + 60/(1+g%60)
		for i := 0; i < size && len(gold) < n; i++ {
			gold = append(gold, g)
			switch {
			case len(gold)%11 == 0:
				run = append(run, n+len(gold))
			case g%13 == 0:
				run = append(run, g+1)
			default:
				run = append(run, g)
			}
		}
	}
	return gold, run
}

func BenchmarkMeasures(b *testing.B) {
	gold, run := news(100_000)
	table := eval.NewTable(gold, run)
	b.Run("table", func(b *testing.B) {
		for b.Loop() {
			eval.NewTable(gold, run)
		}
	})
	b.Run("Clustering, Align, Diff", func(b *testing.B) {
		var goldRows, runRows []eval.Assignment
		for i := range gold {
			page := fmt.Sprint("page-", i)
			goldRows = append(goldRows, eval.Assignment{Page: page, Cluster: fmt.Sprint("g", gold[i])})
			runRows = append(runRows, eval.Assignment{Page: page, Cluster: fmt.Sprint("r", run[i])})
		}
		for b.Loop() {
			x, err := eval.NewClustering(goldRows)
			if err != nil {
				b.Fatal(err)
			}
			y, err := eval.NewClustering(runRows)
			if err != nil {
				b.Fatal(err)
			}
			eval.Diff(x, y)
		}
	})
	// The hard cases for a matching: all clusters in one chain, and no order at all.
	chain := make([][2]int, 100_000)
	for i := range chain {
		chain[i] = [2]int{i / 4, (i + 2) / 4}
	}
	r := rand.New(rand.NewPCG(1, 1))
	mixed := make([][2]int, 100_000)
	for i := range mixed {
		mixed[i] = [2]int{r.IntN(25_000), r.IntN(25_000)}
	}
	for _, c := range []struct {
		name  string
		pages [][2]int
	}{{"chain", chain}, {"mixed", mixed}} {
		var hardGold, hardRun []int
		for _, p := range c.pages {
			hardGold, hardRun = append(hardGold, p[0]), append(hardRun, p[1])
		}
		hard := eval.NewTable(hardGold, hardRun)
		b.Run("CEAF-e, "+c.name, func(b *testing.B) {
			for b.Loop() {
				eval.CEAFe(hard)
			}
		})
	}
	measures := symmetric()
	names := make([]string, 0, len(measures))
	for name := range measures {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				measures[name](table)
			}
		})
	}
}
