package eval

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Rating is what several people said about one pair.
type Rating struct {
	A, B   string  // A < B
	Labels []Label // by rater, [Unlabelled] where one did not say
}

// Ratings is the judgements of several people on the same pairs.
type Ratings struct {
	Raters int
	Items  []Rating // by A, then by B
}

// NewRatings joins the sheets of raters, one each, by pair. A pair that one sheet
// has with two labels, or that pairs a page with itself, is an error.
func NewRatings(sheets ...[]Pair) (Ratings, error) {
	r := Ratings{Raters: len(sheets)}
	at := make(map[[2]string]int)
	for rater, sheet := range sheets {
		for _, p := range sheet {
			a, b := p.ordered()
			if a == b {
				return Ratings{}, fmt.Errorf("rater %d: page %q is paired with itself", rater+1, a)
			}
			i, ok := at[[2]string{a, b}]
			if !ok {
				i = len(r.Items)
				at[[2]string{a, b}] = i
				r.Items = append(r.Items, Rating{A: a, B: b, Labels: make([]Label, len(sheets))})
			}
			label := &r.Items[i].Labels[rater]
			if *label != Unlabelled && p.Label != Unlabelled && *label != p.Label {
				return Ratings{}, fmt.Errorf("rater %d: pair %q, %q is both %s and %s", rater+1, a, b, *label, p.Label)
			}
			if p.Label != Unlabelled {
				*label = p.Label
			}
		}
	}
	slices.SortFunc(r.Items, func(x, y Rating) int {
		if c := strings.Compare(x.A, y.A); c != 0 {
			return c
		}
		return strings.Compare(x.B, y.B)
	})
	return r, nil
}

// Disagreements lists the items that got more than one label, in their order: the
// list to adjudicate. Labels are shared with r.
func (r Ratings) Disagreements() []Rating {
	var out []Rating
	for _, item := range r.Items {
		first := Unlabelled
		for _, l := range item.Labels {
			if l != Unlabelled && first != Unlabelled && l != first {
				out = append(out, item)
				break
			}
			if l != Unlabelled {
				first = l
			}
		}
	}
	return out
}

// number gives every label in use a number, in byte order.
func (r Ratings) number() map[Label]int {
	var labels []Label
	for _, item := range r.Items {
		for _, l := range item.Labels {
			if l != Unlabelled {
				labels = append(labels, l)
			}
		}
	}
	slices.Sort(labels)
	out := make(map[Label]int)
	for i, l := range slices.Compact(labels) {
		out[l] = i
	}
	return out
}

// Cohen is Cohen's kappa of two raters over the items both have labelled (Cohen
// 1960), with its interval over items. With p the share of items on which they
// agree and e = Σ_l p1(l)·p2(l) the share expected from how often each gives each
// label,
//
//	kappa = (p - e) / (1 - e)
//
// at most 1, and 0 where they agree no more than by chance. It panics unless
// there are two raters.
func Cohen(r Ratings, b Bootstrap) Estimate {
	if r.Raters != 2 {
		panic(fmt.Sprintf("eval: Cohen's kappa of %d raters", r.Raters))
	}
	number := r.number()
	k := 2 + 2*len(number)
	var rows []float64 // items, agreements, labels of the first, of the second
	for _, item := range r.Items {
		x, y := item.Labels[0], item.Labels[1]
		if x == Unlabelled || y == Unlabelled {
			continue
		}
		row := make([]float64, k)
		row[0] = 1
		row[1] = indicator(x == y)
		row[2+number[x]] = 1
		row[2+len(number)+number[y]] = 1
		rows = append(rows, row...)
	}
	return b.agreement(rows, k, func(sum []float64) float64 {
		n, expected := sum[0], 0.0
		for l := range len(number) {
			expected += sum[2+l] / n * sum[2+len(number)+l] / n
		}
		return beyondChance(sum[1]/n, expected)
	})
}

// Fleiss is Fleiss' kappa of two or more raters over the items that all have
// labelled (Fleiss 1971), with its interval over items. With n_l the labels l of
// an item among its m labels, and q(l) the share of l among all labels,
//
//	p = mean over items of Σ_l n_l(n_l - 1) / (m(m - 1))
//	e = Σ_l q(l)²
//	kappa = (p - e) / (1 - e)
//
// It panics with fewer than two raters.
func Fleiss(r Ratings, b Bootstrap) Estimate {
	if r.Raters < 2 {
		panic(fmt.Sprintf("eval: Fleiss' kappa of %d raters", r.Raters))
	}
	number := r.number()
	k := 2 + len(number)
	m := float64(r.Raters)
	var rows []float64 // items, agreement, labels
	for _, item := range r.Items {
		if slices.Contains(item.Labels, Unlabelled) {
			continue
		}
		row := countLabels(item, number)
		row[0] = 1
		for _, n := range row[2:] {
			row[1] += n * (n - 1) / (m * (m - 1))
		}
		rows = append(rows, row...)
	}
	return b.agreement(rows, k, func(sum []float64) float64 {
		expected := 0.0
		for _, n := range sum[2:] {
			q := n / (sum[0] * m)
			expected += q * q
		}
		return beyondChance(sum[1]/sum[0], expected)
	})
}

// Krippendorff is Krippendorff's alpha for nominal labels (Krippendorff 2011), with
// its interval over items. Labels may be missing; items with fewer than two are
// left out. With n_l the labels l of an item among its m labels, N_l those of all
// items and N all labels,
//
//	observed = Σ_items Σ_l n_l(m - n_l) / (m - 1) / N
//	expected = Σ_l N_l(N - N_l) / (N(N - 1))
//	alpha    = 1 - observed / expected
func Krippendorff(r Ratings, b Bootstrap) Estimate {
	number := r.number()
	k := 2 + len(number)
	var rows []float64 // labels, disagreement, labels by kind
	for _, item := range r.Items {
		row := countLabels(item, number)
		m := 0.0
		for _, n := range row[2:] {
			m += n
		}
		if m < 2 {
			continue
		}
		row[0] = m
		for _, n := range row[2:] {
			row[1] += n * (m - n) / (m - 1)
		}
		rows = append(rows, row...)
	}
	return b.agreement(rows, k, func(sum []float64) float64 {
		n, expected := sum[0], 0.0
		for _, l := range sum[2:] {
			expected += l * (n - l) / (n * (n - 1))
		}
		if expected == 0 {
			return math.NaN()
		}
		return 1 - sum[1]/n/expected
	})
}

// countLabels is a row with the labels of an item from the third column on.
func countLabels(item Rating, number map[Label]int) []float64 {
	row := make([]float64, 2+len(number))
	for _, l := range item.Labels {
		if l != Unlabelled {
			row[2+number[l]]++
		}
	}
	return row
}

// beyondChance is NaN where only one label was ever given: then chance explains
// everything, and nothing is known.
func beyondChance(observed, expected float64) float64 {
	if expected >= 1 {
		return math.NaN()
	}
	return (observed - expected) / (1 - expected)
}

// agreement resamples items with k sums each.
func (b Bootstrap) agreement(rows []float64, k int, score func(sum []float64) float64) Estimate {
	n := len(rows) / k
	if n < MinUnits {
		return unknown(n, "too few items that two or more raters have labelled: %d, need %d", n, MinUnits)
	}
	d := b.draw(rows, n, 1, func(sum, out []float64) { out[0] = score(sum) })
	if math.IsNaN(d.value[0]) {
		return unknown(n, "all raters gave all %d items one label: agreement beyond chance cannot be told", n)
	}
	// Resamples with one label alone have no score. Once they could reach the end of
	// the interval, that end is not known.
	if lost := b.Resamples - len(d.scores[0]); float64(lost) >= float64(b.Resamples)*(1-b.Level)/2 {
		return unknown(n, "nearly all labels of the %d items are the same: too few others for an interval", n)
	}
	return d.estimate(0)
}
