package sqlite_test

import (
	"context"
	"database/sql"
	"log"

	"github.com/humasess/sessions/stores/sqlite"
)

// Any driver for SQLite works. This one has the name sqlite, as modernc.org/sqlite has.
func Example() {
	// import _ "modernc.org/sqlite"
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:sessions.db?_pragma=busy_timeout(100)")
	if err != nil {
		log.Fatal(err)
	}
	store := sqlite.New(db, nil)
	if err := store.Migrate(ctx); err != nil { // at each start, in any number of processes
		log.Fatal(err)
	}
	// sessions, err := humasess.New(store, …)

	// At the end of the program, the store stops its sweeper before the file is closed.
	if err := store.Close(ctx); err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
}

// Check finds settings that break a promise to users, at the start of a program.
func ExampleStore_Check() {
	db, err := sql.Open("sqlite", "sessions.db")
	if err != nil {
		log.Fatal(err)
	}
	findings, err := sqlite.New(db, nil).Check(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, sentence := range findings {
		log.Print(sentence)
	}
}
