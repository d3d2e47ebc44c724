package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"sada/cluster"
	"sada/cluster/identity"
	"sada/cluster/story"
	"sada/cmd/internal/publish"
	"sada/features/arabic"
	"sada/features/tfidf"
)

// described is what is told of stories.
type described struct {
	assigned  beam.PCollection // by page: assigned
	told      beam.PCollection // by story: tale
	suggested beam.PCollection // by story: suggestion
	labels    beam.PCollection // by term: the stories that it labels
	rows      beam.PCollection // changes
}

// sight is another copy group, linked with one, as that one sees it.
type sight struct {
	Story, Size int64 // of the other
	Sum         int64 // of weights
}

// member is a copy group in its story.
type storyMember struct {
	Number int64
	Group  copyGroup
	Own    float64
	Inside int64 // sum of the weights of its links within
	Solo   []tfidf.Term
}

// standing is how the pages of a copy group fit into their story.
type standing struct {
	Pages              []int64
	Confidence, Margin float64
}

// tale is a story without labels and suggestions.
type tale struct {
	ID                string
	Pages, CopyGroups []string
	First, Last       time.Time
	Outlets           []string
	Headline          string
	Density           float64
}

// between is what two stories have to do with each other.
type between struct {
	Sum, Most    int64 // of the weights of their links
	Pairs        int64 // of copy groups
	Never, Found bool
}

// suggestion is a story that may be the same as another.
type suggestion struct {
	Story      int64
	ID         string
	Similarity float64
}

// label is a term of a story, by its weight there.
type label struct {
	Story int64
	Place int
	Term  tfidf.Term
	Form  string
}

type (
	firstStory  struct{}
	secondStory struct{} // what the ends of a link see of each other
	fit         struct{} // how a copy group fits into its story
	suggest     struct { // stories that were nearly one
		O sealed
		s settings
	}
	tellStory  struct{} // a story and its ID
	nameStory  struct{} // tells its ID those who need it
	assign     struct{} // the story of a page
	storyWords struct{} // words of a copy group, on the key of its story
	storyDoc   struct{} // words of a story
	labels     struct { // terms that tell a story from others
		O     sealed
		heavy held[map[int64]int64]
		table *tfidf.Table
	}
	spellings struct { // how terms are spelled in titles
		Stemmer string
		of      *cluster.Spellings
	}
	termRow  struct{} // the spelling of a term that counts, and its row
	storyRow struct{ PerShard int }
)

func init() {
	beam.RegisterType(reflect.TypeFor[firstStory]())
	beam.RegisterType(reflect.TypeFor[secondStory]())
	beam.RegisterType(reflect.TypeFor[fit]())
	beam.RegisterType(reflect.TypeFor[suggest]())
	beam.RegisterType(reflect.TypeFor[tellStory]())
	beam.RegisterType(reflect.TypeFor[nameStory]())
	beam.RegisterType(reflect.TypeFor[assign]())
	beam.RegisterType(reflect.TypeFor[storyWords]())
	beam.RegisterType(reflect.TypeFor[storyDoc]())
	beam.RegisterType(reflect.TypeFor[labels]())
	beam.RegisterType(reflect.TypeFor[spellings]())
	beam.RegisterType(reflect.TypeFor[termRow]())
	beam.RegisterType(reflect.TypeFor[storyRow]())
	register.Function2x1(addBetween)
}

// describeStories tells everything of stories but how terms are spelled.
func describeStories(s beam.Scope, groups, solo, words beam.PCollection, of parted, known []beam.Option, o Options) described {
	half := beam.ParDo(s, &firstStory{}, join(s, "firstStory", of.links, of.stories))
	seen, pairs := beam.ParDo2(s, &secondStory{}, join(s, "secondStory", half, of.stories))
	members, standings, rivals := beam.ParDo3(s, &fit{}, join(s, "fit", groups, of.stories, seen, solo))
	others := beam.ParDo(s, &suggest{O: seal(o)}, beam.CombinePerKey(s, addBetween, pairs), known...)

	told, ids, own, changes, alone := beam.ParDo5(s, &tellStory{}, join(s, "tellStory", members))
	rival, suggested := beam.ParDo2(s, &nameStory{}, join(s, "nameStory", ids, rivals, others))
	assigned := beam.ParDo(s, &assign{}, join(s, "assign", standings, own, rival))

	docs := beam.ParDo(s, &storyDoc{}, join(s, "storyDoc", beam.ParDo(s, &storyWords{}, join(s, "storyWords", words, of.stories))))
	terms := frequencies(s.Scope("labels"), docs, o)
	labelled := beam.ParDo(s, &labels{O: seal(o)}, terms.docs, beam.SideInput{Input: terms.heavy})
	return described{assigned, told, suggested, beam.Flatten(s, alone, labelled), changes}
}

func (*firstStory) ProcessElement(number int64, ties, stories func(*[]byte) bool, emit func(int64, []byte)) {
	p := placeOf(number, stories)
	for b := []byte(nil); ties(&b); b = nil {
		t := unpack[tie](b)
		t.Story, t.Size = p.Story, p.Size
		emit(t.B, pack(t))
	}
}

func (*secondStory) ProcessElement(number int64, ties, stories func(*[]byte) bool, seen, pairs func(int64, []byte)) {
	p := placeOf(number, stories)
	for b := []byte(nil); ties(&b); b = nil {
		t := unpack[tie](b)
		sum := story.Fixed(t.Weight)
		if !t.Barred {
			seen(t.A, pack(sight{p.Story, p.Size, sum}))
			seen(t.B, pack(sight{t.Story, t.Size, sum}))
		}
		if p.Story != t.Story {
			pairs(both(uint32(min(p.Story, t.Story)), uint32(max(p.Story, t.Story))),
				pack(between{Sum: sum, Most: sum, Pairs: p.Size * t.Size, Never: t.Barred, Found: !t.Barred}))
		}
	}
}

func addBetween(a, b []byte) []byte {
	x, y := unpack[between](a), unpack[between](b)
	return pack(between{x.Sum + y.Sum, max(x.Most, y.Most), x.Pairs, x.Never || y.Never, x.Found || y.Found})
}

func (*fit) ProcessElement(number int64, groups, stories, seen, solo func(*[]byte) bool, members, standings, rivals func(int64, []byte)) {
	g, ok := one[copyGroup](groups)
	if !ok {
		return
	}
	own := placeOf(number, stories)
	sums := make(map[int64]sight)
	for b := []byte(nil); seen(&b); b = nil {
		s := unpack[sight](b)
		s.Sum += sums[s.Story].Sum
		sums[s.Story] = s
	}
	inside := sums[own.Story].Sum
	f := story.NewFit(story.Mean(inside, own.Size-1))
	delete(sums, own.Story)
	others := slices.Sorted(maps.Keys(sums))
	for i, n := range others {
		f.See(int32(i), story.Mean(sums[n].Sum, sums[n].Size))
	}
	m := storyMember{Number: number, Group: g, Own: f.Own, Inside: inside}
	at := standing{Confidence: f.Own}
	if own.Size == 1 {
		at.Confidence = 1
		m.Solo, _ = one[[]tfidf.Term](solo)
	}
	at.Margin = at.Confidence - f.Other
	for _, p := range g.Pages {
		at.Pages = append(at.Pages, p.Number)
	}
	members(own.Story, pack(m))
	standings(number, pack(at))
	if f.Rival >= 0 {
		rivals(others[f.Rival], pack(number))
	}
}

func (x *suggest) ProcessElement(pair int64, b []byte, census, level string, emit func(int64, []byte)) {
	x.s.take(x.O, census, level)
	v := unpack[between](b)
	least := x.s.o.Cluster.Suggest * x.s.story.Threshold
	mean := story.Mean(v.Sum, v.Pairs)
	if v.Never || !v.Found || !story.Reaches(v.Most, least) || mean < least {
		return
	}
	first, second := apart(pair)
	emit(int64(first), pack(suggestion{Story: int64(second), Similarity: mean}))
	emit(int64(second), pack(suggestion{Story: int64(first), Similarity: mean}))
}

// ProcessElement has all copy groups of a story, and the IDs of their pages, as its row has.
func (*tellStory) ProcessElement(number int64, values func(*[]byte) bool, told, ids, own func(int64, []byte), changes func(string, []byte), alone func(int64, []byte)) error {
	members := all[storyMember](values)
	slices.SortFunc(members, func(a, b storyMember) int { return cmp.Compare(a.Number, b.Number) })
	nodes, fits := make([]story.Node, len(members)), make([]story.Fit, len(members))
	of := story.Story{}
	inside := int64(0)
	var t tale
	var pages []groupPage
	for i, m := range members {
		nodes[i], fits[i] = story.Node{Time: m.Group.Time, Dated: m.Group.Dated}, story.Fit{Own: m.Own}
		of.Members = append(of.Members, int32(i))
		inside += m.Inside
		pages = append(pages, m.Group.Pages...)
		t.CopyGroups = append(t.CopyGroups, m.Group.ID)
	}
	of.Survey(nodes, fits, inside)
	t.Headline, t.Density = members[of.Medoid].Group.Title, of.Density
	slices.SortFunc(pages, func(a, b groupPage) int { return cmp.Compare(a.Number, b.Number) })
	for _, p := range pages { // canonical order: those with a date come first, in time
		t.Pages, t.Outlets = append(t.Pages, p.ID), append(t.Outlets, p.Source)
		if !p.Date.IsZero() {
			if t.First.IsZero() {
				t.First = p.Date
			}
			t.Last = p.Date
		}
	}
	slices.Sort(t.Outlets)
	t.Outlets = slices.Compact(t.Outlets)
	id, born, err := mint(identity.Story, t.Pages)
	if err != nil {
		return err
	}
	t.ID = id
	told(number, pack(t))
	ids(number, []byte(id))
	for _, m := range members {
		own(m.Number, []byte(id))
	}
	changes(born.shard("story"), newRow("1"+id, born.row("story")))
	for i, term := range members[0].Solo {
		alone(int64(term), pack(label{Story: number, Place: i}))
	}
	return nil
}

func (*nameStory) ProcessElement(number int64, ids, rivals, others func(*[]byte) bool, rival, suggested func(int64, []byte)) {
	var id []byte
	if !ids(&id) {
		return
	}
	for b := []byte(nil); rivals(&b); b = nil {
		rival(unpack[int64](b), id)
	}
	for b := []byte(nil); others(&b); b = nil {
		s := unpack[suggestion](b)
		suggested(s.Story, pack(suggestion{number, string(id), s.Similarity}))
	}
}

func (*assign) ProcessElement(_ int64, standings, own, rival func(*[]byte) bool, emit func(int64, []byte)) {
	at, ok := one[standing](standings)
	var id, next []byte
	if !ok || !own(&id) {
		return
	}
	rival(&next)
	b := pack(assigned{string(id), string(next), at.Confidence, at.Margin})
	for _, page := range at.Pages {
		emit(page, b)
	}
}

func (*storyWords) ProcessElement(_ int64, words, stories func(*[]byte) bool, emit func(int64, []byte)) {
	d, ok := one[doc](words)
	var b []byte
	if ok && stories(&b) {
		emit(unpackPlaced(b).Story, pack(d.Terms))
	}
}

func (*storyDoc) ProcessElement(number int64, values func(*[]byte) bool, emit func(int64, []byte)) {
	emit(number, pack(doc{Terms: tfidf.Fold(slices.Concat(all[[]tfidf.Count](values)...))}))
}

func (l *labels) ProcessElement(number int64, b []byte, heavy string, emit func(int64, []byte)) {
	table := l.heavy.get(heavy, numbers)
	l.table = ofDocs(l.table, table[everyDoc])
	c := unpack[counted](b)
	df := c.frequency(table)
	v := l.table.AmongBy(c.Doc.Terms, func(i int) int { return df(c.Doc.Terms[i].Term) })
	for i, t := range v.Top(l.O.open().Cluster.Labels) {
		emit(int64(t.Term), pack(label{Story: number, Place: i}))
	}
}

// spelling is how often a term is spelled so.
type spelling struct {
	Form string
	N    int
}

// StartBundle makes the counts of the bundle.
func (s *spellings) StartBundle(func(int64, []byte)) error {
	stemmer, err := arabic.ParseStemmer(s.Stemmer)
	s.of = cluster.NewSpellings(stemmer)
	return err
}

// ProcessElement counts in memory: what many titles have is short before it is sent.
func (s *spellings) ProcessElement(_ int64, b []byte, _ func(int64, []byte)) {
	s.of.Add([]*cluster.Page{{Title: unpack[outline](b).Title}}, 1)
}

// FinishBundle sends the counts.
func (s *spellings) FinishBundle(emit func(int64, []byte)) {
	for one := range s.of.All() {
		emit(int64(one.Term), pack(spelling{one.Form, one.N}))
	}
}

func (*termRow) ProcessElement(term int64, counts, spelled, asked func(*[]byte) bool, named func(int64, []byte), rows func(string, []byte)) {
	forms := make(map[string]int)
	for b := []byte(nil); spelled(&b); b = nil {
		s := unpack[spelling](b)
		forms[s.Form] += s.N
	}
	best := ""
	for form, n := range forms {
		if best == "" || n > forms[best] || n == forms[best] && form < best {
			best = form
		}
	}
	var b []byte
	if counts(&b) {
		row := publish.Term{Term: uint64(term), Docs: entry{Value: b}.uvarint(), Surface: best}
		rows(fmt.Sprintf("terms-%02x", uint64(term)>>56), newRow(order(term), row))
	}
	for b := []byte(nil); asked(&b); b = nil {
		l := unpack[label](b)
		l.Term, l.Form = tfidf.Term(term), best
		named(l.Story, pack(l))
	}
}

func (r *storyRow) ProcessElement(number int64, told, suggested, named func(*[]byte) bool, rows func(string, []byte)) {
	t, ok := one[tale](told)
	if !ok {
		return
	}
	others, words := all[suggestion](suggested), all[label](named)
	slices.SortFunc(others, func(a, b suggestion) int {
		return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Story, b.Story))
	})
	slices.SortFunc(words, func(a, b label) int { return cmp.Compare(a.Place, b.Place) })

	// A result of one story.
	s := cluster.Story{First: t.First, Last: t.Last, Sources: len(t.Outlets), Outlets: t.Outlets, Headline: len(t.Pages), Density: t.Density}
	res, groups, stories := cluster.Result{}, identity.State{}, identity.State{Groups: []identity.Group{{ID: t.ID}}}
	for i, id := range t.Pages {
		s.Pages, res.Pages = append(s.Pages, i), append(res.Pages, &cluster.Page{ID: id})
	}
	res.Pages = append(res.Pages, &cluster.Page{Title: t.Headline})
	for i, id := range t.CopyGroups {
		s.Groups, groups.Groups = append(s.Groups, i), append(groups.Groups, identity.Group{ID: id})
	}
	for i, other := range others {
		s.Suggested = append(s.Suggested, cluster.Suggestion{Story: 1 + i, Similarity: other.Similarity})
		stories.Groups = append(stories.Groups, identity.Group{ID: other.ID})
	}
	surfaces := make(map[tfidf.Term]string)
	for _, w := range words {
		s.Labels = append(s.Labels, w.Term)
		surfaces[w.Term] = w.Form
	}
	res.Stories = []cluster.Story{s}
	rows(shard("stories", number, r.PerShard), newRow(order(number), publish.NewStory(&res, 0, &stories, &groups, surfaces)))
}
