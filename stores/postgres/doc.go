// Package postgres keeps sessions in PostgreSQL 14 or newer, through pgx: they
// survive restarts, and any number of processes share them.
//
//	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
//	…
//	store := postgres.New(pool, nil)
//	err = store.Migrate(ctx)
//
// [New] and [Store.Migrate] are the two calls most programs need. [WithTx]
// makes a session and the caller's rows one transaction.
//
// # Programs that share a database
//
// Two programs with the same Options.Schema and Options.Prefix, and managers of
// the same scheme name, accept each other's sessions: a user of the one is
// signed in to the other, with the same identity. Processes of one program have
// to share them. Give each program a schema or a prefix of its own. Another
// SchemeName keeps the sessions of two managers apart in the same tables, but
// their identities stay common: a revocation of "42" by the one ends the
// sessions of "42" of both, and MaxPerIdentity counts both.
//
// # Rights
//
// The user of the database that serves needs USAGE on the schema, SELECT,
// INSERT, UPDATE and DELETE on the two tables (and on the table of [Revocations]
// if there is one), and EXECUTE on the functions, which PostgreSQL grants to all
// users by default. [Store.Migrate] needs no more where everything is there and
// of this version. To create or replace something it needs CREATE on the schema
// and has to own the tables and functions that are there.
//
// CockroachDB, YugabyteDB, Redshift and openGauss speak the protocol of
// PostgreSQL, but their advisory locks or notifications do not do the same.
// [Store.Migrate] and [Store.Check] refuse them by name, and refuse any other
// server whose advisory locks do nothing.
//
// # What a call costs
//
// Every method is one round trip: a look-up by primary key, or a call of a
// function that [Store.Migrate] has created. pgx prepares statements, and a
// pool asks a connection that was idle for a second whether it is still there;
// both are round trips of their own. A touch changes columns that are in no
// index (HOT).
//
// # Waiting
//
// A call waits for a connection of the pool as long as its context says. A
// statement that has been sent ends with the deadline of the context, but not
// when the context is cancelled: the client that hangs up cancels, and a
// statement that is cancelled costs the connection. Without a deadline, the
// statement ends when the context is cancelled. A DB that wraps a pool needs the
// method Acquire of the pool for this.
//
// A call inside the caller's transaction takes another connection, unless its
// context is that of [WithTx]. As many such calls as the pool has connections
// wait for each other, until the deadline; the error then names WithTx.
//
// # Exactness
//
// Creates, revocations and marks of one identity wait for each other by an
// advisory lock that ends with their transaction. That takes READ COMMITTED,
// which is PostgreSQL's default: at another level they are refused. A create
// that replaces sessions of other identities takes the locks of all of them, in
// one order.
//
// Deadlines are judged by the server's clock, and so is the age of a mark: that
// clock must not be set by hand while the program runs. If it was set back, a
// mark from the future counts as left now and is rewritten when a call meets it.
// After a fail-over to a replica that had not received everything, sessions that
// were ended may be back: replicate synchronously where that matters.
//
// # Marks in transactions
//
// A revocation, and the mark of a change, within a transaction of the caller's
// counts from the end of the transaction, because other requests read the old
// password or the old roles until then. A sign-in of the same identity waits
// meanwhile and is then judged by that time. The mark gets a new name at the
// end, so a sign-in of the program's own request has to be in the same
// transaction. A request that reads the old rows in the milliseconds in which
// the commit is written is not noticed; make the call after the transaction
// where that matters.
//
// [Revocations] are not stamped in this way: a revocation counts from its call.
// A cookie that was issued meanwhile is revoked all the same, because it was
// issued under the mark of before.
//
// # PgBouncer
//
// Nothing here depends on a session of the database: no temporary table, no
// lock or setting outlives a transaction, and names are qualified. With a pool
// in transaction mode, version 1.21 or newer passes prepared statements on
// (max_prepared_statements); with an older one set default_query_exec_mode to
// exec or cache_describe in the connection string. Only [Store.Watch] needs a
// connection that does not go through it.
//
// After an outage of the server, PgBouncer waits for server_login_retry (15
// seconds by default) after a login that failed before it tries again. That adds
// 12 to 14 seconds in which requests answer 503, although the server is back.
// Set it to 1 where that matters.
package postgres
