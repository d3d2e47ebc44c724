package copies_test

import (
	"fmt"

	"sada/cluster/copies"
	"sada/features/arabic"
	"sada/features/shingle"
)

func Example() {
	texts := []string{
		"أعلنت إدارة المتحف البحري أن القاعة الجديدة ستفتح أبوابها للزوار صباح الخميس بعد ترميم استمر عامين كاملين",
		"أعلنت إدارة المتحف البحري أن القاعة الجديدة ستفتح أبوابها للزوار صباح الخميس بعد ترميم استمر عامين كاملين",
		"أعلنت إدارة المتحف البحري أن القاعة الجديدة ستفتح أبوابها للزوار مساء الخميس بعد ترميم استمر عامين كاملين",
		"فاز فريق المدينة على ضيفه بثلاثة أهداف دون رد في مباراة أقيمت تحت المطر أمام جمهور غفير",
	}
	pages := make([]copies.Page, len(texts))
	for i, text := range texts {
		var t arabic.Text
		t.Set(text)
		pages[i] = copies.Page{Words: shingle.Words(nil, &t), Time: int64(3600 * i), Dated: true}
	}

	// Equal texts are found here; other pairs are proposed by a sketch or by shared passages.
	candidates := append(copies.Same(pages, 2),
		copies.Candidate{A: 0, B: 2, Via: copies.ViaLSH},
		copies.Candidate{A: 0, B: 3, Via: copies.ViaLSH})
	links := copies.Verify(pages, candidates, 1)
	for _, l := range links {
		fmt.Printf("%d and %d: %s, Jaccard %.2f\n", l.A, l.B, l.Kind, l.Jaccard)
	}

	groups, _ := copies.Groups(pages, links)
	fmt.Println("groups:", groups)
	fmt.Println("original:", copies.Original(pages, []int{0, 1, 2}))
	// Output:
	// 0 and 1: exact, Jaccard 1.00
	// 0 and 2: copy, Jaccard 0.67
	// groups: [0 0 0 3]
	// original: 0
}
