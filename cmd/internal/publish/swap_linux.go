package publish

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// swap gives the folder at from the name to. A folder that has that name is exchanged with it in one
// step, and its new name is returned.
func swap(from, to string) (old string, err error) {
	err = os.Rename(from, to) // over nothing or an empty folder
	if err == nil {
		return "", nil
	}
	if !errors.Is(err, fs.ErrExist) && !errors.Is(err, unix.ENOTEMPTY) {
		return "", err
	}
	err = unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) { // a file system that cannot
		return aside(from, to)
	}
	return from, err
}
