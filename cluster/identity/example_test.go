package identity_test

import (
	"fmt"

	"sada/cluster/identity"
)

func Example() {
	one, _, err := identity.Assign(&identity.State{}, identity.Grouping{
		Pages: []string{"p1", "p2", "p3", "p4", "p5"},
		Group: []int{0, 0, 0, 1, 1},
	}, identity.Night{Number: 1, Name: "night 1", Prefix: identity.Story})
	if err != nil {
		fmt.Println(err)
		return
	}
	first, second := one.Groups[0].ID, one.Groups[1].ID

	// On the next night the two turn out to be one story, of which p1 is no part.
	two, outcome, err := identity.Assign(one, identity.Grouping{
		Pages: []string{"p1", "p2", "p3", "p4", "p6"},
		Group: []int{1, 0, 0, 0, 0},
	}, identity.Night{Number: 2, Name: "night 2", Prefix: identity.Story, Deleted: []string{"p5"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	names := map[string]string{first: "the first", second: "the second", two.Groups[1].ID: "a new one"}
	for _, e := range outcome.Events {
		fmt.Printf("%s %s, other %q: %v\n", names[e.ID], e.Kind, names[e.Other], e.Pages)
	}
	fmt.Println("the second leads to", names[two.Resolve(second)])
	fmt.Println("churn", outcome.Churn.Share())
	// Output:
	// the first grew, other "": [p6]
	// the second merged_into, other "the first": [p4]
	// a new one split_from, other "the first": [p1]
	// the second leads to the first
	// churn 0.25
}
