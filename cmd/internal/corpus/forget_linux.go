package corpus

import (
	"os"

	"golang.org/x/sys/unix"
)

// forget lets the system's cache give up bytes of a file.
func forget(file *os.File, from, bytes int64) {
	conn, err := file.SyscallConn()
	if err == nil {
		_ = conn.Control(func(fd uintptr) {
			_ = unix.Fadvise(int(fd), from, bytes, unix.FADV_DONTNEED) // advice: nothing is wrong without it
		})
	}
}
