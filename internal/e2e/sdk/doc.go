// Package sdk contains only tests. They cover clients that generators make from
// the document of an example and of an API with bearer tokens, and the results of
// validators and linters on the documents of all examples and of that API. It is
// a separate module, because generators need many modules.
//
// The tests in Go run with every other test. The rest needs Node, Python and
// Java, has the build tag sdk, and runs in make check.
package sdk
