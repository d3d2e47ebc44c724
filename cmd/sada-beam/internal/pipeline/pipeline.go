package pipeline

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"sada/cluster"
)

// Options say what a pipeline reads, where it writes, and how it clusters.
type Options struct {
	Input   string // glob of JSONL or Parquet shards
	Out     string // the folder that Commit makes; all workers and Commit reach its parent
	Cluster cluster.Options
}

// Build adds the steps to a pipeline.
func Build(s beam.Scope, o Options) {}

// Commit makes a finished folder of what a run of the pipeline has written. It does nothing where that
// is done already.
func Commit(ctx context.Context, o Options) error {
	_ = filesystem.ValidateScheme
	return nil
}
