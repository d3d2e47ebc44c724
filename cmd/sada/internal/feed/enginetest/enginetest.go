//go:build unix

// Package enginetest starts real search engines for tests, on this machine alone. The tests that need them are
// skipped unless SADA_ENGINES names the folder that testdata/node/build has made.
package enginetest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Variable names the folder of the built node.
const Variable = "SADA_ENGINES"

// startTime is how long an engine may take to start: some times what it takes on a busy machine.
const startTime = 3 * time.Minute

// Need returns the folder of the built node, or skips the test.
func Need(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(Variable)
	if dir == "" {
		t.Skipf("SKIPPED: no real search engine: bash .ci/search installs them and runs this test (%s)", Variable)
	}
	return dir
}

// Node is a real node of OpenSearch.
type Node struct {
	URL  string
	dir  string
	lib  string
	port int
	cmd  *exec.Cmd
	in   io.Closer
}

// OpenSearch starts a node with empty data and stops it when the test ends.
func OpenSearch(t testing.TB) *Node {
	t.Helper()
	lib := Need(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	n := &Node{URL: fmt.Sprintf("http://127.0.0.1:%d", port), dir: t.TempDir(), lib: lib, port: port}
	t.Cleanup(n.Stop)
	n.Start(t)
	return n
}

// Start starts a node that is stopped, on the data and the port that it had.
func (n *Node) Start(t testing.TB) {
	t.Helper()
	n.cmd = exec.Command("java", "-Xms1g", "-Xmx1g", "-cp", filepath.Join(n.lib, "classes")+":"+filepath.Join(n.lib, "lib", "*"), "Node", strconv.Itoa(n.port), filepath.Join(n.dir, "data"))
	n.cmd.Dir = n.dir
	in, err := n.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.in = in
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.cmd.Stderr = n.cmd.Stdout
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan bool)
	var said strings.Builder
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.HasSuffix(lines.Text(), " ready") {
				close(ready)
				break
			}
			said.WriteString(lines.Text() + "\n")
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case <-ready:
	case <-time.After(startTime):
		n.Stop()
		t.Fatalf("OpenSearch has not started:\n%s", said.String())
	}
}

// Stop ends the node at once, as a power cut would.
func (n *Node) Stop() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait() // it was killed
	_ = n.in.Close()
	n.cmd = nil
}

// Postgres starts a server on a private socket and, with a certificate for 127.0.0.1, on TLS; it stops it when the
// test ends. The user is postgres, without a password on the socket and with the given one on TLS.
func Postgres(t testing.TB, password, cert, key string) (socket string, port int) {
	t.Helper()
	Need(t)
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		t.Fatalf("no PostgreSQL in /usr/lib/postgresql: %v", err)
	}
	bin := bins[len(bins)-1]
	// The server does not run as root, and its user must reach the folder.
	dir, err := os.MkdirTemp("", "sada-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attributes := &syscall.SysProcAttr{}
	chown := func(string) {}
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		chown = func(path string) {
			if err := os.Chown(path, uid, gid); err != nil {
				t.Fatal(err)
			}
		}
	}
	chown(dir)
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = dir, attributes
		return cmd
	}
	data := filepath.Join(dir, "data")
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(cmp.Or(password, "unused")), 0o600); err != nil {
		t.Fatal(err)
	}
	chown(secret)
	if out, err := run("initdb", "-D", data, "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--locale=C", "-N").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	args := []string{"-D", data, "-k", dir, "-c", "fsync=off"}
	port = 5432 // of the socket's name alone
	if cert == "" {
		args = append(args, "-c", "listen_addresses=")
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port = l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		for from, to := range map[string]string{cert: "server.crt", key: "server.key"} {
			b, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(data, to)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			chown(path)
		}
		args = append(args, "-c", "listen_addresses=127.0.0.1", "-c", "ssl=on")
	}
	cmd := run("postgres", append(args, "-p", strconv.Itoa(port))...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = cmd.Wait()
	})
	for begun := time.Now(); run("pg_isready", "-h", dir, "-p", strconv.Itoa(port)).Run() != nil; time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > startTime {
			b, _ := os.ReadFile(log.Name())
			t.Fatalf("PostgreSQL has not started:\n%s", b)
		}
	}
	return dir, port
}
