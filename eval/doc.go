// Package eval says how good a clustering of pages is, and how sure that is. It is
// pure: no files, no clock, no state. Equal input and seed give equal output.
//
// A judgement goes through these steps:
//
//  1. Read the gold and the run: [ReadClusters], [ReadPairs] or [ReadSpans] take
//     TSV, CSV or JSONL and name the line of an error; [NewClustering] refuses a
//     page in two clusters; [CheckPairs] lists self pairs and contradictions.
//  2. Align them by page: [Align], [AlignRuns] for two runs, [AlignSpans]. The run
//     clusters the whole corpus, only labelled pages are scored, and gold pages
//     that the run lacks are listed. [Alignment.Subset] gives slices.
//  3. Count the pages by gold and run cluster: a [Table], sparse, from which every
//     measure follows in time linear in the pages.
//  4. Score: [Alignment.Scores] computes them all. [BCubed] is the one to quote;
//     [Pairwise], [ExactClusters], [CEAFe], [BLANC], [VMeasure], [ARI], [AMI] and
//     [NMI] show other sides of it. Spans have [CharacterUnits], [Boundaries] and
//     [PlagDet]; pairs have [ScorePairs].
//  5. Put an interval on it: [BCubedUnits] and its like take a score apart into
//     independent [Units], which [Bootstrap.PRF] draws again and again.
//     [Bootstrap.Difference] compares two runs on the same draws.
//  6. Without gold clusters, [Sample] draws pairs by strata to be judged,
//     [Cohen], [Fleiss] and [Krippendorff] say how far the judges agree, and
//     [EstimatePairs] turns the labels into precision and recall over the pool.
//  7. Compare two runs without any gold: [Diff] lists merges, splits, moved pages
//     and the churn of ids.
//
// Conventions. Precision of a run that claims nothing is 1, and so is recall of a
// gold that wants nothing; a score over no page at all is NaN. A figure that rests
// on too little is an [Estimate] with a reason in place of numbers.
//
// A score on a small gold is optimistic for a large corpus: what can be confused
// grows with the square of the corpus. Cluster all of it, then score the part that
// has labels.
package eval
