// Humasess administers the sessions of programs that use humasess, from a
// terminal: it lists, counts and revokes them, prepares a database, makes keys,
// and looks for what is wrong with a store. Its help says how, and docs/cli.md.
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

// console is what surrounds the program.
type console struct {
	in          io.Reader
	interactive bool // somebody can answer a question
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

// command is one thing that the program does.
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
		{"migrate", "create what the store needs, or print it", migrate},
		{"doctor", "look for what is wrong with the store", doctor},
		{"keygen", "make keys for sealed cookies", keygen},
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
	errQuiet    = errors.New("said already")
)

// missingError says which session there is not.
type missingError string

func (e missingError) Error() string { return string(e) }

func (missingError) Is(target error) bool { return target == errNotFound }

// usageError says what is wrong with the arguments.
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
		return usagef("the first argument is not a command: humasess help lists them")
	}
	if i < 0 {
		return usagef("no command is called %q: humasess help lists them", name)
	}
	c.begin(all[i], rest)
	return all[i].run(ctx, c)
}

// version is that of the module, as it was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}

//nolint:gosec // G101: PASSWORD is a placeholder
const manual = `
The store is a URL, in --store or better in HUMASESS_STORE, which others on the
machine cannot see:

  postgres://USER:PASSWORD@HOST/DATABASE     what libpq understands, PGPASSWORD and .pgpass too
  redis://USER:PASSWORD@HOST:PORT/DB         rediss:// with TLS; ?addr=HOST:PORT for more nodes of
                                             a Cluster; ?master_set=NAME at the sentinels' addresses
  sqlite:FILE

Options that the program sets have flags of the same names: --scheme, --prefix,
--schema. redis.Options.Key is read from HUMASESS_REDIS_KEY: as it is, or after
"hex:" or "base64:".

Exit codes: 0 done, 1 error, 2 wrong arguments, 3 no such session, 130 interrupted.
`

func (c *call) usage(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(w, "Humasess administers sessions.\n\n  humasess COMMAND [FLAGS]\n\n")
	for _, cmd := range commands() {
		_, _ = fmt.Fprintf(w, "  %s\t%s\n", cmd.name, cmd.summary)
	}
	_, _ = fmt.Fprint(w, "  help [COMMAND]\tsay more\n  --version\tsay which version this is\n", manual)
	_ = w.Flush()
}
