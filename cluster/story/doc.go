// Package story groups pages into stories: all that is told about one event within a few days. A page
// comes in as a node, its weighted terms and its time; pages that are copies of each other come in
// as one node.
//
//  1. [Graph] indexes the heaviest terms of every node and proposes pairs that share some of them
//     within the horizon. The posting lists are in the order of time, so only a window is read.
//  2. [Graph] weighs every proposed pair: the cosine of the full vectors, times a Gaussian of the
//     days between them. Weights under a floor are dropped; what is left are the [Link]s. The
//     neighbours of a node's neighbours are compared as well, and what the nearest neighbours of
//     both ends say goes into the weight of a link: one within a story gains, a bridge loses.
//  3. [AverageLink] merges the two groups with the highest mean weight of all their pairs, again and
//     again, down to a threshold (UPGMA: Sokal and Michener 1958). A pair without a link counts 0.
//  4. [Cluster] does all of this, and gives the same stories for the same nodes in any order.
//  5. [Describe] says how dense every story is and how well every node fits into its own, [Suggest]
//     which stories were nearly one.
//  6. [Labels] finds the terms that tell a story from the others.
//
// A [Web] is what steps 1 and 2 know of nodes, kept so that nodes can come and go ([Web.Grow]): only pairs with a
// new node are looked for, and the steps after it begin from its links.
//
// A node may be locked: it stands for a story of an earlier night. Two of them never merge, so a
// story keeps its ID once it has one.
//
// [Components] and [Propagation] take the place of step 3 for comparison. Components chains: over
// 5,000 Arabic pages it joined 2,825 into one story at cosine .20, where the largest story of
// average link had 48.
//
// Note: on two cores of an AMD EPYC, 20,000 pages of 120 terms take 0.45 s, of which average link is
// 0.09 s. Pairs grow with the pages in a window: of 20,329 Arabic pages at 1,700 a day, each is
// compared with 16 others.
package story
