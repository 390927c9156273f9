package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

type postgresTarget struct {
	config *pgxpool.Config
	opts   postgres.Options
	pool   *pgxpool.Pool
}

func newPostgres(c *call) (target, error) {
	if _, err := c.parseURL(); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(c.store)
	if err != nil {
		return nil, usagef("the store's URL: %v", withoutURL(err))
	}
	c.hide(config.ConnConfig.Password) // which may come from the environment
	config.MaxConns = 2
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "humasess"
	}
	t := &postgresTarget{config: config}
	t.opts = postgres.Options{
		Schema: c.schema, Prefix: c.prefix, SweepEvery: -1,
		// With hints, a session that ends here ends its open connections in other
		// programs.
		Hints: func(ctx context.Context) (*pgx.Conn, error) { return pgx.ConnectConfig(ctx, config.ConnConfig) },
	}
	_, err = attempt(t.schema)
	return t, err
}

// withoutURL returns the cause of an error about a URL. The error of pgx quotes the
// URL, and its redaction misses passwords with unusual characters.
func withoutURL(err error) error {
	if parse, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		if cause := parse.Unwrap(); cause != nil {
			return cause
		}
		return errors.New("pgx does not accept one of its parameters")
	}
	return err
}

func (t *postgresTarget) String() string {
	o := t.config.ConnConfig
	return fmt.Sprintf("postgres://%s@%s/%s", o.User, net.JoinHostPort(o.Host, strconv.Itoa(int(o.Port))), o.Database)
}

func (t *postgresTarget) open(ctx context.Context, _ bool) (stores.Store, error) {
	pool, err := pgxpool.NewWithConfig(ctx, t.config)
	if err != nil {
		return nil, err
	}
	t.pool = pool
	return postgres.New(pool, &t.opts), pool.Ping(ctx)
}

func (t *postgresTarget) schema() string { return postgres.Schema(&t.opts) }

func (t *postgresTarget) servers(ctx context.Context) ([]string, error) {
	var version, user, database string
	err := t.pool.QueryRow(ctx, `SELECT current_setting('server_version'), current_user, current_database()`).Scan(&version, &user, &database)
	return []string{fmt.Sprintf("PostgreSQL %s, database %s, as user %s", version, database, user)}, err
}

func (t *postgresTarget) healthy() string {
	return "Tables, functions and rights are those that this version needs. The server accepts and keeps writes, the clocks agree, and expired sessions are removed."
}

func (t *postgresTarget) inspect(context.Context) []finding { return nil }

func (t *postgresTarget) advice(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code {
	case "42501": // insufficient_privilege
		return "docs/postgres.md lists the GRANTs under Migrating. humasess migrate --print prints the statements for a user with more rights."
	case "28P01", "28000": // of authorization
		return "Check user and password. The password may come from the URL, PGPASSWORD or .pgpass."
	case "3D000": // invalid_catalog_name
		return "Check the name of the database at the end of the URL."
	case "53300": // too_many_connections
		return "All connections of the server are in use. Try again, or look for their users in pg_stat_activity."
	}
	return ""
}

func (t *postgresTarget) close() {
	if t.pool != nil {
		t.pool.Close()
	}
}
