package exit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"sada/cmd/internal/publish"
)

func TestOf(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name string
		err  error
		code int
		hint string // a part of it; none if it is empty
	}{
		{"nothing", nil, 0, ""},
		{"any", boom, 1, ""},
		{"its own", fmt.Errorf("around: %w", &Error{Gate, boom, "look"}), 4, "look"},
		{"misuse", Misuse("see the help", "no %s", "flag"), 2, "see the help"},
		{"cancelled", fmt.Errorf("read: %w", context.Canceled), 143, "run it again"},
		{"full", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, 14, "free some space"},
		{"a file too large", syscall.EFBIG, 14, "raise the limit"},
		{"another's folder", fmt.Errorf("out: %w", publish.ErrForeign), 2, "name a new folder"},
		{"not allowed", fs.ErrPermission, 1, "who owns"},
		{"interrupted", Signalled(syscall.SIGINT, boom), 130, "nothing was published"},
		{"terminated with a hint", Signalled(syscall.SIGTERM, &Error{Failed, boom, "half is done"}), 143, "half is done"},
		// What a program knows better comes before what all know.
		{"full, with a hint", &Error{Brake, syscall.ENOSPC, "make room"}, 15, "make room"},
	} {
		code, hint := Of(c.err)
		if code != c.code || !strings.Contains(hint, c.hint) || (hint == "") != (c.hint == "") {
			t.Errorf("%s: code %d, hint %q; want %d, %q", c.name, code, hint, c.code, c.hint)
		}
	}
}

func TestQuit(t *testing.T) {
	run := func(do func()) (code int) {
		defer Caught(&code)
		do()
		return Failed
	}
	if code := run(func() {}); code != Failed {
		t.Errorf("code %d of what was not ended", code)
	}
	for _, want := range []int{Done, Brake} {
		if code := run(func() { Quit(want) }); code != want {
			t.Errorf("code %d, want %d", code, want)
		}
	}
	defer func() {
		if r := recover(); r != "boom" {
			t.Errorf("another panic is %v", r)
		}
	}()
	run(func() { panic("boom") })
}

func TestSay(t *testing.T) {
	var b strings.Builder
	Say(&b, "sada", errors.New("boom"), "")
	Say(&b, "sada-beam", Misuse("see the help", "no %s", "flag"), "see the help")
	if want := "sada: error: boom\nsada-beam: error: no flag\nsada-beam: hint: see the help\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
