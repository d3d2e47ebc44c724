package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"sada/cmd/internal/exit"
	"sada/eval"
)

// formFlags choose the form of what a verb has found.
type formFlags struct {
	JSON bool `help:"One JSON object." name:"json" xor:"form"`
	CSV  bool `help:"Comma-separated values." name:"csv" xor:"form"`
}

// findings is what a verb has found, for each of the forms.
type findings struct {
	object any        // JSON
	rows   [][]string // CSV, the first row names the columns
	text   string
	notes  []string // that are in object and text; CSV has no place for them
}

// warning begins a note that must not be overlooked.
const warning = "warning: "

func (f formFlags) print(p *program, found findings) error {
	switch {
	case f.JSON:
		return jsonLine(p.stdout, found.object)
	case f.CSV:
		for _, n := range found.notes {
			if strings.HasPrefix(n, warning) {
				fmt.Fprintf(p.stderr, "sada: %s\n", n)
			}
		}
		return csv.NewWriter(p.stdout).WriteAll(found.rows)
	}
	return show(p.stdout, found.text)
}

// orEmpty makes a list that is empty in JSON, rather than null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// aligned is rows with their columns below each other, as lists show them.
func aligned(indent string, rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, indent+strings.Join(row, "\t"))
	}
	_ = w.Flush() // to memory
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}

// shownOf says how much of a list is shown.
func shownOf(shown, all int) string {
	if shown == all {
		return fmt.Sprint(all)
	}
	return fmt.Sprintf("%d, of which %d are shown", all, shown)
}

// gate holds figures to the limits that the caller has set. A figure that is not known passes no gate.
// below says that a figure must not be under its limit, otherwise it must not be over it.
func gate(limits map[string]float64, figures map[string]*float64, below bool) error {
	var bad []string
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		x, ok := figures[name]
		switch {
		case !ok:
			return exit.Misuse("the figures are "+strings.Join(slices.Sorted(maps.Keys(figures)), ", "), "no figure %q to hold to a limit", name)
		case x == nil:
			bad = append(bad, fmt.Sprintf("%s is not known, the limit is %.4f", name, limits[name]))
		case below && *x < limits[name]:
			bad = append(bad, fmt.Sprintf("%s is %.4f, below %.4f", name, *x, limits[name]))
		case !below && *x > limits[name]:
			bad = append(bad, fmt.Sprintf("%s is %.4f, over %.4f", name, *x, limits[name]))
		}
	}
	if len(bad) > 0 {
		return &exit.Error{Code: exit.Gate, Err: errors.New(strings.Join(bad, "; ")), Hint: "the figures are complete; sada worst and sada diff say which groups they are from"}
	}
	return nil
}

// formatOf tells the format of a gold, sample or labels file by its name.
func formatOf(path string) eval.Format {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		return eval.CSV
	case ".jsonl", ".json", ".ndjson":
		return eval.JSONL
	}
	return eval.TSV
}

// writeNew writes a file that must not be there yet: it may have somebody's labels in it.
func writeNew(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return exit.Misuse("name another file, or remove this one", "%s exists, and may have labels in it", path)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
