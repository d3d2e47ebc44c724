package shingle_test

import (
	"fmt"

	"sada/features/arabic"
	"sada/features/shingle"
)

func Example() {
	pages := []string{
		"افتتح الوزير صباح اليوم ميناء المدينة الجديد بحضور عدد من المسؤولين",
		"افتتح الوزير صباح أمس ميناء المدينة الجديد بحضور عدد من المسؤولين",
	}
	const k, window = 3, 4
	signer := shingle.NewSigner(32, 4)
	var sets, signatures [][]uint64
	var anchors [][]shingle.Anchor
	var offsets []shingle.Offsets
	var text arabic.Text
	for _, page := range pages {
		text.Set(page)
		grams := shingle.Grams(nil, shingle.Words(nil, &text), k)
		anchors = append(anchors, shingle.Winnow(nil, grams, window)) // before Set sorts the shingles
		offsets = append(offsets, shingle.PackOffsets(nil, text.Tokens))

		set := shingle.Set(grams)
		signature, ok := signer.Sign(nil, set)
		if !ok {
			fmt.Println("a page too short for a shingle has nothing to compare")
			return
		}
		sets, signatures = append(sets, set), append(signatures, signature)
	}

	shared := shingle.Overlap(sets[0], sets[1])
	estimate, err := shingle.Estimate(signatures[0], signatures[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d of %d shingles are shared: Jaccard %.2f, estimated %.2f\n",
		shared, len(sets[0]), shingle.Jaccard(shared, len(sets[0]), len(sets[1])), estimate)

	// An anchor that both pages have leads back to the words in their texts.
	for _, a := range anchors[0] {
		for _, b := range anchors[1] {
			if a.Hash == b.Hash {
				spans := offsets[0].Unpack(nil)[a.Pos:][:k]
				fmt.Println(pages[0][spans[0].From:spans[k-1].To])
			}
		}
	}
	// Output:
	// 6 of 9 shingles are shared: Jaccard 0.50, estimated 0.54
	// المدينة الجديد بحضور
}
