package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"strings"

	"sada/eval"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets/style.css
var styleSheet string

//go:embed assets/script.js
var scriptSource string

// The languages of the interface. Arabic pages are at the top of the folder, English ones below en.
const (
	english = iota
	arabicUI
	languages
)

// kinds are the templates of pages, with the depth of their paths.
var kinds = map[string]int{"overview": 0, "copies": 0, "stories": 0, "texts": 0, "maps": 0, "rejects": 0, "run": 0, "evaluation": 0,
	"group": 1, "pair": 1, "map": 1, "story": 1, "text": 1, "bin": 1, "label": 1, "cluster": 1, "labelled": 1, "agreement": 1}

// renderer has the templates of all pages in all languages.
type renderer struct {
	pages         [languages]map[string]*template.Template
	script, style string // what the policy allows, by hash
}

// policy allows a page its own style and script, known by their hashes, and the style sheet beside it.
func (r *renderer) policy(forms bool) string {
	action := "'none'"
	if forms {
		action = "'self'"
	}
	return "default-src 'none'; style-src 'self' " + r.style + "; script-src " + r.script + "; img-src data:; base-uri 'none'; form-action " + action
}

// element is a style or script element, and the hash by which a policy knows it. The hash is of what the
// template makes of it, for templates leave comments out.
func element(name, content string) (source, hash string, err error) {
	source = "<" + name + ">" + content + "</" + name + ">"
	t, err := template.New(name).Parse(source)
	if err != nil {
		return "", "", err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, nil); err != nil {
		return "", "", err
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(b.String(), "<"+name+">"), "</"+name+">")
	sum := sha256.Sum256([]byte(inner))
	return source, "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", nil
}

func newRenderer() (*renderer, error) {
	r := new(renderer)
	style, styleHash, err := element("style", styleSheet)
	if err != nil {
		return nil, err
	}
	script, scriptHash, err := element("script", scriptSource)
	if err != nil {
		return nil, err
	}
	r.style, r.script = styleHash, scriptHash
	for lang := range languages {
		r.pages[lang] = make(map[string]*template.Template)
		for kind, depth := range kinds {
			t := template.New(kind).Funcs(r.functions(lang, strings.Repeat("../", depth)))
			if t, err = t.ParseFS(templateFiles, "templates/layout.html", "templates/"+kind+".html"); err != nil {
				return nil, err
			}
			if t, err = t.Parse(`{{define "style"}}` + style + `{{end}}{{define "script"}}` + script + `{{end}}`); err != nil {
				return nil, err
			}
			r.pages[lang][kind] = t
		}
	}
	return r, nil
}

func (r *renderer) functions(lang int, root string) template.FuncMap {
	of := func(names map[string][2]string) func(string) string {
		return func(key string) string {
			if n, ok := names[key]; ok {
				return n[lang]
			}
			return name(key, listName)
		}
	}
	return template.FuncMap{
		"t":      func(en, ar string) string { return [2]string{en, ar}[lang] },
		"pick":   func(s [2]string) string { return s[lang] },
		"rtl":    func() bool { return lang == arabicUI },
		"csp":    r.policy,
		"url":    func(path string) string { return root + path },
		"ltitle": func(s string) []piece { return excerpt(s, listTitle) },
		"lname":  func(s string) []piece { return excerpt(s, listName) },
		"lid":    func(s string) []piece { return excerpt(s, listID) },
		"lpath":  func(s string) []piece { return excerpt(s, 3*listID) },
		"long":   func(s string) []piece { return excerpt(s, 4*listTitle) },
		"plain":  func(s string) string { return name(s, listTitle) },
		"labels": func(s []string) []string { return s[:min(len(s), 6)] },
		"n":      grouped,
		"count":  func(n any, of string) string { return count(lang, int(reflect.ValueOf(n).Int()), of) },
		"num":    func(x float64) string { return fmt.Sprintf("%.2f", x) },
		"num4":   func(x float64) string { return fmt.Sprintf("%.4f", x) },
		"pct":    func(x float64) string { return fmt.Sprintf("%.0f%%", 100*x) },
		"pct100": func(x float64) string { return fmt.Sprintf("%.1f%%", x) },
		"mib":    func(n int64) string { return fmt.Sprintf("%d MiB", n>>20) },
		"span":   func(from, to any) string { return fmt.Sprintf("%v–%v", from, to) },
		"minus":  func(a, b float64) float64 { return a - b },
		"minus1": func(n int) int { return n - 1 },
		"fault": func(r string) string {
			if ar, ok := reasons[eval.Reason(r)]; ok && lang == arabicUI {
				return ar
			}
			return name(r, listName)
		},
		"why":    func(s string) saying { return say(lang, s, 2*listName) },
		"reject": func(s string) saying { return say(lang, s, 4*listTitle) },
		"choice": func(field, value, said, key, en, ar string) choice {
			return choice{field, value, key, [2]string{en, ar}[lang], said == value}
		},
		"middle": func(x, w float64) float64 { return x + w/2 },
		"key": func(key string) string {
			if lang == arabicUI {
				return keys[key]
			}
			return ""
		},
		"adjudicator": func(name string) bool { return name == Adjudicator },
		"kind":        of(kindNames),
		"role":        of(roleNames),
		"cls": func(kind string) string {
			if _, ok := kindNames[kind]; ok {
				return kind
			}
			return "other"
		},
	}
}

// choice is a radio button.
type choice struct {
	Field, Value, Key, Text string
	Checked                 bool
}

// kindNames are the words of the result files for a reader.
var kindNames = map[string][2]string{
	"main": {"main text", "النص الأصلي"}, "title": {"title", "العنوان"}, "dateline": {"dateline", "سطر التاريخ"}, "source": {"credit line", "سطر المصدر"},
	"tags": {"key words", "كلمات دلالية"}, "marker": {"read-also line", "سطر اقرأ أيضا"}, "tail": {"another article at the end", "خبر آخر ملحق"},
	"shared_tail": {"a text appended to several pages", "نص ملحق بعدة صفحات"}, "head": {"headlines before the text", "عناوين قبل النص"}, "inline": {"a foreign line inside", "سطر مقحم"},
	"list": {"list of links", "قائمة روابط"}, "furniture": {"furniture", "سطور ثابتة"}, "quote": {"shared passage", "مقطع مشترك"},
	"copy": {"copy", "نسخة"}, "exact": {"exact copy", "نسخة مطابقة"}, "contains": {"holds the other", "تحتوي الأخرى"}, "contained": {"is held by the other", "محتواة في الأخرى"},
	"template": {"template", "قالب"}, "partial": {"part of it", "جزء"},
	"lsh": {"signatures", "البصمات"}, "passage": {"passages", "المقاطع"}, "fragment": {"fragments", "الأجزاء الملحقة"},
}

var roleNames = map[string][2]string{"original": {"original", "أصل"}, "copy": {"copy", "نسخة"}, "sole": {"the only one", "وحيدة"}}

// grouped writes a number with its thousands apart.
func grouped(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// shell is what the layout shows around a page's content.
type shell struct {
	Title, Kind   string
	Assets, Other string // ways to the style sheet and to the page in the other language
	Nav           []navLink
	Forms         bool
	Data          any
}

type navLink struct {
	Path, Text string
	Here       bool
}

// nav is the way to the lists.
func (s *Site) nav(lang int, path string) []navLink {
	links := []struct {
		path string
		text [2]string
		in   string // folder of its pages
	}{
		{"index.html", [2]string{"Overview", "نظرة عامة"}, "list/"}, {"copies.html", [2]string{"Copies", "النسخ"}, "group/"}, {"maps.html", [2]string{"Page maps", "الخرائط"}, "page/"},
		{"stories.html", [2]string{"Stories", "القصص"}, "story/"}, {"doubt.html", [2]string{"Doubt", "الشك"}, ""}, {"texts.html", [2]string{"Reused", "المتكرر"}, "text/"},
	}
	var out []navLink
	for _, l := range links {
		out = append(out, navLink{l.path, l.text[lang], path == l.path || l.in != "" && strings.HasPrefix(path, l.in)})
	}
	if s.eval {
		out = append(out, navLink{"evaluation.html", [2]string{"Evaluation", "التقويم"}[lang], path == "evaluation.html"})
	}
	if s.labels {
		out = append(out, navLink{"label/", [2]string{"Labelling", "الوسم"}[lang], strings.HasPrefix(path, "label/")})
	}
	return out
}

// render writes one page in one language. path is below the folder of the language.
func (s *Site) render(w io.Writer, r *renderer, v view, path string, lang int) error {
	up := strings.Repeat("../", kinds[v.kind])
	h := shell{Title: v.title[lang], Kind: v.kind, Assets: up, Other: up + "en/" + path, Nav: s.nav(lang, path), Forms: v.forms, Data: v.data}
	if lang == english {
		h.Assets, h.Other = up+"../", up+"../"+path
	}
	return r.pages[lang][v.kind].ExecuteTemplate(w, "page", h)
}
