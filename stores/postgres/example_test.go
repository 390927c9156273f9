package postgres_test

import (
	"context"
	"log"
	"os"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The program makes the pool and closes it. Migrate needs no rights to create when the
// tables exist.
func Example() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	store := postgres.New(pool, &postgres.Options{Schema: "shop"}) // a schema for each program
	if err := store.Migrate(ctx); err != nil {
		panic(err)
	}
	// sessions, err := humasess.New(store, …)

	// At the end of the program, the store stops its sweeper before the pool is closed.
	if err := store.Close(ctx); err != nil {
		panic(err)
	}
}

// A sign-up writes the row of the account and its session, or neither.
func ExampleWithTx() {
	type (
		Account     struct{ ID string }
		SignUpInput struct {
			humasess.Login[Account]
			Body Account
		}
	)
	register := func(api huma.API, pool *pgxpool.Pool) {
		huma.Post(api, "/sign-up", func(ctx context.Context, in *SignUpInput) (*struct{}, error) {
			return nil, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, "INSERT INTO accounts (id) VALUES ($1)", in.Body.ID); err != nil {
					return err
				}
				if err := in.Session.Start(in.Body); err != nil {
					return err
				}
				return in.Session.Commit(postgres.WithTx(ctx, tx))
			})
		})
	}
	_ = register
}

// Check finds settings of the server that break a promise to users.
func ExampleStore_Check() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	findings, err := postgres.New(pool, nil).Check(ctx)
	if err != nil {
		panic(err)
	}
	for _, sentence := range findings {
		log.Print(sentence)
	}
}
