package passage

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sada/features/article"
)

const readAlso = "اقرأ أيضا:\n"

// evidence is one case of the rule: a host page "a" that ends in the text of page "b".
type evidence struct {
	name       string
	host, b    []string
	marker     string
	before     string // what the tail begins with
	sourceB    string
	dayA, dayB int
	untitled   bool // the tail does not begin with the title
	inline     bool // the tail begins inside a line
	items      int  // of the host, each with a heading
	own        bool // page b exists
	others     int  // pages of other subjects that carry the tail
	related    int  // pages of the host's subject that carry it
	want       bool
	kind       Kind
	reason     string
}

func TestRuleOfEvidence(t *testing.T) {
	w := newWriter(2)
	subject := w.words(12)
	host, title, b := w.words(120), w.words(8), w.words(160)
	near, nearB := w.about(subject, 120), w.about(subject, 160)
	for _, e := range []evidence{
		{name: "its page is of another source and subject", own: true, sourceB: "s2", want: true, reason: "another subject"},
		{name: "its page is of another day and subject", own: true, dayB: 1, want: true, reason: "has a page of its own"},
		{name: "its page is of the same source and day", own: true},
		{name: "its page is undated", own: true, dayB: -1, want: true},
		{name: "the host is undated", own: true, dayA: -1, want: true},
		{name: "both are undated", own: true, dayA: -1, dayB: -1, want: true},
		{name: "its page is of another source, the subject the same", own: true, sourceB: "s2", host: near, b: nearB, reason: "the same subject"},
		{name: "a marker, the same source, day and subject", own: true, marker: readAlso, host: near, b: nearB, want: true, reason: "announced"},
		{name: "a marker, and no page of its own", marker: readAlso, want: true, reason: "announced"},
		{name: "the next item of a joined report", own: true, sourceB: "s2", before: "من جهة ثانية ", untitled: true, reason: "joined report"},
		{name: "a joined report on three pages", own: true, sourceB: "s2", before: "من جهة ثانية ", untitled: true, others: 3, reason: "joined report"},
		{name: "a text without its title", own: true, sourceB: "s2", untitled: true},
		{name: "inside a line", own: true, sourceB: "s2", inline: true, reason: "inside a line"},
		{name: "the last item of a collection", own: true, sourceB: "s2", items: 3, reason: "an item among others"},
		{name: "a host with a heading", own: true, sourceB: "s2", items: 1, want: true},
		{name: "three unrelated hosts and no page of its own", others: 2, want: true, kind: SharedTail, reason: "on 3 unrelated pages"},
		{name: "two unrelated hosts and no page of its own", others: 1, kind: SharedTail},
		{name: "three unrelated hosts and a page of the same day", own: true, others: 2, want: true, reason: "on 3 unrelated pages"},
	} {
		t.Run(e.name, func(t *testing.T) {
			w := newWriter(3)
			if e.host == nil {
				e.host = host
			}
			if e.b == nil {
				e.b = b
			}
			if e.kind == "" {
				e.kind = Tail
			}
			if e.sourceB == "" {
				e.sourceB = "s1"
			}
			tail := line(title) + e.before + paragraphs(e.b)
			if e.untitled {
				tail = e.before + paragraphs(e.b)
			}
			own := paragraphs(e.host)
			for range e.items {
				own += line(w.words(9)) + line(w.words(40))
			}
			if e.inline {
				own = strings.TrimSuffix(own, "\n") + " "
			}
			rs := []raw{{"a", "s1", e.dayA, line(w.words(8)), own + e.marker + tail}}
			if e.own {
				rs = append(rs, raw{"b", e.sourceB, e.dayB, line(title), e.before + paragraphs(e.b)})
			}
			for n := range e.others {
				rs = append(rs, raw{fmt.Sprint("o", n), fmt.Sprint("s-o", n), e.dayA, line(w.words(8)), paragraphs(w.words(100)) + tail})
			}
			for n := range e.related {
				rs = append(rs, raw{fmt.Sprint("o", n), fmt.Sprint("s-o", n), e.dayA, line(w.words(8)), paragraphs(w.about(subject, 100)) + tail})
			}
			for n := range 100 { // a corpus in which the words of a subject are rare
				rs = append(rs, raw{fmt.Sprint("z", n), "s9", 0, "", paragraphs(w.words(25))})
			}
			f := newCorpus(rs...).find()
			f.check(t)
			p := f.one(t, "a", e.kind)
			if p.Cut != e.want {
				t.Errorf("cut is %v, want %v: %s", p.Cut, e.want, f.describe("a"))
			}
			if !strings.Contains(strings.Join(p.Reasons, "; "), e.reason) {
				t.Errorf("reasons %q, want one with %q", p.Reasons, e.reason)
			}
			wantMain := own
			if !e.want {
				wantMain = own + tail
			}
			if got := f.text("a", article.Main); got != wantMain {
				t.Errorf("the main text has %d bytes, want %d", len(got), len(wantMain))
				t.Log(f.describe("a"), f.Parts[f.index("a")])
			}
			if marked := p.Marker.To > p.Marker.From; marked != (e.marker != "") {
				t.Errorf("marker %+v", p.Marker)
			}
			if p.B != f.index("b") { // -1 if there is none
				t.Errorf("the tail is of page %d", p.B)
			}
		})
	}
}

// An article is appended with the list that closes its own page.
func TestTailWithItsClosingList(t *testing.T) {
	w := newWriter(17)
	own, title, b := paragraphs(w.words(60)), line(w.words(8)), paragraphs(w.words(120))
	list := "مقالات أخرى للكاتب" + line(w.words(40))
	f := newCorpus(
		raw{"a", "s1", 0, line(w.words(8)), own + title + b + list},
		raw{"b", "s2", 1, title, b + list},
	).find()
	f.check(t)
	p := f.one(t, "a", Tail)
	if !p.Cut || p.B != f.index("b") {
		t.Errorf("%+v", p)
	}
	if got := f.text("a", article.Tail); got != title+b {
		t.Errorf("the tail is %q", got)
	}
	if got := f.text("a", article.List); got != list {
		t.Errorf("the list is %q", got)
	}
}

// Pages that end alike are versions of one report if they are on one subject: their names are those of
// relations, not of a tail.
func TestVersionsThatEndAlike(t *testing.T) {
	w := newWriter(2)
	subject := w.words(12)
	end := paragraphs(w.words(160))
	var rs []raw
	for n := range 6 {
		rs = append(rs, raw{fmt.Sprint("a", n), fmt.Sprint("s", n), 0, line(w.words(8)), paragraphs(w.about(subject, 100)) + end})
	}
	for n := range 100 {
		rs = append(rs, raw{fmt.Sprint("z", n), "s9", 0, "", paragraphs(w.words(25))})
	}
	f := newCorpus(rs...).find()
	f.check(t)
	for _, p := range f.Passages {
		if p.Kind != Partial || p.Cut {
			t.Errorf("%+v", p)
		}
	}
	if len(f.Passages) != 15 {
		t.Errorf("%d passages, want one of every two pages", len(f.Passages))
	}
}

func TestEditsInATail(t *testing.T) {
	for _, share := range []float64{.02, .05, .10} {
		t.Run(fmt.Sprint(share), func(t *testing.T) {
			w := newWriter(4)
			title, b := w.words(8), w.words(300)
			own := paragraphs(w.words(100))
			f := newCorpus(
				raw{"a", "s1", 0, line(w.words(8)), own + line(title) + paragraphs(w.edit(b, share))},
				raw{"b", "s2", 1, line(title), paragraphs(b)},
			).find()
			f.check(t)
			p := f.one(t, "a", Tail)
			if !p.Cut || p.BytesA.From != len(own) || p.ContainmentB < .8 || p.ContainmentB == 1 || p.Identity < .8 || p.Identity == 1 {
				t.Error(f.describe("a"))
			}
		})
	}
}

func TestTailCutToHalf(t *testing.T) {
	w := newWriter(5)
	title, b := w.words(8), w.words(300)
	own := paragraphs(w.words(100))
	for _, c := range []struct {
		words int
		cut   bool
	}{{150, true}, {80, false}} { // less than articleHeld of its page is no appended article
		f := newCorpus(
			raw{"a", "s1", 0, line(w.words(8)), own + line(title) + paragraphs(b[:c.words])},
			raw{"b", "s2", 1, line(title), paragraphs(b)},
		).find()
		f.check(t)
		var cut bool
		for _, p := range f.of("a") {
			cut = cut || p.Cut
		}
		if cut != c.cut {
			t.Errorf("%d of 300 words: cut is %v: %s", c.words, cut, f.describe("a"))
		}
	}
}

func TestTwoTails(t *testing.T) {
	w := newWriter(6)
	titles := [][]string{w.words(8), w.words(9)}
	texts := [][]string{w.words(150), w.words(120)}
	own := paragraphs(w.words(100))
	first := line(titles[0]) + paragraphs(texts[0])
	second := line(titles[1]) + paragraphs(texts[1])
	for _, marker := range []string{"", readAlso} {
		f := newCorpus(
			raw{"a", "s1", 0, line(w.words(8)), own + marker + first + marker + second},
			raw{"b", "s2", 1, line(titles[0]), paragraphs(texts[0])},
			raw{"c", "s3", 1, line(titles[1]), paragraphs(texts[1])},
		).find()
		f.check(t)
		var of []string
		for _, p := range f.Parts[f.index("a")] {
			if p.Kind == article.Tail {
				of = append(of, p.Page+": "+f.raw[0].text[p.From:p.To])
			}
		}
		if want := []string{"b: " + first, "c: " + second}; !slices.Equal(of, want) {
			t.Errorf("marker %q: tails are of %q%s", marker, of, f.describe("a"))
		}
		if got := f.text("a", article.Main); got != own {
			t.Errorf("marker %q: the main text has %d bytes, want %d", marker, len(got), len(own))
		}
	}
}

// A page's title belongs to its article, whether the record has it or the text.
func TestTitleInRecordOrText(t *testing.T) {
	w := newWriter(7)
	title, b := w.words(8), w.words(160)
	own := paragraphs(w.words(100))
	for name, page := range map[string]raw{
		"record": {"b", "s2", 1, line(title), paragraphs(b)},
		"both":   {"b", "s2", 1, line(title), line(title) + paragraphs(b)},
		"text":   {"b", "s2", 1, "", line(title) + paragraphs(b)},
	} {
		f := newCorpus(raw{"a", "s1", 0, line(w.words(8)), own + line(title) + paragraphs(b)}, page).find()
		f.check(t)
		if p := f.one(t, "a", Tail); !p.Cut || p.BytesA.From != len(own) || p.ContainmentB != 1 || p.WordsB != (Range{0, 168}) {
			t.Errorf("title in %s: words %v of b%s", name, p.WordsB, f.describe("a"))
		}
	}
}

func TestInlineLineIsTakenAlone(t *testing.T) {
	w := newWriter(8)
	title := w.words(8)
	before, after := paragraphs(w.words(80)), paragraphs(w.words(80))
	mark := "اقرأ أيضا: " + line(title)
	f := newCorpus(
		raw{"a", "s1", 0, line(w.words(8)), before + mark + after},
		raw{"b", "s2", 1, line(title), paragraphs(w.words(100))},
	).find()
	f.check(t)
	p := f.one(t, "a", Inline)
	if !p.Cut || p.B != f.index("b") || p.BytesA.From != len(before) || p.BytesA.To != len(before+mark) {
		t.Error(f.describe("a"))
	}
	if got := f.text("a", article.Main); got != before+after {
		t.Errorf("the main text is %q", got)
	}
}

// The text after an inline line is the page's own, though another page begins with it.
func TestInlineLineAnnouncesNothingAfterIt(t *testing.T) {
	w := newWriter(9)
	subject := w.words(12)
	before, after := paragraphs(w.about(subject, 60)), paragraphs(w.about(subject, 160))
	f := newCorpus(
		raw{"a", "s1", 0, line(w.words(8)), before + "اقرأ أيضا: " + line(w.words(8)) + after},
		raw{"b", "s2", 0, line(w.words(8)), after},
	).find()
	f.check(t)
	if got := f.text("a", article.Main); got != before+after {
		t.Errorf("the main text has %d bytes, want %d%s", len(got), len(before+after), f.describe("a"))
	}
}

func TestTitlesOfOtherPages(t *testing.T) {
	w := newWriter(10)
	var rs []raw
	var titles string
	for n := range 4 {
		title := line(w.words(7))
		titles += title
		rs = append(rs, raw{fmt.Sprint("b", n), "s2", 1, title, paragraphs(w.words(60))})
	}
	own := paragraphs(w.words(100))
	for _, c := range []struct {
		name, text string
		kind       Kind
		part       article.Kind
		want       int
	}{
		{"at the end", own + titles, List, article.List, 4},
		{"at the start", titles + own, Head, article.Head, 4},
		{"one at the end", own + line(strings.Fields(titles)[:7]), List, article.List, 0},
		{"two at the start", line(strings.Fields(titles)[:7]) + line(strings.Fields(titles)[7:14]) + own, Head, article.Head, 0},
		{"nothing else", titles, Head, article.Head, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newCorpus(append(rs, raw{"a", "s1", 0, line(w.words(8)), c.text})...).find()
			f.check(t)
			n := 0
			for _, p := range f.of("a") {
				if p.Kind != c.kind || !p.Cut || f.raw[p.B].source != "s2" {
					t.Errorf("passage %+v", p)
				}
				n++
			}
			if n != c.want {
				t.Errorf("%d titles, want %d%s", n, c.want, f.describe("a"))
			}
			if got := f.text("a", c.part); c.want > 0 && got != titles {
				t.Errorf("kind %s has %q", c.part, got)
			}
		})
	}
}

// The title that the text repeats after headlines is the page's title, the headlines are not.
func TestTitleAfterHeadlines(t *testing.T) {
	w := newWriter(11)
	title := w.words(8)
	heads := line(w.words(7)) + line(w.words(7)) + line(w.words(7)) + line(w.words(7))
	c := newCorpus(raw{"b", "s2", 1, line(title), heads + line(title) + paragraphs(w.words(60))})
	if got, want := c.pages[0].title(), c.pages[0].Words[28:36]; !slices.Equal(got, want) {
		t.Errorf("the title has %d words, want 8", len(got))
	}
}

func TestFurniture(t *testing.T) {
	w := newWriter(12)
	footer, rubric := line(w.words(9)), line(w.words(5))
	glued := strings.Join(w.words(6), " ")
	page := func(n int, source, text string) raw {
		return raw{fmt.Sprintf("%s-%02d", source, n), source, n % 5, line(w.words(8)), text}
	}
	var rs []raw
	for n := range 6 {
		rs = append(rs, page(n, "s1", rubric+paragraphs(w.words(60))+footer))
		rs = append(rs, page(n, "s2", paragraphs(w.words(60))+strings.Join(w.words(20), " ")+" "+glued))
		rs = append(rs, page(n, "s3", paragraphs(w.words(60))+line(w.words(9))))
		// The same words on one page are not the same words on several.
		again := line(w.words(6))
		rs = append(rs, page(n, "s4", paragraphs(w.words(40))+again+paragraphs(w.words(40))+again+paragraphs(w.words(40))+again+again))
	}
	for n := range furnitureLeast - 1 {
		rs = append(rs, page(n, "s5", paragraphs(w.words(60))+footer))
	}
	f := newCorpus(rs...).find()
	f.check(t)
	for _, r := range f.raw {
		want := map[string]string{"s1": rubric + footer, "s2": glued}[r.source]
		if got := f.text(r.id, article.Furniture); got != want {
			t.Errorf("page %s: furniture is %q, want %q", r.id, got, want)
		}
		for _, p := range f.of(r.id) {
			if p.Kind != Furniture || !p.Cut || p.Hosts != 6 || p.B != -1 {
				t.Errorf("page %s: %+v", r.id, p)
			}
		}
	}
}

func TestRelations(t *testing.T) {
	w := newWriter(13)
	x, y, z := w.words(200), w.words(200), w.words(60)
	for _, c := range []struct {
		name string
		a, b []string // a is the older
		want Kind
	}{
		{"the same text", x, x, Copy},
		{"an edited copy", x, newWriter(1).edit(x, .1), Copy},
		{"a long page has a short one", slices.Concat(y[:80], x[:100], y[80:]), x[:100], Contains},
		{"a short page is in a long one", x[:100], slices.Concat(y[:80], x[:100], y[80:]), Contained},
		{"a quotation", slices.Concat(x[:120], z[:50], x[120:]), slices.Concat(y[:120], z[:50], y[120:]), Quote},
		{"half", slices.Concat(x[:100], z), slices.Concat(x[:100], y[:90]), Partial},
		{"less than a passage", slices.Concat(x[:120], z[:relationWords-1], x[120:]), slices.Concat(y[:120], z[:relationWords-1], y[120:]), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newCorpus(raw{"a", "s1", 0, "", strings.Join(c.a, " ")}, raw{"b", "s1", 0, "", strings.Join(c.b, " ")}).find()
			f.check(t)
			if c.want == "" {
				if len(f.Passages) > 0 {
					t.Errorf("%+v", f.Passages)
				}
				return
			}
			p := f.one(t, "a", c.want)
			if p.Cut || p.A != 0 || p.B != 1 {
				t.Errorf("%+v", p)
			}
			for i := range f.pages {
				if got := f.text(f.raw[i].id, article.Main); got != f.raw[i].text {
					t.Errorf("page %d lost text to a relation", i)
				}
			}
		})
	}
}

// A title of the record that is as long as a text, and shared, has no place in the text.
func TestSharedTitleOfManyWords(t *testing.T) {
	w := newWriter(14)
	shared := w.words(80)
	f := newCorpus(
		raw{"a", "s1", 0, line(w.words(40)) + line(shared), ""},
		raw{"b", "s2", 1, line(w.words(5)) + line(shared), paragraphs(w.words(30))},
		raw{"c", "s3", 2, line(w.words(33)) + line(shared[:30]), paragraphs(shared[30:])},
	).find()
	f.check(t)
}

// What a marker announces is cut once, though two pages' texts begin near it.
func TestTwoTextsAfterOneMarker(t *testing.T) {
	w := newWriter(15)
	x, y := paragraphs(w.words(26)), paragraphs(w.words(80))
	for _, own := range []string{"", paragraphs(w.words(60))} {
		f := newCorpus(
			raw{"a", "s1", 0, "", own + readAlso + x + y},
			raw{"b", "s2", 1, "", x},
			raw{"c", "s3", 1, "", y},
		).find()
		f.check(t)
		if got := f.text("a", article.Main); got != own {
			t.Errorf("the main text is %q, want %q%s", got, own, f.describe("a"))
		}
	}
}

// A marker, an article that no page has, and one that a page has: each is cut as what it is.
func TestUnknownTextBeforeAKnownOne(t *testing.T) {
	w := newWriter(16)
	own, x, title, y := paragraphs(w.words(60)), paragraphs(w.words(80)), line(w.words(8)), paragraphs(w.words(80))
	f := newCorpus(
		raw{"a", "s1", 0, line(w.words(8)), own + readAlso + x + title + y},
		raw{"b", "s2", 1, title, y},
	).find()
	f.check(t)
	var got []string
	for _, p := range f.Parts[f.index("a")] {
		if p.Kind == article.Tail {
			got = append(got, fmt.Sprint(p.Page, " ", p.Segment != "", " ", p.From))
		}
	}
	at := len(own + readAlso)
	if want := []string{fmt.Sprint(" true ", at), fmt.Sprint("b false ", at+len(x))}; !slices.Equal(got, want) {
		t.Errorf("tails %q, want %q%s", got, want, f.describe("a"))
	}
}

// The same text without a page of its own has one segment ID in all its hosts.
func TestSegmentOfASharedTail(t *testing.T) {
	w := newWriter(17)
	tail := line(w.words(8)) + paragraphs(w.words(120))
	var rs []raw
	for n := range 4 {
		rs = append(rs, raw{fmt.Sprint("a", n), fmt.Sprint("s", n), n, line(w.words(8)), paragraphs(w.words(90)) + tail})
	}
	f := newCorpus(rs...).find()
	f.check(t)
	first := f.one(t, "a0", SharedTail)
	for _, r := range rs {
		p := f.one(t, r.id, SharedTail)
		if !p.Cut || p.Segment == "" || p.Segment != first.Segment || p.BytesA.Segment != p.Segment || p.Hosts != 4 || p.Sources != 4 {
			t.Error(f.describe(r.id))
		}
	}
}

// Hosts that have the subject of the text they share may all quote it; on three days they carry it.
func TestSharedTextOfTheHostsSubject(t *testing.T) {
	w := newWriter(18)
	subjects := [][]string{w.words(12), w.words(12), w.words(12), w.words(12)}
	tail := line(w.words(8)) + paragraphs(w.about(slices.Concat(subjects...), 200))
	for _, c := range []struct {
		days []int
		cut  bool
	}{{[]int{0, 0, 0, 0}, false}, {[]int{0, 1, 1, 0}, false}, {[]int{0, 1, 2, 0}, true}, {[]int{0, 1, -1, -1}, false}} {
		w := newWriter(19)
		var rs []raw
		for n, day := range c.days {
			rs = append(rs, raw{fmt.Sprint("a", n), fmt.Sprint("s", n), day, line(w.words(8)), paragraphs(w.about(subjects[n], 120)) + tail})
		}
		for n := range 100 {
			rs = append(rs, raw{fmt.Sprint("z", n), "s9", 0, "", paragraphs(w.words(25))})
		}
		f := newCorpus(rs...).find()
		f.check(t)
		for n := range c.days {
			if p := f.one(t, fmt.Sprint("a", n), SharedTail); p.Cut != c.cut || p.Hosts != 4 {
				t.Errorf("days %v: cut is %v%s", c.days, p.Cut, f.describe(fmt.Sprint("a", n)))
			}
		}
	}
}

// A passage that differs in any one field is another one.
func TestEqual(t *testing.T) {
	base := Passage{Reasons: []string{"a"}}
	if same := base; !base.Equal(&same) {
		t.Fatal("a passage is not equal to itself")
	}
	var change func(v reflect.Value, name string, check func(name string))
	change = func(v reflect.Value, name string, check func(name string)) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		switch v.Kind() {
		case reflect.Int, reflect.Int64:
			v.SetInt(1)
		case reflect.Uint8:
			v.SetUint(1)
		case reflect.Float64:
			v.SetFloat(1)
		case reflect.Bool:
			v.SetBool(true)
		case reflect.String:
			v.SetString("b")
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"b"}))
		case reflect.Struct:
			for i := range v.NumField() {
				change(v.Field(i), name+"."+v.Type().Field(i).Name, check)
			}
			return
		default:
			t.Fatalf("%s: a field of kind %s", name, v.Kind())
		}
		check(name)
		v.Set(old)
	}
	other := base
	change(reflect.ValueOf(&other).Elem(), "Passage", func(name string) {
		if base.Equal(&other) || other.Equal(&base) {
			t.Errorf("another %s is not seen", name)
		}
	})
}
