// Package declaretest tests how operations declare their sessions. A declaration is
// an embedded session type, a guard, the Security of an operation, or Require. The
// tests compare it with the OpenAPI document and with the responses, and check which
// declarations are refused at start-up. They need many input types, which take long
// to compile, so they are not among the core's tests.
package declaretest
