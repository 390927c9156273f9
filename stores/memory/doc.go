// Package memory keeps sessions in this process. It is the fastest store, and
// the one to begin with and to use in tests. Its sessions end with the process,
// and other processes cannot see them.
//
//	store := memory.New(nil)
//
// [New] and [Store.Close] are the two calls most programs need.
//
// # Two programs
//
// Two programs never share a [Store], because it lives in one process. Two
// managers on one Store with one scheme name (humasess.Options.SchemeName)
// accept each other's sessions. Give each manager its own scheme name or its
// own Store.
//
// # Bounds
//
// A [Store] never keeps more than Options.MaxSessions. When it is full, Create
// removes an expired session, otherwise the oldest anonymous one. Otherwise it
// removes the oldest session of the identity that would hold the most, the new
// session counted. No identity loses its only session to another, and no
// anonymous session replaces a signed-in one. If Create may not remove any
// session, it answers [stores.ErrFull].
//
// A session holds at most Options.MaxPayload. The marks of revocations and of
// changes are kept for [stores.RevocationRetention].
//
// Deadlines are judged on Options.Now. The age of a revocation is measured on
// the monotonic clock instead. Otherwise a stopped clock, or one that is set
// back, would accept a sign-in that began before the revocation.
//
// If the clock is set back, sessions live until it reaches their deadline
// again. If it is set forward, they end early.
//
// # Locks
//
// Load, Touch and Update lock one of 256 shards, chosen by ID. A call that adds
// or removes a session first locks the index. The index orders all such calls,
// so limits are exact and revocations are atomic. A Create that replaces
// sessions locks the shards of all of them while it holds the index. Each lock
// is held briefly, even in a large store, with two exceptions. List and
// RevokeIdentity visit each session of their identity, and so does Create when
// it enforces a limit.
package memory
