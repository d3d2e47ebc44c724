package main

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"sada/cmd/internal/exit"
)

//go:embed ops/sada.bash ops/sada.zsh ops/sada.fish
var completions embed.FS

type helpCmd struct {
	Verb     []string `arg:"" optional:"" help:"The verb to explain, as run or feed bleve."`
	Man      bool     `help:"Print the manual page of all verbs, for man -l." xor:"form"`
	Complete bool     `help:"Print what makes a shell complete verbs and flags, for source." xor:"form"`
	Shell    string   `help:"The shell of --complete: bash, zsh or fish (default ${default})." default:"bash" enum:"bash,zsh,fish" placeholder:"SHELL"`
	Words    bool     `help:"Print what a verb may go on with: its parts or flags, each with a tab and its help." hidden:"" xor:"form"`
}

// Run is the verb.
func (h helpCmd) Run(p *program, parser *kong.Kong) error {
	switch {
	case h.Man:
		return printText(p, manual(parser.Model))
	case h.Complete:
		script, err := completions.ReadFile("ops/sada." + h.Shell)
		if err != nil {
			return err
		}
		return printText(p, string(script))
	case h.Words:
		return printText(p, words(parser.Model, h.Verb))
	}
	_, err := parser.Parse(append(h.Verb, "--help")) // prints the help and stops
	return exit.Misuse("sada help lists the verbs", "%w", err)
}

// printText prints text as it is: it is for programs.
func printText(p *program, text string) error {
	_, err := fmt.Fprint(p.stdout, text)
	return err
}

// words are what a shell completes after some: the parts of verbs' names, or the flags of a verb, whose
// arguments may be among the words. Each is on a line with its help.
func words(model *kong.Application, after []string) string {
	var b strings.Builder
	node := model.Node
	for _, word := range after {
		if len(node.Children) == 0 {
			break // the rest are its arguments
		}
		at := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word })
		if at < 0 {
			return ""
		}
		node = node.Children[at]
	}
	for _, child := range node.Children {
		if !child.Hidden {
			fmt.Fprintf(&b, "%s\t%s\n", child.Name, child.Help)
		}
	}
	if len(node.Children) == 0 {
		for _, flag := range append(settable(node), model.Flags...) {
			if !flag.Hidden {
				fmt.Fprintf(&b, "--%s\t%s\n", flag.Name, flag.Help)
			}
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
