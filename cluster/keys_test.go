package cluster

import (
	"slices"
	"testing"

	"sada/cluster/passage"
	"sada/features/article"
	"sada/features/shingle"
)

// TestKeys: copies have the keys of their text, a page has those of its main text alone, and a record that was
// kept gives what the page gave.
func TestKeys(t *testing.T) {
	pages := make(map[string]*Page)
	for _, p := range corpus(town()) {
		pages[p.ID] = p
	}
	k, err := NewKeyer(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	bands := func(p *Page) []uint64 { return k.Bands(nil, p) }
	if got := bands(pages["bridge"]); len(got) != k.Params.Bands || !slices.Equal(got, bands(pages["bridge copy"])) {
		t.Errorf("a page and its copy: %d keys for %d bands", len(got), k.Params.Bands)
	}
	// The layout alone says that the library's article is not the race's.
	if !slices.Equal(bands(pages["race"]), bands(pages["race with library"])) {
		t.Error("what is appended to a page changes its keys")
	}
	if got := bands(corpus([]*article.Page{page("short", 0, "", "كلمتان هنا")})[0]); len(got) > 0 {
		t.Errorf("%d keys of two words", len(got))
	}
	for id, p := range pages {
		record := p.Record()
		again, err := record.Page()
		if err != nil {
			t.Fatal(err)
		}
		anchors := k.Anchors(nil, p)
		if !slices.Equal(bands(p), bands(again)) || !slices.Equal(anchors, k.Anchors(nil, again)) {
			t.Errorf("%s: other keys of the record", id)
		}
		first := make(map[uint64]uint32)
		for _, a := range shingle.Winnow(nil, shingle.Grams(nil, p.shared.Words, passage.AnchorWords), passage.AnchorWindow) {
			if _, ok := first[a.Hash]; !ok {
				first[a.Hash] = a.Pos
			}
		}
		if len(anchors) != len(first) {
			t.Errorf("%s: %d anchors of %d hashes", id, len(anchors), len(first))
		}
		for i, a := range anchors {
			if first[a.Hash] != a.Pos || i > 0 && anchors[i-1].Hash >= a.Hash {
				t.Errorf("%s: anchor %d: %v", id, i, a)
			}
		}
	}
	o := Defaults()
	o.Slots = 1
	if _, err := NewKeyer(o); err == nil {
		t.Error("one slot is enough")
	}
}
