// Postgres has a database that does not answer, so a sign-in is 503.
package main

import (
	"context"
	"log"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	pool, err := pgxpool.New(context.Background(), "postgres://localhost:1/none?connect_timeout=1")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	sessions, err := humasess.New(postgres.New(pool, nil), &humasess.Options[user]{
		Identity: func(u user) string { return u.ID },
	})
	if err != nil {
		log.Fatal(err)
	}
	visit(sessions)
}
