// Package spill gives memory that lies in files: in a temporary one, or in one that is only read.
//
// The features of a page take about as much as its text; those of some hundred thousand pages are more
// than a run may have. Most of it is read a few times from one
// end to the other, so it can lie in a file that is mapped: what is not in use at the moment is with the
// system, which keeps it as long as it has room.
//
//  1. [Create] makes a file without a name: nothing is left of it when the process ends, however it ends.
//  2. [File.Alloc] gives room in it, which [File.Fill] writes and gives as memory; [File.Keep] does both. Room on the
//     disk is taken at once, so that a full disk is an error here.
//  3. In the background the mapped pages are given back to the system whenever more than a limit of
//     them count as memory of the process. Whoever reads them gets them again.
//  4. [File.Close] ends it, and all memory from it.
//  5. [Map] gives a file that is there already as memory, and [Hold] what the third step does for any files.
package spill
