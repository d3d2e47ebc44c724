package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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

// TestSharedNights takes the days of real pages as nights: the copies are those of one run, and the stories nearly.
func TestSharedNights(t *testing.T) {
	dir := shared(t)
	files, err := filepath.Glob(filepath.Join(dir, "data", "saudinewsnet", "*.jsonl.zst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages in %s: %v", dir, err)
	}
	o := fast()
	known := &Known{}
	var res *Result
	var b strings.Builder
	b.WriteString("# Days of real pages as nights. SADA_SHARED=<shared> go test ./cluster -run SharedNights -update\n")
	for _, f := range files {
		night := Night{Pages: features(decode[record](t, f))}
		kept := known.told.like(o.Weights)
		var next *Known
		var change *Change
		if res, next, change, err = Grow(known, night, o, processor); err != nil {
			t.Fatal(err)
		}
		took, steps := spent(res)
		t.Logf("%d pages, %d in all: %.2f s of processor time %s", len(night.Pages), len(res.Pages), took.Seconds(), steps)
		retold := 0
		for _, told := range change.Retold {
			if told {
				retold++
			}
		}
		kept = kept && o.Weights.Serve(len(res.Copies))
		fmt.Fprintf(&b, "%5d pages of %5d: weights kept %-5t, %5d of %5d stories new or told otherwise\n", len(night.Pages), len(res.Pages), kept, retold, len(res.Stories))
		known, o.Weights = next, res.Weights()
	}
	check(t, res)
	compare := func(what string, weights *Weights) {
		o.Weights = weights
		want, err := Run(slices.Clone(res.Pages), o, processor)
		if err != nil {
			t.Fatal(err)
		}
		took, steps := spent(want)
		t.Logf("one run: %.2f s %s", took.Seconds(), steps)
		if d := differ(want, res); d != "" {
			t.Error(d)
		}
		gold := make(map[string]string)
		for i, p := range want.Pages {
			gold[p.ID] = fmt.Sprint(want.StoryOf[i])
		}
		l := labelled{gold: gold}
		fmt.Fprintf(&b, "B-cubed F1 of its stories by those of one run with %s: %.4f\n", what, l.score(res.Pages, res.StoryOf).all)
	}
	compare("the same weights", res.Weights())
	compare("weights of its own", nil)
	golden(t, "nights.txt", b.String())
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
		o.Weights = res.Weights()
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
	if d := cmp.Diff(want.StoryOf, res.StoryOf); d != "" {
		t.Errorf("stories: %s", d)
	}
}
