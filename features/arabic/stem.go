package arabic

import (
	"encoding/binary"
	"fmt"
	"math/bits"
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
	if number(token) || single(token) || stop(token) {
		return dst
	}
	return s.stem(dst, token)
}

// stem appends token with the letters of dialects folded and the affixes of s taken off.
func (s Stemmer) stem(dst, token []byte) []byte {
	start := len(dst)
	dst = append(dst, token...)
	word := dst[start:]
	letters, dialect := survey(word)
	if dialect {
		foldDialects(word)
	}
	switch s {
	case LightSafe:
		word, letters = safePrefixes.cut(word, letters)
		word, _ = safeSuffixes.cut(word, letters)
	case Light10:
		word, letters = light10Prefixes.cut(word, letters)
		word, _ = light10Suffixes.cut(word, letters)
	}
	return append(dst[:start], word...)
}

// affix is one to three Arabic letters that may be taken off a word.
type affix struct {
	text    uint64 // its bytes, the first lowest
	size    int    // in bytes
	letters int
	keep    int // letters that must stay
}

// affixes are at most eight affixes in the order in which they are tried.
type affixes struct {
	list []affix
	back bool // they are suffixes
	each bool // every one of them is taken off, not only the first

	// at has, for every letter of U+0600..U+067F, the bits of the affixes with that letter at the edge
	// of the word: most words are told by it to have none or one.
	at [128]uint8
}

func prefixes() *affixes          { return new(affixes) }
func suffixes(each bool) *affixes { return &affixes{back: true, each: each} }

// keeping adds affixes that must leave as many letters.
func (x *affixes) keeping(letters int, texts ...string) *affixes {
	for _, t := range texts {
		a := affix{size: len(t), letters: len(t) / 2, keep: letters}
		for i := range len(t) {
			a.text |= uint64(t[i]) << (8 * i)
		}
		place, _ := x.edge([]byte(t))
		x.at[place] |= 1 << len(x.list)
		x.list = append(x.list, a)
	}
	return x
}

// The affixes. Suffixes in ة are missing: level 1 writes ه.
var (
	safePrefixes    = prefixes().keeping(3, "وال", "بال", "كال", "فال", "لل", "ال")
	safeSuffixes    = suffixes(false).keeping(3, "ات", "ون", "ين", "ها", "يه", "ه")
	light10Prefixes = prefixes().keeping(2, "ال", "وال", "بال", "كال", "فال", "لل").keeping(3, "و")
	light10Suffixes = suffixes(true).keeping(2, "ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
)

// edge returns the place in at of the letter at the edge of a word, if it is of U+0600..U+067F.
func (x *affixes) edge(word []byte) (place byte, ok bool) {
	if len(word) < 2 {
		return 0, false
	}
	at := 0
	if x.back {
		at = len(word) - 2
	}
	lead, follow := word[at], word[at+1]
	return lead&1<<6 | follow&0x3F, lead|1 == 0xD9
}

// possible returns the bits of the affixes that a word may have.
func (x *affixes) possible(word []byte) uint8 {
	place, ok := x.edge(word)
	if !ok {
		return 0
	}
	return x.at[place]
}

// cut takes affixes off a word of so many letters, if enough letters stay, and returns what is left.
func (x *affixes) cut(word []byte, letters int) ([]byte, int) {
	for left := x.possible(word); left != 0; {
		n := bits.TrailingZeros8(left)
		left &= left - 1
		a := &x.list[n]
		if len(word) < a.size || letters-a.letters < a.keep {
			continue
		}
		from := 0
		if x.back {
			from = len(word) - a.size
		}
		if !a.is(word[from:]) {
			continue
		}
		if x.back {
			word = word[:from]
		} else {
			word = word[a.size:]
		}
		letters -= a.letters
		if !x.each {
			break
		}
		left = x.possible(word) >> (n + 1) << (n + 1)
	}
	return word, letters
}

// is reports whether text, of the affix's size and more, begins with the affix. A comparison of numbers takes
// a fraction of the time of one of strings, and a page asks ten thousand times.
func (a *affix) is(text []byte) bool {
	switch a.size {
	case 2:
		return binary.LittleEndian.Uint16(text) == uint16(a.text)
	case 4:
		return binary.LittleEndian.Uint32(text) == uint32(a.text)
	default:
		return binary.LittleEndian.Uint32(text) == uint32(a.text) && binary.LittleEndian.Uint16(text[4:]) == uint16(a.text>>32)
	}
}

// survey counts the characters of valid UTF-8, and tells whether there may be letters of dialects. It
// looks at eight bytes at a time.
func survey(word []byte) (letters int, dialect bool) {
	// Their first bytes, and the second byte of peh, which has the first byte of many others.
	const lead, peh = 0xDA * eachByte, 0xBE * eachByte
	var found uint64
	look := func(w uint64) {
		letters -= continuations(w)
		found |= (w ^ lead - eachByte) &^ (w ^ lead)
		found |= (w ^ peh - eachByte) &^ (w ^ peh)
	}
	letters = len(word)
	for ; len(word) >= 8; word = word[8:] {
		look(binary.LittleEndian.Uint64(word))
	}
	look(short(word))
	return letters, found&topBits != 0
}

// continuations returns how many of eight bytes of UTF-8 continue a character: those with 10 on top.
func continuations(w uint64) int { return bits.OnesCount64(w &^ (w << 1) & topBits) }

// Numbers of eight bytes. A byte x is zero where (x-1)&^x has its top bit set, or one before it is zero
// (Warren: Hacker's Delight, 6-1).
const (
	eachByte = 0x0101010101010101
	topBits  = 0x8080808080808080
)

// short returns up to seven bytes as a number, the first lowest.
func short(b []byte) uint64 {
	switch n := len(b); {
	case n >= 4: // two reads, which overlap
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*(n-4))
	case n >= 2:
		return uint64(binary.LittleEndian.Uint16(b)) | uint64(b[n-1])<<(8*(n-1))
	case n == 1:
		return uint64(b[0])
	}
	return 0
}

// single tells whether a token is one character of valid UTF-8.
func single(token []byte) bool {
	if len(token) > utf8.UTFMax {
		return false
	}
	_, size := utf8.DecodeRune(token)
	return size == len(token)
}

// foldDialects replaces the letters for sounds that standard Arabic lacks by those it writes instead.
// All of them take two bytes.
func foldDialects(word []byte) {
	for i, b := range word {
		// The first bytes of those letters, and second byte of none; after D9, peh alone.
		if b != 0xDA && (b != 0xD9 || word[i+1] != 0xBE) {
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
