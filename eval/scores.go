package eval

import (
	"errors"
	"fmt"
)

// Scores is every measure of a run against a gold.
type Scores struct {
	Pages        int `json:"pages"`         // scored
	GoldClusters int `json:"gold_clusters"` // with a scored page
	RunClusters  int `json:"run_clusters"`  // with a scored page

	BCubed   PRF     `json:"bcubed"` // the one to quote
	Pairwise PRF     `json:"pairwise"`
	Exact    PRF     `json:"exact"`
	CEAFe    PRF     `json:"ceaf_e"`
	BLANC    PRF     `json:"blanc"`
	V        VScore  `json:"v_measure"`
	ARI      float64 `json:"ari"`
	AMI      float64 `json:"ami"`
	NMI      float64 `json:"nmi"`

	GoldSizes []SizeCount `json:"gold_sizes"` // of scored pages, smallest size first
	RunSizes  []SizeCount `json:"run_sizes"`
}

// Scores computes every measure. Without a scored page it is an error that says
// whether the gold is empty or the ids do not meet; all numbers are finite
// otherwise.
func (a Alignment) Scores() (Scores, error) {
	if len(a.Pages) == 0 {
		switch {
		case a.gold.Len() == 0:
			return Scores{}, errors.New("nothing to score: the gold has no pages")
		case a.run.Len() == 0:
			return Scores{}, errors.New("nothing to score: the run has no pages")
		case len(a.Absent) == a.gold.Len():
			return Scores{}, fmt.Errorf("nothing to score: none of the %d gold pages is in the run (gold has %q, run has %q); are they of one corpus?",
				a.gold.Len(), a.gold.pages[0], a.run.pages[0])
		}
		return Scores{}, errors.New("nothing to score: no page of the gold is in this subset")
	}
	t := a.Table()
	return Scores{
		Pages: t.N, GoldClusters: len(t.Gold), RunClusters: len(t.Run),
		BCubed: BCubed(t), Pairwise: Pairwise(t), Exact: ExactClusters(t), CEAFe: CEAFe(t), BLANC: BLANC(t),
		V: VMeasure(t), ARI: ARI(t), AMI: AMI(t), NMI: NMI(t),
		GoldSizes: Histogram(t.Gold), RunSizes: Histogram(t.Run),
	}, nil
}
