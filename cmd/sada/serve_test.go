package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"sada/eval"
)

// served starts sada serve and returns the links it prints, and a function that ends it.
func served(t *testing.T, args ...string) (links []string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := &lineWriter{lines: make(chan string, 8)}
	var stderr bytes.Buffer
	done := make(chan int, 1)
	go func() { done <- run(ctx, append([]string{"serve"}, args...), strings.NewReader(""), out, &stderr) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if code := <-done; code != exitDone {
			t.Errorf("sada serve: exit code %d\n%s", code, stderr.String())
		}
	})
	t.Cleanup(stop)
	select {
	case text := <-out.lines:
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			links = append(links, strings.Fields(line)[0])
		}
	case code := <-done:
		done <- code
		t.Fatalf("sada serve: exit code %d\n%s", code, stderr.String())
	case <-time.After(time.Minute):
		t.Fatal("sada serve prints no link")
	}
	return links, stop
}

type lineWriter struct{ lines chan string }

func (w *lineWriter) Write(p []byte) (int, error) {
	w.lines <- string(p)
	return len(p), nil
}

func originOf(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host
}

// reader is a browser without a screen: a cookie jar, and the headers that browsers send.
type reader struct {
	*http.Client
	origin string
}

func newReader(t *testing.T, link string) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{&http.Client{Jar: jar}, originOf(t, link)}
	if code, _ := r.get(t, strings.TrimPrefix(link, r.origin)); code != http.StatusOK {
		t.Fatalf("the link gives %d", code)
	}
	return r
}

func (r *reader) send(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	res, err := r.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": ""} {
		if got := res.Header.Get(name); got != want && res.Request.Host == req.Host {
			t.Errorf("%s: the header %s is %q, want %q", req.URL, name, got, want)
		}
	}
	return res.StatusCode, string(body)
}

func (r *reader) get(t *testing.T, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.origin+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.send(t, req)
}

// post sends a form as the page of an origin would; the answer is that of the page it leads to.
func (r *reader) post(t *testing.T, path, origin, label string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, r.origin+path, strings.NewReader(url.Values{"label": {label}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", origin)
	return r.send(t, req)
}

// labelling is a served run of the demo corpus with a sample.
func labelling(t *testing.T, annotators ...string) (links []string, labels string, pairs []eval.Pair) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	sada(t, "run", demo, "--out", at("run"), "-q")
	sada(t, "sample", at("run"), "--out", at("sample.jsonl"))
	f, err := os.Open(at("sample.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if pairs, _, err = eval.ReadPairs(f, eval.JSONL); err != nil {
		t.Fatal(err)
	}
	args := []string{at("run"), "--sample", at("sample.jsonl"), "--labels", at("labels.jsonl")}
	for _, a := range annotators {
		args = append(args, "--annotator", a)
	}
	links, _ = served(t, args...)
	return links, at("labels.jsonl"), pairs
}

func TestServeLetsInOnce(t *testing.T) {
	links, _, _ := labelling(t, "a")
	r := newReader(t, links[0])
	if code, _ := r.get(t, "/"); code != http.StatusOK {
		t.Errorf("who was let in gets %d", code)
	}
	stranger := &reader{http.DefaultClient, r.origin}
	for _, path := range []string{"/", "/style.css", "/label/", "/label/labels.jsonl", strings.TrimPrefix(links[0], r.origin), "/?token=", "/?token=x"} {
		if code, body := stranger.get(t, path); code != http.StatusForbidden || strings.Contains(body, "<main") {
			t.Errorf("a stranger asking for %s gets %d", path, code)
		}
	}
	if code, _ := r.get(t, "/../../etc/passwd"); code != http.StatusNotFound {
		t.Errorf("a path out of the site gives %d", code)
	}
}

func TestServeRefusesOtherSites(t *testing.T) {
	links, labels, _ := labelling(t, "a")
	r := newReader(t, links[0])
	if code, _ := r.post(t, "/label/1", "http://evil.example", "same_text"); code != http.StatusForbidden {
		t.Errorf("a form of another site gives %d", code)
	}
	req, err := http.NewRequest(http.MethodGet, r.origin+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example" // that resolves to this address now
	if code, _ := r.send(t, req); code != http.StatusForbidden {
		t.Errorf("another name gives %d", code)
	}
	for _, path := range []string{"/label/0", "/label/9999", "/label/x"} {
		if code, _ := r.post(t, path, r.origin, "same_text"); code != http.StatusBadRequest {
			t.Errorf("%s gives %d", path, code)
		}
	}
	for _, label := range []string{"", "maybe", "same"} {
		if code, _ := r.post(t, "/label/1", r.origin, label); code != http.StatusBadRequest {
			t.Errorf("the label %q gives %d", label, code)
		}
	}
	if code, _ := r.post(t, "/index.html", r.origin, "same_text"); code != http.StatusMethodNotAllowed {
		t.Errorf("a form sent to the overview gives %d", code)
	}
	if b, err := os.ReadFile(labels); err != nil || len(b) != 0 {
		t.Errorf("labels %s, %v", b, err)
	}
}

func TestServeSeveralAnnotators(t *testing.T) {
	links, labels, pairs := labelling(t, "منى", "سامي <b>")
	if len(links) != 2 {
		t.Fatalf("links %q", links)
	}
	one, two := newReader(t, links[0]), newReader(t, links[1])
	for n, label := range []string{"same_text", "different", "unsure"} {
		if code, _ := one.post(t, "/label/"+strconv.Itoa(n+1), one.origin, label); code != http.StatusOK {
			t.Fatalf("an answer gives %d", code)
		}
	}
	for n, label := range []string{"same_text", "same_story", "related"} {
		if code, _ := two.post(t, "/en/label/"+strconv.Itoa(n+1), two.origin, label); code != http.StatusOK {
			t.Fatalf("an answer gives %d", code)
		}
	}
	code, body := one.get(t, "/en/label/agreement")
	if code != http.StatusOK || !strings.Contains(body, "Cohen") || !strings.Contains(body, `href="a-2"`) || strings.Contains(body, `href="a-1"`) || strings.Contains(body, "<b>:") {
		t.Errorf("the page of agreement gives %d:\n%s", code, body)
	}
	// The dispute is settled by a third voice, which the estimate counts.
	if code, body = one.post(t, "/en/label/a-2", one.origin, "different"); code != http.StatusOK || !strings.Contains(body, "settled:") {
		t.Errorf("settling gives %d", code)
	}
	if code, _ = one.post(t, "/label/undo", one.origin, ""); code != http.StatusOK {
		t.Errorf("undo gives %d", code)
	}
	_, export := one.get(t, "/label/labels.jsonl")
	file, err := os.ReadFile(labels)
	if err != nil || export != string(file) {
		t.Errorf("the export is\n%s\nthe file\n%s", export, file)
	}
	said, _, err := eval.ReadJudgements(bytes.NewReader(file), eval.JSONL, "")
	if err != nil {
		t.Fatal(err)
	}
	all := eval.NewJudgements(said)
	got := make(map[string]int)
	for i, a := range all.Annotators {
		got[a] = len(all.Sheets[i])
	}
	if got["منى"] != 2 || got["سامي <b>"] != 3 || got["adjudication"] != 1 {
		t.Errorf("labels of each: %v", got)
	}
	consensus, _ := all.For(eval.Story).Consensus()
	for _, p := range consensus {
		if p.A == min(pairs[1].A, pairs[1].B) && p.B == max(pairs[1].A, pairs[1].B) && p.Label != eval.Different {
			t.Errorf("the dispute is settled as %q", p.Label)
		}
	}
}

// A pair's page tells nothing of what the run thinks, and the side on which a page stands is not always
// that of the sample.
func TestServeIsBlind(t *testing.T) {
	links, _, pairs := labelling(t, "a")
	r := newReader(t, links[0])
	swapped := 0
	for n, p := range pairs[:20] {
		_, body := r.get(t, "/en/label/"+strconv.Itoa(n+1))
		root, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, e := range elements(root) {
			if e.Data == "main" {
				for _, word := range []string{"score", "stratum", "weight", "Jaccard", "cosine", "tail", "page/"} {
					if text := textOf(e); strings.Contains(text, word) {
						t.Errorf("pair %d: the page says %q", n+1, word)
					}
				}
			}
			if hasClass(e, "id") {
				ids = append(ids, textOf(e))
			}
		}
		if len(ids) != 2 {
			t.Fatalf("pair %d shows %q", n+1, ids)
		}
		if ids[0] == p.B {
			swapped++
		}
	}
	if swapped < 3 || swapped > 17 {
		t.Errorf("%d of 20 pairs are the other way round", swapped)
	}
}
