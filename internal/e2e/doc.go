// Package e2e tests sessions from outside, over real connections: with every
// router that huma has an adapter for, and every kind of response. It is a
// module of its own, so that what it needs stays out of go.sum of the programs
// that use sessions.
package e2e
