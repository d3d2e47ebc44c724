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
//  7. Tell: the stories.
//  8. Write: rows are sorted by shards; the index of the shards comes last. [Commit] makes a folder of them.
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
// of every day, the pages of every source, a million word frequencies (4 MiB), and the anchors, lines and
// buckets of bands that are on more pages than fit a list, 10 bytes for each.
//
// These are on one worker each:
//
//   - The pages of a day, a time and an ID for each (60 bytes); those without a date count as one day.
//   - What one page shares with others: some 600 bytes for each of them. A page whose text is on 50,000
//     others needs 30 MB.
//   - The texts of one component of copies, 5 bytes a word, and the band keys of one bucket of more than
//     [sada/cluster.Options.Bucket] texts, 280 bytes for each.
//   - Pairs of fragments, some 200 bytes for each.
//   - Stories. Step 7 is not divided: what it needs of every page, and the terms of every copy group, come
//     to one key, about 1 KB a page, and become vectors and links there as in sada run. A worker of
//     16 GB has room for some five million pages. The passages and copies of more are found by the same
//     pipeline; their stories need this step divided by terms and days.
//
// # What is sent
//
// Of 20,329 newspaper pages, whose records have 3.8 KB, 37 KB a page crossed the network, counted by join at
// every step: records and words four times (17.5 KB), main texts five times (8 KB), collected anchors 1.7 KB,
// hits 1 KB, rows of results 3 KB (TestSharedSameAsRun). Bands and lines are counted in records before they
// are combined, 34 and 20 a page, of 16 bytes.
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
