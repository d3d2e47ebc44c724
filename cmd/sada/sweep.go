package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"sada/cluster"
	"sada/cluster/story"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/eval"
)

type sweepCmd struct {
	Input    []string  `arg:"" help:"Pages, as for sada run."`
	Gold     string    `help:"Gold clusters of stories." required:"" placeholder:"FILE" type:"existingfile"`
	Out      string    `help:"Folder for sweep.csv and the plots; what it has of an earlier sweep is replaced." placeholder:"DIR" type:"path"`
	From     float64   `help:"Lowest threshold (default ${default})." default:"0.04" placeholder:"T"`
	To       float64   `help:"Highest (default ${default})." default:"0.5" placeholder:"T"`
	Step     float64   `help:"Between them (default ${default})." default:"0.02" placeholder:"T"`
	Methods  []string  `help:"Clusterings (default ${default})." default:"average-link,components,propagation" placeholder:"M"`
	Sigmas   []float64 `help:"Days by which a pair loses 40 percent of its similarity (default ${default})." default:"2" placeholder:"DAYS"`
	Horizons []float64 `help:"Days beyond which pages are never linked (default ${default})." default:"5" placeholder:"DAYS"`
	Stemmer  string    `help:"Stemming of story terms: none, light-safe, light10." default:"light10" enum:"none,light-safe,light10"`
	Seed     uint64    `help:"Of the bootstrap and of the halves of the gold (default ${default})." default:"1" placeholder:"N"`
	Workers  int       `help:"Goroutines; no result depends on it (default all processors)." default:"0" placeholder:"N"`
	readFlags
	formFlags
}

func (c *sweepCmd) Help() string {
	return `Reads the pages once and makes stories with every combination of method, sigma, horizon and threshold, also with the threshold
that the corpus chooses by itself; scores each by the gold; names the best and how much depends on it. An example:

  sada sweep testdata/corpus.jsonl --gold testdata/gold.stories.tsv --out sweep`
}

// mostPoints bounds what one command may ask for.
const mostPoints = 10000

// thresholds are the steps, in whole multiples so that no rounding adds up.
func (c *sweepCmd) thresholds() ([]float64, error) {
	if !(c.From > 0 && c.To <= 1 && c.From <= c.To && c.Step > 0) {
		return nil, exit.Misuse("0 < from <= to <= 1 and step > 0", "no thresholds from %v to %v by %v", c.From, c.To, c.Step)
	}
	n := int(math.Floor((c.To-c.From)/c.Step+1e-9)) + 1
	if all := n * len(c.Methods) * len(c.Sigmas) * len(c.Horizons); n > mostPoints || all > mostPoints {
		return nil, exit.Misuse("take a larger step, or fewer methods", "more than %d points", mostPoints)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Round((c.From+float64(i)*c.Step)*1e6) / 1e6
	}
	return out, nil
}

// Run is the verb.
func (c *sweepCmd) Run(p *program) error {
	workers := c.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	steps, err := c.thresholds()
	if err != nil {
		return err
	}
	g, err := openGold(c.Gold)
	if err != nil {
		return err
	}
	if g.contents != "clusters" {
		return exit.Misuse("sada eval scores a run by pairs and spans", "%s has %s; a sweep needs gold clusters", c.Gold, g.contents)
	}
	gold, kind, err := g.clusters(string(eval.Story))
	if err != nil {
		return err
	}
	if kind != eval.Story {
		return exit.Misuse("copies are verified on texts and have no threshold to choose", "%s is a gold of copies; a sweep is of stories", c.Gold)
	}
	var settings []story.Options
	for _, method := range c.Methods {
		for _, sigma := range c.Sigmas {
			for _, horizon := range c.Horizons {
				o := cluster.Defaults().Story
				o.Method, o.Sigma, o.Horizon, o.Workers = story.Method(method), sigma, horizon, workers
				if err := o.Validate(); err != nil {
					return exit.Misuse("sada sweep --help gives the defaults", "%w", err)
				}
				settings = append(settings, o)
			}
		}
	}

	set, err := c.open(p, c.Input, workers)
	if err != nil {
		return err
	}
	in, err := read(p.ctx, set, c.Stemmer, workers, nil, nil, newTeller(p, true, false, "reading"))
	if err != nil {
		return err
	}
	if len(in.pages) == 0 {
		return &exit.Error{Code: exit.Failed, Err: errors.New("the inputs hold no page"), Hint: rejectHint(in.first)}
	}
	options := cluster.Defaults()
	options.Workers = workers
	res, err := cluster.Run(in.pages, options, time.Now)
	if err != nil {
		return err
	}
	sweep := cluster.NewSweep(res, workers)
	first := eval.Halves(gold, c.Seed)
	var points []eval.Point
	runs := make(map[string]eval.Clustering) // by series and threshold, of which one will be chosen
	for _, threshold := range append([]float64{0}, steps...) {
		for _, o := range settings { // those that share links are next to each other
			if err := p.ctx.Err(); err != nil {
				return err
			}
			if o.Threshold = threshold; threshold > 0 {
				o.Floor = min(o.Floor, threshold/2) // as sada run has it
			}
			of, used, err := sweep.Stories(o)
			if err != nil {
				return exit.Misuse("sada sweep --help gives the defaults", "%w", err)
			}
			rows := make([]eval.Assignment, len(of))
			for i, s := range of {
				rows[i] = eval.Assignment{Page: res.Pages[i].ID, Cluster: strconv.Itoa(s)}
			}
			run, err := eval.NewClustering(rows)
			if err != nil {
				return err
			}
			point := eval.NewPoint(gold, run, first)
			if math.IsNaN(point.BCubed.F1) {
				return noOverlap(c.Gold, gold)
			}
			point.Series, point.Threshold, point.Auto = c.series(o), used.Threshold, threshold == 0
			points = append(points, point)
			runs[pointKey(point)] = run
		}
	}
	best := eval.Operate(points)
	interval := eval.DefaultBootstrap(c.Seed).PRF(eval.BCubedUnits(eval.Align(gold, runs[pointKey(best.Best)]).Table()))
	slices.SortStableFunc(points, func(a, b eval.Point) int { return strings.Compare(a.Series, b.Series) })
	var intervals []sweepInterval
	if c.JSON { // who draws the curve wants them; a bootstrap of every point takes its time
		for _, x := range points {
			if x.Series == best.Best.Series && !x.Auto {
				t := eval.Align(gold, runs[pointKey(x)]).Table()
				intervals = append(intervals, sweepInterval{x.Threshold, eval.DefaultBootstrap(c.Seed).PRF(eval.BCubedUnits(t))})
			}
		}
	}

	rows := [][]string{{"series", "threshold", "auto", "bcubed_precision", "bcubed_recall", "bcubed_f1", "pairwise_precision", "pairwise_recall", "pairwise_f1", "ari", "clusters", "largest"}}
	four := func(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }
	for _, x := range points {
		rows = append(rows, []string{x.Series, strconv.FormatFloat(publish.Round(x.Threshold), 'f', -1, 64), strconv.FormatBool(x.Auto), four(x.BCubed.Precision), four(x.BCubed.Recall), four(x.BCubed.F1),
			four(x.Pairwise.Precision), four(x.Pairwise.Recall), four(x.Pairwise.F1), four(x.ARI), strconv.Itoa(x.Clusters), strconv.Itoa(x.Largest)})
	}
	if c.Out != "" {
		if err := c.write(rows, points, best); err != nil {
			return err
		}
	}
	scored := len(eval.Align(gold, runs[pointKey(best.Best)]).Pages)
	return c.print(p, findings{
		object: struct {
			Type      string           `json:"type"`
			Pages     int              `json:"pages"`
			Scored    int              `json:"scored"`
			Points    []eval.Point     `json:"points"`
			Operating eval.Operating   `json:"operating"`
			Interval  eval.PRFEstimate `json:"bcubed"`
			Intervals []sweepInterval  `json:"intervals"`
		}{"sweep", len(res.Pages), scored, points, best, interval, intervals},
		rows: rows, text: sweepText(len(res.Pages), scored, points, best, interval, c.Out),
	})
}

// sweepInterval is the scores of a point of the best series, with intervals.
type sweepInterval struct {
	Threshold float64          `json:"threshold"`
	BCubed    eval.PRFEstimate `json:"bcubed"`
}

// series names all options of a point but its threshold, those that the sweep varies.
func (c *sweepCmd) series(o story.Options) string {
	s := string(o.Method)
	if len(c.Sigmas) > 1 {
		s += fmt.Sprintf(", sigma %g", o.Sigma)
	}
	if len(c.Horizons) > 1 {
		s += fmt.Sprintf(", horizon %g", o.Horizon)
	}
	return s
}

func pointKey(p eval.Point) string { return fmt.Sprint(p.Series, " ", p.Threshold) }

func sweepText(pages, scored int, points []eval.Point, o eval.Operating, interval eval.PRFEstimate, out string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d pages, of which %d are scored; %d points\n\n", pages, scored, len(points))
	table := [][]string{{"", "threshold", "B-cubed P", "R", "F1", "pairwise F1", "ARI", "stories", "largest"}}
	for _, x := range points {
		name := x.Series
		if x.Auto {
			name += " (by the corpus)"
		}
		mark := ""
		if x.Series == o.Best.Series && x.Threshold == o.Best.Threshold {
			mark = "  < best"
		}
		table = append(table, []string{name, strconv.FormatFloat(publish.Round(x.Threshold), 'f', -1, 64), fmt.Sprintf("%.4f", x.BCubed.Precision), fmt.Sprintf("%.4f", x.BCubed.Recall), fmt.Sprintf("%.4f", x.BCubed.F1),
			fmt.Sprintf("%.4f", x.Pairwise.F1), fmt.Sprintf("%.4f", x.ARI), strconv.Itoa(x.Clusters), strconv.Itoa(x.Largest) + mark})
	}
	b.WriteString(aligned("  ", table))
	fmt.Fprintf(&b, "\nbest: %s at %g, B-cubed F1 %.4f", o.Best.Series, publish.Round(o.Best.Threshold), o.Best.BCubed.F1)
	if interval.F1.Known() {
		fmt.Fprintf(&b, " [%.3f %.3f]", interval.F1.Low, interval.F1.High)
	} else {
		fmt.Fprintf(&b, " (no interval: %s)", interval.F1.Reason)
	}
	fmt.Fprintf(&b, "\n  within %g of it from %g to %g; the lowest within %g of the threshold is %.4f\n", o.Slack, publish.Round(o.From), publish.Round(o.To), o.Reach, o.Near)
	if o.HeldOut != nil {
		fmt.Fprintf(&b, "  chosen on one half of the gold clusters and scored on the other: %.4f\n", *o.HeldOut)
	}
	for _, x := range points {
		if x.Auto && x.Series == o.Best.Series {
			fmt.Fprintf(&b, "  the threshold that the corpus chooses, %g: %.4f, %.4f from the best\n", publish.Round(x.Threshold), x.BCubed.F1, o.Best.BCubed.F1-x.BCubed.F1)
		}
	}
	if out != "" {
		fmt.Fprintf(&b, "\nsweep.csv, thresholds.svg and precision-recall.svg are in %s\n", out)
	}
	return b.String()
}

// write writes the table and the plots.
func (c *sweepCmd) write(rows [][]string, points []eval.Point, best eval.Operating) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(c.Out, "sweep.csv"))
	if err != nil {
		return err
	}
	if err := errors.Join(csv.NewWriter(f).WriteAll(rows), f.Close()); err != nil {
		return err
	}
	curve := func(name, title, x, y string, at func(eval.Point) plotter.XY, mark plotter.XY) error {
		pl := plot.New()
		pl.Title.Text, pl.X.Label.Text, pl.Y.Label.Text = title, x, y
		pl.Y.Min, pl.Y.Max = 0, 1
		pl.Add(plotter.NewGrid())
		pl.Legend.Top, pl.Legend.Left = false, true
		series := make(map[string]plotter.XYs)
		var names []string
		for _, p := range points {
			if p.Auto {
				continue
			}
			if series[p.Series] == nil {
				names = append(names, p.Series)
			}
			series[p.Series] = append(series[p.Series], at(p))
		}
		for i, s := range names {
			line, dots, err := plotter.NewLinePoints(series[s])
			if err != nil {
				return err
			}
			line.Color, dots.Color = plotutil.Color(i), plotutil.Color(i)
			dots.Shape = plotutil.Shape(i)
			dots.Radius = vg.Points(2)
			pl.Add(line, dots)
			pl.Legend.Add(s, line, dots)
		}
		chosen, err := plotter.NewScatter(plotter.XYs{mark})
		if err != nil {
			return err
		}
		chosen.Radius = vg.Points(6)
		pl.Add(chosen)
		pl.Legend.Add("best", chosen)
		return pl.Save(18*vg.Centimeter, 12*vg.Centimeter, filepath.Join(c.Out, name))
	}
	b := best.Best
	return errors.Join(
		curve("thresholds.svg", "B-cubed F1 by threshold", "threshold", "B-cubed F1",
			func(p eval.Point) plotter.XY { return plotter.XY{X: p.Threshold, Y: p.BCubed.F1} }, plotter.XY{X: b.Threshold, Y: b.BCubed.F1}),
		curve("precision-recall.svg", "B-cubed precision and recall", "recall", "precision",
			func(p eval.Point) plotter.XY { return plotter.XY{X: p.BCubed.Recall, Y: p.BCubed.Precision} }, plotter.XY{X: b.BCubed.Recall, Y: b.BCubed.Precision}))
}
