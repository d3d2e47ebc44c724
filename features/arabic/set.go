package arabic

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// entry is what level 1 does with one character: the bits below, and the one or two bytes it becomes
// in the low half, first byte lowest.
type entry uint32

const (
	letter        entry = 1 << (16 + iota) // Arabic letter
	mark                                   // deleted, and no end of a word
	digit                                  // the low byte is its ASCII form
	separator                              // ends a word
	point                                  // a separator that may stand inside a number
	hamzaAbove                             // makes a hamza of a seat before it
	seat                                   // waw or yeh: carries a hamza above
	teh                                    // teh marbuta, which only ends words
	maksura                                // alef maksura, which only ends words, except before a hamza
	splitsTeh                              // begins a new word after a teh marbuta
	splitsMaksura                          // begins a new word after an alef maksura

	// The classes below do not occur in block06.
	wide    // Arabic letter of another block, kept as it is
	form    // presentation form: see the forms tables
	latin   // ASCII letter: the low byte is its lower case
	foreign // letter of another script, or non-ASCII Latin
	accent  // combining mark of another script

	splits = splitsTeh | splitsMaksura
)

// script is what an open token consists of. Words do not cross from one to the other.
type script uint8

const (
	none   script = iota
	arab          // Arabic letters
	others        // letters of other scripts, and digits
)

// scanner is the state of one pass over a text.
type scanner struct {
	src    string
	norm   []byte
	tokens []Token

	script   script // of the open token; none: no token is open
	foreign  bool   // the open token holds characters that have to be composed and lower-cased
	at, from int    // where the open token begins in norm and in src
	last     entry  // the last letter of an open token in Arabic, 0 if it is of another block
}

// Set makes t the level-1 form of src, which must be shorter than 4 GiB. Norm and Tokens keep their
// memory from call to call: once they have grown to the size of the texts, Set allocates only to
// compose characters of other scripts that are not in NFKC.
// Any bytes are a text: what is not UTF-8 separates words.
//
// Token.From and Token.To lie on character boundaries of src, tokens are in order and do not overlap.
// A span holds deleted characters inside and right behind the word, such as vowel marks. A ligature
// of several words gives its span to the first of them, the others begin where the ligature ends.
func (t *Text) Set(src string) {
	s := scanner{src: src, norm: t.Norm[:0], tokens: t.Tokens[:0]}
	for i := 0; i < len(src); {
		switch b := src[i]; {
		case b < utf8.RuneSelf:
			i = s.ascii(i)
		case b&^3 == 0xD8: // D8..DB lead the block U+0600..U+06FF
			i = s.arabic(i)
		default:
			i = s.rare(i)
		}
	}
	s.close(len(src))
	t.Norm = s.norm[:max(len(s.norm)-1, 0)] // without the space behind the last token
	t.Tokens = s.tokens
}

// open begins a token at i of src. A stand-alone waw becomes the first letter of a token in Arabic
// behind it.
func (s *scanner) open(script script, i int) {
	s.close(i)
	s.script, s.at, s.from = script, len(s.norm), i
	if n := len(s.norm); script == arab && n >= 3 && s.norm[n-3] == 0xD9 && s.norm[n-2] == 0x88 {
		if waw := s.tokens[len(s.tokens)-1]; int(waw.At) == n-3 {
			s.tokens = s.tokens[:len(s.tokens)-1]
			s.norm = s.norm[:n-1]
			s.at, s.from = int(waw.At), int(waw.From)
		}
	}
}

// close ends the open token, if there is one, at i of src.
func (s *scanner) close(i int) {
	if s.script == none {
		return
	}
	if s.foreign {
		s.compose()
	}
	if len(s.norm) > s.at {
		s.tokens = append(s.tokens, Token{uint32(s.at), uint32(len(s.norm)), uint32(s.from), uint32(i)})
		s.norm = append(s.norm, ' ')
	}
	s.script = none
}

// ascii reads the run of ASCII at i and returns its end.
func (s *scanner) ascii(i int) int {
	for i < len(s.src) && s.src[i] < utf8.RuneSelf {
		switch c := ascii[s.src[i]]; {
		case c == 0:
			s.close(i)
		case s.script == others:
			s.norm = append(s.norm, c)
		case c <= '9':
			return s.number(i)
		default:
			s.open(others, i)
			s.norm = append(s.norm, c)
		}
		i++
	}
	return i
}

// arabic reads the run of letters and marks at i, of which Arabic text is made, and whole words before it, and
// returns its end.
func (s *scanner) arabic(i int) int {
	if s.script == none {
		if i = s.plain(i); i == len(s.src) || s.src[i]&^3 != 0xD8 {
			return i
		}
	}
	src, norm, last, open := s.src, s.norm, s.last, s.script == arab // in registers
	for i+1 < len(src) && src[i]&^3 == 0xD8 {
		e := block06[int(src[i]&3)<<8|int(src[i+1])]
		switch {
		case e&letter != 0:
			if !open || splitBehind(last, e) {
				s.norm = norm
				s.open(arab, i)
				norm, open = s.norm, true
			}
			norm = append(norm, byte(e), byte(e>>8))
			last = e
		case e&(mark|hamzaAbove) == mark:
		default:
			s.norm, s.last = norm, last
			return s.rare(i)
		}
		i += 2
	}
	s.norm, s.last = norm, last
	if i+1 == len(src) && src[i]&^3 == 0xD8 {
		return s.rare(i)
	}
	return i
}

// plainBytes is how much of a text [scanner.plain] looks at for a word, with the ASCII behind it.
const plainBytes = 16

// plain reads the words at i that are followed by ASCII, as long as they have at most seven letters, nothing
// but letters, and none that splits them; single spaces may be between them. It returns where something else
// begins. No token may be open.
//
// It takes all letters of a word at once, those behind its end as if they were alefs: with a branch for
// each, a processor would foresee the end of few words.
func (s *scanner) plain(i int) int {
	// In lanes of two bytes, of which the first is the lower one.
	const lane = 0x0001000100010001
	const alefs, leads, leadBits, blockBits, second = 0xA7D8 * lane, 0xD8 * lane, 0xFC * lane, 0x03 * lane, 0xFF * lane
	src, norm, tokens := []byte(s.src), s.norm, s.tokens
	before := -1 // where the token before begins in norm
	if len(tokens) > 0 {
		before = int(tokens[len(tokens)-1].At)
	}
	for i+plainBytes < len(src) && src[i]&^3 == 0xD8 {
		w0, w1 := binary.LittleEndian.Uint64(src[i:]), binary.LittleEndian.Uint64(src[i+8:])
		n := bits.TrailingZeros64(^w0&topBits) &^ 7 // of the word, in bits; 64 if there is no ASCII
		n += bits.TrailingZeros64(^w1&topBits) &^ 7 & -(n >> 6)
		if n == 8*plainBytes || n&8 != 0 {
			break
		}
		keep := uint64(1)<<n - 1
		w0 = w0&keep | alefs&^keep
		keep = uint64(1)<<max(n-64, 0) - 1
		w1 = w1&keep | alefs&^keep
		if ((w0^leads)|(w1^leads))&leadBits != 0 {
			break
		}
		w0 = w0>>8&second | w0&blockBits<<8 // the places in block06
		w1 = w1>>8&second | w1&blockBits<<8
		const most = len(block06) - 1
		e0, e1, e2, e3 := block06[int(w0)&most], block06[int(w0>>16)&most], block06[int(w0>>32)&most], block06[int(w0>>48)&most]
		e4, e5, e6 := block06[int(w1)&most], block06[int(w1>>16)&most], block06[int(w1>>32)&most]
		if e0&e1&e2&e3&e4&e5&e6&letter == 0 {
			break
		}
		n /= 8
		if (e0|e1|e2|e3|e4|e5|e6)&(teh|maksura) != 0 && splittable(src[i:i+n]) {
			break
		}
		if cap(norm)-len(norm) <= plainBytes {
			norm = slices.Grow(norm, plainBytes+1)
		}
		at, from := len(norm), i
		if before == at-3 && norm[at-3] == 0xD9 && norm[at-2] == 0x88 { // a waw, as in open
			from = int(tokens[len(tokens)-1].From)
			tokens = tokens[:len(tokens)-1]
			norm = norm[:at-1]
			at = before
		}
		before = at
		end := len(norm) + n
		letters := norm[len(norm) : len(norm)+plainBytes]
		binary.LittleEndian.PutUint32(letters, uint32(e0)&0xFFFF|uint32(e1)<<16)
		binary.LittleEndian.PutUint32(letters[4:], uint32(e2)&0xFFFF|uint32(e3)<<16)
		binary.LittleEndian.PutUint32(letters[8:], uint32(e4)&0xFFFF|uint32(e5)<<16)
		binary.LittleEndian.PutUint32(letters[12:], uint32(e6)&0xFFFF)
		norm = norm[:end+1]
		norm[end] = ' '
		i += n
		tokens = append(tokens, Token{uint32(at), uint32(end), uint32(from), uint32(i)})
		if src[i] == ' ' && src[i+1]&^3 == 0xD8 { // i is before plainBytes more
			i++
		}
	}
	s.norm, s.tokens = norm, tokens
	return i
}

// splittable tells of a word of letters of U+0600..U+06FF whether a letter but the last may split it.
func splittable(word []byte) bool {
	for ; len(word) > 2; word = word[2:] {
		if block06[int(word[0]&3)<<8|int(word[1])]&(teh|maksura) != 0 {
			return true
		}
	}
	return false
}

// letter adds a letter of U+0600..U+06FF at i of src.
func (s *scanner) letter(e entry, i int) {
	if s.script != arab || splitBehind(s.last, e) {
		s.open(arab, i)
	}
	s.norm = append(s.norm, byte(e), byte(e>>8))
	s.last = e
}

// splitBehind tells whether a letter begins a new word behind another. The bits of what splits lie as far
// behind the bits of what is split as teh and splitsTeh do.
func splitBehind(last, e entry) bool { return last*(splitsTeh/teh)&e&splits != 0 }

// rare reads the one character at i, or the number that begins there, and returns its end.
func (s *scanner) rare(i int) int {
	e, r, size := lookup(s.src, i)
	switch {
	case e&letter != 0:
		s.letter(e, i)
	case e&hamzaAbove != 0:
		if s.script == arab && s.last&seat != 0 {
			s.last = block06[0xD8&3<<8|0xA1]
			s.norm = append(s.norm[:len(s.norm)-2], byte(s.last), byte(s.last>>8))
		}
	case e&mark != 0:
	case e&digit != 0:
		if s.script != others {
			return s.number(i)
		}
		s.norm = append(s.norm, byte(e))
	case e&separator != 0:
		s.close(i)
	case e&wide != 0:
		if s.script != arab || s.last&(teh|maksura) != 0 {
			s.open(arab, i)
		}
		s.norm = utf8.AppendRune(s.norm, r)
		s.last = 0
	case e&form != 0:
		s.form(r, i, i+size)
	case e&latin != 0:
		if s.script != others {
			s.open(others, i)
		}
		s.norm = append(s.norm, byte(e))
	case e&foreign != 0:
		if s.script != others {
			s.open(others, i)
		}
		s.foreign = true
		s.norm = utf8.AppendRune(s.norm, r)
	case e&accent != 0:
		// A mark of another script makes no word of its own, and no other word of an Arabic one.
		if s.script == others {
			s.foreign = true
			s.norm = utf8.AppendRune(s.norm, r)
		}
	}
	return i + size
}

// form adds what the presentation form r in the bytes [i, end) of src stands for.
func (s *scanner) form(r rune, i, end int) {
	var f string
	switch {
	case r <= 0xFDFF:
		f = formsA[r-0xFB50]
	case r <= 0xFEFF:
		f = formsB[r-0xFE70]
	default:
		f = formsMath[r-0x1EE00]
	}
	for k := 0; k < len(f); {
		if f[k] == ' ' {
			if len(f) > 1 {
				i = end
			}
			s.close(i)
			k++
			continue
		}
		s.letter(block06[int(f[k]&3)<<8|int(f[k+1])], i)
		k += 2
	}
}

// number reads the number at i, where a digit stands and no token of other scripts is open, and
// returns its end. It leaves a token open: letters of other scripts may follow.
//
// A number is digits and single points. If every group of digits behind the first has three, the
// points group thousands and go. A single other point is decimal, and so is the last of several that
// differs from those before it, which must group thousands. Otherwise every group is a token. The
// letter reh between digits is a point as well: 134 of 20,329 pages, of the agencies most, write
// decimals as "9ر10".
func (s *scanner) number(i int) int {
	const reh = '\u0631'
	s.open(others, i)
	first := len(s.tokens)
	var grouping, last rune // the first and the last point
	alike := true           // all points but the last are the same
	for {
		e, r, size := lookup(s.src, i)
		switch {
		case e&digit != 0:
			s.norm = append(s.norm, byte(e))
			i += size
			continue
		case e&mark != 0:
			i += size
			continue
		case e&point != 0, r == reh:
			if next, ok := digitAt(s.src, i+size); ok {
				if len(s.tokens) == first {
					grouping = r
				} else if last != grouping {
					alike = false
				}
				last = r
				s.open(others, i) // closes the group at the point
				s.from = next
				i = next
				continue
			}
		}
		break
	}

	groups := s.tokens[first:]
	if len(groups) == 0 {
		return i
	}
	thousands := true // every group but the first and the last has three digits
	for _, g := range groups[1:] {
		thousands = thousands && g.End-g.At == 3
	}
	decimal := false
	switch {
	case thousands && len(s.norm)-s.at == 3:
	case len(groups) == 1, thousands && alike && last != grouping:
		decimal = true
	default:
		return i
	}
	start := int(groups[0].At)
	if decimal {
		s.norm[s.at-1] = '.'
	}
	kept := s.norm[:start]
	for _, c := range s.norm[start:] {
		if c != ' ' {
			kept = append(kept, c)
		}
	}
	s.norm = kept
	s.at, s.from = start, int(groups[0].From)
	s.tokens = s.tokens[:first]
	return i
}

// digitAt returns where the digit stands that follows at i of src, if only deleted characters are
// between.
func digitAt(src string, i int) (int, bool) {
	for {
		e, _, size := lookup(src, i)
		if e&mark == 0 {
			return i, e&digit != 0
		}
		i += size
	}
}

// compose brings the open token, which is not Arabic, into NFKC and lower case. It works behind the
// token in the same memory.
func (s *scanner) compose() {
	s.foreign = false
	// A space before each new form keeps it from combining with the one before.
	s.norm = append(s.norm, ' ')
	composed := len(s.norm)
	s.norm = appendNFKC(s.norm, s.norm[s.at:composed-1])
	s.norm = append(s.norm, ' ')
	lower := len(s.norm)
	for i := composed; i < lower-1; {
		r, size := utf8.DecodeRune(s.norm[i : lower-1])
		i += size
		e := classify(r)
		// Some letters decompose into a space or punctuation and a mark.
		if e&(latin|foreign|digit) != 0 || r == '.' || e&accent != 0 && len(s.norm) > lower {
			s.norm = utf8.AppendRune(s.norm, unicode.ToLower(r))
		}
	}
	s.norm = append(s.norm, ' ')
	again := len(s.norm)
	s.norm = appendNFKC(s.norm, s.norm[lower:again-1])
	s.norm = append(s.norm[:s.at], s.norm[again:]...)
}

// appendNFKC appends the NFKC form of text to dst.
func appendNFKC(dst, text []byte) []byte {
	if norm.NFKC.QuickSpan(text) == len(text) { // the common case; Append allocates
		return append(dst, text...)
	}
	return norm.NFKC.Append(dst, text...)
}

// lookup returns what level 1 does with the character at i of src, the character and its length.
// At the end of src it is a separator of length 0.
func lookup(src string, i int) (entry, rune, int) {
	if i >= len(src) {
		return separator, utf8.RuneError, 0
	}
	r, size := utf8.DecodeRuneInString(src[i:])
	return classify(r), r, size
}

// classify returns what level 1 does with r.
func classify(r rune) entry {
	if 0xFF01 <= r && r <= 0xFF5E { // fullwidth ASCII
		r -= 0xFF00 - 0x20
	}
	switch {
	case r < utf8.RuneSelf:
		switch c := ascii[r]; {
		case r == '.' || r == ',':
			return separator | point
		case c == 0:
			return separator
		case c <= '9':
			return digit | entry(c)
		default:
			return latin | entry(c)
		}
	case 0x0600 <= r && r <= 0x06FF:
		return block06[int(r>>6&3)<<8|int(r&0x3F|0x80)]
	case 0xFB50 <= r && r <= 0xFDFF, 0xFE70 <= r && r <= 0xFEFF, 0x1EE00 <= r && r <= 0x1EEFF:
		return form
	case invisible(r):
		return mark
	case 0x2000 <= r && r <= 0x206F: // the other general punctuation and spaces
		return separator
	case unicode.IsLetter(r) || unicode.Is(unicode.Nl, r):
		if 0x0750 <= r && r <= 0x077F || 0x08A0 <= r && r <= 0x08FF {
			return wide
		}
		return foreign
	case unicode.Is(unicode.M, r):
		if 0x0890 <= r && r <= 0x08FF || unicode.Is(unicode.Me, r) {
			return mark
		}
		return accent
	case unicode.Is(unicode.Nd, r):
		k := sort.Search(len(zeros), func(k int) bool { return zeros[k] > r }) - 1
		return digit | entry('0'+r-zeros[k])
	}
	return separator
}
