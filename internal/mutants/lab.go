package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// timeout ends the tests of a mutant that hangs.
const timeout = "-test.timeout=2m"

// lab builds and runs the tests of mutants.
type lab struct {
	source *source
	tests  *tests
	dir    string // a temporary folder
}

func newLab(root, dir string) *lab {
	return &lab{&source{root: root}, &tests{root: root}, dir}
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// numbered is a mutant with its number.
type numbered struct {
	mutant

	number int
}

// program is a binary with the tests of a package.
type program struct {
	lab  *lab
	pkg  string
	path string
	has  map[int]bool // the mutants in it, by number
	// unfit are tests that fail in it without any mutant. Code with mutants is
	// not inlined, which tests of allocations notice.
	unfit []string
}

// build builds the tests of a package with as many of the mutants as possible.
// Mutants with errors of the compiler are left out.
func (l *lab) build(ctx context.Context, pkg string, mutants []numbered) (*program, error) {
	p := &program{lab: l, pkg: pkg, path: filepath.Join(l.dir, strings.ReplaceAll(pkg, "/", "_")+".test"), has: map[int]bool{}}
	var excluded []int
	for {
		shared := &schemata{source: l.source}
		clear(p.has)
		for _, m := range mutants {
			if !slices.Contains(excluded, m.number) && shared.add(m.number, m.mutant) == nil {
				p.has[m.number] = true
			}
		}
		files, err := shared.files()
		if err != nil {
			return nil, err
		}
		out, err := l.compile(ctx, pkg, p.path, files)
		if err == nil {
			return p, nil
		}
		guilty := slices.DeleteFunc(blamed(out), func(n int) bool { return !p.has[n] })
		if len(guilty) == 0 || ctx.Err() != nil {
			return nil, fmt.Errorf("%s does not compile: %w\n%s", pkg, err, out)
		}
		excluded = append(excluded, guilty...)
	}
}

// compile builds the tests of a package, with files replaced.
func (l *lab) compile(ctx context.Context, pkg, binary string, files map[string]string) (string, error) {
	dir, err := os.MkdirTemp(l.dir, "overlay")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	overlay, err := l.overlay(files, dir)
	if err != nil {
		return "", err
	}
	//nolint:gosec // the arguments are our own table
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", binary, "-overlay", overlay, ".")
	cmd.Dir = l.folder(pkg) // the module there need not be ours
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// overlay writes the changed files, and the list that go test takes.
func (l *lab) overlay(files map[string]string, dir string) (string, error) {
	replace := map[string]string{}
	for file, text := range files {
		changed := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			return "", err
		}
		from, err := filepath.Abs(l.folder(file))
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

func (l *lab) folder(pkg string) string { return filepath.Join(l.source.root, filepath.FromSlash(pkg)) }

// run runs the tests with a mutant, or with none for 0, and returns their output.
func (p *program) run(ctx context.Context, number int, pattern string) (string, error) {
	cmd := exec.CommandContext(ctx, p.path, "-test.run="+pattern, timeout) //nolint:gosec // our own tests
	cmd.Dir = p.lab.folder(p.pkg)
	cmd.Env = append(cmd.Environ(), variable+"="+strconv.Itoa(number))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// healthy checks that the tests pass as long as nothing is broken.
func (p *program) healthy(ctx context.Context, mutants []numbered) error {
	var patterns []string
	for _, m := range mutants {
		pattern, err := p.lab.tests.pattern(m.mutant)
		if err == nil && !slices.Contains(patterns, pattern) {
			patterns = append(patterns, pattern)
		}
	}
	for _, group := range groups(patterns) {
		out, err := p.run(ctx, 0, group)
		if err == nil {
			continue
		}
		names := failures(out, "")
		if len(names) == 0 {
			return fmt.Errorf("%s fails without any mutant: %w\n%s", p.pkg, err, out)
		}
		p.unfit = append(p.unfit, names...)
	}
	if len(p.unfit) == 0 {
		return nil
	}
	plain := &program{lab: p.lab, pkg: p.pkg, path: p.path + ".plain"}
	if out, err := p.lab.compile(ctx, p.pkg, plain.path, nil); err != nil {
		return fmt.Errorf("%s does not compile: %w\n%s", p.pkg, err, out)
	}
	if out, err := plain.run(ctx, 0, "^("+strings.Join(p.unfit, "|")+")$"); err != nil {
		return fmt.Errorf("%s fails without any mutant: %w\n%s", p.pkg, err, out)
	}
	return nil
}

// groups joins patterns for test functions. A pattern with subtests stays alone.
func groups(patterns []string) []string {
	var joined, alone []string
	for _, pattern := range patterns {
		if strings.Contains(pattern, "/") {
			alone = append(alone, pattern)
		} else {
			joined = append(joined, pattern)
		}
	}
	if len(joined) > 0 {
		alone = append(alone, strings.Join(joined, "|"))
	}
	return alone
}

// try returns the test functions that caught the mutant, or none. Tests of the
// shared binary do not decide that a mutant lives: see tryAlone.
func (p *program) try(ctx context.Context, m numbered) []string {
	pattern, err := p.lab.tests.pattern(m.mutant)
	if err != nil || !p.has[m.number] {
		return nil
	}
	out, err := p.run(ctx, m.number, pattern)
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return slices.DeleteFunc(failures(out, m.promise), func(name string) bool { return slices.Contains(p.unfit, name) })
}

// tryAlone builds the mutant alone. It returns the test functions that caught
// the mutant, or an error when none did.
func (l *lab) tryAlone(ctx context.Context, m numbered) ([]string, error) {
	pattern, err := l.tests.pattern(m.mutant)
	if err != nil {
		return nil, err
	}
	files, err := l.source.mutated(m.mutant)
	if err != nil {
		return nil, err
	}
	alone := &program{lab: l, pkg: m.pkg, path: filepath.Join(l.dir, strconv.Itoa(m.number)+".test")}
	defer os.Remove(alone.path) //nolint:errcheck // a temporary file
	if out, err := l.compile(ctx, m.pkg, alone.path, files); err != nil {
		return nil, errors.Join(ctx.Err(), fmt.Errorf("it does not compile; bring its row up to date:\n%s", out))
	}
	out, err := alone.run(ctx, 0, pattern)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		return nil, fmt.Errorf("not caught by %s of %s", pattern, m.pkg)
	}
	killers := failures(out, m.promise)
	if len(killers) == 0 {
		return nil, fmt.Errorf("the tests failed, but no test named for the promise did:\n%s", out)
	}
	return killers, nil
}

// failures returns the test functions that failed, or had a case that failed,
// whose name mentions the promise.
func failures(out, promise string) []string {
	var names []string
	for _, match := range failed.FindAllStringSubmatch(out, -1) {
		if promise == "" || mentions(match[1], promise) {
			name, _, _ := strings.Cut(match[1], "/")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
