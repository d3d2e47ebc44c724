package report

import (
	"strings"
	"testing"
)

func spaced(lang, n int, of string) string { return strings.ReplaceAll(count(lang, n, of), nbsp, " ") }

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n      int
		of     string
		en, ar string
	}{
		{0, "page", "0 pages", "0 صفحة"},
		{1, "page", "1 page", "صفحة واحدة"},
		{2, "outlet", "2 outlets", "منفذان"},
		{3, "outlet", "3 outlets", "3 منافذ"},
		{10, "copy", "10 copies", "10 نسخ"},
		{11, "outlet", "11 outlets", "11 منفذا"},
		{99, "outlet", "99 outlets", "99 منفذا"},
		{100, "outlet", "100 outlets", "100 منفذ"},
		{102, "page", "102 pages", "102 صفحة"},
		{1003, "outlet", "1,003 outlets", "1,003 منافذ"},
		{200000, "page", "200,000 pages", "200,000 صفحة"},
	} {
		if got := spaced(english, c.n, c.of); got != c.en {
			t.Errorf("%d is %q, want %q", c.n, got, c.en)
		}
		if got := spaced(arabicUI, c.n, c.of); got != c.ar {
			t.Errorf("%d is %q, want %q", c.n, got, c.ar)
		}
	}
}
