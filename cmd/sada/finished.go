package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"

	"sada/cluster"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/features/arabic"
	"sada/features/article"
)

// finished is a finished run and what was looked up in it.
type finished struct {
	dir      string
	manifest *publish.Manifest
	options  recorded
	rows     map[string]*publish.Page
	articles map[string]*article.Page // as they were read again
	pages    map[string]*cluster.Page
}

// openRun reads the rows of the pages named; it is an error if one is missing, or if the run does not have all rows.
func openRun(dir string, ids ...string) (*finished, error) {
	if _, err := publish.ReadManifest(dir); errors.Is(err, publish.ErrPart) {
		return nil, err
	}
	return openPart(dir, ids...)
}

// openPart is openRun also for a run that has only what a night changed.
func openPart(dir string, ids ...string) (*finished, error) {
	m, err := publish.ReadAnyManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, exit.Misuse("--run names the folder that sada run --out has written", "no run in %s", dir)
	}
	if err != nil {
		return nil, err
	}
	f := &finished{dir: dir, manifest: m, rows: make(map[string]*publish.Page), articles: make(map[string]*article.Page), pages: make(map[string]*cluster.Page)}
	if err := json.Unmarshal(m.Options, &f.options); err != nil {
		return nil, fmt.Errorf("%s: options: %w", dir, err)
	}
	if err := f.find(func(p *publish.Page) bool { return slices.Contains(ids, p.ID) }); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if f.rows[id] == nil {
			return nil, exit.Misuse("pages.jsonl of the run lists the pages, rejects.jsonl what is not among them", "no page %q in %s", id, dir)
		}
	}
	return f, nil
}

// partHint is the hint where all rows are needed.
const partHint = "sada state export --state DIR --out DIR writes all of the state"

// find adds the rows that are wanted.
func (f *finished) find(wanted func(*publish.Page) bool) error {
	for row, err := range publish.Read[publish.Page](f.dir, "pages") {
		if err != nil {
			return err
		}
		if wanted(&row) {
			f.rows[row.ID] = &row
		}
	}
	return nil
}

// unchanged is the hint of verbs that read the inputs again.
const unchanged = "the texts are read from the files that the run was made from; they must be there, unchanged"

// unchangedNight is that of a night's folder.
const unchangedNight = "a night reads its own files only; sada run over those of all nights has the texts of all pages"

// hint says what it takes to have the texts.
func (f *finished) hint() string {
	if f.manifest.Generation > 0 {
		return unchangedNight
	}
	return unchanged
}

// read reads the texts of all pages in rows. It is an error if one of them is not to be had.
func (f *finished) read(p *program) error {
	texts, err := f.texts(p, func(id string) bool { return f.rows[id] != nil })
	if err != nil {
		return &exit.Error{Code: exit.Failed, Err: err, Hint: f.hint()}
	}
	st, err := arabic.ParseStemmer(f.options.Stemmer)
	if err != nil {
		return err
	}
	m := cluster.Maker{Stemmer: st}
	for _, id := range slices.Sorted(maps.Keys(f.rows)) {
		if why := texts.Missing(id); why != nil {
			return &exit.Error{Code: exit.Failed, Err: why, Hint: f.hint()}
		}
		f.articles[id] = texts.Found[id]
		f.pages[id] = m.Make(f.articles[id])
	}
	return nil
}

// reread is what the run's inputs hold now.
type reread struct {
	Found   map[string]*article.Page // of the run: their files are unchanged
	changed map[string]string        // pages whose file is not as it was
	night   bool                     // the run is a night's, which has pages of earlier ones
}

// Missing says why there is no text of a page; nil if there is.
func (r *reread) Missing(id string) error {
	switch file := r.changed[id]; {
	case r.Found[id] != nil:
		return nil
	case r.night:
		return fmt.Errorf("page %q is in no file that this night read: an earlier night did, or the file changed", id)
	case file != "":
		return fmt.Errorf("%s, which has page %q, changed after the run", file, id)
	}
	return fmt.Errorf("page %q is not in the run's inputs any more", id)
}

// texts reads the texts of the wanted pages from the run's inputs again, all of them to the end: only
// then is it known that they are those of the run, and which of two records with one ID it kept.
func (f *finished) texts(p *program, wanted func(id string) bool) (*reread, error) {
	set, err := f.options.open(p, f.manifest.Arguments, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, fmt.Errorf("read the run's inputs again: %w", err)
	}
	records := make(map[string]*corpus.Record)
	for rec, err := range set.Records(p.ctx) {
		if err != nil {
			return nil, fmt.Errorf("read the run's inputs again: %w", err)
		}
		if rec.Reject != "" || !wanted(rec.Page.ID) {
			continue
		}
		if other := records[rec.Page.ID]; other == nil || supersedes(&rec, other) {
			records[rec.Page.ID] = &rec
		}
	}
	hashes := make(map[string]bool)
	for _, input := range f.manifest.Inputs {
		hashes[input.Hash] = true
	}
	changed := make(map[string]bool)
	for _, file := range set.Files() {
		changed[file.Name] = !hashes[file.Hash]
	}
	out := &reread{Found: make(map[string]*article.Page, len(records)), changed: make(map[string]string), night: f.manifest.Generation > 0}
	for id, rec := range records {
		if changed[rec.File] {
			out.changed[id] = rec.File
		} else {
			out.Found[id] = &rec.Page
		}
	}
	return out, nil
}
