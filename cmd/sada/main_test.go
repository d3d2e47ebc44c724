package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/zeebo/xxh3"

	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/archive"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sada": func() {
		p := &program{ctx: context.Background(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
		p.checkpoint, _ = strconv.Atoi(os.Getenv(checkpointVariable)) // 0 without
		os.Exit(p.run(os.Args[1:]))
	}})
}

// checkpointVariable is the pages of a checkpoint in the environment of a process of the tests, whose nights are small.
const checkpointVariable = "TEST_CHECKPOINT"

// demo is the corpus that the README's command runs on.
const demo = "../../testdata/corpus.jsonl"

// ending is how long before the tests must end one that waits gives up, to say what for.
const ending = 10 * time.Second

// await waits for something, however slow the machine is.
func await(t *testing.T, what string, comes func() bool) {
	t.Helper()
	for ; !comes(); time.Sleep(5 * time.Millisecond) {
		if d, ok := t.Deadline(); ok && time.Until(d) < ending {
			t.Fatalf("%s: never came", what)
		}
	}
}

// TestScripts runs the program in a process of its own, as a user would. Besides the commands of
// testscript, the scripts have those of scriptCommands, the demo corpus as $CORPUS and the folder of its gold files as $GOLD.
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("the scripts start some hundred processes, which takes long with the race detector")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                scriptCommands,
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(env *testscript.Env) error {
			corpus, err := os.ReadFile(demo)
			if err != nil {
				return err
			}
			path := filepath.Join(env.WorkDir, ".corpus.jsonl")
			env.Setenv("CORPUS", path)
			gold, err := filepath.Abs("../../testdata")
			if err != nil {
				return err
			}
			env.Setenv("GOLD", gold)
			return os.WriteFile(path, corpus, 0o644)
		},
	})
}

var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits":   exits,
	"write":   write,
	"cut":     cut,
	"pack":    pack,
	"bomb":    bomb,
	"parquet": toParquet,
	"ids":     ids,
	"rejects": rejects,
	"counts":  counts,
	"last":    last,
	"same":    same,
	"only":    only,
	"groups":  groups,
	"changes": changes,
	"tree":    tree,
	"flip":    flip,
	"damage":  damage,
	"hold":    hold,
	"copy":    copyTree,
	"newer":   newer,
	"ramp":    ramp,
}

func need(ts *testscript.TestScript, neg bool, args []string, least int, form string) {
	if neg || len(args) < least {
		ts.Fatalf("usage: %s", form)
	}
}

// exits runs a program that must end with an exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "exits CODE PROGRAM ARGS...")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// write appends texts with the escapes of Go, as \x00, to a file.
func write(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "write FILE TEXT...")
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	defer f.Close()
	for _, s := range args[1:] {
		var out []byte
		for s != "" {
			r, multibyte, rest, err := strconv.UnquoteChar(s, 0)
			ts.Check(err)
			if multibyte {
				out = append(out, string(r)...)
			} else {
				out = append(out, byte(r))
			}
			s = rest
		}
		_, err := f.Write(out)
		ts.Check(err)
	}
}

// cut takes bytes from the end of a file.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "cut FILE BYTES")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b[:len(b)-n]), 0o644))
}

// pack compresses a file.
func pack(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, "pack gzip|zstd FILE TO")
	var out bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&out)
	if args[0] == "zstd" {
		z, err := zstd.NewWriter(&out)
		ts.Check(err)
		w = z
	}
	_, err := io.WriteString(w, ts.ReadFile(args[1]))
	ts.Check(errors.Join(err, w.Close()))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), out.Bytes(), 0o644))
}

// bomb writes a Zstandard file that unpacks to as many MiB of spaces after a file's contents.
func bomb(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, "bomb FILE MIB TO")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[2]))
	ts.Check(err)
	z, err := zstd.NewWriter(f)
	ts.Check(err)
	_, err = io.WriteString(z, ts.ReadFile(args[0]))
	for spaces := bytes.Repeat([]byte(" "), 1<<20); n > 0 && err == nil; n-- {
		_, err = z.Write(spaces)
	}
	ts.Check(errors.Join(err, z.Close(), f.Close()))
}

// inputRow is a page in the JSONL and Parquet inputs of the scripts.
type inputRow struct {
	ID          string `json:"id" parquet:"id"`
	Title       string `json:"title" parquet:"title"`
	Text        string `json:"text" parquet:"text"`
	URL         string `json:"url" parquet:"url"`
	PublishedAt string `json:"published_at" parquet:"published_at"`
	Source      string `json:"source" parquet:"source"`
}

// toParquet writes the records of a JSONL file as Parquet.
func toParquet(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "parquet JSONL TO")
	var rows []inputRow
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var row inputRow
		ts.Check(json.Unmarshal([]byte(line), &row))
		rows = append(rows, row)
	}
	ts.Check(parquet.WriteFile(ts.MkAbs(args[1]), rows))
}

// ids compares the IDs of a run's pages, in any order, with those given.
func ids(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "ids DIR ID...")
	var got []string
	for p, err := range publish.Read[publish.Page](ts.MkAbs(args[0]), "pages") {
		ts.Check(err)
		got = append(got, p.ID)
	}
	slices.Sort(got)
	if want := args[1:]; !slices.Equal(got, want) {
		ts.Fatalf("pages %q, want %q", got, want)
	}
}

// rejects prints a run's rejects: file:line@byte, ID, reason.
func rejects(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "rejects DIR")
	out := ts.Stdout()
	for r, err := range publish.Read[publish.Reject](ts.MkAbs(args[0]), "rejects") {
		ts.Check(err)
		fmt.Fprintf(out, "%s:%d@%d %q %s\n", filepath.Base(r.File), r.Line, r.Byte, r.ID, r.Reason)
	}
}

// counts compares counts of a run's manifest with those given as name=number.
func counts(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "counts DIR NAME=NUMBER...")
	m, err := publish.ReadAnyManifest(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, arg := range args[1:] {
		name, number, _ := strings.Cut(arg, "=")
		got, ok := m.Counts[name]
		if want, err := strconv.ParseInt(number, 10, 64); err != nil || !ok || got != want {
			ts.Fatalf("count %s is %d (%t), want %s", name, got, ok, number)
		}
	}
}

// last checks that every line of the last output is a JSON object, and the members of the last one,
// each as name=JSON.
func last(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "last NAME=JSON...")
	var object map[string]json.RawMessage
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		object = nil
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("%s: %v", line, err)
		}
	}
	for _, arg := range args {
		name, want, _ := strings.Cut(arg, "=")
		if got := string(object[name]); got != want {
			ts.Fatalf("%s is %s, want %s", name, got, want)
		}
	}
}

// same compares the tables of two runs by their bytes.
func same(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "same DIR DIR")
	if err := sameTables(ts.MkAbs(args[0]), ts.MkAbs(args[1]), tables...); err != nil {
		ts.Fatalf("%v", err)
	}
}

// only compares the names in a folder, hidden ones too, with those given.
func only(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "only DIR NAME...")
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, args[1:]) {
		ts.Fatalf("%s holds %q, want %q", args[0], got, args[1:])
	}
}

// partition gives the pages of every group of a kind in a run, sorted.
func partition(kind, dir string) ([]string, error) {
	of := make(map[string][]string)
	for p, err := range publish.Read[publish.Page](dir, "pages") {
		if err != nil {
			return nil, err
		}
		id := p.CopyGroup
		if kind == "story" {
			id = p.Story
		}
		of[id] = append(of[id], p.ID)
	}
	var out []string
	for _, pages := range of {
		slices.Sort(pages)
		out = append(out, strings.Join(pages, " "))
	}
	slices.Sort(out)
	return out, nil
}

// groups compares the groups of two runs, whatever their IDs.
func groups(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, "groups KIND DIR DIR")
	a, err := partition(args[0], ts.MkAbs(args[1]))
	ts.Check(err)
	b, err := partition(args[0], ts.MkAbs(args[2]))
	ts.Check(err)
	if !slices.Equal(a, b) {
		ts.Fatalf("groups %q and %q", a, b)
	}
}

// changes prints the changes of a run without the IDs: kind, event, pages.
func changes(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "changes DIR")
	var lines []string
	for c, err := range publish.Read[publish.Change](ts.MkAbs(args[0]), "changes") {
		ts.Check(err)
		lines = append(lines, fmt.Sprintln(c.Kind, c.Event, strings.Join(c.Pages, " ")))
	}
	slices.Sort(lines)
	_, err := io.WriteString(ts.Stdout(), strings.Join(lines, ""))
	ts.Check(err)
}

// tree prints the hash of every file in a folder but that of the lock.
func tree(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "tree DIR")
	files, err := treeOf(ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), files)
	ts.Check(err)
}

func treeOf(root string) (string, error) {
	var out strings.Builder
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lock" {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path) // path is under root
		fmt.Fprintf(&out, "%s %x\n", filepath.ToSlash(rel), xxh3.Hash128(b).Bytes())
		return err
	})
	return out.String(), err
}

// flip changes a bit in the middle of a file.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "flip FILE")
	b := []byte(ts.ReadFile(args[0]))
	b[len(b)/2] ^= 4
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

// damage changes a bit of the first checkpoint of a state.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "damage STATE")
	parts, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "stages/*/000000-*/pages-00000.parquet"))
	ts.Check(err)
	flip(ts, false, parts)
}

// hold keeps the lock of a state until the script ends, or for some time.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "hold STATE [TIME]")
	a, err := archive.Open(ts.MkAbs(args[0]), archive.Options{})
	ts.Check(err)
	ts.Check(a.Lock(context.Background(), 0))
	if len(args) == 1 {
		ts.Defer(func() { ts.Check(a.Unlock()) })
		return
	}
	d, err := time.ParseDuration(args[1])
	ts.Check(err)
	time.AfterFunc(d, func() { _ = a.Unlock() }) // the script would not end well
}

// copyTree copies a folder.
func copyTree(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "copy DIR TO")
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}

// newer makes a state that of a later format.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "newer STATE")
	current := ts.MkAbs(args[0] + "/current")
	generation, _, _ := strings.Cut(ts.ReadFile(args[0]+"/current"), " ")
	manifest := ts.MkAbs(args[0] + "/" + generation + "/manifest.json")
	_, body, _ := strings.Cut(ts.ReadFile(args[0]+"/"+generation+"/manifest.json"), "\"manifest\":\n")
	body = strings.Replace(strings.TrimSuffix(body, "\n}\n"), fmt.Sprintf(`"format": %d`, archive.Format), `"format": 99`, 1)
	whole := fmt.Sprintf("{\"xxh3_128\":\"%x\",\"manifest\":\n%s\n}\n", xxh3.HashString128(body).Bytes(), body)
	ts.Check(os.WriteFile(manifest, []byte(whole), 0o644))
	ts.Check(os.WriteFile(current, fmt.Appendf(nil, "%s %x\n", generation, xxh3.HashString128(whole).Bytes()), 0o644))
}

// ramp writes copies of a page.
func ramp(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "ramp FILE PAGES")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"id":"ramp%d","title":"خبر واحد في كل مكان","text":"نص واحد نقلته كل الصحف في يوم واحد ولم تغير فيه كلمة ولا حرفا من حروفه","published_at":"2024-06-05T08:00:00Z","source":"%d"}`+"\n", i, i)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// tables are the files of a run that depend on pages and options alone.
var tables = []string{"pages.jsonl", "pages.parquet", "links.jsonl", "links.parquet", "passages.jsonl", "passages.parquet", "stories.jsonl", "stories.parquet", "terms.parquet", "near.parquet"}

// sameTables returns an error if two runs differ in the bytes of one of the tables.
func sameTables(a, b string, tables ...string) error {
	for _, name := range tables {
		x, errX := os.ReadFile(filepath.Join(a, name))
		y, errY := os.ReadFile(filepath.Join(b, name))
		if err := cmp.Or(errX, errY); err != nil {
			return err
		}
		if !bytes.Equal(x, y) {
			at := 0
			for at < min(len(x), len(y)) && x[at] == y[at] {
				at++
			}
			return fmt.Errorf("%s differs at byte %d of %d and %d:\n%.200q\n%.200q", name, at, len(x), len(y), x[at:], y[at:])
		}
	}
	return nil
}
