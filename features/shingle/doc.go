// Package shingle turns the tokens of a page into the numbers that pages are compared by.
//
//  1. [Words] hashes every level-1 token to 32 bits, one of which says whether it is a number
//     ([IsNumber]). A page is from here on a slice of such hashes: its text is not needed again to
//     compare it.
//  2. [Grams] hashes every run of k words to 64 bits: the shingles. [Set] makes a set of them and
//     [Overlap] counts what two sets share, from which [Jaccard] and containment follow.
//  3. [FastSigner] makes a signature of a set, for candidate generation only, and [Signer], the reference
//     that it is held to, does it by MinHash; [Estimate] compares
//     two of them.
//  4. [Winnow] picks the anchors of a page: few of its shingles, chosen so that every long enough
//     text that two pages share has an anchor in common.
//  5. [Offsets] keeps where each word stood in the original text.
//
// Two different words, both numbers or both not, share a hash with probability 2^-31. A shingle of
// three words is taken for another only where all three agree or collide. In two pages of five
// hundred words fewer than five hundred shingles of the one differ in a single word from one at the
// same place in the other, so the counts are exact up to one wrong shingle in about four million
// such pairs of pages (2^31/500).
package shingle
