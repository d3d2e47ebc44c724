package tfidf

import (
	"fmt"
	"slices"

	"github.com/james-bowman/nlp"
	"github.com/james-bowman/sparse"
)

// Collection weighs documents against each other: the same weights as a [Table] counted on exactly
// these documents would give, (1+ln tf) * (ln((1+N)/(1+df)) + 1), but of every term, however rare or
// frequent, and not brought to length 1. Documents are folded counts; the vectors are in their order.
//
// The matrix of all documents is weighed at once by the TfidfTransformer of
// github.com/james-bowman/nlp, so memory is about 55 bytes for every count.
func Collection(docs [][]Count) ([]Vector, error) {
	vocabulary := terms(docs)
	if len(vocabulary) == 0 {
		return make([]Vector, len(docs)), nil
	}
	m := matrix(docs, vocabulary)
	product, err := nlp.NewTfidfTransformer().FitTransform(m)
	if err != nil {
		return nil, fmt.Errorf("tf-idf of %d documents: %w", len(docs), err)
	}
	weighed, ok := product.(*sparse.CSR)
	if !ok {
		return nil, fmt.Errorf("tf-idf of %d documents: matrix of type %T", len(docs), product)
	}
	out := make([]Vector, len(docs))
	for d, doc := range docs {
		out[d] = Vector{make([]Term, 0, len(doc)), make([]float32, 0, len(doc))}
	}
	// nlp weighs by ln((1+N)/(1+df)) where this package has that plus 1, so tf*nlp + tf is ours. A
	// term of every document has the weight 0 there, and its row is empty.
	raw, got := m.RawMatrix(), weighed.RawMatrix()
	for row, term := range vocabulary {
		documents := raw.Ind[raw.Indptr[row]:raw.Indptr[row+1]]
		tfs := raw.Data[raw.Indptr[row]:raw.Indptr[row+1]]
		weights := got.Data[got.Indptr[row]:got.Indptr[row+1]]
		if len(weights) != 0 && len(weights) != len(tfs) {
			return nil, fmt.Errorf("tf-idf of %d documents: %d weights for %d counts of a term", len(docs), len(weights), len(tfs))
		}
		for i, d := range documents {
			w := tfs[i]
			if len(weights) != 0 {
				w += weights[i]
			}
			out[d].Terms = append(out[d].Terms, term)
			out[d].Weights = append(out[d].Weights, float32(w))
		}
	}
	return out, nil
}

// terms returns all terms of docs in ascending order.
func terms(docs [][]Count) []Term {
	var c Counter
	for _, d := range docs {
		c.Add(d)
	}
	all := make([]Term, 0, c.terms)
	for _, e := range c.entries() {
		all = append(all, e.Term)
	}
	return all
}

// matrix returns the matrix of 1+ln tf, one row for a term of the vocabulary and one column for a
// document, columns ascending in every row.
func matrix(docs [][]Count, vocabulary []Term) *sparse.CSR {
	row := make(map[Term]int, len(vocabulary))
	for i, t := range vocabulary {
		row[t] = i
	}
	start := make([]int, len(vocabulary)+1)
	for _, d := range docs {
		for _, c := range d {
			start[row[c.Term]+1]++
		}
	}
	for i := 1; i < len(start); i++ {
		start[i] += start[i-1]
	}
	column := make([]int, start[len(vocabulary)])
	data := make([]float64, start[len(vocabulary)])
	next := slices.Clone(start)
	for j, d := range docs {
		for _, c := range d {
			r := row[c.Term]
			column[next[r]], data[next[r]] = j, tf(c.N)
			next[r]++
		}
	}
	return sparse.NewCSR(len(vocabulary), len(docs), start, column, data)
}
