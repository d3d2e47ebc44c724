package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sada/features/tfidf"
)

// Spelled is what [Spellings] counted, in a form that can be kept, and changed by what comes and goes. The zero
// Spelled is of no title.
type Spelled struct {
	Forms string       // all that rows name, in any order
	Rows  []SpelledRow // ascending by term, and then by the bytes of the form
}

// SpelledRow is a term that stands N times in titles as Forms[From:To].
type SpelledRow struct {
	Term     tfidf.Term
	N        int64
	From, To uint32
}

var errSpelled = errors.New("damaged spelling")

// Check returns an error if the table cannot be one.
func (t *Spelled) Check() error {
	for i, row := range t.Rows {
		if row.N <= 0 || row.From > row.To || int(row.To) > len(t.Forms) || i > 0 && t.compare(i-1, row.Term, t.form(row)) >= 0 {
			return fmt.Errorf("row %d: %w", i, errSpelled)
		}
	}
	return nil
}

func (t *Spelled) form(row SpelledRow) string { return t.Forms[row.From:row.To] }

// compare orders row i and a spelling.
func (t *Spelled) compare(i int, term tfidf.Term, form string) int {
	row := t.Rows[i]
	if row.Term != term {
		return cmp.Compare(row.Term, term)
	}
	return strings.Compare(t.form(row), form)
}

// Change returns the table with the titles that came and without those that went, which must be in it, and the
// terms that now have another surface, none or their first one, ascending. t is not changed.
func (t *Spelled) Change(came, went *Spellings) (*Spelled, []tfidf.Term) {
	var by []Spelling
	for s := range came.All() {
		by = append(by, s)
	}
	for s := range went.All() {
		s.N = -s.N
		by = append(by, s)
	}
	slices.SortFunc(by, func(a, b Spelling) int { return cmp.Or(cmp.Compare(a.Term, b.Term), strings.Compare(a.Form, b.Form)) })
	next := &Spelled{Rows: make([]SpelledRow, 0, len(t.Rows)+len(by))}
	var forms strings.Builder
	forms.WriteString(t.Forms)
	rest := t.Rows
	for len(by) > 0 {
		s := by[0]
		if by = by[1:]; len(by) > 0 && by[0].Term == s.Term && by[0].Form == s.Form {
			s.N += by[0].N
			by = by[1:]
		}
		at, found := slices.BinarySearchFunc(rest, s, func(row SpelledRow, s Spelling) int {
			return cmp.Or(cmp.Compare(row.Term, s.Term), strings.Compare(t.form(row), s.Form))
		})
		next.Rows, rest = append(next.Rows, rest[:at]...), rest[at:]
		row := SpelledRow{Term: s.Term, N: int64(s.N)}
		if found {
			row = rest[0]
			row.N += int64(s.N)
			rest = rest[1:]
		}
		if row.N <= 0 {
			continue
		}
		if !found {
			row.From = uint32(forms.Len())
			forms.WriteString(s.Form)
			row.To = uint32(forms.Len())
		}
		next.Rows = append(next.Rows, row)
	}
	next.Rows = append(next.Rows, rest...)
	next.Forms = forms.String()
	next.compact()
	return next, t.respelled(next, came, went)
}

// compact lets go of forms that no row names, if they are most of them.
func (t *Spelled) compact() {
	used := 0
	for _, row := range t.Rows {
		used += int(row.To - row.From)
	}
	const least = 1024 // bytes that are not worth it
	if len(t.Forms) <= 2*used+least {
		return
	}
	var forms strings.Builder
	for i, row := range t.Rows {
		t.Rows[i].From = uint32(forms.Len())
		forms.WriteString(t.form(row))
		t.Rows[i].To = uint32(forms.Len())
	}
	t.Forms = forms.String()
}

// respelled returns the terms of titles that came or went whose surface is another one in the next table.
func (t *Spelled) respelled(next *Spelled, changes ...*Spellings) (out []tfidf.Term) {
	for _, s := range changes {
		for one := range s.All() {
			out = append(out, one.Term)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(term tfidf.Term) bool { return t.surface(term) == next.surface(term) })
}

// surface returns the spelling of a term that was counted most often, ties by bytes; none of one that was not.
func (t *Spelled) surface(term tfidf.Term) string {
	at, _ := slices.BinarySearchFunc(t.Rows, term, func(row SpelledRow, term tfidf.Term) int { return cmp.Compare(row.Term, term) })
	best, n := "", int64(0)
	for ; at < len(t.Rows) && t.Rows[at].Term == term; at++ {
		if row := t.Rows[at]; row.N > n { // those of the same number ascend
			best, n = t.form(row), row.N
		}
	}
	return best
}

// Surfaces does what [Spellings.Surfaces] does.
func (t *Spelled) Surfaces() map[tfidf.Term]string {
	out := make(map[tfidf.Term]string, len(t.Rows))
	for from := 0; from < len(t.Rows); {
		best, to := t.Rows[from], from+1
		for ; to < len(t.Rows) && t.Rows[to].Term == best.Term; to++ {
			if t.Rows[to].N > best.N {
				best = t.Rows[to]
			}
		}
		out[best.Term] = t.form(best)
		from = to
	}
	return out
}
