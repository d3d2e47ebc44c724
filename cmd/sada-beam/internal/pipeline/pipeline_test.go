package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/google/go-cmp/cmp"

	"sada/cluster"
	"sada/cluster/identity"
	"sada/cluster/story"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/publish"
	"sada/features/arabic"
	"sada/features/article"
)

func TestMain(m *testing.M) {
	beam.Init()
	os.Exit(m.Run())
}

// run runs the pipeline in this process and gives the folder, and what was counted: sums, and the largest values of
// what was distributed.
func run(t *testing.T, o Options) (string, map[string]int64) {
	t.Helper()
	o.Out = filepath.Join(t.TempDir(), "out")
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	counted := make(map[string]int64)
	for _, build := range Jobs {
		p, s := beam.NewPipelineWithRoot()
		build(s, o)
		result, err := beam.Run(context.Background(), "prism", p)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range result.Metrics().AllMetrics().Counters() {
			if c.Key.Namespace == "sada" {
				counted[c.Key.Name] += c.Committed // what was attempted may count twice
			}
		}
		for _, d := range result.Metrics().AllMetrics().Distributions() {
			if d.Key.Namespace == "sada" {
				counted[d.Key.Name] = max(counted[d.Key.Name], d.Committed.Max)
			}
		}
	}
	took := time.Since(start)
	if err := Commit(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if err := Commit(context.Background(), o); err != nil {
		t.Errorf("committed again: %v", err)
	}
	t.Logf("%d pages in %v", counted["pages"], took)
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		t.Logf("%-30s %12d %10.1f a page", name, counted[name], float64(counted[name])/float64(max(counted["pages"], 1)))
	}
	return o.Out, counted
}

const demo = "../../../../testdata/corpus.jsonl"

func pagesOf(t *testing.T, input string) []*article.Page {
	t.Helper()
	set, err := corpus.Open([]string{input}, corpus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []*article.Page
	for r, err := range set.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Reject == "" {
			out = append(out, &r.Page)
		}
	}
	return out
}

// tables are the rows of a run, and what its manifest says of stories.
type tables struct {
	Counts map[string]int64
	Table  publish.TermTable
	Level  map[string]float64

	Pages    []publish.Page
	Passages []publish.Passage
	Links    []publish.Link
	Stories  []publish.Story
	Near     []publish.Near
	Terms    []publish.Term
}

// want makes the rows with one call of cluster.Run.
func want(t *testing.T, in []*article.Page, o cluster.Options) tables {
	t.Helper()
	m := cluster.Maker{Stemmer: arabic.Light10}
	var pages []*cluster.Page
	published := map[string]*string{}
	for _, p := range in {
		pages = append(pages, m.Make(p))
		published[p.ID] = publish.Date(p.PublishedAt, p.DayOnly)
	}
	res, err := cluster.Run(pages, o, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(res.Pages))
	for i, p := range res.Pages {
		ids[i] = p.ID
	}
	assign := func(prefix identity.Prefix, of []int) *identity.State {
		s, _, err := identity.Assign(new(identity.State), identity.Grouping{Pages: ids, Group: of}, identity.Night{Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	groups, told := assign(identity.CopyGroup, res.CopyOf), assign(identity.Story, res.StoryOf)
	surfaces := cluster.Surfaces(res.Pages, arabic.Light10)
	out := tables{
		Counts: map[string]int64{"template_pairs": int64(res.Stats.TemplatePairs), "story_candidates": res.Stats.Story.Candidates,
			"story_links": int64(res.Stats.Story.Links), "story_skipped_postings": res.Stats.Story.SkippedPostings},
		Table: publish.TermTable{Docs: int64(res.Terms.Docs()), Version: res.Terms.Version(), Letters: int64(res.Vocabulary.Letters)},
		Level: map[string]float64{"story": publish.Round(res.Story.Threshold), "story_floor": publish.Round(res.Story.Floor), "copy_jaccard": o.Similarity},
	}
	for i, p := range res.Pages {
		row := publish.NewPage(p, published[p.ID], res.Parts[i])
		row.CopyGroup, row.Story = groups.Groups[res.CopyOf[i]].ID, told.Groups[res.StoryOf[i]].ID
		row.Confidence, row.Margin = publish.Round(res.Confidence[i]), publish.Signed(res.Margin[i])
		switch of := res.Copies[res.CopyOf[i]]; {
		case len(of.Pages) == 1:
			row.Role = publish.RoleSole
		case of.Original == i:
			row.Role = publish.RoleOriginal
		default:
			row.Role = publish.RoleCopy
		}
		if res.Next[i] >= 0 {
			row.Next = told.Groups[res.Next[i]].ID
		}
		out.Pages = append(out.Pages, row)
	}
	for i := range res.Passages {
		p := &res.Passages[i]
		b := ""
		if p.B >= 0 {
			b = ids[p.B]
		}
		out.Passages = append(out.Passages, publish.NewPassage(p, ids[p.A], b))
	}
	for _, l := range res.Links {
		out.Links = append(out.Links, publish.NewLink(&l, ids[l.A], ids[l.B]))
	}
	for n := range res.Stories {
		out.Stories = append(out.Stories, publish.NewStory(res, n, told, groups, surfaces))
	}
	for _, l := range res.Near {
		out.Near = append(out.Near, publish.NewNear(l, ids[res.Copies[l.A].Original], ids[res.Copies[l.B].Original]))
	}
	for _, e := range res.Terms.Entries() {
		out.Terms = append(out.Terms, publish.Term{Term: uint64(e.Term), Docs: int64(e.Docs), Surface: surfaces[e.Term]})
	}
	return out
}

func rowsOf[T any](t *testing.T, dir, name string) (out []T) {
	t.Helper()
	for row, err := range publish.Read[T](dir, name) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

func got(t *testing.T, dir string) tables {
	t.Helper()
	m, err := publish.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := tables{Counts: make(map[string]int64), Table: m.Terms, Level: m.Thresholds,
		Pages: rowsOf[publish.Page](t, dir, "pages"), Passages: rowsOf[publish.Passage](t, dir, "passages"), Links: rowsOf[publish.Link](t, dir, "links"), Stories: rowsOf[publish.Story](t, dir, "stories")}
	for _, name := range []string{"template_pairs", "story_candidates", "story_links", "story_skipped_postings"} {
		out.Counts[name] = m.Counts[name]
	}
	if out.Near, err = publish.ReadParquet[publish.Near](dir, "near"); err != nil {
		t.Fatal(err)
	}
	if out.Terms, err = publish.ReadParquet[publish.Term](dir, "terms"); err != nil {
		t.Fatal(err)
	}
	return out
}

// compare tells what differs, table by table. No table may be empty but that of a name.
func compare(t *testing.T, want, got tables, empty string) {
	t.Helper()
	t.Logf("%v, %+v, thresholds %v", got.Counts, got.Table, got.Level)
	for _, table := range []struct {
		name      string
		want, got any
		n         int
	}{
		{"counts", want.Counts, got.Counts, len(want.Counts)},
		{"table of terms", want.Table, got.Table, 1},
		{"thresholds", want.Level, got.Level, 1},
		{"passages", want.Passages, got.Passages, len(want.Passages)},
		{"links", want.Links, got.Links, len(want.Links)},
		{"pages", want.Pages, got.Pages, len(want.Pages)},
		{"stories", want.Stories, got.Stories, len(want.Stories)},
		{"near", want.Near, got.Near, len(want.Near)},
		{"terms", want.Terms, got.Terms, len(want.Terms)},
	} {
		if table.n == 0 && table.name != empty {
			t.Errorf("%s: the table that it is compared with is empty", table.name)
		}
		if d := cmp.Diff(table.want, table.got); d != "" {
			t.Errorf("%s: %.3000s", table.name, d)
		}
	}
}

// TestSameAsRun: what the pipeline writes is, row by row, what one call of cluster.Run gives, whether lists
// are long or short, and whatever decides how stories are told.
func TestSameAsRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Options)
		page   func(i int, p *article.Page) // changes a page; nil leaves all as they are
		taken  []string                     // what must have been counted
		tables string                       // that are empty, if any
	}{
		{"as it is", func(*Options) {}, nil, []string{"passage_pairs", "appended_texts", "fragments", "links", "split_off"}, ""},
		// Every list that more than two pages share is dealt out, every bucket of more than two is
		// split, no rounds come before the last step of connected components, every shard is small, and windows
		// are divided.
		{"heavy", func(o *Options) { o.Heavy, o.Rounds, o.RowsPerShard, o.PerWindow, o.Cluster.Bucket = 2, 1, 10, 5, 2 }, nil,
			[]string{"heavy_anchors", "large_buckets", "records_meetHomes"}, ""},
		{"some without a date", func(o *Options) { o.PerWindow = 20 }, func(i int, p *article.Page) {
			if i%3 == 0 {
				p.PublishedAt = time.Time{}
			}
		}, nil, ""},
		{"most without a date", func(*Options) {}, func(i int, p *article.Page) {
			if i%3 != 0 {
				p.PublishedAt = time.Time{}
			}
		}, nil, ""},
		{"headlines", func(*Options) {}, func(_ int, p *article.Page) { p.Text = "" }, nil, "passages"},
		{"a threshold, and terms that propose few", func(o *Options) {
			o.Cluster.Story.Threshold, o.Cluster.Story.Floor, o.Cluster.Story.PostingCap, o.PerWindow = .2, .1, 3, 10
		}, nil, nil, ""},
		{"without support, other methods", func(o *Options) { o.Cluster.Story.Support, o.Cluster.Story.Method = 0, story.ByPropagation }, nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Input: demo, Cluster: cluster.Defaults()}
			if c.page != nil {
				o.Input = changed(t, demo, c.page)
			}
			c.change(&o)
			dir, counted := run(t, o)
			compare(t, want(t, pagesOf(t, o.Input), o.Cluster), got(t, dir), c.tables)
			for _, name := range c.taken {
				if counted[name] == 0 {
					t.Errorf("nothing counted for %s: the test does not reach it", name)
				}
			}
		})
	}
}

// TestEqualPages: of pages with one text, a worker that groups them has the words once, and no bucket is large.
func TestEqualPages(t *testing.T) {
	pages := pagesOf(t, demo)
	longest := slices.MaxFunc(pages, func(p, q *article.Page) int { return len(p.Text) - len(q.Text) })
	n := 300
	if v := os.Getenv("SADA_BEAM_PAGES"); v != "" {
		if _, err := fmt.Sscan(v, &n); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		p := *longest
		p.ID, p.PublishedAt = fmt.Sprintf("equal%06d", i), p.PublishedAt.AddDate(0, 0, i%5)
		pages = append(pages, &p)
	}
	o := Options{Input: written(t, pages), Cluster: cluster.Defaults()}
	dir, counted := run(t, o)
	compare(t, want(t, pagesOf(t, o.Input), o.Cluster), got(t, dir), "")
	words := int64(len(strings.Fields(longest.Text)))
	t.Logf("%d pages of %d words", n, words)
	if most := counted["words_of_component_of_copies"]; most == 0 || most > 10*words {
		t.Errorf("%d words of one component on one worker, and a page has %d", most, words)
	}
	if counted["large_buckets"] > 0 {
		t.Errorf("%d large buckets", counted["large_buckets"])
	}
}

// TestSharedSameAsRun does the same with newspaper pages that are not part of the repository.
func TestSharedSameAsRun(t *testing.T) {
	shared := os.Getenv("SADA_SHARED")
	if shared == "" {
		t.Skip("SKIPPED: SADA_SHARED is not set, so no newspaper pages are compared")
	}
	n := 2000
	if v := os.Getenv("SADA_BEAM_PAGES"); v != "" {
		if _, err := fmt.Sscan(v, &n); err != nil {
			t.Fatal(err)
		}
	}
	input := sharedPages(t, filepath.Join(shared, "data", "saudinewsnet", "*.jsonl.zst"), n)
	o := Options{Input: input, Cluster: cluster.Defaults()}
	dir, _ := run(t, o)
	compare(t, want(t, pagesOf(t, input), o.Cluster), got(t, dir), "")
}

// sharedPages writes every so many-th of the pages that a pattern names to a file, n in all.
func sharedPages(t *testing.T, pattern string, n int) string {
	t.Helper()
	all := pagesOf(t, pattern)
	step := max(1, len(all)/n)
	var some []*article.Page
	for i := 0; i < len(all) && i/step < n; i += step {
		some = append(some, all[i])
	}
	return written(t, some)
}

// changed writes pages of an input that each is changed a little.
func changed(t *testing.T, input string, change func(i int, p *article.Page)) string {
	t.Helper()
	all := pagesOf(t, input)
	for i, p := range all {
		change(i, p)
	}
	return written(t, all)
}

// written writes pages to a file.
func written(t *testing.T, pages []*article.Page) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pages.jsonl")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	e := json.NewEncoder(f)
	for _, p := range pages {
		row := map[string]any{"id": p.ID, "title": p.Title, "text": p.Text, "source": p.Source}
		if d := publish.Date(p.PublishedAt, p.DayOnly); d != nil {
			row["published_at"] = *d
		}
		if err := e.Encode(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}
