package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is a change that breaks a promise.
type mutant struct {
	promise string // id in the names of the tests that must fail; "" is any
	name    string // what is broken
	pkg     string // folder of the package whose tests must fail, in any module
	tests   string // for go test -run; "" finds the tests that mention the promise
	edits   []edit
}

// edit replaces text that occurs exactly once in a file.
type edit struct{ file, old, replacement string }

// all returns the mutants of every area.
func all() []mutant {
	return slices.Concat(sharedMutants, liveMutants, documentMutants, coreMutants, cookieMutants, sealedMutants, storeMutants, routerMutants, accountMutants,
		browserMutants, secureMutants)
}

// mutated returns the changed files by their names.
func (l *lab) mutated(m mutant) (map[string]string, error) {
	texts := map[string]string{}
	for _, e := range m.edits {
		text, seen := texts[e.file]
		if !seen {
			data, err := os.ReadFile(filepath.Join(l.root, filepath.FromSlash(e.file)))
			if err != nil {
				return nil, err
			}
			text = string(data)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return nil, fmt.Errorf("mutant %q: %s has this %d times, want once; bring its row up to date:\n%s", m.name, e.file, n, e.old)
		}
		texts[e.file] = strings.Replace(text, e.old, e.replacement, 1)
	}
	return texts, nil
}
