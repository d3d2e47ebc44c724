package archive_test

import (
	"context"
	"fmt"
	"log"

	"sada/cluster"
	"sada/cmd/sada/internal/archive"
	"sada/cmd/sada/internal/archive/archivetest"
	"sada/features/article"
)

func Example() {
	ctx := context.Background()

	// 1. Name the folder and take its lock.
	a, err := archive.Open("/state", archive.Options{FS: archivetest.NewMemory()})
	if err != nil {
		log.Fatal(err)
	}
	if err := a.Lock(ctx, 0); err != nil {
		log.Fatal(err)
	}

	// 3. Write two generations.
	var m cluster.Maker
	for base, id := range []string{"p1", "p2"} {
		p := m.Make(&article.Page{ID: id, Title: "سباق الجبل", Text: "فاز عداء بسباق الجبل."})
		if err := a.Commit(ctx, &archive.Next{Base: base, Pages: []archive.PageRow{{Page: p}}}); err != nil {
			log.Fatal(err)
		}
	}

	// 4. Keep the newest alone.
	if _, err := a.Prune(ctx, 1); err != nil {
		log.Fatal(err)
	}

	// 5. Verify, and 2. read what is there.
	r, err := a.Check(ctx)
	fmt.Println(r.Generations, err)
	s, err := a.Load(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range s.Pages {
		fmt.Println(p.Page.ID, p.Generation)
	}
	// Output:
	// [2] <nil>
	// p1 1
	// p2 2
}
