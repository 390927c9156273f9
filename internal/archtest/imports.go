package archtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Table says what each package may import, by its folder. A folder that ends
// in "/..." stands for everything below it that has no row of its own.
type Table map[string]Row

// Row lists what a package may import beside the standard library: packages of
// the module as "./folder", others by their import path. "/..." at the end
// adds everything below. Files that are not tests need leave for two standard
// packages as well: testing, because test helpers do not belong into programs,
// and unsafe.
type Row struct {
	Imports []string // what every file may import
	Tests   []string // what test files may import beside that
}

// Imports compares every import with the table.
func (t *Tree) Imports(table Table) []string {
	var found []string
	for _, p := range t.packages {
		row, ok := table.row(p.dir)
		if !ok {
			found = append(found, fmt.Sprintf("package %q has no row in the import table: decide what it may import and add one", p.dir))
			continue
		}
		for _, f := range p.files {
			for _, spec := range f.syntax.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value) // parsed, so it is quoted
				if rest, ok := strings.CutPrefix(imported, t.module+"/"); ok {
					imported = "./" + rest
				}
				itself := f.test && imported == "./"+p.dir
				if !itself && !row.allows(imported, f.test) {
					found = append(found, t.at(spec.Pos(), "package %q must not import %q here: move the code, or change its row in the import table", p.dir, imported))
				}
			}
		}
	}
	return found
}

// row finds the row of a folder; the most specific one wins.
func (table Table) row(dir string) (Row, bool) {
	row, ok := table[dir]
	for parent := dir; !ok && parent != ""; {
		parent = parent[:max(0, strings.LastIndexByte(parent, '/'))]
		row, ok = table[parent+"/..."]
	}
	return row, ok
}

func (r Row) allows(imported string, test bool) bool {
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case matches(r.Imports, imported), test && matches(r.Tests, imported):
		return true
	case first == "testing", first == "unsafe":
		return test
	}
	return !strings.Contains(first, ".") // as the go command tells standard packages
}

func matches(patterns []string, imported string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, below := strings.CutSuffix(pattern, "/...")
		return imported == prefix || below && strings.HasPrefix(imported, prefix+"/")
	})
}
