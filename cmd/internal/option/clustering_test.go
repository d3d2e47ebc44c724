package option

import (
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"sada/cluster"
)

func parse(t *testing.T, args ...string) *Clustering {
	t.Helper()
	var f Clustering
	p, err := kong.New(&f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &f
}

// TestDefaults: without flags the options are those of the library.
func TestDefaults(t *testing.T) {
	got, err := parse(t).Options(1)
	if err != nil {
		t.Fatal(err)
	}
	want := cluster.Defaults()
	want.Workers, want.Story.Workers = 1, 1
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestOptions(t *testing.T) {
	o, err := parse(t, "--threshold=.2", "--sigma=3", "--method=components", "--sketch=go-minhash").Options(2)
	if err != nil || o.Story.Threshold != .2 || o.Story.Floor != .1 || o.Story.Sigma != 3 || o.Story.Method != "components" || o.Sketch != "go-minhash" || o.Story.Workers != 2 {
		t.Errorf("%+v, %v", o, err)
	}
	for flag, says := range map[string]string{"--similarity=2": "similarity", "--sigma=-1": "sigma", "--threshold=1.5": "threshold"} {
		if _, err := parse(t, flag).Options(1); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}
