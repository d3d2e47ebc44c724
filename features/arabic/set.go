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

const (
	plainBytes = 16      // of a text that [scanner.plain] looks at at once
	plainRun   = 4 << 10 // that it makes room for at once
)

// plainMasks tell of a chunk, by half the number of its bytes that are not ASCII, the bits of these bytes, and which
// of the marks of its entries, as plain packs them, are looked at and set in what it reads: letters there must be
// up to the end, and none that split a word but at its end, which a full chunk is not.
var plainMasks = func() (masks [plainBytes/2 + 1]struct {
	keep      [2]uint64
	look, set uint64
}) {
	for n := range masks {
		m := &masks[n]
		for i := range n {
			m.keep[i/4] |= 0xFFFF << (16 * (i % 4))
			place := 32*(i%2) + 2*(i/2)
			m.look |= uint64(letter) << place
			m.set |= uint64(letter) << place
			if i < n-1 || n == plainBytes/2 {
				m.look |= uint64(teh|maksura) << place
			}
		}
	}
	return masks
}()

// plain reads the words at i that consist of letters none of which splits them, and the separators between them.
// It returns where something else begins. No token may be open.
//
// It takes eight letters at once, whatever stands behind the end of a word: with a branch for each, a processor would
// foresee the end of few words.
func (s *scanner) plain(i int) int {
	// In lanes of two bytes, of which the first is the lower one.
	const lane = 0x0001000100010001
	const leads, leadBits, blockBits, second = 0xD8 * lane, 0xFC * lane, 0x03 * lane, 0xFF * lane
	const both = 1<<32 | 1 // two entries
	src := []byte(s.src)
	stop := min(len(src)-plainBytes, i+plainRun)
	if i >= stop {
		return i
	}
	// Every word takes a letter and a separator of src, and a byte more of norm than it has letters.
	s.norm = slices.Grow(s.norm, stop-i+2*plainBytes)
	s.tokens = slices.Grow(s.tokens, (stop-i)/3+2)
	norm, end := s.norm[:cap(s.norm)], len(s.norm)
	tokens, n := s.tokens[:cap(s.tokens)], len(s.tokens)
	before := -1 // where the token before begins in norm
	if n > 0 {
		before = int(tokens[n-1].At)
	}
	at, from := end, i // of the word, which may go on from chunk to chunk
	for i < stop {
		chunk := (*[plainBytes + 1]byte)(src[i : i+plainBytes+1])
		w0, w1 := binary.LittleEndian.Uint64(chunk[:]), binary.LittleEndian.Uint64(chunk[8:])
		size := bits.TrailingZeros64(^w0&topBits) >> 3 // of what is not ASCII
		size += bits.TrailingZeros64(^w1&topBits) >> 3 & -(size >> 3)
		if size&1 != 0 {
			break
		}
		masks := &plainMasks[size/2]
		if ((w0^leads)&masks.keep[0]|(w1^leads)&masks.keep[1])&leadBits != 0 {
			break
		}
		w0 = w0>>8&second | w0&blockBits<<8 // the places in block06
		w1 = w1>>8&second | w1&blockBits<<8
		const most = len(block06) - 1
		e0, e1, e2, e3 := block06[int(w0)&most], block06[int(w0>>16)&most], block06[int(w0>>32)&most], block06[int(w0>>48)&most]
		e4, e5, e6, e7 := block06[int(w1)&most], block06[int(w1>>16)&most], block06[int(w1>>32)&most], block06[int(w1>>48)&most]
		letters := (*[plainBytes]byte)(norm[end : end+plainBytes])
		binary.LittleEndian.PutUint16(letters[0:], uint16(e0))
		binary.LittleEndian.PutUint16(letters[2:], uint16(e1))
		binary.LittleEndian.PutUint16(letters[4:], uint16(e2))
		binary.LittleEndian.PutUint16(letters[6:], uint16(e3))
		binary.LittleEndian.PutUint16(letters[8:], uint16(e4))
		binary.LittleEndian.PutUint16(letters[10:], uint16(e5))
		binary.LittleEndian.PutUint16(letters[12:], uint16(e6))
		binary.LittleEndian.PutUint16(letters[14:], uint16(e7))
		d0, d1 := uint64(e0)|uint64(e1)<<32, uint64(e2)|uint64(e3)<<32
		d2, d3 := uint64(e4)|uint64(e5)<<32, uint64(e6)|uint64(e7)<<32
		const mark = uint64(letter|teh|maksura) * both
		marks := d0&mark | d1&mark<<2 | d2&mark<<4 | d3&mark<<6
		if marks&masks.look != masks.set {
			var ok bool
			if size, ok = separated(chunk[:size]); !ok || end+size == at {
				break
			}
			if masks = &plainMasks[size/2]; marks&masks.look != masks.set {
				break
			}
		}
		end += size
		i += size
		if size == plainBytes {
			continue
		}
		if before == at-3 && norm[at-3] == 0xD9 && norm[at-2] == 0x88 { // a waw, as in open
			n--
			from = int(tokens[n].From)
			copy(norm[at-1:], norm[at:end])
			at, end = before, end-1
		}
		norm[end] = ' '
		tokens[n] = Token{uint32(at), uint32(end), uint32(from), uint32(i)}
		n++
		before = at
		end++
		if src[i] == ' ' && src[i+1]&^3 == 0xD8 {
			i++
		} else if i = separators(src, i); i >= len(src) || src[i]&^3 != 0xD8 {
			at, from = end, i
			break
		}
		at, from = end, i
	}
	s.norm, s.tokens = norm[:at], tokens[:n] // without a word that is not whole
	return from
}

// separated returns how many bytes of a chunk of characters of U+0600..U+06FF are letters, and whether a separator
// follows them.
func separated(chunk []byte) (size int, ok bool) {
	for i := 0; i < len(chunk); i += 2 {
		if e := block06[int(chunk[i]&3)<<8|int(chunk[i+1])]; e&letter == 0 {
			return i, e&separator != 0
		}
	}
	return 0, false
}

// separators returns the end of the ASCII and the signs of U+0600..U+06FF at i of src that separate words.
func separators(src []byte, i int) int {
	for i+1 < len(src) {
		switch b := src[i]; {
		case b < utf8.RuneSelf && ascii[b] == 0:
			i++
		case b&^3 == 0xD8 && block06[int(b&3)<<8|int(src[i+1])]&separator != 0:
			i += 2
		default:
			return i
		}
	}
	return i
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
