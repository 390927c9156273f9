package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/humasess/sessions/stores/redis"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/rueidis"
)

// open returns the store that a flag names, and a function that closes its client.
func open(ctx context.Context, dsn string) (stores.Store, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	scheme, _, ok := strings.Cut(dsn, "://")
	switch scheme {
	case "memory":
		return memory.New(nil), func() {}, nil
	case "redis", "rediss":
		store, closeClient, err := openRedis(ctx, dsn)
		return store, closeClient, hint(err, "Redis", "docker run --rm -p 6379:6379 redis")
	case "postgres", "postgresql":
		store, closeClient, err := openPostgres(ctx, dsn)
		return store, closeClient, hint(err, "PostgreSQL", "docker run --rm -e POSTGRES_PASSWORD=postgres -p 5432:5432 postgres")
	}
	if !ok {
		scheme = "" // the whole may be a connection string with a password
	}
	return nil, nil, fmt.Errorf("-store %q: want memory, redis://host:port or postgres://user:password@host:port/database", scheme)
}

func openRedis(ctx context.Context, dsn string) (stores.Store, func(), error) {
	option, err := rueidis.ParseURL(dsn)
	if err != nil { // the error quotes the URL with its password
		return nil, nil, errors.New("-store is not a URL of Redis")
	}
	client, err := rueidis.NewClient(option)
	if err != nil {
		return nil, nil, err
	}
	store := redis.New(client, &redis.Options{Prefix: "devices:", Hints: true})
	if _, err := store.Check(ctx); err != nil {
		client.Close()
		return nil, nil, err
	}
	return store, client.Close, nil
}

func openPostgres(ctx context.Context, dsn string) (stores.Store, func(), error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil { // the error quotes the URL, and perhaps its password
		return nil, nil, errors.New("-store is not a URL of PostgreSQL")
	}
	store := postgres.New(pool, &postgres.Options{
		Prefix: "devices_",
		Hints:  func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, dsn) }, // of ends by other processes
	})
	if err := store.Migrate(ctx); err != nil {
		pool.Close()
		return nil, nil, err
	}
	return store, pool.Close, nil
}

// hint tells how to start a server that does not answer.
func hint(err error, name, command string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\n\nIs %s running? With Docker, this starts one:\n  %s", err, name, command)
}
