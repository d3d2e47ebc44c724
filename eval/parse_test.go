package eval_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/eval"
)

func TestReadClusters(t *testing.T) {
	want := []eval.Members{{Cluster: "s 1", Pages: []string{`a "b", c`, "صدى"}}, {Cluster: "s2", Pages: []string{"p3"}}}
	for _, c := range []struct {
		name   string
		format eval.Format
		text   string
		kind   eval.Kind
	}{
		{"tsv", eval.TSV, "#kind: story\na \"b\", c\ts 1\nصدى\ts 1\n\np3\ts2", eval.Story},
		{"tsv with CRLF and BOM", eval.TSV, "\uFEFF#kind:copy\r\na \"b\", c\ts 1\r\nصدى\ts 1\r\np3\ts2\r\n", eval.Copy},
		{"tsv without kind", eval.TSV, "p3\ts2\nصدى\ts 1\na \"b\", c\ts 1\np3\ts2\n", ""},
		{"csv", eval.CSV, "#kind: copy\ncluster,note,id\ns 1,\"two\nlines\",\"a \"\"b\"\", c\"\ns 1,,صدى\ns2,,p3\n", eval.Copy},
		{"jsonl", eval.JSONL, `{"kind":"story"}` + "\n" + `{"id":"a \"b\", c","cluster":"s 1"}` + "\n \n" +
			`{"cluster":"s 1","id":"\u0635\u062f\u0649","more":[1]}` + "\n" + `{"id":"p3","cluster":"s2"}`, eval.Story},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, kind, err := eval.ReadClusters(strings.NewReader(c.text), c.format)
			if err != nil {
				t.Fatal(err)
			}
			if kind != c.kind {
				t.Errorf("kind %q, want %q", kind, c.kind)
			}
			if d := cmp.Diff(want, got.Members()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadClustersTakesNumbersFromJSON(t *testing.T) {
	c, _, err := eval.ReadClusters(strings.NewReader(`{"id":7,"cluster":12}`), eval.JSONL)
	if err != nil {
		t.Fatal(err)
	}
	if name, ok := c.Cluster("7"); name != "12" || !ok {
		t.Errorf("page 7 is in %q, %v", name, ok)
	}
}

func TestReadErrorsNameTheLine(t *testing.T) {
	clusters := func(s string, f eval.Format) error {
		_, _, err := eval.ReadClusters(strings.NewReader(s), f)
		return err
	}
	pairs := func(s string, f eval.Format) error {
		_, _, err := eval.ReadPairs(strings.NewReader(s), f)
		return err
	}
	spans := func(s string, f eval.Format) error {
		_, err := eval.ReadSpans(strings.NewReader(s), f)
		return err
	}
	for _, c := range []struct {
		name, text string
		read       func(string, eval.Format) error
		format     eval.Format
		line       int
		says       string
	}{
		{"unknown kind", "#kind: topic\n", clusters, eval.TSV, 1, `"topic"`},
		{"unknown kind in CSV", "#kind: topic\nid,cluster\n", clusters, eval.CSV, 1, `"topic"`},
		{"unknown kind in JSONL", `{"kind":"topic"}`, clusters, eval.JSONL, 1, `"topic"`},
		{"kind late", "a\t1\n#kind: story\n", clusters, eval.TSV, 2, "1 fields; want id, cluster"},
		{"too few fields", "a\t1\n\nb\n", clusters, eval.TSV, 3, "1 fields"},
		{"too many fields", "a\t1\t2\n", clusters, eval.TSV, 1, "3 fields"},
		{"empty id", "a\t1\n\t2\n", clusters, eval.TSV, 2, "must not be empty"},
		{"not UTF-8", "a\t1\nb\xff\t2\n", clusters, eval.TSV, 2, "UTF-8"},
		{"long line", "a\t1\n" + strings.Repeat("x", 2<<20), clusters, eval.TSV, 2, "longer"},
		{"no such column", "id,story\na,1\n", clusters, eval.CSV, 1, `no column "cluster"`},
		{"csv fields", "#kind: story\nid,cluster\na,1\nb\n", clusters, eval.CSV, 4, "wrong number of fields"},
		{"csv not UTF-8", "id,cluster\na,\xff\n", clusters, eval.CSV, 2, "UTF-8"},
		{"csv after a field of two lines", "id,cluster,x\na,1,\"\n\"\n,1,\n", clusters, eval.CSV, 4, "must not be empty"},
		{"json", `{"id":"a","cluster":"1"}` + "\n{", clusters, eval.JSONL, 2, "JSON object"},
		{"json list", `["a"]`, clusters, eval.JSONL, 1, "JSON object"},
		{"json name", `{"id":"a"}`, clusters, eval.JSONL, 1, `no "cluster"`},
		{"json null", `{"id":"a","cluster":null}`, clusters, eval.JSONL, 1, `"cluster" is null`},
		{"json twice", `{"id":"a","id":"b","cluster":"1"}`, clusters, eval.JSONL, 1, "duplicate"},
		{"label", "a\tb\tsame\na\tc\tperhaps\n", pairs, eval.TSV, 2, `"perhaps"`},
		{"weight", "a\tb\tsame\ts\t0.5\n", pairs, eval.TSV, 1, `"0.5"`},
		{"weight NaN", "a\tb\tsame\ts\tNaN\n", pairs, eval.TSV, 1, `"NaN"`},
		{"half a pair", "a\t\tsame\n", pairs, eval.TSV, 1, "must not be empty"},
		{"offset", "a\t1\tx\ttail\n", spans, eval.TSV, 1, `to "x"`},
		{"empty span", "a\t0\t5\ttail\na\t5\t5\ttail\n", spans, eval.TSV, 2, "from < to"},
		{"negative", "a\t-1\t5\ttail\n", spans, eval.TSV, 1, "0 <= from"},
		{"no kind", "a\t1\t5\t\n", spans, eval.TSV, 1, "kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.read(c.text, c.format)
			var p *eval.ParseError
			if !errors.As(err, &p) {
				t.Fatalf("error %v, want a ParseError", err)
			}
			if p.Line != c.line || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q, want line %d and %q", err, c.line, c.says)
			}
		})
	}
}

func TestReadClustersListsConflicts(t *testing.T) {
	_, _, err := eval.ReadClusters(strings.NewReader("a\t1\na\t2\n"), eval.TSV)
	var conflict *eval.ConflictError
	if !errors.As(err, &conflict) || len(conflict.Conflicts) != 1 {
		t.Fatalf("error %v, want a ConflictError with one page", err)
	}
}

func TestReadPairs(t *testing.T) {
	want := []eval.Pair{
		{A: "b", B: "a", Label: eval.Same, Weight: 1},
		{A: "c", B: "d", Label: eval.Different, Stratum: "apart", Weight: 2.5},
		{A: "e", B: "f", Label: eval.Related, Weight: 1},
		{A: "g", B: "h", Label: eval.Unlabelled, Weight: 1},
	}
	for name, c := range map[string]struct {
		format eval.Format
		text   string
	}{
		"tsv": {eval.TSV, "#kind: story\nb\ta\tSame\nc\td\t0\tapart\t2.5\ne\tf\trelated\ng\th\t\n"},
		"csv": {eval.CSV, "#kind: story\na,b,label,weight,stratum\nb,a,yes,,\nc,d,no,2.5,apart\ne,f,related,,\ng,h,,,\n"},
		"jsonl": {eval.JSONL, `{"kind":"story"}` + "\n" + `{"a":"b","b":"a","label":1}` + "\n" +
			`{"a":"c","b":"d","label":"different","stratum":"apart","weight":2.5}` + "\n" +
			`{"a":"e","b":"f","label":"related"}` + "\n" + `{"a":"g","b":"h","label":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, kind, err := eval.ReadPairs(strings.NewReader(c.text), c.format)
			if err != nil {
				t.Fatal(err)
			}
			if kind != eval.Story {
				t.Errorf("kind %q", kind)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadSpans(t *testing.T) {
	for name, c := range map[string]struct {
		format eval.Format
		text   string
	}{
		"tsv":   {eval.TSV, "a\t5\t9\ttail\nb\n"},
		"csv":   {eval.CSV, "id,from,to,kind\nb,,,\na,5,9,tail\n"},
		"jsonl": {eval.JSONL, `{"id":"a","from":5,"to":9,"kind":"tail"}` + "\n" + `{"id":"b"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := eval.ReadSpans(strings.NewReader(c.text), c.format)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{"a", "b"}, got.Pages()); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"tail"}, got.Kinds()); d != "" {
				t.Error(d)
			}
		})
	}
}

// FuzzRead reads anything as anything. What is read as clusters must be a
// partition that survives being written and read again.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"", "#kind: story\na\tb\n", "id,cluster\na,\"b\nc\"\n", `{"id":"a","cluster":1}`, "\uFEFF{}", "a\tb\tsame\ts\t2\n",
		"a\t0\t5\ttail\na\t3\t9\ttail\nb\n", "a,b,label\nx,y,1\n", "#kind:", "\"", "a\xff\tb",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []eval.Format{eval.TSV, eval.CSV, eval.JSONL} {
			if pairs, _, err := eval.ReadPairs(bytes.NewReader(data), format); err == nil {
				eval.CheckPairs(pairs)
			}
			if spans, err := eval.ReadSpans(bytes.NewReader(data), format); err == nil {
				a := eval.AlignSpans(spans, spans)
				for _, kind := range spans.Kinds() {
					if s := eval.PlagDet(a, kind); s.PlagDet != 1 {
						t.Fatalf("PlagDet %v of equal spans", s)
					}
				}
			}
			c, _, err := eval.ReadClusters(bytes.NewReader(data), format)
			if err != nil {
				continue
			}
			var out strings.Builder
			out.WriteString("#kind: story\n")
			pages := 0
			for _, m := range c.Members() {
				for _, p := range m.Pages {
					if strings.ContainsAny(p+m.Cluster, "\t\n\r") {
						return // TSV cannot hold it
					}
					pages++
					out.WriteString(p + "\t" + m.Cluster + "\n")
				}
			}
			if pages != c.Len() {
				t.Fatalf("%d pages, but %d members", c.Len(), pages)
			}
			again, _, err := eval.ReadClusters(strings.NewReader(out.String()), eval.TSV)
			if err != nil {
				t.Fatalf("%q: %v", out.String(), err)
			}
			if d := cmp.Diff(c.Members(), again.Members()); d != "" {
				t.Fatal(d)
			}
		}
	})
}
