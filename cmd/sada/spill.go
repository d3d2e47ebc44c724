package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"sada/cluster"
	"sada/cmd/sada/internal/spill"
)

// spiller keeps the features of pages in a file. A nil spiller leaves them where they are.
//
// The steps go through the pages in order of their dates, and the system brings what is beside a page into
// memory with it. So pages of about one time are kept together, in whatever order they are read.
type spiller struct {
	dir    string
	mapped int64 // bytes that may be in memory
	file   *spill.File

	mu       sync.Mutex
	sections [sections + 1]section // the last one is of pages without a date
	bytes    int64
}

// section is a part of the file with the pages of some hours.
type section struct {
	free  spill.Room
	bytes int64
	hours int64 // since 1970, in units of sectionHours
	mixed bool  // there are pages of other hours as well
}

const (
	// A quarter of a day of a million pages in four weeks takes 50 MB. With as many sections the pages of nearly three
	// years are kept apart.
	sectionHours = 6
	sections     = 4096

	// sectionBytes is how much a section takes of the file at a time, at most: many times what the system brings into memory
	// with a page, which is 64 KiB.
	sectionBytes = 1 << 20
)

func newSpiller(dir string, mapped int64) (*spiller, error) {
	file, err := spill.Create(dir, mapped)
	if err != nil {
		return nil, fmt.Errorf("create the temporary file: %w", err)
	}
	return &spiller{dir: dir, mapped: mapped, file: file}, nil
}

func (s *spiller) keep(page *cluster.Page) error {
	if s == nil {
		return nil
	}
	if err := page.Move(func(parts ...[]byte) ([]byte, error) {
		room, err := s.beside(page, spill.Size(parts))
		if err != nil {
			return nil, err
		}
		return s.file.Fill(room, parts...)
	}); err != nil {
		return fmt.Errorf("keep a page: %w", err)
	}
	return nil
}

// beside gives room near that of other pages of about the same time.
func (s *spiller) beside(page *cluster.Page, bytes int) (spill.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.sections[sections]
	if !page.Date.IsZero() {
		hours := page.Date.Unix() / (sectionHours * 3600)
		b = &s.sections[uint64(hours)%sections]
		if b.bytes == 0 {
			b.hours = hours
		}
		b.mixed = b.mixed || b.hours != hours
	}
	aligned := (bytes + 7) &^ 7
	if aligned > b.free.Len() {
		var err error
		if b.free, err = s.file.Alloc(max(aligned, int(min(b.bytes/2, sectionBytes)))); err != nil {
			return spill.Room{}, err
		}
	}
	b.bytes += int64(aligned)
	s.bytes += int64(aligned)
	return b.free.Take(bytes), nil
}

// scattered says whether pages of one time may lie so far apart that going through them takes more memory than
// there is for it.
func (s *spiller) scattered() bool {
	most := s.mapped / 2
	return s.bytes > most && slices.ContainsFunc(s.sections[:], func(b section) bool { return b.mixed || b.bytes > most })
}

// share gives memory for what the clustering does not need any more when it ends.
func (s *spiller) share(parts ...[]byte) ([]byte, error) {
	b, err := s.file.Keep(parts...)
	if err != nil {
		return nil, fmt.Errorf("keep what the steps share: %w", err)
	}
	return b, nil
}

// order sorts the pages and, if they are scattered, their features in a file of their own.
func (s *spiller) order(pages []*cluster.Page) error {
	if s == nil {
		return nil
	}
	cluster.Sort(pages)
	if !s.scattered() {
		return nil
	}
	sorted, err := spill.Create(s.dir, s.mapped)
	if err != nil {
		return fmt.Errorf("create the temporary file: %w", err)
	}
	before := s.file
	s.file = sorted
	for i, p := range pages {
		err := p.Move(sorted.Keep)
		if err != nil {
			err = fmt.Errorf("keep a page: %w", err)
		}
		// Every page comes from another place, with its neighbours: faster than the file's own watch.
		if err == nil && i%256 == 0 && spill.Resident() > s.mapped {
			err = errors.Join(before.Release(), sorted.Release())
		}
		if err != nil {
			_ = before.Close() // the first error tells more
			return err
		}
	}
	return before.Close()
}

func (s *spiller) close() { _ = s.file.Close() } // of a file without a name nothing is left
