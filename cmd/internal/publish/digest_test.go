package publish

import (
	"fmt"
	"reflect"
	"testing"
)

// TestDigest changes every field of every kind of row, one at a time, at every depth: each change gives another sum,
// and taking it back gives the first one again.
func TestDigest(t *testing.T) {
	const text = "ب"
	page := Page{PublishedAt: ptr(text), DateUsed: ptr(text), Credits: []string{text}, Parts: []Part{{Kind: text}}}
	passage := Passage{Marker: &Range{1, 2}, Title: &Range{3, 4}, Reasons: []string{text}}
	story := Story{Pages: []string{text}, CopyGroups: []string{text}, First: ptr(text), Last: ptr(text), Label: []string{text}, Outlets: []string{text}, Suggested: []Suggestion{{Story: text}}}
	link := Link{}
	for _, c := range []struct {
		row any
		add func(d *Digest)
	}{
		{&page, func(d *Digest) { d.Page(&page) }}, {&link, func(d *Digest) { d.Link(&link) }},
		{&passage, func(d *Digest) { d.Passage(&passage) }}, {&story, func(d *Digest) { d.Story(&story) }},
	} {
		sum := func() uint64 {
			var d Digest
			c.add(&d)
			return d.Sum()
		}
		seen := map[uint64]string{sum(): "the row as it was"}
		first := sum()
		tried := 0
		var alter func(path string, v reflect.Value)
		try := func(path string, v reflect.Value, to any) {
			was := reflect.ValueOf(v.Interface())
			v.Set(reflect.ValueOf(to).Convert(v.Type()))
			if other, ok := seen[sum()]; ok {
				t.Errorf("%T: %s as %v has the sum of %s", c.row, path, to, other)
			}
			seen[sum()] = path
			v.Set(was)
			tried++
			if sum() != first {
				t.Fatalf("%T: %s: the row is not as it was", c.row, path)
			}
		}
		alter = func(path string, v reflect.Value) {
			switch v.Kind() {
			case reflect.String:
				try(path, v, path) // another one for every field
			case reflect.Bool:
				try(path, v, !v.Bool())
			case reflect.Int64:
				try(path, v, int64(100+tried))
			case reflect.Float64:
				try(path, v, 100.5+float64(tried))
			case reflect.Pointer:
				alter(path, v.Elem())
				was := reflect.ValueOf(v.Interface())
				v.SetZero()
				if sum() == first {
					t.Errorf("%T: %s without a value has the sum of the row as it was", c.row, path)
				}
				v.Set(was)
			case reflect.Slice:
				alter(path+"[0]", v.Index(0))
				was := reflect.ValueOf(v.Interface())
				v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
				if sum() == first {
					t.Errorf("%T: %s with one more has the sum of the row as it was", c.row, path)
				}
				v.Set(was)
			case reflect.Struct:
				for i := range v.NumField() {
					alter(path+"."+v.Type().Field(i).Name, v.Field(i))
				}
			default:
				t.Fatalf("%s is a %s", path, v.Kind())
			}
		}
		alter("", reflect.ValueOf(c.row).Elem())
		if tried < reflect.TypeOf(c.row).Elem().NumField() {
			t.Errorf("%T: %d fields tried", c.row, tried)
		}
	}
}

// TestDigestOfSequences has texts and lists whose bytes are the same one after another.
func TestDigestOfSequences(t *testing.T) {
	seen := make(map[uint64]string)
	for _, p := range []Page{{ID: "ab", Source: "c"}, {ID: "a", Source: "bc"}, {ID: "abc"}, {Credits: []string{"a", "b"}}, {Credits: []string{"ab"}}, {Credits: []string{"a"}, Tags: "b"}} {
		var d Digest
		d.Page(&p)
		sum := d.Sum()
		if other, ok := seen[sum]; ok {
			t.Errorf("%+v has the sum of %s", p, other)
		}
		seen[sum] = fmt.Sprintf("%+v", p)
	}
	var d Digest
	one := Page{ID: "a"}
	d.Page(&one)
	first := d.Sum()
	if d.Page(&one); d.Sum() != first {
		t.Error("a sum has something of what was summed before")
	}
}
