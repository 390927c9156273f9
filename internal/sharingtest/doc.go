// Package sharingtest tests what requests get of a value that the memory store
// keeps decoded for all of them: copies that share nothing, of what the stored
// bytes decode to. That takes many types, each of which takes its time to
// compile, so these tests are apart from the core's own.
package sharingtest
