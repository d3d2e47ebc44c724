package publish

import (
	"encoding/binary"
	"math"

	"github.com/zeebo/xxh3"
)

// Digest is a hash of rows, by which it is known whether they are those that were published before. It depends on
// every field of every row and on their order. The zero Digest is ready to use.
type Digest struct {
	b []byte // what is hashed: no two sequences of rows have the same
}

// Sum returns the XXH3 (64 bits) of the rows since the last Sum, and begins anew.
func (d *Digest) Sum() uint64 {
	h := xxh3.Hash(d.b)
	d.b = d.b[:0]
	return h
}

// Page adds a row of pages.
func (d *Digest) Page(p *Page) {
	d.Text(p.ID)
	d.Text(p.Source)
	d.Text(p.Title)
	d.optional(p.PublishedAt)
	d.optional(p.DateUsed)
	d.Text(p.DateFrom)
	d.Text(p.CopyGroup)
	d.Text(p.Story)
	d.Text(p.Role)
	d.number(p.Confidence)
	d.Text(p.Credit)
	d.list(p.Credits)
	d.Text(p.Tags)
	d.flag(p.Repaired)
	d.integer(int64(len(p.Parts)))
	for i := range p.Parts {
		q := &p.Parts[i]
		d.Text(q.Kind)
		d.integer(q.From)
		d.integer(q.To)
		d.Text(q.Page)
		d.Text(q.Segment)
	}
	d.Text(p.Next)
	d.number(p.Margin)
}

// Link adds a row of links.
func (d *Digest) Link(l *Link) {
	d.Text(l.A)
	d.Text(l.B)
	d.Text(l.Kind)
	d.number(l.Jaccard)
	d.number(l.ContainmentA)
	d.number(l.ContainmentB)
	d.number(l.CoverA)
	d.number(l.CoverB)
	d.Text(l.Via)
}

// Passage adds a row of passages.
func (d *Digest) Passage(p *Passage) {
	d.Text(p.A)
	d.Text(p.B)
	d.Text(p.Segment)
	d.Text(p.Kind)
	for _, n := range [...]int64{p.FromA, p.ToA, p.FromB, p.ToB, p.FirstWordA, p.FirstWordB, p.WordsA, p.WordsB} {
		d.integer(n)
	}
	d.number(p.ContainmentA)
	d.number(p.ContainmentB)
	d.number(p.Identity)
	d.integer(p.Hosts)
	d.integer(p.Sources)
	d.span(p.Marker)
	d.span(p.Title)
	d.flag(p.Cut)
	d.number(p.Confidence)
	d.list(p.Reasons)
}

// Story adds a row of stories.
func (d *Digest) Story(s *Story) {
	d.Text(s.Story)
	d.list(s.Pages)
	d.list(s.CopyGroups)
	d.optional(s.First)
	d.optional(s.Last)
	d.integer(s.Sources)
	d.list(s.Label)
	d.Text(s.Headline)
	d.number(s.Density)
	d.list(s.Outlets)
	d.integer(int64(len(s.Suggested)))
	for _, o := range s.Suggested {
		d.Text(o.Story)
		d.number(o.Similarity)
	}
}

// Text adds a string.
func (d *Digest) Text(s string) {
	d.integer(int64(len(s))) // or "ab"+"c" would be "a"+"bc"
	d.b = append(d.b, s...)
}

func (d *Digest) integer(n int64) { d.b = binary.AppendVarint(d.b, n) }

func (d *Digest) number(x float64) {
	d.b = binary.LittleEndian.AppendUint64(d.b, math.Float64bits(x))
}

func (d *Digest) flag(set bool) {
	if set {
		d.b = append(d.b, 1)
	} else {
		d.b = append(d.b, 0)
	}
}

func (d *Digest) list(list []string) {
	d.integer(int64(len(list)))
	for _, s := range list {
		d.Text(s)
	}
}

func (d *Digest) optional(s *string) {
	d.flag(s != nil)
	if s != nil {
		d.Text(*s)
	}
}

func (d *Digest) span(r *Range) {
	d.flag(r != nil)
	if r != nil {
		d.integer(r.From)
		d.integer(r.To)
	}
}
