package main

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

// A collector waits for its room to be taken, then goes by growth, and leaves things as they were.
func TestCollector(t *testing.T) {
	settings := func() (percent, limit uint64) {
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64(), s[1].Value.Uint64()
	}
	percent, limit := settings()
	c := newCollector()
	off, _ := settings()
	if off == percent {
		t.Skip("GOGC is off")
	}
	c.open()
	if now, room := settings(); now != off || room >= limit {
		t.Errorf("before the first collection the growth is %d, and the limit %d", now, room)
	}
	runtime.GC()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if now, room := settings(); now >= percent && now <= nightGrowth && room == limit {
			break
		} else if time.Now().After(end) {
			t.Fatalf("after the first collection the growth is %d, and the limit %d", now, room)
		}
	}
	c.end()
	if now, room := settings(); now != percent || room != limit {
		t.Errorf("after the night the growth is %d, and the limit %d: they were %d and %d", now, room, percent, limit)
	}
}
