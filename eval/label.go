package eval

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// sampleColumns are the columns of a file of pairs, in the order of TSV and CSV.
var sampleColumns = []string{"a", "b", "label", "stratum", "weight", "score", "together"}

// Judgement is what one person said about one pair: a row of a labels file.
type Judgement struct {
	A         string `json:"a"`
	B         string `json:"b"`
	Annotator string `json:"annotator"`
	Label     Label  `json:"label"`        // [Unlabelled] takes back what was said before
	At        string `json:"at,omitempty"` // when, in RFC 3339; only kept
}

// ReadJudgements reads a labels file with the columns a, b and label, and where
// they are given, annotator and at. A labels file is a log: rows come in the order
// in which they were said ([NewJudgements] says which of them hold). Rows without
// an annotator, such as those of a sample that was filled in with a spreadsheet,
// get the one given. A bad line, such as one that pairs a page with itself, gives
// a [*ParseError].
func ReadJudgements(r io.Reader, f Format, annotator string) ([]Judgement, Kind, error) {
	var out []Judgement
	kind, err := readRows(r, f, []string{"a", "b", "label", "annotator", "at"}, 3, func(v []string) error {
		if v[0] == "" || v[1] == "" {
			return errors.New("a and b must not be empty")
		}
		if v[0] == v[1] {
			return fmt.Errorf("page %q is paired with itself", v[0])
		}
		label, err := ParseLabel(v[2])
		if err != nil {
			return err
		}
		out = append(out, Judgement{A: v[0], B: v[1], Label: label, Annotator: cmp.Or(v[3], annotator), At: v[4]})
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return out, kind, nil
}

// WriteJudgements appends rows of a labels file in JSONL, in their order: what
// [ReadJudgements] reads. Ids must be valid UTF-8.
func WriteJudgements(w io.Writer, js []Judgement) error {
	for _, j := range js {
		if err := writeLine(w, j); err != nil {
			return err
		}
	}
	return nil
}

func writeLine(w io.Writer, row any) error {
	b, err := json.Marshal(row)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Judgements is the last word of every annotator on every pair.
type Judgements struct {
	Annotators []string // sorted
	Sheets     [][]Pair // by annotator: their pairs, by A, then B, A < B; withdrawn ones are left out
}

// NewJudgements applies a log of judgements. Of two rows by one annotator on one
// pair, in either direction, the later holds; an empty label takes the judgement
// back. It does not keep js.
func NewJudgements(js []Judgement) Judgements {
	type key struct{ annotator, a, b string }
	said := make(map[key]Label)
	for _, j := range js {
		said[key{j.Annotator, min(j.A, j.B), max(j.A, j.B)}] = j.Label
	}
	keys := make([]key, 0, len(said))
	for k, l := range said {
		if l != Unlabelled {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(x, y key) int {
		return cmp.Or(strings.Compare(x.annotator, y.annotator), strings.Compare(x.a, y.a), strings.Compare(x.b, y.b))
	})
	var out Judgements
	for _, k := range keys {
		if n := len(out.Annotators); n == 0 || out.Annotators[n-1] != k.annotator {
			out.Annotators = append(out.Annotators, k.annotator)
			out.Sheets = append(out.Sheets, nil)
		}
		last := &out.Sheets[len(out.Sheets)-1]
		*last = append(*last, Pair{A: k.a, B: k.b, Label: said[k], Weight: 1})
	}
	return out
}

// For gives the judgements as labels for one kind of group. The caller owns the
// result.
func (j Judgements) For(k Kind) Judgements {
	out := Judgements{Annotators: j.Annotators}
	for _, sheet := range j.Sheets {
		out.Sheets = append(out.Sheets, For(sheet, k))
	}
	return out
}

// Consensus is what most annotators say: for every pair [Same], [Different], or
// [Unlabelled] where as many say one as the other or nobody is sure. The labels
// must be those for one kind ([Judgements.For]); related counts as different. Pairs
// come by A, then B. Disputed is the number of pairs without a majority though two
// or more annotators were sure.
func (j Judgements) Consensus() (pairs []Pair, disputed int) {
	votes := make(map[[2]string][2]int) // same, not the same
	for _, sheet := range j.Sheets {
		for _, p := range sheet {
			v := votes[[2]string{p.A, p.B}]
			switch p.Label {
			case Same:
				v[0]++
			case Related, Different:
				v[1]++
			}
			votes[[2]string{p.A, p.B}] = v
		}
	}
	for pair, v := range votes {
		p := Pair{A: pair[0], B: pair[1], Weight: 1}
		switch {
		case v[0] > v[1]:
			p.Label = Same
		case v[0] < v[1]:
			p.Label = Different
		case v[0] > 0:
			disputed++
		}
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(x, y Pair) int { return cmp.Or(strings.Compare(x.A, y.A), strings.Compare(x.B, y.B)) })
	return pairs, disputed
}

// Sampled is a pair that was drawn, with what a reader wants to know of the two
// pages beside it. Titles, sources and dates may be empty.
type Sampled struct {
	Pair
	TitleA, TitleB, SourceA, SourceB, DateA, DateB string
}

// sampledRow is a row of a sample file, with the fields of the JSONL form.
type sampledRow struct {
	A        string  `json:"a"`
	B        string  `json:"b"`
	Label    Label   `json:"label"`
	Stratum  string  `json:"stratum"`
	Weight   float64 `json:"weight"`
	Score    float64 `json:"score"`
	Together bool    `json:"together"`
	SourceA  string  `json:"source_a"`
	DateA    string  `json:"date_a"`
	TitleA   string  `json:"title_a"`
	SourceB  string  `json:"source_b"`
	DateB    string  `json:"date_b"`
	TitleB   string  `json:"title_b"`
}

// WriteSample writes a sample file in CSV or JSONL, with the kind in its first
// line: what [ReadPairs] reads. The label is empty, to be filled in; the score
// and whether the run has the pair together are for programs, and are best not
// shown to who labels. Weights and scores have as many digits as they need.
func WriteSample(w io.Writer, f Format, kind Kind, sample []Sampled) error {
	switch f {
	case JSONL:
		if err := writeLine(w, struct {
			Kind Kind `json:"kind"`
		}{kind}); err != nil {
			return err
		}
		for _, s := range sample {
			if err := writeLine(w, sampledRow{s.A, s.B, s.Label, s.Stratum, s.Weight, s.Score, s.Together, s.SourceA, s.DateA, s.TitleA, s.SourceB, s.DateB, s.TitleB}); err != nil {
				return err
			}
		}
		return nil
	case CSV:
		if _, err := fmt.Fprintf(w, "%s %s\n", kindMark, kind); err != nil {
			return err
		}
		out := csv.NewWriter(w)
		rows := [][]string{slices.Concat(sampleColumns, []string{"source_a", "date_a", "title_a", "source_b", "date_b", "title_b"})}
		number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
		for _, s := range sample {
			rows = append(rows, []string{s.A, s.B, string(s.Label), s.Stratum, number(s.Weight), number(s.Score), strconv.FormatBool(s.Together),
				s.SourceA, s.DateA, s.TitleA, s.SourceB, s.DateB, s.TitleB})
		}
		return out.WriteAll(rows)
	}
	return fmt.Errorf("format %d of a sample is not CSV or JSONL", f)
}
