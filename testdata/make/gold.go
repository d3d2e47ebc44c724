package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// What the corpus promises. The size keeps the repository small.
const (
	minPages   = 130
	minStories = 36 // 24 events and twelve template days
	minOutlets = 10
	minHosts   = 3 // unrelated pages that show a tail to be foreign when its own page is unknown
	maxBytes   = 700_000
	maxStory   = 3 * 24 * time.Hour // from a story's first page to its last
)

// check tells everything that is wrong with the pages.
func check(pages []page) error {
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	ids, outlets, published := map[string]bool{}, map[string]bool{}, map[string]bool{}
	hosts := map[string]map[string]bool{} // article -> copy clusters of the pages it is appended to
	first, last := map[string]time.Time{}, map[string]time.Time{}
	size := 0
	for _, p := range pages {
		if ids[p.id] {
			say("page %s is there twice", p.id)
		}
		ids[p.id], outlets[p.source] = true, true
		size += len(p.text)
		published[p.copies] = true
		for _, ref := range p.tails {
			if hosts[ref] == nil {
				hosts[ref] = map[string]bool{}
			}
			hosts[ref][p.copies] = true
		}
		end := 0
		for _, s := range p.spans {
			switch {
			case s.from < end || s.from >= s.to || s.to > len(p.text):
				say("page %s: span %d-%d %s overlaps or is out of bounds", p.id, s.from, s.to, s.kind)
				continue
			case s.from > 0 && p.text[s.from-1] != '\n', s.to < len(p.text) && p.text[s.to-1] != '\n':
				say("page %s: span %d-%d %s is not whole lines", p.id, s.from, s.to, s.kind)
			case !utf8.ValidString(p.text[s.from:s.to]):
				say("page %s: span %d-%d %s cuts a letter", p.id, s.from, s.to, s.kind)
			}
			end = s.to
		}
		if p.published == "" {
			continue
		}
		t, err := instant(p.published)
		if err != nil {
			say("page %s: %v", p.id, err)
			continue
		}
		if f, ok := first[p.story]; !ok || t.Before(f) {
			first[p.story] = t
		}
		if t.After(last[p.story]) {
			last[p.story] = t
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(hosts)) {
		if !published[ref] && len(hosts[ref]) < minHosts {
			say("article %s has no page and is the tail of %d pages, want %d", ref, len(hosts[ref]), minHosts)
		}
	}
	for _, story := range slices.Sorted(maps.Keys(first)) {
		if d := last[story].Sub(first[story]); d > maxStory {
			say("story %s lasts %s, more than %s", story, d, maxStory)
		}
	}
	if len(pages) < minPages {
		say("%d pages, want %d", len(pages), minPages)
	}
	if len(first) < minStories {
		say("%d stories, want %d", len(first), minStories)
	}
	if len(outlets) < minOutlets {
		say("%d outlets, want %d", len(outlets), minOutlets)
	}
	if size > maxBytes {
		say("%d bytes of text, more than %d", size, maxBytes)
	}
	return errors.Join(wrong...)
}

// file is one file that the program writes.
type file struct {
	name string
	data []byte
}

func render(pages []page) ([]file, error) {
	var corpus, stories, copies, spans bytes.Buffer
	encoder := json.NewEncoder(&corpus)
	encoder.SetEscapeHTML(false)
	stories.WriteString("#kind: story\n")
	copies.WriteString("#kind: copy\n")
	for _, p := range pages {
		err := encoder.Encode(struct {
			ID          string `json:"id"`
			Title       string `json:"title"`
			Text        string `json:"text"`
			URL         string `json:"url"`
			PublishedAt string `json:"published_at,omitempty"`
			Source      string `json:"source"`
		}{p.id, p.title, p.text, p.url, p.published, p.source})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&stories, "%s\t%s\n", p.id, p.story)
		fmt.Fprintf(&copies, "%s\t%s\n", p.id, p.copies)
		for _, s := range p.spans {
			fmt.Fprintf(&spans, "%s\t%d\t%d\t%s\n", p.id, s.from, s.to, s.kind)
		}
	}
	return []file{
		{"corpus.jsonl", corpus.Bytes()},
		{"gold.stories.tsv", stories.Bytes()},
		{"gold.copies.tsv", copies.Bytes()},
		{"gold.spans.tsv", spans.Bytes()},
	}, nil
}

// summary counts the pages of every case.
func summary(pages []page) string {
	cases, stories, copies := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, p := range pages {
		stories[p.story], copies[p.copies] = true, true
		slices.Sort(p.changed)
		for _, c := range slices.Compact(p.changed) {
			cases[c]++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d pages, %d stories, %d copy clusters\n", len(pages), len(stories), len(copies))
	for _, c := range slices.Sorted(maps.Keys(cases)) {
		fmt.Fprintf(&b, "%4d  %s\n", cases[c], c)
	}
	return b.String()
}
