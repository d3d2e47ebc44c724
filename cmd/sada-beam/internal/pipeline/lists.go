package pipeline

import "github.com/apache/beam/sdks/v2/go/pkg/beam"

// The lengths of the lists that a worker is given for one key. The longest shows whether what many pages
// have in common comes together on one worker: postings of an anchor do not, and of texts that no band tells
// apart their band keys do.
var (
	postingsOfKey    = beam.NewDistribution("sada", "postings_of_key")
	textsOfBucket    = beam.NewDistribution("sada", "texts_of_large_bucket")
	wordsOfComponent = beam.NewDistribution("sada", "words_of_component_of_copies")
	nodesOfComponent = beam.NewDistribution("sada", "copy_groups_of_component")
	nodesOfWindow    = beam.NewDistribution("sada", "copy_groups_of_window")
)
