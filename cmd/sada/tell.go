package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"sada/cluster/passage"
	"sada/cmd/internal/publish"
)

// teller tells the user how a run goes: a bar on a terminal, JSON lines, the summary.
type teller struct {
	out         io.Writer
	quiet, json bool
	bars        *mpb.Progress
	bar         *mpb.Bar
	start       time.Time
}

// newTeller makes one whose bar says what it shows, as "reading".
func newTeller(p *program, quiet, asJSON bool, doing string) *teller {
	t := &teller{out: p.stdout, quiet: quiet, json: asJSON, start: time.Now()}
	if f, ok := p.stderr.(*os.File); ok && !quiet && !asJSON && term.IsTerminal(int(f.Fd())) {
		t.bars = mpb.New(mpb.WithOutput(f))
		t.bar = t.bars.AddBar(0, mpb.PrependDecorators(decor.Name(doing+" ")), mpb.AppendDecorators(decor.Percentage()), mpb.BarRemoveOnComplete())
	}
	return t
}

// progress shows how much of all is done.
func (t *teller) progress(done, total int64) {
	if t.bar != nil && total > 0 {
		t.bar.SetTotal(total, false)
		t.bar.SetCurrent(done)
	}
}

// done takes the bar away.
func (t *teller) done() {
	if t.bar != nil {
		t.bar.SetTotal(-1, true)
		t.bars.Wait()
		t.bar = nil
	}
}

// step tells that a step has ended.
func (t *teller) step(name string) {
	if t.json {
		_ = jsonLine(t.out, struct { // if it fails, the summary will
			Type    string  `json:"type"`
			Step    string  `json:"step"`
			Seconds float64 `json:"seconds"`
		}{"step", name, time.Since(t.start).Seconds()})
	}
}

// Lines of the summary's lists.
const topRows = 5

// summary ends a run.
func (t *teller) summary(dir string, m *publish.Manifest, r *results, took time.Duration) error {
	switch {
	case t.json:
		return jsonLine(t.out, struct {
			Type    string           `json:"type"`
			Out     string           `json:"out"`
			Seconds float64          `json:"seconds"`
			Counts  map[string]int64 `json:"counts"`
		}{"summary", dir, took.Seconds(), m.Counts})
	case t.quiet:
		return nil
	}
	var b strings.Builder
	files := "files"
	if len(m.Inputs) == 1 {
		files = "file"
	}
	fmt.Fprintf(&b, "%d pages from %d %s in %.1f s, %d MB of memory\n\n", len(r.Pages), len(m.Inputs), files, took.Seconds(), m.PeakMemory>>20)
	if n := m.Counts["rejects"] + m.Counts["duplicates"]; n > 0 {
		fmt.Fprintf(&b, "  rejects   %7d  records that are not among the pages, %d of them for a repeated id\n", n, m.Counts["duplicates"])
	}
	groups, grouped := 0, 0
	for _, g := range r.Copies {
		if len(g.Pages) > 1 {
			groups++
			grouped += len(g.Pages)
		}
	}
	fmt.Fprintf(&b, "  copies    %7d  pages have the text of another, in %d groups\n", grouped, groups)
	kinds := make(map[passage.Kind]int)
	hosts := make(map[int]bool)
	for i := range r.Passages {
		if p := &r.Passages[i]; p.Cut {
			kinds[p.Kind]++
			if p.Kind == passage.Tail || p.Kind == passage.SharedTail {
				hosts[p.A] = true
			}
		}
	}
	fmt.Fprintf(&b, "  tails     %7d  pages end with another article, which is cut from them\n", len(hosts))
	fmt.Fprintf(&b, "  other     %7d  inline lines, link lists and furniture cut\n", kinds[passage.Inline]+kinds[passage.List]+kinds[passage.Head]+kinds[passage.Furniture])
	var order []int
	told := 0
	for i, s := range r.Stories {
		if len(s.Groups) > 1 {
			order = append(order, i)
			told += len(s.Pages)
		}
	}
	fmt.Fprintf(&b, "  stories   %7d  told by %d pages in more than one wording\n", len(order), told)

	if n := len(r.Unmet); n > 0 {
		fmt.Fprintf(&b, "  unmet     %7d  must-link or cannot-link pairs, listed in run.json; the first: %s %s %s: %s\n", n, r.Unmet[0].Kind, r.Unmet[0].A, r.Unmet[0].B, r.Unmet[0].Reason)
	}

	slices.SortStableFunc(order, func(i, j int) int {
		s, u := &r.Stories[i], &r.Stories[j]
		return cmp.Or(cmp.Compare(len(u.Groups), len(s.Groups)), cmp.Compare(len(u.Pages), len(s.Pages)))
	})
	if len(order) > 0 {
		b.WriteString("\nThe stories with the most wordings\n")
	}
	for _, i := range order[:min(topRows, len(order))] {
		s := &r.Stories[i]
		fmt.Fprintf(&b, "  %3d pages %3d sources  %s  %s\n", len(s.Pages), s.Sources, days(s.First, s.Last), headline(r.Pages[s.Headline].Title))
	}
	groupsOrder := make([]int, 0, len(r.Copies))
	for i, g := range r.Copies {
		if len(g.Pages) > 1 {
			groupsOrder = append(groupsOrder, i)
		}
	}
	slices.SortStableFunc(groupsOrder, func(i, j int) int { return cmp.Compare(len(r.Copies[j].Pages), len(r.Copies[i].Pages)) })
	if len(groupsOrder) > 0 {
		b.WriteString("\nThe texts with the most copies\n")
	}
	for _, i := range groupsOrder[:min(topRows, len(groupsOrder))] {
		g := r.Copies[i]
		p := r.Pages[g.Original]
		fmt.Fprintf(&b, "  %3d pages, first %s  %s  %s\n", len(g.Pages), cmp.Or(p.Source, "(no source)"), days(p.Date, p.Date), headline(p.Title))
	}
	fmt.Fprintf(&b, "\nThe results are in %s. \"sada explain ID\" tells of a page, \"sada explain ID ID\" of two.\n", dir)
	return show(t.out, b.String())
}

// days writes a span of days.
func days(first, last time.Time) string {
	if first.IsZero() {
		return "no date"
	}
	a, b := first.Format(time.DateOnly), last.Format(time.DateOnly)
	if a == b {
		return a
	}
	return a + " to " + b
}
