package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestInterrupted ends a go command in the middle of a build. It leaves its folder behind,
// which must be gone in the end.
func TestInterrupted(t *testing.T) {
	temp, program := t.TempDir(), filepath.Join(t.TempDir(), "program")
	t.Setenv("TMPDIR", temp)
	t.Setenv("GOTMPDIR", "")
	ctx, interrupt := context.WithTimeout(t.Context(), time.Minute)
	defer interrupt()
	err := inTemp(func() error {
		building := make(chan struct{})
		go func() {
			defer close(building)
			defer interrupt()
			for range time.Tick(time.Millisecond) {
				if found, _ := filepath.Glob(filepath.Join(temp, "release*", "go-build*", "b*")); len(found) > 0 || ctx.Err() != nil {
					return
				}
			}
		}()
		_, err := command{dir: "."}.run(ctx, "go", "build", "-a", "-o", program, ".")
		<-building
		if err == nil {
			t.Error("got a program, want an interrupted build")
		}
		return nil
	})
	if left, _ := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("got %v and the files %v, want none", err, left)
	}
}

// TestCopyInsideHook copies a checkout with the variables of a git hook. The commit must go
// to the copy, and not to the repository of the hook.
func TestCopyInsideHook(t *testing.T) {
	hook := identity(command{dir: t.TempDir()})
	head := func(git command) string {
		t.Helper()
		commits, err := git.run(t.Context(), "git", "log", "--format=%s")
		if err != nil {
			t.Fatal(err)
		}
		return commits
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"commit", "--quiet", "--allow-empty", "--message", "Begin"}} {
		if _, err := hook.run(t.Context(), "git", args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(hook.dir, "new file"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_DIR", filepath.Join(hook.dir, ".git"))
	t.Setenv("GIT_INDEX_FILE", filepath.Join(hook.dir, ".git", "index"))
	dir := filepath.Join(t.TempDir(), "a copy")
	if err := copyOf(t.Context(), hook.dir, dir); err != nil {
		t.Fatal(err)
	}
	if got := head(hook); got != "Begin" {
		t.Errorf("the repository of the hook: got the commits %q, want Begin", got)
	}
	if got := head(hook.in(dir)); got != "Copy of a checkout" {
		t.Errorf("the copy: got the commits %q, want one", got)
	}
	if files, err := hook.in(dir).run(t.Context(), "git", "ls-files"); err != nil || files != "new file" {
		t.Errorf("the copy: got the files %q and %v, want the new file", files, err)
	}
}
