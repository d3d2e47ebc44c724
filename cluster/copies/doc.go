// Package copies decides which pages are the same text.
//
//  1. [Same] finds pages whose main texts are equal word for word ([Exact]). Of the pages that are
//     too short to be compared otherwise ([MinShingles]), these are the only copies; they need equal
//     titles as well, and must not be of different days.
//  2. For the others, candidate pairs come from elsewhere: LSH bands and shared passages. A sketch
//     proposes and never decides.
//  3. [Verify] measures a candidate pair on the texts themselves: Jaccard similarity and both
//     containments of their sets of word 3-grams, what aligned passages cover, and whether the numbers
//     agree; and gives the link its kind.
//  4. [Groups] unites pages over links of the kinds exact and copy only. A member that resembles the
//     group only over a chain of others is split off, and so is one that contains its hub, is contained
//     in it, or fills the same template.
//  5. [Original] chooses the page that a group goes back to.
package copies
