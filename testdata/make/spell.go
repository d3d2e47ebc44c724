package main

import (
	"strings"
	"unicode/utf8"
)

var indicDigits = strings.NewReplacer("0", "٠", "1", "١", "2", "٢", "3", "٣", "4", "٤",
	"5", "٥", "6", "٦", "7", "٧", "8", "٨", "9", "٩")

// habits are ways to write the same text.
var habits = map[string]func(string) string{
	"alef":      strings.NewReplacer("أ", "ا", "إ", "ا", "آ", "ا").Replace,
	"teh":       lastLetter("ة", "ه"),
	"yeh":       lastLetter("ى", "ي"),
	"final-ya":  lastLetter("ي", "ى"),
	"tatweel":   eachWord(stretch),
	"harakat":   eachWord(vocalise),
	"digits":    indicDigits.Replace,
	"persian":   strings.NewReplacer("ي", "ی", "ك", "ک", "ه", "ہ").Replace,
	"forms":     eachWord(shape),
	"waw":       eachWord(standAlone),
	"invisible": unseen,
}

// eachWord makes a function that rewrites the words of a line, which single spaces part. It gets
// the number of the word so that a habit can leave some words alone.
func eachWord(rewrite func(n int, word string) string) func(string) string {
	return func(line string) string {
		words := strings.Split(line, " ")
		for i, w := range words {
			words[i] = rewrite(i, w)
		}
		return strings.Join(words, " ")
	}
}

// lastLetter replaces a letter at the end of words, before punctuation too.
func lastLetter(from, to string) func(string) string {
	return eachWord(func(_ int, w string) string {
		core := strings.TrimRight(w, ".,،؛:!؟»\")")
		if stem, ok := strings.CutSuffix(core, from); ok && stem != "" {
			return stem + to + w[len(core):]
		}
		return w
	})
}

// stretch puts a tatweel into every fifth word, behind its first letter that joins to the left.
func stretch(n int, w string) string {
	if n%5 != 0 || utf8.RuneCountInString(w) < 4 {
		return w
	}
	runes := []rune(w)
	for i, r := range runes[:len(runes)-1] {
		_, next := letters[runes[i+1]]
		if f, ok := letters[r]; ok && f.joinsLeft && next && r != 'ل' {
			return string(runes[:i+1]) + "ــ" + string(runes[i+1:])
		}
	}
	return w
}

// vowelled has common words with the marks that careful editors write.
var vowelled = map[string]string{
	"أن": "أنّ", "إن": "إنّ", "قال": "قالَ", "من": "مِن", "أعلن": "أعلنَ", "أكد": "أكّدَ", "وأكد": "وأكّدَ", "بعد": "بعدَ",
	"قبل": "قبلَ", "التي": "الّتي", "الذي": "الّذي", "عدد": "عددُ", "مدينة": "مدينةِ", "تم": "تمَّ", "كل": "كلِّ", "ثم": "ثمَّ",
	"إلى": "إلى", "أيضا": "أيضًا", "وزير": "وزيرُ", "يوم": "يومَ", "نحو": "نحوَ", "خلال": "خلالَ", "وأن": "وأنّ", "أول": "أوّل",
	"على": "علَى", "مع": "معَ", "لم": "لمْ", "هذا": "هٰذا", "حتى": "حتّى", "عن": "عنِ", "رئيس": "رئيسُ", "بين": "بينَ",
}

func vocalise(_ int, w string) string {
	if v, ok := vowelled[w]; ok {
		return v
	}
	return w
}

// standAlone parts "and" from a word that begins with the article or is a reporting verb.
func standAlone(_ int, w string) string {
	rest, ok := strings.CutPrefix(w, "و")
	if !ok {
		return w
	}
	switch {
	case strings.HasPrefix(rest, "ال") && utf8.RuneCountInString(rest) > 4,
		strings.HasPrefix(rest, "أ") && utf8.RuneCountInString(rest) > 3,
		rest == "قال", rest == "قالت", rest == "كان", rest == "كانت":
		return "و " + rest
	}
	return w
}

// unseen writes characters that no reader sees: no-break spaces, marks of direction, soft hyphens
// inside long words and a space at the end of the line.
func unseen(line string) string {
	var out strings.Builder
	for i, w := range strings.Split(line, " ") {
		switch {
		case i == 0:
		case i%9 == 0:
			out.WriteRune('\u00a0')
		default:
			out.WriteByte(' ')
		}
		runes := []rune(w)
		switch {
		case i%7 == 3:
			out.WriteString("\u200f" + w + "\u200e")
		case i%11 == 5 && len(runes) > 6:
			out.WriteString(string(runes[:4]) + "\u00ad" + string(runes[4:]))
		default:
			out.WriteString(w)
		}
	}
	out.WriteByte(' ')
	return out.String()
}

// form says how a letter is written in Arabic Presentation Forms-B: the code point of the isolated
// form, with final, initial and medial behind it in this order as far as the letter has them.
type form struct {
	isolated  rune
	joinsLeft bool
}

// letters is the table of the Unicode Standard, Arabic Presentation Forms-B.
var letters = map[rune]form{
	'آ': {0xFE81, false}, 'أ': {0xFE83, false}, 'ؤ': {0xFE85, false}, 'إ': {0xFE87, false}, 'ئ': {0xFE89, true},
	'ا': {0xFE8D, false}, 'ب': {0xFE8F, true}, 'ة': {0xFE93, false}, 'ت': {0xFE95, true}, 'ث': {0xFE99, true},
	'ج': {0xFE9D, true}, 'ح': {0xFEA1, true}, 'خ': {0xFEA5, true}, 'د': {0xFEA9, false}, 'ذ': {0xFEAB, false},
	'ر': {0xFEAD, false}, 'ز': {0xFEAF, false}, 'س': {0xFEB1, true}, 'ش': {0xFEB5, true}, 'ص': {0xFEB9, true},
	'ض': {0xFEBD, true}, 'ط': {0xFEC1, true}, 'ظ': {0xFEC5, true}, 'ع': {0xFEC9, true}, 'غ': {0xFECD, true},
	'ف': {0xFED1, true}, 'ق': {0xFED5, true}, 'ك': {0xFED9, true}, 'ل': {0xFEDD, true}, 'م': {0xFEE1, true},
	'ن': {0xFEE5, true}, 'ه': {0xFEE9, true}, 'و': {0xFEED, false}, 'ى': {0xFEEF, false}, 'ي': {0xFEF1, true},
}

// ligatures of lam with each alef: isolated form, the final one is the next code point.
var ligatures = map[rune]rune{'آ': 0xFEF5, 'أ': 0xFEF7, 'إ': 0xFEF9, 'ا': 0xFEFB}

// shape writes every third word in presentation forms, and lam-alef as a ligature in every word, as
// text that was taken from a page layout program looks.
func shape(n int, w string) string {
	runes := []rune(w)
	var out strings.Builder
	joined := false // the letter before reaches over to this one
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		f, isLetter := letters[r]
		if !isLetter {
			out.WriteRune(r)
			joined = false
			continue
		}
		before := rune(0)
		if joined {
			before = 1
		}
		if r == 'ل' && i+1 < len(runes) && ligatures[runes[i+1]] != 0 {
			out.WriteRune(ligatures[runes[i+1]] + before)
			i++
			joined = false
			continue
		}
		after := false
		if i+1 < len(runes) {
			_, after = letters[runes[i+1]]
		}
		after = after && f.joinsLeft
		switch {
		case n%3 != 0:
			out.WriteRune(r)
		case after:
			out.WriteRune(f.isolated + 2 + before)
		default:
			out.WriteRune(f.isolated + before)
		}
		joined = f.joinsLeft
	}
	return out.String()
}
