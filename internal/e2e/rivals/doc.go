// Package rivals compares the cost of a session with other packages that Go
// programs commonly use. It has benchmarks. A test checks that every subject
// does the work that the benchmarks measure.
package rivals
