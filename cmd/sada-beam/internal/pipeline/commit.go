package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sada/cluster/lsh"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/publish"
	"sada/features/arabic"
	"sada/features/tfidf"
)

// ErrUnfinished is the error of shards without an index.
var ErrUnfinished = errors.New("the pipeline has not finished: no index of its shards")

// Commit makes a finished folder of the shards that a run of the pipeline has written, in one step, and
// removes them. Where they are gone and the folder is there, that was done already. Rows pass one by one:
// it needs no more memory than a shard.
func Commit(ctx context.Context, o Options) error {
	o = o.filled()
	c := &commit{o: o, ctx: ctx}
	for _, name := range []string{pagesIndex, storiesIndex} {
		b, err := os.ReadFile(filepath.Join(o.shards(), name))
		if errors.Is(err, fs.ErrNotExist) {
			if _, manifest := publish.ReadManifest(o.Out); manifest == nil && !exists(o.shards()) {
				return nil
			}
			return fmt.Errorf("%s: %w", o.shards(), ErrUnfinished)
		}
		if err != nil {
			return err
		}
		var files []shardFile
		if err := json.Unmarshal(b, &files); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.files = append(c.files, files...)
	}
	slices.SortFunc(c.files, func(a, b shardFile) int { return cmp.Compare(a.Name, b.Name) })
	folder, err := publish.Create(o.Out)
	if err != nil {
		return fmt.Errorf("create the result folder: %w", err)
	}
	defer folder.Abort()
	m, err := c.manifest()
	if err != nil {
		return err
	}
	for _, table := range []func() error{
		func() error { return two[publish.Page](c, folder, "pages") },
		func() error { return two[publish.Passage](c, folder, "passages") },
		func() error { return two[publish.Story](c, folder, "stories") },
		func() error { return two[publish.Link](c, folder, "links") },
		func() error { return publish.Parquet(folder, "near", rows[publish.Near](c, "near")) },
		func() error { return publish.Parquet(folder, "terms", rows[publish.Term](c, "terms")) },
		func() error { return publish.JSONL(folder, "changes", rows[publish.Change](c, "changes")) },
		func() error { return publish.JSONL(folder, "rejects", rows[publish.Reject](c, "rejects")) },
	} {
		if err := errors.Join(table(), c.err); err != nil {
			return err
		}
	}
	if err := folder.Commit(m); err != nil {
		return err
	}
	return os.RemoveAll(o.shards())
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// commit reads the shards.
type commit struct {
	o     Options
	ctx   context.Context
	files []shardFile
	err   error // of what was read last
}

// two writes a table as JSONL and as Parquet.
func two[T any](c *commit, f *publish.Folder, name string) error {
	return errors.Join(publish.JSONL(f, name, rows[T](c, name)), publish.Parquet(f, name, rows[T](c, name)))
}

// rows gives the rows of a table in order. The error is in c.err afterwards.
func rows[T any](c *commit, table string) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, f := range c.files {
			if c.err != nil || f.table() != table {
				continue
			}
			if c.err = c.ctx.Err(); c.err != nil {
				return
			}
			b, err := os.ReadFile(filepath.Join(c.o.shards(), f.Name))
			if err == nil && sum(b) != f.Hash {
				err = fmt.Errorf("shard %s is not what was written", f.Name)
			}
			if err != nil {
				c.err = err
				return
			}
			for d := json.NewDecoder(bytes.NewReader(b)); d.More(); {
				var row T
				if c.err = d.Decode(&row); c.err != nil || !yield(row) {
					return
				}
			}
		}
	}
}

func (f shardFile) table() string { return f.Name[:strings.IndexByte(f.Name, '-')] }

// recorded is what the manifest keeps of the options, as that of sada run has them.
type recorded struct {
	Fields        map[string]string `json:"field,omitempty"`
	MaxPageBytes  int64             `json:"max_page_bytes"`
	MaxUnpacked   int64             `json:"max_unpacked"`
	Stemmer       string            `json:"stemmer"`
	Similarity    float64           `json:"similarity"`
	Recall        float64           `json:"recall"`
	Sketch        string            `json:"sketch"`
	Threshold     float64           `json:"threshold"`
	Sigma         float64           `json:"sigma"`
	Horizon       float64           `json:"horizon"`
	Method        string            `json:"method"`
	Normalisation int               `json:"normalisation"`
}

func (c *commit) manifest() (*publish.Manifest, error) {
	o := c.o.Cluster
	shape, err := lsh.Choose(o.Similarity, o.Recall, o.Slots)
	if err != nil {
		return nil, err
	}
	m := &publish.Manifest{Version: "beam", Workers: 1, Timings: []publish.Timing{}, Unmet: []publish.Unmet{}, Counts: map[string]int64{},
		LSH: publish.Bands{Bands: shape.Bands, Rows: shape.Rows}, Thresholds: map[string]float64{"copy_jaccard": o.Similarity}}
	for j := 1; j <= 9; j++ {
		x := float64(j) / 10
		m.LSH.Curve = append(m.LSH.Curve, publish.Point{Jaccard: x, Probability: publish.Round(shape.Probability(x))})
	}
	for s := range rows[summary](c, "summary") {
		entries := func(yield func(tfidf.DF) bool) {
			for t := range rows[publish.Term](c, "terms") {
				if !yield(tfidf.DF{Term: tfidf.Term(t.Term), Docs: uint32(t.Docs)}) {
					return
				}
			}
		}
		m.Thresholds["story"], m.Thresholds["story_floor"] = publish.Round(s.Threshold), publish.Round(s.Floor)
		m.Terms = publish.TermTable{Docs: int64(s.Docs), Version: tfidf.Version(s.Docs, entries), Letters: int64(s.Letters)}
		m.Unmet = append(m.Unmet, s.Unmet...)
		m.Counts = s.Counts
	}
	for f := range rows[publish.Input](c, "files") {
		m.Inputs = append(m.Inputs, f)
		m.Arguments = append(m.Arguments, f.Name)
		if abs, err := filepath.Abs(f.Name); err == nil {
			m.Arguments[len(m.Arguments)-1] = abs // explain reads the pages again, perhaps from another folder
		}
		m.Counts["rejects"] += f.Rejects
	}
	if c.err != nil {
		return nil, c.err
	}
	for _, f := range c.files {
		switch table := f.table(); table {
		case "pages", "passages", "links", "stories":
			m.Counts[table] += int64(f.Rows)
		case "rejects":
			m.Counts["duplicates"] += int64(f.Rows)
		case "changes":
			if strings.HasPrefix(f.Name, "changes-copy_group-") {
				m.Counts["copy_groups"] += int64(f.Rows)
			}
		}
	}
	m.Counts["duplicates"] -= m.Counts["rejects"]
	m.Counts["unmet"] = int64(len(m.Unmet))
	b, err := json.Marshal(recorded{c.o.Fields, corpus.DefaultMaxPageBytes, corpus.DefaultMaxBytes, c.o.Stemmer, o.Similarity, o.Recall, string(o.Sketch),
		o.Story.Threshold, o.Story.Sigma, o.Story.Horizon, string(o.Story.Method), arabic.Version})
	if err != nil {
		return nil, err
	}
	m.Options, m.OptionHash = b, sum(b)
	return m, nil
}
