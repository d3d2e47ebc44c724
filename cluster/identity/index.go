package identity

import (
	"math/bits"

	"github.com/zeebo/xxh3"
)

// index finds strings of a list: a hash table with linear probing, half full at most. It takes a third of
// the time of a map of as many strings, of which every night makes several of all pages.
type index struct {
	list  []string
	slots []slot
}

// slot is a string's place in the list, counted from 1, 0 if the slot is empty, and the upper bits of its hash.
type slot struct {
	hash uint32
	at   int32
}

// newIndex returns an index that has room for n strings.
func newIndex(n int) *index {
	return &index{list: make([]string, 0, n), slots: make([]slot, 1<<bits.Len(uint(2*n)))}
}

// find returns the slot of a string, or the empty one that is its own, and what of its hash goes there.
func (x *index) find(s string) (*slot, uint32) {
	h := xxh3.HashString(s)
	upper, last := uint32(h>>32), uint64(len(x.slots)-1)
	for at := h & last; ; at = (at + 1) & last {
		if slot := &x.slots[at]; slot.at == 0 || slot.hash == upper && x.list[slot.at-1] == s {
			return slot, upper
		}
	}
}

// add appends a string to the list; if it is there it returns its place, and false.
func (x *index) add(s string) (at int, added bool) {
	found, hash := x.find(s)
	if found.at == 0 {
		x.list = append(x.list, s)
		*found, added = slot{hash, int32(len(x.list))}, true
	}
	return int(found.at - 1), added
}

// at returns the place of a string, -1 if it is not in the list.
func (x *index) at(s string) int {
	found, _ := x.find(s)
	return int(found.at) - 1
}
