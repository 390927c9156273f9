// Package postgres keeps sessions in PostgreSQL 14 or newer, through pgx.
// Sessions survive restarts, and any number of processes share them.
//
//	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
//	…
//	store := postgres.New(pool, nil)
//	err = store.Migrate(ctx)
//
// [New] and [Store.Migrate] are the two calls most programs need. [WithTx] puts
// a session and the caller's rows into one transaction.
//
// # Programs that share a database
//
// Two programs with the same Options.Schema and Options.Prefix, and managers
// with the same scheme name, accept each other's sessions. A user of one
// program is then signed in to the other, with the same identity. The processes
// of one program must share them. Give each program its own schema or prefix.
// With another SchemeName the sessions of two managers are separate in the same
// tables, but their identities are common. A revocation of "42" by one ends the
// sessions of "42" of both, and MaxPerIdentity counts both.
//
// # Rights
//
// The database user of a server process needs USAGE on the schema, SELECT,
// INSERT, UPDATE and DELETE on the two tables, and EXECUTE on the functions. It
// needs the same on the table of [Revocations] if there is one. PostgreSQL
// grants EXECUTE to all users by default. [Store.Migrate] needs no more if
// everything exists in this version. To create or replace something it needs
// CREATE on the schema and must own the existing tables and functions.
//
// CockroachDB, YugabyteDB, Redshift and openGauss use the protocol of
// PostgreSQL, but their advisory locks or notifications work differently.
// [Store.Migrate] and [Store.Check] refuse them by name. They refuse any other
// server whose advisory locks have no effect.
//
// # The cost of a call
//
// Every method is one round trip: a look-up by primary key, or a call of a
// function that [Store.Migrate] has created. Two other things need their own
// round trips. pgx prepares statements, and a pool tests a connection that was
// idle for a second. A touch changes only columns that are in no index (HOT).
//
// # Waiting
//
// A call waits for a connection of the pool until its context ends. A statement
// that has been sent ends with the deadline of the context, but not when the
// context is cancelled. The reason is that a cancelled statement costs the
// connection, and each client that hangs up cancels its context. Without a
// deadline, the statement ends when the context is cancelled. A DB that wraps a
// pool needs the pool's method Acquire for this.
//
// A call inside the caller's transaction takes another connection, unless its
// context is that of [WithTx]. If as many such calls run as the pool has
// connections, they wait for each other until the deadline. The error then
// names WithTx.
//
// # Exactness
//
// Creates, revocations and marks of one identity wait for each other, by an
// advisory lock that ends with their transaction. This needs READ COMMITTED,
// PostgreSQL's default. At another level these calls are refused. A create that
// replaces sessions of other identities takes the locks of all of them, always
// in the same order.
//
// Deadlines and the age of a mark are judged on the server's clock. Do not set
// that clock by hand while the program runs. If it was set back, a mark from
// the future counts as left now, and the next call that reads it rewrites it.
// After a fail-over to a replica that had not received everything, ended
// sessions may be back. Use synchronous replication if that matters.
//
// # Marks in transactions
//
// A revocation or the mark of a change inside a transaction of the caller
// counts from the end of the transaction, because other requests read the old
// password or the old roles until then. A sign-in of the same identity waits
// meanwhile and is then judged by that time. The mark gets a new name at the
// end, so a sign-in in the program's own request must be in the same
// transaction. A request that reads the old rows in the milliseconds of the
// commit is not noticed. Make the call after the transaction if that matters.
//
// [Revocations] do not work this way, because there a revocation counts from
// its call. It still revokes a cookie that was issued before the end of the
// transaction, because that cookie holds the previous mark.
//
// # PgBouncer
//
// This package does not depend on a database session. It has no temporary
// tables, no lock or setting outlives a transaction, and names are qualified.
// PgBouncer in transaction mode supports prepared statements from version 1.21
// (max_prepared_statements). With an older one set default_query_exec_mode to
// exec or cache_describe in the connection string. Only [Store.Watch] needs a
// connection that does not go through PgBouncer.
//
// After an outage of the server, a failed login makes PgBouncer wait for
// server_login_retry (15 seconds by default) before it tries again. That adds
// 12 to 14 seconds in which requests answer 503, although the server is back.
// Set it to 1 if that matters.
package postgres
