package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"golang.org/x/term"

	"sada/cmd/internal/exit"
	"sada/cmd/sada/internal/archive"
)

// operationFlags are for whoever runs the program unattended.
type operationFlags struct {
	Metrics     string `help:"File to write metrics to, in the text format of Prometheus." placeholder:"FILE" type:"path"`
	PingURLFile string `name:"ping-url-file" help:"File with a URL to call at the start (with /start), at the end, and after a failure (with /fail). It is a secret; $$SADA_PING_URL does too." placeholder:"FILE" type:"path"`
	LogFormat   string `help:"Of the log and the errors on stderr: text or json (default ${default})." default:"text" enum:"text,json" placeholder:"FORMAT"`
	Verbose     bool   `help:"Log what goes well too." short:"v"`
}

// pingVariable is the environment variable of the URL to call.
const pingVariable = "SADA_PING_URL"

// secret is a string that is not printed, logged or written by accident.
type secret string

func (secret) String() string               { return "<secret>" }
func (secret) GoString() string             { return "<secret>" }
func (secret) MarshalText() ([]byte, error) { return []byte("<secret>"), nil }
func (secret) LogValue() slog.Value         { return slog.StringValue("<secret>") }

// operation is a night from outside: how it went, for metrics, pings and the log.
type operation struct {
	log  *slog.Logger
	ping secret

	pages, known              int
	churnStories, churnGroups float64
	largest                   int
	counts                    map[string]int64
	rejects                   map[string]int64 // by reason
}

// operate runs do, and tells who wants to know how it went. That never makes the night fail.
func (f *operationFlags) operate(p *program, do func(o *operation) error) error {
	o := &operation{log: f.logger(p.stderr), ping: secret(os.Getenv(pingVariable))}
	if f.PingURLFile != "" {
		b, err := os.ReadFile(f.PingURLFile)
		if err != nil {
			o.log.Warn("the URL to call cannot be read", "error", err)
		}
		o.ping = secret(strings.TrimSpace(string(b)))
	}
	start := time.Now()
	o.call("/start")
	err := do(o)
	code := exit.Done
	if err != nil {
		code, _ = classify(err)
	}
	if code == exit.Done || code == exit.Rejects {
		o.call("")
	} else {
		o.call("/fail")
	}
	if f.Metrics != "" {
		if failed := o.write(f.Metrics, start, code); failed != nil {
			o.log.Warn("the metrics cannot be written", "error", failed)
		}
	}
	o.log.Info("night ended", "code", code, "seconds", time.Since(start).Seconds(), "pages", o.pages)
	return err
}

func (f *operationFlags) logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: slog.LevelWarn}
	if f.Verbose {
		o.Level = slog.LevelInfo
	}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// pingTimeout is the longest that a night waits for somebody who watches it.
const pingTimeout = 5 * time.Second

// call calls the URL. Errors of the library hold the URL, so they are told by their kind alone.
func (o *operation) call(suffix string) {
	if o.ping == "" {
		return
	}
	warn := func(what string) {
		o.log.Warn("the night could not be told", "what", cmp.Or(suffix, "success"), "problem", what)
	}
	u, err := url.Parse(string(o.ping))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		warn("not an http or https URL without a user")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.JoinPath(suffix).String(), nil)
	if err != nil {
		warn("not a URL")
		return
	}
	resp, err := http.DefaultClient.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		warn("no answer in time")
	case err != nil:
		warn("no connection")
	default:
		_ = resp.Body.Close() // nothing is read from it
		if resp.StatusCode >= 300 {
			warn(resp.Status)
		}
	}
}

// measure notes what came out of a night.
func (o *operation) measure(n *nightly, r *results) {
	stories, groups := r.retold.Churn, r.regrouped.Churn
	o.known, o.churnStories, o.churnGroups = stories.Pages, stories.Share(), groups.Share()
	o.pages, o.counts = len(r.Pages), n.counts
	for _, s := range r.Stories {
		o.largest = max(o.largest, len(s.Pages))
	}
	for _, g := range r.Copies {
		o.largest = max(o.largest, len(g.Pages))
	}
}

// prune removes old generations after a night that is done: if it cannot, that is no failure of the night.
func (o *operation) prune(p *program, a *archive.Archive, keep int) {
	if removed, err := a.Prune(p.ctx, keep); err != nil {
		o.log.Warn("old generations cannot be removed", "error", err)
	} else if len(removed) > 0 {
		o.log.Info("old generations removed", "generations", removed)
	}
}

// write writes the metrics. Those of the last success stay after a failure.
func (o *operation) write(name string, start time.Time, code int) error {
	success := float64(time.Now().UnixNano()) / 1e9
	if code != exit.Done && code != exit.Rejects {
		success = lastSuccess(name)
	}
	all := []*dto.MetricFamily{
		gauge(lastSuccessName, "When the last night that was published ended; 0 for never.", success),
		gauge("sada_night_last_end_timestamp_seconds", "When the last night ended.", float64(time.Now().UnixNano())/1e9),
		gauge("sada_night_last_exit_code", "Exit code of the last night.", float64(code)),
		gauge("sada_night_last_duration_seconds", "How long the last night took.", time.Since(start).Seconds()),
		gauge("sada_night_peak_memory_bytes", "Most memory that the last night had.", float64(peakMemory())),
		gauge("sada_night_pages", "Pages there are.", float64(o.pages)),
		gauge("sada_night_largest_group_pages", "Pages of the largest story or copy group.", float64(o.largest)),
		gauge("sada_night_churn_stories_ratio", "Share of the known pages that got another story.", o.churnStories),
		gauge("sada_night_churn_copy_groups_ratio", "Share of the known pages that got another copy group.", o.churnGroups),
		labelled("sada_night_input_pages", "Pages of the last night by what became of them.", "kind", o.counts),
		labelled("sada_night_rejects", "Records of the last night that are not among the pages, by reason.", "reason", o.rejects),
	}
	var b bytes.Buffer
	for _, f := range all {
		if len(f.Metric) == 0 {
			continue
		}
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(name, b.Bytes(), 0o644)
}

const lastSuccessName = "sada_night_last_success_timestamp_seconds"

// lastSuccess reads the time of the last success from the metrics that are there.
func lastSuccess(name string) float64 {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var at float64
		if n, err := fmt.Sscanf(line, lastSuccessName+" %g", &at); n == 1 && err == nil {
			return at
		}
	}
	return 0
}

func gauge(name, help string, value float64) *dto.MetricFamily {
	return &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}}}}
}

func labelled(name, help, label string, values map[string]int64) *dto.MetricFamily {
	f := &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		v := float64(values[k])
		f.Metric = append(f.Metric, &dto.Metric{Label: []*dto.LabelPair{{Name: &label, Value: &k}}, Gauge: &dto.Gauge{Value: &v}})
	}
	return f
}

// terminal says whether somebody is looking.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
