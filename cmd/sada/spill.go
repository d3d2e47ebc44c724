package main

import (
	"errors"
	"fmt"

	"sada/cluster"
	"sada/cmd/sada/internal/spill"
)

// spiller keeps the features of pages in a file. A nil spiller leaves them where they are.
type spiller struct {
	dir    string
	mapped int64 // bytes that may be in memory
	file   *spill.File
}

func newSpiller(dir string, mapped int64) (*spiller, error) {
	file, err := spill.Create(dir, mapped)
	if err != nil {
		return nil, fmt.Errorf("create the temporary file: %w", err)
	}
	return &spiller{dir, mapped, file}, nil
}

func (s *spiller) keep(page *cluster.Page) error {
	if s == nil {
		return nil
	}
	if err := page.Move(s.file.Alloc); err != nil {
		return fmt.Errorf("keep a page: %w", err)
	}
	return nil
}

// alloc gives memory for what the clustering does not need any more when it ends.
func (s *spiller) alloc(bytes int) ([]byte, error) {
	b, err := s.file.Alloc(bytes)
	if err != nil {
		return nil, fmt.Errorf("keep what the steps share: %w", err)
	}
	return b, nil
}

// order sorts the pages, and their features in a file of their own. The steps go through the pages in this
// order, and the system brings what is beside a page into memory with it.
func (s *spiller) order(pages []*cluster.Page) error {
	if s == nil {
		return nil
	}
	cluster.Sort(pages)
	sorted, err := newSpiller(s.dir, s.mapped)
	if err != nil {
		return err
	}
	before := s.file
	s.file = sorted.file
	for i, p := range pages {
		err := s.keep(p)
		// Every page comes from another place, with its neighbours: faster than the file's own watch.
		if err == nil && i%256 == 0 && spill.Resident() > s.mapped {
			err = errors.Join(before.Release(), s.file.Release())
		}
		if err != nil {
			_ = before.Close() // the first error tells more
			return err
		}
	}
	return before.Close()
}

func (s *spiller) close() { _ = s.file.Close() } // of a file without a name nothing is left
