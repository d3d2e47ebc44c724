// Package identity keeps the IDs of groups of pages from night to night. It serves copy groups and
// stories alike.
//
//  1. [Assign] takes the [State] of the last night and the new [Grouping], and counts for every old
//     and new group how many pages they share.
//  2. A new group takes over the ID of the old group that it shares most pages with, one to one: of
//     all pairs the one with the largest share first (greedy maximal overlap). Of groups that merge,
//     the larger one keeps its ID, then the older one, then the one with the smaller ID. Of the parts
//     of a group that splits, the largest one keeps the ID, then the one with the earliest page.
//  3. A group that takes over no ID gets a new one, a hash of the night's name and the group's first
//     page. The ID is kept from then on. It says nothing about what the group holds later.
//  4. An ID that is not taken over becomes an alias: of the group that has most of its pages or, if
//     none is left, of nothing. No ID is ever given twice. Aliases are flat: [State.Resolve] looks up
//     once, and answers for every ID ever given.
//  5. Every change is an [Event]. A page that comes, moves or goes with its group is in exactly one of
//     them; the events and the deleted pages, applied to the old state, give the new one.
//  6. [Outcome] has the events, and [Churn], the pages that changed their ID. [State.Validate] checks a state that was
//     stored.
//
// Nothing depends on the order of groups, on their numbers, or on the order of the pages of old
// groups. The same grouping a second time gives no events.
package identity
