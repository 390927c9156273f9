// Package e2e tests sessions from outside, over real connections. It uses every
// router that huma has an adapter for, and every kind of response. It is a
// separate module, so its dependencies stay out of go.sum of the programs that
// use sessions.
package e2e
