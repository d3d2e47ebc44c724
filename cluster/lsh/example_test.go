package lsh_test

import (
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"

	"sada/cluster/lsh"
	"sada/features/shingle"
)

func Example() {
	pages := []string{
		"the minister opened the new harbour of the city this morning",
		"the national team won its last match of the season",
		"the minister opened the new harbour of the city yesterday",
	}
	params := lsh.Params{Bands: 32, Rows: 4}
	signer := shingle.NewSigner(params.Bands, params.Rows)
	index := lsh.NewIndex(params, 200)
	for i, page := range pages {
		var words []uint32
		for _, w := range strings.Fields(page) {
			words = append(words, uint32(xxh3.HashString(w)))
		}
		signature, ok := signer.Sign(nil, shingle.Set(shingle.Grams(nil, words, 3)))
		if !ok {
			continue // too short for a shingle
		}
		index.Add(uint32(i), signature)
	}
	pairs, stats := index.Pairs(1)
	for _, p := range pairs {
		fmt.Printf("pages %d and %d may be copies\n", p.A, p.B)
	}
	fmt.Println(stats.Split, "buckets over the limit")
	// Output:
	// pages 0 and 2 may be copies
	// 0 buckets over the limit
}

func ExampleChoose() {
	params, err := lsh.Choose(0.7, 0.999, 128)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d bands of %d rows\n", params.Bands, params.Rows)
	for _, s := range []float64{0.1, 0.3, 0.5, 0.7} {
		fmt.Printf("similarity %.1f: found with probability %.4f\n", s, params.Probability(s))
	}
	// Output:
	// 26 bands of 4 rows
	// similarity 0.1: found with probability 0.0026
	// similarity 0.3: found with probability 0.1906
	// similarity 0.5: found with probability 0.8133
	// similarity 0.7: found with probability 0.9992
}
