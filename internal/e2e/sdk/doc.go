// Package sdk has nothing but tests: of clients that generators make from the
// document that an example serves, and of what validators and linters say
// about the documents of all examples. It is a module of its own, because
// generators bring many modules along.
//
// What is written in Go runs with every other test. The rest needs Node, Python
// and Java, has the build tag sdk, and runs in make check.
package sdk
