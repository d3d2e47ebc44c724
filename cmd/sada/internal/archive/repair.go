package archive

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Repairs is what Repair did.
type Repairs struct {
	Generation int      // that is current now; 0 if the state has none and never had
	Aside      string   // the folder that things were moved to, relative to the state folder; empty if none were
	Moved      []string // what was moved, relative to the state folder, with slashes
}

// Repair makes a whole state of a damaged one. It goes back to the newest generation that is whole, and
// moves what is damaged, what stopped nights left and what is no file of a state's into a folder
// aside-1, aside-2 and so on, where it keeps its path. It deletes nothing. The lock must be held.
//
// If no generation is whole it moves nothing and returns ErrCorrupt; other errors are ErrNone, ErrNewer,
// the context's, or that of a file that cannot be read or moved. Stopped at any point, it can be
// repeated.
func (a *Archive) Repair(ctx context.Context) (Repairs, error) {
	var r Repairs
	if a.lock == nil {
		return r, errUnlocked
	}
	at, markerErr := a.trusted()
	if markerErr != nil && !errors.Is(markerErr, ErrCorrupt) {
		return r, markerErr
	}
	l, err := a.list()
	if err != nil {
		return r, err
	}
	v := verifier{a: a, files: make(map[FileInfo]*Damage)}
	var whole []int // descending
	var hash string // of the manifest of the first
	needed := make(map[string]bool)
	var moved []string
	for _, n := range slices.Backward(l.generations) {
		var m *Manifest
		if markerErr != nil || n <= at.generation {
			if m, err = v.whole(ctx, n, at, len(whole) == 0, needed, &hash); err != nil {
				return r, err
			}
		}
		if m == nil {
			moved = append(moved, generationName(n))
			continue
		}
		whole = append(whole, n)
		strangers, err := a.strangers(n, m)
		if err != nil {
			return r, err
		}
		moved = append(moved, strangers...)
	}
	switch {
	case len(whole) > 0:
		r.Generation = whole[0]
	case markerErr != nil || at.generation > 0:
		return r, fmt.Errorf("%s: no generation is whole, and nothing was moved: restore a copy of the folder: %w", a.dir, ErrCorrupt)
	}
	for _, s := range l.shared {
		if !needed[s.path] {
			moved = append(moved, s.path)
		}
	}
	moved = append(moved, l.unknown...)
	stages, begun, strangers, err := a.checkStages(ctx)
	if err != nil {
		return r, err
	}
	moved = slices.Concat(moved, begun, strangers)
	for _, s := range stages { // what is whole of them is of use to the night that is run again
		moved = append(moved, s.Damaged...)
	}
	if l.temp {
		moved = append(moved, tempName)
	}
	damaged := &Damage{}
	if errors.As(markerErr, &damaged) && damaged.What != missing {
		moved = append(moved, currentName)
	}
	if len(moved) > 0 {
		slices.Sort(moved)
		r.Aside = asidePrefix + fmt.Sprint(l.aside+1)
		if err := a.moveAside(ctx, &r, moved); err != nil {
			return r, err
		}
	}
	if markerErr == nil && r.Generation == at.generation {
		return r, nil
	}
	if err := a.prepare(marker{r.Generation, hash}); err != nil {
		return r, err
	}
	return r, a.point()
}

// whole gives the manifest of a generation that is whole, nil for one that is not, and reads the contents
// of the one that is to be current. It notes the segments and the manifest's hash.
func (v *verifier) whole(ctx context.Context, n int, at marker, first bool, needed map[string]bool, hash *string) (*Manifest, error) {
	g, err := v.generation(ctx, n, at)
	// What is in a run or an array can be worked out again.
	if err != nil || g.leftover || slices.ContainsFunc(g.damage, func(d *Damage) bool { return !derivable(d.File) }) {
		return nil, err
	}
	if first {
		if n != at.generation || len(g.damage) > 0 { // otherwise it was read
			if err := v.a.contents(ctx, g.manifest); err != nil {
				return nil, g.add(err)
			}
		}
		if _, *hash, err = v.a.manifest(n, ""); err != nil {
			return nil, err
		}
	}
	for _, s := range g.manifest.shared() {
		needed[s.Path] = v.files[s] == nil
	}
	return g.manifest, nil
}

// moveAside moves files and folders, and puts their new names on disk.
func (a *Archive) moveAside(ctx context.Context, r *Repairs, names []string) error {
	folders := []string{"", r.Aside}
	if err := a.fs.MkdirAll(a.path(r.Aside)); err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if dir := path.Dir(name); strings.Contains(name, "/") && !slices.Contains(folders, dir) {
			if err := a.fs.MkdirAll(a.path(r.Aside + "/" + dir)); err != nil {
				return err
			}
			for ; dir != "."; dir = path.Dir(dir) {
				folders = append(folders, dir, r.Aside+"/"+dir)
			}
		}
		if err := a.fs.Rename(a.path(name), a.path(r.Aside+"/"+name)); err != nil {
			return err
		}
		r.Moved = append(r.Moved, name)
	}
	for _, dir := range folders {
		if err := a.fs.SyncDir(a.path(dir)); err != nil {
			return err
		}
	}
	return nil
}
