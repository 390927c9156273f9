package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strings"
)

// check compares the rows and the page with the code, and builds nothing.
func check(l *lab, mutants []mutant, page string) error {
	var errs []error
	names := map[string]bool{}
	for _, m := range mutants {
		if key := m.promise + m.name; names[key] {
			errs = append(errs, fmt.Errorf("two rows are named %q", m.name))
		} else {
			names[key] = true
		}
		errs = append(errs, l.checkEdits(m), l.checkTests(m))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return l.checkPage(mutants, page)
}

// checkEdits finds the text of each edit, and parses the mutant.
func (l *lab) checkEdits(m mutant) error {
	texts, err := l.source.mutated(m)
	if err != nil {
		return err
	}
	var errs []error
	for file, text := range texts {
		if path.Ext(file) != ".go" {
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution); err != nil {
			errs = append(errs, fmt.Errorf("the row %q: %w", m.name, err))
		}
	}
	return errors.Join(errs...)
}

// checkTests looks for a test that the row's pattern matches.
func (l *lab) checkTests(m mutant) error {
	text, err := l.tests.pattern(m)
	if err != nil {
		return err
	}
	functions, err := l.tests.functions(m.pkg)
	if err != nil {
		return err
	}
	// The part before the slash is about test functions.
	function, _, _ := strings.Cut(text, "/")
	pattern, err := regexp.Compile(function)
	if err != nil {
		return fmt.Errorf("the row %q: %w", m.name, err)
	}
	for name := range functions {
		if pattern.MatchString(name) {
			return nil
		}
	}
	return fmt.Errorf("the row %q: %s has no test that %s matches", m.name, m.pkg, text)
}

var caught = regexp.MustCompile("(\\S+) `(\\w+)`[^`]*$")

// checkPage compares the page with the table, row by row, and looks for the
// tests that it names.
func (l *lab) checkPage(mutants []mutant, page string) error {
	rows, found := strings.CutPrefix(page, pageHead)
	if !found {
		return errors.New("README.md does not begin as a run writes it: run make mutants")
	}
	lines := strings.Split(strings.TrimSuffix(rows, "\n"), "\n")
	if got, want := len(lines), len(mutants); got != want {
		return fmt.Errorf("README.md has %d rows, and the table has %d: run make mutants", got, want)
	}
	for i, m := range mutants {
		if !strings.HasPrefix(lines[i], rowOf(m)) {
			return fmt.Errorf("README.md lacks %s in its place: run make mutants", rowOf(m))
		}
		match := caught.FindStringSubmatch(lines[i])
		if match == nil || match[1] != m.pkg {
			return fmt.Errorf("README.md names no test of %s in %q: run make mutants", m.pkg, lines[i])
		}
		functions, err := l.tests.functions(m.pkg)
		if err != nil {
			return err
		}
		if _, exists := functions[match[2]]; !exists {
			return fmt.Errorf("README.md names the test %s, and %s has no such test: run make mutants", match[2], m.pkg)
		}
	}
	return nil
}
