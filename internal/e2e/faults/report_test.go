//go:build unix

package faults_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// page is written by a full run.
const page = "../../../docs/reliability.md"

const introduction = `# Reliability

` + "`make test-faults`" + ` injects faults into stores and processes, and writes this page. It takes
some minutes, with the stores side by side. ` + "`make check`" + ` runs the same faults for a shorter time.

Two processes of one API share a store. %d clients sign in, read, change their sessions,
prove their passwords again, revoke other sessions, and sign out. Each request goes to
either process. A client remembers each answer, and checks all later answers against it.
` + "`Options.StoreTimeout`" + ` is %v.

In every row the following held:

- No session that had ended came back, no acknowledged change was lost, and no user got
  the data of another, except where a row names the reason.
- Every error was a 503 with ` + "`Retry-After`" + `. No 503 deleted a cookie.
- No load and no commit took longer than ` + "`StoreTimeout`" + ` and a second.
- No user was signed out by an outage. A user who got a 503 to a login, a logout, a new
  token or a revocation cannot know whether it took effect. *Open* counts the users for
  whom it did, so that they had to sign in again.
- Afterwards both processes worked without a restart, with the goroutines, the memory and
  the connections of before.

*Longest* is the longest request, with the delay of a busy machine in it. *Recovery* is the
time from the end of the fault until a new user could sign in, change the session and read it
at both processes.

`

// report collects the rows of docs/reliability.md.
type report struct {
	mu   sync.Mutex
	runs map[string][]*run // by store
}

func newReport() *report { return &report{runs: map[string][]*run{}} }

func (r *report) add(one *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs[one.name] = append(r.runs[one.name], one)
}

// text returns the page.
func (r *report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, introduction, clients, storeTimeout)
	for _, kind := range kinds {
		runs := r.runs[kind.name]
		if len(runs) == 0 {
			continue
		}
		fmt.Fprintf(&b, "## %s\n\n| fault | requests | 503 | longest | lost | back | open | recovery |\n|---|--:|--:|--:|--:|--:|--:|--:|\n", kind.name)
		var notes []string
		for _, one := range runs {
			name := one.fault.name
			if reason := one.fault.mayLose + one.fault.forgets; reason != "" {
				notes = append(notes, fmt.Sprintf("\\* %s; %d users had to sign in again.\n", reason, one.forgotten.Load()))
				name += " " + strings.Repeat("\\*", len(notes))
			}
			fmt.Fprintf(&b, "| %s | %d | %d | %s | %d | %d | %d | %s |\n", name, one.requests.Load(), one.failures.Load(),
				short(time.Duration(one.longest.Load())), one.lost.Load(), one.resurrected.Load(), one.unknown.Load(), short(one.recovery))
		}
		b.WriteString("\n")
		for i, note := range notes {
			b.WriteString(strings.Repeat("\\*", i) + note + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// finish prints the page, and writes it if the run is the one for it.
func (r *report) finish(t *testing.T) {
	t.Helper()
	t.Log("\n" + r.text())
	if !*update || t.Failed() || len(r.runs) < len(kinds) { // a part of the stores is not the page
		return
	}
	if err := os.WriteFile(page, []byte(r.text()), 0o644); err != nil {
		t.Fatal(err)
	}
}
