package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unsafe"
)

// hunkBytes is what a hunk takes besides its rows.
const hunkBytes = 12

// arrayKey is what the name of a file of an array says.
type arrayKey struct {
	array      string
	generation int // that wrote it
	suffix     string
}

func (k arrayKey) name() string { return fmt.Sprintf("%s-%06d%s", k.array, k.generation, k.suffix) }

// parseArray reads the name of a file of an array.
func parseArray(name string) (arrayKey, bool) {
	for _, suffix := range []string{rowsSuffix, deltaSuffix} {
		of, ok := strings.CutSuffix(name, suffix)
		if array, digits, found := strings.Cut(of, "-"); ok && found && isTable(array) {
			generation, ok := number(digits, "", "")
			return arrayKey{array, generation, suffix}, ok
		}
	}
	return arrayKey{}, false
}

// validateArray returns an error if x cannot be an array of generation n.
func (x *Layers) validateArray(n int) error {
	last := 0
	for i, f := range x.files() {
		name, ok1 := strings.CutPrefix(f.Path, arraysName+"/")
		k, ok2 := parseArray(name)
		if !ok1 || !ok2 || k.array != x.Name || k.generation <= last || k.generation > n || (k.suffix == rowsSuffix) != (i == 0) {
			return fmt.Errorf("array %q", f.Path)
		}
		last = k.generation
	}
	return nil
}

// held is an array that was read, and its rows.
type held struct {
	Layers
	rows []byte
}

// written is an array to be written.
type written struct {
	name  string
	width int
	rows  func() []byte
}

// arrayOf makes an array of what of makes of values.
func arrayOf[V, T any](name string, values []V, of func(v *V) T) written {
	return written{name, width[T](), func() []byte {
		out := make([]T, len(values))
		for i := range values {
			out[i] = of(&values[i])
		}
		return raw(out)
	}}
}

// arrayOfLists makes an array of what of makes of the values that every page has.
func arrayOfLists[V, T any](name string, lists [][]V, of func(page int32, v *V) T) written {
	return written{name, width[T](), func() []byte {
		n := 0
		for _, list := range lists {
			n += len(list)
		}
		out := make([]T, 0, n)
		for page, list := range lists {
			for i := range list {
				out = append(out, of(int32(page), &list[i]))
			}
		}
		return raw(out)
	}}
}

// arrayAs makes an array of values that have the memory of its rows.
func arrayAs[T, V any](name string, values []V) written {
	return written{name, width[T](), func() []byte { return raw(values) }}
}

// writeArrays writes what is not in the arrays of the generation before that the same archive has read. All arrays are made
// at the same time, and their files are written one after the other.
func (a *Archive) writeArrays(ctx context.Context, m, before *Manifest, all []written) error {
	slices.SortFunc(all, func(x, y written) int { return strings.Compare(x.name, y.name) })
	next, files := make([]Layers, len(all)), make([][]byte, len(all))
	if err := parallel(len(all), func(i int) error {
		x := &all[i]
		rows := x.rows()
		n := int64(len(rows) / x.width)
		next[i] = Layers{Name: x.name, Rows: n}
		if old, ok := a.reads(before, x.name); ok {
			spare := old.Base.Bytes / deltaShare
			for _, d := range old.Deltas {
				spare -= d.Bytes
			}
			delta, puts, ok := difference(old.rows, rows, x.width, int(spare))
			if same := ok && len(delta) == 0; same || ok && len(old.Deltas) < maxDeltas {
				next[i].Base, next[i].Deltas, files[i] = old.Base, old.Deltas, delta
				if !same {
					next[i].Deltas = append(slices.Clip(old.Deltas), FileInfo{Rows: puts})
				}
				return ctx.Err()
			}
		}
		next[i].Base.Rows, files[i] = n, rows
		return ctx.Err()
	}); err != nil {
		return err
	}
	for i := range next {
		x, to, suffix := &next[i], &next[i].Base, rowsSuffix
		if n := len(x.Deltas); n > 0 {
			to, suffix = &x.Deltas[n-1], deltaSuffix
		}
		if to.Path == "" {
			info, err := a.writeFile(arraysName+"/"+arrayKey{x.Name, m.Generation, suffix}.name(), func(w io.Writer) error {
				_, err := w.Write(files[i])
				return err
			})
			if err != nil {
				return err
			}
			info.Rows = to.Rows
			*to = info
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	m.Arrays = append(m.Arrays, next...)
	slices.SortFunc(m.Arrays, func(x, y Layers) int { return strings.Compare(x.Name, y.Name) })
	return nil
}

// reads gives an array of a generation that was read, and is still there.
func (a *Archive) reads(m *Manifest, name string) (held, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old, ok := a.arrays[name]
	of, there := m.array(name)
	return old, ok && there && of.same(&old.Layers)
}

// arrayPath gives the file of an array that is named where its rows cannot be.
func (m *Manifest) arrayPath(name string) string {
	x, ok := m.array(name)
	if !ok {
		return arraysName
	}
	return x.files()[len(x.Deltas)].Path
}

// readArray reads the rows of an array, none of one that is not there. They are there until [Archive.Close].
func (a *Archive) readArray(m *Manifest, name string, width int) ([]byte, error) {
	x, ok := m.array(name)
	if !ok {
		return nil, nil
	}
	if x.Base.Bytes != x.Base.Rows*int64(width) {
		return nil, corrupt(x.Base.Path, fmt.Sprintf("%d bytes of %d rows", x.Base.Bytes, x.Base.Rows))
	}
	rows, err := a.view(x.Base)
	if err != nil {
		return nil, err
	}
	for i, d := range x.Deltas {
		delta, err := a.view(d)
		if err != nil {
			return nil, err
		}
		if rows, err = splice(rows, delta, width); err != nil {
			return nil, corrupt(x.Deltas[i].Path, err.Error())
		}
	}
	if int64(len(rows)) != x.Rows*int64(width) {
		return nil, corrupt(m.arrayPath(name), fmt.Sprintf("%d bytes, should be %d rows", len(rows), x.Rows))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.arrays[name] = held{*x, rows}
	return rows, nil
}

// rowsOf reads the rows of an array.
func rowsOf[T any](a *Archive, m *Manifest, name string) ([]T, error) {
	b, err := a.readArray(m, name, int(unsafe.Sizeof(*new(T))))
	return cooked[T](b), err
}

// difference gives what makes the rows is of the rows was: hunks, each with the number of a row of was, how many
// rows from there are cut, how many are put in their place, 4 bytes each, and those rows. It says how many rows
// are put in all. If the hunks take more than limit bytes, it is not ok.
//
// A night appends, and changes rows here and there; where rows are equal again is looked for nearby.
func difference(was, is []byte, width, limit int) (hunks []byte, puts int64, ok bool) {
	row := func(b []byte, i int) []byte { return b[i*width : (i+1)*width] }
	n, m := len(was)/width, len(is)/width
	for n > 0 && m > 0 && bytes.Equal(row(was, n-1), row(is, m-1)) {
		n, m = n-1, m-1
	}
	equal := func(i, j int) bool { return i < n && j < m && bytes.Equal(row(was, i), row(is, j)) }
	const reach = 64 // rows: the lists of a page or story, which come and go as a whole, are shorter
	for i, j := 0, 0; i < n || j < m; {
		if equal(i, j) {
			i, j = i+1, j+1
			continue
		}
		from, first := i, j
	search:
		for i < n && j < m && !equal(i, j) {
			if !equal(i+1, j+1) {
				for d := 1; d <= reach; d++ {
					if equal(i+d, j) {
						i += d
						break search
					}
					if equal(i, j+d) {
						j += d
						break search
					}
				}
			}
			if i, j = i+1, j+1; (j-first)*width > limit {
				return nil, 0, false
			}
		}
		if i == n || j == m {
			i, j = n, m
		}
		for _, v := range []int{from, i - from, j - first} {
			hunks = binary.LittleEndian.AppendUint32(hunks, uint32(v))
		}
		hunks = append(hunks, is[first*width:j*width]...)
		if puts += int64(j - first); len(hunks) > limit {
			return nil, 0, false
		}
	}
	return hunks, puts, true
}

var errHunk = errors.New("damaged hunk")

// splice makes the changes of hunks.
func splice(was, hunks []byte, width int) ([]byte, error) {
	out := make([]uint64, 0, (len(was)+len(hunks)+7)/8) // which has the alignment
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(out))), 8*cap(out))[:0]
	at := 0
	for len(hunks) > 0 {
		if len(hunks) < hunkBytes {
			return nil, errHunk
		}
		var v [3]int
		for i := range v {
			v[i] = int(binary.LittleEndian.Uint32(hunks[4*i:]))
		}
		hunks = hunks[hunkBytes:]
		from, to, put := v[0]*width, (v[0]+v[1])*width, v[2]*width
		if from < at || to > len(was) || put > len(hunks) {
			return nil, errHunk
		}
		b = append(append(b, was[at:from]...), hunks[:put]...)
		hunks, at = hunks[put:], to
	}
	return append(b, was[at:]...), nil
}

// gone says whether an error is about a file that is missing and can be worked out again.
func gone(err error) bool {
	d := new(Damage)
	return errors.As(err, &d) && derivable(d.File) && d.What == missing
}

// derivable says whether what is in a file can be worked out of the pages: one of postings, or of an array; or is in a table
// too.
func derivable(path string) bool {
	return strings.HasSuffix(path, headsSuffix) || strings.HasPrefix(path, runsName+"/") || strings.HasPrefix(path, arraysName+"/")
}
