// Package shards keeps what pages are alone, before they are together: their features, the band keys and the
// anchors that they can be joined by, and the records that are no pages.
//
//  1. [Folder] names the shard of an input file by all that it depends on. A shard of that name that
//     [Load] finds is complete, and need not be made again.
//  2. [Create] begins a shard beside its place. [Writer.Block] writes so many pages as fit in memory, as
//     sorted tables of their own; [Writer.Commit] gives the shard its name in one step.
//  3. [Commit] lists the shards of a run, and takes away those of others.
//  4. [Open] reads the list. [Shard.Records] gives the records of a shard in the order in which they were
//     read, from tables that agree with their checksums.
//  5. [Keep] and [Kept] write and read shards of pages alone, as checkpoints of a night in its state.
//
// The tables and their fields are described in format.md, which a test holds to the types here, with the
// queries that join them in DuckDB and Spark.
package shards
