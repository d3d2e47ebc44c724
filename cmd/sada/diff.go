package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/eval"
)

type diffCmd struct {
	First   string             `arg:"" help:"Folder of a run." name:"run1" type:"path"`
	Second  string             `arg:"" help:"Folder of another run." name:"run2" type:"path"`
	Gold    string             `help:"Gold clusters: how the scores change, with intervals." placeholder:"FILE" type:"existingfile"`
	Kind    string             `help:"What the gold clusters are, if the file does not say: story, copy." enum:"story,copy," default:""`
	Seed    uint64             `help:"Of the bootstrap (default ${default})." default:"1" placeholder:"N"`
	Max     map[string]float64 `help:"Exit with 4 if a figure is over, as --max story-churn=0.02 --max copy-merges=0." placeholder:"NAME=VALUE"`
	NoWorse bool               `help:"Exit with 4 if a score is worse by more than chance."`
	formFlags
}

func (c *diffCmd) Help() string {
	return `Compares two runs by the pages that both have: groups that were merged or split, pages that moved alone, IDs that changed.
With --gold the scores of both on the same labelled pages, and the difference by paired bootstrap: + better, - worse, ~ no
difference that chance would not make. For --max the figures are merges, splits, moved, churn (the share of pages
whose group has another ID), added and removed, each with story- or copy- before it. An example:

  sada diff before after --gold testdata/gold.stories.tsv --no-worse`
}

// runDiff is how two runs differ in one kind of group.
type runDiff struct {
	Kind      eval.Kind     `json:"kind"`
	Pages     int           `json:"pages"` // of both runs
	Added     []string      `json:"added"`
	Removed   []string      `json:"removed"`
	Unchanged int           `json:"unchanged"`
	Renamed   []eval.Rename `json:"renamed"`
	Merges    []eval.Merge  `json:"merges"`
	Splits    []eval.Split  `json:"splits"`
	Moved     []eval.Move   `json:"moved"`
	Churn     float64       `json:"churn"`
	BCubed    float64       `json:"bcubed_f1"` // of the second run, with the first as the gold
}

// scoreChange is a measure of both runs.
type scoreChange struct {
	Measure string          `json:"measure"`
	First   *float64        `json:"first"`
	Second  *float64        `json:"second"`
	Change  eval.Difference `json:"change"`
}

// Run is the verb.
func (c *diffCmd) Run(p *program) error {
	first, err := runPages(c.First)
	if err != nil {
		return err
	}
	second, err := runPages(c.Second)
	if err != nil {
		return err
	}
	options, err := changedOptions(c.First, c.Second)
	if err != nil {
		return err
	}
	var diffs []runDiff
	figures := make(map[string]*float64)
	rows := [][]string{{"kind", "what", "value", "second", "low", "high", "sign"}}
	var text strings.Builder
	for _, o := range options {
		fmt.Fprintf(&text, "option %s\n", o)
	}
	same := true
	for _, kind := range []eval.Kind{eval.Copy, eval.Story} {
		a, err := clustering(first, kind)
		if err != nil {
			return err
		}
		b, err := clustering(second, kind)
		if err != nil {
			return err
		}
		ch := eval.Diff(a, b)
		if ch.Pages == 0 {
			return exit.Misuse("they must be of the same corpus", "%s and %s have no page in common", c.First, c.Second)
		}
		d := runDiff{kind, ch.Pages, orEmpty(ch.Added), orEmpty(ch.Removed), ch.Unchanged, orEmpty(ch.Renamed), orEmpty(ch.Merges), orEmpty(ch.Splits), orEmpty(ch.Moved), float64(ch.OtherID) / float64(ch.Pages), eval.BCubed(eval.Align(a, b).Table()).F1}
		diffs = append(diffs, d)
		same = same && ch.Same() && ch.OtherID == 0
		d.describe(&text)
		for _, f := range []struct {
			name  string
			value float64
		}{
			{"added", float64(len(d.Added))}, {"removed", float64(len(d.Removed))}, {"merges", float64(len(d.Merges))}, {"splits", float64(len(d.Splits))},
			{"moved", float64(len(d.Moved))}, {"churn", d.Churn},
		} {
			figures[string(kind)+"-"+f.name] = &f.value
			rows = append(rows, []string{string(kind), f.name, strconv.FormatFloat(publish.Round(f.value), 'g', -1, 64), "", "", "", ""})
		}
	}
	if same {
		text.WriteString("\nno difference: the same pages in the same groups with the same IDs\n")
	}

	var changes []scoreChange
	var worse []string
	if c.Gold != "" {
		var note string
		if changes, note, err = c.scores(first, second); err != nil {
			return err
		}
		fmt.Fprintf(&text, "\n%s\n", note)
		table := [][]string{{"", "first", "second", "", "difference [95 %]"}}
		reason := ""
		for _, x := range changes {
			cell := func(v *float64) string {
				if v == nil {
					return "-"
				}
				return fmt.Sprintf("%.4f", *v)
			}
			change := "-"
			if x.Change.Known() {
				change = fmt.Sprintf("%+.4f [%+.4f %+.4f]", x.Change.Value, x.Change.Low, x.Change.High)
			} else {
				reason = x.Change.Reason
			}
			table = append(table, []string{x.Measure, cell(x.First), cell(x.Second), x.Change.Sign(), change})
			e := estimate(x.Change.Estimate, x.Change.Value)
			rows = append(rows, []string{"gold", x.Measure, cell(x.First), cell(x.Second), e.cells()[1], e.cells()[2], x.Change.Sign()})
			if x.Change.Sign() == "-" {
				worse = append(worse, x.Measure)
			}
		}
		text.WriteString("\n" + aligned("  ", table))
		if reason != "" {
			fmt.Fprintf(&text, "\nno interval where there is none: %s\n", reason)
		}
	}
	err = c.print(p, findings{
		object: struct {
			Type    string        `json:"type"`
			Same    bool          `json:"same"`
			Options []string      `json:"options"`
			Groups  []runDiff     `json:"groups"`
			Scores  []scoreChange `json:"scores,omitempty"`
		}{"diff", same, options, diffs, changes},
		rows: rows, text: text.String(),
	})
	if err != nil {
		return err
	}
	if c.NoWorse && len(worse) > 0 {
		return &exit.Error{Code: exit.Gate, Err: fmt.Errorf("the second run is worse in %s", strings.Join(worse, ", ")), Hint: "sada worst lists what is wrong"}
	}
	return gate(c.Max, figures, false)
}

// changedOptions lists the options in which two runs differ, by name.
func changedOptions(first, second string) ([]string, error) {
	var of [2]map[string]json.RawMessage
	for i, dir := range []string{first, second} {
		m, err := publish.ReadManifest(dir)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(m.Options, &of[i]); err != nil {
			return nil, fmt.Errorf("%s: options: %w", dir, err)
		}
		if of[i]["threshold"], err = json.Marshal(m.Thresholds["story"]); err != nil { // the one that was used
			return nil, err
		}
	}
	names := make(map[string]bool)
	for _, o := range of {
		for name := range o {
			names[name] = true
		}
	}
	out := []string{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a, b := of[0][name], of[1][name]; !bytes.Equal(a, b) {
			out = append(out, fmt.Sprintf("%s: %s, then %s", name, a, b))
		}
	}
	return out, nil
}

// describe writes the lists of a kind, each as far as it is shown.
func (d *runDiff) describe(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s groups: %d pages in both runs, %d only in the first, %d only in the second\n", d.Kind, d.Pages, len(d.Removed), len(d.Added))
	fmt.Fprintf(b, "  %d groups are the same, %d of them under another ID; %.4f of the pages have a group with another ID; B-cubed F1 of one by the other %.4f\n", d.Unchanged, len(d.Renamed), d.Churn, d.BCubed)
	parts := func(of []eval.Part) string {
		var out []string
		for _, p := range of {
			out = append(out, fmt.Sprintf("%s (%d)", p.Cluster, p.Pages))
		}
		return strings.Join(out, ", ")
	}
	list(b, "merged", d.Merges, func(m eval.Merge) string { return m.Into + " from " + parts(m.From) })
	list(b, "split", d.Splits, func(s eval.Split) string { return s.From + " into " + parts(s.Into) })
	list(b, "pages that moved alone", d.Moved, func(m eval.Move) string { return fmt.Sprintf("%s: %s to %s", m.Page, m.From, m.To) })
}

// list writes the first rows of a list and how many there are; nothing for an empty one.
func list[T any](b *strings.Builder, what string, of []T, line func(T) string) {
	if len(of) == 0 {
		return
	}
	shown := min(len(of), maxRows)
	fmt.Fprintf(b, "  %s: %s\n", what, shownOf(shown, len(of)))
	for _, x := range of[:shown] {
		fmt.Fprintf(b, "    %s\n", line(x))
	}
}

// scores compares both runs with a gold, over the labelled pages that both have.
func (c *diffCmd) scores(first, second []publish.Page) ([]scoreChange, string, error) {
	g, err := openGold(c.Gold)
	if err != nil {
		return nil, "", err
	}
	if g.contents != "clusters" {
		return nil, "", exit.Misuse("sada eval scores a run by pairs and spans", "%s has %s; runs are compared by gold clusters", c.Gold, g.contents)
	}
	gold, kind, err := g.clusters(c.Kind)
	if err != nil {
		return nil, "", err
	}
	a, err := clustering(first, kind)
	if err != nil {
		return nil, "", err
	}
	z, err := clustering(second, kind)
	if err != nil {
		return nil, "", err
	}
	x, y := eval.AlignRuns(gold, a, z)
	if len(x.Pages) == 0 {
		return nil, "", noOverlap(c.Gold, gold)
	}
	b := eval.DefaultBootstrap(c.Seed)
	var out []scoreChange
	for _, m := range clusterMeasures {
		u, v := m.units(x.Table()), m.units(y.Table())
		d := b.Difference(u, v)
		before, after := u.PRF(), v.PRF()
		out = append(out,
			scoreChange{m.name + " precision", number(before.Precision), number(after.Precision), d.Precision},
			scoreChange{m.name + " recall", number(before.Recall), number(after.Recall), d.Recall},
			scoreChange{m.name + " F1", number(before.F1), number(after.F1), d.F1})
	}
	return out, fmt.Sprintf("%d labelled pages that both runs have, in %s groups of %s", len(x.Pages), kind, c.Gold), nil
}
