package story

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"sada/features/tfidf"
)

func TestDescribe(t *testing.T) {
	nodes := []Node{page(2, ""), page(1, ""), page(0, ""), undated(""), page(5, ""), {Size: 3, Story: 1}}
	r := Result{
		Story: []int32{0, 0, 0, 3, 4, 4},
		Links: []Link{{0, 1, .5, .5}, {0, 2, .5, .25}, {1, 2, .5, .5}, {1, 3, .5, .5}, {2, 4, .75, .75}, {4, 5, .5, .5}},
	}
	stories, fits := Describe(nodes, r, 2)
	at := func(days int64) int64 { return page(0, "").Time + days*day }
	if d := cmp.Diff([]Story{
		{Members: []int32{0, 1, 2}, Medoid: 1, Density: 1.25 / 3, First: at(0), Last: at(2), Dated: true},
		{Members: []int32{3}, Medoid: 3},
		{Members: []int32{4, 5}, Medoid: 4, Density: .5, First: at(5), Last: at(5), Dated: true},
	}, stories); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Fit{
		{Own: .375, Rival: -1, Margin: .375},
		{Own: .5, Rival: 3, Other: .5, Margin: 0},
		{Own: .375, Rival: 4, Other: .1875, Margin: .1875}, // .75 over the four pages of that story
		{Own: 0, Rival: 0, Other: .5 / 3, Margin: -.5 / 3},
		{Own: .5, Rival: 0, Other: .25, Margin: .25},
		{Own: .5, Rival: -1, Margin: .5},
	}, fits, cmpopts.EquateApprox(0, 1e-12)); d != "" {
		t.Error(d)
	}
}

func TestMedoidOfTwoIsTheEarliest(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b Node
		want int32
	}{
		{"second is earlier", page(1, ""), page(0, ""), 1},
		{"same time", page(1, ""), page(1, ""), 0},
		{"first has no date", undated(""), page(9, ""), 1},
		{"no dates", undated(""), undated(""), 0},
	} {
		stories, _ := Describe([]Node{tt.a, tt.b}, Result{Story: []int32{0, 0}, Links: []Link{{0, 1, .5, .5}}}, 2)
		if stories[0].Medoid != tt.want {
			t.Errorf("%s: medoid %d, want %d", tt.name, stories[0].Medoid, tt.want)
		}
	}
}

func TestLowestOfEqualRivals(t *testing.T) {
	_, fits := Describe(make([]Node, 5), Result{
		Story: []int32{0, 1, 2, 2, 1},
		Links: []Link{{0, 3, .5, .5}, {0, 4, .5, .5}},
	}, 2)
	if fits[0].Rival != 1 || fits[0].Other != .25 {
		t.Errorf("fit %+v, want rival 1 with .25", fits[0])
	}
}

// TestDescribeIsTheDenseOne holds density and fits to a full matrix of weights.
func TestDescribeIsTheDenseOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, o := drawNodes(t, 30), drawOptions(t)
		r := Cluster(nodes, o)
		n := len(nodes)
		if n == 0 {
			return
		}
		weights := mat.NewSymDense(n, nil)
		for _, l := range r.Links {
			weights.SetSym(int(l.A), int(l.B), float64(l.Weight))
		}
		// mean is between node i and the members of a story but i.
		mean := func(i int, story int32) float64 {
			sum, size := 0.0, 0.0
			for j := range nodes {
				if j != i && r.Story[j] == story {
					sum += weights.At(i, j) * float64(nodes[j].size())
					size += float64(nodes[j].size())
				}
			}
			if size == 0 {
				return 0
			}
			return sum / size
		}
		stories, fits := Describe(nodes, r, 2)
		for i, f := range fits {
			other := 0.0
			for _, s := range stories {
				if s.Members[0] != r.Story[i] {
					other = max(other, mean(i, s.Members[0]))
				}
			}
			if math.Abs(f.Own-mean(i, r.Story[i])) > 1e-6 || math.Abs(f.Other-other) > 1e-6 || f.Margin != f.Own-f.Other {
				t.Fatalf("node %d: %+v, want own %v and other %v", i, f, mean(i, r.Story[i]), other)
			}
			if f.Rival >= 0 && math.Abs(mean(i, f.Rival)-other) > 1e-6 || (f.Rival < 0) != (other == 0) {
				t.Fatalf("node %d: rival %d, which has not the mean %v", i, f.Rival, other)
			}
		}
		seen := 0
		for _, s := range stories {
			seen += len(s.Members)
			sum, pairs := 0.0, 0.0
			for _, a := range s.Members {
				for _, b := range s.Members {
					if a != b {
						p := float64(nodes[a].size() * nodes[b].size())
						sum, pairs = sum+p*weights.At(int(a), int(b)), pairs+p
					}
				}
				if r.Story[a] != s.Members[0] || fits[a].Own > fits[s.Medoid].Own {
					t.Fatalf("story %+v: node %d of story %d fits %+v", s, a, r.Story[a], fits[a])
				}
			}
			if pairs > 0 && math.Abs(s.Density-sum/pairs) > 1e-6 {
				t.Fatalf("story %+v, want density %v", s, sum/pairs)
			}
		}
		if seen != n {
			t.Fatalf("%d members in all, want %d", seen, n)
		}
	})
}

func TestLabels(t *testing.T) {
	counts := func(letters string) []tfidf.Count {
		var out []tfidf.Count
		for _, r := range letters {
			out = append(out, tfidf.Count{Term: tfidf.Term(r), N: 1})
		}
		return tfidf.Fold(out)
	}
	stories := [][][]tfidf.Count{
		{counts("aab"), counts("abx")}, // a thrice, b twice, of both stories
		{counts("cb"), counts("cdba")},
		{},
	}
	before := slices.Clone(stories[0][0])
	got, among, err := Labels(stories, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]tfidf.Term{{'a', 'b'}, {'c', 'b'}, nil}, got); d != "" {
		t.Errorf("labels (want -, got +):\n%s", d)
	}
	if d := cmp.Diff(before, stories[0][0]); d != "" {
		t.Errorf("the counts of a page were changed:\n%s", d)
	}
	again, same, err := Labels(stories, among, 2) // as they are weighed once the table is known
	if d := cmp.Diff(got, again); d != "" || same != among || err != nil {
		t.Errorf("labels by the table (-), %v:\n%s", err, d)
	}
}

func TestSuggest(t *testing.T) {
	// Two stories of two and two of one; sums by hand: 0,1 with 2,3 is (.4+.2)/4, with 4 is .28/2; 4 with 5 is .5.
	nodes := make([]Node, 6)
	links := []Link{{0, 1, .9, .9}, {0, 2, .4, .4}, {1, 3, .2, .2}, {0, 4, .28, .28}, {2, 3, .9, .9}, {4, 5, .5, .5}}
	stories, _ := Describe(nodes, Result{Story: []int32{0, 0, 2, 2, 4, 5}, Links: links}, 2)
	near := cmpopts.EquateApprox(0, 1e-6)
	for _, tt := range []struct {
		name  string
		least float64
		never [][2]int32
		want  [][]Suggestion
	}{
		{"all", .1, nil, [][]Suggestion{{{1, .15}, {2, .14}}, {{0, .15}}, {{3, .5}, {0, .14}}, {{2, .5}}}},
		{"the most similar", .4, nil, [][]Suggestion{nil, nil, {{3, .5}}, {{2, .5}}}},
		{"not those that must stay apart", .4, [][2]int32{{4, 5}}, [][]Suggestion{nil, nil, nil, nil}},
	} {
		if d := cmp.Diff(tt.want, Suggest(nodes, stories, links, tt.least, tt.never...), near); d != "" {
			t.Errorf("%s (want -, got +):\n%s", tt.name, d)
		}
	}
	for i := range nodes {
		nodes[i].Story = i/4 + 1 // 4 and 5 are one earlier story, the others another
	}
	if got := Suggest(nodes, stories, links, .1); len(got[2]) != 1 || got[2][0].Story != 3 {
		t.Errorf("two earlier stories are suggested as one: %v", got)
	}
}
