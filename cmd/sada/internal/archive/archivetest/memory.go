package archivetest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"sada/cmd/sada/internal/archive"
)

// Memory is a file system in memory. Names are absolute. It serves one goroutine.
type Memory struct {
	root *node
}

// node is a file or a folder: what programs see of it, and what is on disk.
type node struct {
	dir           bool
	data, onDisk  []byte
	names, synced map[string]*node
}

func folder() *node {
	return &node{dir: true, names: make(map[string]*node), synced: make(map[string]*node)}
}

// NewMemory gives an empty file system.
func NewMemory() *Memory { return &Memory{folder()} }

// Crash gives what may be found after a loss of power: of every name and every file's bytes that were
// not put on disk, the state before or after, or something between.
func (m *Memory) Crash(r *rand.Rand) *Memory { return &Memory{m.root.crash(r)} }

func (n *node) crash(r *rand.Rand) *node {
	if !n.dir {
		b := n.onDisk
		if !bytes.Equal(n.data, n.onDisk) {
			switch r.IntN(3) {
			case 0:
				b = n.data
			case 1: // blocks were given to the file, and not all written
				b = slices.Clone(n.data)
				clear(b[r.IntN(len(b)+1):])
			}
		}
		return &node{data: slices.Clone(b), onDisk: slices.Clone(b)}
	}
	out := folder()
	all := maps.Clone(n.synced)
	maps.Copy(all, n.names)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		child := n.names[name]
		if old := n.synced[name]; old != child && r.IntN(2) == 0 {
			child = old
		}
		if child != nil {
			out.names[name] = child.crash(r)
		}
	}
	maps.Copy(out.synced, out.names)
	return out
}

func (m *Memory) find(op, name string) (*node, error) {
	n := m.root
	for part := range strings.SplitSeq(strings.Trim(filepath.ToSlash(name), "/"), "/") {
		if part == "" {
			continue
		}
		if n = n.names[part]; n == nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
	}
	return n, nil
}

// parent gives the folder of a name, and its last part.
func (m *Memory) parent(op, name string) (*node, string, error) {
	n, err := m.find(op, filepath.Dir(name))
	return n, filepath.Base(name), err
}

// Stat tells of a file or folder.
func (m *Memory) Stat(name string) (fs.FileInfo, error) {
	n, err := m.find("stat", name)
	if err != nil {
		return nil, err
	}
	return info{filepath.Base(name), n}, nil
}

// ReadDir lists a folder.
func (m *Memory) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := m.find("readdir", name)
	if err != nil {
		return nil, err
	}
	var out []fs.DirEntry
	for _, child := range slices.Sorted(maps.Keys(n.names)) {
		out = append(out, fs.FileInfoToDirEntry(info{child, n.names[child]}))
	}
	return out, nil
}

// Open opens a file to be read.
func (m *Memory) Open(name string) (archive.File, error) {
	n, err := m.find("open", name)
	if err != nil {
		return nil, err
	}
	return open{info{filepath.Base(name), n}}, nil
}

// Create makes a file, or empties one.
func (m *Memory) Create(name string) (archive.File, error) {
	dir, base, err := m.parent("create", name)
	if err != nil {
		return nil, err
	}
	n := dir.names[base]
	if n == nil {
		n = new(node)
		dir.names[base] = n
	}
	n.data = nil
	return open{info{base, n}}, nil
}

// MkdirAll makes folders.
func (m *Memory) MkdirAll(name string) error {
	n := m.root
	for part := range strings.SplitSeq(strings.Trim(filepath.ToSlash(name), "/"), "/") {
		if n.names[part] == nil {
			n.names[part] = folder()
		}
		n = n.names[part]
	}
	return nil
}

// Rename gives a file another name.
func (m *Memory) Rename(from, to string) error {
	a, base, err := m.parent("rename", from)
	if err != nil {
		return err
	}
	b, target, err := m.parent("rename", to)
	if err != nil {
		return err
	}
	n := a.names[base]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(a.names, base)
	b.names[target] = n
	return nil
}

// Remove removes a file or an empty folder.
func (m *Memory) Remove(name string) error {
	dir, base, err := m.parent("remove", name)
	if err != nil {
		return err
	}
	switch n := dir.names[base]; {
	case n == nil:
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	case len(n.names) > 0:
		return &fs.PathError{Op: "remove", Path: name, Err: errors.New("not empty")}
	}
	delete(dir.names, base)
	return nil
}

// SyncDir puts the names of a folder on disk.
func (m *Memory) SyncDir(name string) error {
	n, err := m.find("syncdir", name)
	if err != nil {
		return err
	}
	n.synced = maps.Clone(n.names)
	return nil
}

// Lock makes the file of a lock.
func (m *Memory) Lock(name, note string) (io.Closer, error) {
	f, err := m.Create(name)
	if err != nil {
		return nil, err
	}
	_, err = f.Write([]byte(note))
	return f, err
}

// Names gives the paths of all files.
func (m *Memory) Names() []string {
	var out []string
	var walk func(prefix string, n *node)
	walk = func(prefix string, n *node) {
		for _, name := range slices.Sorted(maps.Keys(n.names)) {
			if child := n.names[name]; child.dir {
				walk(prefix+name+"/", child)
			} else {
				out = append(out, prefix+name)
			}
		}
	}
	walk("/", m.root)
	return out
}

// Bytes gives what is in a file; nil if there is none.
func (m *Memory) Bytes(name string) []byte {
	n, err := m.find("open", name)
	if err != nil {
		return nil
	}
	return n.data
}

// Flip changes a bit of a file.
func (m *Memory) Flip(name string, at int) {
	n, err := m.find("open", name)
	if err != nil {
		panic(err)
	}
	n.data = slices.Clone(n.data)
	n.data[at] ^= 1 << (at % 8)
}

// open is an open file.
type open struct{ info }

func (o open) ReadAt(p []byte, at int64) (int, error) { return bytes.NewReader(o.n.data).ReadAt(p, at) }
func (o open) Close() error                           { return nil }
func (o open) Stat() (fs.FileInfo, error)             { return o.info, nil }

func (o open) Write(p []byte) (int, error) {
	o.n.data = append(o.n.data, p...)
	return len(p), nil
}

func (o open) Sync() error {
	o.n.onDisk = slices.Clone(o.n.data)
	return nil
}

func (o open) Map(size int64) (archive.Mapped, error) {
	words := make([]uint64, (size+7)/8) // which has the alignment
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size)
	if copy(b, o.n.data) < len(b) {
		return nil, &fs.PathError{Op: "map", Path: o.name, Err: io.ErrUnexpectedEOF}
	}
	return mapped(b), nil
}

type mapped []byte

func (m mapped) Bytes() []byte  { return m }
func (m mapped) Release() error { return nil }
func (m mapped) Close() error   { return nil }

type info struct {
	name string
	n    *node
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return int64(len(i.n.data)) }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.n.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.n.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
