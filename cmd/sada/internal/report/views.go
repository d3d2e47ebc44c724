package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cmd/internal/publish"
	"sada/features/article"
	"sada/features/shingle"
)

// stage is a step of the funnel from records to groups.
type stage struct {
	Name  [2]string
	N     int64
	Note  [2]string
	URL   string
	Width float64 // of its bar, in percent of the widest
}

type overview struct {
	Funnel   []stage
	Charts   []chart
	Stories  []storyRow
	Doubtful []storyRow
	Groups   []groupRow
	Texts    []reusedRow
	// How much of each list is shown.
	StoryPart, DoubtPart, GroupPart, TextPart part
	Pages                                     int
	First                                     string
	Last                                      string
	Sources                                   int
	Kinds                                     []kindCount
	Unmet                                     int // wanted pairs that could not be honoured
}

type kindCount struct {
	Kind string
	N    int
}

// overviewRows is how many rows of each list the overview shows.
const overviewRows = 6

func (s *Site) overview(*cluster.Maker) view {
	r, c := s.run, s.run.Manifest.Counts
	groups, grouped := 0, 0
	for _, g := range r.groups {
		if len(g.pages) > 1 {
			groups++
			grouped += len(g.pages)
		}
	}
	stories, told := 0, 0
	for _, st := range r.Stories {
		if len(st.CopyGroups) > 1 {
			stories++
			told += len(st.Pages)
		}
	}
	kinds := make(map[string]int)
	for _, l := range r.Links {
		kinds[l.Kind]++
	}
	hosts := make(map[string]bool)
	for _, p := range r.Passages {
		if p.Cut && (p.Kind == "tail" || p.Kind == "shared_tail") {
			hosts[p.A] = true
		}
	}
	rejected := c["rejects"] + c["duplicates"]
	v := overview{Pages: len(r.Pages), Unmet: len(r.Manifest.Unmet), Funnel: []stage{
		{[2]string{"records read", "سجلات مقروءة"}, int64(len(r.Pages)) + rejected, [2]string{}, "run.html", 0},
		{[2]string{"rejected", "مرفوضة"}, rejected, [2]string{"unreadable, or an id seen before", "لا تقرأ أو تكرر معرفها"}, "rejects.html", 0},
		{[2]string{"pages", "صفحات"}, int64(len(r.Pages)), [2]string{}, "maps.html", 0},
		{[2]string{"pages with a foreign tail", "صفحات ألحق بها خبر آخر"}, int64(len(hosts)), [2]string{"cut before anything is compared", "يقتطع قبل أي مقارنة"}, "maps.html", 0},
		{[2]string{"candidate pairs", "أزواج مرشحة"}, c["candidates"], [2]string{"proposed by bands, passages, titles", "رشحتها البصمات والمقاطع والعناوين"}, "", 0},
		{[2]string{"verified links", "روابط محققة"}, int64(len(r.Links)), [2]string{"held on the texts themselves", "ثبتت على النصين"}, "copies.html", 0},
		{[2]string{"copy groups", "مجموعات نسخ"}, int64(groups), [2]string{count(english, grouped, "page"), count(arabicUI, grouped, "page")}, "copies.html", 0},
		{[2]string{"stories in several wordings", "قصص بأكثر من صياغة"}, int64(stories), [2]string{count(english, told, "page"), count(arabicUI, told, "page")}, "stories.html", 0},
	}}
	widest := int64(1)
	for _, st := range v.Funnel {
		widest = max(widest, st.N)
	}
	for i := range v.Funnel {
		v.Funnel[i].Width = 100 * float64(v.Funnel[i].N) / float64(widest)
		if v.Funnel[i].N > 0 {
			v.Funnel[i].Width = max(v.Funnel[i].Width, .6)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		v.Kinds = append(v.Kinds, kindCount{k, kinds[k]})
	}
	for _, h := range s.histograms() {
		v.Charts = append(v.Charts, s.chart(h))
	}
	take := func(order []int) (rows []storyRow) {
		for _, n := range order[:min(len(order), overviewRows)] {
			rows = append(rows, s.storyRow(n))
		}
		return rows
	}
	v.Stories, v.Doubtful = take(s.bySize()), take(s.byDoubt())
	most := func(total int, en, ar string) part { return cut(total, overviewRows, en, ar) }
	v.StoryPart, v.DoubtPart = most(len(s.bySize()), "those in the most wordings", "الأكثر صياغات"), most(len(s.byDoubt()), "the most doubtful", "الأكثر شكا")
	v.GroupPart, v.TextPart = most(groups, "the largest", "الأكبر"), most(len(s.reused), "those on the most pages", "ما يرد في أكثر الصفحات")
	for _, g := range r.groupsBySize()[:min(groups, overviewRows)] {
		v.Groups = append(v.Groups, s.groupRow(g))
	}
	for n := range s.reused[:min(len(s.reused), overviewRows)] {
		v.Texts = append(v.Texts, s.reusedRow(n))
	}
	sources := make(map[string]bool)
	for i := range r.Pages {
		p := &r.Pages[i]
		sources[p.Source] = true
		if p.DateUsed != nil {
			v.First = cmp.Or(v.First, date(p.DateUsed))
			v.Last = date(p.DateUsed)
		}
	}
	v.Sources = len(sources)
	return view{kind: "overview", title: [2]string{"Overview", "نظرة عامة"}, data: v}
}

// manifestView is run.json, and what the pages were made from.
type manifestView struct {
	*publish.Manifest
	OptionList []pair
	CountList  []pair
	Limits     []pair
	InputPart  part
	UnmetRows  []unmetRow
	UnmetPart  part
	NoTexts    string
}

// unmetRow is a wanted pair that could not be honoured.
type unmetRow struct {
	A, B   ref // without a title where there is no such page
	Cannot bool
	Reason string
}

// Rows of the lists of a run, which together stay under MaxRows.
const (
	maxUnmet  = 100
	maxInputs = 250
)

type pair struct{ Key, Value string }

func (s *Site) manifest(*cluster.Maker) view {
	m := *s.run.Manifest
	v := manifestView{Manifest: &m, InputPart: cut(len(m.Inputs), maxInputs, "the first are shown", "يظهر أولها"), UnmetPart: cut(len(m.Unmet), maxUnmet, "the first are shown, run.json has all", "يظهر أولها، وكلها في run.json"), NoTexts: s.reason}
	for _, u := range m.Unmet[:v.UnmetPart.Shown] {
		row := unmetRow{Cannot: u.Kind == cluster.CannotLink, Reason: u.Reason}
		for _, x := range []struct {
			to *ref
			id string
		}{{&row.A, u.A}, {&row.B, u.B}} {
			if i, ok := s.run.at[x.id]; ok {
				*x.to = s.ref(i)
			} else {
				*x.to = ref{ID: x.id}
			}
		}
		v.UnmetRows = append(v.UnmetRows, row)
	}
	m.Inputs = m.Inputs[:v.InputPart.Shown]
	m.Arguments = m.Arguments[:min(len(m.Arguments), MaxRows)]
	var options map[string]json.RawMessage
	_ = json.Unmarshal(m.Options, &options) // what is no object is shown as none
	for _, k := range slices.Sorted(maps.Keys(options)) {
		v.OptionList = append(v.OptionList, pair{k, strings.Trim(string(options[k]), `"`)})
	}
	for _, k := range slices.Sorted(maps.Keys(m.Counts)) {
		v.CountList = append(v.CountList, pair{k, fmt.Sprint(m.Counts[k])})
	}
	for _, k := range slices.Sorted(maps.Keys(m.Thresholds)) {
		v.Limits = append(v.Limits, pair{k, fmt.Sprint(m.Thresholds[k])})
	}
	return view{kind: "run", title: [2]string{"The run", "التشغيلة"}, data: v}
}

type rejectList struct {
	Rows       []publish.Reject
	Reasons    []reason
	Part       part
	ReasonPart part
}

// maxReasons is how many reasons of rejects are listed; with the rejects they stay under MaxRows.
const maxReasons = 100

func (s *Site) rejects(*cluster.Maker) view {
	total := 0
	for _, x := range s.run.Reasons {
		total += x.N
	}
	l := rejectList{Part: cut(total, MaxRows-maxReasons, "the first of the input are shown", "يظهر أولها في المدخلات"), ReasonPart: cut(len(s.run.Reasons), maxReasons, "the commonest come first", "الأكثر تكررا أولا")}
	l.Rows, l.Reasons = s.run.Rejects[:l.Part.Shown], s.run.Reasons[:l.ReasonPart.Shown]
	return view{kind: "rejects", title: [2]string{"Rejects", "المرفوضات"}, data: l}
}

// groupRow is a copy group in a list.
type groupRow struct {
	ID       string
	URL      string
	Original ref
	Pages    int
	Sources  int
	Credits  []string
	Last     string
}

func (s *Site) groupRow(g int) groupRow {
	x := &s.run.groups[g]
	row := groupRow{ID: x.id, URL: s.groupURL(g), Original: s.ref(x.original), Pages: len(x.pages)}
	sources := make(map[string]bool)
	credits := make(map[string]bool)
	for _, i := range x.pages {
		sources[s.run.Pages[i].Source] = true
		for _, c := range s.run.Pages[i].Credits {
			credits[c] = true
		}
	}
	row.Sources = len(sources)
	row.Credits = slices.Sorted(maps.Keys(credits))
	row.Credits = row.Credits[:min(len(row.Credits), 3)]
	row.Last = date(s.run.Pages[x.pages[len(x.pages)-1]].DateUsed)
	return row
}

type copyList struct {
	Groups     []groupRow
	GroupPart  part
	Charts     []chart
	Templates  []pairRow
	TemplPart  part
	Contains   []pairRow
	ContPart   part
	SingleOnly int
}

// otherRows is how many pairs of the kinds that are no copies are listed beside the copy groups.
const otherRows = 100

func (s *Site) copies(*cluster.Maker) view {
	r := s.run
	order := r.groupsBySize()
	n := 0
	for n < len(order) && len(r.groups[order[n]].pages) > 1 {
		n++
	}
	l := copyList{GroupPart: cut(n, MaxRows-2*otherRows, "the largest come first", "الأكبر أولا"), SingleOnly: len(order) - n}
	for _, g := range order[:l.GroupPart.Shown] {
		l.Groups = append(l.Groups, s.groupRow(g))
	}
	take := func(kind string) ([]pairRow, part) {
		var rows []int
		for i := range r.Links {
			if r.Links[i].Kind == kind {
				rows = append(rows, i)
			}
		}
		slices.SortStableFunc(rows, func(i, j int) int { return cmp.Compare(r.Links[j].Jaccard, r.Links[i].Jaccard) })
		p := cut(len(rows), otherRows, "the most alike come first", "الأكثر تشابها أولا")
		var out []pairRow
		for _, i := range rows[:p.Shown] {
			out = append(out, s.linkRow(&r.Links[i]))
		}
		return out, p
	}
	l.Templates, l.TemplPart = take(string(copies.Template))
	l.Contains, l.ContPart = take(string(copies.Contains))
	for _, h := range s.histograms()[:2] {
		l.Charts = append(l.Charts, s.chart(h))
	}
	return view{kind: "copies", title: [2]string{"Copies", "النسخ"}, data: l}
}

// groupView is a copy group's page.
type groupView struct {
	groupRow
	Members []memberRow
	Part    part
	Story   string
	StURL   string
	Title   string
}

type memberRow struct {
	ref
	Credit   string
	Credits  []string
	Delay    string // after the original, in hours
	HasLink  bool
	J        float64
	In, Of   float64 // shares: of this page in the original, of the original in this page
	PairURL  string
	Original bool
}

func (s *Site) groupPage(g int) view {
	r, x := s.run, &s.run.groups[g]
	v := groupView{groupRow: s.groupRow(g), Part: cut(len(x.pages), MaxRows, "the earliest come first", "الأقدم أولا")}
	v.Title = r.Pages[x.original].Title
	n := r.story[r.Pages[x.original].Story]
	v.Story, v.StURL = r.Stories[n].Headline, s.storyURL(n)
	first, dated := when(r.Pages[x.original].DateUsed)
	for _, i := range x.pages[:v.Part.Shown] {
		p := &r.Pages[i]
		m := memberRow{ref: s.ref(i), Credit: p.Credit, Credits: p.Credits[:min(len(p.Credits), 3)], Original: i == x.original, PairURL: s.pairURL(i, x.original)}
		if at, ok := when(p.DateUsed); ok && dated && !m.Original {
			m.Delay = fmt.Sprintf("%+.1f", at.Sub(first).Hours())
		}
		if l, ok := s.link[[2]int{min(i, x.original), max(i, x.original)}]; ok {
			l := &r.Links[l]
			m.HasLink, m.J, m.In, m.Of = true, l.Jaccard, l.ContainmentA, l.ContainmentB
			if l.A == r.Pages[x.original].ID {
				m.In, m.Of = l.ContainmentB, l.ContainmentA
			}
		}
		v.Members = append(v.Members, m)
	}
	return view{kind: "group", title: [2]string{"Copies: " + name(v.Title, listTitle), "نسخ: " + name(v.Title, listTitle)}, data: v}
}

// binView is what one bar of a histogram counts.
type binView struct {
	Name    string
	Title   [2]string
	Label   [2]string
	Pairs   []pairRow
	Groups  []groupRow
	Stories []storyRow
	Part    part
	Prev    string
	Next    string
}

func (s *Site) binList(h *histogram, n int) view {
	b := &h.bins[n]
	v := binView{Name: h.Name, Title: h.Title, Label: b.Label, Part: part{len(b.rows), b.N, [2]string{"those with the highest values come first", "الأعلى قيمة أولا"}}}
	for _, row := range b.rows {
		switch h.rows {
		case "link":
			v.Pairs = append(v.Pairs, s.linkRow(&s.run.Links[row]))
		case "near":
			v.Pairs = append(v.Pairs, s.nearRow(&s.run.Near[row]))
		case "group":
			v.Groups = append(v.Groups, s.groupRow(row))
		default:
			v.Stories = append(v.Stories, s.storyRow(row))
		}
	}
	for k := n - 1; k >= 0 && v.Prev == ""; k-- {
		if h.bins[k].N > 0 {
			v.Prev = h.path(k)
		}
	}
	for k := n + 1; k < len(h.bins) && v.Next == ""; k++ {
		if h.bins[k].N > 0 {
			v.Next = h.path(k)
		}
	}
	return view{kind: "bin", title: [2]string{h.Title[0] + ": " + b.Label[0], h.Title[1] + ": " + b.Label[1]}, data: v}
}

type mapRow struct {
	ref
	Strip   []stretch
	Foreign float64 // share of its bytes
}

type mapRows struct {
	Rows []mapRow
	Part part
}

func (s *Site) mapList(*cluster.Maker) view {
	order := s.run.byForeign()
	l := mapRows{Part: cut(len(order), MaxRows, "those with the most foreign text come first", "الأكثر نصا دخيلا أولا")}
	for _, i := range order[:l.Part.Shown] {
		p := &s.run.Pages[i]
		l.Rows = append(l.Rows, mapRow{ref: s.ref(i), Foreign: float64(foreignBytes(p)) / float64(max(size(p), 1)), Strip: s.strip(p, listStrip)})
	}
	return view{kind: "maps", title: [2]string{"Page maps", "خرائط الصفحات"}, data: l}
}

// stretch is a part on the strip of a page.
type stretch struct {
	X, W float64 // from the right, as the text runs
	Kind string
	ID   string
	URL  string // of the map of the page that it is from, if that has one
	Name string // the title of that page
}

// The strip is a thousand units wide. A page's own has as many stretches as it lists parts, one in
// a list so few that five hundred are a page.
const (
	stripWidth = 1000
	listStrip  = 12
	leastWidth = 3 // units, so that a line of furniture can be seen
)

// strip divides the strip by the bytes of the page's parts. Of more than most parts, neighbours from the
// last one on are shown as one.
func (s *Site) strip(p *publish.Page, most int) []stretch {
	all := float64(max(size(p), 1))
	var out []stretch
	at := 0.0
	for n, part := range p.Parts {
		w := stripWidth * float64(part.To-part.From) / all
		if n >= most {
			out[len(out)-1].W += w
			continue
		}
		x := stretch{X: at, W: w, Kind: part.Kind, ID: partID(n)}
		if i, ok := s.run.at[part.Page]; ok && part.Page != "" {
			of := s.ref(i)
			x.URL, x.Name = of.URL, of.Title
		}
		out = append(out, x)
		at += w
	}
	for i := range out {
		out[i].X = stripWidth - out[i].X - out[i].W
		if out[i].W < leastWidth && out[i].W > 0 {
			out[i].X -= (leastWidth - out[i].W) / 2
			out[i].W = leastWidth
		}
	}
	return out
}

func partID(n int) string { return fmt.Sprintf("p%d", n) }

// mapView is a page's map.
type mapView struct {
	ref
	Page      *publish.Page
	Strip     []stretch
	Legend    []string
	Parts     []partRow
	PartPart  part
	Text      []textPart
	TextPart  part // bytes
	HasText   bool
	Why       string
	Passages  []passageRow
	PassPart  part
	Links     []pairRow
	LinkPart  part
	Story     storyRow
	Group     groupRow
	GroupSize int
	Own       float64
	Bytes     int64
}

type textPart struct {
	Kind, ID string
	Pieces   []piece
}

type partRow struct {
	Kind, ID string
	From, To int64
	Excerpt  string
	InText   bool // some of it is shown in the text
	Of       ref
	Known    bool
	Segment  string
	PairURL  string
	Percent  float64
}

type passageRow struct {
	Kind       string
	Other      ref
	Known      bool
	Segment    string
	Own        bool // the stretch is this page's, seen from it; otherwise it is the other's
	From, To   int64
	Fragment   string
	OtherFrag  string
	Identity   float64
	Confidence float64
	Hosts      int64
	Cut        bool
	Reasons    []string
	PairURL    string
}

// Rows of a page's map; together they stay under MaxRows.
const (
	mapParts    = 200
	mapPassages = 150
	mapLinks    = 100
)

func (s *Site) mapPage(i int, _ *cluster.Maker) view {
	r, p := s.run, &s.run.Pages[i]
	v := mapView{ref: s.ref(i), Page: p, Strip: s.strip(p, mapParts), Bytes: size(p), PartPart: cut(len(p.Parts), mapParts, "the first are shown", "يظهر أولها"), Why: s.why(p.ID)}
	a := s.texts[p.ID]
	v.HasText = a != nil
	seen := make(map[string]bool)
	for n, part := range p.Parts {
		if part.Kind == article.Main.String() {
			v.Own += float64(part.To - part.From)
		}
		if !seen[part.Kind] {
			seen[part.Kind] = true
			v.Legend = append(v.Legend, part.Kind)
		}
		if n >= v.PartPart.Shown {
			continue
		}
		row := partRow{Kind: part.Kind, ID: partID(n), From: part.From, To: part.To, Segment: part.Segment, Percent: 100 * float64(part.To-part.From) / float64(max(v.Bytes, 1))}
		if a != nil && part.To <= int64(len(a.Text)) {
			row.Excerpt = a.Text[part.From:part.To]
		}
		if j, ok := r.at[part.Page]; ok && part.Page != "" {
			row.Of, row.Known, row.PairURL = s.ref(j), true, s.pairURL(i, j)
		}
		v.Parts = append(v.Parts, row)
	}
	v.Own /= float64(max(v.Bytes, 1))
	if a != nil {
		v.Text, v.TextPart = mapText(a.Text, v.Parts)
	}
	v.PassPart = cut(len(s.passagesOf[i]), mapPassages, "in the order of the page", "بترتيبها في الصفحة")
	for _, n := range s.passagesOf[i][:v.PassPart.Shown] {
		x := &r.Passages[n]
		row := passageRow{Kind: x.Kind, Segment: x.Segment, Own: x.A == p.ID, Identity: x.Identity, Confidence: x.Confidence, Hosts: x.Hosts, Cut: x.Cut, Reasons: x.Reasons[:min(len(x.Reasons), 8)]}
		other, from, to, otherFrom := x.B, x.FromA, x.ToA, x.FromB
		if !row.Own {
			other, from, to, otherFrom = x.A, x.FromB, x.ToB, x.FromA
		}
		row.From, row.To, row.Fragment = from, to, s.partAt(i, from)
		if j, ok := r.at[other]; ok && other != "" {
			row.Other, row.Known, row.PairURL, row.OtherFrag = s.ref(j), true, s.pairURL(i, j), s.partAt(j, otherFrom)
		}
		v.Passages = append(v.Passages, row)
	}
	v.LinkPart = cut(len(s.linksOf[i]), mapLinks, "in the order of the run", "بترتيب التشغيلة")
	for _, n := range s.linksOf[i][:v.LinkPart.Shown] {
		v.Links = append(v.Links, s.linkRow(&r.Links[n]))
	}
	v.Story = s.storyRow(r.story[p.Story])
	g := r.group[p.CopyGroup]
	v.Group, v.GroupSize = s.groupRow(g), len(r.groups[g].pages)
	return view{kind: "map", title: [2]string{"Page: " + name(p.Title, listTitle), "صفحة: " + name(p.Title, listTitle)}, data: v}
}

// why says why there is no text of a page; empty if there is.
func (s *Site) why(id string) string {
	if s.texts[id] != nil {
		return ""
	}
	return cmp.Or(s.reason, fmt.Sprintf("page %q is not in the run's inputs any more", name(id, listID)))
}

// maxMapped is how many bytes of a page's text its map shows.
const maxMapped = 100_000

// mapText is the text of a page in its parts. Joined, it is the text.
func mapText(text string, parts []partRow) ([]textPart, part) {
	end := clip(text, maxMapped)
	odd := steering(text[:end])
	var out []textPart
	at := 0
	for n := range parts {
		p := &parts[n]
		to := min(int(p.To), end)
		if to <= at {
			continue
		}
		p.InText = true
		t := textPart{Kind: p.Kind, ID: p.ID, Pieces: pieces(nil, text, at, to, nil, odd)}
		out = append(out, t)
		at = to
	}
	return out, part{at, len(text), [2]string{"the beginning is shown", "يظهر أوله"}}
}

// pairView is two pages side by side.
type pairView struct {
	A, B         side
	HasLink      bool
	Link         pairRow
	HasNear      bool
	Near         pairRow
	Passages     []passageRow
	PassPart     part
	SameGroup    bool
	SameStory    bool
	Comparison   comparison
	HasText      bool
	Why          string
	First        string // "a", "b" or empty
	FirstWhy     [2]string
	Kept, Edited int // sentences of b
	Added        []sentence
	AddedN       int
	Dropped      []sentence
	DroppedN     int
}

type side struct {
	ref
	Agency  bool
	Credits []string
	Credit  string
	Bytes   int64
	Words   int
	Story   storyRow
}

type sentence struct{ Pieces []piece }

// Sentences that are listed as added or dropped, and passages between two pages.
const (
	listedSentences = 12
	pairPassages    = 20
)

var whyFirst = map[string]string{
	"it alone has a date":         "لها وحدها تاريخ",
	"it is earlier":               "هي الأسبق",
	"it is the agency's own page": "هي صفحة الوكالة نفسها",
	"the other credits an agency": "الأخرى تنسب الخبر إلى وكالة",
	"it is longer":                "هي الأطول",
}

func (s *Site) side(i int) side {
	p := &s.run.Pages[i]
	return side{ref: s.ref(i), Agency: slices.Contains(p.Credits, p.Source), Credits: p.Credits[:min(len(p.Credits), 3)], Credit: p.Credit, Bytes: size(p), Story: s.storyRow(s.run.story[p.Story])}
}

func (s *Site) pairPage(i, j int, maker *cluster.Maker) view {
	r, pa, pb := s.run, &s.run.Pages[i], &s.run.Pages[j]
	v := pairView{A: s.side(i), B: s.side(j), SameGroup: pa.CopyGroup == pb.CopyGroup, SameStory: pa.Story == pb.Story, Why: cmp.Or(s.why(pa.ID), s.why(pb.ID))}
	if n, ok := s.link[[2]int{i, j}]; ok {
		v.HasLink, v.Link = true, s.linkRow(&r.Links[n])
		if r.Links[n].A == pb.ID {
			v.Link.CA, v.Link.CB = v.Link.CB, v.Link.CA
		}
	}
	if n, ok := s.nearOf[[2]int{i, j}]; ok {
		v.HasNear, v.Near = true, s.nearRow(&r.Near[n])
	}
	var between []int
	for _, n := range s.passagesOf[i] {
		if x := &r.Passages[n]; x.A == pb.ID || x.B == pb.ID {
			between = append(between, n)
		}
	}
	v.PassPart = cut(len(between), pairPassages, "in the order of the page", "بترتيبها في الصفحة")
	for _, n := range between[:v.PassPart.Shown] {
		x := &r.Passages[n]
		at, other := i, j
		if x.A == pb.ID {
			at, other = j, i
		}
		v.Passages = append(v.Passages, passageRow{Kind: x.Kind, Own: x.A == pa.ID, From: x.FromA, To: x.ToA, Identity: x.Identity, Confidence: x.Confidence, Hosts: x.Hosts, Cut: x.Cut, Reasons: x.Reasons[:min(len(x.Reasons), 8)],
			Other: s.ref(at), Fragment: s.partAt(at, x.FromA), OtherFrag: s.partAt(other, x.FromB)})
	}
	if a, b := s.texts[pa.ID], s.texts[pb.ID]; a != nil && b != nil {
		v.HasText = true
		partsA, partsB := pa.ArticleParts(), pb.ArticleParts()
		va, vb := newVersion(a, partsA, maker), newVersion(b, partsB, maker)
		v.A.Words, v.B.Words = len(va.words), len(vb.words)
		v.Comparison = compare(va, vb, copies.SentenceEnds(va.text, va.at), copies.SentenceEnds(vb.text, vb.at))
		s.sentences(&v, a, b, partsA, partsB, maker)
	}
	title := name(pa.Title, listTitle/2) + " ↔ " + name(pb.Title, listTitle/2)
	return view{kind: "pair", title: [2]string{"Two pages: " + title, "صفحتان: " + title}, data: v}
}

// sentences says who was first and, of the main texts, what the other added and dropped.
func (s *Site) sentences(v *pairView, a, b *article.Page, partsA, partsB []article.Part, maker *cluster.Maker) {
	fa, fb := maker.Make(a), maker.Make(b)
	if v.SameGroup {
		order, why := cluster.Direction(fa, fb, partsA, partsB)
		if order < 0 {
			v.First = "a"
		} else if order > 0 {
			v.First = "b"
		}
		v.FirstWhy = [2]string{why, cmp.Or(whyFirst[why], why)}
	}
	wordsA, atA := fa.MainWords(partsA)
	wordsB, atB := fb.MainWords(partsB)
	list := func(text string, of []copies.Sentence, at []shingle.Span) (out []sentence, n int) {
		for _, x := range of {
			if x.Fate != copies.Gone {
				continue
			}
			if n++; len(out) < listedSentences {
				out = append(out, sentence{excerpt(text[at[x.From].From:at[x.To-1].To], 2*listTitle)})
			}
		}
		return out, n
	}
	before := copies.Sentences(wordsA, wordsB, copies.SentenceEnds(a.Text, atA))
	after := copies.Sentences(wordsB, wordsA, copies.SentenceEnds(b.Text, atB))
	for _, x := range after {
		switch x.Fate {
		case copies.Kept:
			v.Kept++
		case copies.Edited:
			v.Edited++
		}
	}
	v.Added, v.AddedN = list(b.Text, after, atB)
	v.Dropped, v.DroppedN = list(a.Text, before, atA)
}
