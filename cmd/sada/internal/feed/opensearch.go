package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// OpenSearchOptions are those of [NewOpenSearch].
type OpenSearchOptions struct {
	Access
	Index string
	// Match is the field whose value is the page's ID; empty is the document's _id.
	Match string
	// Workers is how many requests are under way at a time, Batch how many documents one writes.
	Workers, Batch int
	// Rate is the most documents written in a second; 0 sets no limit.
	Rate float64
	// Timeout ends one request, Patience the tries for one batch.
	Timeout, Patience time.Duration
}

// OpenSearch is an index of OpenSearch, or of what speaks the same _bulk.
type OpenSearch struct {
	o      OpenSearchOptions
	client *opensearchapi.Client
	match  string // the field that is searched for Match: itself, or its keywords
	wait   time.Duration
}

const (
	// firstWait is the mean wait before a second try; it doubles up to longestWait.
	firstWait   = 250 * time.Millisecond
	longestWait = 10 * time.Second
	// maxHits is the most hits that one search gives by default, index.max_result_window.
	maxHits = 10_000
)

// script writes the fields of a document unless a feed with a greater number has. What is cleared keeps the
// number for the same reason.
const script = `def d = ctx._source;
long run = ((Number) params.run).longValue();
if (d.` + numberField + ` != null && ((Number) d.` + numberField + `).longValue() > run) { ctx.op = 'none'; }
else {
  if (params.set == null) { for (f in params.clear) { d.remove(f); } } else { d.putAll(params.set); }
  d.` + numberField + ` = run;
}`

// fieldTypes maps each field.
var fieldTypes = map[string]map[string]any{
	"story_id":           {"type": "keyword"},
	"copy_group_id":      {"type": "keyword"},
	"copy_role":          {"type": "keyword"},
	"story_headline":     {"type": "keyword", "index": false, "doc_values": false},
	"story_aliases":      {"type": "keyword"},
	"copy_group_aliases": {"type": "keyword"},
	numberField:          {"type": "long"},
}

// NewOpenSearch makes the engine; it does not connect yet.
func NewOpenSearch(o OpenSearchOptions) (*OpenSearch, error) {
	u, err := o.address("http", "https")
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.Fragment != "" || u.Host == "" {
		return nil, fmt.Errorf("%w: %s is not the address of a node", ErrTarget, u)
	}
	if o.Index == "" || strings.ContainsAny(o.Index, "*,/?# ") {
		return nil, fmt.Errorf("%w: %q is not the name of one index", ErrTarget, o.Index)
	}
	t, err := o.transport(u)
	if err != nil {
		return nil, err
	}
	o.URL = u.String()
	discover := false
	client, err := opensearchapi.NewClient(opensearchapi.Config{Client: opensearch.Config{
		Addresses: []string{o.URL}, Transport: t, RequestTimeout: o.Timeout,
		// Tries are ours: only we know which documents of a batch need another.
		DisableRetry: true, DiscoverNodesOnStart: &discover, HealthCheckMaxRetries: -1,
	}})
	if err != nil {
		return nil, o.Secret.veil(err)
	}
	return &OpenSearch{o: o, client: client, match: o.Match, wait: firstWait}, nil
}

// Name is that of [Engine].
func (s *OpenSearch) Name() string {
	name := "opensearch " + s.o.URL + " " + s.o.Index
	if s.o.Match != "" {
		name += " by " + s.o.Match
	}
	return name
}

// Close is that of [Engine]; there is nothing to close.
func (s *OpenSearch) Close() error { return nil }

// Prepare is that of [Engine]. The identity is made of the UUIDs of the indices behind the name.
func (s *OpenSearch) Prepare(ctx context.Context, readOnly bool) (Target, error) {
	t, err := s.prepare(ctx, readOnly)
	return t, s.o.Secret.veil(err)
}

func (s *OpenSearch) prepare(ctx context.Context, readOnly bool) (Target, error) {
	var t Target
	mappings, err := s.client.Indices.Mapping.Get(ctx, &opensearchapi.MappingGetReq{Indices: []string{s.o.Index}})
	if err != nil {
		if r := mappings.Inspect().Response; r != nil && r.StatusCode == http.StatusNotFound {
			return t, fmt.Errorf("%w: there is no index %s", ErrTarget, s.o.Index)
		}
		return t, fmt.Errorf("read the mapping of %s: %w", s.o.Index, err)
	}
	absent := make(map[string]any)
	indices := mappings.GetIndices()
	for _, index := range slices.Sorted(maps.Keys(indices)) {
		var m struct {
			Properties map[string]struct {
				Type   string `json:"type"`
				Fields map[string]struct {
					Type string `json:"type"`
				} `json:"fields"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(indices[index].Mappings, &m); err != nil {
			return t, fmt.Errorf("the mapping of %s: %w", index, err)
		}
		for name, want := range fieldTypes {
			switch has := m.Properties[name].Type; has {
			case "":
				absent[name] = want
			case want["type"]:
			default:
				return t, fmt.Errorf("%w: %s of index %s is mapped as %s, it must be %s", ErrTarget, name, index, has, want["type"])
			}
		}
		if s.o.Match == "" {
			continue
		}
		switch by := m.Properties[s.o.Match]; {
		case by.Type == "keyword":
			s.match = s.o.Match
		case by.Fields["keyword"].Type == "keyword":
			s.match = s.o.Match + ".keyword"
		default:
			return t, fmt.Errorf("%w: field %s of index %s is not a keyword and has none", ErrTarget, s.o.Match, index)
		}
	}
	if len(absent) > 0 && !readOnly {
		body, err := json.Marshal(map[string]any{"properties": absent})
		if err != nil {
			return t, err
		}
		if _, err := s.client.Indices.Mapping.Put(ctx, opensearchapi.MappingPutReq{Indices: []string{s.o.Index}, Body: bytes.NewReader(body)}); err != nil {
			return t, fmt.Errorf("add the fields to the mapping of %s: %w", s.o.Index, err)
		}
	}
	settings, err := s.client.Indices.Settings.Get(ctx, &opensearchapi.SettingsGetReq{Indices: []string{s.o.Index}})
	if err != nil {
		return t, fmt.Errorf("read the settings of %s: %w", s.o.Index, err)
	}
	var uuids []string
	for _, index := range settings.GetIndices() {
		var of struct {
			Index struct {
				UUID string `json:"uuid"`
			} `json:"index"`
		}
		if err := json.Unmarshal(index.Settings, &of); err != nil || of.Index.UUID == "" {
			return t, fmt.Errorf("the settings of %s name no UUID: %w", s.o.Index, err)
		}
		uuids = append(uuids, of.Index.UUID)
	}
	slices.Sort(uuids)
	t.Identity = strings.Join(uuids, " ")
	if err := s.refresh(ctx); err != nil {
		return t, err
	}
	var most struct {
		Number struct {
			Value float64 `json:"value"` // null if there is none
		} `json:"number"`
	}
	found, err := s.search(ctx, map[string]any{"size": 0, "aggs": map[string]any{"number": map[string]any{"max": map[string]any{"field": numberField}}}})
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(found.Aggregations, &most); err != nil {
		return t, fmt.Errorf("the highest %s of %s: %w", numberField, s.o.Index, err)
	}
	t.Number = int64(most.Number.Value)
	return t, nil
}

// refresh lets searches see what was written.
func (s *OpenSearch) refresh(ctx context.Context) error {
	if _, err := s.client.Indices.Refresh(ctx, &opensearchapi.IndicesRefreshReq{Index: []string{s.o.Index}}); err != nil {
		return fmt.Errorf("refresh %s: %w", s.o.Index, err)
	}
	return nil
}

// search is an error if not all shards have answered.
func (s *OpenSearch) search(ctx context.Context, query map[string]any) (*opensearchapi.SearchResp, error) {
	body, err := json.Marshal(query)
	if err != nil {
		return nil, err
	}
	found, err := s.client.Search(ctx, &opensearchapi.SearchReq{Indices: []string{s.o.Index}, Body: bytes.NewReader(body)})
	if err != nil {
		return nil, failed("search "+s.o.Index, found.Inspect(), err)
	}
	if found.Timeout || found.Shards.Failed > 0 {
		return nil, fmt.Errorf("search %s: %d of %d shards failed", s.o.Index, found.Shards.Failed, found.Shards.Total)
	}
	return found, nil
}

// Feed is that of [Engine]. It holds Workers+1 batches in memory.
func (s *OpenSearch) Feed(ctx context.Context, number int64, _ int, changes iter.Seq[Change], done func(Change, Outcome)) error {
	limit := rate.NewLimiter(rate.Inf, s.o.Batch)
	if s.o.Rate > 0 {
		limit = rate.NewLimiter(rate.Limit(s.o.Rate), s.o.Batch)
	}
	veiled := func(c Change, o Outcome) {
		o.Reason = s.o.Secret.hide(o.Reason)
		done(c, o)
	}
	batches := make(chan []Change)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		batch := make([]Change, 0, s.o.Batch)
		send := func() bool {
			if limit.WaitN(ctx, len(batch)) != nil { // only if the context ends
				return false
			}
			select {
			case batches <- batch:
				batch = make([]Change, 0, s.o.Batch)
				return true
			case <-ctx.Done():
				return false
			}
		}
		for c := range changes {
			if batch = append(batch, c); len(batch) == s.o.Batch && !send() {
				return ctx.Err()
			}
		}
		if len(batch) > 0 && !send() {
			return ctx.Err()
		}
		return nil
	})
	for range s.o.Workers {
		group.Go(func() error {
			for batch := range batches {
				if err := s.write(ctx, number, batch, veiled); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return s.o.Secret.veil(group.Wait())
}

// item is one document to be written; a change has several if Match finds several.
type item struct {
	index, id string // index is empty for the name that was given
	of        int    // of the batch
	out       Outcome
}

// write writes a batch: it finds the documents, writes them, and tries again those which the engine could
// not take now, until all are answered for or the patience is over.
func (s *OpenSearch) write(ctx context.Context, number int64, batch []Change, done func(Change, Outcome)) error {
	by := retrier{s: s, deadline: time.Now().Add(s.o.Patience)}
	var items []*item
	for {
		var err error
		if items, err = s.locate(ctx, batch); err == nil {
			break
		}
		if err := by.again(ctx, err, retryable(err)); err != nil {
			return err
		}
	}
	for open := items; len(open) > 0; {
		left, err := s.bulk(ctx, number, batch, open)
		var h *httpError
		switch {
		case errors.As(err, &h) && h.status == http.StatusRequestEntityTooLarge && len(batch) > 1:
			// What of the batch was written is written again, to the same effect.
			half := len(batch) / 2
			if err := s.write(ctx, number, batch[:half], done); err != nil {
				return err
			}
			return s.write(ctx, number, batch[half:], done)
		case err != nil:
			if err := by.again(ctx, err, retryable(err)); err != nil {
				return err
			}
			continue
		case len(left) > 0:
			o := left[0].out
			if err := by.again(ctx, fmt.Errorf("%d documents not taken, the first with %d: %s", len(left), o.Code, o.Reason), true); err != nil {
				return err
			}
		}
		open = left
	}
	outcomes := make([]Outcome, len(batch))
	for n := range outcomes {
		outcomes[n] = Outcome{Status: Missing, Code: http.StatusNotFound, Reason: "no document has it in " + s.o.Match}
	}
	for _, it := range items {
		if o := &outcomes[it.of]; o.Status == Missing || o.Status == Written && it.out.Status != Missing { // the worst of several counts
			*o = it.out
		}
	}
	for n, c := range batch {
		done(c, outcomes[n])
	}
	return nil
}

// retrier counts the tries for a batch.
type retrier struct {
	s        *OpenSearch
	deadline time.Time
	tries    int
}

// again waits before another try, or returns an error if there is to be none.
func (r *retrier) again(ctx context.Context, err error, retry bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !retry {
		return err
	}
	wait := min(r.s.wait<<min(r.tries, 16), longestWait)
	// All workers meet the same trouble at the same time; they should not come back together.
	wait = wait/2 + rand.N(wait)
	var h *httpError
	if errors.As(err, &h) {
		wait = max(wait, min(h.after, longestWait))
	}
	r.tries++
	if time.Now().Add(wait).After(r.deadline) {
		return fmt.Errorf("given up after %d tries: %w", r.tries, err)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// httpError is an answer that is an error as a whole.
type httpError struct {
	status int
	after  time.Duration // to wait, if the engine says so
	error
}

func (h *httpError) Unwrap() error { return h.error }

// retryable says whether the same request may succeed later: the engine is busy, or its answer did not
// arrive or is not one.
func retryable(err error) bool {
	var h *httpError
	if errors.As(err, &h) {
		switch h.status {
		case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	return !errors.Is(err, errRedirect) && !errors.Is(err, errAnswer) && !errors.Is(err, ErrTarget)
}

// failed gives a request's error its status.
func failed(what string, r opensearchapi.Inspect, err error) error {
	err = fmt.Errorf("%s: %w", what, err)
	if r.Response == nil || r.Response.StatusCode < 300 {
		return err
	}
	seconds, _ := strconv.Atoi(r.Response.Header.Get("Retry-After")) // 0 if there is none, or a date
	return &httpError{r.Response.StatusCode, time.Duration(seconds) * time.Second, err}
}

// locate finds the documents of a batch.
func (s *OpenSearch) locate(ctx context.Context, batch []Change) ([]*item, error) {
	items := make([]*item, 0, len(batch))
	if s.o.Match == "" {
		for n, c := range batch {
			items = append(items, &item{id: c.ID, of: n})
		}
		return items, nil
	}
	ids := make([]string, len(batch))
	of := make(map[string]int, len(batch))
	for n, c := range batch {
		ids[n], of[c.ID] = c.ID, n
	}
	hits, err := s.hits(ctx, ids, false)
	if err != nil {
		return nil, err
	}
	for _, h := range hits {
		for _, id := range h.matches {
			if n, ok := of[id]; ok {
				items = append(items, &item{index: h.index, id: h.id, of: n})
			}
		}
	}
	return items, nil
}

type hit struct {
	index, id string
	matches   []string
	source    json.RawMessage
}

// hits gives all documents whose match field is one of ids.
func (s *OpenSearch) hits(ctx context.Context, ids []string, source bool) ([]hit, error) {
	query := map[string]any{
		"size": maxHits, "track_total_hits": true, "_source": false, "docvalue_fields": []string{s.match},
		"query": map[string]any{"terms": map[string]any{s.match: ids}},
	}
	if source {
		query["_source"] = fieldNames
	}
	found, err := s.search(ctx, query)
	if err != nil {
		return nil, err
	}
	if found.Hits.Total.Value > len(found.Hits.Hits) {
		if len(ids) == 1 {
			return nil, fmt.Errorf("%w: %d documents have %q in %s", ErrTarget, found.Hits.Total.Value, ids[0], s.o.Match)
		}
		half := len(ids) / 2
		a, err := s.hits(ctx, ids[:half], source)
		if err != nil {
			return nil, err
		}
		b, err := s.hits(ctx, ids[half:], source)
		return append(a, b...), err
	}
	var out []hit
	for _, h := range found.Hits.Hits {
		var fields map[string][]string
		if err := json.Unmarshal(h.Fields, &fields); err != nil {
			return nil, fmt.Errorf("a hit of %s: %w", s.o.Index, err)
		}
		out = append(out, hit{h.Index, h.ID, fields[s.match], h.Source})
	}
	return out, nil
}

// action and update are the two lines of a document in a bulk request.
type action struct {
	Update struct {
		Index   string `json:"_index,omitempty"`
		ID      string `json:"_id"`
		Retries int    `json:"retry_on_conflict"`
	} `json:"update"`
}

type update struct {
	Script struct {
		Lang   string `json:"lang"`
		Source string `json:"source"`
		Params struct {
			Run   int64    `json:"run"`
			Set   *Fields  `json:"set,omitempty"`
			Clear []string `json:"clear,omitempty"`
		} `json:"params"`
	} `json:"script"`
}

// conflictRetries is how often the engine itself tries again if someone else writes the document at the
// same time.
const conflictRetries = 3

// body makes a bulk request.
func body(number int64, batch []Change, items []*item) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, it := range items {
		var a action
		a.Update.Index, a.Update.ID, a.Update.Retries = it.index, it.id, conflictRetries
		var u update
		u.Script.Lang, u.Script.Source = "painless", script
		u.Script.Params.Run, u.Script.Params.Set = number, batch[it.of].Fields
		if u.Script.Params.Set == nil {
			u.Script.Params.Clear = fieldNames
		}
		_, _ = enc.Encode(a), enc.Encode(u) // strings and numbers into memory
	}
	return b.Bytes()
}

// bulk sends one request and reads the word on every item: it returns those that should be tried again.
func (s *OpenSearch) bulk(ctx context.Context, number int64, batch []Change, items []*item) (left []*item, err error) {
	resp, err := s.client.Bulk(ctx, opensearchapi.BulkReq{Index: s.o.Index, Body: bytes.NewReader(body(number, batch, items))})
	if err != nil {
		return nil, failed("bulk update", resp.Inspect(), err)
	}
	if len(resp.Items) != len(items) {
		return nil, fmt.Errorf("bulk update: %d answers to %d documents", len(resp.Items), len(items))
	}
	for n, it := range items {
		r, ok := resp.Items[n]["update"]
		if !ok || r.ID != it.id || r.Status == 0 {
			return nil, fmt.Errorf("bulk update: answer %d is not about document %q", n+1, it.id)
		}
		it.out = Outcome{Status: Written, Code: r.Status}
		if r.Status >= 200 && r.Status < 300 && r.Error == nil {
			if r.Result == "noop" {
				it.out.Status, it.out.Reason = Superseded, "a feed with a greater number has written it"
			}
			continue
		}
		it.out.Status, it.out.Reason = Refused, "no reason given"
		if e := r.Error; e != nil {
			it.out.Reason = e.Type + ": " + e.Reason
			if e.Cause.Type != "" {
				it.out.Reason += ": " + e.Cause.Type + ": " + e.Cause.Reason
			}
		}
		switch r.Status {
		case http.StatusNotFound:
			it.out.Status = Missing
		case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusConflict:
			left = append(left, it)
		}
	}
	return left, nil
}

// Read is that of [Engine].
func (s *OpenSearch) Read(ctx context.Context, ids []string) (map[string][]Fields, error) {
	found, err := s.read(ctx, ids)
	return found, s.o.Secret.veil(err)
}

func (s *OpenSearch) read(ctx context.Context, ids []string) (map[string][]Fields, error) {
	out := make(map[string][]Fields)
	add := func(id string, source json.RawMessage) error {
		var f Fields
		if err := json.Unmarshal(source, &f); err != nil {
			return fmt.Errorf("document of %q: %w", id, err)
		}
		if f.StoryID != "" {
			out[id] = append(out[id], f)
		}
		return nil
	}
	if s.o.Match != "" {
		hits, err := s.hits(ctx, ids, true)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			for _, id := range h.matches {
				if err := add(id, h.source); err != nil {
					return nil, err
				}
			}
		}
		return out, nil
	}
	body, err := json.Marshal(map[string][]string{"ids": ids})
	if err != nil {
		return nil, err
	}
	resp, err := s.client.MGet(ctx, opensearchapi.MGetReq{Index: s.o.Index, Body: bytes.NewReader(body), Params: opensearchapi.MGetParams{SourceIncludes: fieldNames}})
	if err != nil {
		return nil, fmt.Errorf("read %d documents of %s: %w", len(ids), s.o.Index, err)
	}
	if len(resp.Docs) != len(ids) {
		return nil, fmt.Errorf("read %d documents of %s: %d answers", len(ids), s.o.Index, len(resp.Docs))
	}
	for _, d := range resp.Docs {
		if d.Error != nil {
			return nil, fmt.Errorf("read document %q of %s: %s", d.ID, s.o.Index, d.Error.Reason)
		}
		if d.Found {
			if err := add(d.ID, d.Source); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Fed is that of [Engine].
func (s *OpenSearch) Fed(ctx context.Context) (int64, error) {
	if err := s.refresh(ctx); err != nil {
		return 0, s.o.Secret.veil(err)
	}
	found, err := s.search(ctx, map[string]any{"size": 0, "track_total_hits": true, "query": map[string]any{"exists": map[string]any{"field": "story_id"}}})
	if err != nil {
		return 0, s.o.Secret.veil(err)
	}
	return int64(found.Hits.Total.Value), nil
}
