package pipeline

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/google/renameio/v2"
	"github.com/zeebo/xxh3"
)

// What the first pipeline keeps for the second, in this order.
const (
	keptOutlines = iota
	keptRoles
	keptLinks
	keptFinals
	keptRelated
	keptSettled
	keptAll
)

// keptFile is a file of one bundle. Only those that a bundle which was done has told of count: one that was done
// again has another name.
type keptFile struct {
	Name string `json:"name"`
	Hash string `json:"xxh3_128"`
}

type (
	keep struct { // writes values to a file for every bundle
		Dir  string
		What int64

		file *os.File
		to   *bufio.Writer
		hash *xxh3.Hasher
	}
	keepIndex struct{ Dir string } // tells which files count
	nothings  struct{}             // an entry for everything that is kept
	listKept  struct {             // its files
		Dir  string
		What int64
	}
	readKept struct{ Dir string }
)

func init() {
	beam.RegisterType(reflect.TypeFor[keep]())
	beam.RegisterType(reflect.TypeFor[keepIndex]())
	beam.RegisterType(reflect.TypeFor[nothings]())
	beam.RegisterType(reflect.TypeFor[listKept]())
	beam.RegisterType(reflect.TypeFor[readKept]())
}

// keepFor writes collections of numbers and bytes, in the order of the constants, for [kept]. Nothing of it crosses the network
// but the names of files.
func keepFor(s beam.Scope, o Options, collections [keptAll]beam.PCollection) {
	files := []beam.PCollection{beam.ParDo(s, &nothings{}, beam.Impulse(s))}
	for what, c := range collections {
		files = append(files, beam.ParDo(s, &keep{Dir: o.shards(), What: int64(what)}, c))
	}
	beam.ParDo0(s, &keepIndex{o.shards()}, join(s, "keepIndex", beam.Flatten(s, files...)))
}

// kept reads a collection that was kept.
func kept(s beam.Scope, o Options, what int64) beam.PCollection {
	files := beam.Reshuffle(s, beam.ParDo(s, &listKept{o.shards(), what}, beam.Impulse(s)))
	return beam.ParDo(s, &readKept{o.shards()}, files)
}

// StartBundle has nothing to do: a bundle may be empty.
func (k *keep) StartBundle(func(int64, []byte)) { k.file = nil }

// ProcessElement writes a value.
func (k *keep) ProcessElement(key int64, value []byte, _ func(int64, []byte)) error {
	if k.file == nil {
		err := os.MkdirAll(k.Dir, 0o755)
		if err == nil {
			k.file, err = os.CreateTemp(k.Dir, fmt.Sprintf("kept-%d-*", k.What))
		}
		if err != nil {
			return err
		}
		k.hash = xxh3.New()
		k.to = bufio.NewWriter(io.MultiWriter(k.file, k.hash))
	}
	head := binary.AppendUvarint(binary.LittleEndian.AppendUint64(nil, uint64(key)), uint64(len(value)))
	_, err := k.to.Write(append(head, value...))
	return err
}

// FinishBundle tells of the file.
func (k *keep) FinishBundle(emit func(int64, []byte)) error {
	if k.file == nil {
		return nil
	}
	name := filepath.Base(k.file.Name())
	if err := errors.Join(k.to.Flush(), k.file.Sync(), k.file.Close()); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	emit(k.What, pack(keptFile{name, hexOf(k.hash.Sum128())}))
	return nil
}

func (*nothings) ProcessElement(_ []byte, emit func(int64, []byte)) {
	for what := range int64(keptAll) {
		emit(what, pack(keptFile{}))
	}
}

func keptIndex(dir string, what int64) string {
	return filepath.Join(dir, fmt.Sprintf("kept-%d.json", what))
}

func (k *keepIndex) ProcessElement(what int64, values func(*[]byte) bool) error {
	files := slices.DeleteFunc(all[keptFile](values), func(f keptFile) bool { return f.Name == "" })
	slices.SortFunc(files, func(a, b keptFile) int { return cmp.Compare(a.Name, b.Name) })
	b, err := json.Marshal(files)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(k.Dir, 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(keptIndex(k.Dir, what), b, 0o644)
}

func (l *listKept) ProcessElement(_ []byte, emit func(int64, []byte)) error {
	b, err := os.ReadFile(keptIndex(l.Dir, l.What))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", l.Dir, ErrUnfinished)
	}
	if err != nil {
		return err
	}
	var files []keptFile
	if err := json.Unmarshal(b, &files); err != nil {
		return err
	}
	for i, f := range files {
		emit(int64(i), pack(f))
	}
	return nil
}

func (r *readKept) ProcessElement(_ context.Context, _ int64, b []byte, emit func(int64, []byte)) error {
	f := unpack[keptFile](b)
	file, err := os.Open(filepath.Join(r.Dir, f.Name))
	if err != nil {
		return err
	}
	defer file.Close()
	hash := xxh3.New()
	from := bufio.NewReader(io.TeeReader(file, hash))
	for {
		var key [8]byte
		if _, err := io.ReadFull(from, key[:]); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("read %s: %w", f.Name, err)
		}
		n, err := binary.ReadUvarint(from)
		if err != nil {
			return fmt.Errorf("read %s: %w", f.Name, err)
		}
		value := make([]byte, n)
		if _, err := io.ReadFull(from, value); err != nil {
			return fmt.Errorf("read %s: %w", f.Name, err)
		}
		emit(int64(binary.LittleEndian.Uint64(key[:])), value)
	}
	if hexOf(hash.Sum128()) != f.Hash {
		return fmt.Errorf("%s is not what was written", f.Name)
	}
	return nil
}
