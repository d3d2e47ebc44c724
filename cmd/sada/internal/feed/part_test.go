package feed

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/cmd/internal/publish"
)

// night writes the folder of what night n changed, which is on the content of the one before.
func night(t *testing.T, n int, deleted, pages []string, changes ...string) *Assignment {
	t.Helper()
	m := &publish.Manifest{Generation: n, Scope: publish.Changed, Base: n - 1, Content: fmt.Sprint("content", n), OnContent: fmt.Sprint("content", n-1)}
	if n == 1 {
		m.Scope, m.Base, m.OnContent = publish.All, 0, ""
	}
	var gone []publish.Deleted
	for _, id := range deleted {
		gone = append(gone, publish.Deleted{ID: id})
	}
	return writeFolder(t, filepath.Join(t.TempDir(), "run"), m, gone, pages, changes...)
}

// TestPart feeds what nights changed: what they leave out stays, what they delete is cleared, aliases follow merges, and a
// replay changes nothing.
func TestPart(t *testing.T) {
	dir, e := t.TempDir(), newShelf()
	for _, step := range []struct {
		name string
		a    *Assignment
		sent []string
	}{
		{"all", night(t, 1, nil, firstNight), []string{"p1", "p2", "p3", "p4", "p5"}},
		{"what changed", night(t, 2, []string{"p5", "never"}, []string{"p1 s1 c1 original", "p2 s1 c1 copy", "p3 s1 c2 original", "p4 s3 c2 copy", "p6 s6 c6 sole"}, "s2>s1", "c3>c2"),
			[]string{"p1", "p2", "p3", "p4", "p5", "p6"}},
		{"one page", night(t, 3, nil, []string{"p7 s1 c7 sole"}), []string{"p7"}},
		{"nothing but a deletion", night(t, 4, []string{"p6"}, nil), []string{"p6"}},
	} {
		for _, sent := range [][]string{step.sent, nil} { // a replay sends nothing
			e.sent = nil
			if _, err := feedOnce(t, dir, step.a, e); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if d := cmp.Diff(sent, e.sent); d != "" {
				t.Errorf("%s: %s", step.name, d)
			}
			c, err := ReadCursor(dir, e.Name())
			if err != nil {
				t.Fatal(err)
			}
			v, err := Verify(t.Context(), step.a, e, c, 0, func(d Difference) { t.Errorf("%s: %s has %+v, want %+v", step.name, d.ID, d.Found, d.Want) })
			if err != nil || v.Checked != len(e.docs) || v.Extra != 0 {
				t.Errorf("%s: %+v, %v", step.name, v, err)
			}
		}
	}
	if got := strings.Join(slices.Sorted(maps.Keys(e.docs)), " "); got != "p1 p2 p3 p4 p7" {
		t.Errorf("documents %s", got)
	}
	if got := e.docs["p7"].StoryAliases; !slices.Equal(got, []string{"s2"}) {
		t.Errorf("aliases of a story whose page came a night after the merge: %q", got)
	}
	// A document that somebody changed behind our back is found though its page is not in the folder.
	f := e.docs["p2"]
	f.StoryHeadline = "another"
	e.docs["p2"] = f
	c, err := ReadCursor(dir, e.Name())
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	v, err := Verify(t.Context(), night(t, 4, []string{"p6"}, nil), e, c, 0, func(d Difference) { found = append(found, fmt.Sprint(d.ID, d.Want == nil)) })
	if err != nil || v.Differ != 1 || !slices.Equal(found, []string{"p2true"}) {
		t.Errorf("%+v, %q, %v", v, found, err)
	}
}

// TestPartGap has engines that do not have what the folder builds on: nothing is sent.
func TestPartGap(t *testing.T) {
	second := func(t *testing.T) *Assignment { return night(t, 2, nil, []string{"p6 s6 c6 sole"}) }
	for _, c := range []struct {
		name   string
		before func(t *testing.T, dir string, e *shelf) // what was fed
	}{
		{"nothing was fed", func(*testing.T, string, *shelf) {}},
		{"a run without a state", func(t *testing.T, dir string, e *shelf) {
			if _, err := feedOnce(t, dir, writeRun(t, filepath.Join(t.TempDir(), "run"), firstNight), e); err != nil {
				t.Fatal(err)
			}
		}},
		{"another state at the same generation", func(t *testing.T, dir string, e *shelf) {
			m := &publish.Manifest{Generation: 1, Scope: publish.All, Content: "of another state"}
			if _, err := feedOnce(t, dir, writeFolder(t, filepath.Join(t.TempDir(), "run"), m, nil, firstNight), e); err != nil {
				t.Fatal(err)
			}
		}},
		{"the engine was made anew", func(t *testing.T, dir string, e *shelf) {
			if _, err := feedOnce(t, dir, night(t, 1, nil, firstNight), e); err != nil {
				t.Fatal(err)
			}
			e.identity, e.docs = "two", make(map[string]Fields)
		}},
		{"a feed was killed, and its folder is gone", func(t *testing.T, dir string, e *shelf) {
			c, err := OpenCursor(dir, e.Name())
			if err != nil {
				t.Fatal(err)
			}
			// What is on disk while a feed is under way.
			c.State = State{Engine: e.Name(), Identity: e.identity, Number: 1, Run: "run", Generation: 1, Content: "content1"}
			c.acks = []ack{{id: "p1", story: "s1", group: "c1"}}
			if err := errors.Join(c.save(), c.Close()); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, e := t.TempDir(), newShelf()
			c.before(t, dir, e)
			before := maps.Clone(e.docs)
			e.sent = nil
			if _, err := feedOnce(t, dir, second(t), e); !errors.Is(err, ErrGap) {
				t.Errorf("%v", err)
			}
			if d := cmp.Diff(before, e.docs); d != "" || e.sent != nil {
				t.Errorf("sent %q: %s", e.sent, d)
			}
		})
	}
}

// TestPartPending has an engine that does not take everything. The next nights' folders do not have those pages, and
// yet they are sent until they are taken.
func TestPartPending(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault func(e *shelf)
	}{
		{"refused", func(e *shelf) {
			e.answer = func(id string) Outcome {
				if id == "p3" || id == "p5" {
					return Outcome{Refused, 400, "not today"}
				}
				return Outcome{Status: Written}
			}
		}},
		{"stopped", func(e *shelf) { e.stop = 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, e := t.TempDir(), newShelf()
			c.fault(e)
			if _, err := feedOnce(t, dir, night(t, 1, nil, firstNight), e); err != nil && !errors.Is(err, errStopped) {
				t.Fatal(err)
			}
			second := night(t, 2, []string{"p5"}, []string{"p6 s6 c6 sole"})
			_, _ = feedOnce(t, dir, second, e) // it takes no more than before
			e.answer, e.stop = nil, 0
			third := night(t, 3, nil, []string{"p7 s7 c7 sole"})
			if _, err := feedOnce(t, dir, third, e); err != nil {
				t.Fatal(err)
			}
			want := make(map[string]Fields)
			for _, p := range []string{"p1 s1 c1 original", "p2 s1 c1 copy", "p3 s2 c2 sole", "p4 s3 c3 sole", "p6 s6 c6 sole", "p7 s7 c7 sole"} {
				w := strings.Fields(p)
				want[w[0]] = Fields{w[1], w[2], w[3], "headline of " + w[1], []string{}, []string{}}
			}
			if d := cmp.Diff(want, e.docs); d != "" {
				t.Error(d)
			}
			if sum, err := feedOnce(t, dir, third, e); err != nil || sum.Changed != 0 {
				t.Errorf("a replay: %+v, %v", sum, err)
			}
		})
	}
}

// TestPartBleve sends an index what it did not take before of a page that is not in the folder: the text that it has stays.
func TestPartBleve(t *testing.T) {
	dir := t.TempDir()
	index := filepath.Join(dir, "index")
	feed := func(a *Assignment, texts ...string) {
		t.Helper()
		e := NewBleve(index, func(wanted func(string) bool) iter.Seq2[Text, error] {
			return func(yield func(Text, error) bool) {
				for _, id := range texts {
					if wanted(id) && !yield(Text{ID: id, Title: "خبر", Source: "جريدة", Body: "نص الصفحة", Known: true}, nil) {
						return
					}
				}
			}
		})
		defer e.Close()
		if _, err := feedOnce(t, dir, a, e); err != nil {
			t.Fatal(err)
		}
	}
	feed(night(t, 1, nil, []string{"p1 s1 c1 sole", "p2 s2 c2 sole"}), "p1", "p2")
	c, err := OpenCursor(dir, "bleve "+index)
	if err != nil {
		t.Fatal(err)
	}
	c.acks[0].hash, c.acks[0].pending = unknown, &Fields{"s1", "c1", "sole", "later", []string{}, []string{}}
	if err := errors.Join(c.save(), c.Close()); err != nil {
		t.Fatal(err)
	}
	feed(night(t, 2, nil, []string{"p3 s3 c3 sole"}), "p3")
	found, err := Search(t.Context(), index, "الصفحات", 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprint(f.StoryID, " ", f.StoryHeadline, " ", f.Title, " ", f.Source))
	}
	slices.Sort(got)
	if d := cmp.Diff([]string{"s1 later خبر جريدة", "s2 headline of s2 خبر جريدة", "s3 headline of s3 خبر جريدة"}, got); d != "" {
		t.Error(d)
	}
}
