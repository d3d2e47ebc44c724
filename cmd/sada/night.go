package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sada/cluster"
	"sada/cluster/identity"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/spill"
	"sada/features/arabic"
	"sada/features/tfidf"
)

// stateFlags name a state folder.
type stateFlags struct {
	State string `help:"Folder of the state." required:"" placeholder:"DIR" type:"path"`
}

// lockFlags are those of the verbs that change a state.
type lockFlags struct {
	LockWait time.Duration `help:"How long to wait for another process that holds the state, as 10m." default:"0s" placeholder:"TIME"`
}

func (f *stateFlags) open(p *program) (*archive.Archive, error) {
	return archive.Open(f.State, archive.Options{FS: p.files})
}

// locked runs do with the lock of the state held. If there must be a state it makes no folder for one.
func (f *stateFlags) locked(p *program, wait time.Duration, must bool, do func(a *archive.Archive) error) error {
	a, err := f.open(p)
	if err != nil {
		return err
	}
	if must {
		if _, err := a.Generations(); errors.Is(err, archive.ErrNone) {
			if staged, failed := a.Staged(); !staged || failed != nil {
				return err
			}
		}
	}
	if err := a.Lock(p.ctx, wait); err != nil {
		return err
	}
	defer letGo(p.ctx, a)
	err = do(a)
	if failed := a.Unlock(); err == nil {
		err = failed
	}
	return err
}

// maxMapped is about how many bytes of a state's files are in memory at a time. A night on 200,000 pages, whose
// files have three times as much, was measured to take no longer with it than without.
const maxMapped = 512 << 20

// letGo ends the memory of an archive, unless a step that was abandoned may still read it.
func letGo(ctx context.Context, a *archive.Archive) {
	if ctx.Err() == nil {
		_ = a.Close() // nothing was written to it
	}
}

type nightCmd struct {
	Input   []string `arg:"" optional:"" help:"Files, folders or patterns of the night's pages; files that an earlier night has read are passed over."`
	Out     string   `help:"Folder of the results." required:"" placeholder:"DIR" type:"path"`
	Delete  string   `help:"File of IDs, one a line, of pages that are no longer there." placeholder:"FILE" type:"path"`
	Keep    int      `help:"Generations of the state to keep (default ${default})." default:"7" placeholder:"N"`
	Publish string   `help:"What the results are of: all pages, or those of which something changed (default ${default})." default:"all" enum:"all,changed" placeholder:"SCOPE"`
	stateFlags
	lockFlags
	brakeFlags
	DryRun        bool `help:"Say what the night would do; take no lock and write nothing."`
	Again         bool `help:"Take in files as new that an earlier night has read."`
	NoSpaceCheck  bool `help:"Begin also where the disk will hardly hold the night."`
	ChangeOptions bool `help:"Make all groups of the state anew with other options than they were made with."`
	operationFlags
	jobFlags
}

// brakeFlags refuse a night whose results cannot be meant. On 12 days of real news, 1 to 3 % of the known
// pages got another story in a night, and 21 % in one after which there were twice as many texts, so that
// all were weighed anew.
type brakeFlags struct {
	MaxChurn        float64 `help:"Refuse a night that gives more than this share of the known pages another story or copy group (default ${default})." default:"0.3" placeholder:"SHARE"`
	MaxClusterShare float64 `help:"Refuse a night that puts more than this share of all pages in one story or copy group (default ${default})." default:"0.2" placeholder:"SHARE"`
}

// brakesFrom is the number of pages from which there are brakes: among a few, one story can be most of
// them, and one page that moves is a share that would be absurd among many.
const brakesFrom = 200

func (c *nightCmd) Help() string {
	return `Takes the night's pages into the state, and publishes the groups of all pages there are. IDs of
stories and copy groups stay what they were; changes.jsonl tells what happened to them. A night is whole
or did not happen: after a failure, whatever it was, run it again. Of more than 8,192 pages it keeps the features in the
state as it reads them, and takes them up when it is run again. Run twice it changes nothing. An example:

  sada night pages-2024-06-01.jsonl.zst --state state --out result --delete gone.txt

A page whose ID is known replaces the page there is, unless its date is older. Pages that are deleted and read in
the same night are deleted. The results are of all pages; what happened to the IDs is in changes.jsonl. With --publish changed
they have only the pages, links, passages and stories that are not as the night before published them, and deleted.jsonl: that is
for sada feed; sada state export writes all of it, for eval, report and the others. The first night publishes all.

A night costs what its pages and the days around them touch; a page without a date is compared with all. Copies
are those of one run. Two texts are compared once for stories, when the later of them comes or changes, and terms
keep their weights until there are twice as many texts, or half as many: that night makes all stories anew.` + "\n" + exitHelp
}

// Run is the verb.
func (c *nightCmd) Run(p *program) error {
	if len(c.Input) == 0 && c.Delete == "" {
		return exit.Misuse("name files of pages, or a list of IDs with --delete", "night has nothing to do")
	}
	if c.Keep < 1 {
		return exit.Misuse("the last generation is the state", "keep %d generations: the least is 1", c.Keep)
	}
	// cron sends mail about whatever is printed.
	c.Quiet = c.Quiet || !c.JSON && !terminal(p.stdout)
	return c.operate(p, func(o *operation) error {
		if c.DryRun {
			a, err := c.stateFlags.open(p)
			if err != nil {
				return err
			}
			defer letGo(p.ctx, a)
			return c.night(p, a, o)
		}
		return c.locked(p, c.LockWait, false, func(a *archive.Archive) error { return c.night(p, a, o) })
	})
}

// nightly is a night on an archive.
type nightly struct {
	old *archive.Snapshot // empty before the first night
	// changed are the pages that are new or have another version, gone those of the archive that are
	// deleted or have one.
	changed []*cluster.Page
	gone    map[string]bool
	deleted []string // of gone, ascending
	inputs  []string // hashes of the files
	counts  map[string]int64
	records map[string]origin
	same    bool                            // nothing is new
	spell   spelling                        // of all pages that there are now
	was     *cluster.Tables                 // what the clustering knew before this night, nil if it did not, as change is then
	change  *cluster.Change                 // what this night changed of it
	loaded  func() error                    // waits for old, of which only the manifest's part is there before
	knew    func() (*cluster.Tables, error) // waits for what the archive has of it
	garbage *collector                      // since that began
	begun   chan struct{}                   // closed when all of that is read; nil if nobody reads before he is asked
	beside  sync.WaitGroup                  // what is made of it beside the steps
	order   func() []int32                  // waits for the places in the archive of its pages in canonical order
	tables  func() *cluster.Tables          // waits for what the clustering knows with this night
	journal *archive.Journal                // what is published with this night
}

// night makes a night. One that was stopped begins again: its pages are not made anew where checkpoints has them, and
// what takes most of the time, the groups of all pages, is on disk as soon as it is there. A night that was
// stopped after that publishes it.
func (c *nightCmd) night(p *program, a *archive.Archive, o *operation) error {
	defer spill.Hold(maxMapped, a.Release)()
	begin := beginNight
	if c.DryRun { // without the lock
		begin = loadNight
	}
	n, err := begin(p.ctx, a)
	if err != nil {
		return err
	}
	defer n.end(p.ctx)
	if err := c.suits(n.old); err != nil {
		return err
	}
	ids, err := readIDs(c.Delete)
	if err != nil {
		return err
	}
	set := new(corpus.Set)
	if len(c.Input) > 0 {
		if set, err = c.inputs(p, c.Input, false); err != nil {
			return err
		}
	}
	again := c.skip(n, set, o)
	keep := c.checkpoints(p, a, set, o.log)
	if !c.DryRun && !c.NoSpaceCheck {
		if err := c.space(a, set.Unpacked(), keep.bytes()); err != nil {
			return err
		}
	}
	var was assigned
	j := job{inputs: c.Input, read: n.reader(keep.reader(&c.jobFlags, set)), out: c.Out,
		known: func(in *input) (assigned, error) {
			n.take(in, ids, again)
			o.rejects = make(map[string]int64)
			for _, r := range in.rejects {
				o.rejects[r.Reason]++
			}
			for _, f := range set.Files() {
				n.inputs = append(n.inputs, f.Hash)
			}
			n.same = n.old.Generation > 0 && len(n.changed)+len(n.deleted) == 0 && c.optionHash() == n.old.OptionHash
			was, err = n.assigned(p.ctx, a, c.ChangeOptions && c.optionHash() != n.old.OptionHash, func(options cluster.Options) (*cluster.Result, error) {
				return n.cluster(options, c.optionHash(), o.log)
			})
			return was, err
		},
		check: func(r *results) error {
			o.measure(n, r)
			if c.DryRun {
				if err := c.forecast(p, n, r, o); err != nil {
					return err
				}
			}
			if err := c.brake(o); err != nil || c.DryRun {
				return err
			}
			changed, err := n.publication(p.ctx, a, r, c.workers())
			if c.Publish == publish.Changed {
				r.shown = changed
			}
			return err
		},
		keep: func(r *results) (keeping, error) {
			if n.same {
				return nil, nil
			}
			next, err := n.next(r, was)
			if err != nil {
				return nil, err
			}
			next.Options, next.OptionHash = hashed(c.state())
			kept, err := a.Prepare(p.ctx, next)
			if err != nil {
				return nil, err
			}
			return kept, nil
		}}
	if c.DryRun {
		j.out, j.keep = "", nil
	}
	err = c.do(p, j)
	if f := (*exit.Error)(nil); err == nil || errors.As(err, &f) && f.Code == exit.Rejects {
		if !c.DryRun {
			o.prune(p, a, c.Keep)
		}
	}
	return err
}

// loadNight reads what the archive has. A folder without a state is one before its first night.
func loadNight(ctx context.Context, a *archive.Archive) (*nightly, error) {
	old, err := a.Load(ctx)
	return newNight(ctx, a, old, func() error { return nil }, err)
}

// A night's heap grows by nightRoom bytes until garbage is collected, but not by more than nightGrowth percent, unless GOGC
// allows more. The room is little beside what an archive of a million pages needs.
const (
	nightRoom   = 2 << 30
	nightGrowth = 500
)

// collector says when the garbage of a night is collected: never while the archive is read, of which nearly all stays; then
// when the heap has taken its room, which a night of some thousand pages does not; and after that as it grows.
type collector struct {
	mu      sync.Mutex
	ended   bool
	percent int   // what GOGC was
	limit   int64 // what GOMEMLIMIT was
}

func newCollector() *collector {
	return &collector{percent: debug.SetGCPercent(-1), limit: debug.SetMemoryLimit(-1)}
}

// open gives the heap its room. Without the limit the collector would begin at once: it goes by how large the heap was when
// garbage was last collected, before anything was read.
func (c *collector) open() {
	if c.percent < 0 { // nothing is ever to be collected
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(min(c.limit, int64(m.Sys-m.HeapReleased+m.HeapAlloc/100*c.growth(&m))))
	runtime.AddCleanup(new(*collector), func(c *collector) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.ended {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			debug.SetGCPercent(int(c.growth(&m)))
			debug.SetMemoryLimit(c.limit)
		}
	}, c)
}

// growth returns by how many percent the heap may grow.
func (c *collector) growth(m *runtime.MemStats) uint64 {
	return max(uint64(c.percent), min(100*nightRoom/m.HeapAlloc, nightGrowth))
}

// end has garbage collected as before the night.
func (c *collector) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	debug.SetGCPercent(c.percent)
	debug.SetMemoryLimit(c.limit)
}

// beginNight reads what the archive has while the night goes on. The lock must be held.
func beginNight(ctx context.Context, a *archive.Archive) (*nightly, error) {
	old, wait, err := a.Begin(ctx)
	n, err := newNight(ctx, a, old, wait, err)
	if err != nil || n.old.Generation == 0 {
		return n, err
	}
	n.garbage = newCollector()
	n.begun = make(chan struct{})
	go func() {
		defer close(n.begun)
		defer n.garbage.open()
		if n.old.Program == version() {
			_, _ = n.knew() // whoever asks again gets both
		}
		_ = n.loaded() // the reader has it too
	}()
	return n, nil
}

func newNight(ctx context.Context, a *archive.Archive, old *archive.Snapshot, wait func() error, err error) (*nightly, error) {
	if errors.Is(err, archive.ErrNone) {
		old, wait, err = new(archive.Snapshot), func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	return &nightly{old: old, gone: make(map[string]bool), counts: make(map[string]int64), loaded: sync.OnceValue(wait),
		knew:  sync.OnceValues(func() (*cluster.Tables, error) { return archive.Known(ctx, a, old) }),
		order: sync.OnceValue(func() []int32 { return cluster.Order(archivedPages(old)) })}, nil
}

// archivedPages are the pages of a snapshot.
func archivedPages(s *archive.Snapshot) []*cluster.Page {
	pages := make([]*cluster.Page, len(s.Pages))
	for i := range pages {
		pages[i] = s.Pages[i].Page
	}
	return pages
}

// end waits until the archive is not read any more, unless a step was abandoned, and has garbage collected as before the night.
func (n *nightly) end(ctx context.Context) {
	if ctx.Err() == nil {
		n.beside.Wait()
	}
	if n.begun != nil {
		<-n.begun
		n.garbage.end()
	}
}

// reader reads as another one does, while the archive is read. If that fails, so does it, and soon.
func (n *nightly) reader(read reading) reading {
	return func(ctx context.Context, spilled *spiller, tell *teller) (*input, error) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		failed := make(chan error, 1)
		go func() {
			err := n.loaded()
			if err != nil {
				stop()
			}
			failed <- err
		}()
		in, err := read(ctx, spilled, tell)
		return in, cmp.Or(<-failed, err)
	}
}

// stateOptions are the options that a state is made with.
type stateOptions struct {
	clusterFlags
	Normalisation int `json:"normalisation"` // version of the rules
}

func (c *nightCmd) state() stateOptions { return stateOptions{c.clusterFlags, arabic.Version} }

func (c *nightCmd) optionHash() string {
	_, hash := hashed(c.state())
	return hash
}

// suits returns an error if the state was made with other options. Those that make features cannot be
// changed: the state does not have the texts.
func (c *nightCmd) suits(old *archive.Snapshot) error {
	if old.Generation == 0 || old.OptionHash == c.optionHash() {
		return nil
	}
	var was stateOptions
	if err := json.Unmarshal(old.Options, &was); err != nil {
		return fmt.Errorf("options of the state: %w", err)
	}
	now := c.state()
	if was.Stemmer != now.Stemmer || was.Normalisation != now.Normalisation {
		return exit.Misuse("give the stemmer of the state, or begin a new state in another folder with all pages",
			"the state was made with stemmer %s and normalisation %d, not %s and %d, and does not have the texts", was.Stemmer, was.Normalisation, now.Stemmer, now.Normalisation)
	}
	if c.ChangeOptions {
		return nil
	}
	return exit.Misuse("sada state show prints them; with --change-options all groups are made anew, and keep their IDs where they can",
		"the state was made with other options: %s", old.Options)
}

// skip leaves out files that an earlier night has read. If there are no others, this is a night that is
// run again: then the files of the last night are read once more, for their rejects alone, and skip
// returns true.
func (c *nightCmd) skip(n *nightly, set *corpus.Set, o *operation) (again bool) {
	if c.Again || len(n.old.Nights) == 0 {
		return false
	}
	known, last := make(map[string]bool), make(map[string]bool)
	for _, night := range n.old.Nights {
		for _, hash := range night.Inputs {
			known[hash] = true
			if night.Generation == n.old.Generation {
				last[hash] = true
			}
		}
	}
	hashes := set.Hashes()
	again = len(hashes) > 0 && !slices.ContainsFunc(hashes, func(h string) bool { return !known[h] })
	set.Skip(func(i int) bool {
		skip := known[hashes[i]] && !(again && last[hashes[i]])
		if skip {
			n.counts["known_inputs"]++
		}
		return skip
	})
	if again {
		o.log.Info("all files were read by an earlier night")
	}
	return again
}

// take compares what was read with what is there. Of pages with the same ID the one that was read is
// kept, unless its date is older; of files that an earlier night has read none is.
func (n *nightly) take(in *input, ids []string, known bool) {
	doomed := make(map[string]bool, len(ids))
	for _, id := range ids {
		if n.archived(id) >= 0 && !doomed[id] {
			n.gone[id] = true
			n.deleted = append(n.deleted, id)
		}
		doomed[id] = true
	}
	slices.Sort(n.deleted)
	n.records, in.records = in.records(), nil
	for _, page := range in.pages {
		record := n.records[page.ID]
		var old *archive.PageRow
		if i := n.archived(page.ID); i >= 0 {
			old = &n.old.Pages[i]
		}
		switch {
		case doomed[page.ID]:
			n.counts["deleted_unread"]++
		case old == nil && !known:
			n.counts["added"]++
			n.changed = append(n.changed, page)
		case old == nil, old.Hash == contentHash(record.hash):
			n.counts["unchanged"]++
		case older(in.published[page.ID], old.PublishedAt):
			in.duplicates++
			in.rejects = append(in.rejects, publish.Reject{File: record.file, Line: int64(record.line), Byte: record.byte, Reason: "duplicate id, another version is kept", ID: page.ID})
		case known:
			n.counts["unchanged"]++
		default:
			n.counts["changed"]++
			n.gone[page.ID] = true
			n.changed = append(n.changed, page)
		}
	}
	published := make(map[string]*string, len(n.changed))
	for _, page := range n.changed {
		published[page.ID] = in.published[page.ID]
	}
	in.published = published
	in.archived = func(id string) *string {
		if i := n.archived(id); i >= 0 && n.old.Pages[i].PublishedAt != "" {
			return &n.old.Pages[i].PublishedAt
		}
		return nil
	}
	n.spell = sync.OnceValue(func() *spelled { return n.spelled(in.stemmer) })
	n.beside.Go(func() { n.spell() }) // whenever a step leaves a processor idle
	n.beside.Go(func() { n.order() })
	n.counts["deleted"] = int64(len(n.deleted))
	n.counts["kept"] = int64(len(n.old.Pages) - len(n.gone))
}

// spelled changes the spellings of the archive by the titles that came and went. Without them all titles are counted.
func (n *nightly) spelled(stemmer arabic.Stemmer) *spelled {
	var was *cluster.Spelled
	if n.old.Generation > 0 && n.old.Program == version() {
		if t, err := n.knew(); err == nil && t != nil { // an error is told where the groups are made
			was = t.Spelled
		}
	}
	var all, went []*cluster.Page
	for i := range n.old.Pages {
		page := n.old.Pages[i].Page
		if was == nil {
			all = append(all, page)
		}
		if n.gone[page.ID] {
			went = append(went, page)
		}
	}
	if was == nil {
		was, _ = new(cluster.Spelled).Change(cluster.CountSpellings(all, stemmer, 1), cluster.NewSpellings(stemmer))
	}
	now, changed := was.Change(cluster.CountSpellings(n.changed, stemmer, 1), cluster.CountSpellings(went, stemmer, 1))
	s := &spelled{surfaces: now.Surfaces(), respelled: make(map[tfidf.Term]bool, len(changed)), table: now}
	for _, term := range changed {
		s.respelled[term] = true
	}
	return s
}

// archived gives the place of a page in the archive, -1 if it is not there.
func (n *nightly) archived(id string) int {
	i, ok := slices.BinarySearchFunc(n.old.Pages, id, func(p archive.PageRow, id string) int { return strings.Compare(p.Page.ID, id) })
	if !ok {
		return -1
	}
	return i
}

// older says whether a date is before another; one that is not known is neither before nor after.
func older(date *string, than string) bool {
	if date == nil || than == "" {
		return false
	}
	a, b := parseDate(*date), parseDate(than)
	return !a.IsZero() && !b.IsZero() && a.Before(b)
}

// parseDate reads what date wrote.
func parseDate(s string) time.Time {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// contentHash is the hash of a record as the archive keeps it.
func contentHash(h uint64) (out [16]byte) {
	binary.BigEndian.PutUint64(out[:], h)
	return out
}

// known reads what the clustering knew after the night before; nil if it is to be worked out from all pages.
// Other options find something else in the same pages, as may a program of another version.
func (n *nightly) known(hash string, log *slog.Logger) (*cluster.Tables, error) {
	why := ""
	switch {
	case n.old.Generation == 0:
		return nil, nil
	case n.old.OptionHash != hash:
		why = "the options are others"
	case n.old.Program != version():
		why = "another version of the program wrote the state"
	default:
		t, err := n.knew()
		if t != nil || err != nil {
			return t, err
		}
		why = "the state does not say what was known of them"
	}
	log.Info("all pages are clustered anew", "why", why)
	return nil, nil
}

// cluster clusters the archive plus the night, at the cost of what the night touches. If it does not know
// the pages of the archive, or not by these options, it clusters all of them.
func (n *nightly) cluster(o cluster.Options, hash string, log *slog.Logger) (*cluster.Result, error) {
	tables, err := n.known(hash, log)
	if err != nil {
		return nil, err
	}
	pages := archivedPages(n.old)
	known, night := new(cluster.Known), cluster.Night{Pages: n.changed, Deleted: n.deleted}
	if tables != nil {
		pages = inOrder(pages, n.order())
		was, err := tables.Known(pages, o)
		if err != nil {
			log.Warn("all pages are clustered anew", "why", err)
			tables = nil
		} else {
			known = was
		}
	}
	if tables == nil {
		night.Pages = slices.Clone(n.changed)
		for _, page := range pages {
			if !n.gone[page.ID] {
				night.Pages = append(night.Pages, page)
			}
		}
	}
	res, now, change, err := cluster.Grow(known, night, o, time.Now)
	n.tables = sync.OnceValue(func() *cluster.Tables {
		t := now.Tables()
		t.Spelled = n.spell().table
		return t
	})
	n.beside.Go(func() { n.tables() })
	if tables != nil {
		n.was, n.change = tables, change
	}
	return res, err
}

// inOrder gives values in an order of their places.
func inOrder[T any](values []T, order []int32) []T {
	out := make([]T, len(order))
	for i, at := range order {
		out[i] = values[at]
	}
	return out
}

// Names of the values in the archive by which stories are told apart.
const (
	valueThreshold = "story_threshold"
	valueFloor     = "story_floor"
	valueLetters   = "story_letters"
)

// assigned gives what the archive knows, with run to cluster. If the options are others, stories are weighed
// anew.
func (n *nightly) assigned(ctx context.Context, a *archive.Archive, anew bool, run func(cluster.Options) (*cluster.Result, error)) (assigned, error) {
	night := n.old.Generation + 1
	if n.same {
		night = n.old.Generation
	}
	name := "" // as of a run, so that the first night gives the IDs of a run
	if night > 1 {
		name = fmt.Sprint(night)
	}
	was := assigned{night: night, name: name, deleted: n.deleted, counts: n.counts, spellings: n.spell}
	var weights *cluster.Weights
	if n.old.Docs > 0 && !anew {
		table, err := tfidf.NewTable(n.old.Docs, n.old.Terms)
		if err != nil {
			return was, &archive.Damage{File: "terms.parquet", What: err.Error()}
		}
		weights = &cluster.Weights{Terms: table, Letters: int(n.old.Values[valueLetters]),
			Threshold: n.old.Values[valueThreshold], Floor: n.old.Values[valueFloor]}
	}
	was.cluster = func(o cluster.Options) (*cluster.Result, error) {
		o.Weights = weights
		return run(o)
	}
	if n.same {
		changes, err := archive.Changes(ctx, a, n.old)
		if err != nil {
			return was, err
		}
		was.changes = make([]publish.Change, 0, len(changes))
		for _, c := range changes {
			was.changes = append(was.changes, publish.Change{Event: c.Event, Kind: c.Kind, ID: c.ID, Other: c.Other, Pages: c.Pages})
		}
	}
	// Nobody asks for them before there are groups.
	was.groups, was.stories = n.identities(archive.Copy), n.identities(archive.Story)
	return was, nil
}

// identities waits for the IDs of a kind of groups, which are put together meanwhile.
func (n *nightly) identities(kind string) func() (*identity.State, error) {
	wait := sync.OnceValues(func() (*identity.State, error) {
		s := identities(n.old, kind)
		if err := s.Validate(); err != nil {
			return nil, &archive.Damage{File: "groups.parquet", What: err.Error()}
		}
		return s, nil
	})
	n.beside.Go(func() { _, _ = wait() }) // whoever asks gets both
	return wait
}

// identities gives the IDs of a kind of groups as the archive has them.
func identities(old *archive.Snapshot, kind string) *identity.State {
	s := &identity.State{Aliases: make(map[string]string)}
	// Both tables ascend by kind and ID.
	ids, groups := ofKind(old.IDs, kind, func(r *archive.IDRow) string { return r.Kind }), groupsOf(old, kind)
	s.Groups = make([]identity.Group, 0, len(ids))
	pages := make([]string, len(groups))
	for i, row := range groups {
		pages[i] = row.Page
	}
	at := 0
	for _, row := range ids {
		from := at
		for at < len(groups) && groups[at].ID == row.ID {
			at++
		}
		s.Groups = append(s.Groups, identity.Group{ID: row.ID, Born: row.Born, Pages: pages[from:at:at]})
	}
	if at < len(groups) { // an ID that is not in the other table, which Validate tells by the ID
		s.Groups = append(s.Groups, identity.Group{Pages: pages[at:]})
	}
	for _, row := range old.Aliases {
		if row.Kind == kind {
			s.Aliases[row.ID] = row.To
		}
	}
	return s
}

// groupsOf gives the rows of a kind of groups.
func groupsOf(old *archive.Snapshot, kind string) []archive.GroupRow {
	return ofKind(old.Groups, kind, func(r *archive.GroupRow) string { return r.Kind })
}

// ofKind gives the rows of a kind, which are beside each other.
func ofKind[T any](rows []T, kind string, of func(*T) string) []T {
	from, _ := slices.BinarySearchFunc(rows, kind, func(row T, kind string) int { return strings.Compare(of(&row), kind) })
	to := from
	for to < len(rows) && of(&rows[to]) == kind {
		to++
	}
	return rows[from:to]
}

// next gives the generation that the night makes.
func (n *nightly) next(r *results, was assigned) (*archive.Next, error) {
	groups, err := was.groups()
	if err != nil {
		return nil, err
	}
	stories, err := was.stories()
	if err != nil {
		return nil, err
	}
	next := &archive.Next{Base: n.old.Generation, Program: version(), Deleted: n.deleted, Inputs: n.inputs, Known: n.tables(),
		Published: n.journal}
	for _, p := range n.changed {
		row := archive.PageRow{Page: p, Hash: contentHash(n.records[p.ID].hash)}
		if at := r.published(p.ID); at != nil {
			row.PublishedAt = *at
		}
		next.Pages = append(next.Pages, row)
	}
	ended := make(map[[2]string]archive.AliasRow)
	for _, row := range n.old.Aliases {
		ended[[2]string{row.Kind, row.ID}] = row
	}
	kinds := []struct {
		kind     string
		old, now *identity.State
		outcome  *identity.Outcome
		ids      []archive.IDRow // of next
		groups   []archive.GroupRow
	}{{kind: archive.Copy, old: groups, now: r.groups, outcome: r.regrouped}, {kind: archive.Story, old: stories, now: r.told, outcome: r.retold}}
	// Every page is in one group of each kind.
	next.IDs, next.Groups = make([]archive.IDRow, len(r.Copies)+len(r.Stories)), make([]archive.GroupRow, len(kinds)*len(r.Pages))
	ids, rows := next.IDs, next.Groups
	var group errgroup.Group
	for i := range kinds {
		of := &kinds[i]
		of.ids, ids = ids[:0:len(of.now.Groups)], ids[len(of.now.Groups):]
		of.groups, rows = rows[:0:len(r.Pages)], rows[len(r.Pages):]
		group.Go(func() error {
			lines := follow(len(of.old.Groups), of.outcome.From, func(i int32) string { return of.now.Groups[i].ID })
			was, last := groupsOf(n.old, of.kind), int32(0) // the rows of the old groups from that one on
			for at, i := range lines.order {                // as the archive has them
				g := &of.now.Groups[i]
				of.ids = append(of.ids, archive.IDRow{Kind: of.kind, ID: g.ID, Born: g.Born})
				from := len(of.groups)
				if old := lines.from[at]; old >= 0 {
					for ; last < old; last++ {
						was = was[len(of.old.Groups[last].Pages):]
					}
					if of.outcome.Same[i] { // most are: rows of the same memory take no time to be compared
						of.groups = append(of.groups, was[:len(g.Pages)]...)
						continue
					}
				}
				for _, page := range g.Pages {
					of.groups = append(of.groups, archive.GroupRow{Kind: of.kind, ID: g.ID, Page: page})
				}
				slices.SortFunc(of.groups[from:], func(x, y archive.GroupRow) int { return strings.Compare(x.Page, y.Page) })
			}
			return nil
		})
	}
	_ = group.Wait() // no goroutine returns an error
	for _, of := range kinds {
		for _, g := range of.old.Groups {
			if _, ok := of.now.Aliases[g.ID]; ok {
				ended[[2]string{of.kind, g.ID}] = archive.AliasRow{Born: g.Born, Ended: next.Base + 1}
			}
		}
		for _, id := range slices.Sorted(maps.Keys(of.now.Aliases)) {
			row := ended[[2]string{of.kind, id}]
			next.Aliases = append(next.Aliases, archive.AliasRow{Kind: of.kind, ID: id, To: of.now.Aliases[id], Born: row.Born, Ended: row.Ended})
		}
	}
	for _, c := range r.changes {
		next.Changes = append(next.Changes, archive.ChangeRow{Kind: c.Kind, Event: c.Event, ID: c.ID, Other: c.Other, Pages: c.Pages})
	}
	w := r.Weights()
	next.Docs, next.Terms = w.Terms.Docs(), w.Terms.Entries()
	next.Values = map[string]float64{valueThreshold: w.Threshold, valueFloor: w.Floor, valueLetters: float64(w.Letters)}
	return next, nil
}

// readIDs reads a file of IDs, one a line.
func readIDs(name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, &exit.Error{Code: exit.Usage, Err: fmt.Errorf("the list of deleted pages: %w", err), Hint: "name a file with one ID a line"}
	}
	var ids []string
	for line := range strings.Lines(string(b)) {
		if id := strings.TrimRight(line, "\r\n"); id != "" {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// brake returns an error if the results cannot be meant.
func (c *nightCmd) brake(o *operation) error {
	const hint = "nothing was changed; look at it with --dry-run, and allow it with --max-churn or --max-cluster-share"
	if churn := max(o.churnStories, o.churnGroups); o.known >= brakesFrom && churn > c.MaxChurn {
		return &exit.Error{Code: exit.Brake, Err: fmt.Errorf("%.1f %% of %d known pages would get another story or copy group, %.1f %% are allowed", 100*churn, o.known, 100*c.MaxChurn), Hint: hint}
	}
	if share := float64(o.largest) / float64(max(o.pages, 1)); o.pages >= brakesFrom && share > c.MaxClusterShare {
		return &exit.Error{Code: exit.Brake, Err: fmt.Errorf("%.1f %% of %d pages would be in one story or copy group, %.1f %% are allowed", 100*share, o.pages, 100*c.MaxClusterShare), Hint: hint}
	}
	return nil
}

// forecast tells what the night would do.
func (c *nightCmd) forecast(p *program, n *nightly, r *results, o *operation) error {
	events := make(map[string]int64)
	for _, change := range r.changes {
		events[change.Kind+"_"+change.Event]++
	}
	if n.same {
		clear(events)
	}
	if c.JSON {
		return jsonLine(p.stdout, struct {
			Type         string           `json:"type"`
			Counts       map[string]int64 `json:"counts"`
			Events       map[string]int64 `json:"events"`
			ChurnStories float64          `json:"churn_stories"`
			ChurnGroups  float64          `json:"churn_copy_groups"`
			Largest      int              `json:"largest"`
		}{"forecast", n.counts, events, o.churnStories, o.churnGroups, o.largest})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d pages would be added, %d changed, %d deleted; %d are unchanged\n", n.counts["added"], n.counts["changed"], n.counts["deleted"], n.counts["unchanged"])
	for _, name := range slices.Sorted(maps.Keys(events)) {
		fmt.Fprintf(&b, "  %-26s %7d\n", strings.ReplaceAll(name, "_", " "), events[name])
	}
	fmt.Fprintf(&b, "%.2f %% of %d known pages would get another story, %.2f %% another copy group; the largest has %d pages\n", 100*o.churnStories, o.known, 100*o.churnGroups, o.largest)
	return show(p.stdout, b.String())
}

// space returns an error if the disks will not hold the night. It is an estimate on the safe side: a night
// that begins without hope takes hours to find out.
func (c *nightCmd) space(a *archive.Archive, input, kept int64) error {
	state, err := a.Size()
	if err != nil {
		return err
	}
	published := folderSize(c.Out)
	// Of pages of 5 KB a state was measured at 1.7 times the input, checkpoints at a little more than the input and
	// results at a quarter; of short pages all are more. The state's tables and segments may be merged; the results are
	// written beside the present ones.
	const most = 4
	needs := []demand{{c.State, state + most*input + max(0, most*input-kept)}, {c.Out, published + most*input}}
	for _, n := range together(needs) {
		if n.bytes > n.free {
			return &exit.Error{Code: exit.NoSpace, Err: fmt.Errorf("%s: %d MB free, and the night may take %d MB: no space left on device", n.path, n.free>>20, n.bytes>>20),
				Hint: "free some space, as sada prune does; or try with --no-space-check: nothing is lost if it does not do"}
		}
	}
	return nil
}

// demand is a folder and what it will take.
type demand struct {
	path  string
	bytes int64
}

// folderSize is how much the files in a folder take.
func folderSize(dir string) (n int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0 // it is not there yet
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}

// existing is the deepest folder of a path that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}
