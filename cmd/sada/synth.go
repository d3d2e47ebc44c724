package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/eval"
	"sada/features/arabic"
	"sada/features/article"
)

type synthCmd struct {
	Base      []string `arg:"" help:"Pages of any corpus, as for sada run; one page of each of its stories is used, of templates none."`
	Out       string   `help:"Folder for corpus.jsonl and its gold files; it must not have them yet." required:"" placeholder:"DIR" type:"path"`
	Copies    float64  `help:"Copies of a page, in the mean (default ${default})." default:"1.5" placeholder:"N"`
	Edit      float64  `help:"Most words of a copy that are changed (default ${default})." default:"0.15" placeholder:"SHARE"`
	Tails     float64  `help:"Pages with another page appended (default ${default})." default:"0.2" placeholder:"SHARE"`
	FollowUps int      `help:"Pages on the same event in other words (default ${default})." default:"2" placeholder:"N"`
	Drift     float64  `help:"Words of each further one that come from another event (default ${default})." default:"0.15" placeholder:"SHARE"`
	Digests   float64  `help:"Pages of which another page has half, with half of another event (default ${default})." default:"0.1" placeholder:"SHARE"`
	Templates int      `help:"Series of a daily price list (default ${default})." default:"2" placeholder:"N"`
	Limit     int      `help:"Most base pages; 0 is all." default:"0" placeholder:"N"`
	Seed      uint64   `help:"Of all that is random (default ${default})." default:"1" placeholder:"N"`
	readFlags
	formFlags
}

func (c *synthCmd) Help() string {
	return `Makes a corpus of which the truth is known, to try a run, a threshold or this program's own measures on. An example:

  sada synth testdata/corpus.jsonl --out synth
  sada run synth/corpus.jsonl --out out
  sada eval synth/gold.copies.tsv out; sada eval synth/gold.stories.tsv out; sada eval synth/gold.spans.tsv out`
}

// Run is the verb.
func (c *synthCmd) Run(p *program) error {
	o := eval.SynthOptions{Copies: c.Copies, Edit: c.Edit, Tails: c.Tails, FollowUps: c.FollowUps, Drift: c.Drift, Digests: c.Digests, Templates: c.Templates, Seed: c.Seed}
	if err := o.Check(); err != nil {
		return exit.Misuse("sada synth --help gives the defaults", "%w", err)
	}
	base, read, err := c.base(p)
	if err != nil {
		return err
	}
	if c.Limit > 0 {
		base = base[:min(len(base), c.Limit)]
	}
	made, err := eval.Synth(base, o)
	if err != nil {
		return &exit.Error{Code: exit.Failed, Err: err, Hint: "a base corpus needs some articles on different events"}
	}
	var files []string
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"corpus.jsonl", func(w io.Writer) error { return writeCorpus(w, made.Pages) }},
		{"gold.copies.tsv", func(w io.Writer) error { return writeClusters(w, eval.Copy, made.Copies) }},
		{"gold.stories.tsv", func(w io.Writer) error { return writeClusters(w, eval.Story, made.Stories) }},
		{"gold.spans.tsv", func(w io.Writer) error { return writeSpans(w, &made) }},
	} {
		path := filepath.Join(c.Out, f.name)
		if err := writeNew(path, func(w io.Writer) error {
			b := bufio.NewWriter(w)
			return errors.Join(f.write(b), b.Flush())
		}); err != nil {
			for _, written := range files { // all or nothing
				err = errors.Join(err, os.Remove(written))
			}
			return err
		}
		files = append(files, path)
	}
	groups, stories, tails := make(map[string]bool), make(map[string]bool), 0
	for _, a := range made.Copies {
		groups[a.Cluster] = true
	}
	for _, a := range made.Stories {
		stories[a.Cluster] = true
	}
	for _, s := range made.Spans {
		if s.Kind == article.Tail.String() {
			tails++
		}
	}
	counts := map[string]int{"base_read": read, "base": len(base), "pages": len(made.Pages), "copy_groups": len(groups), "stories": len(stories), "tails": tails}
	rows := [][]string{{"count", "value"}}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		rows = append(rows, []string{name, fmt.Sprint(counts[name])})
	}
	return c.print(p, findings{
		object: struct {
			Type   string         `json:"type"`
			Out    string         `json:"out"`
			Seed   uint64         `json:"seed"`
			Counts map[string]int `json:"counts"`
		}{"synth", c.Out, c.Seed, counts},
		rows: rows,
		text: fmt.Sprintf("%d pages of %d base pages (one for each story of %d): %d copy groups, %d stories, %d tails\n\n%s\n", len(made.Pages), len(base), read, len(groups), len(stories), tails, strings.Join(files, "\n")),
	})
}

// base is one page for each story of the base corpus, with nothing but its main text: what the base
// repeats or appends would be in no gold.
func (c *synthCmd) base(p *program) ([]article.Page, int, error) {
	workers := runtime.GOMAXPROCS(0)
	set, err := c.open(p, c.Base, workers)
	if err != nil {
		return nil, 0, err
	}
	records := make(map[string]*corpus.Record)
	for rec, err := range set.Records(p.ctx) {
		if err != nil {
			return nil, 0, err
		}
		if rec.Reject != "" {
			continue
		}
		if other := records[rec.Page.ID]; other == nil || supersedes(&rec, other) {
			records[rec.Page.ID] = &rec
		}
	}
	m := cluster.Maker{Stemmer: arabic.Light10}
	var pages []*cluster.Page
	for _, id := range slices.Sorted(maps.Keys(records)) {
		pages = append(pages, m.Make(&records[id].Page))
	}
	if len(pages) == 0 {
		return nil, 0, &exit.Error{Code: exit.Failed, Err: errors.New("the base holds no page"), Hint: "sada run tells what is wrong with its records"}
	}
	options := cluster.Defaults()
	options.Workers = workers
	res, err := cluster.Run(pages, options, time.Now)
	if err != nil {
		return nil, 0, err
	}
	// Frames that are filled every day are told apart by their numbers alone, which a follow-up loses.
	framed := make(map[int]bool) // by story
	for _, l := range res.Links {
		if l.Kind == copies.Template {
			framed[res.StoryOf[l.A]], framed[res.StoryOf[l.B]] = true, true
		}
	}
	var out []article.Page
	for n, s := range res.Stories {
		if framed[n] {
			continue
		}
		page := records[res.Pages[s.Headline].ID].Page
		page.Title, page.PublishedAt, page.DayOnly = res.Pages[s.Headline].Title, res.Pages[s.Headline].Date, res.Pages[s.Headline].DayOnly
		var main []string
		for _, part := range res.Parts[s.Headline] {
			if part.Kind == article.Main {
				main = append(main, strings.TrimSpace(page.Text[part.From:part.To]))
			}
		}
		page.Text = strings.Join(main, "\n")
		out = append(out, page)
	}
	return out, len(pages), nil
}

func writeCorpus(w io.Writer, pages []article.Page) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, page := range pages {
		if err := enc.Encode(struct {
			ID          string  `json:"id"`
			Title       string  `json:"title"`
			Text        string  `json:"text"`
			PublishedAt *string `json:"published_at,omitempty"`
			Source      string  `json:"source"`
		}{page.ID, page.Title, page.Text, publish.Date(page.PublishedAt, page.DayOnly), page.Source}); err != nil {
			return err
		}
	}
	return nil
}

func writeClusters(w io.Writer, kind eval.Kind, rows []eval.Assignment) error {
	if _, err := fmt.Fprintf(w, "#kind: %s\n", kind); err != nil {
		return err
	}
	for _, a := range rows {
		if _, err := fmt.Fprintf(w, "%s\t%s\n", a.Page, a.Cluster); err != nil {
			return err
		}
	}
	return nil
}

// writeSpans also names the pages without a span.
func writeSpans(w io.Writer, made *eval.Synthetic) error {
	has := make(map[string]bool)
	for _, s := range made.Spans {
		has[s.Page] = true
		if _, err := fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", s.Page, s.From, s.To, s.Kind); err != nil {
			return err
		}
	}
	for _, id := range made.Parted {
		if !has[id] {
			if _, err := fmt.Fprintln(w, id); err != nil {
				return err
			}
		}
	}
	return nil
}
