// Package corpus reads the pages of a run from files, folders, globs and the standard input, and
// gives every record its place: file, line, byte. A bad record is a value with a reason, never an
// error, and never silent.
//
//  1. [Open] expands the inputs: folders with all their files, globs, "-". It reads no contents. What
//     the user got wrong is an [Error] with a hint.
//  2. Each file is told apart by its first bytes, not by its name: gzip and Zstandard are unpacked,
//     PAR1 is Parquet, a brace is JSONL (one page a line), all else is the text of one page.
//  3. Unpacking is guarded: a file that unpacks to more than [Options.MaxBytes], or to more than
//     [Options.MaxRatio] times what is stored, is given up as a decompression bomb. What a Parquet file
//     states about its sizes is checked before the library allocates by it.
//  4. JSONL is cut into chunks of whole lines, which Workers goroutines decode. A line longer than
//     [Options.MaxPageBytes] is passed over without being held in memory.
//  5. [Set.Records] delivers the records in the order of the inputs, whatever the number of workers.
//     No more than 2*Workers+2 chunks wait in memory.
//     [Set.Lent] delivers the same without a copy of the titles and texts: they stay in the chunk until
//     [Record.Release].
//  6. A file that breaks in the middle keeps its earlier records, ends with one rejected record that
//     says why, and the next file follows.
//  7. [Set.Files] says what was read, with a hash of each file as it is stored.
//
// # Rules for a record
//
// The fields are id, title, text, url, published_at and source; [Options.Fields] gives them other
// names, and any other field is passed over. JSON is read strictly (RFC 7493): a name that stands
// twice is refused. The exception is invalid UTF-8, which is common in old pages: in an id it rejects
// the record, elsewhere it is replaced by U+FFFD and [Record.Repaired] is set, unless so much of a text is
// broken that it is not UTF-8 at all. A record needs an id and a title or a text, which may be empty. A
// date that cannot be read leaves the date unknown and
// sets [Record.BadDate]. NUL and control characters stay in the text; in an id they reject.
package corpus
