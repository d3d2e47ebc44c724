// Package feed writes the IDs of a run to the documents of a search engine, and proves that they
// arrived.
//
//  1. [Load] reads a run folder: of every page its [Fields]. A folder whose tables are not those of
//     its manifest is refused, for what is missing would be cleared from the engine.
//  2. An [Engine] says with [Engine.Prepare] what it is, adds what it lacks (a mapping, a column, an
//     index), and names the highest number that any of its documents carries.
//  3. A [Cursor] knows what that engine has acknowledged: per page a hash of its fields. Only pages
//     whose hash differs are sent, pages that are gone are cleared, and IDs that were merged into
//     others become their aliases.
//  4. [Run] first writes to the cursor which pages are about to change. A feed that is killed leaves
//     them in doubt, and the next one sends them whatever they are by then.
//  5. Every feed has a number greater than all before it, which the documents keep. An engine never
//     lets a smaller number overwrite a greater one, so that what arrives late changes nothing.
//  6. [Engine.Feed] answers for every single document: written, missing, refused with a reason. What was
//     refused stays unacknowledged, stands in a file, and is sent again by the next feed.
//  7. [Verify] reads the documents back and compares them.
//
// A [Secret] is read from a file, a descriptor or the environment, and is taken out of everything
// that is said about a failure.
package feed
