package arabic

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

// damage reads the UTF-8 of s as Windows-1256.
func damage(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(charmap.Windows1256.DecodeByte(s[i]))
	}
	return b.String()
}

func TestRepair(t *testing.T) {
	const sound = "قال رئيس البلدية إن ٢٠ طالباً وصلوا؛ «أهلاً» – IBM 20%\n"
	long := strings.Repeat(sound, 5)
	for _, c := range []struct {
		name, src, want string
		ok              bool
	}{
		{"empty", "", "", false},
		{"sound Arabic", long, long, false},
		{"sound French", "L'été déjà passé", "L'été déjà passé", false},
		{"letters tah and zah without a second half", "ططط ظظظ طظ", "ططط ظظظ طظ", false},
		{"damaged, but not Arabic", damage("déjà été à l'école ا"), damage("déjà été à l'école ا"), false},
		{"damaged", damage(long), long, true},
		{"a word", "ط§ظ„ظ…ظˆظ‚ط¹", "الموقع", true},
		{"controls for undefined bytes", "\u0637\u00a7\u0638\u0081\u0638\u0090\u0638\u0085", "ا\u0641\u0650م", true},
		{"no-break space turned into a space", strings.ReplaceAll(damage(long), "\u00a0", " "), long, true},
		{"a space behind a sound zah is a space", "حفظ باب " + damage(long), "حفظ باب " + long, true},
		{"sound headline", "جسر المدينة\n" + damage(long), "جسر المدينة\n" + long, true},
		{"cut in a letter", damage(long) + "ط", long + "ط", true},
		{"half of it sound", strings.Repeat("قال رئيس البلدية", 20) + damage(strings.Repeat("قال رئيس البلدية", 40)), strings.Repeat("قال رئيس البلدية", 20) + damage(strings.Repeat("قال رئيس البلدية", 40)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			fixed, origin, ok := Repair(c.src)
			if fixed != c.want || ok != c.ok {
				t.Errorf("%v, %q, want %v, %q", ok, fixed, c.ok, c.want)
			}
			checkRepair(t, c.src, fixed, origin, ok)
		})
	}
}

func TestRepairOrigin(t *testing.T) {
	src := damage("قال IBM نعم")
	fixed, origin, ok := Repair(src)
	if !ok {
		t.Fatal("not repaired")
	}
	var x Text
	x.Set(fixed)
	for k, want := range []string{"قال", "IBM", "نعم"} {
		span := src[origin[x.Tokens[k].From]:origin[x.Tokens[k].To]]
		if span != damage(want) {
			t.Errorf("token %d comes from %q, want %q", k, span, damage(want))
		}
	}
}

// checkRepair fails if a result of Repair breaks a promise.
func checkRepair(t interface {
	Helper()
	Fatalf(string, ...any)
}, src, fixed string, origin []uint32, ok bool) {
	t.Helper()
	if !ok {
		if fixed != src || origin != nil {
			t.Fatalf("not repaired, but %q became %q", src, fixed)
		}
		return
	}
	if len(origin) != len(fixed)+1 || int(origin[len(fixed)]) != len(src) {
		t.Fatalf("%d origins for %d bytes, the last is %d of %d", len(origin), len(fixed), origin[len(origin)-1], len(src))
	}
	boundary := map[uint32]bool{uint32(len(src)): true}
	for i := range src {
		boundary[uint32(i)] = true
	}
	for i, o := range origin {
		if !boundary[o] || i > 0 && o < origin[i-1] {
			t.Fatalf("byte %d comes from %d, behind %d", i, o, origin[max(i-1, 0)])
		}
	}
	if utf8.ValidString(src) && !utf8.ValidString(fixed) {
		t.Fatalf("%q became %q", src, fixed)
	}
}

func TestRepairUndoesDamage(t *testing.T) {
	letters := []rune("ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئةى،؛؟٠١٢ \n.")
	rapid.Check(t, func(t *rapid.T) {
		sound := "ا" + rapid.StringOf(rapid.SampledFrom(letters)).Draw(t, "text")
		fixed, origin, ok := Repair(damage(sound))
		if !ok || fixed != sound {
			t.Fatalf("%v, %q, want %q", ok, fixed, sound)
		}
		checkRepair(t, damage(sound), fixed, origin, ok)
	})
}

func FuzzRepair(f *testing.F) {
	f.Add(page)
	f.Add(damage(page))
	f.Add("ط§ظ \xd8ط")
	f.Fuzz(func(t *testing.T, src string) {
		fixed, origin, ok := Repair(src)
		checkRepair(t, src, fixed, origin, ok)
	})
}

// TestSound holds the quick look to the exact one.
func TestSound(t *testing.T) {
	for at := 0xC000; at < 1<<16; at++ { // a byte that begins a character, and any other
		pair := string([]byte{byte(at >> 8), byte(at)})
		if src := strings.Repeat(pair, sampleLetters); sound(src, len(src)) {
			r, size := utf8.DecodeRuneInString(pair)
			if size != 2 || !unicode.IsLetter(r) || pair == "ط" || pair == "ظ" || led(src) {
				t.Errorf("% x is taken for a letter", pair)
			}
		} else if r, _ := utf8.DecodeRuneInString(pair); strings.ContainsRune("ابتثجحخدذرزسشصضفقكلمنهويىةءأإآؤئ", r) {
			t.Errorf("%s is not taken for a letter", pair)
		}
	}
	letters := []string{"ا", "ب", "ل", "ي", "م", "ط", "ظ", "ط", "ع", " ", "a", ".", "\u064b", "ـ", "é", "\xd8", "\x81", "\xe2"}
	rapid.Check(t, func(t *rapid.T) {
		// Runs, so that the shares differ from place to place.
		var b strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "runs") {
			some := rapid.SliceOfN(rapid.SampledFrom(letters), 1, 12).Draw(t, "letters")
			b.WriteString(strings.Repeat(strings.Join(some, ""), rapid.IntRange(1, 150).Draw(t, "times")))
		}
		if src := b.String(); (sound(src, mostLeads(src)) || mostLeads(src) == 0) && led(src) {
			t.Fatalf("%q", src)
		}
	})
}

func BenchmarkRepair(b *testing.B) {
	for _, c := range []struct{ name, src string }{{"sound", strings.Repeat(page, 8)}, {"damaged", damage(strings.Repeat(page, 8))}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.src)))
			b.ReportAllocs()
			for b.Loop() {
				Repair(c.src)
			}
		})
	}
}
