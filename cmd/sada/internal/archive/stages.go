package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

const (
	stagesName = "stages"
	partName   = "shard.json" // of a part: what it is made of
	partSuffix = ".new"       // of one that is being written
)

// Stage keeps a step of a night as far as it is done, in parts numbered from 0, so that a night that was
// stopped need not do it again. It is of no generation: without it the step is done anew. Parts are read by one
// goroutine and written by one, which may be another.
type Stage struct {
	a      *Archive
	folder string
	parts  map[int]string // folders of those that there were
	ready  bool           // the folder is on disk
}

// Stage gives the stage of a key, 32 hexadecimal digits made of all that it depends on, with the parts that
// there are of it, and removes every other stage and what is half written. The lock must be held.
func (a *Archive) Stage(key string) (*Stage, error) {
	if !isHash(key) {
		return nil, fmt.Errorf("%q is no key of a stage", key)
	}
	if err := a.removeStages(key); err != nil {
		return nil, err
	}
	s := &Stage{a: a, folder: stagesName + "/" + key, parts: make(map[int]string)}
	l, err := a.listStage(s.folder)
	if err != nil {
		return nil, err
	}
	for _, path := range l.begun {
		if err := a.removeAll(path); err != nil {
			return nil, err
		}
	}
	for _, p := range l.parts {
		if was := s.parts[p.n]; was != "" { // a night was stopped while it wrote this part again
			if err := a.removeAll(was); err != nil {
				return nil, err
			}
		}
		s.parts[p.n] = p.path
	}
	return s, nil
}

// Staged says whether there is a stage of any key.
func (a *Archive) Staged() (bool, error) {
	keys, err := a.stageKeys()
	return len(keys) > 0, err
}

// RemoveStages removes all stages. The lock must be held. It writes nothing.
func (a *Archive) RemoveStages() error { return a.removeStages("") }

func (a *Archive) removeStages(but string) error {
	if a.lock == nil {
		return errUnlocked
	}
	keys, err := a.stageKeys()
	if err != nil {
		return err
	}
	for _, key := range keys {
		if key != but {
			if err := a.removeAll(stagesName + "/" + key); err != nil {
				return err
			}
		}
	}
	left, err := a.entries(stagesName)
	if err != nil || len(left) > 0 {
		return err
	}
	if err := a.fs.Remove(a.path(stagesName)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeAll removes a folder of the state and what is in it. What makes it a part goes first.
func (a *Archive) removeAll(folder string) error {
	entries, err := a.entries(folder)
	if err != nil {
		return err
	}
	slices.SortStableFunc(entries, func(x, y fs.DirEntry) int {
		switch {
		case x.Name() == partName:
			return -1
		case y.Name() == partName:
			return 1
		}
		return 0
	})
	for _, e := range entries {
		remove := func(name string) error { return a.fs.Remove(a.path(name)) }
		if e.IsDir() {
			remove = a.removeAll
		}
		if err := remove(folder + "/" + e.Name()); err != nil {
			return err
		}
	}
	return a.fs.Remove(a.path(folder))
}

// Len gives the number of parts that there were.
func (s *Stage) Len() int { return len(s.parts) }

// Bytes gives how much the parts take that there were.
func (s *Stage) Bytes() (n int64, err error) {
	for _, folder := range s.parts {
		entries, err := s.a.entries(folder)
		if err != nil {
			return 0, err
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				return 0, err
			}
			n += info.Size()
		}
	}
	return n, nil
}

// Part gives what Write was given of part n; nil if there is none. It is ErrCorrupt if that is not what was written.
func (s *Stage) Part(n int) ([]byte, error) {
	if s.parts[n] == "" {
		return nil, nil
	}
	b, err := s.a.part(s.parts[n])
	if errors.Is(err, fs.ErrNotExist) { // it was being removed
		return nil, nil
	}
	return b, err
}

// part reads what is said of the part in a folder, which has its checksum in its name. The error is that of a file
// that does not exist for a part that is half removed.
func (a *Archive) part(folder string) ([]byte, error) {
	name := folder + "/" + partName
	b, err := a.read(name, maxManifest)
	if err == nil && !strings.HasSuffix(folder, "-"+sum(b)) {
		err = corrupt(name, "checksum")
	}
	return b, err
}

// PartRows gives the rows of a table of part n of a stage, as [Rows] does those of a generation. The path of
// info is the name that Write gave, with its suffix.
func PartRows[T any](s *Stage, n int, info FileInfo) iter.Seq2[[]T, error] {
	info.Path = s.parts[n] + "/" + info.Path
	return readTable[T](s.a, info)
}

// Write writes part n: a table of rows, which is not compressed, for that would take as long as making the rows
// again; and describe gives what [Stage.Part] is to give, as a JSON object whose member tables has the name, rows,
// bytes and xxh3_128 of the file, which it is given. It takes the place of a part that there was. When Write
// returns without an error the part is on disk; stopped at any point, there is a whole part or none.
func Write[T any](s *Stage, n int, name string, rows []T, describe func(FileInfo) ([]byte, error)) error {
	a := s.a
	folder := fmt.Sprintf("%s/%06d%s", s.folder, n, partSuffix)
	err := s.prepare(folder)
	if err == nil {
		err = s.write(n, folder, name+tableSuffix, func(w io.Writer) (int64, error) { return encodePlain(w, rows) }, describe)
	}
	if err != nil {
		_ = a.removeAll(folder) // the next night does too
	}
	return err
}

// prepare makes the folder of a part, and puts those that it is in on disk.
func (s *Stage) prepare(folder string) error {
	a := s.a
	if err := a.fs.MkdirAll(a.path(folder)); err != nil {
		return err
	}
	if s.ready {
		return nil
	}
	for _, name := range []string{a.path(stagesName), a.dir, filepath.Dir(filepath.Clean(a.dir))} { // all of which may be new
		if err := a.fs.SyncDir(name); err != nil {
			return err
		}
	}
	s.ready = true
	return nil
}

func (s *Stage) write(n int, folder, name string, encode func(io.Writer) (int64, error), describe func(FileInfo) ([]byte, error)) error {
	a := s.a
	var count int64
	info, err := a.writeFile(folder+"/"+name, func(w io.Writer) (err error) {
		count, err = encode(w)
		return err
	})
	if err != nil {
		return err
	}
	info.Path, info.Rows = name, count
	b, err := describe(info)
	if err != nil {
		return err
	}
	said, err := a.writeFile(folder+"/"+partName, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	if err := a.fs.SyncDir(a.path(folder)); err != nil {
		return err
	}
	if was := s.parts[n]; was != "" {
		if err := a.removeAll(was); err != nil {
			return err
		}
	}
	if err := a.fs.Rename(a.path(folder), a.path(fmt.Sprintf("%s/%06d-%s", s.folder, n, said.Hash))); err != nil {
		return err
	}
	return a.fs.SyncDir(a.path(s.folder))
}

// encodePlain writes rows as Parquet without compression.
func encodePlain[T any](w io.Writer, rows []T) (int64, error) {
	p := parquet.NewGenericWriter[T](w, parquet.Compression(&parquet.Uncompressed), parquet.CreatedBy("sada", "", ""))
	for some := range slices.Chunk(rows, batchRows) {
		if _, err := p.Write(some); err != nil {
			return 0, err
		}
	}
	return int64(len(rows)), p.Close()
}

// stageListing is what is in the folder of a stage. Paths are relative to the state folder.
type stageListing struct {
	parts   []stagePart // ascending
	begun   []string    // parts that were not finished
	unknown []string
}

type stagePart struct {
	n    int
	path string
}

func (a *Archive) listStage(folder string) (stageListing, error) {
	var l stageListing
	entries, err := a.entries(folder)
	if err != nil {
		return l, err
	}
	for _, e := range entries {
		path := folder + "/" + e.Name()
		digits, hash, _ := strings.Cut(e.Name(), "-")
		if n, ok := partNumber(digits); ok && isHash(hash) && e.IsDir() {
			l.parts = append(l.parts, stagePart{n, path})
		} else if _, ok := partNumber(strings.TrimSuffix(e.Name(), partSuffix)); ok && e.IsDir() {
			l.begun = append(l.begun, path)
		} else {
			l.unknown = append(l.unknown, path)
		}
	}
	return l, nil
}

// partNumber reads the number of a part, from 0.
func partNumber(digits string) (int, bool) {
	if digits == "000000" {
		return 0, true
	}
	return number(digits, "", "")
}

// stageKeys lists the keys of the stages that there are.
func (a *Archive) stageKeys() ([]string, error) {
	entries, err := a.entries(stagesName)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, e := range entries {
		if isHash(e.Name()) && e.IsDir() {
			keys = append(keys, e.Name())
		}
	}
	return keys, nil
}

// StageReport is what Check found of a stage.
type StageReport struct {
	Path    string // relative to the state folder
	Parts   int    // that are as they were written
	Bytes   int64  // of those
	Damaged []string
}

// checkStages holds the parts of all stages to their checksums. What is damaged does no harm: it is made again.
func (a *Archive) checkStages(ctx context.Context) (reports []StageReport, begun, unknown []string, err error) {
	entries, err := a.entries(stagesName)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, e := range entries {
		folder := stagesName + "/" + e.Name()
		if !isHash(e.Name()) || !e.IsDir() {
			unknown = append(unknown, folder)
			continue
		}
		l, err := a.listStage(folder)
		if err != nil {
			return nil, nil, nil, err
		}
		begun, unknown = append(begun, l.begun...), append(unknown, l.unknown...)
		r := StageReport{Path: folder}
		for _, p := range l.parts {
			bytes, err := a.checkPart(ctx, p.path)
			_, gone := a.fs.Stat(a.path(p.path))
			switch {
			case err == nil:
				r.Parts++
				r.Bytes += bytes
			case errors.Is(gone, fs.ErrNotExist): // a night has ended meanwhile
			case errors.Is(err, fs.ErrNotExist):
				begun = append(begun, p.path)
			case errors.Is(err, ErrCorrupt):
				r.Damaged = append(r.Damaged, p.path)
			default:
				return nil, nil, nil, err
			}
		}
		reports = append(reports, r)
	}
	return reports, begun, unknown, nil
}

func (a *Archive) checkPart(ctx context.Context, folder string) (bytes int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	b, err := a.part(folder)
	if err != nil {
		return 0, err
	}
	var said struct {
		Tables []struct {
			Name  string
			Bytes int64
			Hash  string `json:"xxh3_128"`
		}
	}
	if err := json.Unmarshal(b, &said); err != nil {
		return 0, corrupt(folder+"/"+partName, err.Error())
	}
	bytes = int64(len(b))
	for _, t := range said.Tables {
		f, err := a.open(FileInfo{Path: folder + "/" + t.Name, Bytes: t.Bytes, Hash: t.Hash})
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return 0, err
		}
		bytes += t.Bytes
	}
	return bytes, nil
}
