package eval_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/eval"
)

func TestLabelsAnswerForBothKinds(t *testing.T) {
	for _, c := range []struct {
		said        string
		story, copy eval.Label
	}{
		{"same_text", eval.Same, eval.Same},
		{"Same Story", eval.Same, eval.Related},
		{"related", eval.Related, eval.Related},
		{"different", eval.Different, eval.Different},
		{"unsure", eval.Unlabelled, eval.Unlabelled},
		{"", eval.Unlabelled, eval.Unlabelled},
		{"yes", eval.Same, eval.Same},
	} {
		l, err := eval.ParseLabel(c.said)
		if err != nil {
			t.Fatal(err)
		}
		if s, p := l.For(eval.Story), l.For(eval.Copy); s != c.story || p != c.copy {
			t.Errorf("%q: %q of a story, %q of a copy", c.said, s, p)
		}
	}
}

// awkward is a sample whose texts have everything that a format might trip over.
var awkward = []eval.Sampled{
	{Pair: eval.Pair{A: `a "1", x`, B: "صدى\t2", Stratum: "near miss", Weight: 10.0 / 3, Score: 0.2345678901234567, Together: true},
		TitleA: "=سطر\nثان", TitleB: "\u202eab", SourceA: "outlet", DateB: "2024-06-03"},
	{Pair: eval.Pair{A: "c", B: " d ", Label: eval.SameStory, Weight: 1}},
}

func TestWriteSample(t *testing.T) {
	var want []eval.Pair
	for _, s := range awkward {
		want = append(want, s.Pair)
	}
	for _, f := range []eval.Format{eval.CSV, eval.JSONL} {
		var b bytes.Buffer
		if err := eval.WriteSample(&b, f, eval.Copy, awkward); err != nil {
			t.Fatal(err)
		}
		got, kind, err := eval.ReadPairs(&b, f)
		if err != nil || kind != eval.Copy {
			t.Fatalf("kind %q, error %v", kind, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("format %d: %s", f, d)
		}
	}
	if err := eval.WriteSample(&bytes.Buffer{}, eval.TSV, eval.Copy, nil); err == nil {
		t.Error("a sample in TSV")
	}
}

func TestReadJudgements(t *testing.T) {
	want := []eval.Judgement{
		{A: "a", B: "b", Label: eval.SameText, Annotator: "x", At: "2024-06-03T10:00:00Z"},
		{A: "c", B: "b", Label: eval.Unlabelled, Annotator: "me"},
	}
	for name, c := range map[string]struct {
		format eval.Format
		text   string
	}{
		"jsonl": {eval.JSONL, `{"a":"a","b":"b","annotator":"x","label":"same_text","at":"2024-06-03T10:00:00Z"}` + "\n" + `{"a":"c","b":"b","label":""}`},
		"csv":   {eval.CSV, "b,a,label,annotator,at\nb,a,same text,x,2024-06-03T10:00:00Z\nb,c,,,\n"},
		"tsv":   {eval.TSV, "a\tb\tsame_text\tx\t2024-06-03T10:00:00Z\nc\tb\t\n"},
		// A sample in which somebody has filled in the labels with a spreadsheet.
		"sheet": {eval.CSV, "#kind: story,,,,\na,b,label,annotator,at\na,b,same_text,x,2024-06-03T10:00:00Z\nc,b,,,\n"},
	} {
		got, _, err := eval.ReadJudgements(strings.NewReader(c.text), c.format, "me")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		var b bytes.Buffer
		if err := eval.WriteJudgements(&b, got); err != nil {
			t.Fatal(err)
		}
		if again, _, err := eval.ReadJudgements(&b, eval.JSONL, "other"); err != nil || !cmp.Equal(got, again) {
			t.Errorf("%s, written and read again: %v, %v", name, again, err)
		}
	}
	for text, says := range map[string]string{
		`{"a":"a","b":"a","label":"same"}`:  "itself",
		`{"a":"a","b":"","label":"same"}`:   "empty",
		`{"a":"a","b":"b"}`:                 `no "label"`,
		`{"a":"a","b":"b","label":"maybe"}`: `"maybe"`,
	} {
		_, _, err := eval.ReadJudgements(strings.NewReader("\n"+text), eval.JSONL, "")
		var p *eval.ParseError
		if !errors.As(err, &p) || p.Line != 2 || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want line 2 and %q", text, err, says)
		}
	}
}

func TestNewJudgements(t *testing.T) {
	j := eval.NewJudgements([]eval.Judgement{
		{A: "b", B: "a", Annotator: "y", Label: eval.SameText},
		{A: "c", B: "d", Annotator: "x", Label: eval.Unsure},
		{A: "a", B: "b", Annotator: "x", Label: eval.Different},
		{A: "b", B: "a", Annotator: "x", Label: eval.SameStory}, // second thoughts
		{A: "e", B: "f", Annotator: "z", Label: eval.Same},
		{A: "e", B: "f", Annotator: "z", Label: eval.Unlabelled}, // taken back
	})
	pair := func(a, b string, l eval.Label) eval.Pair { return eval.Pair{A: a, B: b, Label: l, Weight: 1} }
	want := eval.Judgements{Annotators: []string{"x", "y"}, Sheets: [][]eval.Pair{
		{pair("a", "b", eval.SameStory), pair("c", "d", eval.Unsure)},
		{pair("a", "b", eval.SameText)},
	}}
	if d := cmp.Diff(want, j); d != "" {
		t.Error(d)
	}
	if got := j.For(eval.Copy).Sheets[0][0].Label; got != eval.Related || j.Sheets[0][0].Label != eval.SameStory {
		t.Errorf("as copies %q, and then %q", got, j.Sheets[0][0].Label)
	}
}

func TestConsensus(t *testing.T) {
	say := func(annotator, b string, l eval.Label) eval.Judgement {
		return eval.Judgement{A: "a", B: b, Annotator: annotator, Label: l}
	}
	j := eval.NewJudgements([]eval.Judgement{
		say("x", "1", eval.SameText), say("y", "1", eval.SameStory), say("z", "1", eval.Different),
		say("x", "2", eval.SameStory), say("y", "2", eval.Related),
		say("x", "3", eval.Unsure), say("y", "3", eval.Related),
		say("x", "4", eval.Unsure),
	})
	pair := func(b string, l eval.Label) eval.Pair { return eval.Pair{A: b, B: "a", Label: l, Weight: 1} }
	for kind, want := range map[eval.Kind][]eval.Pair{
		eval.Story: {pair("1", eval.Same), pair("2", ""), pair("3", eval.Different), pair("4", "")},
		eval.Copy:  {pair("1", eval.Different), pair("2", eval.Different), pair("3", eval.Different), pair("4", "")},
	} {
		got, disputed := j.For(kind).Consensus()
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", kind, d)
		}
		if want := map[eval.Kind]int{eval.Story: 1}[kind]; disputed != want {
			t.Errorf("%s: %d disputed, want %d", kind, disputed, want)
		}
	}
}

// FuzzReadJudgements reads anything as labels. What is read survives being written
// and read again.
func FuzzReadJudgements(f *testing.F) {
	for _, s := range []string{"", "a\tb\tsame_text\tx\t\n", "a,b,label\nx,y,1\n", `{"a":"a","b":"b","label":"unsure","at":"x"}`, "#kind: copy,,\na,b,label\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []eval.Format{eval.TSV, eval.CSV, eval.JSONL} {
			js, _, err := eval.ReadJudgements(bytes.NewReader(data), format, "somebody")
			if err != nil {
				continue
			}
			eval.NewJudgements(js)
			var b bytes.Buffer
			if err := eval.WriteJudgements(&b, js); err != nil {
				t.Fatal(err)
			}
			again, _, err := eval.ReadJudgements(&b, eval.JSONL, "nobody")
			if err != nil {
				t.Fatalf("%q: %v", b.String(), err)
			}
			if d := cmp.Diff(js, again); d != "" {
				t.Fatal(d)
			}
		}
	})
}
