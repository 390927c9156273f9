// Production is an API to copy: users with passwords, their notes and their devices, on
// PostgreSQL, with everything that an operator needs. Its settings are environment
// variables; see config.go. With a database it runs without other settings:
//
//	docker run --rm -e POSTGRES_PASSWORD=postgres -p 5432:5432 postgres
//	DATABASE_URL=postgres://postgres:postgres@localhost:5432/postgres go run ./production
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/examples/apps/production/notes"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := run(ctx, os.Getenv, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until the context ends, and logs to stdout.
func run(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	c, err := configure(getenv)
	if err != nil {
		return err
	}
	logger := newLogger(stdout, c.level)
	flush, err := startTelemetry(ctx, getenv, logger)
	if err != nil {
		return err
	}
	defer flush()
	pool, err := connect(ctx, c)
	if err != nil {
		return err
	}
	defer pool.Close()
	if c.migrate != migrateNever {
		if err := notes.Migrate(ctx, pool, logger); err != nil || c.migrate == migrateOnly {
			return err
		}
	}
	app, err := build(ctx, c, pool, logger)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return errors.Join(err, app.Close(ctx))
	}
	logger.InfoContext(ctx, "serving", "listen", listener.Addr().String(), "origin", c.origin.String())
	err = serve(ctx, listener, app, c.drain, logger)
	logger.InfoContext(context.WithoutCancel(ctx), "stopped")
	return err
}

// connect opens a pool and waits for the server. Its errors include advice.
func connect(ctx context.Context, c config) (*pgxpool.Pool, error) {
	pool, err := pgxpool.NewWithConfig(ctx, c.pool)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("DATABASE_URL: %w\n\n%s", err, advice)
	}
	return pool, nil
}

// build makes the application on a store whose calls are observed.
func build(ctx context.Context, c config, pool *pgxpool.Pool, logger *slog.Logger) (*notes.App, error) {
	store := postgres.New(pool, &postgres.Options{
		Logger: logger,
		// A stream learns at once that another process has ended its session.
		Hints: func(ctx context.Context) (*pgx.Conn, error) { return pgx.ConnectConfig(ctx, c.direct.Copy()) },
	})
	problems, err := store.Check(ctx) // also finds that MIGRATE=never was too early
	if err != nil {
		return nil, fmt.Errorf("check the database: %w", err)
	}
	for _, problem := range problems {
		logger.WarnContext(ctx, "check of the database", "problem", problem)
	}
	telemetry, err := humasessotel.New(nil)
	if err != nil {
		return nil, err
	}
	return notes.New(pool, telemetry.Store(store), notes.Options{
		Origin: c.origin, Proxies: c.proxies, Logger: logger, OnEvent: telemetry.OnEvent,
	})
}
