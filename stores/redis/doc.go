// Package redis keeps sessions in Redis 6.2 or newer, or Valkey: one server, a
// Sentinel set, or a Cluster.
//
// Two programs that share a server need different values of Options.Prefix, or
// different values of humasess.Options.SchemeName. With the defaults of both,
// each program accepts the sessions of the other, even if their session types
// differ. With the same prefix and two schemes, the sessions of a user still
// share an index. Then List, limits and revocations of one program reach those
// of the other. So prefer a prefix for each program.
//
//	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"localhost:6379"}})
//	…
//	store := redis.New(client, &redis.Options{Prefix: "shop:"})
//
// [New] and, at start-up, [Store.Check] are the two calls most programs need.
// The program closes the client.
//
// # Keys
//
// The sessions of one identity are in one hash, with two sorted sets beside it,
// by expiry and by creation. A revocation or a change adds marks for about an
// hour. All their names begin with a prefix and a common hash tag, so they
// share a slot of a Cluster. So a script names all keys that it touches, and
// each call is one round trip. A decrypted session ID begins with the hash tag.
// An anonymous session is a hash of its own.
//
// Every key has a time to live, except the key that encrypts session IDs.
// Sessions expire without a janitor, without notifications, and without KEYS or
// SCAN. [Store.Scan], [Store.Count] and [Store.Clear] are for administration.
// They use SCAN on every primary, a few hundred keys at a time, and also look
// at other keys in the database.
//
// # Session IDs
//
// IDs are public, so they must not show an identity. The first process stores a
// random key under the prefix and "{key}k", and all processes encrypt IDs with
// it. Options.Key replaces it. The key decides only whether an ID leads to its
// session. List and RevokeIdentity find the sessions of an identity under any
// key. If Redis loses the key, a running process stores it again. If no process
// has it, or a new process is faster, all users sign in again.
//
// # Sign-in over another session
//
// The script of a create also deletes the sessions of the same identity that it
// replaces. It does all of this or nothing. A session in another slot, such as
// an anonymous one, is deleted after the create, which is a second round trip.
// If that deletion fails or finds another version, the new session is deleted
// and the old one lives. If the process dies in between, both live, and no
// client has the token of the new one. A create that replaces sessions in
// several slots looks at all of them first. Even so, a change or a failure in
// the moment after that may end some of them without a sign-in.
//
// # Marks
//
// A revocation and a change each leave a mark with a time of the server's clock
// and a random name. Marks are kept for 61 minutes. If the server's clock is set
// back, a mark from the future counts as now at the next sign-in, which rewrites
// it.
//
// A payload over Options.MaxPayload, 1 MiB by default, is [stores.ErrTooLarge]
// and is not sent. A server at its maxmemory answers [stores.ErrFull] to a
// create, and the sessions to replace stay.
//
// While a slot of a Cluster migrates, the server answers TRYAGAIN to a script
// if it has only some of its keys. Nothing has changed then. A call repeats its
// script after short random pauses until its context ends, or for 3 seconds
// without a deadline. Anonymous sessions have one key, so they are not
// affected.
//
// A client that has lost its connection connects once for all callers. Each call
// still ends with its own context, although it waits for the attempt of a caller
// that has more time. The exception is a call within 20 ms of the server's last
// answer, which ends with that attempt at the latest.
//
// # Durability
//
// Deadlines and revocations are judged on the server's clock. Reads go to the
// primary. If a primary dies, it loses the writes that it has acknowledged and
// not yet sent to a replica. So a fail-over may undo a logout of those last
// milliseconds. Set min-replicas-to-write to bound this, and maxmemory-policy
// to noeviction. [Store.Check] reports both.
package redis
