package archive_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
)

// TestHeads loads states with and without heads: the pages are the same.
func TestHeads(t *testing.T) {
	m := archivetest.NewMemory()
	for base := range 6 { // two segments after those that were merged
		commit(t, m, night(base, fmt.Sprintf("p%d=نص %d", base+10, base), fmt.Sprintf("p%d=نص آخر", base+9), fmt.Sprintf("-p%d", base+7), fmt.Sprintf("q%d=", base)))
	}
	want := load(t, m)
	heads := 0
	d := copied(m)
	for _, name := range m.Names() {
		if strings.HasSuffix(name, ".heads") {
			heads++
			if err := d.Remove(name); err != nil {
				t.Fatal(err)
			}
			got := load(t, d)
			if d := cmp.Diff(records(want), records(got)); d != "" {
				t.Errorf("without %s (+):\n%s", name, d)
			}
		}
	}
	if heads < 2 {
		t.Errorf("%d heads", heads)
	}
}

// records gives all that a snapshot has of pages.
func records(s *archive.Snapshot) (out []any) {
	for _, p := range s.Pages {
		out = append(out, p.Page.Record(), p.Hash, p.PublishedAt, p.Generation)
	}
	return out
}
