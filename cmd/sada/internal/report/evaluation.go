package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"sada/eval"
)

// Evaluation is what sada sweep, sada worst and sada diff have written with --json; nil is not given.
type Evaluation struct {
	Sweep *Sweep
	Worst *Worst
	Diff  *Diff
}

// Sweep is the object of sada sweep.
type Sweep struct {
	Pages     int            `json:"pages"`
	Scored    int            `json:"scored"`
	Points    []eval.Point   `json:"points"`
	Operating eval.Operating `json:"operating"`
	Interval  figures        `json:"bcubed"` // of the operating point
	Intervals []struct {
		Threshold float64 `json:"threshold"`
		BCubed    figures `json:"bcubed"`
	} `json:"intervals"` // of the points of its series
}

type figures struct {
	Precision figure `json:"precision"`
	Recall    figure `json:"recall"`
	F1        figure `json:"f1"`
}

// Worst is the object of sada worst.
type Worst struct {
	Kind   string       `json:"kind"`
	Pages  int          `json:"pages"`
	Merges int          `json:"merges"`
	Splits int          `json:"splits"`
	Faults []eval.Fault `json:"faults"`
}

// Diff is the object of sada diff.
type Diff struct {
	Same    bool     `json:"same"`
	Options []string `json:"options"`
	Groups  []struct {
		Kind      string        `json:"kind"`
		Pages     int           `json:"pages"`
		Added     []string      `json:"added"`
		Removed   []string      `json:"removed"`
		Unchanged int           `json:"unchanged"`
		Renamed   []eval.Rename `json:"renamed"`
		Merges    []eval.Merge  `json:"merges"`
		Splits    []eval.Split  `json:"splits"`
		Moved     []eval.Move   `json:"moved"`
		Churn     float64       `json:"churn"`
	} `json:"groups"`
	Scores []struct {
		Measure string   `json:"measure"`
		First   *float64 `json:"first"`
		Second  *float64 `json:"second"`
		Change  struct {
			Difference *figure  `json:"difference"`
			P          *float64 `json:"p"`
			Sign       string   `json:"sign"`
			Reason     string   `json:"reason"`
		} `json:"change"`
	} `json:"scores"`
}

// figure is a number with its interval, or the reason why there is none.
type figure struct {
	Value  *float64 `json:"value"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	Reason string   `json:"reason"`
}

func (f figure) String() string {
	if f.Value == nil {
		return f.Reason
	}
	s := fmt.Sprintf("%.3f", *f.Value)
	if f.Low != nil && f.High != nil {
		s += fmt.Sprintf(" [%.3f, %.3f]", *f.Low, *f.High)
	}
	return s
}

// ReadObject reads the object that a verb wrote with --json, which must say it is of the type.
func ReadObject[T any](r io.Reader, kind string) (*T, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, err
	}
	if head.Type != kind {
		return nil, fmt.Errorf("the type is %q, not %q", head.Type, kind)
	}
	out := new(T)
	if err := json.Unmarshal(b, out); err != nil {
		return nil, err
	}
	return out, nil
}

// evaluationView is the page of an evaluation. Its lists together stay under MaxRows.
type evaluationView struct {
	Sweep *sweepView
	Worst *worstView
	Diff  *diffView
}

type sweepView struct {
	*Sweep
	Curves    []curve
	Steps     []step
	StepPart  part
	At        int // of the operating point
	Series    []seriesRow
	SerPart   part
	Marks     []whisker
	OperX     float64
	Series0   string
	HeldOut   string
	From, To  float64 // of the good range, on the axis
	Thresh    float64 // of this run, on the axis
	HasThresh bool
	XTicks    []tick
}

// curve is a line, and the band of its intervals; the band is empty if there are none.
type curve struct {
	Class, Path, Band string
}

type step struct {
	eval.Point
	F1   string // with its interval
	X    float64
	Oper bool
}

type seriesRow struct {
	Name string
	Best eval.Point
}

// whisker is an interval at the operating point.
type whisker struct {
	Class        string
	X, Low, High float64
	Name         [2]string
	Figure       figure
}

// Rows of the lists of an evaluation.
const (
	maxSteps  = 150
	maxFaults = 100
	maxMoves  = 40
)

func (s *Site) evaluation(e *Evaluation) view {
	v := evaluationView{}
	if e.Sweep != nil && len(e.Sweep.Points) > 0 {
		v.Sweep = s.sweepView(e.Sweep)
	}
	if e.Worst != nil {
		v.Worst = s.worstView(e.Worst)
	}
	if e.Diff != nil {
		v.Diff = s.diffView(e.Diff)
	}
	return view{kind: "evaluation", title: [2]string{"Evaluation", "التقويم"}, data: v}
}

// The plot of a sweep, in its own units.
const plotWidth, plotHeight, plotEdge = 640.0, 260.0, 34.0

func (s *Site) sweepView(w *Sweep) *sweepView {
	v := &sweepView{Sweep: w, Series0: w.Operating.Best.Series}
	best := make(map[string]eval.Point)
	var points []eval.Point
	for _, p := range w.Points {
		if b, ok := best[p.Series]; !ok || p.BCubed.F1 > b.BCubed.F1 {
			best[p.Series] = p
		}
		if p.Series == v.Series0 && !p.Auto {
			points = append(points, p)
		}
	}
	if len(points) == 0 {
		points = []eval.Point{w.Operating.Best}
	}
	slices.SortStableFunc(points, func(a, b eval.Point) int { return cmp.Compare(a.Threshold, b.Threshold) })
	low, high := points[0].Threshold, points[len(points)-1].Threshold
	x := func(t float64) float64 {
		return plotEdge + (plotWidth-2*plotEdge)*(t-low)/max(high-low, 1e-9)
	}
	y := func(f float64) float64 { return plotHeight - plotEdge - (plotHeight-2*plotEdge)*f }
	intervals := make(map[float64]figures)
	for _, i := range w.Intervals {
		intervals[i.Threshold] = i.BCubed
	}
	for _, c := range []struct {
		class string
		of    func(eval.Point) float64
		with  func(figures) figure
	}{
		{"precision", func(p eval.Point) float64 { return p.BCubed.Precision }, func(f figures) figure { return f.Precision }},
		{"recall", func(p eval.Point) float64 { return p.BCubed.Recall }, func(f figures) figure { return f.Recall }},
		{"f1", func(p eval.Point) float64 { return p.BCubed.F1 }, func(f figures) figure { return f.F1 }},
	} {
		var path strings.Builder
		for i, p := range points {
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x(p.Threshold), y(c.of(p)))
		}
		var above, below []string // along the upper ends, and back along the lower ones
		for _, p := range points {
			if f := c.with(intervals[p.Threshold]); f.Low != nil && f.High != nil {
				above = append(above, fmt.Sprintf("%.1f %.1f", x(p.Threshold), y(*f.High)))
				below = append(below, fmt.Sprintf("%.1f %.1f", x(p.Threshold), y(*f.Low)))
			}
		}
		band := ""
		if len(above) > 1 {
			slices.Reverse(below)
			band = "M" + strings.Join(append(above, below...), "L") + "Z"
		}
		v.Curves = append(v.Curves, curve{c.class, path.String(), band})
	}
	v.StepPart = cut(len(points), maxSteps, "the lowest thresholds are shown", "تظهر أدنى العتبات")
	for i, p := range points[:v.StepPart.Shown] {
		oper := p.Threshold == w.Operating.Best.Threshold
		if oper {
			v.At = i
		}
		row := step{p, fmt.Sprintf("%.4f", p.BCubed.F1), x(p.Threshold), oper}
		if f := intervals[p.Threshold].F1; f.Value != nil {
			row.F1 = f.String()
		}
		v.Steps = append(v.Steps, row)
	}
	v.OperX = x(w.Operating.Best.Threshold)
	for i, m := range []struct {
		f     figure
		class string
		name  [2]string
	}{{w.Interval.Precision, "precision", [2]string{"precision", "الدقة"}}, {w.Interval.Recall, "recall", [2]string{"recall", "الاستدعاء"}}, {w.Interval.F1, "f1", [2]string{"F1", "F1"}}} {
		k := whisker{Class: m.class, X: v.OperX + float64(i-1)*5, Name: m.name, Figure: m.f}
		if m.f.Low != nil && m.f.High != nil {
			k.Low, k.High = y(*m.f.Low), y(*m.f.High)
		}
		v.Marks = append(v.Marks, k)
	}
	v.From, v.To = x(w.Operating.From), x(w.Operating.To)
	if t, ok := s.run.Manifest.Thresholds["story"]; ok && t >= low && t <= high {
		v.Thresh, v.HasThresh = x(t), true
	}
	if h := w.Operating.HeldOut; h != nil {
		v.HeldOut = fmt.Sprintf("%.3f", *h)
	}
	for i := range 5 {
		t := low + (high-low)*float64(i)/4
		v.XTicks = append(v.XTicks, tick{X: x(t), Label: fmt.Sprintf("%.2f", t)})
	}
	names := make([]string, 0, len(best))
	for n := range best {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(best[b].BCubed.F1, best[a].BCubed.F1), cmp.Compare(a, b))
	})
	v.SerPart = cut(len(names), maxMoves, "the best come first", "الأفضل أولا")
	for _, n := range names[:v.SerPart.Shown] {
		v.Series = append(v.Series, seriesRow{n, best[n]})
	}
	return v
}

type worstView struct {
	*Worst
	Rows []faultRow
	Part part
}

type faultRow struct {
	Merge   bool
	Name    string // the gold cluster, or the headline of the run's
	Gold    bool   // it is a name of the gold
	URL     string
	Pairs   int
	Parts   []faultPartRow
	PartCut part
}

type faultPartRow struct {
	Name   string
	Gold   bool
	URL    string
	Pages  int
	Reason string
	A, B   ref
	HasAB  bool
	Score  float64
	URLAB  string
	Bridge string
}

// reasons are those of faults for a reader.
var reasons = map[eval.Reason]string{
	eval.TakenForCopies: "عدتا نسختين", eval.TemplateAlike: "قالب واحد", eval.TailLeft: "مقطع مشترك لم يقتطع", eval.ShortPages: "نص قصير", eval.OnBridge: "جسر", eval.SameActors: "أسماء واحدة",
	eval.FarInTime: "تباعد في الزمن", eval.TakenForTemplate: "عدتا قالبا", eval.NeverCompared: "لم يرشح زوج", eval.UnderThreshold: "دون العتبة", eval.OverThresholdApart: "فرقهما المتوسط",
}

// Parts of one fault that are listed.
const maxFaultParts = 4

func (s *Site) worstView(w *Worst) *worstView {
	v := &worstView{Worst: w, Part: cut(len(w.Faults), maxFaults, "those with the most wrong pairs come first", "الأكثر أزواجا خاطئة أولا")}
	cluster := func(id string, gold bool) (string, string, bool) {
		if n, ok := s.run.story[id]; ok && !gold {
			return s.run.Stories[n].Headline, s.storyURL(n), false
		}
		if g, ok := s.run.group[id]; ok && !gold {
			return s.run.Pages[s.run.groups[g].original].Title, s.groupURL(g), false
		}
		return id, "", true
	}
	for _, f := range w.Faults[:v.Part.Shown] {
		row := faultRow{Merge: f.Merge, Pairs: f.Pairs, PartCut: cut(len(f.Parts), maxFaultParts, "the largest come first", "الأكبر أولا")}
		row.Name, row.URL, row.Gold = cluster(f.Cluster, !f.Merge)
		for _, p := range f.Parts[:row.PartCut.Shown] {
			x := faultPartRow{Pages: len(p.Pages), Reason: string(p.Reason), Score: p.Score, Bridge: p.Bridge}
			x.Name, x.URL, x.Gold = cluster(p.Cluster, f.Merge)
			i, ok := s.run.at[p.A]
			j, ok2 := s.run.at[p.B]
			if ok && ok2 && p.A != "" && p.B != "" {
				x.A, x.B, x.HasAB, x.URLAB = s.ref(i), s.ref(j), true, s.pairURL(i, j)
			}
			row.Parts = append(row.Parts, x)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

type diffView struct {
	*Diff
	Changed     []optionRow
	ChangedPart part
	Kinds       []diffKind
	Lines       []scoreLine
	Part        part // of the lines
}

type diffKind struct {
	Kind                    string
	Pages, Unchanged        int
	Added, Removed, Renamed int
	Merges, Splits, Moved   int
	Churn                   float64
	Rows                    []changeRow
	Part                    part
}

type changeRow struct {
	What  [2]string
	Of    string
	URL   string
	Title string // of the story or group, if this run has it
	Parts []eval.Part
	More  int
	Page  ref
	IsRef bool
	To    string
}

type scoreLine struct {
	Measure, First, Second, Sign string
	Change                       figure
}

// optionRow is an option with its values in both runs, – where it is not set; or what is not of that form, as a name.
type optionRow struct{ Name, First, Second string }

func changedOption(s string) optionRow {
	name, values, ok := strings.Cut(s, ": ")
	first, second, ok2 := strings.Cut(values, ", then ")
	if !ok || !ok2 {
		return optionRow{Name: s}
	}
	return optionRow{name, cmp.Or(first, "–"), cmp.Or(second, "–")}
}

func (s *Site) diffView(d *Diff) *diffView {
	v := &diffView{Diff: d}
	named := func(row *changeRow, ids ...string) {
		for _, id := range ids {
			if n, ok := s.run.story[id]; ok {
				row.Title, row.URL = s.run.Stories[n].Headline, s.storyURL(n)
				return
			}
			if g, ok := s.run.group[id]; ok {
				row.Title, row.URL = s.run.Pages[s.run.groups[g].original].Title, s.groupURL(g)
				return
			}
		}
	}
	for _, g := range d.Groups {
		k := diffKind{Kind: g.Kind, Pages: g.Pages, Unchanged: g.Unchanged, Added: len(g.Added), Removed: len(g.Removed), Renamed: len(g.Renamed), Merges: len(g.Merges), Splits: len(g.Splits), Moved: len(g.Moved), Churn: g.Churn}
		var rows []changeRow
		for _, m := range g.Merges {
			row := changeRow{What: [2]string{"merged", "اندمجت"}, Of: m.Into, Parts: m.From[:min(len(m.From), maxFaultParts)], More: max(len(m.From)-maxFaultParts, 0)}
			named(&row, m.Into, m.From[0].Cluster)
			rows = append(rows, row)
		}
		for _, m := range g.Splits {
			row := changeRow{What: [2]string{"split", "انقسمت"}, Of: m.From, Parts: m.Into[:min(len(m.Into), maxFaultParts)], More: max(len(m.Into)-maxFaultParts, 0)}
			named(&row, m.From, m.Into[0].Cluster)
			rows = append(rows, row)
		}
		for _, m := range g.Moved {
			row := changeRow{What: [2]string{"moved", "انتقلت"}, Of: m.From, To: m.To}
			if i, ok := s.run.at[m.Page]; ok {
				row.Page, row.IsRef = s.ref(i), true
			}
			rows = append(rows, row)
		}
		k.Part = cut(len(rows), maxMoves, "merges, then splits, then pages that moved", "الاندماجات ثم الانقسامات ثم الصفحات المنتقلة")
		k.Rows = rows[:k.Part.Shown]
		v.Kinds = append(v.Kinds, k)
	}
	v.ChangedPart = cut(len(d.Options), maxMoves, "the first are shown", "يظهر أولها")
	for _, o := range d.Options[:v.ChangedPart.Shown] {
		v.Changed = append(v.Changed, changedOption(o))
	}
	number := func(x *float64) string {
		if x == nil {
			return "–"
		}
		return fmt.Sprintf("%.4f", *x)
	}
	v.Part = cut(len(d.Scores), maxMoves, "the first are shown", "يظهر أولها")
	for _, x := range d.Scores[:v.Part.Shown] {
		l := scoreLine{Measure: x.Measure, First: number(x.First), Second: number(x.Second), Change: figure{Reason: x.Change.Reason}, Sign: cmp.Or(x.Change.Sign, "?")}
		if x.Change.Difference != nil {
			l.Change = *x.Change.Difference
		}
		v.Lines = append(v.Lines, l)
	}
	return v
}
