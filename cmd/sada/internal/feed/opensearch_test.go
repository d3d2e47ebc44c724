package feed

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// canary is a secret that must not be seen anywhere.
const canary = "canary/9f3+c0ffee"

// node is enough of OpenSearch for a feed: an index in memory, and faults.
type node struct {
	mu     sync.Mutex
	number map[string]int64
	docs   map[string]map[string]any
	bulks  [][]string // the IDs of every bulk request that was read

	// fault may answer a bulk request itself; it returns true if it has. n counts from 0.
	fault func(n int, w http.ResponseWriter, r *http.Request, apply func() []map[string]any) bool
	// item may refuse the n-th item of the b-th bulk request.
	item     func(b int, id string) (status int, reason string)
	requests int
	seen     []string // authorizations
}

func newNode(ids ...string) *node {
	s := &node{number: make(map[string]int64), docs: make(map[string]map[string]any)}
	for _, id := range ids {
		s.docs[id] = map[string]any{"title": "title of " + id}
	}
	return s
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// failure answers with an error that shows the credentials which it was asked with.
func failure(w http.ResponseWriter, r *http.Request, status int) {
	answer(w, status, map[string]any{"status": status, "error": map[string]any{"type": "some_exception", "reason": "not for " + r.Header.Get("Authorization")}})
}

func (s *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	if auth := r.Header.Get("Authorization"); !slices.Contains(s.seen, auth) {
		s.seen = append(s.seen, auth)
	}
	s.mu.Unlock()
	switch _, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); {
	case what == "_mapping" && r.Method == http.MethodGet:
		answer(w, 200, map[string]any{"pages": map[string]any{"mappings": map[string]any{"properties": map[string]any{"title": map[string]any{"type": "text"}}}}})
	case what == "_mapping":
		answer(w, 200, map[string]any{"acknowledged": true})
	case what == "_settings":
		answer(w, 200, map[string]any{"pages": map[string]any{"settings": map[string]any{"index": map[string]any{"uuid": "u1"}}}})
	case what == "_refresh":
		answer(w, 200, map[string]any{"_shards": map[string]any{"total": 1, "successful": 1}})
	case what == "_search":
		s.mu.Lock()
		defer s.mu.Unlock()
		fed, most := 0, int64(0)
		for id, d := range s.docs {
			if d["story_id"] != nil {
				fed++
			}
			most = max(most, s.number[id])
		}
		answer(w, 200, map[string]any{"hits": map[string]any{"total": map[string]any{"value": fed}}, "aggregations": map[string]any{"number": map[string]any{"value": most}}})
	case what == "_mget":
		var ask struct{ IDs []string }
		_ = json.NewDecoder(r.Body).Decode(&ask)
		var docs []map[string]any
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, id := range ask.IDs {
			docs = append(docs, map[string]any{"_id": id, "found": s.docs[id] != nil, "_source": s.docs[id]})
		}
		answer(w, 200, map[string]any{"docs": docs})
	case what == "_bulk":
		s.bulk(w, r)
	default:
		http.Error(w, "unexpected "+r.URL.Path, 400)
	}
}

func (s *node) bulk(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	n := len(s.bulks)
	var ids []string
	for line := bufio.NewScanner(bytes.NewReader(body)); line.Scan(); {
		var a action
		_ = json.Unmarshal(line.Bytes(), &a)
		ids = append(ids, a.Update.ID)
		line.Scan()
	}
	s.bulks = append(s.bulks, ids)
	fault := s.fault
	s.mu.Unlock()
	apply := func() []map[string]any { return s.apply(n, r, body) }
	if fault != nil && fault(n, w, r, apply) {
		return
	}
	s.take(w, apply())
}

// take answers with the words on the items.
func (s *node) take(w http.ResponseWriter, items []map[string]any) {
	failed := false
	for _, it := range items {
		failed = failed || it["update"].(map[string]any)["error"] != nil
	}
	answer(w, 200, map[string]any{"took": 1, "errors": failed, "items": items})
}

// apply does what the script says.
func (s *node) apply(n int, r *http.Request, body []byte) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var items []map[string]any
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a action
		_ = json.Unmarshal(lines.Bytes(), &a)
		lines.Scan()
		var u update
		_ = json.Unmarshal(lines.Bytes(), &u)
		id, p := a.Update.ID, u.Script.Params
		it := map[string]any{"_id": id, "status": 200, "result": "updated"}
		status, reason := 0, ""
		if s.item != nil {
			status, reason = s.item(n, id)
		}
		switch d := s.docs[id]; {
		case status != 0:
			it["status"], it["error"] = status, map[string]any{"type": "item_exception", "reason": reason + " for " + r.Header.Get("Authorization")}
		case d == nil:
			it["status"], it["error"] = 404, map[string]any{"type": "document_missing_exception", "reason": "document missing"}
		case s.number[id] > p.Run:
			it["result"] = "noop"
		default:
			s.number[id] = p.Run
			b, _ := json.Marshal(p.Set)
			_ = json.Unmarshal(b, &d)
			for _, name := range p.Clear {
				delete(d, name)
			}
		}
		items = append(items, map[string]any{"update": it})
	}
	return items
}

// abort ends the connection with a reset.
func abort(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func newEngine(t testing.TB, url string, change func(*OpenSearchOptions)) *OpenSearch {
	t.Helper()
	o := OpenSearchOptions{Access: Access{URL: url, User: "feeder", Secret: Secret{canary, "feeder"}}, Index: "pages", Workers: 1, Batch: 3, Timeout: time.Minute, Patience: time.Minute}
	if change != nil {
		change(&o)
	}
	e, err := NewOpenSearch(o)
	if err != nil {
		t.Fatal(err)
	}
	e.wait = time.Millisecond
	return e
}

// silent fails if a text shows the canary in any form in which it was sent.
func silent(t testing.TB, where, text string) {
	t.Helper()
	for _, form := range []string{canary, "canary", Secret{canary, "feeder"}.basic(), url.QueryEscape(canary)} {
		if strings.Contains(text, form) {
			t.Errorf("%s shows the secret as %q: %s", where, form, text)
		}
	}
}

// silentFolder looks for the canary in all files of a folder.
func silentFolder(t testing.TB, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		silent(t, path, string(b))
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFaults feeds five pages in two batches through everything that may go wrong on the way. Every answer that is
// an error quotes the credentials.
func TestFaults(t *testing.T) {
	all := []string{"p1", "p2", "p3", "p4", "p5"}
	times := func(n int, f func(w http.ResponseWriter, r *http.Request, apply func() []map[string]any)) func(int, http.ResponseWriter, *http.Request, func() []map[string]any) bool {
		return func(i int, w http.ResponseWriter, r *http.Request, apply func() []map[string]any) bool {
			if i < n {
				f(w, r, apply)
				return true
			}
			return false
		}
	}
	type fault = func(n int, w http.ResponseWriter, r *http.Request, apply func() []map[string]any) bool
	status := func(code int) func(http.ResponseWriter, *http.Request, func() []map[string]any) {
		return func(w http.ResponseWriter, r *http.Request, _ func() []map[string]any) { failure(w, r, code) }
	}
	for _, c := range []struct {
		name    string
		fault   fault
		item    func(b int, id string) (int, string)
		options func(*OpenSearchOptions)
		absent  []string
		bulks   [][]string // nil does not matter
		refused int
		missing int
		err     string // of the feed; the next one is without faults
	}{
		{name: "no fault", bulks: [][]string{{"p1", "p2", "p3"}, {"p4", "p5"}}},
		{name: "200 with errors", item: func(_ int, id string) (int, string) {
			if id == "p2" || id == "p5" {
				return 400, "mapper"
			}
			return 0, ""
		}, refused: 2, bulks: [][]string{{"p1", "p2", "p3"}, {"p4", "p5"}}},
		{name: "documents that are not there", absent: []string{"p3"}, missing: 1},
		{name: "429 of items: only those again", item: func(b int, id string) (int, string) {
			if b < 2 && (id == "p1" || id == "p3") {
				return 429, "rejected"
			}
			return 0, ""
		}, bulks: [][]string{{"p1", "p2", "p3"}, {"p1", "p3"}, {"p1", "p3"}, {"p4", "p5"}}},
		{name: "503 and a conflict of items", item: func(b int, id string) (int, string) {
			switch {
			case b == 0 && id == "p1":
				return 503, "unavailable"
			case b == 1 && id == "p1":
				return 409, "conflict"
			}
			return 0, ""
		}, bulks: [][]string{{"p1", "p2", "p3"}, {"p1"}, {"p1"}, {"p4", "p5"}}},
		{name: "403 of items is for a person", item: func(_ int, id string) (int, string) { return 403, "read-only index" }, refused: 5},
		{name: "a storm of 429", fault: times(6, status(429))},
		{name: "a storm without end", fault: times(1<<30, status(429)), options: func(o *OpenSearchOptions) { o.Patience = 50 * time.Millisecond }, err: "given up after"},
		{name: "items busy without end", item: func(int, string) (int, string) { return 429, "rejected" }, options: func(o *OpenSearchOptions) { o.Patience = 50 * time.Millisecond }, err: "3 documents not taken"},
		{name: "503 of the whole", fault: times(3, status(503))},
		{name: "a gateway that speaks HTML", fault: times(2, func(w http.ResponseWriter, r *http.Request, _ func() []map[string]any) {
			http.Error(w, "<html>"+r.Header.Get("Authorization"), http.StatusBadGateway)
		})},
		{name: "401 is not tried again", fault: times(1, status(401)), err: "401"},
		{name: "400 of the whole", fault: times(1, status(400)), err: "400"},
		{name: "a truncated body after the work was done", fault: times(2, func(w http.ResponseWriter, r *http.Request, apply func() []map[string]any) {
			items := apply()
			b, _ := json.Marshal(map[string]any{"items": items})
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
			_, _ = w.Write(b[:len(b)/2])
			abort(w)
		})},
		{name: "half a JSON that claims to be whole", fault: times(2, func(w http.ResponseWriter, r *http.Request, apply func() []map[string]any) {
			b, _ := json.Marshal(map[string]any{"items": apply()})
			_, _ = w.Write(b[:len(b)/2])
		})},
		{name: "an empty answer", fault: times(2, func(w http.ResponseWriter, _ *http.Request, apply func() []map[string]any) { apply() })},
		{name: "200 without items", fault: times(2, func(w http.ResponseWriter, _ *http.Request, _ func() []map[string]any) {
			answer(w, 200, map[string]any{"errors": false})
		})},
		{name: "200 with fewer items", fault: times(1, func(w http.ResponseWriter, _ *http.Request, apply func() []map[string]any) {
			answer(w, 200, map[string]any{"errors": false, "items": apply()[:1]})
		})},
		{name: "200 about other documents", fault: times(1, func(w http.ResponseWriter, _ *http.Request, apply func() []map[string]any) {
			items := apply()
			slices.Reverse(items)
			answer(w, 200, map[string]any{"errors": false, "items": items})
		})},
		{name: "resets in mid-batch", fault: times(3, func(w http.ResponseWriter, _ *http.Request, _ func() []map[string]any) { abort(w) })},
		{name: "a reset after the work was done", fault: times(1, func(w http.ResponseWriter, _ *http.Request, apply func() []map[string]any) { apply(); abort(w) })},
		{name: "a slow answer", fault: times(1, func(w http.ResponseWriter, r *http.Request, apply func() []map[string]any) {
			apply()
			<-r.Context().Done()
		}), options: func(o *OpenSearchOptions) { o.Timeout = 2 * time.Second }},
		{name: "413: in halves", fault: func(_ int, w http.ResponseWriter, r *http.Request, apply func() []map[string]any) bool {
			if r.ContentLength > 2500 { // two documents
				failure(w, r, 413)
				return true
			}
			return false
		}, options: func(o *OpenSearchOptions) { o.Batch = 5 }},
		{name: "an endless answer", fault: times(1, func(w http.ResponseWriter, _ *http.Request, _ func() []map[string]any) {
			_, _ = io.WriteString(w, `{"items":[`)
			for spaces := bytes.Repeat([]byte(" "), 1<<20); ; {
				if _, err := w.Write(spaces); err != nil {
					return
				}
			}
		}), err: "the answer has over"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			a := writeRun(t, filepath.Join(dir, "run"), firstNight)
			s := newNode(slices.DeleteFunc(slices.Clone(all), func(id string) bool { return slices.Contains(c.absent, id) })...)
			s.fault, s.item = c.fault, c.item
			server := httptest.NewServer(s)
			defer server.Close()
			e := newEngine(t, server.URL, c.options)
			sum, err := feedOnce(t, dir, a, e)
			if err != nil {
				silent(t, "the error", fmt.Sprintf("%v %+v %#v", err, err, err))
			}
			silentFolder(t, dir)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "":
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %s", err, c.err)
				}
				if sum.Written+sum.InDoubt != 5 || sum.InDoubt == 0 {
					t.Errorf("after an error: %+v", sum)
				}
			case sum.Refused != c.refused || sum.Missing != c.missing || sum.Written != 5-c.refused-c.missing:
				t.Errorf("%+v", sum)
			}
			if c.bulks != nil && fmt.Sprint(s.bulks) != fmt.Sprint(c.bulks) {
				t.Errorf("bulk requests %v, want %v", s.bulks, c.bulks)
			}
			// The next feed brings the rest, whatever it was.
			s.fault, s.item = nil, nil
			for _, id := range c.absent {
				s.docs[id] = make(map[string]any)
			}
			e = newEngine(t, server.URL, nil)
			again, err := feedOnce(t, dir, a, e)
			if err != nil || again.Written != sum.Refused+sum.Missing+sum.InDoubt {
				t.Errorf("the next feed: %+v, %v", again, err)
			}
			wantFed(t, dir, a, e)
			if slices.Contains(s.seen, "") {
				t.Error("a request without credentials")
			}
		})
	}
}

// TestRedirect has the engine send us elsewhere: nothing goes there, the credentials least of all.
func TestRedirect(t *testing.T) {
	other := newNode("p1")
	there := httptest.NewServer(other)
	defer there.Close()
	for _, code := range []int{301, 302, 307, 308} {
		dir := t.TempDir()
		s := newNode("p1", "p2", "p3", "p4", "p5")
		s.fault = func(_ int, w http.ResponseWriter, r *http.Request, _ func() []map[string]any) bool {
			http.Redirect(w, r, there.URL+r.URL.Path, code)
			return true
		}
		here := httptest.NewServer(s)
		_, err := feedOnce(t, dir, writeRun(t, filepath.Join(dir, "run"), firstNight), newEngine(t, here.URL, nil))
		here.Close()
		if !errors.Is(err, errRedirect) || len(s.bulks) != 1 {
			t.Errorf("%d: %v after %d requests", code, err, len(s.bulks))
		}
		silent(t, "the error", err.Error())
	}
	if other.requests != 0 {
		t.Errorf("%d requests to the other host", other.requests)
	}
}

// TestLateFeed has a feed arrive after one with a greater number.
func TestLateFeed(t *testing.T) {
	s := newNode("p1")
	server := httptest.NewServer(s)
	defer server.Close()
	e := newEngine(t, server.URL, nil)
	var got []Status
	for _, n := range []int64{5, 4, 5, 6} {
		change := Change{"p1", &Fields{StoryID: fmt.Sprint("s", n), StoryAliases: []string{}, CopyGroupAliases: []string{}}}
		if err := e.Feed(t.Context(), n, 1, slices.Values([]Change{change}), func(_ Change, o Outcome) { got = append(got, o.Status) }); err != nil {
			t.Fatal(err)
		}
	}
	if want := []Status{Written, Superseded, Written, Written}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestRate feeds five documents at 20 a second, of which the first is free.
func TestRate(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newNode("p1", "p2", "p3", "p4", "p5"))
	defer server.Close()
	dir := t.TempDir()
	begun := time.Now()
	sum, err := feedOnce(t, dir, writeRun(t, filepath.Join(dir, "run"), firstNight), newEngine(t, server.URL, func(o *OpenSearchOptions) { o.Batch, o.Rate = 1, 20 }))
	if took := time.Since(begun); err != nil || sum.Written != 5 || took < 200*time.Millisecond {
		t.Errorf("%+v in %v, %v", sum, took, err)
	}
}

// TestAddress refuses what would show or lose a secret.
func TestAddress(t *testing.T) {
	for _, c := range []struct {
		url, index string
		ok         bool
	}{
		{"https://search.example:9200", "pages", true},
		{"http://127.0.0.1:9200", "pages", true},
		{"http://localhost:9200", "pages", true},
		{"http://search.example:9200", "pages", false}, // the secret would be readable
		{"https://feeder:" + canary + "@search.example", "pages", false},
		{"https://feeder:canary@search.example", "pages", false},
		{"https://feeder:canary%zz@search.example", "pages", false},
		{"https://search.example?password=canary", "pages", false},
		{"https://search.example?x=y", "pages", false},
		{"ftp://search.example", "pages", false},
		{"search.example", "pages", false},
		{"https://search.example", "", false},
		{"https://search.example", "pages,others", false},
		{"https://search.example", "*", false},
	} {
		_, err := NewOpenSearch(OpenSearchOptions{Access: Access{URL: c.url, User: "feeder", Secret: Secret{canary, "feeder"}}, Index: c.index})
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrTarget) {
			t.Errorf("%s %s: %v", c.url, c.index, err)
		}
		if err != nil {
			silent(t, c.url, err.Error())
		}
	}
	for _, c := range []struct {
		url string
		ok  bool
	}{
		{"postgres://db.example/news", true},
		{"postgres:///news?host=/run/postgresql", true},
		{"postgres://127.0.0.1/news?sslmode=disable", true},
		{"postgres://db.example/news?sslmode=disable", false},
		{"postgres://feeder:canary@db.example/news", false},
		{"postgres://db.example/news?password=canary", false},
		{"https://db.example/news", false},
	} {
		p, err := NewPostgres(PostgresOptions{Access: Access{URL: c.url}, Table: "t", Match: "id"})
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrTarget) {
			t.Errorf("%s: %v", c.url, err)
		}
		if err != nil {
			silent(t, c.url, err.Error())
		} else if u, _ := url.Parse(c.url); u.Host == "db.example" && (p.conf.TLSConfig == nil || p.conf.TLSConfig.InsecureSkipVerify || p.conf.TLSConfig.ServerName != "db.example" || len(p.conf.Fallbacks) > 0) {
			t.Errorf("%s: the certificate would not be verified", c.url)
		}
	}
}

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := ReadSecret("feeder", file, -1, "NONE")
	if err != nil || s.value != canary {
		t.Fatalf("of a file: %q, %v", s.value, err)
	}
	b, err := json.Marshal(map[string]any{"s": s, "p": &s, "a": Access{Secret: s}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s, s, s), fmt.Sprintf("%+v %#v", Access{Secret: s}, Access{Secret: s}), string(b)} {
		silent(t, "a print", text)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSecret("feeder", file, -1, "NONE"); !errors.Is(err, ErrOpenSecret) {
		t.Errorf("a file that others can read: %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(w, canary); _ = w.Close() }()
	fd, err := dup(r)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := ReadSecret("", "", fd, "NONE"); err != nil || s.value != canary {
		t.Errorf("of a descriptor: %q, %v", s.value, err)
	}
	t.Setenv("SOME", canary)
	if s, err := ReadSecret("", "", -1, "SOME"); err != nil || s.value != canary {
		t.Errorf("of the environment: %q, %v", s.value, err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSecret("", empty, -1, "NONE"); err == nil {
		t.Error("an empty file: no error")
	}
}

// certificate makes one for a host, signed by its parent or by itself, and writes it with its key.
type certificate struct {
	cert       *x509.Certificate
	key        *ecdsa.PrivateKey
	file, kept string
}

func newCertificate(t *testing.T, dir, name, host string, parent *certificate, until time.Time) *certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: parent == nil, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if ip := net.ParseIP(host); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{host}
	}
	signer, by := key, c
	if parent != nil {
		signer, by = parent.key, parent.cert
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	out := &certificate{made, key, filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")}
	if err := errors.Join(os.WriteFile(out.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644),
		os.WriteFile(out.kept, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTLS connects to servers with good and bad certificates.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	later := time.Now().Add(time.Hour)
	ca := newCertificate(t, dir, "ca", "ca.example", nil, later)
	good := newCertificate(t, dir, "good", "127.0.0.1", ca, later)
	wrong := newCertificate(t, dir, "wrong", "other.example", ca, later)
	expired := newCertificate(t, dir, "expired", "127.0.0.1", ca, time.Now().Add(-24*time.Hour))
	self := newCertificate(t, dir, "self", "127.0.0.1", nil, later)
	client := newCertificate(t, dir, "client", "feeder", ca, later)
	for _, c := range []struct {
		name      string
		of        *certificate
		version   uint16 // the highest of the server
		client    bool   // the server wants a certificate
		ca        string
		cert, key string
		ok        bool
	}{
		{name: "good", of: good, ca: ca.file, ok: true},
		{name: "good, with a client certificate", of: good, client: true, ca: ca.file, cert: client.file, key: client.kept, ok: true},
		{name: "without the client certificate", of: good, client: true, ca: ca.file},
		{name: "without the CA", of: good},
		{name: "another host", of: wrong, ca: ca.file},
		{name: "expired", of: expired, ca: ca.file},
		{name: "self-signed", of: self, ca: ca.file},
		{name: "an old protocol", of: good, version: tls.VersionTLS11, ca: ca.file},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newNode("p1", "p2", "p3", "p4", "p5")
			server := httptest.NewUnstartedServer(s)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{c.of.cert.Raw}, PrivateKey: c.of.key}}, MinVersion: tls.VersionTLS10, MaxVersion: c.version}
			if c.client {
				pool := x509.NewCertPool()
				pool.AddCert(ca.cert)
				server.TLS.ClientAuth, server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, pool
			}
			server.Config.ErrorLog = nil
			server.StartTLS()
			defer server.Close()
			work := t.TempDir()
			e := newEngine(t, server.URL, func(o *OpenSearchOptions) { o.CA, o.Cert, o.Key = c.ca, c.cert, c.key })
			a := writeRun(t, filepath.Join(work, "run"), firstNight)
			sum, err := feedOnce(t, work, a, e)
			if (err == nil) != c.ok || c.ok && sum.Written != 5 {
				t.Errorf("%+v, %v", sum, err)
			}
			if err != nil {
				silent(t, "the error", err.Error())
			}
			if !c.ok && s.requests > 0 {
				t.Errorf("%d requests", s.requests)
			}
		})
	}
	if err := os.Chmod(client.kept, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]Access{
		"a key that others can read":      {URL: "https://x.example", Cert: client.file, Key: client.kept},
		"a certificate without a key":     {URL: "https://x.example", Cert: client.file},
		"a CA that is no certificate":     {URL: "https://x.example", CA: client.kept},
		"a CA that is not there":          {URL: "https://x.example", CA: filepath.Join(dir, "none")},
		"a client certificate that is no": {URL: "https://x.example", Cert: self.kept, Key: self.kept},
	} {
		if _, err := NewOpenSearch(OpenSearchOptions{Access: a, Index: "pages"}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
