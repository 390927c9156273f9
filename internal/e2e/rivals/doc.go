// Package rivals compares the cost of a session with budgets, and with other
// packages that Go programs commonly use. make bench measures; the tests check that
// each subject does the work that is measured, and that the budgets are consistent.
// docs/benchmarks.md shows the results.
package rivals
