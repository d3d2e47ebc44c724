package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

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
	Min    map[string]float64 `help:"Exit with 4 if precision or recall is below, as --min precision=0.9." placeholder:"NAME=VALUE"`
	labelFlags
	formFlags
}

func (c *estimateCmd) Help() string {
	return `Estimates precision and recall of a run's pairs from labels on a sample, by the weights that the sample has kept.
Labels are same_text, same_story, related, different, unsure. Where several annotators have labelled a pair the majority
holds, and a pair without one counts as not labelled. Recall is relative to the pool that the sample was drawn from. With
too few labels there is a reason in place of a number. An example:

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
			return nil, "", usage(labelsHint, "%s: %w", path, err)
		}
		all, kind = append(all, js...), cmp.Or(kind, k)
	}
	return all, kind, nil
}

const labelsHint = "a row has a, b, annotator and label: same_text, same_story, related, different or unsure"

// Run is the verb.
func (c *estimateCmd) Run(p *program) error {
	if !(c.Level > 0 && c.Level < 1) {
		return usage("0.95 is usual", "level %v: want a number between 0 and 1", c.Level)
	}
	sample, kind, err := readGold(goldFile{path: c.Sample, format: formatOf(c.Sample)}, eval.ReadPairs)
	if err != nil {
		return err
	}
	said, _, err := readJudgements(c.Labels)
	if err != nil {
		return err
	}
	if kind = cmp.Or(kind, eval.Kind(c.Kind)); kind == "" {
		return usage("give --kind story or --kind copy", "%s does not say what it is a sample of", c.Sample)
	}
	if c.Annotator != "" {
		said = slices.DeleteFunc(said, func(j eval.Judgement) bool { return j.Annotator != c.Annotator })
	}
	judgements := eval.NewJudgements(said)
	labelled, disputed := judgements.For(kind).Consensus()
	label := make(map[[2]string]eval.Label)
	for _, l := range labelled {
		label[[2]string{l.A, l.B}] = l.Label
	}
	unsure := 0
	for i := range sample {
		key := [2]string{min(sample[i].A, sample[i].B), max(sample[i].A, sample[i].B)}
		l, ok := label[key]
		if sample[i].Label = l; ok && l == eval.Unlabelled {
			unsure++
		}
		delete(label, key)
	}
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	note("%d annotators: %s", len(judgements.Annotators), strings.Join(judgements.Annotators, ", "))
	if len(label) > 0 {
		note(warning+"%d labelled pairs are not in the sample, and are left out", len(label))
	}
	if unsure > 0 {
		note("%d pairs of the sample have labels but no majority, %d of them because annotators disagree; they count as not labelled", unsure, disputed)
	}

	together := func(p eval.Pair) bool { return p.Together }
	if c.Dir != "" {
		pages, err := runPages(c.Dir)
		if err != nil {
			return err
		}
		run, err := clustering(pages, kind)
		if err != nil {
			return err
		}
		absent := 0
		for i := range sample {
			a, okA := run.Cluster(sample[i].A)
			b, okB := run.Cluster(sample[i].B)
			sample[i].Together = okA && okB && a == b
			if !okA || !okB {
				sample[i].Label = eval.Unlabelled
				absent++
			}
		}
		if absent > 0 {
			note(warning+"%d pairs have a page that is not in %s, and count as not labelled", absent, c.Dir)
		}
		note("the pool is that of the run that was sampled; %s is judged on its pairs", c.Dir)
	}
	e := eval.EstimatePairs(sample, together, c.Level)
	note("%d of %d pairs are labelled", e.Judged, len(sample))
	if !e.Precision.Known() || !e.Recall.Known() {
		note(warning + "there are not enough labels for every figure")
	}
	if e.RecallFloor < e.Recall.Value {
		note("recall may be as low as %.3f: strata without a same pair among those labelled may hold as many as their intervals allow", e.RecallFloor)
	}
	rest := slices.ContainsFunc(e.Strata, func(s eval.StratumEstimate) bool { return s.Name == eval.RestStratum && s.Judged > 0 })
	if !rest {
		note("recall is relative to the pool of candidate pairs: pairs that were never compared are not in it")
	}

	rows := [][]string{{"figure", "value", "low", "high", "labels", "reason"}}
	var text strings.Builder
	for _, n := range notes {
		fmt.Fprintln(&text, n)
	}
	fmt.Fprintf(&text, "\nprecision  %s\nrecall     %s\n\n", e.Precision, e.Recall)
	for _, x := range []struct {
		name string
		eval.Estimate
	}{{"precision", e.Precision}, {"recall", e.Recall}} {
		s := estimate(x.Estimate, x.Value)
		rows = append(rows, append(append([]string{x.name}, s.cells()...), strconv.Itoa(x.Units), x.Reason))
	}
	table := [][]string{{"stratum", "pool", "judged", "same", "share that is the same"}}
	for _, s := range e.Strata {
		table = append(table, []string{s.Name, fmt.Sprintf("%.0f", s.Pool), strconv.Itoa(s.Judged), strconv.Itoa(s.Same), fmt.Sprintf("%.3f to %.3f", s.Low, s.High)})
	}
	text.WriteString(aligned("  ", table))
	err = c.print(p, findings{
		object: struct {
			Type      string                 `json:"type"`
			Kind      eval.Kind              `json:"kind"`
			Notes     []string               `json:"notes"`
			Precision eval.Estimate          `json:"precision"`
			Recall    eval.Estimate          `json:"recall"`
			Floor     *float64               `json:"recall_floor"`
			Strata    []eval.StratumEstimate `json:"strata"`
		}{"estimate", kind, orEmpty(notes), e.Precision, e.Recall, number(e.RecallFloor), orEmpty(e.Strata)},
		rows: rows, text: text.String(), notes: notes,
	})
	if err != nil {
		return err
	}
	return gate(c.Min, map[string]*float64{"precision": number(e.Precision.Value), "recall": number(e.Recall.Value)}, true)
}
