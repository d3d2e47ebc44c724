package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"sada/cmd/sada/internal/report"
)

// reported clusters a corpus and writes the report of it.
func reported(t *testing.T, pages []inputRow, args ...string) (dir string) {
	t.Helper()
	tmp := t.TempDir()
	var b bytes.Buffer
	for _, p := range pages {
		if err := jsonLine(&b, p); err != nil {
			t.Fatal(err)
		}
	}
	in := filepath.Join(tmp, "in.jsonl")
	if err := os.WriteFile(in, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	sada(t, "run", in, "--out", filepath.Join(tmp, "run"), "-q")
	dir = filepath.Join(tmp, "report")
	sada(t, append([]string{"report", filepath.Join(tmp, "run"), "-o", dir, "-q"}, args...)...)
	return dir
}

// demoPages are those of the demo corpus.
func demoPages(t *testing.T) []inputRow {
	t.Helper()
	b, err := os.ReadFile(demo)
	if err != nil {
		t.Fatal(err)
	}
	var out []inputRow
	for line := range bytes.Lines(b) {
		var row inputRow
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

// htmlPage is a parsed page of a report.
type htmlPage struct {
	path string
	size int
	root *html.Node
}

func htmlPages(t *testing.T, dir string) []htmlPage {
	t.Helper()
	var out []htmlPage
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".html" {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		root, err := html.Parse(bytes.NewReader(b))
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		out = append(out, htmlPage{filepath.ToSlash(rel), len(b), root})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func hasClass(n *html.Node, class string) bool {
	v, _ := attr(n, "class")
	return slices.Contains(strings.Fields(v), class)
}

func elements(root *html.Node) []*html.Node {
	var out []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			out = append(out, n)
		}
	}
	return out
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

var shownOfTotal = regexp.MustCompile(`Shown ([\d,]+) of ([\d,]+)`)

// checkPages holds every page to what all must keep: the policy and its hashes, no loads, limits, and
// links that lead somewhere.
func checkPages(t *testing.T, pages []htmlPage) {
	t.Helper()
	ids := make(map[string]map[string]bool)
	for _, p := range pages {
		ids[p.path] = make(map[string]bool)
		for _, n := range elements(p.root) {
			if id, ok := attr(n, "id"); ok {
				if ids[p.path][id] {
					t.Errorf("%s: the id %s is there twice", p.path, id)
				}
				ids[p.path][id] = true
			}
		}
	}
	for _, p := range pages {
		if p.size > report.MaxPageBytes {
			t.Errorf("%s: %d bytes", p.path, p.size)
		}
		policy, rows := "", 0
		hashes := map[string]int{}
		for _, n := range elements(p.root) {
			if v, _ := attr(n, "http-equiv"); v == "Content-Security-Policy" {
				policy, _ = attr(n, "content")
			}
			if hasClass(n, "row") || n.Data == "tr" || hasClass(n, "cols") {
				rows++
			}
			if n.Data == "script" || n.Data == "style" {
				sum := sha256.Sum256([]byte(textOf(n)))
				hashes["'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'"]++
				if n.Data == "script" && len(n.Attr) > 0 {
					t.Errorf("%s: a script with attributes %v", p.path, n.Attr)
				}
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "srcset" {
					t.Errorf("%s: <%s %s=%q>", p.path, n.Data, a.Key, a.Val)
				}
				if a.Key != "href" && a.Key != "action" {
					continue
				}
				to, fragment, _ := strings.Cut(a.Val, "#")
				target := path.Join(path.Dir(p.path), to)
				switch {
				case a.Val == "data:,":
				case strings.Contains(a.Val, ":") || strings.HasPrefix(a.Val, "//"):
					t.Errorf("%s: a link to %s", p.path, a.Val)
				case to == "":
					if !ids[p.path][fragment] {
						t.Errorf("%s: no #%s", p.path, fragment)
					}
				case strings.HasSuffix(target, "style.css"):
				case ids[target] == nil:
					t.Errorf("%s: a link to %s, which is not there", p.path, a.Val)
				case fragment != "" && !ids[target][fragment]:
					t.Errorf("%s: a link to %s, which has no such place", p.path, a.Val)
				}
			}
		}
		if rows > report.MaxRows {
			t.Errorf("%s: %d rows", p.path, rows)
		}
		if len(hashes) != 2 || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %d scripts and styles under the policy %q", p.path, len(hashes), policy)
		}
		for h, n := range hashes {
			if n != 1 || !strings.Contains(policy, h) {
				t.Errorf("%s: the policy does not have %s", p.path, h)
			}
		}
	}
}

func TestReportOfTheDemo(t *testing.T) {
	dir := reported(t, demoPages(t))
	pages := htmlPages(t, dir)
	checkPages(t, pages)
	kinds := make(map[string]int)
	for _, p := range pages {
		kinds[path.Dir(p.path)]++
	}
	want := map[string]int{".": 8, "en": 8, "group": 46, "page": 171, "story": 29}
	for kind, n := range want {
		if kinds[kind] != n || kind != "." && kind != "en" && kinds["en/"+kind] != n {
			t.Errorf("%d and %d pages below %s, want %d", kinds[kind], kinds["en/"+kind], kind, n)
		}
	}
	if kinds["pair"] == 0 || kinds["text"] == 0 || kinds["list"] == 0 {
		t.Errorf("pages: %v", kinds)
	}
}

func TestReportShowsTextsAsTheyAre(t *testing.T) {
	rows := demoPages(t)[:39] // all of them have a copy or a story, and so a map
	rows[0].Text = "\n\n \t" + strings.ReplaceAll(rows[0].Text, "\n", "\r\n") + "\r\n"
	rows[1].Text += "\n<b>&amp; &lt;\u202e\u2066 \u200f\u200c\u061c\u00ad\u0007 ]]> {{.}} \u2028 %3C é ﷺ"
	rows[2].Text = ""
	dir := reported(t, rows)
	byID := make(map[string]string)
	for _, r := range rows {
		byID[r.ID] = r.Text
	}
	maps, pairs := 0, 0
	for _, p := range htmlPages(t, dir) {
		switch path.Base(path.Dir(p.path)) {
		case "page":
			id, text, ok := "", "", false
			for _, n := range elements(p.root) {
				if hasClass(n, "id") && id == "" {
					id = textOf(n)
				}
				if hasClass(n, "text") {
					text, ok = textOf(n), true
				}
			}
			if maps++; ok != (byID[id] != "") || text != byID[id] {
				t.Errorf("%s: the text of %s is\n%q, want\n%q", p.path, id, text, byID[id])
			}
		case "pair":
			var ids []string
			var a, b strings.Builder
			for _, n := range elements(p.root) {
				if n.Parent != nil && hasClass(n, "id") && len(ids) < 2 {
					ids = append(ids, textOf(n))
				}
				if hasClass(n, "cell") && hasClass(n, "a") {
					a.WriteString(textOf(n))
				}
				if hasClass(n, "cell") && hasClass(n, "b") {
					b.WriteString(textOf(n))
				}
			}
			pairs++
			if a.String() != byID[ids[0]] || b.String() != byID[ids[1]] {
				t.Errorf("%s: the texts of %s are\n%q\n%q, want\n%q\n%q", p.path, ids, a.String(), b.String(), byID[ids[0]], byID[ids[1]])
			}
		}
	}
	if maps != 2*len(rows) || pairs < 20 {
		t.Errorf("%d maps and %d pairs", maps, pairs)
	}
}

// hostile are strings that break out of what they are put in, where it is not escaped.
var hostile = []string{
	`</script><script>alert(1)</script>`, `<!--<script>`, `"><img src=x onerror=alert(1)>`, `' autofocus onfocus=alert(1) x='`, `javascript:alert(1)`, "\u202e\u2066\u202d", `]]>`, `</style><style>*`,
	`{{.Title}} {{template "x"}}`, `</title><base href=//evil.example/>`, `<svg/onload=alert(1)>`, "\u2028\u2029", `${alert(1)}`, "`", `%%TOKEN%%`, "<plaintext>", "</bdi></li></ol><h1>",
}

// harmless is a hostile string with the same words.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("<>/\"'=-()[]{}$`%*&", r) || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
}

// structure is the elements of a page and the names of their attributes and classes, without what shows
// a steering character.
func structure(root *html.Node) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			if hasClass(n, "chip") {
				return
			}
			fmt.Fprintf(&b, "<%s", n.Data)
			for _, a := range n.Attr {
				fmt.Fprintf(&b, " %s", a.Key)
				if a.Key == "class" || a.Key == "dir" || a.Key == "lang" {
					fmt.Fprintf(&b, "=%s", a.Val)
				}
			}
			b.WriteString(">")
			defer b.WriteString("</>")
		}
		for c := range n.ChildNodes() {
			// A steering character within a mark makes two of it.
			if p := c.PrevSibling; p != nil && hasClass(p, "chip") {
				for p != nil && hasClass(p, "chip") {
					p = p.PrevSibling
				}
				if p != nil && p.Data == c.Data && c.Data == "mark" {
					continue
				}
			}
			walk(c)
		}
	}
	walk(root)
	return b.String()
}

// hostileRows is a part of the demo corpus with hostile strings, or what of makes of them, in titles,
// sources and texts. A page's structure may depend on where its words are: they are where the hostile
// ones are.
func hostileRows(t *testing.T, n int, of func(string) string) []inputRow {
	t.Helper()
	rows := demoPages(t)[:n]
	for i := range rows {
		x := of(hostile[i%len(hostile)])
		rows[i].Title = x + " " + rows[i].Title
		rows[i].Source += " " + of(hostile[i%5])
		at := strings.Index(rows[i].Text, "\n") + 1
		rows[i].Text = rows[i].Text[:at] + x + " " + rows[i].Text[at:]
	}
	return rows
}

func TestReportOfHostilePages(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes two corpora and all their pages")
	}
	build := func(of func(string) string) []inputRow {
		rows := hostileRows(t, 60, of)
		for i := 0; i < len(rows); i += 7 {
			rows[i].ID += of(hostile[i/7%5])
		}
		return rows
	}
	digest := func(dir string) map[string]int {
		pages := htmlPages(t, dir)
		checkPages(t, pages)
		out := make(map[string]int)
		for _, p := range pages {
			out[path.Dir(p.path)+" "+structure(p.root)]++
		}
		return out
	}
	bad, good := digest(reported(t, build(func(s string) string { return s }))), digest(reported(t, build(harmless)))
	if !maps.Equal(bad, good) {
		for k, n := range bad {
			if good[k] != n {
				nearest, same := "", 0
				for g := range good {
					n := 0
					for n < min(len(g), len(k)) && g[n] == k[n] {
						n++
					}
					if good[g] != bad[g] && n > same {
						nearest, same = g, n
					}
				}
				t.Fatalf("%d pages of the hostile corpus, %d of the harmless one have a structure\n…%.300s\nthe nearest of those is\n…%.300s", n, good[k], k[max(same-200, 0):], nearest[max(same-200, 0):])
			}
		}
		t.Errorf("%d structures of hostile pages, %d of harmless ones", len(bad), len(good))
	}
}

func TestReportKeepsItsLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes pages as large as they may be")
	}
	base := demoPages(t)
	var rows []inputRow
	worst := strings.Repeat("\u202e&\"<", 2000)
	for i := range 1100 {
		r := base[i%2] // two texts, so that there are two groups of 550
		r.ID = fmt.Sprintf("%s %04d", strings.Repeat("\u202e&\"'", 100), i)
		r.Title = r.Title + " " + worst
		r.Source = fmt.Sprintf("%d %s", i%40, worst)
		if i%100 == 0 {
			r.Text += "\n" + strings.Repeat("\u202e", 60_000)
		}
		if i%100 == 1 { // a copy in which every other word is another
			words := strings.Fields(r.Text)
			for k := 0; k < len(words); k += 4 {
				words[k] = "كلمة"
			}
			r.Text = strings.Join(words, " ") + strings.Repeat(" و <", 30_000)
		}
		rows = append(rows, r)
	}
	pages := htmlPages(t, reported(t, rows, "--details", "24"))
	checkPages(t, pages)
	cut := 0
	for _, p := range pages {
		if !strings.HasPrefix(p.path, "en/") {
			continue
		}
		for _, m := range shownOfTotal.FindAllStringSubmatch(textOf(p.root), -1) {
			if cut++; len(m[1]) > len(m[2]) || m[1] == m[2] {
				t.Errorf("%s: %s", p.path, m[0])
			}
		}
	}
	if cut == 0 {
		t.Error("no page says that it shows only a part")
	}
}

func TestReportIsTheSameWithAnyNumberOfWorkers(t *testing.T) {
	tmp := t.TempDir()
	sada(t, "run", demo, "--out", filepath.Join(tmp, "run"), "-q")
	for _, n := range []string{"1", "5"} {
		sada(t, "report", filepath.Join(tmp, "run"), "-o", filepath.Join(tmp, n), "--workers", n, "-q")
	}
	count := 0
	err := filepath.WalkDir(filepath.Join(tmp, "1"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(filepath.Join(tmp, "1"), name)
		a, errA := os.ReadFile(name)
		b, errB := os.ReadFile(filepath.Join(tmp, "5", rel))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v %v", rel, errA, errB)
		}
		count++
		return nil
	})
	if err != nil || count < 100 {
		t.Errorf("%d files, %v", count, err)
	}
}

func TestReportOfAnEmptyStory(t *testing.T) {
	for _, n := range []int{1, 2} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			checkPages(t, htmlPages(t, reported(t, demoPages(t)[:n])))
		})
	}
}

func TestEvaluationPage(t *testing.T) {
	tmp := t.TempDir()
	at := func(name string) string { return filepath.Join(tmp, name) }
	gold := "../../testdata/gold.stories.tsv"
	sada(t, "run", demo, "--out", at("run"), "-q")
	sada(t, "run", demo, "--out", at("other"), "-q", "--threshold", "0.3")
	for name, args := range map[string][]string{
		"sweep": {"sweep", demo, "--gold", gold, "--json", "--step", "0.1"}, "worst": {"worst", gold, at("other"), "--json"}, "diff": {"diff", at("run"), at("other"), "--gold", gold, "--json"}} {
		if err := os.WriteFile(at(name+".json"), []byte(sada(t, args...)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sada(t, "report", at("run"), "-o", at("report"), "--sweep", at("sweep.json"), "--worst", at("worst.json"), "--diff", at("diff.json"), "-q")
	pages := htmlPages(t, at("report"))
	checkPages(t, pages)
	for _, p := range pages {
		if p.path != "en/evaluation.html" {
			continue
		}
		text := textOf(p.root)
		for _, want := range []string{"The threshold of a story", "What is wrong", "Against another run", "this run", "should be one", "B-cubed F1"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
	}
}

// What was wanted and could not be, what the run suggests, and reasons are in the language of the page.
func TestReportTellsWhatIsOpen(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := at("must.tsv")
	if err := os.WriteFile(must, []byte("p001\tno<b>where\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	sada(t, "run", demo, "--out", at("run"), "-q", "--threshold", "0.2", "--must-link", must)
	sada(t, "report", at("run"), "-o", at("report"), "-q")
	pages := htmlPages(t, at("report"))
	checkPages(t, pages)
	inEnglish := regexp.MustCompile(`equal words|another subject|announced|has a page of its own|no page`)
	suggested, reasons := 0, 0
	for _, p := range pages {
		text := textOf(p.root)
		switch {
		case p.path == "en/run.html":
			if !strings.Contains(text, `no page "no<b>where"`) || !strings.Contains(text, "to be together") {
				t.Error("the pair that could not be honoured is not in the page of the run")
			}
		case p.path == "run.html" && !strings.Contains(text, `لا صفحة بالمعرف "no<b>where"`):
			t.Error("nor is it in Arabic")
		case p.path == "en/index.html" && !strings.Contains(text, "Wanted pairs that could not be honoured: 1"):
			t.Error("the overview does not tell of it")
		case strings.HasPrefix(p.path, "en/story/") && strings.Contains(text, "Suggested: perhaps one story with this"):
			suggested++
		}
		if strings.HasPrefix(p.path, "en/") {
			reasons += len(inEnglish.FindAllString(text, -1))
			continue
		}
		for _, n := range elements(p.root) {
			if n.Data == "main" {
				if found := inEnglish.FindString(textOf(n)); found != "" {
					t.Errorf("%s: %q", p.path, found)
				}
			}
		}
	}
	if suggested == 0 || reasons == 0 {
		t.Errorf("%d suggestions, %d reasons", suggested, reasons)
	}
}

// badInputs writes files with records that are rejected, for every common reason.
func badInputs(t *testing.T, dir string) (names []string) {
	t.Helper()
	bad := "{\"id\":\"a\",\"text\":\"نص\"}\n{\"id\":\"a\",\"text\":\"نص\"}\n{\"id\":\"a\",\"text\":\"نص آخر\"}\n{\"id\":7.5,\"text\":\"نص\"}\n{\"id\":\"b\"}\n{\"text\":\"نص\"}\n{\"id\":\"c\\u0000\",\"text\":\"نص\"}\n" +
		"{\"id\":\"d\",\"text\":[]}\n[]\n{} {}\n{\"id\n{\"id\":\"e\",\"text\":\"\xff\xff\xff\"}\n{\"id\":\"\xff\",\"text\":\"نص\"}\n"
	for name, content := range map[string]string{"bad.jsonl": bad, "empty.jsonl": "", "cut.parquet": "PAR1....PAR1", "wide.jsonl": "\xff\xfe{\x00"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.Join(dir, name))
	}
	slices.Sort(names)
	return names
}

// Options, counts and steps have a name in Arabic, and so have the reasons of what a run of bad input rejects.
func TestReportNamesInArabic(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	var diff struct {
		Type    string   `json:"type"`
		Options []string `json:"options"`
	}
	diff.Type = "diff"
	of := reflect.TypeFor[recorded]()
	for _, f := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			diff.Options = append(diff.Options, name+`: , then "so"`)
		}
	}
	object, err := json.Marshal(diff)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("diff.json"), object, 0o644); err != nil {
		t.Fatal(err)
	}
	sada(t, slices.Concat([]string{"run", demo}, badInputs(t, dir), []string{"--out", at("run"), "-q", "--max-rejects=-1"})...)
	sada(t, "report", at("run"), "-o", at("report"), "--diff", at("diff.json"), "-q")
	pages := htmlPages(t, at("report"))
	checkPages(t, pages)
	want := map[string]int{"run.html": 40, "evaluation.html": len(diff.Options), "rejects.html": 14} // cells at least
	for _, p := range pages {
		least, ok := want[p.path]
		if !ok {
			continue
		}
		cells := 0
		for _, n := range elements(p.root) {
			if scope, _ := attr(n, "scope"); n.Data != "th" || scope != "row" {
				continue
			}
			cells++
			// The likelihood of a proposal is by numbers.
			if text := textOf(n); !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Arabic, r) }) && strings.Trim(text, "0123456789.") != "" {
				t.Errorf("%s: %q is not in Arabic", p.path, text)
			}
		}
		if cells < least {
			t.Errorf("%s: %d cells, want %d", p.path, cells, least)
		}
		delete(want, p.path)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}
