// Package sqlite keeps sessions in a SQLite file, for one machine: they
// survive restarts, and several processes may share the file. It works with
// any driver for SQLite 3.35 or newer; the import is yours:
//
//	import _ "modernc.org/sqlite"
//
//	db, err := sql.Open("sqlite", "sessions.db")
//	…
//	store := sqlite.New(db, nil)
//	err = store.Migrate(ctx)
//
// [New] and [Store.Migrate] are the two calls most programs need.
//
// # Two programs
//
// Two programs with one file, one Options.Prefix and one scheme name
// (humasess.Options.SchemeName) accept each other's sessions, whatever types the
// sessions hold. Give each program a file of its own, an Options.Prefix of its
// own, or a scheme name of its own. Revoking a user concerns one scheme.
//
// # Locks
//
// Migrate switches the file to write-ahead logging: readers wait for nobody.
// Every write is an immediate transaction, one at a time. The store waits for
// its turn, and for a connection of the DB, as long as the call's context and
// Options.Wait allow. It honours the context meanwhile, which SQLite's own busy
// timeout does not: leave that short. The file must be on a local disk.
//
// What is acknowledged survives the end of the process in any way. Whether it
// survives a power cut is up to the connection's PRAGMA synchronous, which is
// FULL unless it was changed.
//
// # Clocks
//
// Deadlines are judged on Options.Now. The age of a revocation is measured on
// the machine's clock instead, which all processes share: one that stands
// still in a test must not let a sign-in from before a revocation through.
// When that clock is set back, a mark from the future counts as now and is
// rewritten, so that it refuses sign-ins for a moment and not until the clock
// has caught up. Do not set the clock forward by hand while the program runs:
// marks then seem older than they are.
//
// # Memory
//
// Each connection to ":memory:" is a database of its own. Call SetMaxOpenConns
// with 1, and SetConnMaxLifetime and SetConnMaxIdleTime with 0, before New.
package sqlite
