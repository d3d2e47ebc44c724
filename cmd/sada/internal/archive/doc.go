// Package archive keeps the state of a nightly job on disk: every page, its groups and their IDs,
// from night to night, so that a night is whole or did not happen.
//
//  1. [Open] names the folder; [Archive.Lock] keeps other processes from changing it.
//  2. [Archive.Load] reads the current generation. Every file is held to its checksum before a byte of
//     it is interpreted. [Known] maps the runs, which are memory until [Archive.Close].
//  3. [Archive.Commit] writes the next generation beside it: a segment with the pages that were added,
//     changed or deleted, and the terms; of the sets of groups, IDs and aliases, and of the arrays of what
//     the clustering knows and what was published, the rows that are others than before; of postings new runs; and a
//     manifest with the checksum of each file. All of it is put on disk; then one rename makes it current.
//  4. [Archive.Prune] removes old generations, and the files that no other one needs.
//  5. [Archive.Check] verifies everything and changes nothing; [Archive.Repair] moves what is damaged
//     aside and goes back to the newest generation that is whole.
//  6. [Archive.Stage] keeps the first step of a night that is not done, in parts that [Write] puts on disk, so
//     that a night that was stopped does not begin it again. No generation needs it.
//
// Whatever stops a process, at whatever point, the current generation is the one before or the one
// after. The files are described in format.md, which a test holds to the types here.
package archive
