package report

import (
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"sada/cluster"
	"sada/features/article"
	"sada/features/shingle"
)

// maxCompared is how many bytes of each text are compared and shown: with it a page of the worst
// characters stays under [MaxPageBytes], and four of five hundred words go in ten times.
const maxCompared = 50_000

// version is one of two texts that are compared.
type version struct {
	text  string
	cut   int // bytes of it that are shown
	words []uint32
	at    []shingle.Span
	parts []article.Part
	odd   map[int]bool
}

func newVersion(p *article.Page, parts []article.Part, maker *cluster.Maker) version {
	v := version{text: p.Text, cut: len(p.Text), parts: parts}
	// All words of the text, not only those of its main part: what was appended is compared too.
	v.words, v.at = maker.Make(p).MainWords([]article.Part{{Kind: article.Main, To: len(p.Text)}})
	if v.cut > maxCompared {
		n := 0
		for n < len(v.at) && v.at[n].To <= maxCompared {
			n++
		}
		v.cut = maxCompared
		if n < len(v.at) {
			v.cut = min(v.cut, int(v.at[n].From))
		}
		for v.cut > 0 && !utf8.RuneStart(v.text[v.cut]) {
			v.cut--
		}
		v.words, v.at = v.words[:n], v.at[:n]
	}
	v.odd = steering(v.text[:v.cut])
	return v
}

// foreign says whether a word is in a part that is not the page's own.
func (v *version) foreign() []bool {
	out := make([]bool, len(v.at))
	n := 0
	for i, s := range v.at {
		for n < len(v.parts)-1 && int(s.From) >= v.parts[n].To {
			n++
		}
		if n < len(v.parts) {
			kind := v.parts[n].Kind
			out[i] = foreign(kind.String()) || kind == article.Furniture || kind == article.Marker
		}
	}
	return out
}

// Comparison is two texts in rows: what they share stands side by side.
type comparison struct {
	Rows         []row
	A, B         shown // bytes
	Equal        int   // words
	OnlyA, OnlyB int   // words
	Moved        int   // blocks
	Numbers      int   // words with digits that the other does not have
	CutRows      int   // rows that are not shown
}

type shown struct{ Bytes, Of int }

// row is a stretch of each text. The cells of a column, one after the other, are its text.
type row struct {
	A, B               []piece
	Kind               string // "both", "a", "b"
	ForeignA, ForeignB bool
	ID                 string
}

// maxRowsCompared leaves room for what else is on the page.
const maxRowsCompared = 450

// edit is n words of a and m words of b; equal ones if Equal.
type edit struct {
	equal bool
	n, m  int
}

// edits aligns two sequences of words.
func edits(a, b []uint32) []edit {
	// The library compares runes; every different word gets one of its own.
	rune1 := make(map[uint32]rune)
	letters := func(words []uint32) []rune {
		out := make([]rune, len(words))
		for i, w := range words {
			r, ok := rune1[w]
			if !ok {
				r = rune(len(rune1) + 1)
				if r >= 0xd800 { // surrogates are no runes
					r += 0x800
				}
				rune1[w] = r
			}
			out[i] = r
		}
		return out
	}
	d := diffmatchpatch.New()
	d.DiffTimeout = 0 // the result must not depend on the machine
	var out []edit
	for _, x := range d.DiffMainRunes(letters(a), letters(b), false) {
		n := utf8.RuneCountInString(x.Text)
		e := edit{}
		switch x.Type {
		case diffmatchpatch.DiffEqual:
			e = edit{true, n, n}
		case diffmatchpatch.DiffDelete:
			e.n = n
		default:
			e.m = n
		}
		if last := len(out) - 1; last >= 0 && !e.equal && !out[last].equal {
			out[last].n, out[last].m = out[last].n+e.n, out[last].m+e.m
		} else {
			out = append(out, e)
		}
	}
	return tidy(out)
}

// Words that are equal between long edits are equal by chance: a short run counts only if the edits
// beside it are not this many times as long.
const chance = 4

func tidy(edits []edit) []edit {
	var out []edit
	for i, e := range edits {
		if e.equal && e.n <= 3 && i > 0 && i < len(edits)-1 {
			before, after := edits[i-1], edits[i+1]
			if max(before.n, before.m) > chance*e.n && max(after.n, after.m) > chance*e.n {
				e.equal = false
			}
		}
		if last := len(out) - 1; last >= 0 && out[last].equal == e.equal {
			out[last].n, out[last].m = out[last].n+e.n, out[last].m+e.m
		} else {
			out = append(out, e)
		}
	}
	return out
}

// compare aligns two texts. endsA and endsB are the words after each sentence, ascending.
func compare(a, b version, endsA, endsB []int) comparison {
	es := edits(a.words, b.words)
	out := comparison{A: shown{a.cut, len(a.text)}, B: shown{b.cut, len(b.text)}}
	marksA, marksB := marked(&out, &a, &b, es)
	foreignA, foreignB := a.foreign(), b.foreign()
	endA, endB := flags(endsA, len(a.words)), flags(endsB, len(b.words))
	i, j := 0, 0 // next words
	fromA, fromB, equal := 0, 0, 0
	byteA, byteB := 0, 0
	closeRow := func(last bool) {
		if !last && i == fromA && j == fromB {
			return
		}
		toA, toB := start(a.at, i, a.cut), start(b.at, j, b.cut)
		if last {
			toA, toB = a.cut, b.cut
		}
		r := row{Kind: "both"}
		switch {
		case i == fromA && j > fromB:
			r.Kind, toA = "b", byteA
		case j == fromB && i > fromA:
			r.Kind, toB = "a", byteB
		}
		if last {
			toA, toB = a.cut, b.cut
		}
		r.ForeignA = fromA < len(foreignA) && foreignA[fromA]
		r.ForeignB = fromB < len(foreignB) && foreignB[fromB]
		if len(out.Rows) < maxRowsCompared {
			r.A = pieces(nil, a.text, byteA, toA, marksA, a.odd)
			r.B = pieces(nil, b.text, byteB, toB, marksB, b.odd)
			if r.Kind != "both" { // the row says it of all its words
				unmark(r.A)
				unmark(r.B)
			}
			if r.A != nil || r.B != nil {
				out.Rows = append(out.Rows, r)
				out.A.Bytes, out.B.Bytes = toA, toB
			}
		} else {
			out.CutRows++
		}
		byteA, byteB, fromA, fromB, equal = toA, toB, i, j, 0
	}
	turnA := func() bool { return i > fromA && i < len(foreignA) && foreignA[i] != foreignA[i-1] }
	turnB := func() bool { return j > fromB && j < len(foreignB) && foreignB[j] != foreignB[j-1] }
	// One side of an edit, sentence by sentence.
	side := func(n int, next *int, turn func() bool, ends []bool) {
		for left := n; left > 0; left-- {
			if turn() {
				closeRow(false)
			}
			*next++
			if ends[*next-1] && (equal == 0 || left > longEdit) {
				closeRow(false)
			}
		}
	}
	for _, e := range es {
		if !e.equal {
			if equal > 0 && i > 0 && j > 0 && (endA[i-1] || endB[j-1]) && max(e.n, e.m) > longEdit {
				closeRow(false)
			}
			side(e.n, &i, turnA, endA)
			if e.n > longEdit && e.m > longEdit {
				closeRow(false)
			}
			side(e.m, &j, turnB, endB)
			continue
		}
		if equal == 0 && (i-fromA > longEdit || j-fromB > longEdit) {
			closeRow(false)
		}
		for range e.n {
			if turnA() || turnB() {
				closeRow(false)
			}
			i, j, equal = i+1, j+1, equal+1
			if endA[i-1] && endB[j-1] || equal > maxRowWords {
				closeRow(false)
			}
		}
	}
	closeRow(true)
	return out
}

// unmark takes the marks of words that the other text does not have away; moved ones keep theirs.
func unmark(of []piece) {
	for i := range of {
		if of[i].To == "" {
			of[i].Mark = ""
		}
	}
}

const (
	longEdit    = 6  // words that make an edit a matter of its own row
	maxRowWords = 80 // equal words in one row: a screen of a phone
)

func flags(at []int, n int) []bool {
	out := make([]bool, n)
	for _, i := range at {
		if i > 0 && i <= n {
			out[i-1] = true
		}
	}
	return out
}

// start is where word i begins; the first cell begins with the text.
func start(at []shingle.Span, i, end int) int {
	switch {
	case i == 0:
		return 0
	case i < len(at):
		return int(at[i].From)
	}
	return end
}

// minMoved is how many words in a row make a moved block: chance has fewer.
const minMoved = 6

// marked counts what differs and returns the marks of both texts.
func marked(out *comparison, a, b *version, es []edit) (marksA, marksB []mark) {
	classA, classB := make([]string, len(a.words)), make([]string, len(b.words))
	i, j := 0, 0
	number := func(words []uint32, class []string) (n int) {
		for k, w := range words {
			class[k] = "only"
			if shingle.IsNumber(w) {
				class[k] = "num"
				n++
			}
		}
		return n
	}
	for _, e := range es {
		if e.equal {
			out.Equal += e.n
		} else {
			out.OnlyA, out.OnlyB = out.OnlyA+e.n, out.OnlyB+e.m
			out.Numbers += number(a.words[i:i+e.n], classA[i:i+e.n])
			out.Numbers += number(b.words[j:j+e.m], classB[j:j+e.m])
		}
		i, j = i+e.n, j+e.m
	}
	idA, idB := make([]int, len(a.words)), make([]int, len(b.words)) // of moved blocks, from 1
	where := make(map[uint64][]int)
	grams := func(words []uint32) []uint64 { return shingle.Grams(nil, words, minMoved) }
	free := func(class []string, at int) bool {
		for _, c := range class[at : at+minMoved] {
			if c != "only" && c != "num" {
				return false
			}
		}
		return true
	}
	for at, g := range grams(b.words) {
		if free(classB, at) {
			where[g] = append(where[g], at)
		}
	}
	for at, g := range grams(a.words) {
		if len(where) == 0 || !free(classA, at) {
			continue
		}
		for _, to := range where[g] {
			if !free(classB, to) || !slices.Equal(a.words[at:at+minMoved], b.words[to:to+minMoved]) {
				continue
			}
			out.Moved++
			for k := 0; at+k < len(a.words) && to+k < len(b.words) && a.words[at+k] == b.words[to+k] && idA[at+k] == 0 && idB[to+k] == 0 && classA[at+k] != "" && classB[to+k] != ""; k++ {
				classA[at+k], classB[to+k], idA[at+k], idB[to+k] = "moved", "moved", out.Moved, out.Moved
				out.OnlyA, out.OnlyB = out.OnlyA-1, out.OnlyB-1
			}
			break
		}
	}
	return a.marks(classA, idA, "a", "b"), b.marks(classB, idB, "b", "a")
}

// marks joins words of one class, and widens them to whole words as a reader sees them: a tag inside
// a word breaks the joining of its letters in some browsers.
func (v *version) marks(class []string, id []int, own, other string) []mark {
	var out []mark
	for i := 0; i < len(class); {
		k := i + 1
		for k < len(class) && class[k] == class[i] && id[k] == id[i] {
			k++
		}
		if class[i] != "" {
			m := mark{from: int(v.at[i].From), to: int(v.at[k-1].To), class: class[i]}
			if id[i] > 0 {
				m.id, m.to2 = fragment(own, id[i]), fragment(other, id[i])
			}
			floor := 0
			if n := len(out); n > 0 {
				floor = out[n-1].to
			}
			for m.from > floor {
				r, n := utf8.DecodeLastRuneInString(v.text[floor:m.from])
				if !joins(r) {
					break
				}
				m.from -= n
			}
			for m.to < v.cut {
				r, n := utf8.DecodeRuneInString(v.text[m.to:v.cut])
				if !joins(r) || k < len(class) && m.to+n > int(v.at[k].From) {
					break
				}
				m.to += n
			}
			out = append(out, m)
		}
		i = k
	}
	return out
}

// joins says whether a letter belongs to the same word as its neighbour.
func joins(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || r == 'ـ' || r == '\u200c' || r == '\u200d'
}

func fragment(side string, n int) string { return "m" + side + strconv.Itoa(n) }
