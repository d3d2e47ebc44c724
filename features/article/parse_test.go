package article

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sada/features/arabic"
)

// parse takes a page apart with a new parser.
func parse(p *Page) Article {
	var r Parser
	var t arabic.Text
	t.Set(p.Text)
	return r.Parse(p, &t)
}

// check fails if an article does not keep what Parse promises for any page.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, p *Page, a *Article) {
	t.Helper()
	at := 0
	for _, part := range a.Parts {
		if part.From != at || part.To <= part.From {
			t.Fatalf("text %q: part %s [%d,%d) after byte %d", p.Text, part.Kind, part.From, part.To, at)
		}
		at = part.To
		if at < len(p.Text) && !utf8.RuneStart(p.Text[at]) {
			t.Fatalf("text %q: part %s ends at byte %d, inside a character", p.Text, part.Kind, at)
		}
	}
	if at != len(p.Text) {
		t.Fatalf("text %q: parts end at %d of %d", p.Text, at, len(p.Text))
	}
	starts := map[int]bool{}
	last := Line{From: -1}
	inside := 0
	for _, l := range a.Lines {
		if l.From <= last.From || l.Token < last.Token || l.From >= len(p.Text) {
			t.Fatalf("text %q: line %+v after %+v", p.Text, l, last)
		}
		if strings.TrimSpace(p.Text[strings.LastIndexByte(p.Text[:l.From], '\n')+1:l.From]) != "" {
			if inside++; inside <= 2 && (l.Token == len(gallery) || l == a.Lines[len(a.Lines)-1]) {
				starts[l.From], last = true, l
				continue // what was glued before the first line or to the last
			}
			t.Fatalf("text %q: line begins at %d, inside a line", p.Text, l.From)
		}
		last, starts[l.From] = l, true
	}
	at = 0
	for _, q := range a.Proposals {
		if q.From < at || q.To <= q.From || q.To > len(p.Text) || !starts[q.From] {
			t.Fatalf("text %q: proposal %+v", p.Text, q)
		}
		at = q.To
		same := 0
		for _, part := range a.Parts {
			if part.Kind == q.Kind && part.From == q.From && part.To == q.To {
				same++
			}
		}
		if same != 1 {
			t.Fatalf("text %q: proposal %+v is no part of %+v", p.Text, q, a.Parts)
		}
		if q.MarkerTo > q.MarkerFrom && (!starts[q.MarkerFrom] || q.MarkerTo > q.From) {
			t.Fatalf("text %q: marker of %+v", p.Text, q)
		}
		if q.TitleTo > q.TitleFrom && (q.TitleFrom < q.From || q.TitleTo > q.To) || q.TitleTo < q.TitleFrom {
			t.Fatalf("text %q: title of %+v", p.Text, q)
		}
		if q.Strength < 0 || q.Strength > 1 || q.Reason == "" {
			t.Fatalf("text %q: %+v", p.Text, q)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("", "")
	f.Add("عنوان", "عنوان\nنص")
	f.Add("", "إقرأ أيضاً:\nعنوان\n")
	f.Add("", "إعلانوظهر كلام كثير جدا\nالمصدر: وكالات\n\ufeff\u00a0\r\n")
	f.Add("", "القاهرة (رويترز) - نص\nكلمات دلالية:")
	f.Add("", "Next Previous نص. سمات رابط الخبر بصحيفة أ: ب")
	f.Fuzz(func(t *testing.T, title, text string) {
		p := &Page{Title: title, Text: strings.ToValidUTF8(text, "\ufffd"), Source: "صحيفة"}
		a := parse(p)
		check(t, p, &a)
	})
}

func TestParseProperties(t *testing.T) {
	pieces := []string{
		"المصدر:", "المصدر: وكالات", "كلمات دلالية: أ ب", "نص. سمات أ ب", "Next Previous نص", "نص رابط الخبر بصحيفة أ: ب", "نص مقالات أخرى للكاتبعنوان", "إقرأ أيضاً:", "اقرأ أيضا: عنوان خبر آخر", "مواضيع ذات صلة", "إعلان", "إعلانوظهر", "القاهرة (رويترز) - ",
		"تاريخ النشر: 22nd, September 2023 GMT", "عنوان قصير", "عنوان", "    ", " ", "\n", "\r\n", "\n\n", "\u00a0", "\ufeff", "\u200f", "،", ".", "20:26 ت م", "© حقوق", "(", ")", "-", "ـــ",
		"قال المتحدث في مؤتمر صحفي اليوم إن الأعمال تسير وفق الخطة المعلنة وسوف تنتهي قريبا جدا بعون الله.", "\ufdfa", "👍", "a@b.c", "|", ":", "：", "\x00", "\ufffd",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(t, "text"), rapid.SampledFrom([]string{"", " ", "\n"}).Draw(t, "glue"))
		title := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 3).Draw(t, "title"), "")
		p := &Page{Title: title, Text: text, Source: rapid.SampledFrom([]string{"", "عنوان قصير"}).Draw(t, "source")}
		a := parse(p)
		check(t, p, &a)
		var r Parser
		var x arabic.Text
		for _, other := range []string{text + "\nإقرأ أيضاً:\nنص", text} { // reused memory leaves no trace
			x.Set(other)
			b := r.Parse(&Page{Title: title, Text: other, Source: p.Source}, &x)
			if other == text && !cmp.Equal(a, b, cmpopts.EquateEmpty()) {
				t.Fatalf("a used parser gives %+v, a new one %+v", b, a)
			}
		}
	})
}
