package arabic

import (
	"fmt"
	"unicode/utf8"
)

// Stemmer names a way to reduce a level-1 token to a level-2 term.
type Stemmer uint8

const (
	// None keeps the token but for the letters of dialects and loan words.
	None Stemmer = iota

	// LightSafe takes off one prefix of وال بال كال فال لل ال and one suffix of ات ون ين ها يه ه, each
	// only if three letters stay. It never takes off a lone و or ان, which begin and end too many
	// names and words of their own (وزارة, لبنان).
	LightSafe

	// Light10 is the stemmer of Larkey, Ballesteros and Connell, "Light Stemming for Arabic
	// Information Retrieval" (2007), as Apache Lucene has it.
	Light10
)

var stemmers = [...]string{None: "none", LightSafe: "light-safe", Light10: "light10"}

// ParseStemmer returns the stemmer that String gives name for.
func ParseStemmer(name string) (Stemmer, error) {
	for s, n := range stemmers {
		if n == name {
			return Stemmer(s), nil
		}
	}
	return None, fmt.Errorf("unknown stemmer %q: it is one of none, light-safe, light10", name)
}

// String returns the name of s.
func (s Stemmer) String() string {
	if int(s) < len(stemmers) {
		return stemmers[s]
	}
	return fmt.Sprintf("Stemmer(%d)", uint8(s))
}

// Term appends the level-2 term of one level-1 token to dst and returns it. It appends nothing if
// the token makes no term: a number, a single letter or digit, a stop word. token is not changed.
func (s Stemmer) Term(dst, token []byte) []byte {
	if number(token) || utf8.RuneCount(token) < 2 || stopWords[string(token)] {
		return dst
	}
	return s.stem(dst, token)
}

// stem appends token with the letters of dialects folded and the affixes of s taken off.
func (s Stemmer) stem(dst, token []byte) []byte {
	start := len(dst)
	dst = append(dst, token...)
	word := dst[start:]
	foldDialects(word)
	switch s {
	case LightSafe:
		for _, prefix := range safePrefixes {
			if cutPrefix(&word, prefix, 3) {
				break
			}
		}
		for _, suffix := range safeSuffixes {
			if cutSuffix(&word, suffix, 3) {
				break
			}
		}
	case Light10:
		for _, prefix := range light10Prefixes {
			keep := 2
			if prefix == "و" {
				keep = 3
			}
			if cutPrefix(&word, prefix, keep) {
				break
			}
		}
		for _, suffix := range light10Suffixes { // each of them, not only the first
			cutSuffix(&word, suffix, 2)
		}
	}
	return append(dst[:start], word...)
}

// The affixes in the order in which they are tried. Suffixes in ة are missing: level 1 writes ه.
var (
	safePrefixes    = [...]string{"وال", "بال", "كال", "فال", "لل", "ال"}
	safeSuffixes    = [...]string{"ات", "ون", "ين", "ها", "يه", "ه"}
	light10Prefixes = [...]string{"ال", "وال", "بال", "كال", "فال", "لل", "و"}
	light10Suffixes = [...]string{"ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي"}
)

// cutPrefix takes prefix off word, if word has it and keep letters stay.
func cutPrefix(word *[]byte, prefix string, keep int) bool {
	w := *word
	if len(w) < len(prefix) || string(w[:len(prefix)]) != prefix || utf8.RuneCount(w[len(prefix):]) < keep {
		return false
	}
	*word = w[len(prefix):]
	return true
}

// cutSuffix takes suffix off word, if word has it and keep letters stay.
func cutSuffix(word *[]byte, suffix string, keep int) bool {
	w := *word
	n := len(w) - len(suffix)
	if n < 0 || string(w[n:]) != suffix || utf8.RuneCount(w[:n]) < keep {
		return false
	}
	*word = w[:n]
	return true
}

// foldDialects replaces the letters for sounds that standard Arabic lacks by those it writes instead.
// All of them take two bytes.
func foldDialects(word []byte) {
	for i, b := range word {
		if b != 0xD9 && b != 0xDA { // the first bytes of those letters, and second byte of none
			continue
		}
		switch string(word[i : i+2]) {
		case "پ":
			copy(word[i:], "ب")
		case "چ":
			copy(word[i:], "ج")
		case "ژ":
			copy(word[i:], "ز")
		case "ڤ":
			copy(word[i:], "ف")
		case "ڨ":
			copy(word[i:], "ق")
		case "گ":
			copy(word[i:], "ك")
		}
	}
}

// number tells whether token has digits and points only.
func number(token []byte) bool {
	for _, b := range token {
		if b != '.' && (b < '0' || b > '9') {
			return false
		}
	}
	return true
}
