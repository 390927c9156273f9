// Package servertest starts private servers for tests: PostgreSQL, and Redis as a
// single server, a Sentinel set or a Cluster. The tests of one binary share a
// server, and each test uses its own key prefix or schema. A server and its folder
// last until the test binary ends, also if it crashes.
//
// HUMASESS_REDIS_ADDR and HUMASESS_POSTGRES_DSN name existing servers to use
// instead. A test skips if its server is not installed. It fails instead if
// HUMASESS_TEST_REQUIRE is set.
package servertest
