package memory

import (
	"errors"
	"slices"
	"testing"
)

type pair struct {
	a uint64
	b uint32
}

func TestPlace(t *testing.T) {
	var there [][]byte
	full := errors.New("full")
	keep := func(parts ...[]byte) ([]byte, error) {
		if len(there) == 1 {
			return nil, full
		}
		there = append(there, slices.Concat(parts...))
		return there[0], nil
	}
	values := []pair{{1, 2}, {3, 4}, {1 << 60, 1 << 30}}
	want := slices.Clone(values)
	got, err := Place(values, keep)
	clear(values)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if cap(got) != len(got) || len(there[0]) != 3*16 || &Bytes(got)[0] != &there[0][0] {
		t.Errorf("%d bytes, or in other memory", len(there[0]))
	}
	if same, err := Place(values, keep); err != full || &same[0] != &values[0] {
		t.Errorf("error %v, want %v, and the values themselves", err, full)
	}
	if got, err := Place([]pair{}, keep); err != nil || len(got) != 0 {
		t.Errorf("nothing is %v, %v", got, err)
	}
	if got, err := Place(want, nil); err != nil || &got[0] != &want[0] {
		t.Errorf("%v and %v without memory", got, err)
	}
}
