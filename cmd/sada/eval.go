package main

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sada/cmd/sada/internal/publish"
	"sada/eval"
)

// exitGate is the exit code of a result below a gate that the caller has set.
const exitGate = 4

type evalCmd struct {
	Gold  string  `arg:"" help:"Gold clusters, pairs or spans: TSV, CSV or JSONL." type:"existingfile"`
	Dir   string  `arg:"" help:"Folder of a run." name:"run" type:"path"`
	Kind  string  `help:"What gold clusters and pairs are groups of, if the file does not say: story, copy." enum:"story,copy," default:""`
	By    string  `help:"Score slices as well: source, day, length." enum:"source,day,length," default:""`
	Seed  uint64  `help:"Of the bootstrap." default:"1" placeholder:"N"`
	MinF1 float64 `help:"Exit with 4 if the first F1 is below." name:"min-f1" placeholder:"F1"`
	JSON  bool    `help:"One JSON object." name:"json" xor:"form"`
	CSV   bool    `help:"Comma-separated values." name:"csv" xor:"form"`
}

func (c *evalCmd) Help() string {
	return `Scores a run by what people have said. The whole corpus of the run is clustered, and only labelled pages are scored. Gold files:

  clusters  id<TAB>cluster, with "#kind: story" or "#kind: copy" in the first line
  pairs     a<TAB>b<TAB>label, the label same, different or related
  spans     id<TAB>from<TAB>to<TAB>kind, bytes of the page's text; an id alone is a page without spans

CSV and JSONL have the same columns by name. Intervals are at 95 %, by bootstrap over gold clusters or pages. An example:

  sada eval testdata/gold.stories.tsv out --by source`
}

// goldFile is a gold file and what it holds.
type goldFile struct {
	path     string
	format   eval.Format
	contents string // clusters, pairs, spans
}

// openGold finds out what a gold file holds, by its name and its first lines.
func openGold(path string) (goldFile, error) {
	g := goldFile{path: path}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		g.format = eval.CSV
	case ".jsonl", ".json", ".ndjson":
		g.format = eval.JSONL
	default:
		g.format = eval.TSV
	}
	f, err := os.Open(path)
	if err != nil {
		return g, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	has := make(map[string]bool)
	columns := 0
	for n := 0; lines.Scan() && n < 1000; n++ { // pages without spans may come first
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		switch g.format {
		case eval.JSONL:
			var row map[string]any
			if json.Unmarshal([]byte(line), &row) == nil {
				for k := range row {
					has[k] = true
				}
			}
		case eval.CSV:
			if fields, err := csv.NewReader(strings.NewReader(line)).Read(); err == nil && n == 0 {
				for _, k := range fields {
					has[k] = true
				}
			}
		default:
			columns = max(columns, strings.Count(line, "\t")+1)
		}
	}
	if err := lines.Err(); err != nil {
		return g, fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case has["cluster"] || columns == 2:
		g.contents = "clusters"
	case has["label"] || columns == 3 || columns == 5: // with stratum and weight
		g.contents = "pairs"
	case has["from"] || columns == 4:
		g.contents = "spans"
	default:
		return g, usage("sada eval --help describes gold files", "%s: neither clusters, pairs nor spans", path)
	}
	return g, nil
}

// read calls the reader of the gold's contents.
func readGold[T any](g goldFile, read func(io.Reader, eval.Format) (T, eval.Kind, error)) (T, eval.Kind, error) {
	var none T
	f, err := os.Open(g.path)
	if err != nil {
		return none, "", err
	}
	defer f.Close()
	out, kind, err := read(f, g.format)
	if err != nil {
		return none, "", usage("sada eval --help describes gold files", "%s: %w", g.path, err)
	}
	return out, kind, nil
}

// runPages reads the pages of a run; a missing run is a usage error.
func runPages(dir string) ([]publish.Page, error) {
	if _, err := publish.ReadManifest(dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usage("name the folder that sada run --out has written", "no run in %s", dir)
		}
		return nil, err
	}
	return collect(dir, "pages", func(*publish.Page) bool { return true })
}

// clustering is the run's, of one kind.
func clustering(pages []publish.Page, kind eval.Kind) (eval.Clustering, error) {
	rows := make([]eval.Assignment, len(pages))
	for i, p := range pages {
		rows[i] = eval.Assignment{Page: p.ID, Cluster: p.Story}
		if kind == eval.Copy {
			rows[i].Cluster = p.CopyGroup
		}
	}
	return eval.NewClustering(rows)
}

func (c *evalCmd) kind(of eval.Kind) (eval.Kind, error) {
	if kind := cmp.Or(of, eval.Kind(c.Kind)); kind != "" {
		return kind, nil
	}
	return "", usage(`begin the file with "#kind: story" or "#kind: copy", or give --kind`, "%s: the file does not say what it groups", c.Gold)
}

// Run is the verb.
func (c *evalCmd) Run(p *program) error {
	g, err := openGold(c.Gold)
	if err != nil {
		return err
	}
	pages, err := runPages(c.Dir)
	if err != nil {
		return err
	}
	r := &scoreReport{out: p.stdout, asJSON: c.JSON, asCSV: c.CSV}
	switch g.contents {
	case "clusters":
		err = c.clusters(r, g, pages)
	case "pairs":
		err = c.pairs(r, g, pages)
	default:
		err = c.spans(r, g, pages)
	}
	if err != nil {
		return err
	}
	if err := r.print(); err != nil {
		return err
	}
	if f1, ok := r.first(); c.MinF1 > 0 && (!ok || f1 < c.MinF1) {
		return &failure{exitGate, fmt.Errorf("F1 %.4f is below the gate of %.4f", f1, c.MinF1), "sada worst lists what is wrong"}
	}
	return nil
}

func (c *evalCmd) clusters(r *scoreReport, g goldFile, pages []publish.Page) error {
	gold, kind, err := readGold(g, eval.ReadClusters)
	if err != nil {
		return err
	}
	if kind, err = c.kind(kind); err != nil {
		return err
	}
	run, err := clustering(pages, kind)
	if err != nil {
		return err
	}
	a := eval.Align(gold, run)
	if len(a.Pages) == 0 {
		return usage("check that gold and run are of the same corpus", "%s: none of its %d pages is in the run", c.Gold, gold.Len())
	}
	r.note("%d labelled pages in %d %s clusters; the run has %d pages in %d; %d are scored", gold.Len(), gold.NumClusters(), kind, run.Len(), run.NumClusters(), len(a.Pages))
	r.absent(a.Absent)
	t := a.Table()
	b := eval.DefaultBootstrap(c.Seed)
	r.units("B-cubed", b, eval.BCubedUnits(t))
	r.units("pairwise", b, eval.PairwiseUnits(t))
	r.units("exact clusters", b, eval.ExactClusterUnits(t))
	r.units("CEAF-e", b, eval.CEAFeUnits(t))
	r.point("BLANC", eval.BLANC(t))
	v := eval.VMeasure(t)
	r.single("ARI", eval.ARI(t))
	r.single("AMI", eval.AMI(t))
	r.single("NMI", eval.NMI(t))
	r.single("homogeneity", v.Homogeneity)
	r.single("completeness", v.Completeness)
	r.single("V-measure", v.V)
	r.note("clusters of the scored pages: gold %s; run %s", sizes(t.Gold), sizes(t.Run))
	c.slices(r, a, pages)
	return nil
}

// sizes writes a histogram in a few words.
func sizes(of []int) string {
	h := eval.Histogram(of)
	single := 0
	if len(h) > 0 && h[0].Size == 1 {
		single = h[0].Clusters
	}
	largest := 0
	if len(h) > 0 {
		largest = h[len(h)-1].Size
	}
	return fmt.Sprintf("%d, %d of one page, largest %d", len(of), single, largest)
}

// slices scores parts of the labelled pages.
func (c *evalCmd) slices(r *scoreReport, a eval.Alignment, pages []publish.Page) {
	if c.By == "" {
		return
	}
	of := make(map[string]string, len(pages))
	for i := range pages {
		of[pages[i].ID] = c.slice(&pages[i])
	}
	names := make(map[string]bool)
	for _, id := range a.Pages {
		names[of[id]] = true
	}
	order := make([]string, 0, len(names))
	for n := range names {
		order = append(order, n)
	}
	slices.Sort(order)
	for _, name := range order {
		part := a.Subset(func(id string) bool { return of[id] == name })
		r.point(fmt.Sprintf("B-cubed, %s %s (%d pages)", c.By, cmp.Or(name, "unknown"), len(part.Pages)), eval.BCubed(part.Table()))
	}
}

// slice names the part that a page is in.
func (c *evalCmd) slice(p *publish.Page) string {
	switch c.By {
	case "source":
		return p.Source
	case "day":
		if p.DateUsed == nil {
			return ""
		}
		return (*p.DateUsed)[:len("2006-01-02")]
	}
	bytes := int64(0)
	for _, part := range p.Parts {
		if part.Kind == "main" {
			bytes += part.To - part.From
		}
	}
	// Doubling classes: a brief, a report, a feature.
	limit := int64(500)
	for bytes >= limit && limit < 16000 {
		limit *= 2
	}
	if bytes >= limit {
		return fmt.Sprintf("%6d and more bytes", limit)
	}
	return fmt.Sprintf("under %6d bytes", limit)
}

func (c *evalCmd) pairs(r *scoreReport, g goldFile, pages []publish.Page) error {
	pairs, kind, err := readGold(g, eval.ReadPairs)
	if err != nil {
		return err
	}
	if kind, err = c.kind(kind); err != nil {
		return err
	}
	run, err := clustering(pages, kind)
	if err != nil {
		return err
	}
	problems := eval.CheckPairs(pairs)
	for _, s := range problems.Self {
		r.note("warning: %s is paired with itself; not scored", s.A)
	}
	for _, s := range problems.Contradictions[:min(len(problems.Contradictions), maxRows)] {
		r.note("warning: %s and %s are labelled apart, but a chain of labels joins them: %s", s.A, s.B, strings.Join(s.Chain, " = "))
	}
	s := eval.ScorePairs(pairs, run)
	r.absent(s.Absent)
	if s.Scored() == 0 {
		return usage("check that gold and run are of the same corpus, and that pairs are labelled", "%s: none of its %d pairs can be scored", c.Gold, len(pairs))
	}
	r.note("%d %s pairs scored, %d without a label; together in the run and the same %d, not the same %d; apart and the same %d, not the same %d",
		s.Scored(), kind, s.Unjudged, s.TruePositive, s.FalsePositive, s.FalseNegative, s.TrueNegative)
	r.point("listed pairs", s.PRF())
	return nil
}

// within is how far a boundary may be off in the second of the two boundary scores, in bytes: ten
// Arabic words of six letters and a space.
const within = 130

func (c *evalCmd) spans(r *scoreReport, g goldFile, pages []publish.Page) error {
	gold, err := func() (eval.SpanSet, error) {
		f, err := os.Open(g.path)
		if err != nil {
			return eval.SpanSet{}, err
		}
		defer f.Close()
		return eval.ReadSpans(f, g.format)
	}()
	if err != nil {
		return usage("sada eval --help describes gold files", "%s: %w", g.path, err)
	}
	var ids []string
	var spans []eval.Span
	for _, p := range pages {
		ids = append(ids, p.ID)
		for _, part := range p.Parts {
			if part.To > part.From {
				spans = append(spans, eval.Span{Page: p.ID, From: int(part.From), To: int(part.To), Kind: part.Kind})
			}
		}
	}
	run, err := eval.NewSpanSet(ids, spans)
	if err != nil {
		return err
	}
	a := eval.AlignSpans(gold, run)
	if len(a.Pages) == 0 {
		return usage("check that gold and run are of the same corpus", "%s: none of its pages is in the run", c.Gold)
	}
	r.note("%d pages with labelled spans are scored", len(a.Pages))
	r.absent(a.Absent)
	b := eval.DefaultBootstrap(c.Seed)
	for _, kind := range gold.Kinds() {
		r.units(kind+": characters", b, eval.CharacterUnits(a, kind))
		r.units(kind+": both boundaries exact", b, eval.Boundaries(a, kind, 0, eval.ByteDistance).Span)
		r.units(fmt.Sprintf("%s: within %d bytes", kind, within), b, eval.Boundaries(a, kind, within, eval.ByteDistance).Span)
		d := eval.PlagDet(a, kind)
		r.single(kind+": PlagDet", d.PlagDet)
		r.single(kind+": granularity", d.Granularity)
	}
	return nil
}

// scoreReport collects scores and prints them as a table, JSON or CSV.
type scoreReport struct {
	out           io.Writer
	asJSON, asCSV bool
	notes         []string
	rows          []scoreRow
}

// scoreRow is one measure. Numbers that are not known are null.
type scoreRow struct {
	Measure   string `json:"measure"`
	Precision *score `json:"precision,omitempty"`
	Recall    *score `json:"recall,omitempty"`
	F1        *score `json:"f1,omitempty"`
	Value     *score `json:"value,omitempty"`
}

type score struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
	Why   string   `json:"no_interval,omitempty"`
}

func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	x = round(x)
	return &x
}

func (r *scoreReport) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// absent tells of labelled pages that the run does not have.
func (r *scoreReport) absent(ids []string) {
	if len(ids) > 0 {
		r.note("warning: %d labelled pages are not in the run: %s", len(ids), strings.Join(ids[:min(len(ids), maxRows)], " "))
	}
}

func estimate(e eval.Estimate, value float64) *score {
	s := &score{Value: number(value)}
	if e.Known() {
		s.Low, s.High = number(e.Low), number(e.High)
	} else {
		s.Why = e.Reason
	}
	return s
}

// units adds a measure with intervals; where there are too few units for one, the figures alone.
func (r *scoreReport) units(name string, b eval.Bootstrap, u eval.Units) {
	e, point := b.PRF(u), u.PRF()
	r.rows = append(r.rows, scoreRow{Measure: name, Precision: estimate(e.Precision, point.Precision), Recall: estimate(e.Recall, point.Recall), F1: estimate(e.F1, point.F1)})
}

func (r *scoreReport) point(name string, s eval.PRF) {
	r.rows = append(r.rows, scoreRow{Measure: name, Precision: &score{Value: number(s.Precision)}, Recall: &score{Value: number(s.Recall)}, F1: &score{Value: number(s.F1)}})
}

func (r *scoreReport) single(name string, x float64) {
	r.rows = append(r.rows, scoreRow{Measure: name, Value: &score{Value: number(x)}})
}

// first returns the F1 of the first measure.
func (r *scoreReport) first() (float64, bool) {
	for _, row := range r.rows {
		if row.F1 != nil && row.F1.Value != nil {
			return *row.F1.Value, true
		}
	}
	return 0, false
}

func (s *score) String() string {
	if s == nil {
		return ""
	}
	if s.Value == nil {
		return "-"
	}
	out := fmt.Sprintf("%.4f", *s.Value)
	if s.Low != nil && s.High != nil {
		out += fmt.Sprintf(" [%.3f %.3f]", *s.Low, *s.High)
	}
	return out
}

func (s *score) cells() []string {
	cell := func(x *float64) string {
		if x == nil {
			return ""
		}
		return strconv.FormatFloat(*x, 'f', 4, 64)
	}
	if s == nil {
		return []string{"", "", ""}
	}
	return []string{cell(s.Value), cell(s.Low), cell(s.High)}
}

func (r *scoreReport) print() error {
	switch {
	case r.asJSON:
		b, err := json.Marshal(struct {
			Type   string     `json:"type"`
			Notes  []string   `json:"notes"`
			Scores []scoreRow `json:"scores"`
		}{"scores", r.notes, r.rows})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(r.out, "%s\n", b)
		return err
	case r.asCSV:
		w := csv.NewWriter(r.out)
		rows := [][]string{{"measure", "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high", "f1", "f1_low", "f1_high", "value"}}
		for _, row := range r.rows {
			rows = append(rows, slices.Concat([]string{row.Measure}, row.Precision.cells(), row.Recall.cells(), row.F1.cells(), row.Value.cells()[:1]))
		}
		return w.WriteAll(rows)
	}
	var b strings.Builder
	for _, n := range r.notes {
		fmt.Fprintln(&b, n)
	}
	width := 0
	for _, row := range r.rows {
		width = max(width, len([]rune(row.Measure)))
	}
	fmt.Fprintf(&b, "\n%-*s  %-22s %-22s %-22s\n", width, "", "precision", "recall", "F1")
	why := ""
	for _, row := range r.rows {
		pad := strings.Repeat(" ", width-len([]rune(row.Measure)))
		if row.Value != nil {
			fmt.Fprintf(&b, "%s%s  %-22s %-22s %-22s\n", row.Measure, pad, "", "", row.Value)
			continue
		}
		fmt.Fprintf(&b, "%s%s  %-22s %-22s %-22s\n", row.Measure, pad, row.Precision, row.Recall, row.F1)
		why = cmp.Or(why, row.F1.Why)
	}
	if why != "" {
		fmt.Fprintf(&b, "\nno interval where there is none: %s\n", why)
	}
	_, err := io.WriteString(r.out, b.String())
	return err
}
