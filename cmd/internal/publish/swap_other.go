//go:build !linux

package publish

import "os"

func swap(from, to string) (old string, err error) {
	if os.Rename(from, to) == nil { // over nothing or an empty folder
		return "", nil
	}
	return aside(from, to)
}
