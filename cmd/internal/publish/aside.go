package publish

import (
	"errors"
	"os"
)

// aside is the exchange of two folders in two steps, for systems that cannot do it in one. If the
// second fails, the first is undone.
func aside(from, to string) (old string, err error) {
	old = from + ".old"
	if err := os.Rename(to, old); err != nil {
		return "", err
	}
	if err := os.Rename(from, to); err != nil {
		return "", errors.Join(err, os.Rename(old, to))
	}
	return old, nil
}
