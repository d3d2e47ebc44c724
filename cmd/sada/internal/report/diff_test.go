package report

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sada/cluster"
	"sada/cluster/copies"
	"sada/features/article"
)

func compared(a, b string, parts ...article.Part) comparison {
	var maker cluster.Maker
	va := newVersion(&article.Page{Text: a}, []article.Part{{To: len(a)}}, &maker)
	if parts == nil {
		parts = []article.Part{{To: len(b)}}
	}
	vb := newVersion(&article.Page{Text: b}, parts, &maker)
	return compare(va, vb, copies.SentenceEnds(va.text, va.at), copies.SentenceEnds(vb.text, vb.at))
}

// written shows the rows of a comparison: marked words in brackets, moved ones in braces.
func written(c comparison) string {
	side := func(ps []piece) string {
		var b strings.Builder
		for _, p := range ps {
			switch p.Mark {
			case "":
				b.WriteString(p.Text)
			case "moved":
				b.WriteString("{" + p.Text + "}")
			case "num":
				b.WriteString("#" + p.Text + "#")
			default:
				b.WriteString("[" + p.Text + "]")
			}
		}
		return strings.TrimSpace(b.String())
	}
	var out []string
	for _, r := range c.Rows {
		out = append(out, r.Kind+": "+side(r.A)+" | "+side(r.B))
	}
	return strings.Join(out, "\n")
}

const harvest = "توقعت الوزارة أن يصل إنتاج القمح هذا الموسم إلى مليون طن. وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير. وحذر الاتحاد من نقص الحصادات في السهل."

func TestCompare(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"equal", harvest, harvest, `both: توقعت الوزارة أن يصل إنتاج القمح هذا الموسم إلى مليون طن. | توقعت الوزارة أن يصل إنتاج القمح هذا الموسم إلى مليون طن.
both: وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير. | وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير.
both: وحذر الاتحاد من نقص الحصادات في السهل. | وحذر الاتحاد من نقص الحصادات في السهل.`},
		{"a number and a word", "وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير.", "وقال الوزير إن الحكومة ستشتري الطن بسعر 420 دنانير.",
			"both: وقال الوزير إن [الدولة] ستشتري الطن بسعر #410# دنانير. | وقال الوزير إن [الحكومة] ستشتري الطن بسعر #420# دنانير."},
		{"other spelling is no difference", "أعلنت الوزارة إنشاء مدرسة", "اعلنت الوزاره انشاء مدرسه", "both: أعلنت الوزارة إنشاء مدرسة | اعلنت الوزاره انشاء مدرسه"},
		{"a sentence dropped", harvest, strings.Replace(harvest, " وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير.", "", 1), `both: توقعت الوزارة أن يصل إنتاج القمح هذا الموسم إلى مليون طن. | توقعت الوزارة أن يصل إنتاج القمح هذا الموسم إلى مليون طن.
a: وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير. | 
both: وحذر الاتحاد من نقص الحصادات في السهل. | وحذر الاتحاد من نقص الحصادات في السهل.`},
		{"moved", "وحذر الاتحاد من نقص الحصادات في السهل. وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير ابتداء من يوم الأحد المقبل.",
			"وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير ابتداء من يوم الأحد المقبل. وحذر الاتحاد من نقص الحصادات في السهل.",
			`a: {وحذر الاتحاد من نقص الحصادات في السهل}. | 
both: وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير ابتداء من يوم الأحد المقبل. | وقال الوزير إن الدولة ستشتري الطن بسعر 410 دنانير ابتداء من يوم الأحد المقبل.
b:  | {وحذر الاتحاد من نقص الحصادات في السهل}.`},
		{"nothing", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := written(compared(c.a, c.b)); got != c.want {
				t.Errorf("rows\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestCompareTellsForeignRows(t *testing.T) {
	host := "خبر آخر من مكان آخر تماما.\n"
	c := compared(harvest, host+harvest, article.Part{Kind: article.Main, To: len(host)}, article.Part{Kind: article.Tail, From: len(host), To: len(host) + len(harvest)})
	if len(c.Rows) != 4 || c.Rows[0].Kind != "b" || c.Rows[0].ForeignB {
		t.Fatalf("rows\n%s", written(c))
	}
	for _, r := range c.Rows[1:] {
		if !r.ForeignB || r.ForeignA || r.Kind != "both" {
			t.Errorf("row %+v", r)
		}
	}
}

// The cells of each column are its text, whatever the two texts are; a mark is around whole words.
func TestCompareKeepsBothTexts(t *testing.T) {
	words := rapid.SampledFrom([]string{"قمح", "وزير", "طن", "410", "٣", ".", "\n", "سعر،", "و400", "ـ", "<b>", "\u202e", "\r\n", "مـديـنة", "مليون", "a"})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(words, 0, 60).Draw(t, "words"), " ") })
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		c := compared(a, b)
		gotA, gotB := "", ""
		for _, r := range c.Rows {
			gotA += joined(r.A)
			gotB += joined(r.B)
		}
		if gotA != a || gotB != b {
			t.Fatalf("the columns are\n%q\n%q, want\n%q\n%q", gotA, gotB, a, b)
		}
		if c.A != (shown{len(a), len(a)}) || c.B != (shown{len(b), len(b)}) {
			t.Fatalf("shown %+v and %+v", c.A, c.B)
		}
	})
}

func TestCompareShowsTheBeginningOfLongTexts(t *testing.T) {
	long := strings.Repeat("كلمة أخرى ثم كلمة. ", 8000)
	c := compared(long, long)
	if c.A.Of != len(long) || c.A.Bytes >= maxCompared || c.A != c.B || c.CutRows == 0 || len(c.Rows) > maxRowsCompared {
		t.Errorf("shown %+v of %+v in %d rows, %d left out", c.A, c.B, len(c.Rows), c.CutRows)
	}
	one := strings.Repeat("ب", 400_000)
	if c := compared(one, one); c.A.Bytes > maxCompared || c.A.Bytes < 0 {
		t.Errorf("shown of one long word: %+v", c.A)
	}
}
