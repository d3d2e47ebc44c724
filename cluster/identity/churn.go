package identity

// Churn says how many pages changed their group's ID. A page whose group was merged has not changed: its old ID
// leads to the new one.
type Churn struct {
	Pages   int // that are in both states
	Changed int // of these, whose old ID does not lead to the new one
}

// Share returns the share of pages that changed, in [0, 1], 0 if there are none.
func (c Churn) Share() float64 {
	if c.Pages == 0 {
		return 0
	}
	return float64(c.Changed) / float64(c.Pages)
}
