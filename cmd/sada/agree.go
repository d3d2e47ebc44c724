package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"sada/cmd/internal/exit"
	"sada/eval"
)

type agreeCmd struct {
	Labels []string           `arg:"" help:"Labels files, JSONL, CSV or TSV." type:"existingfile"`
	Out    string             `help:"Write the pairs to adjudicate as a sample file, .jsonl or .csv, to be labelled once more." placeholder:"FILE" type:"path"`
	Kind   string             `help:"Decision that --out and the list are about: story, copy; without it, any difference of labels." enum:"story,copy," default:""`
	Seed   uint64             `help:"Of the bootstrap (default ${default})." default:"1" placeholder:"N"`
	Min    map[string]float64 `help:"Exit with 4 if a figure is below, as --min story-alpha=0.8." placeholder:"NAME=VALUE"`
	formFlags
}

func (c *agreeCmd) Help() string {
	return `Says how far annotators agree beyond chance: Cohen's kappa of two, Fleiss' kappa of those who labelled the same pairs,
Krippendorff's alpha of all, each with an interval; of the labels as they are, of the decision one story or not, and of one
text or not. Unsure counts as no label. Then it lists the pairs to adjudicate, and labels that contradict each other. Labelled once more by
a third person, such pairs have a majority for sada estimate. An example:

  sada agree labels.jsonl --out adjudicate.jsonl`
}

// agreement is one measure of one question.
type agreement struct {
	Question string        `json:"question"`
	Measure  string        `json:"measure"`
	Estimate eval.Estimate `json:"estimate"`
}

// dispute is a pair to adjudicate.
type dispute struct {
	A      string       `json:"a"`
	B      string       `json:"b"`
	Labels []eval.Label `json:"labels"` // by annotator
}

// Run is the verb.
func (c *agreeCmd) Run(p *program) error {
	said, kind, err := readJudgements(c.Labels)
	if err != nil {
		return err
	}
	all := eval.NewJudgements(said)
	if len(all.Annotators) < 2 {
		return exit.Misuse("give the labels of two or more annotators; a file without the column annotator is one person's", "there are labels of %d annotators: %s", len(all.Annotators), strings.Join(all.Annotators, ", "))
	}
	b := eval.DefaultBootstrap(c.Seed)
	var measures []agreement
	figures := make(map[string]*float64)
	add := func(question, measure string, e eval.Estimate) {
		measures = append(measures, agreement{question, measure, e})
		figures[question+"-"+measure] = number(e.Value)
	}
	ratings := make(map[string]eval.Ratings)
	for _, question := range []string{"label", "story", "copy"} {
		asked := all
		if question != "label" {
			asked = all.For(eval.Kind(question))
		}
		r, err := eval.NewRatings(decided(asked.Sheets, question != "label")...)
		if err != nil {
			return err
		}
		ratings[question] = r
		if r.Raters == 2 {
			add(question, "cohen", eval.Cohen(r, b))
		}
		add(question, "fleiss", eval.Fleiss(r, b))
		add(question, "alpha", eval.Krippendorff(r, b))
	}
	disputes := ratings[cmp.Or(c.Kind, "label")].Disagreements()
	raw, err := eval.NewRatings(all.Sheets...)
	if err != nil {
		return err
	}
	labels := make(map[[2]string][]eval.Label, len(raw.Items))
	unsure := 0
	for _, item := range raw.Items {
		labels[[2]string{item.A, item.B}] = item.Labels
		if !slices.ContainsFunc(item.Labels, func(l eval.Label) bool { return l != eval.Unsure && l != eval.Unlabelled }) {
			unsure++
			disputes = append(disputes, item)
		}
	}
	list := make([]dispute, len(disputes))
	for i, d := range disputes {
		list[i] = dispute{d.A, d.B, labels[[2]string{d.A, d.B}]}
	}
	slices.SortFunc(list, func(x, y dispute) int { return cmp.Or(strings.Compare(x.A, y.A), strings.Compare(x.B, y.B)) })
	if c.Out != "" {
		format := formatOf(c.Out)
		if format == eval.TSV {
			return exit.Misuse("name it .jsonl or .csv", "%s: a sample is JSONL or CSV", c.Out)
		}
		sample := make([]eval.Sampled, len(list))
		for i, d := range list {
			sample[i].Pair = eval.Pair{A: d.A, B: d.B, Stratum: "to adjudicate", Weight: 1}
		}
		if err := writeNew(c.Out, func(w io.Writer) error {
			return eval.WriteSample(w, format, cmp.Or(eval.Kind(c.Kind), kind, eval.Story), sample)
		}); err != nil {
			return err
		}
	}
	// What one annotator says must hold together: one story with B, and B with C, is one with C.
	var contradictions []string
	for i, sheet := range all.For(cmp.Or(eval.Kind(c.Kind), eval.Story)).Sheets {
		for _, x := range eval.CheckPairs(sheet).Contradictions {
			contradictions = append(contradictions, fmt.Sprintf("%s: %s and %s are labelled apart, but %s", all.Annotators[i], x.A, x.B, strings.Join(x.Chain, " = ")))
		}
	}

	rows := [][]string{{"question", "measure", "value", "low", "high", "items", "reason"}}
	table := [][]string{{"question", "measure", "value [95 %]", "pairs"}}
	asked := map[string]string{"label": "which label", "story": "one story?", "copy": "one text?"}
	called := map[string]string{"cohen": "Cohen's kappa", "fleiss": "Fleiss' kappa", "alpha": "Krippendorff's alpha"}
	for _, m := range measures {
		rows = append(rows, slices.Concat([]string{m.Question, m.Measure}, estimate(m.Estimate, m.Estimate.Value).cells(), []string{strconv.Itoa(m.Estimate.Units), m.Estimate.Reason}))
		table = append(table, []string{asked[m.Question], called[m.Measure], m.Estimate.String(), strconv.Itoa(m.Estimate.Units)})
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d annotators (%s) on %d pairs\n\n%s", len(all.Annotators), strings.Join(all.Annotators, ", "), len(raw.Items), aligned("  ", table))
	shown := min(len(list), maxRows)
	fmt.Fprintf(&text, "\nto adjudicate: %s; nobody was sure of %d\n", shownOf(shown, len(list)), unsure)
	lines := make([][]string, 0, shown)
	for _, d := range list[:shown] {
		line := []string{d.A, d.B}
		for i, l := range d.Labels {
			line = append(line, all.Annotators[i]+": "+cmp.Or(string(l), "-"))
		}
		lines = append(lines, line)
	}
	text.WriteString(aligned("  ", lines))
	shown = min(len(contradictions), maxRows)
	fmt.Fprintf(&text, "\ncontradictions of one annotator: %s\n", shownOf(shown, len(contradictions)))
	for _, x := range contradictions[:shown] {
		fmt.Fprintf(&text, "  %s\n", x)
	}
	err = c.print(p, findings{
		object: struct {
			Type           string      `json:"type"`
			Annotators     []string    `json:"annotators"`
			Pairs          int         `json:"pairs"`
			Agreement      []agreement `json:"agreement"`
			Adjudicate     []dispute   `json:"adjudicate"`
			Contradictions []string    `json:"contradictions"`
		}{"agreement", all.Annotators, len(raw.Items), measures, list, orEmpty(contradictions)},
		rows: rows, text: text.String(),
	})
	if err != nil {
		return err
	}
	return gate(c.Min, figures, true)
}

// decided gives sheets in which unsure is no label and, for a decision, related is not the same.
func decided(sheets [][]eval.Pair, decision bool) [][]eval.Pair {
	out := make([][]eval.Pair, len(sheets))
	for i, sheet := range sheets {
		out[i] = slices.Clone(sheet)
		for j := range out[i] {
			switch l := &out[i][j].Label; {
			case *l == eval.Unsure:
				*l = eval.Unlabelled
			case *l == eval.Related && decision:
				*l = eval.Different
			}
		}
	}
	return out
}
