// Package memory keeps sessions in this process. It is the store to begin
// with, the store of tests, and the fastest one; sessions end with the
// process and are not shared with another.
//
//	store := memory.New(nil)
//
// [New] and [Store.Close] are the two calls most programs need.
//
// # Two programs
//
// Two programs never share a [Store], because it lives in one process. Two
// managers on one Store with one scheme name (humasess.Options.SchemeName) accept
// each other's sessions. Give each a scheme name of its own, or a Store of its
// own.
//
// # Bounds
//
// A [Store] never keeps more than Options.MaxSessions. When it is full,
// Create makes room: an expired session goes first, then the oldest anonymous
// one, then the oldest of the identity that would hold the most, the new
// session counted. No identity loses its only session to another, and no
// visitor makes a signed-in session go: where nothing may give way, Create
// answers [stores.ErrFull].
//
// A session holds at most Options.MaxPayload. The marks of revocations and of
// changes are kept for [stores.RevocationRetention].
//
// # Clocks
//
// Deadlines are judged on Options.Now. The age of a revocation is measured on
// the monotonic clock instead: a clock that stands still or is set back must
// not let a sign-in from before a revocation through.
//
// A clock that is set back lets sessions live until it reaches their deadline
// again; one that is set forward ends them early.
//
// # Locks
//
// Load, Touch and Update lock one of 256 shards, chosen by ID. Whatever adds
// or removes a session first locks the index, which orders all of them: that
// is what makes limits exact and revocations atomic. A Create that replaces
// sessions locks the shards of all of them while it holds the index. Every hold
// is short
// whatever the store holds, except that List and RevokeIdentity look at each
// session of their identity, and Create at each when it enforces a limit.
package memory
