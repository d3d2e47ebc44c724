package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Generations reads the manifests of all generations, ascending. The last one is the current one. It
// returns ErrNone, ErrCorrupt, ErrNewer, or the error of a file that cannot be read. The manifests
// agree with their checksums; the other files were not looked at.
func (a *Archive) Generations() ([]*Manifest, error) {
	newest, err := a.current()
	if err != nil {
		return nil, err
	}
	l, err := a.list()
	if err != nil {
		return nil, err
	}
	var out []*Manifest
	for _, n := range l.generations {
		if n >= newest.Generation {
			break
		}
		ok, err := a.has(n)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		m, _, err := a.manifest(n, "")
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return append(out, newest), nil
}

// Prune removes the stages, all but the newest keep generations, at least one, the shared files that none of
// those names, and what a stopped night left. It returns the generations it removed, ascending. The lock must
// be held. It writes nothing, and so works on a full disk. Stopped at any point, it leaves a whole
// state, and the next Prune finishes. It returns ErrNone if there is no generation, and ErrCorrupt if the manifest of any
// is damaged, for what that one needs is not known; then it removes the stages alone.
func (a *Archive) Prune(ctx context.Context, keep int) (removed []int, err error) {
	if a.lock == nil {
		return nil, errUnlocked
	}
	if keep < 1 {
		return nil, fmt.Errorf("prune: keep %d generations: the least is 1", keep)
	}
	all, err := a.Generations()
	if err == nil || errors.Is(err, ErrNone) || errors.Is(err, ErrCorrupt) {
		err = cmp.Or(a.RemoveStages(), err)
	}
	if err != nil {
		return nil, err
	}
	kept := all[max(0, len(all)-keep):]
	needed := make(map[string]bool)
	for _, m := range kept {
		for _, s := range m.shared() {
			needed[s.Path] = true
		}
	}
	for _, m := range all[:len(all)-len(kept)] {
		removed = append(removed, m.Generation)
	}
	if err := a.sweep(all[len(all)-1].Generation); err != nil {
		return nil, err
	}
	l, err := a.list()
	if err != nil {
		return nil, err
	}
	// A folder without a manifest is no generation. So these go first, and for good before a file that
	// they name.
	doomed := slices.DeleteFunc(l.generations, func(n int) bool {
		return slices.ContainsFunc(kept, func(m *Manifest) bool { return m.Generation == n })
	})
	for _, n := range doomed {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ok, err := a.has(n)
		if err != nil {
			return nil, err
		}
		if ok {
			if err := a.fs.Remove(a.path(generationName(n) + "/" + manifestName)); err != nil {
				return nil, err
			}
		}
		if err := a.fs.SyncDir(a.path(generationName(n))); err != nil {
			return nil, err
		}
	}
	for _, n := range doomed {
		if err := a.removeGeneration(n); err != nil {
			return nil, err
		}
	}
	for _, s := range l.shared {
		if !needed[s.path] {
			if err := a.fs.Remove(a.path(s.path)); err != nil {
				return nil, err
			}
		}
	}
	return removed, a.fs.SyncDir(a.dir)
}

// sweep removes what a night that was stopped has left: everything later than the current generation.
func (a *Archive) sweep(current int) error {
	l, err := a.list()
	if err != nil {
		return err
	}
	if l.temp {
		if err := a.fs.Remove(a.path(tempName)); err != nil {
			return err
		}
	}
	for _, n := range l.generations {
		if n > current {
			if err := a.removeGeneration(n); err != nil {
				return err
			}
		}
	}
	for _, s := range l.shared {
		if s.generation > current {
			if err := a.fs.Remove(a.path(s.path)); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeGeneration removes the folder of a generation, its manifest first.
func (a *Archive) removeGeneration(n int) error {
	folder := generationName(n)
	entries, err := a.entries(folder)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(x, y fs.DirEntry) int {
		switch {
		case x.Name() == manifestName:
			return -1
		case y.Name() == manifestName:
			return 1
		}
		return 0
	})
	for _, e := range entries {
		if err := a.fs.Remove(a.path(folder + "/" + e.Name())); err != nil {
			return err
		}
	}
	return a.fs.Remove(a.path(folder))
}
