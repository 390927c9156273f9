// Tutorial is the program of docs/tutorial.md: a login with users and sessions in PostgreSQL.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer pool.Close()
	store := postgres.New(pool, nil)
	if err := store.Migrate(ctx); err != nil { // creates the tables of sessions that are missing
		return err
	}
	if _, err := pool.Exec(ctx, usersTable); err != nil {
		return err
	}
	router := chi.NewMux()
	api := humachi.New(router, huma.DefaultConfig("Tutorial", "1.0.0"))
	if err := register(api, pool, store); err != nil {
		return err
	}
	address := cmp.Or(os.Getenv("LISTEN"), "localhost:8888")
	fmt.Printf("Docs page: http://%s/docs\n", address)
	return http.ListenAndServe(address, router)
}
