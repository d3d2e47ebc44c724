package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
	"google.golang.org/grpc"

	"sada/cmd/internal/exit"
)

type workerCmd struct {
	// Beam's usual port, 50000, is among those that a system gives to connections that go out.
	Listen string `help:"Address on which task managers ask for workers; they are not asked who they are, so only hosts that may run this program's code should reach it (default ${default})." default:"127.0.0.1:8096" placeholder:"HOST:PORT"`
}

func (c *workerCmd) Help() string {
	return `Runs beside every task manager, with the same program as the one that starts the job. A job finds it by

  sada-beam --runner=flink --environment_type=EXTERNAL --environment_config=127.0.0.1:8096 ...

where each task manager takes the address for one of its own host. SIGTERM ends it.` + "\n" + exitHelp
}

// Run is the verb: serve until a signal comes.
func (c *workerCmd) Run(p *program) error {
	pool, err := listen(p, c.Listen, p.stderr)
	if err != nil {
		return &exit.Error{Code: exit.Usage, Err: fmt.Errorf("serve on %s: %w", c.Listen, err), Hint: "name another address with --listen"}
	}
	fmt.Fprintf(p.stderr, "sada-beam: serving task managers on %s\n", pool.address)
	<-p.ctx.Done()
	pool.close()
	return nil
}

// pool starts a process for every worker. Beam's own pool of processes listens on all addresses of the
// host; in its pool of goroutines one that fails takes all with it, and two task managers that give
// their workers the same name cannot share it.
type pool struct {
	fnpb.UnimplementedBeamFnExternalWorkerPoolServer
	address string
	self    string
	log     io.Writer
	server  *grpc.Server
	ctx     context.Context // ends all workers
	end     context.CancelFunc
	ended   sync.WaitGroup // of workers
	served  sync.WaitGroup
}

// listen makes a pool that serves until it is closed. log gets what it and its workers say.
func listen(p *program, address string, log io.Writer) (*pool, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program itself: %w", err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	w := &pool{address: l.Addr().String(), self: self, log: log, server: grpc.NewServer()}
	w.ctx, w.end = context.WithCancel(p.ctx)
	fnpb.RegisterBeamFnExternalWorkerPoolServer(w.server, w)
	w.served.Go(func() { _ = w.server.Serve(l) }) // until Stop
	return w, nil
}

func (w *pool) close() {
	w.server.Stop()
	w.end()
	w.served.Wait()
	w.ended.Wait()
}

// What a pool does about a worker that does not end well. Most that do not are hit by chance (out of memory, a kill),
// and the second process lives; one that cannot live should be told of within seconds.
const (
	restarts = 3                      // processes after the first
	pause    = 200 * time.Millisecond // before the first restart, doubled each time: after 3 s a worker is lost
	answers  = 10 * time.Second       // until a task manager that is there has answered
)

// StartWorker implements [fnpb.BeamFnExternalWorkerPoolServer].
func (w *pool) StartWorker(_ context.Context, r *fnpb.StartWorkerRequest) (*fnpb.StartWorkerResponse, error) {
	c, err := w.start(r)
	if err != nil {
		return &fnpb.StartWorkerResponse{Error: fmt.Sprintf("start worker %q: %v", r.GetWorkerId(), err)}, nil
	}
	w.ended.Go(func() { w.keep(r, c) })
	return &fnpb.StartWorkerResponse{}, nil
}

// start starts a process for a worker.
func (w *pool) start(r *fnpb.StartWorkerRequest) (*exec.Cmd, error) {
	c := exec.CommandContext(w.ctx, w.self, "harness", "--id="+r.GetWorkerId(), "--logging="+r.GetLoggingEndpoint().GetUrl(),
		"--control="+r.GetControlEndpoint().GetUrl(), "--provision="+r.GetProvisionEndpoint().GetUrl())
	c.Stdout, c.Stderr = w.log, w.log
	if err := c.Start(); err != nil {
		return nil, err
	}
	fmt.Fprintf(w.log, "sada-beam: worker %s is process %d\n", r.GetWorkerId(), c.Process.Pid)
	return c, nil
}

// keep waits for a worker, and starts it again under its name if it dies while its task manager listens: for a worker
// that has not called yet, a task manager waits without end (ExternalEnvironmentFactory of Beam 2.62). For one that has
// called and not asked for data it waits three minutes (GrpcDataService), and one that has is lost at once; in both cases a second
// process has nothing to do, and ends when its task manager hangs up. A worker that dies every time is reported lost.
func (w *pool) keep(r *fnpb.StartWorkerRequest, c *exec.Cmd) {
	for n := range restarts + 1 {
		err := c.Wait()
		if err == nil || w.ctx.Err() != nil {
			return
		}
		fmt.Fprintf(w.log, "sada-beam: worker %s, process %d: %v\n", r.GetWorkerId(), c.Process.Pid, err)
		select {
		case <-w.ctx.Done():
			return
		case <-time.After(pause << n):
		}
		conn, err := net.DialTimeout("tcp", r.GetControlEndpoint().GetUrl(), answers)
		if err != nil {
			return // nobody waits for it
		}
		conn.Close()
		if n == restarts {
			break
		}
		fmt.Fprintf(w.log, "sada-beam: worker %s is started again\n", r.GetWorkerId())
		if c, err = w.start(r); err != nil {
			fmt.Fprintf(w.log, "sada-beam: start worker %s: %v\n", r.GetWorkerId(), err)
			break
		}
	}
	fmt.Fprintf(w.log, "sada-beam: worker %s is lost\n", r.GetWorkerId())
	if err := w.lose(r); err != nil && w.ctx.Err() == nil {
		fmt.Fprintf(w.log, "sada-beam: tell the task manager of worker %s: %v\n", r.GetWorkerId(), err)
	}
}

// lose calls a task manager in the place of a worker and hangs up at its first order, so that the task fails instead
// of waiting. A task manager that has lost the worker before gives none, and hangs up itself or is not waited for.
func (w *pool) lose(r *fnpb.StartWorkerRequest) error {
	ctx, hangUp := context.WithTimeout(grpcx.WriteWorkerID(w.ctx, r.GetWorkerId()), answers)
	defer hangUp()
	conn, err := grpcx.Dial(ctx, r.GetControlEndpoint().GetUrl(), answers)
	if err != nil {
		return err
	}
	defer conn.Close()
	orders, err := fnpb.NewBeamFnControlClient(conn).Control(ctx)
	if err != nil {
		return err
	}
	_, err = orders.Recv()
	return err
}

// StopWorker implements [fnpb.BeamFnExternalWorkerPoolServer]. There is nothing to do: a worker ends
// when its task manager hangs up, and two task managers may have given their workers the same ID.
func (w *pool) StopWorker(context.Context, *fnpb.StopWorkerRequest) (*fnpb.StopWorkerResponse, error) {
	return &fnpb.StopWorkerResponse{}, nil
}

// harnessCmd runs a worker's share of jobs, as the task manager at the other end asks for.
type harnessCmd struct {
	ID        string `required:"" help:"Name that the task manager has given it."`
	Logging   string `required:"" help:"Where it takes log lines."`
	Control   string `required:"" help:"Where it gives orders."`
	Provision string `required:"" help:"Where it tells what it can do and the options of the job."`
}

// Run is the verb: work until the task manager hangs up.
func (c *harnessCmd) Run(p *program) error {
	ctx := grpcx.WriteWorkerID(p.ctx, c.ID)
	info, err := tools.ProvisionInfo(ctx, c.Provision)
	if err != nil {
		return fmt.Errorf("ask the task manager what it can do: %w", err)
	}
	options, err := tools.ProtoToJSON(info.GetPipelineOptions())
	if err != nil {
		return fmt.Errorf("read the options of the job: %w", err)
	}
	var job runtime.RawOptionsWrapper
	if err := json.Unmarshal([]byte(options), &job); err != nil {
		return fmt.Errorf("read the options of the job: %w", err)
	}
	runtime.GlobalOptions.Import(job.Options)
	return harness.MainWithOptions(ctx, c.Logging, c.Control, harness.Options{
		StatusEndpoint: info.GetStatusEndpoint().GetUrl(), RunnerCapabilities: info.GetRunnerCapabilities()})
}
