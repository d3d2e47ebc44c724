// Package archivetest has file systems that fail, to test what becomes of a state on them.
//
//  1. [Faulty] passes every operation on to another file system, counts them, and fails a chosen one,
//     or that one and all after it.
//  2. [Memory] is a file system in memory that knows what was put on disk: [Memory.Crash] gives
//     what could be found after a loss of power.
package archivetest
