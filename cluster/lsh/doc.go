// Package lsh proposes pairs of similar sets by locality-sensitive hashing of their MinHash
// signatures (Indyk and Motwani 1998; banding as in Leskovec, Rajaraman, Ullman: Mining of Massive
// Datasets, chapter 3). It decides nothing: whoever merges verifies the pairs on the sets themselves.
//
//  1. [Choose] picks bands and rows for a wanted similarity from the S-curve 1-(1-s^rows)^bands.
//  2. [Index.Add] hashes every band of a signature to a key.
//  3. [Index.Pairs] sorts the keys of each band on its own and returns every pair that shares a key,
//     once. In a bucket over the limit the first items are paired with all others, and these only
//     within parts that also agree in the following bands. [Stats] counts such buckets and the pairs
//     they did not propose.
package lsh
