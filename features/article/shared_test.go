package article

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shared opens a file of the outside data, which is not part of the repository.
func shared(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("SADA_SHARED")
	if dir == "" {
		t.Skip("SADA_SHARED is not set: it names the folder that holds data/" + name)
	}
	b, err := os.ReadFile(filepath.Join(dir, "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSharedSeed(t *testing.T) {
	p := &Page{Text: shared(t, "seed_page.txt")}
	a := parse(p)
	check(t, p, &a)
	at := func(s string) int { return strings.Index(p.Text, s) }
	lines := strings.SplitAfter(p.Text, "\n")
	title := len(lines[0])
	dateline := title + len(lines[1])
	source, tags, marker := at("المصدر:"), at("كلمات دلالية:"), at("إقرأ أيضاً:")
	tail := marker + len("إقرأ أيضاً:\n")
	want := []Part{{Kind: Title, From: 0, To: title}, {Kind: Dateline, From: title, To: dateline}, {Kind: Main, From: dateline, To: source},
		{Kind: Source, From: source, To: tags}, {Kind: Tags, From: tags, To: marker}, {Kind: Marker, From: marker, To: tail}, {Kind: Tail, From: tail, To: len(p.Text)}}
	if len(a.Parts) != len(want) {
		t.Fatalf("parts %+v, want %+v", a.Parts, want)
	}
	for i, w := range want {
		if a.Parts[i] != w {
			t.Errorf("part %d is %+v, want %+v", i, a.Parts[i], w)
		}
	}
	if !a.Repeats || !a.DayOnly || !a.Date.Equal(time.Date(2023, 9, 22, 0, 0, 0, 0, time.UTC)) || a.Source == "" || len(a.Proposals) != 1 || !a.Proposals[0].Closed {
		t.Errorf("article %+v", a)
	}
}

// Kinds of rows in markers.tsv that are no lines, and why.
var noLines = map[string]string{
	"date_months": "names of months: TestParseDate",
	"agency":      "names of agencies: TestFields",
	"mojibake":    "bytes to be repaired before",
	"weather_bar": "a portal's bar, of one page",
	"photo":       "captions inside paragraphs or of one source; those of lines are in TestParts",
	"ad":          "one row explains, the others are glued to whole paragraphs: TestParts",
}

// What an example's line becomes by the kind of its row.
var rowKinds = map[string]Kind{
	"read_also": Marker, "related": Marker, "source": Source, "date": Dateline, "tags": Tags, "dateline": Dateline, "gallery": Furniture,
	"end_mark": Furniture, "prompt": Furniture, "rights": Furniture, "stats": Furniture,
	"source_FP": Main, "ad_FP": Main, "prompt_FP": Main,
}

// Lines that become something else than their row's kind, by their beginning, and why.
var otherwise = map[string]Kind{
	"اقرأ أيضاً:قرار": Inline, "اقرأ أيضا: أبل": Inline, // a title on the same line
	"...المزيد": Furniture, "للمزيد من المعلومات": Furniture, "رابط الخبر": Furniture, "رمز الخبر": Furniture, // they announce no article
	"20:26 ت م": Furniture, "مشاركة": Furniture, // neither a day nor a source
	"آخر تحديث 2022": Dateline, // names its source behind the date
	// What only one source has is left to what its pages share.
	"لقراءة الحوار": Main, "2020 (GMT": Main, "أرسل لصديق": Main, "88591": Main, "635031": Main, "737221": Main,
	// Names of persons and outlets that the record does not give.
	"سام برس": Main, "عمر": Main, "عبدالله": Main, "القاهرة-سند": Main,
}

func TestSharedMarkers(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(shared(t, "markers.tsv")), "\n")
	used := map[string]bool{}
	for _, row := range rows[1:] {
		f := strings.Split(row, "\t")
		if len(f) != 5 {
			t.Fatalf("row of %d fields: %q", len(f), row)
		}
		if noLines[f[0]] != "" {
			continue
		}
		want, ok := rowKinds[f[0]]
		if !ok {
			t.Errorf("kind %q is not known", f[0])
		}
		example := f[3]
		if n := strings.LastIndex(example, " ("); n > 0 && strings.HasSuffix(example, ")") && strings.ContainsAny(example[n:], "abcdefghijklmnopqrstuvwxyz") {
			example = example[:n] // the note behind the example
		}
		for _, line := range strings.Split(strings.NewReplacer("⏎", " / ", " , ", " / ", " ; ", " / ").Replace(example), " / ") {
			if line == "…" || line == "BBC" || line == "Al Jazeera widgets" || strings.HasPrefix(line, "<") {
				continue // said of the example
			}
			want := want
			for begin, k := range otherwise {
				if strings.HasPrefix(line, begin) {
					want, used[begin] = k, true
				}
			}
			p := &Page{Title: "عنوان", Text: harbour + "\n" + line}
			if strings.Contains(f[2], "head") {
				p.Text = line + "\n" + harbour
			}
			a := parse(p)
			part := a.Parts[len(a.Parts)-1]
			if strings.Contains(f[2], "head") {
				part = a.Parts[0]
			}
			if part.Kind != want {
				t.Errorf("%s line %q is %s, want %s", f[0], line, part.Kind, want)
			}
		}
	}
	for begin := range otherwise {
		if !used[begin] {
			t.Errorf("exception %q is not in the rows", begin)
		}
	}
}
