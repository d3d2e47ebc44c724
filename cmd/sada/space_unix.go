//go:build unix

package main

import "golang.org/x/sys/unix"

// room is what a file system will have to hold, and what it has left.
type room struct {
	demand
	free int64
}

// together adds up the needs of each file system. What cannot be asked is left out.
func together(needs []demand) []room {
	var out []room
	seen := make(map[uint64]int)
	for _, n := range needs {
		var disk unix.Statfs_t
		var at unix.Stat_t
		path := existing(n.path)
		if unix.Statfs(path, &disk) != nil || unix.Stat(path, &at) != nil {
			continue
		}
		if i, ok := seen[uint64(at.Dev)]; ok {
			out[i].bytes += n.bytes
			continue
		}
		seen[uint64(at.Dev)] = len(out)
		out = append(out, room{n, int64(disk.Bavail) * int64(disk.Bsize)})
	}
	return out
}
