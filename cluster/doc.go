// Package cluster takes pages all the way: from what each of them shows alone to who is a copy of whom,
// what is not a page's own, and who tells the same story.
//
//  1. A [Maker] turns every page into its features ([Page]): parts by its layout, words, terms.
//     The texts are not kept.
//  2. [Run] puts the pages into canonical order, by date and ID, so that no result depends on the
//     order in which they were read.
//  3. Passages that pages share are found and judged; what is left of a page is its main text.
//  4. The main texts are signed; LSH bands and shared passages propose pairs, exact measures decide,
//     and verified links make copy groups.
//  5. The copy groups, each counted once, are clustered into stories by the terms of title and lead and by
//     their time.
//
// [Grow] does the same night by night, at the cost of what a night and its window touch: passages and
// copies are those of one run, stories by the rule that it gives.
package cluster
