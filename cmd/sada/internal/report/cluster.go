package report

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"sada/eval"
)

// clusterView is the page of one cluster of a sample: a text that was drawn, those that the run has put
// together with it, and the clusters near. Of what the run measured it shows nothing.
type clusterView struct {
	labelHead
	Kind   eval.Kind
	Drawn  labelSide
	Own    []askedRow
	Others []otherCluster
}

// askedRow is a text of which is asked whether it belongs with the one drawn.
type askedRow struct {
	labelSide
	Lead    []piece
	Field   string // of the form
	Own     bool
	Said    string // same, different or unsure: what is marked
	Votes   []vote // only for who adjudicates
	Dispute bool
}

// otherCluster is a cluster near, which may be answered as a whole.
type otherCluster struct {
	N     int
	Field string
	Said  string // as a row's, or some: each of its texts has its own
	Rows  []askedRow
}

// What the form of a cluster says of a text.
const (
	saidSame, saidDifferent, saidUnsure, saidSome = "same", "different", "unsure", "some"
)

// Bytes of all texts of a page that are shown below their titles, and of one of them. Of the worst
// characters, which are shown by their names, the page stays under MaxPageBytes.
const (
	askedBytes     = 60_000
	mostAskedBytes = 6_000
)

// clusterOf is what the run has a page in.
func (l *Labeller) clusterOf(id string) string {
	p := &l.site.run.Pages[l.site.run.at[id]]
	if l.kind == eval.Copy {
		return p.CopyGroup
	}
	return p.Story
}

// others returns the places of the texts that are asked about, those of the drawn one's cluster first,
// then cluster by cluster.
func (l *Labeller) others(t task) (own []int, others [][]int) {
	at := make(map[string]int)
	for i, a := range t.draw.Asked {
		if a.Together {
			own = append(own, i)
			continue
		}
		c := l.clusterOf(a.Page)
		n, ok := at[c]
		if !ok {
			n = len(others)
			at[c] = n
			others = append(others, nil)
		}
		others[n] = append(others[n], i)
	}
	return own, others
}

func (l *Labeller) clusterView(annotator string, n int) view {
	s, t := l.sheet(annotator), l.tasks[n]
	v := clusterView{labelHead: l.head(annotator, s, n), Kind: l.kind, Drawn: l.labelSide(t.draw.Page, maxCompared)}
	own, others := l.others(t)
	rows := make([]askedRow, len(t.pairs))
	for i, p := range t.pairs {
		row := askedRow{labelSide: l.labelSide(p[1], min(mostAskedBytes, askedBytes/len(t.pairs))), Field: "t" + strconv.Itoa(i), Own: t.draw.Asked[i].Together}
		row.Lead = l.lead(p[1])
		row.Said = map[bool]string{true: saidSame, false: saidDifferent}[row.Own]
		label, ok := s.label[p]
		if !ok { // the other way round it may have been asked before
			label, ok = s.label[[2]string{p[1], p[0]}]
		}
		if annotator == Adjudicator {
			row.Votes = l.votes(p)
			sure := make(map[string]eval.Label)
			for _, vote := range row.Votes {
				if said := l.said(vote.label); said != saidUnsure {
					sure[said] = vote.label
				}
			}
			if row.Dispute = len(sure) > 1; !ok && len(sure) == 1 {
				for _, label = range sure {
					ok = true
				}
			}
		}
		if ok {
			row.Said = l.said(label)
		}
		rows[i] = row
	}
	for _, i := range own {
		v.Own = append(v.Own, rows[i])
	}
	for k, places := range others {
		o := otherCluster{N: k + 1, Field: "o" + strconv.Itoa(k), Said: rows[places[0]].Said}
		for _, i := range places {
			o.Rows = append(o.Rows, rows[i])
			if rows[i].Said != o.Said {
				o.Said = saidSome
			}
		}
		v.Others = append(v.Others, o)
	}
	return view{kind: "cluster", title: [2]string{fmt.Sprintf("Cluster %d of %d", v.N, v.Total), fmt.Sprintf("المجموعة %d من %d", v.N, v.Total)}, data: v, forms: true}
}

// said is what a label says of belonging together.
func (l *Labeller) said(label eval.Label) string {
	switch label.For(l.kind) {
	case eval.Same:
		return saidSame
	case eval.Unlabelled:
		return saidUnsure
	}
	return saidDifferent
}

// lead is the beginning of a page's main text.
func (l *Labeller) lead(id string) []piece {
	a := l.site.texts[id]
	if a == nil {
		return nil
	}
	for _, p := range l.site.run.Pages[l.site.run.at[id]].Parts {
		if p.Kind == "main" && p.To <= int64(len(a.Text)) {
			return excerpt(a.Text[p.From:p.To], 2*listTitle)
		}
	}
	return nil
}

// clusterAnswers reads the form of a cluster.
func (l *Labeller) clusterAnswers(r *http.Request, n int) ([]eval.Label, bool) {
	t := l.tasks[n]
	out := make([]eval.Label, len(t.pairs))
	same := eval.SameStory
	if l.kind == eval.Copy {
		same = eval.SameText
	}
	labels := map[string]eval.Label{saidSame: same, saidDifferent: eval.Different, saidUnsure: eval.Unsure}
	own, others := l.others(t)
	whole := r.PostFormValue("all") != "" // those of the cluster and no others
	for _, i := range own {
		if out[i] = labels[r.PostFormValue("t"+strconv.Itoa(i))]; whole {
			out[i] = same
		}
	}
	for k, places := range others {
		said := r.PostFormValue("o" + strconv.Itoa(k))
		for _, i := range places {
			switch {
			case whole:
				out[i] = eval.Different
			case said == saidSome:
				out[i] = labels[r.PostFormValue("t"+strconv.Itoa(i))]
			default:
				out[i] = labels[said]
			}
		}
	}
	return out, !slices.Contains(out, eval.Unlabelled)
}

// summary says what was answered to a cluster.
func (l *Labeller) summary(s sheet, t task) [2]string {
	var own, apart, others, joined, unsure int
	for i, p := range t.pairs {
		said := l.said(s.label[p])
		if t.draw.Asked[i].Together {
			own++
		} else {
			others++
		}
		switch {
		case said == saidUnsure:
			unsure++
		case said == saidDifferent && t.draw.Asked[i].Together:
			apart++
		case said == saidSame && !t.draw.Asked[i].Together:
			joined++
		}
	}
	out := [2]string{
		fmt.Sprintf("%d of %d do not belong; of those near %d of %d do", apart, own, joined, others),
		fmt.Sprintf("لا ينتمي %d من %d، وينتمي من القريبة %d من %d", apart, own, joined, others),
	}
	if apart == 0 && joined == 0 && unsure == 0 {
		out = [2]string{"all one", "مجموعة واحدة"}
	}
	if unsure > 0 {
		out[0] += fmt.Sprintf("; unsure of %d", unsure)
		out[1] += fmt.Sprintf("؛ لا يدرى عن %d", unsure)
	}
	return out
}
