//go:build race

package redis_test

// raced is set where everything takes several times as long.
const raced = true
