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
	head, err := readRows(r, f, []string{"a", "b", "label", "annotator", "at"}, 3, func(v []string) error {
		if v[1] == "" && v[2] == "" { // of a sample of clusters: a text to which there is nothing to be said
			return nil
		}
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
	return out, head.kind, nil
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
	PagesA   int     `json:"pages_a,omitzero"` // these two of a sample of clusters alone
	PagesB   float64 `json:"pages_b,omitzero"`
	SourceA  string  `json:"source_a"`
	DateA    string  `json:"date_a"`
	TitleA   string  `json:"title_a"`
	SourceB  string  `json:"source_b"`
	DateB    string  `json:"date_b"`
	TitleB   string  `json:"title_b"`
}

// WriteSample writes a sample file in CSV or JSONL, with the kind in its first
// line: what [ReadSample] reads. The label is empty, to be filled in; the score
// and whether the run has the pair together are for programs, and are best not
// shown to who labels. Weights and scores have as many digits as they need.
func WriteSample(w io.Writer, f Format, kind Kind, sample []Sampled) error {
	rows := make([]sampledRow, len(sample))
	for i, s := range sample {
		rows[i] = sampledRow{s.A, s.B, s.Label, s.Stratum, s.Weight, s.Score, s.Together, 0, 0, s.SourceA, s.DateA, s.TitleA, s.SourceB, s.DateB, s.TitleB}
	}
	return writeSampled(w, f, heading{kind: kind}, rows)
}

// WriteDraws writes a sample of clusters as [WriteSample] writes one of pairs: a row
// for every text that is asked about, with the one that was drawn as a, and a row with
// an empty b for a draw that asks of none. about gives what a reader wants to know of a
// page.
func WriteDraws(w io.Writer, f Format, kind Kind, draws []Draw, about func(page string) (title, source, date string)) error {
	var rows []sampledRow
	for _, d := range draws {
		row := sampledRow{A: d.Page, Stratum: d.Stratum, Weight: d.Weight, PagesA: d.Pages}
		row.TitleA, row.SourceA, row.DateA = about(d.Page)
		for _, a := range d.Asked {
			row.B, row.Label, row.Together, row.PagesB = a.Page, a.Label, a.Together, a.Pages
			row.TitleB, row.SourceB, row.DateB = about(a.Page)
			rows = append(rows, row)
		}
		if len(d.Asked) == 0 {
			rows = append(rows, row)
		}
	}
	return writeSampled(w, f, heading{kind, true}, rows)
}

func writeSampled(w io.Writer, f Format, head heading, rows []sampledRow) error {
	switch f {
	case JSONL:
		if err := writeLine(w, struct {
			Kind string `json:"kind"`
		}{head.String()}); err != nil {
			return err
		}
		for _, row := range rows {
			if err := writeLine(w, row); err != nil {
				return err
			}
		}
		return nil
	case CSV:
		if _, err := fmt.Fprintf(w, "%s %s\n", kindMark, head); err != nil {
			return err
		}
		columns := sampleColumns
		if head.clusters {
			columns = drawColumns
		}
		lines := [][]string{slices.Concat(columns, []string{"source_a", "date_a", "title_a", "source_b", "date_b", "title_b"})}
		number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
		for _, r := range rows {
			line := []string{r.A, r.B, string(r.Label), r.Stratum, number(r.Weight), number(r.Score), strconv.FormatBool(r.Together)}
			if head.clusters {
				line = append(line, strconv.Itoa(r.PagesA), number(r.PagesB))
			}
			lines = append(lines, append(line, r.SourceA, r.DateA, r.TitleA, r.SourceB, r.DateB, r.TitleB))
		}
		return csv.NewWriter(w).WriteAll(lines)
	}
	return fmt.Errorf("format %d of a sample is not CSV or JSONL", f)
}

// SampleFile is what a sample file holds: pairs, or draws of clusters.
type SampleFile struct {
	Kind     Kind // "" where it does not say
	Clusters bool
	Pairs    []Pair // of a sample of clusters, every text that is asked about with the one drawn
	Draws    []Draw // of a sample of clusters
}

// ReadSample reads a sample file: pairs as [ReadPairs] does, or clusters as [WriteDraws]
// has written them, which its first line says. A bad line gives a [*ParseError].
func ReadSample(r io.Reader, f Format) (SampleFile, error) {
	var out SampleFile
	head, err := readRows(r, f, drawColumns, 1, func(v []string) (err error) {
		if v[7] != "" {
			if out.Draws, err = parseDraw(out.Draws, v); err != nil || v[1] == "" {
				return err
			}
		}
		p, err := parsePair(v[:len(sampleColumns)])
		out.Pairs = append(out.Pairs, p)
		return err
	})
	asked := 0
	for _, d := range out.Draws {
		asked += len(d.Asked)
	}
	switch {
	case err != nil:
	case head.clusters && asked != len(out.Pairs):
		err = &ParseError{1, errors.New("a sample of clusters, but some rows have no pages_a")}
	case !head.clusters && len(out.Draws) > 0:
		// Pairs of one draw are no pairs that were drawn by themselves.
		err = &ParseError{1, errors.New("rows have pages_a as those of a sample of clusters, which the first line does not say this is")}
	}
	if err != nil {
		return SampleFile{}, err
	}
	out.Kind, out.Clusters = head.kind, head.clusters
	return out, nil
}
