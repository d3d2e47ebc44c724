package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// processor returns how long the processors have worked for this process: unlike the time on the wall, it
// does not depend on what else the machine does.
func processor() time.Time {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return time.Time{}
	}
	return time.Unix(0, u.Utime.Nano()+u.Stime.Nano())
}

// spent tells what a result took, step by step.
func spent(res *Result) (all time.Duration, steps string) {
	for _, s := range res.Stats.Times {
		all += s.Took
		steps += fmt.Sprintf("  %s %.2f s", s.Step, s.Took.Seconds())
	}
	return all, steps
}

// TestSharedNights takes the days of real pages as nights: the result is that of one run.
func TestSharedNights(t *testing.T) {
	dir := shared(t)
	files, err := filepath.Glob(filepath.Join(dir, "data", "saudinewsnet", "*.jsonl.zst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages in %s: %v", dir, err)
	}
	o := fast()
	known := &Known{}
	var res *Result
	for _, f := range files {
		night := Night{Pages: features(decode[record](t, f))}
		var next *Known
		if res, next, _, err = Grow(known, night, o, processor); err != nil {
			t.Fatal(err)
		}
		known = next
		took, steps := spent(res)
		t.Logf("%d pages, %d in all: %.2f s of processor time %s", len(night.Pages), len(res.Pages), took.Seconds(), steps)
	}
	check(t, res)
	want, err := Run(slices.Clone(res.Pages), o, processor)
	if err != nil {
		t.Fatal(err)
	}
	took, steps := spent(want)
	t.Logf("one run: %.2f s %s", took.Seconds(), steps)
	if d := differ(want, res); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want.StoryOf, res.StoryOf); d != "" {
		t.Errorf("stories: %s", d)
	}
}

// TestSharedNight measures the last 5,000 of 205,000 pages as a night, against one run over all of them.
func TestSharedNight(t *testing.T) {
	dir := shared(t)
	if os.Getenv("SADA_HEAVY") == "" {
		t.Skip("SADA_HEAVY is unset: this test takes minutes and some eight gigabytes")
	}
	records, _ := makeCorpus(t, dir, "205000")
	pages := features(records)
	records = nil
	slices.SortFunc(pages, pageOrder)
	o := fast()
	const size = 5000
	known := &Known{}
	var res *Result
	var allocated uint64
	for _, to := range []int{len(pages) - 2*size, len(pages) - size, len(pages)} { // the first night is a run
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var err error
		if res, known, _, err = Grow(known, Night{Pages: slices.Clone(pages[len(known.Pages):to])}, o, processor); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		allocated = after.TotalAlloc - before.TotalAlloc
	}
	known = nil
	night, steps := spent(res)
	t.Logf("night: %.2f s of processor time, %d MB allocated %s", night.Seconds(), allocated>>20, steps)
	want, err := Run(pages, o, processor)
	if err != nil {
		t.Fatal(err)
	}
	all, steps := spent(want)
	t.Logf("one run: %.2f s %s; the night is %.1f %% of it", all.Seconds(), steps, 100*night.Seconds()/all.Seconds())
	if d := differ(want, res); d != "" {
		t.Error(d)
	}
}
