// Package response holds the headers of a response until its session is written, and
// keeps shared caches from storing an answer that has a user.
//
// [Headers] are the headers that a handler sets before the commit. [Rules] are the
// headers that a response must have for caches (RFC 9111). [Body] enforces the rules
// where a handler changes the headers afterwards.
package response
