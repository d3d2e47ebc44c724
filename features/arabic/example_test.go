package arabic_test

import (
	"fmt"

	"sada/features/arabic"
)

func Example() {
	page := "أُغلِق الجســر القديم و الطريق يوم ١٤.٩.٢٠٢٥\u200f وكلّف 2,350,000 دينار"

	// 1. Is it byte for byte the same page?
	fmt.Printf("%s\n", arabic.Level0(nil, page))

	// 2. Is it the same text? The tokens know where they come from.
	var text arabic.Text
	text.Set(page)
	fmt.Printf("%s\n", text.Norm)
	waw := text.Tokens[3]
	fmt.Printf("%s: %q\n", text.Norm[waw.At:waw.End], page[waw.From:waw.To])

	// 3. Is it about the same thing?
	var term []byte
	for _, token := range text.Tokens {
		term = arabic.LightSafe.Term(term[:0], text.Norm[token.At:token.End])
		if len(term) > 0 {
			fmt.Printf("%s ", term)
		}
	}
	fmt.Println()
	// Output:
	// أُغلِق الجســر القديم و الطريق يوم ١٤.٩.٢٠٢٥ وكلّف 2,350,000 دينار
	// اغلق الجسر القديم والطريق يوم 14 9 2025 وكلف 2350000 دينار
	// والطريق: "و الطريق"
	// اغلق جسر قديم طريق يوم وكلف دينار
}

func ExampleRepair() {
	page := "ط§ظ„ظ…ظˆظ‚ط¹ ط§ظ„ط¬ط¯ظٹط¯"
	fixed, origin, ok := arabic.Repair(page)
	fmt.Println(ok, fixed)

	var text arabic.Text
	text.Set(fixed)
	second := text.Tokens[1]
	fmt.Println(page[origin[second.From]:origin[second.To]])
	// Output:
	// true الموقع الجديد
	// ط§ظ„ط¬ط¯ظٹط¯
}
