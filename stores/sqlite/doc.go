// Package sqlite keeps sessions in a SQLite file, for one machine. Sessions
// survive restarts, and several processes may share the file. It works with any
// driver for SQLite 3.35 or newer. Import one in your program:
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
// (humasess.Options.SchemeName) accept each other's sessions, even if their
// session types differ. Give each program its own file, Options.Prefix, or
// scheme name. Revoking a user affects one scheme.
//
// # Locks
//
// Migrate switches the file to write-ahead logging, so readers wait for no
// other call. Every write is an immediate transaction, one at a time. The store
// waits for its turn, and for a connection of the DB, as long as the call's
// context and Options.BusyTimeout allow. It honours the context meanwhile. SQLite's
// own busy timeout does not, so leave that short. The file must be on a local
// disk.
//
// Acknowledged writes survive the end of the process in any way. The
// connection's PRAGMA synchronous decides whether they survive a power cut. It
// is FULL unless it was changed.
//
// # Clocks
//
// Deadlines are judged on Options.Now. The age of a revocation is measured on
// the machine's clock instead, which all processes share. Otherwise a stopped
// clock in a test would accept a sign-in that began before the revocation.
// After the machine's clock is set back, a mark from the future counts as now
// and is rewritten. So it refuses sign-ins only for a moment. Do not set the
// clock forward by hand while the program runs, because marks then seem older
// than they are.
//
// # Memory
//
// Each connection to ":memory:" is a database of its own. Call SetMaxOpenConns
// with 1, and SetConnMaxLifetime and SetConnMaxIdleTime with 0, before New.
package sqlite
