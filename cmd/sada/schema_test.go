package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
)

// exact compiles a schema that is shipped, such that it takes no member it does not name. What is shipped
// takes others, for those that are added later.
func exact(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	var shut func(v any)
	shut = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if _, ok := v["properties"].(map[string]any); ok && v["anyOf"] == nil {
				v["additionalProperties"] = false
			}
			for _, of := range v {
				shut(of)
			}
		case []any:
			for _, of := range v {
				shut(of)
			}
		}
	}
	shut(doc)
	c := jsonschema.NewCompiler()
	if err := c.AddResource(file, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return schema.Validate(value)
}

// TestFindingsSchema holds what the verbs that are no night's work print with --json to the schema that is
// shipped: it names every member that they print, and they print every one that it requires.
func TestFindingsSchema(t *testing.T) {
	schema := exact(t, "ops/findings.schema.json")
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	const stories, copies, spans = "../../testdata/gold.stories.tsv", "../../testdata/gold.copies.tsv", "../../testdata/gold.spans.tsv"
	sada(t, "run", demo, "--out", at("out"), "--quiet")
	sada(t, "run", demo, "--out", at("other"), "--threshold", "0.5", "--quiet")
	part := at("part.jsonl")
	if err := os.WriteFile(part, []byte(strings.Join(demoLines(t)[:100], "")), 0o644); err != nil {
		t.Fatal(err)
	}
	sada(t, "run", part, "--out", at("part"), "--quiet")
	for name, text := range map[string]string{
		"one.csv": "a,b,annotator,label\np001,p003,one,same\np001,p165,one,different\np012,p163,one,different\n",
		"two.csv": "a,b,annotator,label\np001,p003,two,different\np001,p165,two,different\np012,p163,two,different\n",
	} {
		if err := os.WriteFile(at(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]int)
	for _, args := range [][]string{
		{"eval", stories, at("out")}, {"eval", copies, at("other"), "--lsh"}, {"eval", spans, at("out")}, {"eval", stories, at("other"), "--min", "ari=1"},
		{"worst", stories, at("other")}, {"sweep", demo, "--gold", stories, "--out", at("sweep")},
		{"diff", at("out"), at("other"), "--gold", stories}, {"diff", at("other"), at("out")}, {"diff", at("out"), at("part")}, {"diff", at("out"), at("out")},
		{"sample", at("out"), "--out", at("pairs.csv")}, {"sample", at("out"), "--of", "clusters", "--out", at("clusters.csv")},
		{"estimate", at("pairs.csv"), at("one.csv")}, {"estimate", at("clusters.csv"), at("one.csv")}, {"agree", at("one.csv"), at("two.csv")},
		{"synth", demo, "--out", at("synth")},
		{"feed", "bleve", "--run", at("out"), "--index", at("index")}, {"feed", "verify", "bleve", "--run", at("other"), "--index", at("index")},
		{"feed", "status", "--run", at("out")}, {"search", "--index", at("index"), "حريق"},
	} {
		var out, errs strings.Builder
		code := (&program{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}).run(append(args, "--json"))
		if out.Len() == 0 {
			t.Errorf("%q: nothing: code %d, %s", args, code, errs.String())
		}
		for line := range strings.Lines(out.String()) {
			if err := validate(t, schema, line); err != nil {
				t.Errorf("%q: %.300s\n%v", args, line, err)
			}
			var head struct{ Type string }
			if err := json.Unmarshal([]byte(line), &head); err != nil {
				t.Error(err)
			}
			seen[head.Type]++
		}
	}
	for _, kind := range []string{"scores", "worst", "sweep", "diff", "sample", "estimate", "agreement", "synth", "summary", "difference", "cursor", "story", "exit_error"} {
		if seen[kind] == 0 {
			t.Errorf("no line of type %s", kind)
		}
	}
	for _, line := range []string{`{}`, `{"type":"summary"}`, `{"type":"synth","out":"x","seed":1,"counts":{},"more":1}`} {
		if validate(t, schema, line) == nil {
			t.Errorf("the schema takes %s", line)
		}
	}
}

// TestRunSchema holds run.json to the schema that is shipped.
func TestRunSchema(t *testing.T) {
	schema := exact(t, "ops/run.schema.json")
	w := &world{dir: t.TempDir()}
	if code, stderr := w.night("one", demoLines(t)[:60]); code != exit.Done {
		t.Fatal(stderr)
	}
	links := w.at("links.tsv")
	if err := os.WriteFile(links, []byte("p001\tnobody\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	sada(t, "run", demo, "--out", w.at("run"), "--must-link", links, "--quiet")
	for _, dir := range []string{"out", "run"} {
		b, err := os.ReadFile(filepath.Join(w.at(dir), "run.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, string(b)); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
	m, err := publish.ReadManifest(w.at("run"))
	if err != nil || len(m.Unmet) == 0 {
		t.Errorf("%v: no pair that could not be honoured", err)
	}
	if validate(t, schema, `{"schema":1}`) == nil {
		t.Error("the schema takes a run without anything")
	}
}
