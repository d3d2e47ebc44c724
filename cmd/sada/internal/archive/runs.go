package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"unsafe"

	"sada/cluster"
	"sada/cluster/inverted"
)

// postingBytes is what a posting takes in a file: hash, document and place, little-endian.
const postingBytes = int64(unsafe.Sizeof(inverted.Posting{}))

// index is an index of tables by name.
type index struct {
	name string
	of   *inverted.Index
}

// indexes gives the indexes of tables, ascending.
func indexes(t *cluster.Tables) []index {
	return []index{{"anchors", &t.Anchors}, {"bands", &t.Bands}, {"lines", &t.Lines}, {"mentions", &t.Mentions}}
}

// writeRuns writes the runs that are not those of the generation before: runs are only read, merged or left
// away, so that what a night adds to them is little beside all of them.
func (a *Archive) writeRuns(ctx context.Context, m, before *Manifest, t *cluster.Tables) error {
	for _, x := range indexes(t) {
		written := 0
		for _, run := range x.of.Runs {
			if len(run) == 0 {
				continue
			}
			if r, ok := a.runs[&run[0]]; ok && r.Rows == int64(len(run)) && slices.Contains(before.Runs, r) {
				m.Runs = append(m.Runs, r)
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := a.writeFile(runsName+"/"+runKey{x.name, m.Generation, written}.name(), func(w io.Writer) error {
				_, err := w.Write(raw(run))
				return err
			})
			if err != nil {
				return err
			}
			written++
			info.Rows = int64(len(run))
			m.Runs = append(m.Runs, Run{x.name, info})
		}
	}
	return nil
}

// readRuns maps the runs of a generation into tables. They are there until [Archive.Close].
func (a *Archive) readRuns(ctx context.Context, m *Manifest, t *cluster.Tables) error {
	all := indexes(t)
	for _, r := range m.Runs {
		if err := ctx.Err(); err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(x index) bool { return x.name == r.Index })
		if i < 0 {
			return corrupt(r.Path, fmt.Sprintf("index %q", r.Index))
		}
		b, err := a.view(r.FileInfo)
		if err != nil {
			return err
		}
		if run := cooked[inverted.Posting](b); len(run) > 0 {
			all[i].of.Runs = append(all[i].of.Runs, run)
			a.runs[&run[0]] = r
		}
	}
	return nil
}

// checkRun holds a run to its order.
func (a *Archive) checkRun(ctx context.Context, r Run) (err error) {
	f, err := a.open(r.FileInfo)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	const batch = 1 << 16 // postings
	buffer := make([]inverted.Posting, min(batch, r.Rows))
	last, first := inverted.Posting{}, true
	for at := int64(0); at < r.Rows; at += batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		ps := buffer[:min(batch, r.Rows-at)]
		if _, err := f.ReadAt(raw(ps), at*postingBytes); err != nil {
			return err
		}
		for _, p := range ps {
			if !first && inverted.Compare(last, p) >= 0 {
				return corrupt(r.Path, "postings out of order")
			}
			last, first = p, false
		}
	}
	return nil
}
