package story

import (
	"fmt"

	"sada/features/tfidf"
)

// Labels returns, for every story, the k terms that weigh most in it when each story is one document
// among the stories ([tfidf.Collection]), heaviest first, equal ones by ascending term. A story is
// the folded counts of its pages. It has fewer than k labels if its pages have fewer terms.
func Labels(stories [][][]tfidf.Count, k int) ([][]tfidf.Term, error) {
	docs := make([][]tfidf.Count, len(stories))
	for i, pages := range stories {
		for _, page := range pages {
			docs[i] = append(docs[i], page...)
		}
		docs[i] = tfidf.Fold(docs[i])
	}
	vectors, err := tfidf.Collection(docs)
	if err != nil {
		return nil, fmt.Errorf("labels of %d stories: %w", len(stories), err)
	}
	labels := make([][]tfidf.Term, len(stories))
	for i, v := range vectors {
		for _, t := range v.Top(k) {
			labels[i] = append(labels[i], t.Term)
		}
	}
	return labels, nil
}
