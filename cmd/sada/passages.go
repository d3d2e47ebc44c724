package main

import (
	"fmt"
	"strings"

	"sada/cmd/internal/publish"
	"sada/features/article"
)

type passagesCmd struct {
	ID  string `arg:"" help:"The page."`
	Dir string `help:"Folder of the run (default ${default})." default:"out" placeholder:"DIR" name:"run" type:"path"`
}

func (c *passagesCmd) Help() string {
	return `Prints every part of the page's text in order: what it is, its bytes, its beginning, and the page it comes from.

  sada passages seed_page --run out`
}

// barCells is the width of the bar that shows the parts of a page.
const barCells = 60

// marks are the signs of the kinds of parts in the bar.
var marks = map[string]rune{
	article.Main.String(): '█', article.Title.String(): 'T', article.Dateline.String(): 'd', article.Source.String(): 's', article.Tags.String(): 'k', article.Marker.String(): '>',
	article.Tail.String(): '░', article.Head.String(): '^', article.Inline.String(): 'i', article.List.String(): '=', article.Furniture.String(): '.', article.Quote.String(): '"',
}

// Run is the verb.
func (c *passagesCmd) Run(p *program) error {
	f, err := openRun(c.Dir, c.ID)
	if err != nil {
		return err
	}
	if err := f.read(p); err != nil {
		return err
	}
	row := f.rows[c.ID]
	titles := make(map[string]string)
	for _, part := range row.Parts {
		titles[part.Page] = ""
	}
	delete(titles, "")
	if err := f.find(func(r *publish.Page) bool {
		if _, ok := titles[r.ID]; ok {
			titles[r.ID] = r.Title
		}
		return false
	}); err != nil {
		return err
	}
	shared, err := collect(f.dir, "passages", func(s *publish.Passage) bool { return s.A == c.ID || s.B == c.ID })
	if err != nil {
		return err
	}

	var b strings.Builder
	describe(&b, row)
	text := f.articles[c.ID].Text
	if len(text) > 0 {
		b.WriteString("\n  ")
		at := 0
		for cell := range barCells {
			for at < len(row.Parts)-1 && row.Parts[at].To <= int64(cell*len(text)/barCells) {
				at++
			}
			b.WriteRune(marks[row.Parts[at].Kind])
		}
		b.WriteString("\n\n")
	}
	for _, part := range row.Parts {
		fmt.Fprintf(&b, "  %c %-9s %6d-%-6d  %s\n", marks[part.Kind], part.Kind, part.From, part.To, excerpt(strings.TrimSpace(text[part.From:part.To]), 60))
		switch {
		case part.Page != "":
			fmt.Fprintf(&b, "              from %s  %s\n", part.Page, excerpt(titles[part.Page], 80))
		case part.Segment != "":
			fmt.Fprintf(&b, "              segment %s, whose own page is not in the corpus\n", part.Segment)
		}
	}
	fmt.Fprintf(&b, "\nPassages: %d\n", len(shared))
	for _, s := range shared[:min(len(shared), maxRows)] {
		passageLine(&b, &s)
	}
	return show(p.stdout, b.String())
}
