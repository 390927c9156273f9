package scale_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// report collects the tables of docs/scale.md.
type report struct {
	versions                      []string
	bySessions, ofUser, byPayload []point
}

func (r *report) save(tb testing.TB, p plan) {
	tb.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, head, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(unique(r.versions), ", "),
		p.calls, thousands(p.byAPI), small, p.perPayload)
	b.WriteString(sessionsHead)
	for _, at := range r.bySessions {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", at.store, thousands(at.n), micros(at.load), micros(at.update), thousands(int(at.bytesPerSession)))
	}
	fmt.Fprintf(&b, userHead, thousands(p.sessions[len(p.sessions)-1]))
	for _, at := range r.ofUser {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", at.store, thousands(at.n), micros(at.list), micros(at.revoke),
			micros((at.list+at.revoke)/time.Duration(at.n)))
	}
	b.WriteString(payloadHead)
	for _, at := range r.byPayload {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", at.store, thousands(at.n), micros(at.load), micros(at.update), thousands(int(at.bytesPerSession)))
	}
	b.WriteString("\n## Growth\n\n")
	for i := 0; i < len(r.bySessions); i += len(p.sessions) {
		first, last := r.bySessions[i], r.bySessions[i+len(p.sessions)-1]
		fmt.Fprintf(&b, "- %s: from %s to %s sessions, a load takes %.1f times as long and an update %.1f times.\n",
			first.store, thousands(first.n), thousands(last.n), growth(first.load, last.load), growth(first.update, last.update))
	}
	if err := os.WriteFile("../../../docs/scale.md", []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func unique(names []string) (kept []string) {
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			kept = append(kept, name)
		}
	}
	return kept
}

func micros(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	switch {
	case us < 10:
		return fmt.Sprintf("%.1f", us)
	case us < 1000:
		return fmt.Sprintf("%.0f", us)
	}
	return thousands(int(us))
}

// thousands writes a number with a blank between groups of three digits.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

const head = `# Scale

This page shows how the cost of a call to a store grows. ` + "`make scale`" + ` measures it and writes this page, in less than
ten minutes. The machine is shared (%s, %s/%s, %d cores), and the servers are on it: %s.
Compare the rows of one store with each other. A difference below a third says nothing.

- A time is that of a call in microseconds (µs), with the way to the server and back. %d calls follow one another. The
  time is the median of each tenth of them, and the fastest tenth counts, because other programs slow a tenth down.
- A load, an update, a list and a revocation of a user are one round trip each, at every size. The test fails if one is not.
- Memory counts the heap after a collection, Redis its ` + "`used_memory`" + `, PostgreSQL the table with its indexes. So the
  bytes of a session contain its part of the indexes.
- Sessions are created by the store's own ` + "`Create`" + `. The only exception is PostgreSQL above %s sessions: one statement
  inserts the further rows, in the columns and the format that ` + "`Create`" + ` writes.
- A payload has %d bytes where its size is not measured, and holds random bytes, so no server can compress it. The rows
  about payloads come from %d sessions for each size.
- PostgreSQL does not wait for the disk here, because the disk would hide the cost of the store. With
  ` + "`synchronous_commit`" + ` an update also takes the time of a write to the disk.
`

const sessionsHead = `
## Sessions in the store

Each session belongs to another user. The calls go through the sessions in an order without a pattern. An update follows
the load of the same session. In memory a load of many sessions waits for main memory, where a load of few finds them in
the processor's cache, and the update finds the session there too.

| store | sessions | load, µs | update, µs | bytes of a session |
|---|---|---|---|---|
`

const userHead = `
## Sessions of one user

These users are beside the %s sessions of the last table. The cost is that of the user's own sessions, and not that
of the others.

| store | sessions of the user | list, µs | revoke, µs | both for each session, µs |
|---|---|---|---|---|
`

const payloadHead = `
## Bytes of a payload

| store | bytes of the payload | load, µs | update, µs | bytes of a session |
|---|---|---|---|---|
`
