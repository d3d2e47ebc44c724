// Command bench compares sada with other tools that find near-duplicates, on one machine and one corpus
// whose copies are known.
//
// Every tool runs as a whole process, from reading the corpus to writing its groups, in rounds that are
// interleaved, so that what else the machine does meets all of them. Beside them runs the floor: a loop
// that reads the corpus, decodes every record and hashes every word once, and nothing else.
//
// It prints, for each, the median pages a second, processor seconds and peak memory, pair recall and
// precision by the known copies, and how many times faster sada is in the rounds of the same number.
package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/zeebo/xxh3"

	"sada/eval"
)

//go:embed peers.py
var peers []byte

//go:embed requirements.txt
var requirements []byte

type options struct {
	Corpus   string        `arg:"" help:"Pages as JSONL with id and text." type:"existingfile"`
	Truth    string        `help:"JSONL with id and cluster (default the corpus's name with .truth.jsonl)." type:"existingfile"`
	Tools    []string      `help:"What is compared (default ${default})." default:"sada,floor,gaoya,rensa,datasketch,text-dedup,datatrove"`
	Rounds   int           `help:"Rounds (default ${default})." default:"3"`
	PeerJSON []string      `name:"peer-json" help:"Library that reads pages for the peers that do not read them: orjson, or Python's own json; orjson,json compares with both (default ${default})." enum:"orjson,json" default:"orjson"`
	Threads  int           `help:"Processors for each tool (default all)." default:"0"`
	Timeout  time.Duration `help:"Most that one process may take; a tool that takes longer is left out of later rounds (default ${default})." default:"20m"`
	Python   string        `help:"Interpreter of Python 3.12, which makes the virtual environment of the peers (default the first of python3.12 and python3 that is one)."`
	Sada     string        `help:"Program to run instead of one built here." type:"existingfile"`
	Flags    []string      `help:"More flags for sada run." sep:"none"`
	Floor    bool          `hidden:"" help:"Be the floor."`
}

func main() {
	var o options
	k := kong.Parse(&o, kong.Description("Compare sada with other tools on a corpus with known copies."))
	o.Threads = cmp.Or(o.Threads, runtime.NumCPU())
	if o.Floor {
		k.FatalIfErrorf(floor(o.Corpus, o.Threads))
		return
	}
	o.Truth = cmp.Or(o.Truth, strings.TrimSuffix(o.Corpus, ".jsonl")+".truth.jsonl")
	k.FatalIfErrorf(bench(&o, os.Stdout))
}

// bench runs all tools and prints the table.
func bench(o *options, out io.Writer) error {
	gold, pages, err := clusters(o.Truth, "cluster")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sada-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	python := ""
	if slices.ContainsFunc(o.Tools, func(tool string) bool { return tool != "sada" && tool != "floor" }) {
		if python, err = environment(o.Python); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "peers.py"), peers, 0o644); err != nil {
			return err
		}
	}
	if o.Sada == "" {
		o.Sada = filepath.Join(dir, "sada")
		if err := command("go", "build", "-o", o.Sada, "sada/cmd/sada").Run(); err != nil {
			return fmt.Errorf("build sada: %w", err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o.Tools = readers(o.Tools, o.PeerJSON)
	done := make(map[string][]measure)
	for round := range o.Rounds {
		for _, tool := range o.Tools {
			if round > 0 && len(done[tool]) == 0 {
				continue // it failed or took too long
			}
			name, library, ok := strings.Cut(tool, with)
			if !ok {
				library = o.PeerJSON[0]
			}
			result := filepath.Join(dir, tool)
			var c *exec.Cmd
			switch tool {
			case "sada":
				result = filepath.Join(dir, "run", "pages.jsonl")
				c = command(o.Sada, append([]string{"run", o.Corpus, "--out", filepath.Dir(result), "--quiet", "--workers", strconv.Itoa(o.Threads)}, o.Flags...)...)
			case "floor":
				c = command(self, o.Corpus, "--floor", "--threads", strconv.Itoa(o.Threads))
			default:
				c = command(python, filepath.Join(dir, "peers.py"), name, o.Corpus, result, strconv.Itoa(o.Threads), library)
			}
			m, err := timed(c, o.Threads, o.Timeout)
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n", tool, err)
				continue
			}
			if tool != "floor" && round == 0 {
				column := "cluster"
				if tool == "sada" {
					column = "copy_group"
				}
				run, _, err := clusters(result, column)
				if err != nil {
					return fmt.Errorf("%s: %w", tool, err)
				}
				m.pairs = eval.Pairwise(eval.Align(gold, run).Table())
			}
			done[tool] = append(done[tool], m)
			fmt.Fprintf(os.Stderr, "round %d  %-18s  %7.1f s  %7.1f CPU s  %6.0f MiB\n", round+1, tool, m.wall, m.cpu, m.memory)
		}
	}
	return table(out, o, pages, done)
}

// with stands between the name of a peer and that of the library that reads JSON for it.
const with = " with "

// readers names with every peer that does not read pages itself the libraries that do: each pair is a tool.
func readers(tools, libraries []string) []string {
	var out []string
	for _, tool := range tools {
		if !slices.Contains([]string{"gaoya", "rensa", "datasketch"}, tool) {
			out = append(out, tool)
			continue
		}
		for _, library := range libraries {
			out = append(out, tool+with+library)
		}
	}
	return out
}

// measure is what one process took.
type measure struct {
	wall, cpu float64 // seconds
	memory    float64 // MiB, of its largest process
	pairs     eval.PRF
}

// timed runs a process, and those it starts, on the first processors.
func timed(c *exec.Cmd, threads int, limit time.Duration) (measure, error) {
	c.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(threads), "OMP_NUM_THREADS="+strconv.Itoa(threads), "POLARS_MAX_THREADS="+strconv.Itoa(threads),
		"TOKENIZERS_PARALLELISM=false", "HF_HUB_OFFLINE=1")
	if path, err := exec.LookPath("taskset"); err == nil && threads < runtime.NumCPU() {
		c.Args = append([]string{path, "--cpu-list", fmt.Sprintf("0-%d", threads-1)}, c.Args...)
		c.Path = path
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	start := time.Now()
	if err := c.Start(); err != nil {
		return measure{}, err
	}
	late := time.AfterFunc(limit, func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }) // it may have ended
	err := c.Wait()
	wall := time.Since(start)
	if !late.Stop() {
		return measure{}, fmt.Errorf("stopped after %v", limit)
	}
	if err != nil {
		text := said.String()
		return measure{}, fmt.Errorf("%w: %s", err, text[max(0, len(text)-2000):])
	}
	used := c.ProcessState.SysUsage().(*syscall.Rusage)
	return measure{wall: wall.Seconds(), cpu: (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(), memory: float64(used.Maxrss) / 1024}, nil
}

// command is a command whose words go to the standard error.
func command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	return c
}

// pythonVersion is the one that the list of peers is pinned for.
const pythonVersion = "3.12"

// choose returns the first of several interpreters that runs and has the version. One may be there and not
// run: pyenv puts programs in the path for versions that are not selected.
func choose(interpreters []string) (string, error) {
	var found []string
	for _, name := range interpreters {
		out, err := exec.Command(name, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])").Output()
		version := strings.TrimSpace(string(out))
		if err == nil && version == pythonVersion {
			return name, nil
		}
		if err == nil {
			err = fmt.Errorf("is Python %s", version)
		}
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
			text, _, _ := strings.Cut(strings.TrimSpace(string(failed.Stderr)), "\n")
			err = fmt.Errorf("%w: %s", err, text)
		}
		found = append(found, fmt.Sprintf("%s: %v", name, err))
	}
	return "", fmt.Errorf("the peers need Python %s, and none was found (%s): name one with --python, or compare --tools sada,floor", pythonVersion, strings.Join(found, "; "))
}

// environment makes the virtual environment with the pinned peers, once for each version of their
// list, and returns its interpreter.
func environment(python string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "sada-bench", fmt.Sprintf("%016x", xxh3.Hash(requirements)))
	interpreter, ready := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "ready")
	if _, err := os.Stat(ready); err == nil {
		return interpreter, nil
	}
	candidates := []string{"python3.12", "python3"}
	if python != "" {
		candidates = []string{python}
	}
	if python, err = choose(candidates); err != nil {
		return "", err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := command(python, "-m", "venv", dir).Run(); err != nil {
		return "", fmt.Errorf("make the virtual environment: %w", err)
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, requirements, 0o644); err != nil {
		return "", err
	}
	if err := command(interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", list).Run(); err != nil {
		return "", fmt.Errorf("install the peers: %w", err)
	}
	return interpreter, os.WriteFile(ready, nil, 0o644)
}

// clusters reads rows of JSON, or id and cluster with a tab between them.
func clusters(path, column string) (c eval.Clustering, pages int, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return c, 0, err
	}
	var rows []eval.Assignment
	for line := range bytes.Lines(b) {
		id, cluster, tabbed := strings.Cut(strings.TrimSuffix(string(line), "\n"), "\t")
		if !tabbed {
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(line, &fields); err != nil {
				return c, 0, fmt.Errorf("%s: row %d: %w", path, len(rows)+1, err)
			}
			id, cluster = strings.Trim(string(fields["id"]), `"`), strings.Trim(string(fields[column]), `"`)
		}
		rows = append(rows, eval.Assignment{Page: id, Cluster: cluster})
	}
	c, err = eval.NewClustering(rows)
	return c, len(rows), err
}

// table prints the medians.
func table(out io.Writer, o *options, pages int, done map[string][]measure) error {
	of := func(tool string, figure func(m measure) float64) float64 {
		all := make([]float64, 0, len(done[tool]))
		for _, m := range done[tool] {
			all = append(all, figure(m))
		}
		return median(all)
	}
	// The ratio of each round, not of the medians: what slows the machine slows the round.
	ratio := func(tool string, figure func(m measure) float64) float64 {
		all := make([]float64, 0, o.Rounds)
		for i := range min(len(done[tool]), len(done["sada"])) {
			all = append(all, figure(done[tool][i])/figure(done["sada"][i]))
		}
		return median(all)
	}
	wall, cpu := func(m measure) float64 { return m.wall }, func(m measure) float64 { return m.cpu }
	fmt.Fprintf(out, "%d pages, %d processors, medians of %d rounds\n\n", pages, o.Threads, o.Rounds)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "tool\tpages/s\tCPU s\tMiB\trecall\tprecision\tsada faster\tby CPU\t")
	for _, tool := range o.Tools {
		if len(done[tool]) == 0 {
			fmt.Fprintf(w, "%s\tfailed\t\t\t\t\t\t\t\n", tool)
			continue
		}
		recall, precision := "", ""
		if p := done[tool][0].pairs; tool != "floor" {
			recall, precision = fmt.Sprintf("%.4f", p.Recall), fmt.Sprintf("%.4f", p.Precision)
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.1f\t%.0f\t%s\t%s\t%.2f\t%.2f\t\n", tool, float64(pages)/of(tool, wall), of(tool, cpu),
			of(tool, func(m measure) float64 { return m.memory }), recall, precision, ratio(tool, wall), ratio(tool, cpu))
	}
	return w.Flush()
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// floor reads a corpus, decodes its records and hashes their words: what no tool can do without.
func floor(path string, threads int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	blocks := make(chan []byte, threads)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	var sum uint64
	for range threads {
		wg.Go(func() {
			var own uint64
			for block := range blocks {
				for line := range bytes.Lines(block) {
					var page struct {
						ID          string `json:"id"`
						Title       string `json:"title"`
						Text        string `json:"text"`
						Source      string `json:"source"`
						PublishedAt string `json:"published_at"`
					}
					if err := jsonv2.Unmarshal(line, &page); err != nil {
						mu.Lock()
						failed = cmp.Or(failed, err)
						mu.Unlock()
						continue
					}
					for word := range strings.FieldsSeq(page.Text) {
						own ^= xxh3.HashString(word)
					}
				}
			}
			mu.Lock()
			sum ^= own
			mu.Unlock()
		})
	}
	var rest []byte
	for {
		block := make([]byte, 1<<20)
		n := copy(block, rest)
		m, err := io.ReadFull(f, block[n:])
		block = block[:n+m]
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		cut := bytes.LastIndexByte(block, '\n') + 1
		if err != nil {
			cut = len(block)
		} else if cut == 0 {
			return fmt.Errorf("%s: a record longer than %d bytes", path, len(block))
		}
		rest = block[cut:]
		blocks <- block[:cut]
		if err != nil {
			break
		}
	}
	close(blocks)
	wg.Wait()
	fmt.Printf("%016x\n", sum) // the work must have a result
	return failed
}
