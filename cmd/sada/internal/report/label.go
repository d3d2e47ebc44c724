package report

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"sada/eval"
)

// Labeller shows the pairs of a sample and keeps what annotators say of them.
type Labeller struct {
	Journal *Journal
	Pairs   []eval.Pair // in the order in which they are shown

	site  *Site
	place map[[2]string]int
}

// Adjudicator is the annotator whose answers settle a dispute.
const Adjudicator = "adjudication"

// NewLabeller labels the pairs of a sample. It is an error if a page of them is not in the run.
func NewLabeller(s *Site, j *Journal, pairs []eval.Pair) (*Labeller, error) {
	l := &Labeller{Journal: j, Pairs: pairs, site: s, place: make(map[[2]string]int, len(pairs))}
	for n, p := range pairs {
		for _, id := range []string{p.A, p.B} {
			if _, ok := s.run.at[id]; !ok {
				return nil, fmt.Errorf("page %q of the sample is not in the run", name(id, listID))
			}
		}
		l.place[pairKey(p.A, p.B)] = n
	}
	return l, nil
}

func pairKey(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// sheet is one annotator's answers to the pairs of the sample.
type sheet struct {
	label map[int]eval.Label
	order []int // pairs with a label, in the order in which they got it
}

func (l *Labeller) sheet(annotator string) sheet {
	s := sheet{label: make(map[int]eval.Label)}
	for _, j := range l.Journal.Said() {
		n, ok := l.place[pairKey(j.A, j.B)]
		if !ok || j.Annotator != annotator {
			continue
		}
		if at := slices.Index(s.order, n); at >= 0 {
			s.order = slices.Delete(s.order, at, at+1)
		}
		if j.Label == eval.Unlabelled {
			delete(s.label, n)
			continue
		}
		s.label[n] = j.Label
		s.order = append(s.order, n)
	}
	return s
}

// say keeps an answer; an empty label takes it back.
func (l *Labeller) say(annotator string, n int, label eval.Label) error {
	p := l.Pairs[n]
	return l.Journal.Append(eval.Judgement{A: p.A, B: p.B, Annotator: annotator, Label: label, At: time.Now().UTC().Format(time.RFC3339)})
}

// answer is a button.
type answer struct {
	Label eval.Label
	Text  [2]string
	Key   string // names of keys, as browsers call them
	Shown string
	Said  bool
}

var answers = []answer{
	{Label: eval.SameText, Text: [2]string{"same text", "نص واحد"}, Key: "Digit1 Numpad1", Shown: "1"},
	{Label: eval.SameStory, Text: [2]string{"same story", "قصة واحدة"}, Key: "Digit2 Numpad2", Shown: "2"},
	{Label: eval.Related, Text: [2]string{"related", "ذوا صلة"}, Key: "Digit3 Numpad3", Shown: "3"},
	{Label: eval.Different, Text: [2]string{"different", "مختلفان"}, Key: "Digit4 Numpad4", Shown: "4"},
	{Label: eval.Unsure, Text: [2]string{"unsure", "لا أدري"}, Key: "Digit5 Numpad5", Shown: "5"},
}

func labelText(label eval.Label) [2]string {
	for _, a := range answers {
		if a.Label == label {
			return a.Text
		}
	}
	return [2]string{string(label), string(label)}
}

// labelView is the page of one pair: two texts, and nothing of what the run thinks of them.
type labelView struct {
	N, Total, Done int
	Left, Right    labelSide
	Answers        []answer
	Action         string // where the answers go, below the folder of labels
	CanUndo        bool
	Votes          []vote // only for who adjudicates
	Annotator      string
	Prev, Next     int // pairs beside it, from 1; 0 is none
	Prefix         string
	UndoAction     string
}

type vote struct {
	Annotator string
	Text      [2]string
}

type labelSide struct {
	ref
	Text []piece
	Part part
	Why  string
}

func (l *Labeller) labelSide(id string) labelSide {
	i := l.site.run.at[id]
	out := labelSide{ref: l.site.ref(i), Why: l.site.why(id)}
	out.URL = "" // the way to what the run thinks
	if a := l.site.texts[id]; a != nil {
		end := clip(a.Text, maxCompared)
		out.Text = pieces(nil, a.Text, 0, end, nil, steering(a.Text[:end]))
		out.Part = part{end, len(a.Text), [2]string{"the beginning is shown", "يظهر أوله"}}
	}
	return out
}

// clip is n, or the beginning of the character there.
func clip(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return n
}

// pairView is the page on which an annotator says something of pair n.
func (l *Labeller) pairView(annotator string, n int) view {
	s := l.sheet(annotator)
	p := l.Pairs[n]
	v := labelView{N: n + 1, Total: len(l.Pairs), Done: len(s.order), CanUndo: len(s.order) > 0, Annotator: annotator, Answers: slices.Clone(answers)}
	if n > 0 {
		v.Prev = n
	}
	if n+1 < len(l.Pairs) {
		v.Next = n + 2
	}
	if annotator == Adjudicator {
		v.Prefix = adjudicated
		v.Votes = l.votes(n)
	}
	v.Action, v.UndoAction = v.Prefix+strconv.Itoa(n+1), v.Prefix+"undo"
	for i := range v.Answers {
		v.Answers[i].Said = s.label[n] == v.Answers[i].Label
	}
	a, b := p.A, p.B
	// Which of the two stands where must not tell who was first: it is by chance, the same whenever the
	// annotator comes back to the pair.
	if xxh3.HashString(fmt.Sprintf("%q %q %q", annotator, min(a, b), max(a, b)))&1 == 1 {
		a, b = b, a
	}
	v.Left, v.Right = l.labelSide(a), l.labelSide(b)
	return view{kind: "label", title: [2]string{fmt.Sprintf("Pair %d of %d", n+1, len(l.Pairs)), fmt.Sprintf("الزوج %d من %d", n+1, len(l.Pairs))}, data: v, forms: true}
}

// adjudicated begins the paths of pairs that are adjudicated.
const adjudicated = "a-"

func (l *Labeller) votes(n int) []vote {
	var out []vote
	p := l.Pairs[n]
	all := eval.NewJudgements(l.Journal.Said())
	for i, annotator := range all.Annotators {
		for _, x := range all.Sheets[i] {
			if pairKey(x.A, x.B) == pairKey(p.A, p.B) && annotator != Adjudicator {
				out = append(out, vote{annotator, labelText(x.Label)})
			}
		}
	}
	return out
}

// labelledView lists an annotator's answers, the last one first.
type labelledView struct {
	Annotator string
	Rows      []labelledRow
	Part      part
	Done      int
	Total     int
	CanUndo   bool
	Finished  bool
}

type labelledRow struct {
	N    int
	A, B ref
	Text [2]string
}

func (l *Labeller) labelledView(annotator string) view {
	s := l.sheet(annotator)
	v := labelledView{Annotator: annotator, Part: cut(len(s.order), MaxRows, "the last answers come first", "الأحدث أولا"), Done: len(s.order), Total: len(l.Pairs), CanUndo: len(s.order) > 0}
	v.Finished = v.Done == v.Total
	for i := range v.Part.Shown {
		n := s.order[len(s.order)-1-i]
		p := l.Pairs[n]
		row := labelledRow{N: n + 1, A: l.site.ref(l.site.run.at[p.A]), B: l.site.ref(l.site.run.at[p.B]), Text: labelText(s.label[n])}
		row.A.URL, row.B.URL = "", ""
		v.Rows = append(v.Rows, row)
	}
	return view{kind: "labelled", title: [2]string{"Answers", "الإجابات"}, data: v, forms: true}
}

// agreementView says how far annotators agree, and lists what they do not agree on.
type agreementView struct {
	Annotators []annotatorRow
	Measures   []measureRow
	Pairs      int
	Disputes   []disputeRow
	Part       part
}

type annotatorRow struct {
	Name   string
	Labels int
}

type measureRow struct{ Name, Value string }

type disputeRow struct {
	N       int
	A, B    ref
	Votes   []vote
	Settled [2]string
}

func (l *Labeller) agreementView() (view, error) {
	var v agreementView
	all := eval.NewJudgements(l.Journal.Said())
	settled := make(map[[2]string]eval.Label)
	var sheets [][]eval.Pair
	for i, annotator := range all.Annotators {
		var sure []eval.Pair
		for _, p := range all.Sheets[i] {
			if annotator == Adjudicator {
				settled[pairKey(p.A, p.B)] = p.Label
				continue
			}
			if p.Label != eval.Unsure { // no answer to what was asked
				sure = append(sure, p)
			}
		}
		if annotator != Adjudicator {
			v.Annotators = append(v.Annotators, annotatorRow{annotator, len(all.Sheets[i])})
			sheets = append(sheets, sure)
		}
	}
	if len(sheets) > 1 {
		ratings, err := eval.NewRatings(sheets...)
		if err != nil {
			return view{}, err
		}
		b := eval.DefaultBootstrap(1)
		if len(sheets) == 2 {
			v.Measures = append(v.Measures, measureRow{"Cohen's kappa", eval.Cohen(ratings, b).String()})
		}
		v.Measures = append(v.Measures, measureRow{"Krippendorff's alpha", eval.Krippendorff(ratings, b).String()})
		v.Pairs = len(ratings.Items)
		for _, d := range ratings.Disagreements() {
			n, ok := l.place[pairKey(d.A, d.B)]
			if !ok {
				continue
			}
			row := disputeRow{N: n + 1, A: l.site.ref(l.site.run.at[d.A]), B: l.site.ref(l.site.run.at[d.B]), Votes: l.votes(n)}
			if label, ok := settled[pairKey(d.A, d.B)]; ok {
				row.Settled = labelText(label)
			}
			v.Disputes = append(v.Disputes, row)
		}
		slices.SortFunc(v.Disputes, func(a, b disputeRow) int { return cmp.Compare(a.N, b.N) })
	}
	v.Part = cut(len(v.Disputes), MaxRows, "in the order of the sample", "بترتيب العينة")
	v.Disputes = v.Disputes[:v.Part.Shown]
	return view{kind: "agreement", title: [2]string{"Agreement", "الاتفاق"}, data: v}, nil
}

// serve answers a request below the folder of labels. path is what follows it.
func (l *Labeller) serve(w http.ResponseWriter, r *http.Request, path, annotator string) (v view, shown bool, err error) {
	back := func(to string) {
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
	if strings.HasPrefix(path, adjudicated) {
		path, annotator = strings.TrimPrefix(path, adjudicated), Adjudicator
	}
	prefix := ""
	if annotator == Adjudicator {
		prefix = adjudicated
	}
	if r.Method == http.MethodPost {
		if path == "undo" {
			s := l.sheet(annotator)
			if len(s.order) == 0 {
				back("./")
				return
			}
			n := s.order[len(s.order)-1]
			if err = l.say(annotator, n, eval.Unlabelled); err == nil {
				back(prefix + strconv.Itoa(n+1))
			}
			return
		}
		n, ok := l.number(path)
		label, bad := eval.ParseLabel(r.PostFormValue("label"))
		if !ok || bad != nil || !slices.ContainsFunc(answers, func(a answer) bool { return a.Label == label }) {
			http.Error(w, "no such pair or label", http.StatusBadRequest)
			return
		}
		if err = l.say(annotator, n, label); err != nil {
			return
		}
		if annotator == Adjudicator {
			back("agreement")
		} else {
			back("./")
		}
		return
	}
	switch path {
	case "":
		s := l.sheet(annotator)
		for n := range l.Pairs {
			if _, ok := s.label[n]; !ok {
				return l.pairView(annotator, n), true, nil
			}
		}
		return l.labelledView(annotator), true, nil
	case "answers":
		return l.labelledView(annotator), true, nil
	case "agreement":
		v, err = l.agreementView()
		return v, err == nil, err
	case "labels.jsonl":
		w.Header().Set("Content-Type", "application/jsonl; charset=utf-8")
		w.Header().Set("Content-Disposition", "attachment; filename=labels.jsonl")
		err = eval.WriteJudgements(w, l.Journal.Said())
		return
	}
	if n, ok := l.number(path); ok {
		return l.pairView(annotator, n), true, nil
	}
	http.NotFound(w, r)
	return
}

func (l *Labeller) number(path string) (int, bool) {
	n, err := strconv.Atoi(path)
	return n - 1, err == nil && n >= 1 && n <= len(l.Pairs)
}
