package feed

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// hidden stands where a secret would.
const hidden = "<secret>"

// Secret is a password or a token. However it is printed, encoded or logged, it reads "<secret>", or
// nothing if it is empty.
type Secret struct {
	value string
	user  string // whose password it is; its encoding together with it is as secret
}

// String is what a person may see of it.
func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return hidden
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// MarshalText is String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// basic is the value of HTTP basic authentication.
func (s Secret) basic() string {
	return base64.StdEncoding.EncodeToString([]byte(s.user + ":" + s.value))
}

// hide takes the secret out of a text, in every form in which it is sent.
func (s Secret) hide(text string) string {
	if s.value == "" {
		return text
	}
	for _, form := range []string{s.basic(), base64.StdEncoding.EncodeToString([]byte(s.value)), s.value, url.QueryEscape(s.value), url.PathEscape(s.value)} {
		text = strings.ReplaceAll(text, form, hidden)
	}
	return text
}

// veiled is an error without the secret in its text.
type veiled struct {
	error
	text string
}

func (v veiled) Error() string { return v.text }
func (v veiled) Unwrap() error { return v.error }

// veil takes the secret out of an error's text.
func (s Secret) veil(err error) error {
	if err == nil || s.value == "" {
		return err
	}
	return veiled{err, s.hide(err.Error())}
}

// maxSecret is more than any password or token has.
const maxSecret = 64 << 10

// ReadSecret reads a secret of a user, empty for a token, from a file that nobody else can read or, if
// file is empty, from an open descriptor or, if fd is negative, from an environment variable. A line end
// after it is not part of it.
func ReadSecret(user, file string, fd int, variable string) (Secret, error) {
	var raw []byte
	var from string
	switch {
	case file != "":
		from = file
		f, err := os.Open(file)
		if err != nil {
			return Secret{}, err
		}
		defer f.Close()
		if err := private(f); err != nil {
			return Secret{}, err
		}
		if raw, err = io.ReadAll(io.LimitReader(f, maxSecret+1)); err != nil {
			return Secret{}, err
		}
	case fd >= 0:
		from = fmt.Sprintf("descriptor %d", fd)
		f := os.NewFile(uintptr(fd), from)
		defer f.Close()
		var err error
		if raw, err = io.ReadAll(io.LimitReader(f, maxSecret+1)); err != nil {
			return Secret{}, fmt.Errorf("read the secret: %w", err)
		}
	default:
		return Secret{os.Getenv(variable), user}, nil
	}
	value := strings.TrimRight(string(raw), "\r\n")
	switch {
	case value == "":
		return Secret{}, fmt.Errorf("%s holds no secret", from)
	case len(value) > maxSecret:
		return Secret{}, fmt.Errorf("%s holds more than a secret: over %d bytes", from, maxSecret)
	}
	return Secret{value, user}, nil
}

// ErrOpenSecret is the error of a file that others can read.
var ErrOpenSecret = errors.New("others can read it")

// private returns an error if a file is open to others than its owner.
func private(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: %w: mode %#o", f.Name(), ErrOpenSecret, info.Mode().Perm())
	}
	return nil
}
