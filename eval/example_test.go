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
	// precision 0.950 [0.864, 0.983]
	// recall    0.911 [0.639, 0.983]
}

// A sample is written, two people label it, one of them changes her mind, and the
// majority is what most of them say.
func ExampleWriteSample() {
	pairs, _, err := eval.Sample([]eval.Candidate{
		{A: "n1", B: "n2", Score: 0.61, Together: true},
		{A: "n2", B: "n3", Score: 0.22},
	}, eval.SampleOptions{Threshold: 0.24, NearMiss: 0.05, PerStratum: 30, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	var sample []eval.Sampled
	for _, p := range pairs {
		sample = append(sample, eval.Sampled{Pair: p, SourceA: "المنارة"})
	}
	var file strings.Builder
	if err := eval.WriteSample(&file, eval.CSV, eval.Story, sample); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(file.String())

	said, _, err := eval.ReadJudgements(strings.NewReader(`{"a":"n2","b":"n3","annotator":"hind","label":"related","at":"2024-06-04T08:00:00Z"}
{"a":"n2","b":"n3","annotator":"omar","label":"same_story","at":"2024-06-04T08:01:00Z"}
{"a":"n2","b":"n3","annotator":"hind","label":"same_story","at":"2024-06-04T08:02:00Z"}
{"a":"n1","b":"n2","annotator":"omar","label":"same_text","at":"2024-06-04T08:03:00Z"}
`), eval.JSONL, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, kind := range []eval.Kind{eval.Story, eval.Copy} {
		labelled, disputed := eval.NewJudgements(said).For(kind).Consensus()
		for _, p := range labelled {
			fmt.Println(kind, p.A, p.B, p.Label)
		}
		fmt.Println(disputed, "disputed")
	}
	// Output:
	// #kind: story
	// a,b,label,stratum,weight,score,together,source_a,date_a,title_a,source_b,date_b,title_b
	// n2,n3,,near miss,1,0.22,false,المنارة,,,,,
	// n1,n2,,together,1,0.61,true,المنارة,,,,,
	// story n1 n2 same
	// story n2 n3 same
	// 0 disputed
	// copy n1 n2 same
	// copy n2 n3 different
	// 0 disputed
}
