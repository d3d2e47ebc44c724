package report

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"sada/cluster"
)

// Server shows a site, and its labelling if there is any, to who has come by a link with a token. A
// token lets one browser in, once; afterwards the browser is known by a cookie that no other site can
// use.
type Server struct {
	site     *Site
	labels   *Labeller
	renderer *renderer
	name     string // host by which it may be called besides IP addresses and localhost

	mu       sync.Mutex
	tokens   map[string]string // token: annotator
	sessions map[string]string // cookie: annotator
}

// NewServer serves a site. labels is nil without labelling; host is that of the address to listen on.
func NewServer(s *Site, labels *Labeller, host string) (*Server, error) {
	r, err := newRenderer()
	if err != nil {
		return nil, err
	}
	return &Server{site: s, labels: labels, renderer: r, name: host, tokens: make(map[string]string), sessions: make(map[string]string)}, nil
}

// Token returns a new token for an annotator.
func (s *Server) Token(annotator string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := rand.Text()
	s.tokens[t] = annotator
	return t
}

// Handler answers requests.
func (s *Server) Handler() http.Handler {
	return s.ours(http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.serve)))
}

// ours sets the headers of every answer, and refuses requests by a name that is not the server's, with
// which another site could have its pages read (DNS rebinding).
func (s *Server) ours(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", s.renderer.policy(true)+"; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host != "localhost" && host != s.name && net.ParseIP(strings.Trim(host, "[]")) == nil {
			http.Error(w, "called by a name that is not the server's", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

const cookieName = "sada"

// session returns who a request is from; false for nobody who was let in.
func (s *Server) session(r *http.Request) (string, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.sessions[c.Value]
	return who, ok
}

// letIn changes a token for a session.
func (s *Server) letIn(w http.ResponseWriter, token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.tokens[token]
	if !ok {
		return false
	}
	delete(s.tokens, token)
	id := rand.Text()
	s.sessions[id] = who
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return true
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if token := r.URL.Query().Get("token"); token != "" && r.URL.Path == "/" && r.Method == http.MethodGet {
		if !s.letIn(w, token) {
			http.Error(w, "this link was used before; start sada serve again for a new one", http.StatusForbidden)
			return
		}
		to := "/"
		if s.labels != nil {
			to = "/label/"
		}
		// A page that leads on, not a redirect: a cookie of this kind is not sent along with a redirect
		// that another program's link has begun.
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Refresh", "0; url="+to)
		fmt.Fprintf(w, "<!DOCTYPE html><html lang=en><title>sada</title><link rel=icon href=data:,><p><a href=%q>sada</a></p></html>\n", to)
		return
	}
	who, ok := s.session(r)
	if !ok {
		http.Error(w, "open the link that sada serve has printed", http.StatusForbidden)
		return
	}
	path, lang := strings.TrimPrefix(r.URL.Path, "/"), arabicUI
	if path == "style.css" {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write([]byte(styleSheet)) // who is gone needs none
		return
	}
	if below, ok := strings.CutPrefix(path, folders[english]); ok {
		path, lang = below, english
	}
	if path == "" {
		path = "index.html"
	}
	var v view
	if below, ok := strings.CutPrefix(path, "label/"); ok && s.labels != nil {
		shown := false
		var err error
		if v, shown, err = s.labels.serve(w, r, below, who); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		} else if !shown {
			return
		}
	} else {
		open, ok := s.site.views[path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "it can only be read", http.StatusMethodNotAllowed)
			return
		}
		maker := cluster.Maker{Stemmer: s.site.maker.Stemmer}
		v = open(&maker)
	}
	var b bytes.Buffer
	if err := s.site.render(&b, s.renderer, v, path, lang); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // who is gone needs none
}
