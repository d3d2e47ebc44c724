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
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"sada/cluster/copies"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/eval"
	"sada/features/article"
	"sada/features/shingle"
)

type evalCmd struct {
	Gold string             `arg:"" help:"Gold clusters, pairs or spans: TSV, CSV or JSONL." type:"existingfile"`
	Dir  string             `arg:"" help:"Folder of a run." name:"run" type:"path"`
	Kind string             `help:"What gold clusters and pairs are groups of, if the file does not say: story, copy." enum:"story,copy," default:""`
	By   string             `help:"Score slices as well: source, day, length, spelling." enum:"source,day,length,spelling," default:""`
	LSH  bool               `help:"Compare the LSH of the run with all pairs of its texts, which are read again." name:"lsh"`
	Seed uint64             `help:"Of the bootstrap (default ${default})." default:"1" placeholder:"N"`
	Min  map[string]float64 `help:"Exit with 4 if a figure is below, as --min b-cubed-f1=0.95." placeholder:"NAME=VALUE"`
	formFlags
}

func (c *evalCmd) Help() string {
	return `Scores a run by what people have said. The whole corpus of the run is clustered, and only labelled pages are scored. Gold files:

  clusters  id<TAB>cluster, with "#kind: story" or "#kind: copy" in the first line
  pairs     a<TAB>b<TAB>label, the label same, different or related, or one of a labels file
  spans     id<TAB>from<TAB>to<TAB>kind, bytes of the page's text; an id alone is a page without spans

CSV and JSONL have the same columns by name. Intervals are at 95 %, by bootstrap over gold clusters or pages. The figures for
--min are those of --csv with hyphens: b-cubed-f1, pairwise-precision, ari, tail-characters-recall. An example:

  sada eval testdata/gold.stories.tsv out --by source --min b-cubed-f1=0.95`
}

// goldFile is a gold file and what it holds.
type goldFile struct {
	path     string
	format   eval.Format
	contents string // clusters, pairs, spans
}

const goldHint = "sada eval --help describes gold files"

// openGold finds out what a gold file holds, by its name and its first lines.
func openGold(path string) (goldFile, error) {
	g := goldFile{path: path, format: formatOf(path)}
	f, err := os.Open(path)
	if err != nil {
		return g, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	has := make(map[string]bool)
	columns, records := 0, 0
	for n := 0; lines.Scan() && n < 1000; n++ { // pages without spans may come first
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		records++
		switch g.format {
		case eval.JSONL:
			var row map[string]any
			if json.Unmarshal([]byte(line), &row) == nil {
				for k := range row {
					has[k] = true
				}
			}
		case eval.CSV:
			if fields, err := csv.NewReader(strings.NewReader(line)).Read(); err == nil && records == 1 {
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
	case records == 0:
		return g, exit.Misuse(goldHint, "%s is empty: there is nothing to score by", path)
	case has["cluster"] || columns == 2:
		g.contents = "clusters"
	case has["label"] || columns == 3 || columns > 4: // with stratum and weight
		g.contents = "pairs"
	case has["from"] || columns == 4:
		g.contents = "spans"
	default:
		return g, exit.Misuse(goldHint, "%s: neither clusters, pairs nor spans", path)
	}
	return g, nil
}

// readGold calls the reader of the gold's contents.
func readGold[T any](g goldFile, read func(io.Reader, eval.Format) (T, eval.Kind, error)) (T, eval.Kind, error) {
	var none T
	f, err := os.Open(g.path)
	if err != nil {
		return none, "", err
	}
	defer f.Close()
	out, kind, err := read(f, g.format)
	if err != nil {
		return none, "", exit.Misuse(goldHint, "%s: %w", g.path, err)
	}
	return out, kind, nil
}

// kindOf is what a gold file groups, by its first line or else by the flag.
func (g goldFile) kindOf(said eval.Kind, flag string) (eval.Kind, error) {
	if kind := cmp.Or(said, eval.Kind(flag)); kind != "" {
		return kind, nil
	}
	return "", exit.Misuse(`begin the file with "#kind: story" or "#kind: copy", or give --kind`, "%s: the file does not say what it groups", g.path)
}

// clusters reads gold clusters, of which there is one at least.
func (g goldFile) clusters(flag string) (eval.Clustering, eval.Kind, error) {
	gold, said, err := readGold(g, eval.ReadClusters)
	if err != nil {
		return gold, "", err
	}
	if gold.Len() == 0 {
		return gold, "", exit.Misuse(goldHint, "%s is empty: there is nothing to score by", g.path)
	}
	kind, err := g.kindOf(said, flag)
	return gold, kind, err
}

func noOverlap(path string, gold eval.Clustering) error {
	return exit.Misuse("check that gold and run are of the same corpus; ids must be equal byte for byte", "%s: none of its %d pages is in the run, as %q", path, gold.Len(), gold.Members()[0].Pages[0])
}

// runPages reads the pages of a run; a missing run is a usage error.
func runPages(dir string) ([]publish.Page, error) {
	if _, err := publish.ReadManifest(dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, exit.Misuse("name the folder that sada run --out has written", "no run in %s", dir)
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
	r := new(scoreReport)
	switch g.contents {
	case "clusters":
		err = c.clusters(p, r, g, pages)
	case "pairs":
		err = c.pairs(r, g, pages)
	default:
		err = c.spans(r, g, pages)
	}
	if err != nil {
		return err
	}
	if c.LSH {
		if err := c.lsh(p, r, pages); err != nil {
			return err
		}
	}
	if err := c.print(p, r.findings()); err != nil {
		return err
	}
	return gate(c.Min, r.figures(), true)
}

// clusterMeasures are the measures of clusterings that have units for a bootstrap.
var clusterMeasures = []struct {
	name  string
	units func(eval.Table) eval.Units
}{
	{"B-cubed", eval.BCubedUnits}, {"pairwise", eval.PairwiseUnits}, {"exact clusters", eval.ExactClusterUnits}, {"CEAF-e", eval.CEAFeUnits},
}

func (c *evalCmd) clusters(p *program, r *scoreReport, g goldFile, pages []publish.Page) error {
	gold, kind, err := g.clusters(c.Kind)
	if err != nil {
		return err
	}
	run, err := clustering(pages, kind)
	if err != nil {
		return err
	}
	a := eval.Align(gold, run)
	switch len(a.Pages) {
	case 0:
		return noOverlap(c.Gold, gold)
	case 1:
		return exit.Misuse("label more pages", "%s: one labelled page is in the run, %q: a clustering of one page cannot be scored", c.Gold, a.Pages[0])
	}
	r.note("%d labelled pages in %d %s clusters; the run has %d pages in %d; %d are scored", gold.Len(), gold.NumClusters(), kind, run.Len(), run.NumClusters(), len(a.Pages))
	if a.Unlabelled > 0 {
		r.note("%d pages of the run have no label: a small gold flatters, since what can be confused grows with the square of the corpus", a.Unlabelled)
	}
	r.absent(a.Absent)
	t := a.Table()
	r.degenerate(t)
	b := eval.DefaultBootstrap(c.Seed)
	for _, m := range clusterMeasures {
		r.units(m.name, b, m.units(t))
	}
	r.point("BLANC", eval.BLANC(t))
	v := eval.VMeasure(t)
	r.single("ARI", eval.ARI(t))
	r.single("AMI", eval.AMI(t))
	r.single("NMI", eval.NMI(t))
	r.single("homogeneity", v.Homogeneity)
	r.single("completeness", v.Completeness)
	r.single("V-measure", v.V)
	r.note("clusters of the scored pages: gold %s; run %s", sizes(t.Gold), sizes(t.Run))
	r.goldSizes, r.runSizes = eval.Histogram(t.Gold), eval.Histogram(t.Run)
	return c.slices(p, r, a, pages)
}

// degenerate warns of a gold or a run that no score tells anything about.
func (r *scoreReport) degenerate(t eval.Table) {
	for _, x := range []struct {
		bad  bool
		says string
	}{
		{len(t.Gold) == t.N, "the gold has no two scored pages together: pairwise recall is 1 whatever the run does"},
		{len(t.Gold) == 1, "the gold has all scored pages in one cluster: precision is 1 whatever the run does"},
		{len(t.Run) == t.N, "the run has no two scored pages together: precision is 1 by that alone"},
		{len(t.Run) == 1, "the run has all scored pages in one cluster: recall is 1 by that alone"},
	} {
		if x.bad {
			r.note(warning+"%s", x.says)
		}
	}
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
func (c *evalCmd) slices(p *program, r *scoreReport, a eval.Alignment, pages []publish.Page) error {
	if c.By == "" {
		return nil
	}
	habits := make(map[string]string)
	if c.By == "spelling" { // the run does not keep texts
		f, err := openRun(c.Dir, a.Pages...)
		if err != nil {
			return err
		}
		if err := f.read(p); err != nil {
			return err
		}
		for id, page := range f.articles {
			habits[id] = eval.Spelling(page.Text)
		}
	}
	of := make(map[string]string, len(pages))
	for i := range pages {
		if of[pages[i].ID] = habits[pages[i].ID]; c.By != "spelling" {
			of[pages[i].ID] = c.slice(&pages[i])
		}
	}
	names := make(map[string]bool)
	for _, id := range a.Pages {
		names[of[id]] = true
	}
	b := eval.DefaultBootstrap(c.Seed)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		pages := 0
		units := eval.BCubedSlice(a, func(id string) bool {
			if of[id] == name {
				pages++
			}
			return of[id] == name
		})
		r.units(fmt.Sprintf("B-cubed, %s %s (%d pages)", c.By, cmp.Or(name, "unknown"), pages), b, units)
	}
	return nil
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
	bytes := ownBytes(p)
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

// ownBytes is the length of a page's main text.
func ownBytes(p *publish.Page) int64 {
	n := int64(0)
	for _, part := range p.Parts {
		if part.Kind == article.Main.String() {
			n += part.To - part.From
		}
	}
	return n
}

func (c *evalCmd) pairs(r *scoreReport, g goldFile, pages []publish.Page) error {
	pairs, kind, err := readGold(g, eval.ReadPairs)
	if err != nil {
		return err
	}
	if kind, err = g.kindOf(kind, c.Kind); err != nil {
		return err
	}
	pairs = eval.For(pairs, kind)
	run, err := clustering(pages, kind)
	if err != nil {
		return err
	}
	problems := eval.CheckPairs(pairs)
	for _, s := range problems.Self {
		r.note(warning+"%s is paired with itself; not scored", s.A)
	}
	shown := min(len(problems.Contradictions), maxRows)
	if shown > 0 {
		r.note(warning+"contradictions in the gold: %s", shownOf(shown, len(problems.Contradictions)))
	}
	for _, s := range problems.Contradictions[:shown] {
		r.note(warning+"%s and %s are labelled apart, but a chain of labels joins them: %s", s.A, s.B, strings.Join(s.Chain, " = "))
	}
	s := eval.ScorePairs(pairs, run)
	r.absent(s.Absent)
	if s.Scored() == 0 {
		return exit.Misuse("check that gold and run are of the same corpus, and that pairs are labelled", "%s: none of its %d pairs can be scored", c.Gold, len(pairs))
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
		return exit.Misuse(goldHint, "%s: %w", g.path, err)
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
		return exit.Misuse("check that gold and run are of the same corpus", "%s: none of its pages is in the run", c.Gold)
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

// lshPages bounds the pages that are compared with each other: 12.5 million pairs.
const lshPages = 5000

// lsh compares the candidates of LSH with all pairs, on the texts of the run.
func (c *evalCmd) lsh(p *program, r *scoreReport, pages []publish.Page) error {
	ids := make([]string, len(pages))
	for i := range pages {
		ids[i] = pages[i].ID
	}
	slices.Sort(ids)
	if len(ids) > lshPages {
		rand.New(rand.NewPCG(c.Seed, 0)).Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		ids = ids[:lshPages]
		slices.Sort(ids)
	}
	f, err := openRun(c.Dir, ids...)
	if err != nil {
		return err
	}
	if err := f.read(p); err != nil {
		return err
	}
	options, err := f.options.options(1)
	if err != nil {
		return err
	}
	var sets [][]uint64
	for _, id := range ids {
		words, _ := f.pages[id].MainWords(f.rows[id].ArticleParts())
		if set := shingle.Set(shingle.Grams(nil, words, copies.ShingleWords)); len(set) >= copies.MinShingles {
			sets = append(sets, set)
		}
	}
	sketcher, shape, err := f.sketcher()
	if err != nil {
		return err
	}
	l := eval.MeasureLSH(sets, sketcher, shape, options.Bucket, f.options.Similarity)
	r.curve = &l
	return nil
}

// scoreReport collects scores, to be printed as a table, JSON or CSV.
type scoreReport struct {
	notes               []string
	rows                []scoreRow
	goldSizes, runSizes []eval.SizeCount
	curve               *eval.LSHRecall
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
	x = publish.Round(x)
	return &x
}

func (r *scoreReport) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// absent tells of labelled pages that the run does not have.
func (r *scoreReport) absent(ids []string) {
	if len(ids) > 0 {
		r.note(warning+"%d labelled pages are not in the run: %s", len(ids), strings.Join(ids[:min(len(ids), maxRows)], " "))
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
	if why := e.F1.Reason; why != "" && len(r.rows) == 0 {
		r.note(warning+"%s; the scores hold for the labelled pages alone", why)
	}
	r.rows = append(r.rows, scoreRow{Measure: name, Precision: estimate(e.Precision, point.Precision), Recall: estimate(e.Recall, point.Recall), F1: estimate(e.F1, point.F1)})
}

func (r *scoreReport) point(name string, s eval.PRF) {
	r.rows = append(r.rows, scoreRow{Measure: name, Precision: &score{Value: number(s.Precision)}, Recall: &score{Value: number(s.Recall)}, F1: &score{Value: number(s.F1)}})
}

func (r *scoreReport) single(name string, x float64) {
	r.rows = append(r.rows, scoreRow{Measure: name, Value: &score{Value: number(x)}})
}

// figures are all scores by the names that limits use.
func (r *scoreReport) figures() map[string]*float64 {
	out := make(map[string]*float64)
	for _, row := range r.rows {
		name := strings.Map(func(c rune) rune {
			if c == ' ' {
				return '-'
			}
			return c
		}, strings.ToLower(strings.NewReplacer(":", "", ",", "").Replace(row.Measure)))
		for suffix, s := range map[string]*score{"-precision": row.Precision, "-recall": row.Recall, "-f1": row.F1, "": row.Value} {
			if s != nil {
				out[name+suffix] = s.Value
			}
		}
	}
	if r.curve != nil {
		out["lsh-recall"] = number(r.curve.Recall())
	}
	return out
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

func (r *scoreReport) findings() findings {
	rows := [][]string{{"measure", "precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high", "f1", "f1_low", "f1_high", "value"}}
	for _, row := range r.rows {
		rows = append(rows, slices.Concat([]string{row.Measure}, row.Precision.cells(), row.Recall.cells(), row.F1.cells(), row.Value.cells()[:1]))
	}
	return findings{
		object: struct {
			Type      string           `json:"type"`
			Notes     []string         `json:"notes"`
			Scores    []scoreRow       `json:"scores"`
			GoldSizes []eval.SizeCount `json:"gold_sizes,omitempty"`
			RunSizes  []eval.SizeCount `json:"run_sizes,omitempty"`
			LSH       *eval.LSHRecall  `json:"lsh,omitempty"`
		}{"scores", orEmpty(r.notes), orEmpty(r.rows), r.goldSizes, r.runSizes, r.curve},
		rows: rows, text: r.text(), notes: r.notes,
	}
}

func (r *scoreReport) text() string {
	var b strings.Builder
	for _, n := range r.notes {
		fmt.Fprintln(&b, n)
	}
	width := 0
	for _, row := range r.rows {
		width = max(width, len([]rune(row.Measure)))
	}
	line := func(cells ...any) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%s  %-22s %-22s %s", cells...), " "))
	}
	fmt.Fprintln(&b)
	line(strings.Repeat(" ", width), "precision", "recall", "F1")
	why := ""
	for _, row := range r.rows {
		name := row.Measure + strings.Repeat(" ", width-len([]rune(row.Measure)))
		if row.Value != nil {
			line(name, "", "", row.Value)
			continue
		}
		line(name, row.Precision, row.Recall, row.F1)
		why = cmp.Or(why, row.F1.Why)
	}
	if why != "" {
		fmt.Fprintf(&b, "\nno interval where there is none: %s\n", why)
	}
	if r.curve != nil {
		fmt.Fprintf(&b, "\nLSH of %d bands of %d rows on %d texts, compared with all pairs: of %d pairs of Jaccard similarity %g and more it proposes %d\n",
			r.curve.Bands, r.curve.Rows, r.curve.Sets, r.curve.Pairs, r.curve.Least, r.curve.Found)
		rows := [][]string{{"Jaccard", "pairs", "proposed", "share [95 %]", "by theory"}}
		for _, x := range r.curve.Curve {
			rows = append(rows, []string{fmt.Sprintf("%.1f-%.1f", x.From, x.To), strconv.Itoa(x.Pairs), strconv.Itoa(x.Found), fmt.Sprintf("%.4f [%.3f %.3f]", x.Measured, x.Low, x.High), fmt.Sprintf("%.4f", x.Theory)})
		}
		b.WriteString(aligned("  ", rows))
	}
	return b.String()
}
