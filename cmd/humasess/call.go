package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// call is one call of the program: a command with its flags.
type call struct {
	console
	command

	flags    *flag.FlagSet
	args     []string
	operands []string // names of the arguments after the flags
	target   target
	store    string
	scheme   string
	prefix   string
	schema   string
	json     bool
	timeout  time.Duration
	waiting  *patience // nil before the store is asked
	secrets  []string  // the output must not contain them
}

func (c *call) begin(cmd command, args []string) {
	c.command, c.args = cmd, args
	c.flags = flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	c.flags.SetOutput(io.Discard)
	c.flags.BoolVar(&c.json, "json", false, "write JSON, one object per line")
}

// storeFlags declares the flags of commands that use a store.
func (c *call) storeFlags() {
	c.flags.StringVar(&c.store, "store", "", "the `URL` of the store; default HUMASESS_STORE")
	c.flags.StringVar(&c.scheme, "scheme", "sessionCookie", "the program's humasess.Options.SchemeName")
	c.flags.StringVar(&c.prefix, "prefix", "", "the store's Options.Prefix; the default is the store's")
	c.flags.StringVar(&c.schema, "schema", "", "the store's postgres.Options.Schema; default public")
	c.flags.DurationVar(&c.timeout, "timeout", 30*time.Second, "the longest time to wait for an answer of the store")
}

// parse reads the flags, after the command has declared its own.
func (c *call) parse() error {
	err := c.flags.Parse(c.args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.help()
		return err
	case (err != nil || c.flags.NArg() > len(c.operands)) && !quotable(c.args):
		return usagef("the arguments are not flags of the command; humasess %s -h lists the flags; put the URL of the store in quotes", c.name)
	case err != nil:
		return usagef("%v; humasess %s -h lists the flags", err, c.name)
	case c.flags.NArg() > len(c.operands):
		return usagef("%q is not a flag; humasess %s -h lists the flags", c.flags.Arg(len(c.operands)), c.name)
	case c.flags.NArg() < len(c.operands):
		return usagef("%s is missing; the usage is humasess %s [FLAGS] %s", c.operands[c.flags.NArg()], c.name, strings.Join(c.operands, " "))
	}
	// A shell replaces an unset variable by an empty text. It must not mean "all".
	empty := ""
	c.flags.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" {
			empty = f.Name
		}
	})
	if empty != "" {
		return usagef("--%s is empty; omit it or give it a value", empty)
	}
	if c.store == "" {
		c.store = c.getenv("HUMASESS_STORE")
	}
	return nil
}

// given reports whether a flag was set.
func (c *call) given(name string) bool {
	found := false
	c.flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func (c *call) help() {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "humasess %s: %s.\n\n", strings.Join(append([]string{c.name, "[FLAGS]"}, c.operands...), " "), c.summary)
	c.flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			usage += " (" + f.DefValue + ")"
		}
		if value != "" {
			value = " " + strings.ToUpper(value)
		}
		_, _ = fmt.Fprintf(w, "  --%s%s\t%s\n", f.Name, value, usage)
	})
	_ = w.Flush()
}

// sayf writes a message for the user, which is not a result, to the standard
// error.
func (c *call) sayf(format string, args ...any) { _, _ = fmt.Fprintf(c.err, format+"\n", args...) }

// print writes a result: a line of text, or the value as JSON.
func (c *call) print(value any, format string, args ...any) error {
	if c.json {
		return json.NewEncoder(c.out).Encode(value)
	}
	_, err := fmt.Fprintf(c.out, format+"\n", args...)
	return err
}

// patience cancels a context when the store has not answered for too long. A
// caller pauses it while it waits for something other than the store.
type patience struct {
	long  time.Duration
	since time.Time
	timer *time.Timer
}

var errTimeout = errors.New("the store does not answer")

func (c *call) patience(ctx context.Context) (context.Context, *patience) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &patience{long: c.timeout, since: time.Now()}
	p.timer = time.AfterFunc(c.timeout, func() { cancel(p.err()) })
	c.waiting = p
	return ctx, p
}

func (p *patience) err() error { return fmt.Errorf("%w within %v", errTimeout, p.long) }

// over reports whether the time is over. A busy machine may cancel the context later.
func (p *patience) over() bool { return time.Since(p.since) >= p.long }

func (p *patience) pause() { p.timer.Stop() }

func (p *patience) goOn() {
	p.since = time.Now()
	p.timer.Reset(p.long)
}
