package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/vmihailenco/msgpack/v5"

	"sada/features/tfidf"
)

// pack turns a value that goes from step to step into bytes: structs without the names of their fields.
func pack(v any) []byte {
	var b bytes.Buffer
	e := msgpack.GetEncoder()
	defer msgpack.PutEncoder(e)
	e.Reset(&b)
	e.UseArrayEncodedStructs(true)
	e.UseCompactInts(true)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("pack %T: %v", v, err))
	}
	return b.Bytes()
}

// What pages have hundreds of is packed without a byte in front of each.
func init() {
	le := binary.LittleEndian
	packAs([]uint32(nil), le.AppendUint32, func(b []byte) (uint32, int) { return le.Uint32(b), 4 })
	packAs([]uint64(nil), le.AppendUint64, func(b []byte) (uint64, int) { return le.Uint64(b), 8 })
	packAs([]tfidf.Count(nil), func(b []byte, c tfidf.Count) []byte {
		return binary.AppendUvarint(le.AppendUint64(b, uint64(c.Term)), uint64(c.N))
	}, func(b []byte) (tfidf.Count, int) {
		times, n := binary.Uvarint(b[8:])
		return tfidf.Count{Term: tfidf.Term(le.Uint64(b)), N: uint32(times)}, 8 + n
	})
}

// packAs has slices packed as the bytes that put appends for each element. get returns the first and how many bytes it has.
func packAs[T any](slice []T, put func([]byte, T) []byte, get func([]byte) (T, int)) {
	msgpack.Register(slice, func(e *msgpack.Encoder, v reflect.Value) error {
		all := v.Interface().([]T)
		if all == nil {
			return e.EncodeNil()
		}
		b := make([]byte, 0, 9*len(all))
		for _, x := range all {
			b = put(b, x)
		}
		return e.EncodeBytes(b)
	}, func(d *msgpack.Decoder, v reflect.Value) error {
		b, err := d.DecodeBytes()
		if err != nil {
			return err
		}
		var all []T
		if b != nil {
			all = make([]T, 0, len(b)/9+1)
		}
		for len(b) > 0 {
			x, n := get(b)
			all, b = append(all, x), b[n:]
		}
		v.Set(reflect.ValueOf(all))
		return nil
	})
}

// unpack is the opposite. What it is given came from pack, so an error is one of the program or its
// transport; the runner then tries the bundle again and fails.
func unpack[T any](b []byte) (v T) {
	if err := msgpack.Unmarshal(b, &v); err != nil {
		panic(fmt.Sprintf("unpack %T: %v", v, err))
	}
	return v
}

// one returns the only value of a key, if there is one.
func one[T any](next func(*[]byte) bool) (v T, ok bool) {
	var b []byte
	if !next(&b) {
		return v, false
	}
	return unpack[T](b), true
}

// all returns the values of a key.
func all[T any](next func(*[]byte) bool) (out []T) {
	var b []byte
	for next(&b) {
		out = append(out, unpack[T](b))
		b = nil
	}
	return out
}

// both makes one key of two numbers of pages.
func both(a, b uint32) int64 { return int64(uint64(a)<<32 | uint64(b)) }

func apart(key int64) (a, b uint32) { return uint32(uint64(key) >> 32), uint32(key) }

// mix makes one key of a hash and a small number: a bijection of the hash for every number.
func mix(hash int64, n int) int64 {
	h := (uint64(hash) ^ uint64(n)*0xD6E8FEB86659FD93) * 0x9E3779B97F4A7C15
	return int64(h ^ h>>32)
}

var counters sync.Map // by name: a Counter is bound to the worker's context only when it counts

// count adds to a counter of the pipeline.
func count(ctx context.Context, name string, n int) {
	c, ok := counters.Load(name)
	if !ok {
		c, _ = counters.LoadOrStore(name, beam.NewCounter("sada", name))
	}
	c.(beam.Counter).Inc(ctx, int64(n))
}

// combined counts what a combiner made. Some of it may be sent in parts, one for every bundle.
func combined(ctx context.Context, stage string, b []byte) {
	count(ctx, "records_"+stage, 1)
	count(ctx, "bytes_"+stage, keyBytes+len(b))
}

// join brings together what has one key: every value crosses the network here. It counts the bytes of keys
// and values, before the runner's own framing and compression, under the name of the step that takes them.
func join(s beam.Scope, stage string, cols ...beam.PCollection) beam.PCollection {
	for i, col := range cols {
		key, value := col.Type().Components()[0].Type(), col.Type().Components()[1].Type()
		switch {
		case key.Kind() == reflect.String:
			cols[i] = beam.ParDo(s, &meterNames{stage}, col)
		case value.Kind() == reflect.Int64:
			cols[i] = beam.ParDo(s, &meterNumbers{stage}, col)
		default:
			cols[i] = beam.ParDo(s, &meter{stage}, col)
		}
	}
	if len(cols) == 1 {
		return beam.GroupByKey(s, cols[0])
	}
	return beam.CoGroupByKey(s, cols...)
}

type (
	meter        struct{ Stage string }
	meterNumbers struct{ Stage string }
	meterNames   struct{ Stage string }
)

func init() {
	beam.RegisterType(reflect.TypeFor[meter]())
	beam.RegisterType(reflect.TypeFor[meterNumbers]())
	beam.RegisterType(reflect.TypeFor[meterNames]())
}

func (m *meter) ProcessElement(ctx context.Context, key int64, value []byte) (int64, []byte) {
	combined(ctx, m.Stage, value)
	return key, value
}

func (m *meterNumbers) ProcessElement(ctx context.Context, key, value int64) (int64, int64) {
	count(ctx, "records_"+m.Stage, 1)
	count(ctx, "bytes_"+m.Stage, 2*keyBytes)
	return key, value
}

func (m *meterNames) ProcessElement(ctx context.Context, key string, value []byte) (string, []byte) {
	count(ctx, "records_"+m.Stage, 1)
	count(ctx, "bytes_"+m.Stage, len(key)+len(value))
	return key, value
}

const keyBytes = 8

func add(a, b int64) int64 { return a + b }

// entry is a row of a table that all workers have.
type entry struct {
	Key   int64
	Value []byte
}

type (
	// collect collects the numbers of a key as long as they are no more than Limit; then it only counts
	// them, and keeps those that can be homes if it is told so. It can be done in any order and in parts,
	// so that what many pages share is short before it is sent.
	collect struct {
		Limit int
		Homes bool
	}
	number  struct{} // makes bytes of a number
	fix     struct{} // puts everything on one key
	fixName struct{}
	list    struct{} // makes a table of what is on one key
)

// What is called for every number is registered with its types; steps are called by reflection, since the
// compiler takes 10 GB and ten minutes for the generic registration of sixty of them.
func init() {
	register.Function2x1(add)
	register.Combiner3[[]byte, int64, []byte](&collect{})
	beam.RegisterType(reflect.TypeFor[number]())
	beam.RegisterType(reflect.TypeFor[fix]())
	beam.RegisterType(reflect.TypeFor[fixName]())
	beam.RegisterType(reflect.TypeFor[list]())
	register.Emitter1[string]()
	register.Emitter2[int64, []byte]()
	register.Emitter2[int64, int64]()
	register.Emitter2[string, []byte]()
	register.Emitter2[string, int64]()
	register.Iter1[[]byte]()
	register.Iter1[int64]()
}

// collected is what collect makes: how many there were, and those that are kept, ascending.
type collected struct {
	n    int
	kept []int64
}

// Bytes of collected are the numbers that are kept, 8 bytes each. Where there were more, their number follows in 8 bytes, and
// one byte that tells of it: most keys have one number.
const shortened = 8 + 1

func (c *collect) decode(b []byte) collected {
	out := collected{n: len(b) / 8}
	if len(b)%8 != 0 {
		at := len(b) - shortened
		out.n, b = int(binary.LittleEndian.Uint64(b[at:])), b[:at]
	}
	for ; len(b) > 0; b = b[8:] {
		out.kept = append(out.kept, int64(binary.LittleEndian.Uint64(b)))
	}
	return out
}

func (c *collect) encode(v collected) []byte {
	b := make([]byte, 0, 8*len(v.kept)+shortened)
	for _, k := range v.kept {
		b = binary.LittleEndian.AppendUint64(b, uint64(k))
	}
	if v.n == len(v.kept) {
		return b
	}
	return append(binary.LittleEndian.AppendUint64(b, uint64(v.n)), 0)
}

// CreateAccumulator implements a combiner.
func (c *collect) CreateAccumulator() []byte { return nil }

// AddInput implements a combiner.
func (c *collect) AddInput(b []byte, v int64) []byte {
	return c.MergeAccumulators(b, binary.LittleEndian.AppendUint64(nil, uint64(v)))
}

// MergeAccumulators implements a combiner.
func (c *collect) MergeAccumulators(a, b []byte) []byte {
	if whole := len(a)%8 == 0 && len(b)%8 == 0; whole && len(a)/8+len(b)/8 <= c.Limit {
		return append(a, b...)
	}
	v, w := c.decode(a), c.decode(b)
	v.n += w.n
	switch v.kept = append(v.kept, w.kept...); {
	case v.n <= c.Limit:
	case !c.Homes:
		v.kept = nil
	default:
		slices.Sort(v.kept)
		v.kept = homes(v.kept)
	}
	return c.encode(v)
}

// ExtractOutput implements a combiner.
func (c *collect) ExtractOutput(b []byte) []byte {
	v := c.decode(b)
	slices.Sort(v.kept)
	return c.encode(v)
}

func (*number) ProcessElement(key, n int64, emit func(int64, []byte)) {
	emit(key, binary.AppendUvarint(nil, uint64(n)))
}

func (*fix) ProcessElement(key int64, value []byte, emit func(int64, []byte)) {
	emit(0, pack(entry{key, value}))
}

func (*fixName) ProcessElement(name string, n int64, emit func(int64, []byte)) {
	emit(0, pack(entry{n, []byte(name)}))
}

func (*list) ProcessElement(_ int64, values func(*[]byte) bool, emit func(string)) {
	entries := slices.DeleteFunc(all[entry](values), func(e entry) bool { return e.Value == nil })
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.Key, b.Key), bytes.Compare(a.Value, b.Value)) })
	// Runners in Java take a string for UTF-8, and mend what is not.
	emit(base64.StdEncoding.EncodeToString(pack(entries)))
}

// gather makes a table of all entries, for all workers: for what is small.
func gather(s beam.Scope, entries beam.PCollection) beam.PCollection {
	return table(s, beam.ParDo(s, &fix{}, entries))
}

// gatherNames is gather for numbers of names: the entries' keys are the numbers.
func gatherNames(s beam.Scope, numbers beam.PCollection) beam.PCollection {
	return table(s, beam.ParDo(s, &fixName{}, numbers))
}

func table(s beam.Scope, fixed beam.PCollection) beam.PCollection {
	// A table without entries is a table.
	none := beam.ParDo(s, &seed{}, beam.Impulse(s))
	return beam.ParDo(s, &list{}, join(s, "list", beam.Flatten(s, none, fixed)))
}

// seed makes the entry of no table.
type seed struct{}

func init() { beam.RegisterType(reflect.TypeFor[seed]()) }

func (*seed) ProcessElement(_ []byte, emit func(int64, []byte)) { emit(0, pack(entry{})) }

// held keeps what was made of a table as long as the table is the same.
type held[T any] struct {
	of    string
	value T
	has   bool
}

func (h *held[T]) get(of string, make func([]entry) T) T {
	if !h.has || h.of != of { // nearly always the same string
		b, err := base64.StdEncoding.DecodeString(of)
		if err != nil {
			panic(fmt.Sprintf("read a table: %v", err))
		}
		h.of, h.value, h.has = of, make(unpack[[]entry](b)), true
	}
	return h.value
}

// uvarint reads the value of an entry.
func (e entry) uvarint() int64 {
	n, _ := binary.Uvarint(e.Value)
	return int64(n)
}

// numbers makes a map of a table of numbers.
func numbers(entries []entry) map[int64]int64 {
	out := make(map[int64]int64, len(entries))
	for _, e := range entries {
		out[e.Key] = e.uvarint()
	}
	return out
}

// values returns the values of a key that are already bytes of numbers.
func values(next func(*int64) bool) (out []int64) {
	var v int64
	for next(&v) {
		out = append(out, v)
	}
	return out
}
