package eval_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sada/eval"
)

func TestSample(t *testing.T) {
	var pool []eval.Candidate
	for i := range 100 {
		score := float64(i) / 100
		pool = append(pool, eval.Candidate{A: fmt.Sprintf("p%02d", i), B: "a", Score: score, Together: i%2 == 0 && score >= 0.3, Size: i / 10})
	}
	for _, c := range []struct {
		name string
		o    eval.SampleOptions
		want []eval.StratumSize
	}{
		{"by score", eval.SampleOptions{Bands: []float64{0.1, 0.5}, Threshold: 0.3, NearMiss: 0.05, PerStratum: 8, Seed: 3}, []eval.StratumSize{
			{Name: "near miss", Pool: 5, Drawn: 5},
			{Name: "together 0.1-0.5", Pool: 10, Drawn: 8}, // the even ones of 30..49, .09 from .3 in the mean
			{Name: "apart 0.1-0.5", Pool: 25, Drawn: 8},    // 10..24 and the odd ones of 30..49, .118
			{Name: "apart below 0.1", Pool: 10, Drawn: 8},
			{Name: "together from 0.5", Pool: 25, Drawn: 8},
			{Name: "apart from 0.5", Pool: 25, Drawn: 8},
		}},
		{"by size", eval.SampleOptions{Sizes: []int{5, 9}, Threshold: 0.3, PerStratum: 8, Seed: 3}, []eval.StratumSize{
			{Name: "together, size below 5", Pool: 10, Drawn: 8},
			{Name: "apart", Pool: 65, Drawn: 8},
			{Name: "together, size 5-9", Pool: 20, Drawn: 8},
			{Name: "together, size from 9", Pool: 5, Drawn: 5},
		}},
		{"uncertain first", eval.SampleOptions{Threshold: 0.3, Nearest: 21, PerStratum: 8, Seed: 3}, []eval.StratumSize{
			{Name: "nearest to the threshold", Pool: 21, Drawn: 21}, // 20..40
			{Name: "apart", Pool: 50, Drawn: 8},
			{Name: "together", Pool: 29, Drawn: 8},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pairs, sizes, err := eval.Sample(pool, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, sizes); d != "" {
				t.Error(d)
			}
			weights := make(map[string]float64)
			var order []string
			seen := make(map[string]bool)
			for _, p := range pairs {
				if weights[p.Stratum] == 0 {
					order = append(order, p.Stratum)
				}
				weights[p.Stratum] += p.Weight
				var i int
				fmt.Sscanf(p.B, "p%d", &i)
				if p.A != "a" || seen[p.B] || p.Label != eval.Unlabelled || p.Score != pool[i].Score || p.Together != pool[i].Together {
					t.Errorf("pair %+v", p)
				}
				seen[p.B] = true
			}
			for i, s := range sizes {
				near(t, "weights of "+s.Name, weights[s.Name], float64(s.Pool))
				if order[i] != s.Name {
					t.Errorf("stratum %d of the file is %q, want %q", i, order[i], s.Name)
				}
			}

			shuffled := append([]eval.Candidate(nil), pool...)
			rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			again, _, err := eval.Sample(shuffled, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(pairs, again); d != "" {
				t.Errorf("another order of candidates: %s", d)
			}
			o := c.o
			o.Seed++
			if other, _, _ := eval.Sample(pool, o); cmp.Equal(pairs, other) {
				t.Error("another seed draws the same pairs")
			}
		})
	}
}

// TestSampleRest compares what is drawn with all pairs, enumerated.
func TestSampleRest(t *testing.T) {
	start := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var pages []eval.Dated
		for i, hour := range rapid.SliceOfN(rapid.IntRange(-3, 40), 0, 12).Draw(t, "hours") {
			p := eval.Dated{Page: fmt.Sprintf("p%02d", i)}
			if hour >= 0 {
				p.Time = start.Add(time.Duration(hour) * time.Hour)
			}
			pages = append(pages, p)
		}
		horizon := time.Duration(rapid.IntRange(0, 30).Draw(t, "horizon")) * time.Hour
		n := rapid.IntRange(0, 80).Draw(t, "n")
		want := make(map[[2]string]bool)
		var candidates []eval.Candidate
		for i, a := range pages {
			for _, b := range pages[i+1:] {
				near := a.Time.IsZero() || b.Time.IsZero() || a.Time.Sub(b.Time).Abs() <= horizon
				switch candidate := rapid.IntRange(0, 3).Draw(t, "candidate") == 0; {
				case candidate:
					candidates = append(candidates, eval.Candidate{A: b.Page, B: a.Page})
				case near:
					want[[2]string{a.Page, b.Page}] = true
				}
			}
		}
		got, size := eval.SampleRest(pages, candidates, horizon, n, 1)
		if size.Pool != len(want) || size.Drawn != min(n, len(want)) || len(got) != size.Drawn {
			t.Fatalf("%+v and %d pairs, want %d of %d", size, len(got), n, len(want))
		}
		for _, p := range got {
			if !want[[2]string{p.A, p.B}] {
				t.Fatalf("pair %+v is a candidate, too far apart, or twice", p)
			}
			delete(want, [2]string{p.A, p.B})
		}
	})
}

// TestSampleRestIsUniform counts how often each of ten pairs is drawn.
func TestSampleRestIsUniform(t *testing.T) {
	var pages []eval.Dated
	for i := range 5 {
		pages = append(pages, eval.Dated{Page: fmt.Sprint(i)})
	}
	count := make(map[string]int)
	const draws = 20000
	for seed := range uint64(draws) {
		got, _ := eval.SampleRest(pages, nil, 0, 2, seed)
		for _, p := range got {
			count[p.A+p.B]++
		}
	}
	// 4,000 each; the standard deviation is 57.
	for p, n := range count {
		if n < 3750 || n > 4250 {
			t.Errorf("pair %s was drawn %d times of %d, want about %d", p, n, draws, draws/5)
		}
	}
	if len(count) != 10 {
		t.Errorf("%d pairs, want 10", len(count))
	}
}

func TestSampleRefuses(t *testing.T) {
	c := func(a, b string, score float64) eval.Candidate { return eval.Candidate{A: a, B: b, Score: score} }
	ok := eval.SampleOptions{PerStratum: 2}
	for _, x := range []struct {
		name string
		pool []eval.Candidate
		o    eval.SampleOptions
		says string
	}{
		{"self pair", []eval.Candidate{c("a", "a", 1)}, ok, "itself"},
		{"twice", []eval.Candidate{c("a", "b", 1), c("b", "a", 0.5)}, ok, "twice"},
		{"no score", []eval.Candidate{c("a", "b", math.NaN())}, ok, "no score"},
		{"bands", nil, eval.SampleOptions{PerStratum: 2, Bands: []float64{0.5, 0.5}}, "ascending"},
		{"sizes", nil, eval.SampleOptions{PerStratum: 2, Sizes: []int{3, 2}}, "ascending"},
		{"too few", nil, eval.SampleOptions{PerStratum: 1}, "2 or more"},
	} {
		if _, _, err := eval.Sample(x.pool, x.o); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: error %v, want %q", x.name, err, x.says)
		}
	}
}
