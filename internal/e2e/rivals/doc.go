// Package rivals measures what a session costs beside the packages that Go
// programs commonly use for it. It has benchmarks, and a test that every
// subject does the work that it is measured at.
package rivals
