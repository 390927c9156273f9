//go:build !race

package databases_test

// raced is set where everything takes several times as long, SQLite above all:
// writers update one counter, and races of its suite have rounds.
const (
	raced   = false
	writers = 64
	rounds  = 20
)
