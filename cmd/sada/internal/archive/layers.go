package archive

import "slices"

// Layers are a table in files that generations share: one with all rows, and those that say what later generations
// changed.
type Layers struct {
	Name   string     `json:"name"`
	Rows   int64      `json:"rows"`             // with the changes
	Base   FileInfo   `json:"base"`             // whose rows are those of the table before any change
	Deltas []FileInfo `json:"deltas,omitempty"` // oldest first
}

const (
	// deltaShare is the part of a base that its deltas may be. What a night changes is then written five times in
	// all: once in a delta, and as one of four that are written again with each one. Reading takes a quarter
	// more than the rows.
	deltaShare = 4
	// maxDeltas is the most deltas of a base, for the same reason as maxSegments.
	maxDeltas = 16
)

// files gives the files of the table.
func (x *Layers) files() []FileInfo { return append([]FileInfo{x.Base}, x.Deltas...) }

// same says whether two tables are made of the same files.
func (x *Layers) same(y *Layers) bool { return x.Base == y.Base && slices.Equal(x.Deltas, y.Deltas) }

// layers finds a table.
func layers(all []Layers, name string) (*Layers, bool) {
	i := slices.IndexFunc(all, func(x Layers) bool { return x.Name == name })
	if i < 0 {
		return nil, false
	}
	return &all[i], true
}

func (m *Manifest) array(name string) (*Layers, bool) { return layers(m.Arrays, name) }

func (m *Manifest) set(name string) (*Layers, bool) { return layers(m.Sets, name) }
