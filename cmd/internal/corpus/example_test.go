package corpus_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"sada/cmd/internal/corpus"
)

func Example() {
	stdin := strings.NewReader(`{"id":"a1","headline":"افتتاح ميناء جديد","text":"قال مصدر...","published_at":"2015-08-04"}
{"id":"a2","headline":"بلا نهاية
{"headline":"بلا رقم"}
`)
	set, err := corpus.Open([]string{"-"}, corpus.Options{
		Stdin:  stdin,
		Fields: map[string]string{"title": "headline"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for rec, err := range set.Records(context.Background()) {
		switch {
		case err != nil:
			log.Fatal(err)
		case rec.Reject != "":
			fmt.Printf("%s:%d: %s\n", rec.File, rec.Line, rec.Reject)
		default:
			fmt.Println(rec.Page.ID, rec.Page.Title, rec.Page.PublishedAt.Format("2006-01-02"))
		}
	}
	f := set.Files()[0]
	fmt.Println(f.Format, f.Records, "good,", f.Rejects, "rejected")
	// Output:
	// a1 افتتاح ميناء جديد 2015-08-04
	// -:2: bad JSON: cut off
	// -:3: no id
	// jsonl 1 good, 2 rejected
}
