//go:build !race

package databases_test

// raced is set where everything takes several times as long.
const raced = false
