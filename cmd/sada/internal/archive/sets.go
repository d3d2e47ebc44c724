package archive

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// setKey is what the name of a file of a set says.
type setKey struct {
	set        string
	base       int // the generation that wrote all rows
	generation int // that wrote the file
}

func (k setKey) name() string {
	if k.generation == k.base {
		return fmt.Sprintf("%s-%06d%s", k.set, k.base, tableSuffix)
	}
	return fmt.Sprintf("%s-%06d-%06d%s", k.set, k.base, k.generation, tableSuffix)
}

// parseSet reads the name of a file of a set.
func parseSet(name string) (setKey, bool) {
	parts := strings.Split(strings.TrimSuffix(name, tableSuffix), "-")
	if len(parts) < 2 || len(parts) > 3 {
		return setKey{}, false
	}
	base, ok1 := number(parts[1], "", "")
	generation, ok2 := number(parts[len(parts)-1], "", "")
	k := setKey{parts[0], base, generation}
	return k, ok1 && ok2 && isTable(k.set) && k.name() == name
}

// validateSet returns an error if x cannot be a set of generation n.
func (x *Layers) validateSet(n int) error {
	last, base := 0, 0
	for i, f := range x.files() {
		name, ok1 := strings.CutPrefix(f.Path, setsName+"/")
		k, ok2 := parseSet(name)
		if i == 0 {
			base = k.base
		}
		if !ok1 || !ok2 || k.set != x.Name || k.base != base || (k.generation == base) != (i == 0) || k.generation <= last || k.generation > n {
			return fmt.Errorf("set %q", f.Path)
		}
		last = k.generation
	}
	return nil
}

// set is a table of distinct rows T, which is kept as facts F: that a row came, or went.
type set[T comparable, F any] struct {
	name    string
	compare func(a, b T) int
	fact    func(row T, gone bool) F
	row     func(f *F) (row T, gone bool)
}

type groupFact struct {
	GroupRow
	Gone bool `parquet:"gone"`
}

type idFact struct {
	IDRow
	Gone bool `parquet:"gone"`
}

type aliasFact struct {
	AliasRow
	Gone bool `parquet:"gone"`
}

var (
	groupsSet = set[GroupRow, groupFact]{groupsTable, compareGroups,
		func(row GroupRow, gone bool) groupFact { return groupFact{row, gone} }, func(f *groupFact) (GroupRow, bool) { return f.GroupRow, f.Gone }}
	idsSet = set[IDRow, idFact]{idsTable, compareIDs,
		func(row IDRow, gone bool) idFact { return idFact{row, gone} }, func(f *idFact) (IDRow, bool) { return f.IDRow, f.Gone }}
	aliasesSet = set[AliasRow, aliasFact]{aliasesTable, compareAliases,
		func(row AliasRow, gone bool) aliasFact { return aliasFact{row, gone} }, func(f *aliasFact) (AliasRow, bool) { return f.AliasRow, f.Gone }}
	setNames = []string{aliasesTable, groupsTable, idsTable}
)

// heldSet is a set that was read, and its rows.
type heldSet struct {
	Layers
	rows any // []T
}

// readSet reads the rows of a set, ascending. Before there were sets, a generation had a table of its own.
func readSet[T comparable, F any](ctx context.Context, a *Archive, m *Manifest, s set[T, F]) ([]T, error) {
	if m.Format < formatLayers {
		var rows []T
		err := readAll(ctx, a, m, s.name, &rows, s.compare)
		return rows, err
	}
	x, ok := m.set(s.name)
	if !ok {
		return nil, corrupt(generationName(m.Generation)+"/"+manifestName, "no set "+s.name)
	}
	rows, err := collected(ctx, a, x.Base, make([]T, 0, x.Base.Rows), func(f *F) T { row, _ := s.row(f); return row })
	if err != nil {
		return nil, err
	}
	if len(x.Deltas) > 0 {
		var facts []F
		for _, d := range x.Deltas {
			if facts, err = collected(ctx, a, d, facts, func(f *F) F { return *f }); err != nil {
				return nil, err
			}
		}
		if rows, err = s.apply(rows, facts); err != nil {
			return nil, corrupt(x.Deltas[len(x.Deltas)-1].Path, err.Error())
		}
	}
	last := x.files()[len(x.Deltas)].Path
	if int64(len(rows)) != x.Rows {
		return nil, corrupt(last, fmt.Sprintf("%d rows of %s, should be %d", len(rows), s.name, x.Rows))
	}
	for i := range rows[min(1, len(rows)):] {
		if s.compare(rows[i], rows[i+1]) >= 0 {
			return nil, corrupt(last, "rows out of order")
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sets[s.name] = heldSet{*x, rows}
	return rows, nil
}

// collected appends what of makes of the rows of a table.
func collected[T, V any](ctx context.Context, a *Archive, info FileInfo, out []V, of func(*T) V) ([]V, error) {
	for rows, err := range readTable[T](a, info) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		for i := range rows {
			out = append(out, of(&rows[i]))
		}
	}
	return out, nil
}

// apply makes the changes of facts, oldest first: of each row the last one counts.
func (s set[T, F]) apply(rows []T, facts []F) ([]T, error) {
	compare := func(x, y F) int {
		a, _ := s.row(&x)
		b, _ := s.row(&y)
		return s.compare(a, b)
	}
	slices.SortStableFunc(facts, compare)
	out := make([]T, 0, len(rows)+len(facts))
	for i := range facts {
		if i+1 < len(facts) && compare(facts[i], facts[i+1]) == 0 {
			continue
		}
		row, gone := s.row(&facts[i])
		n, is := slices.BinarySearchFunc(rows, row, s.compare)
		out = append(out, rows[:n]...)
		if rows = rows[n:]; is {
			rows = rows[1:]
		}
		if !gone {
			out = append(out, row)
		}
	}
	return append(out, rows...), nil
}

// change gives the facts that make one list of rows of another; both ascend.
func (s set[T, F]) change(was, is []T) []F {
	var out []F
	for len(was) > 0 || len(is) > 0 {
		if len(was) > 0 && len(is) > 0 && was[0] == is[0] { // most rows
			was, is = was[1:], is[1:]
			continue
		}
		c := 0
		switch {
		case len(is) == 0:
			c = -1
		case len(was) == 0:
			c = 1
		default:
			c = s.compare(was[0], is[0])
		}
		if c < 0 {
			out = append(out, s.fact(was[0], true))
		} else if c > 0 {
			out = append(out, s.fact(is[0], false))
		}
		if c <= 0 {
			was = was[1:]
		}
		if c >= 0 {
			is = is[1:]
		}
	}
	return out
}

// distinct gives rows in order, themselves if they are; or an error if a row is there twice.
func (s set[T, F]) distinct(rows []T) ([]T, error) {
	for sorted := false; ; sorted = true {
		i := 1
		for i < len(rows) && s.compare(rows[i-1], rows[i]) < 0 {
			i++
		}
		if i >= len(rows) {
			return rows, nil
		}
		if sorted {
			return nil, fmt.Errorf("%s: row %v is there twice", s.name, rows[i])
		}
		rows = slices.Clone(rows)
		slices.SortFunc(rows, s.compare)
	}
}

// writeSet plans the file of a set, if it needs one: what is not in that of the generation before which the same
// archive has read. to is where the set is noted. It returns the rows in order.
func writeSet[T comparable, F any](a *Archive, m, before *Manifest, s set[T, F], rows []T, to *Layers) (in []T, out []output, err error) {
	if rows, err = s.distinct(rows); err != nil {
		return nil, nil, err
	}
	*to = Layers{Name: s.name, Rows: int64(len(rows))}
	a.mu.Lock()
	old, ok := a.sets[s.name]
	a.mu.Unlock()
	if of, there := before.set(s.name); ok && there && of.same(&old.Layers) {
		changes := s.change(old.rows.([]T), rows)
		n := int64(len(changes))
		for _, d := range old.Deltas {
			n += d.Rows
		}
		if to.Base, to.Deltas = old.Base, old.Deltas; len(changes) == 0 {
			return rows, nil, nil
		}
		if n <= old.Base.Rows/deltaShare && len(old.Deltas) < maxDeltas {
			base, _ := parseSet(strings.TrimPrefix(old.Base.Path, setsName+"/"))
			to.Deltas = append(slices.Clip(old.Deltas), FileInfo{})
			return rows, []output{{setsName + "/" + setKey{s.name, base.base, m.Generation}.name(),
				func(w io.Writer) (int64, error) {
					return encodeTable(w, each(changes, func(_ int, f *F) F { return *f }), one, groupRows)
				}, func(info FileInfo) { to.Deltas[len(to.Deltas)-1] = info }}}, nil
		}
		to.Deltas = nil
	}
	return rows, []output{{setsName + "/" + setKey{s.name, m.Generation, m.Generation}.name(),
		func(w io.Writer) (int64, error) {
			return encodeTable(w, each(rows, func(_ int, row *T) F { return s.fact(*row, false) }), one, groupRows)
		}, func(info FileInfo) { to.Base = info }}}, nil
}
