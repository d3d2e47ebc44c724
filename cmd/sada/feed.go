package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"sada/cmd/internal/corpus"
	"sada/cmd/internal/exit"
	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/feed"
	"sada/features/article"
)

// feedCmd is the verb feed: an engine, verify or status.
type feedCmd struct {
	Bleve      feedBleveCmd      `cmd:"" help:"Create or update an index in a folder, which sada search searches."`
	OpenSearch feedOpenSearchCmd `cmd:"" name:"opensearch" help:"Update the documents of an index of OpenSearch, or of Elasticsearch."`
	Postgres   feedPostgresCmd   `cmd:"" help:"Update the rows of a table of PostgreSQL, or make one."`
	Files      feedFilesCmd      `cmd:"" help:"Write the changes to files, for anything else."`
	Verify     verifyCmd         `cmd:"" help:"Read the documents back and compare them with the run."`
	Status     statusCmd         `cmd:"" help:"Say what each engine has acknowledged."`
}

const feedHelp = `Every document gets the fields story_id, copy_group_id, copy_role, story_headline, story_aliases,
copy_group_aliases and sada_run. Only what changed since the engine's last acknowledgement is sent; what the
engine does not take is listed in a file and sent again by the next feed.`

// verifyCmd is feed verify.
type verifyCmd struct {
	Bleve      verifyBleveCmd      `cmd:"" help:"The index in a folder."`
	OpenSearch verifyOpenSearchCmd `cmd:"" name:"opensearch" help:"The documents of an index."`
	Postgres   verifyPostgresCmd   `cmd:"" help:"The rows of a table."`
	Files      verifyFilesCmd      `cmd:"" help:"The files, applied in their order."`
}

// cursorFlags say which run is fed and where it is kept what was acknowledged.
type cursorFlags struct {
	Dir    string `help:"Folder of the run (default ${default})." default:"out" placeholder:"DIR" name:"run" type:"path"`
	Cursor string `help:"Folder that keeps what each engine has acknowledged (default feed in the state, or sada-feed beside the run)." placeholder:"DIR" type:"path"`
	State  string `help:"Folder of the nightly state." placeholder:"DIR" type:"path"`
}

func (f *cursorFlags) cursorDir() string {
	switch {
	case f.Cursor != "":
		return f.Cursor
	case f.State != "":
		return filepath.Join(f.State, "feed")
	}
	return filepath.Join(filepath.Dir(f.Dir), "sada-feed")
}

func (f *cursorFlags) load() (*feed.Assignment, error) {
	a, err := feed.Load(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, exit.Misuse("--run names the folder that sada run --out has written", "no run in %s", f.Dir)
	}
	return a, err
}

// voiceFlags say how a verb of feed tells of itself.
type voiceFlags struct {
	Quiet bool `help:"No summary." short:"q" xor:"voice"`
	JSON  bool `help:"One JSON object a line instead of the summary." name:"json" xor:"voice"`
}

// feedFlags are those of every engine.
type feedFlags struct {
	cursorFlags
	voiceFlags
	MaxClear   float64 `help:"Largest share of the acknowledged documents that may be cleared (default ${default})." default:"0.2" placeholder:"SHARE"`
	MaxRefused int     `help:"Documents that the engine may lack or refuse; with more the exit code is 3, -1 allows any number (default ${default})." default:"0" placeholder:"N"`
}

// feed feeds an engine and closes it.
func (f *feedFlags) feed(p *program, e feed.Engine) (err error) {
	defer func() { err = errors.Join(err, e.Close()) }()
	a, err := f.load()
	if err != nil {
		return err
	}
	c, err := feed.OpenCursor(f.cursorDir(), e.Name())
	if err != nil {
		return fmt.Errorf("open the cursor: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	tell := newTeller(p, f.Quiet, f.JSON, "feeding")
	start := time.Now()
	sum, err := feed.Run(p.ctx, a, e, c, feed.Options{Dir: f.Dir, MaxClear: f.MaxClear, Progress: func(done, all int) { tell.progress(int64(done), int64(all)) }})
	tell.done()
	if errors.Is(err, feed.ErrBrake) || err != nil && sum.Number == 0 {
		return err
	}
	if err != nil {
		code, _ := classify(err)
		return &exit.Error{Code: code, Err: fmt.Errorf("feed %d of %s: %d of %d documents acknowledged: %w", sum.Number, sum.Engine, sum.Changed-sum.InDoubt, sum.Changed, err),
			Hint: "what was acknowledged is kept; run it again, and the rest is sent"}
	}
	if err := f.summary(p, &sum, e, time.Since(start)); err != nil {
		return err
	}
	if n := sum.NotTaken(); f.MaxRefused >= 0 && n > f.MaxRefused {
		return &exit.Error{Code: exit.Rejects, Err: fmt.Errorf("%d of %d documents not taken, %d allowed: %d missing, %d refused, %d written by a later feed", n, sum.Changed, f.MaxRefused, sum.Missing, sum.Refused, sum.Superseded),
			Hint: sum.List + " lists them with the reasons; the next feed sends them again"}
	}
	return nil
}

func (f *voiceFlags) summary(p *program, sum *feed.Summary, e feed.Engine, took time.Duration) error {
	if f.JSON {
		return jsonLine(p.stdout, struct {
			Type    string  `json:"type"`
			Seconds float64 `json:"seconds"`
			*feed.Summary
		}{"summary", took.Seconds(), sum})
	}
	if f.Quiet {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d pages in %.1f s\n\n", sum.Engine, sum.Pages, took.Seconds())
	if sum.Renewed {
		b.WriteString("  the engine's documents were made anew since the last feed: everything is sent\n")
	}
	if sum.Changed == 0 {
		b.WriteString("  nothing to send: all documents are acknowledged as they are\n")
	}
	for _, line := range []struct {
		n    int
		name string
		what string
	}{
		{sum.Written, "written", fmt.Sprintf("documents have their new IDs, by feed %d", sum.Number)},
		{sum.Cleared, "cleared", "documents lost theirs, for their pages are not in the run"},
		{sum.Missing, "missing", "pages have no document"},
		{sum.Superseded, "later", "documents were written by a later feed"},
		{sum.Refused, "refused", "documents were not taken"},
	} {
		if line.n > 0 {
			fmt.Fprintf(&b, "  %-9s %7d  %s\n", line.name, line.n, line.what)
		}
	}
	if i, ok := e.(*feed.Bleve); ok && i.Untexted > 0 {
		fmt.Fprintf(&b, "  %-9s %7d  documents have a title only: the run's inputs are gone or changed\n", "no text", i.Untexted)
	}
	return show(p.stdout, b.String())
}

// verifyFlags are those of verify for every engine.
type verifyFlags struct {
	cursorFlags
	voiceFlags
	Sample int `help:"Check as many documents, chosen by the run, instead of all." placeholder:"N"`
}

// shownDifferences is how many differences are told to a person; their number is always said.
const shownDifferences = 10

// verify verifies an engine and closes it.
func (f *verifyFlags) verify(p *program, e feed.Engine) (err error) {
	defer func() { err = errors.Join(err, e.Close()) }()
	a, err := f.load()
	if err != nil {
		return err
	}
	c, err := feed.ReadCursor(f.cursorDir(), e.Name())
	if err != nil {
		return err
	}
	var b strings.Builder
	shown := 0
	v, err := feed.Verify(p.ctx, a, e, c, f.Sample, func(d feed.Difference) {
		switch {
		case f.JSON:
			_ = jsonLine(p.stdout, struct { // if it fails, the last line will
				Type string `json:"type"`
				feed.Difference
			}{"difference", d})
		case shown < shownDifferences:
			shown++
			has := "nothing"
			if d.Found != nil {
				has = fields(d.Found)
			}
			must := "what was acknowledged, which is not in the run"
			if d.Want != nil {
				must = fields(d.Want)
			}
			fmt.Fprintf(&b, "  %s has %s\n    must have %s\n", d.ID, has, must)
		}
	})
	if err != nil {
		return err
	}
	switch {
	case f.JSON:
		err = jsonLine(p.stdout, struct {
			Type string `json:"type"`
			*feed.Verification
		}{"summary", &v})
	case !f.Quiet:
		fmt.Fprintf(&b, "%s: %d of %d pages checked: %d as the run has them, %d differ, %d without a story", v.Engine, v.Checked, v.Pages, v.Equal, v.Differ, v.Absent)
		if v.Extra > 0 {
			fmt.Fprintf(&b, "; %d more documents have a story", v.Extra)
		}
		err = show(p.stdout, b.String()+"\n")
	}
	if err != nil {
		return err
	}
	if v.Equal != v.Checked || v.Extra > 0 {
		return &exit.Error{Code: exit.Rejects, Err: fmt.Errorf("%d of %d documents are not as the run has them, %d more have a story", v.Checked-v.Equal, v.Checked, v.Extra), Hint: "sada feed sends what changed; sada feed status tells what was acknowledged"}
	}
	return nil
}

func fields(f *feed.Fields) string {
	s := fmt.Sprintf("story %s, copy group %s, %s", f.StoryID, f.CopyGroupID, f.CopyRole)
	if n := len(f.StoryAliases) + len(f.CopyGroupAliases); n > 0 {
		s += fmt.Sprintf(", %d aliases", n)
	}
	return s + ", " + headline(f.StoryHeadline)
}

type statusCmd struct {
	cursorFlags
	JSON bool `help:"One JSON object a line." name:"json"`
}

// Run is the verb.
func (c *statusCmd) Run(p *program) error {
	states, err := feed.States(c.cursorDir())
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(states) == 0 {
		return exit.Misuse("--cursor names the folder, or --run a run that was fed", "nothing was fed: no cursor in %s", c.cursorDir())
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, s := range states {
		if c.JSON {
			if err := jsonLine(p.stdout, struct {
				Type string `json:"type"`
				feed.State
			}{"cursor", s}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(&b, "%s\n  feed %d, of the run in %s\n  %d documents acknowledged", s.Engine, s.Number, s.Run, s.Pages)
		if s.InDoubt > 0 {
			fmt.Fprintf(&b, ", %d in doubt: the next feed sends them", s.InDoubt)
		}
		b.WriteByte('\n')
	}
	return show(p.stdout, b.String())
}

// bleveFlags name an index in a folder.
type bleveFlags struct {
	Index string `help:"Folder of the index." required:"" placeholder:"DIR" type:"path"`
}

type feedBleveCmd struct {
	bleveFlags
	feedFlags
	Input []string          `help:"Files, folders or patterns that have the texts, in the place of the run's inputs." placeholder:"INPUT"`
	Field map[string]string `help:"A field's name in the records of --input, as text=body." placeholder:"FIELD=NAME"`
}

func (c *feedBleveCmd) Help() string {
	return feedHelp + `
The texts are read from the inputs of the run; a page whose text is not there has its title alone. A run that sada state export
wrote has no inputs: --input names the files of all nights. Examples:

  sada feed bleve --run out --index index && sada search --index index QUERY
  sada feed bleve --run export --state state --index index --input 'pages-*.jsonl.zst'` + "\n" + exitHelp
}

// Run is the verb.
func (c *feedBleveCmd) Run(p *program) error {
	var from *corpus.Set
	if len(c.Input) > 0 {
		var err error
		if from, err = (&readFlags{Field: c.Field}).open(p, c.Input, runtime.GOMAXPROCS(0)); err != nil {
			return err
		}
	}
	return c.feed(p, feed.NewBleve(c.Index, func(wanted func(string) bool) iter.Seq2[feed.Text, error] { return texts(p, c.Dir, from, wanted) }))
}

type verifyBleveCmd struct {
	bleveFlags
	verifyFlags
}

// Run is the verb.
func (c *verifyBleveCmd) Run(p *program) error { return c.verify(p, feed.NewBleve(c.Index, nil)) }

// accessFlags say how an engine on a network is reached. No flag holds a secret: others see flags.
type accessFlags struct {
	User       string        `help:"User whose password the secret is; without one it is a token." placeholder:"NAME"`
	SecretFile string        `help:"File with the secret, which nobody else may read." placeholder:"FILE" xor:"secret" type:"path"`
	SecretFD   *int          `help:"Open descriptor to read the secret from. Without file and descriptor it is in $$SADA_SECRET." name:"secret-fd" placeholder:"N" xor:"secret"`
	CA         string        `help:"Certificates to trust instead of the system's, in PEM." placeholder:"FILE" type:"path" name:"ca"`
	Cert       string        `help:"Client certificate, in PEM." placeholder:"FILE" type:"path"`
	Key        string        `help:"Its key." placeholder:"FILE" type:"path"`
	Timeout    time.Duration `help:"Longest time of one request (default ${default})." default:"1m" placeholder:"TIME"`
}

// secretVariable is the environment variable that may hold the secret.
const secretVariable = "SADA_SECRET"

func (f *accessFlags) access(url string) (feed.Access, error) {
	fd := -1
	if f.SecretFD != nil {
		fd = *f.SecretFD
	}
	s, err := feed.ReadSecret(f.User, f.SecretFile, fd, secretVariable)
	if errors.Is(err, fs.ErrNotExist) {
		err = exit.Misuse("--secret-file names a file with nothing but the secret", "%w", err)
	}
	return feed.Access{URL: url, User: f.User, Secret: s, CA: f.CA, Cert: f.Cert, Key: f.Key}, err
}

type openSearchFlags struct {
	URL   string `help:"Address of a node." required:"" placeholder:"URL" name:"url"`
	Index string `help:"Index, or an alias of one." required:"" placeholder:"NAME"`
	Match string `help:"Field that holds the page's ID (default the document's _id)." placeholder:"FIELD"`
	accessFlags
}

func (f *openSearchFlags) options() (feed.OpenSearchOptions, error) {
	access, err := f.access(f.URL)
	return feed.OpenSearchOptions{Access: access, Index: f.Index, Match: f.Match, Timeout: f.Timeout}, err
}

type feedOpenSearchCmd struct {
	openSearchFlags
	feedFlags
	Workers  int           `help:"Requests at a time (default ${default})." default:"2" placeholder:"N"`
	Batch    int           `help:"Documents in a request (default ${default})." default:"500" placeholder:"N"`
	Rate     float64       `help:"Most documents in a second; 0 sets no limit." default:"0" placeholder:"N"`
	Patience time.Duration `help:"How long a batch is tried again while the node is busy or away (default ${default})." default:"2m" placeholder:"TIME"`
}

func (c *feedOpenSearchCmd) Help() string {
	return feedHelp + ` An example:

  sada feed opensearch --run out --url https://search.example:9200 --index pages --user feeder --secret-file password` + "\n" + exitHelp
}

// Run is the verb.
func (c *feedOpenSearchCmd) Run(p *program) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	if c.Workers < 1 || c.Batch < 1 || c.Rate < 0 {
		return exit.Misuse("sada help feed opensearch gives the defaults", "--workers and --batch are 1 or more, --rate 0 or more")
	}
	o.Workers, o.Batch, o.Rate, o.Patience = c.Workers, c.Batch, c.Rate, c.Patience
	e, err := feed.NewOpenSearch(o)
	if err != nil {
		return err
	}
	return c.feed(p, e)
}

type verifyOpenSearchCmd struct {
	openSearchFlags
	verifyFlags
}

// Run is the verb.
func (c *verifyOpenSearchCmd) Run(p *program) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	e, err := feed.NewOpenSearch(o)
	if err != nil {
		return err
	}
	return c.verify(p, e)
}

type postgresFlags struct {
	URL   string `help:"Address of the database, as postgres://host/name or postgres:///name?host=/run/postgresql." required:"" placeholder:"URL" name:"url"`
	Table string `help:"Table, which is made if it does not exist (default ${default})." default:"sada_pages" placeholder:"NAME"`
	Match string `help:"Column that holds the page's ID (default ${default})." default:"id" placeholder:"COLUMN"`
	accessFlags
}

func (f *postgresFlags) engine() (feed.Engine, error) {
	access, err := f.access(f.URL)
	if err != nil {
		return nil, err
	}
	return feed.NewPostgres(feed.PostgresOptions{Access: access, Table: f.Table, Match: f.Match, Timeout: f.Timeout})
}

type feedPostgresCmd struct {
	postgresFlags
	feedFlags
}

func (c *feedPostgresCmd) Help() string {
	return feedHelp + `
All changes are one transaction. An example:

  sada feed postgres --run out --url postgres://db.example/news --table pages --match url --user feeder --secret-file password` + "\n" + exitHelp
}

// Run is the verb.
func (c *feedPostgresCmd) Run(p *program) error {
	e, err := c.engine()
	if err != nil {
		return err
	}
	return c.feed(p, e)
}

type verifyPostgresCmd struct {
	postgresFlags
	verifyFlags
}

// Run is the verb.
func (c *verifyPostgresCmd) Run(p *program) error {
	e, err := c.engine()
	if err != nil {
		return err
	}
	return c.verify(p, e)
}

type filesFlags struct {
	Out    string `help:"Folder of the files." required:"" placeholder:"DIR" type:"path"`
	Format string `help:"Their format: jsonl, csv, parquet (default ${default})." default:"jsonl" enum:"jsonl,csv,parquet"`
}

type feedFilesCmd struct {
	filesFlags
	feedFlags
}

func (c *feedFilesCmd) Help() string {
	return feedHelp + `
Every feed with changes adds a file; schema.json beside them is the contract of their records. An example:

  sada feed files --run out --out records --format csv` + "\n" + exitHelp
}

// Run is the verb.
func (c *feedFilesCmd) Run(p *program) error {
	e, err := feed.NewFiles(c.Out, c.Format)
	if err != nil {
		return err
	}
	return c.feed(p, e)
}

type verifyFilesCmd struct {
	filesFlags
	verifyFlags
}

// Run is the verb.
func (c *verifyFilesCmd) Run(p *program) error {
	e, err := feed.NewFiles(c.Out, c.Format)
	if err != nil {
		return err
	}
	return c.verify(p, e)
}

// texts gives the pages of a run that are wanted, with their own text where the set, or without one the run's inputs, still
// have it: first those, in the order of the inputs, then the others by their IDs.
func texts(p *program, dir string, from *corpus.Set, wanted func(id string) bool) iter.Seq2[feed.Text, error] {
	return func(yield func(feed.Text, error) bool) {
		f, err := openPart(dir)
		if err == nil {
			err = f.find(func(row *publish.Page) bool { return wanted(row.ID) })
		}
		if err != nil {
			yield(feed.Text{}, err)
			return
		}
		for text, err := range f.ownTexts(p, from) {
			if !yield(text, err) || err != nil {
				return
			}
			delete(f.rows, text.ID)
		}
		for _, id := range slices.Sorted(maps.Keys(f.rows)) {
			if !yield(about(f.rows[id]), nil) {
				return
			}
		}
	}
}

// about is a page without its text.
func about(row *publish.Page) feed.Text {
	t := feed.Text{ID: row.ID, Title: row.Title, Source: row.Source}
	if row.DateUsed != nil {
		t.Published = *row.DateUsed
	}
	return t
}

// ownTexts reads a set, or the run's inputs, and gives the pages in rows whose record is the run's. Of a file that is gone
// there are none.
func (f *finished) ownTexts(p *program, set *corpus.Set) iter.Seq2[feed.Text, error] {
	return func(yield func(feed.Text, error) bool) {
		if set == nil {
			var err error
			if set, err = f.options.open(p, slices.DeleteFunc(slices.Clone(f.manifest.Arguments), func(name string) bool {
				_, err := os.Stat(name) // a pattern or the standard input is no file
				return name == "-" || err != nil && !strings.ContainsAny(name, "*?[")
			}), runtime.GOMAXPROCS(0)); err != nil {
				return
			}
		}
		dropped := make(map[string]bool) // records whose ID another record has
		for r, err := range publish.Read[publish.Reject](f.dir, "rejects") {
			if err != nil {
				yield(feed.Text{}, err)
				return
			}
			dropped[fmt.Sprintf("%s:%d", r.File, r.Line)] = true
		}
		for rec, err := range set.Records(p.ctx) {
			if err != nil {
				if p.ctx.Err() == nil {
					return
				}
				yield(feed.Text{}, err)
				return
			}
			row := f.rows[rec.Page.ID]
			if rec.Reject != "" || row == nil || dropped[fmt.Sprintf("%s:%d", rec.File, rec.Line)] {
				continue
			}
			body, ok := ownText(row, rec.Page.Text)
			if !ok { // the file changed after the run
				continue
			}
			t := about(row)
			t.Body, t.Known = body, true
			if !yield(t, nil) {
				return
			}
		}
	}
}

// ownText joins the parts of a page's text that are its own. It is not ok if the text is not that of the row.
func ownText(row *publish.Page, text string) (own string, ok bool) {
	var b strings.Builder
	at := int64(0)
	for _, part := range row.Parts {
		if part.From != at || part.To < part.From || part.To > int64(len(text)) {
			return "", false
		}
		at = part.To
		switch kind, _ := article.ParseKind(part.Kind); kind {
		case article.Main, article.Quote, article.Title:
			b.WriteString(text[part.From:part.To])
			b.WriteByte('\n')
		}
	}
	return strings.TrimSpace(b.String()), at == int64(len(text))
}

type searchCmd struct {
	Query []string `arg:"" help:"Words that a page must have in its title or its text."`
	Index string   `help:"Folder of the index." required:"" placeholder:"DIR" type:"path"`
	Limit int      `help:"Most stories shown (default ${default})." default:"10" placeholder:"N"`
	JSON  bool     `help:"One JSON object a line." name:"json"`
}

func (c *searchCmd) Help() string {
	return `Shows the stories that answer best, one for all their pages, with the outlets that carry each and the
number of its texts. An example:

  sada search --index index حريق الميناء`
}

// The most of a story that is shown.
const (
	shownSources = 6
	lead         = 140 // characters of the text
)

// Run is the verb.
func (c *searchCmd) Run(p *program) error {
	if c.Limit < 1 {
		return exit.Misuse("sada search --help gives the default", "--limit must be 1 or more, not %d", c.Limit)
	}
	stories, err := feed.Search(p.ctx, c.Index, strings.Join(c.Query, " "), c.Limit)
	if err != nil {
		return err
	}
	var b strings.Builder
	for n, s := range stories {
		if c.JSON {
			if err := jsonLine(p.stdout, struct {
				Type string `json:"type"`
				feed.Found
			}{"story", s}); err != nil {
				return err
			}
			continue
		}
		if n > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%d. %s\n", n+1, headline(s.StoryHeadline))
		fmt.Fprintf(&b, "   %s  %s, page %s of %s\n", s.StoryID, cmp.Or(s.Published, "no date"), s.ID, cmp.Or(s.Source, "an unknown source"))
		if text := excerpt(s.Text, lead); text != "" {
			fmt.Fprintf(&b, "   %s\n", text)
		}
		if s.Pages > 1 {
			fmt.Fprintf(&b, "   %d pages in %s, %d of them answer; carried by %s\n", s.Pages, count(s.Texts, "text"), s.Hits, outlets(s.Sources))
		}
	}
	if len(stories) == 0 && !c.JSON {
		b.WriteString("no page answers\n")
	}
	return show(p.stdout, b.String())
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// outlets lists the first names and counts all.
func outlets(names []string) string {
	if len(names) == 0 {
		return "unknown sources"
	}
	s := count(len(names), "outlet") + ": " + strings.Join(names[:min(len(names), shownSources)], "، ")
	if len(names) > shownSources {
		s += " …"
	}
	return s
}
