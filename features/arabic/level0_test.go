package arabic

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLevel0(t *testing.T) {
	for _, c := range []struct{ rule, src, want string }{
		{"empty", "", ""},
		{"letters, marks and punctuation stay", "إنّ «الجـسر» فى ٣٫٥، ½", "إنّ «الجـسر» فى ٣٫٥، ½"},
		{"capitals stay", "CAFÉ", "CAFÉ"},
		{"presentation forms stay", "\ufefb\ufdfa", "\ufefb\ufdfa"},
		{"white space", "\t باب\u00a0\r\n بيت\u2028\u3000دار\u202f", "باب بيت دار"},
		{"controls", "باب\x1aبيت\u0085دار\x7fعن", "باب بيت دار عن"},
		{"invisible characters", "\ufeffال\u200cبيت\u200f با\u00adب \u2067في\u2069\u061c\ufe0f", "البيت باب في"},
		{"invisible characters, the ends of their ranges", "ا\u034f\u180e\u200b\u202a\u202e\u2060\u206f\ufe00\U000e0100\U000e01efب", "اب"},
		{"invisible characters between spaces", "باب \u200f بيت", "باب بيت"},
		{"visible signs of category Cf stay", "آية\u06dd\u0600", "آية\u06dd\u0600"},
		{"invalid UTF-8", "با\xffب\xd8", "با\ufffdب\ufffd"},
	} {
		if got := string(Level0(nil, c.src)); got != c.want {
			t.Errorf("%s: %q, want %q", c.rule, got, c.want)
		}
	}
	if got := string(Level0([]byte("key: "), " باب")); got != "key: باب" {
		t.Errorf("appended to a key: %q", got)
	}
}

func TestLevel0Promises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("ابة \n\u200f\u00a0\u06dd،")), rapid.Rune())).Draw(t, "text")
		key := Level0(nil, src)
		if !utf8.Valid(key) {
			t.Fatalf("%q is not UTF-8", key)
		}
		if again := Level0(nil, string(key)); string(again) != string(key) {
			t.Fatalf("%q becomes %q", key, again)
		}
		// Equal at level 0 is equal at level 1.
		var x, y Text
		x.Set(src)
		y.Set(string(key))
		if string(x.Norm) != string(y.Norm) {
			t.Fatalf("level 1 of the text is %q, of its key %q", x.Norm, y.Norm)
		}
	})
}

func BenchmarkLevel0(b *testing.B) {
	var dst []byte
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		dst = Level0(dst[:0], page)
	}
}
