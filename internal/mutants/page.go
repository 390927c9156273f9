package main

import (
	"fmt"
	"slices"
	"strings"
)

const pageHead = `# Mutants

Each row breaks the code in one place, and the tests named beside it fail for
it. The id is that of the promise, and stands in the names of those tests.

` + "`make mutants`" + ` tries them all, which takes some minutes, and writes this page.
` + "`make check`" + ` begins with a comparison of the rows with the code, which takes seconds.

A new mutant is a row in the table of its area, a file of this folder. The row has
the promise, the broken behaviour, and the package whose tests must notice. A
pattern for ` + "`go test -run`" + ` follows, or "" for the tests that mention the promise.
Each edit names the folder of a package and a function, such as ` + "`state.commit`" + `, or
"" for declarations outside functions. Its text occurs once there, in any file of
the package. A file that is not Go is named itself.

| id | broken | in | caught by |
|---|---|---|---|
`

// pageOf lists all mutants. Those that did not run keep the row of the page
// before.
func pageOf(results []result, before string) (string, error) {
	var b strings.Builder
	b.WriteString(pageHead)
	lines := strings.Split(before, "\n")
	for _, m := range all() {
		row := rowOf(m)
		if i := slices.IndexFunc(results, func(r result) bool { return rowOf(r.mutant) == row }); i >= 0 {
			fmt.Fprintf(&b, "%s %s |\n", row, caughtBy(m.pkg, results[i].killers))
			continue
		}
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, row) })
		if i < 0 {
			return "", fmt.Errorf("the page has no row for %q: run it, too", m.name)
		}
		b.WriteString(lines[i] + "\n")
	}
	return b.String(), nil
}

// rowOf is a row of the page, before its last cell.
func rowOf(m mutant) string {
	return fmt.Sprintf("| %s | %s | `%s` |", m.promise, m.name, m.edits[0])
}

// caughtBy names the first tests, for there may be many.
func caughtBy(pkg string, killers []string) string {
	text := fmt.Sprintf("%s `%s`", pkg, killers[0])
	if n := len(killers) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
