package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/exec/optimized" // calls of registered functions without reflection
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"

	"sada/cmd/internal/exit"
	"sada/cmd/internal/option"
	"sada/cmd/internal/publish"
	"sada/cmd/sada-beam/internal/pipeline"
)

// runnerFlags say where the pipeline runs. They have the names that Beam gives them.
type runnerFlags struct {
	Runner      string `help:"What runs the pipeline: prism in this process, with all data in memory, or flink." default:"prism" enum:"prism,flink"`
	Endpoint    string `help:"Job server of Flink (default ${default})." default:"127.0.0.1:8099" placeholder:"HOST:PORT"`
	REST        string `name:"flink_rest" help:"Flink's REST interface, by which a signal cancels the job (default ${default})." default:"127.0.0.1:8081" placeholder:"HOST:PORT"`
	Environment string `name:"environment_type" help:"Where Flink finds this program's code: LOOPBACK is processes of this one, EXTERNAL the workers of sada-beam worker." default:"LOOPBACK" enum:"LOOPBACK,EXTERNAL"`
	Workers     string `name:"environment_config" help:"Address of the workers as seen from every task manager (default ${default})." default:"127.0.0.1:8096" placeholder:"HOST:PORT"`
	Parallelism int    `help:"Parts into which Flink divides every step; more than it has task slots are done one after the other (default ${default})." default:"1" placeholder:"N"`
}

type runCmd struct {
	Input string            `help:"File or pattern of JSONL or Parquet pages, which all workers can read." required:"" placeholder:"PATH"`
	Out   string            `help:"Folder of the results, where all workers can write beside it." required:"" placeholder:"DIR" type:"path"`
	Field map[string]string `help:"A field's name in the records, as text=body." placeholder:"FIELD=NAME"`
	runnerFlags
	option.Clustering
	MaxRejects int  `help:"Rejects allowed; with more the exit code is 3, -1 allows any number (default ${default})." default:"0" placeholder:"N"`
	Quiet      bool `help:"No summary." short:"q" xor:"voice"`
	JSON       bool `help:"The summary as one JSON object." name:"json" xor:"voice"`
	Verbose    bool `help:"What Beam and the runner log, on the standard error."`
}

func (c *runCmd) Help() string {
	return `Reads every page, finds copies, foreign parts and stories, and writes them to a folder that appears
only when it is complete and that sada reads as one of its own. Two examples:

  sada-beam --runner=prism --input pages.jsonl --out result
  sada-beam --runner=flink --parallelism 8 --environment_type=EXTERNAL --input '/corpus/*.parquet' --out /corpus/result` + "\n" + exitHelp
}

// Run is the verb: build, run, publish, tell.
func (c *runCmd) Run(p *program) error {
	start := time.Now()
	flags, err := c.Options(1)
	o := pipeline.Options{Input: c.Input, Out: c.Out, Stemmer: c.Stemmer, Fields: c.Field, Cluster: flags}
	if err := cmp.Or(err, o.Validate()); err != nil {
		return exit.Misuse("sada-beam --help gives the defaults", "%w", err)
	}
	if c.Parallelism < 1 {
		return exit.Misuse("1 is what a single task slot can do", "--parallelism %d is none", c.Parallelism)
	}
	if err := c.someInput(); err != nil {
		return err
	}
	folder, err := publish.Create(c.Out) // what is in the way is told before the work is done
	if err != nil {
		return fmt.Errorf("create the result folder: %w", err)
	}
	folder.Abort()
	// Beam leaves empty files in the folder for temporary ones.
	tmp, err := os.MkdirTemp("", "sada-beam-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer os.RemoveAll(tmp)
	m := measures{make(map[string]int64), make(map[string]distribution)}
	for _, build := range pipeline.Jobs {
		job, s := beam.NewPipelineWithRoot()
		build(s, o)
		res, err := c.execute(p, job, tmp)
		if err != nil {
			return err
		}
		m.add(res)
	}
	if err := pipeline.Commit(p.ctx, o); err != nil {
		return err
	}
	if err := c.tell(p, m, time.Since(start)); err != nil {
		return &exit.Error{Code: exit.Failed, Err: fmt.Errorf("write the summary: %w", err), Hint: "the results are complete, in " + c.Out}
	}
	manifest, err := publish.ReadManifest(c.Out) // what was attempted twice is counted once there
	if err != nil {
		return err
	}
	if n := manifest.Counts["rejects"]; c.MaxRejects >= 0 && n > int64(c.MaxRejects) {
		return &exit.Error{Code: exit.Rejects, Err: fmt.Errorf("%d of %d records rejected, %d allowed; the rest is published", n, n+manifest.Counts["pages"]+manifest.Counts["duplicates"], c.MaxRejects),
			Hint: filepath.Join(c.Out, "rejects.jsonl") + " lists them"}
	}
	return nil
}

// someInput says early that a pattern matches nothing: a job takes long to say so.
func (c *runCmd) someInput() error {
	if strings.Contains(c.Input, "://") || strings.Contains(c.Out, "://") {
		return exit.Misuse("mount the storage on every host", "only files are read and written, not addresses")
	}
	files, err := filepath.Glob(c.Input)
	if err != nil {
		return exit.Misuse("* and ? stand for any characters and any one", "input %s: %w", c.Input, err)
	}
	if len(files) == 0 {
		return exit.Misuse("quote a pattern, so that the shell leaves it alone", "no file matches %s", c.Input)
	}
	return nil
}

// execute runs a pipeline to its end. tmp is a folder for temporary files.
func (c *runCmd) execute(p *program, job *beam.Pipeline, tmp string) (*metrics.Results, error) {
	level := slog.LevelError + 1 // what fails is in the error
	if c.Verbose {
		level = slog.LevelInfo
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: level})))
	log.SetLogger(&logger{c.Verbose, p.stderr})
	if c.Runner == "flink" {
		talk := io.Discard
		if c.Verbose {
			talk = p.stderr
		}
		return c.onFlink(p, job, tmp, talk)
	}
	if err := os.Setenv("TMPDIR", tmp); err != nil {
		return nil, err
	}
	res, err := prism.Execute(p.ctx, job)
	if err != nil {
		return nil, told(p.ctx, "prism", err)
	}
	m := res.Metrics()
	return &m, nil
}

// told shortens what a runner says of a job that failed, unless it was told to end: a Java program tells every frame of every
// cause, and the last cause is the first that happened.
func told(ctx context.Context, runner string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	const cause = "Caused by: "
	text := err.Error()
	if at := strings.LastIndex(text, cause); at >= 0 {
		text = text[at+len(cause):]
	}
	text, _, _ = strings.Cut(text, "\n\tat ")
	text, _, _ = strings.Cut(text, "\nFull error:") // the same once more, with all steps around it
	return &exit.Error{Code: exit.Failed, Err: fmt.Errorf("the job failed on %s: %s", runner, strings.TrimSpace(text)), Hint: "--verbose shows all that the runner says; nothing was published"}
}

// logger writes what Beam logs.
type logger struct {
	verbose bool
	w       io.Writer
}

// Log implements [log.Logger].
func (l *logger) Log(_ context.Context, severity log.Severity, _ int, message string) {
	if l.verbose && severity >= log.SevInfo {
		fmt.Fprintln(l.w, "sada-beam:", message)
	}
}

// measures is what the steps have counted.
type measures struct {
	Counters      map[string]int64        `json:"counters"`      // by name, over all steps
	Distributions map[string]distribution `json:"distributions"` // the same
}

type distribution struct {
	Count int64 `json:"count"`
	Sum   int64 `json:"sum"`
	Min   int64 `json:"min"`
	Max   int64 `json:"max"`
}

// add collects what the steps of a job have counted. Committed values come first: attempted ones count a
// bundle that was done again twice, and Prism's are wrong.
func (m measures) add(res *metrics.Results) {
	all := res.AllMetrics()
	for _, c := range all.Counters() {
		m.Counters[c.Name()] += c.Result()
	}
	for _, d := range all.Distributions() {
		name, v := d.Name(), d.Result()
		if v == (metrics.DistributionValue{}) {
			continue
		}
		sum, ok := m.Distributions[name]
		if !ok {
			sum.Min = v.Min
		}
		m.Distributions[name] = distribution{sum.Count + v.Count, sum.Sum + v.Sum, min(sum.Min, v.Min), max(sum.Max, v.Max)}
	}
}

// tell ends a run.
func (c *runCmd) tell(p *program, m measures, took time.Duration) error {
	switch {
	case c.JSON:
		return jsonLine(p.stdout, struct {
			Type    string  `json:"type"`
			Out     string  `json:"out"`
			Seconds float64 `json:"seconds"`
			measures
		}{"summary", c.Out, took.Seconds(), m})
	case c.Quiet:
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s in %.1f s\n\n", c.Runner, took.Seconds())
	for _, name := range slices.Sorted(maps.Keys(m.Counters)) {
		fmt.Fprintf(w, "%d\t  %s\n", m.Counters[name], name)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Distributions)) {
		d := m.Distributions[name]
		fmt.Fprintf(w, "%d\t  %s: %d to %d, %.1f on average\n", d.Count, name, d.Min, d.Max, float64(d.Sum)/float64(max(d.Count, 1)))
	}
	return w.Flush()
}
