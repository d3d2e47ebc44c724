package pipeline

import (
	"cmp"
	"context"
	"encoding/binary"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster/story"
	"sada/cmd/internal/publish"
)

// parted is the stories that copy groups are in.
type parted struct {
	stories beam.PCollection // by copy group that is not alone: placed
	links   beam.PCollection // by the first of two copy groups: tie
	rows    beam.PCollection // near
}

// tie is a link, or that two copy groups must not be in one story, as it passes from one to the other.
type tie struct {
	A, B           int64
	Barred         bool
	Cosine, Weight float32
	Original       string // of A
	Of             int64  // the component of A
	Story, Size    int64  // of A
}

// placed is the story of a copy group, named by its lowest, and of how many it consists.
type placed struct{ Story, Size int64 }

type (
	strong struct { // links that can hold a story together
		O sealed
		s settings
	}
	ties        struct{ Barred bool }
	firstTie    struct{}               // the component of the first end
	secondTie   struct{ PerShard int } // ties within a component
	averageLink struct {               // the stories of a component
		O sealed
		s settings
	}
)

func init() {
	beam.RegisterType(reflect.TypeFor[strong]())
	beam.RegisterType(reflect.TypeFor[ties]())
	beam.RegisterType(reflect.TypeFor[firstTie]())
	beam.RegisterType(reflect.TypeFor[secondTie]())
	beam.RegisterType(reflect.TypeFor[averageLink]())
}

// largeComponent is the number of copy groups from which a component is counted as large: its links, some ten for
// each of 32 and more bytes, are on one worker like those of any other.
const largeComponent = 100_000

// partition makes stories in the connected components of links over the threshold, each on its own key. No other two
// groups of them merge: a mean that reaches the threshold takes a link that does. Weaker links within a component
// count in its means.
func partition(s beam.Scope, groups, links, never beam.PCollection, known []beam.Option, o Options) parted {
	labels := components(s.Scope("components"), beam.ParDo(s, &strong{O: seal(o)}, links, known...), o.Rounds)
	all := beam.Flatten(s, beam.ParDo(s, &ties{}, links), beam.ParDo(s, &ties{Barred: true}, never))
	half := beam.ParDo(s, &firstTie{}, join(s, "firstTie", groups, all, labels))
	within, rows := beam.ParDo2(s, &secondTie{o.RowsPerShard}, join(s, "secondTie", groups, half, labels))
	of := beam.ParDo(s, &averageLink{O: seal(o)}, join(s, "averageLink", within), known...)
	return parted{of, all, rows}
}

func (t *strong) ProcessElement(pair int64, b []byte, census, level string, emit func(int64, int64)) {
	t.s.take(t.O, census, level)
	if float64(float(b[4:])) >= t.s.story.Threshold {
		x, y := apart(pair)
		emit(int64(x), int64(y))
	}
}

func (t *ties) ProcessElement(pair int64, b []byte, emit func(int64, []byte)) {
	x, y := apart(pair)
	v := tie{A: int64(x), B: int64(y), Barred: t.Barred}
	if !t.Barred {
		v.Cosine, v.Weight = float(b), float(b[4:])
	}
	emit(v.A, pack(v))
}

// eachTie calls do for every tie that is joined with a group, with the component of the group.
func eachTie(number int64, groups, ties func(*[]byte) bool, labels func(*int64) bool, do func(g copyGroup, label int64, t tie)) {
	var b []byte
	if !ties(&b) {
		return
	}
	g, _ := one[copyGroup](groups)
	label := number
	labels(&label)
	for more := true; more; {
		do(g, label, unpack[tie](b))
		b = nil
		more = ties(&b)
	}
}

func (*firstTie) ProcessElement(number int64, groups, ties func(*[]byte) bool, labels func(*int64) bool, emit func(int64, []byte)) {
	eachTie(number, groups, ties, labels, func(g copyGroup, label int64, t tie) {
		t.Original, t.Of = g.Original, label
		emit(t.B, pack(t))
	})
}

func (s *secondTie) ProcessElement(number int64, groups, ties func(*[]byte) bool, labels func(*int64) bool, within func(int64, []byte), rows func(string, []byte)) {
	eachTie(number, groups, ties, labels, func(g copyGroup, label int64, t tie) {
		if !t.Barred {
			rows(shard("near", t.A, s.PerShard), newRow(order(t.A, t.B),
				publish.Near{A: t.Original, B: g.Original, Cosine: publish.Round(float64(t.Cosine)), Weight: publish.Round(float64(t.Weight))}))
		}
		if t.Of == label {
			t.Original = ""
			within(label, pack(t))
		}
	})
}

func (a *averageLink) ProcessElement(ctx context.Context, _ int64, values func(*[]byte) bool, census, level string, emit func(int64, []byte)) {
	a.s.take(a.O, census, level)
	ties := all[tie](values)
	slices.SortFunc(ties, func(p, q tie) int { return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B)) })
	var numbers []int64
	for _, t := range ties {
		numbers = append(numbers, t.A, t.B)
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	nodesOfComponent.Update(ctx, int64(len(numbers)))
	if len(numbers) > largeComponent {
		count(ctx, "large_components", 1)
	}
	at := func(number int64) int32 {
		i, _ := slices.BinarySearch(numbers, number)
		return int32(i)
	}
	var links []story.Link
	var never [][2]int32
	for _, t := range ties {
		if t.Barred {
			never = append(never, [2]int32{at(t.A), at(t.B)})
		} else {
			links = append(links, story.Link{A: at(t.A), B: at(t.B), Cosine: t.Cosine, Weight: t.Weight})
		}
	}
	of := story.Partition(make([]story.Node, len(numbers)), links, a.s.story, never...)
	sizes := make([]int64, len(numbers))
	for _, first := range of {
		sizes[first]++
	}
	for i, first := range of {
		if sizes[first] > 1 {
			v := binary.AppendVarint(binary.AppendVarint(nil, numbers[first]), sizes[first])
			emit(numbers[i], v)
		}
	}
}

func unpackPlaced(b []byte) placed {
	first, n := binary.Varint(b)
	size, _ := binary.Varint(b[n:])
	return placed{first, size}
}

// placeOf returns the story of a copy group, which is alone if nothing is known of it.
func placeOf(number int64, stories func(*[]byte) bool) placed {
	var b []byte
	if !stories(&b) {
		return placed{number, 1}
	}
	return unpackPlaced(b)
}
