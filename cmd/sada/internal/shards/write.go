package shards

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"sada/cmd/internal/publish"
)

// Writer writes a shard.
type Writer struct {
	folder *publish.Folder
	blocks int
}

// Create begins the shard of a folder in dir.
func Create(dir, folder string) (*Writer, error) {
	f, err := publish.CreateMarked(filepath.Join(dir, folder), shardName)
	if err != nil {
		return nil, err
	}
	return &Writer{folder: f}, nil
}

// Abort takes away what was written. It does nothing after Commit.
func (w *Writer) Abort() { w.folder.Abort() }

// Block writes pages, in the order of their records, with their bands and anchors, whose order it changes.
func (w *Writer) Block(pages []Page, bands []Band, anchors []Anchor) error {
	name := func(table string) string { return blockName(table, w.blocks) }
	var g errgroup.Group
	g.Go(func() error { return publish.Parquet(w.folder, name(pagesTable), slices.Values(pages)) })
	g.Go(func() error {
		slices.SortFunc(bands, func(a, b Band) int {
			return cmp.Or(cmp.Compare(a.Band, b.Band), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Page, b.Page))
		})
		return publish.Parquet(w.folder, name(bandsTable), slices.Values(bands))
	})
	g.Go(func() error {
		slices.SortFunc(anchors, func(a, b Anchor) int {
			return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Page, b.Page))
		})
		return publish.Parquet(w.folder, name(anchorsTable), slices.Values(anchors))
	})
	err := g.Wait()
	w.blocks++
	return err
}

func blockName(table string, block int) string { return fmt.Sprintf("%s-%05d", table, block) }

// Commit writes the rejects, in the order of their records, and what is known of the file, and gives the
// shard its name.
func (w *Writer) Commit(s *Shard, rejects []Reject) error {
	if err := publish.Parquet(w.folder, rejectsTable, slices.Values(rejects)); err != nil {
		return err
	}
	s.Format, s.Blocks, s.Rejects, s.Tables = Format, w.blocks, int64(len(rejects)), w.folder.Outputs()
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(w.folder.Path(), shardName))
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", shardName, err)
	}
	return w.folder.Publish()
}
