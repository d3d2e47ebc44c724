// Package publish writes and reads run folders: the result files of one run and their manifest.
//
//  1. [Create] makes a folder beside the wanted one, so that what cannot be written is known early.
//  2. [JSONL] and [Parquet] write the rows of one table.
//  3. [Folder.Commit] writes the manifest, puts all files on disk and changes the folders' names in one
//     step: a reader sees the old run or the new one, never half of either.
//  4. [Read] gives the rows of a table back.
//
// The tables and their fields are described in schema.md, which a test holds to the types here.
package publish
