package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadPairs(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     [][2]string
		err      string
	}{
		{name: "nothing"},
		{name: "comments and empty lines", in: "# pages\n\na\tb\n", want: [][2]string{{"a", "b"}}},
		{name: "ids with spaces and quotes", in: "a b\t\"c\"", want: [][2]string{{"a b", `"c"`}}},
		{name: "from Windows", in: "\ufeffa\tb\r\nc\td\r\n", want: [][2]string{{"a", "b"}, {"c", "d"}}},
		{name: "no tab", in: "a\tb\na b\n", err: `2: "a b" is not a pair of page IDs`},
		{name: "three columns", in: "a\tb\t1\n", err: `1: "a\tb\t1" is not a pair of page IDs`},
		{name: "an empty ID", in: "\tb\n", err: `1: "\tb" is not a pair of page IDs`},
		{name: "not UTF-8", in: "a\t\xff\n", err: `1: "a\t\xff" is not a pair of page IDs`},
	} {
		got, err := readPairs(strings.NewReader(tt.in))
		message := ""
		if err != nil {
			message = err.Error()
		}
		if d := cmp.Diff(tt.want, got); d != "" || message != tt.err {
			t.Errorf("%s: error %q, want %q; pairs (want -, got +):\n%s", tt.name, message, tt.err, d)
		}
	}
}

func FuzzReadPairs(f *testing.F) {
	f.Add("a\tb\n# c\n\nd\te\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		pairs, err := readPairs(strings.NewReader(in))
		if err != nil {
			return
		}
		var b strings.Builder
		b.WriteString("# so that no ID stands at the beginning\n")
		for _, p := range pairs {
			b.WriteString(p[0] + "\t" + p[1] + "\r\n")
		}
		again, err := readPairs(strings.NewReader(b.String()))
		if err != nil || !cmp.Equal(pairs, again) {
			t.Errorf("%q gives %q, which gives %q, %v", in, pairs, again, err)
		}
	})
}
