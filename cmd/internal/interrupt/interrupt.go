// Package interrupt ends the work of a program when a signal asks for it.
package interrupt

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Until returns a context that the first SIGINT or SIGTERM ends, and a function that tells which of
// them came, 0 for none. A second signal ends the process.
func Until(ctx context.Context) (context.Context, func() syscall.Signal) {
	ctx, cancel := context.WithCancel(ctx)
	came := make(chan os.Signal, 1)
	got := make(chan syscall.Signal, 1)
	signal.Notify(came, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := <-came
		signal.Stop(came)
		if n, ok := s.(syscall.Signal); ok {
			got <- n
		}
		cancel()
	}()
	return ctx, func() syscall.Signal {
		select {
		case n := <-got:
			return n
		default:
			return 0
		}
	}
}
