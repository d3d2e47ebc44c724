package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/passert"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"pgregory.net/rapid"

	"sada/cluster"
	"sada/cluster/passage"
	"sada/cmd/internal/publish"
	"sada/features/article"
	"sada/features/tfidf"
)

// TestRejects: what is no page, and what has an ID twice, is told as sada run tells it, and the rest is done.
func TestRejects(t *testing.T) {
	dir := t.TempDir()
	for name, lines := range map[string]string{
		"a.jsonl": `{"id":"one","title":"عنوان أول","text":"نص الصفحة الأولى كما نشرت","published_at":"2024-01-02T00:00:00Z"}
not json
{"id":"two","title":"عنوان ثان","text":"نص الصفحة الثانية"}
`,
		"b.jsonl": `{"id":"one","title":"عنوان أول","text":"نص الصفحة الأولى بعد تصحيحها","published_at":"2024-01-03T00:00:00Z"}
{"id":"two","title":"عنوان ثان","text":"نص الصفحة الثانية"}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, counted := run(t, Options{Input: filepath.Join(dir, "*.jsonl"), Cluster: cluster.Defaults()})
	var reasons []string
	for _, r := range rowsOf[publish.Reject](t, out, "rejects") {
		reasons = append(reasons, filepath.Base(r.File)+" "+r.ID+": "+r.Reason)
	}
	want := []string{"a.jsonl one: duplicate id, another version is kept", "a.jsonl : ", "b.jsonl two: duplicate id, same content"}
	if !slices.EqualFunc(reasons, want, strings.HasPrefix) {
		t.Errorf("rejects %q, want %q", reasons, want)
	}
	pages := rowsOf[publish.Page](t, out, "pages")
	if len(pages) != 2 || pages[0].ID != "one" || *pages[0].PublishedAt != "2024-01-03T00:00:00Z" || pages[1].ID != "two" {
		t.Errorf("pages %+v", pages)
	}
	m, err := publish.ReadManifest(out)
	if err != nil {
		t.Fatal(err)
	}
	if m.Counts["rejects"] != 1 || m.Counts["duplicates"] != 2 || m.Counts["pages"] != 2 || counted["duplicates"] != 2 || len(m.Inputs) != 2 {
		t.Errorf("counts %v, inputs %v", m.Counts, m.Inputs)
	}
}

// TestPoison: a page that no features can be made of is a reject, and the next is not harmed.
func TestPoison(t *testing.T) {
	var m maker
	if _, reject := m.record(nil); !strings.Contains(reject, "no features can be made of it") {
		t.Errorf("reject %q", reject)
	}
	if _, reject := m.record(&article.Page{ID: "a", Text: "نص"}); reject != "" {
		t.Errorf("reject %q", reject)
	}
}

// TestValidate: what the pipeline does not do is refused, not left out.
func TestValidate(t *testing.T) {
	for name, change := range map[string]func(*cluster.Options){
		"":                     func(*cluster.Options) {},
		"counts its own":       func(o *cluster.Options) { o.Weights = new(cluster.Weights) },
		"wanted in one story":  func(o *cluster.Options) { o.MustLink = [][2]string{{"a", "b"}} },
		"one story or in two":  func(o *cluster.Options) { o.CannotLink = [][2]string{{"a", "b"}} },
		"story options: sigma": func(o *cluster.Options) { o.Story.Sigma = -1 },
	} {
		o := Options{Cluster: cluster.Defaults()}
		change(&o.Cluster)
		if err := o.Validate(); (err == nil) != (name == "") || err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestUnfinished: shards without an index are not published, nor are shards that were changed.
func TestUnfinished(t *testing.T) {
	o := Options{Out: filepath.Join(t.TempDir(), "out"), Cluster: cluster.Defaults()}.filled()
	if err := Commit(context.Background(), o); !errors.Is(err, ErrUnfinished) {
		t.Errorf("nothing was run: %v", err)
	}
	if err := os.MkdirAll(o.shards(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.shards(), "pages-000000000"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Commit(context.Background(), o); !errors.Is(err, ErrUnfinished) {
		t.Errorf("no index: %v", err)
	}
	index, err := json.Marshal([]shardFile{{Name: "pages-000000000", Rows: 1, Hash: "of something else"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pagesIndex, storiesIndex} {
		if err := Commit(context.Background(), o); !errors.Is(err, ErrUnfinished) {
			t.Errorf("without %s: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(o.shards(), name), index, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Commit(context.Background(), o); err == nil || !strings.Contains(err.Error(), "not what was written") {
		t.Errorf("a changed shard: %v", err)
	}
	if exists(o.Out) {
		t.Error("the folder is there")
	}
}

// TestComponents: a long way, which bounded rounds do not make a star, and others that they do.
func TestComponents(t *testing.T) {
	for _, rounds := range []int{0, 1, 3} {
		var edges, want []pair
		add := func(nodes ...int64) {
			for i, n := range nodes[1:] {
				edges = append(edges, pair{nodes[i], n})
			}
			lowest := slices.Min(nodes)
			for _, n := range nodes {
				want = append(want, pair{n, lowest})
			}
		}
		var long []int64
		for i := range int64(100) {
			long = append(long, 1000+(i*37)%100)
		}
		add(long...)
		add(5, 3, 4)
		add(math.MaxInt64, 7)
		for i := range int64(50) {
			edges, want = append(edges, pair{2000, 2001 + i}), append(want, pair{2001 + i, 2000})
		}
		want = append(want, pair{2000, 2000})
		p, s := beam.NewPipelineWithRoot()
		labels := components(s, beam.ParDo(s, &toPair{}, beam.CreateList(s, edges)), rounds)
		passert.Equals(s, beam.ParDo(s, &fromPair{}, labels), beam.CreateList(s, want))
		if err := ptest.Run(p); err != nil {
			t.Fatalf("%d rounds: %v", rounds, err)
		}
	}
}

type pair struct{ A, B int64 }

type (
	toPair   struct{}
	fromPair struct{}
)

func init() {
	beam.RegisterType(reflect.TypeFor[pair]())
	beam.RegisterType(reflect.TypeFor[toPair]())
	beam.RegisterType(reflect.TypeFor[fromPair]())
}

func (*toPair) ProcessElement(p pair) (int64, int64) { return p.A, p.B }
func (*fromPair) ProcessElement(a, b int64) pair     { return pair{a, b} }

// TestCollect: in whatever order and parts a list is collected, the same is left of it, and the homes are
// those of the whole list.
func TestCollect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.Uint32Range(0, 20), 1, 60).Draw(t, "words")
		var all []int64
		for page, word := range words {
			all = append(all, int64(passage.NewPosting(uint32(page), word)))
		}
		c := &collect{Limit: rapid.IntRange(2, 30).Draw(t, "limit"), Homes: rapid.Bool().Draw(t, "homes")}
		var parts [][]byte
		for _, v := range rapid.Permutation(all).Draw(t, "order") {
			if len(parts) == 0 || rapid.IntRange(0, 5).Draw(t, "new part") == 0 {
				parts = append(parts, c.CreateAccumulator())
			}
			last := len(parts) - 1
			parts[last] = c.AddInput(parts[last], v)
		}
		sum := c.CreateAccumulator()
		for _, part := range parts {
			sum = c.MergeAccumulators(sum, part)
		}
		got := c.decode(c.ExtractOutput(sum))
		if got.n != len(all) {
			t.Fatalf("%d counted, want %d", got.n, len(all))
		}
		switch {
		case len(all) <= c.Limit:
			if !slices.Equal(got.kept, all) {
				t.Fatalf("kept %v of %v", got.kept, all)
			}
		case !c.Homes:
			if len(got.kept) > 0 {
				t.Fatalf("kept %v", got.kept)
			}
		default:
			if len(got.kept) > max(passage.MaxHomes, c.Limit) {
				t.Fatalf("kept %d postings", len(got.kept))
			}
			hits := func(kept []int64) (out []passage.Hit) {
				passage.Link(postings(kept), postings(all), func(_ passage.Couple, h passage.Hit) { out = append(out, h) })
				return out
			}
			if !slices.Equal(hits(got.kept), hits(all)) {
				t.Fatalf("other homes in %v than in %v", got.kept, all)
			}
		}
	})
}

// TestPack: what is packed without a byte in front of each comes back as it was, nothing as nothing.
func TestPack(t *testing.T) {
	type slices struct {
		Words  []uint32
		Keys   []uint64
		Counts []tfidf.Count
	}
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Custom(func(t *rapid.T) tfidf.Count {
			return tfidf.Count{Term: tfidf.Term(rapid.Uint64().Draw(t, "term")), N: rapid.Uint32().Draw(t, "times")}
		})
		in := slices{rapid.SliceOf(rapid.Uint32()).Draw(t, "words"), rapid.SliceOf(rapid.Uint64()).Draw(t, "keys"), rapid.SliceOf(count).Draw(t, "counts")}
		if rapid.Bool().Draw(t, "none") {
			in = slices{}
		}
		if out := unpack[slices](pack(in)); !reflect.DeepEqual(in, out) {
			t.Fatalf("%#v came back as %#v", in, out)
		}
	})
	words := []uint32{1, 1 << 31, 1<<32 - 1}
	if n := len(pack(words)) - len(pack([]uint32{})); n != 4*len(words) {
		t.Errorf("%d words in %d bytes", len(words), n)
	}
}
