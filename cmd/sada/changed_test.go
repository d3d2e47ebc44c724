package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sada/cluster"
	"sada/cluster/identity"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
)

// shelves is what somebody has who applies the folders of nights one after another: the lines of each table, by the page or
// story that they are of.
type shelves map[string]map[string][]string

// keyOf are the fields by which the rows of a table are replaced.
var keyOf = map[string]string{"pages": "id", "links": "a", "passages": "a", "stories": "story"}

// rowsOf reads the lines of a table by their key.
func rowsOf(dir, table string) (map[string][]string, error) {
	f, err := os.Open(filepath.Join(dir, table+".jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := make(map[string][]string)
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		var row map[string]any
		if err := json.Unmarshal(in.Bytes(), &row); err != nil {
			return nil, err
		}
		key := fmt.Sprint(row[keyOf[table]])
		out[key] = append(out[key], in.Text())
	}
	return out, in.Err()
}

// readAll reads the tables of a folder.
func readAll(dir string) (shelves, error) {
	out := make(shelves)
	for table := range keyOf {
		rows, err := rowsOf(dir, table)
		if err != nil {
			return nil, err
		}
		out[table] = rows
	}
	return out, nil
}

// apply does what schema.md says: it replaces.
func (s shelves) apply(dir string) error {
	m, err := publish.ReadAnyManifest(dir)
	if err != nil {
		return err
	}
	now, err := readAll(dir)
	if err != nil {
		return err
	}
	if m.Scope == publish.All {
		clear(s)
	}
	for table := range keyOf {
		if s[table] == nil {
			s[table] = make(map[string][]string)
		}
	}
	for id := range now["pages"] {
		for _, table := range []string{"links", "passages"} {
			delete(s[table], id)
		}
	}
	for table, rows := range now {
		for key, lines := range rows {
			s[table][key] = lines
		}
	}
	if m.Scope == publish.All {
		return nil
	}
	for d, err := range publish.Read[publish.Deleted](dir, "deleted") {
		if err != nil {
			return err
		}
		for _, table := range []string{"pages", "links", "passages"} {
			delete(s[table], d.ID)
		}
	}
	for c, err := range publish.Read[publish.Change](dir, "changes") {
		if err != nil {
			return err
		}
		if c.Kind == "story" && (c.Event == "merged_into" || c.Event == "died") {
			delete(s["stories"], c.ID)
		}
	}
	return nil
}

// needless returns a page or story of a folder that the state of before has just as it is, and nothing says why it is
// published again.
func (s shelves) needless(dir string) (string, error) {
	now, err := readAll(dir)
	if err != nil {
		return "", err
	}
	merged := make(map[string]bool)
	for c, err := range publish.Read[publish.Change](dir, "changes") {
		if err != nil {
			return "", err
		}
		if c.Event == "merged_into" {
			merged[c.Other] = true
		}
	}
	headline := func(in shelves, story string) string {
		var row publish.Story
		if lines := in["stories"][story]; len(lines) == 1 {
			_ = json.Unmarshal([]byte(lines[0]), &row) // readAll has
		}
		return row.Headline
	}
	told := make(map[string]bool)
	for id, lines := range now["pages"] {
		var row publish.Page
		if err := json.Unmarshal([]byte(lines[0]), &row); err != nil {
			return "", err
		}
		told[row.Story] = true
		if slices.Equal(lines, s["pages"][id]) && slices.Equal(now["links"][id], s["links"][id]) && slices.Equal(now["passages"][id], s["passages"][id]) &&
			!merged[row.Story] && !merged[row.CopyGroup] && headline(now, row.Story) == headline(s, row.Story) {
			return "page " + id, nil
		}
	}
	for id, lines := range now["stories"] {
		if !told[id] && slices.Equal(lines, s["stories"][id]) {
			return "story " + id, nil
		}
	}
	return "", nil
}

// TestChanged publishes what random nights changed. Whoever applies the folders in their order has what the state's export
// has, byte for byte, as has an engine that is fed from them; no folder has what did not change; and a night
// that is run again publishes the same folder.
func TestChanged(t *testing.T) {
	all := demoLines(t)
	if testing.Short() {
		few(t, "10") // of which rapid does a fifth in a short test
	} else if !thorough() {
		few(t, "4")
	}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "sada-changed-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		w := &world{dir: dir}
		must := func(args ...string) {
			t.Helper()
			if code, stderr := w.run(args...); code != exit.Done {
				t.Fatalf("%q: code %d: %s", args, code, stderr)
			}
		}
		lines := make(map[string]string)
		for _, line := range all {
			lines[idOf(line)] = line
		}
		ids := rapid.Permutation(slices.Sorted(keys(lines))).Draw(t, "order")[:rapid.IntRange(20, 60).Draw(t, "pages")]
		var there []string
		has := make(shelves)
		nights := rapid.IntRange(2, 5).Draw(t, "nights")
		for n := range nights {
			count := len(ids) / nights
			if n == nights-1 {
				count = len(ids)
			}
			var night []string
			for _, id := range ids[:count] {
				night = append(night, lines[id])
			}
			ids, there = ids[count:], append(there, ids[:count]...)
			args := []string{"--publish", "changed", "--max-churn", "1", "--max-cluster-share", "1", "--keep", fmt.Sprint(rapid.IntRange(1, 2).Draw(t, "keep"))}
			if n > 0 {
				var gone []string
				for _, id := range slices.Clone(there[:len(there)-count]) {
					switch rapid.IntRange(0, 7).Draw(t, "fate") {
					case 0:
						gone = append(gone, id)
						there = slices.DeleteFunc(there, func(other string) bool { return other == id })
					case 1:
						night = append(night, edited(lines[id], n))
					}
				}
				if len(gone) > 0 {
					if err := os.WriteFile(w.at("gone"), []byte(strings.Join(gone, "\n")), 0o644); err != nil {
						t.Fatal(err)
					}
					args = append(args, "--delete", w.at("gone"))
				}
			}
			if len(night) == 0 {
				continue
			}
			name := fmt.Sprint("night", n)
			if code, stderr := w.night(name, night, args...); code != exit.Done {
				t.Fatalf("night %d: code %d: %s", n, code, stderr)
			}
			m, err := publish.ReadAnyManifest(w.at("out"))
			if err != nil {
				t.Fatal(err)
			}
			scope, base := publish.Changed, m.Generation-1
			if base == 0 {
				scope = publish.All
			}
			if m.Scope != scope || m.Base != base {
				t.Fatalf("night %d: scope %s on generation %d, want %s on %d", n, m.Scope, m.Base, scope, base)
			}
			if m.Scope == publish.Changed {
				if what, err := has.needless(w.at("out")); what != "" || err != nil {
					t.Fatalf("night %d publishes %s, which did not change; %v", n, what, err)
				}
			}
			if err := has.apply(w.at("out")); err != nil {
				t.Fatal(err)
			}
			must("feed", "files", "--run", w.at("out"), "--out", w.at("parts"), "--cursor", w.at("parts-cursor"), "--max-clear", "1", "--quiet")
			must("feed", "verify", "files", "--run", w.at("out"), "--out", w.at("parts"), "--cursor", w.at("parts-cursor"), "--quiet")

			must("state", "export", "--state", w.at("state"), "--out", w.at("export"))
			want, err := readAll(w.at("export"))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, has); d != "" {
				t.Fatalf("night %d: export (-), the folders applied (+)\n%s", n, d)
			}
			whole, err := publish.ReadManifest(w.at("export"))
			if err != nil || whole.Content != m.Content || m.Content == "" {
				t.Fatalf("night %d: content %q, that of the export is %q; %v", n, m.Content, whole.Content, err)
			}
			must("feed", "files", "--run", w.at("export"), "--out", w.at("wholes"), "--cursor", w.at("wholes-cursor"), "--max-clear", "1", "--quiet")
			if err := sameFed(w.at("parts"), w.at("wholes")); err != nil {
				t.Fatalf("night %d: %v", n, err)
			}

			if rapid.Bool().Draw(t, "again") {
				before := mustTree(t, w.at("out"))
				if code, stderr := w.night(name, night, args...); code != exit.Done {
					t.Fatalf("night %d again: code %d: %s", n, code, stderr)
				}
				if got := mustTree(t, w.at("out")); withoutRun(got) != withoutRun(before) {
					t.Fatalf("night %d again: results\n%s, before\n%s", n, got, before)
				}
				again, err := publish.ReadAnyManifest(w.at("out"))
				if err != nil || again.Content != m.Content || again.OnContent != m.OnContent || again.Base != m.Base {
					t.Fatalf("night %d again: %+v, before %+v; %v", n, again, m, err)
				}
				files, err := filepath.Glob(w.at("parts/feed-*"))
				if err != nil {
					t.Fatal(err)
				}
				must("feed", "files", "--run", w.at("out"), "--out", w.at("parts"), "--cursor", w.at("parts-cursor"), "--quiet")
				if now, _ := filepath.Glob(w.at("parts/feed-*")); len(now) != len(files) {
					t.Fatalf("night %d: a replay was fed", n)
				}
			}
		}
	})
}

// edited gives a later version of a line.
func edited(line string, n int) string {
	var row inputRow
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		panic(err)
	}
	row.Title += fmt.Sprint(" ", n)
	b, err := json.Marshal(row)
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

// sameFed applies the files of two feeds and compares what comes of it.
func sameFed(a, b string) error {
	var docs [2]map[string]string
	for i, dir := range []string{a, b} {
		docs[i] = make(map[string]string)
		files, err := filepath.Glob(filepath.Join(dir, "feed-*.jsonl"))
		if err != nil {
			return err
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for line := range bytes.Lines(text) {
				var row map[string]any
				if err := json.Unmarshal(line, &row); err != nil {
					return err
				}
				id := row["id"].(string)
				if delete(row, "sada_run"); row["op"] == "clear" {
					delete(docs[i], id)
					continue
				}
				b, err := json.Marshal(row)
				if err != nil {
					return err
				}
				docs[i][id] = string(b)
			}
		}
	}
	if d := cmp.Diff(docs[1], docs[0]); d != "" {
		return fmt.Errorf("fed as a whole (-), by what changed (+)\n%s", d)
	}
	if len(docs[0]) == 0 {
		return errors.New("nothing was fed")
	}
	return nil
}

// TestChangedWithoutJournal takes from a state what was published: the next night does not know what changed, and publishes
// all.
func TestChangedWithoutJournal(t *testing.T) {
	lines := demoLines(t)
	w := &world{dir: t.TempDir()}
	if code, stderr := w.night("one", lines[:20]); code != exit.Done {
		t.Fatal(stderr)
	}
	forget(t, w.at("state"), nil)
	for n, want := range []string{publish.All, publish.Changed} {
		if code, stderr := w.night(fmt.Sprint("later", n), lines[20+10*n:30+10*n], "--publish", "changed"); code != exit.Done {
			t.Fatal(stderr)
		}
		m, err := publish.ReadAnyManifest(w.at("out"))
		if err != nil || m.Scope != want {
			t.Errorf("night %d: scope %q, want %q; %v", n, m.Scope, want, err)
		}
		_, err = os.Stat(w.at("out/near.parquet"))
		if there := !errors.Is(err, fs.ErrNotExist); there != (want == publish.All) {
			t.Errorf("night %d: near.parquet is there: %t", n, there)
		}
	}
}

// TestReach has a story and a copy group that others merged into, with pages whose rows are as they were.
func TestReach(t *testing.T) {
	groups := func(ids ...string) *identity.State {
		s := new(identity.State)
		for _, id := range ids {
			s.Groups = append(s.Groups, identity.Group{ID: id})
		}
		return s
	}
	for _, c := range []struct {
		name           string
		changes        []publish.Change
		pages, stories []bool
	}{
		{"nothing merged: only the story of the page that changed", nil, []bool{false, false, false, true}, []bool{false, false, true}},
		{"a story", []publish.Change{{Event: "merged_into", Kind: "story", ID: "s9", Other: "s1"}}, []bool{true, true, false, true}, []bool{true, false, true}},
		{"a copy group", []publish.Change{{Event: "merged_into", Kind: "copy_group", ID: "c9", Other: "c3"}}, []bool{false, false, true, true}, []bool{false, true, true}},
		{"other events", []publish.Change{{Event: "grew", Kind: "story", ID: "s9", Other: "s1"}, {Event: "split_from", Kind: "story", ID: "s8", Other: "s1"}}, []bool{false, false, false, true}, []bool{false, false, true}},
	} {
		r := &results{Result: &cluster.Result{StoryOf: []int{0, 0, 1, 2}, CopyOf: []int{0, 1, 2, 3}}, changes: c.changes, groups: groups("c1", "c2", "c3", "c4"), told: groups("s1", "s2", "s3")}
		x := &extract{pages: []bool{false, false, false, true}, stories: make([]bool, 3)}
		if x.reach(r); !slices.Equal(x.pages, c.pages) || !slices.Equal(x.stories, c.stories) {
			t.Errorf("%s: pages %v, want %v; stories %v, want %v", c.name, x.pages, c.pages, x.stories, c.stories)
		}
	}
}
