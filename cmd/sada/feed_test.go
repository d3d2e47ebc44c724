//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/feed"
)

// stub answers as a node of OpenSearch does until the documents are written; bulk answers then.
func stub(bulk http.HandlerFunc) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/_mapping") && r.Method == http.MethodGet:
			fmt.Fprint(w, `{"pages":{"mappings":{}}}`)
		case strings.HasSuffix(r.URL.Path, "/_settings"):
			fmt.Fprint(w, `{"pages":{"settings":{"index":{"uuid":"u"}}}}`)
		case strings.HasSuffix(r.URL.Path, "/_search"):
			fmt.Fprint(w, `{"hits":{"total":{"value":0}},"aggregations":{"number":{"value":null}}}`)
		case strings.HasSuffix(r.URL.Path, "/_bulk"):
			bulk(w, r)
		default:
			fmt.Fprint(w, `{"acknowledged":true}`)
		}
	}))
}

// answerItems gives every document of a bulk request the same answer.
func answerItems(w http.ResponseWriter, r *http.Request, status int, reason string) {
	var items []any
	for dec := json.NewDecoder(r.Body); dec.More(); {
		var line struct {
			Update struct {
				ID string `json:"_id"`
			} `json:"update"`
		}
		if dec.Decode(&line) == nil && line.Update.ID != "" {
			items = append(items, map[string]any{"update": map[string]any{"_id": line.Update.ID, "status": status, "error": map[string]any{"type": "some_exception", "reason": reason}}})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": true, "items": items})
}

// TestOwnTexts holds that an index gets of every page all that is its own, and nothing of an appended article.
func TestOwnTexts(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	sada(t, "run", demo, "--out", out, "--quiet")
	var set struct{ ID, Text string }
	rows := make(map[string]publish.Page)
	for row, err := range publish.Read[publish.Page](out, "pages") {
		if err != nil {
			t.Fatal(err)
		}
		rows[row.ID] = row
	}
	corpus, err := os.ReadFile(demo)
	if err != nil {
		t.Fatal(err)
	}
	whole := make(map[string]string)
	for dec := json.NewDecoder(bytes.NewReader(corpus)); dec.More(); {
		if err := dec.Decode(&set); err != nil {
			t.Fatal(err)
		}
		whole[set.ID] = set.Text
	}
	n, tails := 0, 0
	for text, err := range texts(&program{ctx: t.Context()}, out, nil, func(string) bool { return true }) {
		if err != nil || !text.Known {
			t.Fatalf("%s: known %t, %v", text.ID, text.Known, err)
		}
		n++
		for _, part := range rows[text.ID].Parts {
			of := strings.TrimSpace(whole[text.ID][part.From:part.To])
			switch has := strings.Contains(text.Body, of); part.Kind {
			case "tail":
				tails++
				if has {
					t.Errorf("%s has its tail", text.ID)
				}
			case "main":
				if !has {
					t.Errorf("%s lacks its own text", text.ID)
				}
			}
		}
	}
	if n != len(rows) || tails == 0 {
		t.Errorf("%d of %d pages, %d tails", n, len(rows), tails)
	}
}

// TestFeedCodes checks the exit codes that need an engine, and that none of them shows the secret, which every
// answer quotes.
func TestFeedCodes(t *testing.T) {
	dir := t.TempDir()
	sada(t, "run", demo, "--out", filepath.Join(dir, "out"), "--quiet")
	for _, c := range []struct {
		name   string
		bulk   http.HandlerFunc
		args   []string
		want   int
		stderr []string
	}{
		{"refused", func(w http.ResponseWriter, r *http.Request) {
			answerItems(w, r, 400, r.Header.Get("Authorization"))
		}, nil, exit.Rejects, []string{"sada: error: 171 of 171 documents not taken, 0 allowed: 0 missing, 171 refused", "sada: hint: ", ".refused.jsonl lists them"}},
		{"missing", func(w http.ResponseWriter, r *http.Request) { answerItems(w, r, 404, "") }, nil, exit.Rejects, []string{"171 missing, 0 refused"}},
		{"missing, as many as are allowed", func(w http.ResponseWriter, r *http.Request) { answerItems(w, r, 404, "") }, []string{"--max-refused", "171"}, exit.Done, nil},
		{"any number", func(w http.ResponseWriter, r *http.Request) { answerItems(w, r, 400, "") }, []string{"--max-refused=-1"}, exit.Done, nil},
		{"not allowed", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, `{"status":401,"error":"no `+r.Header.Get("Authorization")+`"}`, http.StatusUnauthorized)
		}, nil, exit.Failed, []string{"sada: error: feed 1 of opensearch ", ": 0 of 171 documents acknowledged: ", "sada: hint: what was acknowledged is kept"}},
		{"busy", func(w http.ResponseWriter, r *http.Request) { answerItems(w, r, 429, r.Header.Get("Authorization")) }, []string{"--patience", "10ms"}, exit.Failed, []string{"given up after 1 tries"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := stub(c.bulk)
			defer server.Close()
			cursor := t.TempDir()
			cmd, stdout, stderr := child(t, dir, "sada", append([]string{"feed", "opensearch", "--url", server.URL, "--index", "pages", "--user", "feeder", "--cursor", cursor}, c.args...)...)
			cmd.Env = append(os.Environ(), "SADA_SECRET=canary-in-a-coal-mine")
			if code := exitCode(t, cmd.Run()); code != c.want {
				t.Errorf("code %d, want %d: %s", code, c.want, stderr)
			}
			for _, s := range c.stderr {
				if !strings.Contains(stderr.String(), s) {
					t.Errorf("stderr lacks %q: %s", s, stderr)
				}
			}
			said := stdout.String() + stderr.String()
			files, _ := filepath.Glob(filepath.Join(cursor, "*"))
			for _, name := range files {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				said += string(b)
			}
			for _, form := range []string{"canary", "ZmVlZGVyOmNhbmFyeS1pbi1hLWNvYWwtbWluZQ"} { // the second is Base64
				if strings.Contains(said, form) {
					t.Errorf("the secret is shown as %q: %s", form, said)
				}
			}
		})
	}
}

// TestFeedLocked has another process at the same cursor.
func TestFeedLocked(t *testing.T) {
	dir := t.TempDir()
	sada(t, "run", demo, "--out", filepath.Join(dir, "out"), "--quiet")
	out, err := feed.NewFiles(filepath.Join(dir, "records"), "jsonl")
	if err != nil {
		t.Fatal(err)
	}
	c, err := feed.OpenCursor(filepath.Join(dir, "sada-feed"), out.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cmd, _, stderr := child(t, dir, "sada", "feed", "files", "--out", "records")
	if code := exitCode(t, cmd.Run()); code != exit.Locked || !strings.Contains(stderr.String(), "another feed is running") {
		t.Errorf("code %d: %s", code, stderr)
	}
}

// TestFeedStopped stops a feed by a signal while the node takes its time.
func TestFeedStopped(t *testing.T) {
	dir := t.TempDir()
	sada(t, "run", demo, "--out", filepath.Join(dir, "out"), "--quiet")
	asked := make(chan bool, 16)
	server := stub(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // before that, the server does not see the client go away
		asked <- true
		<-r.Context().Done()
	})
	defer server.Close()
	cmd, _, stderr := child(t, dir, "sada", "feed", "opensearch", "--url", server.URL, "--index", "pages")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "what is sent", func() bool { return len(asked) > 0 })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd.Wait()); code != exit.SIGTERM || !strings.Contains(stderr.String(), "sada: hint: what was acknowledged is kept") {
		t.Errorf("code %d: %s", code, stderr)
	}
}
