package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"sada/cluster"
	"sada/cmd/internal/exit"
)

// TestSchema holds every kind of line that --json prints to the schema that is shipped.
func TestSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("ops/output.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{dir: t.TempDir()}
	lines := demoLines(t)
	if code, stderr := w.night("one", lines[:60]); code != exit.Done {
		t.Fatal(stderr)
	}
	state := w.at("state")
	if err := os.WriteFile(w.at("two.jsonl"), []byte(strings.Join(lines[60:], "")), 0o644); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, args := range [][]string{
		{"night", w.at("two.jsonl"), "--state", state, "--out", w.at("out"), "--dry-run"},
		{"night", w.at("two.jsonl"), "--state", state, "--out", w.at("out")},
		{"check", "--state", state}, {"prune", "--state", state}, {"repair", "--state", state}, {"state", "show", "--state", state},
		{"state", "export", "--state", state, "--out", w.at("export")},
		{"check", "--state", w.at("none")}, {"night", "--bogus"},
	} {
		var out strings.Builder
		code := (&program{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: new(strings.Builder)}).run(append(args, "--json"))
		if out.Len() == 0 {
			t.Errorf("%q: nothing", args)
		}
		for line := range strings.Lines(out.String()) {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
			if err == nil {
				err = schema.Validate(value)
			}
			if err != nil {
				t.Errorf("%q, code %d: %s%v", args, code, line, err)
			}
			var head struct{ Type string }
			if err := json.Unmarshal([]byte(line), &head); err != nil {
				t.Error(err)
			}
			seen[head.Type] = true
		}
	}
	for _, kind := range []string{"step", "summary", "forecast", "exit_error", "check", "repair", "prune", "state"} {
		if !seen[kind] {
			t.Errorf("no line of type %s", kind)
		}
	}
	for _, line := range []string{`{}`, `{"type":"summary"}`, `{"type":"exit_error","code":99,"error":"x"}`, `{"type":"check"}`} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("the schema takes %s", line)
		}
	}
}

// TestMetrics reads the metrics of a night that is done and of one that fails.
func TestMetrics(t *testing.T) {
	w := &world{dir: t.TempDir()}
	metrics := w.at("metrics/sada.prom")
	read := func() map[string]float64 {
		t.Helper()
		f, err := os.Open(metrics)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(f)
		if err != nil {
			t.Fatal(err)
		}
		out := make(map[string]float64)
		for name, family := range families {
			for _, m := range family.Metric {
				key := strings.TrimPrefix(name, "sada_night_")
				for _, l := range m.Label {
					key += " " + l.GetValue()
				}
				out[key] = m.GetGauge().GetValue()
			}
		}
		return out
	}
	lines := append(demoLines(t)[:50], "{\"id\":\n")
	if code, stderr := w.night("one", lines, "--metrics", metrics); code != exit.Rejects {
		t.Fatal(code, stderr)
	}
	done := read()
	for key, want := range map[string]float64{"pages": 50, "last_exit_code": 3, "input_pages added": 50} {
		if done[key] != want {
			t.Errorf("%s %g, want %g", key, done[key], want)
		}
	}
	rejects := 0.
	for key, n := range done {
		if strings.HasPrefix(key, "rejects ") {
			rejects += n
		}
	}
	if rejects != 1 || done["last_success_timestamp_seconds"] == 0 || done["largest_group_pages"] == 0 {
		t.Errorf("%v", done)
	}
	if code, _ := w.night("none", nil, "--delete", w.at("nowhere"), "--metrics", metrics); code != exit.Usage {
		t.Fatal(code)
	}
	failed := read()
	if failed["last_exit_code"] != exit.Usage || failed["last_success_timestamp_seconds"] != done["last_success_timestamp_seconds"] || failed["last_end_timestamp_seconds"] <= done["last_end_timestamp_seconds"] {
		t.Errorf("after a failure: %v", failed)
	}
	entries, err := os.ReadDir(filepath.Dir(metrics))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	// Metrics that cannot be written are no failure of the night.
	if code, stderr := w.night("two", demoLines(t)[50:60], "--metrics", w.at("one.jsonl/sada.prom")); code != exit.Done || !strings.Contains(stderr, "metrics cannot be written") {
		t.Error(code, stderr)
	}
}

// TestPing has a server that is told, one that fails, and ones that are not there; none of it makes a night
// fail, and nothing that is printed or written has the URL.
func TestPing(t *testing.T) {
	const canary = "canary-7f3a"
	var calls []string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+strings.ReplaceAll(r.URL.Path, canary, "X"))
		w.WriteHeader(status)
	}))
	defer server.Close()
	w := &world{dir: t.TempDir()}
	file := w.at("ping")
	set := func(url string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(url+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := demoLines(t)
	var printed strings.Builder
	night := func(want int, more ...string) {
		t.Helper()
		code, stderr := w.night(fmt.Sprint("n", len(calls)), lines[:10], append(more, "-v", "--metrics", w.at("metrics"), "--log-format", "json")...)
		if code != want {
			t.Errorf("code %d, want %d: %s", code, want, stderr)
		}
		printed.WriteString(stderr)
	}
	wantCalls := func(want ...string) {
		t.Helper()
		if got := strings.Join(calls, ", "); got != strings.Join(want, ", ") {
			t.Errorf("calls %s, want %s", got, want)
		}
		calls = nil
	}
	set(server.URL + "/" + canary)
	night(exit.Done, "--ping-url-file", file)
	wantCalls("POST /X/start", "POST /X")
	night(exit.Usage, "--ping-url-file", file, "--sigma", "3")
	wantCalls("POST /X/start", "POST /X/fail")
	status = http.StatusInternalServerError
	night(exit.Done, "--ping-url-file", file)
	wantCalls("POST /X/start", "POST /X")
	for _, url := range []string{"http://127.0.0.1:1/" + canary, "gopher://" + canary, "http://user:" + canary + "@127.0.0.1:1", "::" + canary, "http://" + canary + ".invalid/\x7f"} {
		set(url)
		night(exit.Done, "--ping-url-file", file)
	}
	t.Setenv(pingVariable, "http://127.0.0.1:1/"+canary)
	night(exit.Done)
	night(exit.Done, "--ping-url-file", w.at("nowhere"))
	wantCalls()
	if s := printed.String(); strings.Contains(s, canary) || !strings.Contains(s, "the night could not be told") {
		t.Errorf("printed: %s", s)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", secret(canary), secret(canary), secret(canary), secret(canary)); strings.Contains(s, canary) {
		t.Errorf("a secret is printed as %s", s)
	}
	if b, err := json.Marshal(map[string]any{"x": secret(canary)}); err != nil || strings.Contains(string(b), canary) {
		t.Errorf("a secret in JSON is %s, %v", b, err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(w.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), canary) {
			t.Errorf("%s has the URL", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestUnits has systemd verify what is shipped.
func TestUnits(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: the units were not verified")
	}
	dir := t.TempDir()
	for _, name := range []string{"sada-night.service", "sada-night.timer"} {
		b, err := os.ReadFile("ops/" + name)
		if err != nil {
			t.Fatal(err)
		}
		// The program is not installed here, nor is its manual page.
		unit := strings.NewReplacer("/usr/local/bin/sada", "/bin/true", "Documentation=man:sada(1)\n", "").Replace(string(b))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"sada-night.service", "sada-night.timer"} {
		if out, err := exec.Command(tool, "verify", "--recursive-errors=no", filepath.Join(dir, name)).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestShippedSettings reads the configuration that is shipped.
func TestShippedSettings(t *testing.T) {
	out := sada(t, "config", "night", "--origin", "--config", "ops/sada.toml")
	if !strings.Contains(out, `keep = "14"`) || !strings.Contains(out, `publish = "changed"`) || !strings.Contains(out, "# ops/sada.toml") {
		t.Error(out)
	}
	if out := sada(t, "config", "feed bleve", "--config", "ops/sada.toml"); !strings.Contains(out, `index = "/var/lib/sada/index"`) {
		t.Error(out)
	}
}

// TestExportLog has what an export warns of in the format of the log.
func TestExportLog(t *testing.T) {
	w := &world{dir: t.TempDir()}
	if code, stderr := w.night("one", demoLines(t)[:10]); code != exit.Done {
		t.Fatal(stderr)
	}
	forget(t, w.at("state"), new(cluster.Tables))
	for format, want := range map[string]string{"": "time=", "json": `{"time":`} {
		t.Setenv("SADA_LOG_FORMAT", format)
		code, stderr := w.run("state", "export", "--state", w.at("state"), "--out", w.at("export"))
		if code != exit.Done || !strings.HasPrefix(stderr, want) || !strings.Contains(stderr, "all pages are clustered anew") {
			t.Errorf("format %q: code %d: %s", format, code, stderr)
		}
	}
}
