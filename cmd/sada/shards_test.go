//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/shards"
)

// dirty returns lines of the demo corpus in some order, with older versions of pages, the same page again,
// dates far away and lines that are no pages among them.
func dirty(t *testing.T, r *rand.Rand) []string {
	lines := demoLines(t)
	var out []string
	for _, line := range lines {
		out = append(out, line)
		if r.IntN(8) == 0 {
			out = append(out, line)
		}
		if older, ok := olderVersion(line); ok && r.IntN(6) == 0 {
			out = append(out, older)
			if r.IntN(2) == 0 {
				out = append(out, older)
			}
		}
	}
	out = append(out, "not a page\n", `{"id":"broken"`+"\n", `{"id":"no date","text":"صفحة بلا تاريخ","published_at":"yesterday"}`+"\n",
		`{"id":"old","text":"صفحة قديمة","published_at":"1492-10-12"}`+"\n", `{"id":"late","text":"صفحة بعيدة","published_at":"2999-10-12T03:04:05.678Z"}`+"\n",
		"{\"id\":\"bytes\",\"text\":\"كلمة \xff أخرى\"}\n")
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// TestMergeIsRun holds the merge of any division of the inputs into files, and of the files into folders of
// shards, to the run over all of them: every table has the same bytes, and the manifest the same counts.
func TestMergeIsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes a dozen runs, which take long with the race detector")
	}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		lines := dirty(t, r)
		var files, folders []string
		whole := []string{"--out", at("whole"), "--quiet", "--max-rejects=-1"}
		for from := 0; from < len(lines); {
			to := min(from+1+r.IntN(60), len(lines))
			name := at(fmt.Sprintf("%02d.jsonl", len(files)))
			if err := os.WriteFile(name, []byte(strings.Join(lines[from:to], "")), 0o644); err != nil {
				t.Fatal(err)
			}
			files, from = append(files, name), to
		}
		sada(t, append(append([]string{"run"}, files...), whole...)...)
		for from := 0; from < len(files); {
			to := min(from+1+r.IntN(3), len(files))
			folder := at(fmt.Sprint("shards", len(folders)))
			sada(t, append(append([]string{"run"}, files[from:to]...), "--shards", folder, "--quiet", "--max-rejects=-1")...)
			folders, from = append(folders, folder), to
		}
		for _, more := range [][]string{{"--workers", "1"}, {"--memory", "256MiB"}} {
			sada(t, append(append(append([]string{"merge"}, folders...), "--out", at("merged"), "--quiet", "--max-rejects=-1"), more...)...)
			if a, b := withoutRun(mustTree(t, at("whole"))), withoutRun(mustTree(t, at("merged"))); a != b {
				t.Fatalf("seed %d, %d files in %d folders, %v: the merge has\n%s, the run\n%s", seed, len(files), len(folders), more, b, a)
			}
			want, err := publish.ReadManifest(at("whole"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := publish.ReadManifest(at("merged"))
			if err != nil {
				t.Fatal(err)
			}
			want.Timings, want.PeakMemory, want.Workers = got.Timings, got.PeakMemory, got.Workers
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, %v: manifests of the run (-) and of the merge (+)\n%s", seed, more, d)
			}
			if want.Counts["duplicates"] == 0 || want.Counts["rejects"] == 0 || len(folders) < 2 {
				t.Fatalf("seed %d: %v in %d folders are no test", seed, want.Counts, len(folders))
			}
		}
	}
}

// TestKilledRunGoesOn kills processes while they make shards and while they merge them, until one comes to its
// end. None makes a shard that an earlier one has finished, and the results have the bytes of an undisturbed run.
func TestKilledRunGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts some dozen processes, which takes long with the race detector")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	r := rand.New(rand.NewPCG(1, 2))
	lines := dirty(t, r)
	var files []string
	for n := range 12 {
		name := fmt.Sprintf("%02d.jsonl", n)
		if err := os.WriteFile(at(name), []byte(strings.Join(lines[n*len(lines)/12:(n+1)*len(lines)/12], "")), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	run := func(args ...string) []string {
		return append(append([]string{"run"}, files...), append(args, "--quiet", "--max-rejects=-1", "--memory", "256MiB")...)
	}
	cmd, _, stderr := child(t, dir, "sada", run("--out", "whole")...)
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatal(err, stderr)
	}
	took := time.Since(begun)
	there := make(map[string]os.FileInfo) // the shards that were finished
	look := func() {
		found, err := filepath.Glob(at("shards/[0-9a-f]*/shard.json"))
		if err != nil {
			t.Fatal(err)
		}
		now := make(map[string]os.FileInfo)
		for _, name := range found {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			now[name] = info
		}
		for name, info := range there {
			if now[name] == nil || !os.SameFile(info, now[name]) || !info.ModTime().Equal(now[name].ModTime()) {
				t.Errorf("%s was there and was made again", name)
			}
		}
		there = now
	}
	killed, partly := 0, 0
	for step := took / 16; killed < 2; step /= 2 { // the machine may be faster than it was
		if err := errors.Join(os.RemoveAll(at("shards")), os.RemoveAll(at("out"))); err != nil {
			t.Fatal(err)
		}
		clear(there)
		killed, partly = 0, 0
		for wait := step; ; wait += step { // longer from time to time, so that it ends
			cmd, _, stderr := child(t, dir, "sada", run("--shards", "shards", "--out", "out")...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			kill := time.AfterFunc(wait, func() { _ = cmd.Process.Kill() }) // it may have ended
			err := cmd.Wait()
			kill.Stop()
			look()
			if err == nil {
				break
			}
			if code := exitCode(t, err); code != -1 {
				t.Fatalf("code %d: %s", code, stderr)
			}
			killed++
			if len(there) > 0 && len(there) < len(files) {
				partly++
			}
			if _, err := os.Stat(at("out")); err == nil {
				break // it was killed with everything done
			}
		}
	}
	t.Logf("%d processes killed, %d of them with some shards", killed, partly)
	if a, b := withoutRun(mustTree(t, at("whole"))), withoutRun(mustTree(t, at("out"))); a != b {
		t.Errorf("the run that was killed has\n%s, an undisturbed one\n%s", b, a)
	}
	if left, err := filepath.Glob(at("shards/.*")); err != nil || len(left) > 0 {
		t.Errorf("%q is left, %v", left, err)
	}
	list, all, err := shards.Open(at("shards"))
	if err != nil || len(all) != len(files) || !json.Valid(list.Options) || !slices.IsSortedFunc(all, func(a, b *shards.Shard) int { return strings.Compare(a.File.Name, b.File.Name) }) {
		t.Errorf("%d shards of %d files, %v", len(all), len(files), err)
	}
}
