package main

import (
	"context"
	"fmt"
)

func migrate(ctx context.Context, c *call) error {
	c.storeFlags()
	only := c.flags.Bool("print", false, "print the statements, and do not connect to the store")
	if err := c.parse(); err != nil {
		return err
	}
	if *only {
		return c.printSchema()
	}
	ctx, p := c.patience(ctx)
	defer p.pause()
	defer c.close()
	store, err := c.open(ctx, true)
	if err != nil {
		return err
	}
	text := "nothing to do, because this store needs no schema"
	if m, ok := store.(migrator); ok {
		if err := m.Migrate(ctx); err != nil {
			return c.at(ctx, err)
		}
		text = "tables and functions exist in the form that this version needs"
	}
	return c.print(struct {
		Migrated bool `json:"migrated"`
	}{true}, "%v: %s", c.place(), text)
}

func (c *call) printSchema() error {
	if err := c.find(); err != nil {
		return err
	}
	text := c.target.schema()
	if text == "" {
		c.sayf("%v: nothing to print, because this store needs no schema", c.place())
		return nil
	}
	if c.json {
		return c.print(struct {
			Statements string `json:"statements"`
		}{text}, "")
	}
	_, err := fmt.Fprintln(c.out, text)
	return err
}
