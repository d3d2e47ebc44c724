package cluster

import (
	"cmp"
	"slices"

	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/features/shingle"
)

// Keyer makes what pages can be joined by before they are together: the band keys of a page's main text and
// the anchors of all of its words. The main text is what the page alone shows; [Run], which knows what
// pages share, signs what is left of it. A Keyer reuses memory and serves one goroutine.
type Keyer struct {
	Params lsh.Params // of the signatures

	signer *signer
	grams  []uint64
}

// NewKeyer returns a Keyer for options, of which Similarity, Recall, Slots and Sketch count. An error is
// about them.
func NewKeyer(o Options) (*Keyer, error) {
	shape, err := lsh.Choose(o.Similarity, o.Recall, o.Slots)
	if err != nil {
		return nil, err
	}
	s, err := o.Sketch.New(shape.Bands, shape.Rows)
	if err != nil {
		return nil, err
	}
	return &Keyer{Params: shape, signer: &signer{sketcher: s}}, nil
}

// Sign appends the signature of a page; nothing if its main text is too short for one.
func (k *Keyer) Sign(dst []uint64, p *Page) []uint64 {
	return k.signer.sign(dst, p.words(p.main(p.shared.Parts)))
}

// Bands appends the keys of a page, one for each band ([lsh.Params.Keys]); nothing if its main text is too
// short for a signature.
func (k *Keyer) Bands(dst []uint64, p *Page) []uint64 {
	return k.signer.keys(dst, k.Params, p.words(p.main(p.shared.Parts)))
}

// Anchors appends the anchors of a page by which passages are found, ascending in their hashes, of each hash
// the first. Positions are words of the page, those of a title that is not in the text included.
func (k *Keyer) Anchors(dst []shingle.Anchor, p *Page) []shingle.Anchor {
	k.grams = shingle.Grams(k.grams[:0], p.shared.Words, passage.AnchorWords)
	from := len(dst)
	dst = shingle.Winnow(dst, k.grams, passage.AnchorWindow)
	slices.SortStableFunc(dst[from:], func(a, b shingle.Anchor) int { return cmp.Compare(a.Hash, b.Hash) })
	return dst[:from+len(slices.CompactFunc(dst[from:], func(a, b shingle.Anchor) bool { return a.Hash == b.Hash }))]
}
