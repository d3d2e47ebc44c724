// Package option has the flags of the clustering, for every program that clusters pages.
package option

import (
	"sada/cluster"
	"sada/cluster/lsh"
	"sada/cluster/story"
	"sada/features/shingle"
)

// Clustering is the flags of the clustering that change results.
type Clustering struct {
	Stemmer    string  `help:"Stemming of story terms: none, light-safe, light10." default:"light10" enum:"none,light-safe,light10" json:"stemmer"`
	Similarity float64 `help:"Jaccard similarity from which LSH must propose pairs (default ${default})." default:"0.5" placeholder:"J" json:"similarity"`
	Recall     float64 `help:"Probability with which it must (default ${default})." default:"0.99" placeholder:"P" json:"recall"`
	Sketch     string  `help:"Signatures: fast, or the slower reference go-minhash." default:"fast" enum:"fast,go-minhash" json:"sketch"`
	Threshold  float64 `help:"Mean similarity that holds a story together; 0 chooses it by the corpus." default:"0" placeholder:"T" json:"threshold"`
	Sigma      float64 `help:"Days by which a pair of pages loses 40 percent of its similarity (default ${default})." default:"2" placeholder:"DAYS" json:"sigma"`
	Horizon    float64 `help:"Days beyond which pages are never linked (default ${default})." default:"5" placeholder:"DAYS" json:"horizon"`
	Method     string  `help:"Clustering: average-link, components, propagation." default:"average-link" enum:"average-link,components,propagation" json:"method"`
}

// Options returns the options of the flags, or an error that says which is out of its range.
func (f *Clustering) Options(workers int) (cluster.Options, error) {
	o := cluster.Defaults()
	o.Workers = workers
	o.Similarity, o.Recall, o.Sketch = f.Similarity, f.Recall, shingle.Sketch(f.Sketch)
	o.Story.Threshold, o.Story.Sigma, o.Story.Horizon = f.Threshold, f.Sigma, f.Horizon
	o.Story.Method, o.Story.Workers = story.Method(f.Method), workers
	// Links under the threshold are kept because their mean with stronger ones may reach it.
	if f.Threshold > 0 {
		o.Story.Floor = min(o.Story.Floor, f.Threshold/2)
	}
	if _, err := lsh.Choose(o.Similarity, o.Recall, o.Slots); err != nil {
		return o, err
	}
	return o, o.Story.Validate()
}
