// Walk shows how a request goes through the core: which functions it enters,
// in which files.
//
//	go run ./internal/archtest/walk [-v] [-core patterns] [-below patterns]
//
// It makes a read, an update, a login and a logout with the memory store and
// the default options. For each it prints the number of files and functions that
// the request enters, and of moves between files: calls whose file is not that of
// the call before. The last column counts the returns to another file, too. The
// first line of a request is about the core, the second one about the core and
// the packages below it. With -v the program prints all calls, indented below
// their callers. Function literals count as part of the function around them.
// Calls on other goroutines do not count.
//
// The packages are compiled with a call at the start of each function, by go
// build -overlay, so the tree stays as it is.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/humasess/sessions/internal/archtest/walk/trace"
)

const (
	core     = "./humasess,./humasess/internal/...,./internal/policy,./openapi"
	below    = "./security,./internal/credential,./internal/crossorigin,./stores,./stores/memory,./internal/stored"
	requests = "./internal/archtest/walk/requests"
	tracer   = "github.com/humasess/sessions/internal/archtest/walk/trace"
)

// walk is the calls of one request.
type walk struct {
	Request string
	Entries []trace.Entry
}

func main() {
	corePatterns := flag.String("core", core, "the packages of the core, separated by commas")
	belowPatterns := flag.String("below", below, "the packages that the core calls, separated by commas")
	verbose := flag.Bool("v", false, "print the calls")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *corePatterns, *belowPatterns, *verbose)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "walk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, corePatterns, belowPatterns string, verbose bool) error {
	inner, err := list(ctx, corePatterns)
	if err != nil {
		return err
	}
	outer, err := list(ctx, belowPatterns)
	if err != nil {
		return err
	}
	walks, err := walksOf(ctx, slices.Concat(inner, outer))
	if err != nil {
		return err
	}
	show(walks, inner, verbose)
	return nil
}

// walksOf builds and runs the program that makes the requests.
func walksOf(ctx context.Context, packages []listed) ([]walk, error) {
	dir, err := os.MkdirTemp("", "walk")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	overlay, err := overlayOf(dir, packages)
	if err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "requests")
	if _, err := output(ctx, "go", "build", "-overlay="+overlay, "-o", program, requests); err != nil {
		return nil, err
	}
	out, err := output(ctx, program)
	if err != nil {
		return nil, err
	}
	var walks []walk
	return walks, json.Unmarshal(out, &walks)
}

// listed is a package as the go command describes it.
type listed struct {
	Dir     string
	GoFiles []string
	Module  struct{ Dir string }
}

// list returns the packages that match. One that does not exist has no files.
func list(ctx context.Context, patterns string) ([]listed, error) {
	out, err := output(ctx, "go", append([]string{"list", "-e", "-json=Dir,GoFiles,Module"}, strings.Split(patterns, ",")...)...)
	if err != nil {
		return nil, err
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		if len(p.GoFiles) > 0 {
			packages = append(packages, p)
		}
	}
}

// overlayOf writes the rewritten files of the packages and returns the name of
// the list that go build takes.
func overlayOf(dir string, packages []listed) (string, error) {
	replace := map[string]string{}
	for _, p := range packages {
		for _, name := range p.GoFiles {
			original := filepath.Join(p.Dir, name)
			copied := filepath.Join(dir, strconv.Itoa(len(replace))+".go")
			if err := copyFile(original, copied, p.Module.Dir); err != nil {
				return "", err
			}
			replace[original] = copied
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}

// copyFile writes the rewritten copy of a file of the module.
func copyFile(original, copied, module string) error {
	source, err := os.ReadFile(original)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(module, original)
	if err != nil {
		return err
	}
	source, err = rewrite(filepath.ToSlash(name), source, tracer)
	if err != nil {
		return err
	}
	return os.WriteFile(copied, source, 0o600)
}

func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(append([]string{name}, args...), " "), err, stderr.Bytes())
	}
	return out, nil
}
