// Package sharingtest tests the values that sessions hold. When the memory store keeps
// a decoded value for all requests, each request must receive a copy that shares
// nothing with others, and equals the decoded stored bytes. The tests need many types,
// which take long to compile, so they are not among the core's tests.
package sharingtest
