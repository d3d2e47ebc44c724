package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/cluster/story"
)

// TestSweepFindsWhatRunFinds compares it with a run for every combination of options, in an order that
// goes back and forth over what is kept between them.
func TestSweepFindsWhatRunFinds(t *testing.T) {
	s := NewSweep(run(t, corpus(town()), Defaults()), 2)
	different := make(map[int]bool)
	for _, sigma := range []float64{2, .3, 2} {
		for _, threshold := range []float64{.4, .02, 0, .1} {
			for _, method := range []story.Method{story.ByAverageLink, story.ByComponents, story.ByPropagation} {
				o := Defaults()
				o.Story.Sigma, o.Story.Threshold, o.Story.Method = sigma, threshold, method
				if threshold > 0 {
					o.Story.Floor = min(o.Story.Floor, threshold/2)
				}
				want := run(t, corpus(town()), o)
				got, used, err := s.Stories(o.Story)
				if err != nil {
					t.Fatal(err)
				}
				if used.Threshold != want.Story.Threshold {
					t.Errorf("threshold %v, want %v", used.Threshold, want.Story.Threshold)
				}
				lowest := make([]int, len(want.StoryOf)) // stories have numbers of their own
				for i, n := range want.StoryOf {
					lowest[i] = want.Stories[n].Groups[0]
				}
				if d := cmp.Diff(lowest, got); d != "" {
					t.Errorf("sigma %v, threshold %v, %s: %s", sigma, threshold, method, d)
				}
				different[len(want.Stories)] = true
			}
		}
	}
	if len(different) < 3 {
		t.Errorf("numbers of stories %v: the options make no difference", different)
	}
	if _, _, err := s.Stories(story.Options{}); err == nil {
		t.Error("the zero options are accepted")
	}
}
