package feed

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// Access is how an engine on a network is reached.
type Access struct {
	URL    string
	User   string
	Secret Secret
	// CA is a file of certificates in PEM that are trusted instead of the system's; Cert and Key are the
	// client's own. Empty ones are not used.
	CA, Cert, Key string
}

// address parses the URL and refuses what would show or lose a secret.
func (a *Access) address(schemes ...string) (*url.URL, error) {
	u, err := url.Parse(a.URL)
	if err != nil { // its text quotes the URL, which may hold a password
		return nil, fmt.Errorf("%w: the URL cannot be parsed", ErrTarget)
	}
	if u.User != nil || u.Query().Has("password") || u.Query().Has("user") {
		return nil, fmt.Errorf("%w: the URL holds a user or a password", ErrTarget)
	}
	if !strings.Contains(" "+strings.Join(schemes, " ")+" ", " "+u.Scheme+" ") {
		return nil, fmt.Errorf("%w: %s: the scheme is not %s", ErrTarget, u, strings.Join(schemes, " or "))
	}
	return u, nil
}

// loopback says whether a host is this machine by its name alone.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// tls makes the configuration of a connection: the certificate is always verified.
func (a *Access) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.CA != "" {
		pem, err := os.ReadFile(a.CA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%w: %s holds no certificate in PEM", ErrTarget, a.CA)
		}
	}
	if (a.Cert == "") != (a.Key == "") {
		return nil, fmt.Errorf("%w: a client certificate needs its key, and a key its certificate", ErrTarget)
	}
	if a.Cert != "" {
		key, err := os.Open(a.Key)
		if err != nil {
			return nil, err
		}
		defer key.Close()
		if err := private(key); err != nil {
			return nil, err
		}
		pair, err := tls.LoadX509KeyPair(a.Cert, a.Key)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrTarget, a.Cert, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// maxAnswer is the longest answer that is read: some times that to the largest batch.
const maxAnswer = 64 << 20

var (
	errRedirect = errors.New("it redirects elsewhere, which is not followed")
	errAnswer   = fmt.Errorf("the answer has over %d bytes", maxAnswer)
)

// guard is the way to an HTTP engine: it adds the credentials to requests to that engine alone, follows no
// redirect, and cuts off endless answers.
type guard struct {
	base   http.RoundTripper
	origin *url.URL
	access *Access
}

// transport makes the guard.
func (a *Access) transport(u *url.URL) (*guard, error) {
	if u.Scheme == "http" && a.Secret.value != "" && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("%w: %s: a secret is sent over https only", ErrTarget, u)
	}
	c, err := a.tls()
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = c
	t.MaxIdleConnsPerHost = 64 // more than workers: they all talk to one host
	return &guard{t, u, a}, nil
}

// RoundTrip is that of http.RoundTripper. The caller's request is not changed.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != g.origin.Scheme || req.URL.Host != g.origin.Host {
		return nil, fmt.Errorf("%w: %s", errRedirect, req.URL.Host)
	}
	if s := g.access.Secret; s.value != "" {
		req = req.Clone(req.Context())
		if g.access.User != "" {
			req.Header.Set("Authorization", "Basic "+s.basic())
		} else {
			req.Header.Set("Authorization", "Bearer "+s.value)
		}
	}
	resp, err := g.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		_ = resp.Body.Close() // nothing of it is wanted
		return nil, fmt.Errorf("%w (%d)", errRedirect, resp.StatusCode)
	}
	resp.Body = &capped{resp.Body, maxAnswer}
	return resp, nil
}

// capped is a body that fails once it is too long.
type capped struct {
	io.ReadCloser
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errAnswer
	}
	n, err := c.ReadCloser.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}
