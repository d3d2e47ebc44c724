package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/metricsx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
	"google.golang.org/protobuf/types/known/structpb"

	"sada/cmd/internal/exit"
)

var errNoAnswer = errors.New("no answer")

// onFlink runs a pipeline on the cluster behind a job server, to its end. Beam's own universal runner
// does the same without two things that are needed here: Flink's options, and an end of the job when
// the one who waits for it is told to end. tmp is a folder for a file, log gets what workers
// in processes of this one say.
func (f *runnerFlags) onFlink(p *program, job *beam.Pipeline, tmp string, log io.Writer) (*metrics.Results, error) {
	ctx := p.ctx
	// Beam waits two minutes for a job server that is not there; one that is answers in milliseconds.
	conn, err := grpcx.Dial(ctx, f.Endpoint, 10*time.Second)
	if err != nil {
		return nil, &exit.Error{Code: exit.Failed, Err: fmt.Errorf("reach the job server at %s: %w", f.Endpoint, cmp.Or(ctx.Err(), errNoAnswer)), Hint: "start it, or name another with --endpoint"}
	}
	defer conn.Close()
	client := jobpb.NewJobServiceClient(conn)

	workers := f.Workers
	if f.Environment == "LOOPBACK" {
		pool, err := listen(p, "127.0.0.1:0", log)
		if err != nil {
			return nil, fmt.Errorf("serve task managers: %w", err)
		}
		defer pool.close()
		workers = pool.address
	}
	edges, _, err := job.Build()
	if err != nil {
		return nil, fmt.Errorf("build the pipeline: %w", err)
	}
	environment, err := graphx.CreateEnvironment(ctx, graphx.URNEnvExternal, func(context.Context) string { return workers })
	if err != nil {
		return nil, fmt.Errorf("describe the workers: %w", err)
	}
	graph, err := graphx.Marshal(edges, &graphx.Options{Environment: environment})
	if err != nil {
		return nil, fmt.Errorf("describe the pipeline: %w", err)
	}
	// Workers have the program; what is staged for them is an empty file.
	empty := filepath.Join(tmp, "worker")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	if err := runnerlib.UpdateGoEnvironmentWorker(empty, graph); err != nil {
		return nil, fmt.Errorf("describe the workers: %w", err)
	}

	options, err := f.flinkOptions()
	if err != nil {
		return nil, fmt.Errorf("describe the options: %w", err)
	}
	prepared, err := client.Prepare(ctx, &jobpb.PrepareJobRequest{Pipeline: graph, PipelineOptions: options, JobName: "sada"})
	if err != nil {
		return nil, told(ctx, "flink", err)
	}
	token, err := runnerlib.Stage(ctx, prepared.GetPreparationId(), prepared.GetArtifactStagingEndpoint().GetUrl(), empty, prepared.GetStagingSessionToken())
	if err != nil {
		return nil, told(ctx, "flink", err)
	}
	// A job that has begun must be known, or nobody could cancel it.
	id, err := runnerlib.Submit(context.WithoutCancel(ctx), client, prepared.GetPreparationId(), token)
	if err != nil {
		return nil, told(ctx, "flink", err)
	}
	if err := runnerlib.WaitForCompletion(ctx, client, id); err != nil {
		if ctx.Err() == nil {
			return nil, told(ctx, "flink", err)
		}
		return nil, canceled(ctx, client, id)
	}
	state, err := client.GetState(ctx, &jobpb.GetJobStateRequest{JobId: id})
	if err != nil {
		return nil, told(ctx, "flink", err)
	}
	if s := state.GetState(); s != jobpb.JobState_DONE {
		return nil, told(ctx, "flink", fmt.Errorf("it ended as %v", s))
	}
	counted, err := client.GetJobMetrics(ctx, &jobpb.GetJobMetricsRequest{JobId: id})
	if err != nil {
		return nil, told(ctx, "flink", err)
	}
	m := counted.GetMetrics()
	return metricsx.FromMonitoringInfos(graph, m.GetAttempted(), m.GetCommitted()), nil
}

// canceled cancels a job, since ctx is over, and waits until its tasks have ended: the workers of this process are
// there for so long, or the job would fail, and begin again.
func canceled(ctx context.Context, client jobpb.JobServiceClient, id string) error {
	ended, stop := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer stop()
	if _, err := client.Cancel(ended, &jobpb.CancelJobRequest{JobId: id}); err != nil {
		return &exit.Error{Code: exit.SIGTERM, Err: fmt.Errorf("%w; cancel the job: %w", ctx.Err(), err), Hint: "nothing was published; see whether Flink still has the job"}
	}
	_ = runnerlib.WaitForCompletion(ended, client, id) // that it was cancelled may be told as an error
	return ctx.Err()
}

// flinkOptions are Beam's options of a job, by the names that its Java side has for them.
func (f *runnerFlags) flinkOptions() (*structpb.Struct, error) {
	hooks.SerializeHooksToOptions()
	options := map[string]any{"app_name": "sada", "parallelism": f.Parallelism, "experiments": []string{"beam_fn_api"},
		"go_options": beam.PipelineOptions.Export(),
		// Every step then waits for all of the step before it, whose results are on disk. Otherwise all steps run at
		// the same time, and need a slot for every part; and a part that is lost takes all others with it.
		"execution_mode_for_batch": "BATCH_FORCED",
	}
	named := make(map[string]any)
	for name, value := range options {
		named["beam:option:"+name+":v1"] = value
	}
	return tools.OptionsToProto(named)
}
