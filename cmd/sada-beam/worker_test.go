package main

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// manager is a task manager that gives every worker who calls one order.
type manager struct {
	fnpb.UnimplementedBeamFnControlServer
	calls chan string // names of workers that have called and hung up
}

// Control implements [fnpb.BeamFnControlServer].
func (m *manager) Control(s fnpb.BeamFnControl_ControlServer) error {
	md, _ := metadata.FromIncomingContext(s.Context())
	if err := s.Send(&fnpb.InstructionRequest{InstructionId: "first"}); err != nil {
		return err
	}
	<-s.Context().Done()
	m.calls <- strings.Join(md.Get("worker_id"), ",")
	return s.Context().Err()
}

// request asks for a worker as a task manager at an address does.
func request(control string) *fnpb.StartWorkerRequest {
	at := func(url string) *pipepb.ApiServiceDescriptor { return &pipepb.ApiServiceDescriptor{Url: url} }
	return &fnpb.StartWorkerRequest{WorkerId: "7-1", ControlEndpoint: at(control), LoggingEndpoint: at("logging"), ProvisionEndpoint: at("provision")}
}

// poolOf makes a pool whose workers run a script of a shell. It gives a function that reads what the scripts were called
// with, and one that reads what the pool has said.
func poolOf(t *testing.T, script string) (w *pool, called func() []string, says func() string) {
	t.Helper()
	dir := t.TempDir()
	self, calls, log := filepath.Join(dir, "worker"), filepath.Join(dir, "calls"), filepath.Join(dir, "log")
	if err := os.WriteFile(self, []byte("#!/bin/sh\necho \"$@\" >>"+calls+"\nn=$(wc -l <"+calls+")\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w, err = listen(&program{t.Context(), io.Discard, f}, "127.0.0.1:0", f)
	if err != nil {
		t.Fatal(err)
	}
	w.self = self
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return string(b)
	}
	return w, func() []string { return slices.Collect(strings.Lines(read(calls))) }, func() string { return read(log) }
}

// TestWorkerDies: a worker that dies is started again while its task manager listens, not for ever, and is then
// reported lost in its name.
func TestWorkerDies(t *testing.T) {
	for _, c := range []struct {
		name, script string
		listens      bool
		starts       int
		lost         bool
	}{
		{"ends well", "exit 0", true, 1, false},
		{"dies twice", "[ $n -ge 3 ] || exit 1", true, 3, false},
		{"killed once", "[ $n -ge 2 ] || kill -9 $$", true, 2, false},
		{"dies every time", "exit 1", true, restarts + 1, true},
		{"dies when nobody waits", "exit 1", false, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			m := &manager{calls: make(chan string, 10)}
			if c.listens {
				server := grpc.NewServer()
				fnpb.RegisterBeamFnControlServer(server, m)
				go func() { _ = server.Serve(l) }() // until Stop
				defer server.Stop()
			} else {
				l.Close()
			}
			w, called, says := poolOf(t, c.script)
			defer w.close()
			answer, err := w.StartWorker(t.Context(), request(l.Addr().String()))
			if err != nil || answer.GetError() != "" {
				t.Fatalf("%v, %v", answer, err)
			}
			if c.lost {
				if id := <-m.calls; id != "7-1" {
					t.Errorf("%q called", id)
				}
			}
			w.ended.Wait()
			all := called()
			want := "harness --id=7-1 --logging=logging --control=" + l.Addr().String() + " --provision=provision\n"
			if len(all) != c.starts || slices.ContainsFunc(all, func(s string) bool { return s != want }) {
				t.Errorf("started as %q, want %d times %q", all, c.starts, want)
			}
			text := says()
			if n := strings.Count(text, "worker 7-1 is started again\n"); n != c.starts-1 {
				t.Errorf("said %d times that it is started again, want %d: %s", n, c.starts-1, text)
			}
			if strings.Contains(text, "worker 7-1 is lost\n") != c.lost || len(m.calls) > 0 {
				t.Errorf("%d calls more, want lost %v: %s", len(m.calls), c.lost, text)
			}
		})
	}
}

// TestPoolEnds: a pool that is closed ends its workers and starts none again.
func TestPoolEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w, called, says := poolOf(t, "exec sleep 600")
	if answer, err := w.StartWorker(t.Context(), request(l.Addr().String())); err != nil || answer.GetError() != "" {
		t.Fatalf("%v, %v", answer, err)
	}
	for len(called()) == 0 {
		time.Sleep(time.Millisecond)
	}
	w.close()
	if n := len(called()); n != 1 || strings.Contains(says(), "again") {
		t.Errorf("%d starts: %s", n, says())
	}
}
