// Package article takes a news page apart by what the page alone shows.
//
//  1. The text is cut into lines that have a word; space and signs between them belong to the line
//     before. Only whole lines and their beginnings are looked at: the words of a marker inside a
//     sentence are that sentence's own ("وقال المصدر: إن ..."). Three things that portals glue to the
//     first or the last line without a break are made lines before.
//  2. The lines before the article are named: a repeated title, headlines of other articles, the
//     publication line, place and agency. The first line of a page whose record has no title is the
//     title, if it is short and other lines follow.
//  3. Closing lines are named: credit ("المصدر: ..."), key words, prompts and rights. A credit or key
//     words line after an article's worth of text closes it.
//  4. A read-also line has one of three outcomes. With a title on the same line it is an inline line,
//     and the article goes on after it. Followed by short lines alone it heads a list of links, and so
//     it does before several of them in an article that is not closed. Followed by a title and
//     paragraphs, or by paragraphs, it heads an appended article that reaches to the next read-also
//     line of its own or to the closing lines at the end of the page.
//  5. A title and paragraphs after the closing lines are an appended article without a marker, two
//     titles or more are a list of links.
//  6. The date is the record's, or the one in a publication line before anything foreign; [ParseDate]
//     knows the formats.
//
// Steps 4 and 5 are proposals: package passage accepts, names or overrules them with what other
// pages of the corpus show.
package article
