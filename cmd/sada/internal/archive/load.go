package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"sada/features/tfidf"
)

// Load reads the current generation. Without the lock it may run beside a night: if the generation is
// taken away while it is read, the next one is read instead. It returns ErrNone, ErrCorrupt,
// ErrNewer, the context's error, or that of a file that cannot be read.
func (a *Archive) Load(ctx context.Context) (*Snapshot, error) {
	for {
		at, err := a.marker()
		if err != nil {
			return nil, err
		}
		if at.generation == 0 {
			return nil, a.none()
		}
		s, err := a.load(ctx, at)
		if errors.Is(err, ErrCorrupt) {
			if now, again := a.marker(); again == nil && now != at {
				continue
			}
		}
		return s, err
	}
}

// Begin reads the current generation as Load does, which the lock must keep from being taken away. At once there is
// what the manifest says: all but the pages and the rows of tables, which are there after wait, unless that returns an
// error. Meanwhile [Known] may read the same snapshot. The archive must not be closed before wait has returned.
func (a *Archive) Begin(ctx context.Context) (s *Snapshot, wait func() error, err error) {
	at, err := a.marker()
	if err == nil && at.generation == 0 {
		err = a.none()
	}
	if err != nil {
		return nil, nil, err
	}
	if s, err = a.told(at); err != nil {
		return nil, nil, err
	}
	var group errgroup.Group
	group.Go(func() error { return a.fill(ctx, s) })
	return s, group.Wait, nil
}

func (a *Archive) load(ctx context.Context, at marker) (*Snapshot, error) {
	s, err := a.told(at)
	if err == nil {
		err = a.fill(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// told gives what the manifest of a generation says.
func (a *Archive) told(at marker) (*Snapshot, error) {
	m, _, err := a.manifest(at.generation, at.hash)
	if err != nil {
		return nil, err
	}
	return &Snapshot{Generation: m.Generation, Program: m.Program, Nights: m.Nights, manifest: m,
		Tables: Tables{Docs: m.Docs, Values: m.Values, Options: m.Options, OptionHash: m.OptionHash}}, nil
}

// fill reads pages and tables.
func (a *Archive) fill(ctx context.Context, s *Snapshot) error {
	return parallel(2, func(i int) error {
		if i == 0 {
			return a.rows(ctx, s)
		}
		return a.tables(ctx, s.manifest, &s.Tables)
	})
}

// rows reads the pages of a generation: of the tables where not all segments have heads.
func (a *Archive) rows(ctx context.Context, s *Snapshot) (err error) {
	if !slices.ContainsFunc(s.manifest.Segments, func(x Segment) bool { return x.Heads == (FileInfo{}) }) {
		if s.Pages, err = a.headed(ctx, s.manifest); err == nil || !gone(err) {
			return err
		}
	}
	n := int64(0)
	for _, seg := range s.manifest.Segments {
		n += seg.Rows
	}
	s.Pages = make([]PageRow, 0, n)
	for row, err := range a.pages(ctx, s.manifest) {
		if err != nil {
			return err
		}
		p, err := fromRow(row)
		if err != nil {
			return corrupt(segmentsName, err.Error())
		}
		s.Pages = append(s.Pages, p)
	}
	return nil
}

// tables reads the tables of a generation.
func (a *Archive) tables(ctx context.Context, m *Manifest, t *Tables) error {
	var terms []termRow
	var failed [3]error
	t.Aliases, failed[0] = readSet(ctx, a, m, aliasesSet)
	t.Groups, failed[1] = readSet(ctx, a, m, groupsSet)
	t.IDs, failed[2] = readSet(ctx, a, m, idsSet)
	err := errors.Join(errors.Join(failed[:]...),
		readAll(ctx, a, m, termsTable, &terms, func(x, y termRow) int { return compareTerms(x.df(), y.df()) }))
	t.Terms = make([]tfidf.DF, len(terms))
	for i, row := range terms {
		t.Terms[i] = row.df()
	}
	return err
}

// Changes reads what happened to IDs in a generation, ascending by all fields but the pages.
func Changes(ctx context.Context, a *Archive, s *Snapshot) ([]ChangeRow, error) {
	var out []ChangeRow
	err := readAll(ctx, a, s.manifest, changesTable, &out, compareChanges)
	return out, err
}

// Rows gives the rows of a table that the caller of [Archive.Commit] added, in batches, which are
// overwritten by the next one; none of a generation without the table.
func Rows[T any](ctx context.Context, a *Archive, s *Snapshot, name string) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		info, ok := s.manifest.table(name)
		if !ok {
			return
		}
		for rows, err := range readTable[T](a, info) {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(rows, err) || err != nil {
				return
			}
		}
	}
}

func (r termRow) df() tfidf.DF { return tfidf.DF{Term: tfidf.Term(r.Term), Docs: r.Docs} }

// room makes room for the rows of a table.
func room[T any](m *Manifest, name string, out *[]T) {
	if info, ok := m.table(name); ok {
		*out = make([]T, 0, info.Rows)
	}
}

// readAll reads a table, whose rows must ascend.
func readAll[T any](ctx context.Context, a *Archive, m *Manifest, name string, out *[]T, compare func(x, y T) int) error {
	room(m, name, out)
	for rows, err := range Rows[T](ctx, a, &Snapshot{manifest: m}, name) {
		if err != nil {
			return err
		}
		*out = append(*out, rows...)
	}
	if !slices.IsSortedFunc(*out, compare) {
		return corrupt(tablePath(m.Generation, name), "rows out of order")
	}
	return nil
}

// pages gives the pages of a generation, ascending. A row is overwritten after some more.
func (a *Archive) pages(ctx context.Context, m *Manifest) iter.Seq2[*pageRow, error] {
	segments := make([]iter.Seq2[[]pageRow, error], len(m.Segments))
	for i, s := range m.Segments {
		segments[i] = a.segment(ctx, s)
	}
	return alive(merge(segments))
}

// alive leaves out the deleted pages.
func alive(rows iter.Seq2[*pageRow, error]) iter.Seq2[*pageRow, error] {
	return func(yield func(*pageRow, error) bool) {
		for row, err := range rows {
			if (err != nil || !row.Deleted) && !yield(row, err) {
				return
			}
		}
	}
}

// segment gives the rows of a segment, whose IDs must ascend. What is long in them is there until [Archive.Close].
func (a *Archive) segment(ctx context.Context, s Segment) iter.Seq2[[]pageRow, error] {
	return func(yield func([]pageRow, error) bool) {
		last, first := "", true
		for rows, err := range a.complete(s) {
			if err == nil {
				err = ctx.Err()
			}
			for i := 0; err == nil && i < len(rows); i++ {
				if id := rows[i].ID; first || id > last {
					last, first = id, false
				} else {
					err = corrupt(s.Path, "rows out of order")
				}
			}
			if !yield(rows, err) || err != nil {
				return
			}
		}
	}
}

// complete gives the rows of a segment with what is long in them.
func (a *Archive) complete(s Segment) iter.Seq2[[]pageRow, error] {
	if s.Features == (FileInfo{}) {
		return func(yield func([]pageRow, error) bool) {
			batch := make([]pageRow, batchRows)
			for old, err := range readTable[pageRow1](a, s.FileInfo) {
				for i := 0; i < len(old) && err == nil; i++ {
					if batch[i], err = old[i].row(); err != nil {
						err = corrupt(s.Path, err.Error())
					}
				}
				if !yield(batch[:len(old)], err) || err != nil {
					return
				}
			}
		}
	}
	return func(yield func([]pageRow, error) bool) {
		features, err := a.view(s.Features)
		if err != nil {
			yield(nil, err)
			return
		}
		for rows, err := range readTable[pageRow](a, s.FileInfo) {
			for i := range rows {
				r := &rows[i]
				if r.From < 0 || r.From%8 != 0 || r.To < r.From || r.To > int64(len(features)) {
					yield(nil, corrupt(s.Path, fmt.Sprintf("page %q: its features are not there", r.ID)))
					return
				}
				r.long = features[r.From:r.To:r.To]
			}
			if !yield(rows, err) || err != nil {
				return
			}
		}
	}
}
