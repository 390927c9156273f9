package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/humasess/sessions/stores"
)

// target is a store, with the operations of the program that are not about
// sessions.
type target interface {
	// String names the store. It contains no secret.
	String() string

	// open connects to the store. If create is set, it may create the file.
	open(ctx context.Context, create bool) (stores.Store, error)

	// schema returns the statements that migrate executes, "" for a store that
	// needs none.
	schema() string

	// servers describes each server that open has connected to.
	servers(ctx context.Context) ([]string, error)

	// healthy lists the points that the store's own check has confirmed.
	healthy() string

	// inspect looks for problems that the store's own check does not know.
	inspect(ctx context.Context) []finding

	// advice returns the remedy for an error, "" if it knows none.
	advice(err error) string

	// close closes the connections that open has made.
	close()
}

// checker is a store with a check of its own. All stores of this program are.
type checker interface {
	Check(ctx context.Context) ([]string, error)
}

// migrator is a store with a schema.
type migrator interface {
	Migrate(ctx context.Context) error
}

var kinds = map[string]func(c *call) (target, error){
	"postgres": newPostgres, "postgresql": newPostgres,
	"redis": newRedis, "rediss": newRedis, "valkey": newRedis, "valkeys": newRedis, "unix": newRedis,
	"sqlite": newSQLite,
}

const forms = "postgres://…, redis://…, rediss://…, unix:///… or sqlite:FILE"

// find sets the target from the URL of the store, without a connection to it.
func (c *call) find() error {
	if c.store == "" {
		return usagef("no store is given; set HUMASESS_STORE or --store to %s", forms)
	}
	kind, _, ok := strings.Cut(c.store, ":")
	build := kinds[strings.ToLower(kind)]
	if !ok || build == nil {
		return usagef("the store is not %s", forms) // without its text, which may be a password
	}
	c.store = strings.ToLower(kind) + c.store[len(kind):] // for the drivers
	if c.timeout <= 0 {
		return usagef("--timeout is %v; it must be positive", c.timeout)
	}
	t, err := build(c)
	if err != nil {
		return err
	}
	c.target = t
	return nil
}

// open connects to the store that the flags mean.
func (c *call) open(ctx context.Context, create bool) (stores.Store, error) {
	if err := c.find(); err != nil {
		return nil, err
	}
	store, err := c.target.open(ctx, create)
	if err != nil {
		return nil, c.at(ctx, err)
	}
	return store, nil
}

// place returns the name of the store without secrets, for the output.
func (c *call) place() string { return c.redact(c.target.String()) }

// at adds the name of the store to an error. If the patience has run out, at
// replaces the error by errTimeout. The budget of the store is as long as the
// patience, so either of them may end first.
func (c *call) at(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	late := errors.Is(err, context.DeadlineExceeded) && c.waiting != nil && c.waiting.over()
	if late || errors.Is(context.Cause(ctx), errTimeout) {
		err = c.waiting.err()
	}
	return fmt.Errorf("%v: %w", c.target, err)
}

func (c *call) close() {
	if c.target != nil {
		c.target.close()
	}
}

// attempt calls a constructor, and returns its panic about options as an error.
func attempt[S any](build func() S) (store S, err error) {
	defer func() {
		if text, ok := recover().(string); ok {
			err = usagef("--prefix or --schema is not valid: %s", text)
		}
	}()
	return build(), nil
}

// advice returns the remedy for an error, "" if it knows none.
func (c *call) advice(err error) string {
	var usage usageError
	switch {
	case errors.As(err, &usage), errors.Is(err, errNotFound), errors.Is(err, errDeclined), c.target == nil:
		return ""
	case errors.Is(err, errTimeout):
		return "Check the address, and check that no firewall blocks the connection, or wait longer with --timeout."
	case strings.Contains(err.Error(), "call Migrate"):
		return "Run humasess migrate once, with the same flags. --schema and --prefix must have the values of the program's options."
	}
	if hint := c.target.advice(err); hint != "" {
		return hint
	}
	if strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "no such host") {
		return "Check that the server runs, and that host and port are right."
	}
	if c.name == "doctor" {
		return ""
	}
	return "Run humasess doctor with the same flags to look for the cause."
}
