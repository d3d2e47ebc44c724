package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/eval"
)

type sampleCmd struct {
	Dir     string    `arg:"" help:"Folder of a run." name:"run" type:"path"`
	Out     string    `help:"Sample file, .jsonl or .csv; it must not be there yet." required:"" placeholder:"FILE" type:"path"`
	Kind    string    `help:"What the pairs may be: story, copy (default ${default})." enum:"story,copy" default:"story"`
	Of      string    `help:"What is drawn: pairs, clusters (default ${default})." enum:"pairs,clusters" default:"pairs"`
	By      string    `help:"Divides pairs that are together: score, size; clusters: size, or chance, in proportion to their size alone (default score and size)." enum:"score,size,chance," default:""`
	Bands   []float64 `help:"Edges of the score bands (default: two below the threshold, two above)." placeholder:"S"`
	Sizes   []int     `help:"Edges of the size classes (default 3,5,10,30; of clusters 2,3,5,10)." placeholder:"N"`
	Each    int       `help:"Drawn from each stratum (default 30 pairs, 60 clusters: with fewer their intervals are too narrow)." default:"0" placeholder:"N"`
	Near    float64   `help:"How far below the threshold a near miss may be (default ${default})." default:"0.05" placeholder:"S"`
	Nearest int       `help:"Draw the N pairs nearest to the threshold whole, and put them first." default:"0" placeholder:"N"`
	Rest    int       `help:"Draw N pairs that were no candidates: without them recall is that of the candidates alone." default:"0" placeholder:"N"`
	Others  int       `help:"Clusters near to one that are asked about with it (default ${default})." default:"3" placeholder:"N"`
	Most    int       `help:"Texts of one cluster that are asked about; of larger ones so many are drawn (default ${default})." default:"40" placeholder:"N"`
	Seed    uint64    `help:"Of what is drawn (default ${default})." default:"1" placeholder:"N"`
	formFlags
}

func (c *sampleCmd) Help() string {
	return `Draws pairs of pages to be labelled, at random within strata, and keeps the weight of each pair. The pool is every
pair that the run compared or put together: originals of copy groups for stories, pages for copies. sada serve
shows the pairs and collects labels; so does a spreadsheet, with --out FILE.csv and a label in every row.
With --of clusters it draws texts, so that a cluster comes in proportion to its size, and asks of every other text of
the cluster, and of those near, whether it belongs with the one drawn. Examples:

  sada sample out --out sample.csv
  sada estimate sample.csv sample.csv
  sada sample out --of clusters --out clusters.jsonl`
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
		return nil, &exit.Error{Code: exit.Failed, Err: fmt.Errorf("the pool of %s has about %d pairs, %d at most can be sampled", dir, pairs, mostPairs), Hint: "sample a run of a part of the corpus, or with a higher threshold"}
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
		return exit.Misuse("name it .jsonl or .csv", "%s: a sample is JSONL or CSV", c.Out)
	}
	if c.Of == "clusters" {
		return c.clusters(p, format)
	}
	if c.By == "chance" {
		return exit.Misuse("--of clusters draws them in proportion to their size", "pairs are divided by score or by size")
	}
	kind := eval.Kind(c.Kind)
	r, err := openPool(c.Dir, kind)
	if err != nil {
		return err
	}
	o := eval.SampleOptions{Bands: c.Bands, Threshold: r.threshold, NearMiss: c.Near, Nearest: c.Nearest, PerStratum: cmp.Or(c.Each, 30), Seed: c.Seed}
	if len(o.Bands) == 0 {
		// Near the threshold labels say most; above twice of it nearly all pairs are alike.
		for _, factor := range []float64{.75, 1, 1.5, 2} {
			o.Bands = append(o.Bands, math.Round(100*factor*r.threshold)/100)
		}
		o.Bands = slices.Compact(o.Bands)
	}
	if c.By == "size" {
		o.Sizes = orDefault(c.Sizes, 3, 5, 10, 30)
	}
	pairs, strata, err := eval.Sample(r.candidates, o)
	if err != nil {
		return exit.Misuse("sada sample --help gives the defaults", "%w", err)
	}
	if len(pairs) == 0 && c.Rest == 0 {
		return &exit.Error{Code: exit.Failed, Err: fmt.Errorf("%s has no pair of pages that were compared for a %s", c.Dir, kind), Hint: "all groups are of one page; --rest N draws pairs that were no candidates"}
	}
	if c.Rest > 0 {
		rest, size := eval.SampleRest(r.singles, r.candidates, r.horizon, c.Rest, c.Seed)
		pairs, strata = append(pairs, rest...), append(strata, size)
	}
	sample := make([]eval.Sampled, len(pairs))
	for i, pair := range pairs {
		s := eval.Sampled{Pair: pair}
		s.TitleA, s.SourceA, s.DateA = described(r.pages[pair.A])
		s.TitleB, s.SourceB, s.DateB = described(r.pages[pair.B])
		sample[i] = s
	}
	if err := writeNew(c.Out, func(w io.Writer) error { return eval.WriteSample(w, format, kind, sample) }); err != nil {
		return err
	}

	note := ""
	if c.Rest == 0 {
		note = "Recall from these labels is relative to the pool: --rest N draws from the pairs that were no candidates as well.\n"
	}
	return c.say(p, len(pairs), "", strata, note)
}

// say prints what was drawn.
func (c *sampleCmd) say(p *program, drawn int, pooled string, strata []eval.StratumSize, note string) error {
	rows := [][]string{{"stratum", "pool", "drawn", "weight"}}
	pool := 0
	for _, s := range strata {
		pool += s.Pool
		rows = append(rows, []string{s.Name, strconv.Itoa(s.Pool), strconv.Itoa(s.Drawn), strconv.FormatFloat(float64(s.Pool)/float64(max(s.Drawn, 1)), 'f', 2, 64)})
	}
	pairs := drawn
	if c.Of == "clusters" {
		pairs = 0
	}
	return c.print(p, findings{
		object: struct {
			Type     string             `json:"type"`
			Out      string             `json:"out"`
			Kind     string             `json:"kind"`
			Of       string             `json:"of"`
			Seed     uint64             `json:"seed"`
			Pairs    int                `json:"pairs"`
			Clusters int                `json:"clusters"`
			Pool     int                `json:"pool"`
			Strata   []eval.StratumSize `json:"strata"`
		}{"sample", c.Out, c.Kind, c.Of, c.Seed, pairs, drawn - pairs, pool, strata},
		rows: rows, text: fmt.Sprintf("%d %s drawn of a pool of %d%s, in %s\n\n%s\n%s", drawn, c.Of, pool, pooled, c.Out, aligned("  ", rows), note),
	})
}

// described is what a reader of a sample wants to know of a page.
func described(p *publish.Page) (title, source, date string) {
	if p.DateUsed != nil {
		date = *p.DateUsed
	}
	return p.Title, p.Source, date
}

func orDefault(given []int, otherwise ...int) []int {
	if len(given) > 0 {
		return given
	}
	return otherwise
}

// clusters draws clusters.
func (c *sampleCmd) clusters(p *program, format eval.Format) error {
	kind := eval.Kind(c.Kind)
	o := eval.ClusterOptions{PerStratum: cmp.Or(c.Each, 60), Near: c.Others, Most: c.Most, Seed: c.Seed}
	switch {
	case c.By == "score":
		return exit.Misuse("by size, or by chance", "clusters have no score to divide them by")
	case c.Rest > 0 || c.Nearest > 0 || len(c.Bands) > 0:
		return exit.Misuse("leave it out, or draw pairs", "--rest, --nearest and --bands are for pairs")
	case c.By != "chance":
		o.Sizes = orDefault(c.Sizes, 2, 3, 5, 10)
	}
	rows, err := runPages(c.Dir)
	if err != nil {
		return err
	}
	pages := make(map[string]*publish.Page, len(rows))
	for i := range rows {
		pages[rows[i].ID] = &rows[i]
	}
	pool, err := clusterPool(c.Dir, kind, rows)
	if err != nil {
		return err
	}
	draws, strata, err := eval.SampleClusters(pool, o)
	if err != nil {
		return exit.Misuse("sada sample --help gives the defaults", "%w", err)
	}
	if !slices.ContainsFunc(draws, func(d eval.Draw) bool { return len(d.Asked) > 0 }) {
		return &exit.Error{Code: exit.Failed, Err: fmt.Errorf("%s has no cluster of which anything can be asked", c.Dir), Hint: "all are of one text, and none is near to another"}
	}
	err = writeNew(c.Out, func(w io.Writer) error {
		return eval.WriteDraws(w, format, kind, draws, func(id string) (string, string, string) { return described(pages[id]) })
	})
	if err != nil {
		return err
	}
	return c.say(p, len(draws), " texts", strata, "Recall from these labels is relative to the clusters that are asked about: what belongs to none of them is not in it.\n")
}

// clusterPool reads the clusters of a run, copies once in stories, each with the other clusters near to
// it, the nearest first: of stories by the mean weight over all pairs of their texts, of copy groups by
// their most similar pages.
func clusterPool(dir string, kind eval.Kind, rows []publish.Page) ([]eval.Pooled, error) {
	var pool []eval.Pooled
	at := make(map[string]int)   // by cluster
	of := make(map[string]int)   // by page
	text := make(map[string]int) // by copy group: its place in its story
	for i := range rows {
		p := &rows[i]
		name := p.Story
		if kind == eval.Copy {
			name = p.CopyGroup
		}
		n, ok := at[name]
		if !ok {
			n = len(pool)
			at[name] = n
			pool = append(pool, eval.Pooled{})
		}
		of[p.ID] = n
		c := &pool[n]
		if kind == eval.Copy {
			c.Texts = append(c.Texts, eval.Text{Page: p.ID, Pages: 1})
			continue
		}
		k, ok := text[p.CopyGroup]
		if !ok {
			k = len(c.Texts)
			text[p.CopyGroup] = k
			c.Texts = append(c.Texts, eval.Text{})
		}
		if c.Texts[k].Pages++; p.Role != publish.RoleCopy {
			c.Texts[k].Page = p.ID
		}
	}
	alike := make(map[[2]int]float64)
	if kind == eval.Copy {
		links, err := collect(dir, "links", func(*publish.Link) bool { return true })
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			a, b := of[l.A], of[l.B]
			alike[[2]int{a, b}] = max(alike[[2]int{a, b}], l.Jaccard)
			alike[[2]int{b, a}] = alike[[2]int{a, b}]
		}
	} else {
		near, err := publish.ReadParquet[publish.Near](dir, "near")
		if err != nil {
			return nil, err
		}
		for _, n := range near {
			a, b := of[n.A], of[n.B]
			mean := n.Weight / float64(len(pool[a].Texts)*len(pool[b].Texts))
			alike[[2]int{a, b}] += mean
			alike[[2]int{b, a}] += mean
		}
	}
	for k := range alike {
		if k[0] != k[1] {
			pool[k[0]].Near = append(pool[k[0]].Near, k[1])
		}
	}
	for n := range pool {
		slices.SortFunc(pool[n].Near, func(a, b int) int {
			return cmp.Or(cmp.Compare(alike[[2]int{n, b}], alike[[2]int{n, a}]), strings.Compare(pool[a].Texts[0].Page, pool[b].Texts[0].Page))
		})
	}
	return pool, nil
}
