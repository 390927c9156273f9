// Package coretest is what the tests of stores that processes share have in
// common: an API with an operation for each thing to do with a session, and
// the behaviours of the core that a store has to bear out.
package coretest
