// Package redis keeps sessions in Redis 6.2 or newer, or Valkey: one server, a
// Sentinel set, or a Cluster.
//
// Two programs that share a server need different values of Options.Prefix, or
// different values of humasess.Options.SchemeName. With the defaults of both,
// each program accepts the sessions of the other, also if their data have
// another type. With the same prefix and two schemes, the sessions of a user
// still share an index: List, limits and revocations of one program reach those
// of the other. So prefer a prefix for each program.
//
//	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"localhost:6379"}})
//	…
//	store := redis.New(client, &redis.Options{Prefix: "shop:"})
//
// [New] and, at start-up, [Store.Check] are the two calls most programs need.
// The client stays the program's.
//
// # Keys
//
// The sessions of one identity live together in a hash, with two sorted sets
// beside it, by expiry and by creation, and for an hour after a revocation or a
// change its marks. Names begin with a prefix and a hash tag, so that they share a
// slot: a script names all keys that it touches, works on a Cluster, and is one
// round trip. A session ID, decrypted, begins with the hash tag. An anonymous
// session is a hash of its own.
//
// Every key has a time to live, except the key that encrypts session IDs.
// Sessions that nobody ends go by themselves, without a janitor, without
// notifications, and without KEYS or SCAN. What goes through all sessions,
// [Store.Scan], [Store.Count] and [Store.Clear], does so by SCAN on every primary,
// a few hundred keys at a time; it looks at what else the database holds, too,
// and is for administration.
//
// # Session IDs
//
// IDs are public, so they must not show an identity. The first process stores a
// random key under the prefix and "{key}k", and all processes encrypt IDs with
// it. Options.Key replaces it. The key decides only whether an ID leads to its
// session: List and RevokeIdentity find the sessions of an identity under any
// key. If Redis loses the key, a process that runs stores it again. If there is
// none, or a new process is faster, all users sign in again.
//
// # Sign-in over another session
//
// A create deletes the sessions of the same identity that it replaces in its own
// script: all of it happens or none. A session in another slot, such as that
// of a visitor, is deleted after the create, which is a second round trip. If that
// deletion fails or finds another version, the new session is deleted and the
// old one lives. If the process dies in between, both live, and no client has the
// token of the new one. A create that replaces sessions in several slots looks
// at all of them first. Even so, a change or a failure in the moment after that may end
// some of them without a sign-in.
//
// # Marks
//
// A revocation and a change each leave a mark with a time of the server's clock
// and a random name. Marks are kept for 61 minutes. If the server's clock is set
// back, a mark from the future counts as now at the next sign-in, which rewrites
// it.
//
// # Limits and errors
//
// A payload over Options.MaxPayload, 1 MiB by default, is [stores.ErrTooLarge]
// and is not sent. A server at its maxmemory answers [stores.ErrFull] to a
// create, and the sessions that it was to replace live.
//
// While a slot of a Cluster migrates, the server answers TRYAGAIN to scripts of
// which it has some of the keys. Nothing has changed then. A call repeats its
// script after short random pauses until its context ends; without a deadline,
// for 3 seconds. Sessions of visitors have one key, so they are served all the
// time.
//
// # What Redis keeps
//
// Deadlines and revocations are judged on the server's clock. Reads go to the
// primary. What a primary has acknowledged and not yet sent to a replica is
// lost when it dies: a logout in those last milliseconds may be undone by the
// fail-over. Set min-replicas-to-write to bound this, and maxmemory-policy to
// noeviction. [Store.Check] reports both.
package redis
