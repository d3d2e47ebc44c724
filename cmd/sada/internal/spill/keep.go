package spill

// Keep returns memory of the file with the parts one after the other, aligned to 8 bytes and only to be read. It is valid
// until Close.
func (f *File) Keep(parts ...[]byte) ([]byte, error) {
	room, err := f.Alloc(Size(parts))
	if err != nil {
		return nil, err
	}
	return f.Fill(room, parts...)
}

// Size returns how many bytes parts have.
func Size(parts [][]byte) int {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	return n
}
