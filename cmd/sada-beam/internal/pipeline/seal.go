package pipeline

import (
	"encoding/json"

	"sada/cluster"
)

// sealed is Options as steps take them along: Beam knows no structs with functions in them.
type sealed struct{ JSON string }

func seal(o Options) sealed {
	type clusterOptions struct {
		cluster.Options
		Alloc *struct{} `json:"Alloc,omitempty"` // in place of the function: workers have ordinary memory
	}
	b, err := json.Marshal(struct {
		Options
		Cluster clusterOptions
	}{o, clusterOptions{Options: o.Cluster}})
	if err != nil {
		panic(err) // they are numbers and strings
	}
	return sealed{string(b)}
}

func (s sealed) open() (o Options) {
	if err := json.Unmarshal([]byte(s.JSON), &o); err != nil {
		panic(err) // seal wrote it
	}
	return o
}
