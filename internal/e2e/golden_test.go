package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares the results of the whole suite with the page for users. It
// skips this if only a part of the suite ran.
func golden(t *testing.T, all []*adapter, results []result) {
	t.Helper()
	for i := range results {
		if int(results[i].run.Load()) != len(behaviours()) {
			return
		}
	}
	name, got := filepath.Join("..", "..", "docs", "routers.md"), page(all, results)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		var line, other string
		if i < len(gotLines) {
			line = gotLines[i]
		}
		if i < len(wantLines) {
			other = wantLines[i]
		}
		if line != other {
			t.Errorf("docs/routers.md, line %d: got %q, want %q: if it is meant, run make golden", i+1, line, other)
		}
	}
}

func page(all []*adapter, results []result) string {
	var b strings.Builder
	b.WriteString(`# Routers

Sessions behave the same on every router that huma has an adapter for. One suite runs on each of
them, over real connections, in ` + "`make test`" + `. It wrote this page.

| adapter | tests run | failed | skipped |
|---|---|---|---|
`)
	for i, a := range all {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", a.name, results[i].run.Load(), results[i].failed.Load(), results[i].skipped.Load())
	}
	b.WriteString(`
## Limits of routers

Sessions do not cause these limits. An operation without a session has the same. The suite tests the
behaviour of each router there.

| not | on | because |
|---|---|---|
`)
	for _, f := range features {
		for _, reason := range reasons(all, f) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", f, strings.Join(reason.adapters, ", "), reason.text)
		}
	}
	b.WriteString(`
On fasthttp (fiber), the next request overwrites the texts that a handler has taken from a request.
Sessions copy their data, so a handler may put a parameter into them as it is.

## Tested behaviours

A name begins with the ids of the [requirements](security.md#tests) that the test keeps.

`)
	for _, behaviour := range behaviours() {
		fmt.Fprintf(&b, "- %s\n", behaviour.name)
	}
	return b.String()
}

// reason is the reason why some routers lack a feature.
type reason struct {
	text     string
	adapters []string
}

// reasons lists why routers lack a feature, in their order.
func reasons(all []*adapter, f feature) []reason {
	var found []reason
	for _, a := range all {
		if a.can(f) {
			continue
		}
		known := false
		for i := range found {
			if found[i].text == a.limits[f] {
				found[i].adapters, known = append(found[i].adapters, a.name), true
			}
		}
		if !known {
			found = append(found, reason{a.limits[f], []string{a.name}})
		}
	}
	return found
}
