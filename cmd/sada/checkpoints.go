package main

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"

	"sada/cluster"
	"sada/cmd/internal/corpus"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/shards"
	"sada/features/arabic"
)

// checkpoints keeps the pages of a night in the state as they are made, a block at a time, so that a night that
// was stopped and is run again need not make them again. The inputs are read again all the same, which takes a fifth
// of what making pages does: every page that was kept is compared with its record. A nil checkpoints keeps nothing. What
// cannot be kept is told, and the night goes on without.
type checkpoints struct {
	a     *archive.Archive
	log   *slog.Logger
	size  int           // pages of a block
	key   func() string // of the stage; empty if the inputs cannot be told apart
	found *archive.Stage
	off   bool

	block *block // that is being read
	next  int    // number of the block after it
	taken int    // pages that were kept before

	queue chan *block // that were read
	done  chan struct{}
}

// block is some pages in the order of their records.
type block struct {
	n      int
	pages  []*kept
	rows   []shards.Page  // that were kept, as far as they agree
	made   sync.WaitGroup // batches that are being made
	agreed bool           // all of it is kept
}

// made is what features depend on besides the records and the program.
type made struct {
	readFlags
	Stemmer       string `json:"stemmer"`
	Normalisation int    `json:"normalisation"`
	Features      int    `json:"features"` // version of the format of a state
	Shards        int    `json:"shards"`   // version of the format of a shard
	Block         int    `json:"block"`
}

// checkpoints finds what a night on the same inputs with the same options has kept, and removes what others have.
func (c *nightCmd) checkpoints(p *program, a *archive.Archive, set *corpus.Set, log *slog.Logger) *checkpoints {
	if c.DryRun {
		return nil
	}
	k := &checkpoints{a: a, log: log, size: cmp.Or(p.checkpoint, blockPages)}
	k.key = sync.OnceValue(func() string {
		hashes := set.Hashes()
		if len(hashes) == 0 || slices.Contains(hashes, "") {
			return ""
		}
		_, key := hashed(struct {
			Program string   `json:"program"`
			Options made     `json:"options"`
			Inputs  []string `json:"inputs"`
		}{version(), made{c.readFlags, c.Stemmer, arabic.Version, archive.Format, shards.Format, k.size}, hashes})
		return key
	})
	there, err := a.Staged()
	if there && err == nil {
		if key := k.key(); key == "" {
			err = a.RemoveStages()
		} else {
			k.found, err = a.Stage(key)
		}
	}
	if err != nil {
		k.stop(err)
	}
	return k
}

// stop keeps no more pages.
func (c *checkpoints) stop(err error) {
	c.off = true
	c.log.Warn("the checkpoints of the night cannot be used", "error", err)
}

// bytes is how much of what the night may take is there already.
func (c *checkpoints) bytes() int64 {
	if c == nil || c.found == nil {
		return 0
	}
	n, err := c.found.Bytes()
	if err != nil {
		return 0 // which is on the safe side
	}
	return n
}

// reader reads the files of a set as that of a run does, with checkpoints.
func (c *checkpoints) reader(flags *jobFlags, set *corpus.Set) reading {
	return func(ctx context.Context, spilled *spiller, tell *teller) (*input, error) {
		defer c.end()
		c.begin(ctx)
		in, err := read(ctx, set, flags.Stemmer, flags.workers(), c, spilled, tell)
		if err == nil && c != nil && c.taken > 0 {
			c.log.Info("pages were made by a night that was stopped", "pages", c.taken)
		}
		return in, err
	}
}

// begin starts to write what is queued.
func (c *checkpoints) begin(ctx context.Context) {
	if c == nil {
		return
	}
	c.queue, c.done = make(chan *block, 1), make(chan struct{})
	go func() {
		defer close(c.done)
		to := c.found
		for b := range c.queue {
			b.made.Wait()
			if c.off || ctx.Err() != nil {
				continue
			}
			var err error
			if key := c.key(); to == nil && key != "" {
				to, err = c.a.Stage(key)
			}
			if to != nil && err == nil {
				err = b.write(to)
			}
			if err != nil {
				c.stop(err)
			}
		}
	}()
}

// end waits until what is queued is written.
func (c *checkpoints) end() {
	if c != nil {
		close(c.queue)
		<-c.done
	}
}

// take notes a record whose page is to be made, and says whether it is the last one of a block.
func (c *checkpoints) take(k *kept) bool {
	if c == nil {
		return false
	}
	if b := c.block; b == nil || len(b.pages) == c.size {
		if b != nil && !b.agreed { // a night of one block keeps nothing
			c.queue <- b
		}
		c.open()
	}
	b := c.block
	k.block = b
	b.pages = append(b.pages, k)
	if i := len(b.pages) - 1; i < len(b.rows) {
		if row := &b.rows[i]; row.Record == int64(k.n) && row.Content == k.record.Hash && row.ID == k.record.Page.ID {
			k.row = row
			c.taken++
		} else {
			b.rows, b.agreed = nil, false
		}
	}
	return len(b.pages) == c.size
}

// open begins a block.
func (c *checkpoints) open() {
	b := &block{n: c.next}
	c.next++
	c.block = b
	if c.found == nil {
		return
	}
	rows, err := shards.Kept(c.found, b.n)
	if err != nil {
		c.log.Warn("a checkpoint of the night is made again", "error", err)
		return
	}
	b.rows, b.agreed = rows, len(rows) == c.size
}

// making notes records of one block whose pages are being made, until the function that it returns is called.
func (c *checkpoints) making(records []*kept) (done func()) {
	if c == nil || len(records) == 0 {
		return func() {}
	}
	b := records[0].block
	b.made.Add(1)
	return b.made.Done
}

// write writes a block whose pages are made.
func (b *block) write(to *archive.Stage) error {
	rows := make([]shards.Page, len(b.pages))
	for i, k := range b.pages {
		if k.page == nil {
			return nil // the night failed
		}
		rows[i] = k.shardRow(k.page)
	}
	return shards.Keep(to, b.n, rows)
}

// make gives the page of a record, as it was kept or made anew.
func (k *kept) make(m *cluster.Maker) *cluster.Page {
	if k.row != nil {
		page, err := unpacked(k.row, k.record.Page.ID)
		k.row = nil
		if err == nil {
			return page
		}
	}
	return m.Make(&k.record.Page)
}

// shardRow gives the row of a record in a shard.
func (k *kept) shardRow(page *cluster.Page) shards.Page {
	r := &k.record
	record := page.Record()
	at := r.Page.PublishedAt
	return shards.Page{Record: int64(k.n), ID: r.Page.ID, Content: r.Hash, File: r.File, Line: int64(r.Line), Byte: r.Byte,
		Seconds: at.Unix(), Nanos: int64(at.Nanosecond()), Day: r.Page.DayOnly, BadDate: r.BadDate, Replaced: r.Repaired, Features: archive.FeaturesOf(&record), Long: record.Long}
}
