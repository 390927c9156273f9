// Postgres is the sign-in example in production: the sessions are in PostgreSQL, the
// provider is a real one, and any number of processes may run. It reads its settings
// from the environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/humasess/sessions/examples/apps/oidc/site"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	settings, missing := map[string]string{}, []string(nil)
	for _, name := range []string{"DATABASE_URL", "APP_URL", "LISTEN", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"} {
		if settings[name] = os.Getenv(name); settings[name] == "" {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return fmt.Errorf("the environment has no %s", strings.Join(missing, ", "))
	}
	pool, err := pgxpool.New(ctx, settings["DATABASE_URL"])
	if err != nil {
		return err
	}
	defer pool.Close()
	app, err := open(ctx, pool, settings)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: settings["LISTEN"], Handler: app, ReadTimeout: 30 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- errors.Join(app.Close(limit), server.Shutdown(limit)) // the first ends the open streams
	}()
	log.Printf("serving %s on %s", settings["APP_URL"], server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// open returns the application on a database, and makes its tables.
func open(ctx context.Context, pool *pgxpool.Pool, settings map[string]string) (*site.Site, error) {
	store := postgres.New(pool, nil)
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, usedLogouts); err != nil {
		return nil, err
	}
	return site.New(store, settings["APP_URL"], []site.Provider{{
		Key: "local", Label: "your company account", // the redirect URI is APP_URL/callback/local
		Issuer: settings["OIDC_ISSUER"], ClientID: settings["OIDC_CLIENT_ID"], ClientSecret: settings["OIDC_CLIENT_SECRET"],
	}}, &site.Options{
		InsecureAllowHTTP: strings.HasPrefix(settings["APP_URL"], "http://localhost:"),
		Once:              once(pool),
	})
}

const usedLogouts = `CREATE TABLE IF NOT EXISTS used_logouts (
	id text PRIMARY KEY,
	until timestamptz NOT NULL
)`

// docs: begin once

// once keeps the IDs of logout tokens in a table, which all processes share. It notes an
// ID after the success: a logout that happens twice does no harm, and one that is lost
// with the process or the database does.
func once(pool *pgxpool.Pool) func(context.Context, string, time.Time, func() error) error {
	return func(ctx context.Context, id string, until time.Time, do func() error) error {
		if _, err := pool.Exec(ctx, "DELETE FROM used_logouts WHERE until < now()"); err != nil {
			return err
		}
		var used bool
		if err := pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM used_logouts WHERE id = $1)", id).Scan(&used); err != nil {
			return err
		}
		if used {
			return errors.New("used before")
		}
		if err := do(); err != nil {
			return err
		}
		_, err := pool.Exec(ctx, "INSERT INTO used_logouts VALUES ($1, $2) ON CONFLICT DO NOTHING", id, until)
		return err
	}
}

// docs: end
