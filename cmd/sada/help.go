package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed ops/sada.bash
var completion string

type helpCmd struct {
	Verb     []string `arg:"" optional:"" help:"The verb to explain, as run or feed bleve."`
	Man      bool     `help:"Print the manual page of all verbs, for man -l." xor:"form"`
	Complete bool     `help:"Print what makes bash complete verbs and flags, for source." xor:"form"`
	Words    bool     `help:"Print the verbs, or the flags of one." hidden:"" xor:"form"`
}

// Run is the verb.
func (h helpCmd) Run(p *program, parser *kong.Kong) error {
	switch {
	case h.Man:
		return printText(p, manual(parser.Model))
	case h.Complete:
		return printText(p, completion)
	case h.Words:
		return printText(p, words(parser.Model, strings.Join(h.Verb, " ")))
	}
	_, err := parser.Parse(append(h.Verb, "--help")) // prints the help and stops
	return usage("sada help lists the verbs", "%w", err)
}

// printText prints text as it is: it is for programs.
func printText(p *program, text string) error {
	_, err := fmt.Fprint(p.stdout, text)
	return err
}

// words are what bash completes: the parts of verbs' names, or the flags of a verb.
func words(model *kong.Application, verb string) string {
	var b strings.Builder
	seen := make(map[string]bool)
	for _, leaf := range model.Leaves(true) {
		name := verbName(leaf)
		if verb == name {
			for _, flag := range append(settable(leaf), model.Flags...) {
				fmt.Fprintln(&b, "--"+flag.Name)
			}
			continue
		}
		rest, ok := strings.CutPrefix(name, verb)
		if verb != "" {
			rest, ok = strings.CutPrefix(name, verb+" ")
		}
		if word, _, _ := strings.Cut(rest, " "); ok && !seen[word] {
			seen[word] = true
			fmt.Fprintln(&b, word)
		}
	}
	return b.String()
}

// manual writes the manual page, from what --help is made of.
func manual(model *kong.Application) string {
	var b strings.Builder
	b.WriteString(".TH SADA 1\n.SH NAME\nsada \\- copies, foreign parts and stories in Arabic news pages\n.SH SYNOPSIS\n.B sada\nVERB [ARGUMENTS] [FLAGS]\n.SH DESCRIPTION\n")
	roff(&b, model.Help)
	for _, verb := range model.Leaves(true) {
		fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(verbName(verb)))
		fmt.Fprintf(&b, ".B %s\n", escape(verb.Summary()))
		b.WriteString(".PP\n")
		roff(&b, verb.Help)
		roff(&b, strings.TrimSuffix(strings.TrimSpace(verb.Detail), strings.TrimSpace(exitHelp)))
		for _, arg := range verb.Positional {
			fmt.Fprintf(&b, ".TP\n.I %s\n", escape(arg.Name))
			roff(&b, arg.Help)
		}
		for _, flag := range settable(verb) {
			name := "--" + flag.Name
			if flag.Short != 0 {
				name = fmt.Sprintf("-%c, %s", flag.Short, name)
			}
			if !flag.IsBool() {
				name += "=" + flag.FormatPlaceHolder()
			}
			fmt.Fprintf(&b, ".TP\n.B %s\n", escape(name))
			roff(&b, flag.Help)
		}
	}
	return b.String()
}

// roff writes paragraphs; what is indented stays as it is.
func roff(b *strings.Builder, text string) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if paragraph == "" {
			continue
		}
		if strings.HasPrefix(paragraph, "  ") {
			fmt.Fprintf(b, ".nf\n%s\n.fi\n", escape(paragraph))
			continue
		}
		fmt.Fprintln(b, escape(strings.ReplaceAll(strings.TrimSpace(paragraph), "\n", " ")))
	}
}

// escape keeps text from being taken for requests.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\\`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
