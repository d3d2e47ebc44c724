package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"

	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/simple"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/cluster/lsh"
	"sada/cluster/story"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/features/article"
	"sada/features/shingle"
	"sada/features/tfidf"
)

type explainCmd struct {
	ID  []string `arg:"" help:"One page or two."`
	Dir string   `help:"Folder of the run (default ${default})." default:"out" placeholder:"DIR" name:"run" type:"path"`
}

func (c *explainCmd) Help() string {
	return `Reads the run's results and, for two pages, the inputs it was made from, and measures the pair again:

  sada explain p001 p002 --run out

In the folder of a night, of pages that an earlier night read it tells what the folder has: links, passages, the story.`
}

func text(s *string) string {
	if s == nil {
		return "unknown"
	}
	return *s
}

// Run is the verb.
func (c *explainCmd) Run(p *program) error {
	var b strings.Builder
	var err error
	switch len(c.ID) {
	case 1:
		err = c.one(&b, c.ID[0])
	case 2:
		err = c.two(p, &b, c.ID[0], c.ID[1])
	default:
		err = exit.Misuse("sada explain ID tells of a page, sada explain ID ID of two", "explain takes one page or two, not %d", len(c.ID))
	}
	if err != nil {
		return err
	}
	return show(p.stdout, b.String())
}

// maxRows is how many rows of one table are shown; the number of all is always said.
const maxRows = 12

func (c *explainCmd) one(b *strings.Builder, id string) error {
	f, err := openRun(c.Dir, id)
	if err != nil {
		return err
	}
	row := f.rows[id]
	if err := f.find(func(p *publish.Page) bool { return p.CopyGroup == row.CopyGroup }); err != nil {
		return err
	}
	describe(b, row)
	var group []*publish.Page
	for _, other := range f.rows {
		group = append(group, other)
	}
	slices.SortFunc(group, func(p, q *publish.Page) int {
		return cmp.Or(cmp.Compare(text(p.DateUsed), text(q.DateUsed)), cmp.Compare(p.ID, q.ID))
	})
	fmt.Fprintf(b, "\ncopy group %s: %d pages\n", row.CopyGroup, len(group))
	for _, p := range group[:min(len(group), maxRows)] {
		fmt.Fprintf(b, "  %-8s %s  %s  %s\n", p.Role, p.ID, text(p.DateUsed), p.Source)
	}
	links, err := collect(f.dir, "links", func(l *publish.Link) bool { return l.A == id || l.B == id })
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\nlinks: %d\n", len(links))
	for _, l := range links[:min(len(links), maxRows)] {
		other, own, others := l.B, l.ContainmentA, l.ContainmentB
		if l.B == id {
			other, own, others = l.A, l.ContainmentB, l.ContainmentA
		}
		fmt.Fprintf(b, "  %-8s with %s  Jaccard %.2f, contained %.2f in it and %.2f of it, by %s\n", l.Kind, other, l.Jaccard, own, others, l.Via)
	}
	shared, err := collect(f.dir, "passages", func(p *publish.Passage) bool { return p.A == id || p.B == id })
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\npassages: %d\n", len(shared))
	for _, s := range shared[:min(len(shared), maxRows)] {
		passageLine(b, &s)
	}
	stories, err := collect(f.dir, "stories", func(s *publish.Story) bool { return s.Story == row.Story })
	if err != nil {
		return err
	}
	for _, s := range stories {
		fmt.Fprintf(b, "\nstory %s: %d pages of %d sources in %d wordings, %s to %s, density %.2f\n  %s\n  about: %s\n  this page fits with confidence %.2f\n",
			s.Story, len(s.Pages), s.Sources, len(s.CopyGroups), text(s.First), text(s.Last), s.Density, headline(s.Headline), strings.Join(s.Label, "، "), row.Confidence)
		for _, id := range s.Pages[:min(len(s.Pages), maxRows)] {
			fmt.Fprintf(b, "  %s\n", id)
		}
	}
	return nil
}

func collect[T any](dir, table string, wanted func(*T) bool) ([]T, error) {
	var out []T
	for row, err := range publish.Read[T](dir, table) {
		if err != nil {
			return nil, err
		}
		if wanted(&row) {
			out = append(out, row)
		}
	}
	return out, nil
}

func describe(b *strings.Builder, row *publish.Page) {
	own := int64(0)
	for _, p := range row.Parts {
		if p.Kind == article.Main.String() {
			own += p.To - p.From
		}
	}
	all := int64(0)
	if n := len(row.Parts); n > 0 {
		all = row.Parts[n-1].To
	}
	fmt.Fprintf(b, "%s  %s\n  source %s, date %s", row.ID, headline(row.Title), cmp.Or(row.Source, "unknown"), text(row.DateUsed))
	if row.DateFrom != "" {
		fmt.Fprintf(b, " (from the %s)", row.DateFrom)
	}
	if len(row.Credits) > 0 {
		fmt.Fprintf(b, ", credits %s", strings.Join(row.Credits, "، "))
	}
	fmt.Fprintf(b, "\n  %d of %d bytes are its own text; %s of its copy group\n", own, all, row.Role)
}

func passageLine(b *strings.Builder, s *publish.Passage) {
	verb := "linked"
	if s.Cut {
		verb = "cut"
	}
	where := ""
	if s.B != "" {
		where = fmt.Sprintf(" with %s bytes %d-%d", s.B, s.FromB, s.ToB)
	} else if s.Segment != "" {
		where = " segment " + s.Segment
	}
	fmt.Fprintf(b, "  %-11s %s bytes %d-%d%s  identity %.2f  %s, confidence %.2f: %s\n", s.Kind, s.A, s.FromA, s.ToA, where, s.Identity, verb, s.Confidence, strings.Join(s.Reasons, "; "))
}

func (c *explainCmd) two(p *program, b *strings.Builder, idA, idB string) error {
	if idA == idB {
		return exit.Misuse("sada explain ID tells of one page", "the two pages are the same")
	}
	f, err := openRun(c.Dir, idA, idB)
	if err != nil {
		return err
	}
	rowA, rowB := f.rows[idA], f.rows[idB]
	// A night has pages that earlier ones read: of those the folder tells what it has.
	missing := f.read(p)
	if missing != nil && (f.manifest.Generation == 0 || p.ctx.Err() != nil) {
		return missing
	}
	sameStory := rowA.Story == rowB.Story
	if sameStory && rowA.CopyGroup != rowB.CopyGroup { // the path goes over the originals of the story
		if err := f.find(func(r *publish.Page) bool {
			return r.ID == idA || r.ID == idB || r.Story == rowA.Story && r.Role != publish.RoleCopy
		}); err != nil {
			return err
		}
	}
	describe(b, rowA)
	describe(b, rowB)
	links, err := collect(f.dir, "links", func(l *publish.Link) bool { return l.A == idA && l.B == idB || l.A == idB && l.B == idA })
	if err != nil {
		return err
	}
	switch {
	case rowA.CopyGroup == rowB.CopyGroup:
		fmt.Fprintf(b, "\nThey are copies of one text: group %s.\n", rowA.CopyGroup)
	case len(links) > 0 && links[0].Kind == string(copies.Template):
		b.WriteString("\nThey fill the same frame on two occasions: a template, not copies.\n")
	case len(links) > 0 && links[0].Kind == string(copies.Contains):
		b.WriteString("\nOne holds the text of the other; they are not copies.\n")
	default:
		b.WriteString("\nThey are not copies.\n")
	}
	if sameStory {
		fmt.Fprintf(b, "They tell the same story: %s.\n", rowA.Story)
	} else {
		b.WriteString("They do not tell the same story.\n")
	}
	for _, l := range links {
		fmt.Fprintf(b, "The run has the link %s, proposed by %s.\n", l.Kind, l.Via)
		if missing != nil {
			own, others := l.ContainmentA, l.ContainmentB
			if l.A != idA {
				own, others = others, own
			}
			fmt.Fprintf(b, "  Jaccard %.4f, %.4f of the first in the second, %.4f of the second in the first\n", l.Jaccard, own, others)
		}
	}
	if missing != nil {
		fmt.Fprintf(b, "\nTexts: not measured: %v\n  (%s)\n", missing, f.hint())
	} else {
		if err := f.compareTexts(b, rowA, rowB); err != nil {
			return err
		}
		if rowA.CopyGroup == rowB.CopyGroup {
			f.compareVersions(b, rowA, rowB)
		}
	}
	shared, err := collect(f.dir, "passages", func(s *publish.Passage) bool { return s.A == idA && s.B == idB || s.A == idB && s.B == idA })
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\nPassages between them: %d\n", len(shared))
	for _, s := range shared[:min(len(shared), maxRows)] {
		passageLine(b, &s)
	}
	if missing == nil {
		if err := f.compareStories(b, rowA, rowB); err != nil {
			return err
		}
	}
	if !sameStory || rowA.CopyGroup == rowB.CopyGroup {
		return nil
	}
	return f.storyPath(b, rowA, rowB)
}

// compareTexts measures the main texts of two pages as the run did.
func (f *finished) compareTexts(b *strings.Builder, rowA, rowB *publish.Page) error {
	wordsA, atA := f.pages[rowA.ID].MainWords(rowA.ArticleParts())
	wordsB, atB := f.pages[rowB.ID].MainWords(rowB.ArticleParts())
	gramsA, gramsB := shingle.Grams(nil, wordsA, copies.ShingleWords), shingle.Grams(nil, wordsB, copies.ShingleWords)
	setA, setB := shingle.Set(slices.Clone(gramsA)), shingle.Set(slices.Clone(gramsB))
	both := shingle.Overlap(setA, setB)
	fmt.Fprintf(b, "\nTexts: %d and %d words, %d and %d different %d-word shingles, %d in common\n", len(wordsA), len(wordsB), len(setA), len(setB), copies.ShingleWords, both)
	fmt.Fprintf(b, "  Jaccard %.4f, %.4f of the first in the second, %.4f of the second in the first\n",
		shingle.Jaccard(both, len(setA), len(setB)), float64(both)/float64(max(len(setA), 1)), float64(both)/float64(max(len(setB), 1)))

	sketcher, shape, err := f.sketcher()
	if err != nil {
		return err
	}
	signA, okA := sketcher.Sign(nil, setA)
	signB, okB := sketcher.Sign(nil, setB)
	if okA && okB {
		hit := 0
		for i := range shape.Bands {
			if slices.Equal(signA[i*shape.Rows:(i+1)*shape.Rows], signB[i*shape.Rows:(i+1)*shape.Rows]) {
				hit++
			}
		}
		estimate, _ := shingle.Estimate(signA, signB) // both are of one signer
		fmt.Fprintf(b, "  Signatures: estimated Jaccard %.2f; %d of %d bands of %d rows are equal, one would do\n", estimate, hit, shape.Bands, shape.Rows)
	}
	textA, textB := f.articles[rowA.ID].Text, f.articles[rowB.ID].Text
	quote(b, "  in both:         ", textA, runs(gramsA, setB, atA, true))
	quote(b, "  only in the first: ", textA, runs(gramsA, setB, atA, false))
	quote(b, "  only in the second: ", textB, runs(gramsB, setA, atB, false))
	return nil
}

// sketcher makes the signatures that the run made, of the shape that it had. Runs before there was a
// choice have those of the reference.
func (f *finished) sketcher() (shingle.Sketcher, lsh.Params, error) {
	shape := lsh.Params{Bands: f.manifest.LSH.Bands, Rows: f.manifest.LSH.Rows}
	s, err := cmp.Or(shingle.Sketch(f.options.Sketch), shingle.MinHash).New(shape.Bands, shape.Rows)
	return s, shape, err
}

// compareVersions says, of two copies, who carried the text first and what the other changed.
func (f *finished) compareVersions(b *strings.Builder, rowA, rowB *publish.Page) {
	order, why := cluster.Direction(f.pages[rowA.ID], f.pages[rowB.ID], rowA.ArticleParts(), rowB.ArticleParts())
	first, second := rowA, rowB
	if order > 0 {
		first, second = rowB, rowA
	}
	if order == 0 {
		fmt.Fprintf(b, "\nNothing tells who carried the text first. Against %s, %s:\n", first.ID, second.ID)
	} else {
		fmt.Fprintf(b, "\nIt was first on %s: %s. Against it, %s:\n", first.ID, why, second.ID)
	}
	wordsA, atA := f.pages[first.ID].MainWords(first.ArticleParts())
	wordsB, atB := f.pages[second.ID].MainWords(second.ArticleParts())
	textA, textB := f.articles[first.ID].Text, f.articles[second.ID].Text
	before := copies.Sentences(wordsA, wordsB, copies.SentenceEnds(textA, atA))
	after := copies.Sentences(wordsB, wordsA, copies.SentenceEnds(textB, atB))
	count := func(of []copies.Sentence, fate copies.Fate) (n int) {
		for _, s := range of {
			if s.Fate == fate {
				n++
			}
		}
		return n
	}
	fmt.Fprintf(b, "  %d sentences kept, %d edited, %d added; %d dropped\n", count(after, copies.Kept), count(after, copies.Edited), count(after, copies.Gone), count(before, copies.Gone))
	list := func(label, text string, of []copies.Sentence, at []shingle.Span, fate copies.Fate) {
		shown := 0
		for _, s := range of {
			if s.Fate == fate && shown < shownRuns {
				fmt.Fprintf(b, "  %s %s\n", label, excerpt(text[at[s.From].From:at[s.To-1].To], shownRunes))
				shown++
			}
		}
	}
	list("edited: ", textB, after, atB, copies.Edited)
	list("added:  ", textB, after, atB, copies.Gone)
	list("dropped:", textA, before, atA, copies.Gone)
}

// stretch is words [from, to) of a main text, as bytes.
type stretch struct{ words, from, to int }

// shownRuns and shownRunes bound what is quoted.
const (
	shownRuns  = 3
	shownRunes = 120
)

// runs returns the longest runs of shingles that are, or are not, in a set.
func runs(grams []uint64, set []uint64, at []shingle.Span, in bool) []stretch {
	var out []stretch
	for i := 0; i < len(grams); {
		j := i
		for j < len(grams) {
			if _, ok := slices.BinarySearch(set, grams[j]); ok != in {
				break
			}
			j++
		}
		if j > i {
			last := j - 1
			if in {
				last += copies.ShingleWords - 1
			}
			out = append(out, stretch{last + 1 - i, int(at[i].From), int(at[last].To)})
		}
		i = max(j, i+1)
	}
	slices.SortStableFunc(out, func(s, t stretch) int { return cmp.Compare(t.words, s.words) })
	return out[:min(len(out), shownRuns)]
}

func quote(b *strings.Builder, label, text string, runs []stretch) {
	for _, r := range runs {
		fmt.Fprintf(b, "%s%d words, bytes %d-%d: %s\n", label, r.words, r.from, r.to, excerpt(text[r.from:r.to], shownRunes))
	}
}

// excerpt is a text on one line, at most n runes of it.
func excerpt(s string, n int) string {
	out := make([]rune, 0, n)
	for _, r := range s {
		if r == '\n' {
			r = ' '
		}
		if len(out) == n {
			return string(out) + "…"
		}
		out = append(out, r)
	}
	return string(out)
}

// headline is a title as lists show it.
func headline(title string) string { return cmp.Or(excerpt(title, shownRunes), "(no title)") }

// show writes text with words of pages in it, without the characters that would steer the terminal or
// rearrange it: control characters, and those that override the direction.
func show(w io.Writer, s string) error {
	_, err := io.WriteString(w, strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s))
	return err
}

// shownTerms is how many terms of a cosine are listed.
const shownTerms = 10

// compareStories shows what made, or kept, two pages one story.
func (f *finished) compareStories(b *strings.Builder, rowA, rowB *publish.Page) error {
	options, err := f.options.options(runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	// A run may have chosen these by its corpus.
	options.Story.Threshold, options.Story.Floor = f.manifest.Thresholds["story"], f.manifest.Thresholds["story_floor"]
	table, surfaces, err := readTerms(f.dir, f.manifest)
	if err != nil {
		return err
	}
	vocabulary := options.Vocabulary
	vocabulary.Letters = int(f.manifest.Terms.Letters)
	node := func(id string) story.Node {
		p := f.pages[id]
		n := story.Node{Vector: table.Vector(p.Terms(f.rows[id].ArticleParts(), vocabulary)), Size: 1}
		if !p.Date.IsZero() {
			n.Time, n.Dated = p.Date.Unix(), true
		}
		return n
	}
	a, z := node(rowA.ID), node(rowB.ID)
	cosine := a.Vector.Dot(z.Vector)
	fmt.Fprintf(b, "\nStory terms: cosine %.3f", cosine)
	if a.Dated && z.Dated {
		days := math.Abs(float64(a.Time-z.Time)) / (24 * 3600)
		factor := math.Exp(-days * days / (2 * options.Story.Sigma * options.Story.Sigma))
		fmt.Fprintf(b, ", %.1f days apart: weight %.3f", days, cosine*factor)
		if days > options.Story.Horizon {
			fmt.Fprintf(b, ", beyond the horizon of %g days", options.Story.Horizon)
		}
	}
	fmt.Fprintf(b, "; a story needs a mean of %.2f\n", options.Story.Threshold)
	type product struct {
		term tfidf.Term
		of   float64
	}
	var products []product
	for i, t := range a.Vector.Terms {
		if j, ok := slices.BinarySearch(z.Vector.Terms, t); ok {
			products = append(products, product{t, float64(a.Vector.Weights[i]) * float64(z.Vector.Weights[j])})
		}
	}
	slices.SortFunc(products, func(p, q product) int { return cmp.Or(cmp.Compare(q.of, p.of), cmp.Compare(p.term, q.term)) })
	for _, p := range products[:min(len(products), shownTerms)] {
		fmt.Fprintf(b, "  %.3f  %s\n", p.of, cmp.Or(surfaces[p.term], "(in no title)"))
	}
	return nil
}

// storyPath prints the strongest way from one page's copy group to the other's over the links of their
// story: the one in the maximum spanning tree, whose weakest link is as strong as can be.
func (f *finished) storyPath(b *strings.Builder, rowA, rowB *publish.Page) error {
	var ids []string
	ends := map[string]int64{}
	for id, row := range f.rows {
		if row.Role != publish.RoleCopy {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for i, id := range ids {
		ends[f.rows[id].CopyGroup] = int64(i)
	}
	near, err := publish.ReadParquet[publish.Near](f.dir, "near")
	if err != nil {
		return err
	}
	g := simple.NewWeightedUndirectedGraph(0, math.Inf(1))
	for i := range ids {
		g.AddNode(simple.Node(i))
	}
	for _, l := range near {
		i, inA := slices.BinarySearch(ids, l.A)
		j, inB := slices.BinarySearch(ids, l.B)
		if inA && inB {
			g.SetWeightedEdge(simple.WeightedEdge{F: simple.Node(i), T: simple.Node(j), W: 1 - l.Weight})
		}
	}
	tree := simple.NewWeightedUndirectedGraph(0, math.Inf(1))
	path.Kruskal(tree, g)
	way, _ := path.DijkstraFrom(simple.Node(ends[rowA.CopyGroup]), tree).To(ends[rowB.CopyGroup])
	if len(way) == 0 {
		b.WriteString("\nNo links join them within the story; the mean over their groups does.\n")
		return nil
	}
	b.WriteString("\nThe way between them in the story:\n")
	for i, n := range way {
		row := f.rows[ids[n.ID()]]
		if i > 0 {
			e := tree.WeightedEdge(way[i-1].ID(), n.ID())
			fmt.Fprintf(b, "    | %.3f\n", 1-e.Weight())
		}
		fmt.Fprintf(b, "  %s  %s\n", row.ID, headline(row.Title))
	}
	return nil
}
