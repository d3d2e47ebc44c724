package feed_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sada/cmd/internal/publish"
	"sada/cmd/sada/internal/feed"
)

// Example feeds a run of two pages to files, twice, and reads them back.
func Example() {
	dir, err := os.MkdirTemp("", "feed-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	run := filepath.Join(dir, "run")
	folder, err := publish.Create(run)
	if err != nil {
		panic(err)
	}
	if err := errors.Join(
		publish.JSONL(folder, "pages", slices.Values([]publish.Page{{ID: "p1", Story: "s1", CopyGroup: "c1", Role: "original"}, {ID: "p2", Story: "s1", CopyGroup: "c1", Role: "copy"}})),
		publish.JSONL(folder, "stories", slices.Values([]publish.Story{{Story: "s1", Headline: "حريق في الميناء"}})),
		publish.JSONL(folder, "changes", slices.Values([]publish.Change{{Event: "merged_into", Kind: "story", ID: "s0", Other: "s1"}})),
		folder.Commit(new(publish.Manifest))); err != nil {
		panic(err)
	}

	a, err := feed.Load(run) // step 1
	if err != nil {
		panic(err)
	}
	engine, err := feed.NewFiles(filepath.Join(dir, "records"), "jsonl")
	if err != nil {
		panic(err)
	}
	cursor, err := feed.OpenCursor(filepath.Join(dir, "cursors"), engine.Name()) // step 3
	if err != nil {
		panic(err)
	}
	defer cursor.Close()
	for range 2 {
		sum, err := feed.Run(context.Background(), a, engine, cursor, feed.Options{Dir: run}) // steps 2 to 6
		if err != nil {
			panic(err)
		}
		fmt.Println(sum.Pages, "pages,", sum.Written, "written")
	}
	v, err := feed.Verify(context.Background(), a, engine, cursor, 0, func(feed.Difference) {}) // step 7
	if err != nil {
		panic(err)
	}
	fmt.Println(v.Equal, "of", v.Checked, "equal")
	record, err := os.ReadFile(filepath.Join(dir, "records", "feed-000001.jsonl"))
	if err != nil {
		panic(err)
	}
	fmt.Print(string(record))
	// Output:
	// 2 pages, 2 written
	// 2 pages, 0 written
	// 2 of 2 equal
	// {"op":"set","id":"p1","sada_run":1,"story_id":"s1","copy_group_id":"c1","copy_role":"original","story_headline":"حريق في الميناء","story_aliases":["s0"],"copy_group_aliases":[]}
	// {"op":"set","id":"p2","sada_run":1,"story_id":"s1","copy_group_id":"c1","copy_role":"copy","story_headline":"حريق في الميناء","story_aliases":["s0"],"copy_group_aliases":[]}
}
