package report

import (
	"cmp"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"sada/cluster"
	"sada/cmd/internal/publish"
	"sada/features/arabic"
	"sada/features/article"
)

// Limits of a page, which a browser shows at once and a person can look through.
const (
	MaxPageBytes = 2 << 20
	MaxRows      = 500
)

// Letters of titles, names and ids in lists. With them, MaxRows rows of the worst characters stay
// under MaxPageBytes.
const (
	listTitle = 110
	listName  = 40
	listID    = 60
)

// Site is the pages of a report. Their paths are those of files below its folder.
type Site struct {
	run    *Run
	hists  []*histogram
	facts  []storyFacts // by story
	maker  cluster.Maker
	wanted []string // paths, in the order in which they were chosen
	views  map[string]func(*cluster.Maker) view
	link   map[[2]int]int // by pages, the lower first
	pairs  map[[2]int]bool
	maps   map[int]bool
	groups map[int]bool
	told   map[int]bool
	reused []reused
	needed map[string]bool // ids of pages whose texts are shown

	// Of pages that have a map, in order: rows of passages and of links.
	passagesOf, linksOf map[int][]int
	nearOf              map[[2]int]int // of pairs that have a page: rows of near

	texts  map[string]*article.Page
	reason string // why there are no texts at all
	labels bool   // there is labelling to link to
	eval   bool
}

// Options say what a report holds.
type Options struct {
	// Details is how many copy pairs, copy groups and stories get a page of their own, of each so many or
	// half as many again; pages that these lead to get a map, up to three times and a half as many. Lists
	// always count everything.
	Details int
	Stemmer arabic.Stemmer
	// Also are pages whose texts are needed besides.
	Also []string
	// Evaluation is shown on a page of its own; nil is none.
	Evaluation *Evaluation
	Labels     bool // link to the labelling
}

// view is what one page shows.
type view struct {
	kind  string // the template
	title [2]string
	data  any
	forms bool // it posts to where it is from
}

// New chooses the pages of a report.
func New(r *Run, o Options) *Site {
	s := &Site{run: r, views: make(map[string]func(*cluster.Maker) view), link: make(map[[2]int]int), pairs: make(map[[2]int]bool), maps: make(map[int]bool),
		groups: make(map[int]bool), told: make(map[int]bool), needed: make(map[string]bool), labels: o.Labels, eval: o.Evaluation != nil}
	s.maker.Stemmer = o.Stemmer
	for i, l := range r.Links {
		s.link[s.key(l.A, l.B)] = i
	}
	s.facts = r.storyFacts()
	s.reused = r.reusedTexts()
	s.choose(o.Details)
	s.index()
	for _, id := range o.Also {
		s.needed[id] = true
	}
	s.add("index.html", s.overview)
	s.add("run.html", s.manifest)
	s.add("copies.html", s.copies)
	s.add("stories.html", s.storiesBySize)
	s.add("doubt.html", s.storiesByDoubt)
	s.add("texts.html", s.textList)
	s.add("maps.html", s.mapList)
	s.add("rejects.html", s.rejects)
	if o.Evaluation != nil {
		s.add("evaluation.html", func(*cluster.Maker) view { return s.evaluation(o.Evaluation) })
	}
	for _, h := range s.histograms() {
		for n := range h.bins {
			if h.bins[n].N > 0 {
				s.add(h.path(n), func(*cluster.Maker) view { return s.binList(h, n) })
			}
		}
	}
	for _, g := range sortedKeys(s.groups) {
		s.add(s.groupPath(g), func(*cluster.Maker) view { return s.groupPage(g) })
	}
	for _, n := range sortedKeys(s.told) {
		s.add(s.storyPath(n), func(*cluster.Maker) view { return s.storyPage(n) })
	}
	for _, i := range sortedKeys(s.maps) {
		s.add(s.mapPath(i), func(m *cluster.Maker) view { return s.mapPage(i, m) })
	}
	pairs := make([][2]int, 0, len(s.pairs))
	for p := range s.pairs {
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(p, q [2]int) int { return slices.Compare(p[:], q[:]) })
	for _, p := range pairs {
		s.add(s.pairPath(p[0], p[1]), func(m *cluster.Maker) view { return s.pairPage(p[0], p[1], m) })
	}
	for n := range s.reused[:min(len(s.reused), MaxRows)] {
		s.add(s.reusedPath(n), func(*cluster.Maker) view { return s.reusedPage(n) })
	}
	return s
}

func sortedKeys(of map[int]bool) []int {
	out := make([]int, 0, len(of))
	for k := range of {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (s *Site) add(path string, v func(*cluster.Maker) view) {
	s.wanted = append(s.wanted, path)
	s.views[path] = v
}

// index finds the rows that pages of their own show.
func (s *Site) index() {
	s.passagesOf, s.linksOf, s.nearOf = make(map[int][]int), make(map[int][]int), make(map[[2]int]int)
	of := func(to map[int][]int, n int, ids ...string) {
		for _, id := range ids {
			if i, ok := s.run.at[id]; ok && s.maps[i] {
				to[i] = append(to[i], n)
			}
		}
	}
	for n, p := range s.run.Passages {
		of(s.passagesOf, n, p.A, p.B)
	}
	for n, l := range s.run.Links {
		of(s.linksOf, n, l.A, l.B)
	}
	for n, x := range s.run.Near {
		if k := s.key(x.A, x.B); s.pairs[k] {
			s.nearOf[k] = n
		}
	}
}

// Needs says whether the text of a page is shown somewhere.
func (s *Site) Needs(id string) bool { return s.needed[id] }

// SetTexts gives the texts that were found of those that are needed. why says, in English, what is
// wrong if some are missing.
func (s *Site) SetTexts(texts map[string]*article.Page, why string) { s.texts, s.reason = texts, why }

// slug is a file's name for an ID, which may hold anything.
func slug(ids ...string) string {
	h := xxh3.New()
	for _, id := range ids {
		_, _ = fmt.Fprintf(h, "%d:%s", len(id), id) // a hash takes everything
	}
	sum := h.Sum128().Bytes()
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
}

func (s *Site) key(a, b string) [2]int {
	i, j := s.run.at[a], s.run.at[b]
	return [2]int{min(i, j), max(i, j)}
}

func (s *Site) mapPath(i int) string   { return "page/" + slug(s.run.Pages[i].ID) + ".html" }
func (s *Site) groupPath(g int) string { return "group/" + slug(s.run.groups[g].id) + ".html" }
func (s *Site) storyPath(n int) string { return "story/" + slug(s.run.Stories[n].Story) + ".html" }
func (s *Site) pairPath(i, j int) string {
	return "pair/" + slug(s.run.Pages[min(i, j)].ID, s.run.Pages[max(i, j)].ID) + ".html"
}
func (s *Site) reusedPath(n int) string { return "text/" + slug(s.reused[n].key) + ".html" }

// choose marks what gets a page of its own: of pairs the nearest of every bin of every histogram in
// turn, of groups the largest, of stories the largest and the most doubtful.
func (s *Site) choose(details int) {
	r := s.run
	pair := func(a, b string, most int) {
		if a == "" || b == "" || len(s.pairs) >= most {
			return
		}
		k := s.key(a, b)
		s.pairs[k] = true
		s.mapOf(k[0])
		s.mapOf(k[1])
	}
	for round := range MaxRows {
		found := false
		for _, h := range s.histograms() {
			if h.pairs == nil {
				continue
			}
			for n := range h.bins {
				if round < len(h.bins[n].rows) {
					found = true
					a, b := h.pairs(h.bins[n].rows[round])
					pair(a, b, details)
				}
			}
		}
		if !found || len(s.pairs) >= details {
			break
		}
	}
	n := 0
	for _, p := range r.Passages {
		if p.Cut && p.B != "" && n < details/2 {
			n++
			pair(p.A, p.B, details+details/2)
		}
	}
	for _, g := range r.groupsBySize() {
		if len(s.groups) >= details || len(r.groups[g].pages) == 1 {
			break
		}
		s.groups[g] = true
		if len(s.maps) < 3*details {
			s.mapOf(r.groups[g].original)
		}
	}
	for _, order := range [][]int{s.byDoubt(), s.bySize()} {
		most := len(s.told) + details/2
		for _, n := range order {
			if len(s.told) >= most {
				break
			}
			s.told[n] = true
			for _, id := range r.Stories[n].Pages {
				if len(s.maps) < 3*details {
					s.mapOf(r.at[id])
				}
			}
		}
	}
	for _, i := range r.byForeign() {
		if len(s.maps) >= 3*details+details/2 {
			break
		}
		s.mapOf(i)
	}
}

func (s *Site) mapOf(i int) {
	s.maps[i] = true
	s.needed[s.run.Pages[i].ID] = true
}

// groupsBySize returns the copy groups, the largest first.
func (r *Run) groupsBySize() []int {
	out := make([]int, len(r.groups))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(i, j int) int { return cmp.Compare(len(r.groups[j].pages), len(r.groups[i].pages)) })
	return out
}

// byForeign returns the pages with something foreign, those with the most first.
func (r *Run) byForeign() []int {
	var out []int
	bytes := make([]int64, len(r.Pages))
	for i := range r.Pages {
		if bytes[i] = foreignBytes(&r.Pages[i]); bytes[i] > 0 {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(i, j int) int { return cmp.Compare(bytes[j], bytes[i]) })
	return out
}

// ref is a page in a list.
type ref struct {
	ID, Title, Source, Date string
	Role                    string
	URL                     string // of its map; empty if it has none
}

func (s *Site) ref(i int) ref {
	p := &s.run.Pages[i]
	out := ref{ID: p.ID, Title: p.Title, Source: p.Source, Date: date(p.DateUsed), Role: p.Role}
	if s.maps[i] {
		out.URL = s.mapPath(i)
	}
	return out
}

// date is a time as lists show it, to the minute.
func date(at *string) string {
	if at == nil {
		return ""
	}
	day, clock, ok := strings.Cut(*at, "T")
	if !ok || len(clock) < len("15:04") || clock[:len("15:04")] == "00:00" { // midnight is a day alone
		return day
	}
	return day + " " + clock[:len("15:04")]
}

// part says how much of a list is shown.
type part struct {
	Shown, Total int
	Why          [2]string // of the order, if some are not shown
}

func cut(total, most int, en, ar string) part {
	return part{min(total, most), total, [2]string{en, ar}}
}

// pairRow is a pair in a list.
type pairRow struct {
	A, B        ref
	Kind, Via   string
	J, CA, CB   float64
	Cosine, W   float64
	Near        bool // a pair of near stories, with Cosine and W
	SameStory   bool
	URL         string
	StoryA, StB string
}

func (s *Site) linkRow(l *publish.Link) pairRow {
	i, j := s.run.at[l.A], s.run.at[l.B]
	return pairRow{A: s.ref(i), B: s.ref(j), Kind: l.Kind, Via: l.Via, J: l.Jaccard, CA: l.ContainmentA, CB: l.ContainmentB, URL: s.pairURL(i, j)}
}

func (s *Site) nearRow(n *publish.Near) pairRow {
	i, j := s.run.at[n.A], s.run.at[n.B]
	a, b := s.run.story[s.run.Pages[i].Story], s.run.story[s.run.Pages[j].Story]
	return pairRow{A: s.ref(i), B: s.ref(j), Near: true, Cosine: n.Cosine, W: n.Weight, SameStory: a == b, URL: s.pairURL(i, j), StoryA: s.storyURL(a), StB: s.storyURL(b)}
}

func (s *Site) pairURL(i, j int) string {
	if s.pairs[[2]int{min(i, j), max(i, j)}] {
		return s.pairPath(i, j)
	}
	return ""
}

func (s *Site) storyURL(n int) string {
	if s.told[n] {
		return s.storyPath(n)
	}
	return ""
}

func (s *Site) groupURL(g int) string {
	if s.groups[g] {
		return s.groupPath(g)
	}
	return ""
}
