package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sada/cmd/internal/exit"
	"sada/eval"
)

// labelFlags say what labels are read as.
type labelFlags struct {
	Kind      string `help:"What the labels decide, if the sample does not say: story, copy." enum:"story,copy," default:""`
	Annotator string `help:"Only the labels of this annotator." placeholder:"NAME"`
}

type estimateCmd struct {
	Sample string             `arg:"" help:"Sample file of sada sample." type:"existingfile"`
	Labels []string           `arg:"" help:"Labels files, JSONL, CSV or TSV; the sample itself if it was filled in." type:"existingfile"`
	Dir    string             `help:"Folder of another run of the same corpus, to be judged by the same labels." name:"run" placeholder:"DIR" type:"path"`
	Level  float64            `help:"Of the intervals (default ${default})." default:"0.95" placeholder:"P"`
	Min    map[string]float64 `help:"Exit with 4 if precision, recall or, of clusters, f1 is below, as --min precision=0.9." placeholder:"NAME=VALUE"`
	labelFlags
	formFlags
}

func (c *estimateCmd) Help() string {
	return `Estimates precision and recall of a run from labels on a sample, by the weights that the sample has kept: of its
pairs from a sample of pairs, B-cubed and its F1 from one of clusters. Labels are same_text, same_story, related, different,
unsure. Where several annotators have labelled a pair the majority holds, and a pair without one counts as not labelled.
Recall is relative to the pool that the sample was drawn from, or the clusters that it asks about. With too few labels
there is a reason in place of a number. An example:

  sada estimate sample.jsonl labels.jsonl --min precision=0.9`
}

// readJudgements reads labels files, of which the rows of one without annotators are those of a person
// of the file's name. The kind is that of the first file that has one.
func readJudgements(paths []string) ([]eval.Judgement, eval.Kind, error) {
	var all []eval.Judgement
	var kind eval.Kind
	for _, path := range paths {
		js, k, err := func() ([]eval.Judgement, eval.Kind, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, "", err
			}
			defer f.Close()
			name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
			return eval.ReadJudgements(f, formatOf(path), name)
		}()
		if err != nil {
			return nil, "", exit.Misuse(labelsHint, "%s: %w", path, err)
		}
		all, kind = append(all, js...), cmp.Or(kind, k)
	}
	return all, kind, nil
}

const labelsHint = "a row has a, b, annotator and label: same_text, same_story, related, different or unsure"

// readSample reads a sample file.
func readSample(path string) (eval.SampleFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return eval.SampleFile{}, err
	}
	defer f.Close()
	s, err := eval.ReadSample(f, formatOf(path))
	if err != nil {
		return eval.SampleFile{}, exit.Misuse("sada sample writes such files", "%s: %w", path, err)
	}
	return s, nil
}

// Run is the verb.
func (c *estimateCmd) Run(p *program) error {
	if !(c.Level > 0 && c.Level < 1) {
		return exit.Misuse("0.95 is usual", "level %v: want a number between 0 and 1", c.Level)
	}
	sample, err := readSample(c.Sample)
	if err != nil {
		return err
	}
	said, _, err := readJudgements(c.Labels)
	if err != nil {
		return err
	}
	kind := cmp.Or(sample.Kind, eval.Kind(c.Kind))
	if kind == "" {
		return exit.Misuse("give --kind story or --kind copy", "%s does not say what it is a sample of", c.Sample)
	}
	if c.Annotator != "" {
		said = slices.DeleteFunc(said, func(j eval.Judgement) bool { return j.Annotator != c.Annotator })
	}
	judgements := eval.NewJudgements(said)
	labelled, disputed := judgements.For(kind).Consensus()
	label := make(map[[2]string]eval.Label)
	for _, l := range labelled {
		label[[2]string{l.A, l.B}] = cmp.Or(l.Label, eval.Unsure)
	}
	var e estimates
	e.note("%d annotators: %s", len(judgements.Annotators), strings.Join(judgements.Annotators, ", "))
	unsure := 0
	for i := range sample.Pairs {
		p := &sample.Pairs[i]
		if p.Label = label[[2]string{min(p.A, p.B), max(p.A, p.B)}]; p.Label == eval.Unsure {
			unsure++
		}
	}
	stray := len(label)
	for _, p := range sample.Pairs {
		key := [2]string{min(p.A, p.B), max(p.A, p.B)}
		if label[key] != eval.Unlabelled {
			stray--
			delete(label, key)
		}
	}
	if stray > 0 {
		e.note(warning+"%d labelled pairs are not in the sample, and are left out", stray)
	}
	if unsure > 0 {
		e.note("%d pairs of the sample have labels but no majority, %d of them because annotators disagree; %s", unsure, disputed,
			map[bool]string{false: "they count as not labelled", true: "they are left out"}[sample.Clusters])
	}
	var run *eval.Clustering
	if c.Dir != "" {
		pages, err := runPages(c.Dir)
		if err != nil {
			return err
		}
		other, err := clustering(pages, kind)
		if err != nil {
			return err
		}
		run = &other
	}
	if sample.Clusters {
		c.clusters(&e, sample, run)
	} else {
		c.pairs(&e, sample.Pairs, run)
	}
	rows := [][]string{{"figure", "value", "low", "high", "labels", "reason"}}
	var text strings.Builder
	for _, n := range e.notes {
		fmt.Fprintln(&text, n)
	}
	fmt.Fprintln(&text)
	figures := make(map[string]*float64)
	for _, x := range []struct {
		name string
		of   *eval.Estimate
	}{{"precision", &e.precision}, {"recall", &e.recall}, {"f1", e.f1}} {
		if x.of == nil {
			continue
		}
		fmt.Fprintf(&text, "%-10s %s\n", x.name, x.of)
		s := estimate(*x.of, x.of.Value)
		rows = append(rows, append(append([]string{x.name}, s.cells()...), strconv.Itoa(x.of.Units), x.of.Reason))
		figures[x.name] = number(x.of.Value)
	}
	text.WriteString("\n" + aligned("  ", e.table))
	err = c.print(p, findings{
		object: struct {
			Type      string         `json:"type"`
			Kind      eval.Kind      `json:"kind"`
			Of        string         `json:"of"`
			Notes     []string       `json:"notes"`
			Precision eval.Estimate  `json:"precision"`
			Recall    eval.Estimate  `json:"recall"`
			F1        *eval.Estimate `json:"f1,omitempty"` // of clusters
			Floor     *float64       `json:"recall_floor"`
			Strata    any            `json:"strata"`
		}{"estimate", kind, map[bool]string{false: "pairs", true: "clusters"}[sample.Clusters], e.notes, e.precision, e.recall, e.f1, e.floor, e.strata},
		rows: rows, text: text.String(), notes: e.notes,
	})
	if err != nil {
		return err
	}
	return gate(c.Min, figures, true)
}

// estimates is what the labels of a sample say of a run.
type estimates struct {
	notes             []string
	precision, recall eval.Estimate
	f1                *eval.Estimate // nil of pairs
	floor             *float64       // of the recall of pairs
	strata            any
	table             [][]string // of the strata
}

func (e *estimates) note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// pairs estimates from labelled pairs. run, if any, is judged in place of the one that was sampled.
func (c *estimateCmd) pairs(e *estimates, sample []eval.Pair, run *eval.Clustering) {
	absent := 0
	for i := range sample {
		p := &sample[i]
		if p.Label == eval.Unsure {
			p.Label = eval.Unlabelled
		}
		if run == nil {
			continue
		}
		a, okA := run.Cluster(p.A)
		b, okB := run.Cluster(p.B)
		p.Together = okA && okB && a == b
		if !okA || !okB {
			p.Label = eval.Unlabelled
			absent++
		}
	}
	if absent > 0 {
		e.note(warning+"%d pairs have a page that is not in %s, and count as not labelled", absent, c.Dir)
	}
	if run != nil {
		e.note("the pool is that of the run that was sampled; %s is judged on its pairs", c.Dir)
	}
	out := eval.EstimatePairs(sample, func(p eval.Pair) bool { return p.Together }, c.Level)
	e.precision, e.recall, e.floor, e.strata = out.Precision, out.Recall, number(out.RecallFloor), orEmpty(out.Strata)
	e.note("%d of %d pairs are labelled", out.Judged, len(sample))
	if !e.precision.Known() || !e.recall.Known() {
		e.note(warning + "there are not enough labels for every figure")
	}
	if out.RecallFloor < e.recall.Value {
		e.note("recall may be as low as %.3f: strata without a same pair among those labelled may hold as many as their intervals allow", out.RecallFloor)
	}
	if !slices.ContainsFunc(out.Strata, func(s eval.StratumEstimate) bool { return s.Name == eval.RestStratum && s.Judged > 0 }) {
		e.note("recall is relative to the pool of candidate pairs: pairs that were never compared are not in it")
	}
	e.table = [][]string{{"stratum", "pool", "judged", "same", "share that is the same"}}
	for _, s := range out.Strata {
		e.table = append(e.table, []string{s.Name, fmt.Sprintf("%.0f", s.Pool), strconv.Itoa(s.Judged), strconv.Itoa(s.Same), fmt.Sprintf("%.3f to %.3f", s.Low, s.High)})
	}
}

// clusters estimates from draws of clusters, the labels of which are those of the sample's pairs, in
// their order.
func (c *estimateCmd) clusters(e *estimates, sample eval.SampleFile, run *eval.Clustering) {
	together := func(_ eval.Draw, a eval.Asked) bool { return a.Together }
	absent, at := 0, 0
	for _, d := range sample.Draws {
		for i := range d.Asked {
			d.Asked[i].Label = sample.Pairs[at].Label
			at++
		}
	}
	if run != nil {
		for _, d := range sample.Draws {
			_, there := run.Cluster(d.Page)
			for i := range d.Asked {
				a := &d.Asked[i]
				if _, ok := run.Cluster(a.Page); !ok || !there {
					a.Label = eval.Unlabelled
					absent++
				}
			}
		}
		together = func(d eval.Draw, a eval.Asked) bool {
			x, _ := run.Cluster(d.Page)
			y, _ := run.Cluster(a.Page)
			return x == y
		}
		e.note("%s is judged on the texts that were asked about: what else it has in a cluster is in no figure", c.Dir)
	}
	if absent > 0 {
		e.note(warning+"%d texts that were asked about, or the ones drawn with them, are not in %s; such clusters count as not labelled", absent, c.Dir)
	}
	out := eval.EstimateClusters(sample.Draws, together, c.Level)
	e.precision, e.recall, e.f1, e.strata = out.Precision, out.Recall, &out.F1, orEmpty(out.Strata)
	e.note("%d of %d clusters are labelled whole, or ask of nothing", out.Judged, len(sample.Draws))
	if !e.f1.Known() {
		e.note(warning + "there are not enough labels for every figure")
	}
	e.note("precision and recall are B-cubed, over pages; recall is relative to the clusters that were asked about")
	e.table = [][]string{{"stratum", "pool", "judged", "precision", "recall"}}
	mean := func(x *float64) string {
		if x == nil {
			return ""
		}
		return fmt.Sprintf("%.3f", *x)
	}
	for _, s := range out.Strata {
		e.table = append(e.table, []string{s.Name, fmt.Sprintf("%.0f", s.Pool), strconv.Itoa(s.Judged), mean(s.Precision), mean(s.Recall)})
	}
}
