package archive

// Sum is the checksum of the manifest's frame.
var Sum = sum

// Merge sets how many segments a commit leaves apart.
func (a *Archive) Merge(segments int) { a.maxSegments = segments }
