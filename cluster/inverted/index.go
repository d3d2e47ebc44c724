package inverted

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Posting is one place of a hash. Sixteen bytes.
type Posting struct {
	Hash     uint64
	Doc, Pos uint32
}

// Compare orders postings by hash, then document, then place.
func Compare(p, q Posting) int {
	if p.Hash != q.Hash { // nearly always: the rest costs as much again
		return cmp.Compare(p.Hash, q.Hash)
	}
	return cmp.Compare(uint64(p.Doc)<<32|uint64(p.Pos), uint64(q.Doc)<<32|uint64(q.Pos))
}

// Index is postings in runs, each in the order of [Compare], the longest first. The zero Index is empty.
type Index struct{ Runs [][]Posting }

// Check returns an error if the runs are not in order or name a document that is not below docs.
func (x *Index) Check(docs uint32) error {
	for r, run := range x.Runs {
		for i, p := range run {
			if p.Doc >= docs {
				return fmt.Errorf("run %d, posting %d: document %d of %d", r, i, p.Doc, docs)
			}
			if i > 0 && Compare(run[i-1], p) >= 0 {
				return fmt.Errorf("run %d, posting %d: not in order", r, i)
			}
		}
	}
	return nil
}

// Len returns the number of postings.
func (x *Index) Len() int {
	n := 0
	for _, run := range x.Runs {
		n += len(run)
	}
	return n
}

// Add enters postings, which must be of documents that the index does not have, and keeps the slice. Runs
// are merged while one is less than twice as long as what comes after it. Slices that the index had
// before are not changed.
func (x *Index) Add(run []Posting, workers int) {
	if len(run) == 0 {
		return
	}
	if !slices.IsSortedFunc(run, Compare) {
		Sort(run, workers)
	}
	x.Runs = append(slices.Clone(x.Runs), run)
	for n := len(x.Runs); n > 1 && len(x.Runs[n-2]) < 2*len(x.Runs[n-1]); n-- {
		x.Runs[n-2] = merge(x.Runs[n-2], x.Runs[n-1])
		x.Runs = x.Runs[:n-1]
	}
}

// Renumber makes one run of the postings of documents that have a number, which is 0 or more, and gives
// them that number. Slices that the index had before are not changed.
func (x *Index) Renumber(number []int32, workers int) {
	all := make([]Posting, 0, x.Len())
	for _, run := range x.Runs {
		for _, p := range run {
			if to := number[p.Doc]; to >= 0 {
				all = append(all, Posting{p.Hash, uint32(to), p.Pos})
			}
		}
	}
	x.Runs = nil
	x.Add(all, workers)
}

func merge(a, b []Posting) []Posting {
	out := make([]Posting, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if Compare(a[0], b[0]) <= 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// Sort puts postings in order. They are dealt by the top bits of the hashes, which are taken to be spread
// evenly, to buckets that are sorted on their own.
func Sort(run []Posting, workers int) {
	const width = 8 // bits of the number of buckets
	if len(run) < 1<<14 {
		slices.SortFunc(run, Compare)
		return
	}
	var start [1<<width + 1]int
	for _, p := range run {
		start[p.Hash>>(64-width)+1]++
	}
	for b := range 1 << width {
		start[b+1] += start[b]
	}
	next := start
	dealt := make([]Posting, len(run))
	for _, p := range run {
		b := p.Hash >> (64 - width)
		dealt[next[b]] = p
		next[b]++
	}
	var g errgroup.Group
	g.SetLimit(max(workers, 1))
	for b := range 1 << width {
		g.Go(func() error {
			slices.SortFunc(dealt[start[b]:start[b+1]], Compare)
			copy(run[start[b]:start[b+1]], dealt[start[b]:start[b+1]])
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
}

// densely is how many postings there may be to a hash so that looking at each of them takes less than to gallop: they come
// in the order in which memory is read ahead. Of 25 million postings, 40 to a hash took a third of the time, and 256 to a
// hash two thirds.
const densely = 256

// Each calls do(worker, n, postings) for every one of the hashes, which must be ascending and distinct; n is
// its place among them. The postings are those of all runs, one run after the other, and are valid
// during the call only. The hashes are dealt to workers in ranges; the calls of one worker are in order,
// and the ranges of the workers too.
func (x *Index) Each(hashes []uint64, workers int, do func(worker, n int, ps []Posting)) {
	workers = max(workers, 1)
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			from, to := w*len(hashes)/workers, (w+1)*len(hashes)/workers
			if from == to {
				return nil
			}
			rest, dense := make([][]Posting, len(x.Runs)), make([]bool, len(x.Runs))
			for r, run := range x.Runs {
				rest[r] = run[search(run, hashes[from]):]
				dense[r] = search(rest[r], hashes[to-1]) < densely*(to-from)
			}
			var found []Posting
			for n := from; n < to; n++ {
				found = found[:0]
				for r, run := range rest {
					at := 0
					if dense[r] {
						for at < len(run) && run[at].Hash < hashes[n] {
							at++
						}
					} else {
						at = gallop(run, hashes[n])
					}
					end := at
					for end < len(run) && run[end].Hash == hashes[n] {
						end++
					}
					found = append(found, run[at:end]...)
					rest[r] = run[end:]
				}
				do(w, n, found)
			}
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error
}

// search returns the first posting whose hash is not less.
func search(run []Posting, hash uint64) int {
	lo, hi := 0, len(run)
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); run[mid].Hash < hash {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// gallop is search for a place near the start (Bentley and Yao: An almost optimal algorithm for unbounded
// searching, 1976).
func gallop(run []Posting, hash uint64) int {
	step := 1
	for step <= len(run) && run[step-1].Hash < hash {
		step *= 2
	}
	return step/2 + search(run[step/2:min(step, len(run))], hash)
}
