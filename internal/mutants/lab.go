package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// lab is where mutants are tried: a copy of the repository that nobody
// changes.
type lab struct {
	root string

	mu   sync.Mutex
	read map[string]map[string]string // test functions by package, see functions
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// healthy checks that the tests pass as long as nothing is broken.
func (l *lab) healthy(ctx context.Context, mutants []mutant) error {
	patterns := map[string][]string{}
	for _, m := range mutants {
		tests, err := l.tests(m)
		if err != nil {
			return err
		}
		if !slices.Contains(patterns[m.pkg], tests) {
			patterns[m.pkg] = append(patterns[m.pkg], tests)
		}
	}
	for pkg, tests := range patterns {
		if out, err := l.goTest(ctx, pkg, "-run="+strings.Join(tests, "|")); err != nil {
			return fmt.Errorf("%s fails without any mutant: %w\n%s", pkg, err, out)
		}
	}
	return nil
}

// try returns the test functions that caught the mutant, or an error when
// none did.
func (l *lab) try(ctx context.Context, m mutant) ([]string, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	overlay, err := l.overlay(m, dir)
	if err != nil {
		return nil, err
	}
	tests, err := l.tests(m)
	if err != nil {
		return nil, err
	}
	out, err := l.goTest(ctx, m.pkg, "-count=1", "-overlay="+overlay, "-run="+tests)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		return nil, fmt.Errorf("not caught by %s of %s", tests, m.pkg)
	}
	var killers []string
	for _, match := range failed.FindAllStringSubmatch(out, -1) {
		if m.promise == "" || mentions(match[1], m.promise) {
			name, _, _ := strings.Cut(match[1], "/")
			killers = append(killers, name)
		}
	}
	if len(killers) == 0 {
		return nil, fmt.Errorf("go test failed, but no test named for the promise did:\n%s", out)
	}
	slices.Sort(killers)
	return slices.Compact(killers), nil
}

func (l *lab) goTest(ctx context.Context, pkg string, args ...string) (string, error) {
	//nolint:gosec // the arguments are our own table
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-vet=off", "-timeout=3m"}, args...)...)
	cmd.Dir = filepath.Join(l.root, filepath.FromSlash(pkg)) // the module there need not be ours
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// overlay writes the changed files, and the list that go test takes.
func (l *lab) overlay(m mutant, dir string) (string, error) {
	texts, err := l.mutated(m)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for file, text := range texts {
		changed := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			return "", err
		}
		from, err := filepath.Abs(filepath.Join(l.root, filepath.FromSlash(file)))
		if err != nil {
			return "", err
		}
		replace[from] = changed
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, "overlay.json")
	return list, os.WriteFile(list, data, 0o600)
}

// tests returns the pattern for go test -run.
func (l *lab) tests(m mutant) (string, error) {
	if m.tests != "" {
		return m.tests, nil
	}
	functions, err := l.functions(m.pkg)
	if err != nil {
		return "", err
	}
	var names []string
	for name, text := range functions {
		if mentions(text, m.promise) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", fmt.Errorf("no test of %s mentions %q", m.pkg, m.promise)
	}
	slices.Sort(names)
	return "^(" + strings.Join(names, "|") + ")$", nil
}

var testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// functions returns the text of a package's test functions by their names. It
// reads each package once.
func (l *lab) functions(pkg string) (map[string]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if functions, read := l.read[pkg]; read {
		return functions, nil
	}
	files, err := filepath.Glob(filepath.Join(l.root, filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		return nil, err
	}
	functions := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file) //nolint:gosec // a test file of our own
		if err != nil {
			return nil, err
		}
		text := string(data)
		starts := testFunc.FindAllStringSubmatchIndex(text, -1)
		for i, at := range starts {
			end := len(text)
			if i+1 < len(starts) {
				end = starts[i+1][0]
			}
			functions[text[at[2]:at[3]]] = text[at[0]:end]
		}
	}
	if l.read == nil {
		l.read = map[string]map[string]string{}
	}
	l.read[pkg] = functions
	return functions, nil
}

// mentions looks for an id like R1, and not R11.
func mentions(text, promise string) bool {
	return strings.Contains(text, promise) && slices.Contains(words.FindAllString(text, -1), promise)
}

var words = regexp.MustCompile(`[A-Za-z0-9]+`)
