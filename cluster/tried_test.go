package cluster

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sada/cluster/story"
	"sada/features/arabic"
	"sada/features/tfidf"
)

// TestSharedTried writes down what was tried for better stories, so that it need not be tried again. Every variant
// chooses its threshold by itself. Choices were made on the figures of the first half of the gold
// stories; the second confirms them or does not.
func TestSharedTried(t *testing.T) {
	dir := shared(t)
	if os.Getenv("SADA_HEAVY") == "" {
		t.Skip("SADA_HEAVY is unset: this test takes some minutes")
	}
	sets := labelledSets(t, dir)
	var b strings.Builder
	b.WriteString("# What was tried for better stories. SADA_SHARED=<shared> SADA_HEAVY=1 go test ./cluster -run SharedTried -update\n")
	b.WriteString("# B-cubed F1 (of the half of the gold stories that choices were made on, of the other)\n")
	row := func(name string, score func(l *labelled) halved) {
		fmt.Fprintf(&b, "%-34s", name)
		for i := range sets {
			fmt.Fprintf(&b, "  %s %v", sets[i].name[strings.LastIndexByte(sets[i].name, ' ')+1:], score(&sets[i]))
		}
		b.WriteByte('\n')
	}
	with := func(set func(*Options)) func(*labelled) halved {
		return func(l *labelled) halved {
			o := fast()
			set(&o)
			res := run(t, l.pages, o)
			return l.score(res.Pages, res.StoryOf)
		}
	}
	row("the default", with(func(*Options) {}))

	b.WriteString("\n# The vocabulary\n")
	for _, n := range []uint32{1, 3, 5} {
		row(fmt.Sprintf("title weight %d", n), with(func(o *Options) { o.Vocabulary.TitleWeight = n }))
	}
	for _, n := range []int{300, 600, 1500} {
		row(fmt.Sprintf("lead of %d letters", n), with(func(o *Options) { o.Vocabulary.Lead = n }))
	}
	row("no pieces of words", with(func(o *Options) { o.Vocabulary.Letters = 0 }))
	row("pieces of 4 letters", with(func(o *Options) { o.Vocabulary.Letters = 4 }))
	row("pieces of 3 in every corpus", with(func(o *Options) { o.Vocabulary.Headlines = math.Inf(1) }))

	b.WriteString("\n# The vocabulary, from the texts as they are and weighed without templates\n")
	for _, v := range []struct {
		name  string
		terms func(words []word) []tfidf.Count
	}{
		{"words", func(words []word) []tfidf.Count { return bag(words, 0) }},
		{"words and numbers", func(words []word) []tfidf.Count { return bag(words, numbers) }},
		{"words and pairs of words", func(words []word) []tfidf.Count { return bag(words, bigrams) }},
		{"names after titles twice", func(words []word) []tfidf.Count { return bag(words, entities) }},
		{"capitalised words twice", func(words []word) []tfidf.Count { return bag(words, capitals) }},
	} {
		row(v.name, func(l *labelled) halved { return l.own(t, v.terms, nil) })
	}
	for _, share := range []float64{.1, .02} {
		row(fmt.Sprintf("words of at most %g of the pages", share), func(l *labelled) halved {
			return l.own(t, func(words []word) []tfidf.Count { return bag(words, 0) }, func(table *tfidf.Table, c tfidf.Count) bool {
				return float64(table.DF(c.Term)) <= share*float64(table.Docs())
			})
		})
	}

	b.WriteString("\n# The links\n")
	row("no say of neighbours", with(func(o *Options) { o.Story.Support = 0 }))
	for _, n := range []int{3, 8, 16} {
		row(fmt.Sprintf("a say of %d neighbours", n), with(func(o *Options) { o.Story.Support = n }))
	}
	for _, n := range []int{24, 48} {
		row(fmt.Sprintf("%d terms in the index", n), with(func(o *Options) { o.Story.Top = n }))
	}
	for _, days := range []float64{1, 1.5, 3} {
		row(fmt.Sprintf("sigma %g days", days), with(func(o *Options) { o.Story.Sigma = days }))
	}
	for _, n := range []int{5, 10} {
		row(fmt.Sprintf("reciprocal: both among %d nearest", n), func(l *labelled) halved {
			return l.partition(t, 0, func(s *Sweep, links []story.Link, o story.Options) []int32 {
				return story.Partition(s.nodes, reciprocal(links, len(s.nodes), n), o, s.never...)
			})
		})
	}

	b.WriteString("\n# The grouping\n")
	row("components", with(func(o *Options) { o.Story.Method = story.ByComponents }))
	row("propagation", with(func(o *Options) { o.Story.Method = story.ByPropagation }))
	row("propagation, no say of neighbours", with(func(o *Options) { o.Story.Method, o.Story.Support = story.ByPropagation, 0 }))
	support := story.Defaults().Support
	row("average link, then moves by margin", func(l *labelled) halved {
		return l.partition(t, support, func(s *Sweep, links []story.Link, o story.Options) []int32 {
			group := story.Partition(s.nodes, links, o, s.never...)
			_, fits := story.Describe(s.nodes, story.Result{Story: group, Links: links}, 2)
			return moved(group, fits)
		})
	})
	row("average link, loose stories split", func(l *labelled) halved {
		return l.partition(t, support, func(s *Sweep, links []story.Link, o story.Options) []int32 {
			group := story.Partition(s.nodes, links, o, s.never...)
			stories, _ := story.Describe(s.nodes, story.Result{Story: group, Links: links}, 2)
			o.Threshold *= 1.25
			finer := story.Partition(s.nodes, links, o, s.never...)
			for _, st := range stories {
				if st.Density < o.Threshold {
					for _, m := range st.Members {
						group[m] = finer[m]
					}
				}
			}
			return group
		})
	})
	for _, chance := range []float64{2, 6, 13, 26} {
		row(fmt.Sprintf("%g unrelated over the threshold", chance), with(func(o *Options) { o.Story.Chance = chance }))
	}
	golden(t, "tried.txt", b.String())
}

// word is a word of a title or a lead.
type word struct {
	text, term string // term is empty if it is none
	spelling   string
	title      bool
}

// What [bag] counts besides the words.
const (
	numbers = 1 + iota
	bigrams
	entities
	capitals
)

// offices are words before names.
var offices = strings.Fields("الرئيس رئيس الوزير وزير وزيرة الملك الامير امير الشيخ المدير مدير المتحدث الدكتور اللواء president minister prime king chief judge mayor actress actor presidente ministro ministra rei rey")

func bag(words []word, extra int) []tfidf.Count {
	var out []tfidf.Count
	for i, w := range words {
		n := uint32(1)
		if w.title {
			n = 2
		}
		first, _ := utf8.DecodeRuneInString(w.spelling)
		switch {
		case extra == numbers && w.term == "" && unicode.IsDigit(first):
			out = append(out, tfidf.Count{Term: tfidf.TermID([]byte(w.text)), N: n})
		case extra == bigrams && i > 0 && w.term != "" && words[i-1].term != "":
			out = append(out, tfidf.Count{Term: tfidf.TermID([]byte(words[i-1].term + " " + w.term)), N: n})
		case extra == entities && (i > 0 && slices.Contains(offices, words[i-1].text) || i > 1 && slices.Contains(offices, words[i-2].text)),
			extra == capitals && unicode.IsUpper(first):
			n *= 2
		}
		if w.term != "" {
			out = append(out, tfidf.Count{Term: tfidf.TermID([]byte(w.term)), N: n})
		}
	}
	return tfidf.Fold(out)
}

// own groups the pages of a set by terms of the test's own, made from title and lead of the original of every
// copy group. keep drops terms by the table.
func (l *labelled) own(t *testing.T, terms func([]word) []tfidf.Count, keep func(*tfidf.Table, tfidf.Count) bool) halved {
	o := fast()
	o.Vocabulary.Letters = 0
	res := run(t, l.pages, o)
	nodes := res.nodes(o.Workers)
	counts := make([][]tfidf.Count, len(nodes))
	var df tfidf.Counter
	for i, g := range res.Copies {
		r := l.records[res.Pages[g.Original].ID]
		lead := []rune(r.Text)
		lead = lead[:min(len(lead), o.Vocabulary.Lead)]
		counts[i] = terms(append(wordsOf(r.Title, true), wordsOf(string(lead), false)...))
		df.Add(counts[i])
	}
	weights := df.Freeze()
	for i := range nodes {
		if keep != nil {
			counts[i] = slices.DeleteFunc(counts[i], func(c tfidf.Count) bool { return !keep(weights, c) })
		}
		nodes[i].Vector = weights.Vector(counts[i])
	}
	s := &Sweep{res: res, nodes: nodes}
	of, _, err := s.Stories(o.Story)
	if err != nil {
		t.Fatal(err)
	}
	return l.score(res.Pages, of)
}

func wordsOf(s string, title bool) []word {
	var text arabic.Text
	text.Set(s)
	var out []word
	for _, token := range text.Tokens {
		norm := text.Norm[token.At:token.End]
		out = append(out, word{string(norm), string(arabic.Light10.Term(nil, norm)), s[token.From:token.To], title})
	}
	return out
}

// partition groups the pages of a set by the default vocabulary and a grouping of the test's own.
func (l *labelled) partition(t *testing.T, support int, group func(s *Sweep, links []story.Link, o story.Options) []int32) halved {
	res := run(t, l.pages, fast())
	s := NewSweep(res, 2)
	o := res.Story
	o.Support = support
	links, _ := story.Graph(s.nodes, o)
	found := group(s, without(links, s.never), o)
	of := make([]int, len(res.Pages))
	for i, g := range res.CopyOf {
		of[i] = int(found[g])
	}
	return l.score(res.Pages, of)
}

// reciprocal keeps the links that are among the n heaviest of both their nodes.
func reciprocal(links []story.Link, nodes, n int) []story.Link {
	least := make([]float32, nodes)
	weights := make([][]float32, nodes)
	for _, l := range links {
		weights[l.A], weights[l.B] = append(weights[l.A], l.Weight), append(weights[l.B], l.Weight)
	}
	for i, w := range weights {
		slices.Sort(w)
		if len(w) > n {
			least[i] = w[len(w)-n]
		}
	}
	return slices.DeleteFunc(slices.Clone(links), func(l story.Link) bool { return l.Weight < least[l.A] || l.Weight < least[l.B] })
}

// moved brings every node with a negative margin to the story it fits better.
func moved(group []int32, fits []story.Fit) []int32 {
	out := slices.Clone(group)
	for i, f := range fits {
		if f.Rival >= 0 && f.Margin < 0 && f.Own > 0 {
			out[i] = f.Rival
		}
	}
	return out
}
