// Package passage finds the text that pages share and says whose it is.
//
//  1. Every page gives its anchors: winnowed runs of [AnchorWords] words, of which every run of ten
//     equal words has one.
//  2. The anchors are joined over all pages. Each is linked with the homes of its hash only: the
//     pages that had it first, and those in which it stands nearest to the start. A text that is
//     appended to thousands of pages is so linked with its own page, and the work stays linear.
//  3. The hits of two pages are chained and aligned word by word, over edits, as far as the texts go
//     together: a [Pair].
//  4. A passage that ends one page and begins another, or ends several, is the candidate of a tail.
//     Its hosts are counted, those of one wording or one subject once.
//  5. The rule of evidence. A candidate is cut if the page announces it; or if it begins a line, not
//     like the next item of a joined report, and either three unrelated pages carry it, on another
//     subject or on three days, or it is most of another page, with the title, and that page is of
//     another source or day and on another subject. Otherwise it is linked and stays. A page
//     without a date is of another day.
//  6. What the page's own layout proposes and no other page confirms is kept as proposed; lines that
//     are titles of other pages, and lines that a source repeats, are taken from the main text.
//  7. Passages between main texts that no cut explains are named by what they hold of each page:
//     copy, contains, contained, quote, partial.
//
// The parts of every page cover its text in order, so each cut can be undone.
//
// [Find] does this for all pages at once, [Grow] for those that a night changes; the numbers are the same.
//
// # Another way to the same end
//
// Shingles sampled by value, each linked with its oldest holders, and of two pages the passage along
// their commonest diagonal: the other design that had worked in a prototype, and the simpler one, as
// it needs no walk along the words. Of 773 articles appended to other pages, anchors reach all with
// the first word exact; one in four word 3-grams reaches 98.7 %, 28 % of them with the exact word and
// 96 % within ten, from three and a half times as many hits; one in eight reaches 87 %. Groups of
// edited copies have a pair recall of .9991 against .9904 and .934, at equal precision. The figures
// are in testdata/designs.txt of package cluster, from its TestSharedDesigns.
//
// # Memory
//
// A posting, one anchor of one page, takes 16 bytes. 1,000,000 pages of 350 words have 114 million,
// 1.8 GB; [Options].Parts of ceil(postings*16/limit) keeps them within a limit. The join of a million
// made pages with 110 million anchors, in two parts of a GiB, peaked at 3.5 GB (TestMillion). A hit
// takes 16 bytes, twice that while hits are sorted. There are at most 8 for a posting; 20,329
// newspaper pages with 1,500 made of them had 48 a page, which makes 1.5 GB of a million pages.
// [Options].Keep can hold them, and the anchors of later parts, outside the heap. Pairs take some 190 bytes for each passage with their
// two views, 1.5 a page there; lines and endings are counted in 8 bytes each, 30 a page. What is left
// is input and result: 6 bytes for a word, some 500 for a [Passage].
package passage
