package arabic

import (
	"bytes"
	"os"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sada/features/arabic/internal/gen"
)

func TestTablesAreGenerated(t *testing.T) {
	want, err := gen.Source()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("tables.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("tables.go is not what the generator writes: run go generate, and change Version if any text gets other tokens")
	}
}

// TestNFKC checks Set against the standard, character by character, where the rules leave it alone.
func TestNFKC(t *testing.T) {
	var x, y Text
	checked := 0
	for _, block := range [][2]rune{{0x0080, 0x06FF}, {0x0700, 0x2FFF}, {0xFB00, 0xFEFC}, {0xFF01, 0xFF5E}, {0x1EE00, 0x1EEBB}} {
		for r := block[0]; r <= block[1]; r++ {
			// Spaces inside a decomposition come with marks that print by themselves.
			form := norm.NFKC.String(string(r))
			if !unicode.IsLetter(r) || 0xFC5E <= r && r <= 0xFC63 || 0xFE70 <= r && r <= 0xFE7F || 0xFCF2 <= r && r <= 0xFCF4 {
				continue
			}
			checked++
			x.Set(string(r))
			y.Set(form)
			if !bytes.Equal(x.Norm, y.Norm) {
				t.Errorf("%U gives %q, its NFKC form %q", r, x.Norm, y.Norm)
			}
		}
	}
	if checked < 5000 {
		t.Errorf("only %d letters checked", checked)
	}
}

func TestDigits(t *testing.T) {
	var x Text
	for _, r16 := range unicode.Nd.R16 {
		for r := rune(r16.Lo); r <= rune(r16.Hi); r++ {
			testDigit(t, &x, r, r-rune(r16.Lo))
		}
	}
	for _, r32 := range unicode.Nd.R32 {
		for r := rune(r32.Lo); r <= rune(r32.Hi); r++ {
			testDigit(t, &x, r, r-rune(r32.Lo))
		}
	}
}

func testDigit(t *testing.T, x *Text, r, value rune) {
	t.Helper()
	if x.Set(string(r)); string(x.Norm) != string('0'+value%10) {
		t.Errorf("%U gives %q, want %d", r, x.Norm, value%10)
	}
}
