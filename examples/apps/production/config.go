package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// config are the settings, from these environment variables:
//
//	DATABASE_URL         the connection string of PostgreSQL; pool_max_conns=20 sets the size of the pool
//	DATABASE_DIRECT_URL  the same without a PgBouncer, to listen for ends of sessions; DATABASE_URL by default
//	LISTEN               where to serve; localhost:8888 by default
//	ORIGIN               the address that users open; http:// and LISTEN by default
//	TRUSTED_PROXIES      networks of the proxies in front, such as 10.0.0.0/8,::1/128; none by default
//	LOG_LEVEL            debug, info, warn or error; info by default
//	DRAIN                the time between SIGTERM and the end of serving, in which the load balancer
//	                     notices; 5s by default, and 0s where ORIGIN is http
//	MIGRATE              start, only or never; start by default, which migrates and then serves
//
// OpenTelemetry has variables of its own; see telemetry.go.
type config struct {
	pool    *pgxpool.Config
	direct  *pgx.ConnConfig
	listen  string
	origin  *url.URL
	proxies []netip.Prefix
	level   slog.Level
	drain   time.Duration
	migrate string
}

// The values of MIGRATE.
const (
	migrateStart = "start"
	migrateOnly  = "only"
	migrateNever = "never"
)

//nolint:gosec // the password of that container
const advice = `Set DATABASE_URL to the connection string of a PostgreSQL server. With Docker, this starts one:

  docker run --rm -e POSTGRES_PASSWORD=postgres -p 5432:5432 postgres
  export DATABASE_URL=postgres://postgres:postgres@localhost:5432/postgres`

// configure reads all settings, and returns all errors together. No error shows a
// password.
func configure(getenv func(string) string) (config, error) {
	var c config
	var problems []error
	check := func(name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	var err error
	dsn := getenv("DATABASE_URL")
	if c.pool, err = pgxpool.ParseConfig(dsn); dsn == "" || err != nil { // the error may quote the password
		problems = append(problems, errors.New("DATABASE_URL is not set, or is not a connection string. "+advice))
	} else if c.direct, err = pgx.ParseConfig(cmp.Or(getenv("DATABASE_DIRECT_URL"), withoutPool(dsn))); err != nil {
		check("DATABASE_DIRECT_URL", errors.New("not a connection string"))
	}
	c.listen = cmp.Or(getenv("LISTEN"), "localhost:8888")
	_, _, err = net.SplitHostPort(c.listen)
	check("LISTEN", err)
	c.origin, err = parseOrigin(cmp.Or(getenv("ORIGIN"), "http://"+c.listen))
	check("ORIGIN", err)
	c.proxies, err = parseNetworks(getenv("TRUSTED_PROXIES"))
	check("TRUSTED_PROXIES", err)
	check("LOG_LEVEL", c.level.UnmarshalText([]byte(cmp.Or(getenv("LOG_LEVEL"), "info"))))
	drain := "5s"
	if c.origin != nil && c.origin.Scheme == "http" {
		drain = "0s"
	}
	c.drain, err = time.ParseDuration(cmp.Or(getenv("DRAIN"), drain))
	check("DRAIN", err)
	switch c.migrate = cmp.Or(getenv("MIGRATE"), migrateStart); c.migrate {
	case migrateStart, migrateOnly, migrateNever:
	default:
		check("MIGRATE", fmt.Errorf("%q is not start, only or never", c.migrate))
	}
	return c, errors.Join(problems...)
}

// withoutPool removes the parameters that only a pool understands.
func withoutPool(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return dsn
	}
	query := u.Query()
	for name := range query {
		if strings.HasPrefix(name, "pool_") {
			query.Del(name)
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// parseOrigin accepts plain http for this machine only, because a session cookie on
// plain http can be read on its way.
func parseOrigin(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("not a URL")
	case u.Host == "" || strings.Trim(u.Path, "/") != "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is not of the form https://host", text)
	case u.Scheme == "http" && !isLocal(u.Hostname()):
		return nil, fmt.Errorf("%q must be https, except for localhost", text)
	}
	return u, nil
}

func isLocal(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func parseNetworks(text string) (all []netip.Prefix, err error) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
