package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"sada/cmd/internal/exit"
	"sada/cmd/sada/internal/report"
	"sada/features/arabic"
)

// siteFlags are those of the verbs that show a run.
type siteFlags struct {
	Details int    `help:"Copy pairs, copy groups and stories that get a page of their own, of each so many; lists count all (default ${default})." default:"500" placeholder:"N"`
	Sweep   string `help:"Show what sada sweep --json has written." placeholder:"FILE" type:"existingfile"`
	Worst   string `help:"Show what sada worst --json has written." placeholder:"FILE" type:"existingfile"`
	Diff    string `help:"Show what sada diff --json has written." placeholder:"FILE" type:"existingfile"`
}

type reportCmd struct {
	Dir     string `arg:"" help:"Folder of a run." name:"run" type:"path"`
	Out     string `help:"Folder of the pages." required:"" short:"o" placeholder:"DIR" type:"path"`
	Workers int    `help:"Goroutines; no page depends on them (default all processors)." default:"0" placeholder:"N"`
	Quiet   bool   `help:"No summary." short:"q"`
	siteFlags
}

func (c *reportCmd) Help() string {
	return `Writes HTML pages of a run, in Arabic and in English: copies side by side, the map of every page, stories with their
doubts, reused texts. They need no server and load nothing. Texts are read from the inputs of the run; where these are
gone or changed the pages are without them. An example:

  sada report out -o report
  sada sweep testdata/corpus.jsonl --gold testdata/gold.stories.tsv --json > sweep.json
  sada report out -o report --sweep sweep.json`
}

// object reads what another verb has written with --json; nil without a path.
func object[T any](path, kind string) (*T, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out, err := report.ReadObject[T](f, kind)
	if err != nil {
		return nil, exit.Misuse(fmt.Sprintf("it is what sada %s --json prints", kind), "%s: %w", path, err)
	}
	return out, nil
}

// evaluation is what the flags name; nil if they name nothing.
func (c *siteFlags) evaluation() (*report.Evaluation, error) {
	var e report.Evaluation
	var errs [3]error
	e.Sweep, errs[0] = object[report.Sweep](c.Sweep, "sweep")
	e.Worst, errs[1] = object[report.Worst](c.Worst, "worst")
	e.Diff, errs[2] = object[report.Diff](c.Diff, "diff")
	if err := errors.Join(errs[:]...); err != nil || e == (report.Evaluation{}) {
		return nil, err
	}
	return &e, nil
}

// site loads a run and the texts that its pages show. If some are missing it gives what to say of that when the
// pages are there.
func (c *siteFlags) site(p *program, dir string, o report.Options) (s *report.Site, warn func(), err error) {
	f, err := openRun(dir)
	if err != nil {
		return nil, nil, err
	}
	if c.Details < 1 {
		return nil, nil, exit.Misuse("the default suits most", "%d details: want 1 or more", c.Details)
	}
	if o.Evaluation, err = c.evaluation(); err != nil {
		return nil, nil, err
	}
	if o.Stemmer, err = arabic.ParseStemmer(f.options.Stemmer); err != nil {
		return nil, nil, err
	}
	run, err := report.Load(dir)
	if err != nil {
		return nil, nil, err
	}
	o.Details = c.Details
	s = report.New(run, o)
	texts, err := f.texts(p, s.Needs)
	if ctx := p.ctx.Err(); ctx != nil {
		return nil, nil, ctx
	}
	missing := ""
	warn = func() {
		if missing != "" {
			p.warn("pages without their texts: "+missing, f.hint())
		}
	}
	if err != nil {
		missing = err.Error()
		s.SetTexts(nil, missing)
		return s, warn, nil
	}
	for i := range run.Pages {
		if id := run.Pages[i].ID; s.Needs(id) && missing == "" {
			if why := texts.Missing(id); why != nil {
				missing = why.Error()
			}
		}
	}
	s.SetTexts(texts.Found, missing)
	return s, warn, nil
}

// Run is the verb.
func (c *reportCmd) Run(p *program) error {
	start := time.Now()
	workers := c.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	s, warn, err := c.site(p, c.Dir, report.Options{})
	if err != nil {
		return err
	}
	written, err := s.Write(p.ctx, c.Out, workers)
	if err != nil {
		return err
	}
	warn()
	if c.Quiet {
		return nil
	}
	return show(p.stdout, fmt.Sprintf("%d pages in Arabic and as many in English, the largest of %d KB, in %.1f s\nOpen %s/index.html in a browser.\n",
		written.Pages, written.Largest>>10, time.Since(start).Seconds(), c.Out))
}
