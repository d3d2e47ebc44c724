package shards

import (
	"encoding/json"
	"fmt"

	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
)

// Keep writes pages, in the order of their records, as part n of a stage: a shard of pages alone, of which a night
// makes bands and anchors with those of all others.
func Keep(s *archive.Stage, n int, pages []Page) error {
	return archive.Write(s, n, blockName(pagesTable, 0), pages, func(f archive.FileInfo) ([]byte, error) {
		shard := Shard{Format: Format, Good: int64(len(pages)), Blocks: 1, Tables: []publish.Output{{Name: f.Path, Rows: f.Rows, Bytes: f.Bytes, Hash: f.Hash}}}
		return json.MarshalIndent(shard, "", "  ")
	})
}

// Kept returns the pages of part n of a stage, none if there is no such part. The error is that of the archive for
// a file that is not what Keep wrote or cannot be read.
func Kept(s *archive.Stage, n int) ([]Page, error) {
	b, err := s.Part(n)
	if b == nil || err != nil {
		return nil, err
	}
	var shard Shard
	if err := json.Unmarshal(b, &shard); err != nil || len(shard.Tables) != 1 { // its checksum is right
		return nil, fmt.Errorf("%s of part %d: no shard of pages alone: %w", shardName, n, ErrCorrupt)
	}
	t := shard.Tables[0]
	pages := make([]Page, 0, shard.Good)
	for rows, err := range archive.PartRows[Page](s, n, archive.FileInfo{Path: t.Name, Rows: t.Rows, Bytes: t.Bytes, Hash: t.Hash}) {
		if err != nil {
			return nil, err
		}
		pages = append(pages, rows...)
	}
	return pages, nil
}
