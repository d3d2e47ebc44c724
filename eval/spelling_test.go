package eval_test

import (
	"testing"

	"sada/eval"
)

func TestSpelling(t *testing.T) {
	const plain = "أعلنت وزارة النقل في مدينة الزيتونة أن الجسر سيفتح على السير يوم 4 أيار، وقالت إن العمل انتهى."
	for _, c := range []struct{ name, text, want string }{
		{"plain", plain, "plain"},
		{"nothing", "", "plain"},
		{"bare alef", "اعلنت الوزارة ان الجسر سيفتح وقالت انه جاهز", "bare alef"},
		{"both, more with hamza", "قالت إن الجسر وقالت أن الطريق وقالت ان السد", "plain"},
		{"final yeh", "قالت الوزارة فى بيان إن الجسر الذى بني جاهز", "alef maksura for yeh"},
		{"dotted alef maksura", "سيفتح علي السير حتي نهاية العام", "yeh for alef maksura"},
		{"heh", "قالت وزاره النقل في مدينه الزيتونة", "heh for teh marbuta"},
		{"marks", "قَالَتِ الوِزَارَةُ", "vowel marks or tatweel"},
		{"Persian", "قال فی بیان", "Persian letters"},
		{"Arabic-Indic digits", "يوم ٤ أيار", "Arabic-Indic digits"},
		{"as many of both digits", "يوم ٤ أيار 7", "plain"},
		{"forms", "\ufee3\ufeae\ufea3\ufe92\ufe8e بكم", "presentation forms"},
		{"two", "اعلنت ان الجسر يفتح يوم ٤", "bare alef + Arabic-Indic digits"},
	} {
		if got := eval.Spelling(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
