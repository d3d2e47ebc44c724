// Command sada finds, in a large corpus of Arabic news pages, the syndicated copies of every page, the
// parts of it that are not its own, and the other pages on the same story. `sada help` lists its
// verbs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"github.com/alecthomas/kong"

	"sada/cmd/internal/corpus"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/interrupt"
	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/feed"
	"sada/cmd/sada/internal/shards"
)

const exitHelp = `
Exit codes: 0 done, 1 failed, 2 usage, 3 done with more rejects than allowed, 4 a figure beyond the limit
that was set for it, 10 no state, 11 locked, 12 state corrupt, 13 state newer than the program,
14 no space left, 15 refused by a brake, 130 interrupted, 143 terminated. Take an unknown code for a failure.`

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// program is what the verbs need of the world.
type program struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	files          archive.FS // of states; nil is the system's
	settings       *settings
	logFormat      string // of warnings and errors
	checkpoint     int    // pages of a checkpoint of a night; 0 is blockPages
}

type commands struct {
	Run      runCmd      `cmd:"" help:"Find copies, foreign parts and stories in pages."`
	Merge    mergeCmd    `cmd:"" help:"Make the results of shards that sada run --shards has made."`
	Night    nightCmd    `cmd:"" help:"Take a night's pages into a state, and publish all of it."`
	Check    checkCmd    `cmd:"" help:"Verify every file of a state, and change nothing."`
	Repair   repairCmd   `cmd:"" help:"Go back to what is whole of a state, and move the rest aside."`
	Prune    pruneCmd    `cmd:"" help:"Remove old generations of a state."`
	State    stateCmd    `cmd:"" help:"Show or export a state."`
	Explain  explainCmd  `cmd:"" help:"Say why two pages are or are not together, or what is known of one."`
	Passages passagesCmd `cmd:"" help:"Print the map of a page: what is its own and where the rest is from."`
	Eval     evalCmd     `cmd:"" help:"Score a run by gold clusters, pairs or spans."`
	Sweep    sweepCmd    `cmd:"" help:"Try thresholds, methods and options of stories against a gold."`
	Diff     diffCmd     `cmd:"" help:"Compare two runs: merges, splits, moves, IDs, and scores."`
	Sample   sampleCmd   `cmd:"" help:"Draw pairs of pages to be labelled, by strata and with their weights."`
	Estimate estimateCmd `cmd:"" help:"Estimate precision and recall from labels on a sample."`
	Agree    agreeCmd    `cmd:"" help:"Say how far annotators agree, and list what to adjudicate."`
	Worst    worstCmd    `cmd:"" help:"List false merges and false splits, ranked, with their reasons."`
	Synth    synthCmd    `cmd:"" help:"Make a corpus with known truth of any base corpus."`
	Feed     feedCmd     `cmd:"" help:"Write the IDs of a run to the documents of a search engine."`
	Search   searchCmd   `cmd:"" help:"Search an index that sada feed bleve has made, one hit for a story."`
	Report   reportCmd   `cmd:"" help:"Write HTML pages that show a run."`
	Serve    serveCmd    `cmd:"" help:"Show the pages of a run from a server, and collect labels."`
	Config   configCmd   `cmd:"" help:"Print the options that verbs have without flags, and where they are from."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
	Help     helpCmd     `cmd:"" help:"Print this help, or that of a verb."`

	ConfigFile string `name:"config" help:"File with options for every verb; see sada config." placeholder:"FILE"`
}

// run is the program without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	return (&program{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr}).run(args)
}

func (p *program) run(args []string) (code int) {
	stdout, stderr := p.stdout, p.stderr
	var cli commands
	defer exit.Caught(&code)
	logFormat := early(args, "log-format") // bad usage is told in it too
	fail := func(err error) int {
		code := tellError(stderr, err, logFormat)
		if err != nil && wantsJSON(args) {
			_ = jsonLine(stdout, struct { // the code tells as much
				Type  string `json:"type"`
				Code  int    `json:"code"`
				Error string `json:"error"`
			}{"exit_error", code, err.Error()})
		}
		return code
	}
	parser, err := kong.New(&cli, kong.Name("sada"), kong.Writers(stdout, stderr), kong.Exit(exit.Quit),
		kong.Description("Copies, foreign parts and stories in Arabic news pages."+exitHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.DefaultEnvars(envPrefix))
	if err != nil {
		return fail(err)
	}
	if p.settings, err = readSettings(early(args, "config"), parser.Model); err != nil {
		return fail(err)
	}
	if err := kong.Resolvers(p.settings).Apply(parser); err != nil {
		return fail(err)
	}
	verb, err := parser.Parse(args)
	if err != nil {
		return fail(exit.Misuse("sada help lists the verbs, sada VERB --help the flags of one", "%w", err))
	}
	for _, flag := range verb.Selected().Flags {
		if flag.Name == "log-format" { // a configuration file may have set it
			logFormat = fmt.Sprint(verb.FlagValue(flag))
		}
	}
	p.logFormat = logFormat
	ctx, signalled := interrupt.Until(p.ctx)
	p.ctx = ctx
	err = verb.Run(p, parser)
	if n := signalled(); n != 0 && errors.Is(err, context.Canceled) {
		err = exit.Signalled(n, err)
	}
	return fail(err)
}

// wantsJSON says whether --json is among the flags, known before they are parsed: bad usage is told
// in JSON too.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json")
}

// jsonLine writes a value as one line of JSON.
func jsonLine(w io.Writer, v any) error {
	b, _ := json.Marshal(v) // structs of strings, numbers and maps of them
	_, err := fmt.Fprintf(w, "%s\n", b)
	return err
}

// tellError prints an error and returns its exit code. In the format json it is one line of the log.
func tellError(stderr io.Writer, err error, format string) int {
	if err == nil {
		return exit.Done
	}
	code, hint := classify(err)
	if format == "json" {
		slog.New(slog.NewJSONHandler(stderr, nil)).Error(err.Error(), "code", code, "hint", hint)
		return code
	}
	exit.Say(stderr, "sada", err, hint)
	return code
}

// warn tells of something that is no failure. In the format json it is one line of the log.
func (p *program) warn(what, hint string) {
	if p.logFormat == "json" {
		slog.New(slog.NewJSONHandler(p.stderr, nil)).Warn(what, "hint", hint)
		return
	}
	fmt.Fprintf(p.stderr, "sada: warning: %s\n", what)
	if hint != "" {
		fmt.Fprintf(p.stderr, "sada: hint: %s\n", hint)
	}
}

func classify(err error) (code int, hint string) {
	var f *exit.Error
	var input *corpus.Error
	switch {
	case errors.As(err, &f):
		return f.Code, f.Hint
	case errors.Is(err, context.Canceled):
		return exit.Of(err)
	case errors.Is(err, archive.ErrNone):
		return exit.NoState, "sada night makes one; check --state"
	case errors.Is(err, archive.ErrLocked):
		return exit.Locked, "wait for it with --lock-wait 10m"
	case errors.Is(err, shards.ErrNone):
		return exit.Usage, "sada run --shards makes them; one that was stopped goes on when it is run again"
	case errors.Is(err, shards.ErrNewer):
		return exit.Newer, "use the program that wrote them, or a later one"
	case errors.Is(err, shards.ErrCorrupt):
		return exit.Corrupt, "remove the shard that is named, and run sada run --shards again: it makes that one anew"
	case errors.Is(err, archive.ErrNewer):
		return exit.Newer, "use the program that wrote it, or a later one"
	case errors.Is(err, archive.ErrCorrupt):
		return exit.Corrupt, "sada check tells what is damaged, sada repair goes back to what is whole"
	case errors.As(err, &input):
		return exit.Usage, ""
	case errors.Is(err, publish.ErrPart):
		return exit.Usage, partHint
	case errors.Is(err, feed.ErrTarget):
		return exit.Usage, "sada feed --help lists the engines, sada help feed ENGINE the flags of one"
	case errors.Is(err, feed.ErrOpenSecret):
		return exit.Usage, "chmod 600 makes it the owner's alone"
	case errors.Is(err, feed.ErrLocked):
		return exit.Locked, "wait until it has ended, and run this again"
	case errors.Is(err, feed.ErrBrake):
		return exit.Brake, "check that --run is the run you mean; --max-clear 1 lets it clear any number"
	case errors.Is(err, feed.ErrGap):
		return exit.Brake, "nothing was sent; sada state export --state DIR --out DIR writes all of the state, and --run feeds that"
	case errors.Is(err, feed.ErrDamage):
		return exit.Failed, "nothing was sent; make the run again"
	}
	return exit.Of(err)
}

type versionCmd struct{}

func (versionCmd) Run(p *program) error {
	_, err := fmt.Fprintln(p.stdout, "sada", version())
	return err
}
