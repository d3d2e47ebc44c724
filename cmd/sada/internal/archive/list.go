package archive

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// listing is what is in a state folder.
type listing struct {
	generations []int // that have a folder, ascending
	shared      []shared
	temp        bool     // there is a `current` that was not finished
	aside       int      // the highest number of a folder of what Repair moved
	unknown     []string // everything that is none of the state's
}

// shared is a file that several generations may be made of.
type shared struct {
	path       string
	generation int // that wrote it
}

// sharedFolders are the folders of shared files, with what reads the generation in a name.
var sharedFolders = map[string]func(name string) (generation int, ok bool){
	segmentsName: segmentNumber,
	runsName: func(name string) (int, bool) {
		k, ok := parseRun(name)
		return k.generation, ok
	},
	setsName: func(name string) (int, bool) {
		k, ok := parseSet(name)
		return k.generation, ok
	},
	arraysName: func(name string) (int, bool) {
		k, ok := parseArray(name)
		return k.generation, ok
	},
}

// list looks at the state folder, which need not exist, and into the folders of shared files.
func (a *Archive) list() (listing, error) {
	var l listing
	entries, err := a.entries("")
	if err != nil {
		return l, err
	}
	for _, e := range entries {
		name := e.Name()
		n, isGeneration := generationNumber(name)
		aside, isAside := strings.CutPrefix(name, asidePrefix)
		switch {
		case name == lockName, name == currentName:
		case name == "lost+found": // the file system's own, where the folder is one
		case name == tempName:
			l.temp = true
		case name == stagesName && e.IsDir(): // of no generation
		case sharedFolders[name] != nil && e.IsDir():
			files, err := a.entries(name)
			if err != nil {
				return l, err
			}
			for _, f := range files {
				path := name + "/" + f.Name()
				if n, ok := sharedFolders[name](f.Name()); ok {
					l.shared = append(l.shared, shared{path, n})
				} else {
					l.unknown = append(l.unknown, path)
				}
			}
		case isGeneration && e.IsDir():
			l.generations = append(l.generations, n)
		case isAside && e.IsDir():
			if n, err := strconv.Atoi(aside); err == nil {
				l.aside = max(l.aside, n)
			}
		default:
			l.unknown = append(l.unknown, name)
		}
	}
	slices.Sort(l.generations) // names of a million and more do not ascend
	return l, nil
}

// entries lists a folder of the state, none of one that is not there.
func (a *Archive) entries(name string) ([]fs.DirEntry, error) {
	entries, err := a.fs.ReadDir(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

// strangers gives what is in the folder of a generation and is not the generation's. Without its
// manifest that is not known, and nothing is a stranger.
func (a *Archive) strangers(n int, m *Manifest) ([]string, error) {
	if m == nil {
		return nil, nil
	}
	folder := generationName(n)
	entries, err := a.entries(folder)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		path := folder + "/" + e.Name()
		if e.Name() != manifestName && !slices.ContainsFunc(m.Tables, func(f FileInfo) bool { return f.Path == path }) {
			out = append(out, path)
		}
	}
	return out, nil
}

// has says whether a generation has a manifest. One without is half removed: the manifest goes first.
func (a *Archive) has(n int) (bool, error) {
	_, err := a.fs.Stat(a.path(generationName(n) + "/" + manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Size gives how many bytes the files of the current generation take; 0 if there is none.
func (a *Archive) Size() (int64, error) {
	m, err := a.current()
	if errors.Is(err, ErrNone) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n := int64(0)
	for _, f := range m.Files() {
		n += f.Bytes
	}
	return n, nil
}
