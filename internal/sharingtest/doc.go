// Package sharingtest tests the values that requests receive when the memory store
// keeps a decoded value for all of them. Each request must receive a copy that shares
// nothing with others, and equals the decoded stored bytes. The tests need many types,
// which take long to compile, so they are not among the core's tests.
package sharingtest
