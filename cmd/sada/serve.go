package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/user"
	"slices"
	"strings"
	"time"

	"sada/cmd/internal/exit"
	"sada/cmd/sada/internal/report"
	"sada/eval"
)

type serveCmd struct {
	Dir       string   `arg:"" help:"Folder of a run." name:"run" type:"path"`
	Listen    string   `help:"Address; anything but a loopback address can be read by others on the network (default ${default})." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	Sample    string   `help:"Sample file of sada sample, to be labelled." placeholder:"FILE" type:"existingfile"`
	Labels    string   `help:"Labels file, JSONL, that answers are appended to." placeholder:"FILE" type:"path"`
	Annotator []string `help:"Who labels; each gets a link (default the user's name)." placeholder:"NAME"`
	siteFlags
}

func (c *serveCmd) Help() string {
	return `Shows the pages of sada report from a server, and with a sample its pairs or clusters to be labelled, without scores. Each link that it
prints lets one browser in, once. Every answer is on disk before the next one is asked, and starting again goes on where it
ended. Answers feed sada estimate and sada agree. A signal ends it. An example:

  sada sample out --out sample.jsonl
  sada serve out --sample sample.jsonl --labels labels.jsonl --annotator mona --annotator sami
  sada estimate sample.jsonl labels.jsonl`
}

// sample reads what is labelled; nil without a sample.
func (c *serveCmd) sample() (*eval.SampleFile, error) {
	switch {
	case c.Sample == "" && c.Labels == "" && len(c.Annotator) == 0:
		return nil, nil
	case c.Sample == "" || c.Labels == "":
		return nil, exit.Misuse("sada sample draws pairs and clusters", "labelling takes --sample and --labels")
	case formatOf(c.Labels) != eval.JSONL:
		return nil, exit.Misuse("name it .jsonl", "%s: answers are kept as JSONL", c.Labels)
	case slices.Contains(c.Annotator, report.Adjudicator):
		return nil, exit.Misuse("it is kept for answers that settle a dispute", "no annotator can be called %q", report.Adjudicator)
	}
	sample, err := readSample(c.Sample)
	if err != nil {
		return nil, err
	}
	if len(sample.Pairs) == 0 {
		return nil, exit.Misuse("sada sample draws pairs and clusters", "%s: nothing to label", c.Sample)
	}
	return &sample, nil
}

// Run is the verb.
func (c *serveCmd) Run(p *program) error {
	sample, err := c.sample()
	if err != nil {
		return err
	}
	o := report.Options{Labels: sample != nil}
	if sample != nil {
		for _, pair := range sample.Pairs {
			o.Also = append(o.Also, pair.A, pair.B)
		}
	}
	site, warn, err := c.site(p, c.Dir, o)
	if err != nil {
		return err
	}
	var labels *report.Labeller
	if sample != nil {
		journal, err := report.OpenJournal(c.Labels)
		if errors.Is(err, report.ErrInUse) {
			return &exit.Error{Code: exit.Failed, Err: err, Hint: "several annotators share one server: give --annotator for each"}
		}
		if err != nil {
			return fmt.Errorf("open the labels: %w", err)
		}
		defer journal.Close()
		if journal.Torn > 0 {
			p.warn(fmt.Sprintf("%s ended within an answer; %d bytes of it were taken off", c.Labels, journal.Torn), "")
		}
		if labels, err = report.NewLabeller(site, journal, *sample); err != nil {
			return exit.Misuse("sample the run that is served", "%w", err)
		}
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return exit.Misuse("as 127.0.0.1:8080; port 0 takes a free one", "--listen %s: %w", c.Listen, err)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server, err := report.NewServer(site, labels, host)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	warn()
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		p.warn(c.Listen+" is not a loopback address; what is sent over the network is not encrypted", "")
	}
	names := c.Annotator
	if len(names) == 0 {
		names = []string{userName()}
	}
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "http://%s/?token=%s", listener.Addr(), server.Token(name))
		if labels != nil {
			fmt.Fprintf(&b, "  %s", name)
		}
		b.WriteString("\n")
	}
	if err := show(p.stdout, b.String()); err != nil {
		return errors.Join(err, listener.Close())
	}
	// A header in a few seconds: more is somebody who holds connections open.
	s := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	stopped := make(chan error, 1)
	go func() {
		<-p.ctx.Done()
		// Answers are on disk when they are acknowledged; requests under way get a moment. Browsers hold
		// connections open on which they ask nothing.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			stopped <- err
			return
		}
		stopped <- s.Close()
	}()
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// userName is who runs the program.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return "me"
	}
	return cmp.Or(u.Username, "me")
}
