package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// plainly is a saying without its elements; what is not ours stands between bars.
func plainly(s saying) string {
	var b strings.Builder
	for _, p := range s.AsIs {
		b.WriteString(p.Text)
	}
	for _, w := range s.Arabic {
		bar := "|"
		if w.Ours {
			bar = ""
		}
		b.WriteString(bar)
		for _, p := range w.Text {
			b.WriteString(p.Text)
		}
		b.WriteString(bar)
	}
	return b.String()
}

func TestSay(t *testing.T) {
	for en, want := range map[string]string{
		"announced: read-also line before an article": "أعلن عنه: سطر «اقرأ أيضا» قبل خبر",
		"announced: something new":                    "أعلن عنه: |something new|",
		"on 12 unrelated pages":                       "في |12| من صفحات لا صلة بينها",
		"on 30 pages of the source":                   "في |30| من صفحات المصدر",
		"on 30 pages of the source or more":           "في |30| من صفحات المصدر أو أكثر",
		"98 % of its shingles are a page's":           "|98| % من مقاطعه لصفحة معروفة",
		"nearly the text appended to p*1":             "يكاد يكون النص الملحق بالصفحة |p*1|",
		`no page "x"`:                                 `لا صفحة بالمعرف |"x"|`,
		"no text and no title":                        "بلا |text| وبلا |title|",
		"field id is not a string or an integer":      "الحقل |id| ليس نصا ولا عددا صحيحا",
		"corrupt gzip: bad header":                    "ملف |gzip| تالف: |bad header|",
		"pairwise F1":                                 "F1 (الأزواج)",
		"bad JSON: cut off":                           "JSON غير سليم: مبتور",
		"bad JSON: cut":                               "JSON غير سليم: |cut|",
		// what is not known is as it was
		"has a page of its own or so": "has a page of its own or so",
		" equal words":                "equal words",
		"":                            "",
	} {
		if got := plainly(say(arabicUI, en, 100)); got != want {
			t.Errorf("%q is %q, want %q", en, got, want)
		}
		if got := plainly(say(english, en, 100)); got != strings.TrimSpace(en) {
			t.Errorf("%q is %q in English", en, got)
		}
	}
	if got := plainly(say(arabicUI, "announced: "+strings.Repeat("x", 200), 10)); len([]rune(got)) > 40 {
		t.Errorf("a long name is not cut: %q", got)
	}
}

// TestEveryReasonIsInArabic reads the reasons where they are made, out of the source.
func TestEveryReasonIsInArabic(t *testing.T) {
	verb := regexp.MustCompile(`%[.+]?\d*[a-z]`)
	// What is put together of more than one sentence, in full; nothing for errors that are not of a record.
	whole := map[string][]string{
		"field %s is not a string%s":           {"field id is not a string", "field id is not a string or an integer", "field id is not a string or a number"},
		"corpus: the records were read before": nil,
		"folder %s: %w":                        nil,
		"field %s":                             nil, // what is too long, as it is above
		", ":                                   nil, // between names
		"%s":                                   nil, // an estimate's reason, handed on
		"%s longer than %d bytes":              {"line longer than 3 bytes", "page longer than 3 bytes", "field text longer than 3 bytes"},
		"too few labels: %d, need %d":          nil, // of sada estimate, which a report does not show
		"announced: %s":                        nil, // with the reason of a proposal, which is among those below
		"parquet needs the columns %s and %s or %s, and has %s": {"parquet needs the columns id and text or title, and has a, b"},
	}
	// Where they are: the files, and the functions that words are given to.
	for _, where := range []struct {
		dir   string
		calls string
		least int
	}{
		{"../../../internal/corpus", `^(New|Errorf|tooLong)$`, 30},
		{"../..", `^reject$`, 2},
		{"../../../../cluster", `^$`, 5},
		{"../../../../cluster/passage", `^add$`, 14},
		{"../../../../features/article", `^$`, 6},
		{"../../../../eval", `^unknown$`, 4},
	} {
		calls, found := regexp.MustCompile(where.calls), make(map[string]bool)
		var files []*ast.File
		names, err := filepath.Glob(filepath.Join(where.dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		take := func(x ast.Expr) {
			ast.Inspect(x, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					if s, ok := worded(e); ok && strings.Contains(s, " ") {
						found[s] = true
						return false
					}
				}
				return true
			})
		}
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if calls.MatchString(called(n)) {
						for _, a := range n.Args {
							take(a)
						}
					}
				case *ast.KeyValueExpr:
					if k, ok := n.Key.(*ast.Ident); ok && reasoned(k.Name) {
						take(n.Value)
					}
				case *ast.CompositeLit:
					if k, ok := n.Type.(*ast.Ident); ok && k.Name == "Unmet" {
						for _, e := range n.Elts {
							take(e)
						}
					}
				case *ast.AssignStmt:
					for i, to := range n.Lhs {
						if len(n.Lhs) == len(n.Rhs) && reasoned(last(to)) {
							take(n.Rhs[i])
						}
					}
				case *ast.FuncDecl:
					if n.Name.Name == "repeated" {
						ast.Inspect(n.Body, func(n ast.Node) bool {
							if r, ok := n.(*ast.ReturnStmt); ok {
								take(r.Results[0])
							}
							return true
						})
					}
				}
				return true
			})
		}
		if len(found) < where.least {
			t.Errorf("%s: only %d reasons are found: %v", where.dir, len(found), found)
		}
		for format := range found {
			sentences, ok := whole[format]
			if !ok {
				sentences = []string{strings.ReplaceAll(verb.ReplaceAllString(format, "x1"), "%%", "%")}
			}
			for _, s := range sentences {
				if inArabic(s, 100) == nil {
					t.Errorf("%s: %q is not in Arabic", where.dir, s)
				}
			}
		}
	}
}

func reasoned(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "reason") || strings.HasSuffix(name, "reasons")
}

func called(c *ast.CallExpr) string { return last(c.Fun) }

// last is the last name of an expression.
func last(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// worded is a string of the source, with %s for what is added to it.
func worded(x ast.Expr) (string, bool) {
	switch x := x.(type) {
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			s, err := strconv.Unquote(x.Value)
			return s, err == nil
		}
	case *ast.BinaryExpr:
		a, ok := worded(x.X)
		b, ok2 := worded(x.Y)
		switch {
		case ok && ok2:
			return a + b, true
		case ok:
			return a + "%s", true
		case ok2:
			return "%s" + b, true
		}
	}
	return "", false
}
