package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// evaluations are what a researcher does with the demo corpus, in this order. $T is the folder with the
// corpus and its gold, $OUT that of all results.
var evaluations = []string{
	"run $T/corpus.jsonl --out $OUT/run --quiet",
	"eval $T/gold.copies.tsv $OUT/run --lsh",
	"eval $T/gold.stories.tsv $OUT/run --by spelling",
	"eval $T/gold.spans.tsv $OUT/run",
	"worst $T/gold.stories.tsv $OUT/run",
	// Two thresholds, and the same lines in another order.
	"run $T/corpus.jsonl --out $OUT/strict --threshold 0.3 --quiet",
	"diff $OUT/run $OUT/strict --gold $T/gold.stories.tsv",
	"run $OUT/shuffled.jsonl --out $OUT/shuffled --quiet",
	"diff $OUT/run $OUT/shuffled --gold $T/gold.stories.tsv --max story-churn=0 --max copy-churn=0 --no-worse",
	"sweep $T/corpus.jsonl --gold $T/gold.stories.tsv --from 0.05 --to 0.4 --step 0.05 --out $OUT/sweep",
	"sample $OUT/run --out $OUT/sample.jsonl --each 10 --nearest 10 --rest 20",
	// A corpus of which the truth is known.
	"synth $T/corpus.jsonl --out $OUT/synth",
	"run $OUT/synth/corpus.jsonl --out $OUT/made --quiet",
	"eval $OUT/synth/gold.copies.tsv $OUT/made",
	"eval $OUT/synth/gold.stories.tsv $OUT/made",
	"eval $OUT/synth/gold.spans.tsv $OUT/made",
}

// TestEvaluations holds the output of the commands to a golden file: the quality of the program as its
// own measures tell it.
func TestEvaluations(t *testing.T) {
	if testing.Short() {
		t.Skip("some 20 commands, which take long with the race detector; other tests run the same goroutines")
	}
	const golden = "testdata/evaluations.txt"
	out := t.TempDir()
	data, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	corpus, err := os.ReadFile(demo)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(corpus), "\n")
	slices.Reverse(lines)
	if err := os.WriteFile(filepath.Join(out, "shuffled.jsonl"), []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	names := strings.NewReplacer(out, "$OUT", data, "$T")
	var got strings.Builder
	for _, line := range evaluations {
		fmt.Fprintf(&got, "$ sada %s\n", line)
		args := strings.Fields(strings.NewReplacer("$OUT", out, "$T", data).Replace(line))
		got.WriteString(names.Replace(sada(t, args...)) + "\n")
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("not what %s has; if it should not be, run the test with -update:\n%s", golden, d)
	}
	for _, name := range []string{"thresholds.svg", "precision-recall.svg"} {
		svg, err := os.ReadFile(filepath.Join(out, "sweep", name))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(svg, []byte("<path")); !bytes.HasSuffix(bytes.TrimSpace(svg), []byte("</svg>")) || n < 30 || !bytes.Contains(svg, []byte(">average-link<")) {
			t.Errorf("%s: %d bytes with %d paths", name, len(svg), n)
		}
	}
}

// TestLabelLoop labels a sample by the gold, as two people would of whom one errs, and must estimate
// what the gold says of the run.
func TestLabelLoop(t *testing.T) {
	out := t.TempDir()
	in := func(name string) string { return filepath.Join(out, name) }
	sada(t, "run", demo, "--out", in("run"), "--quiet")
	sada(t, "sample", in("run"), "--out", in("sample.csv"), "--each", "1000", "--rest", "100000")

	gold := make(map[string]string)
	tsv, err := os.ReadFile("../../testdata/gold.stories.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(tsv)) {
		if id, cluster, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			gold[id] = cluster
		}
	}
	sample, err := os.ReadFile(in("sample.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var labels strings.Builder
	together, same, both, pairs := 0.0, 0.0, 0.0, 0
	for i, line := range strings.Split(strings.TrimSpace(string(sample)), "\n") {
		if i < 2 { // the kind and the names of the columns
			continue
		}
		fields := strings.Split(line, ",") // ids and strata of the demo need no quotes
		a, b, joined := fields[0], fields[1], strings.Contains(line, ",true,")
		label := "different"
		if gold[a] == gold[b] {
			label = "same_story"
			same++
		}
		if joined {
			together++
		}
		if joined && label == "same_story" {
			both++
		}
		pairs++
		fmt.Fprintf(&labels, `{"a":%q,"b":%q,"annotator":"first","label":%q}`+"\n", a, b, label)
		if pairs%10 == 0 { // a slip, taken back
			fmt.Fprintf(&labels, `{"a":%q,"b":%q,"annotator":"second","label":"unsure"}`+"\n", b, a)
		}
		if pairs%20 == 0 {
			label = "related"
		}
		fmt.Fprintf(&labels, `{"a":%q,"b":%q,"annotator":"second","label":%q}`+"\n", b, a, label)
	}
	if err := os.WriteFile(in("labels.jsonl"), []byte(labels.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	// The whole pool is judged: there is no error of sampling, and the pool with the rest is every pair
	// within the horizon.
	got := sada(t, "estimate", in("sample.csv"), in("labels.jsonl"), "--annotator", "first")
	for _, want := range []string{
		fmt.Sprintf("precision  %.3f [%.3f, %.3f]", both/together, both/together, both/together),
		fmt.Sprintf("recall     %.3f [%.3f, %.3f]", both/same, both/same, both/same),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	agree := sada(t, "agree", in("labels.jsonl"), "--kind", "story", "--out", in("again.jsonl"))
	again, err := os.ReadFile(in("again.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	disputed := strings.Count(string(again), `"stratum":"to adjudicate"`)
	if disputed == 0 || !strings.Contains(agree, fmt.Sprintf("to adjudicate: %s;", shownOf(min(disputed, maxRows), disputed))) {
		t.Errorf("%d pairs to adjudicate:\n%s", disputed, agree)
	}
	for _, want := range []string{"2 annotators (first, second)", "one story?", "Cohen's kappa", "Krippendorff's alpha", "second: related"} {
		if !strings.Contains(agree, want) {
			t.Errorf("no %q in\n%s", want, agree)
		}
	}
}
