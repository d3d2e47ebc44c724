package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
		return nil, f.canceled(ctx, client, id)
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

// canceled cancels a job, since ctx is over, and waits until its tasks have ended. It asks Flink: the job server
// forgets a job that it is told to cancel, and Flink goes on with it as long as there are workers.
func (f *runnerFlags) canceled(ctx context.Context, client jobpb.JobServiceClient, id string) error {
	ended, stop := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer stop()
	err := f.cancelOnFlink(ended, id)
	if _, forgotten := client.Cancel(ended, &jobpb.CancelJobRequest{JobId: id}); err == nil {
		err = forgotten
	}
	if err != nil {
		return &exit.Error{Code: exit.SIGTERM, Err: fmt.Errorf("%w; cancel the job: %w", ctx.Err(), err),
			Hint: "nothing was published, but Flink may still have the job: cancel it there (" + err.Error() + ")"}
	}
	return ctx.Err()
}

// flinkJobs is what Flink's REST interface tells of jobs.
type flinkJobs struct {
	Jobs []struct {
		ID    string `json:"jid"`
		Name  string `json:"name"`
		State string `json:"state"`
	} `json:"jobs"`
}

// cancelOnFlink cancels the job that the job server knows by an ID, which begins with its name, and waits for its end.
// A job that Flink does not have yet is looked for during ten seconds.
func (f *runnerFlags) cancelOnFlink(ctx context.Context, id string) error {
	call := func(method, path string, into any) error {
		r, err := http.NewRequestWithContext(ctx, method, "http://"+f.REST+path, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode >= http.StatusBadRequest {
			return fmt.Errorf("%s %s: %s", method, path, answer.Status)
		}
		return json.NewDecoder(answer.Body).Decode(into)
	}
	asked := false
	for wait := 100; ; wait-- {
		var all flinkJobs
		if err := call(http.MethodGet, "/jobs/overview", &all); err != nil {
			return err
		}
		has := false
		for _, j := range all.Jobs {
			switch {
			case j.Name == "" || !strings.HasPrefix(id, j.Name):
				continue
			case j.State == "CANCELED", j.State == "FAILED", j.State == "FINISHED":
				return nil
			case !asked:
				if err := call(http.MethodPatch, "/jobs/"+j.ID+"?mode=cancel", new(struct{})); err != nil {
					return err
				}
				asked = true
			}
			has = true
		}
		if !has && wait < 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// flinkOptions are Beam's options of a job, by the names that its Java side has for them.
func (f *runnerFlags) flinkOptions() (*structpb.Struct, error) {
	hooks.SerializeHooksToOptions()
	options := map[string]any{"app_name": "sada", "parallelism": f.Parallelism, "experiments": []string{"beam_fn_api"},
		"go_options": beam.PipelineOptions.Export(),
		// Every step then waits for all of the step before it, whose results are on disk. Otherwise all steps run at
		// the same time, and need a slot for every part; and a part that is lost takes all others with it.
		"execution_mode_for_batch": "BATCH_FORCED",
		// All tasks of a task manager have one worker, and a task that has not noticed that it is dead holds it. Those that are
		// begun again, 3 s after they failed (flink/cluster), get another, since this one is older.
		"environment_expiration_millis": 2000,
	}
	named := make(map[string]any)
	for name, value := range options {
		named["beam:option:"+name+":v1"] = value
	}
	return tools.OptionsToProto(named)
}
