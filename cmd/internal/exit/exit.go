// Package exit ends a program: with an exit code that scripts read, and a line on the standard error that says what
// went wrong, with a hint what to do.
package exit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"sada/cmd/internal/publish"
)

// Exit codes. They are a contract: scripts read them.
const (
	Done    = 0
	Failed  = 1
	Usage   = 2
	Rejects = 3  // done, but with more rejects or refused documents than allowed
	Gate    = 4  // a quality figure is beyond the limit that the caller has set
	NoState = 10 // the folder has no state
	Locked  = 11 // another process is at it
	Corrupt = 12 // a file of the state is not what was written
	Newer   = 13 // a later program wrote the state
	NoSpace = 14 // the disk is full, or a limit of the user's space or of a file's size is reached
	Brake   = 15 // refused, for it would change too much
	SIGINT  = 128 + int(syscall.SIGINT)
	SIGTERM = 128 + int(syscall.SIGTERM)
)

// Error is an error with an exit code and a hint, which may be empty.
type Error struct {
	Code int
	Err  error
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Misuse returns an error about how a program was called.
func Misuse(hint, format string, args ...any) error {
	return &Error{Usage, fmt.Errorf(format, args...), hint}
}

// again is the hint where nothing is left of what was begun.
const again = "nothing was published; run it again"

// Signalled returns the error of a program that a signal has ended while it was at err, which may bring a
// hint of its own.
func Signalled(by syscall.Signal, err error) error {
	hint := again
	if e := (*Error)(nil); errors.As(err, &e) {
		hint = e.Hint
	}
	return &Error{128 + int(by), fmt.Errorf("stopped by signal: %v", by), hint}
}

// Of returns the exit code and the hint of an error, if it is an [Error] or one that any program that publishes
// results can have; otherwise [Failed] and no hint.
func Of(err error) (code int, hint string) {
	var e *Error
	switch {
	case err == nil:
		return Done, ""
	case errors.As(err, &e):
		return e.Code, e.Hint
	case errors.Is(err, context.Canceled):
		return SIGTERM, again
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return NoSpace, "free some space or raise the limit; nothing was published"
	case errors.Is(err, publish.ErrForeign):
		return Usage, "name a new folder, an empty one, or that of an earlier run"
	case errors.Is(err, fs.ErrPermission):
		return Failed, "check who owns the path"
	}
	return Failed, ""
}

// quit is a panic that is none.
type quit struct{ code int }

// Quit ends what has deferred [Caught], with an exit code. It is for parsers, which end the process after help.
func Quit(code int) { panic(quit{code}) }

// Caught, if it is deferred, sets the code that [Quit] was called with.
func Caught(code *int) {
	switch r := recover().(type) {
	case nil:
	case quit:
		*code = r.code
	default:
		panic(r)
	}
}

// Say writes the line of an error of a program, and that of its hint.
func Say(stderr io.Writer, program string, err error, hint string) {
	fmt.Fprintf(stderr, "%s: error: %v\n", program, err)
	if hint != "" {
		fmt.Fprintf(stderr, "%s: hint: %s\n", program, hint)
	}
}
