package cluster

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"sada/features/arabic"
)

// damage changes one number, string or length somewhere in a value, and says where.
func damage(r *rand.Rand, v reflect.Value) string {
	switch v.Kind() {
	case reflect.Struct:
		n := r.IntN(v.NumField())
		return "." + v.Type().Field(n).Name + damage(r, v.Field(n))
	case reflect.Slice:
		if v.Len() == 0 {
			return ""
		}
		n := r.IntN(v.Len())
		if r.IntN(4) > 0 {
			return fmt.Sprintf("[%d of %d]", n, v.Len()) + damage(r, v.Index(n))
		}
		whole := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(whole, v)
		switch r.IntN(3) {
		case 0:
			v.Set(whole.Slice(0, n))
			return fmt.Sprintf("cut to %d of %d", n, v.Len())
		case 1:
			v.Set(reflect.AppendSlice(whole, v.Slice(n, n+1)))
			return fmt.Sprintf("%d appended", n)
		default:
			m := r.IntN(v.Len())
			a, b := reflect.New(v.Type().Elem()).Elem(), reflect.New(v.Type().Elem()).Elem()
			a.Set(v.Index(n))
			b.Set(v.Index(m))
			whole.Index(n).Set(b)
			whole.Index(m).Set(a)
			v.Set(whole)
			return fmt.Sprintf("%d and %d exchanged", n, m)
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		x := []int64{-1, 0, 1, v.Int() + 1, v.Int() - 1, v.Int() * 2, math.MaxInt32, math.MinInt32, r.Int64N(200)}[r.IntN(9)]
		if !v.OverflowInt(x) {
			v.SetInt(x)
		}
		return fmt.Sprint(" = ", x)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		x := []uint64{0, 1, v.Uint() + 1, v.Uint() - 1, v.Uint() * 2, math.MaxUint32, math.MaxUint64, r.Uint64N(200)}[r.IntN(8)]
		if !v.OverflowUint(x) {
			v.SetUint(x)
		}
		return fmt.Sprint(" = ", x)
	case reflect.Float64, reflect.Float32:
		x := []float64{math.NaN(), math.Inf(1), -1, 0, .5, 2}[r.IntN(6)]
		v.SetFloat(x)
		return fmt.Sprint(" = ", x)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.String:
		v.SetString("ض")
	}
	return ""
}

// copied returns a value that shares no slice with another.
func copied(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Struct:
		for n := range v.NumField() {
			out.Field(n).Set(copied(v.Field(n)))
		}
	case reflect.Slice:
		if v.IsNil() {
			return out
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for n := range v.Len() {
			out.Index(n).Set(copied(v.Index(n)))
		}
	default:
		out.Set(v)
	}
	return out
}

// A damaged table is an error, or does nothing worse than to make another result.
func TestDamagedTables(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	e := editor{r: r, pool: gold(t)[:25], maker: Maker{Stemmer: arabic.Light10}}
	var all []*Page
	for range 90 {
		all = append(all, e.page())
	}
	o := Defaults()
	o.Bucket = 4
	res, known := grow(t, &Known{}, Night{Pages: all[:60:60]}, o)
	o.Weights = res.Weights()
	sound := known.Tables()
	sound.Frequency = nil // a million numbers, any of which may be anything
	night := Night{Pages: all[55:], Deleted: []string{all[3].ID, all[40].ID}}
	refused, taken := 0, 0
	for range 400 {
		tables := copied(reflect.ValueOf(*sound)).Interface().(Tables)
		where := damage(r, reflect.ValueOf(&tables).Elem())
		if len(tables.Frequency) == 0 {
			tables.Frequency = known.passages.Frequency
		}
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("%s: %v", where, p)
				}
			}()
			k, err := tables.Known(known.Pages, o)
			if err == nil {
				err = k.CheckPostings()
			}
			if err != nil {
				refused++
				return
			}
			if refused+taken > 200 && r.IntN(4) > 0 { // a night takes a while
				return
			}
			taken++
			if _, _, _, err := Grow(k, night, o, noTime); err != nil {
				refused++
			}
		}()
	}
	if refused < 100 || taken < 60 {
		t.Errorf("%d damaged tables refused, %d taken", refused, taken)
	}
}
