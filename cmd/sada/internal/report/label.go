package report

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"sada/eval"
)

// Labeller shows the pairs or clusters of a sample and keeps what annotators say of them.
type Labeller struct {
	Journal *Journal

	site  *Site
	kind  eval.Kind
	tasks []task
	place map[[2]string]int // by key: the task
}

// task is what is asked at once: a pair, or a text that was drawn and those of which one is asked
// whether they belong with it.
type task struct {
	pairs [][2]string
	draw  *eval.Draw // nil of a pair
}

// Adjudicator is the annotator whose answers settle a dispute.
const Adjudicator = "adjudication"

// maxAsked is how many texts may be asked about on one page, beside the ones of its head.
const maxAsked = MaxRows - 20

// NewLabeller labels a sample. It is an error if a page of it is not in the run, or if there is nothing
// to be labelled.
func NewLabeller(s *Site, j *Journal, sample eval.SampleFile) (*Labeller, error) {
	l := &Labeller{Journal: j, site: s, kind: cmp.Or(sample.Kind, eval.Story), place: make(map[[2]string]int)}
	if sample.Clusters {
		for i := range sample.Draws {
			d := &sample.Draws[i]
			if len(d.Asked) > maxAsked {
				return nil, fmt.Errorf("%d texts are asked about with %q, %d at most can be shown; draw with a lower --most", len(d.Asked), name(d.Page, listID), maxAsked)
			}
			t := task{draw: d}
			for _, a := range d.Asked {
				t.pairs = append(t.pairs, [2]string{d.Page, a.Page})
			}
			if len(t.pairs) > 0 {
				l.tasks = append(l.tasks, t)
			}
		}
	} else {
		for _, p := range sample.Pairs {
			l.tasks = append(l.tasks, task{pairs: [][2]string{{p.A, p.B}}})
		}
	}
	if len(l.tasks) == 0 {
		return nil, errors.New("the sample asks of nothing")
	}
	for n, t := range l.tasks {
		for _, p := range t.pairs {
			for _, id := range p {
				if _, ok := s.run.at[id]; !ok {
					return nil, fmt.Errorf("page %q of the sample is not in the run", name(id, listID))
				}
			}
			l.place[l.key(p[0], p[1])] = n
		}
	}
	return l, nil
}

func pairKey(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// key is that of an answer. Two texts may be asked about twice in a sample of clusters, each with the
// other: what was drawn comes first, and tells which of the two was answered.
func (l *Labeller) key(a, b string) [2]string {
	if l.tasks[0].draw != nil {
		return [2]string{a, b}
	}
	return pairKey(a, b)
}

// sheet is one annotator's answers to the sample.
type sheet struct {
	label map[[2]string]eval.Label // by key
	order []int                    // tasks that are answered whole, in the order in which they were
}

func (l *Labeller) sheet(annotator string) sheet {
	s := sheet{label: make(map[[2]string]eval.Label)}
	at := make(map[int]int) // by task: its last answer
	for i, j := range l.Journal.Said() {
		k := l.key(j.A, j.B)
		n, ok := l.place[k]
		if !ok || j.Annotator != annotator {
			continue
		}
		if s.label[k] == j.Label { // said again, as by takeBack: no answer of its own
			continue
		}
		at[n] = i
		if s.label[k] = j.Label; j.Label == eval.Unlabelled {
			delete(s.label, k)
		}
	}
	for n := range at {
		if s.answered(l, n) {
			s.order = append(s.order, n)
		}
	}
	slices.SortFunc(s.order, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	return s
}

// answered says whether nothing of a task is open.
func (s sheet) answered(l *Labeller, n int) bool {
	return !slices.ContainsFunc(l.tasks[n].pairs, func(p [2]string) bool {
		_, ok := s.label[l.key(p[0], p[1])]
		return !ok
	})
}

// say keeps an answer, a label for every pair of a task.
func (l *Labeller) say(annotator string, n int, labels []eval.Label) error {
	at := time.Now().UTC().Format(time.RFC3339)
	rows := make([]eval.Judgement, len(labels))
	for i, p := range l.tasks[n].pairs {
		rows[i] = eval.Judgement{A: p[0], B: p[1], Annotator: annotator, Label: labels[i], At: at}
	}
	return l.Journal.Append(rows...)
}

// takeBack takes the answer to a task back. Of two texts that were asked about each with the other, what
// was said of the other way holds again.
func (l *Labeller) takeBack(annotator string, s sheet, n int) error {
	at := time.Now().UTC().Format(time.RFC3339)
	var rows []eval.Judgement
	for _, p := range l.tasks[n].pairs {
		rows = append(rows, eval.Judgement{A: p[0], B: p[1], Annotator: annotator, At: at})
	}
	if l.tasks[n].draw != nil {
		for _, p := range l.tasks[n].pairs {
			if label, ok := s.label[[2]string{p[1], p[0]}]; ok {
				rows = append(rows, eval.Judgement{A: p[1], B: p[0], Annotator: annotator, Label: label, At: at})
			}
		}
	}
	return l.Journal.Append(rows...)
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

// labelHead is what stands above every task.
type labelHead struct {
	N, Total, Done int
	Clusters       bool
	Action         string // where the answers go, below the folder of labels
	UndoAction     string
	CanUndo        bool
	Annotator      string
	Prev, Next     int // tasks beside it, from 1; 0 is none
	Prefix         string
}

func (l *Labeller) head(annotator string, s sheet, n int) labelHead {
	v := labelHead{N: n + 1, Total: len(l.tasks), Done: len(s.order), Clusters: l.tasks[n].draw != nil, CanUndo: len(s.order) > 0, Annotator: annotator, Prev: n}
	if n+1 < len(l.tasks) {
		v.Next = n + 2
	}
	if annotator == Adjudicator {
		v.Prefix = adjudicated
	}
	v.Action, v.UndoAction = v.Prefix+strconv.Itoa(n+1), v.Prefix+"undo"
	return v
}

// labelView is the page of one pair: two texts, and nothing of what the run thinks of them.
type labelView struct {
	labelHead
	Left, Right labelSide
	Answers     []answer
	Votes       []vote // only for who adjudicates
}

type vote struct {
	Annotator string
	Text      [2]string
	label     eval.Label
}

type labelSide struct {
	ref
	Text []piece
	Part part
	Why  string
}

// labelSide is a text, or its beginning of so many bytes.
func (l *Labeller) labelSide(id string, most int) labelSide {
	i := l.site.run.at[id]
	out := labelSide{ref: l.site.ref(i), Why: l.site.why(id)}
	out.URL = "" // the way to what the run thinks
	if a := l.site.texts[id]; a != nil {
		end := clip(a.Text, most)
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

// taskView is the page on which an annotator answers task n.
func (l *Labeller) taskView(annotator string, n int) view {
	if l.tasks[n].draw != nil {
		return l.clusterView(annotator, n)
	}
	return l.pairView(annotator, n)
}

func (l *Labeller) pairView(annotator string, n int) view {
	s := l.sheet(annotator)
	p := l.tasks[n].pairs[0]
	v := labelView{labelHead: l.head(annotator, s, n), Answers: slices.Clone(answers)}
	if annotator == Adjudicator {
		v.Votes = l.votes(p)
	}
	for i := range v.Answers {
		v.Answers[i].Said = s.label[l.key(p[0], p[1])] == v.Answers[i].Label
	}
	a, b := p[0], p[1]
	// Which of the two stands where must not tell who was first: it is by chance, the same whenever the
	// annotator comes back to the pair.
	if xxh3.HashString(fmt.Sprintf("%q %q %q", annotator, min(a, b), max(a, b)))&1 == 1 {
		a, b = b, a
	}
	v.Left, v.Right = l.labelSide(a, maxCompared), l.labelSide(b, maxCompared)
	return view{kind: "label", title: [2]string{fmt.Sprintf("Pair %d of %d", v.N, v.Total), fmt.Sprintf("الزوج %d من %d", v.N, v.Total)}, data: v, forms: true}
}

// adjudicated begins the paths of tasks that are adjudicated.
const adjudicated = "a-"

func (l *Labeller) votes(p [2]string) []vote {
	var out []vote
	all := eval.NewJudgements(l.Journal.Said())
	for i, annotator := range all.Annotators {
		for _, x := range all.Sheets[i] {
			if pairKey(x.A, x.B) == pairKey(p[0], p[1]) && annotator != Adjudicator {
				out = append(out, vote{annotator, labelText(x.Label), x.Label})
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
	N        int
	A, B     ref
	Clusters bool      // without B
	Text     [2]string // what was said
}

func (l *Labeller) labelledView(annotator string) view {
	s := l.sheet(annotator)
	v := labelledView{Annotator: annotator, Part: cut(len(s.order), MaxRows, "the last answers come first", "الأحدث أولا"), Done: len(s.order), Total: len(l.tasks), CanUndo: len(s.order) > 0}
	v.Finished = v.Done == v.Total
	for i := range v.Part.Shown {
		n := s.order[len(s.order)-1-i]
		t := l.tasks[n]
		row := labelledRow{N: n + 1, A: l.site.ref(l.site.run.at[t.pairs[0][0]])}
		if row.Clusters = t.draw != nil; row.Clusters {
			row.Text = l.summary(s, t)
		} else {
			row.B = l.site.ref(l.site.run.at[t.pairs[0][1]])
			row.Text = labelText(s.label[l.key(t.pairs[0][0], t.pairs[0][1])])
		}
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

// measureRow has the reason in place of a value that is not known.
type measureRow struct {
	Name, Value string
	Known       bool
}

func measured(name string, e eval.Estimate) measureRow {
	return measureRow{name, e.String(), e.Known()}
}

type disputeRow struct {
	N       int
	A, B    ref
	Votes   []vote
	Settled [2]string
}

func (l *Labeller) agreementView() (view, error) {
	var v agreementView
	said := l.Journal.Said()
	all := eval.NewJudgements(said)
	asked := make(map[[2]string]int) // by pair: the task with which it was answered
	for _, j := range said {
		if n, ok := l.place[l.key(j.A, j.B)]; ok {
			asked[pairKey(j.A, j.B)] = n
		}
	}
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
			v.Measures = append(v.Measures, measured("Cohen's kappa", eval.Cohen(ratings, b)))
		}
		v.Measures = append(v.Measures, measured("Krippendorff's alpha", eval.Krippendorff(ratings, b)))
		v.Pairs = len(ratings.Items)
		for _, d := range ratings.Disagreements() {
			n, ok := asked[pairKey(d.A, d.B)]
			if !ok {
				continue
			}
			row := disputeRow{N: n + 1, A: l.site.ref(l.site.run.at[d.A]), B: l.site.ref(l.site.run.at[d.B]), Votes: l.votes([2]string{d.A, d.B})}
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
			if err = l.takeBack(annotator, s, n); err == nil {
				back(prefix + strconv.Itoa(n+1))
			}
			return
		}
		n, ok := l.number(path)
		var labels []eval.Label
		if ok {
			labels, ok = l.answers(r, n)
		}
		if !ok {
			http.Error(w, "no such pair, cluster or label", http.StatusBadRequest)
			return
		}
		if err = l.say(annotator, n, labels); err != nil {
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
		for n := range l.tasks {
			if !s.answered(l, n) {
				return l.taskView(annotator, n), true, nil
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
		return l.taskView(annotator, n), true, nil
	}
	http.NotFound(w, r)
	return
}

func (l *Labeller) number(path string) (int, bool) {
	n, err := strconv.Atoi(path)
	return n - 1, err == nil && n >= 1 && n <= len(l.tasks)
}

// answers reads what a form says of task n: a label for each of its pairs.
func (l *Labeller) answers(r *http.Request, n int) ([]eval.Label, bool) {
	if l.tasks[n].draw != nil {
		return l.clusterAnswers(r, n)
	}
	label, err := eval.ParseLabel(r.PostFormValue("label"))
	return []eval.Label{label}, err == nil && slices.ContainsFunc(answers, func(a answer) bool { return a.Label == label })
}
