package article

import (
	"strings"
	"testing"

	"sada/features/arabic"
)

func BenchmarkParse(b *testing.B) {
	p := &Page{Title: "توسيع الميناء القديم", Source: "صحيفة المرفأ", Text: "توسيع الميناء القديم\nتاريخ النشر: 22nd, September 2023 GMT\n" +
		strings.Repeat(harbour+"\n"+library+" (رويترز)\n", 4) +
		"المصدر: صحيفة المرفأ\nكلمات دلالية: ميناء مدينة\nإقرأ أيضاً:\n" + bakeryTitle + "\n" + strings.Repeat(bakery+"\n", 4)}
	var r Parser
	var t arabic.Text
	t.Set(p.Text)
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(len(p.Text)))
		b.ReportAllocs()
		for b.Loop() {
			r.Parse(p, &t)
		}
	})
	b.Run("set", func(b *testing.B) {
		b.SetBytes(int64(len(p.Text)))
		for b.Loop() {
			t.Set(p.Text)
		}
	})
	b.Run("both", func(b *testing.B) {
		b.SetBytes(int64(len(p.Text)))
		for b.Loop() {
			t.Set(p.Text)
			r.Parse(p, &t)
		}
	})
}

// A page of many short lines behind its closing line, and one of many brackets, take time in
// proportion to their length.
func BenchmarkParseLines(b *testing.B) {
	for name, line := range map[string]string{
		"titles":   "كلمة ثانية\n",
		"lists":    bakeryTitle + "\n" + libraryTitle + "\n© 2024\n",
		"brackets": "كلمة (رويترز)\n© 2024\n",
	} {
		b.Run(name, func(b *testing.B) {
			p := &Page{Text: harbour + "\nالمصدر: وكالات\n" + strings.Repeat(line, 1<<20/len(line))}
			var r Parser
			var t arabic.Text
			t.Set(p.Text)
			b.SetBytes(int64(len(p.Text)))
			for b.Loop() {
				r.Parse(p, &t)
			}
		})
	}
}
