// Package humasesstest helps to test programs that use humasess: a clock that
// moves when told to, a store that counts, fails and blocks, a client that
// keeps cookies, and a check that an API does what its document says.
package humasesstest
