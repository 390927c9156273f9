// Release prepares a version of the published modules and checks it as its users
// will see it. It works on a copy of the repository and pushes nothing.
// docs/releasing.md explains the day of a release.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

const usage = `usage:
	release check [-version V] [-base TAG]        check a copy of this checkout
	release prepare -version V -dir DIR [-sign]   make a clone with the commits and tags
	release binaries -version V -dir DIR          build the command line from the module proxy
	release notes -version V                      print the changes of a version
	release apidiff -base COMMIT                  compare the public packages with COMMIT
	release versions [-short] [VERSION...]        run tests with other versions of huma
`

var errUsage = errors.New("wrong arguments")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := inTemp(func() error { return run(ctx, os.Args[1:], os.Stdout) })
	stop()
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// inTemp runs f with a folder for the temporary files of the go command, and removes it. A go
// command that is interrupted leaves its files. Other programs keep TMPDIR, because the user
// of a test's server cannot enter the folder.
func inTemp(f func() error) error {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	if err := os.Setenv("GOTMPDIR", dir); err != nil {
		return err
	}
	return errors.Join(f(), os.RemoveAll(dir))
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	set := flag.NewFlagSet(args[0], flag.ContinueOnError)
	set.SetOutput(io.Discard)
	version := set.String("version", "", "the version; its default is the unreleased one in CHANGELOG.md")
	base := set.String("base", "", "the commit or tag to compare the API with; its default is the newest tag before")
	dir := set.String("dir", "", "a new folder; a relative one begins at the top of the repository")
	sign := set.Bool("sign", false, "sign the commits and tags with the key of your git configuration")
	short := set.Bool("short", false, "run few packages")
	if set.Parse(args[1:]) != nil {
		return errUsage
	}
	repository, err := repositoryRoot(ctx)
	if err != nil {
		return err
	}
	folder := *dir
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(repository, folder)
	}
	switch args[0] {
	case "check":
		return check(ctx, out, repository, *version, *base)
	case "prepare":
		if *version == "" || *dir == "" {
			return errUsage
		}
		return prepare(ctx, out, repository, folder, *version, *base, *sign)
	case "binaries":
		if *dir == "" {
			return errUsage
		}
		return binaries(ctx, out, folder, *version)
	case "notes":
		return notes(out, repository, *version)
	case "apidiff":
		if *base == "" {
			return errUsage
		}
		return printDifference(ctx, out, repository, *base)
	case "versions":
		return versions(ctx, out, repository, set.Args(), *short)
	}
	return errUsage
}
