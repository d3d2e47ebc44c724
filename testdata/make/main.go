// Command make assembles the small gold corpus of the project from hand-written articles, and
// writes the answers next to it. Every story, person, place, company and outlet is invented.
//
//	go run ./testdata/make          write corpus.jsonl and the gold files
//	go run ./testdata/make -check   fail if the files on disk differ from what would be written
//
// The answers come from the operations that built a page, never from a tool that guesses them.
//
//  1. [readOutlets] reads source/outlets.txt, [readArticles] every other source/*.txt: one file an
//     event, with two to four articles in independent words.
//  2. [readPages] reads source/pages.tsv, the list of pages: which article, which outlet, when,
//     what was changed, and which pieces make up the text.
//  3. [makePage] changes the article ([change], [respell]) and lays out the pieces, noting the span
//     of every piece that is not the page's own text.
//  4. [check] refuses a corpus that breaks its own rules; [render] gives the files.
//
// # Articles
//
// A source file holds articles separated by a line "===". An article is header lines "key: value",
// an empty line, and one paragraph a line. The keys are
//
//	article  name inside the file; "port-fire/b" is article b of port-fire.txt
//	title    headline
//	tags     key words (optional)
//	credit   name in the credit line, where it is not the outlet's (optional)
//	story    story ID, where it is not the file's name: template pages, one story a day (optional)
//
// outlets.txt has the same form without paragraphs: outlet, name, host, date (style of the date
// line), layout (pieces, as below) and any number of furniture lines.
//
// # Pages
//
// pages.tsv has six columns. Empty lines and lines that begin with # are skipped.
//
//	id         page ID
//	article    FILE/NAME
//	outlet     key of the outlet
//	published  RFC 3339 time or day; with ~ before it only the text tells the date; - for none
//	changes    list separated by " | ", or -
//	layout     pieces separated by " | "; * stands for the outlet's own layout
//
// Changes, applied in their order:
//
//	title: T       the page has its own headline T
//	first N        a brief: only the first N paragraphs; no copy of the report, but contained in it
//	edit P         P percent of the words are replaced or deleted
//	drop N...      sentences N (from 1) are left out
//	add: S         S is one more paragraph at the end
//	no-dateline    "place (agency) - " before the first paragraph is cut off
//	spell: H...    spelling habits: alef teh yeh final-ya tatweel harakat digits persian
//	               forms waw invisible
//	mojibake       the paragraphs are UTF-8 that was read as Windows-1256
//
// Pieces, in the order of the text:
//
//	title          the headline as a line                             span "title"
//	date [STYLE]   date line: ordinal levant maghreb egypt hijri iso indic   "dateline"
//	dateline: L    line L                                                  "dateline"
//	body [A-B]     paragraphs, all or A to B                               none
//	join REF       "on another matter" and the paragraphs of REF           none
//	credit [: L]   credit line, or the line L instead                      "source"
//	tags [: L]     key words line, or the line L instead                   "tags"
//	marker: L      line L that announces something foreign                 "marker"
//	quote REF      paragraphs of REF that several outlets quote in full    none
//	tail REF [half|edited|glued]  headline and paragraphs of REF, whole, the
//	               first half of the words, with some words changed, or
//	               with lost line ends                                     "tail"
//	list REF...    headlines, one a line                                   "list"
//	head REF...    the same, before the article                            "head"
//	inline: L      line L; {REF} in it becomes the headline of REF         "inline"
//	furniture [: L]  the outlet's own lines, or the line L                 "furniture"
//
// # Gold
//
// Pages of one event are one story, briefs and copies included. Pages of one article are one copy
// group, except briefs and pages with a joined item, which are nobody's copies unless another page
// has exactly the same pieces of text. Spans are half-open byte ranges of text; each begins at the
// start of a line and ends behind a newline or at the end of the text.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", "testdata", "folder that has source/ and receives the corpus")
	verify := flag.Bool("check", false, "write nothing; fail if the files differ")
	flag.Parse()
	if err := run(*dir, *verify); err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

func run(dir string, verify bool) error {
	source := filepath.Join(dir, "source")
	outlets, err := readOutlets(filepath.Join(source, "outlets.txt"))
	if err != nil {
		return err
	}
	articles, err := readArticles(source)
	if err != nil {
		return err
	}
	specs, err := readPages(filepath.Join(source, "pages.tsv"))
	if err != nil {
		return err
	}
	var pages []page
	for _, s := range specs {
		p, err := makePage(s, articles, outlets)
		if err != nil {
			return fmt.Errorf("pages.tsv:%d: page %s: %w", s.line, s.id, err)
		}
		pages = append(pages, p)
	}
	if err := check(pages); err != nil {
		return err
	}
	files, err := render(pages)
	if err != nil {
		return err
	}
	if verify {
		return compare(dir, files)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, 0o644); err != nil {
			return err
		}
	}
	fmt.Print(summary(pages))
	return nil
}

// compare tells every file on disk that is not what the sources give.
func compare(dir string, files []file) error {
	var wrong []error
	for _, f := range files {
		old, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if bytes.Equal(old, f.data) {
			continue
		}
		have, want := bytes.Split(old, []byte("\n")), bytes.Split(f.data, []byte("\n"))
		line := 0
		for line < len(have) && line < len(want) && bytes.Equal(have[line], want[line]) {
			line++
		}
		wrong = append(wrong, fmt.Errorf("%s:%d: not what the sources give; run go run ./testdata/make", f.name, line+1))
	}
	return errors.Join(wrong...)
}
