package cluster

import (
	"fmt"
	"slices"

	"sada/cluster/story"
	"sada/features/tfidf"
)

// StoryTables is what is kept of copy groups and stories, as [Tables] has it. They are numbered in the order of
// their first pages. The zero StoryTables says nothing of them.
type StoryTables struct {
	Pages     []FitRow
	Groups    []GroupRow
	Stories   []StoryRow
	Suggested []SuggestedRow // of every story, the most similar first
	Indexed   []story.Link   // copy groups; of a web
	Closed    []story.Link
	Undated   bool

	Terms      string // version of the table that stories were weighed with
	Labelled   []tfidf.DF
	LabelledOn int // stories that Labelled was counted on
}

// FitRow is how a page fits into its story.
type FitRow struct {
	Group, Next        int32 // Next is a story, -1 for none
	Confidence, Margin float64
}

// GroupRow is what is kept of a copy group.
type GroupRow struct {
	Original int32 // page
	Story    int32
}

// StoryRow is what is kept of a story.
type StoryRow struct {
	Headline int32 // page
	Density  float64
	Labels   []tfidf.Term
}

// SuggestedRow is a story that may be the same as another.
type SuggestedRow struct {
	Story, Other int32
	Similarity   float64
}

// tables returns what is known as tables, with which it shares memory.
func (k *told) tables() StoryTables {
	if k.weights == nil {
		return StoryTables{}
	}
	suggested := 0
	for n := range k.stories {
		suggested += len(k.stories[n].Suggested)
	}
	t := StoryTables{Pages: make([]FitRow, 0, len(k.copyOf)), Groups: make([]GroupRow, 0, len(k.copies)), Stories: make([]StoryRow, 0, len(k.stories)),
		Suggested: make([]SuggestedRow, 0, suggested), Indexed: k.web.Indexed, Closed: k.web.Closed, Undated: k.web.Undated,
		Terms: k.weights.Terms.Version(), Labelled: k.weights.Stories.Entries(), LabelledOn: k.weights.Stories.Docs()}
	for i, group := range k.copyOf {
		t.Pages = append(t.Pages, FitRow{int32(group), int32(k.next[i]), k.confidence[i], k.margin[i]})
	}
	for i := range k.copies {
		of := &k.copies[i]
		t.Groups = append(t.Groups, GroupRow{int32(of.Original), int32(k.storyOf[of.Pages[0]])})
	}
	for n := range k.stories {
		s := &k.stories[n]
		t.Stories = append(t.Stories, StoryRow{int32(s.Headline), s.Density, s.Labels})
		for _, other := range s.Suggested {
			t.Suggested = append(t.Suggested, SuggestedRow{int32(n), int32(other.Story), other.Similarity})
		}
	}
	return t
}

// told returns what the tables say of n pages, nothing if the stories are not those of the weights.
func (t *StoryTables) told(n int, weights *Weights) (told, error) {
	bad := func(table string, row int) (told, error) {
		return told{}, fmt.Errorf("%s, row %d: %w", table, row, errTables)
	}
	if weights == nil || weights.Terms.Version() != t.Terms {
		return told{}, nil
	}
	labelled, err := tfidf.NewTable(t.LabelledOn, t.Labelled)
	if err != nil {
		return told{}, fmt.Errorf("labels: %w", err)
	}
	w := *weights
	w.Stories = labelled
	k := told{weights: &w, web: &story.Web{Nodes: len(t.Groups), Undated: t.Undated, Indexed: t.Indexed, Closed: t.Closed},
		copies: make([]Group, len(t.Groups)), copyOf: make([]int, n), stories: make([]Story, len(t.Stories)),
		storyOf: make([]int, n), next: make([]int, n), confidence: make([]float64, n), margin: make([]float64, n)}
	if len(t.Pages) != n {
		return bad("fits", len(t.Pages))
	}
	groups, stories := 0, 0                                                 // that have a page so far
	sizes, parts := make([]int, len(t.Groups)), make([]int, len(t.Stories)) // how many pages of each group, and groups of each story
	of := make([]int, len(t.Groups))                                        // the story of each group
	for i, row := range t.Pages {
		if row.Group < 0 || int(row.Group) > groups || int(row.Group) >= len(t.Groups) || row.Next < -1 || int(row.Next) >= len(t.Stories) {
			return bad("fits", i)
		}
		group := t.Groups[row.Group]
		if int(row.Group) == groups {
			if group.Story < 0 || int(group.Story) > stories || int(group.Story) >= len(t.Stories) {
				return bad("groups", groups)
			}
			stories = max(stories, int(group.Story)+1)
			of[groups] = int(group.Story)
			parts[group.Story]++
			groups++
		}
		sizes[row.Group]++
		k.copyOf[i], k.storyOf[i], k.next[i] = int(row.Group), int(group.Story), int(row.Next)
		k.confidence[i], k.margin[i] = row.Confidence, row.Margin
	}
	if groups != len(t.Groups) || stories != len(t.Stories) {
		return bad("groups", groups)
	}
	for g, list := range members(k.copyOf, sizes) {
		k.copies[g].Pages = list
	}
	for n, list := range members(of, parts) {
		k.stories[n].Groups = list
	}
	for g, row := range t.Groups {
		if k.copies[g].Original = int(row.Original); !slices.Contains(k.copies[g].Pages, int(row.Original)) {
			return bad("groups", g)
		}
	}
	for n, row := range t.Stories {
		s := &k.stories[n]
		s.Headline, s.Density, s.Labels = int(row.Headline), row.Density, row.Labels
		if row.Headline < 0 || int(row.Headline) >= len(t.Pages) {
			return bad("stories", n)
		}
	}
	for i, row := range t.Suggested {
		if row.Story < 0 || int(row.Story) >= len(t.Stories) || row.Other < 0 || int(row.Other) >= len(t.Stories) {
			return bad("suggestions", i)
		}
		s := &k.stories[row.Story]
		s.Suggested = append(s.Suggested, Suggestion{int(row.Other), row.Similarity})
	}
	if err := k.web.Check(); err != nil {
		return told{}, fmt.Errorf("links: %w", err)
	}
	return k, nil
}
