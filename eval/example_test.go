package eval_test

import (
	"fmt"
	"strings"

	"sada/eval"
)

// A gold of two stories against a run that put one page into the wrong one. The
// page n9 has no label, so it is not scored; g9 is in the gold alone.
func Example() {
	gold, kind, err := eval.ReadClusters(strings.NewReader("#kind: story\n"+
		"n1\tflood\nn2\tflood\nn3\tflood\nn4\tmatch\nn5\tmatch\ng9\tmatch\n"), eval.TSV)
	if err != nil {
		fmt.Println(err)
		return
	}
	run, _, err := eval.ReadClusters(strings.NewReader(
		"n1\ts1\nn2\ts1\nn3\ts2\nn4\ts2\nn5\ts2\nn9\ts2\n"), eval.TSV)
	if err != nil {
		fmt.Println(err)
		return
	}

	a := eval.Align(gold, run)
	fmt.Printf("%s: %d pages scored, absent %v, unlabelled %d\n", kind, len(a.Pages), a.Absent, a.Unlabelled)
	scores, err := a.Scores()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("B-cubed  P %.3f  R %.3f  F1 %.3f\n", scores.BCubed.Precision, scores.BCubed.Recall, scores.BCubed.F1)
	fmt.Printf("AMI %.3f\n", scores.AMI)
	fmt.Println(eval.DefaultBootstrap(1).PRF(eval.BCubedUnits(a.Table())).F1)
	// Output:
	// story: 5 pages scored, absent [g9], unlabelled 1
	// B-cubed  P 0.733  R 0.733  F1 0.733
	// AMI 0.251
	// too few independent clusters or pages for an interval: 2, need 30
}

func ExampleDiff() {
	before, _, _ := eval.ReadClusters(strings.NewReader("a\ts1\nb\ts1\nc\ts2\nd\ts3\n"), eval.TSV)
	after, _, _ := eval.ReadClusters(strings.NewReader("a\ts1\nb\ts1\nc\ts1\nd\ts4\n"), eval.TSV)
	changes := eval.Diff(before, after)
	for _, m := range changes.Merges {
		fmt.Printf("%s is merged from %v\n", m.Into, m.From)
	}
	fmt.Printf("renamed %v\n%d of %d pages have another id\n", changes.Renamed, changes.OtherID, changes.Pages)
	// Output:
	// s1 is merged from [{s1 2} {s2 1}]
	// renamed [{s3 s4 1}]
	// 2 of 4 pages have another id
}

func ExampleEstimatePairs() {
	// 900 pairs together and 5,000 apart, of which 60 each were judged.
	var pairs []eval.Pair
	for i := range 60 {
		p := eval.Pair{A: "a", B: fmt.Sprint(i), Stratum: "together", Weight: 900 / 60.0, Label: eval.Same}
		if i < 3 {
			p.Label = eval.Different
		}
		pairs = append(pairs, p)
		p.Stratum, p.Weight, p.Label = "apart", 5000/60.0, eval.Different
		if i < 1 {
			p.Label = eval.Same
		}
		pairs = append(pairs, p)
	}
	e := eval.EstimatePairs(pairs, func(p eval.Pair) bool { return p.Stratum == "together" }, 0.95)
	fmt.Println("precision", e.Precision)
	fmt.Println("recall   ", e.Recall)
	// Output:
	// precision 0.950 [0.866, 0.982]
	// recall    0.911 [0.646, 0.983]
}
