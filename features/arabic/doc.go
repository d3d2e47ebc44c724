// Package arabic prepares Arabic news text for comparison.
//
// A text has three forms. Each is coarser than the one before and serves one question.
//
//  1. Level 0 ([Level0]) answers "is it byte for byte the same page?". No letter changes. Invisible
//     characters go and white space becomes single spaces.
//  2. Level 1 ([Text.Set]) answers "is it the same text?". It is a list of tokens, each with the bytes
//     of the original it was made from. One pass over the bytes takes these steps:
//     presentation forms, ligatures and fullwidth letters become ordinary ones;
//     a hamza above is joined to the waw or yeh before it;
//     vowel marks, tatweel and invisible characters are deleted;
//     letters that are mixed up in typing are folded into one (أإآٱ to ا, ى to ي, ة to ه, ؤ and ئ to ء);
//     digits of any script become ASCII, numbers lose their grouping and get a decimal point ("9ر10" as well);
//     words end at punctuation, between Arabic and other letters, between Arabic letters and digits,
//     and behind ة and ى, which a lost space has glued to the next word;
//     a stand-alone و joins the Arabic word behind it;
//     other scripts are brought into NFKC and lower case, accents stay.
//  3. Level 2 ([Stemmer.Term]) answers "is it about the same thing?". Numbers, single letters and stop
//     words go, letters of dialects and loan words are folded, and a light stemmer takes affixes off.
//
// [Repair] comes before all of them: it undoes UTF-8 that was read as Windows-1256.
//
// The tables for the Arabic blocks are generated from the Unicode data of the Go library and of
// golang.org/x/text (go generate). Other scripts use that data as it is: a new version of it may give
// other tokens for characters that Unicode has just added, and then [Version] changes.
//
// The rules follow the normalisers of Apache Lucene, CAMeL Tools and PyArabic where they agree. Where
// they differ, level 1 takes the choice that lets two spellings of one word meet.
package arabic

//go:generate go run gen.go
