package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sada/cluster"
	"sada/cmd/internal/corpus"
	"sada/cmd/internal/exit"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/spill"
)

// stateLine is the JSON line of a verb that tells of a state.
type stateLine struct {
	Type        string   `json:"type"` // the verb
	Generation  int      `json:"generation"`
	Generations []int    `json:"generations"`
	Files       int      `json:"files"`
	Bytes       int64    `json:"bytes"`
	Damage      []string `json:"damage"`
	Leftovers   []string `json:"leftovers"`
	Unknown     []string `json:"unknown"`
	Moved       []string `json:"moved"`
	Aside       string   `json:"aside"`
	Removed     []int    `json:"removed"`
	Stages      []stage  `json:"stages,omitempty"` // of check
}

// stage is what a night that is not done keeps of the pages that it has read.
type stage struct {
	Path    string   `json:"path"`
	Parts   int      `json:"parts"`
	Bytes   int64    `json:"bytes"`
	Damaged []string `json:"damaged"`
}

// tell prints what a verb found or did, to people or as JSON.
func (l stateLine) tell(p *program, asJSON bool, text string) error {
	if !asJSON {
		return show(p.stdout, text)
	}
	for _, list := range []*[]string{&l.Damage, &l.Leftovers, &l.Unknown, &l.Moved} {
		*list = append([]string{}, *list...) // null is no list
	}
	l.Generations, l.Removed = append([]int{}, l.Generations...), append([]int{}, l.Removed...)
	return jsonLine(p.stdout, l)
}

type checkCmd struct {
	stateFlags
	JSON bool `help:"One JSON object instead of the report." name:"json"`
}

func (c *checkCmd) Help() string {
	return `Holds every file of every generation to its checksum, reads all of the current one, and makes pages of its
records. It takes no lock and changes nothing.` + "\n" + exitHelp
}

// Run is the verb.
func (c *checkCmd) Run(p *program) error {
	a, err := c.open(p)
	if err != nil {
		return err
	}
	defer letGo(p.ctx, a)
	r, failed := a.Check(p.ctx)
	l := stateLine{Type: "check", Generation: r.Generation, Generations: r.Generations, Files: r.Files, Bytes: r.Bytes, Leftovers: r.Leftovers, Unknown: r.Unknown}
	var b strings.Builder
	for _, d := range r.Damage {
		l.Damage = append(l.Damage, d.File+": "+d.What)
		fmt.Fprintf(&b, "damaged    %s: %s\n", d.File, d.What)
	}
	for _, name := range r.Leftovers {
		fmt.Fprintf(&b, "leftover   %s, which the next night removes\n", name)
	}
	for _, s := range r.Stages {
		l.Stages = append(l.Stages, stage{s.Path, s.Parts, s.Bytes, append([]string{}, s.Damaged...)})
		fmt.Fprintf(&b, "checkpoint %s: %d parts, %d MB of a night that is not done, which goes on there when it is run again\n", s.Path, s.Parts, s.Bytes>>20)
		for _, name := range s.Damaged {
			fmt.Fprintf(&b, "checkpoint %s is damaged, and will be made again\n", name)
		}
	}
	for _, name := range r.Unknown {
		fmt.Fprintf(&b, "unknown    %s\n", name)
	}
	if failed == nil {
		fmt.Fprintf(&b, "generation %d is whole, %d generations in %d files, %d MB\n", r.Generation, len(r.Generations), r.Files, r.Bytes>>20)
	}
	if failed == nil || errors.Is(failed, archive.ErrCorrupt) || len(r.Stages) > 0 {
		if err := l.tell(p, c.JSON, b.String()); err != nil {
			return err
		}
	}
	if len(r.Damage) > 0 { // they are listed
		return fmt.Errorf("%s: %d files are damaged, the first is %w", c.State, len(r.Damage), r.Damage[0])
	}
	return failed
}

type repairCmd struct {
	stateFlags
	lockFlags
	JSON bool `help:"One JSON object instead of the report." name:"json"`
}

func (c *repairCmd) Help() string {
	return `Goes back to the newest generation that is whole. What is damaged, what a night that was stopped left and what
is no file of a state's is moved to a folder aside-1, aside-2 and so on; nothing is deleted. Pages of nights that
were lost are taken in again by running those nights again.` + "\n" + exitHelp
}

// Run is the verb.
func (c *repairCmd) Run(p *program) error {
	return c.locked(p, c.LockWait, true, func(a *archive.Archive) error {
		r, err := a.Repair(p.ctx)
		if err != nil {
			return err
		}
		var b strings.Builder
		for _, name := range r.Moved {
			fmt.Fprintf(&b, "moved      %s to %s\n", name, r.Aside)
		}
		fmt.Fprintf(&b, "generation %d is current\n", r.Generation)
		return stateLine{Type: "repair", Generation: r.Generation, Moved: r.Moved, Aside: r.Aside}.tell(p, c.JSON, b.String())
	})
}

type pruneCmd struct {
	stateFlags
	lockFlags
	Keep int  `help:"Generations to keep (default ${default})." default:"7" placeholder:"N"`
	JSON bool `help:"One JSON object instead of the report." name:"json"`
}

func (c *pruneCmd) Help() string {
	return `Removes all but the newest generations, what no one of them needs, and before them the checkpoints of a night that was stopped.
It writes nothing, and so works on a full disk.` + "\n" + exitHelp
}

// Run is the verb.
func (c *pruneCmd) Run(p *program) error {
	if c.Keep < 1 {
		return exit.Misuse("the last generation is the state", "keep %d generations: the least is 1", c.Keep)
	}
	return c.locked(p, c.LockWait, true, func(a *archive.Archive) error {
		removed, err := a.Prune(p.ctx, c.Keep)
		if errors.Is(err, archive.ErrNone) { // there were checkpoints of a first night
			return stateLine{Type: "prune"}.tell(p, c.JSON, "the checkpoints of a first night were removed\n")
		}
		if err != nil {
			return err
		}
		all, err := a.Generations()
		if err != nil {
			return err
		}
		l := stateLine{Type: "prune", Generation: all[len(all)-1].Generation, Removed: removed}
		for _, m := range all {
			l.Generations = append(l.Generations, m.Generation)
		}
		return l.tell(p, c.JSON, fmt.Sprintf("%d generations removed, %d kept\n", len(removed), len(all)))
	})
}

type stateCmd struct {
	Show   showCmd   `cmd:"" help:"Print what a state is made of."`
	Export exportCmd `cmd:"" help:"Write a state's present groups as a run folder."`
}

type showCmd struct {
	stateFlags
	JSON bool `help:"The manifest of the current generation instead of the table." name:"json"`
}

// Run is the verb.
func (c *showCmd) Run(p *program) error {
	a, err := c.open(p)
	if err != nil {
		return err
	}
	all, err := a.Generations()
	if err != nil {
		return err
	}
	now := all[len(all)-1]
	if c.JSON {
		return jsonLine(p.stdout, struct {
			Type string `json:"type"`
			*archive.Manifest
		}{"state", now})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "generation %d of %s\n", now.Generation, c.State)
	for _, kind := range []string{archive.Copy, archive.Story} {
		n := now.Counts[kind]
		fmt.Fprintf(&b, "  %-12s %9d of %d pages\n", strings.ReplaceAll(kind, "_", " "), n.Groups, n.Pages)
	}
	fmt.Fprintf(&b, "  %-12s %s\n  %-12s %s\n", "options", now.Options, "written by", now.Program)
	for _, m := range all {
		bytes := int64(0)
		for _, f := range m.Files() {
			bytes += f.Bytes
		}
		fmt.Fprintf(&b, "  %-12s %9d bytes in %d files, night of %d inputs\n", fmt.Sprint("gen ", m.Generation), bytes, len(m.Files()), len(m.Nights[len(m.Nights)-1].Inputs))
	}
	return show(p.stdout, b.String())
}

type exportCmd struct {
	stateFlags
	Out     string `help:"Folder of the results." required:"" placeholder:"DIR" type:"path"`
	Workers int    `help:"Goroutines; no result depends on it (default all processors)." default:"0" placeholder:"N"`
	JSON    bool   `help:"One JSON object a line instead of the summary." name:"json"`
}

func (c *exportCmd) Help() string {
	return `Writes what the last night published, to another folder: eval, report, feed and explain read it. It takes
no lock, and may run beside a night. A state does not have the texts of its pages: sada feed bleve takes them from the files
that its --input names, and report and explain show the pages without.` + "\n" + exitHelp
}

// Run is the verb.
func (c *exportCmd) Run(p *program) error {
	a, err := c.open(p)
	if err != nil {
		return err
	}
	defer letGo(p.ctx, a)
	defer spill.Hold(maxMapped, a.Release)()
	n, err := loadNight(p.ctx, a)
	if err != nil {
		return err
	}
	defer n.end(p.ctx)
	if n.old.Generation == 0 {
		return fmt.Errorf("%s: %w", c.State, archive.ErrNone)
	}
	flags := jobFlags{workFlags: workFlags{Workers: c.Workers, JSON: c.JSON, Quiet: !c.JSON && !terminal(p.stdout)}}
	var was stateOptions
	if err := json.Unmarshal(n.old.Options, &was); err != nil {
		return fmt.Errorf("options of the state: %w", err)
	}
	flags.clusterFlags = was.clusterFlags
	n.same = true
	return flags.do(p, job{read: flags.reader(new(corpus.Set)), out: c.Out,
		known: func(in *input) (assigned, error) {
			n.take(in, nil, true)
			return n.assigned(p.ctx, a, false, func(o cluster.Options) (*cluster.Result, error) {
				return n.cluster(o, n.old.OptionHash, (&operationFlags{LogFormat: p.logFormat}).logger(p.stderr))
			})
		},
		check: func(r *results) error {
			_, err := n.publication(p.ctx, a, r, flags.workers())
			return err
		}})
}
