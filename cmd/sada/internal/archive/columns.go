package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// layout is how the columns of a table are fields of its rows. The library reads any rows by reflection, value by
// value; here each column is read as a whole, into rows that are there, and what is long in it is one piece
// of memory for all rows of a page.
type layout struct {
	size   uintptr
	fields []field // of the rows themselves
	lists  []listField
}

// field is a column and the field of a row, or of an element of a list, that it goes to.
type field struct {
	path   []string
	offset uintptr
	of     reflect.Type
}

// listField is a list of values, or of structs of values.
type listField struct {
	offset uintptr
	of     reflect.Type // of the elements
	fields []field
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

// layoutOf returns the layout of rows, whose fields are values, structs of them, or lists of either.
func layoutOf(t reflect.Type) *layout {
	l := &layout{size: t.Size()}
	l.add(t, 0, nil, &l.fields)
	return l
}

func (l *layout) add(t reflect.Type, at uintptr, path []string, to *[]field) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			l.add(f.Type, at+f.Offset, path, to)
			continue
		}
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		if name == "" {
			name = f.Name
		}
		path, at := append(slices.Clip(path), name), at+f.Offset
		switch {
		case options == "list":
			list := listField{offset: at, of: f.Type.Elem()}
			path = append(path, "list", "element")
			if list.of.Kind() == reflect.Struct {
				l.add(list.of, 0, path, &list.fields)
			} else {
				list.fields = []field{{path, 0, list.of}}
			}
			l.lists = append(l.lists, list)
		case f.Type.Kind() == reflect.Struct && f.Type != timeType:
			l.add(f.Type, at, path, to)
		default:
			*to = append(*to, field{path, at, f.Type})
		}
	}
}

// read reads the rows of a group. A field without a column stays as it is.
func (l *layout) read(file *parquet.File, group parquet.RowGroup, rows unsafe.Pointer) error {
	n := int(group.NumRows())
	chunks := group.ColumnChunks()
	return parallel(len(l.fields)+len(l.lists), func(i int) error {
		return guarded(func() error {
			if i >= len(l.fields) {
				return l.lists[i-len(l.fields)].read(file, chunks, rows, l.size, n)
			}
			f := &l.fields[i]
			leaf, ok := file.Schema().Lookup(f.path...)
			if !ok {
				return nil
			}
			if leaf.MaxRepetitionLevel > 0 || leaf.MaxDefinitionLevel > 1 {
				return fmt.Errorf("column %s: not a value for each row", strings.Join(f.path, "."))
			}
			at, there := 0, []int32(nil)
			err := eachPage(chunks[leaf.ColumnIndex], func(p parquet.Page) error {
				values := target{rows, l.size, at, nil, n}
				if leaf.MaxDefinitionLevel > 0 {
					there = there[:0]
					for j, level := range p.DefinitionLevels() {
						if int(level) == leaf.MaxDefinitionLevel {
							there = append(there, int32(at+j))
						}
					}
					values.there = there
				}
				if at += int(p.NumRows()); at > n {
					return errRows
				}
				return f.fill(p, values)
			})
			if err == nil && at != n {
				err = errRows
			}
			return err
		})
	})
}

var errRows = errors.New("a column with other rows than the table")

// read reads lists. Their elements are one piece of memory.
func (l *listField) read(file *parquet.File, chunks []parquet.ColumnChunk, rows unsafe.Pointer, size uintptr, n int) error {
	all := reflect.MakeSlice(reflect.SliceOf(l.of), 0, 0)
	ends := make([]int, 0, n) // of the rows, in all
	for i := range l.fields {
		f := &l.fields[i]
		leaf, ok := file.Schema().Lookup(f.path...)
		if !ok {
			continue
		}
		if leaf.MaxRepetitionLevel != 1 || leaf.MaxDefinitionLevel != 1 {
			return fmt.Errorf("column %s: not a list", strings.Join(f.path, "."))
		}
		at, row := 0, -1
		err := eachPage(chunks[leaf.ColumnIndex], func(p parquet.Page) error {
			from, starts := at, p.RepetitionLevels()
			for j, level := range p.DefinitionLevels() {
				if starts[j] == 0 {
					row++
				}
				if row < 0 || row >= n {
					return errRows
				}
				if row == len(ends) {
					ends = append(ends, at)
				}
				if level > 0 {
					at++
				}
				if i == 0 {
					ends[row] = at
				} else if ends[row] < at {
					return errRows
				}
			}
			if i == 0 {
				all = reflect.AppendSlice(all, reflect.MakeSlice(all.Type(), at-from, at-from))
			}
			if at > all.Len() {
				return errRows
			}
			return f.fill(p, target{all.UnsafePointer(), l.of.Size(), from, nil, all.Len()})
		})
		if err != nil {
			return err
		}
		if row != n-1 || at != all.Len() {
			return errRows
		}
	}
	from := 0
	for row, end := range ends {
		if end > from {
			list := reflect.NewAt(reflect.SliceOf(l.of), unsafe.Add(rows, uintptr(row)*size+l.offset)).Elem()
			list.Set(all.Slice3(from, end, end))
		}
		from = end
	}
	return nil
}

// eachPage calls do for the pages of a column.
func eachPage(chunk parquet.ColumnChunk, do func(parquet.Page) error) (err error) {
	pages := chunk.Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	for {
		p, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = do(p)
		parquet.Release(p)
		if err != nil {
			return err
		}
	}
}

// target is where the values of a page go.
type target struct {
	base   unsafe.Pointer
	stride uintptr
	first  int
	there  []int32 // the rows that have one, if not all have
	limit  int     // places that there are
}

// place gives the place of value i.
func place[T any](t *target, offset uintptr, i int) *T {
	n := t.first + i
	if t.there != nil {
		n = int(t.there[i])
	}
	return (*T)(unsafe.Add(t.base, uintptr(n)*t.stride+offset))
}

// fill copies the values of a page.
func (f *field) fill(p parquet.Page, to target) error {
	data := p.Data()
	n := int(p.NumValues() - p.NumNulls())
	if to.there == nil && to.first+n > to.limit || to.there != nil && (len(to.there) != n || n > 0 && int(to.there[n-1]) >= to.limit) {
		return errRows // or it would be written elsewhere
	}
	if dictionary := p.Dictionary(); dictionary != nil {
		if f.of.Kind() != reflect.String {
			return fmt.Errorf("column %s: a dictionary of %s", strings.Join(f.path, "."), f.of)
		}
		of := dictionary.Page().Data()
		words := texted(of.ByteArray())
		for i, number := range data.Int32()[:n] {
			*place[string](&to, f.offset, i) = words(int(number))
		}
		return nil
	}
	switch kind := f.of.Kind(); {
	case kind == reflect.String:
		words := texted(data.ByteArray())
		for i := range n {
			*place[string](&to, f.offset, i) = words(i)
		}
	case f.of == bytesType:
		b, offsets := data.ByteArray()
		b = bytes.Clone(b)
		for i := range n {
			*place[[]byte](&to, f.offset, i) = b[offsets[i]:offsets[i+1]:offsets[i+1]]
		}
	case kind == reflect.Bool:
		bits := data.Boolean()
		for i := range n {
			*place[bool](&to, f.offset, i) = bits[i/8]>>(i%8)&1 != 0
		}
	case f.of == timeType:
		b, _ := data.Data()
		for i := range n {
			*place[time.Time](&to, f.offset, i) = time.Unix(0, int64(binary.LittleEndian.Uint64(b[8*i:]))).UTC()
		}
	case kind == reflect.Array && f.of.Size() == 16:
		b, _ := data.Data()
		for i := range n {
			*place[[16]byte](&to, f.offset, i) = [16]byte(b[16*i:])
		}
	case f.of.Size() == 8 && kind != reflect.Slice && kind != reflect.Pointer:
		b, _ := data.Data()
		for i := range n {
			*place[uint64](&to, f.offset, i) = binary.LittleEndian.Uint64(b[8*i:])
		}
	case f.of.Size() == 4:
		b, _ := data.Data()
		for i := range n {
			*place[uint32](&to, f.offset, i) = binary.LittleEndian.Uint32(b[4*i:])
		}
	default:
		return fmt.Errorf("column %s: a field of type %s", strings.Join(f.path, "."), f.of)
	}
	return nil
}

// texted gives strings that share one copy of bytes.
func texted(b []byte, offsets []uint32) func(i int) string {
	all := string(b)
	return func(i int) string { return all[offsets[i]:offsets[i+1]] }
}
