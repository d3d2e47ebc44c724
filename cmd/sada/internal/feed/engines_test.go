//go:build unix

package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"sada/cmd/sada/internal/feed/enginetest"
)

// call sends a request to a node and decodes the answer.
func call(t *testing.T, method, url string, body any, into any) {
	t.Helper()
	var b []byte
	switch body := body.(type) {
	case nil:
	case string:
		b = []byte(body)
	default:
		var err error
		if b, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, url, out)
	}
	if into != nil {
		if err := json.Unmarshal(out, into); err != nil {
			t.Fatalf("%s %s: %v: %s", method, url, err, out)
		}
	}
}

// stock puts documents into an index; each is "id url".
func stock(t *testing.T, base, index string, docs ...string) {
	t.Helper()
	var b strings.Builder
	for _, d := range docs {
		id, at, _ := strings.Cut(d, " ")
		fmt.Fprintf(&b, "{\"index\":{\"_id\":%q}}\n{\"title\":\"title of %s\",\"url\":%q}\n", id, id, at)
	}
	var got struct{ Errors bool }
	call(t, "POST", base+"/"+index+"/_bulk?refresh=true", b.String(), &got)
	if got.Errors {
		t.Fatal("the documents were not taken")
	}
}

// feedNights feeds both nights, each twice, and then a late change of the first, which must change nothing. It
// reads every document back.
func feedNights(t *testing.T, dir string, e Engine, first, second *Assignment) {
	t.Helper()
	for _, step := range []struct {
		a                *Assignment
		written, cleared int
	}{{first, 5, 0}, {first, 0, 0}, {second, 5, 1}, {second, 0, 0}} {
		sum, err := feedOnce(t, dir, step.a, e)
		if err != nil || sum.Written != step.written || sum.Cleared != step.cleared || sum.NotTaken() != 0 {
			t.Errorf("%+v, %v", sum, err)
		}
		wantFed(t, dir, step.a, e)
	}
	var got []Status
	late := Change{"p1", &Fields{StoryID: "late", StoryAliases: []string{}, CopyGroupAliases: []string{}}}
	if err := e.Feed(t.Context(), 1, 2, slices.Values([]Change{late, {ID: "p2"}}), func(_ Change, o Outcome) { got = append(got, o.Status) }); err != nil || !slices.Equal(got, []Status{Superseded, Superseded}) {
		t.Errorf("a late feed: %v, %v", got, err)
	}
	wantFed(t, dir, second, e)
}

func TestOpenSearchNode(t *testing.T) {
	n := enginetest.OpenSearch(t)
	engine := func(index string, change func(*OpenSearchOptions)) *OpenSearch {
		e := newEngine(t, n.URL, func(o *OpenSearchOptions) {
			o.Index = index
			if change != nil {
				change(o)
			}
		})
		e.wait = firstWait
		return e
	}
	dir := t.TempDir()
	first := writeRun(t, filepath.Join(dir, "1"), firstNight)
	second := writeRun(t, filepath.Join(dir, "2"), secondNight, "s2>s1", "c3>c2")

	t.Run("nights", func(t *testing.T) {
		dir := t.TempDir()
		stock(t, n.URL, "nights", "p1", "p2", "p3", "p4", "p5", "p6", "p7")
		e := engine("nights", nil)
		feedNights(t, dir, e, first, second)
		// What the documents had before they still have, and a cleared one has no IDs left.
		var doc struct {
			Source map[string]any `json:"_source"`
		}
		call(t, "GET", n.URL+"/nights/_doc/p5", nil, &doc)
		if diff := cmp.Diff(map[string]any{"title": "title of p5", "url": "", numberField: 2.0}, doc.Source); diff != "" {
			t.Error(diff)
		}

		// One hit for a story, with its pages inside.
		var found struct {
			Hits struct {
				Hits []struct {
					Fields map[string][]string
					Inner  map[string]struct {
						Hits struct {
							Total struct{ Value int }
						}
					} `json:"inner_hits"`
				}
			}
		}
		call(t, "POST", n.URL+"/nights/_search", map[string]any{
			"query":    map[string]any{"bool": map[string]any{"must": map[string]any{"match": map[string]any{"title": "title"}}, "filter": map[string]any{"exists": map[string]any{"field": "story_id"}}}},
			"collapse": map[string]any{"field": "story_id", "inner_hits": map[string]any{"name": "pages"}},
			"sort":     "story_id",
		}, &found)
		var stories []string
		for _, h := range found.Hits.Hits {
			stories = append(stories, fmt.Sprint(h.Fields["story_id"][0], " ", h.Inner["pages"].Hits.Total.Value))
		}
		if diff := cmp.Diff([]string{"s1 3", "s3 1", "s6 1"}, stories); diff != "" {
			t.Error(diff)
		}
		// An old ID still finds its pages.
		var old struct {
			Hits struct{ Total struct{ Value int } }
		}
		call(t, "POST", n.URL+"/nights/_search", map[string]any{"query": map[string]any{"term": map[string]any{"story_aliases": "s2"}}}, &old)
		if old.Hits.Total.Value != 3 {
			t.Errorf("%d pages by an alias, want 3", old.Hits.Total.Value)
		}

		// With another cursor the number goes on from what the documents have.
		sum, err := feedOnce(t, t.TempDir(), second, e)
		if err != nil || sum.Number != 3 || sum.Written != 5 {
			t.Errorf("another cursor: %+v, %v", sum, err)
		}
	})

	t.Run("missing documents and an index made anew", func(t *testing.T) {
		dir := t.TempDir()
		stock(t, n.URL, "anew", "p1", "p2", "p3")
		e := engine("anew", nil)
		sum, err := feedOnce(t, dir, first, e)
		if err != nil || sum.Written != 3 || sum.Missing != 2 {
			t.Errorf("%+v, %v", sum, err)
		}
		call(t, "DELETE", n.URL+"/anew", nil, nil)
		stock(t, n.URL, "anew", "p1", "p2", "p3", "p4", "p5")
		sum, err = feedOnce(t, dir, first, e)
		if err != nil || !sum.Renewed || sum.Written != 5 {
			t.Errorf("%+v, %v", sum, err)
		}
		wantFed(t, dir, first, e)
	})

	t.Run("by a field", func(t *testing.T) {
		dir := t.TempDir()
		stock(t, n.URL, "fields", "d1 p1", "d2 p2", "d3 p3", "d3b p3", "d5 p5", "d6 p6")
		e := engine("fields", func(o *OpenSearchOptions) { o.Match = "url" }) // a text with a keyword below it
		sum, err := feedOnce(t, dir, first, e)
		if err != nil || sum.Written != 4 || sum.Missing != 1 {
			t.Errorf("%+v, %v", sum, err)
		}
		call(t, "POST", n.URL+"/fields/_refresh", nil, nil)
		got, err := e.Read(t.Context(), []string{"p3", "p4"})
		if err != nil || len(got["p3"]) != 2 || len(got["p4"]) != 0 || got["p3"][1].StoryID != "s2" {
			t.Errorf("%+v, %v", got, err)
		}
		stock(t, n.URL, "fields", "d4 p4")
		if sum, err := feedOnce(t, dir, second, e); err != nil || sum.Written != 5 || sum.Cleared != 1 {
			t.Errorf("%+v, %v", sum, err)
		}
		call(t, "POST", n.URL+"/fields/_refresh", nil, nil)
		wantFed(t, dir, second, e)
	})

	t.Run("what cannot be fed", func(t *testing.T) {
		call(t, "PUT", n.URL+"/other", map[string]any{"mappings": map[string]any{"properties": map[string]any{"story_id": map[string]any{"type": "text"}, "url": map[string]any{"type": "text"}}}}, nil)
		for name, e := range map[string]*OpenSearch{
			"no such index":         engine("none", nil),
			"story_id is a text":    engine("other", nil),
			"no keyword to match":   engine("nights", func(o *OpenSearchOptions) { o.Match = "nothing" }),
			"an index behind a not": engine("none-such", func(o *OpenSearchOptions) { o.Match = "url" }),
		} {
			if _, err := e.Prepare(t.Context(), false); !errors.Is(err, ErrTarget) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// A read-only index refuses every document by itself.
		stock(t, n.URL, "closed", "p1", "p2", "p3", "p4", "p5")
		e := engine("closed", nil)
		if _, err := e.Prepare(t.Context(), false); err != nil { // adds the mapping
			t.Fatal(err)
		}
		call(t, "PUT", n.URL+"/closed/_settings", map[string]any{"index.blocks.write": true}, nil)
		dir := t.TempDir()
		sum, err := feedOnce(t, dir, first, e)
		if err != nil || sum.Refused != 5 || sum.Written != 0 {
			t.Errorf("a closed index: %+v, %v", sum, err)
		}
		call(t, "PUT", n.URL+"/closed/_settings", map[string]any{"index.blocks.write": nil}, nil)
		if sum, err = feedOnce(t, dir, first, e); err != nil || sum.Written != 5 {
			t.Errorf("opened again: %+v, %v", sum, err)
		}
	})
}

func TestPostgresServer(t *testing.T) {
	certs := t.TempDir()
	ca := newCertificate(t, certs, "ca", "ca.example", nil, time.Now().Add(time.Hour))
	server := newCertificate(t, certs, "server", "127.0.0.1", ca, time.Now().Add(time.Hour))
	socket, port := enginetest.Postgres(t, canary, server.file, server.kept)
	local := fmt.Sprintf("postgres:///postgres?host=%s&port=%d", url.QueryEscape(socket), port)
	dir := t.TempDir()
	first := writeRun(t, filepath.Join(dir, "1"), firstNight)
	second := writeRun(t, filepath.Join(dir, "2"), secondNight, "s2>s1", "c3>c2")
	engine := func(t *testing.T, table, match string) *Postgres {
		t.Helper()
		p, err := NewPostgres(PostgresOptions{Access: Access{URL: local, User: "postgres"}, Table: table, Match: match, Timeout: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	db, err := pgx.Connect(t.Context(), local+"&user=postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	exec := func(t *testing.T, sql string) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	count := func(t *testing.T, sql string) (n int) {
		t.Helper()
		if err := db.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}

	t.Run("a table of its own", func(t *testing.T) {
		dir := t.TempDir()
		e := engine(t, "sada_pages", "id")
		feedNights(t, dir, e, first, second)
		if n := count(t, "select count(*) from sada_pages"); n != 5 {
			t.Errorf("%d rows, want 5", n)
		}
		exec(t, "drop table sada_pages")
		sum, err := feedOnce(t, dir, second, e)
		if err != nil || !sum.Renewed || sum.Written != 5 {
			t.Errorf("made anew: %+v, %v", sum, err)
		}
	})

	t.Run("a table of others", func(t *testing.T) {
		dir := t.TempDir()
		exec(t, `create schema news; create table news.docs (n serial primary key, url varchar(80) not null, body text not null);
			insert into news.docs (url, body) select 'p' || i, 'text' from generate_series(1, 7) i where i <> 4; insert into news.docs (url, body) values ('p1', 'again')`)
		e := engine(t, "news.docs", "url")
		sum, err := feedOnce(t, dir, first, e)
		if err != nil || sum.Written != 4 || sum.Missing != 1 {
			t.Errorf("%+v, %v", sum, err)
		}
		exec(t, "insert into news.docs (url, body) values ('p4', 'text')")
		if sum, err = feedOnce(t, dir, second, e); err != nil || sum.Written != 5 || sum.Cleared != 1 {
			t.Errorf("%+v, %v", sum, err)
		}
		wantFed(t, dir, second, e)
		if n := count(t, "select count(*) from news.docs where body is not null"); n != 8 {
			t.Errorf("%d rows, want 8", n)
		}
		if n := count(t, "select count(*) from news.docs where story_id = 's1' and story_aliases = '{s2}'"); n != 4 { // p1 twice
			t.Errorf("%d rows of s1, want 4", n)
		}
	})

	t.Run("all or nothing", func(t *testing.T) {
		dir := t.TempDir()
		exec(t, `create table strict (id text primary key, story_id text check (story_id <> 's3')); insert into strict select 'p' || i from generate_series(1, 5) i`)
		e := engine(t, "strict", "id")
		sum, err := feedOnce(t, dir, first, e)
		if err == nil || sum.Written != 0 || sum.InDoubt != 5 || count(t, "select count(*) from strict where story_id is not null") != 0 {
			t.Errorf("%+v, %v", sum, err)
		}
		exec(t, "alter table strict drop constraint strict_story_id_check")
		e = engine(t, "strict", "id")
		if sum, err = feedOnce(t, dir, first, e); err != nil || sum.Written != 5 {
			t.Errorf("%+v, %v", sum, err)
		}
		wantFed(t, dir, first, e)
	})

	t.Run("a headline with a NUL", func(t *testing.T) {
		a := assignment("nul", []string{"p1 s1 c1 sole", "p2 s2 c2 sole"})
		a.headlines["s2"] = "a\x00b"
		sum, err := feedOnce(t, t.TempDir(), a, engine(t, "nul", "id"))
		if err != nil || sum.Written != 1 || sum.Refused != 1 {
			t.Errorf("%+v, %v", sum, err)
		}
	})

	t.Run("what cannot be fed", func(t *testing.T) {
		exec(t, "create table wrong (id text, story_id int)")
		for name, e := range map[string]*Postgres{"no such column": engine(t, "wrong", "url"), "story_id is a number": engine(t, "wrong", "id")} {
			if _, err := e.Prepare(t.Context(), false); !errors.Is(err, ErrTarget) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := engine(t, "none", "id").Prepare(t.Context(), true); !errors.Is(err, ErrTarget) || count(t, "select count(*) from pg_class where relname = 'none'") != 0 {
			t.Errorf("reading makes a table: %v", err)
		}
	})

	t.Run("TLS and passwords", func(t *testing.T) {
		for _, c := range []struct {
			name, ca, password string
			ok                 bool
		}{{"good", ca.file, canary, true}, {"without the CA", "", canary, false}, {"a wrong password", ca.file, "canary-of-another", false}} {
			dir := t.TempDir()
			p, err := NewPostgres(PostgresOptions{Access: Access{URL: fmt.Sprintf("postgres://127.0.0.1:%d/postgres", port), User: "postgres", Secret: Secret{c.password, "postgres"}, CA: c.ca}, Table: "tls", Match: "id", Timeout: 10 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			_, err = feedOnce(t, dir, first, p)
			if (err == nil) != c.ok {
				t.Errorf("%s: %v", c.name, err)
			}
			if err != nil {
				silent(t, c.name, fmt.Sprintf("%v %+v", err, err))
			}
			silentFolder(t, dir)
			_ = p.Close()
		}
	})
}
