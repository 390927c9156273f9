package main

import (
	"fmt"
	"slices"
	"strings"
)

const pageHead = `# Mutants

Each row breaks the code in one place, and the tests named beside it fail for
it. The id is that of the promise, and stands in the names of those tests.

` + "`make mutants`" + ` tries them all, which takes some minutes, and writes this page. A
test of this folder sees to it that the rows fit the code at any time. A new
mutant is a row in the table of its area, a file of this folder: the promise, what
is broken, the package whose tests must notice, a pattern for ` + "`go test -run`" + `
or "" for the tests that mention the promise, and the edits, each of text that
occurs once in its file.

| id | broken | in | caught by |
|---|---|---|---|
`

// pageOf lists all mutants: those that ran with what caught them, the others
// with what the page before says.
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
			return "", fmt.Errorf("the page knows nothing of %q: run it, too", m.name)
		}
		b.WriteString(lines[i] + "\n")
	}
	return b.String(), nil
}

// rowOf is what a row of the page says before its last cell.
func rowOf(m mutant) string {
	return fmt.Sprintf("| %s | %s | `%s` |", m.promise, m.name, m.edits[0].file)
}

// caughtBy names the first tests, for there may be many.
func caughtBy(pkg string, killers []string) string {
	text := fmt.Sprintf("%s `%s`", pkg, killers[0])
	if n := len(killers) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
