package cluster

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sada/cluster/internal/memory"
	"sada/cluster/passage"
	"sada/features/arabic"
	"sada/features/article"
	"sada/features/tfidf"
)

func TestRecordGivesThePageBack(t *testing.T) {
	m := Maker{Stemmer: arabic.Light10}
	for _, in := range []*article.Page{
		{ID: "full", Title: "سباق الجبل", Text: "سباق الجبل\nتاريخ النشر: 12 يونيو 2024\n" + race + "\nالمصدر: رويترز\nكلمات دلالية: سباق\nإقرأ أيضاً:\nعنوان آخر لخبر بعيد\n" + library, Source: "الصدى"},
		{ID: "title in the record", Title: "سباق الجبل", Text: race, PublishedAt: time.Date(2024, 6, 1, 10, 0, 0, 0, time.UTC)},
		{ID: "no text", Title: "سباق"},
		{ID: "nothing"},
	} {
		want := m.Make(in)
		r := want.Record()
		got, err := r.Page()
		if err == nil {
			err = got.Check()
		}
		if err != nil {
			t.Fatalf("%s: %v", in.ID, err)
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(Page{}, passage.Page{}), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s", in.ID, d)
		}
	}
}

// TestMove: a page that was moved is the same page, in the memory that it was given.
func TestMove(t *testing.T) {
	m := Maker{Stemmer: arabic.Light10}
	used := 0
	keep := func(parts ...[]byte) ([]byte, error) {
		all := slices.Concat(parts...)
		used += len(all)
		out := memory.Bytes(make([]uint64, (len(all)+7)/8))[:len(all)]
		copy(out, all)
		return out, nil
	}
	for _, in := range append(town(), &article.Page{ID: "nothing"}) {
		want, got := m.Make(in), m.Make(in)
		used = 0
		if err := Move([]*Page{got}, keep, keep); err != nil {
			t.Fatal(err)
		}
		same := []cmp.Option{cmp.AllowUnexported(Page{}, passage.Page{}), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Page{}, "long")}
		if d := cmp.Diff(want, got, same...); d != "" {
			t.Errorf("%s: %s", in.ID, d)
		}
		if d := cmp.Diff(want.Record(), got.Record(), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: its record: %s", in.ID, d)
		}
		if words := len(want.shared.Words); used < 5*words {
			t.Errorf("%s: %d bytes for %d words", in.ID, used, words)
		}
		full := errors.New("full")
		none := func(...[]byte) ([]byte, error) { return nil, full }
		for _, err := range []error{Move([]*Page{got}, none, keep), Move([]*Page{got}, keep, none)} {
			if !errors.Is(err, full) {
				t.Errorf("%s: error %v", in.ID, err)
			}
		}
		if d := cmp.Diff(want, got, same...); d != "" {
			t.Errorf("%s, where there is no room: %s", in.ID, d)
		}
	}
}

// TestMemoryChangesNothing: bounded memory makes more parts and makes things anew, with the same result.
func TestMemoryChangesNothing(t *testing.T) {
	want := run(t, corpus(town()), Defaults())
	o := Defaults()
	o.Memory = 3000 // a few postings
	got := run(t, corpus(town()), o)
	ignored := cmpopts.IgnoreFields(Stats{}, "Times")
	if d := cmp.Diff(want, got, cmp.AllowUnexported(Page{}, passage.Page{}, passage.Passage{}, tfidf.Table{}, tfidf.Counter{}), ignored, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}

func TestDamagedRecords(t *testing.T) {
	m := Maker{}
	page := m.Make(&article.Page{ID: "a", Title: "عنوان", Text: race + "\nإقرأ أيضاً:\nعنوان آخر لخبر بعيد\n" + library})
	for name, damage := range map[string]func(*Record){
		"long cut":        func(r *Record) { r.Long = r.Long[:len(r.Long)/2] },
		"a word too many": func(r *Record) { r.Words++ },
		"lead":            func(r *Record) { r.Lead = r.Words },
		"spans cut":       func(r *Record) { r.Long = r.Long[:len(r.Long)-1] },
		"spans unended":   func(r *Record) { r.Long[len(r.Long)-1] = 0x80 },
		"bytes":           func(r *Record) { r.Bytes /= 2 },
		"a line too many": func(r *Record) { r.Lines++ },
		"lines":           func(r *Record) { clear(r.Long[8*r.LeadWords+16*(r.Lines-1):][:8]) },
		"lines less":      func(r *Record) { r.Lines = -1 },
		"parts missing":   func(r *Record) { r.Parts = r.Parts[1:] },
		"proposal":        func(r *Record) { r.Proposals = []article.Proposal{{From: 5, To: 3}} },
		"terms":           func(r *Record) { r.Terms = append(r.Terms, 1) },
		"widths":          func(r *Record) { r.LeadWords = 1 << 40 },
		"lead terms":      func(r *Record) { r.LeadFirst = 1 << 30 },
	} {
		r := page.Record()
		r.Long = append(make([]byte, 0, len(r.Long)+8), r.Long...)
		damage(&r)
		got, err := r.Page()
		if err == nil {
			err = got.Check()
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
