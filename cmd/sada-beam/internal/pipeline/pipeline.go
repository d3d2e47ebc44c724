package pipeline

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"sada/cluster"
	"sada/cluster/lsh"
	"sada/cluster/passage"
	"sada/features/arabic"
)

// Options say what a pipeline reads, where it writes, and how it clusters.
type Options struct {
	Input   string            // file, or pattern of JSONL or Parquet shards that all workers can open
	Out     string            // the folder that Commit makes; all workers and Commit reach its parent
	Stemmer string            // of story terms; empty is light10
	Fields  map[string]string // names of fields in the records, as corpus.Options has them
	Cluster cluster.Options   // without Terms, Weights, MustLink and CannotLink

	// Heavy is how many pages may share an anchor before its list is no longer collected but dealt out;
	// 0 is 1,000. No result depends on it.
	Heavy int
	// Rounds of the connected components; 0 is 3. What is not connected then is on one key. No result
	// depends on it.
	Rounds int
	// PerWindow is how many copy groups have their links found by one worker, which has all others of their window
	// besides; 0 is 16,384. No result depends on it.
	PerWindow int
	// RowsPerShard is how many pages' rows are in one file on the way to the folder; 0 is 16,384.
	RowsPerShard int
}

var (
	errWeights = errors.New("a term table, or weights, of an earlier run: this pipeline counts its own")
	errWanted  = errors.New("pairs of pages that are wanted in one story or in two: this pipeline takes none")
)

// Validate returns an error about the options.
func (o Options) Validate() error {
	if o.Cluster.Terms != nil || o.Cluster.Weights != nil {
		return errWeights
	}
	if len(o.Cluster.MustLink)+len(o.Cluster.CannotLink) > 0 {
		return errWanted
	}
	if _, err := arabic.ParseStemmer(o.filled().Stemmer); err != nil {
		return err
	}
	if _, err := lsh.Choose(o.Cluster.Similarity, o.Cluster.Recall, o.Cluster.Slots); err != nil {
		return err
	}
	c := o.Cluster.Story
	c.Workers = max(c.Workers, 1)
	return c.Validate()
}

func (o Options) filled() Options {
	if o.Stemmer == "" {
		o.Stemmer = "light10"
	}
	if o.Heavy == 0 {
		o.Heavy = 1000
	}
	o.Heavy = max(o.Heavy, 2)
	if o.Rounds == 0 {
		o.Rounds = 3
	}
	if o.PerWindow == 0 {
		o.PerWindow = 1 << 14
	}
	if o.RowsPerShard == 0 {
		o.RowsPerShard = 1 << 14
	}
	o.Out = filepath.Clean(o.Out)
	o.Cluster.Workers, o.Cluster.Story.Workers = 1, 1
	return o
}

// Jobs are the pipelines to be run one after the other, before [Commit].
//
// They are two because Flink looks at every way through a job before it begins it, and where steps have several
// inputs, each of which comes from steps that have several, there are 47 thousand million of them in one. Two jobs
// have a few million.
var Jobs = []func(beam.Scope, Options){Pages, Stories}

// Pages adds the steps up to the copies to a pipeline, and removes the shards of an earlier one that was not committed.
// What [Stories] needs is kept beside the shards. Options must be valid; it panics, as package beam does while a
// pipeline is built, if the shards cannot be removed.
func Pages(s beam.Scope, o Options) {
	o = o.filled()
	if err := os.RemoveAll(o.shards()); err != nil {
		panic(err)
	}
	in := read(s.Scope("read"), o)
	near := share(s.Scope("share"), in.pages, o)
	known := describe(s.Scope("describe"), in.pages)
	judged := judge(s.Scope("judge"), in, near, known, o)
	linked := link(s.Scope("link"), judged, o)
	groups := group(s.Scope("group"), linked.texts, linked.firsts, linked.links, o)
	write(s.Scope("write"), o, pagesIndex, in.rows, linked.rows, groups.rows)
	keepFor(s.Scope("keep"), o, [keptAll]beam.PCollection{keptOutlines: judged.outlines, keptRoles: groups.roles, keptLinks: linked.links,
		keptFinals: judged.finals, keptRelated: linked.related, keptSettled: linked.settled})
}

// Stories adds the steps after the copies, whose pipeline has ended, to another.
func Stories(s beam.Scope, o Options) {
	o = o.filled()
	before := func(what int64) beam.PCollection { return kept(s.Scope("kept"), o, what) }
	roles := before(keptRoles)
	told := tell(s.Scope("tell"), before(keptOutlines), roles, before(keptLinks), o)
	rows := assemble(s.Scope("assemble"), before(keptFinals), before(keptRelated), before(keptSettled), roles, told.assigned, o)
	write(s.Scope("write"), o, storiesIndex, rows, told.rows)
}

// share finds the passages that two pages share: the neighbours of every page.
func share(s beam.Scope, pages beam.PCollection, o Options) beam.PCollection {
	postings := beam.CombinePerKey(s, &collect{Limit: o.Heavy, Homes: true}, beam.ParDo(s, &anchors{}, pages))
	light, heavy := beam.ParDo2(s, &meet{Limit: o.Heavy}, postings)

	// Lists that are too long are dealt out: their homes go to every share, and every page to one.
	table := gather(s, beam.ParDo(s, &weigh{}, heavy))
	homes := beam.ParDo(s, &dealHomes{Limit: o.Heavy}, heavy)
	dealt := beam.ParDo(s, &dealPostings{Limit: o.Heavy}, pages, beam.SideInput{Input: table})
	spread := beam.ParDo(s, &meetHomes{}, join(s, "meetHomes", homes, dealt))

	hits := join(s, "pairHits", beam.Flatten(s, light, spread))
	pairs := beam.ParDo(s, &pairHits{}, hits)
	seconds, halves := beam.ParDo2(s, &bring{}, join(s, "bring", beam.ParDo(s, &slim{}, pages), pairs))
	return beam.ParDo(s, &align{}, join(s, "align", seconds, halves))
}

// facts are what a page must know of others that it may share no passage with.
type facts struct {
	named     beam.PCollection // of every page: whose titles its lines are
	recurring beam.PCollection // of every page: which of its lines its source repeats
	heavy     beam.PCollection // table of lines on too many pages to tell each of them
	sources   beam.PCollection // table of the pages of every source
	cells     beam.PCollection // table of word frequencies
}

func describe(s beam.Scope, pages beam.PCollection) facts {
	titles, mentions, lines, sources := beam.ParDo4(s, &mention{}, pages)
	counted := beam.CombinePerKey(s, &collect{Limit: passage.MostRecurring}, lines)
	recurring, heavy := beam.ParDo2(s, &recur{}, counted)
	return facts{
		named:     beam.ParDo(s, &named{}, join(s, "named", titles, mentions)),
		recurring: recurring,
		heavy:     gather(s, heavy),
		sources:   gatherNames(s, beam.CombinePerKey(s, add, sources)),
		cells:     gather(s, beam.ParDo(s, &number{}, beam.CombinePerKey(s, add, beam.ParDo(s, &cells{}, pages)))),
	}
}
