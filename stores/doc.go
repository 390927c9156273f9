// Package stores defines session stores: the [Store] interface, its optional
// capabilities, and the eleven promises that the core of humasess relies on. It
// imports the standard library only.
//
// Most programs never import it. They pass the result of a constructor such as
// memory.New to humasess.New. Import it to write your own store or a wrapper of
// one. Call storetest.Run in that store's tests.
//
// A store implements the five methods of [Store]. Its capabilities are further
// interfaces, and each is optional:
//
//   - [Index] finds the sessions of a user, and [Marker] remembers that their data
//     changed. Lists, limits and revocations need an Index.
//   - [Scanner] goes through all sessions, for administration.
//   - [MultiLoader] and [Memoizer] make loads faster.
//   - [Watcher] tells that a session has ended.
//   - [IDMaker], [ClockUser], [Closer] and [Transactional] depend on the server.
//
// The core looks up a capability with [As], which follows Unwrap of wrappers. A
// function with the name of each method, such as [List] and [Scan], calls it or
// returns an error that matches [errors.ErrUnsupported].
//
// [ClientSide] and [Revocations] are for sessions that are in their cookies.
//
// # The promises
//
//  1. Create never overwrites.
//  2. Update replaces exactly the version that the caller names, otherwise it
//     answers [ErrConflict]. It never creates.
//  3. Delete is final: a racing Update or Touch never brings a session back. Create
//     deletes the sessions in Create.Replaces in the same step, or changes nothing.
//  4. A session that has expired is gone, even before the store sweeps it.
//  5. Revoking an identity is atomic against concurrent writes and leaves a mark.
//     Every Create of that identity reports the age of the mark on the store's
//     clock. The store keeps a mark for [RevocationRetention]. The mark of a
//     change, which a [Marker] leaves, is a separate one.
//  6. Create.Limit is exact under parallel creates and does not count
//     Create.Replaces. Create ends the oldest session, or with Create.Refuse
//     answers [ErrLimit].
//  7. The index is correct without a janitor and without notifications. It holds
//     no anonymous sessions. It shrinks to nothing however its sessions end.
//  8. The store returns exactly the bytes that it was given, as copies.
//  9. Every call honours its context, also while it waits for a connection or
//     a lock.
//  10. Callers give deadlines as durations; the store judges them on its own clock.
//  11. Payloads have a limit: 1 MiB unless the store's options say otherwise.
//
// Promises 3 and 5 hold unless the store loses a write that it acknowledged.
//
// # Programs that share a store
//
// Two programs with one scheme name (humasess.Options.SchemeName) on one store
// accept each other's sessions, even if their session types differ. Each
// store's documentation begins with how to separate programs.
//
// # Times
//
// Callers pass durations. The store turns them into times on its own clock and
// reports its time in [Record.Now]. So processes whose clocks differ agree
// about when a session ends.
package stores
