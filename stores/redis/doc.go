// Package redis keeps sessions in Redis 6.2 or newer, or Valkey: one server, a
// Sentinel set, or a Cluster.
//
//	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"localhost:6379"}})
//	…
//	store := redis.New(client, nil)
//
// [New] and, at start-up, [Store.Check] are the two calls most programs need.
// The client stays the program's.
//
// # Keys
//
// The sessions of one identity live together in a hash, with two sorted sets
// beside it, by expiry and by creation, and for an hour after a revocation its
// mark. Names begin with a prefix and a hash tag, so that they share a slot:
// a script names all keys that it touches, works on a Cluster, and is one
// round trip. A session ID begins with the hash tag. An anonymous session is a
// hash of its own.
//
// Every key has a time to live. Sessions that nobody ends go by themselves,
// without a janitor, without notifications, and without KEYS or SCAN. What goes
// through all sessions, [Store.Scan], [Store.Count] and [Store.Clear], does so by
// SCAN on every primary, a few hundred keys at a time; it looks at what else the
// database holds, too, and is for administration.
//
// # What Redis keeps
//
// Deadlines and revocations are judged on the server's clock. Reads go to the
// primary. What a primary has acknowledged and not yet sent to a replica is
// lost when it dies: a logout in those last milliseconds may be undone by the
// fail-over. Set min-replicas-to-write to bound this, and maxmemory-policy to
// noeviction. [Store.Check] reports both.
package redis
