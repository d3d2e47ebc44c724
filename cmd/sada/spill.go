package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"

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
	waiting  []*cluster.Page       // that are not moved yet
	waits    int                   // bytes of them
	sections [sections + 1]section // the last one is of pages without a date
	bytes    int64
}

// section is the parts of the file with the pages of some hours: their texts, which are compared, and apart from them
// their terms, which only the stories need, so that they take no memory before.
type section struct {
	texts, terms column
	hours        int64 // since 1970, in units of sectionHours
	mixed        bool  // there are pages of other hours as well
}

// column is a part of the file that grows.
type column struct {
	free  spill.Room
	bytes int64
}

func (s *section) bytes() int64 { return s.texts.bytes + s.terms.bytes }

const (
	// A quarter of a day of a million pages in four weeks takes 50 MB. With as many sections the pages of nearly three
	// years are kept apart.
	sectionHours = 6
	sections     = 4096

	// sectionBytes is how much a column takes of the file at a time, at most: many times what the system brings into memory
	// with a page, which is 64 KiB.
	sectionBytes = 1 << 20

	// waitingBytes is how much waits until it is moved: of pages of four weeks in no order 75 KB for each section.
	waitingBytes = 8 << 20
)

func newSpiller(dir string, mapped int64) (*spiller, error) {
	file, err := spill.Create(dir, mapped)
	if err != nil {
		return nil, fmt.Errorf("create the temporary file: %w", err)
	}
	return &spiller{dir: dir, mapped: mapped, file: file}, nil
}

// keep takes pages, of which nobody else knows yet. They are moved when there are enough of them.
func (s *spiller) keep(pages []*cluster.Page) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	s.waiting = append(s.waiting, pages...)
	for _, p := range pages {
		texts, terms := p.MoveBytes()
		s.waits += texts + terms
	}
	var enough []*cluster.Page
	if s.waits > waitingBytes {
		enough, s.waiting, s.waits = s.waiting, nil, 0
	}
	s.mu.Unlock()
	return s.move(enough)
}

// move moves pages to others of about the same time.
func (s *spiller) move(pages []*cluster.Page) error {
	slices.SortStableFunc(pages, func(p, q *cluster.Page) int { return cmp.Compare(sectionOf(p), sectionOf(q)) })
	for len(pages) > 0 {
		n, texts, terms := 0, 0, 0
		for n < len(pages) && sectionOf(pages[n]) == sectionOf(pages[0]) {
			a, b := pages[n].MoveBytes()
			texts, terms = texts+a, terms+b
			n++
		}
		textRoom, termRoom, err := s.beside(pages[:n], texts, terms)
		if err == nil {
			err = cluster.Move(pages[:n], s.filler(textRoom), s.filler(termRoom))
		}
		if err != nil {
			return fmt.Errorf("keep a page: %w", err)
		}
		pages = pages[n:]
	}
	return nil
}

// hoursOf returns when a page is from, in units of sectionHours since 1970.
func hoursOf(page *cluster.Page) int64 { return page.Date.Unix() / (sectionHours * 3600) }

// sectionOf returns the number of the section of a page.
func sectionOf(page *cluster.Page) int {
	if page.Date.IsZero() {
		return sections
	}
	return int(uint64(hoursOf(page)) % sections)
}

// beside gives room for the texts and the terms of pages of one section near those of its others.
func (s *spiller) beside(pages []*cluster.Page, texts, terms int) (textRoom, termRoom spill.Room, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &s.sections[sectionOf(pages[0])]
	if !pages[0].Date.IsZero() {
		if b.bytes() == 0 {
			b.hours = hoursOf(pages[0])
		}
		b.mixed = b.mixed || slices.ContainsFunc(pages, func(p *cluster.Page) bool { return hoursOf(p) != b.hours })
	}
	if textRoom, err = b.texts.take(s.file, texts); err != nil {
		return spill.Room{}, spill.Room{}, err
	}
	if termRoom, err = b.terms.take(s.file, terms); err != nil {
		return spill.Room{}, spill.Room{}, err
	}
	s.bytes += int64(texts + terms)
	return textRoom, termRoom, nil
}

// take gives room for more of the column.
func (c *column) take(file *spill.File, bytes int) (spill.Room, error) {
	if bytes > c.free.Len() {
		var err error
		if c.free, err = file.Alloc(max(bytes, int(min(c.bytes/2, sectionBytes)))); err != nil {
			return spill.Room{}, err
		}
	}
	c.bytes += int64(bytes)
	return c.free.Take(bytes), nil
}

// filler gives memory that is the room.
func (s *spiller) filler(room spill.Room) func(parts ...[]byte) ([]byte, error) {
	return func(parts ...[]byte) ([]byte, error) { return s.file.Fill(room, parts...) }
}

// scattered says whether pages of one time may lie so far apart that going through them takes more memory than
// there is for it.
func (s *spiller) scattered() bool {
	most := s.mapped / 2
	return s.bytes > most && slices.ContainsFunc(s.sections[:], func(b section) bool { return b.mixed || b.bytes() > most })
}

// share gives memory for what the clustering does not need any more when it ends.
func (s *spiller) share(parts ...[]byte) ([]byte, error) {
	b, err := s.file.Keep(parts...)
	if err != nil {
		return nil, fmt.Errorf("keep what the steps share: %w", err)
	}
	return b, nil
}

// ahead has memory read that a step will need soon.
func (s *spiller) ahead(memory []byte) {
	if len(memory) > 0 {
		s.file.Ahead(unsafe.Pointer(unsafe.SliceData(memory)))
	}
}

// order moves the pages that wait, sorts all of them and, if they are scattered, their features in a file of their own.
func (s *spiller) order(pages []*cluster.Page) error {
	if s == nil {
		return nil
	}
	if err := s.move(s.waiting); err != nil {
		return err
	}
	s.waiting = nil
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
	for some := range slices.Chunk(pages, 256) {
		err := cluster.Move(some, sorted.Keep, sorted.Keep)
		if err != nil {
			err = fmt.Errorf("keep a page: %w", err)
		}
		// Every page comes from another place, with its neighbours: faster than the file's own watch.
		if err == nil && spill.Resident() > s.mapped {
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
