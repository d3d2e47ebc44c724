package story

import (
	"fmt"

	"sada/features/tfidf"
)

// Labels returns, for every story, the k terms that weigh most in it when each story is one document
// among the stories ([tfidf.Collection]), heaviest first, equal ones by ascending term. A story is
// the folded counts of its pages. It has fewer than k labels if its pages have fewer terms.
//
// If among is not nil it says in how many stories each term stands, instead of these stories. The table
// that is returned is among, or that of these.
func Labels(stories [][][]tfidf.Count, among *tfidf.Table, k int) ([][]tfidf.Term, *tfidf.Table, error) {
	docs := make([][]tfidf.Count, len(stories))
	for i, pages := range stories {
		for _, page := range pages {
			docs[i] = append(docs[i], page...)
		}
		docs[i] = tfidf.Fold(docs[i])
	}
	labels := make([][]tfidf.Term, len(stories))
	label := func(i int, v tfidf.Vector) {
		for _, t := range v.Top(k) {
			labels[i] = append(labels[i], t.Term)
		}
	}
	if among != nil {
		for i, doc := range docs {
			label(i, among.Among(doc))
		}
		return labels, among, nil
	}
	vectors, err := tfidf.Collection(docs)
	if err != nil {
		return nil, nil, fmt.Errorf("labels of %d stories: %w", len(stories), err)
	}
	var df tfidf.Counter
	for i, v := range vectors {
		label(i, v)
		df.Add(docs[i])
	}
	return labels, df.Freeze(), nil
}
