// Package inverted keeps an index that grows night by night: which documents have a hash, and where.
//
//  1. [Index.Add] sorts the postings of new documents and keeps them as a run of its own, so that a night
//     writes what is new and not the index.
//  2. Runs of like size are merged, as in a log-structured merge tree (O'Neil, Cheng, Gawlick, O'Neil:
//     The Log-Structured Merge-Tree, 1996): a posting is moved a logarithmic number of times, and there
//     are never more runs than that.
//  3. [Index.Each] walks through all runs side by side and calls back with the postings of the hashes
//     that were asked for.
//
// A document is never taken out: whoever asks knows which documents still count. [Index.Renumber] leaves
// out what no longer does.
package inverted
