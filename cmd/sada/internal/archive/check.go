package archive

import (
	"context"
	"errors"
	"slices"
)

// Report is what Check found. Paths are relative to the state folder, with slashes.
type Report struct {
	Generation  int   // the current one, 0 if none is known
	Generations []int // that were looked at, ascending
	Files       int   // that are as they were written
	Bytes       int64 // of those
	Damage      []*Damage
	// Leftovers are of a night or a Prune that was stopped; the next one removes them.
	Leftovers []string
	// Unknown are no files of a state's. They do no harm.
	Unknown []string
	Stages  []StageReport // of a night that was stopped, or is running
}

// Check holds every file of every generation to its checksum, reads all of the current one, and makes
// pages of its records. It changes nothing and needs no lock. A state without damage gives no error,
// leftovers or not; otherwise it is ErrCorrupt, ErrNone, ErrNewer, the context's error, or that of a
// file that cannot be read. The report is good as far as it goes in any case.
func (a *Archive) Check(ctx context.Context) (Report, error) {
	for {
		at, err := a.trusted()
		r, err := a.check(ctx, at, err)
		if len(r.Damage) > 0 {
			// A night that ended meanwhile may have pruned what was looked at.
			if now, again := a.trusted(); again == nil && now != at {
				continue
			}
		}
		return r, err
	}
}

func (a *Archive) check(ctx context.Context, at marker, markerErr error) (Report, error) {
	r := Report{Generation: at.generation}
	var err error
	if r.Stages, r.Leftovers, r.Unknown, err = a.checkStages(ctx); err != nil {
		return r, err
	}
	damage := new(Damage)
	switch {
	case errors.As(markerErr, &damage):
		r.Damage = append(r.Damage, damage)
	case markerErr != nil:
		return r, markerErr
	}
	l, err := a.list()
	if err != nil {
		return r, err
	}
	r.Unknown = append(r.Unknown, l.unknown...)
	if l.temp {
		r.Leftovers = append(r.Leftovers, tempName)
	}
	v := verifier{a: a, files: make(map[FileInfo]*Damage)}
	needed := make(map[string]bool)
	for _, n := range l.generations {
		g, err := v.generation(ctx, n, at)
		if err != nil {
			return r, err
		}
		if g.leftover || markerErr == nil && n > at.generation {
			r.Leftovers = append(r.Leftovers, generationName(n))
			continue
		}
		strangers, err := a.strangers(n, g.manifest)
		if err != nil {
			return r, err
		}
		r.Unknown = append(r.Unknown, strangers...)
		r.Generations = append(r.Generations, n)
		for _, d := range g.damage {
			if !slices.Contains(r.Damage, d) {
				r.Damage = append(r.Damage, d)
			}
		}
		if g.manifest == nil {
			continue
		}
		r.Files++
		for _, s := range g.manifest.shared() {
			needed[s.Path] = true
		}
	}
	for _, s := range l.shared {
		if !needed[s.path] {
			r.Leftovers = append(r.Leftovers, s.path)
		}
	}
	for info, d := range v.files {
		if d == nil {
			r.Files++
			r.Bytes += info.Bytes
		}
	}
	switch {
	case len(r.Damage) > 0:
		errs := make([]error, len(r.Damage))
		for i, d := range r.Damage {
			errs[i] = d
		}
		return r, errors.Join(errs...)
	case at.generation == 0:
		return r, a.none()
	}
	return r, nil
}

// verifier holds files to their checksums, each one once.
type verifier struct {
	a     *Archive
	files map[FileInfo]*Damage // nil for one that is whole
}

// verified is what is known of a generation.
type verified struct {
	manifest *Manifest // nil if it is damaged
	leftover bool      // it is half written or half removed
	damage   []*Damage
}

// generation holds the files of generation n to their checksums. Of the one that `current` names it
// also reads the contents.
func (v *verifier) generation(ctx context.Context, n int, at marker) (verified, error) {
	var g verified
	hash := ""
	if n == at.generation {
		hash = at.hash
	} else if ok, err := v.a.has(n); err != nil || !ok {
		g.leftover = true
		return g, err
	}
	m, _, err := v.a.manifest(n, hash)
	if err != nil {
		return g, g.add(err)
	}
	g.manifest = m
	for _, info := range m.Files() {
		d, ok := v.files[info]
		if !ok {
			if err := ctx.Err(); err != nil {
				return g, err
			}
			f, err := v.a.open(info)
			if err == nil {
				err = f.Close()
			}
			if err != nil && !errors.As(err, &d) {
				return g, err
			}
			v.files[info] = d
		}
		if d != nil && !gone(d) { // without it, the next night takes longer
			g.damage = append(g.damage, d)
		}
	}
	if len(g.damage) == 0 && n == at.generation {
		if err := g.add(v.a.contents(ctx, m)); err != nil {
			return g, err
		}
		if err := g.add(v.heads(ctx, m)); err != nil {
			return g, err
		}
		if err := g.add(v.runs(ctx, m)); err != nil {
			return g, err
		}
		return g, g.add(v.arrays(ctx, m))
	}
	if len(g.damage) > 0 && n != at.generation {
		// A Prune may have removed it while it was looked at.
		if ok, err := v.a.has(n); err != nil || !ok {
			return verified{leftover: true}, err
		}
	}
	return g, nil
}

// heads makes pages of the heads of a generation that are there.
func (v *verifier) heads(ctx context.Context, m *Manifest) error {
	for _, s := range m.Segments {
		if s.Heads == (FileInfo{}) || v.files[s.Heads] != nil { // of an older program, or missing
			continue
		}
		_, err := v.a.headPages(ctx, s)
		if d := new(Damage); errors.As(err, &d) {
			v.files[s.Heads] = d
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// runs holds the runs of a generation to their order.
func (v *verifier) runs(ctx context.Context, m *Manifest) error {
	for _, r := range m.Runs {
		if v.files[r.FileInfo] != nil { // it is missing
			continue
		}
		err := v.a.checkRun(ctx, r)
		if d := new(Damage); errors.As(err, &d) {
			v.files[r.FileInfo] = d
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// arrays reads the arrays of a generation that are there.
func (v *verifier) arrays(ctx context.Context, m *Manifest) error {
	for _, x := range m.Arrays {
		width, ok := widths[x.Name]
		if !ok || slices.ContainsFunc(x.files(), func(f FileInfo) bool { return v.files[f] != nil }) { // of a later program, or missing
			continue
		}
		err := ctx.Err()
		if err == nil {
			_, err = v.a.readArray(m, x.Name, width)
		}
		if d := new(Damage); errors.As(err, &d) {
			v.files[x.files()[len(x.Deltas)]] = d
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add notes damage, and returns any other error.
func (g *verified) add(err error) error {
	d := new(Damage)
	if errors.As(err, &d) {
		g.damage = append(g.damage, d)
		return nil
	}
	return err
}

// contents reads all of a generation, and keeps nothing.
func (a *Archive) contents(ctx context.Context, m *Manifest) error {
	if err := a.tables(ctx, m, new(Tables)); err != nil {
		return err
	}
	if _, err := Changes(ctx, a, &Snapshot{manifest: m}); err != nil {
		return err
	}
	for row, err := range a.pages(ctx, m) {
		if err != nil {
			return err
		}
		p, err := fromRow(row)
		if err == nil {
			err = p.Page.Check()
		}
		if err != nil {
			return corrupt(segmentsName, err.Error())
		}
	}
	return nil
}
