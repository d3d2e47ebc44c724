package cluster

import (
	"slices"

	"sada/cluster/passage"
	"sada/cluster/story"
	"sada/features/tfidf"
)

// Change says what a night changed, by the numbers of what there is now. All that was there before the first
// night is nothing, so that all is new.
type Change struct {
	passage.Change

	// Groups says of every copy group which number it had before, -1 if none had the same pages and the same
	// original; Stories says of every story which one had the same of these groups.
	Groups, Stories []int32

	// Retold says of every story whether more is new about it than numbers: its groups, labels, headline,
	// density or suggestions. Pages says so of every page: its parts or those that settled, its group or
	// its story, how well it fits, or the story next to it.
	Retold, Pages []bool
}

// told is what is kept of copy groups and stories, by their numbers.
type told struct {
	weights *Weights // by which the stories were told; nil if they are not known
	web     *story.Web

	copies             []Group
	copyOf             []int // of every page, as all below
	stories            []Story
	storyOf, next      []int
	confidence, margin []float64
}

// like says whether these are the weights of the stories that are known.
func (k *told) like(w *Weights) bool {
	v := k.weights
	return v != nil && w != nil && w.Letters == v.Letters && w.Threshold == v.Threshold && w.Floor == v.Floor && w.Terms.Version() == v.Terms.Version() &&
		(w.Stories == nil || v.Stories != nil && w.Stories.Version() == v.Stories.Version())
}

// stories tells the stories, by the rule that [Grow] gives.
func (g *growth) stories() error {
	k, res := &g.known.told, g.res
	tell := g.runner.stories
	if k.like(g.o.Weights) && k.weights.Serve(len(res.Copies)) {
		tell = g.retell
	}
	if err := tell(); err != nil {
		return err
	}
	g.next.told = told{weights: res.Weights(), web: g.web, copies: res.Copies, copyOf: res.CopyOf, stories: res.Stories, storyOf: res.StoryOf,
		next: res.Next, confidence: res.Confidence, margin: res.Margin}
	return nil
}

// retell tells the stories by what is known of them.
func (g *growth) retell() error {
	res, k := g.res, &g.known.told
	res.Vocabulary = g.o.Vocabulary
	res.Vocabulary.Letters = k.weights.Letters
	res.Labelled = k.weights.Stories
	res.Story = g.o.Story
	res.Story.Threshold, res.Story.Floor = k.weights.Threshold, k.weights.Floor
	if res.Story.Chance == 0 {
		res.Story.Chance = story.ChanceTexts
		if res.Vocabulary.Letters > 0 {
			res.Story.Chance = story.ChanceHeadlines
		}
	}
	from, gone := g.groups()
	nodes := make([]story.Node, len(res.Copies))
	var fresh []int32
	for n := range nodes {
		nodes[n] = res.node(n)
		if from[n] < 0 {
			fresh = append(fresh, int32(n))
		}
	}
	words := make([][]tfidf.Count, len(nodes)) // of the new ones
	_ = blocks(len(fresh), g.o.Workers, func(from, to int) error {
		for _, n := range fresh[from:to] {
			words[n] = res.words(int(n))
		}
		return nil
	})
	of := func(n int32) []tfidf.Count {
		if words[n] != nil {
			return words[n]
		}
		return res.words(int(n))
	}
	res.Terms = k.weights.Terms
	if g.o.Terms == nil && len(fresh)+len(gone) > 0 {
		var come, went tfidf.Counter
		for _, n := range fresh {
			come.Add(res.spell(int(n), words[n]))
		}
		for _, n := range gone {
			original := k.copies[n].Original
			went.Add(g.known.Pages[original].Terms(g.known.passages.Parts[original], res.Vocabulary))
		}
		res.Terms = k.weights.Terms.Change(&went, &come)
	}
	g.web, res.Stats.Story = k.web.Grow(nodes, from, func(groups []int32) {
		_ = blocks(len(groups), g.o.Workers, func(from, to int) error {
			var room []tfidf.Count // for the words of one group after the other
			for _, n := range groups[from:to] {
				of := words[n]
				if of == nil {
					room = res.appendWords(room[:0], int(n))
					of = room
				}
				nodes[n].Vector = res.Terms.Vector(res.spell(int(n), of))
			}
			return nil
		})
	}, res.Story)
	return g.tell(nodes, of, func(groups []int32) []tfidf.Term {
		old := from[groups[0]]
		if old < 0 {
			return nil
		}
		was := &k.stories[k.storyOf[k.copies[old].Pages[0]]]
		if !slices.EqualFunc(was.Groups, groups, func(old int, n int32) bool { return int(from[n]) == old }) {
			return nil
		}
		return was.Labels
	})
}

// groups says of every copy group which number it had before, if its node is the same: its time, which is that
// of its first page, and its words, which are the main text of its original. It is -1 otherwise. gone are
// the groups of before whose nodes are not there any more.
func (g *growth) groups() (from []int32, gone []int) {
	k := &g.known.told
	from = make([]int32, len(g.res.Copies))
	stays := make([]bool, len(k.copies))
	for n, of := range g.res.Copies {
		from[n] = -1
		first, original := g.change.From[of.Pages[0]], g.change.From[of.Original]
		if first < 0 || original < 0 {
			continue
		}
		old := k.copyOf[first]
		was := &k.copies[old]
		if was.Pages[0] == int(first) && was.Original == int(original) && slices.Equal(g.known.main[original], g.next.main[of.Original]) {
			from[n], stays[old] = int32(old), true
		}
	}
	for old, stays := range stays {
		if !stays {
			gone = append(gone, old)
		}
	}
	return from, gone
}

// compare says what is new in the result.
func (g *growth) compare() *Change {
	res, k, moved := g.res, &g.known.told, g.change.From
	c := &Change{Change: *g.change, Groups: make([]int32, len(res.Copies)), Stories: make([]int32, len(res.Stories)),
		Retold: make([]bool, len(res.Stories)), Pages: make([]bool, len(res.Pages))}
	known := func(pages []int, of []int) int32 { // the number of the first page's group before
		if from := moved[pages[0]]; from >= 0 && len(of) > 0 {
			return int32(of[from])
		}
		return -1
	}
	for n, of := range res.Copies {
		c.Groups[n] = -1
		if old := known(of.Pages, k.copyOf); old >= 0 {
			was := &k.copies[old]
			if was.Original == int(moved[of.Original]) && slices.EqualFunc(was.Pages, of.Pages, func(p, q int) bool { return p == int(moved[q]) }) {
				c.Groups[n] = old
			}
		}
	}
	for n, s := range res.Stories {
		c.Stories[n] = -1
		if old := known(s.Pages, k.storyOf); old >= 0 && slices.EqualFunc(k.stories[old].Groups, s.Groups, func(p, q int) bool { return p == int(c.Groups[q]) }) {
			c.Stories[n] = old
		}
	}
	for n, s := range res.Stories {
		c.Retold[n] = true
		if c.Stories[n] >= 0 {
			was := &k.stories[c.Stories[n]]
			c.Retold[n] = was.Headline != int(moved[s.Headline]) || was.Density != s.Density || !slices.Equal(was.Labels, s.Labels) ||
				!slices.EqualFunc(was.Suggested, s.Suggested, func(p, q Suggestion) bool { return p.Similarity == q.Similarity && p.Story == int(c.Stories[q.Story]) })
		}
	}
	for i := range res.Pages {
		from := moved[i]
		c.Pages[i] = from < 0 || c.Parts[i] || c.Groups[res.CopyOf[i]] < 0 || c.Stories[res.StoryOf[i]] < 0 ||
			k.confidence[from] != res.Confidence[i] || k.margin[from] != res.Margin[i] || (k.next[from] < 0) != (res.Next[i] < 0) ||
			res.Next[i] >= 0 && k.next[from] != int(c.Stories[res.Next[i]])
	}
	// What settled of a page is not kept.
	for _, f := range g.known.sketch.fragments {
		if to := g.change.Moved[f.page]; to >= 0 {
			c.Pages[to] = true
		}
	}
	for _, f := range g.next.sketch.fragments {
		c.Pages[f.page] = true
	}
	return c
}
