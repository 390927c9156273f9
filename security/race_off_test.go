//go:build !race

package security_test

// raceEnabled makes the long loops shorter.
const raceEnabled = false
