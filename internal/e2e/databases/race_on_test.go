//go:build race

package databases_test

// raced is set where everything takes several times as long, SQLite above all:
// writers update one counter, and races of its suite have rounds.
const (
	raced   = true
	writers = 16
	rounds  = 3
)
