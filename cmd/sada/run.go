package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"sada/cluster"
	"sada/cluster/identity"
	"sada/cluster/passage"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/option"
	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/shards"
	"sada/features/arabic"
	"sada/features/tfidf"
)

// readFlags say how pages are read.
type readFlags struct {
	Field        map[string]string `help:"A field's name in the records, as text=body." placeholder:"FIELD=NAME" json:"field,omitempty"`
	MaxPageBytes int64             `help:"Longest record, in bytes (default ${default})." default:"4194304" placeholder:"N" json:"max_page_bytes"`
	MaxUnpacked  int64             `help:"Most bytes that one compressed file may unpack to (default ${default})." default:"68719476736" placeholder:"N" json:"max_unpacked"`
}

func (f *readFlags) open(p *program, inputs []string, workers int) (*corpus.Set, error) {
	return corpus.Open(inputs, f.reading(p, workers))
}

func (f *readFlags) reading(p *program, workers int) corpus.Options {
	return corpus.Options{Workers: workers, Fields: f.Field, MaxPageBytes: f.MaxPageBytes, MaxBytes: f.MaxUnpacked, Stdin: p.stdin}
}

// clusterFlags are the options of the clustering that change results.
type clusterFlags struct {
	option.Clustering
	Terms      string `help:"Folder of a run whose term table weighs the stories, so that they can be compared; a term it has not is not weighed." placeholder:"RUN" type:"path" json:"terms,omitempty"`
	MustLink   string `help:"File of pairs of page IDs, a<TAB>b a line, that are in one story." placeholder:"FILE" type:"path" json:"must_link,omitempty"`
	CannotLink string `help:"File of such pairs that are in two; must-links come first." placeholder:"FILE" type:"path" json:"cannot_link,omitempty"`
}

func (f *clusterFlags) options(workers int) (cluster.Options, error) {
	o, err := f.Options(workers)
	if err != nil {
		return o, exit.Misuse("sada run --help gives the defaults", "%w", err)
	}
	return o, nil
}

// recorded is what the manifest keeps of the options: those that change results.
type recorded struct {
	readFlags
	clusterFlags
	Normalisation int `json:"normalisation"` // version of the rules
}

// jobFlags are those of every verb that clusters pages.
type jobFlags struct {
	readFlags
	clusterFlags
	workFlags
}

// workFlags say how a run goes about it.
type workFlags struct {
	Workers    int  `help:"Goroutines; no result depends on it (default all processors)." default:"0" placeholder:"N"`
	MaxRejects int  `help:"Rejects allowed; with more the exit code is 3, -1 allows any number (default ${default})." default:"0" placeholder:"N"`
	Quiet      bool `help:"No summary." short:"q" xor:"voice"`
	JSON       bool `help:"One JSON object a line instead of the summary." name:"json" xor:"voice"`
}

// size is a number of bytes, written with a unit.
type size int64

// leastMemory is what the program needs for itself with some room to work in.
const leastMemory = 256 << 20

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("%q is no size: write it as 2GiB", text)
	case n < leastMemory || n > math.MaxInt64:
		return fmt.Errorf("%s is too little: a run needs %s and more", text, humanize.IBytes(leastMemory))
	}
	*s = size(n)
	return nil
}

// mostSpare is how much of the memory is left, at most, for the program, its stacks, and files of which more is mapped before
// the watch sees it: half a gigabyte at worst, however much a run may take.
const mostSpare = 640 << 20

// boundedGrowth is by how many percent the heap grows until garbage is collected, where the memory is bounded: what does not
// change is mostly elsewhere then, and the collections of a small heap took a twelfth of the time.
const boundedGrowth = 300

// shares divides what a run may take: pages are in the mapped file and need little at a time, the
// heap has the rest, of which some is spare.
func (s size) shares() (mapped, heap int64) {
	mapped = int64(s) / 8
	return mapped, int64(s) - mapped - min(int64(s)*3/16, mostSpare)
}

// heapAlone returns what the heap may have once there is no mapped file any more.
func (s size) heapAlone() int64 {
	mapped, heap := s.shares()
	return mapped + heap
}

type runCmd struct {
	Input  []string `arg:"" help:"Files, folders or patterns of JSONL, Parquet or text pages, plain or compressed; - is the standard input."`
	Out    string   `help:"Folder of the results." placeholder:"DIR" type:"path"`
	Shards string   `help:"Folder of shards: what every page is alone, from which --out or sada merge makes the results. A file whose shard is there is not read again." placeholder:"DIR" type:"path"`
	Memory size     `help:"Most memory to take, as 2GiB; the features of the pages are then kept in a temporary file. No result depends on it." placeholder:"SIZE"`
	Tmp    string   `help:"Folder of that file (default beside the results)." placeholder:"DIR" type:"existingdir"`
	jobFlags
}

func (c *runCmd) Help() string {
	return `Reads every page, finds copies, foreign parts and stories, and writes them to a folder that appears
only when it is complete. An example:

  sada run pages.jsonl.zst more/*.parquet --field text=body --out result

With --shards a run that was stopped goes on: give the same command again. The folder then has the shards of these inputs
and of no others.` + "\n" + exitHelp
}

// Run is the verb: read, cluster, publish, tell.
func (c *runCmd) Run(p *program) error {
	if c.Out == "" && c.Shards == "" {
		return exit.Misuse("--out names the folder of the results, --shards that of shards", "without --out and --shards, run has nothing to write")
	}
	// Where memory is short the input would drive the temporary file from the cache, which is read several times.
	set, err := c.inputs(p, c.Input, c.Memory > 0)
	if err != nil {
		return err
	}
	j := job{inputs: c.Input, out: c.Out, memory: c.Memory, tmp: c.Tmp, known: func(in *input) (assigned, error) { return noState(in), nil }}
	if j.read = c.reader(set); c.Shards != "" {
		if err := c.shard(p, set); err != nil || c.Out == "" {
			return err
		}
		if j.read, _, err = c.merger([]string{c.Shards}); err != nil {
			return err
		}
	}
	return c.do(p, j)
}

// job is what a verb does with pages besides clustering them.
type job struct {
	inputs []string
	read   reading
	out    string // empty to publish nothing
	memory size   // to take at most; 0 is no limit
	tmp    string // for what does not fit; empty is beside out
	// known may add what earlier nights know to what was read now.
	known func(in *input) (assigned, error)
	// check may refuse the results; keep may keep them beside the writing: when all that can fail for want of space
	// is written and only names are left to change, it is committed, or discarded. nil does nothing.
	check func(r *results) error
	keep  func(r *results) (keeping, error)
}

// keeping is what is kept of results. It is nil if there is nothing new.
type keeping interface {
	Commit() error
	Discard() error
}

func (c *jobFlags) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// inputs lists the files to read, if the options are good. once is [corpus.Options.Once].
func (c *jobFlags) inputs(p *program, names []string, once bool) (*corpus.Set, error) {
	if _, err := c.options(c.workers()); err != nil {
		return nil, err
	}
	o := c.reading(p, c.workers())
	o.Once = once
	return corpus.Open(names, o)
}

// do reads, clusters, publishes and tells.
func (c *jobFlags) do(p *program, j job) error {
	options, err := c.options(c.workers())
	if err != nil {
		return err
	}
	if err := c.load(&options); err != nil {
		return err
	}
	var folder *publish.Folder
	if j.out != "" {
		if folder, err = publish.Create(j.out); err != nil {
			return fmt.Errorf("create the result folder: %w", err)
		}
		defer folder.Abort()
	}
	// With a reader that goes away, as head does, writing fails; the signal would leave a half-made folder.
	signal.Ignore(syscall.SIGPIPE)

	var spilled *spiller
	if j.memory > 0 {
		mapped, heap := j.memory.shares()
		if spilled, err = newSpiller(cmp.Or(j.tmp, folder.Parent()), mapped); err != nil {
			return err
		}
		defer func() {
			if p.ctx.Err() == nil { // otherwise a step that was abandoned may still read the pages
				spilled.close()
			}
		}()
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(heap))
		defer debug.SetGCPercent(debug.SetGCPercent(boundedGrowth))
		options.Memory = int(heap) / 2
		options.Keep, options.Ahead = spilled.share, spilled.ahead
	}

	tell := newTeller(p, c.Quiet, c.JSON, "reading")
	start := time.Now()
	in, err := j.read(p.ctx, spilled, tell)
	tell.done()
	if err != nil {
		return err
	}
	if err := spilled.order(in.pages); err != nil {
		return err
	}
	old, err := j.known(in)
	if err != nil {
		return err
	}
	timings := []publish.Timing{{Step: "read", Seconds: time.Since(start).Seconds()}}
	tell.step("read")
	res, err := abandon(p.ctx, func() (*cluster.Result, error) { return old.cluster(options) })
	if err != nil {
		return err
	}
	if spilled != nil { // no result is there; the system takes seconds to let go of gigabytes
		if spilled.file.Release() == nil {
			debug.SetMemoryLimit(j.memory.heapAlone())
		}
		go spilled.close()
	}
	if len(res.Pages) == 0 && in.read == 0 && old.night <= 1 {
		return &exit.Error{Code: exit.Failed, Err: errors.New("the inputs hold no page"), Hint: rejectHint(in.first)}
	}
	for _, t := range res.Stats.Times {
		timings = append(timings, publish.Timing{Step: t.Step, Seconds: t.Took.Seconds()})
	}
	tell.step("cluster")

	writing := time.Now()
	r, err := newResults(res, in, old)
	if err != nil {
		return err
	}
	if j.check != nil {
		if err := j.check(r); err != nil {
			return err
		}
	}
	if folder == nil {
		return nil
	}
	kept, err := r.both(p.ctx, func() error { return r.write(p.ctx, folder, in.rejects, c.workers()) }, j.keep)
	if err != nil {
		return err
	}
	if kept != nil {
		if err := kept.Commit(); err != nil {
			return err
		}
		tell.step("keep")
	}
	timings = append(timings, publish.Timing{Step: "write", Seconds: time.Since(writing).Seconds()})
	m := c.manifest(j, in, res, timings)
	m.Generation, m.Scope, m.Content = old.night, publish.All, r.content
	if r.shown != nil {
		m.Scope, m.Base, m.OnContent = publish.Changed, r.shown.base, r.shown.content
	}
	maps.Copy(m.Counts, old.counts)
	if old.night > 0 { // of the buckets, a night looks at those that change
		for _, name := range []string{"lsh_buckets", "lsh_largest_bucket", "lsh_split_buckets", "lsh_skipped_pairs"} {
			delete(m.Counts, name)
		}
	}
	if err := folder.Commit(m); err != nil {
		if j.keep != nil {
			err = fmt.Errorf("the state has the night, and the results are not published: %w", err)
		}
		return err
	}
	r.manifest, r.took = m, time.Since(start)
	tell.step("write")
	if err := tell.summary(j.out, m, r, r.took); err != nil {
		return &exit.Error{Code: exit.Failed, Err: fmt.Errorf("write the summary: %w", err), Hint: "the results are complete, in " + j.out}
	}
	if n := in.rejected; c.MaxRejects >= 0 && n > c.MaxRejects {
		return &exit.Error{Code: exit.Rejects, Err: fmt.Errorf("%d of %d records rejected, %d allowed; the rest is published", n, n+in.read, c.MaxRejects), Hint: rejectHint(in.first)}
	}
	return nil
}

// abandon runs what cannot be stopped, and leaves it behind when the context ends: the program is about
// to end with it.
func abandon[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := do()
		done <- outcome{v, err}
	}()
	select {
	case o := <-done:
		return o.value, cmp.Or(o.err, ctx.Err())
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// rejectHint quotes a reject, if there is one.
func rejectHint(r *publish.Reject) string {
	if r == nil {
		return "check the inputs"
	}
	return fmt.Sprintf("the first is %s:%d: %s; rejects.jsonl of a finished run lists all", r.File, r.Line, r.Reason)
}

// input is what was read.
type input struct {
	pages      []*cluster.Page
	published  map[string]*string       // by ID: the record's own date, as results give it
	archived   func(id string) *string  // the same of pages that were not read now; nil if there are none
	rejects    []publish.Reject         // in the order of the inputs
	rejected   int                      // of these, records that could not be read
	first      *publish.Reject          // of these; nil if there is none
	duplicates int                      // of these, records whose ID another record has
	records    func() map[string]origin // by ID; who asks for it, asks once
	read       int                      // pages that were read now
	badDates   int
	replaced   int // pages with invalid UTF-8
	stemmer    arabic.Stemmer
	files      []publish.Input // that were read
}

// date gives the date of a page.
func (in *input) date(id string) *string {
	if at, ok := in.published[id]; ok || in.archived == nil {
		return at
	}
	return in.archived(id)
}

// reading reads pages and makes their features, or finds them made. spilled, unless it is nil, keeps them.
type reading func(ctx context.Context, spilled *spiller, tell *teller) (*input, error)

// origin is the record that a page was read from.
type origin struct {
	file string
	line int
	byte int64
	hash uint64
}

// batchPages is how many pages go to a goroutine at a time: a millisecond's work and more.
const batchPages = 64

// reader reads the files of a set.
func (c *jobFlags) reader(set *corpus.Set) reading {
	return func(ctx context.Context, spilled *spiller, tell *teller) (*input, error) {
		return read(ctx, set, c.Stemmer, c.workers(), nil, spilled, tell)
	}
}

// read reads all pages and makes their features, which spilled, unless it is nil, keeps. Those that keep has are not
// made again.
func read(ctx context.Context, set *corpus.Set, stemmer string, workers int, keep *checkpoints, spilled *spiller, tell *teller) (*input, error) {
	g, err := newGatherer(stemmer)
	if err != nil {
		return nil, err
	}
	free := make(chan *cluster.Maker, workers)
	for range workers {
		m := &cluster.Maker{Stemmer: g.in.stemmer}
		free <- m
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	batch := func(records []*kept) {
		made := keep.making(records)
		group.Go(func() error {
			defer made()
			m := <-free
			defer func() { free <- m }()
			pages := make([]*cluster.Page, len(records))
			for i, k := range records {
				k.page = k.make(m)
				k.record.Release() // its title and text are not needed any more
				pages[i] = k.page
			}
			return spilled.keep(pages)
		})
	}
	var records []*kept
	for rec, err := range set.Lent(ctx) {
		if err != nil {
			if moving := group.Wait(); moving != nil { // it ended the reading
				return nil, moving
			}
			return nil, err
		}
		tell.progress(set.Progress())
		k := &kept{record: rec}
		if !g.take(k) {
			k.record.Release()
			continue
		}
		records = append(records, k)
		if last := keep.take(k); last || len(records) == batchPages {
			batch(records)
			records = nil
		}
	}
	batch(records)
	if err := group.Wait(); err != nil {
		return nil, err
	}
	g.in.files = filesOf(set)
	return g.done(), nil
}

// filesOf tells of the files of a set that was read.
func filesOf(set *corpus.Set) []publish.Input {
	var out []publish.Input
	for _, f := range set.Files() {
		out = append(out, publish.Input{Name: f.Name, Format: f.Format, Compression: f.Compression, Bytes: f.Bytes, Hash: f.Hash, Records: int64(f.Records), Rejects: int64(f.Rejects)})
	}
	return out
}

// gatherer takes records in the order of reading, and keeps one of every ID.
type gatherer struct {
	in      *input
	n       int // records
	rejects []numbered
	byID    map[string]*kept
	order   []*kept
}

func newGatherer(stemmer string) (*gatherer, error) {
	st, err := arabic.ParseStemmer(stemmer)
	if err != nil {
		return nil, err
	}
	return &gatherer{in: &input{published: make(map[string]*string), stemmer: st}, byID: make(map[string]*kept)}, nil
}

func (g *gatherer) reject(k *kept, reason string) {
	r := &k.record
	g.rejects = append(g.rejects, numbered{k.n, publish.Reject{File: r.File, Line: int64(r.Line), Byte: r.Byte, Reason: reason, ID: r.Page.ID}})
}

// take says whether a record is a page, as far as is known: its page must then be made.
func (g *gatherer) take(k *kept) bool {
	in, rec := g.in, &k.record
	k.n = g.n
	g.n++
	if rec.Reject != "" {
		g.reject(k, rec.Reject)
		if in.rejected == 0 {
			first := g.rejects[len(g.rejects)-1].Reject
			in.first = &first
		}
		in.rejected++
		return false
	}
	if other := g.byID[rec.Page.ID]; other != nil {
		in.duplicates++
		switch {
		case other.record.Hash == rec.Hash:
			g.reject(k, "duplicate id, same content")
			return false
		case supersedes(&other.record, rec):
			g.reject(k, "duplicate id, another version is kept")
			return false
		}
		g.reject(other, "duplicate id, another version is kept")
		other.dropped = true
	}
	g.byID[rec.Page.ID] = k
	in.published[rec.Page.ID] = publish.Date(rec.Page.PublishedAt, rec.Page.DayOnly) // here, while others make pages
	g.order = append(g.order, k)
	return true
}

// done returns what was read, when all pages are made.
func (g *gatherer) done() *input {
	in := g.in
	g.order = slices.DeleteFunc(g.order, func(k *kept) bool { return k.dropped })
	in.pages = make([]*cluster.Page, len(g.order))
	for i, k := range g.order {
		r := &k.record
		in.pages[i] = k.page
		if r.BadDate {
			in.badDates++
		}
		if r.Repaired {
			in.replaced++
		}
	}
	in.read = len(in.pages)
	in.records = func() map[string]origin {
		records := make(map[string]origin, len(g.order))
		for _, k := range g.order {
			r := &k.record
			records[k.page.ID] = origin{r.File, r.Line, r.Byte, r.Hash}
		}
		return records
	}
	// A record that a later one replaced was rejected after those between them.
	slices.SortFunc(g.rejects, func(a, b numbered) int { return cmp.Compare(a.n, b.n) })
	for _, r := range g.rejects {
		in.rejects = append(in.rejects, r.Reject)
	}
	return in
}

// kept is a record that is a page.
type kept struct {
	record  corpus.Record
	page    *cluster.Page
	n       int  // its place in the order of reading
	dropped bool // another record of the same ID replaced it

	block *block       // of the checkpoint that it is in; nil without checkpoints
	row   *shards.Page // as it was kept there, until the page is made of it
}

// numbered is a reject with its place in the order of reading.
type numbered struct {
	n int
	publish.Reject
}

// supersedes says which of two records with one ID and different contents is kept: the later one by its
// date, else the one with the greater hash, so that the order of reading does not matter.
func supersedes(a, b *corpus.Record) bool {
	return cmp.Or(a.Page.PublishedAt.Compare(b.Page.PublishedAt), cmp.Compare(a.Hash, b.Hash)) > 0
}

// results turns a clustering into rows.
type results struct {
	*cluster.Result
	published func(id string) *string // the date of a page, as results give it
	dated     func(i int) *string     // the same by its place; nil if that is no faster
	surfaces  map[tfidf.Term]string
	respelled map[tfidf.Term]bool // terms whose surface is another one than before the night
	groups    *identity.State     // of the copy groups, in the order of Copies
	told      *identity.State     // of the stories, in the order of Stories
	regrouped *identity.Outcome   // of the copy groups
	retold    *identity.Outcome   // of the stories
	changes   []publish.Change
	content   string            // of everything that a night would publish, hashed
	shown     *extract          // what of it is published; nil is all
	manifest  *publish.Manifest // when they are published
	took      time.Duration
}

// assigned is what earlier nights know and have given; of a run without a state, nothing.
type assigned struct {
	groups, stories func() (*identity.State, error) // wait for them
	night           int                             // the number of the night that is being made
	name            string                          // of it, the same whenever it is made again
	deleted         []string
	// changes, if they are given, are those of this night, which was made before.
	changes   []publish.Change
	counts    map[string]int64 // for the manifest
	cluster   func(cluster.Options) (*cluster.Result, error)
	spellings spelling // of the pages that are clustered
}

// spelling waits for how the terms of titles are spelled.
type spelling func() *spelled

// spelled is how the terms of titles are spelled.
type spelled struct {
	surfaces  map[tfidf.Term]string
	respelled map[tfidf.Term]bool // terms whose surface is another one than before the night
	table     *cluster.Spelled    // for the next night; nil without a state
}

func newResults(res *cluster.Result, in *input, old assigned) (*results, error) {
	r := &results{Result: res, published: in.date}
	ids := make([]string, len(res.Pages))
	for i, p := range res.Pages {
		ids[i] = p.ID
	}
	kinds := []struct {
		name   string
		prefix identity.Prefix
		old    func() (*identity.State, error)
		now    **identity.State
		out    **identity.Outcome
	}{
		{"copy_group", identity.CopyGroup, old.groups, &r.groups, &r.regrouped},
		{"story", identity.Story, old.stories, &r.told, &r.retold},
	}
	var group errgroup.Group
	group.Go(func() error {
		s := old.spellings()
		r.surfaces, r.respelled = s.surfaces, s.respelled
		return nil
	})
	groupings := identity.Groupings(ids, res.CopyOf, res.StoryOf)
	for i, kind := range kinds {
		group.Go(func() error {
			was, err := kind.old()
			if err != nil {
				return err
			}
			*kind.now, *kind.out, err = identity.Assign(was, groupings[i], identity.Night{Number: old.night, Name: old.name, Prefix: kind.prefix, Deleted: old.deleted})
			if err != nil {
				return fmt.Errorf("IDs of the %ss: %w", kind.name, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r.changes = make([]publish.Change, 0, len(r.regrouped.Events)+len(r.retold.Events))
	for _, kind := range kinds {
		for _, e := range (*kind.out).Events {
			r.changes = append(r.changes, publish.Change{Event: string(e.Kind), Kind: kind.name, ID: e.ID, Other: e.Other, Pages: e.Pages})
		}
	}
	if old.changes != nil {
		r.changes = old.changes
	}
	return r, nil
}

// ready gives IDs that nobody has to wait for.
func ready(s *identity.State) func() (*identity.State, error) {
	return func() (*identity.State, error) { return s, nil }
}

// noState is what a run without a state knows of earlier nights.
func noState(in *input) assigned {
	in.records = nil                // a state would ask for them
	pages := slices.Clone(in.pages) // their order will change
	spellings := sync.OnceValue(func() *spelled { return &spelled{surfaces: cluster.Surfaces(pages, in.stemmer)} })
	return assigned{groups: ready(new(identity.State)), stories: ready(new(identity.State)), spellings: spellings,
		cluster: func(o cluster.Options) (*cluster.Result, error) {
			if o.Memory == 0 { // otherwise what it takes is for other steps
				go spellings() // whenever a step leaves a processor idle
			}
			return cluster.Run(in.pages, o, time.Now)
		}}
}

// both writes results and keeps them, at the same time: while one waits for the disk the other is made.
func (r *results) both(ctx context.Context, write func() error, keep func(*results) (keeping, error)) (kept keeping, err error) {
	var failed error
	var group errgroup.Group
	if keep != nil {
		group.Go(func() error {
			kept, failed = keep(r)
			return nil
		})
	}
	err = write()
	_ = group.Wait() // its error is in failed
	err = cmp.Or(err, failed, ctx.Err())
	if err != nil && kept != nil {
		_ = kept.Discard() // or the next night does
	}
	return kept, err
}

// write writes the tables. If the context ends it returns soon, and what is written is not whole.
func (r *results) write(ctx context.Context, f *publish.Folder, rejects []publish.Reject, workers int) error {
	var group errgroup.Group
	group.SetLimit(workers + 1) // a table takes two goroutines, of which one waits for the disk; the largest begin, and end alone
	near := func() error { return publish.Parquet(f, "near", until(ctx, r.near())) }
	tables := []func() error{
		func() error { return publish.Table(f, "pages", until(ctx, r.pages())) },
		func() error { return publish.Table(f, "stories", until(ctx, r.stories())) },
		func() error { return publish.Table(f, "passages", until(ctx, r.passages())) },
		func() error { return publish.Table(f, "links", until(ctx, r.links())) },
		func() error { return publish.JSONL(f, "changes", slices.Values(r.changes)) },
		func() error { return publish.JSONL(f, "rejects", slices.Values(rejects)) },
	}
	if r.shown == nil {
		tables = append(tables, func() error { return publish.Parquet(f, "terms", until(ctx, r.terms())) })
		if len(r.Near) > len(r.Pages) { // a row takes a fifth of one of a page, and one table after the other takes longest
			tables = slices.Insert(tables, 0, near)
		} else {
			tables = append(tables, near)
		}
	} else {
		tables = append(tables, func() error { return publish.JSONL(f, "deleted", slices.Values(r.shown.deleted)) })
	}
	for _, write := range tables {
		group.Go(write)
	}
	return group.Wait()
}

// until gives values as long as the context lasts.
func until[T any](ctx context.Context, values iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range values {
			if ctx.Err() != nil || !yield(v) {
				return
			}
		}
	}
}

func (r *results) pages() iter.Seq[publish.Page] {
	return func(yield func(publish.Page) bool) {
		for i := range r.Pages {
			if r.shown.page(i) && !yield(r.page(i)) {
				return
			}
		}
	}
}

func (r *results) page(i int) publish.Page {
	p, g := r.Pages[i], &r.Copies[r.CopyOf[i]]
	var date *string
	if r.dated != nil {
		date = r.dated(i)
	} else {
		date = r.published(p.ID)
	}
	row := publish.NewPage(p, date, r.Parts[i])
	row.CopyGroup, row.Story = r.groups.Groups[r.CopyOf[i]].ID, r.told.Groups[r.StoryOf[i]].ID
	row.Role, row.Confidence, row.Margin = publish.RoleCopy, publish.Round(r.Confidence[i]), publish.Signed(r.Margin[i])
	if next := r.Next[i]; next >= 0 {
		row.Next = r.told.Groups[next].ID
	}
	switch {
	case len(g.Pages) == 1:
		row.Role = publish.RoleSole
	case g.Original == i:
		row.Role = publish.RoleOriginal
	}
	return row
}

func (r *results) links() iter.Seq[publish.Link] {
	return func(yield func(publish.Link) bool) {
		for i := range r.Links {
			if l := &r.Links[i]; r.shown.page(l.A) && !yield(publish.NewLink(l, r.Pages[l.A].ID, r.Pages[l.B].ID)) {
				return
			}
		}
	}
}

func (r *results) passages() iter.Seq[publish.Passage] {
	return func(yield func(publish.Passage) bool) {
		for i := range r.Passages {
			if p := &r.Passages[i]; r.shown.page(p.A) && !yield(r.passage(p)) {
				return
			}
		}
	}
}

func (r *results) passage(p *passage.Passage) publish.Passage {
	b := ""
	if p.B >= 0 {
		b = r.Pages[p.B].ID
	}
	return publish.NewPassage(p, r.Pages[p.A].ID, b)
}

func (r *results) stories() iter.Seq[publish.Story] {
	return func(yield func(publish.Story) bool) {
		for n := range r.Stories {
			if r.shown.story(n) && !yield(publish.NewStory(r.Result, n, r.told, r.groups, r.surfaces)) {
				return
			}
		}
	}
}

func (r *results) terms() iter.Seq[publish.Term] {
	return func(yield func(publish.Term) bool) {
		for _, e := range r.Terms.Entries() {
			if !yield(publish.Term{Term: uint64(e.Term), Docs: int64(e.Docs), Surface: r.surfaces[e.Term]}) {
				return
			}
		}
	}
}

func (r *results) near() iter.Seq[publish.Near] {
	return func(yield func(publish.Near) bool) {
		// There may be ten links for a page, whose ID is three looks into memory far away.
		originals := make([]string, len(r.Copies))
		for n := range originals {
			originals[n] = r.Pages[r.Copies[n].Original].ID
		}
		for _, l := range r.Near {
			if !yield(publish.NewNear(l, originals[l.A], originals[l.B])) {
				return
			}
		}
	}
}

// manifest tells of the run.
func (c *jobFlags) manifest(j job, in *input, res *cluster.Result, timings []publish.Timing) *publish.Manifest {
	st := &res.Stats
	m := &publish.Manifest{
		Version: version(), Workers: c.workers(), Timings: timings, PeakMemory: peakMemory(),
		Counts: map[string]int64{
			"pages": int64(len(res.Pages)), "rejects": int64(in.rejected), "duplicates": int64(in.duplicates), "bad_dates": int64(in.badDates), "invalid_utf8": int64(in.replaced),
			"anchor_hits": int64(st.Hits), "passage_pairs": int64(st.PassagePairs), "passages": int64(len(res.Passages)),
			"signed": int64(st.Signed), "too_short": int64(st.Short), "lsh_buckets": int64(st.LSH.Buckets), "lsh_largest_bucket": int64(st.LSH.Largest),
			"lsh_split_buckets": int64(st.LSH.Split), "lsh_skipped_pairs": int64(st.LSH.Skipped), "lsh_pairs": int64(st.LSHPairs),
			"candidates": int64(st.Candidates), "fragments": int64(st.Fragments), "fragments_settled": int64(st.Settled), "links": int64(len(res.Links)), "copy_groups": int64(len(res.Copies)), "split_off": int64(st.SplitOff),
			"template_pairs": int64(st.TemplatePairs), "stories": int64(len(res.Stories)), "unmet": int64(len(res.Unmet)),
			"story_candidates": int64(st.Story.Candidates), "story_links": int64(st.Story.Links), "story_skipped_postings": int64(st.Story.SkippedPostings),
		},
		Thresholds: map[string]float64{"copy_jaccard": c.Similarity, "story": publish.Round(res.Story.Threshold), "story_floor": publish.Round(res.Story.Floor)},
		LSH:        publish.Bands{Bands: res.LSH.Bands, Rows: res.LSH.Rows},
		Terms:      publish.TermTable{Docs: int64(res.Terms.Docs()), Version: res.Terms.Version(), Letters: int64(res.Vocabulary.Letters)},
		Unmet:      []publish.Unmet{},
	}
	for _, u := range res.Unmet {
		m.Unmet = append(m.Unmet, publish.Unmet(u))
	}
	for j := 1; j <= 9; j++ {
		x := float64(j) / 10
		m.LSH.Curve = append(m.LSH.Curve, publish.Point{Jaccard: x, Probability: publish.Round(res.LSH.Probability(x))})
	}
	m.Options, m.OptionHash = hashed(recorded{c.readFlags, c.clusterFlags, arabic.Version})
	m.Arguments = absolutes(j.inputs)
	m.Inputs = in.files
	return m
}

// hashed gives options as JSON, and its hash. They are structs of strings, numbers, and maps of strings,
// whose keys JSON has in order.
func hashed(options any) (json.RawMessage, string) {
	b, err := json.Marshal(options)
	if err != nil {
		panic(err)
	}
	sum := xxh3.Hash128(b).Bytes()
	return b, hex.EncodeToString(sum[:])
}

// peakMemory returns the most memory that the process has had, in bytes; 0 if the system does not
// tell.
func peakMemory() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) * 1024
}
