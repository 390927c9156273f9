package archtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Table has the permitted imports of each package, by its folder. A folder that ends
// in "/..." is for all folders below it that have no row of their own.
type Table map[string]Row

// Row lists the packages that a package may import besides the standard library.
// Packages of the module have the form "./folder", others their import path. "/..."
// at the end adds all packages below. Files that are not tests also need a row for the
// standard packages unsafe and testing, because test helpers do not belong in
// programs.
type Row struct {
	Imports []string // for all files
	Tests   []string // for test files, besides Imports
}

// Imports compares every import with the table.
func (t *Tree) Imports(table Table) []string {
	var found []string
	for _, p := range t.packages {
		row, ok := table.row(p.dir)
		if !ok {
			found = append(found, fmt.Sprintf("package %q has no row in the import table; add one with its permitted imports", p.dir))
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
					found = append(found, t.at(spec.Pos(), "package %q must not import %q here; move the code, or change its row in the import table", p.dir, imported))
				}
			}
		}
	}
	return found
}

// row returns the most specific row for a folder.
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
