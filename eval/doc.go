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
//     that the run lacks are listed.
//  3. Count the pages by gold and run cluster: a [Table], sparse, from which every
//     measure follows in time linear in the pages.
//  4. Score: [Alignment.Scores] computes them all. [BCubed] is the one to quote;
//     [Pairwise], [ExactClusters], [CEAFe], [BLANC], [VMeasure], [ARI], [AMI] and
//     [NMI] show other sides of it. Spans have [CharacterUnits], [Boundaries] and
//     [PlagDet]; pairs have [ScorePairs].
//  5. Put an interval on it: [BCubedUnits] and its like take a score apart into
//     independent [Units], which [Bootstrap.PRF] draws again and again.
//     [Bootstrap.Difference] compares two runs on the same draws.
//     [BCubedSlice] does it for the pages of a source, a day, a length or a [Spelling].
//  6. Without gold clusters, [Sample] draws pairs by strata to be judged, and
//     [WriteSample] writes them down; [ReadJudgements] reads what people said of
//     them, [Cohen], [Fleiss] and [Krippendorff] say how far they agree, and
//     [EstimatePairs] turns the labels into precision and recall over the pool.
//     [SampleClusters], [WriteDraws] and [EstimateClusters] do it with whole
//     clusters, and B-cubed.
//  7. Compare two runs without any gold: [Diff] lists merges, splits, moved pages
//     and the churn of ids.
//
// The files of step 6, in CSV (with a header) or JSONL, UTF-8. The first line of a
// sample is the kind of group that was sampled, "#kind: story" or {"kind":"story"};
// story and copy are the kinds, "story clusters" and "copy clusters" those of a sample
// of clusters. Columns may be in any order, and others are ignored.
//
//	sample    a, b      ids of two pages
//	          label     empty, to be filled in
//	          stratum   name of the part of the pool that the pair was drawn from
//	          weight    pairs of the pool that it stands for: pool / drawn of the stratum
//	          score     similarity that the run measured, 0 where it measured none
//	          together  true if the run has the pair in one cluster
//	          pages_a   of clusters alone: pages with the text that was drawn
//	          pages_b   of clusters alone: pages that b stands for
//	          source_a, date_a, title_a, source_b, date_b, title_b   for the reader
//	labels    a, b      in either order
//	          label     same_text, same_story, related, different, unsure; empty takes
//	                    back what the annotator said before
//	          annotator a name; a file without any is one person's
//	          at        when, RFC 3339; optional
//
// Rows of a sample are in the order in which they are best judged: the strata
// nearest to the threshold first, and at random within a stratum, so that who stops
// early has still judged a random part of it. In a sample of clusters a row is a text
// that is asked about with the text that was drawn, a, for which the weight counts
// texts; the rows of one draw follow one another, and b is empty where nothing is
// asked. A labels file is a log that is only appended to; of two rows by one annotator
// on one pair the later holds.
//
// Conventions. Precision of a run that claims nothing is 1, and so is recall of a
// gold that wants nothing; a score over no page at all is NaN. A figure that rests
// on too little is an [Estimate] with a reason in place of numbers.
//
// A score on a small gold is optimistic for a large corpus: what can be confused
// grows with the square of the corpus. Cluster all of it, then score the part that
// has labels.
package eval
