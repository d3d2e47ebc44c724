package archive

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// Format is the version of the files. Fields and tables are only ever added; a number changes its
// meaning only with this one. The file `current` and the first line of a manifest are for ever.
//
// In version 1 a segment was one table, and what the clustering knew had its postings in another one. In version 2
// all that it knew was in tables of each generation, as was what was published.
const (
	Format       = 3
	formatLayers = 3 // the first with arrays and sets
)

// maxManifest is the most bytes that are read of a manifest. Ten years of nights with ten inputs each
// take 2 MB.
const maxManifest = 64 << 20

// FileInfo is a file that a generation is made of.
type FileInfo struct {
	Path  string `json:"path"` // relative to the state folder, with slashes
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
	Hash  string `json:"xxh3_128"` // in hexadecimal digits
}

// Count is how many there are of a kind of groups.
type Count struct {
	Groups int `json:"groups"`
	Pages  int `json:"pages"` // in groups
}

// Manifest says what a generation is made of.
type Manifest struct {
	Format     int                `json:"format"`
	Generation int                `json:"generation"`
	Program    string             `json:"program"`
	OptionHash string             `json:"option_hash"`
	Options    json.RawMessage    `json:"options"`
	Counts     map[string]Count   `json:"counts"` // of each kind of groups
	Docs       int                `json:"docs"`   // of the table of terms
	Values     map[string]float64 `json:"values"`
	Segments   []Segment          `json:"segments"` // oldest first
	Runs       []Run              `json:"runs"`     // of each index, those that are older first
	Sets       []Layers           `json:"sets"`     // ascending names
	Arrays     []Layers           `json:"arrays"`   // ascending names
	Tables     []FileInfo         `json:"tables"`
	Nights     []Night            `json:"nights"` // oldest first, the last is this generation's
}

// Segment is the pages that a generation took in: a table, a file with what is long in them, and one with the table as memory.
type Segment struct {
	FileInfo
	Features FileInfo `json:"features,omitzero"` // none in version 1
	Heads    FileInfo `json:"heads,omitzero"`    // none of programs that did not know them
}

// Run is a file of postings. Generations share it until it is merged with others.
type Run struct {
	Index string `json:"index"`
	FileInfo
}

// Files gives the files that the generation is made of, those that others share first.
func (m *Manifest) Files() []FileInfo { return append(m.shared(), m.Tables...) }

// shared gives the files that other generations may be made of too.
func (m *Manifest) shared() []FileInfo {
	var all []FileInfo
	for _, s := range m.Segments {
		for _, f := range []FileInfo{s.FileInfo, s.Features, s.Heads} {
			if f != (FileInfo{}) {
				all = append(all, f)
			}
		}
	}
	for _, r := range m.Runs {
		all = append(all, r.FileInfo)
	}
	for _, x := range slices.Concat(m.Sets, m.Arrays) {
		all = append(all, x.files()...)
	}
	return all
}

const (
	currentName  = "current"
	tempName     = "current.tmp"
	manifestName = "manifest.json"
	segmentsName = "segments"
	runsName     = "runs"
	arraysName   = "arrays"
	setsName     = "sets"
	asidePrefix  = "aside-"

	// emptyCurrent is what `current` says before the first generation: without it, a state that lost
	// the file would be taken for one that never was, and every ID would be given anew.
	emptyCurrent = "none\n"

	missing = "missing" // what is wrong with a file that is not there
)

func generationName(n int) string             { return fmt.Sprintf("gen-%06d", n) }
func segmentName(n int, suffix string) string { return fmt.Sprintf("seg-%06d", n) + suffix }

// runKey is what the name of a run says.
type runKey struct {
	index      string
	generation int // that wrote it
	i          int // among those that it wrote of the index
}

func (k runKey) name() string {
	return fmt.Sprintf("run-%06d-%s-%d%s", k.generation, k.index, k.i, runSuffix)
}

func (k runKey) compare(other runKey) int {
	return cmp.Or(strings.Compare(k.index, other.index), cmp.Compare(k.generation, other.generation), cmp.Compare(k.i, other.i))
}

const (
	tableSuffix    = ".parquet"
	featuresSuffix = ".features"
	headsSuffix    = ".heads"
	runSuffix      = ".postings"
	rowsSuffix     = ".rows"
	deltaSuffix    = ".delta"
)

// number gives the number in a name that generationName or segmentName made.
func number(name, prefix, suffix string) (int, bool) {
	digits, ok1 := strings.CutPrefix(name, prefix)
	digits, ok2 := strings.CutSuffix(digits, suffix)
	n, err := strconv.Atoi(digits)
	if !ok1 || !ok2 || err != nil || n < 1 || n > math.MaxInt32 || fmt.Sprintf("%06d", n) != digits {
		return 0, false
	}
	return n, true
}

func generationNumber(name string) (int, bool) { return number(name, "gen-", "") }

// segmentNumber gives the number in the name of one of the files of a segment.
func segmentNumber(name string) (int, bool) {
	for _, suffix := range []string{tableSuffix, featuresSuffix, headsSuffix} {
		if n, ok := number(name, "seg-", suffix); ok {
			return n, true
		}
	}
	return 0, false
}

// parseRun reads the name of a run.
func parseRun(name string) (runKey, bool) {
	parts := strings.Split(strings.TrimSuffix(name, runSuffix), "-")
	if len(parts) != 4 {
		return runKey{}, false
	}
	generation, ok := number(parts[1], "", "")
	i, err := strconv.Atoi(parts[3])
	k := runKey{parts[2], generation, i}
	return k, ok && err == nil && i >= 0 && isTable(k.index) && k.name() == name
}

func sum(b []byte) string { return digits(xxh3.Hash128(b)) }

func digits(h xxh3.Uint128) string {
	b := h.Bytes()
	return hex.EncodeToString(b[:])
}

// marker is what the file `current` says. Generation 0 is none.
type marker struct {
	generation int
	hash       string // of the manifest
}

func (m marker) bytes() []byte {
	if m.generation == 0 {
		return []byte(emptyCurrent)
	}
	return []byte(generationName(m.generation) + " " + m.hash + "\n")
}

func parseMarker(b []byte) (marker, error) {
	if string(b) == emptyCurrent {
		return marker{}, nil
	}
	name, hash, ok1 := strings.Cut(string(b), " ")
	hash, ok2 := strings.CutSuffix(hash, "\n")
	n, ok3 := generationNumber(name)
	if !ok1 || !ok2 || !ok3 || !isHash(hash) {
		return marker{}, corrupt(currentName, "not a generation and a checksum")
	}
	return marker{n, hash}, nil
}

// isTable says whether a name may be that of a table, of this program or of a later one.
func isTable(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
}

func isHash(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

// marker reads the file `current`. It returns ErrNone if there is no state.
func (a *Archive) marker() (marker, error) {
	b, err := a.read(currentName, 1<<10)
	if errors.Is(err, fs.ErrNotExist) {
		l, err := a.list()
		if err != nil {
			return marker{}, err
		}
		if len(l.generations)+len(l.shared) > 0 {
			return marker{}, corrupt(currentName, missing)
		}
		return marker{}, a.none()
	}
	if err != nil {
		return marker{}, err
	}
	return parseMarker(b)
}

func (a *Archive) none() error { return fmt.Errorf("%s: %w", a.dir, ErrNone) }

// read reads a file of at most limit bytes.
func (a *Archive) read(name string, limit int64) (b []byte, err error) {
	f, err := a.fs.Open(a.path(name))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, corrupt(name, "not a file of that kind")
	}
	b = make([]byte, info.Size())
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

func (a *Archive) path(name string) string { return filepath.Join(a.dir, filepath.FromSlash(name)) }

// The frame of a manifest: its first line has the checksum of all that is between the frame's parts.
const (
	frameStart = `{"xxh3_128":"`
	frameNext  = "\",\"manifest\":\n"
	frameEnd   = "\n}\n"
)

// encode gives the bytes of a manifest.
func (m *Manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestName, err)
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return slices.Concat([]byte(frameStart+sum(body)+frameNext), body, []byte(frameEnd)), nil
}

// parseManifest reads the manifest of generation n, which the file of the given name holds.
func parseManifest(name string, b []byte, n int) (*Manifest, error) {
	rest, ok1 := bytes.CutPrefix(b, []byte(frameStart))
	hash, body, ok2 := bytes.Cut(rest, []byte(frameNext))
	body, ok3 := bytes.CutSuffix(body, []byte(frameEnd))
	if !ok1 || !ok2 || !ok3 || sum(body) != string(hash) {
		return nil, corrupt(name, "checksum")
	}
	var version struct{ Format int }
	if err := json.Unmarshal(body, &version); err != nil {
		return nil, corrupt(name, err.Error())
	}
	if version.Format > Format {
		return nil, fmt.Errorf("%s: format %d, and this program knows up to %d: %w", name, version.Format, Format, ErrNewer)
	}
	m := new(Manifest)
	if err := json.Unmarshal(body, m); err != nil {
		return nil, corrupt(name, err.Error())
	}
	if err := m.validate(n); err != nil {
		return nil, corrupt(name, err.Error())
	}
	var options bytes.Buffer
	if err := json.Compact(&options, m.Options); err != nil {
		return nil, corrupt(name, err.Error())
	}
	m.Options = options.Bytes()
	return m, nil
}

// validate returns an error if m cannot be the manifest of generation n. It makes sure that no path
// leads anywhere but to the files of a generation.
func (m *Manifest) validate(n int) error {
	if m.Format < 1 || m.Generation != n || m.Docs < 0 {
		return fmt.Errorf("format %d, generation %d, docs %d", m.Format, m.Generation, m.Docs)
	}
	last := 0
	for _, s := range m.Segments {
		name, ok1 := strings.CutPrefix(s.Path, segmentsName+"/")
		of, ok2 := number(name, "seg-", tableSuffix)
		if !ok1 || !ok2 || of <= last || of > n || m.Format > 1 && s.Features.Path != segmentsName+"/"+segmentName(of, featuresSuffix) || m.Format == 1 && s.Features != (FileInfo{}) ||
			s.Heads != (FileInfo{}) && (m.Format == 1 || s.Heads.Path != segmentsName+"/"+segmentName(of, headsSuffix)) {
			return fmt.Errorf("segment %q", s.Path)
		}
		last = of
	}
	if err := m.validateRuns(); err != nil {
		return err
	}
	if err := m.validateLayers(); err != nil {
		return err
	}
	for i, f := range m.Tables {
		name, ok1 := strings.CutPrefix(f.Path, generationName(n)+"/")
		name, ok2 := strings.CutSuffix(name, tableSuffix)
		if !ok1 || !ok2 || !isTable(name) || i > 0 && f.Path <= m.Tables[i-1].Path {
			return fmt.Errorf("table %q", f.Path)
		}
	}
	for _, name := range []string{aliasesTable, groupsTable, idsTable, termsTable} { // the first that there were
		_, ok := m.table(name)
		if _, set := m.set(name); !ok && !set {
			return fmt.Errorf("no table %q", name)
		}
	}
	for _, f := range m.Files() {
		if f.Rows < 0 || f.Bytes < 0 || !isHash(f.Hash) {
			return fmt.Errorf("file %q", f.Path)
		}
	}
	for i, night := range m.Nights {
		if night.Generation < 1 || i > 0 && night.Generation <= m.Nights[i-1].Generation {
			return fmt.Errorf("night of generation %d", night.Generation)
		}
	}
	if len(m.Nights) == 0 || m.Nights[len(m.Nights)-1].Generation != n {
		return errors.New("no night of its own")
	}
	return nil
}

func (m *Manifest) validateLayers() error {
	for _, of := range []struct {
		all      []Layers
		validate func(x *Layers, n int) error
	}{{m.Sets, (*Layers).validateSet}, {m.Arrays, (*Layers).validateArray}} {
		last := ""
		for _, x := range of.all {
			if err := of.validate(&x, m.Generation); err != nil {
				return err
			}
			if x.Rows < 0 || x.Name <= last {
				return fmt.Errorf("table %q with %d rows", x.Name, x.Rows)
			}
			last = x.Name
		}
	}
	return nil
}

func (m *Manifest) validateRuns() error {
	last := runKey{}
	for _, r := range m.Runs {
		name, ok1 := strings.CutPrefix(r.Path, runsName+"/")
		k, ok2 := parseRun(name)
		if !ok1 || !ok2 || k.index != r.Index || k.generation > m.Generation || k.compare(last) <= 0 || r.Bytes != r.Rows*postingBytes {
			return fmt.Errorf("run %q", r.Path)
		}
		last = k
	}
	return nil
}

// manifest reads the manifest of a generation. Its hash, if known, is that of the whole file.
func (a *Archive) manifest(n int, hash string) (*Manifest, string, error) {
	name := generationName(n) + "/" + manifestName
	b, err := a.read(name, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", corrupt(name, missing)
	}
	if err != nil {
		return nil, "", err
	}
	is := sum(b)
	m, err := parseManifest(name, b, n)
	if err == nil && hash != "" && is != hash {
		err = corrupt(currentName, "not the checksum of "+name)
	}
	return m, is, err
}

// trusted reads the file `current` and holds it to the manifest that it names.
func (a *Archive) trusted() (marker, error) {
	at, err := a.marker()
	if err == nil && at.generation > 0 {
		if _, _, failed := a.manifest(at.generation, at.hash); failed != nil {
			if d := new(Damage); errors.As(failed, &d) && d.File == currentName {
				return marker{}, failed
			}
		}
	}
	return at, err
}

// current reads the manifest of the current generation. It returns ErrNone if there is none.
func (a *Archive) current() (*Manifest, error) {
	at, err := a.marker()
	if err != nil {
		return nil, err
	}
	if at.generation == 0 {
		return nil, a.none()
	}
	m, _, err := a.manifest(at.generation, at.hash)
	return m, err
}

// open opens a file that agrees with its checksum.
func (a *Archive) open(want FileInfo) (File, error) {
	f, err := a.sized(want)
	if err != nil {
		return nil, err
	}
	if err := verify(f, want); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sized opens a file that has its length. What is in it is to be held to its checksum with verify before it is relied on.
func (a *Archive) sized(want FileInfo) (f File, err error) {
	f, err = a.fs.Open(a.path(want.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, corrupt(want.Path, missing)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() != want.Bytes {
		err = corrupt(want.Path, fmt.Sprintf("%d bytes, should be %d", info.Size(), want.Bytes))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// verify returns an error if a file does not agree with its checksum.
func verify(f File, want FileInfo) error {
	const most = 256 << 10 // stays in the nearer caches until it is hashed: of 1 MB, a fifth more time was measured
	h := xxh3.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, io.NewSectionReader(f, 0, want.Bytes), make([]byte, min(want.Bytes+1, most))); err != nil {
		return fmt.Errorf("%s: %w", want.Path, err)
	}
	if digits(h.Sum128()) != want.Hash {
		return corrupt(want.Path, "checksum")
	}
	return nil
}
