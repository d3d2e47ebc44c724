package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"sada/cluster"
	"sada/cmd/internal/publish"
)

// Mark is the file by which an earlier report is known, and may be replaced.
const Mark = ".sada-report"

// Written is what a report has become.
type Written struct {
	Pages   int // in each language
	Largest int // bytes
}

// Write writes the report to the folder dir, which appears when it is complete. workers are goroutines;
// no page depends on them.
func (s *Site) Write(ctx context.Context, dir string, workers int) (Written, error) {
	var out Written
	r, err := newRenderer()
	if err != nil {
		return out, err
	}
	f, err := publish.CreateMarked(dir, Mark)
	if err != nil {
		return out, err
	}
	defer f.Abort()
	for _, sub := range []string{"", "en"} {
		for _, below := range []string{"list", "group", "pair", "page", "story", "text"} {
			if err := os.MkdirAll(filepath.Join(f.Path(), sub, below), 0o755); err != nil {
				return out, err
			}
		}
	}
	if err := os.WriteFile(filepath.Join(f.Path(), Mark), nil, 0o644); err != nil {
		return out, err
	}
	if err := os.WriteFile(filepath.Join(f.Path(), "style.css"), []byte(styleSheet), 0o644); err != nil {
		return out, err
	}
	group, ctx := errgroup.WithContext(ctx)
	largest := make([]int, workers)
	for n := range workers {
		group.Go(func() error {
			maker := cluster.Maker{Stemmer: s.maker.Stemmer}
			var b bytes.Buffer
			for i := n; i < len(s.wanted); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				path := s.wanted[i]
				v := s.views[path](&maker)
				for lang := range languages {
					b.Reset()
					if err := s.render(&b, r, v, path, lang); err != nil {
						return fmt.Errorf("page %s: %w", path, err)
					}
					if b.Len() > MaxPageBytes {
						return fmt.Errorf("page %s: %d bytes: %w", path, b.Len(), errTooLarge)
					}
					largest[n] = max(largest[n], b.Len())
					to := filepath.Join(f.Path(), filepath.FromSlash(folders[lang]+path))
					if err := os.WriteFile(to, b.Bytes(), 0o644); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return out, err
	}
	out.Pages = len(s.wanted)
	for _, n := range largest {
		out.Largest = max(out.Largest, n)
	}
	return out, f.Publish()
}

var errTooLarge = errors.New("the page is too large to show")

// folders are those of the languages.
var folders = [languages]string{english: "en/", arabicUI: ""}
