package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
)

// change applies the changes of a page to its article. It does not touch the paragraphs it was
// given: other pages use them too.
func change(s spec, a article, p *page) (article, error) {
	a.paragraphs = slices.Clone(a.paragraphs)
	for _, step := range s.changes {
		name, literal, _ := strings.Cut(step, ": ")
		f := strings.Fields(name)
		if f[0] == "edit" {
			p.changed = append(p.changed, name)
		} else {
			p.changed = append(p.changed, f[0])
		}
		numbers, err := integers(f[1:])
		if err != nil {
			return a, fmt.Errorf("change %q: %w", step, err)
		}
		switch f[0] {
		case "title":
			a.title = literal
		case "first":
			if len(numbers) != 1 || numbers[0] >= len(a.paragraphs) {
				return a, fmt.Errorf("change %q: a brief leaves paragraphs out", step)
			}
			a.paragraphs = a.paragraphs[:numbers[0]]
			p.copies += ":first-" + f[1]
		case "edit":
			if len(numbers) != 1 {
				return a, fmt.Errorf("change %q: want one number", step)
			}
			a.paragraphs = edit(a.paragraphs, numbers[0], seeded(s.id))
		case "drop":
			if a.paragraphs, err = dropSentences(a.paragraphs, numbers); err != nil {
				return a, fmt.Errorf("change %q: %w", step, err)
			}
		case "add":
			a.paragraphs = append(a.paragraphs, literal)
		case "no-dateline":
			a.paragraphs[0] = withoutDateline(a.paragraphs[0])
		case "spell":
			for _, habit := range strings.Fields(literal) {
				fold, ok := habits[habit]
				if !ok {
					return a, fmt.Errorf("change %q: unknown habit %q", step, habit)
				}
				for i := range a.paragraphs {
					a.paragraphs[i] = fold(a.paragraphs[i])
				}
				p.changed = append(p.changed, "spell "+habit)
			}
		case "mojibake":
			for i, line := range a.paragraphs {
				if a.paragraphs[i], err = charmap.Windows1256.NewDecoder().String(line); err != nil {
					return a, err
				}
			}
		default:
			return a, fmt.Errorf("unknown change %q", step)
		}
	}
	return a, nil
}

func integers(words []string) ([]int, error) {
	var numbers []int
	for _, w := range words {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a positive number", w)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// tailEdits is how many percent of the words an edited tail has changed.
const tailEdits = 5

// seeded gives every page its own random numbers, so that a new page changes no other.
func seeded(id string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(id))
	return rand.New(rand.NewPCG(h.Sum64(), 0))
}

// withoutDateline cuts "place (agency) - " off.
func withoutDateline(line string) string {
	if head, rest, ok := strings.Cut(line, ") - "); ok && len(strings.Fields(head)) <= 6 {
		return rest
	}
	return line
}

// sentenceEnd is what a sentence ends with inside a paragraph.
const sentenceEnd = ". "

// dropSentences leaves out the sentences with the given numbers, which count from 1 through the
// whole article. A paragraph with no sentence left goes too.
func dropSentences(paragraphs []string, numbers []int) ([]string, error) {
	var kept []string
	n := 0
	for _, line := range paragraphs {
		var sentences []string
		for s := range strings.SplitAfterSeq(line, sentenceEnd) {
			if n++; !slices.Contains(numbers, n) {
				sentences = append(sentences, s)
			}
		}
		if len(sentences) > 0 {
			kept = append(kept, strings.TrimSpace(strings.Join(sentences, "")))
		}
	}
	if slices.Max(numbers) > n {
		return nil, fmt.Errorf("the article has only %d sentences", n)
	}
	return kept, nil
}

// edit changes percent of the words, each at its own place: three in four become a synonym, the
// others are left out, first of all a definite word behind a definite word, which is an adjective
// most of the time. Where there are too few synonyms more words go. Words with a digit stay, since
// a changed figure is another piece of news.
func edit(paragraphs []string, percent int, r *rand.Rand) []string {
	type place struct{ line, word int }
	var lines [][]string
	var known, adjectives, other []place
	words := 0
	for i, line := range paragraphs {
		f := strings.Split(line, " ")
		lines = append(lines, f)
		words += len(f)
		for j, w := range f {
			_, hasSynonym := synonyms[w]
			switch {
			case hasSynonym:
				known = append(known, place{i, j})
			case strings.IndexFunc(w, func(c rune) bool { return !unicode.IsLetter(c) }) >= 0:
			case j > 0 && strings.HasPrefix(w, "ال") && strings.HasPrefix(f[j-1], "ال"):
				adjectives = append(adjectives, place{i, j})
			default:
				other = append(other, place{i, j})
			}
		}
	}
	for _, places := range [][]place{known, adjectives, other} {
		r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	}
	left := (words*percent + 50) / 100
	replaced := min(len(known), left-left/4)
	for _, k := range known[:replaced] {
		lines[k.line][k.word] = synonyms[lines[k.line][k.word]]
	}
	removable := append(adjectives, other...)
	for _, k := range removable[:min(len(removable), left-replaced)] {
		lines[k.line][k.word] = ""
	}
	var out []string
	for _, f := range lines {
		out = append(out, strings.Join(slices.DeleteFunc(f, func(w string) bool { return w == "" }), " "))
	}
	return out
}

// synonyms replaces words of the articles by words that an editor might prefer.
var synonyms = map[string]string{
	"قال":     "ذكر",
	"وقال":    "وذكر",
	"قالت":    "ذكرت",
	"وقالت":   "وذكرت",
	"يقول":    "يذكر",
	"ويقول":   "ويذكر",
	"تقول":    "تذكر",
	"وتقول":   "وتذكر",
	"أعلن":    "كشف",
	"وأعلن":   "وكشف",
	"أعلنت":   "كشفت",
	"وأعلنت":  "وكشفت",
	"أكد":     "أوضح",
	"وأكد":    "وأوضح",
	"وأكدت":   "وأوضحت",
	"وأضاف":   "وتابع",
	"وأضافت":  "وتابعت",
	"أضاف":    "تابع",
	"وأوضح":   "وبين",
	"ويرى":    "ويعتقد",
	"ويعد":    "ويعتبر",
	"وتوقع":   "ورجح",
	"ودعا":    "وحث",
	"ودعت":    "وحثت",
	"وطالب":   "ونادى",
	"بعد":     "عقب",
	"إثر":     "عقب",
	"بسبب":    "جراء",
	"جراء":    "بسبب",
	"خلال":    "أثناء",
	"نحو":     "قرابة",
	"بنحو":    "بقرابة",
	"منذ":     "مذ",
	"حين":     "عندما",
	"وحين":    "وعندما",
	"حتى":     "لغاية",
	"فيما":    "بينما",
	"أكثر":    "أزيد",
	"عند":     "لدى",
	"قرب":     "بجوار",
	"وسط":     "ضمن",
	"وفق":     "بحسب",
	"بحسب":    "وفق",
	"معظم":    "أغلب",
	"معظمها":  "أغلبها",
	"معظمهم":  "أغلبهم",
	"جميع":    "كافة",
	"سوى":     "إلا",
	"فقط":     "فحسب",
	"كذلك":    "أيضا",
	"أيضا":    "كذلك",
	"إذ":      "حيث",
	"ثم":      "وبعدها",
	"مقابل":   "لقاء",
	"اعتبارا": "ابتداء",
	"الآن":    "حاليا",
	"المقبل":  "القادم",
	"المقبلة": "القادمة",
	"الماضي":  "الفائت",
	"الماضية": "الفائتة",
	"نهاية":   "ختام",
	"بداية":   "مطلع",
	"مطلع":    "بداية",
	"جديد":    "حديث",
	"جديدة":   "حديثة",
	"الجديد":  "الحديث",
	"الجديدة": "الحديثة",
	"صباح":    "صبيحة",
	"ليلا":    "مساء",
	"سنتين":   "عامين",
	"عامين":   "سنتين",
	"شخصا":    "فردا",
	"أشخاص":   "أفراد",
	"السكان":  "الأهالي",
	"سكان":    "أهالي",
	"أهالي":   "سكان",
	"تتجاوز":  "تتخطى",
	"تجاوزت":  "تخطت",
	"وبلغ":    "وناهز",
	"عدد":     "مجموع",
	"كله":     "بأكمله",
	"كلها":    "بأكملها",
	"اندلع":   "شب",
	"ضخم":     "هائل",
	"دوي":     "صوت",
	"حسبما":   "كما",
	"سيستمر":  "سيتواصل",
	"ستستمر":  "ستتواصل",
	"تستمر":   "تتواصل",
	"استمر":   "تواصل",
	"مؤكدا":   "مشددا",
	"موضحا":   "مبينا",
	"معلنا":   "كاشفا",
	"مشيرا":   "لافتا",
	"مشيرة":   "لافتة",
	"وأمر":    "وأوعز",
	"وأمرت":   "وأوعزت",
	"بدأ":     "انطلق",
	"بدأت":    "انطلقت",
	"وتخطط":   "وتعتزم",
	"وتعتزم":  "وتخطط",
	"إضافية":  "أخرى",
	"زاد":     "ارتفع",
	"ارتفعت":  "زادت",
	"هبط":     "تراجع",
	"كاملة":   "تامة",
	"صعبة":    "شاقة",
	"بدءا":    "اعتبارا",
}
