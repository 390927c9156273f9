// Package scale measures how the cost of a call to a store grows with the number of
// sessions, with the sessions of one user, and with the size of their data. Its test
// checks the round trips in a short form. The full form writes docs/scale.md.
package scale
