package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// article is one hand-written article.
type article struct {
	ref, story          string
	title, tags, credit string
	paragraphs          []string
}

// outlet is one invented publisher and its habits.
type outlet struct {
	key, name, host, date string
	layout                []string
	furniture             []string
}

// spec is one line of pages.tsv.
type spec struct {
	line            int
	id, ref, outlet string
	published       string // as in the table, without ~
	textOnly        bool   // the record has no date, the text has
	changes, layout []string
}

const pieceSeparator = " | "

// block is one stretch of a source file between "===" lines.
type block struct {
	line       int
	header     [][2]string
	paragraphs []string
}

func readBlocks(path string) ([]block, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	blocks := []block{{line: 1}}
	inHeader := true
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		b := &blocks[len(blocks)-1]
		switch {
		case line == "===":
			blocks = append(blocks, block{line: i + 2})
			inHeader = true
		case line == "":
			inHeader = false
		case strings.TrimSpace(line) != line:
			return nil, fmt.Errorf("%s:%d: space at the edge of the line", name, i+1)
		case inHeader:
			key, value, ok := strings.Cut(line, ": ")
			if !ok {
				return nil, fmt.Errorf("%s:%d: header line without a colon", name, i+1)
			}
			b.header = append(b.header, [2]string{key, value})
		default:
			b.paragraphs = append(b.paragraphs, line)
		}
	}
	return blocks, nil
}

func readOutlets(path string) (map[string]outlet, error) {
	blocks, err := readBlocks(path)
	if err != nil {
		return nil, err
	}
	outlets := map[string]outlet{}
	for _, b := range blocks {
		var o outlet
		for _, h := range b.header {
			switch h[0] {
			case "outlet":
				o.key = h[1]
			case "name":
				o.name = h[1]
			case "host":
				o.host = h[1]
			case "date":
				o.date = h[1]
			case "layout":
				o.layout = strings.Split(h[1], pieceSeparator)
			case "furniture":
				o.furniture = append(o.furniture, h[1])
			default:
				return nil, fmt.Errorf("outlets.txt:%d: unknown key %q", b.line, h[0])
			}
		}
		if _, twice := outlets[o.key]; twice || o.key == "" {
			return nil, fmt.Errorf("outlets.txt:%d: outlet %q is nameless or there twice", b.line, o.key)
		}
		outlets[o.key] = o
	}
	return outlets, nil
}

func readArticles(dir string) (map[string]article, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	articles := map[string]article{}
	for _, path := range paths {
		event := strings.TrimSuffix(filepath.Base(path), ".txt")
		if event == "outlets" {
			continue
		}
		blocks, err := readBlocks(path)
		if err != nil {
			return nil, err
		}
		for _, b := range blocks {
			a := article{story: event, paragraphs: b.paragraphs}
			for _, h := range b.header {
				switch h[0] {
				case "article":
					a.ref = event + "/" + h[1]
				case "title":
					a.title = h[1]
				case "tags":
					a.tags = h[1]
				case "credit":
					a.credit = h[1]
				case "story":
					a.story = h[1]
				default:
					return nil, fmt.Errorf("%s.txt:%d: unknown key %q", event, b.line, h[0])
				}
			}
			if _, twice := articles[a.ref]; twice || a.ref == "" || a.title == "" {
				return nil, fmt.Errorf("%s.txt:%d: article without a name or a title, or there twice", event, b.line)
			}
			articles[a.ref] = a
		}
	}
	return articles, nil
}

func readPages(path string) ([]spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var specs []spec
	for i, line := range bytes.Split(data, []byte("\n")) {
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		f := strings.Split(string(line), "\t")
		if len(f) != 6 {
			return nil, fmt.Errorf("pages.tsv:%d: %d columns, want 6", i+1, len(f))
		}
		s := spec{line: i + 1, id: f[0], ref: f[1], outlet: f[2], layout: strings.Split(f[5], pieceSeparator)}
		s.published, s.textOnly = strings.CutPrefix(f[3], "~")
		if s.published == "-" {
			s.published = ""
		}
		if f[4] != "-" {
			s.changes = strings.Split(f[4], pieceSeparator)
		}
		specs = append(specs, s)
	}
	return specs, nil
}

// instant reads the time of a page, in any of the two forms of the table.
func instant(published string) (time.Time, error) {
	if len(published) == len(time.DateOnly) {
		return time.Parse(time.DateOnly, published)
	}
	return time.Parse(time.RFC3339, published)
}
