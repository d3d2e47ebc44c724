package passage

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"sada/features/arabic"
	"sada/features/article"
	"sada/features/shingle"
)

var update = flag.Bool("update", false, "write the golden figures anew")

// One article is appended to 200 pages: it is found from every one of them.
func TestHotArticle(t *testing.T) {
	w := newWriter(30)
	title, b := w.words(9), w.words(300)
	type row struct {
		name                                string
		hosts, reached, cut, exact, near100 int
	}
	var rows []*row
	for _, part := range []string{"whole", "half"} {
		for _, share := range []int{0, 2, 5} {
			rows = append(rows, &row{name: fmt.Sprintf("%s\t%d", part, share)})
		}
	}
	const hosts = 200
	// In the middle of the days: half of the hosts are older than the article's own page.
	rs := []raw{{"b", "s-b", hosts / 20, line(title), paragraphs(b)}}
	own := make(map[string]string)
	for n := range hosts {
		words := b
		if n%6 >= 3 {
			words = b[:150]
		}
		id := fmt.Sprintf("a%03d", n)
		own[id] = paragraphs(w.words(60 + w.r.IntN(200)))
		rs = append(rs, raw{id, fmt.Sprint("s", n%20), n / 10, line(w.words(8)), own[id] + line(title) + paragraphs(w.edit(words, float64([]int{0, 2, 5}[n%3])/100))})
	}
	f := newCorpus(rs...).find()
	f.check(t)
	total := row{name: "all\t"}
	for n := range hosts {
		id := fmt.Sprintf("a%03d", n)
		for _, r := range []*row{rows[n%6], &total} {
			r.hosts++
			for _, p := range f.of(id) {
				if p.Kind != Tail || p.B != f.index("b") {
					continue
				}
				r.reached++
				if p.Cut {
					r.cut++
				}
				text, from, to := f.raw[p.A].text, len(own[id]), p.BytesA.From
				switch off := len(strings.Fields(text[min(from, to):max(from, to)])); {
				case off == 0:
					r.exact++
					r.near100++
				case off <= 10:
					r.near100++
				}
			}
		}
	}
	var got strings.Builder
	fmt.Fprintln(&got, "tail\tedits %\thosts\treached\tcut\texact\twithin 10 words")
	for _, r := range append(rows, &total) {
		fmt.Fprintf(&got, "%s\t%d\t%d\t%d\t%d\t%d\n", r.name, r.hosts, r.reached, r.cut, r.exact, r.near100)
	}
	golden(t, "hot.tsv", got.String())
	if total.reached*100 < 99*hosts || total.near100*100 < 99*hosts {
		t.Errorf("reached from %d of %d hosts, %d boundaries within 10 words; want 99 %%", total.reached, hosts, total.near100)
	}
}

func golden(t *testing.T, name string, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("figures of %s changed (accept with -update):\n%s\nwere:\n%s", path, got, want)
	}
}

// made makes a page of lines of word hashes without the detour over letters. A word takes 4 bytes
// and a space.
func made(id, source string, day int64, lines ...[]uint32) Page {
	p := Page{ID: id, Source: source, Time: day * 86400, Dated: true}
	var tokens []arabic.Token
	for _, l := range lines {
		p.Lines = append(p.Lines, Line{Word: len(p.Words), Byte: p.Bytes})
		for _, word := range l {
			tokens = append(tokens, arabic.Token{From: uint32(p.Bytes), To: uint32(p.Bytes + 4)})
			p.Words = append(p.Words, word)
			p.Bytes += 5
		}
	}
	p.Spans = shingle.PackOffsets(nil, tokens)
	p.Parts = []article.Part{{Kind: article.Main, To: p.Bytes}}
	return p
}

func random(r *rand.Rand, n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = r.Uint32() &^ 1
	}
	return out
}

// A paragraph that all pages have, five of each source: hits and pairs grow with the pages, no page is
// taken for a copy of another, and no page loses a word of its own.
func TestBoilerplate(t *testing.T) {
	if testing.Short() {
		t.Skip("55,000 pages")
	}
	const few, many = 5_000, 50_000
	counts := make(map[int]Result)
	for _, n := range []int{few, many} {
		r := rand.New(rand.NewPCG(8, 9))
		shared := random(r, 60)
		pages := make([]Page, n)
		for i := range pages {
			lines := [][]uint32{random(r, 25), shared, random(r, 25)}
			if i%2 == 0 { // at the end, where a tail would be
				lines = [][]uint32{random(r, 25), random(r, 25), shared}
			}
			pages[i] = made(fmt.Sprint(i), fmt.Sprint(i/5), int64(i/1000), lines...)
		}
		res := find(pages, Options{Workers: 2})
		counts[n] = res
		for _, p := range res.Passages {
			if p.Kind == Copy {
				t.Fatalf("pages %d and %d are copies by a paragraph", p.A, p.B)
			}
			if p.Cut && (p.A%2 == 1 || p.BytesA.From != 50*5 || p.Kind != SharedTail) {
				t.Fatalf("page %d lost %+v", p.A, p)
			}
		}
		for i := 1; i < n; i += 2 {
			if len(res.Parts[i]) != 1 {
				t.Fatalf("page %d, with the paragraph in its middle, was cut: %+v", i, res.Parts[i])
			}
		}
	}
	for name, of := range map[string]func(Result) int{
		"hits":     func(r Result) int { return r.Hits },
		"pairs":    func(r Result) int { return len(r.Pairs) },
		"passages": func(r Result) int { return len(r.Passages) },
	} {
		x, y := of(counts[few]), of(counts[many])
		t.Logf("%s: %d and %d", name, x, y)
		if x < few || y < 9*x || y > 11*x {
			t.Errorf("%d %s on %d pages, %d on %d: not linear", x, name, few, y, many)
		}
	}
}

// The join of a million pages with 400 words in the mean, of which a fifth has the text of one of the pages
// before it, in as many parts and pieces as keep to a GiB each.
func TestMillion(t *testing.T) {
	if os.Getenv("SADA_HEAVY") == "" {
		t.Skip("SADA_HEAVY is unset: this test takes minutes and gigabytes")
	}
	const n, limit = 1_000_000, 1 << 30
	words := func(i int) []uint32 { // made anew whenever they are asked for: no memory is theirs
		r := rand.New(rand.NewPCG(uint64(i), 1))
		out := make([]uint32, 200+r.IntN(400))
		if i%5 == 4 {
			r = rand.New(rand.NewPCG(uint64(r.IntN(i)), 1))
			r.IntN(400)
		}
		for j := range out {
			out[j] = r.Uint32()
		}
		return out
	}
	anchors := 0
	for i := range n / 1000 {
		anchors += 1000 * len(shingle.Winnow(nil, shingle.Grams(nil, words(i*1000), AnchorWords), AnchorWindow))
	}
	var mu sync.Mutex
	hits, pieces, inOrder := 0, 0, true
	width := uint32((n + ranges - 1) / ranges)
	opt := Options{Parts: (anchors*16 + limit - 1) / limit, Workers: runtime.GOMAXPROCS(0)}
	_ = join(n, words, opt, func(r int, hs []hit) {
		mu.Lock()
		defer mu.Unlock()
		pieces++
		hits += len(hs)
		inOrder = inOrder && hs[0].a/width == uint32(r) && hs[len(hs)-1].a/width == uint32(r)
	})
	peak := peakMemory(t)
	t.Logf("%d million anchors in %d parts, %d million hits in %d pieces, peak of %d MB", anchors/1e6, opt.Parts, hits/1e6, pieces, peak>>20)
	if anchors < 110e6 || hits < n*10 || !inOrder {
		t.Errorf("%d anchors, %d hits, pieces of their ranges: %v", anchors, hits, inOrder)
	}
	if peak > 4<<30 {
		t.Errorf("peak of %d bytes", peak)
	}
}

// peakMemory returns the most bytes that the process has had in memory.
func peakMemory(t *testing.T) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
