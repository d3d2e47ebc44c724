package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// maxSegments is the most segments of a generation. A commit that would make more merges them all into
// one: reading a page that changed often costs up to this many rows, and each of that many nights
// pays its share of writing everything again once.
const maxSegments = 16

// Commit writes a generation and makes it the current one. The lock must be held, and next.Base must
// be the current generation. It does not change next, whose pages must have distinct IDs and dates
// between the years 1678 and 2262.
//
// On an error the generation before is current, and what was written is removed, now or by the next
// commit. There is one exception: if only the last step fails, which puts the name of the new
// generation on disk, that is the current one until the power fails, and one of the two after that.
//
// Equal generations of equal states have equal files.
func (a *Archive) Commit(ctx context.Context, next *Next) error {
	p, err := a.Prepare(ctx, next)
	if err != nil {
		return err
	}
	return p.Commit()
}

// Prepared is a generation that is on disk, and not the current one yet. One of its methods must be called, once.
type Prepared struct {
	a    *Archive
	base int
}

// Commit makes it the current one, as [Archive.Commit] does.
func (p *Prepared) Commit() error { return p.a.point() }

// Discard removes it.
func (p *Prepared) Discard() error { return p.a.sweep(p.base) }

// Prepare does what Commit does but for the last step. It does not use the archive otherwise, which may go on
// reading.
func (a *Archive) Prepare(ctx context.Context, next *Next) (*Prepared, error) {
	if a.lock == nil {
		return nil, errUnlocked
	}
	pages, err := next.changed()
	if err != nil {
		return nil, err
	}
	before, err := a.before(next.Base)
	if err != nil {
		return nil, err
	}
	if err := a.sweep(next.Base); err != nil {
		return nil, err
	}
	hash, err := a.write(ctx, next, before, pages)
	if err == nil {
		err = a.prepare(marker{next.Base + 1, hash})
	}
	if err != nil {
		// A disk that is full should not stay so until the next night, which sweeps again.
		_ = a.sweep(next.Base)
		return nil, err
	}
	return &Prepared{a, next.Base}, nil
}

// changed is a page of the segment.
type changed struct {
	id  string
	row *PageRow // nil if it is deleted
}

// changed gives the pages of the segment, ascending.
func (next *Next) changed() ([]changed, error) {
	all := make([]changed, 0, len(next.Pages)+len(next.Deleted))
	for i := range next.Pages {
		p := &next.Pages[i]
		if d := p.Page.Date; !d.IsZero() && (d.Before(firstDate) || d.After(lastDate)) {
			return nil, fmt.Errorf("page %q: its date, %v, cannot be kept", p.Page.ID, d)
		}
		all = append(all, changed{p.Page.ID, p})
	}
	for _, id := range next.Deleted {
		all = append(all, changed{id, nil})
	}
	slices.SortFunc(all, func(a, b changed) int { return strings.Compare(a.id, b.id) })
	for i := range all[min(1, len(all)):] {
		if all[i].id == all[i+1].id {
			return nil, fmt.Errorf("page %q is twice among the pages that were added, changed and deleted", all[i].id)
		}
	}
	return all, nil
}

// rows gives the rows of changed pages in batches, which are overwritten by the next one.
func rows(all []changed, generation int) iter.Seq2[[]pageRow, error] {
	return func(yield func([]pageRow, error) bool) {
		batch := make([]pageRow, 0, batchRows)
		for some := range slices.Chunk(all, batchRows) {
			batch = batch[:0]
			for _, c := range some {
				if c.row != nil {
					batch = append(batch, toRow(c.row, generation))
				} else {
					batch = append(batch, pageRow{ID: c.id, Generation: int64(generation), Deleted: true})
				}
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// before gives the manifest of the generation that is to be followed. Where there is none, it marks
// the folder as a state without a generation.
func (a *Archive) before(base int) (*Manifest, error) {
	m, err := a.current()
	if errors.Is(err, ErrNone) && base == 0 {
		m = new(Manifest)
		err = a.prepare(marker{})
		if err == nil {
			err = a.point()
		}
		if err == nil {
			err = a.fs.SyncDir(filepath.Dir(filepath.Clean(a.dir))) // which the folder may be new in
		}
	}
	if err != nil {
		return nil, err
	}
	if m.Generation != base {
		return nil, fmt.Errorf("the state is at generation %d, and the night began with %d: load it again", m.Generation, base)
	}
	return m, nil
}

// prepare puts on disk what the file `current` will say.
func (a *Archive) prepare(to marker) error {
	_, err := a.writeFile(tempName, func(w io.Writer) error {
		_, err := w.Write(to.bytes())
		return err
	})
	return err
}

// point makes what was prepared, and whose files are on disk, the current generation.
func (a *Archive) point() error {
	if err := a.fs.Rename(a.path(tempName), a.path(currentName)); err != nil {
		return err
	}
	return a.fs.SyncDir(a.dir)
}

// write writes the files of a generation and puts them on disk. It returns the manifest's hash.
func (a *Archive) write(ctx context.Context, next *Next, before *Manifest, pages []changed) (string, error) {
	m := &Manifest{Format: Format, Generation: next.Base + 1, Program: next.Program, OptionHash: next.OptionHash, Options: next.Options,
		Docs: next.Docs, Values: next.Values, Counts: make(map[string]Count), Segments: slices.Clone(before.Segments)}
	if len(m.Options) == 0 {
		m.Options = json.RawMessage("null")
	}
	night := Night{Generation: m.Generation, OptionHash: next.OptionHash, Inputs: slices.Sorted(slices.Values(next.Inputs))}
	m.Nights = append(slices.Clone(before.Nights), night)

	folder := generationName(m.Generation)
	for _, name := range []string{segmentsName, runsName, setsName, arraysName, folder} {
		if err := a.fs.MkdirAll(a.path(name)); err != nil {
			return "", err
		}
	}
	derived := slices.Clone(next.Derived)
	var marks []written
	if next.Published != nil {
		table, array := next.Published.parts()
		derived, marks = append(derived, table), append(marks, array)
	}
	// Each notes its files in a part of the manifest of its own. While one waits for the disk another is made.
	writes := []func() error{
		func() error { return a.writeSegment(ctx, m, rows(pages, m.Generation)) },
		func() error { return a.writeTables(m, before, next, derived) },
		func() error {
			if next.Known == nil {
				return nil
			}
			return a.writeRuns(ctx, m, before, next.Known)
		},
		func() error {
			arrays := marks
			if next.Known != nil {
				arrays = append(knownArrays(next.Known, a.texts), marks...)
			}
			return a.writeArrays(ctx, m, before, arrays)
		},
	}
	errs := make([]error, len(writes))
	var group errgroup.Group
	for i, write := range writes {
		group.Go(func() error {
			if errs[i] = ctx.Err(); errs[i] == nil {
				errs[i] = write()
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	b, err := m.encode()
	if err != nil {
		return "", err
	}
	info, err := a.writeFile(folder+"/"+manifestName, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, name := range []string{segmentsName, runsName, setsName, arraysName, folder, ""} {
		if err := a.fs.SyncDir(a.path(name)); err != nil {
			return "", err
		}
	}
	return info.Hash, ctx.Err()
}

// writeSegment writes rows as a segment of the generation, or all segments and rows as one.
func (a *Archive) writeSegment(ctx context.Context, m *Manifest, added iter.Seq2[[]pageRow, error]) (err error) {
	all := merge([]iter.Seq2[[]pageRow, error]{added})
	if old := len(m.Segments) > 0 && m.Segments[0].Features == (FileInfo{}); old || len(m.Segments) >= a.maxSegments {
		segments := make([]iter.Seq2[[]pageRow, error], 0, len(m.Segments)+1)
		for _, s := range m.Segments {
			segments = append(segments, a.segment(ctx, s))
		}
		all = alive(merge(append(segments, added)))
		m.Segments = nil
	}
	var table []pageRow
	for row, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		table = append(table, *row)
	}
	var s Segment
	path := func(suffix string) string { return segmentsName + "/" + segmentName(m.Generation, suffix) }
	if s.Features, err = a.writeFile(path(featuresSuffix), func(w io.Writer) error { return lay(w, table) }); err != nil {
		return err
	}
	n := int64(0)
	s.FileInfo, err = a.writeFile(path(tableSuffix), func(w io.Writer) error {
		n, err = encodeTable(w, each(table, func(_ int, r *pageRow) pageRow { return *r }), (*pageRow).weight, groupBytes)
		return err
	})
	if err != nil {
		return err
	}
	s.Rows, s.Features.Rows = n, n
	if heads, fits := headsOf(table); fits {
		if s.Heads, err = a.writeFile(path(headsSuffix), heads.write); err != nil {
			return err
		}
		s.Heads.Rows = n
	}
	m.Segments = append(m.Segments, s)
	return nil
}

// lay writes what is long in rows, in the order of their dates, and says in the rows where it is: a night goes
// through pages in this order, and looks at the last ones most.
func lay(w io.Writer, rows []pageRow) error {
	order := make([]*pageRow, len(rows))
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortStableFunc(order, func(x, y *pageRow) int { return x.Date.Compare(y.Date) })
	at := int64(0)
	for _, r := range order {
		r.From, r.To = at, at+int64(len(r.long))
		at = (r.To + 7) &^ 7 // the next one is aligned to 8
		if _, err := w.Write(r.long); err != nil {
			return err
		}
		if _, err := w.Write(make([]byte, at-r.To)); err != nil {
			return err
		}
	}
	return nil
}

// output is a file that a generation has of its own.
type output struct {
	path   string
	encode func(w io.Writer) (rows int64, err error)
	note   func(info FileInfo)
}

// count counts groups, which ascend.
func (m *Manifest) count(groups []GroupRow) {
	for len(groups) > 0 {
		kind, n, last := groups[0].Kind, Count{}, ""
		for len(groups) > 0 && groups[0].Kind == kind {
			if id := groups[0].ID; n.Pages == 0 || id != last {
				n.Groups, last = n.Groups+1, id
			}
			n.Pages, groups = n.Pages+1, groups[1:]
		}
		m.Counts[kind] = n
	}
}

// writeTables writes sets and tables. Their files are made at the same time, and written one after the other.
func (a *Archive) writeTables(m, before *Manifest, t *Next, derived []Derived) error {
	m.Sets = make([]Layers, len(setNames))
	sets := make([][]output, len(setNames))
	if err := parallel(len(sets), func(i int) (err error) {
		switch setNames[i] {
		case aliasesTable:
			_, sets[i], err = writeSet(a, m, before, aliasesSet, t.Aliases, &m.Sets[i])
		case groupsTable:
			var groups []GroupRow
			groups, sets[i], err = writeSet(a, m, before, groupsSet, t.Groups, &m.Sets[i])
			m.count(groups)
		case idsTable:
			_, sets[i], err = writeSet(a, m, before, idsSet, t.IDs, &m.Sets[i])
		}
		return err
	}); err != nil {
		return err
	}
	outputs := slices.Concat(sets...)
	all := append(derived,
		Derive(changesTable, sorted(t.Changes, compareChanges)),
		Derive(termsTable, func(yield func(termRow, error) bool) {
			for df := range sorted(t.Terms, compareTerms) {
				if !yield(termRow{uint64(df.Term), df.Docs}, nil) {
					return
				}
			}
		}))
	slices.SortFunc(all, func(x, y Derived) int { return strings.Compare(x.name, y.name) })
	for i, d := range all {
		if !isTable(d.name) || slices.Contains(setNames, d.name) || i > 0 && d.name == all[i-1].name {
			return fmt.Errorf("table %q: not a name, or there twice", d.name)
		}
		outputs = append(outputs, output{tablePath(m.Generation, d.name), d.encode, func(info FileInfo) { m.Tables = append(m.Tables, info) }})
	}
	files, rows := make([]bytes.Buffer, len(outputs)), make([]int64, len(outputs))
	if err := parallel(len(outputs), func(i int) (err error) {
		rows[i], err = outputs[i].encode(&files[i])
		return err
	}); err != nil {
		return err
	}
	for i, o := range outputs {
		info, err := a.writeFile(o.path, func(w io.Writer) error {
			_, err := files[i].WriteTo(w)
			return err
		})
		if err != nil {
			return err
		}
		info.Rows = rows[i]
		o.note(info)
	}
	return nil
}
