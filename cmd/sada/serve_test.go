package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"sada/cmd/internal/exit"
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
		if code := <-done; code != exit.Done {
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
	return r.form(t, path, origin, url.Values{"label": {label}})
}

func (r *reader) form(t *testing.T, path, origin string, values url.Values) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, r.origin+path, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", origin)
	return r.send(t, req)
}

// sampled makes a run of the demo corpus and a sample of its pairs, in the files run and sample.jsonl.
func sampled(t *testing.T, at func(name string) string) []eval.Pair {
	t.Helper()
	sada(t, "run", demo, "--out", at("run"), "-q")
	sada(t, "sample", at("run"), "--out", at("sample.jsonl"))
	f, err := os.Open(at("sample.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pairs, _, err := eval.ReadPairs(f, eval.JSONL)
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

// labelling is a served run of the demo corpus with a sample.
func labelling(t *testing.T, annotators ...string) (links []string, labels string, pairs []eval.Pair) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	pairs = sampled(t, at)
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

// marked is what the form on a page says as it stands, without a button.
func marked(t *testing.T, page string) url.Values {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	out := make(url.Values)
	for _, e := range elements(root) {
		if _, ok := attr(e, "checked"); e.Data == "input" && ok {
			name, _ := attr(e, "name")
			value, _ := attr(e, "value")
			out.Add(name, value)
		}
	}
	return out
}

func TestServeClusters(t *testing.T) {
	args, file, sample := clusterSample(t)
	links, _ := served(t, append(args, "--annotator", "a", "--annotator", "b")...)
	one, two := newReader(t, links[0]), newReader(t, links[1])
	// Of one cluster two texts were drawn.
	at, back := -1, -1
	for i, d := range sample.Draws {
		for k, x := range sample.Draws {
			if len(d.Asked) > 2 && d.Asked[1].Together && x.Page == d.Asked[0].Page {
				at, back = i, k
			}
		}
	}
	if at < 0 {
		t.Fatal("no two texts of one cluster were drawn")
	}
	d := sample.Draws[at]
	path := "/en/label/" + strconv.Itoa(at+1)
	send := func(r *reader, path string, values url.Values) string {
		t.Helper()
		code, body := r.form(t, path, r.origin, values)
		if code != http.StatusOK {
			t.Fatalf("%s %v gives %d", path, values, code)
		}
		return body
	}
	key := func(who string, i int) [3]string { return [3]string{who, d.Page, d.Asked[i].Page} }

	// As it stands nothing is marked: the cluster is one, and no other is.
	_, page := one.get(t, path)
	send(one, path, marked(t, page))
	got := answersOf(t, file)
	for i, a := range d.Asked {
		if want := map[bool]eval.Label{true: eval.SameStory, false: eval.Different}[a.Together]; got[key("a", i)] != want {
			t.Errorf("%v is %q, want %q", a, got[key("a", i)], want)
		}
	}
	// It comes back as it was answered, and what was said of one text of another says it.
	_, page = two.get(t, path)
	values := marked(t, page)
	values.Set("t0", "different")
	values.Set("t1", "unsure")
	send(two, path, values)
	_, page = two.get(t, path)
	if again := marked(t, page); again.Get("t0") != "different" || again.Get("t1") != "unsure" || len(again) != len(values) {
		t.Errorf("marked %v, then %v", values, again)
	}
	if _, list := two.get(t, "/en/label/answers"); !strings.Contains(list, "1 of") || !strings.Contains(list, "unsure of 1") {
		t.Errorf("the list of answers is\n%s", list)
	}
	// The two differ on one text; it is settled.
	_, page = one.get(t, "/en/label/agreement")
	if link := `href="a-` + strconv.Itoa(at+1) + `"`; strings.Count(page, `href="a-`) != 1 || !strings.Contains(page, link) {
		t.Errorf("the disputes are not one, to %s:\n%s", link, page)
	}
	_, page = one.get(t, "/en/label/a-"+strconv.Itoa(at+1))
	if strings.Count(page, ">disputed<") != 1 {
		t.Errorf("%d texts are disputed", strings.Count(page, ">disputed<"))
	}
	values = marked(t, page)
	values.Set("t0", "different")
	if body := send(one, "/en/label/a-"+strconv.Itoa(at+1), values); !strings.Contains(body, "settled:") {
		t.Error("nothing is settled")
	}
	if got := answersOf(t, file); got[key("adjudication", 0)] != eval.Different {
		t.Errorf("settled as %q", got[key("adjudication", 0)])
	}
	// Two texts were asked about each with the other: to take one answer back leaves the other.
	send(one, "/label/"+strconv.Itoa(back+1), url.Values{"all": {"one"}})
	send(one, "/label/undo", nil)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	said, _, err := eval.ReadJudgements(bytes.NewReader(b), eval.JSONL, "")
	if err != nil {
		t.Fatal(err)
	}
	all := eval.NewJudgements(said)
	if n := len(all.Sheets[slices.Index(all.Annotators, "a")]); n != len(d.Asked) {
		t.Errorf("after undo a's labels are %d, want %d", n, len(d.Asked))
	}
	if _, page := one.get(t, "/en/label/answers"); strings.Count(page, ">change<") != 1 {
		t.Error("after undo the first answer is not the only one")
	}
	send(one, "/label/undo", nil)
	for k := range answersOf(t, file) {
		if k[0] == "a" {
			t.Errorf("after all was taken back there is %v", k)
		}
	}
	// A form that leaves something open, or says what cannot be said, is refused.
	before, _ := os.ReadFile(file)
	for _, values := range []url.Values{nil, {"t0": {"same"}}, {"label": {"same_text"}}} {
		if code, _ := one.form(t, path, one.origin, values); code != http.StatusBadRequest {
			t.Errorf("%v gives %d", values, code)
		}
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a refused form is in the file: %v", err)
	}
	// The rest is answered as it stands: the corpus was tuned to be right.
	for n := range sample.Draws {
		send(one, "/label/"+strconv.Itoa(n+1), url.Values{"all": {"one"}})
	}
	if _, page := one.get(t, "/en/label/"); !strings.Contains(page, "Everything has an answer") {
		t.Error("something is still open")
	}
	out := sada(t, "estimate", args[2], file, "--annotator", "a")
	if !strings.Contains(out, "precision  1.000") || !strings.Contains(out, "f1         1.000") {
		t.Errorf("the estimate is\n%s", out)
	}
}

// The pages on which hostile texts are labelled have the structure of those with harmless ones.
func TestServeHostilePages(t *testing.T) {
	if testing.Short() {
		t.Skip("it opens all questions of two corpora")
	}
	structures := func(of func(string) string, what string) map[string]int {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		var b bytes.Buffer
		for _, row := range hostileRows(t, 30, of) {
			if err := jsonLine(&b, row); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(at("in.jsonl"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		sada(t, "run", at("in.jsonl"), "--out", at("run"), "-q")
		sada(t, "sample", at("run"), "--of", what, "--each", "100", "--out", at("sample.jsonl"))
		links, stop := served(t, at("run"), "--sample", at("sample.jsonl"), "--labels", at("labels.jsonl"), "--annotator", of(`<b>"a</b>`))
		defer stop()
		r := newReader(t, links[0])
		out := make(map[string]int)
		for n := 1; ; n++ {
			code, body := r.get(t, "/en/label/"+strconv.Itoa(n))
			if code == http.StatusNotFound {
				return out
			}
			root, err := html.Parse(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			out[structure(root)]++
		}
	}
	for _, what := range []string{"pairs", "clusters"} {
		bad, good := structures(func(s string) string { return s }, what), structures(harmless, what)
		if !maps.Equal(bad, good) || len(bad) == 0 {
			t.Errorf("%s: %d structures of hostile pages, %d of harmless ones", what, len(bad), len(good))
		}
	}
}
