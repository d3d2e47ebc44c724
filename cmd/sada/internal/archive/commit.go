package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
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
	if a.lock == nil {
		return errUnlocked
	}
	rows, err := next.rows()
	if err != nil {
		return err
	}
	before, err := a.before(next.Base)
	if err != nil {
		return err
	}
	if err := a.sweep(next.Base); err != nil {
		return err
	}
	hash, err := a.write(ctx, next, before, rows)
	if err == nil {
		err = a.prepare(marker{next.Base + 1, hash})
	}
	if err != nil {
		// A disk that is full should not stay so until the next night, which sweeps again.
		_ = a.sweep(next.Base)
		return err
	}
	return a.point()
}

// rows gives the rows of the segment, ascending.
func (next *Next) rows() ([]pageRow, error) {
	rows := make([]pageRow, 0, len(next.Pages)+len(next.Deleted))
	for i := range next.Pages {
		p := &next.Pages[i]
		if d := p.Record.Date; !d.IsZero() && (d.Before(firstDate) || d.After(lastDate)) {
			return nil, fmt.Errorf("page %q: its date, %v, cannot be kept", p.Record.ID, d)
		}
		rows = append(rows, toRow(p, next.Base+1))
	}
	for _, id := range next.Deleted {
		rows = append(rows, pageRow{ID: id, Generation: int64(next.Base + 1), Deleted: true})
	}
	slices.SortFunc(rows, func(a, b pageRow) int { return strings.Compare(a.ID, b.ID) })
	for i := range rows[min(1, len(rows)):] {
		if rows[i].ID == rows[i+1].ID {
			return nil, fmt.Errorf("page %q is twice among the pages that were added, changed and deleted", rows[i].ID)
		}
	}
	return rows, nil
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
func (a *Archive) write(ctx context.Context, next *Next, before *Manifest, rows []pageRow) (string, error) {
	m := &Manifest{Format: Format, Generation: next.Base + 1, Program: next.Program, OptionHash: next.OptionHash, Options: next.Options,
		Docs: next.Docs, Values: next.Values, Counts: make(map[string]Count), Segments: slices.Clone(before.Segments)}
	if len(m.Options) == 0 {
		m.Options = json.RawMessage("null")
	}
	night := Night{Generation: m.Generation, OptionHash: next.OptionHash, Inputs: slices.Sorted(slices.Values(next.Inputs))}
	m.Nights = append(slices.Clone(before.Nights), night)

	folder := generationName(m.Generation)
	for _, name := range []string{segmentsName, folder} {
		if err := a.fs.MkdirAll(a.path(name)); err != nil {
			return "", err
		}
	}
	if err := a.writeSegment(ctx, m, rows); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := a.writeTables(m, next); err != nil {
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
	for _, name := range []string{segmentsName, folder, ""} {
		if err := a.fs.SyncDir(a.path(name)); err != nil {
			return "", err
		}
	}
	return info.Hash, ctx.Err()
}

// writeSegment writes rows as a segment of the generation, or all segments and rows as one.
func (a *Archive) writeSegment(ctx context.Context, m *Manifest, rows []pageRow) error {
	var all iter.Seq2[*pageRow, error]
	added := func(yield func([]pageRow, error) bool) {
		if len(rows) > 0 {
			yield(rows, nil)
		}
	}
	if len(m.Segments) < a.maxSegments {
		all = merge([]iter.Seq2[[]pageRow, error]{added})
	} else {
		segments := make([]iter.Seq2[[]pageRow, error], 0, len(m.Segments)+1)
		for _, info := range m.Segments {
			segments = append(segments, a.segment(ctx, info))
		}
		all = alive(merge(append(segments, added)))
		m.Segments = nil
	}
	info, err := writeTable(a, segmentsName+"/"+segmentName(m.Generation), func(yield func(pageRow, error) bool) {
		for row, err := range all {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(pageRow{}, err)
				return
			}
			if !yield(*row, nil) {
				return
			}
		}
	}, (*pageRow).weight, groupBytes)
	if err != nil {
		return err
	}
	m.Segments = append(m.Segments, info)
	return nil
}

func (a *Archive) writeTables(m *Manifest, next *Next) error {
	t := &next.Tables
	all := append(slices.Clone(next.Derived),
		Derive(aliasesTable, sorted(t.Aliases, compareAliases)),
		Derive(changesTable, sorted(t.Changes, compareChanges)),
		Derive(groupsTable, counted(m, sorted(t.Groups, compareGroups))),
		Derive(idsTable, sorted(t.IDs, compareIDs)),
		Derive(termsTable, func(yield func(termRow, error) bool) {
			for df := range sorted(t.Terms, compareTerms) {
				if !yield(termRow{uint64(df.Term), df.Docs}, nil) {
					return
				}
			}
		}))
	slices.SortFunc(all, func(x, y Derived) int { return strings.Compare(x.name, y.name) })
	for i, d := range all {
		if !isTable(d.name) || i > 0 && d.name == all[i-1].name {
			return fmt.Errorf("table %q: not a name, or there twice", d.name)
		}
	}
	for _, d := range all {
		info, err := d.write(a, tablePath(m.Generation, d.name))
		if err != nil {
			return err
		}
		m.Tables = append(m.Tables, info)
	}
	return nil
}

// counted counts the groups that pass by.
func counted(m *Manifest, rows iter.Seq2[GroupRow, error]) iter.Seq2[GroupRow, error] {
	return func(yield func(GroupRow, error) bool) {
		last := ""
		for row, err := range rows {
			n := m.Counts[row.Kind]
			if n.Groups == 0 || row.ID != last {
				n.Groups++
			}
			n.Pages++
			m.Counts[row.Kind], last = n, row.ID
			if !yield(row, err) {
				return
			}
		}
	}
}
