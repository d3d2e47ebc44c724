package archive

import (
	"fmt"
	"strings"

	"sada/features/article"
)

// text is the number of a string among those that arrays name.
type text uint32

// texts numbers strings. They keep their numbers from night to night, so that rows do.
type texts struct {
	list    []string
	numbers map[string]text
	used    []bool
}

// newTexts begins with strings that have numbers; the empty one is always number 0.
func newTexts(list []string) *texts {
	if len(list) == 0 {
		list = []string{""}
	}
	t := &texts{list: list[:len(list):len(list)], numbers: make(map[string]text, len(list)), used: make([]bool, len(list))}
	for i, s := range list {
		t.numbers[s] = text(i)
	}
	return t
}

func (t *texts) of(s string) text {
	if s == "" {
		return 0
	}
	n, ok := t.numbers[s]
	if !ok {
		n = text(len(t.list))
		t.list, t.used, t.numbers[s] = append(t.list, s), append(t.used, false), n
	}
	t.used[n] = true
	return n
}

// stale says whether most strings are not used any more.
func (t *texts) stale() bool {
	const least = 1024 // that are not worth it
	n := 0
	for _, used := range t.used {
		if used {
			n++
		}
	}
	return len(t.list) > 2*n+least
}

// The reasons of a passage are one text, each with an end.
const reasonEnd = "\x00"

func (t *texts) reasons(list []string) text {
	if len(list) == 0 {
		return 0
	}
	return t.of(strings.Join(list, reasonEnd) + reasonEnd)
}

func (t *texts) part(p article.Part) placeRow {
	return placeRow{t.of(p.Kind.String()), int32(p.From), int32(p.To), t.of(p.Page), t.of(p.Segment)}
}

// spelled are the strings of arrays that were read, by their numbers.
type spelled struct {
	list    []string
	kinds   []int // article kinds by the number of their name, -1 for none
	reasons [][]string
}

// newSpelled cuts a text that has all strings at their ends.
func newSpelled(all []byte, ends []uint32) (*spelled, error) {
	s := &spelled{list: make([]string, len(ends)), kinds: make([]int, len(ends)), reasons: make([][]string, len(ends))}
	arena, from := string(all), uint32(0)
	for i, end := range ends {
		if end < from || int(end) > len(arena) {
			return nil, fmt.Errorf("text %d", i)
		}
		of := arena[from:end]
		s.list[i], from, s.kinds[i] = of, end, -1
		if kind, ok := article.ParseKind(of); ok {
			s.kinds[i] = int(kind)
		}
		if strings.HasSuffix(of, reasonEnd) {
			s.reasons[i] = strings.Split(strings.TrimSuffix(of, reasonEnd), reasonEnd)
		}
	}
	return s, nil
}

// reader reads the texts of a row, and remembers the first that is not there.
type reader struct {
	*spelled
	err error
}

func (r *reader) text(n text) string {
	if int(n) >= len(r.list) {
		r.err = fmt.Errorf("text %d of %d", n, len(r.list))
		return ""
	}
	return r.list[n]
}

func (r *reader) part(p placeRow) article.Part {
	if name := r.text(p.Kind); r.err == nil && r.kinds[p.Kind] < 0 {
		r.err = fmt.Errorf("part of kind %q", name)
	}
	if r.err != nil {
		return article.Part{}
	}
	return article.Part{Kind: article.Kind(r.kinds[p.Kind]), From: int(p.From), To: int(p.To), Page: r.text(p.Page), Segment: r.text(p.Segment)}
}

func (r *reader) why(n text) []string {
	if r.text(n); r.err != nil {
		return nil
	}
	return r.reasons[n]
}
