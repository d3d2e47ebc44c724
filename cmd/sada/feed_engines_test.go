//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/zeebo/xxh3"

	"sada/cluster/identity"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/feed"
	"sada/cmd/sada/internal/feed/enginetest"
)

// nights is a corpus in two nights: the second has more pages, and lacks some of the first.
type nights struct {
	dirs     [2]string // of the runs
	pages    [2]int
	all      []inputRow // of both
	batches  int        // after which a feed is in its middle
	outdated int        // events by which an ID was merged into another
}

// makeNights runs both on the pages of SADA_SHARED, some 20,000, or on the demo corpus. The IDs of the second night
// go on from those of the first.
func makeNights(t *testing.T) *nights {
	t.Helper()
	dir := t.TempDir()
	n := &nights{batches: 1}
	from := demo
	last := func(row *inputRow, at int) bool { return at%9 == 0 }
	if shared := os.Getenv("SADA_SHARED"); shared != "" {
		from = filepath.Join(shared, "data", "saudinewsnet")
		last = func(row *inputRow, _ int) bool { return strings.HasPrefix(row.ID, "snn-2015-08-0") } // four of twelve days
		n.batches = 20
	} else {
		t.Log("SADA_SHARED is not set: two nights of the demo corpus")
	}
	set, err := corpus.Open([]string{from}, corpus.Options{Workers: 2, MaxPageBytes: 1 << 22, MaxBytes: 1 << 34})
	if err != nil {
		t.Fatal(err)
	}
	var files [2]bytes.Buffer
	var deleted []string
	at := 0
	for rec, err := range set.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Reject != "" {
			continue
		}
		row := inputRow{ID: rec.Page.ID, Title: rec.Page.Title, Text: rec.Page.Text, URL: rec.Page.URL, Source: rec.Page.Source}
		if !rec.Page.PublishedAt.IsZero() {
			row.PublishedAt = rec.Page.PublishedAt.Format(time.RFC3339)
		}
		b, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		line := append(b, '\n')
		at++
		n.all = append(n.all, row)
		old := !last(&row, at)
		if old {
			files[0].Write(line)
			if xxh3.HashString(row.ID)%100 == 0 {
				deleted = append(deleted, row.ID)
				continue
			}
		}
		files[1].Write(line)
	}
	state := assigned{groups: ready(new(identity.State)), stories: ready(new(identity.State))}
	for i := range n.dirs {
		in := filepath.Join(dir, fmt.Sprintf("night%d.jsonl", i+1))
		n.dirs[i] = filepath.Join(dir, fmt.Sprintf("run%d", i+1))
		if err := os.WriteFile(in, files[i].Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		var cli commands
		parser, err := kong.New(&cli)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse([]string{"run", in, "--out", n.dirs[i], "--quiet", "--max-rejects=-1"}); err != nil {
			t.Fatal(err)
		}
		state.night, state.name = i+1, strconv.Itoa(i+1)
		if i == 1 {
			state.deleted = deleted
		}
		p := &program{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard}
		set, err := cli.Run.inputs(p, []string{in}, false)
		if err != nil {
			t.Fatal(err)
		}
		err = cli.Run.do(p, job{inputs: []string{in}, read: cli.Run.reader(set), out: n.dirs[i],
			known: func(in *input) (assigned, error) {
				none := noState(in)
				state.cluster, state.spellings = none.cluster, none.spellings
				return state, nil
			},
			keep: func(r *results) (keeping, error) {
				state.groups, state.stories = ready(r.groups), ready(r.told)
				return nil, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := publish.ReadManifest(n.dirs[i])
		if err != nil {
			t.Fatal(err)
		}
		n.pages[i] = int(m.Counts["pages"])
	}
	for c, err := range publish.Read[publish.Change](n.dirs[1], "changes") {
		if err != nil {
			t.Fatal(err)
		}
		if c.Event == "merged_into" {
			n.outdated++
		}
	}
	t.Logf("night 1: %d pages, night 2: %d pages, %d deleted, %d IDs merged into others", n.pages[0], n.pages[1], len(deleted), n.outdated)
	if os.Getenv("SADA_SHARED") != "" && (n.outdated == 0 || len(deleted) == 0) {
		t.Error("nothing was merged or deleted")
	}
	return n
}

// post sends a request to a node and returns the answer.
func post(t *testing.T, url string, body []byte) []byte {
	t.Helper()
	resp, err := http.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %d, %v: %.300s", url, resp.StatusCode, err, out)
	}
	return out
}

// stockPages puts all pages into an index.
func stockPages(t *testing.T, base, index string, rows []inputRow) {
	t.Helper()
	for batch := range slices.Chunk(rows, 1000) {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		for _, row := range batch {
			if err := errors.Join(enc.Encode(map[string]any{"index": map[string]string{"_id": row.ID}}), enc.Encode(map[string]string{"title": row.Title, "text": row.Text, "source": row.Source})); err != nil {
				t.Fatal(err)
			}
		}
		if out := post(t, base+"/"+index+"/_bulk", b.Bytes()); bytes.Contains(out[:min(len(out), 60)], []byte(`"errors":true`)) {
			t.Fatalf("the documents were not taken: %.300s", out)
		}
	}
	post(t, base+"/"+index+"/_refresh", nil)
}

// feeder is the program, feeding an index from a folder in which the cursor is.
type feeder struct {
	t   *testing.T
	url string
	dir string
}

func (f *feeder) command(args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	cmd = exec.CommandContext(f.t.Context(), "sada", append(slices.Concat([]string{"feed"}, args), "--json", "--cursor", f.dir)...)
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

func (f *feeder) target(index, run string, more ...string) []string {
	return append([]string{"--url", f.url, "--index", index, "--run", run}, more...)
}

// feed must end well; verify must find every document as the run has it.
func (f *feeder) feed(args ...string) feed.Summary {
	f.t.Helper()
	cmd, stdout, stderr := f.command(args...)
	if err := cmd.Run(); err != nil {
		f.t.Fatalf("feed %s: %v: %s", args, err, stderr)
	}
	var sum feed.Summary
	if err := json.Unmarshal(stdout.Bytes(), &sum); err != nil {
		f.t.Fatal(err)
	}
	return sum
}

func (f *feeder) verify(pages int, args ...string) {
	f.t.Helper()
	cmd, stdout, stderr := f.command(append([]string{"verify"}, args...)...)
	if err := cmd.Run(); err != nil {
		f.t.Fatalf("verify %s: %v: %s %.600s", args, err, stderr, stdout)
	}
	var v feed.Verification
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
		f.t.Fatal(err)
	}
	if v.Pages != pages || v.Equal != pages || v.Extra != 0 {
		f.t.Errorf("%+v, want %d pages equal", v, pages)
	}
}

// fed counts the documents that have a story.
func (f *feeder) fed(index string) int {
	f.t.Helper()
	post(f.t, f.url+"/"+index+"/_refresh", nil)
	var got struct{ Count int }
	if err := json.Unmarshal(post(f.t, f.url+"/"+index+"/_count", []byte(`{"query":{"exists":{"field":"story_id"}}}`)), &got); err != nil {
		f.t.Fatal(err)
	}
	return got.Count
}

// bodies gives the bulk requests that a feed of a run sends.
func bodies(t *testing.T, run string) (out [][]byte) {
	t.Helper()
	var mu sync.Mutex
	server := stub(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mu.Lock()
		out = append(out, b)
		mu.Unlock()
		var items []any
		for i, line := range bytes.Split(b, []byte("\n")) {
			var a struct {
				Update struct {
					ID string `json:"_id"`
				} `json:"update"`
			}
			if i%2 == 0 && json.Unmarshal(line, &a) == nil {
				items = append(items, map[string]any{"update": map[string]any{"_id": a.Update.ID, "status": 200, "result": "updated"}})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
	})
	defer server.Close()
	f := &feeder{t, server.URL, t.TempDir()}
	f.feed(append([]string{"opensearch"}, f.target("pages", run)...)...)
	return out
}

// TestOpenSearchNights feeds two nights to a real node and reads every document back; it then kills feeds and the node
// in the middle, and measures beside what the node itself can take.
func TestOpenSearchNights(t *testing.T) {
	enginetest.Need(t)
	n := makeNights(t)
	node := enginetest.OpenSearch(t)

	t.Run("two nights", func(t *testing.T) {
		stockPages(t, node.URL, "nights", n.all)
		f := &feeder{t, node.URL, t.TempDir()}
		for i, run := range n.dirs {
			sum := f.feed(append([]string{"opensearch"}, f.target("nights", run)...)...)
			t.Logf("night %d: %d pages, %d changed, %d written, %d cleared", i+1, sum.Pages, sum.Changed, sum.Written, sum.Cleared)
			if sum.Written+sum.Cleared != sum.Changed || i == 0 && sum.Changed != n.pages[0] || i == 1 && (sum.Changed >= n.pages[1] || sum.Cleared == 0) {
				t.Errorf("%+v", sum)
			}
			f.verify(n.pages[i], append([]string{"opensearch"}, f.target("nights", run)...)...)
			if again := f.feed(append([]string{"opensearch"}, f.target("nights", run)...)...); again.Changed != 0 || again.Number != 0 {
				t.Errorf("a replay: %+v", again)
			}
		}
		// One hit for a story: no ID twice in the hits of a query that most pages answer.
		var found struct {
			Hits struct {
				Hits []struct{ Fields map[string][]string }
			}
		}
		query := `{"size":1000,"query":{"exists":{"field":"story_id"}},"collapse":{"field":"story_id"},"sort":["story_id"]}`
		if err := json.Unmarshal(post(t, node.URL+"/nights/_search", []byte(query)), &found); err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		for _, h := range found.Hits.Hits {
			if id := h.Fields["story_id"][0]; seen[id] {
				t.Errorf("story %s is there twice", id)
			} else {
				seen[id] = true
			}
		}
		stories := make(map[string]bool)
		for s, err := range publish.Read[publish.Story](n.dirs[1], "stories") {
			if err != nil {
				t.Fatal(err)
			}
			stories[s.Story] = true
		}
		if want := min(1000, len(stories)); len(seen) != want {
			t.Errorf("%d hits, want %d", len(seen), want)
		}
		t.Logf("collapsed: %d hits of as many stories", len(seen))
	})

	t.Run("rates", func(t *testing.T) {
		raw := bodies(t, n.dirs[0])
		for round := range 2 {
			index := fmt.Sprint("rate", round)
			stockPages(t, node.URL, index, n.all)
			stockPages(t, node.URL, index+"raw", n.all)
			f := &feeder{t, node.URL, t.TempDir()}
			feed := func() time.Duration {
				begun := time.Now()
				f.feed(append([]string{"opensearch"}, f.target(index, n.dirs[0])...)...)
				return time.Since(begun)
			}
			plain := func() time.Duration {
				// The mapping is that of a feed, as in the other index.
				put(t, node.URL+"/"+index+"raw/_mapping", `{"properties":{"story_id":{"type":"keyword"},"copy_group_id":{"type":"keyword"},"copy_role":{"type":"keyword"},"story_headline":{"type":"keyword","index":false,"doc_values":false},"story_aliases":{"type":"keyword"},"copy_group_aliases":{"type":"keyword"},"sada_run":{"type":"long"}}}`)
				begun := time.Now()
				work := make(chan []byte)
				var group sync.WaitGroup
				for range 2 {
					group.Go(func() {
						for b := range work {
							resp, err := http.Post(node.URL+"/"+index+"raw/_bulk", "application/json", bytes.NewReader(b))
							if err != nil {
								t.Error(err)
								continue
							}
							_, _ = io.Copy(io.Discard, resp.Body)
							_ = resp.Body.Close()
						}
					})
				}
				for _, b := range raw {
					work <- b
				}
				close(work)
				group.Wait()
				return time.Since(begun)
			}
			var a, b time.Duration
			if round == 0 {
				a, b = feed(), plain()
			} else {
				b, a = plain(), feed()
			}
			t.Logf("%d documents: feed %.0f/s (the whole program), the node with the same bodies %.0f/s, ratio %.2f", n.pages[0], float64(n.pages[0])/a.Seconds(), float64(n.pages[0])/b.Seconds(), b.Seconds()/a.Seconds())
		}
	})

	t.Run("kill -9 in the middle", func(t *testing.T) {
		stockPages(t, node.URL, "killed", n.all)
		g := newBarrier(t, node.URL)
		f := &feeder{t, g.URL, t.TempDir()}
		for range 2 {
			g.hold(n.batches)
			cmd, _, _ := f.command(append([]string{"opensearch"}, f.target("killed", n.dirs[0], "--batch", "20")...)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			g.wait(t)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			got := f.fed("killed")
			t.Logf("killed after %d of %d documents", got, n.pages[0])
			if got == 0 || got >= n.pages[0] {
				t.Error("not in the middle")
			}
		}
		g.open()
		// The other night comes next: what the killed feeds have written is put right.
		f.feed(append([]string{"opensearch"}, f.target("killed", n.dirs[1])...)...)
		f.verify(n.pages[1], append([]string{"opensearch"}, f.target("killed", n.dirs[1])...)...)
	})

	t.Run("the node stopped and started", func(t *testing.T) {
		stockPages(t, node.URL, "stopped", n.all)
		g := newBarrier(t, node.URL)
		f := &feeder{t, g.URL, t.TempDir()}
		for _, c := range []struct {
			run      int
			patience string
			fails    bool
		}{{0, "5m", false}, {1, "1ms", true}} {
			g.hold(n.batches)
			args := append([]string{"opensearch"}, f.target("stopped", n.dirs[c.run], "--batch", "20")...)
			cmd, stdout, stderr := f.command(append(slices.Clone(args), "--patience", c.patience)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			g.wait(t)
			node.Stop()
			g.open()
			if c.fails {
				if err := cmd.Wait(); err == nil {
					t.Fatal("a feed without patience went through")
				}
			}
			node.Start(t)
			waitFor(t, node.URL+"/_cluster/health/stopped?wait_for_status=yellow&timeout=60s")
			if c.fails {
				f.feed(args...)
			} else if err := cmd.Wait(); err != nil {
				t.Fatalf("patience %s: %v: %s", c.patience, err, stderr)
			}
			t.Logf("patience %s: %.200s%.300s", c.patience, stdout, stderr)
			f.verify(n.pages[c.run], append([]string{"opensearch"}, f.target("stopped", n.dirs[c.run])...)...)
		}
	})
}

// barrier stands between a feed and a node, and can hold the feed in its middle.
type barrier struct {
	*httptest.Server
	mu      sync.Mutex
	left    int            // bulk requests that still pass, -1 any number
	passing sync.WaitGroup // those that passed and are not answered yet
	reached chan bool
	release chan bool
}

func newBarrier(t *testing.T, to string) *barrier {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	g := &barrier{left: -1}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // before that, the server does not see the client go away
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.HasSuffix(r.URL.Path, "/_bulk") {
			if !g.pass(r) {
				return
			}
			defer g.passing.Done()
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// pass waits until the request may pass, or the client is gone. One that passes is added to passing.
func (g *barrier) pass(r *http.Request) bool {
	g.mu.Lock()
	release := g.release
	switch {
	case g.left > 0:
		g.left--
		fallthrough
	case g.left < 0:
		g.passing.Add(1)
		g.mu.Unlock()
		return true
	}
	select {
	case g.reached <- true:
	default: // it is known
	}
	g.mu.Unlock()
	select {
	case <-release:
		g.passing.Add(1)
		return true
	case <-r.Context().Done():
		return false
	}
}

// hold lets n bulk requests pass, and no more.
func (g *barrier) hold(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.reached, g.release = n, make(chan bool, 1), make(chan bool)
}

// wait waits until a request is held, and those that passed before it are answered: a feed may send two at a time.
func (g *barrier) wait(t *testing.T) {
	t.Helper()
	select {
	case <-g.reached:
		g.passing.Wait()
	case <-time.After(2 * time.Minute):
		t.Fatal("the feed has not come to its middle")
	}
}

// open lets everything pass.
func (g *barrier) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = -1
	close(g.release)
}

// waitFor waits until an index of a node that has just started is there.
func waitFor(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %d", url, resp.StatusCode)
	}
}

// put sends a request to a node.
func put(t *testing.T, url, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %d", url, resp.StatusCode)
	}
}

// TestOtherNights feeds the two nights to a real PostgreSQL and to an index in a folder.
func TestOtherNights(t *testing.T) {
	enginetest.Need(t)
	n := makeNights(t)
	socket, port := enginetest.Postgres(t, "", "", "")
	dir := t.TempDir()
	for _, args := range [][]string{
		{"postgres", "--url", fmt.Sprintf("postgres:///postgres?host=%s&port=%d", url.QueryEscape(socket), port), "--user", "postgres"},
		{"bleve", "--index", filepath.Join(dir, "index")},
	} {
		t.Run(args[0], func(t *testing.T) {
			f := &feeder{t, "", t.TempDir()}
			for i, run := range n.dirs {
				args := append(slices.Clone(args), "--run", run)
				begun := time.Now()
				cmd, stdout, stderr := f.command(args...)
				if err := cmd.Run(); err != nil {
					t.Fatalf("%v: %s", err, stderr)
				}
				took := time.Since(begun)
				var sum feed.Summary
				if err := json.Unmarshal(stdout.Bytes(), &sum); err != nil {
					t.Fatal(err)
				}
				t.Logf("night %d: %d changed, %d written, %d cleared, %.0f/s", i+1, sum.Changed, sum.Written, sum.Cleared, float64(sum.Changed)/took.Seconds())
				f.verify(n.pages[i], args...)
				if again := f.feed(args...); again.Changed != 0 {
					t.Errorf("a replay: %+v", again)
				}
				// Killed in the middle, and fed again with a cursor that knows nothing.
				f.dir = t.TempDir()
				cmd, _, _ = f.command(args...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(took / 2)
				_ = cmd.Process.Kill() // it may have ended
				_ = cmd.Wait()
				f.feed(args...)
				f.verify(n.pages[i], args...)
			}
		})
	}
}
