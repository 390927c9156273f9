//go:build race

package redis_test

// raced is set for the race detector, which makes tests several times slower.
const raced = true
