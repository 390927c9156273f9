// Package stores defines what a session store is: the [Store] interface, the
// optional capabilities beside it, and the eleven promises that the core of
// humasess builds on. It imports the standard library only.
//
// Most programs never import it: they pass the result of a constructor such
// as memory.New to humasess.New. Import it to write a store of your own, and
// run storetest.Run from that store's tests.
//
// # The promises
//
//  1. Create never overwrites.
//  2. Update replaces exactly the version it was given, else [ErrConflict];
//     it never creates.
//  3. Delete is final: no racing update or touch brings a session back.
//     Create.Replaces deletes in the step that creates, or nothing happens.
//  4. Expired is gone, even before it is swept.
//  5. Revoking an identity is atomic against concurrent writes, and leaves a
//     mark, kept for [RevocationRetention], that every Create of that identity
//     reports as an age on the store's clock. The mark of a change, which a
//     [Marker] leaves, is another one.
//  6. Create.Limit is exact under parallel creates, and does not count
//     Create.Replaces. The oldest gives way, or with Create.Refuse the new one.
//  7. The index needs no janitor and no notifications to be right, holds no
//     anonymous sessions, and shrinks to nothing when its sessions end by any
//     road.
//  8. Bytes in are bytes out; nothing returned aliases what is kept.
//  9. Every call honours its context, also while it waits for a connection or
//     a lock.
//  10. Deadlines are given as durations and judged on the store's own clock.
//  11. Payloads have a limit: 1 MiB unless the store's options say otherwise.
//
// Promises 3 and 5 hold as long as the store keeps what it acknowledged.
//
// # Programs that share a store
//
// Two programs with one scheme name (humasess.Options.SchemeName) on one store
// accept each other's sessions, whatever types the sessions hold. Each store's
// documentation begins with how programs stay apart.
//
// # Times
//
// Callers pass durations; the store turns them into times on its own clock
// and reports [Record.Now] with what it read, so that processes whose clocks
// differ agree about who is still signed in.
package stores
