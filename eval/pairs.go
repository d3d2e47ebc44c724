package eval

import (
	"fmt"
	"slices"
	"strings"
)

// Label is a judgement on a pair of pages. A gold of pairs says [Same] or
// [Different] of one kind of group. A person who labels pairs says what the two
// pages are to each other, which answers for both kinds at once: see [Label.For].
type Label string

const (
	Same       Label = "same"       // one story, or one text
	SameText   Label = "same_text"  // copies of one text, and so one story
	SameStory  Label = "same_story" // one story in two texts
	Related    Label = "related"    // close, but not one story: scored as different
	Different  Label = "different"
	Unsure     Label = "unsure" // looked at and not decided: scored as unlabelled
	Unlabelled Label = ""       // not yet judged
)

// ParseLabel reads a label as people write it: same, 1, true, yes; different, 0,
// false, no; same_text, same_story, related, unsure (with a space or a hyphen as
// well); or nothing. Case and outer spaces do not count.
func ParseLabel(s string) (Label, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch s {
	case "same", "1", "true", "yes":
		return Same, nil
	case "different", "0", "false", "no":
		return Different, nil
	}
	switch l := Label(strings.NewReplacer(" ", "_", "-", "_").Replace(s)); l {
	case SameText, SameStory, Related, Unsure, Unlabelled:
		return l, nil
	}
	return "", fmt.Errorf("label %q: want same_text, same_story, related, different, unsure; or same (1, true, yes), different (0, false, no); or nothing", s)
}

// For gives what a label says of one kind of group: Same, Related, Different or
// Unlabelled. One text is one story, one story in two texts is not one text, and
// what is undecided has no label.
func (l Label) For(k Kind) Label {
	switch {
	case l == Unsure:
		return Unlabelled
	case l == SameText, l == SameStory && k == Story:
		return Same
	case l == SameStory:
		return Related
	}
	return l
}

// For gives the pairs with their labels for one kind of group. The caller owns the
// result.
func For(pairs []Pair, k Kind) []Pair {
	out := slices.Clone(pairs)
	for i := range out {
		out[i].Label = out[i].Label.For(k)
	}
	return out
}

// Pair is two pages, which may have been judged. The fields after Label are those
// of a pair that was drawn by [Sample].
type Pair struct {
	A, B     string
	Label    Label
	Stratum  string  // of the sample it was drawn for, "" for none
	Weight   float64 // pairs of the pool that this one stands for, 1 or more
	Score    float64 // similarity that the run measured, 0 where it measured none
	Together bool    // in one cluster of the run
}

// ordered gives the pages in byte order: a pair has no direction.
func (p Pair) ordered() (string, string) { return min(p.A, p.B), max(p.A, p.B) }

// PairProblems is what is wrong with a gold of pairs. Such pairs raise or lower a
// score without meaning; whether to go on is for the caller.
type PairProblems struct {
	Self           []Pair // a page paired with itself, in the order given
	Contradictions []Contradiction
}

// None says that there is nothing wrong.
func (p PairProblems) None() bool { return len(p.Self) == 0 && len(p.Contradictions) == 0 }

// Contradiction is a pair that was judged not the same, though a chain of pairs
// judged the same leads from one page to the other.
type Contradiction struct {
	A, B  string   // A < B
	Chain []string // from A to B, shortest; just A and B if both labels were given
}

// CheckPairs finds self pairs and contradictions, direct or by transitivity.
// Contradictions come in order of A, then B, each once.
func CheckPairs(pairs []Pair) PairProblems {
	var out PairProblems
	next := make(map[string][]string) // same-labelled neighbours
	var apart [][2]string
	for _, p := range pairs {
		a, b := p.ordered()
		switch {
		case a == b:
			out.Self = append(out.Self, p)
		case p.Label == Same:
			next[a] = append(next[a], b)
			next[b] = append(next[b], a)
		case p.Label == Different || p.Label == Related:
			apart = append(apart, [2]string{a, b})
		}
	}
	for _, n := range next {
		slices.Sort(n) // the chain shown must not depend on the order of the pairs
	}
	slices.SortFunc(apart, func(x, y [2]string) int { return slices.Compare(x[:], y[:]) })
	for _, p := range slices.Compact(apart) {
		if chain := shortestChain(next, p[0], p[1]); chain != nil {
			out.Contradictions = append(out.Contradictions, Contradiction{A: p[0], B: p[1], Chain: chain})
		}
	}
	return out
}

// shortestChain is a breadth-first search, nil without a way.
func shortestChain(next map[string][]string, from, to string) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		page := queue[0]
		if page == to {
			var chain []string
			for ; page != ""; page = before[page] {
				chain = append(chain, page)
			}
			slices.Reverse(chain)
			return chain
		}
		for _, n := range next[page] {
			if _, seen := before[n]; !seen {
				before[n] = page
				queue = append(queue, n)
			}
		}
	}
	return nil
}

// PairScore counts judged pairs by label and by what the run did with them.
type PairScore struct {
	TruePositive  int // same, and together in the run
	FalsePositive int // not the same, but together
	FalseNegative int // same, but apart
	TrueNegative  int // not the same, and apart

	Unjudged int      // pairs without a label, not scored
	Self     int      // pages paired with themselves, not scored
	NotFound int      // pairs with a page that the run lacks, not scored
	Absent   []string // those pages, sorted
}

// PRF is precision TP/(TP+FP) and recall TP/(TP+FN) over the listed pairs alone:
// pairs picked by hand or drawn by strata say nothing about the corpus without
// their weights ([EstimatePairs] uses them). Without any scored pair it is NaN.
func (s PairScore) PRF() PRF {
	if s.Scored() == 0 {
		return nanPRF()
	}
	tp := float64(s.TruePositive)
	return newPRF(share(tp, tp+float64(s.FalsePositive)), share(tp, tp+float64(s.FalseNegative)))
}

// Scored is the number of pairs counted.
func (s PairScore) Scored() int {
	return s.TruePositive + s.FalsePositive + s.FalseNegative + s.TrueNegative
}

// ScorePairs compares judged pairs with a run. A pair given twice counts twice.
func ScorePairs(pairs []Pair, run Clustering) PairScore {
	var s PairScore
	for _, p := range pairs {
		ca, okA := run.Cluster(p.A)
		cb, okB := run.Cluster(p.B)
		if !okA {
			s.Absent = append(s.Absent, p.A)
		}
		if !okB {
			s.Absent = append(s.Absent, p.B)
		}
		together, same := ca == cb, p.Label == Same
		switch {
		case p.A == p.B:
			s.Self++
		case !okA || !okB:
			s.NotFound++
		case p.Label == Unlabelled:
			s.Unjudged++
		case same && together:
			s.TruePositive++
		case same:
			s.FalseNegative++
		case together:
			s.FalsePositive++
		default:
			s.TrueNegative++
		}
	}
	slices.Sort(s.Absent)
	s.Absent = slices.Compact(s.Absent)
	return s
}
