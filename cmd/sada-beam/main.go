// Command sada-beam does what sada run does as an Apache Beam pipeline, for corpora that are too large
// for one machine: in this process with Prism, or on a cluster with Apache Flink. README.md beside it
// tells how.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cmd/internal/exit"
	"sada/cmd/internal/interrupt"
)

const exitHelp = `
Exit codes: 0 done, 1 failed, 2 usage, 3 done with more rejects than allowed, 14 no space left,
130 interrupted, 143 terminated. Take an unknown code for a failure.`

func main() {
	beam.Init() // nothing here parses Beam's own flags, so that it never takes the process for a worker
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// program is what the verbs need of the world.
type program struct {
	ctx            context.Context
	stdout, stderr io.Writer
}

type commands struct {
	Run     runCmd     `cmd:"" default:"withargs" help:"Find copies, foreign parts and stories in pages; the verb may be left out."`
	Worker  workerCmd  `cmd:"" help:"Serve task managers of Flink: start a process for each that asks for one."`
	Harness harnessCmd `cmd:"" hidden:"" help:"Such a process; worker starts it."`
}

// run is the program without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	var cli commands
	defer exit.Caught(&code)
	fail := func(err error) int {
		code, hint := exit.Of(err)
		if err != nil {
			exit.Say(stderr, "sada-beam", err, hint)
		}
		return code
	}
	parser, err := kong.New(&cli, kong.Name("sada-beam"), kong.Writers(stdout, stderr), kong.Exit(exit.Quit),
		kong.Description("Copies, foreign parts and stories in Arabic news pages, on Apache Beam."+exitHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return fail(err)
	}
	verb, err := parser.Parse(args)
	if err != nil {
		return fail(exit.Misuse("sada-beam --help lists the flags", "%w", err))
	}
	ctx, signalled := interrupt.Until(ctx)
	err = verb.Run(&program{ctx, stdout, stderr})
	if n := signalled(); n != 0 && errors.Is(err, context.Canceled) {
		err = exit.Signalled(n, err)
	}
	return fail(err)
}

// jsonLine writes a value as one line of JSON.
func jsonLine(w io.Writer, v any) error {
	b, _ := json.Marshal(v) // structs of strings, numbers and maps of them
	_, err := fmt.Fprintf(w, "%s\n", b)
	return err
}
