package rivals_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

const pageFile = "../../../docs/benchmarks.md"

// keptFrom begins the part of the page that is written by hand, at its end.
const keptFrom = "\n## Scale"

// page returns docs/benchmarks.md, except the part that is written by hand.
func page(r *results) string {
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, 100*margin, r.Machine, r.Servers)
	b.WriteString("\n## Budgets\n\n" + pageBudgets + "\n| | measure | budget | measured | met |\n|---|---|---|---|---|\n")
	var reasons []string          // each once, in the order of the rows
	rows := map[string][]string{} // by their reason
	for _, row := range budgets {
		v, value := row.judge(r)
		result := string(v)
		switch {
		case v == gated:
			file, test, _ := strings.Cut(row.gate, " ")
			result = fmt.Sprintf("[`%s`](../%s)", test, file)
		case v == skipped:
			result += ": needs " + row.needs
		case v == excused:
			if rows[row.reason] == nil {
				reasons = append(reasons, row.reason)
			}
			rows[row.reason] = append(rows[row.reason], fmt.Sprintf("*%s, %s*", row.scenario, row.measure))
		case v == stale:
			result = string(met)
		case v == met && !row.within(value, 0):
			result = "yes, within the margin"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", row.scenario, row.measure, row.budget(), row.measured(v, value), result)
	}
	if len(reasons) > 0 {
		b.WriteString("\nReasons of rows that are not met:\n\n")
		for _, reason := range reasons {
			fmt.Fprintf(&b, "- %s: %s\n", strings.Join(rows[reason], "; "), reason)
		}
	}

	b.WriteString("\n## In one process\n\n" + pageLines)
	b.WriteString("\n| sessions in | request | with | µs | of bare huma | of the floor | allocations | bytes over bare |\n|---|---|---|---|---|---|---|---|\n")
	for _, l := range r.Lines {
		ratio, extra, size := "", "", ""
		if l.OfFloor > 0 {
			ratio = fmt.Sprintf("%.2f×", l.OfFloor)
		}
		if l.Counted {
			extra, size = fmt.Sprintf("%+.0f", l.Allocations), fmt.Sprintf("%.0f", l.Bytes)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.1f | %.2f× | %s | %s | %s |\n", l.Group, l.Request, l.Subject, l.Nanoseconds/1000, l.OfBare, ratio, extra, size)
	}

	b.WriteString("\n## Over HTTP\n\n" + pageHTTP)
	b.WriteString("\n| sessions in | with | reads per second | share of bare | modifies per second | share of bare |\n|---|---|---|---|---|---|\n")
	for i := 0; i+1 < len(r.HTTP); i += 2 {
		first, second := r.HTTP[i], r.HTTP[i+1]
		fmt.Fprintf(&b, "| %s | %s | %.0f | %.2f | %.0f | %.2f |\n",
			strings.Replace(first.Group, onlyBare, "", 1), first.Subject, first.PerSecond, first.Share, second.PerSecond, second.Share)
	}
	return b.String()
}

func writePage(r *results) {
	kept := ""
	if old, err := os.ReadFile(pageFile); err == nil {
		if at := bytes.Index(old, []byte(keptFrom)); at >= 0 {
			kept = string(old[at:])
		}
	}
	must(0, os.WriteFile(pageFile, []byte(page(r)+kept), 0o600))
	writeChart(r)
}

// TestGoldenPage checks that the page and the chart show the results of the last
// run, and the budgets and reasons as they are now.
func TestGoldenPage(t *testing.T) {
	t.Parallel()
	r := readResults(t)
	if *update {
		writePage(r)
	}
	if got, want := must(os.ReadFile(pageFile)), page(r); !bytes.HasPrefix(got, []byte(want)) {
		t.Errorf("docs/benchmarks.md differs from the results and budgets: run go test -run Golden -update")
	}
	if got, want := must(os.ReadFile("../../../docs/images/benchmarks.svg")), chart(r); string(got) != want {
		t.Errorf("docs/images/benchmarks.svg differs from the results: run go test -run Golden -update")
	}
}

const pageHead = `# Benchmarks

The cost of a session, beside that of other packages and of a floor.

![Bars for each store and package: reads and modifies per second over HTTP, as a share of huma without sessions](images/benchmarks.svg)

` + "`make bench`" + ` measures all of it in less than ten minutes, and exits with 1 if a budget is not met and has no reason.
` + "`make bench UPDATE=1`" + ` also writes this page, the chart, and the results. The table of budgets and reasons is in
` + "`internal/e2e/rivals`" + `. After a change of it, ` + "`make golden`" + ` writes the page again without another run. Nothing else
should run beside ` + "`make bench`" + `. It needs the servers that ` + "`make test`" + ` installs.

Every subject serves the same operations of a huma API on chi. One reads two values of a session of 119 bytes, and one
adds 1 to a counter. Subjects take turns and the best turn of each counts, because a busy machine slows all of them
down alike. Compare lines with each other. The times are those of one shared machine, which also ran the servers. A
limit on a time has a margin of %.0f %%; limits on allocations and bytes are exact. The machine: %s, with
%s.

- *bare huma* is the same operation without a session.
- *floor* is a session layer inside huma's inputs that does nothing else: one parameter, one ` + "`Resolve`" + `, one context in
  one allocation, a scan of the cookie, SHA-256, a look-up in a map, a copy of the value, and two headers. It has no
  timeouts, no checks and no changes, so no program should use it. Its headers cost an allocation each.
- *64 at once* and *64 in flight* are requests that are under way together. The time is that of all, divided by their
  number, and not the time that one of them takes.
- *any T*: the type has a slice in it, so each request needs a slice of its own.
- [scs](https://github.com/alexedwards/scs) keeps sessions with its default codec, gob, or with a JSON codec made for
  this type. It reads and writes without a version: two requests that modify a session at once lose one change, where
  humasess keeps both. [gorilla/sessions](https://github.com/gorilla/sessions) keeps them in its cookie.
  [go.mod](../internal/e2e/go.mod) has the versions.
- *rocket_flex_session*, the ancestor, is a Rust crate with the same idea, in a server without huma. It is measured if
  cargo is installed, which then builds it once.
- PostgreSQL runs without ` + "`fsync`" + ` and ` + "`synchronous_commit`" + `, for all packages.
`

const pageBudgets = `A link instead of figures names the test that judges the row on each ` + "`make test`" + `. *As fast as the fastest peer*
compares the slowest line of humasess with the fastest one of another package.
`

const pageLines = `One request at a time, or 64, or 32 with PostgreSQL. *allocations* and *bytes* are those beyond bare huma's, for one
request. Other goroutines allocate for Redis and PostgreSQL, so their own tests count them.
`

const pageHTTP = `Each subject is a process with one thread for Go code (` + "`GOMAXPROCS=1`" + `), or one worker for Rust. The load
generator is a process of that kind, too. Redis and PostgreSQL run on the same two cores. It has 64 keep-alive
connections on the loopback interface. Each signs in, and then sends a request when it has the answer to the last one. A
turn lasts a quarter of a second, of which the first fifth is not counted. Every fourth turn has new processes, because
some processes of a program are a quarter slower than others. A quarter of the turns has more requests than the one that
counts. Two runs differ by a tenth.
`
