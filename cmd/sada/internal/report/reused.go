package report

import (
	"cmp"
	"slices"

	"sada/cluster"
	"sada/cmd/internal/publish"
)

// reused is a text that stands in pages it does not belong to.
type reused struct {
	key     string
	page    int    // whose text it is; -1 if that page is not in the corpus
	segment string // its stable name then
	source  string // of furniture: the outlet whose pages carry it
	kind    string // of furniture "furniture", else that of most of its passages
	rows    []int  // of passages
	sources int
}

// reusedTexts groups the passages that were cut by the text they are, those with the most hosts first.
func (r *Run) reusedTexts() []reused {
	at := make(map[string]int)
	var out []reused
	for i := range r.Passages {
		p := &r.Passages[i]
		if !p.Cut {
			continue
		}
		x := reused{page: -1, kind: p.Kind, segment: p.Segment}
		switch {
		case p.B != "":
			x.key, x.page = "page:"+p.B, r.at[p.B]
		case p.Segment != "":
			x.key = "segment:" + p.Segment
		default:
			x.source = r.Pages[r.at[p.A]].Source
			x.key = p.Kind + ":" + x.source
		}
		n, ok := at[x.key]
		if !ok {
			n = len(out)
			at[x.key] = n
			out = append(out, x)
		}
		out[n].rows = append(out[n].rows, i)
	}
	for n := range out {
		sources := make(map[string]bool)
		for _, i := range out[n].rows {
			sources[r.Pages[r.at[r.Passages[i].A]].Source] = true
		}
		out[n].sources = len(sources)
	}
	slices.SortStableFunc(out, func(x, y reused) int {
		// Furniture is on every page of its outlet, and no news.
		return cmp.Or(cmp.Compare(btoi(x.source != ""), btoi(y.source != "")), cmp.Compare(len(y.rows), len(x.rows)), cmp.Compare(x.key, y.key))
	})
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// reusedRow is a reused text in a list.
type reusedRow struct {
	Page           ref // empty without one
	Known          bool
	Segment        string
	Source         string
	Kind           string
	Hosts, Sources int
	URL            string
	Excerpt        string // if a host's text is at hand
}

func (s *Site) reusedRow(n int) reusedRow {
	x := &s.reused[n]
	row := reusedRow{Segment: x.segment, Source: x.source, Kind: x.kind, Hosts: len(x.rows), Sources: x.sources}
	if n < MaxRows {
		row.URL = s.reusedPath(n)
	}
	if x.page >= 0 {
		row.Page, row.Known = s.ref(x.page), true
		return row
	}
	for _, i := range x.rows {
		if t := s.passageText(&s.run.Passages[i]); t != "" {
			row.Excerpt = t
			break
		}
	}
	return row
}

// passageText is what a passage says, if its page's text is at hand.
func (s *Site) passageText(p *publish.Passage) string {
	a := s.texts[p.A]
	if a == nil || p.FromA < 0 || p.ToA > int64(len(a.Text)) || p.FromA > p.ToA {
		return ""
	}
	return a.Text[p.FromA:p.ToA]
}

type reusedList struct {
	Rows []reusedRow
	Part part
}

func (s *Site) textList(*cluster.Maker) view {
	l := reusedList{Part: cut(len(s.reused), MaxRows, "those on the most pages come first", "ما يرد في أكثر الصفحات أولا")}
	for n := range s.reused[:l.Part.Shown] {
		l.Rows = append(l.Rows, s.reusedRow(n))
	}
	return view{kind: "texts", title: [2]string{"Reused texts", "النصوص المتكررة"}, data: l}
}

// reusedView is the page of a reused text: every page that carries it.
type reusedView struct {
	reusedRow
	Text     []piece
	Carriers []hostRow
	Part     part
}

type hostRow struct {
	ref
	Kind       string
	From, To   int64
	Fragment   string
	Confidence float64
	Reasons    []string
	PairURL    string
}

func (s *Site) reusedPage(n int) view {
	x := &s.reused[n]
	v := reusedView{reusedRow: s.reusedRow(n), Part: cut(len(x.rows), MaxRows, "the earliest pages come first", "الصفحات الأقدم أولا")}
	for _, i := range x.rows[:v.Part.Shown] {
		p := &s.run.Passages[i]
		a := s.run.at[p.A]
		h := hostRow{ref: s.ref(a), Kind: p.Kind, From: p.FromA, To: p.ToA, Confidence: p.Confidence, Reasons: p.Reasons, Fragment: s.partAt(a, p.FromA)}
		if x.page >= 0 {
			h.PairURL = s.pairURL(a, x.page)
		}
		v.Carriers = append(v.Carriers, h)
		if t := s.passageText(p); v.Text == nil && t != "" {
			v.Text = excerpt(t, maxReused)
		}
	}
	what := v.Page.Title
	if !v.Known {
		what = cmp.Or(x.source, x.segment)
	}
	return view{kind: "text", title: [2]string{"Reused text: " + name(what, listTitle), "نص متكرر: " + name(what, listTitle)}, data: v}
}

// maxReused is how many letters of a reused text are shown with its hosts.
const maxReused = 1500

// partAt is the fragment of the part of a page that holds a byte.
func (s *Site) partAt(page int, at int64) string {
	for n, p := range s.run.Pages[page].Parts {
		if p.From <= at && at < p.To {
			return partID(n)
		}
	}
	return ""
}
