package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sada/cmd/internal/publish"
	"sada/eval"
)

type sampleCmd struct {
	Dir     string    `arg:"" help:"Folder of a run." name:"run" type:"path"`
	Out     string    `help:"Sample file, .jsonl or .csv; it must not be there yet." required:"" placeholder:"FILE" type:"path"`
	Kind    string    `help:"What the pairs may be: story, copy (default ${default})." enum:"story,copy" default:"story"`
	By      string    `help:"Divides pairs that are together: score, size (default ${default})." enum:"score,size" default:"score"`
	Bands   []float64 `help:"Edges of the score bands (default: two below the threshold, two above)." placeholder:"S"`
	Sizes   []int     `help:"Edges of the size classes (default ${default})." default:"3,5,10,30" placeholder:"N"`
	Each    int       `help:"Pairs drawn from each stratum (default ${default})." default:"30" placeholder:"N"`
	Near    float64   `help:"How far below the threshold a near miss may be (default ${default})." default:"0.05" placeholder:"S"`
	Nearest int       `help:"Draw the N pairs nearest to the threshold whole, and put them first." default:"0" placeholder:"N"`
	Rest    int       `help:"Draw N pairs that were no candidates: without them recall is that of the candidates alone." default:"0" placeholder:"N"`
	Seed    uint64    `help:"Of what is drawn (default ${default})." default:"1" placeholder:"N"`
	formFlags
}

func (c *sampleCmd) Help() string {
	return `Draws pairs of pages to be labelled, at random within strata, and keeps the weight of each pair. The pool is every
pair that the run compared or put together: originals of copy groups for stories, pages for copies. sada serve
shows the pairs and collects labels; so does a spreadsheet, with --out FILE.csv and a label in every row. An example:

  sada sample out --out sample.csv
  sada estimate sample.csv sample.csv`
}

// sampledRun is a run as a pool of pairs.
type sampledRun struct {
	pages      map[string]*publish.Page
	candidates []eval.Candidate
	singles    []eval.Dated // the pages that can be in a pair
	threshold  float64
	horizon    time.Duration // beyond which there are no pairs
}

// mostPairs bounds the pool. Its pairs are held in memory, some 100 bytes each.
const mostPairs = 20_000_000

// openPool reads the pairs of a run: those it has a score of, and those it has together without one.
func openPool(dir string, kind eval.Kind) (*sampledRun, error) {
	rows, err := runPages(dir)
	if err != nil {
		return nil, err
	}
	f, err := openRun(dir)
	if err != nil {
		return nil, err
	}
	r := &sampledRun{pages: make(map[string]*publish.Page, len(rows)), threshold: f.manifest.Thresholds["story"], horizon: time.Duration(f.options.Horizon * float64(24*time.Hour))}
	if kind == eval.Copy {
		r.threshold, r.horizon = copyJaccard, math.MaxInt64 // a text may be copied after years
	}
	members := make(map[string][]string) // by cluster
	for i := range rows {
		p := &rows[i]
		r.pages[p.ID] = p
		if kind == eval.Story && p.Role == publish.RoleCopy {
			continue
		}
		r.singles = append(r.singles, eval.Dated{Page: p.ID, Time: dateUsed(p)})
		members[r.cluster(kind, p.ID)] = append(members[r.cluster(kind, p.ID)], p.ID)
	}
	scored := make(map[[2]string]bool)
	add := func(a, b string, score float64) {
		scored[[2]string{min(a, b), max(a, b)}] = true
		x, y := r.cluster(kind, a), r.cluster(kind, b)
		r.candidates = append(r.candidates, eval.Candidate{A: a, B: b, Score: score, Together: x == y, Size: max(len(members[x]), len(members[y]))})
	}
	if kind == eval.Story {
		near, err := publish.ReadParquet[publish.Near](dir, "near")
		if err != nil {
			return nil, err
		}
		for _, n := range near {
			add(n.A, n.B, n.Weight)
		}
	} else {
		links, err := collect(dir, "links", func(*publish.Link) bool { return true })
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			add(l.A, l.B, l.Jaccard)
		}
	}
	pairs := len(r.candidates)
	for _, m := range members {
		pairs += len(m) * (len(m) - 1) / 2
	}
	if pairs > mostPairs {
		return nil, &failure{exitFailed, fmt.Errorf("the pool of %s has about %d pairs, %d at most can be sampled", dir, pairs, mostPairs), "sample a run of a part of the corpus, or with a higher threshold"}
	}
	for _, m := range members {
		for i, a := range m {
			for _, b := range m[i+1:] {
				if !scored[[2]string{min(a, b), max(a, b)}] {
					add(a, b, 0)
				}
			}
		}
	}
	return r, nil
}

// copyJaccard is the Jaccard similarity from which two pages are copies whatever else they are.
const copyJaccard = .5

func (r *sampledRun) cluster(kind eval.Kind, id string) string {
	if kind == eval.Copy {
		return r.pages[id].CopyGroup
	}
	return r.pages[id].Story
}

// dateUsed is the time of a page, zero if it has none.
func dateUsed(p *publish.Page) time.Time {
	if p.DateUsed == nil {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, *p.DateUsed); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Run is the verb.
func (c *sampleCmd) Run(p *program) error {
	format := formatOf(c.Out)
	if format == eval.TSV {
		return usage("name it .jsonl or .csv", "%s: a sample is JSONL or CSV", c.Out)
	}
	kind := eval.Kind(c.Kind)
	r, err := openPool(c.Dir, kind)
	if err != nil {
		return err
	}
	o := eval.SampleOptions{Bands: c.Bands, Threshold: r.threshold, NearMiss: c.Near, Nearest: c.Nearest, PerStratum: c.Each, Seed: c.Seed}
	if len(o.Bands) == 0 {
		// Near the threshold labels say most; above twice of it nearly all pairs are alike.
		for _, factor := range []float64{.75, 1, 1.5, 2} {
			o.Bands = append(o.Bands, math.Round(100*factor*r.threshold)/100)
		}
		o.Bands = slices.Compact(o.Bands)
	}
	if c.By == "size" {
		o.Sizes = c.Sizes
	}
	pairs, strata, err := eval.Sample(r.candidates, o)
	if err != nil {
		return usage("sada sample --help gives the defaults", "%w", err)
	}
	if len(pairs) == 0 && c.Rest == 0 {
		return &failure{exitFailed, fmt.Errorf("%s has no pair of pages that were compared for a %s", c.Dir, kind), "all groups are of one page; --rest N draws pairs that were no candidates"}
	}
	if c.Rest > 0 {
		rest, size := eval.SampleRest(r.singles, r.candidates, r.horizon, c.Rest, c.Seed)
		pairs, strata = append(pairs, rest...), append(strata, size)
	}
	sample := make([]eval.Sampled, len(pairs))
	for i, pair := range pairs {
		a, b := r.pages[pair.A], r.pages[pair.B]
		s := eval.Sampled{Pair: pair, TitleA: a.Title, TitleB: b.Title, SourceA: a.Source, SourceB: b.Source}
		if a.DateUsed != nil {
			s.DateA = *a.DateUsed
		}
		if b.DateUsed != nil {
			s.DateB = *b.DateUsed
		}
		sample[i] = s
	}
	if err := writeNew(c.Out, func(w io.Writer) error { return eval.WriteSample(w, format, kind, sample) }); err != nil {
		return err
	}

	rows := [][]string{{"stratum", "pool", "drawn", "weight"}}
	pool := 0
	for _, s := range strata {
		pool += s.Pool
		rows = append(rows, []string{s.Name, strconv.Itoa(s.Pool), strconv.Itoa(s.Drawn), strconv.FormatFloat(float64(s.Pool)/float64(max(s.Drawn, 1)), 'f', 2, 64)})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d pairs drawn of a pool of %d, in %s\n\n%s\n", len(pairs), pool, c.Out, aligned("  ", rows))
	if c.Rest == 0 {
		fmt.Fprintf(&b, "Recall from these labels is relative to the pool: --rest N draws from the pairs that were no candidates as well.\n")
	}
	return c.print(p, findings{
		object: struct {
			Type   string             `json:"type"`
			Out    string             `json:"out"`
			Kind   string             `json:"kind"`
			Seed   uint64             `json:"seed"`
			Pairs  int                `json:"pairs"`
			Pool   int                `json:"pool"`
			Strata []eval.StratumSize `json:"strata"`
		}{"sample", c.Out, c.Kind, c.Seed, len(pairs), pool, strata},
		rows: rows, text: b.String(),
	})
}
