package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"sada/eval"
)

// The tests in this file look at the pages in Chromium. SADA_CHROMIUM names the program; without it they
// are skipped. SADA_AXE is axe-core's axe.min.js, SADA_SHOTS a folder for screenshots. The script
// .ci/browser installs what they need and runs them.

// tab is a browser with one tab that keeps what it asked for and complained of.
type tab struct {
	context.Context
	mu       sync.Mutex
	requests []string
	console  []string
}

func newTab(t *testing.T) *tab {
	t.Helper()
	program := os.Getenv("SADA_CHROMIUM")
	if program == "" {
		t.Skip("SADA_CHROMIUM does not name a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &tab{Context: ctx}
	// The first action starts the browser, which lives as long as its context.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	if d, ok := t.Deadline(); ok {
		b.Context, cancel = context.WithDeadline(ctx, d.Add(-ending))
		t.Cleanup(cancel)
	}
	err := chromedp.Listen(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, e.Request.URL)
		case *runtime.EventConsoleAPICalled:
			b.console = append(b.console, fmt.Sprint(e.Type))
		case *runtime.EventExceptionThrown:
			b.console = append(b.console, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			b.console = append(b.console, e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, actions...); err != nil {
		t.Fatal(err)
	}
}

// open goes to a page and waits for it.
func (b *tab) open(t *testing.T, address string) {
	t.Helper()
	b.do(t, chromedp.Navigate(address), chromedp.WaitReady("#main"))
}

// command sends a command of the protocol.
func command[P, R any](t *testing.T, b *tab, c cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b, c, params); err != nil {
		t.Fatal(err)
	}
}

// value is what an expression of the page's script gives.
func value[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	out, err := chromedp.Run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// until waits for a page of which an expression is true, over any number of pages that come before it.
func (b *tab) until(t *testing.T, expression string) {
	t.Helper()
	await(t, expression, func() bool {
		ok, err := chromedp.Run(b, chromedp.Evaluate[bool](`document.readyState == "complete" && `+expression))
		if err != nil && b.Err() != nil {
			t.Fatalf("%s does not come true: %v", expression, err)
		}
		return ok // the page may have gone under way
	})
}

// clean checks that nothing was asked of anybody but the origin, and that the console is empty.
func (b *tab) clean(t *testing.T, origin string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if !strings.HasPrefix(r, origin) && !strings.HasPrefix(r, "data:") && r != "about:blank" {
			t.Errorf("a request to %s", r)
		}
	}
	if len(b.requests) == 0 {
		t.Error("no request was seen")
	}
	for _, line := range b.console {
		t.Errorf("the console says: %s", line)
	}
	b.requests, b.console = nil, nil
}

// enter opens a link with a token, which leads on to the first page.
func (b *tab) enter(t *testing.T, link string) {
	t.Helper()
	b.do(t, chromedp.Navigate(link), chromedp.WaitReady("#main"))
}

func TestBrowserReadsTheReport(t *testing.T) {
	b := newTab(t)
	dir := t.TempDir()
	sada(t, "run", demo, "--out", filepath.Join(dir, "run"), "-q")
	links, _ := served(t, filepath.Join(dir, "run"))
	origin := originOf(t, links[0])
	b.enter(t, links[0])
	click := func(selector, path string) {
		t.Helper()
		b.do(t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const a = document.querySelector(%q); a.focus(); a.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, view: window})); })()`, selector)))
		b.until(t, fmt.Sprintf(`location.pathname.startsWith(%q) && !!document.querySelector("#main")`, path))
	}
	click("#jaccard svg a:last-of-type", "/list/jaccard-")
	click(".row .go", "/pair/")
	if n := value[int](t, b, `document.querySelectorAll(".cols.both").length`); n == 0 {
		t.Error("the pair has no shared rows")
	}
	// A click on a shared row marks it.
	b.do(t, chromedp.Click(".cols.both .cell.a"), chromedp.WaitReady(".cols.on"))
	click(".sidehead a", "/page/")
	if n := value[int](t, b, `document.querySelectorAll("svg.strip.tall a").length`); n == 0 {
		t.Error("the map has no strip")
	}
	click(`a[href^="../story/"]`, "/story/")
	if n := value[int](t, b, `document.querySelectorAll(".lanes circle").length`); n == 0 {
		t.Error("the story has no time line")
	}
	click("a.lang", "/en/story/")
	if lang := value[string](t, b, `document.documentElement.lang`); lang != "en" {
		t.Errorf("the language is %s", lang)
	}
	b.clean(t, origin)
}

// The answers that the test gives, as keys.
var keyLabels = map[string]eval.Label{"1": eval.SameText, "2": eval.SameStory, "3": eval.Related, "4": eval.Different, "5": eval.Unsure}

func TestBrowserLabels(t *testing.T) {
	b := newTab(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	pairs := sampled(t, at)
	args := []string{at("run"), "--sample", at("sample.jsonl"), "--labels", at("labels.jsonl"), "--annotator", "منى"}
	links, stop := served(t, args...)
	origin := originOf(t, links[0])
	b.enter(t, links[0])
	done := func(n int) {
		t.Helper()
		b.until(t, fmt.Sprintf(`!!document.querySelector("progress") && document.querySelector("progress").value == %d`, n))
	}
	if html := value[string](t, b, `document.querySelector("main").innerHTML`); regexp.MustCompile(`stratum|together|weight|score|cosine|Jaccard`).MatchString(html) {
		t.Error("the page tells what the run thinks of the pair")
	}
	want := make(map[[2]string]eval.Label)
	keys := []string{"1", "2", "3", "4", "5", "1", "2", "3", "4", "5"}
	for i, k := range keys {
		done(i)
		b.do(t, chromedp.KeyEvent(k))
		want[[2]string{min(pairs[i].A, pairs[i].B), max(pairs[i].A, pairs[i].B)}] = keyLabels[k]
	}
	done(10)
	for i := 9; i >= 8; i-- { // two are taken back
		b.do(t, chromedp.KeyEvent("z"))
		done(i)
		delete(want, [2]string{min(pairs[i].A, pairs[i].B), max(pairs[i].A, pairs[i].B)})
	}
	b.do(t, chromedp.Reload())
	done(8)
	b.clean(t, origin)

	// The server goes and comes again: the annotator goes on where it ended.
	stop()
	links, _ = served(t, args...)
	origin = originOf(t, links[0])
	b.enter(t, links[0])
	done(8)
	if shown := value[string](t, b, `document.querySelector(".facts bdi").textContent`); shown != "9" {
		t.Errorf("it goes on with pair %s, not 9", shown)
	}
	b.do(t, chromedp.KeyEvent("4"))
	done(9)
	want[[2]string{min(pairs[8].A, pairs[8].B), max(pairs[8].A, pairs[8].B)}] = eval.Different

	file, err := os.ReadFile(at("labels.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	said, _, err := eval.ReadJudgements(bytes.NewReader(file), eval.JSONL, "")
	if err != nil {
		t.Fatal(err)
	}
	all := eval.NewJudgements(said)
	if !slices.Equal(all.Annotators, []string{"منى"}) {
		t.Fatalf("annotators %q", all.Annotators)
	}
	got := make(map[[2]string]eval.Label)
	for _, p := range all.Sheets[0] {
		got[[2]string{p.A, p.B}] = p.Label
	}
	if len(got) != len(want) {
		t.Errorf("%d labels, want %d", len(got), len(want))
	}
	for k, l := range want {
		if got[k] != l {
			t.Errorf("%v is %q, want %q", k, got[k], l)
		}
	}
	axe := axeCore(t)
	for _, page := range []string{"/label/", "/en/label/answers", "/label/agreement", "/label/a-1"} {
		b.everyLook(t, origin+page, axe, "label"+strings.NewReplacer("/en/label/", "-en-", "/label/", "-").Replace(page))
	}
	if len(said) != 10+2+1 {
		t.Errorf("%d answers in the file, want 13", len(said))
	}
	sada(t, "estimate", at("sample.jsonl"), at("labels.jsonl"))
	b.clean(t, origin)
}

// clusterSample draws clusters of the demo corpus to be labelled.
func clusterSample(t *testing.T) (args []string, file string, sample eval.SampleFile) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	sada(t, "run", demo, "--out", at("run"), "-q")
	sada(t, "sample", at("run"), "--of", "clusters", "--each", "12", "--out", at("sample.jsonl"))
	sample, err := readSample(at("sample.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	// Those of which nothing is asked are no questions.
	sample.Draws = slices.DeleteFunc(sample.Draws, func(d eval.Draw) bool { return len(d.Asked) == 0 })
	return []string{at("run"), "--sample", at("sample.jsonl"), "--labels", at("labels.jsonl")}, at("labels.jsonl"), sample
}

// answersOf are the labels that hold in a labels file, by annotator and pair as it was asked.
func answersOf(t *testing.T, file string) map[[3]string]eval.Label {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	said, _, err := eval.ReadJudgements(bytes.NewReader(b), eval.JSONL, "")
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[[3]string]eval.Label)
	for _, j := range said {
		k := [3]string{j.Annotator, j.A, j.B}
		if out[k] = j.Label; j.Label == eval.Unlabelled {
			delete(out, k)
		}
	}
	return out
}

func TestBrowserLabelsClusters(t *testing.T) {
	b := newTab(t)
	args, file, sample := clusterSample(t)
	links, stop := served(t, append(args, "--annotator", "منى")...)
	origin := originOf(t, links[0])
	b.enter(t, links[0])
	done := func(n int) {
		t.Helper()
		b.until(t, fmt.Sprintf(`!!document.querySelector("progress") && document.querySelector("progress").value == %d`, n))
	}
	if html := value[string](t, b, `document.querySelector("main").innerHTML`); regexp.MustCompile(`stratum|together|weight|score|cosine|density|Jaccard`).MatchString(html) {
		t.Error("the page tells what the run thinks of the cluster")
	}
	want := make(map[[3]string]eval.Label)
	answer := func(n int, labels func(i int, a eval.Asked) eval.Label) {
		d := sample.Draws[n]
		for i, a := range d.Asked {
			want[[3]string{"منى", d.Page, a.Page}] = labels(i, a)
		}
	}
	one := func(_ int, a eval.Asked) eval.Label {
		if a.Together {
			return eval.SameStory
		}
		return eval.Different
	}
	press := func(keys ...string) {
		t.Helper()
		for _, k := range keys {
			b.do(t, chromedp.KeyEvent(k))
		}
	}
	// What is done to a cluster: its first text does not belong, the first other story is the same, the first
	// text of another one belongs, nobody knows of its first text, or nothing.
	kinds := make(map[string]int)
	for n := range 10 {
		done(n)
		d := sample.Draws[n]
		own, near := 0, len(d.Asked)
		for _, a := range d.Asked {
			if a.Together {
				own++
			}
		}
		near -= own
		groups := value[int](t, b, `document.querySelectorAll(".group").length`)
		inFirst := value[int](t, b, `(document.querySelector(".other") || document).querySelectorAll(".inner .asked").length`)
		if shown := value[int](t, b, `document.querySelectorAll(".asked:not(.group)").length`); shown != own+near {
			t.Errorf("cluster %d shows %d texts, want %d and %d", n+1, shown, own, near)
		}
		toGroup := slices.Repeat([]string{"n"}, own+1)
		switch {
		case groups > 0 && inFirst > 1 && kinds["some"] == 0:
			kinds["some"]++
			press(toGroup...)
			press("v", "x", "2")
			answer(n, func(i int, a eval.Asked) eval.Label {
				if i == own {
					return eval.SameStory
				}
				return one(i, a)
			})
		case own > 0 && kinds["split"] < 2:
			kinds["split"]++
			press("n", "x")
			if text := value[string](t, b, `document.getElementById("marked").textContent`); !strings.Contains(text, "تقسم") {
				t.Errorf("the button says %q", text)
			}
			press("2")
			answer(n, func(i int, a eval.Asked) eval.Label {
				if i == 0 {
					return eval.Different
				}
				return one(i, a)
			})
		case groups > 0 && kinds["joined"] == 0:
			kinds["joined"]++
			press(toGroup...)
			press("x", "2")
			answer(n, func(i int, a eval.Asked) eval.Label {
				if i >= own && i < own+inFirst {
					return eval.SameStory
				}
				return one(i, a)
			})
		case own > 0 && kinds["unsure"] == 0:
			kinds["unsure"]++
			press("n", "u", "2")
			answer(n, func(i int, a eval.Asked) eval.Label {
				if i == 0 {
					return eval.Unsure
				}
				return one(i, a)
			})
		default:
			kinds["one"]++
			press("1")
			answer(n, one)
		}
	}
	done(10)
	for _, kind := range []string{"some", "split", "joined", "unsure", "one"} {
		if kinds[kind] == 0 {
			t.Errorf("no cluster was answered as %s", kind)
		}
	}
	for i := 9; i >= 8; i-- { // two are taken back
		press("z")
		done(i)
		for _, a := range sample.Draws[i].Asked {
			delete(want, [3]string{"منى", sample.Draws[i].Page, a.Page})
		}
	}
	b.do(t, chromedp.Reload())
	done(8)
	b.clean(t, origin)
	stop()
	links, _ = served(t, append(args, "--annotator", "منى", "--annotator", "سامي")...)
	origin = originOf(t, links[0])
	b.enter(t, links[0])
	done(8)
	press("1")
	answer(8, one)
	done(9)
	if d := cmp.Diff(want, answersOf(t, file)); d != "" {
		t.Errorf("the answers in the file (want -, got +):\n%s", d)
	}
	axe := axeCore(t)
	for _, page := range []string{"/label/", "/label/1", "/en/label/1", "/en/label/answers", "/label/agreement", "/label/a-1"} {
		b.everyLook(t, origin+page, axe, "cluster"+strings.NewReplacer("/en/label/", "-en-", "/label/", "-").Replace(page))
	}
	b.clean(t, origin)
}

func TestBrowserLabelsWithoutScript(t *testing.T) {
	b := newTab(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	sada(t, "run", demo, "--out", at("run"), "-q")
	sada(t, "sample", at("run"), "--out", at("sample.jsonl"))
	links, _ := served(t, at("run"), "--sample", at("sample.jsonl"), "--labels", at("labels.jsonl"), "--annotator", "a")
	command(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.enter(t, links[0])
	b.do(t, chromedp.Click(`button[value="same_story"]`), chromedp.WaitVisible(`button.undo:not([disabled])`))
	b.do(t, chromedp.Click(`button.undo`), chromedp.WaitReady(`button.undo[disabled]`))
	file, err := os.ReadFile(at("labels.jsonl"))
	if err != nil || bytes.Count(file, []byte("\n")) != 2 {
		t.Errorf("the labels are %s, %v", file, err)
	}
	b.clean(t, originOf(t, links[0]))
}

// readAlong serves the written report as another server would, under its own policy.
func readAlong(t *testing.T, dir, policy string) string {
	t.Helper()
	files := http.FileServer(http.Dir(dir))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if policy != "" {
			w.Header().Set("Content-Security-Policy", policy)
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// onePageOfEach returns a path of every kind of page of a report.
func onePageOfEach(t *testing.T, dir string) []string {
	t.Helper()
	out := []string{"index.html", "copies.html", "maps.html", "stories.html", "doubt.html", "texts.html", "rejects.html", "run.html"}
	if _, err := os.Stat(filepath.Join(dir, "evaluation.html")); err == nil {
		out = append(out, "evaluation.html")
	}
	for list, kind := range map[string]string{"copies.html": "group", "stories.html": "story", "maps.html": "page", "texts.html": "text", "index.html": "list"} {
		b, err := os.ReadFile(filepath.Join(dir, list))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(kind + `/[a-z0-9-]+\.html`).Find(b)
		if found == nil {
			t.Fatalf("%s leads to no page of %s", list, kind)
		}
		out = append(out, string(found))
	}
	// The pair with the most to show.
	pairs, err := filepath.Glob(filepath.Join(dir, "pair", "*.html"))
	if err != nil || len(pairs) == 0 {
		t.Fatal("no pairs", err)
	}
	best, marks := "", -1
	for _, p := range pairs {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		n := bytes.Count(b, []byte(`class="cols both"`)) + 20*min(bytes.Count(b, []byte(`class="moved"`)), 2)
		if n > marks {
			best, marks = "pair/"+filepath.Base(p), n
		}
	}
	out = append(out, best)
	slices.Sort(out)
	return out
}

// demoReport is the report of the demo corpus, with rejects and an evaluation.
func demoReport(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	gold := "../../testdata/gold.stories.tsv"
	sada(t, slices.Concat([]string{"run", demo}, badInputs(t, dir), []string{"--out", at("run"), "-q", "--max-rejects=-1"})...)
	sada(t, "run", demo, "--out", at("other"), "-q", "--threshold", "0.3")
	for name, args := range map[string][]string{
		"sweep": {"sweep", demo, "--gold", gold, "--json"}, "worst": {"worst", gold, at("other"), "--json"}, "diff": {"diff", at("run"), at("other"), "--gold", gold, "--json"}} {
		if err := os.WriteFile(at(name+".json"), []byte(sada(t, args...)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sada(t, "report", at("run"), "-o", at("report"), "--sweep", at("sweep.json"), "--worst", at("worst.json"), "--diff", at("diff.json"), "-q")
	return at("report")
}

func TestBrowserOpensEveryKindOfPage(t *testing.T) {
	b := newTab(t)
	dir := demoReport(t)
	axe := axeCore(t)
	for _, lang := range []string{"", "en/"} {
		for _, page := range onePageOfEach(t, dir) {
			b.everyLook(t, "file://"+filepath.Join(dir, lang+page), axe, strings.NewReplacer("/", "-", ".html", "").Replace(lang+strings.Split(page, "/")[0]))
		}
	}
	b.clean(t, "file://")
}

// everyLook opens a page at a desktop's and at a phone's width, in light and in dark, and holds it to what
// all must keep. With SADA_SHOTS it keeps pictures of them under a name.
func (b *tab) everyLook(t *testing.T, address, axe, shot string) {
	t.Helper()
	shots := os.Getenv("SADA_SHOTS")
	for _, width := range []int64{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			if strings.Contains(address, "/en/") && scheme == "dark" { // the colours are the same
				continue
			}
			command(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500})
			command(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			b.open(t, address)
			where := fmt.Sprintf("%s, %d wide, %s", address, width, scheme)
			if font := value[string](t, b, `getComputedStyle(document.body).fontFamily`); !strings.Contains(font, "system-ui") {
				t.Errorf("%s: the style is not applied", where)
			}
			if over := value[int](t, b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("%s: %d pixels too wide", where, over)
			}
			for _, v := range violations(t, b, axe) {
				t.Errorf("%s: %s", where, v)
			}
			if shots == "" {
				continue
			}
			picture, err := chromedp.Run(b, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(shots, fmt.Sprintf("%s-%d-%s.png", shot, width, scheme)), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// axeCore is the source of axe-core.
func axeCore(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(os.Getenv("SADA_AXE"))
	if err != nil {
		t.Fatalf("SADA_AXE does not name axe-core: %v", err)
	}
	return string(source)
}

// violations runs axe-core on a page and returns what is serious.
func violations(t *testing.T, b *tab, axe string) []string {
	t.Helper()
	b.do(t, chromedp.Evaluate[chromedp.Void](axe+"\n;0"))
	result := value[string](t, b, `axe.run(document, {resultTypes: ["violations"], preload: false}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary)}))))`)
	var found []struct {
		ID, Impact string
		Nodes      []string
	}
	if err := json.Unmarshal([]byte(result), &found); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range found {
		if v.Impact == "serious" || v.Impact == "critical" {
			out = append(out, fmt.Sprintf("%s, %s: %q", v.Impact, v.ID, v.Nodes))
		}
	}
	return out
}

// A server with a policy of its own, as Jenkins has, blocks the page's script and inline style: the page
// is complete and styled.
func TestBrowserUnderAStrictPolicy(t *testing.T) {
	b := newTab(t)
	dir := demoReport(t)
	origin := readAlong(t, dir, "sandbox; default-src 'none'; img-src 'self'; style-src 'self';")
	for _, page := range onePageOfEach(t, dir) {
		b.do(t, chromedp.Navigate(origin+"/"+page), chromedp.WaitReady("#main"))
		if font := value[string](t, b, `getComputedStyle(document.body).fontFamily`); !strings.Contains(font, "system-ui") {
			t.Errorf("%s: the style is not applied", page)
		}
		if value[bool](t, b, `document.documentElement.classList.contains("js")`) {
			t.Errorf("%s: the script ran", page)
		}
	}
}

func TestBrowserCopiesTheSource(t *testing.T) {
	b := newTab(t)
	rows := demoPages(t)[:12]
	rows[0].Text += "\n\tsome <b>&amp;\u202e \u2067 \u200f\u200c\u061c\u00ad 12,5 % é ﷺ\n\n </script>\n"
	rows[1].Text = strings.ReplaceAll(rows[1].Text, " ", "\u00a0 ")
	dir := reported(t, rows)
	origin := readAlong(t, dir, "")
	byID := make(map[string]string)
	for _, r := range rows {
		byID[r.ID] = r.Text
	}
	pages, err := filepath.Glob(filepath.Join(dir, "page", "*.html"))
	if err != nil || len(pages) != len(rows) {
		t.Fatal(len(pages), err)
	}
	for _, p := range pages {
		b.open(t, origin+"/page/"+filepath.Base(p))
		id := value[string](t, b, `document.querySelector("main .id").textContent`)
		copied := value[string](t, b, `(() => {
			const range = document.createRange();
			range.selectNodeContents(document.querySelector(".text"));
			getSelection().removeAllRanges();
			getSelection().addRange(range);
			return getSelection().toString();
		})()`)
		// Line ends after the last character are not in a selection; the elements hold them.
		if want := strings.TrimRight(byID[id], "\n"); strings.TrimRight(copied, "\n") != want {
			at := 0
			for at < min(len(copied), len(byID[id])) && copied[at] == byID[id][at] {
				at++
			}
			t.Errorf("%s: from byte %d on the copied text is\n%.200q, want\n%.200q", id, at, copied[at:], byID[id][at:])
		}
	}
	b.clean(t, origin)
}
