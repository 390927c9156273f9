package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/humasess/sessions/stores"
)

// target is a store and what the program can do with it beside sessions.
type target interface {
	// String names it, without a secret.
	String() string

	// open connects. Where create is set, what is missing may be made.
	open(ctx context.Context, create bool) (stores.Store, error)

	// schema returns what migrate executes, "" for a store that needs nothing.
	schema() string

	// servers describes what was connected to.
	servers(ctx context.Context) ([]string, error)

	// healthy says what the store's own check has found to be well.
	healthy() string

	// inspect looks for problems that the store's own check does not know.
	inspect(ctx context.Context) []finding

	// advice says what to do about an error, "" if it does not know.
	advice(err error) string

	// close frees what open has made.
	close()
}

// checker is what all the stores of this program are.
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

// find says which store is meant, without a connection to it.
func (c *call) find() error {
	if c.store == "" {
		return usagef("which store? Set HUMASESS_STORE, or --store, to %s", forms)
	}
	kind, _, ok := strings.Cut(c.store, ":")
	build := kinds[strings.ToLower(kind)]
	if !ok || build == nil {
		return usagef("the store is not %s", forms) // nor shown: it may be a password
	}
	c.store = strings.ToLower(kind) + c.store[len(kind):] // for the drivers
	if c.timeout <= 0 {
		return usagef("--timeout %v is not positive", c.timeout)
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

// place names the store, to show it.
func (c *call) place() string { return c.redact(c.target.String()) }

// at says where an error happened, and whether it was for want of an answer.
func (c *call) at(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); errors.Is(cause, errTimeout) {
		err = cause
	}
	return fmt.Errorf("%v: %w", c.target, err)
}

func (c *call) close() {
	if c.target != nil {
		c.target.close()
	}
}

// attempt calls a constructor, which panics at options that cannot be.
func attempt[S any](build func() S) (store S, err error) {
	defer func() {
		if text, ok := recover().(string); ok {
			err = usagef("--prefix or --schema cannot be: %s", text)
		}
	}()
	return build(), nil
}

// advice says what to do about an error.
func (c *call) advice(err error) string {
	var usage usageError
	switch {
	case errors.As(err, &usage), errors.Is(err, errNotFound), errors.Is(err, errDeclined), c.target == nil:
		return ""
	case errors.Is(err, errTimeout):
		return "Look whether the address is right and no firewall is in between, or wait longer with --timeout."
	case strings.Contains(err.Error(), "call Migrate"):
		return "Run humasess migrate, once, with the same flags: --schema and --prefix have to be those of the program."
	}
	if hint := c.target.advice(err); hint != "" {
		return hint
	}
	if strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "no such host") {
		return "Look whether the server runs, and whether host and port are right."
	}
	if c.name == "doctor" {
		return ""
	}
	return "humasess doctor, with the same flags, looks for the cause."
}
