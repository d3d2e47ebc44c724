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
	"io/fs"
	"os"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cmd/internal/interrupt"
	"sada/cmd/internal/publish"
)

// Exit codes. They are those of sada.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRejects = 3 // done, but with more rejects than allowed
	exitNoSpace = 14
	exitSIGTERM = 128 + int(syscall.SIGTERM)
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

// failure is an error with an exit code and a hint.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func usage(hint, format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...), hint}
}

// run is the program without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	var cli commands
	type stop struct{ code int } // kong ends the program after help; this ends run
	defer func() {
		if r := recover(); r != nil {
			s, ok := r.(stop)
			if !ok {
				panic(r)
			}
			code = s.code
		}
	}()
	parser, err := kong.New(&cli, kong.Name("sada-beam"), kong.Writers(stdout, stderr), kong.Exit(func(code int) { panic(stop{code}) }),
		kong.Description("Copies, foreign parts and stories in Arabic news pages, on Apache Beam."+exitHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return tellError(stderr, err)
	}
	verb, err := parser.Parse(args)
	if err != nil {
		return tellError(stderr, usage("sada-beam --help lists the flags", "%w", err))
	}
	ctx, signalled := interrupt.Until(ctx)
	err = verb.Run(&program{ctx, stdout, stderr})
	if n := signalled(); n != 0 && err != nil {
		err = &failure{128 + int(n), fmt.Errorf("stopped by signal: %v", n), "nothing was published; run it again"}
	}
	return tellError(stderr, err)
}

// tellError prints an error and returns its exit code.
func tellError(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	code, hint := classify(err)
	fmt.Fprintf(stderr, "sada-beam: error: %v\n", err)
	if hint != "" {
		fmt.Fprintf(stderr, "sada-beam: hint: %s\n", hint)
	}
	return code
}

func classify(err error) (code int, hint string) {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f.code, f.hint
	case errors.Is(err, context.Canceled):
		return exitSIGTERM, "nothing was published; run it again"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return exitNoSpace, "free some space or raise the limit; nothing was published"
	case errors.Is(err, publish.ErrForeign):
		return exitUsage, "name a new folder, an empty one, or that of an earlier run"
	case errors.Is(err, fs.ErrPermission):
		return exitFailed, "check who owns the path"
	}
	return exitFailed, ""
}

// jsonLine writes a value as one line of JSON.
func jsonLine(w io.Writer, v any) error {
	b, _ := json.Marshal(v) // structs of strings, numbers and maps of them
	_, err := fmt.Fprintf(w, "%s\n", b)
	return err
}
