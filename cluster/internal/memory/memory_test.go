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
	if len(there[0]) != 3*16 || &Bytes(got)[0] != &there[0][0] {
		t.Errorf("%d bytes, or in other memory", len(there[0]))
	}
	if _, err := Place(values, keep); err != full {
		t.Errorf("error %v, want %v", err, full)
	}
	if got, err := Place([]pair{}, keep); err != nil || len(got) != 0 {
		t.Errorf("nothing is %v, %v", got, err)
	}
	if got, err := Place(want, nil); err != nil || &got[0] != &want[0] {
		t.Errorf("%v and %v without memory", got, err)
	}
}

func TestPlaceAll(t *testing.T) {
	calls := 0
	keep := func(parts ...[]byte) ([]byte, error) { calls++; return slices.Concat(parts...), nil }
	lists := [][]uint64{{1, 2}, nil, {3}, {}, {4, 5, 6}}
	given := slices.Clone(lists)
	if err := PlaceAll(lists, keep); err != nil || calls != 1 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	for i, want := range given {
		if got := lists[i]; !slices.Equal(got, want) || cap(got) != len(got) || len(got) > 0 && &got[0] == &want[0] {
			t.Errorf("list %d is %v, want %v elsewhere", i, got, want)
		}
	}
	full := errors.New("full")
	if err := PlaceAll(given, func(...[]byte) ([]byte, error) { return nil, full }); err != full || !slices.Equal(given[4], []uint64{4, 5, 6}) {
		t.Errorf("%v, %v", given, err)
	}
}
