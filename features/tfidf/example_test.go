package tfidf_test

import (
	"fmt"
	"strings"

	"sada/features/tfidf"
)

func Example() {
	pages := []string{
		"افتتاح ميناء جديد في المدينة",
		"ميناء المدينة يستقبل اول سفينة",
		"فريق المدينة يفوز على ضيفه",
		"فريق الجبل يخسر في مباراة",
	}
	surface := map[tfidf.Term]string{}
	var counter tfidf.Counter
	var docs [][]tfidf.Count
	for _, p := range pages {
		var doc []tfidf.Count
		for _, word := range strings.Fields(p) {
			id := tfidf.TermID([]byte(word))
			surface[id] = word
			doc = append(doc, tfidf.Count{Term: id, N: 1})
		}
		doc = tfidf.Fold(doc)
		counter.Add(doc)
		docs = append(docs, doc)
	}
	table := counter.Freeze()

	first, second, third := table.Vector(docs[0]), table.Vector(docs[1]), table.Vector(docs[2])
	fmt.Printf("%.2f %.2f\n", first.Dot(second), first.Dot(third))
	top := second.Top(1)[0]
	fmt.Printf("%s %.2f\n", surface[top.Term], top.Weight)
	// Output:
	// 0.55 0.22
	// ميناء 0.56
}
