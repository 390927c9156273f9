package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// command is an environment to run programs in.
type command struct {
	dir string
	env []string // in addition to that of this process
}

// with returns a command with more variables.
func (c command) with(env ...string) command {
	return command{dir: c.dir, env: append(append([]string(nil), c.env...), env...)}
}

// in returns a command for another folder.
func (c command) in(dir string) command { return command{dir: dir, env: c.env} }

// run runs a program and returns its standard output without the last newline. The
// error contains all of its output.
func (c command) run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.dir
	cmd.Env = append(append(outsideOfGit(os.Environ()), "GOWORK=off"), c.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("in %s, %s %s: %w\n%s%s", filepath.Base(c.dir), name, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// ofGit are the variables by which git tells its hooks the repository. A git that has them
// ignores the folder that it runs in, and commits to the repository of the hook.
var ofGit = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR",
	"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
}

// outsideOfGit returns the variables without those of a hook.
func outsideOfGit(env []string) []string {
	return slices.DeleteFunc(env, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(ofGit, name)
	})
}

// goEnv returns a variable of the go command.
func goEnv(ctx context.Context, name string) (string, error) {
	return command{}.run(ctx, "go", "env", name)
}

// repositoryRoot returns the top folder of the repository that this program is in.
func repositoryRoot(ctx context.Context) (string, error) {
	mod, err := goEnv(ctx, "GOMOD")
	if err != nil {
		return "", err
	}
	return filepath.Dir(filepath.Dir(filepath.Dir(mod))), nil
}
