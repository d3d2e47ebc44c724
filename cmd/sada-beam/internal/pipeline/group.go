package pipeline

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster/copies"
	"sada/cluster/identity"
	"sada/cmd/internal/publish"
)

// grouped is the copy groups.
type grouped struct {
	roles beam.PCollection // by page: role
	rows  beam.PCollection // changes
}

// role is what a page is in its copy group.
type role struct {
	Group int64 // its first page
	ID    string
	Role  string
	Pages int
}

// member is a page of a connected component; alone, without a text, and with that of another if there is an
// equal one.
type member struct {
	Number int64
	First  int64 // the page that stands for all of the same words
	Text   text
}

type (
	edgesOf    struct{} // links of copies
	joinLabel  struct{} // members of components
	firstLabel struct{} // brings the component of the first page of a link to the second
	sameLabel  struct{} // links within a component
	divide     struct{} // groups of a component
)

func init() {
	beam.RegisterType(reflect.TypeFor[edgesOf]())
	beam.RegisterType(reflect.TypeFor[joinLabel]())
	beam.RegisterType(reflect.TypeFor[byFirst]())
	beam.RegisterType(reflect.TypeFor[firstLabel]())
	beam.RegisterType(reflect.TypeFor[sameLabel]())
	beam.RegisterType(reflect.TypeFor[divide]())
}

// group makes copy groups of the connected components of links. All different texts of a component are in one place;
// of equal ones, firsts says which page stands for them.
func group(s beam.Scope, texts, firsts, links beam.PCollection, o Options) grouped {
	labels := components(s.Scope("components"), beam.ParDo(s, &edgesOf{}, links), o.Rounds)
	members := beam.ParDo(s, &joinLabel{}, join(s, "joinLabel", texts, labels, firsts))
	half := beam.ParDo(s, &firstLabel{}, join(s, "firstLabel", beam.ParDo(s, &byFirst{}, links), labels))
	within := beam.ParDo(s, &sameLabel{}, join(s, "sameLabel", half, labels))
	roles, rows := beam.ParDo2(s, &divide{}, join(s, "divide", members, within))
	return grouped{roles, rows}
}

func (*edgesOf) ProcessElement(pair int64, b []byte, emit func(int64, int64)) {
	if k := unpack[linkRow](b).Link.Kind; k == copies.Exact || k == copies.Copy {
		a, b := apart(pair)
		emit(int64(a), int64(b))
	}
}

func (*joinLabel) ProcessElement(ctx context.Context, number int64, texts func(*[]byte) bool, labels, firsts func(*int64) bool, emit func(int64, []byte)) {
	t, ok := one[text](texts)
	if !ok {
		return
	}
	m := member{number, number, t}
	label := number
	if !labels(&label) || firsts(&m.First) {
		m.Text.Text.Words = nil // no links, or the words of the first
	}
	b := pack(m)
	emit(label, b)
}

// labelled is a link and the component of its first page.
type labelled struct {
	Link  copies.Link
	Label int64
}

type byFirst struct{}

func (*byFirst) ProcessElement(pair int64, b []byte, emit func(int64, []byte)) {
	a, _ := apart(pair)
	emit(int64(a), pack(labelled{Link: unpack[linkRow](b).Link}))
}

func (*firstLabel) ProcessElement(number int64, links func(*[]byte) bool, labels func(*int64) bool, emit func(int64, []byte)) {
	var label int64
	if !labels(&label) {
		return
	}
	for b := []byte(nil); links(&b); b = nil {
		l := unpack[labelled](b)
		l.Label = label
		emit(int64(l.Link.B), pack(l))
	}
}

func (*sameLabel) ProcessElement(number int64, links func(*[]byte) bool, labels func(*int64) bool, emit func(int64, []byte)) {
	var label int64
	if !labels(&label) {
		return
	}
	for b := []byte(nil); links(&b); b = nil {
		if l := unpack[labelled](b); l.Label == label {
			emit(label, pack(l.Link))
		}
	}
}

func (*divide) ProcessElement(ctx context.Context, _ int64, members, links func(*[]byte) bool, roles func(int64, []byte), rows func(string, []byte)) error {
	ms, ls := all[member](members), all[copies.Link](links)
	slices.SortFunc(ms, func(a, b member) int { return cmp.Compare(a.Number, b.Number) })
	slices.SortFunc(ls, func(a, b copies.Link) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
	at := func(number int) int {
		i, _ := slices.BinarySearchFunc(ms, int64(number), func(m member, n int64) int { return cmp.Compare(m.Number, n) })
		return i
	}
	pages := make([]copies.Page, len(ms))
	words := 0
	for i, m := range ms {
		pages[i] = m.Text.Text
		words += len(m.Text.Text.Words)
	}
	wordsOfComponent.Update(ctx, int64(words))
	for i, m := range ms {
		if m.First != m.Number { // links of equal words hold both in one component
			pages[i].Words = pages[at(int(m.First))].Words
		}
	}
	for i := range ls {
		ls[i].A, ls[i].B = at(ls[i].A), at(ls[i].B)
	}
	groups, split := copies.Groups(pages, ls)
	count(ctx, "split_off", split)
	for first, g := range groups {
		if g != first {
			continue
		}
		var group []int
		var ids []string
		for i, g := range groups {
			if g == first {
				group, ids = append(group, i), append(ids, ms[i].Text.ID)
			}
		}
		id, born, err := mint(identity.CopyGroup, ids)
		if err != nil {
			return err
		}
		count(ctx, "copy_groups", 1)
		rows(born.shard("copy_group"), newRow("0"+id, born.row("copy_group")))
		original := copies.Original(pages, group)
		for _, i := range group {
			r := role{Group: ms[first].Number, ID: id, Role: publish.RoleCopy, Pages: len(group)}
			switch {
			case len(group) == 1:
				r.Role = publish.RoleSole
			case i == original:
				r.Role = publish.RoleOriginal
			}
			b := pack(r)
			roles(ms[i].Number, b)
		}
	}
	return nil
}

// birth is the event of a new group.
type birth identity.Event

// mint gives the ID of a group of pages, in canonical order, that nobody knew before.
func mint(prefix identity.Prefix, pages []string) (string, birth, error) {
	now, outcome, err := identity.Assign(new(identity.State), identity.Grouping{Pages: pages, Group: make([]int, len(pages))}, identity.Night{Prefix: prefix})
	if err != nil {
		return "", birth{}, err
	}
	return now.Groups[0].ID, birth(outcome.Events[0]), nil
}

func (b birth) row(kind string) publish.Change {
	return publish.Change{Event: string(b.Kind), Kind: kind, ID: b.ID, Other: b.Other, Pages: b.Pages}
}

// shard divides changes, which are in the order of kinds and IDs, by the first digits of the ID.
func (b birth) shard(kind string) string { return "changes-" + kind + "-" + b.ID[1:3] }
