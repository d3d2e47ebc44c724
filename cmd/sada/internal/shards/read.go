package shards

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/zeebo/xxh3"

	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
)

// Record is a record of a shard: a page or a reject, of which the other is nil.
type Record struct {
	Page   *Page // overwritten by a later one; what it points to is not
	Reject *Reject
}

// Records gives the records in the order in which they were read. The error is ErrCorrupt or that of a
// file that cannot be read; nothing follows it.
func (s *Shard) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var rejects []Reject
		for rows, err := range table[Reject](s, rejectsTable) {
			if err != nil {
				yield(Record{}, err)
				return
			}
			rejects = append(rejects, rows...)
		}
		before := func(record int64) bool { // gives the rejects before a record
			for len(rejects) > 0 && rejects[0].Record < record {
				if !yield(Record{Reject: &rejects[0]}, nil) {
					return false
				}
				rejects = rejects[1:]
			}
			return true
		}
		for block := range s.Blocks {
			for rows, err := range table[Page](s, blockName(pagesTable, block)) {
				if err != nil {
					yield(Record{}, err)
					return
				}
				for i := range rows {
					if !before(rows[i].Record) || !yield(Record{Page: &rows[i]}, nil) {
						return
					}
				}
			}
		}
		before(s.Good + s.Rejects)
	}
}

// table gives the rows of a table that agrees with its checksum, in batches, which are overwritten by the
// next one.
func table[T any](s *Shard, name string) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		path := filepath.Join(s.dir, name+suffix)
		corrupt := func(err error) error { return fmt.Errorf("%s: %w: %w", path, ErrCorrupt, err) }
		i := slices.IndexFunc(s.Tables, func(o publish.Output) bool { return o.Name == name+suffix })
		if i < 0 {
			yield(nil, corrupt(errors.New("not in the manifest")))
			return
		}
		f, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close() // it was only read
		h := xxh3.New128()
		n, err := io.Copy(h, f)
		if err != nil {
			yield(nil, err)
			return
		}
		if n != s.Tables[i].Bytes || fmt.Sprintf("%x", h.Sum(nil)) != s.Tables[i].Hash {
			yield(nil, corrupt(errors.New("another checksum")))
			return
		}
		for rows, err := range archive.Decode[T](f, n, s.Tables[i].Rows) {
			if err != nil {
				err = corrupt(err)
			}
			if !yield(rows, err) || err != nil {
				return
			}
		}
	}
}
