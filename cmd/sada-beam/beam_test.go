package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"sada/cmd/internal/exit"
	"sada/cmd/sada-beam/internal/pipeline"
)

// asProgram makes the test binary the program, in a process of its own.
const asProgram = "SADA_BEAM_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

const demo = "../../testdata/corpus.jsonl"

// command is a call of sada-beam, in a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

// runs runs sada-beam with --json and gives what it counted.
func runs(t *testing.T, args ...string) measures {
	t.Helper()
	c := command(t, append(args, "--json")...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderr.Bytes())
	}
	var m struct {
		measures
		Seconds float64
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	t.Logf("%v: %.1f s", args, m.Seconds)
	return m.measures
}

// sada builds the main program and gives its path.
func sada(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sada")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-o", path, "./cmd/sada").CombinedOutput(); err != nil {
		t.Fatalf("build sada: %v\n%s", err, out)
	}
	return path
}

// wanted runs sada and gives its folder.
func wanted(t *testing.T, sada string, input ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sada")
	if out, err := exec.CommandContext(t.Context(), sada, append([]string{"run", "--quiet", "--max-rejects=-1", "--out", dir}, input...)...).CombinedOutput(); err != nil {
		t.Fatalf("sada run: %v\n%s", err, out)
	}
	return dir
}

// same compares the tables of two run folders line by line: every row of pages, passages, links and stories
// with all its figures and IDs.
func same(t *testing.T, want, got string) {
	t.Helper()
	for _, name := range []string{"pages", "passages", "links", "stories"} {
		w, g := lines(t, want, name), lines(t, got, name)
		if len(w) == 0 {
			t.Errorf("%s: the table that it is compared with is empty", name)
		}
		if len(w) != len(g) {
			t.Errorf("%s: %d rows, want %d", name, len(g), len(w))
		}
		different := 0
		for i := range min(len(w), len(g)) {
			if w[i] == g[i] {
				continue
			}
			if different++; different <= 3 {
				t.Errorf("%s, row %d:\n%s\nwant\n%s", name, i+1, g[i], w[i])
			}
		}
		if different > 3 {
			t.Errorf("%s: %d rows differ", name, different)
		}
	}
}

func lines(t *testing.T, dir, table string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, table+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(b)))
}

func TestPrism(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	m := runs(t, "--runner=prism", "--input", demo, "--out", out)
	if m.Counters["pages"] != 171 {
		t.Errorf("%d pages, want 171", m.Counters["pages"])
	}
	program := sada(t)
	same(t, wanted(t, program, demo), out)
	for _, verb := range [][]string{{"eval", "../../testdata/gold.stories.tsv", out}, {"explain", "p005", "p010", "--run", out}, {"report", out, "-o", filepath.Join(t.TempDir(), "report")}} {
		if text, err := exec.CommandContext(t.Context(), program, verb...).CombinedOutput(); err != nil {
			t.Errorf("sada %v: %v\n%s", verb, err, text)
		}
	}
}

func TestUsage(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		name, says string
		code       int
		args       []string
	}{
		{"no flags", "missing flags: --input=PATH, --out=DIR", exit.Usage, nil},
		{"no such runner", "--runner must be one of", exit.Usage, []string{"--runner=spark", "--input", demo, "--out", out}},
		{"no file", "no file matches", exit.Usage, []string{"--input", "none*.jsonl", "--out", out}},
		{"an address", "only files are read", exit.Usage, []string{"--input", "gs://a/b", "--out", out}},
		{"no part", "--parallelism 0", exit.Usage, []string{"--parallelism=0", "--input", demo, "--out", out}},
		{"no job server", "reach the job server at 127.0.0.1:1", exit.Failed, []string{"--runner=flink", "--endpoint=127.0.0.1:1", "--input", demo, "--out", out}},
		{"nowhere to serve", "serve on 127.0.0.1:none", exit.Usage, []string{"worker", "--listen=127.0.0.1:none"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := command(t, c.args...).CombinedOutput()
			code := exit.Done
			if e := (*exec.ExitError)(nil); errors.As(err, &e) {
				code = e.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != c.code || !strings.Contains(string(text), c.says) || !strings.HasPrefix(string(text), "sada-beam: error: ") || !strings.Contains(string(text), "sada-beam: hint: ") {
				t.Errorf("code %d, want %d; says %s", code, c.code, text)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("there is a result folder")
			}
		})
	}
}

// flink is a cluster on loopback, as flink/cluster makes it, with a pool of workers beside it.
type flink struct {
	folder, state string
	ports         map[string]string
	pool          *exec.Cmd
	log           string // of the pool
}

// newFlink starts one with two task managers of one slot each.
func newFlink(t *testing.T) *flink {
	t.Helper()
	folder := os.Getenv("SADA_FLINK")
	if folder == "" {
		t.Skip("SADA_FLINK names no folder that flink/fetch has filled: NOTHING WAS RUN ON FLINK")
	}
	c := &flink{folder: folder, state: t.TempDir(), ports: map[string]string{}}
	for _, name := range []string{"REST", "RPC", "JOBS", "ARTIFACTS", "EXPANSION", "POOL"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // all are taken before the first is given back
		_, c.ports[name], _ = net.SplitHostPort(l.Addr().String())
	}
	return c
}

// start starts what newFlink has found room for.
func (c *flink) start(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { c.script(t, "stop", c.state) })
	c.script(t, "start", c.folder, c.state)

	c.log = filepath.Join(c.state, "pool.log")
	c.startPool(t)
	t.Cleanup(func() {
		_ = c.pool.Process.Signal(syscall.SIGTERM)
		if err := c.pool.Wait(); err != nil {
			t.Errorf("the pool of workers: %v", err)
		}
	})
}

// startPool starts a pool of workers.
func (c *flink) startPool(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the process has its own
	pool := command(t, "worker", "--listen", "127.0.0.1:"+c.ports["POOL"])
	c.pool = &exec.Cmd{Path: pool.Path, Args: pool.Args, Env: pool.Env, Stdout: log, Stderr: log} // ended by start, not by the test's context
	if err := c.pool.Start(); err != nil {
		t.Fatal(err)
	}
}

// script calls flink/cluster. Its output is a file's: the processes that it starts must not hold a pipe.
func (c *flink) script(t *testing.T, args ...string) string {
	t.Helper()
	out, err := os.CreateTemp(c.state, "script")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command("flink/cluster", args...)
	// With a quarter of this memory for sorting, 20,329 pages fail in the step of the stories (README.md, Flink).
	cmd.Env = append(os.Environ(), "TASK_MANAGERS=2", "SLOTS=1", "HEAP=300", "MANAGED=512")
	for name, port := range c.ports {
		cmd.Env = append(cmd.Env, name+"="+port)
	}
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	b, _ := os.ReadFile(out.Name()) // just written
	if err != nil {
		t.Fatalf("flink/cluster %v: %v\n%s", args, err, b)
	}
	return string(b)
}

// flags are those of a run on the cluster.
func (c *flink) flags(environment string, parallelism int) []string {
	return []string{"--runner=flink", "--endpoint=127.0.0.1:" + c.ports["JOBS"], "--flink_rest=127.0.0.1:" + c.ports["REST"], "--environment_type=" + environment,
		"--environment_config=127.0.0.1:" + c.ports["POOL"], fmt.Sprintf("--parallelism=%d", parallelism)}
}

// get reads a page of Flink's REST interface.
func (c *flink) get(t *testing.T, path string, into any) {
	t.Helper()
	r, err := http.Get("http://127.0.0.1:" + c.ports["REST"] + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %s: %v", path, b, err)
	}
}

// flinkJob is what the REST interface tells of a job.
type flinkJob struct {
	ID    string `json:"jid"`
	State string
	Tasks map[string]int
}

// job is the last job that was begun.
func (c *flink) job(t *testing.T) (last flinkJob) {
	t.Helper()
	var all struct {
		Jobs []struct {
			flinkJob
			Start int64 `json:"start-time"`
		}
	}
	c.get(t, "/jobs/overview", &all)
	start := int64(-1)
	for _, j := range all.Jobs {
		if j.Start > start {
			last, start = j.flinkJob, j.Start
		}
	}
	return last
}

var started = regexp.MustCompile(`worker \S+ is process (\d+)`)

// said is all that the pool has said.
func (c *flink) said(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(c.log)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// workers are the processes that the pool has started, and those of them that run, in order.
func (c *flink) workers(t *testing.T) (all, running []int) {
	t.Helper()
	for _, m := range started.FindAllSubmatch(c.said(t), -1) {
		pid, _ := strconv.Atoi(string(m[1])) // digits
		all = append(all, pid)
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && bytes.Contains(text, []byte("harness")) {
			running = append(running, pid)
		}
	}
	return all, running
}

// begin starts a run. What it says may be read when it has ended.
func (c *flink) begin(t *testing.T, args ...string) (says *bytes.Buffer, ended chan error) {
	t.Helper()
	run := command(t, args...)
	says, ended = new(bytes.Buffer), make(chan error, 1)
	run.Stderr = says
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- run.Wait() }()
	return says, ended
}

// taskManager is the process of a task manager, by its number from 1.
func (c *flink) taskManager(t *testing.T, n int) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(c.state, fmt.Sprintf("task-manager-%d.pid", n)))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestFlink runs on a real cluster: a job manager, two task managers, Beam's job server, and a process for
// every worker that a task manager asks for.
func TestFlink(t *testing.T) {
	c := newFlink(t)
	c.start(t)
	out := filepath.Join(t.TempDir(), "out")
	runs(t, append(c.flags("LOOPBACK", 2), "--input", demo, "--out", out)...)
	same(t, wanted(t, sada(t), demo), out)
	if all, _ := c.workers(t); len(all) > 0 {
		t.Errorf("workers %v of the pool were asked for", all)
	}
}

// TestFlinkSignal: a signal while a job runs cancels the job, is told by the exit code, and publishes nothing.
func TestFlinkSignal(t *testing.T) {
	c := newFlink(t)
	c.start(t)
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: exit.SIGINT, syscall.SIGTERM: exit.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			before := c.job(t).ID
			run := command(t, append(c.flags("LOOPBACK", 2), "--input", demo, "--out", out)...)
			var says bytes.Buffer
			run.Stderr = &says
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- run.Wait() }()
			var job flinkJob
			for job.ID == "" || job.ID == before || job.Tasks["finished"] == 0 { // some of it is done
				select {
				case err := <-ended:
					t.Fatalf("the job ended before the signal: %v\n%s", err, says.Bytes())
				case <-time.After(50 * time.Millisecond):
				}
				job = c.job(t)
			}
			if err := run.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err := <-ended
			if e := (*exec.ExitError)(nil); !errors.As(err, &e) || e.ExitCode() != code || !strings.Contains(says.String(), "stopped by signal: "+signal.String()) {
				t.Errorf("%v, want code %d; says %s", err, code, says.Bytes())
			}
			t.Logf("with %d of %d tasks done: %v, %s", job.Tasks["finished"], job.Tasks["total"], err, says.Bytes())
			for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
				if job = c.job(t); job.State == "CANCELED" {
					break
				} else if time.Now().After(end) {
					t.Fatalf("the job is %s", job.State)
				}
			}
			if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the result folder: %v", err)
			}
		})
	}
}

// TestFlinkWorkers runs with the workers of a pool; one of them, the pool, or a task manager is killed in each of the two jobs.
func TestFlinkWorkers(t *testing.T) {
	c := newFlink(t)
	c.start(t)
	program := sada(t)
	want := wanted(t, program, demo)

	t.Run("two workers", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out")
		run, ended := c.begin(t, append(c.flags("EXTERNAL", 2), "--input", demo, "--out", out, "--quiet")...)
		most := 0
		for {
			_, running := c.workers(t)
			most = max(most, len(running))
			select {
			case err := <-ended:
				if err != nil {
					t.Fatalf("%v\n%s", err, run)
				}
				if most < 2 {
					t.Errorf("at most %d workers at a time", most)
				}
				same(t, want, out)
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	for _, at := range []struct {
		victim string
		when   float64 // share of a job's tasks that have ended
	}{
		{"worker", 0},
		{"worker", .2},
		{"worker", .5},
		{"worker", .8},
		{"pool", .5},
		{"task manager", .5},
	} {
		t.Run(fmt.Sprintf("killed %s at %v", at.victim, at.when), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			last := c.job(t).ID
			text, ended := c.begin(t, append(c.flags("EXTERNAL", 2), "--input", demo, "--out", out, "--quiet")...)
			for n := range pipeline.Jobs {
				last = c.kills(t, at.victim, at.when, n+1, last, func() {
					select {
					case err := <-ended:
						t.Fatalf("ended before anything was lost: %v\n%s", err, text)
					case <-time.After(2 * time.Millisecond):
					}
				})
			}
			if err := <-ended; err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			same(t, want, out)
		})
	}
}

// kills kills a worker, the pool, or the task manager of a number, when a share of the tasks has ended of the first job
// after another, whose ID it gives. What is gone is put in its place again. Workers are killed until something was lost with
// one: some have done their work. If no task has to end before, it is the first, which has not called its task manager yet.
func (c *flink) kills(t *testing.T, victim string, when float64, number int, after string, watch func()) string {
	t.Helper()
	var job flinkJob
	old := 0 // workers of the jobs before
	for job.ID == "" || job.ID == after {
		watch()
		all, _ := c.workers(t)
		old, job = len(all), c.job(t)
	}
	for {
		watch()
		all, running := c.workers(t)
		running = slices.DeleteFunc(running, func(pid int) bool { return !slices.Contains(all[old:], pid) })
		if when > 0 {
			now := c.job(t)
			if now.ID != job.ID {
				t.Fatalf("job %s ended before anything was lost", job.ID)
			}
			job = now
		}
		if len(running) == 0 || float64(job.Tasks["finished"]) < when*float64(job.Tasks["total"]) {
			continue
		}
		pid := running[len(running)-1]
		switch victim {
		case "pool":
			pid = c.pool.Process.Pid
		case "task manager":
			pid = c.taskManager(t, number)
		}
		before := len(c.said(t))
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			continue // a worker that has just ended by itself
		}
		t.Logf("job %s: killed %s %d with %d of %d tasks done", job.ID, victim, pid, job.Tasks["finished"], job.Tasks["total"])
		switch victim {
		case "worker":
			if when == 0 {
				for !bytes.Contains(c.said(t)[before:], []byte("is started again")) {
					watch()
				}
			} else if !c.missed(t, job, 20, watch) {
				continue
			}
		case "pool":
			if err := c.pool.Wait(); err == nil {
				t.Error("the pool ended well")
			}
			c.startPool(t)
		case "task manager":
			c.script(t, "add", c.folder, c.state)
			if !c.missed(t, job, job.Tasks["total"], watch) {
				t.Error("Flink has not missed the task manager")
			}
		}
		return job.ID
	}
}

// missed waits until Flink tells of a failure of a job, or has ended so many tasks more as if there were none. Flink waits three minutes for a worker that has
// taken an order and has not called for its data (GrpcDataService of Beam 2.62).
func (c *flink) missed(t *testing.T, job flinkJob, more int, watch func()) bool {
	t.Helper()
	for {
		watch()
		var x struct {
			History struct {
				Entries []struct {
					Name string `json:"exceptionName"`
				}
			} `json:"exceptionHistory"`
		}
		c.get(t, "/jobs/"+job.ID+"/exceptions", &x)
		if len(x.History.Entries) > 0 {
			t.Logf("Flink saw %v", x.History.Entries)
			return true
		}
		if now := c.job(t); now.ID != job.ID || now.Tasks["finished"] > job.Tasks["finished"]+more {
			return false
		}
	}
}

// TestFlinkPages compares on real pages, of which there are 20,329.
func TestFlinkPages(t *testing.T) {
	shared := os.Getenv("SADA_SHARED")
	if shared == "" {
		t.Skip("SADA_SHARED names no folder with data: NO REAL PAGES WERE COMPARED")
	}
	days, err := filepath.Glob(filepath.Join(shared, "data/saudinewsnet/*.jsonl.zst"))
	if err != nil || len(days) == 0 {
		t.Fatalf("no pages in %s: %v", shared, err)
	}
	c := newFlink(t)
	c.start(t)
	out := filepath.Join(t.TempDir(), "out")
	m := runs(t, append(c.flags("EXTERNAL", 4), "--max-rejects=-1", "--input", filepath.Join(shared, "data/saudinewsnet/*.jsonl.zst"), "--out", out)...)
	c.tell(t, m)
	same(t, wanted(t, sada(t), days...), out)
}

// boilerplate is a paragraph that every page of TestFlinkSkew has.
const boilerplate = "جميع الحقوق محفوظة لهذه الصحيفة ولا يجوز نسخ أي مادة منشورة هنا أو إعادة نشرها أو توزيعها بأي وسيلة من دون إذن مكتوب من إدارة التحرير في المقر الرئيس"

// skewed writes pages that share one paragraph and nothing else of more than a word, but for every fiftieth, which is a
// copy of another.
func skewed(t *testing.T, dir string, pages, files int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	const letters = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
	alphabet := []rune(letters)
	words := make([]string, 20000)
	for i := range words {
		word := make([]rune, 4+r.IntN(4))
		for j := range word {
			word[j] = alphabet[r.IntN(len(alphabet))]
		}
		words[i] = string(word)
	}
	for n := range files {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%03d.jsonl.zst", n)))
		if err != nil {
			t.Fatal(err)
		}
		z, err := zstd.NewWriter(f)
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(z)
		text := make([]string, 60)
		for i := n; i < pages; i += files {
			if i/files%50 != 49 {
				for j := range text {
					text[j] = words[r.IntN(len(words))]
				}
			}
			b, err := json.Marshal(map[string]string{"id": fmt.Sprintf("s%06d", i), "title": strings.Join(text[:6], " "),
				"text":         strings.Join(text[6:], " ") + ".\n" + boilerplate + ".\n",
				"published_at": time.Date(2024, 6, 1+i%28, i/28%24, 0, 0, 0, time.UTC).Format(time.RFC3339), "source": fmt.Sprintf("s%d", i%40)})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = w.Write(append(b, '\n')) // Flush tells
		}
		if err := errors.Join(w.Flush(), z.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFlinkSkew: no key's list is on one worker, though 50,000 pages share a paragraph.
func TestFlinkSkew(t *testing.T) {
	if os.Getenv("SADA_HEAVY") == "" {
		t.Skip("SADA_HEAVY is not set: SKEW WAS NOT TRIED")
	}
	c := newFlink(t)
	c.start(t)
	skew(t, 50000, func(args ...string) measures {
		m := runs(t, append(c.flags("EXTERNAL", 4), args...)...)
		c.tell(t, m)
		return m
	})
}

// TestPrismSkew is the same with as many pages as are in memory soon.
func TestPrismSkew(t *testing.T) {
	if testing.Short() {
		t.Skip("5,000 pages")
	}
	skew(t, 5000, func(args ...string) measures {
		m := runs(t, append(args, "--runner=prism")...)
		count(t, m)
		return m
	})
}

// skew runs pages that share a paragraph.
func skew(t *testing.T, pages int, runs func(args ...string) measures) {
	t.Helper()
	in := t.TempDir()
	skewed(t, in, pages, 10)
	input, out := filepath.Join(in, "*.jsonl.zst"), filepath.Join(t.TempDir(), "out")
	m := runs("--input", input, "--out", out)
	if m.Counters["pages"] != int64(pages) {
		t.Errorf("%d pages, want %d", m.Counters["pages"], pages)
	}
	if m.Counters["heavy_anchors"] == 0 {
		t.Error("no anchor is on more pages than a list may have")
	}
	// A page has the paragraph's anchors once, and a list up to 1,000 pages; the shares of a list that is
	// dealt out are less than that on average, and chance makes some longer.
	const most = 2000
	if d := m.Distributions["postings_of_key"]; d.Max == 0 || d.Max > most {
		t.Errorf("the longest list on a worker has %d, want 1 to %d", d.Max, most)
	}
	same(t, wanted(t, sada(t), input), out)
}

// tell logs what a job has counted, and what Flink says that it has sent.
func (c *flink) tell(t *testing.T, m measures) {
	t.Helper()
	pages := count(t, m)
	var job struct {
		Duration int64
		Vertices []struct {
			Name    string
			Metrics struct {
				Bytes   int64 `json:"write-bytes"`
				Records int64 `json:"write-records"`
			}
		}
	}
	c.get(t, "/jobs/"+c.job(t).ID, &job)
	sum := int64(0)
	for _, v := range job.Vertices {
		sum += v.Metrics.Bytes
	}
	t.Logf("Flink: %.1f s, %d steps, %d bytes sent, %.1f a page", float64(job.Duration)/1e3, len(job.Vertices), sum, float64(sum)/pages)
	for _, v := range job.Vertices {
		if v.Metrics.Bytes > sum/100 {
			t.Logf("%12d %10.1f a page  %.100s", v.Metrics.Bytes, float64(v.Metrics.Bytes)/pages, v.Name)
		}
	}
}

// count logs what a job has counted, and gives the pages.
func count(t *testing.T, m measures) float64 {
	t.Helper()
	pages := float64(max(m.Counters["pages"], 1))
	for _, name := range slices.Sorted(maps.Keys(m.Counters)) {
		t.Logf("%12d %10.1f a page  %s", m.Counters[name], float64(m.Counters[name])/pages, name)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Distributions)) {
		t.Logf("%s: %+v", name, m.Distributions[name])
	}
	return pages
}
