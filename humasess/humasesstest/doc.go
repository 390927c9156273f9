// Package humasesstest helps to test programs that use humasess. It provides a clock
// that the test moves, a store that counts, fails and blocks, and a client that
// keeps cookies. It also checks that an API agrees with its document.
package humasesstest
