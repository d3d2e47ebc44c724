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
		// In place of the functions: workers have ordinary memory.
		Keep  *struct{} `json:"Keep,omitempty"`
		Ahead *struct{} `json:"Ahead,omitempty"`
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
