//go:build !race

package credential_test

// raceEnabled makes the long loops shorter.
const raceEnabled = false
