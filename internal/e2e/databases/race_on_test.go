//go:build race

package databases_test

// raced is set for the race detector, which makes tests several times slower,
// SQLite most of all. These are the writers of one counter, and the rounds of a
// race.
const (
	raced   = true
	writers = 16
	rounds  = 3
)
