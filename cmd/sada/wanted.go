package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"unicode/utf8"

	"sada/cluster"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/features/tfidf"
)

// load reads the files that the flags name into the options.
func (f *clusterFlags) load(o *cluster.Options) error {
	for _, file := range []struct {
		name string
		to   *[][2]string
	}{{f.MustLink, &o.MustLink}, {f.CannotLink, &o.CannotLink}} {
		if file.name == "" {
			continue
		}
		in, err := os.Open(file.name)
		if err != nil {
			return exit.Misuse("it holds two page IDs a line, with a tab between them", "%w", err)
		}
		*file.to, err = readPairs(in)
		in.Close()
		if err != nil {
			return exit.Misuse("a line is two page IDs with a tab between them; # begins a comment", "%s:%w", file.name, err)
		}
	}
	if f.Terms == "" {
		return nil
	}
	m, err := publish.ReadManifest(f.Terms)
	if errors.Is(err, fs.ErrNotExist) {
		return exit.Misuse("--terms names a folder that sada run --out has written", "no run in %s", f.Terms)
	}
	if err != nil {
		return err
	}
	if o.Terms, _, err = readTerms(f.Terms, m); err != nil {
		return err
	}
	o.Vocabulary.Letters = int(m.Terms.Letters)
	if m.Terms.Letters > 0 {
		o.Vocabulary.Headlines = math.Inf(1)
	}
	return nil
}

// readTerms reads the term table of a run, and how its terms are spelled.
func readTerms(dir string, m *publish.Manifest) (*tfidf.Table, map[tfidf.Term]string, error) {
	terms, err := publish.ReadParquet[publish.Term](dir, "terms")
	if err != nil {
		return nil, nil, err
	}
	surfaces := make(map[tfidf.Term]string, len(terms))
	entries := make([]tfidf.DF, len(terms))
	for i, t := range terms {
		entries[i] = tfidf.DF{Term: tfidf.Term(t.Term), Docs: uint32(t.Docs)}
		surfaces[tfidf.Term(t.Term)] = t.Surface
	}
	table, err := tfidf.NewTable(int(m.Terms.Docs), entries)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	if table.Version() != m.Terms.Version {
		return nil, nil, &exit.Error{Code: exit.Failed, Err: fmt.Errorf("%s: the term table is not that of its run.json", dir), Hint: "make the run again: its terms.parquet was changed, or its rule of weighing is another"}
	}
	return table, surfaces, nil
}

// readPairs reads pairs of page IDs: two a line, a tab between them. Empty lines and those that begin
// with # are passed over. An error begins with the number of the line.
func readPairs(in io.Reader) ([][2]string, error) {
	var out [][2]string
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		a, b, ok := strings.Cut(line, "\t")
		if !ok || a == "" || b == "" || strings.Contains(b, "\t") || !utf8.ValidString(line) {
			return nil, fmt.Errorf("%d: %.80q is not a pair of page IDs", n, line)
		}
		out = append(out, [2]string{a, b})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%d: %w", len(out)+1, err)
	}
	return out, nil
}
