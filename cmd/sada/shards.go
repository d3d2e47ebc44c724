package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sada/cluster"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/exit"
	"sada/cmd/sada/internal/shards"
	"sada/features/arabic"
	"sada/features/article"
	"sada/features/shingle"
)

// alone is what the features, bands and anchors of a page depend on.
type alone struct {
	readFlags
	Stemmer       string  `json:"stemmer"`
	Similarity    float64 `json:"similarity"`
	Recall        float64 `json:"recall"`
	Sketch        string  `json:"sketch"`
	Normalisation int     `json:"normalisation"`
}

// blockPages is how many pages are in memory before they are written: some hundred megabytes with what
// is written at the time.
const blockPages = 8192

// shard makes the shards of the files of a set that are not there, and lists them. It returns the number of
// records that could not be read as an error where they are too many, with the list complete.
func (c *runCmd) shard(p *program, set *corpus.Set) error {
	if slices.Contains(c.Input, "-") {
		return exit.Misuse("name files, which can be read again", "the standard input has no shard")
	}
	if err := shards.Prepare(c.Shards); err != nil {
		return err
	}
	if c.Memory > 0 {
		_, heap := c.Memory.shares()
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(heap))
	}
	m, err := c.newMakers()
	if err != nil {
		return err
	}
	list := &shards.List{Program: version(), Arguments: absolutes(c.Input)}
	list.Options, list.OptionHash = hashed(alone{c.readFlags, c.Stemmer, c.Similarity, c.Recall, c.Sketch, arabic.Version})
	tell := newTeller(p, c.Quiet, c.JSON, "sharding")
	var counts shardCounts
	var done, total int64
	hashes, names, sets := set.Hashes(), set.Names(), set.Split()
	_, total = set.Progress()
	for i, one := range sets {
		folder := shards.Folder(list, names[i], hashes[i])
		s, entry, err := shards.Load(c.Shards, folder)
		switch {
		case err == nil && hashes[i] != "":
			counts.there++
		case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, shards.ErrCorrupt):
			if err := c.makeShard(p.ctx, one, folder, m, func(at int64) { tell.progress(done+at, total) }); err != nil {
				tell.done()
				return err
			}
			if s, entry, err = shards.Load(c.Shards, folder); err != nil {
				tell.done()
				return err
			}
		default:
			tell.done()
			return err
		}
		list.Shards = append(list.Shards, entry)
		counts.add(s)
		_, size := one.Progress()
		done += size
	}
	tell.done()
	if err := shards.Commit(c.Shards, list); err != nil {
		return fmt.Errorf("list the shards: %w", err)
	}
	tell.step("shards")
	if c.Out != "" {
		return nil
	}
	if err := counts.tell(tell, c.Shards); err != nil {
		return err
	}
	if n := counts.rejects; c.MaxRejects >= 0 && n > int64(c.MaxRejects) {
		return &exit.Error{Code: exit.Rejects, Err: fmt.Errorf("%d of %d records rejected, %d allowed; the rest is in the shards", n, n+counts.records, c.MaxRejects), Hint: "sada merge lists them in rejects.jsonl"}
	}
	return nil
}

// shardCounts is what a summary tells.
type shardCounts struct {
	files, there     int
	records, rejects int64
}

func (n *shardCounts) add(s *shards.Shard) {
	n.files++
	n.records += s.Good
	n.rejects += s.Rejects
}

func (n *shardCounts) tell(t *teller, dir string) error {
	switch {
	case t.json:
		return jsonLine(t.out, struct {
			Type    string `json:"type"`
			Shards  string `json:"shards"`
			Files   int    `json:"files"`
			There   int    `json:"there"`
			Records int64  `json:"records"`
			Rejects int64  `json:"rejects"`
		}{"shards", dir, n.files, n.there, n.records, n.rejects})
	case t.quiet:
		return nil
	}
	return show(t.out, fmt.Sprintf("%d records and %d rejects in %d shards, %d of which were there, in %.1f s\n\nThe shards are in %s. \"sada merge %s --out DIR\" makes results of them.\n",
		n.records, n.rejects, n.files, n.there, time.Since(t.start).Seconds(), dir, dir))
}

// absolutes returns paths as they are found from any folder.
func absolutes(names []string) []string {
	var out []string
	for _, name := range names {
		// explain reads the pages again, perhaps from another folder.
		if abs, err := filepath.Abs(name); err == nil && name != "-" {
			name = abs
		}
		out = append(out, name)
	}
	return out
}

// makers are what makes pages and their keys, one for each goroutine.
type makers chan *maker

type maker struct {
	cluster.Maker
	*cluster.Keyer
}

func (c *jobFlags) newMakers() (makers, error) {
	o, err := c.options(c.workers())
	if err != nil {
		return nil, err
	}
	st, err := arabic.ParseStemmer(c.Stemmer)
	if err != nil {
		return nil, err
	}
	m := make(makers, c.workers())
	for range c.workers() {
		k, err := cluster.NewKeyer(o)
		if err != nil {
			return nil, err
		}
		m <- &maker{cluster.Maker{Stemmer: st}, k}
	}
	return m, nil
}

// makeShard reads a file and writes its shard. One block is made and written while the next is read.
func (c *runCmd) makeShard(ctx context.Context, set *corpus.Set, folder string, m makers, progress func(at int64)) error {
	w, err := shards.Create(c.Shards, folder)
	if err != nil {
		return err
	}
	defer w.Abort()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(1)
	var rejects []shards.Reject
	var block []*kept
	n := int64(0)
	write := func(block []*kept) {
		group.Go(func() error { return m.block(block, w) })
	}
	for rec, err := range set.Records(ctx) {
		if err != nil {
			return errors.Join(group.Wait(), err)
		}
		at, _ := set.Progress()
		progress(at)
		k := &kept{record: rec, n: int(n)}
		n++
		if rec.Reject != "" {
			rejects = append(rejects, shards.Reject{Record: int64(k.n), File: rec.File, Line: int64(rec.Line), Byte: rec.Byte, Reason: rec.Reject, ID: rec.Page.ID})
			continue
		}
		if block = append(block, k); len(block) == blockPages {
			write(block)
			block = nil
		}
	}
	if len(block) > 0 {
		write(block)
	}
	if err := group.Wait(); err != nil {
		return err
	}
	s := &shards.Shard{Good: n - int64(len(rejects))}
	for _, f := range filesOf(set) { // one
		s.File = f
	}
	if err := w.Commit(s, rejects); err != nil {
		return fmt.Errorf("write a shard: %w", err)
	}
	return nil
}

// block makes the pages of records, and writes them with their keys.
func (m makers) block(records []*kept, w *shards.Writer) error {
	pages := make([]shards.Page, len(records))
	pieces := (len(records) + batchPages - 1) / batchPages
	bands, anchors := make([][]shards.Band, pieces), make([][]shards.Anchor, pieces)
	var group errgroup.Group
	group.SetLimit(cap(m))
	for n := range pieces {
		group.Go(func() error {
			m1 := <-m
			defer func() { m <- m1 }()
			var keys []uint64
			var found []shingle.Anchor
			for i := n * batchPages; i < min((n+1)*batchPages, len(records)); i++ {
				r := &records[i].record
				page := m1.Make(&r.Page)
				pages[i] = records[i].shardRow(page)
				keys = m1.Bands(keys[:0], page)
				for band, key := range keys {
					bands[n] = append(bands[n], shards.Band{Band: int32(band), Key: key, Page: r.Hash})
				}
				found = m1.Anchors(found[:0], page)
				for _, a := range found {
					anchors[n] = append(anchors[n], shards.Anchor{Hash: a.Hash, Page: r.Hash, Position: int32(a.Pos)})
				}
				records[i] = nil // its text is not needed any more
			}
			return nil
		})
	}
	_ = group.Wait() // no goroutine returns an error
	return w.Block(pages, slices.Concat(bands...), slices.Concat(anchors...))
}

// merger reads the records of shards. Those of all folders must have been made alike, and with the stemmer and
// the rules of normalisation of this run.
func (c *jobFlags) merger(dirs []string) (reading, []string, error) {
	var all []*shards.Shard
	var arguments []string
	first := ""
	for _, dir := range dirs {
		l, found, err := shards.Open(dir)
		if err != nil {
			return nil, nil, err
		}
		var made alone
		if err := json.Unmarshal(l.Options, &made); err != nil {
			return nil, nil, fmt.Errorf("%s: %w: %w", dir, shards.ErrCorrupt, err)
		}
		if first = cmp.Or(first, l.OptionHash); l.OptionHash != first {
			return nil, nil, exit.Misuse("make them with the same flags and the same program", "the shards in %s were made with other options than those in %s", dir, dirs[0])
		}
		if made.Stemmer != c.Stemmer || made.Normalisation != arabic.Version {
			return nil, nil, exit.Misuse("--stemmer "+made.Stemmer+", and the program that made them", "the shards in %s were made with stemmer %s and normalisation %d, which are %s and %d here",
				dir, made.Stemmer, made.Normalisation, c.Stemmer, arabic.Version)
		}
		c.readFlags = made.readFlags
		all, arguments = append(all, found...), append(arguments, l.Arguments...)
	}
	return func(ctx context.Context, spilled *spiller, tell *teller) (*input, error) {
		return c.merge(ctx, all, spilled, tell)
	}, arguments, nil
}

// merge gives what reading the files of the shards would give, in their order.
func (c *jobFlags) merge(ctx context.Context, all []*shards.Shard, spilled *spiller, tell *teller) (*input, error) {
	g, err := newGatherer(c.Stemmer)
	if err != nil {
		return nil, err
	}
	total, n := int64(0), int64(0)
	for _, s := range all {
		total += s.Good + s.Rejects
	}
	for _, s := range all {
		g.in.files = append(g.in.files, s.File)
		file := s.File.Name
		for rec, err := range s.Records() {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, err
			}
			n++
			tell.progress(n, total)
			if r := rec.Reject; r != nil {
				g.take(&kept{record: corpus.Record{File: r.File, Line: int(r.Line), Byte: r.Byte, Reject: r.Reason, Page: article.Page{ID: r.ID}}})
				continue
			}
			r := rec.Page
			if r.File != file {
				file = strings.Clone(r.File)
			}
			k := &kept{record: corpus.Record{File: file, Line: int(r.Line), Byte: r.Byte, Hash: r.Content, Repaired: r.Replaced, BadDate: r.BadDate,
				Page: article.Page{ID: strings.Clone(r.ID), PublishedAt: time.Unix(r.Seconds, r.Nanos).UTC(), DayOnly: r.Day}}}
			if !g.take(k) {
				continue
			}
			if k.page, err = unpacked(r, k.record.Page.ID); err == nil {
				err = spilled.keep([]*cluster.Page{k.page})
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return g.done(), nil
}

// unpacked returns the page of a row. What is not moved away later is copied: the row is a piece of a
// larger one, which would stay in memory with it.
func unpacked(r *shards.Page, id string) (*cluster.Page, error) {
	record, err := r.Features.Record(id, r.Long)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", shards.ErrCorrupt, err)
	}
	for _, s := range []*string{&record.Source, &record.Title, &record.DateFrom, &record.Credit, &record.Tags} {
		*s = strings.Clone(*s)
	}
	for i, s := range record.Credits {
		record.Credits[i] = strings.Clone(s)
	}
	page, err := record.Page()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", shards.ErrCorrupt, err)
	}
	return page, nil
}

type mergeCmd struct {
	Dirs   []string `arg:"" help:"Folders that sada run --shards has made, in the order of their inputs." type:"path" name:"dir"`
	Out    string   `help:"Folder of the results." required:"" placeholder:"DIR" type:"path"`
	Memory size     `help:"Most memory to take, as 2GiB; the features of the pages are then in a temporary file. No result depends on it." placeholder:"SIZE"`
	Tmp    string   `help:"Folder of that file (default beside the results)." placeholder:"DIR" type:"existingdir"`
	clusterFlags
	workFlags
}

func (c *mergeCmd) Help() string {
	return `Makes the results of all pages in shards, as sada run makes them of the inputs: the same tables, byte for
byte. Shards can be made on several machines, each of some of the inputs. An example:

  sada run monday.jsonl --shards one
  sada run tuesday.jsonl --shards two
  sada merge one two --out result --memory 4GiB` + "\n" + exitHelp
}

// Run is the verb.
func (c *mergeCmd) Run(p *program) error {
	flags := jobFlags{clusterFlags: c.clusterFlags, workFlags: c.workFlags}
	if _, err := flags.options(flags.workers()); err != nil {
		return err
	}
	read, inputs, err := flags.merger(c.Dirs)
	if err != nil {
		return err
	}
	return flags.do(p, job{inputs: inputs, read: read, out: c.Out, memory: c.Memory, tmp: c.Tmp, known: func(in *input) (assigned, error) { return noState(in), nil }})
}
