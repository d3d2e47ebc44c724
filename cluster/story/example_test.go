package story_test

import (
	"fmt"
	"strings"
	"time"

	"sada/cluster/story"
	"sada/features/tfidf"
)

func Example() {
	pages := []struct{ day, text string }{
		{"2015-07-21", "افتتاح ميناء جدة الجديد وهو ميناء السفن الكبيرة"},
		{"2015-07-21", "فوز الهلال على ضيفه النصر بهدفين"},
		{"2015-07-22", "ميناء جدة الجديد يستقبل اول السفن بعد افتتاح ارصفته"},
		{"2015-07-22", "الهلال يحتفل بعد فوز الهلال على النصر"},
		{"2015-09-30", "افتتاح ميناء جدة الجديد وهو ميناء السفن الكبيرة"},
	}
	surface := map[tfidf.Term]string{}
	var counter tfidf.Counter
	var docs [][]tfidf.Count
	for _, p := range pages {
		var doc []tfidf.Count
		for _, word := range strings.Fields(p.text) {
			term := tfidf.TermID([]byte(word))
			surface[term] = word
			doc = append(doc, tfidf.Count{Term: term, N: 1})
		}
		doc = tfidf.Fold(doc)
		counter.Add(doc)
		docs = append(docs, doc)
	}
	table := counter.Freeze()
	nodes := make([]story.Node, len(pages))
	for i, p := range pages {
		at, err := time.Parse(time.DateOnly, p.day)
		if err != nil {
			panic(err)
		}
		nodes[i] = story.Node{Vector: table.Vector(docs[i]), Time: at.Unix(), Dated: true}
	}

	result := story.Cluster(nodes, story.Defaults())
	stories, fits := story.Describe(nodes, result, 2)
	var groups [][][]tfidf.Count
	for _, s := range stories {
		var group [][]tfidf.Count
		for _, m := range s.Members {
			group = append(group, docs[m])
		}
		groups = append(groups, group)
	}
	labels, _, err := story.Labels(groups, nil, 1)
	if err != nil {
		panic(err)
	}
	for i, s := range stories {
		fmt.Printf("%v density %.2f, medoid fits %.2f, %s\n", s.Members, s.Density, fits[s.Medoid].Own, surface[labels[i][0]])
	}
	// Output:
	// [0 2] density 0.63, medoid fits 0.63, ميناء
	// [1 3] density 0.79, medoid fits 0.79, الهلال
	// [4] density 0.00, medoid fits 0.00, ميناء
}
