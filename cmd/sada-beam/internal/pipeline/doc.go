// Package pipeline is the way of pages through sada as an Apache Beam pipeline: for corpora that one machine
// does not hold. It calls the functions that [sada/cluster.Run] calls, each on what it needs of the corpus,
// and writes the tables that sada run writes, row by row the same.
//
//  1. Read: every file is read by one worker, and every record becomes features at once. Records that
//     are no pages, and pages that features cannot be made of, are rejects. Of records with one ID one is
//     kept. Pages are numbered in canonical order, day by day: the number of pages of every day is a table
//     that all workers have.
//  2. Share: anchors are collected by their hash, before they are sent, as long as few pages have them;
//     of those that many have only the homes are kept ([sada/cluster/passage.Homes] is associative), and
//     a second time over the pages deals their postings out. Hits come together by pairs of pages, and the
//     words of the first page are brought to the second.
//  3. Describe: word frequencies, lines that sources repeat and titles that other pages name are counted
//     and joined.
//  4. Judge: every page among those it shares text with ([sada/cluster/passage.Neighbourhood]). Texts that
//     may be appended are connected over their hosts, and their hosts counted, where there are any.
//  5. Link: equal words by their sum, bands by their keys, passages by pairs of pages; of a pair the
//     first counts. The text of the first page is brought to the second, and the pair verified. Fragments
//     are measured the same way, and settled on one key.
//  6. Group: connected components of the links, by bounded rounds and an exact last step, and in each the
//     copy groups.
//  7. Weigh: terms of copy groups are counted like anchors, those of few groups told them and those of many all
//     workers, and every group gets its vector. The threshold is measured on the pairs that one run would
//     draw, in parts.
//  8. Resemble: groups meet in windows of time, where their links are found as in one run; neighbours of
//     neighbours are compared in pairs, and the neighbours of both ends of a link have their say.
//  9. Partition: stories in the connected components of links over the threshold. Every group is told how it fits
//     into its story, and every story what it is called.
//  10. Write: rows are sorted by shards; the index of the shards comes last. [Commit] makes a folder of them.
//
// These are two [Jobs], up to the copies and from there on: the first keeps what the second needs in files beside the
// shards.
//
// # What is the same
//
// Copy groups, links, passages, parts, stories, their threshold and their IDs are those of one run, to the
// last digit. Pages have the numbers of canonical order everywhere, and a part of them is always looked at
// in that order, so whatever breaks a tie does so as in one run.
//
// # What is in one place
//
// No worker has the corpus, nor a side input of it. These are whole on every worker, as tables: the pages
// of every day, the copy groups of every hour and of every 16,384 pages, the pages of every source, the terms that
// are in more than 100 copy groups (2,600 of 65,000 of 20,329 pages, 10 bytes for each), a million word frequencies (4 MiB), and the anchors, lines and
// buckets of bands that are on more pages than fit a list, 10 bytes for each.
//
// These are on one worker each:
//
//   - The pages of a day, a time and an ID for each (60 bytes); those without a date count as one day.
//   - What one page shares with others: some 600 bytes for each of them. A page whose text is on 50,000
//     others needs 30 MB.
//   - The different texts of one component of copies, 4 bytes a word, and the band keys of one bucket of more than
//     [sada/cluster.Options.Bucket] texts, 260 bytes for each.
//   - Pairs of fragments, some 200 bytes for each.
//   - The vectors of one window, 1 KB for each copy group of some seven days, of which the links of
//     [Options.PerWindow] are found on one worker: 700 MB where there are 100,000 groups a day. Groups
//     without a date are in every window, and in one of their own.
//   - The links of one component over the threshold, some 60 bytes for each. Of 16,380 groups of 20,329 pages
//     the largest component had 1,089, with 33,512 links. One of more than 100,000 groups is counted
//     (large_components) and told like any other.
//   - A story and its pages, 150 bytes for each; the links of one group.
//   - A part of the pairs that the threshold is measured on, 16,384 groups with their vectors; and 200,000 cosines.
//
// # What is sent
//
// Of 5,000 newspaper pages, whose records have 3.8 KB, 40 KB a page crossed the network, counted by join at
// every step: records two times (8.5 KB), their words 3.3 KB, main texts 3 KB, vectors some ten times
// (11 KB), terms and their counts 5 KB, collected anchors 1.3 KB, rows of results 3 KB
// (TestSharedSameAsRun). Words and main texts go only to the pages that they are compared with: with 20,329 pages, which share
// more, that is more. Bands, lines and terms are counted in records before they are combined, 34, 20 and 98 a
// page, of 16 bytes.
//
// # What fails
//
// A bundle that is done twice sends the same values: a page is its number, and a shard its rows, which
// appear at once under their name. What a pipeline that did not end has left is not published, since its
// index is missing, and is removed by the next.
//
// Workers open the input, and write beside the output, as files: both must be on a file system that all of
// them share.
package pipeline
