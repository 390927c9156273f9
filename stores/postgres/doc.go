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
// # What a call costs
//
// Every method is one round trip: a look-up by primary key, or a call of a
// function that [Store.Migrate] has created. pgx prepares statements, and a
// pool asks a connection that was idle for a second whether it is still there;
// both are round trips of their own. A touch changes columns that are in no
// index (HOT).
//
// # Exactness
//
// Creates and revocations of one identity wait for each other by an advisory
// lock that ends with their transaction. That takes READ COMMITTED, which is
// PostgreSQL's default: at another level they are refused.
//
// Deadlines are judged by the server's clock, and so is the age of a
// revocation: that clock must not be set by hand while the program runs. After
// a fail-over to a replica that had not received everything, sessions that
// were ended may be back: replicate synchronously where that matters.
//
// # PgBouncer
//
// Nothing here depends on a session of the database: no temporary table, no
// lock or setting outlives a transaction, and names are qualified. With a pool
// in transaction mode, version 1.21 or newer passes prepared statements on
// (max_prepared_statements); with an older one set default_query_exec_mode to
// exec or cache_describe in the connection string. Only [Store.Watch] needs a
// connection that does not go through it.
package postgres
