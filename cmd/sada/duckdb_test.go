package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/cluster"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/cmd/internal/option"
	"sada/cmd/internal/publish"
)

// queries runs the statements of its input one after the other, and prints the rows of the last as JSON.
const queries = `
import duckdb, json, sys
db = duckdb.connect()
for statement in json.load(sys.stdin):
    rows = db.execute(statement)
json.dump(rows.fetchall(), sys.stdout)
`

// TestDuckDB joins shards with the queries of format.md. The pairs of the bands are those that LSH proposes for
// the same signatures; those of the anchors hold all pairs of pages that a run finds passages of both of.
// .ci/shards installs what it needs.
func TestDuckDB(t *testing.T) {
	python := os.Getenv("SADA_DUCKDB")
	if python == "" {
		t.Skip("SADA_DUCKDB does not name a Python with duckdb: the documented queries were not run")
	}
	format, err := os.ReadFile("internal/shards/format.md")
	if err != nil {
		t.Fatal(err)
	}
	query := func(name string) string {
		_, text, ok := strings.Cut(string(format), "```sql\n-- "+name+"\n")
		text, _, ends := strings.Cut(text, "```")
		if !ok || !ends {
			t.Fatalf("format.md has no query of %s", name)
		}
		return text
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	lines := dirty(t, rand.New(rand.NewPCG(3, 4)))
	var folders []string
	for n := range 3 {
		var files []string
		for k := range 2 {
			name := at(fmt.Sprint(n, k, ".jsonl"))
			i := 2*n + k
			if err := os.WriteFile(name, []byte(strings.Join(lines[i*len(lines)/6:(i+1)*len(lines)/6], "")), 0o644); err != nil {
				t.Fatal(err)
			}
			files = append(files, name)
		}
		folder := at(fmt.Sprint("shards", n))
		sada(t, append(append([]string{"run"}, files...), "--shards", folder, "--quiet", "--max-rejects=-1")...)
		folders = append(folders, folder)
	}
	ask := func(name string, into any) {
		cmd := exec.CommandContext(t.Context(), python, "-c", queries)
		statements, err := json.Marshal([]string{query("kept"), query(name)})
		if err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(string(statements)), &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, stderr.String())
		}
		if err := json.Unmarshal(out, into); err != nil {
			t.Fatal(err)
		}
	}

	flags := jobFlags{clusterFlags: clusterFlags{Clustering: option.Clustering{Stemmer: "light10"}}}
	read, _, err := flags.merger(folders)
	if err != nil {
		t.Fatal(err)
	}
	in, err := read(context.Background(), nil, new(teller))
	if err != nil {
		t.Fatal(err)
	}
	cluster.Sort(in.pages)
	o := cluster.Defaults()
	keyer, err := cluster.NewKeyer(o)
	if err != nil {
		t.Fatal(err)
	}
	index := lsh.NewIndex(keyer.Params, o.Bucket)
	for i, p := range in.pages {
		if signature := keyer.Sign(nil, p); len(signature) > 0 {
			index.Add(uint32(i), signature)
		}
	}
	pairs, _ := index.Pairs(2)
	var want, bands [][2]string
	for _, p := range pairs {
		a, b := in.pages[p.A].ID, in.pages[p.B].ID
		want = append(want, [2]string{min(a, b), max(a, b)})
	}
	slices.SortFunc(want, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	ask("bands", &bands)
	if d := cmp.Diff(want, bands); d != "" || len(want) < 50 {
		t.Errorf("%d pairs of LSH (-), %d of DuckDB (+)\n%s", len(want), len(bands), d)
	}

	sada(t, append(append([]string{"merge"}, folders...), "--out", at("out"), "--quiet", "--max-rejects=-1")...)
	var rows [][3]any
	ask("anchors", &rows)
	met := make(map[[2]string]bool)
	for _, r := range rows {
		met[[2]string{r[0].(string), r[1].(string)}] = true
	}
	found := 0
	for p, err := range publish.Read[publish.Passage](at("out"), "passages") {
		if err != nil {
			t.Fatal(err)
		}
		switch passage.Kind(p.Kind) {
		case passage.Copy, passage.Contains, passage.Contained, passage.Quote, passage.Partial: // the others may be told by a title alone
			found++
			if !met[[2]string{min(p.A, p.B), max(p.A, p.B)}] {
				t.Errorf("%s of %s and %s: DuckDB has no pair", p.Kind, p.A, p.B)
			}
		}
	}
	if found < 50 || len(met) > 20*len(in.pages) {
		t.Errorf("%d passages of two pages, %d pairs of %d pages", found, len(met), len(in.pages))
	}
}
