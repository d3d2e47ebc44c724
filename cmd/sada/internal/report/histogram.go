package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// histogram counts values over all pairs, groups or stories of a run.
type histogram struct {
	Name  string // for files and fragments
	Title [2]string
	Axis  [2]string
	bins  []bin
	share bool                        // its bins are shares of 0..1
	pairs func(row int) (a, b string) // ids of the pages of a row; nil if rows are no pairs
	rows  string                      // what a row is: "link", "near", "group", "story"
}

type bin struct {
	Label [2]string
	N     int
	rows  []int // the first MaxRows in their order
}

func (h *histogram) path(n int) string { return fmt.Sprintf("list/%s-%02d.html", h.Name, n) }

// shares are the labels of twenty bins of 0..1. The last one holds 1 as well.
func shares() []bin {
	out := make([]bin, 20)
	for i := range out {
		out[i].Label = alike(fmt.Sprintf("%.2f–%.2f", float64(i)/20, float64(i+1)/20))
	}
	return out
}

// alike is a text that is one in both languages.
func alike(s string) [2]string { return [2]string{s, s} }

func shareBin(x float64) int { return min(max(int(x*20+1e-9), 0), 19) }

// fill puts n rows into bins, each bin in the order of less.
func (h *histogram) fill(n int, class func(int) int, order func(i, j int) int) *histogram {
	all := make([][]int, len(h.bins))
	for i := range n {
		if c := class(i); c >= 0 {
			all[c] = append(all[c], i)
		}
	}
	for c, rows := range all {
		slices.SortStableFunc(rows, order)
		h.bins[c].N = len(rows)
		h.bins[c].rows = slices.Clone(rows[:min(len(rows), MaxRows)])
	}
	return h
}

// classes are bins with lower edges.
func classes(edges []float64, labels func(int) [2]string) []bin {
	out := make([]bin, len(edges))
	for i := range out {
		out[i].Label = labels(i)
	}
	return out
}

func classOf(edges []float64, x float64) int {
	n := 0
	for n+1 < len(edges) && x >= edges[n+1] {
		n++
	}
	return n
}

var (
	sizeEdges  = []float64{1, 2, 3, 4, 5, 6, 8, 12, 20, 50, 100, 1000}
	sizeLabels = []string{"1", "2", "3", "4", "5", "6–7", "8–11", "12–19", "20–49", "50–99", "100–999", "1000+"}
	spanEdges  = []float64{0, 1, 3, 6, 12, 24, 48, 72, 120, 240} // hours
	spanLabels = [][2]string{{"<1 h", "دون 1 س"}, {"1–3 h", "1–3 س"}, {"3–6 h", "3–6 س"}, {"6–12 h", "6–12 س"}, {"12–24 h", "12–24 س"},
		{"1–2 d", "1–2 ي"}, {"2–3 d", "2–3 ي"}, {"3–5 d", "3–5 ي"}, {"5–10 d", "5–10 ي"}, {"10+ d", "10+ ي"}}
)

// histograms returns the run's, the same ones every time.
func (s *Site) histograms() []*histogram {
	if s.hists != nil {
		return s.hists
	}
	r := s.run
	link := func(i int) (string, string) { return r.Links[i].A, r.Links[i].B }
	best := func(i int) float64 { return max(r.Links[i].ContainmentA, r.Links[i].ContainmentB) }
	jaccard := func(i, j int) int { return cmp.Compare(r.Links[j].Jaccard, r.Links[i].Jaccard) }
	hours := make([]float64, len(r.Stories))
	for i, st := range r.Stories {
		hours[i] = -1
		first, ok := when(st.First)
		last, ok2 := when(st.Last)
		if ok && ok2 && len(st.Pages) > 1 {
			hours[i] = last.Sub(first).Hours()
		}
	}
	s.hists = []*histogram{
		(&histogram{Name: "jaccard", Title: [2]string{"Jaccard of linked pairs", "تشابه جاكار بين الصفحتين المرتبطتين"}, Axis: [2]string{"similarity of the two texts", "تشابه النصين"}, bins: shares(), share: true, pairs: link, rows: "link"}).
			fill(len(r.Links), func(i int) int { return shareBin(r.Links[i].Jaccard) }, jaccard),
		(&histogram{Name: "containment", Title: [2]string{"Containment: how much of the smaller text the other holds", "الاحتواء: مقدار ما تحمله إحدى الصفحتين من نص الأخرى"}, Axis: [2]string{"larger share of the two", "الحصة الكبرى من الحصتين"}, bins: shares(), share: true, pairs: link, rows: "link"}).
			fill(len(r.Links), func(i int) int { return shareBin(best(i)) }, func(i, j int) int { return cmp.Compare(best(j), best(i)) }),
		(&histogram{Name: "cosine", Title: [2]string{"Cosine of neighbouring stories' texts", "جيب التمام بين النصوص المتقاربة"}, Axis: [2]string{"similarity of terms", "تشابه المصطلحات"}, bins: shares(), share: true,
			pairs: func(i int) (string, string) { return r.Near[i].A, r.Near[i].B }, rows: "near"}).
			fill(len(r.Near), func(i int) int { return shareBin(r.Near[i].Cosine) }, func(i, j int) int { return cmp.Compare(r.Near[j].Cosine, r.Near[i].Cosine) }),
		(&histogram{Name: "groups", Title: [2]string{"Pages in a copy group", "عدد الصفحات في مجموعة النسخ"}, Axis: [2]string{"pages", "صفحات"}, bins: classes(sizeEdges, func(i int) [2]string { return alike(sizeLabels[i]) }), rows: "group"}).
			fill(len(r.groups), func(i int) int { return classOf(sizeEdges, float64(len(r.groups[i].pages))) }, func(i, j int) int { return cmp.Compare(len(r.groups[j].pages), len(r.groups[i].pages)) }),
		(&histogram{Name: "stories", Title: [2]string{"Pages in a story", "عدد الصفحات في القصة"}, Axis: [2]string{"pages", "صفحات"}, bins: classes(sizeEdges, func(i int) [2]string { return alike(sizeLabels[i]) }), rows: "story"}).
			fill(len(r.Stories), func(i int) int { return classOf(sizeEdges, float64(len(r.Stories[i].Pages))) }, func(i, j int) int { return cmp.Compare(len(r.Stories[j].Pages), len(r.Stories[i].Pages)) }),
		(&histogram{Name: "span", Title: [2]string{"Time from first to last page of a story", "المدة من أول صفحة في القصة إلى آخرها"}, Axis: [2]string{"hours and days", "ساعات (س) وأيام (ي)"}, bins: classes(spanEdges, func(i int) [2]string { return spanLabels[i] }), rows: "story"}).
			fill(len(r.Stories), func(i int) int {
				if hours[i] < 0 {
					return -1
				}
				return classOf(spanEdges, hours[i])
			}, func(i, j int) int { return cmp.Compare(hours[j], hours[i]) }),
	}
	return s.hists
}

// chart is a histogram as it is drawn.
type chart struct {
	Name          string
	Title, Axis   [2]string
	Width, Height float64
	Bars          []bar
	Total         int
	Log           bool
	Base          float64
}

type bar struct {
	X, Y, W, H  float64
	LabelX      float64
	Label, Edge [2]string // of the bin, and below the axis
	N           int
	URL         string
	ShowLabel   bool
	TextY, TopY float64
}

// Sizes of a chart in its own units; the page scales it.
const (
	chartWidth, chartHeight = 420, 170
	chartTop, chartBottom   = 20, 24
	fewBins                 = 6   // a chart of classes has at least
	logarithmic             = 100 // a tallest bar this many times the median needs a logarithmic axis
)

func (s *Site) chart(h *histogram) chart {
	c := chart{Name: h.Name, Title: h.Title, Axis: h.Axis, Width: chartWidth, Height: chartHeight, Base: chartHeight - chartBottom}
	var counts []int
	for _, b := range h.bins {
		c.Total += b.N
		if b.N > 0 {
			counts = append(counts, b.N)
		}
	}
	if len(counts) == 0 {
		return c
	}
	slices.Sort(counts)
	top := counts[len(counts)-1]
	c.Log = top > logarithmic*counts[len(counts)/2]
	height := func(n int) float64 {
		if c.Log {
			return math.Log1p(float64(n)) / math.Log1p(float64(top))
		}
		return float64(n) / float64(top)
	}
	bins := h.bins
	for !h.share && len(bins) > fewBins && bins[len(bins)-1].N == 0 {
		bins = bins[:len(bins)-1]
	}
	step := float64(chartWidth) / float64(len(bins))
	for n, b := range bins {
		full := float64(chartHeight - chartTop - chartBottom)
		tall := height(b.N) * full
		if b.N > 0 {
			tall = max(tall, 3)
		}
		x := step * float64(n)
		out := bar{X: x + step*.08, W: step * .84, Y: c.Base - tall, H: tall, LabelX: x + step/2, Label: b.Label, Edge: b.Label, N: b.N, TextY: c.Base + 17, TopY: c.Base - tall - 5, ShowLabel: !h.share || n%4 == 0}
		if h.share { // the lower edge is enough
			out.Edge, out.LabelX = alike(fmt.Sprintf("%.1f", float64(n)/float64(len(bins)))), x
			if n == 0 {
				out.LabelX = 8
			}
		}
		if b.N > 0 {
			out.URL = h.path(n)
		}
		c.Bars = append(c.Bars, out)
	}
	return c
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }
