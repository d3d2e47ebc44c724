package feed

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
)

// Options are those of [Run].
type Options struct {
	// Dir is the run's folder, for the cursor to tell.
	Dir string
	// MaxClear is the largest share of the acknowledged pages that one feed may clear.
	MaxClear float64
	// Progress is told how many of the changes are answered for; nil is not.
	Progress func(done, all int)
}

// Summary is what a feed did.
type Summary struct {
	Engine     string `json:"engine"`
	Number     int64  `json:"number"` // 0 if there was nothing to send
	Pages      int    `json:"pages"`  // of the run
	Changed    int    `json:"changed"`
	Written    int    `json:"written"`
	Cleared    int    `json:"cleared"`
	Missing    int    `json:"missing"`
	Superseded int    `json:"superseded"`
	Refused    int    `json:"refused"`
	InDoubt    int    `json:"in_doubt"` // not answered for
	Renewed    bool   `json:"renewed"`  // the engine was made anew, and everything was sent
	List       string `json:"list"`     // the file that names what was not taken, empty if there is none
}

// NotTaken is how many changes the engine has answered for otherwise than by writing them.
func (s *Summary) NotTaken() int { return s.Missing + s.Superseded + s.Refused }

// refusal is a line of the list of changes that were not taken.
type refusal struct {
	ID     string  `json:"id"`
	Status Status  `json:"status"`
	Code   int     `json:"code"`
	Reason string  `json:"reason"`
	Fields *Fields `json:"fields"` // null if they were to be cleared
}

// smallClear is how many pages may be cleared whatever the share: in a small corpus a few deleted pages
// are a large one.
const smallClear = 20

// Run feeds an assignment to an engine. What was acknowledged is kept in the cursor even if it
// returns an error.
func Run(ctx context.Context, a *Assignment, e Engine, c *Cursor, o Options) (sum Summary, err error) {
	sum = Summary{Engine: e.Name()}
	target, err := e.Prepare(ctx, false)
	if err != nil {
		return sum, err
	}
	if c.Identity != target.Identity {
		sum.Renewed = c.Identity != ""
		c.Identity = target.Identity
		c.acks, c.Content = nil, ""
	}
	if a, err = a.over(c); err != nil {
		return sum, err
	}
	sum.Pages = a.Len()
	aliases := a.lead(c)
	plan := compare(a, c)
	sum.Changed = len(plan.changed)
	if known := len(c.acks); plan.clears > smallClear && float64(plan.clears) > o.MaxClear*float64(known) {
		return sum, fmt.Errorf("%w: the run lacks %d of the %d pages that were fed before", ErrBrake, plan.clears, known)
	}
	same := c.Fingerprint == a.Fingerprint && c.Content == a.content
	c.aliases, c.Run, c.Fingerprint, c.Generation, c.Content = aliases, o.Dir, a.Fingerprint, a.generation, a.content
	if len(plan.changed) == 0 {
		if !same || sum.Renewed {
			err = c.save()
		}
		return sum, err
	}
	c.Number = max(c.Number, target.Number) + 1
	sum.Number = c.Number
	c.acks = plan.acks
	if err := c.save(); err != nil {
		return sum, err
	}

	list := &refusals{path: c.RefusedPath()}
	var mu sync.Mutex
	settled := 0
	done := func(ch Change, out Outcome) {
		mu.Lock()
		defer mu.Unlock()
		at, found := slices.BinarySearchFunc(c.acks, ch.ID, func(a ack, id string) int { return strings.Compare(a.id, id) })
		if !found {
			panic(fmt.Sprintf("feed: %s answered for %q, which was not sent", e.Name(), ch.ID))
		}
		settled++
		switch {
		case ch.Fields == nil && (out.Status == Written || out.Status == Missing): // nothing is left to clear
			c.acks[at].gone = true
			sum.Cleared++
		case out.Status == Written:
			c.acks[at].hash, c.acks[at].pending = ch.Fields.hash(), nil
			sum.Written++
		default:
			c.acks[at].pending = ch.Fields
			switch out.Status {
			case Missing:
				sum.Missing++
			case Superseded:
				sum.Superseded++
			default:
				sum.Refused++
			}
			list.add(refusal{ch.ID, out.Status, out.Code, out.Reason, ch.Fields})
		}
		if o.Progress != nil {
			o.Progress(settled, len(plan.changed))
		}
	}
	err = e.Feed(ctx, c.Number, len(plan.changed), plan.changes(a), done)
	for _, next := range plan.changed {
		if k := &c.acks[next.ack]; next.page >= 0 && k.hash == unknown && k.pending == nil {
			f := a.fields(next.page)
			k.pending = &f
		}
	}
	c.acks = slices.DeleteFunc(c.acks, func(a ack) bool { return a.gone })
	sum.InDoubt = len(plan.changed) - settled
	if err == nil && sum.InDoubt > 0 {
		err = fmt.Errorf("%s did not answer for %d of %d changes", e.Name(), sum.InDoubt, len(plan.changed))
	}
	listed, listErr := list.close()
	if listed {
		sum.List = list.path
	}
	return sum, errors.Join(err, listErr, c.save())
}

// plan is what must be sent: the pages whose hash is not the acknowledged one, and the acknowledged
// pages that are gone.
type plan struct {
	acks    []ack // what is known once the changes may be under way
	changed []planned
	clears  int
}

// planned is a change to come.
type planned struct {
	page int // of the assignment, -1 to clear
	ack  int // of the plan
}

// compare joins the run's pages with the acknowledged ones; both are in the order of their IDs.
func compare(a *Assignment, c *Cursor) *plan {
	p := &plan{acks: make([]ack, 0, max(len(a.pages), len(c.acks)))}
	i, j := 0, 0
	for i < len(a.pages) || j < len(c.acks) {
		switch {
		case j == len(c.acks) || i < len(a.pages) && a.pages[i].id < c.acks[j].id:
			p.changed = append(p.changed, planned{i, len(p.acks)})
			p.acks = append(p.acks, ack{id: a.pages[i].id, story: a.pages[i].story, group: a.pages[i].group})
			i++
		case i == len(a.pages) || c.acks[j].id < a.pages[i].id:
			p.changed = append(p.changed, planned{-1, len(p.acks)})
			p.clears++
			p.acks = append(p.acks, ack{id: c.acks[j].id})
			j++
		default:
			now := ack{id: a.pages[i].id, hash: c.acks[j].hash, story: a.pages[i].story, group: a.pages[i].group}
			if a.hash(i) != now.hash {
				now.hash = unknown
				if a.pages[i].known != nil {
					now.pending = c.acks[j].pending
				}
				p.changed = append(p.changed, planned{i, len(p.acks)})
			}
			p.acks = append(p.acks, now)
			i++
			j++
		}
	}
	return p
}

func (p *plan) changes(a *Assignment) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for _, next := range p.changed {
			ch := Change{ID: p.acks[next.ack].id}
			if next.page >= 0 {
				f := a.fields(next.page)
				ch.Fields = &f
			}
			if !yield(ch) {
				return
			}
		}
	}
}

// refusals is the file of what was not taken, which the first one makes.
type refusals struct {
	path string
	f    *os.File
	w    *bufio.Writer
	err  error
}

func (r *refusals) add(row refusal) {
	if r.err != nil {
		return
	}
	if r.f == nil {
		if r.f, r.err = os.Create(r.path); r.err != nil {
			return
		}
		r.w = bufio.NewWriter(r.f)
	}
	enc := json.NewEncoder(r.w)
	enc.SetEscapeHTML(false)
	r.err = enc.Encode(row)
}

// close puts the file on disk, or takes away that of an earlier feed if there is nothing to list.
func (r *refusals) close() (listed bool, err error) {
	if r.f == nil {
		if err := os.Remove(r.path); !errors.Is(err, fs.ErrNotExist) {
			return false, errors.Join(r.err, err)
		}
		return false, r.err
	}
	if r.err == nil {
		r.err = r.w.Flush()
	}
	return true, errors.Join(r.err, r.f.Sync(), r.f.Close())
}
