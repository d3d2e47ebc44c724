package report

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func joined(ps []piece) string {
	var b strings.Builder
	for _, p := range ps {
		if p.CR {
			b.WriteString("\r")
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

func chips(ps []piece) string {
	var out []string
	for _, p := range ps {
		if p.Chip != "" {
			out = append(out, p.Chip)
		}
	}
	return strings.Join(out, " ")
}

func TestSteering(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"ordinary Arabic", "مي\u200cخواهم \u200fنص\u200e \u061c ـ", ""},
		{"an override, though it is closed", "a\u202eb\u202cc", "U+202E"},
		{"an embedding that is closed", "a\u202bb\u202cc", ""},
		{"one that is not", "a\u202bb", "U+202B"},
		{"one that the line's end leaves open", "a\u202bb\n\u202cc", "U+202B U+202C"},
		{"isolates, one in another", "\u2067a\u2066b\u2069\u2069", ""},
		{"an isolate that is not closed", "\u2067a", "U+2067"},
		{"an end without a beginning", "a\u2069", "U+2069"},
		{"an embedding that an isolate's end cuts off", "\u2067\u202ba\u2069\u202c", "U+202B U+202C"},
		{"control characters", "a\x00\x1b[31m\tb\u0085\n", "U+0000 U+001B U+0085"},
		{"tag characters", "a\U000e0041", "U+E0041"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := whole(c.text)
			if chips(got) != c.want || joined(got) != c.text {
				t.Errorf("%q shows %q, want %q; its pieces are %q", c.text, chips(got), c.want, joined(got))
			}
		})
	}
}

func TestPiecesAreTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab \n\r\u202e\u2067\u2069نص<&é\U000e0041"))).Draw(t, "text")
		var marks []mark
		for at := 0; at < len(text); {
			from := at + rapid.IntRange(0, 4).Draw(t, "gap")
			to := from + rapid.IntRange(1, 4).Draw(t, "length")
			if to > len(text) {
				break
			}
			for from < to && text[from]&0xc0 == 0x80 {
				from++
			}
			if to = clip(text, to); to > from {
				marks = append(marks, mark{from: from, to: to, class: "only"})
			}
			at = max(to, at+1)
		}
		split := clip(text, rapid.IntRange(0, len(text)).Draw(t, "split"))
		odd := steering(text)
		got := pieces(nil, text, 0, split, marks, odd)
		got = pieces(got, text, split, len(text), marks, odd)
		if joined(got) != text {
			t.Fatalf("the pieces of %q with %v, split at %d, are %q", text, marks, split, joined(got))
		}
		marked := ""
		for _, p := range got {
			if p.Mark != "" {
				marked += p.Text
			}
		}
		want := ""
		for _, m := range marks {
			for i, r := range text[m.from:m.to] {
				if r != '\r' && !odd[m.from+i] {
					want += string(r)
				}
			}
		}
		if marked != want {
			t.Fatalf("marked is %q, want %q", marked, want)
		}
	})
}

func TestExcerptIsShort(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"  عنوان\nقصير ", 20, "عنوان قصير"},
		{"one two three", 7, "one two…"},
		{strings.Repeat("\u202e", 10), 2 * chipWidth, "\u202e\u202e…"},
	} {
		if got := joined(excerpt(c.text, c.n)); got != c.want {
			t.Errorf("excerpt of %q is %q, want %q", c.text, got, c.want)
		}
	}
	if got := name("a\u202eb\x00c"+strings.Repeat("x", 9), 26); got != "abc"+strings.Repeat("x", 7)+"…" {
		t.Errorf("name is %q", got)
	}
}
