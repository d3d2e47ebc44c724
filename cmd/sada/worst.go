package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sada/cluster/copies"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/eval"
)

type worstCmd struct {
	Gold  string `arg:"" help:"Gold clusters: TSV, CSV or JSONL." type:"existingfile"`
	Dir   string `arg:"" help:"Folder of a run." name:"run" type:"path"`
	Kind  string `help:"What the gold clusters are, if the file does not say: story, copy." enum:"story,copy," default:""`
	Limit int    `help:"Faults shown in the list; --json and --csv have all (default ${default})." default:"20" placeholder:"N"`
	formFlags
}

func (c *worstCmd) Help() string {
	return `Lists what is wrong with a run by a gold: groups that should be several (false merges) and gold clusters that are in several
groups (false splits), those with the most pairs of pages first, each with its likely reason:

  merges  taken for copies, template, tail left (a shared passage was not cut), short, bridge (one page or one pair joins
          them), same actors (many of their pages are alike in their terms)
  splits  taken for templates, far in time, short, no candidate, under the threshold, torn apart

sada explain A B tells more of the pair that is named. An example:

  sada worst testdata/gold.stories.tsv out`
}

// shortBytes is the text under which a page is short: a brief of about 40 words has little to compare. In
// a corpus of headlines, where half of the pages have less, short is half of what is usual there.
const shortBytes = 500

// uncutWords is how many words a shared passage must have to be what is left of a tail: quotes and
// formulas are shorter.
const uncutWords = 20

// facts reads what the run knows of its pairs.
func facts(dir string, kind eval.Kind) (eval.Facts, map[string]*publish.Page, error) {
	pool, err := openPool(dir, kind)
	if err != nil {
		return eval.Facts{}, nil, err
	}
	pages := pool.pages
	f := eval.Facts{Threshold: pool.threshold, Node: func(page string) string { return page }}
	for _, x := range pool.candidates {
		if x.Score > 0 { // those together without a score join nothing
			f.Scores = append(f.Scores, x)
		}
	}
	if kind == eval.Story {
		f.Horizon = pool.horizon
		originals := make(map[string]string) // by copy group
		for id, p := range pages {
			if p.Role != publish.RoleCopy {
				originals[p.CopyGroup] = id
			}
		}
		f.Node = func(page string) string { return cmp.Or(originals[pages[page].CopyGroup], page) }
	}
	lengths := make([]int64, 0, len(pages))
	for _, p := range pages {
		lengths = append(lengths, ownBytes(p))
	}
	slices.Sort(lengths)
	short := min(shortBytes, lengths[len(lengths)/2]/2)
	f.Short = func(page string) bool { return ownBytes(pages[page]) < short }
	f.Frame = func(page string) string { return frame(pages[page].Title) }
	f.Time = func(page string) time.Time { return dateUsed(pages[page]) }
	for l, err := range publish.Read[publish.Link](dir, "links") {
		if err != nil {
			return f, nil, err
		}
		pair := [2]string{l.A, l.B}
		switch copies.Kind(l.Kind) {
		case copies.Template:
			f.Templates = append(f.Templates, pair)
		case copies.Exact, copies.Copy:
			f.Copies = append(f.Copies, pair)
		}
	}
	for s, err := range publish.Read[publish.Passage](dir, "passages") {
		if err != nil {
			return f, nil, err
		}
		if !s.Cut && s.B != "" && s.WordsA >= uncutWords {
			f.Passages = append(f.Passages, [2]string{s.A, s.B})
		}
	}
	return f, pages, nil
}

// frame is a title without its numbers.
func frame(title string) string {
	return strings.Join(strings.FieldsFunc(title, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }), " ")
}

// Run is the verb.
func (c *worstCmd) Run(p *program) error {
	g, err := openGold(c.Gold)
	if err != nil {
		return err
	}
	if g.contents != "clusters" {
		return exit.Misuse("sada eval scores a run by pairs and spans", "%s has %s; faults are found by gold clusters", c.Gold, g.contents)
	}
	gold, kind, err := g.clusters(c.Kind)
	if err != nil {
		return err
	}
	f, pages, err := facts(c.Dir, kind)
	if err != nil {
		return err
	}
	rows := make([]publish.Page, 0, len(pages))
	for _, page := range pages {
		rows = append(rows, *page)
	}
	run, err := clustering(rows, kind)
	if err != nil {
		return err
	}
	a := eval.Align(gold, run)
	if len(a.Pages) == 0 {
		return noOverlap(c.Gold, gold)
	}
	faults := eval.Faults(a, f)

	table := [][]string{{"fault", "cluster", "pairs", "part", "pages", "reason", "a", "b", "score", "bridge"}}
	var text strings.Builder
	merges, splits := 0, 0
	for _, x := range faults {
		name := "split"
		if x.Merge {
			name = "merge"
			merges++
		} else {
			splits++
		}
		for _, part := range x.Parts {
			table = append(table, []string{name, x.Cluster, strconv.Itoa(x.Pairs), part.Cluster, strings.Join(part.Pages, " "), string(part.Reason), part.A, part.B, strconv.FormatFloat(part.Score, 'f', 4, 64), part.Bridge})
		}
	}
	fmt.Fprintf(&text, "%d pages are scored; false merges: %d, false splits: %d\n", len(a.Pages), merges, splits)
	shown := min(len(faults), max(c.Limit, 0))
	if shown < len(faults) {
		fmt.Fprintf(&text, "%d of %d are shown\n", shown, len(faults))
	}
	for _, x := range faults[:shown] {
		if x.Merge {
			fmt.Fprintf(&text, "\nfalse merge %s: %d clusters of the gold, %d pairs wrongly together\n", x.Cluster, len(x.Parts), x.Pairs)
		} else {
			fmt.Fprintf(&text, "\nfalse split of %s: in %d groups, %d pairs wrongly apart\n", x.Cluster, len(x.Parts), x.Pairs)
		}
		for i, part := range x.Parts {
			if i == maxRows {
				fmt.Fprintf(&text, "  and %d more parts\n", len(x.Parts)-maxRows)
				break
			}
			first := part.Pages[0]
			fmt.Fprintf(&text, "  %d pages, %s: %s  %s\n", len(part.Pages), part.Cluster, first, headline(pages[first].Title))
			if part.Reason == "" {
				continue
			}
			fmt.Fprintf(&text, "    %s", part.Reason)
			if part.Bridge != "" {
				fmt.Fprintf(&text, " over %s  %s", part.Bridge, headline(pages[part.Bridge].Title))
			}
			if part.A != "" {
				fmt.Fprintf(&text, "; closest %s %s with %.3f, threshold %.2f", part.A, part.B, part.Score, f.Threshold)
			}
			text.WriteString("\n")
		}
	}
	return c.print(p, findings{
		object: struct {
			Type   string       `json:"type"`
			Kind   eval.Kind    `json:"kind"`
			Pages  int          `json:"pages"`
			Merges int          `json:"merges"`
			Splits int          `json:"splits"`
			Faults []eval.Fault `json:"faults"`
		}{"worst", kind, len(a.Pages), merges, splits, orEmpty(faults)},
		rows: table, text: text.String(),
	})
}
