package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// tests are the tests of the repository. It reads each package once.
type tests struct {
	root string

	mu   sync.Mutex
	read map[string]map[string]string // test functions by package, see functions
}

// pattern returns the pattern for go test -run.
func (t *tests) pattern(m mutant) (string, error) {
	if m.tests != "" {
		return m.tests, nil
	}
	functions, err := t.functions(m.pkg)
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
func (t *tests) functions(pkg string) (map[string]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if functions, read := t.read[pkg]; read {
		return functions, nil
	}
	files, err := filepath.Glob(filepath.Join(t.root, filepath.FromSlash(pkg), "*_test.go"))
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
	if t.read == nil {
		t.read = map[string]map[string]string{}
	}
	t.read[pkg] = functions
	return functions, nil
}

// mentions looks for an id like R1, and not R11.
func mentions(text, promise string) bool {
	return strings.Contains(text, promise) && slices.Contains(words.FindAllString(text, -1), promise)
}

var words = regexp.MustCompile(`[A-Za-z0-9]+`)
