package passage

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// generated draws a small corpus in which pages share lines, titles and whole texts, with the marks
// and signs that have led offsets astray: several words in one sign, signs without words, space.
func generated(t *rapid.T) []raw {
	w := newWriter(rapid.Uint64Range(0, 1<<20).Draw(t, "seed"))
	var texts [][]string
	for range 4 {
		texts = append(texts, w.words(12+w.r.IntN(90)))
	}
	titles := [][]string{w.words(7), w.words(40), w.words(5)}
	fixed := []string{
		"اقرأ أيضا:\n", "اقرأ أيضا: عنوان خبر آخر من الأخبار\n", "مواضيع ذات صلة\n", "المصدر: وكالات\n", "كلمات دلالية: خبر، آخر\n", "تاريخ النشر: 2024-03-02\n",
		"من جهة ثانية ", "ﷺ ﷲ ﷽ ", "😀\n", "***\n", "\n\n \t", "\u00a0", "إعلانوظهر ", "جميع الحقوق محفوظة\n", "الرياض (واس) - ", "\ufffd",
	}
	var rs []raw
	for n := range rapid.IntRange(1, 9).Draw(t, "pages") {
		var b strings.Builder
		for range rapid.IntRange(0, 9).Draw(t, "pieces") {
			switch rapid.IntRange(0, 7).Draw(t, "piece") {
			case 0, 1:
				b.WriteString(rapid.SampledFrom(fixed).Draw(t, "fixed"))
			case 2:
				b.WriteString(line(rapid.SampledFrom(titles).Draw(t, "title")))
			case 3:
				b.WriteString(paragraphs(w.words(rapid.IntRange(1, 70).Draw(t, "new"))))
			case 4:
				b.WriteString(strings.Join(rapid.SampledFrom(texts).Draw(t, "glued"), " "))
			case 5:
				text := rapid.SampledFrom(texts).Draw(t, "half")
				b.WriteString(paragraphs(text[:len(text)/2]))
			default:
				b.WriteString(paragraphs(w.edit(rapid.SampledFrom(texts).Draw(t, "text"), .02)))
			}
		}
		title := ""
		if rapid.Bool().Draw(t, "titled") {
			title = strings.Join(rapid.SampledFrom(titles).Draw(t, "title"), " ")
		}
		source := rapid.SampledFrom([]string{"", "s1", "s2"}).Draw(t, "source")
		rs = append(rs, raw{fmt.Sprint(n), source, rapid.IntRange(-1, 2).Draw(t, "day"), title, b.String()})
	}
	return rs
}

// whole draws a corpus, checks that the result is one that can be, and that it is the same however
// the pages were read and the work was divided.
func whole(t *rapid.T) {
	rs := generated(t)
	c := newCorpus(rs...)
	res := find(c.pages, Options{})
	found{c, res}.check(t)
	slices.Reverse(rs)
	opt := options(t)
	again := find(newCorpus(rs...).pages, opt)
	if got, want := fmt.Sprintf("%+v", again), fmt.Sprintf("%+v", res); got != want {
		t.Fatalf("with %+v, read backwards: got %s, want %s", opt, got, want)
	}
}

func TestAnyCorpus(t *testing.T) { rapid.Check(t, whole) }

func FuzzAnyCorpus(f *testing.F) { f.Fuzz(rapid.MakeFuzz(whole)) }

func TestNoPages(t *testing.T) {
	if res := find(nil, Options{}); len(res.Pairs)+len(res.Passages)+len(res.Parts)+res.Hits != 0 {
		t.Errorf("%+v", res)
	}
	f := newCorpus(raw{"a", "", -1, "", ""}, raw{"b", "", -1, "", ""}).find()
	f.check(t)
}

// The cosine is that of its definition, whatever the table was used for before.
func TestCosineByDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) uint32 {
			return rapid.Uint32Range(0, 40).Draw(t, "word") << rapid.SampledFrom([]int{0, 12, 26}).Draw(t, "shift")
		}), 0, 700)
		topics := NewTopics([]uint32{3, 1, 7, 0, 60, 9, 2, 2, 1, 30}, 80)
		var m tally
		for range rapid.IntRange(1, 4).Draw(t, "pairs") {
			a, b := text.Draw(t, "a"), text.Draw(t, "b")
			weights := func(words []uint32) map[uint32]float64 {
				out := make(map[uint32]float64)
				for _, w := range words {
					out[w]++
				}
				for w, n := range out {
					df := topics.df[w%topicCells]
					if out[w] = (1 + math.Log(n)) * math.Log(81/(1+float64(df))); df > 8 {
						delete(out, w)
					}
				}
				return out
			}
			var dot, na, nb float64
			u, v := weights(a), weights(b)
			for w, x := range u {
				dot, na = dot+x*v[w], na+x*x
			}
			for _, y := range v {
				nb += y * y
			}
			want := 0.
			if dot > 0 {
				want = dot / math.Sqrt(na*nb)
			}
			if got := topics.cosine(a, b, &m); math.Abs(got-want) > 1e-12 {
				t.Fatalf("%v, want %v", got, want)
			}
		}
	})
}
