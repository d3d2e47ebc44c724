package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"sada/cmd/internal/publish"
)

// writeRun makes a run folder and loads it. A page is "id story group role"; a change is "from>to" of stories, or of
// copy groups if the IDs begin with c. The headline of story s is "headline of s".
func writeRun(t testing.TB, dir string, pages []string, changes ...string) *Assignment {
	t.Helper()
	return writeFolder(t, dir, new(publish.Manifest), nil, pages, changes...)
}

// writeFolder is writeRun with a manifest and the pages that are deleted.
func writeFolder(t testing.TB, dir string, m *publish.Manifest, deleted []publish.Deleted, pages []string, changes ...string) *Assignment {
	t.Helper()
	f, err := publish.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	var rows []publish.Page
	stories := make(map[string]bool)
	for _, p := range pages {
		w := strings.Fields(p)
		rows = append(rows, publish.Page{ID: w[0], Story: w[1], CopyGroup: w[2], Role: w[3]})
		stories[w[1]] = true
	}
	var told []publish.Story
	for _, s := range slices.Sorted(maps.Keys(stories)) {
		told = append(told, publish.Story{Story: s, Headline: "headline of " + s})
	}
	var events []publish.Change
	for _, c := range changes {
		from, to, _ := strings.Cut(c, ">")
		kind := storyKind
		if from[0] == 'c' {
			kind = groupKind
		}
		events = append(events, publish.Change{Event: "merged_into", Kind: kind, ID: from, Other: to})
	}
	if m.Scope == publish.Changed {
		if err := publish.JSONL(f, "deleted", slices.Values(deleted)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(publish.JSONL(f, "pages", slices.Values(rows)), publish.JSONL(f, "stories", slices.Values(told)),
		publish.JSONL(f, "changes", slices.Values(events)), f.Commit(m)); err != nil {
		t.Fatal(err)
	}
	a, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// assignment makes one without a folder.
func assignment(fingerprint string, pages []string) *Assignment {
	a := &Assignment{Fingerprint: fingerprint, headlines: make(map[string]string), stories: make(map[string]bool), groups: make(map[string]bool)}
	for _, p := range pages {
		w := strings.Fields(p)
		a.pages = append(a.pages, page{id: w[0], story: w[1], group: w[2], role: w[3]})
		a.stories[w[1]], a.groups[w[2]] = true, true
	}
	return a
}

// shelf is an engine in memory, with faults.
type shelf struct {
	identity string
	number   int64
	docs     map[string]Fields
	sent     []string                // by the last Feed
	answer   func(id string) Outcome // nil writes everything
	stop     int                     // Feed fails after as many changes, if it is not 0
}

func newShelf() *shelf { return &shelf{identity: "one", docs: make(map[string]Fields)} }

func (s *shelf) Name() string { return "shelf" }
func (s *shelf) Close() error { return nil }
func (s *shelf) Prepare(context.Context, bool) (Target, error) {
	return Target{s.identity, s.number}, nil
}

var errStopped = errors.New("stopped")

func (s *shelf) Feed(_ context.Context, number int64, n int, changes iter.Seq[Change], done func(Change, Outcome)) error {
	if number <= s.number {
		return fmt.Errorf("number %d after %d", number, s.number)
	}
	s.number, s.sent = number, nil
	for c := range changes {
		if s.stop > 0 && len(s.sent) == s.stop {
			return errStopped
		}
		s.sent = append(s.sent, c.ID)
		out := Outcome{Status: Written}
		if s.answer != nil {
			out = s.answer(c.ID)
		}
		if out.Status == Written {
			if c.Fields == nil {
				delete(s.docs, c.ID)
			} else {
				s.docs[c.ID] = *c.Fields
			}
		}
		done(c, out)
	}
	if len(s.sent) != n {
		return fmt.Errorf("%d changes, told %d", len(s.sent), n)
	}
	return nil
}

func (s *shelf) Read(_ context.Context, ids []string) (map[string][]Fields, error) {
	out := make(map[string][]Fields)
	for _, id := range ids {
		if f, ok := s.docs[id]; ok {
			out[id] = []Fields{f}
		}
	}
	return out, nil
}

func (s *shelf) Fed(context.Context) (int64, error) { return int64(len(s.docs)), nil }

// feedOnce opens the cursor in dir, feeds, and closes it.
func feedOnce(t testing.TB, dir string, a *Assignment, e Engine) (Summary, error) {
	t.Helper()
	c, err := OpenCursor(dir, e.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return Run(t.Context(), a, e, c, Options{Dir: "run", MaxClear: .2})
}

// wantFed reads every document back.
func wantFed(t testing.TB, dir string, a *Assignment, e Engine) {
	t.Helper()
	c, err := ReadCursor(dir, e.Name())
	if err != nil {
		t.Fatal(err)
	}
	v, err := Verify(t.Context(), a, e, c, 0, func(d Difference) { t.Errorf("%s: has %+v, want %+v", d.ID, d.Found, d.Want) })
	if err != nil {
		t.Fatal(err)
	}
	if v.Equal != a.Len() || v.Extra != 0 {
		t.Errorf("%+v", v)
	}
}

var firstNight = []string{"p1 s1 c1 original", "p2 s1 c1 copy", "p3 s2 c2 sole", "p4 s3 c3 sole", "p5 s4 c4 sole"}

// secondNight merges s2 into s1, moves p4 to a copy group of p3, and lacks p5.
var secondNight = []string{"p1 s1 c1 original", "p2 s1 c1 copy", "p3 s1 c2 original", "p4 s3 c2 copy", "p6 s6 c6 sole"}

func TestTwoNights(t *testing.T) {
	dir := t.TempDir()
	e := newShelf()
	first := writeRun(t, filepath.Join(dir, "1"), firstNight)
	second := writeRun(t, filepath.Join(dir, "2"), secondNight, "s2>s1", "c3>c2")
	for _, step := range []struct {
		name    string
		a       *Assignment
		sent    []string
		cleared int
	}{
		{"the first night sends all", first, []string{"p1", "p2", "p3", "p4", "p5"}, 0},
		{"a replay sends none", first, nil, 0},
		// p1 and p2 get the alias s2
		{"the second night sends what changed and clears what is gone", second, []string{"p1", "p2", "p3", "p4", "p5", "p6"}, 1},
		{"a replay of the second sends none", second, nil, 0},
		{"the first again takes it back", first, []string{"p1", "p2", "p3", "p4", "p5", "p6"}, 1},
	} {
		e.sent = nil
		sum, err := feedOnce(t, dir, step.a, e)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.sent, e.sent); diff != "" || sum.Cleared != step.cleared {
			t.Errorf("%s: cleared %d, want %d; sent %s", step.name, sum.Cleared, step.cleared, diff)
		}
		wantFed(t, dir, step.a, e)
		if step.a == second {
			if got := e.docs["p1"].StoryAliases; !slices.Equal(got, []string{"s2"}) {
				t.Errorf("%s: aliases %q", step.name, got)
			}
			if got := e.docs["p4"].CopyGroupAliases; !slices.Equal(got, []string{"c3"}) {
				t.Errorf("%s: aliases %q", step.name, got)
			}
		}
	}
}

// TestAliases leaves out nights and follows what was merged.
func TestAliases(t *testing.T) {
	for _, c := range []struct {
		name   string
		nights [][]string // pages
		events [][]string
		page   string
		want   []string
	}{
		{"a chain over two nights", [][]string{{"p1 s1 c1 sole", "p2 s2 c2 sole", "p3 s3 c3 sole"}, {"p1 s1 c1 sole", "p2 s2 c2 sole", "p3 s2 c3 sole"}, {"p1 s1 c1 sole", "p2 s1 c2 sole", "p3 s1 c3 sole"}},
			[][]string{nil, {"s3>s2"}, {"s2>s1"}}, "p1", []string{"s2", "s3"}},
		{"a night that was not fed", [][]string{{"p1 s1 c1 sole", "p2 s2 c2 sole", "p3 s2 c3 sole", "p4 s9 c4 sole"}, {"p1 s1 c1 sole", "p2 s1 c2 sole", "p3 s1 c3 sole", "p4 s9 c4 sole"}},
			[][]string{nil, nil}, "p1", []string{"s2"}},
		{"most of the pages decide", [][]string{{"p1 s1 c1 sole", "p2 s2 c2 sole", "p3 s2 c3 sole", "p4 s2 c4 sole"}, {"p1 s1 c1 sole", "p2 s5 c2 sole", "p3 s1 c3 sole", "p4 s1 c4 sole"}},
			[][]string{nil, nil}, "p2", []string{}},
		{"what it led to is gone", [][]string{{"p1 s1 c1 sole", "p2 s2 c2 sole"}, {"p1 s1 c1 sole", "p2 s1 c2 sole"}, {"p3 s3 c3 sole"}},
			[][]string{nil, {"s2>s1"}, nil}, "p3", []string{}},
		{"an ID that comes back is no alias", [][]string{{"p1 s1 c1 sole", "p2 s2 c2 sole"}, {"p1 s1 c1 sole", "p2 s1 c2 sole"}, {"p1 s1 c1 sole", "p2 s2 c2 sole"}},
			[][]string{nil, {"s2>s1"}, nil}, "p1", []string{}},
		{"a circle in the events ends", [][]string{{"p1 s1 c1 sole"}, {"p1 s1 c1 sole"}}, [][]string{nil, {"s2>s3", "s3>s2"}}, "p1", []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			e := newShelf()
			for n := range c.nights {
				a := writeRun(t, filepath.Join(dir, fmt.Sprint(n)), c.nights[n], c.events[n]...)
				if _, err := feedOnce(t, dir, a, e); err != nil {
					t.Fatal(err)
				}
				wantFed(t, dir, a, e)
			}
			if diff := cmp.Diff(c.want, e.docs[c.page].StoryAliases); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRefused checks that what is not taken is listed, counted, and sent again.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	e := newShelf()
	a := writeRun(t, filepath.Join(dir, "1"), firstNight)
	e.answer = func(id string) Outcome {
		switch id {
		case "p2":
			return Outcome{Refused, 400, "no such field"}
		case "p3":
			return Outcome{Missing, 404, "not there"}
		case "p4":
			return Outcome{Superseded, 200, "newer"}
		}
		return Outcome{Status: Written}
	}
	sum, err := feedOnce(t, dir, a, e)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Written != 2 || sum.Refused != 1 || sum.Missing != 1 || sum.Superseded != 1 || sum.NotTaken() != 3 {
		t.Errorf("%+v", sum)
	}
	b, err := os.ReadFile(sum.List)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(b)) {
		var r refusal
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		listed = append(listed, fmt.Sprint(r.ID, " ", r.Status, " ", r.Code, " ", r.Reason, " ", r.Fields.StoryID))
	}
	if diff := cmp.Diff([]string{"p2 refused 400 no such field s1", "p3 missing 404 not there s2", "p4 superseded 200 newer s3"}, listed); diff != "" {
		t.Error(diff)
	}
	states, err := States(dir)
	if err != nil || len(states) != 1 || states[0].Pages != 2 || states[0].InDoubt != 3 {
		t.Errorf("%+v, %v", states, err)
	}
	e.answer = nil
	again, err := feedOnce(t, dir, a, e)
	if err != nil || again.Written != 3 || again.List != "" {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := os.Stat(sum.List); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the list of the earlier feed is still there: %v", err)
	}
	wantFed(t, dir, a, e)
}

func TestBrake(t *testing.T) {
	dir := t.TempDir()
	e := newShelf()
	var pages []string
	for i := range 100 {
		pages = append(pages, fmt.Sprintf("p%03d s%d c%d sole", i, i, i))
	}
	all := writeRun(t, filepath.Join(dir, "1"), pages)
	if _, err := feedOnce(t, dir, all, e); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		gone  int
		brake bool
	}{{20, false}, {41, true}} { // 20 is the least that brakes; 21 of the 80 that are left are more than a fifth
		some := writeRun(t, filepath.Join(dir, "2"), pages[c.gone:])
		before := len(e.docs)
		_, err := feedOnce(t, dir, some, e)
		if errors.Is(err, ErrBrake) != c.brake || !c.brake && err != nil {
			t.Errorf("%d gone: %v", c.gone, err)
		}
		if c.brake && len(e.docs) != before {
			t.Errorf("%d gone: %d documents, %d before", c.gone, len(e.docs), before)
		}
	}
}

// TestRenewed empties the engine behind the cursor's back.
func TestRenewed(t *testing.T) {
	dir := t.TempDir()
	a := writeRun(t, filepath.Join(dir, "1"), firstNight)
	e := newShelf()
	if _, err := feedOnce(t, dir, a, e); err != nil {
		t.Fatal(err)
	}
	fresh := newShelf()
	fresh.identity, fresh.number = "two", 7 // from elsewhere
	sum, err := feedOnce(t, dir, a, fresh)
	if err != nil || !sum.Renewed || sum.Written != 5 || sum.Number != 8 {
		t.Errorf("%+v, %v", sum, err)
	}
	wantFed(t, dir, a, fresh)
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	c, err := OpenCursor(dir, "shelf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCursor(dir, "shelf"); !errors.Is(err, ErrLocked) {
		t.Errorf("a second one: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if c, err = OpenCursor(dir, "shelf"); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// TestDamaged feeds run folders that are not what their manifest says.
func TestDamaged(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(t *testing.T, dir string)
	}{
		{"a page less", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "pages.jsonl")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.SplitAfter(string(b), "\n")
			if err := os.WriteFile(path, []byte(strings.Join(lines[1:], "")), 0o644); err != nil {
				t.Fatal(err)
			}
		}},
		{"cut off", func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, "pages.jsonl"), 40); err != nil {
				t.Fatal(err)
			}
		}},
		{"no stories", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "stories.jsonl")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		writeRun(t, dir, firstNight)
		c.harm(t, dir)
		if _, err := Load(dir); err == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
	dir := filepath.Join(t.TempDir(), "run")
	writeRun(t, dir, firstNight)
	if err := os.WriteFile(filepath.Join(dir, "changes.jsonl"), []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); !errors.Is(err, ErrDamage) {
		t.Errorf("a change more: %v", err)
	}
}

// TestStops feeds any nights in a row, of which any may stop anywhere, or have documents refused, and finds the
// engine to have the last one as soon as one feed of it has gone through.
func TestStops(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		e := newShelf()
		for night := range rapid.IntRange(1, 4).Draw(r, "nights") {
			var pages []string
			for p := range 5 {
				if s := rapid.IntRange(0, 3).Draw(r, "story"); s > 0 {
					pages = append(pages, fmt.Sprintf("p%d s%d c%d sole", p, s, p))
				}
			}
			a := assignment(fmt.Sprint(night), pages)
			for range rapid.IntRange(0, 2).Draw(r, "feeds") {
				e.stop = rapid.IntRange(0, 4).Draw(r, "stop")
				refused := rapid.IntRange(0, 6).Draw(r, "refused")
				e.answer = func(id string) Outcome {
					if id == fmt.Sprint("p", refused) {
						return Outcome{Status: Refused}
					}
					return Outcome{Status: Written}
				}
				if _, err := feedOnce(t, dir, a, e); err != nil && !errors.Is(err, errStopped) {
					t.Fatal(err)
				}
			}
			if rapid.Bool().Draw(r, "through") {
				e.stop, e.answer = 0, nil
				if _, err := feedOnce(t, dir, a, e); err != nil {
					t.Fatal(err)
				}
				wantFed(t, dir, a, e)
				if t.Failed() {
					r.FailNow()
				}
			}
		}
	})
}

// TestVerify finds what was changed behind the cursor's back.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	a := writeRun(t, filepath.Join(dir, "1"), firstNight)
	e := newShelf()
	if _, err := feedOnce(t, dir, a, e); err != nil {
		t.Fatal(err)
	}
	f := e.docs["p2"]
	f.StoryID = "s9"
	e.docs["p2"] = f
	delete(e.docs, "p4")
	e.docs["p9"] = f
	c, err := ReadCursor(dir, e.Name())
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	v, err := Verify(t.Context(), a, e, c, 0, func(d Difference) { told = append(told, fmt.Sprint(d.ID, d.Found != nil)) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Verification{Engine: "shelf", Pages: 5, Checked: 5, Equal: 3, Differ: 1, Absent: 1, Extra: 1}, v); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"p2true", "p4false"}, told); diff != "" {
		t.Error(diff)
	}
	v, err = Verify(t.Context(), a, e, c, 2, func(Difference) {})
	if err != nil || v.Checked != 2 || v.Extra != 0 {
		t.Errorf("a sample: %+v, %v", v, err)
	}
}

// TestFiles feeds two nights to each format, holds every record to the contract, and reads them back.
func TestFiles(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	contract, err := jsonschema.UnmarshalJSON(strings.NewReader(string(Schema)))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("record", contract); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("record")
	if err != nil {
		t.Fatal(err)
	}
	if schema.Validate(map[string]any{"op": "set", "id": "p", "sada_run": 1}) == nil {
		t.Error("the contract allows a record without fields")
	}
	for _, format := range []string{"jsonl", "csv", "parquet"} {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			out := filepath.Join(dir, "out")
			e, err := NewFiles(out, format)
			if err != nil {
				t.Fatal(err)
			}
			for n, a := range []*Assignment{writeRun(t, filepath.Join(dir, "1"), firstNight), writeRun(t, filepath.Join(dir, "2"), secondNight, "s2>s1", "c3>c2")} {
				for range 2 {
					if _, err := feedOnce(t, dir, a, e); err != nil {
						t.Fatal(err)
					}
				}
				wantFed(t, dir, a, e)
				names, err := e.names()
				if err != nil || len(names) != n+1 {
					t.Errorf("night %d: files %v, %v", n+1, names, err)
				}
			}
			names, err := e.names()
			if err != nil {
				t.Fatal(err)
			}
			ops := make(map[string]int)
			for number, name := range names {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				records, err := formats[format].read(b)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range records {
					ops[r.Op]++
					if r.Number != number {
						t.Errorf("%s: number %d", name, r.Number)
					}
					line, err := json.Marshal(r)
					if err != nil {
						t.Fatal(err)
					}
					v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(line)))
					if err != nil {
						t.Fatal(err)
					}
					if err := schema.Validate(v); err != nil {
						t.Errorf("%s: %v", line, err)
					}
				}
			}
			if ops[opSet] != 10 || ops[opClear] != 1 {
				t.Errorf("records: %v", ops)
			}
		})
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	e, err := NewFiles(dir, "csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Prepare(t.Context(), false); !errors.Is(err, ErrTarget) {
		t.Errorf("a folder with something else: %v", err)
	}
}

// FuzzRecords reads any bytes as each format: an error or records, never a panic.
func FuzzRecords(f *testing.F) {
	f.Add([]byte(`{"op":"set","id":"p1","sada_run":1,"story_id":"s"}`), "jsonl")
	f.Add([]byte("op,id,sada_run,story_id,copy_group_id,copy_role,story_headline,story_aliases,copy_group_aliases\nset,p,1,s,c,sole,h,,\n"), "csv")
	f.Fuzz(func(t *testing.T, b []byte, format string) {
		if format == "parquet" { // its reader is the library's, and files of a feed are ours
			return
		}
		if form, ok := formats[format]; ok {
			records, err := form.read(b)
			if err != nil && records != nil {
				t.Error("an error and records")
			}
		}
	})
}

// TestBleve feeds two nights to an index, of whose texts the second night has none.
func TestBleve(t *testing.T) {
	dir := t.TempDir()
	known := true
	texts := func(wanted func(string) bool) iter.Seq2[Text, error] {
		return func(yield func(Text, error) bool) {
			for _, id := range []string{"p6", "p5", "p4", "p3", "p2", "p1"} {
				text := Text{ID: id, Title: "خبر", Source: "جريدة " + id, Known: known}
				if known {
					text.Body = "نص الصفحة"
				}
				if wanted(id) && !yield(text, nil) {
					return
				}
			}
		}
	}
	var untexted []int
	for _, a := range []*Assignment{writeRun(t, filepath.Join(dir, "1"), firstNight), writeRun(t, filepath.Join(dir, "2"), secondNight, "s2>s1", "c3>c2")} {
		for range 2 { // the second time nothing is sent, or the numbers would not rise
			e := NewBleve(filepath.Join(dir, "index"), texts)
			if _, err := feedOnce(t, dir, a, e); err != nil {
				t.Fatal(err)
			}
			untexted = append(untexted, e.Untexted)
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		}
		e := NewBleve(filepath.Join(dir, "index"), nil)
		wantFed(t, dir, a, e)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		known = false
	}
	if !slices.Equal(untexted, []int{0, 0, 1, 0}) { // p6 is new
		t.Errorf("without a text: %v", untexted)
	}
	found, err := Search(t.Context(), filepath.Join(dir, "index"), "الصفحات", 10) // another form of the word in the text
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprint(f.StoryID, " ", f.Hits, " ", f.Pages, " ", f.Texts, " ", len(f.Sources), " ", f.StoryAliases))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"s1 3 3 2 3 [s2]", "s3 1 1 1 1 []"}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := Search(t.Context(), filepath.Join(dir, "none"), "خبر", 1); !errors.Is(err, ErrTarget) {
		t.Errorf("no index: %v", err)
	}
}
