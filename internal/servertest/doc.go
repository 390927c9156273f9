// Package servertest starts private servers for tests: Redis alone, as a
// Sentinel set and as a Cluster, and PostgreSQL. The tests of one binary share
// a server; each keeps to a key prefix or a schema of its own. A server ends
// with the test binary, in whatever way that ends, and so does its folder.
//
// HUMASESS_REDIS_ADDR and HUMASESS_POSTGRES_DSN name servers to use instead.
// A test whose server is not installed is skipped, unless
// HUMASESS_TEST_REQUIRE is set: then it fails.
package servertest
