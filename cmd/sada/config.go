package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"

	"sada/cmd/internal/exit"
)

// envPrefix begins the environment variables of flags: --max-churn is SADA_MAX_CHURN.
const envPrefix = "SADA"

// settings are the values of a configuration file: for every verb, or in a table with the verb's name.
type settings struct {
	file   string // empty for none
	values map[string]any
}

// early gives the value of a flag that is needed before the arguments are parsed: theirs, or that of the
// environment.
func early(args []string, flag string) string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--"+flag+"="); ok {
			return value
		}
		if arg == "--"+flag && i+1 < len(args) {
			return args[i+1]
		}
	}
	return os.Getenv(envPrefix + "_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")))
}

// readSettings reads a configuration file, and returns an error that names what no verb knows.
func readSettings(name string, model *kong.Application) (*settings, error) {
	s := &settings{file: name, values: make(map[string]any)}
	if name == "" {
		return s, nil
	}
	_, err := toml.DecodeFile(name, &s.values)
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return nil, exit.Misuse("name another with --config or $SADA_CONFIG", "configuration: %w", err)
	}
	if err != nil {
		return nil, exit.Misuse("it is TOML: key = value, and [night] before what is for the verb night alone", "configuration: %s: %w", name, err)
	}
	all := make(map[string]bool)
	verbs := make(map[string]map[string]bool)
	for _, verb := range model.Leaves(true) {
		of := make(map[string]bool)
		for _, flag := range settable(verb) {
			all[flag.Name], of[flag.Name] = true, true
		}
		verbs[verbName(verb)] = of
	}
	for key, value := range s.values {
		of, isVerb := verbs[key]
		table, isTable := value.(map[string]any)
		if !isVerb || !isTable {
			if !all[key] {
				return nil, unknownKey(name, key, append(slices.Collect(keys(all)), slices.Collect(keys(verbs))...))
			}
			continue
		}
		for key := range table {
			if !of[key] {
				return nil, unknownKey(name, key, slices.Collect(keys(of)))
			}
		}
	}
	return s, nil
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// verbName is how a verb is called in a configuration file.
func verbName(verb *kong.Node) string {
	name := verb.Name
	for p := verb.Parent; p != nil && p.Type == kong.CommandNode; p = p.Parent {
		name = p.Name + " " + name
	}
	return name
}

// settable are the flags of a verb that a file may set.
func settable(verb *kong.Node) []*kong.Flag {
	var out []*kong.Flag
	for _, group := range verb.AllFlags(false) {
		for _, flag := range group {
			if flag.Name != "help" && flag.Name != "config" {
				out = append(out, flag)
			}
		}
	}
	return out
}

func unknownKey(file, key string, known []string) error {
	slices.SortFunc(known, func(a, b string) int {
		return cmp.Or(cmp.Compare(levenshtein.ComputeDistance(key, a), levenshtein.ComputeDistance(key, b)), cmp.Compare(a, b))
	})
	return exit.Misuse(fmt.Sprintf("did you mean %q?", known[0]), "configuration: %s: no verb has an option %q", file, key)
}

// lookup gives the value of a verb's flag, its own before that for all verbs.
func (s *settings) lookup(verb *kong.Node, flag string) (any, bool) {
	if table, ok := s.values[verbName(verb)].(map[string]any); ok {
		if v, ok := table[flag]; ok {
			return v, true
		}
	}
	v, ok := s.values[flag]
	if _, isTable := v.(map[string]any); isTable && flag != "field" { // the table of a verb with the name of a flag
		return nil, false
	}
	return v, ok
}

// Validate has nothing to do: readSettings did.
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve gives the value of a flag that is not among the arguments and not in the environment.
func (s *settings) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if env(flag) != "" || parent.Node() == nil {
		return nil, nil
	}
	v, ok := s.lookup(parent.Node(), flag.Name)
	if !ok {
		return nil, nil
	}
	return setting(v), nil
}

// setting writes a value as a flag's argument.
func setting(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(keys(v)) {
			parts = append(parts, k+"="+setting(v[k]))
		}
		return strings.Join(parts, ";")
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, setting(e))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

// env gives the variable that sets a flag, empty if none does.
func env(flag *kong.Flag) string {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return name
		}
	}
	return ""
}

type configCmd struct {
	Verb   string `arg:"" optional:"" help:"The verb to tell of (default all)."`
	Origin bool   `help:"Say where each value is from."`
}

func (c *configCmd) Help() string {
	return `Prints the options that verbs have without flags. A flag goes before the environment, that before the
configuration file, and that before the default. The file is TOML, named by --config or $SADA_CONFIG: keys are the names
of flags, for all verbs or below a table with the name of one. Variables are named as SADA_MAX_CHURN for --max-churn.

  workers = 2
  [night]
  state = "/var/lib/sada/state"
  out = "/var/lib/sada/result"
  keep = 14` + "\n" + exitHelp
}

// Run is the verb.
func (c *configCmd) Run(p *program, parser *kong.Kong) error {
	var b strings.Builder
	found := false
	for _, verb := range parser.Model.Leaves(true) {
		if name := verbName(verb); c.Verb != "" && c.Verb != name {
			continue
		}
		found = true
		flags := settable(verb)
		if len(flags) == 0 {
			continue
		}
		fmt.Fprintf(&b, "[%s]\n", quoteKey(verbName(verb)))
		for _, flag := range flags {
			value, origin := flag.Default, "default"
			if v, ok := p.settings.lookup(verb, flag.Name); ok {
				value, origin = setting(v), p.settings.file
			}
			if name := env(flag); name != "" {
				value, origin = os.Getenv(name), "$"+name
			}
			if origin == "default" && !flag.HasDefault {
				value = ""
			}
			line := fmt.Sprintf("%s = %q", flag.Name, value)
			if c.Origin {
				line = fmt.Sprintf("%-40s # %s", line, origin)
			}
			fmt.Fprintln(&b, line)
		}
	}
	if !found {
		return exit.Misuse("sada help lists the verbs", "no verb %q", c.Verb)
	}
	return show(p.stdout, b.String())
}

func quoteKey(name string) string {
	if strings.Contains(name, " ") {
		return fmt.Sprintf("%q", name)
	}
	return name
}
