// Humasess administers the sessions of programs that use package humasess, from a
// terminal. It lists, counts and revokes sessions, prepares a database, generates
// keys, and checks a store for faults. It also shows and compares policies.
//
// Install it and read its help:
//
//	go install github.com/humasess/sessions/cmd/humasess@latest
//	humasess help
//
// The exit code is 0 on success, 1 after an error, 2 for a wrong usage, 3 if a
// session was not found, and 130 after an interrupt. The page [docs/cli.md] explains
// each command.
//
// [docs/cli.md]: https://github.com/humasess/sessions/blob/main/docs/cli.md
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/mattn/go-isatty"
)

// Exit codes, which scripts may rely on.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitInterrupted = 128 + int(syscall.SIGINT)
)

// console holds the input, the output and the environment of the program.
type console struct {
	in          io.Reader
	interactive bool // the input is a terminal, so the user can answer a question
	out, err    io.Writer
	getenv      func(string) string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], console{
		in: os.Stdin, interactive: isatty.IsTerminal(os.Stdin.Fd()),
		out: os.Stdout, err: os.Stderr, getenv: os.Getenv,
	}))
}

// command is one command of the program.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, c *call) error
}

func commands() []command {
	return []command{
		{"list", "list sessions", list},
		{"count", "count sessions", count},
		{"revoke", "end sessions at once", revoke},
		{"migrate", "create the tables and functions of the store, or print the statements", migrate},
		{"doctor", "check the store for faults", doctor},
		{"keygen", "generate keys for sealed cookies", keygen},
		{"policy", "show or compare policy files (show FILE, diff OLD NEW)", policyFiles},
	}
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, surroundings console) int {
	c := &call{console: surroundings}
	err := c.dispatch(ctx, args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	code, text := exitError, err.Error()
	var usage usageError
	switch {
	case ctx.Err() != nil:
		code = exitInterrupted
	case errors.As(err, &usage):
		code = exitUsage
	case errors.Is(err, errNotFound):
		code = exitNotFound
	}
	if errors.Is(err, errQuiet) {
		return code
	}
	name := "humasess"
	if c.name != "" {
		name += " " + c.name
	}
	if code == exitInterrupted {
		text = "interrupted: " + text
	}
	c.sayf("%s: %s", name, c.redact(text))
	if hint := c.advice(err); hint != "" && code != exitInterrupted {
		c.sayf("%s", c.redact(hint))
	}
	return code
}

var (
	errNotFound = errors.New("no such session")
	errQuiet    = errors.New("already reported")
)

// missingError is the error for a session that does not exist.
type missingError string

func (e missingError) Error() string { return string(e) }

func (missingError) Is(target error) bool { return target == errNotFound }

// usageError is the error for wrong arguments.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

func (c *call) dispatch(ctx context.Context, args []string) error {
	all := commands()
	if len(args) == 0 {
		c.usage(c.err)
		return errors.Join(usageError(""), errQuiet)
	}
	name, rest := args[0], args[1:]
	switch strings.TrimLeft(name, "-") {
	case "help", "h":
		if len(rest) == 0 {
			c.usage(c.out)
			return nil
		}
		name, rest = rest[0], []string{"-h"}
	case "version":
		_, err := fmt.Fprintln(c.out, "humasess", version())
		return err
	}
	i := slices.IndexFunc(all, func(cmd command) bool { return cmd.name == name })
	if i < 0 && !quotable(args) {
		return usagef("the first argument is not a command; humasess help lists the commands")
	}
	if i < 0 {
		return usagef("no command is called %q; humasess help lists the commands", name)
	}
	c.begin(all[i], rest)
	return all[i].run(ctx, c)
}

// version returns the version of the module that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}

//nolint:gosec // G101: PASSWORD is a placeholder
const manual = `
Set the URL of the store in HUMASESS_STORE or in --store. Prefer the variable,
because other users of the machine can see arguments.

  postgres://USER:PASSWORD@HOST/DATABASE     also PGPASSWORD, .pgpass and other settings of libpq
  redis://USER:PASSWORD@HOST:PORT/DB         rediss:// uses TLS; ?addr=HOST:PORT adds a node of a
                                             Cluster; ?master_set=NAME if HOST:PORT is a sentinel
  sqlite:FILE

Set --scheme, --prefix and --schema to the values of the program's options. Set
HUMASESS_REDIS_KEY to the value of redis.Options.Key: the bytes themselves, or
their encoding after "hex:" or "base64:".

Exit codes: 0 success, 1 error, 2 wrong arguments, 3 no such session or scheme, 130 interrupted.
policy diff also exits with 1 if a change loosens the policy.
`

func (c *call) usage(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(w, "Humasess administers sessions.\n\n  humasess COMMAND [FLAGS]\n\n")
	for _, cmd := range commands() {
		_, _ = fmt.Fprintf(w, "  %s\t%s\n", cmd.name, cmd.summary)
	}
	_, _ = fmt.Fprint(w, "  help [COMMAND]\tshow this text, or the flags of a command\n  --version\tshow the version\n", manual)
	_ = w.Flush()
}
